"""Answers that are estimates: assumptions, a chain of factors with units, and a total to its order of magnitude."""

from __future__ import annotations

import math
import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.figures.amounts import AmountProblem, in_unit, shown
from orca_agents.checks.figures.estimate_key import (
    FEWEST,
    MOST,
    WITHIN,
    holds_unit,
    item_problems,
    key_of,
    part,
    parts,
    with_unit,
)
from orca_agents.checks.figures.readings import figures_in
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction

RANGE_GOAL = "range_and_dominant_uncertainty"


class EstimateFormat(AnswerFormat):
    """A rough figure, worked out from assumptions."""

    name: AnswerForm = "estimate"
    is_whole_reply = False

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        fields = [
            Field("unit", "the unit that the answer is asked in, such as tuners, kg/year or %", max_chars=60),
            Field(
                "assumptions",
                "every quantity that the estimate rests on, one a line, as `name = low .. high unit` with the range in "
                "which a well-informed reader would put it; a figure of the passage as `name = value unit (given)`. "
                "Names are short words joined by _; counted things are units too (households, tunings/piano)",
                many=True,
                max_chars=160,
                min_items=FEWEST,
                max_items=MOST,
            ),
            Field(
                "expression",
                "how these names make the answer, with * / + - and parentheses, such as "
                "population / people_per_household * share",
                max_chars=300,
            ),
        ]
        if leaf.settings.get("verdict"):
            fields += [
                Field("claim", "the claimed figure as the question gives it, with its unit", max_chars=80),
                Field("verdict", "whether the claim can be true", choices=("possible", "impossible")),
            ]
        if leaf.settings.get("baseline"):
            fields.append(
                Field(
                    "baseline", "the same expression for the case before the change, of the same names", max_chars=300
                )
            )
        return tuple(fields)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        unit = product["unit"][0].strip()
        hidden = {"assumptions": product["assumptions"], "expression": (product["expression"][0].strip(),)}
        hidden |= {name: (product[name][0].strip(),) for name in ("claim", "verdict", "baseline") if product.get(name)}
        try:
            key = key_of(hidden["assumptions"], hidden["expression"][0], unit)
        except AmountProblem as problem:
            raise UnparsableError(f"the estimate cannot be worked out: {problem}") from None
        value: tuple[str, ...] = (
            f"total: {shown(key.middle, 3)} {unit}",
            f"range: {shown(key.low, 3)} .. {shown(key.high, 3)} {unit}",
        )
        value += tuple(f"verdict: {verdict}" for verdict in hidden.get("verdict", ()))
        return ItemParts(parts={"unit": (unit,)}, key=value, hidden=hidden)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        unit = instruction.parts["unit"][0]
        if language not in (None, "en"):
            return f"{instruction.question} ({unit})"
        return (
            f"{instruction.question}\n\nGive a rough estimate in {unit}: say what you assume, multiply it out with "
            "units, and check the result against something known."
        )

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        unit, ranged = instruction.parts["unit"][0], instruction.goal == RANGE_GOAL
        named = "; it names in words what makes most of the uncertainty" if ranged else ""
        # the answer stands behind what it is made of: who writes it down first makes the steps fit it
        fields = [
            Field(
                "assumptions",
                "every quantity that you use, one a line, as `name = value unit (why, in a few words)`; figures that "
                "the passage gives as it gives them. Names are short words joined by _; counted things are units too "
                "(households, tunings/piano), so that everything cancels but the unit of the answer",
                many=True,
                max_chars=220,
                min_items=FEWEST,
                max_items=MOST + 2,
            ),
            Field(
                "steps",
                "the chain, one step a line, as `name = expression = value unit`, made of the names of assumptions and "
                "earlier steps; the last step gives the answer",
                many=True,
                max_chars=300,
                min_items=1,
                max_items=9,
            ),
            Field(
                "check",
                "a check of the result in one to three sentences, by another way or against a figure that is known"
                + named,
                max_chars=500,
            ),
            Field("answer", f"the estimate: one number and its unit, in {unit}", max_chars=80),
        ]
        if "verdict" in instruction.hidden:
            fields.append(Field("verdict", "whether the claim can be true", choices=("possible", "impossible")))
        if ranged:
            fields += [
                Field("range", "the range in which the true value lies, as `low .. high unit`", max_chars=100),
                Field("dominant", "the name of the assumption that makes most of the uncertainty", max_chars=60),
            ]
        return tuple(fields)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        if not product["answer"]:
            return ()
        written = product["answer"][0].strip()
        try:
            in_unit(with_unit(written, instruction.parts["unit"][0]), instruction.parts["unit"][0])
        except AmountProblem as problem:
            raise UnparsableError(f"'answer' is no amount in {instruction.parts['unit'][0]}: {problem}") from None
        lines = [f"total: {written}"]
        lines += [f"verdict: {verdict}" for verdict in product.get("verdict", ())]
        lines += [f"assume: {line.strip()}" for line in product.get("assumptions", ())]
        lines += [f"step: {line.strip()}" for line in product.get("steps", ())]
        lines += [
            f"{name}: {line.strip()}" for name in ("check", "range", "dominant") for line in product.get(name, ())
        ]
        return tuple(lines)

    def problems(self, instruction: Instruction) -> list[str]:
        try:
            return list(item_problems(instruction))
        except AmountProblem as problem:
            return [f"the estimate cannot be worked out: {problem}"]

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if part(a, "verdict") != part(b, "verdict"):
            return False
        unit = instruction.parts["unit"][0]
        try:
            left, right = (in_unit(with_unit(part(value, "total"), unit), unit) for value in (a, b))
        except AmountProblem:
            return False
        return left > 0 and right > 0 and abs(math.log10(left / right)) <= math.log10(WITHIN) + 1e-9

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        total = part(value, "total")
        if not total:
            return ""
        unit = instruction.parts["unit"][0]
        verdict = part(value, "verdict")
        try:
            number = in_unit(with_unit(total, unit), unit)
        except AmountProblem:
            return total
        written = _VAGUE.sub("", total if holds_unit(total) else f"{total} {unit}")
        figure = next(iter(figures_in(total)), None)
        if figure is not None and not 0.99 <= abs(float(figure.values[0])) / number <= 1.01 if number else False:
            written = f"{shown(number)} {unit}"  # it was given in another unit of the same kind
        size = f" (~10^{math.floor(math.log10(number) + 1e-9)})" if number > 0 and not 0.001 <= number < 10_000 else ""
        spread = part(value, "range").replace(" .. ", " \N{EN DASH} ")
        between = f"; {spread}" if spread and part(value, "step") else ""
        return f"{f'{verdict}; ' if verdict else ''}\u2248 {written}{size}{between}"

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        lines = answer.value
        blocks = [answer.reasoning] if answer.reasoning else []
        blocks.append("\n".join(f"- {_readable(line)}" for line in parts(lines, "assume")))
        blocks.append("\n".join(f"{number}. {_readable(line)}" for number, line in enumerate(parts(lines, "step"), 1)))
        blocks += parts(lines, "check")
        dominant = part(lines, "dominant")
        final = self.final(lines, instruction)
        said = " ".join((answer.reasoning or "", *parts(lines, "check"))).replace("_", " ").casefold()
        if dominant and dominant.replace("_", " ").casefold() not in said:
            final += f" [{dominant.replace('_', ' ')}]"
        return "\n\n".join([*(block for block in blocks if block.strip()), f"{label}: {final}"])


_VAGUE = re.compile(r"^(?:[~≈≃\s]+|(?:about|around|roughly|approximately|some)\s+)+", re.IGNORECASE)


def _readable(line: str) -> str:
    """A line as people write it: names in words."""
    return re.sub(r"(?<=[a-z0-9])_(?=[a-z0-9])", " ", line).replace(" * ", " × ")
