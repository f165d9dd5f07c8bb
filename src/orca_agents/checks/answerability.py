"""Answers that may be that the passage does not say."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import is_placeholder, text_problem
from orca_agents.checks.matching import count_words, plain, same_text, same_wording
from orca_agents.checks.span import LIMIT, key_text_problems
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction


class AnswerabilityFormat(AnswerFormat):
    """A question that the passage answers, or seems to answer and does not."""

    name: AnswerForm = "answerability"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field("answerable", "whether the passage holds the answer to the question", choices=("yes", "no")),
            Field(
                "answer",
                "if yes, the answer as the passage gives it, in a few words or one short sentence; if no, empty",
                max_chars=LIMIT,
                optional=True,
            ),
            Field(
                "missing",
                "if no, one sentence on what the passage would have to say for the question to have an answer; "
                "if yes, empty",
                max_chars=LIMIT,
                optional=True,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        answer, missing = (_only(product.get(name, ())) for name in ("answer", "missing"))
        if product["answerable"][0].strip() == "yes":
            if not answer or is_placeholder(answer):
                raise UnparsableError("'answerable' is yes, but 'answer' is empty; give the answer")
            return ItemParts(parts={}, key=(answer,), answerable=True)
        # writers put "none" or "not stated" where nothing belongs; a real answer beside a "no" is a contradiction
        if answer and not is_placeholder(answer) and plain(answer).strip(" .") not in _NOTHING:
            raise UnparsableError("'answerable' is no, but there is an 'answer'; leave it empty, or say yes")
        if not missing:
            raise UnparsableError("'answerable' is no, but 'missing' is empty; say what the passage would have to say")
        return ItemParts(parts={"missing": (missing,)}, key=(), answerable=False)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        if language not in (None, "en"):
            return instruction.question
        return f"{instruction.question}\n\nIf the answer is there, give it in a few words; if it is not, say so."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "only the answer, in a few words or one short sentence; empty if the passage does not hold it",
                max_chars=LIMIT,
                optional=True,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        answer = _only(product.get("answer", ()))
        if not answer:
            raise UnparsableError("'answer' is empty, though the passage is said to hold the answer")
        return (answer,)

    def problems(self, instruction: Instruction) -> list[str]:
        if instruction.answerable:
            return key_text_problems(instruction)
        found = ["the question is said to have no answer, yet has a key"] if instruction.key else []
        missing = _only(instruction.parts.get("missing", ()))
        if problem := text_problem(missing, LIMIT):
            return [*found, f"what the passage would have to say {problem if missing else 'is not given'}"]
        if count_words(missing) < 3:
            found.append("what the passage would have to say is too short to be understood")
        if same_wording(missing, instruction.question):
            found.append("what the passage would have to say is the question again")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if len(a) != 1 or len(b) != 1:
            return a == b
        return same_text(a[0], b[0])

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return value[0] if value else ""


_NOTHING = (
    "none",
    "no",
    "nothing",
    "not stated",
    "not given",
    "not mentioned",
    "not specified",
    "unknown",
    "empty",
    "unanswerable",
    "no answer",
    "the passage does not say",
)


def _only(texts: tuple[str, ...]) -> str:
    return texts[0].strip() if texts else ""
