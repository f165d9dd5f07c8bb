"""Answers that are a number, with the arithmetic that leads to it."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem, evaluate, has_operation, operands
from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.quantity import (
    Quantity,
    from_notation,
    is_percent,
    read_quantity,
    rounds_to,
    same_quantity,
    write_quantity,
)
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 60


class NumberFormat(AnswerFormat):
    """A number, with its unit where it has one."""

    name: AnswerForm = "number"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        if leaf.settings.get("calculation") is False:  # a program finds the answer in another way
            about = "the one right number, in digits, with its unit if it has one. Nothing else"
            return (Field("answer", about, max_chars=LIMIT),)
        source = "question" if "data_in_question" in leaf.checks else "passage"
        return (
            Field(
                "calculation",
                f"one arithmetic expression that gives the answer, made of numbers from the {source}, such as "
                "(1250 - 980) / 3. Numbers, + - * / and parentheses only: no words, no units, no equals sign",
                max_chars=200,
            ),
            Field(
                "answer",
                "the value of the calculation and its unit if it has one, such as 90 km. Nothing else; "
                "keep at least two decimals where it does not come out even, unless the task says how to round",
                max_chars=LIMIT,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        if leaf.settings.get("calculation") is False:
            return ItemParts(parts={}, key=_read(product["answer"][0]), hidden={"calculation": ("by program",)})
        calculation = product["calculation"][0]
        # writers like to write "12 + 30 = 42"; the part before the sign is the calculation
        calculation = re.sub("[$\u20ac\u00a3\u00a5]", "", calculation.split("=")[0]).strip()
        return ItemParts(parts={}, key=_read(product["answer"][0]), calculation=calculation or None)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        if language not in (None, "en"):
            return instruction.question
        return f"{instruction.question}\n\nGive the answer as a number, with its unit if it has one."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "one number, with its unit if it has one, such as 42 km. No words around it, no calculation; "
                "keep at least two decimals where it does not come out even, unless the task says how to round",
                max_chars=LIMIT,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return _read(product["answer"][0])

    def problems(self, instruction: Instruction) -> list[str]:
        if not instruction.answerable:
            return []
        try:
            key = from_notation(instruction.key)
        except ValueError as error:
            return [f"the answer is not a number: {error}"]
        if instruction.hidden.get("calculation") == ("by program",):
            return []
        if not instruction.calculation:
            return ["there is no calculation that leads to the answer"]
        try:
            value = evaluate(instruction.calculation)
            computes = has_operation(instruction.calculation)
            used = operands(instruction.calculation)
        except ArithmeticProblem as problem:
            return [f"the calculation {instruction.calculation!r} cannot be computed: {problem}"]
        if not computes:
            return ["the calculation computes nothing; it must combine numbers that are given"]
        if _leads_to(value, key):
            return ["the calculation only repeats the answer"] if _is_idle(used, key) else []
        shown = Context(prec=12).divide(Decimal(value.numerator), Decimal(value.denominator))
        return [f"the calculation {instruction.calculation!r} gives {shown}, but the answer is {key.written}"]

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        try:
            left, right = from_notation(a), from_notation(b)
        except ValueError:
            return False
        if same_quantity(left, right, exact=_is_whole(instruction.key)):
            return True
        # a key of -61.0 is whole only because it was rounded
        return _same_unit(left, right) and (rounds_to(left.value, right) or rounds_to(right.value, left))

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        if not value:
            return ""
        return write_quantity(Quantity(value[0], Fraction(0), value[1] if len(value) > 1 else ""))


def _read(text: str) -> tuple[str, ...]:
    try:
        return read_quantity(text).notation
    except ValueError as error:
        raise UnparsableError(str(error)) from None


def _same_unit(a: Quantity, b: Quantity) -> bool:
    one = Fraction(1)
    return same_quantity(Quantity("1", one, a.unit), Quantity("1", one, b.unit), exact=True)


def _is_whole(key: tuple[str, ...]) -> bool:
    """Whether the key leaves no room for rounding."""
    try:
        return from_notation(key).value.denominator == 1
    except ValueError:
        return True


def _leads_to(value: Fraction, key: Quantity) -> bool:
    return rounds_to(value, key) or (is_percent(key) and rounds_to(value * 100, key))


def _is_idle(used: list[Fraction], key: Quantity) -> bool:
    """Whether the answer itself is put in and nothing is done to it, as in `42 * 1`."""
    return len(used) == 2 and abs(key.value) in used and all(number in (0, 1, abs(key.value)) for number in used)
