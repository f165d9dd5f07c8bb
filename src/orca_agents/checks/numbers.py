"""Recompute a number from the passage: every operand must stand there."""

from __future__ import annotations

import re
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate, numbers_in, operands
from orca_agents.checks.api import Case
from orca_agents.checks.quantity import TOLERANCE, from_notation, is_percent, rounds_to

CONSTANTS = frozenset(map(Fraction, (2, 7, 10, 12, 24, 30, 52, 60, 100, 365, 366, 1000, 3600)))
"""Numbers that everybody knows: halves, percent, and how units convert."""


def why_not_recomputed(case: Case) -> str | None:
    """Check `numbers_recomputed`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.form != "number" or not item.answerable:
        return None
    if not item.calculation:
        return "there is no calculation that leads to the answer"
    try:
        value, used = evaluate(item.calculation), operands(item.calculation)
        key = from_notation(item.key)
    except ArithmeticProblem as problem:
        return f"the calculation {item.calculation!r} cannot be computed: {problem}"
    except ValueError as problem:
        return f"the answer is not a number: {problem}"
    values = (value, value * 100) if is_percent(key) else (value,)
    if not any(rounds_to(one, key) or abs(one - key.value) <= TOLERANCE * abs(one) for one in values):
        return f"the calculation {item.calculation!r} does not give {key.written}"
    return _why_foreign(used, f"{item.content.text}\n{item.question}", item.calculation, case.language)


def passage_operands(calculation: str, passage: str) -> list[Fraction]:
    """The operands of a calculation that stand in the passage. Raises `ArithmeticProblem`."""
    known = spoken_numbers(passage)
    return [number for number in dict.fromkeys(map(abs, operands(calculation))) if number in known]


def spoken_numbers(text: str) -> frozenset[Fraction]:
    """The numbers that a text speaks of, without their sign: in digits, in English words, in Han characters."""
    return frozenset(abs(number.value) for number in numbers_in(text)) | frozenset(map(_read_han, _HAN.findall(text)))


def _why_foreign(used: list[Fraction], source: str, calculation: str, language: str | None) -> str | None:
    if set(used) == {Fraction(1)} and re.fullmatch(r"[\s1+()]*", calculation):
        return None  # things were counted, one by one
    known = spoken_numbers(source)
    if language is not None and not language.startswith("en"):
        # in words that we cannot read; larger numbers are written in digits
        known |= frozenset(map(Fraction, range(101)))
    # a half may be put in as 50 percent
    known |= frozenset(number * 100 for number in known if number < 1)
    foreign = [number for number in used if abs(number) not in known | CONSTANTS | _NOTHING]
    if foreign:
        return (
            f"{_written(foreign[0])} in the calculation does not stand in the passage; "
            "compute with numbers of the passage (to count things, write 1 + 1 + 1)"
        )
    if not any(abs(number) in known for number in used):
        return "no number of the calculation stands in the passage"
    return None


def _written(number: Fraction) -> str:
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"


_NOTHING = frozenset((Fraction(0), Fraction(1)))
_HAN_DIGITS = {sign: value for value, signs in enumerate(
    ("〇零", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九")
) for sign in signs}  # fmt: skip
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_HAN_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN = re.compile("[" + "".join((*_HAN_DIGITS, *_HAN_UNITS, *_HAN_SCALES)) + "]{1,20}")


def _read_han(number: str) -> Fraction:
    """A number in Han characters: place by place (`一九三六`), or with tens, hundreds and ten thousands."""
    if len(number) > 1 and all(sign in _HAN_DIGITS for sign in number):
        return Fraction(int("".join(str(_HAN_DIGITS[sign]) for sign in number)))
    total = section = digit = 0
    for sign in number:
        if sign in _HAN_DIGITS:
            digit = _HAN_DIGITS[sign]
        elif sign in _HAN_UNITS:
            section, digit = section + (digit or 1) * _HAN_UNITS[sign], 0
        else:
            total, section, digit = (total + section + digit or 1) * _HAN_SCALES[sign], 0, 0
    return Fraction(total + section + digit)
