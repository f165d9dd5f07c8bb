"""What leads a dialogue: a program that says whose turn it is, what that one is told, and when it is over.

It is a pure function of what was handed in so far, so that a dialogue replays from the record. Each part
(`assistant`, `user`, `backend`, ...) is played by an agent in a chat of its own: it hears what the program tells it,
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orca_agents.config import Leaf
from orca_agents.harvest import Form, Product
from orca_agents.records import Instruction, Message

ASSISTANT = "assistant"
"""The part of the agent whose turns are to be learned: the first agent of `respond`."""


@dataclass(frozen=True)
class Ask:
    """The next turn: whose it is, what its agent is told, and what it hands in."""

    part: str
    says: str
    form: Form
    read: Callable[[Product], Any] = lambda product: product
    """What becomes of the product, kept as the turn's `value`; an `UnparsableError` of it is told to the agent, who
    hands in once more."""


@dataclass(frozen=True)
class Taken:
    """A turn that was taken."""

    part: str
    value: Any


@dataclass(frozen=True)
class Ended:
    """The dialogue is over: the example's messages, and what was noted."""

    messages: tuple[Message, ...]
    """From the first to the last; a system message is part of them where the student is to see it."""
    value: tuple[str, ...]
    """The final answer, in the notation of its form; may be empty where the form compares none."""
    reasoning: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON data for the checks and for the example's metadata: final state, steps, how it ended, ..."""
    answerable: bool = True


class Dialogue(Protocol):
    """One kind of dialogue."""

    def parts(self, instruction: Instruction, leaf: Leaf) -> Sequence[str]:
        """The parts that agents play, `assistant` first."""
        ...

    def knows(self, part: str, instruction: Instruction, leaf: Leaf) -> dict[str, str]:
        """What the templates of a part's agent may show of the item: `passage`, `question`, `brief`; what is left out
        is empty for it. Here is decided who sees what."""
        ...

    def next(self, instruction: Instruction, leaf: Leaf, taken: Sequence[Taken]) -> Ask | Ended:
        """Who goes on after these turns, or how it ended. Raises `ChatError` where it cannot go on."""
        ...
