"""Calculations behind options: another agent, who does not know the key, writes the expression that leads to one."""

from __future__ import annotations

import re
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate, has_operation, operands
from orca_agents.checks.api import Case, Proof
from orca_agents.checks.lists import letters
from orca_agents.checks.numbers import CONSTANTS, spoken_numbers
from orca_agents.checks.quantity import is_percent, read_quantity, rounds_to
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import Instruction


class WorkingsProof(Proof):
    """The arithmetic that answers a question, as one expression."""

    name = "workings"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "calculation",
                "one arithmetic expression that answers the question, made of the numbers that stand in it, such as "
                "(1250 - 980) / 3. Numbers, + - * / ** sqrt() and parentheses only: no words, units or equals sign",
                max_chars=300,
            ),
        )

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        calculation = re.sub("[$\u20ac\u00a3\u00a5]", "", product["calculation"][0].split("=")[0]).strip()
        return {"calculation": (calculation,)}


def why_workings_differ(case: Case) -> str | None:
    """Check `workings_reach_key`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    calculation = item.proof.get("calculation", ("",))[0]
    try:
        value, used = evaluate(calculation), operands(calculation)
        computes = has_operation(calculation)
    except ArithmeticProblem as problem:
        return f"the calculation {calculation!r} cannot be computed: {problem}"
    if not computes:
        return "the calculation computes nothing; it must combine numbers of the question"
    known = spoken_numbers(item.question)
    known |= {one / 100 for one in known}
    small = frozenset((Fraction(0), Fraction(1)))
    if foreign := [one for one in used if abs(one) not in known | CONSTANTS | small]:
        return f"the calculation uses {float(foreign[0]):g}, which does not stand in the question"
    reached = _reached(value, item.parts.get("options", ()))
    if reached is None:
        return "an option is not a number with its unit, so nothing can be compared"
    if len(reached) != 1:
        found = f"{len(reached)} options" if reached else "no option"
        return (
            f"the calculation comes to {float(value):g}, which is {found}; read the question again and check each step"
        )
    if reached != list(item.key):
        return "the calculation does not bear the item out; read the question once more, number by number"
    return None


def _reached(value: Fraction, options: tuple[str, ...]) -> list[str] | None:
    """The letters of the options that a value is, after rounding as they are rounded."""
    found = []
    for letter, option in zip(letters(len(options)), options, strict=True):
        try:
            quantity = read_quantity(option)
        except ValueError:
            return None
        values = (value, value * 100) if is_percent(quantity) else (value,)
        whole = quantity.value.denominator == 1 and any(
            one.denominator != 1 and abs(one - quantity.value) <= min(Fraction(1, 2), abs(one) / 200) for one in values
        )
        if whole or any(rounds_to(one, quantity) for one in values):
            found.append(letter)
    return found
