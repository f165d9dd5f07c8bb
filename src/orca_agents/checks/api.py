"""What a check and an answer form are: the two interfaces that everything in this folder implements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from orca_agents.config import Goal, Leaf
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Content, Draft, Instruction, Seed


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


@dataclass(frozen=True)
class Check:
    """A named question to a record. `why_not(case)` gives the reason against it, or `None` if it passes."""

    name: str
    at: Literal["content", "instruction", "draft"]
    """Which record it judges, and so when it runs and whose author may repair it."""
    why_not: Callable[[Case], str | None]
    about: str
    """One line for the documentation."""


class AnswerFormat(Protocol):
    """One kind of answer: how it is asked for, read, shown, compared, and what makes an item of it sound."""

    name: AnswerForm

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        """What the writer of a question hands in beside the question itself (options, key, ...)."""
        ...

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        """The parts and the key out of what the writer handed in. Raises `UnparsableError`."""
        ...

    def shown(self, instruction: Instruction, language: str | None) -> str:
        """The question as a student sees it: with options or lists, and (in English) how to give the answer."""
        ...

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        """How a responder or solver gives the answer; the first field's name is `answer`."""
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
        ...


@dataclass(frozen=True)
class ItemParts:
    """What makes up an item beside its question."""

    parts: dict[str, tuple[str, ...]]
    key: tuple[str, ...]
    calculation: str | None = None
    answerable: bool = True
