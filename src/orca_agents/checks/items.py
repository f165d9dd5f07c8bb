"""Answers that are several short texts, in any order."""

from __future__ import annotations

from collections.abc import Sequence

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.lists import unmarked
from orca_agents.checks.matching import plain, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 120
MOST = 8


class SetFormat(AnswerFormat):
    """A list whose order does not matter."""

    name: AnswerForm = "set"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "everything that belongs to the correct answer, each thing as an item of its own, in a few words, "
                "without numbers or bullets; at least two, none of them twice",
                many=True,
                max_chars=LIMIT,
                min_items=2,
                max_items=MOST,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return ItemParts(parts={}, key=unmarked(product["answer"]))

    def shown(self, instruction: Instruction, language: str | None) -> str:
        if language not in (None, "en"):
            return instruction.question
        return f"{instruction.question}\n\nGive all of them as a list, separated by commas."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "everything that belongs to the answer, each thing as an item of its own, in a few words; none twice",
                many=True,
                max_chars=LIMIT,
                min_items=1,
                max_items=MOST,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return unmarked(product["answer"])

    def problems(self, instruction: Instruction) -> list[str]:
        if not instruction.answerable:
            return []
        key = instruction.key
        found = [] if 2 <= len(key) <= MOST else [f"the answer must list 2 to {MOST} things, not {len(key)}"]
        found += text_problems("answer", key, LIMIT)
        found += [
            f"answer {first + 1} and answer {second + 1} mean the same"
            for second in range(len(key))
            for first in range(second)
            if same_text(key[first], key[second]) and not same_wording(key[first], key[second])
        ]
        found += [f"answer {at} is the question again" for at, text in enumerate(key, 1) if _is(text, instruction)]
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return len(a) == len(b) and _pairs_up(a, b)

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return ("; " if any("," in text for text in value) else ", ").join(value)


def _is(text: str, instruction: Instruction) -> bool:
    return same_wording(text, instruction.question) or plain(instruction.question) in plain(text)


def _pairs_up(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether each text of `a` has a text of `b` of its own that says the same."""
    if not a:
        return True
    return any(
        same_text(a[0], text) and _pairs_up(a[1:], [*b[:place], *b[place + 1 :]]) for place, text in enumerate(b)
    )
