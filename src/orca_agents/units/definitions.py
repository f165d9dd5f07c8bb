"""Units of measurement, each an exact multiple of base units; from the SI brochure (9th ed.) and NIST SP 811."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem

Dimensions = tuple[tuple[str, int], ...]
"""Base units with their powers, sorted: metres per second are `(("m", 1), ("s", -1))`."""


@dataclass(frozen=True)
class Unit:
    """A unit: `value * factor + offset` is the same in base units."""

    symbol: str
    factor: Fraction
    dimensions: Dimensions
    offset: Fraction = Fraction(0)
    """Not 0 where its zero is not nothing: degrees Celsius and Fahrenheit."""


def find_unit(word: str) -> Unit:
    """The unit of a name or a symbol, with a prefix or without. Raises `ArithmeticProblem` that says what to write."""
    if unclear := _UNCLEAR.get(word):
        raise ArithmeticProblem(f"{word!r} is not clear: {unclear}")
    for name in dict.fromkeys((word, word.lower())):
        if found := _look_up(name):
            return found
    if word.upper() in _CURRENCIES or word.lower() in _MONEY:
        raise ArithmeticProblem(f"{word!r} is money: rates change, so give the rate as a number, e.g. 20 * 1.08")
    raise ArithmeticProblem(f"{word!r} is no unit that is known here; write SI or common units, e.g. km, lb, degF, kWh")


def _look_up(name: str) -> Unit | None:
    if name in _UNITS:
        return _UNITS[name][0]
    for prefixes, long in ((_PREFIXES, False), (_LONG_PREFIXES, True)):
        for prefix, factor in prefixes.items():
            rest = name.removeprefix(prefix)
            if rest == name or rest not in _UNITS:
                continue
            unit, prefixed, is_long = _UNITS[rest]
            if not prefixed or is_long != long or (prefix.endswith("i") and rest not in ("B", "b", "bit")):
                continue
            symbol = _SHORT_PREFIX.get(prefix, prefix) + unit.symbol if long else name
            return Unit(symbol, unit.factor * factor, unit.dimensions)
    return None


_PREFIXES = {
    "da": Fraction(10),
    **{sign: Fraction(1024) ** power for power, sign in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    **{sign: Fraction(1000) ** power for power, sign in enumerate("kMGTPEZYRQ", 1)},
    **{sign: Fraction(1, 1000) ** power for power, sign in enumerate("munpfazyrq", 1)},
    "\N{MICRO SIGN}": Fraction(1, 10**6),
    "\N{GREEK SMALL LETTER MU}": Fraction(1, 10**6),
    "h": Fraction(100),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
}
_LONG_PREFIXES = {
    "deca": Fraction(10), "hecto": Fraction(100), "deci": Fraction(1, 10), "centi": Fraction(1, 100),
    "kilo": Fraction(10**3), "mega": Fraction(10**6), "giga": Fraction(10**9), "tera": Fraction(10**12),
    "peta": Fraction(10**15), "milli": Fraction(1, 10**3), "micro": Fraction(1, 10**6), "nano": Fraction(1, 10**9),
    "pico": Fraction(1, 10**12), "kibi": Fraction(2**10), "mebi": Fraction(2**20), "gibi": Fraction(2**30),
}  # fmt: skip
_SHORT_PREFIX = {
    "deca": "da", "hecto": "h", "deci": "d", "centi": "c", "kilo": "k", "mega": "M", "giga": "G", "tera": "T",
    "peta": "P", "milli": "m", "micro": "u", "nano": "n", "pico": "p", "kibi": "Ki", "mebi": "Mi", "gibi": "Gi",
}  # fmt: skip

# Symbols, then names; a star before them: takes prefixes. Then the factor and the units that it multiplies.
_DEFINED = """
* m | metre meter metres meters = 1 m
* g | gram grams gramme grammes = 0.001 kg
* s sec | second seconds secs = 1 s
* A amp amps | ampere amperes = 1 A
* K | kelvin kelvins = 1 K
* mol | mole moles = 1 mol
* cd | candela = 1 cd
* b bit | bits = 1 bit
* B | byte bytes = 8 bit
KB | = 8000 bit
deg ° | degree degrees = 1 deg
arcmin | arcminute arcminutes = 1/60 deg
arcsec | arcsecond arcseconds = 1/3600 deg
turn rev | turns revolution revolutions = 360 deg
gon | gradian gradians = 9/10 deg
rpm | = 6 deg s^-1
* Hz | hertz = 1 s^-1
* N | newton newtons = 1 kg m s^-2
* Pa | pascal pascals = 1 kg m^-1 s^-2
* Nm | = 1 kg m^2 s^-2
* J | joule joules = 1 kg m^2 s^-2
* W | watt watts = 1 kg m^2 s^-3
* C | coulomb coulombs = 1 A s
* V | volt volts = 1 kg m^2 s^-3 A^-1
* F | farad farads = 1 kg^-1 m^-2 s^4 A^2
* Ω ohm | ohms = 1 kg m^2 s^-3 A^-2
* S | siemens = 1 kg^-1 m^-2 s^3 A^2
* Wb | weber webers = 1 kg m^2 s^-2 A^-1
* T | tesla teslas = 1 kg s^-2 A^-1
* H | henry henries = 1 kg m^2 s^-2 A^-2
* Bq | becquerel = 1 s^-1
* Gy | gray grays = 1 m^2 s^-2
* Sv | sievert sieverts = 1 m^2 s^-2
* M molar | = 1000 mol m^-3
* L l | litre liter litres liters = 0.001 m^3
cc | = 0.000001 m^3
* t | tonne tonnes = 1000 kg
* eV | electronvolt electronvolts = 1.602176634e-19 kg m^2 s^-2
* Wh | = 3600 kg m^2 s^-2
* Ah | = 3600 A s
* cal | calorie calories = 4.184 kg m^2 s^-2
Cal | = 4184 kg m^2 s^-2
* bar | bars = 100000 kg m^-1 s^-2
min | minute minutes mins = 60 s
h hr | hour hours hrs = 3600 s
d | day days = 86400 s
wk | week weeks = 604800 s
fortnight | fortnights = 1209600 s
month | months = 2629800 s
yr a | year years yrs = 31557600 s
decade | decades = 315576000 s
century | centuries = 3155760000 s
ha | hectare hectares = 10000 m^2
acre | acres = 4046.8564224 m^2
in inch " | inches = 0.0254 m
ft ' | foot feet = 0.3048 m
yd | yard yards = 0.9144 m
mi | mile miles = 1609.344 m
mil | mils thou = 0.0000254 m
furlong | furlongs = 201.168 m
fathom | fathoms = 1.8288 m
nmi | = 1852 m
Å | angstrom angstroms = 1e-10 m
au | = 149597870700 m
ly | lightyear lightyears = 9460730472580800 m
sqft | = 0.09290304 m^2
lb lbs | pound pounds = 0.45359237 kg
oz | ounce ounces = 0.028349523125 kg
ozt | = 0.0311034768 kg
st | stone stones = 6.35029318 kg
gr | grain grains = 0.00006479891 kg
ct | carat carats = 0.0002 kg
short_ton | short_tons = 907.18474 kg
long_ton | long_tons = 1016.0469088 kg
slug | slugs = 44482216152605/3048000000000 kg
gal | gallon gallons = 0.003785411784 m^3
qt | quart quarts = 0.000946352946 m^3
pt | pint pints = 0.000473176473 m^3
cup | cups = 0.0002365882365 m^3
floz fl_oz | = 0.0000295735295625 m^3
tbsp | tablespoon tablespoons = 0.00001478676478125 m^3
tsp | teaspoon teaspoons = 0.00000492892159375 m^3
imp_gal | = 0.00454609 m^3
imp_pt | = 0.00056826125 m^3
bbl | barrel barrels = 0.158987294928 m^3
mpg | = 48000000000/112903 m^-2
mph | = 0.44704 m s^-1
kph kmh | = 5/18 m s^-1
mps | = 1 m s^-1
fps | = 0.3048 m s^-1
kn knot | knots = 463/900 m s^-1
c | = 299792458 m s^-1
gee | = 9.80665 m s^-2
lbf | = 4.4482216152605 kg m s^-2
kgf | = 9.80665 kg m s^-2
dyn | dyne dynes = 0.00001 kg m s^-2
erg | ergs = 0.0000001 kg m^2 s^-2
BTU Btu btu | = 1055.05585262 kg m^2 s^-2
therm | therms = 105505585.262 kg m^2 s^-2
hp | horsepower = 745.69987158227022 kg m^2 s^-3
psi | = 8896443230521/1290320000 kg m^-1 s^-2
atm | atmosphere atmospheres = 101325 kg m^-1 s^-2
torr Torr | = 101325/760 kg m^-1 s^-2
mmHg | = 133.322387415 kg m^-1 s^-2
inHg | = 3386.388640341 kg m^-1 s^-2
bps | = 1 bit s^-1
kbps | = 1000 bit s^-1
Mbps | = 1000000 bit s^-1
Gbps | = 1000000000 bit s^-1
dozen | dozens = 12
ppm | = 0.000001
ppb | = 0.000000001
degR | rankine = 5/9 K
delta_degC | = 1 K
delta_degF | = 5/9 K
"""
_TEMPERATURES = (
    (("degC", "°C", "℃", "celsius"), Fraction(1), Fraction("273.15")),
    (("degF", "°F", "℉", "fahrenheit"), Fraction(5, 9), Fraction("459.67") * 5 / 9),
)
_UNCLEAR = {
    "kt": "write knot or kilotonne",
    "dB": "decibels are a logarithm, no multiple of a unit; compute with the ratio itself",
    "ton": "write tonne (1000 kg), short_ton (2000 lb) or long_ton (2240 lb)",
    "tons": "write tonne (1000 kg), short_ton (2000 lb) or long_ton (2240 lb)",
    "rad": "radians are no exact multiple of degrees; write deg, or the number pi to as many places as you need",
    "radian": "radians are no exact multiple of degrees; write deg",
    "radians": "radians are no exact multiple of degrees; write deg",
    "pi": "it is not rational; write as many of its places as you need, e.g. 3.14159265",
    "parsec": "it is not rational; write 3.0856775814913673e16 m",
}
_CURRENCY_CODES = """
    USD EUR GBP JPY CNY INR CHF CAD AUD NZD SEK NOK DKK RUB BRL MXN ZAR KRW TRY PLN HUF CZK ILS AED SAR THB
"""
_MONEY_WORDS = "$ € £ ¥ ₹ dollar dollars euro euros yen rupee rupees yuan franc francs peso pesos cent cents"
_CURRENCIES = frozenset(_CURRENCY_CODES.split())
_MONEY = frozenset(_MONEY_WORDS.split())


def _read_definitions() -> dict[str, tuple[Unit, bool, bool]]:
    """By name: the unit, whether it takes prefixes, and whether that name is a long one."""
    units: dict[str, tuple[Unit, bool, bool]] = {}
    for line in _DEFINED.strip().splitlines():
        names, _, meaning = line.partition("=")
        short, _, long = names.removeprefix("*").partition("|")
        number, *powers = meaning.split()
        bases = ((base, int(power or 1)) for base, _, power in (each.partition("^") for each in powers))
        unit = Unit(short.split()[0], Fraction(number), tuple(sorted(bases)))
        for is_long, listed in ((False, short), (True, long)):
            for name in listed.split():
                units[name] = (unit, line.startswith("*"), is_long)
    for names_of, factor, offset in _TEMPERATURES:
        for name in names_of:
            units[name] = (Unit(names_of[1], factor, (("K", 1),), offset), False, True)
    return units


_UNITS = _read_definitions()
