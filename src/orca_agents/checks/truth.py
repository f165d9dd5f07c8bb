"""Answers that tell the true statement of two from the false one."""

from __future__ import annotations

import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.lists import numbered, shuffled_order
from orca_agents.checks.matching import count_words, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 250


class TruthFormat(AnswerFormat):
    """Two statements, exactly one of them true."""

    name: AnswerForm = "truth"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "true_statement",
                "one full sentence that is true according to the passage, without the word true",
                max_chars=LIMIT,
            ),
            Field(
                "false_statement",
                "one full sentence on the same matter, about as long, that the passage shows to be false, without "
                "the word false; not a mere copy of the true one",
                max_chars=LIMIT,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        statements = [_unlabelled(product[name][0]) for name in ("true_statement", "false_statement")]
        order = shuffled_order(statements, may_stay=True)
        return ItemParts(
            parts={"statements": tuple(statements[place] for place in order)},
            key=tuple(("true", "false")[place] for place in order),
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        shown = f"{instruction.question}\n\n{numbered(_statements(instruction))}"
        if language not in (None, "en"):
            return shown
        return shown + "\n\nExactly one statement is true. Say of each whether it is true or false."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "for each statement in its order, whether it is true or false; exactly one is true",
                many=True,
                choices=("true", "false"),
                min_items=2,
                max_items=2,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return tuple(product["answer"])

    def problems(self, instruction: Instruction) -> list[str]:
        statements = _statements(instruction)
        if len(statements) != 2:
            return [f"there must be two statements, not {len(statements)}"]
        found = text_problems("statement", statements, LIMIT)
        found += [
            f"statement {at} is too short to be true or false"
            for at, text in enumerate(statements, 1)
            if count_words(text) < 3
        ]
        found += [
            f"statement {at} is a question; write a sentence that is true or false"
            for at, text in enumerate(statements, 1)
            if text.rstrip().endswith(("?", "\uff1f"))
        ]
        if any(same_wording(text, instruction.question) for text in statements):
            found.append("a statement is the question again")
        # two that differ by a "not" are no duplicates: same_text holds negations and numbers apart
        if same_text(*statements) and not same_wording(*statements):
            found.append("the two statements say the same")
        if instruction.answerable and sorted(instruction.key) != ["false", "true"]:
            found.append("exactly one of the two statements must be true")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return a == b

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return ", ".join(f"{number}: {truth}" for number, truth in enumerate(value, 1))


def _statements(instruction: Instruction) -> tuple[str, ...]:
    return instruction.parts.get("statements", ())


def _unlabelled(statement: str) -> str:
    """Without the label that writers put before it, which would give it away."""
    return re.sub(
        r"^(?:(?:true|false)(?: statement)?|statement \d)\s*[:\-\u2013]\s*", "", statement.strip(), flags=re.I
    )
