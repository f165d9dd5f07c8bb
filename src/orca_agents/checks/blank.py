"""Answers that fill the one blank of a sentence."""

from __future__ import annotations

import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.matching import contains_words, content_words, count_words, same_text
from orca_agents.checks.span import key_text_problems
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 60
LONGEST = 6
"""Most words that fill the blank."""
SHORTEST = 5
"""Fewest words that stand around it."""
_BLANK = re.compile(r"_{3,}")


class BlankFormat(AnswerFormat):
    """A sentence with a blank, and the word or phrase that belongs there."""

    name: AnswerForm = "blank"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                f"the word or phrase of at most {LONGEST} words that belongs in the blank. The question holds exactly "
                "one blank, written ____, and the answer does not stand anywhere else in it",
                max_chars=LIMIT,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return ItemParts(parts={}, key=(product["answer"][0].strip(),))

    def shown(self, instruction: Instruction, language: str | None) -> str:
        question = _BLANK.sub("____", instruction.question)
        if language not in (None, "en"):
            return question
        return f"{question}\n\nGive only the word or phrase that belongs in the blank."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field("answer", "only the word or phrase that belongs in the blank, not the sentence", max_chars=LIMIT),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0].strip(),)

    def problems(self, instruction: Instruction) -> list[str]:
        blanks = len(_BLANK.findall(instruction.question))
        found = [] if blanks == 1 else [f"the question must hold exactly one blank, written ____; it holds {blanks}"]
        around = _BLANK.sub(" ", instruction.question)
        if count_words(around) < SHORTEST:
            found.append("the sentence around the blank is too short to say what belongs there")
        if not instruction.answerable:
            return found
        if wrong := key_text_problems(instruction):
            return found + wrong
        key = instruction.key[0]
        if count_words(key) > LONGEST:
            found.append(f"the answer has {count_words(key)} words; a blank takes at most {LONGEST}")
        if not content_words(key):
            found.append("the answer is a word such as 'the' or 'of', which tests nothing")
        elif contains_words(around, key):
            found.append("the answer stands in the question")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if len(a) != 1 or len(b) != 1:
            return a == b
        return same_text(a[0], b[0])

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return value[0] if value else ""
