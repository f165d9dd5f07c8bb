"""Answers that are one short text."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problem
from orca_agents.checks.matching import plain, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 200
_EXACT = "sign by sign as it has to stand there; nothing around it, and no explanation"


class SpanFormat(AnswerFormat):
    """A name, a phrase or one short sentence; with `exact: true` in the settings of a leaf, a text that is compared
    sign by sign, such as the output of a program."""

    name: AnswerForm = "span"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        about = (
            "the correct answer, as short as it can be said: a name, a phrase or one short sentence. Not the question "
            "again, and no explanation"
        )
        return (
            Field("answer", f"the correct answer, {_EXACT}" if leaf.settings.get("exact") else about, max_chars=LIMIT),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        hidden: dict[str, tuple[str, ...]] = {"exact": ("yes",)} if leaf.settings.get("exact") else {}
        return ItemParts(parts={}, key=(product["answer"][0].strip(),), hidden=hidden)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        if language not in (None, "en") or "exact" in instruction.hidden:
            return instruction.question
        return f"{instruction.question}\n\nAnswer in a few words, or in one short sentence."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        about = "only the answer, as short as it can be said: a name, a phrase or one short sentence"
        if "exact" in instruction.hidden:
            about = f"the answer, {_EXACT}"
        return (Field("answer", about, max_chars=LIMIT),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0].strip(),)

    def problems(self, instruction: Instruction) -> list[str]:
        return key_text_problems(instruction) if instruction.answerable else []

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if len(a) != 1 or len(b) != 1:
            return a == b
        if "exact" in instruction.hidden:
            return a[0].strip() == b[0].strip()
        return same_text(a[0], b[0])

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return value[0] if value else ""


def key_text_problems(instruction: Instruction) -> list[str]:
    """What is wrong with a key that is one text."""
    if len(instruction.key) != 1:
        return [f"the answer must be one text, not {len(instruction.key)}"]
    key = instruction.key[0]
    if problem := text_problem(key, LIMIT):
        return [f"the answer {problem}"]
    if same_wording(key, instruction.question) or plain(instruction.question) in plain(key):
        return ["the answer is the question again"]
    if key.rstrip().endswith(("?", "\uff1f")):
        return ["the answer is itself a question"]
    return []
