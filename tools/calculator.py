"""A calculator for agents: exact arithmetic, and nothing else."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate

_LONGEST = 40
_DIGITS = Context(prec=12)


def calculator(expression: str) -> str:
    """Compute an arithmetic expression exactly and return its value.

    Write numbers, + - * / // % ** and parentheses, and the functions min, max, abs, round, sum and sqrt, for example
    "(1250 - 980) / 1250 * 100", "15% of 80" or "round(22/7, 2)". No units, no variables, no words. Where the value has
    no short decimal form, the reply starts with "about" and gives 12 significant digits.
    """
    try:
        value = evaluate(expression)
    except ArithmeticProblem as problem:
        return f"error: {problem}"
    return _written(value)


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
