"""Answers that are essays: graded against points, never compared."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.lists import unmarked
from orca_agents.checks.matching import count_words, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 250
FEWEST, MOST = 3, 5
LONGEST_ANSWER = 2500


class EssayFormat(AnswerFormat):
    """An open question, with the points that an ideal answer makes."""

    name: AnswerForm = "essay"
    is_whole_reply = True

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "rubric",
                f"{FEWEST} to {MOST} different points that an ideal answer makes, one full sentence each, so definite "
                "that a grader can say of each whether an answer makes it. Say what the point is ('The speech appeals "
                "to fear by ...'), not that there should be one ('The answer is well argued')",
                many=True,
                max_chars=LIMIT,
                min_items=FEWEST,
                max_items=MOST,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return ItemParts(parts={"rubric": unmarked(product["rubric"])}, key=())

    def shown(self, instruction: Instruction, language: str | None) -> str:
        if language not in (None, "en"):
            return instruction.question
        return f"{instruction.question}\n\nAnswer in one to three paragraphs, and support your points from the text."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "the whole answer in one to three paragraphs: claims, the places in the passage that support them, "
                "and a judgement. No headings and no lists",
                max_chars=LONGEST_ANSWER,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0].strip(),)

    def problems(self, instruction: Instruction) -> list[str]:
        rubric = instruction.parts.get("rubric", ())
        found = []
        if not FEWEST <= len(rubric) <= MOST:
            found.append(f"the rubric must have {FEWEST} to {MOST} points, not {len(rubric)}")
        found += text_problems("point", rubric, LIMIT)
        for at, point in enumerate(rubric, 1):
            if count_words(point) < 4:
                found.append(f"point {at} is too short to be graded; write a full sentence")
            if same_wording(point, instruction.question):
                found.append(f"point {at} is the question again")
            if point.rstrip().endswith(("?", "\uff1f")):
                found.append(f"point {at} is a question; say what an ideal answer says")
            found += [
                f"point {other} and point {at} say the same"
                for other, earlier in enumerate(rubric[: at - 1], 1)
                if same_text(earlier, point) and not same_wording(earlier, point)
            ]
        if instruction.key:
            found.append("an essay has a rubric, not an answer key")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Never: essays are graded, not compared."""
        return False

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return value[0] if value else ""
