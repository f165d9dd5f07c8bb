"""Word problems carry their data with them: every number that goes into the answer stands in the question."""

from __future__ import annotations

from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, operands
from orca_agents.checks.api import Case
from orca_agents.checks.numbers import CONSTANTS, spoken_numbers


def why_data_missing(case: Case) -> str | None:
    """Check `data_in_question`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.form != "number" or not item.calculation:
        return None
    try:
        used = operands(item.calculation)
    except ArithmeticProblem as problem:
        return f"the calculation {item.calculation!r} cannot be computed: {problem}"
    known = spoken_numbers(item.question)
    known |= {value * 100 for value in known} | {value / 100 for value in known}
    small = frozenset((Fraction(0), Fraction(1)))
    missing = [value for value in used if abs(value) not in known | CONSTANTS | small]
    if missing:
        number = missing[0].numerator if missing[0].denominator == 1 else f"{float(missing[0]):g}"
        return f"the calculation uses {number}, which the question does not give; the student sees only the question"
    if not any(abs(value) in known for value in used):
        return "the question gives no number of the calculation"
    return None
