"""A calculator for agents: exact arithmetic with numbers and units, and nothing else."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate
from orca_agents.units import calculate

_LONGEST = 40
_DIGITS = Context(prec=12)


def calculator(expression: str) -> str:
    """Compute an arithmetic expression exactly, with units where you like, and return its value.

    Write numbers, + - * / // % ** and parentheses, and the functions min, max, abs, round, sum and sqrt, for example
    "(1250 - 980) / 1250 * 100", "15% of 80" or "round(22/7, 2)". With units: "3 km / 20 min to km/h",
    "5 ft 11 in in cm", "2 kg * 9.81 m/s^2 in N", "100 degF to degC", "round(1.5 GB / 20 Mbps to min, 1)". "to" or "in"
    converts; the reply names the unit. Put a rate that you divide by in parentheses: "90 MB / (2 MB/s)". A year has
    365.25 days. No currencies, no variables, no other words. Where the value has no short decimal form, the reply
    starts with "about" and gives 12 significant digits.
    """
    try:
        return _written(evaluate(expression))
    except ArithmeticProblem as problem:
        no_unit = problem
    words = set(_WORD.findall(expression))
    try:
        if not words:
            raise no_unit
        quantity = calculate(expression)
    except ArithmeticProblem as problem:
        return f"error: {no_unit if words <= _OF_ARITHMETIC else problem}"
    unit = quantity.unit
    return _written(quantity.value) + (f" {unit}" if unit else "")


_WORD = re.compile(r"[^\W\d_]+|[°$€£¥₹'\"]")
_OF_ARITHMETIC = {"min", "max", "abs", "round", "sum", "sqrt", "of", "x", "X"}
"""Words that need not be units: where there are no others, what is wrong is wrong with the arithmetic."""


def _written(value: Fraction) -> str:
    exact = _finite_decimal(value)
    if exact is not None and len(exact) <= _LONGEST:
        return exact
    rounded = _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    fraction = f"{value.numerator}/{value.denominator}" if value.denominator > 1 else ""
    return f"about {rounded}" + (f" (exactly {fraction})" if fraction and len(fraction) <= _LONGEST else "")


def _finite_decimal(value: Fraction) -> str | None:
    """The value in decimal digits, or `None` if they would never end."""
    places, rest = 0, value.denominator
    while rest % 10 == 0:
        rest, places = rest // 10, places + 1
    for factor in (2, 5):
        while rest % factor == 0:
            rest, places = rest // factor, places + 1
    if rest != 1:
        return None
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, decimals = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    return ("-" if value < 0 else "") + whole + (f".{decimals}" if decimals else "")
