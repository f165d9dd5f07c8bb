"""Answers that are free text, held to constraints by program and to a rubric by graders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.lists import unmarked
from orca_agents.checks.matching import count_words, same_wording
from orca_agents.config import Leaf
from orca_agents.constraints import GENERAL, ConstraintError, checkable, notation, read_constraints
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

POINT_CHARS = 250
FEWEST, MOST = 2, 5
MOST_CONSTRAINTS = 12
LONGEST_ANSWER = 8000


class TextFormat(AnswerFormat):
    """A task whose answer is a text: rewritten, reported, invented.

    Settings of a leaf: `constraints` (the kinds that its writer is told of; a general few unless given, none where the
    list is empty) and `demands` (constraints that hold for every item of the leaf, without its writer saying so).
    """

    name: AnswerForm = "text"
    is_whole_reply = True

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        rubric = Field(
            "rubric",
            f"{FEWEST} to {MOST} different points that a grader can find in a good answer, one full sentence each. "
            "Say what the answer does or says, so definite that its words could be underlined",
            many=True,
            max_chars=POINT_CHARS,
            min_items=FEWEST,
            max_items=MOST,
        )
        kinds = checkable(_listed(leaf.settings.get("constraints", GENERAL)))
        if not kinds:
            return (rubric,)
        constraints = Field(
            "constraints",
            "every measurable demand that the task makes, once more for a program, one a line, as `kind: value`; "
            f"none where it makes none. Kinds: {notation(kinds)}",
            many=True,
            max_chars=300,
            max_items=MOST_CONSTRAINTS,
            optional=True,
        )
        return (rubric, constraints)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        lines = _lines(product.get("constraints", ()))
        try:
            lines = tuple(constraint.line for constraint in read_constraints(lines))
        except ConstraintError as error:
            raise UnparsableError(f"'constraints': {error}") from None
        hidden = {"rubric": unmarked(product["rubric"]), "constraints": lines}
        if demands := tuple(_listed(leaf.settings.get("demands", ()))):
            hidden["demands"] = demands
        return ItemParts(parts={}, key=(), hidden=hidden)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (Field("answer", "the whole text that was asked for, and nothing else", max_chars=LONGEST_ANSWER),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0],)

    def problems(self, instruction: Instruction) -> list[str]:
        rubric = instruction.hidden.get("rubric", ())
        found = text_problems("point", rubric, POINT_CHARS)
        if not FEWEST <= len(rubric) <= MOST:
            found.append(f"the rubric must have {FEWEST} to {MOST} points, not {len(rubric)}")
        for at, point in enumerate(rubric, 1):
            if count_words(point) < 4:
                found.append(f"point {at} is too short to be graded; write a full sentence")
            if same_wording(point, instruction.question):
                found.append(f"point {at} is the task again")
        if instruction.key:
            found.append("a text has a rubric, not an answer key")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Never: texts are graded, not compared."""
        return False


def _listed(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, Iterable) and not isinstance(value, str) else [str(value)]


def _lines(values: Iterable[str]) -> tuple[str, ...]:
    """The lines of constraints, however a writer parted them; `none` is no line."""
    lines = (line.strip() for value in values for line in value.splitlines())
    return tuple(line for line in lines if line and not _NONE.fullmatch(line))


_NONE = re.compile(r"[-*\u2022\s]*(?:none|n/a|no constraints?|-|\[\])[.\s]*", re.IGNORECASE)
