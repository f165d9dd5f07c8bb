"""Recompute every sum that an answer writes out, units included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate
from orca_agents.checks.api import Case
from orca_agents.units.evaluating import calculate

MOST_SUMS = 60
LONGEST = 160
"""Characters of a sum that is looked at."""


@dataclass(frozen=True)
class WrittenSum:
    """A sum as a text writes it: `120 km / 3 h = 40 km/h`."""

    text: str
    left: Fraction
    right: Fraction
    holds: bool

    @property
    def values(self) -> tuple[Fraction, ...]:
        """What it comes to, as computed and as written."""
        return (self.left, self.right)


def why_sum_wrong(case: Case) -> str | None:
    """Check `sums_hold`."""
    assert case.draft is not None, "this check needs a draft"
    for one in sums_in("\n".join((case.draft.answer.reasoning, *case.draft.answer.value))):
        if not one.holds:
            shown = one.left.numerator if one.left.denominator == 1 else f"{float(one.left):.6g}"
            return f"{one.text!r} is wrong: it comes to {shown}; compute it again"
    return None


def sums_in(text: str) -> list[WrittenSum]:
    """The sums in a text that can be computed, with whether they hold. What cannot be read as one is left out."""
    found: list[WrittenSum] = []
    text = re.sub(r"\\(?:times|cdot)", "*", text).replace("\\div", "/").replace("$", "").replace("\\%", "%")
    for match in _SUM.finditer(text):
        if len(found) == MOST_SUMS:
            break
        if len(match[0]) <= LONGEST and (one := _computed(match)) is not None:
            found.append(one)
    return found


def _computed(match: re.Match[str]) -> WrittenSum | None:
    left, right = match["left"].strip(), match["right"].strip()
    if _COMMA.search(match[0]):
        return None  # a decimal comma, or a list: whichever it is, it is no sum as we read them
    loose = match["sign"] != "="
    try:
        with_units = calculate(left), calculate(right)
    except ArithmeticProblem:
        with_units = None
    if with_units is not None and with_units[0].dimensions == with_units[1].dimensions:
        # both in the units of the right side, in which it was rounded
        scale = with_units[1].base / with_units[1].value if with_units[1].value else Fraction(1)
        values = with_units[0].base / scale, with_units[1].value
    else:
        try:
            values = evaluate(_unitless(left)), evaluate(_unitless(right))
        except ArithmeticProblem:
            return None
    factors = (1, 100, Fraction(1, 100)) if re.search(r"%|percent", match[0]) else (1,)
    holds = any(_is_near(values[0] * factor, values[1], right, loose) for factor in factors)
    if not holds and (_may_be_read_otherwise(left, right) or _REMAINDER.search(right)):
        return None
    return WrittenSum(match[0].strip(), *values, holds)


def _may_be_read_otherwise(left: str, right: str) -> bool:
    """Whether a sum that does not hold may still be right: an equation, points between thousands, a percentage that is
    taken off what stands before it."""
    if _UNKNOWN.search(re.sub(r"(?<=\d) ?x ?(?=\d)", "*", left)):
        return True
    other = _POINT.sub("", left), _POINT.sub("", right)
    off = _OFF.fullmatch(_unitless(left).replace(" ", "").replace("\u2212", "-"))
    if off:
        other = f"{off['whole']} * (100 {off['sign']} {off['rate']}) / 100", right
    try:
        return other != (left, right) and evaluate(_unitless(other[0])) == evaluate(_unitless(other[1]))
    except ArithmeticProblem:
        return False


def _is_near(value: Fraction, written: Fraction, text: str, loose: bool) -> bool:
    decimals = re.search(r"\.(\d+)", text)
    step = Fraction(1, 10 ** (len(decimals[1]) if decimals else 0))
    if "%" in text:
        step /= 100
    if value == written or (abs(value - written) <= step / 2 and (decimals is not None or loose)):
        return True
    rounded = value.denominator != 1 and abs(value - written) <= min(step / 2, abs(value) / 100)
    return rounded or (loose and abs(value - written) <= Fraction(1, 50) * abs(value))


def _unitless(text: str) -> str:
    return re.sub(r"[^\d.,()+\-*/\u00d7\u00b7\u00f7\u2212%^ ]|(?<=\D)/(?=\s*(?:$|[A-Za-z]))", "", text).strip(" ,.")


_UNKNOWN = re.compile(r"(?<![A-Za-z])[a-eknp-rw-z](?![A-Za-z])")
"""A letter that stands for a number."""
_POINT = re.compile(r"(?<=\d)\.(?=\d{3}(?!\d))")
_OFF = re.compile(r"(?P<whole>\d+(?:\.\d+)?)(?P<sign>[-+])(?P<rate>\d+(?:\.\d+)?)%")
_REMAINDER = re.compile(r"\b(?:remainder|remaining|r|rest|reste|resto)\b", re.IGNORECASE)
_COMMA = re.compile(r"\d,(?!\d{3}(?!\d))|\d,\d{3}\.\d{3}")
_UNIT = r"(?:%|(?!(?:and|or|so|of|is|are|in|to|for|the|which|then|but|with|as)\b)[A-Za-z\u00b5\u00b0]{1,12}(?:/[A-Za-z]{1,8})?(?:\^?[23\u00b2\u00b3])?)"  # noqa: E501
_AMOUNT = rf"[-\u2212]?[\u20ac\u00a3]?\d[\d,]{{0,30}}(?:\.\d{{1,30}})?(?: ?{_UNIT})?"
_SIGN = r"(?:[-+*/\u00d7\u00b7\u00f7\u2212^]|\bx\b|\btimes\b)"
_SUM = re.compile(
    rf"(?<![*/+\u00d7\u00b7\u00f7\u2212^-] )(?<![\w.,=*/+\u00d7^-])(?<!\d[: \u00a0\u202f])"
    rf"(?P<left>\(?{_AMOUNT}\)?(?: ?{_SIGN} ?\(?{_AMOUNT}\)?){{1,8}})"
    rf" ?(?P<sign>=|\u2248|~) ?(?P<right>{_AMOUNT})(?!\d|:\d| ?[*/\u00d7\u00f7(^])(?! ?[-+] ?\d)"
)
