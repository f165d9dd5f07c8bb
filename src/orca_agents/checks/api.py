"""What a check, an answer form, a proof and a probe are: what everything in this folder implements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from orca_agents.config import Goal, Leaf
from orca_agents.dialogues.api import Dialogue
from orca_agents.harvest import Field, Product
from orca_agents.records import (
    GRADED_FORMS,
    Answer,
    AnswerForm,
    CheckLevel,
    Content,
    Draft,
    Instruction,
    Message,
    Seed,
    Span,
)
from orca_agents.sandbox.api import Limits
from orca_agents.sandbox.code_tests import TestReport


@dataclass(frozen=True)
class Ran:
    """How a program ended that a check had run."""

    exit_code: int | None
    """`None` where it was stopped from outside."""
    stdout: str
    stderr: str
    stopped: str = ""
    """`time`, `output` or `memory`; empty where it ended by itself."""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exit_code == 0 and not self.stopped


class Lab(Protocol):
    """Runs, in the sandbox, what models wrote. Every run is on record, and is not done again by a replay."""

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        """Run `tests`, a module that imports from `solution`."""
        ...

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        """Run a Python program with these files beside it."""
        ...


@dataclass(frozen=True)
class Case:
    """Everything a check may look at. What does not exist yet is `None`."""

    seed: Seed
    content: Content
    language: str | None
    """The language everything should be in (ISO 639-1); `None` where it is not known."""
    leaf: Leaf | None = None
    goal: Goal | None = None
    instruction: Instruction | None = None
    parent: Instruction | None = None
    """The item that refinement started from."""
    draft: Draft | None = None
    prompts: tuple[str, ...] = ()
    """The system messages and tasks behind the record, without the passage: to find words that leaked out of them."""
    lab: Lab | None = None
    """Where a check may run code; the skill says that it `needs: [sandbox]`."""


@dataclass(frozen=True)
class Check:
    """A named question to a record. `why_not(case)` gives the reason against it, or `None` if it passes."""

    name: str
    at: CheckLevel
    """Which record it judges, and so when it runs and whose author may repair it."""
    why_not: Callable[[Case], str | None] | Callable[[Case], Awaitable[str | None]]
    about: str
    """One line for the documentation."""


class AnswerFormat(Protocol):
    """One kind of answer: how it is asked for, read, shown, compared, and what makes an item of it sound.

    Classes inherit from it, and so have what most forms do the same way.
    """

    name: AnswerForm
    is_whole_reply: bool = False
    """Whether the answer is all that the student reads: no reasoning before it and no label."""
    dialogue: Dialogue | None = None
    """What leads the dialogue that the answer is, if it is one."""

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        """What the writer of a question hands in beside the question itself (options, key, ...)."""
        ...

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        """The parts and the key out of what the writer handed in. Raises `UnparsableError`."""
        ...

    def shown(self, instruction: Instruction, language: str | None) -> str:
        """The question as a student sees it: with options or lists, and (in English) how to give the answer."""
        return instruction.question

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        """How a responder or solver gives the answer; one field's name is `answer`."""
        ...

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        """The answer in this form's notation. Raises `UnparsableError` where it is not one."""
        ...

    def problems(self, instruction: Instruction) -> list[str]:
        """Why the item is not sound as an item of this form (wrong shape, degenerate, gives itself away)."""
        ...

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Whether two answers to this item mean the same."""
        ...

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        """The answer as it stands behind the label in the last line of the training example."""
        return value[0] if value else ""

    def told(self, value: tuple[str, ...], instruction: Instruction) -> str:
        """The answer as the author of an item that lost its vote hears of it; of long data, what differs."""
        return self.final(value, instruction)

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        """Whether an answer (a responder's or a solver's) is right: equal to the key, unless the form knows better."""
        return self.same(instruction.key, answer.value, instruction)

    def rubric(self, instruction: Instruction) -> tuple[str, ...]:
        """Where graders judge: the points that they look for."""
        return instruction.parts.get("rubric", ()) or instruction.hidden.get("rubric", ())

    def graded(self, draft: Draft) -> str:
        """Where graders judge: the text that they read."""
        return draft.answer.value[0]

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        """What the student is to learn to write."""
        final = self.final(answer.value, instruction)
        if self.is_whole_reply:
            return final
        return f"{answer.reasoning}\n\n{label}: {final}"

    def located(self, value: tuple[str, ...], instruction: Instruction) -> tuple[Span, ...]:
        """Where in the passage an answer is found by program: its evidence, where nobody is asked for quotes."""
        return ()

    def shuffled(self, instruction: Instruction, salt: str) -> Instruction:
        """The item with what stands in no order of its own (options) in another one, and its key to match."""
        return instruction


def judged_by(form: AnswerForm) -> Literal["votes", "grades", "programs"]:
    """What decides on an answer that passed its checks: votes of solvers, grades by a rubric, or nothing more."""
    if form in GRADED_FORMS:
        return "grades"
    return "programs" if form in ("calls", "actions") else "votes"


@dataclass(frozen=True)
class ItemParts:
    """What makes up an item beside its question."""

    parts: dict[str, tuple[str, ...]]
    key: tuple[str, ...]
    calculation: str | None = None
    answerable: bool = True
    hidden: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What the student never sees."""
    history: tuple[Message, ...] = ()
    """Earlier turns of the conversation, user first."""


class Proof(Protocol):
    """What a prover writes so that any answer to an item can be checked by program. Its checks are at `proof`."""

    name: str
    """What `proof:` of a leaf names."""

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        """What the prover hands in."""
        ...

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        """What is kept as the item's `proof`. Raises `UnparsableError`."""
        ...


@dataclass(frozen=True)
class Probe:
    """A solver's answer to a changed item, and what it says of the item itself."""

    name: str
    about: str
    view: Callable[[Instruction], Instruction | None]
    """The item as that solver sees it, with the key that is right for it; `None` where the probe says nothing."""
    expects: Literal["right", "wrong"]
    """Whether a solver should still find the right answer, or should find it no more."""
    otherwise: Literal["reject", "tag"]
    """What becomes of an item where that is not so."""
    reason: str
    """For a rejection: what it shows, in words for the item's author."""
    tag: str = ""
