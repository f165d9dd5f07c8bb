"""An item of tool use as its author left it: the functions shown, the plan, and what no student sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from orca_agents.config import Leaf
from orca_agents.dialogues.calls.grammar import Call, read_call
from orca_agents.dialogues.calls.library import FunctionList, read_functions
from orca_agents.dialogues.calls.sources import folded
from orca_agents.records import Instruction

WORDINGS = 4
"""How many wordings the system message has."""
_NATIVE, _ASKS, _SCHEMAS = 0.35, 0.8, 0.4
"""Shares of the items, unless the leaf's settings say otherwise."""


@dataclass(frozen=True)
class TaskClass:
    """Which of the seven classes an item is of, as its leaf's settings say."""

    several: bool = False
    """Whether it takes more than one function."""
    superfluous: bool = False
    """Whether the request says more than any parameter takes."""
    incomplete: bool = False
    """Whether the request leaves a required value out."""
    absent: bool = False
    """Whether functions that it takes are not in the list."""

    @classmethod
    def of(cls, leaf: Leaf) -> TaskClass:
        """The class of a leaf."""
        return cls(**{name: bool(leaf.settings.get(name, False)) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Style:
    """How the dialogue is written down, drawn per item."""

    native: bool
    """As tool calls of chat endpoints; otherwise in the text protocol."""
    asks: bool
    """Whether the assistant may ask the user."""
    schemas: bool
    """Whether the text protocol shows the functions as JSON schemas; otherwise as signatures."""
    wording: int


@dataclass(frozen=True)
class Item:
    """What is known of an item."""

    whole: FunctionList
    """The list that its author saw."""
    shown: FunctionList
    """The list that the assistant sees: without the absent functions."""
    plan: tuple[Call, ...]
    absent: tuple[str, ...]
    extras: tuple[tuple[str, str], ...]
    """What the request says beyond need: what it is, and the value."""
    facts: tuple[tuple[str, str], ...]
    """What the user knows and has not said: parameter, and value."""
    fault: tuple[str, str] | None
    """The function whose first call fails, and what its error says."""
    withdrawn: tuple[tuple[str, str], ...]
    """What the user says first and then takes back: parameter, and value."""


def item_of(instruction: Instruction) -> Item:
    """The item in an instruction. Raises `LibraryProblem` or `CallProblem` where it is none."""
    whole = read_functions(instruction.content.text)
    hidden = instruction.hidden
    absent = hidden.get("absent", ())
    fault = hidden.get("fault", ())
    return Item(
        whole=whole,
        shown=whole.without(frozenset(absent)),
        plan=tuple(read_call(line, plan=True) for line in instruction.key),
        absent=absent,
        extras=_pairs(hidden.get("extras", ())),
        facts=_pairs(hidden.get("facts", ())),
        fault=(fault[0], fault[1]) if len(fault) == 2 else None,
        withdrawn=_pairs(hidden.get("withdrawn", ())),
    )


def style_of(instruction: Instruction, leaf: Leaf) -> Style:
    """The style that is drawn for an item: the same whenever it is asked for."""
    draw = Random(f"calls/{instruction.id}")
    native = draw.random() < float(leaf.settings.get("native", _NATIVE))
    asks = draw.random() < float(leaf.settings.get("asks", _ASKS))
    schemas = draw.random() < float(leaf.settings.get("schemas", _SCHEMAS))
    return Style(native, native or asks, schemas, draw.randrange(WORDINGS))


def read_pair(line: str) -> tuple[str, str] | None:
    """The two sides of `name = value`, or `None`."""
    found = _PAIR.fullmatch(line.strip())
    return (found[1], found[2].strip().strip('"')) if found else None


def alike(one: Any, other: Any) -> bool:
    """Whether two values mean the same, but for case, signs and spaces of texts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    return folded(str(one)) == folded(str(other))


def _pairs(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for line in lines if (pair := read_pair(line)) is not None)


_PAIR = re.compile(r"[-*]?\s*+([^=\n]{1,80}?)\s*+=\s*+(\S.{0,400})", re.DOTALL)
