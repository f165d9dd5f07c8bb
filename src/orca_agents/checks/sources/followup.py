"""A conversation of two questions about documents: the second one only refers to what the first one named."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problem
from orca_agents.checks.matching import same_text, same_wording
from orca_agents.checks.span import key_text_problems
from orca_agents.checks.terms import contains
from orca_agents.config import Leaf
from orca_agents.dialogues.followup import FollowupDialogue
from orca_agents.harvest import Field, Product
from orca_agents.language import count_words
from orca_agents.records import AnswerForm, Instruction

LIMIT = 200
OPENING_CHARS = 300


class FollowupFormat(AnswerFormat):
    """A dialogue with a key for its last answer. Solvers see the last question as it is meant, complete."""

    name: AnswerForm = "followup"
    dialogue = FollowupDialogue()

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "opening",
                "the question that comes before it in the conversation: complete, on the same subject, with another "
                "answer",
                max_chars=OPENING_CHARS,
            ),
            Field(
                "subject",
                "the name or term that stands in both questions and that the user will only refer to the second time, "
                "copied from the question",
                max_chars=80,
            ),
            Field(
                "answer",
                "the correct answer to the (second) question, as short as it can be said, in words of the documents",
                max_chars=LIMIT,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        opening, subject = product["opening"][0].strip(), product["subject"][0].strip()
        return ItemParts(
            parts={}, key=(product["answer"][0].strip(),), hidden={"opening": (opening,), "subject": (subject,)}
        )

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "only the answer, as short as it can be said: a name, a phrase or one short sentence",
                max_chars=LIMIT,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0].strip(),)

    def problems(self, instruction: Instruction) -> list[str]:
        opening = "".join(instruction.hidden.get("opening", ()))
        subject = "".join(instruction.hidden.get("subject", ()))
        found = key_text_problems(instruction) if instruction.answerable else []
        if problem := text_problem(opening, OPENING_CHARS):
            found.append(f"the opening {problem}")
        if count_words(subject) > 6:
            found.append("the subject is longer than a name; copy only the name or term")
        found += [
            f"the subject {subject!r} does not stand in the {name}; both questions name it in the same words"
            for name, text in (("opening", opening), ("question", instruction.question))
            if not contains(text, subject)
        ]
        if same_wording(opening, instruction.question):
            found.append("the opening is the question itself; ask something else about the subject first")
        if any(contains(f"{opening}\n{instruction.question}", key) for key in instruction.key):
            found.append("a question gives the answer away; ask without it")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return same_text(a[0], b[0]) if len(a) == len(b) == 1 else a == b
