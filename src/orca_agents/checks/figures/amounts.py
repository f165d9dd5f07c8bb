"""Amounts with units of measurement and with counted things (tuners, households), which multiply and cancel."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from orca_agents.arithmetic import ArithmeticProblem
from orca_agents.checks.figures.readings import figures_in
from orca_agents.units.definitions import find_unit

MOST_CHARS = 300
Powers = tuple[tuple[str, int], ...]
"""Base units and things with their powers, sorted."""


class AmountProblem(ValueError):
    """A text is no amount, or amounts do not go together; says why."""


@dataclass(frozen=True)
class Amount:
    """A number of base units and of things."""

    value: float
    powers: Powers = ()

    def times(self, other: Amount, power: int = 1) -> Amount:
        """The product, or with power -1 the quotient."""
        if power < 0 and other.value == 0:
            raise AmountProblem("something is divided by zero")
        value = self.value * other.value if power > 0 else self.value / other.value
        return Amount(_bounded(value), _joined(self.powers, other.powers, power))

    def plus(self, other: Amount, sign: int = 1) -> Amount:
        """The sum of two amounts of one kind."""
        if self.powers != other.powers:
            raise AmountProblem(f"{told(self.powers)} and {told(other.powers)} cannot be added or compared")
        return Amount(_bounded(self.value + sign * other.value), self.powers)

    def raised(self, power: int) -> Amount:
        """A whole power."""
        if abs(power) > 12:
            raise AmountProblem("the power is too large")
        try:
            value = self.value**power
        except (OverflowError, ZeroDivisionError):
            raise AmountProblem("the power cannot be computed") from None
        return Amount(_bounded(value), tuple((name, each * power) for name, each in self.powers) if power else ())


def read_amount(text: str) -> Amount:
    """`2.5 people/household`, `$1.2 million per year`, `5%`, `1 in 20`, `7×10^5 km`. Raises `AmountProblem`."""
    text = re.sub(
        r"^\s*(?:about|around|roughly|approximately|approx\.?|circa|ca\.|some|~|≈|≃)\s*", "", text.strip(), flags=re.I
    )
    if not text or len(text) > MOST_CHARS:
        raise AmountProblem(f"{text[:40]!r} is no amount; write a number and its unit")
    if share := re.match(r"(?:1|one)\s+(?:in|out of)\s+(?:every\s+)?", text, re.IGNORECASE):
        rest = read_amount(text[share.end() :])
        return Amount(1 / rest.value if rest.value else 0.0)
    found = figures_in(text)
    if not found or found[0].kind == "ordinal":
        raise AmountProblem(f"{text[:40]!r} holds no number")
    figure = found[0]
    before, after = text[: figure.start].strip(), text[figure.end :]
    if before and not _MONEY_BEFORE.fullmatch(before):
        raise AmountProblem(f"{text[:40]!r} must begin with its number")
    value = float(figure.values[0])
    if figure.kind == "percent":
        return Amount(_bounded(value / 100))
    unit = (_MONEY_NAMES.get(re.sub(r"[\d.,]", "", figure.written[:1]), "") or before) + " " + after
    rate = read_unit(unit if figure.kind != "times" else after)
    return Amount(_bounded(value * rate.value), rate.powers)


@lru_cache(maxsize=2048)
def read_unit(text: str) -> Amount:
    """One of a unit: `kg/(person*day)`, `people per household`, `tuners`, `m²`. Raises `AmountProblem`."""
    if len(text) > MOST_CHARS:
        raise AmountProblem("the unit is too long")
    bare = re.sub(r"\((?:given|assumed|rough|rounded|estimate|approx)[^)]*\)", " ", text, flags=re.IGNORECASE)
    bare = bare.translate(_RAISED_SIGNS)
    bare = re.sub(r"([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "^" + m[1].translate(_RAISED), bare)
    bare = re.sub(r"(?<=[A-Za-z])\^?\*\*", "^", bare)
    bare = re.sub(r"(?<![A-Za-z])((?:[kdcm]?m|ft|in|yd|mi))([23])(?![\w])", r"\1^\2", bare)
    bare = re.sub(
        r"(?<=\w)\s+(?:per|a|an|each|every|pro|je)\s+(?=\w)", "/", f" {bare.strip()} ".replace(" per ", " / ")
    )
    bare = re.sub(r"^\s*/?\s*(?:per)\s+", "1/", bare).strip(" .,;:")
    total, depth, sign = Amount(1.0), 0, 1
    for piece in re.split(r"([*/()])", bare):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
            sign = 1 if not depth else sign
        elif piece == "/":
            sign = -1
        elif piece == "*":
            sign = sign if depth else 1
        elif piece.strip():
            total = total.times(_factor(piece.strip()), sign)
    return total


def told(powers: Powers) -> str:
    """A kind of amount in words."""
    over = [name if power == 1 else f"{name}^{power}" for name, power in powers if power > 0]
    under = [name if power == -1 else f"{name}^{-power}" for name, power in powers if power < 0]
    if not powers:
        return "a pure number"
    return ("·".join(over) or "1") + ("/" + "·".join(under) if under else "")


def in_unit(amount: Amount, unit: str) -> float:
    """How many of a unit an amount is. Raises `AmountProblem` where they are of different kinds."""
    one = read_unit(unit)
    if one.powers != amount.powers:
        raise AmountProblem(f"it comes out in {told(amount.powers)}, and {unit!r} is {told(one.powers)}")
    return amount.value / one.value


def shown(number: float, digits: int = 2) -> str:
    """A number rounded to some digits, with thousands separators or a power of ten."""
    if number == 0:
        return "0"
    size = math.floor(math.log10(abs(number)))
    if size >= 15 or size < -4:
        return f"{number / 10.0**size:.{digits - 1}f}e{size}"
    rounded = round(number, digits - 1 - size)
    return f"{rounded:,.{max(0, digits - 1 - size)}f}"


def _factor(phrase: str) -> Amount:
    """One factor of a unit: a known unit with its annotations, or a counted thing."""
    phrase = re.sub(r"\s++of\s++.*$", "", phrase)
    power = 1
    if raised := re.search(r"\s*\^\s*([-+]?\d{1,2})\s*$", phrase):
        power, phrase = int(raised[1]), phrase[: raised.start()]
    if squared := re.match(r"(?:(sq|square)|(cu|cubic))\.?\s+", phrase, re.IGNORECASE):
        power, phrase = 2 if squared[1] else 3, phrase[squared.end() :]
    words = [word for word in re.split(r"[\s_]+", phrase) if word and word not in ("the", "all", "typical")]
    value, thing, found = 1.0, "", False
    powers: Powers = ()
    for word in words:
        number = figures_in(word) if re.match(r"\d", word) else []
        if number:
            value *= float(number[0].values[0])
            continue
        if (scale := _SCALES.get(word.lower())) is not None:
            value *= scale
            continue
        if word.lower() in _IDLE:
            continue
        if (unit := _known(word)) is not None and not (found and unit.powers == powers):
            value, powers = value * unit.value, _joined(powers, unit.powers, 1)
            found, thing = True, ""
        elif not found:
            thing = word  # the last word names the thing: piano tuners are tuners
    if thing and not found:
        powers = ((_stem(thing), 1),)
    return Amount(value, powers).raised(power) if power != 1 else Amount(value, powers)


@lru_cache(maxsize=2048)
def _known(word: str) -> Amount | None:
    if name := _MONEY_NAMES.get(word) or _MONEY_NAMES.get(word.lower()):
        return Amount(0.01 if name == "cent" else 1.0, ((_CENTS if name == "cent" else name, 1),))
    if word.lower() in _THINGS or word.lower() in ("a", "an", "in", "at", "c", "us", "as", "gee", "st", "no"):
        return None
    name = _CLEAR.get(word.lower(), word)
    hyphened = name.split("-")
    if len(hyphened) == 2 and (last := _known(hyphened[1])) is not None and len(hyphened[1]) > 1:
        first = _known(hyphened[0]) or Amount(1.0, ((_stem(hyphened[0]), 1),))
        return first.times(last)
    try:
        unit = find_unit(name)
    except ArithmeticProblem:
        return None
    if unit.offset:  # temperatures in estimates are differences
        return Amount(float(unit.factor), unit.dimensions)
    return Amount(float(unit.factor), unit.dimensions)


def _stem(word: str) -> str:
    """A thing in the singular, by one name for people."""
    word = word.casefold().strip(".,;:'\"")
    word = word.rpartition("-")[2] or word
    if word in _PEOPLE:
        return "person"
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _joined(left: Powers, right: Powers, sign: int) -> Powers:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _bounded(value: float) -> float:
    if not math.isfinite(value) or abs(value) > 1e120:
        raise AmountProblem("the number is too large")
    return value


_CENTS = "USD"
_MONEY_NAMES = {
    "$": "USD", "US$": "USD", "usd": "USD", "dollar": "USD", "dollars": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR",
    "euros": "EUR", "£": "GBP", "gbp": "GBP", "¥": "JPY", "yen": "JPY", "jpy": "JPY", "₹": "INR", "inr": "INR",
    "rupee": "INR", "rupees": "INR", "chf": "CHF", "francs": "CHF", "sek": "SEK", "nok": "NOK", "pln": "PLN",
    "cent": "cent", "cents": "cent", "cny": "CNY", "yuan": "CNY",
}  # fmt: skip
_MONEY_BEFORE = re.compile(r"(?:US)?[$€£¥₹]|[A-Z]{3}")
_CLEAR = {"ton": "tonne", "tons": "tonne", "kt": "kilotonne", "celsius": "K", "°c": "K", "kmh": "kph"}
"""Units that a calculator would ask back about, as estimates mean them."""
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "hundred": 100.0, "dozen": 12.0,
           "mn": 1e6, "bn": 1e9, "%": 0.01, "percent": 0.01}  # fmt: skip
_IDLE = frozenset(
    ("times", "x", "fraction", "ratio", "unitless", "dimensionless", "share", "factor", "1", "number", "count", "of",
     "-", "none", "probability", "chance", "proportion", "multiplier", "and", "in", "total", "about", "roughly")
)  # fmt: skip
_PEOPLE = frozenset(
    ("person", "persons", "people", "inhabitant", "inhabitants", "resident", "residents", "capita", "human", "humans",
     "citizen", "citizens", "individual", "individuals", "head", "heads", "population")
)  # fmt: skip
_THINGS = frozenset(
    word + ending for word in ("cup", "grain", "bar", "mole", "stone", "hand", "point", "link", "chain", "drop", "rod")
    for ending in ("", "s")
)  # fmt: skip
"""Units of old that are things in an estimate: cups of coffee, grains of rice."""
_IRREGULAR = {"children": "child", "men": "man", "women": "woman", "mice": "mouse", "teeth": "tooth", "geese": "goose",
              "lives": "life", "knives": "knife", "leaves": "leaf", "loaves": "loaf", "wolves": "wolf", "buses": "bus",
              "houses": "house", "gas": "gas", "series": "series", "shoes": "shoe"}  # fmt: skip
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_RAISED_SIGNS = str.maketrans({"·": "*", "×": "*", "⋅": "*", "÷": "/", "∕": "/", "\u00a0": " ", "\u2212": "-"})
