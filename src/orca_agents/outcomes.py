"""What becomes of an item: an example, a rejection, a failure or a skip."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from orca_agents.records import (
    Answer,
    AnswerForm,
    Content,
    Instruction,
    Message,
    Record,
    Span,
    Usage,
    Verification,
)


class ExampleMetadata(Record):
    """Where an example comes from and why it was kept."""

    seed_ids: tuple[str, ...]
    source: str
    source_span: tuple[int, int | None]
    """Character offsets of the seed in its cleaned document."""
    licence: str | None
    language: str | None
    seed_flags: tuple[str, ...] = ()
    seed_metadata: dict[str, Any] = Field(default_factory=dict)
    transformer: str
    passage: str
    """The passage as the student sees it; evidence offsets count in it."""
    passage_shown: bool = True
    """Whether the student sees it: some skills ask without it."""
    question: str = ""
    """What is asked, without the passage and the words around it."""
    parts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What the question shows beside its text: `options`, `statements`, ..."""
    form: AnswerForm
    reference: tuple[str, ...]
    hidden: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What its author knew and the student does not see."""
    proof: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What any answer to it can be checked with by program: hidden tests, a puzzle's constraints, ..."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """Of a dialogue: what the program that led it noted."""
    answerable: bool
    evidence: tuple[Span, ...]
    parent_id: str | None
    goal: str | None
    suggestion: str | None
    round: int
    teacher_system: str
    """The responder's system message; not part of `messages` (prompt erasure, Orca 2, section 3)."""
    models: dict[str, str]
    """The model of each stage."""
    chats: tuple[str, ...]
    """Ids of every transcript behind it, oldest first."""
    usage: Usage
    """What its own chats used: transform and instruct chats shared with other items count in full."""
    verification: Verification
    tags: tuple[str, ...] = ()
    """`no_passage_needed`: a solver answered it without the passage; `closed_book_unknown`: that could not be asked."""
    demo: bool = False
    """Made by the embedded demonstration model: not meant for training."""


class Example(Record):
    """One verified training example, in the chat format that trainers read."""

    id: str
    skill: str
    leaf: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    """What the assistant may call, where it may call anything."""
    metadata: ExampleMetadata

    @model_serializer(mode="wrap")
    def _without_gaps(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if name != "tools" or value}


class Rejection(Record):
    """An item that was made but not kept, with the check that stopped it."""

    id: str
    skill: str
    seed_id: str
    leaf: str | None
    stage: str
    check: str
    reason: str
    content: Content | None = None
    instruction: Instruction | None = None
    answer: Answer | None = None
    verification: Verification | None = None
    chats: tuple[str, ...] = ()


class Failure(Record):
    """A chat that ended in an error, with the error's type."""

    id: str
    skill: str
    seed_id: str
    leaf: str | None
    stage: str
    path: str
    error: str
    message: str
    chats: tuple[str, ...] = ()


class Skip(Record):
    """Something that was not worked on, with the reason: an unreadable file, an unsuited seed."""

    id: str
    source: str
    seed_id: str | None = None
    stage: str
    leaf: str | None = None
    reason: str


def qualified(skill: str, leaf: str | None) -> str:
    """How a run of several skills calls a leaf; that of one skill alone (an empty name) calls it by its own name."""
    return f"{skill}/{leaf or ''}" if skill else leaf or ""


def skill_of(unit: str) -> str:
    """The skill of a unit of work, whose name it ends in where a run has several; empty otherwise."""
    return unit.partition("@")[2]


Outcome = Example | Rejection | Failure | Skip
"""What becomes of an item: exactly one of these."""
