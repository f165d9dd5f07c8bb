"""Read a number with its unit, and compare two of them exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from orca_agents.checks.matching import contains_words, plain, same_text
from orca_agents.numerals import written_numbers

TOLERANCE = Fraction(5, 1000)
"""How far apart, relatively, two numbers may be where rounding is to be expected."""


@dataclass(frozen=True)
class Quantity:
    """A number as written, its value, and its unit (empty where there is none)."""

    written: str
    value: Fraction
    unit: str = ""

    @property
    def notation(self) -> tuple[str, ...]:
        """The number, and the unit if it has one."""
        return (self.written, self.unit) if self.unit else (self.written,)


def read_quantity(text: str) -> Quantity:
    """The one number in a short text and its unit. Raises `ValueError` that says what is wrong."""
    text = text.strip()
    numbers = written_numbers(text)
    if len(numbers) != 1:
        raise ValueError(f"{text!r} holds {len(numbers) or 'no'} numbers; write one number and its unit, such as 42 km")
    number = numbers[0]
    before = _VAGUE.sub("", text[: number.start]).strip(" =~:")
    after = _VAGUE.sub("", re.sub(r"^-", "", text[number.end :])).strip(" .,;!")
    if before and not _CURRENCY.fullmatch(before):
        # "over 5" and "minus 5" are not 5
        raise ValueError(f"{text!r} says more than a number and its unit; write only these, such as 42 km")
    unit = f"{before} {after}".strip()
    if len(unit.split()) > 4 or len(unit) > 40:
        raise ValueError(f"{text!r} says more than a number and its unit; write only these, such as 42 km")
    return Quantity(text[number.start : number.end], number.value, unit)


def from_notation(value: tuple[str, ...]) -> Quantity:
    """A quantity back out of (number, unit). Raises `ValueError` where the first is not a number."""
    if not value:
        raise ValueError("there is no number")
    quantity = read_quantity(value[0])
    if quantity.unit or len(value) > 2:
        raise ValueError(f"{value!r} is not one number and its unit")
    return Quantity(quantity.written, quantity.value, value[1].strip() if len(value) > 1 else "")


def same_quantity(a: Quantity, b: Quantity, *, exact: bool) -> bool:
    """Whether two quantities are equal, in whichever unit; a missing unit goes with any."""
    left, right = a.value, b.value
    if a.unit and b.unit:
        left_unit, right_unit = _unit(a.unit), _unit(b.unit)
        if left_unit[0] != right_unit[0] and not _count_the_same(left_unit[0], right_unit[0]):
            return False
        left, right = left * left_unit[1], right * right_unit[1]
    return left == right or (not exact and abs(left - right) <= TOLERANCE * max(abs(left), abs(right)))


def is_percent(quantity: Quantity) -> bool:
    """Whether it is given in percent."""
    return _unit(quantity.unit)[0] == "%"


def rounds_to(value: Fraction, quantity: Quantity) -> bool:
    """Whether a value is this number, or becomes it when rounded to the decimals that were written."""
    if value == quantity.value:
        return True
    decimals = re.search(r"\.([0-9]+)$", quantity.written)
    return bool(decimals) and abs(value - quantity.value) <= Fraction(1, 2 * 10 ** len(decimals[1] if decimals else ""))


def write_quantity(quantity: Quantity) -> str:
    """`42 km`, `12%`, `$1,200`."""
    if not quantity.unit:
        return quantity.written
    if _CURRENCY.fullmatch(quantity.unit) and not quantity.unit.isalpha():
        return quantity.unit + quantity.written
    return quantity.written + ("" if quantity.unit == "%" else " ") + quantity.unit


_VAGUE = re.compile(
    r"\b(?:about|approximately|approx\b\.?|around|roughly|exactly|(?:in|a) total(?: of)?|altogether"
    r"|the answer is|it is|is|in the year|in(?=\s*$)|on(?=\s*$)|at(?=\s*$))(?!\w)",
    re.IGNORECASE,
)
_CURRENCY = re.compile("(?:[A-Z]{2})?[$\u20ac\u00a3\u00a5]|[A-Z]{3}")
_TABLE: dict[str, dict[str, Fraction]] = {
    # dimension: the units that may be converted into each other, each with its size; a name's plural is known too
    "length": {
        "mm millimetre millimeter": Fraction(1, 1000),
        "cm centimetre centimeter": Fraction(1, 100),
        "m metre meter": Fraction(1),
        "km kilometre kilometer": Fraction(1000),
    },
    "imperial length": {
        "inch inches": Fraction(1),
        "ft foot feet": Fraction(12),
        "yd yard": Fraction(36),
        "mi mile": Fraction(63360),
    },
    "mass": {
        "mg milligram": Fraction(1, 1000),
        "g gram gramme": Fraction(1),
        "kg kilogram kilogramme kilo": Fraction(1000),
        "tonne": Fraction(10**6),
    },
    "imperial mass": {"oz ounce": Fraction(1), "lb lbs pound-mass": Fraction(16)},
    "volume": {
        "ml millilitre milliliter": Fraction(1, 1000),
        "cl centilitre": Fraction(1, 100),
        "l litre liter": Fraction(1),
    },
    "time": {
        "s sec second": Fraction(1),
        "min minute": Fraction(60),
        "h hr hour": Fraction(3600),
        "day": Fraction(86400),
        "week": Fraction(7 * 86400),
    },
    "calendar": {"month": Fraction(1), "yr year": Fraction(12), "decade": Fraction(120)},
    "%": {"% percent": Fraction(1)},
    "dollar": {"$ us$ usd dollar": Fraction(1), "cent": Fraction(1, 100)},
    "euro": {"\u20ac eur euro": Fraction(1)},
    "sterling": {"\u00a3 gbp pound": Fraction(1), "pence penny": Fraction(1, 100)},
    "yen": {"\u00a5 jpy yen": Fraction(1)},
    "celsius": {"\u00b0c celsius": Fraction(1)},
    "fahrenheit": {"\u00b0f fahrenheit": Fraction(1)},
}
_UNITS = {
    name: (dimension, size)
    for dimension, sizes in _TABLE.items()
    for names, size in sizes.items()
    for name in names.split()
}


def _count_the_same(a: str, b: str) -> bool:
    """Whether two names of things say the same, or one says it in more words: `sacks`, `sacks of grain`."""
    if a in _TABLE or b in _TABLE or re.search(r"/|\bper\b", f"{a} {b}"):
        return False
    return same_text(a, b) or contains_words(a, b) or contains_words(b, a)


def _unit(unit: str) -> tuple[str, Fraction]:
    """What is measured and how large the unit is; an unknown unit is its own measure."""
    name = re.sub(r"^degrees? ", "", re.sub(r"\bper cent\b", "percent", plain(unit).strip(" .")))
    name = re.sub(r"^(?:\u00b0 |\u00b0)(?=[cf])", "\u00b0", name)
    known = _UNITS.get(name) or (_UNITS.get(name[:-1]) if name.endswith("s") and len(name) > 2 else None)
    return known or (name, Fraction(1))
