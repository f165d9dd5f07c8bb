"""The examples of a few-shot task: inputs with their outputs, in the notation in which a writer hands them in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orca_agents.errors import UnparsableError
from orca_agents.records import Instruction

FEWEST, MOST = 3, 8
FEWEST_REFINED = 2
"""So few are left where a goal asks for fewer."""
LONGEST = 1200
"""Characters of an example, input and output together."""
NOTATION = "input, arrow, output: `input => output`; where either has several lines, put `=>` on a line of its own"


@dataclass(frozen=True)
class Shot:
    """One example."""

    input: str
    output: str


def read_shots(texts: Sequence[str]) -> tuple[Shot, ...]:
    """The examples that a writer handed in. Raises `UnparsableError`."""
    return tuple(_read_shot(text) for text in texts)


def shots_of(instruction: Instruction) -> tuple[Shot, ...]:
    """The examples that an item shows."""
    pairs = zip(instruction.parts.get("inputs", ()), instruction.parts.get("outputs", ()), strict=True)
    return tuple(Shot(given, made) for given, made in pairs)


def query_of(instruction: Instruction) -> str:
    """The input whose output is asked for; empty where a function is."""
    return next(iter(instruction.parts.get("query", ())), "")


def is_on(instruction: Instruction, setting: str) -> bool:
    """Whether the item's leaf has a setting: `executable`, `code`, `labels`, `steps`, `odd`."""
    return setting in instruction.hidden.get("settings", ())


def trimmed(text: str) -> str:
    """A text without the space at the ends of its lines, and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n").rstrip()


def last_line(text: str) -> str:
    """What the worked steps of an output come to: its last line, without the word before it (`Answer: 12`)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return re.sub(r"^\W{0,4}[^\W\d][^:=\d]{0,30}[:=]\s*", "", last).strip().rstrip(".").strip("*` ")


def _read_shot(text: str) -> Shot:
    text = re.sub(r"\A\s*(?:[Ee]xample\s+)?\d+[.)]\s+(?=\S.*=>)", "", text)
    parts = re.split(r"(?m)^[ \t]*=>[ \t]*(?:\n|\Z)", text)
    if len(parts) == 1:
        parts = re.split(r"[ \t]+=>[ \t]+", text)
    if len(parts) != 2:
        raise UnparsableError(f"'examples': {text[:80]!r} is not one input, one `=>` and one output")
    given, made = trimmed(parts[0]), trimmed(parts[1])
    if not given.strip() or not made.strip():
        raise UnparsableError(f"'examples': {text[:80]!r} has nothing before or after its arrow")
    # the first line of a grid may begin with spaces that count; beside an arrow they are only set apart
    return Shot(given, made) if "\n" in text else Shot(given.strip(), made.strip())
