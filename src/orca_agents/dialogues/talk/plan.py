"""The plan of a conversation: what the user does in each turn, what it tells there, and what the answers must keep to.

Every line begins with its turn. Turns are counted by what the user says: turn 1 is the opening.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orca_agents.constraints import Constraint, ConstraintError, read_constraint

FEWEST_TURNS, MOST_TURNS = 2, 6
OF_A_SOURCE = frozenset(
    (
        "replaces",
        "removes",
        "masks",
        "rest",
        "keeps",
        "notes_in",
        "same_lines",
        "shorter",
        "longer",
        "easier",
        "max_overlap",
    )
)
"""Kinds of rule that speak of a text which was given."""
_LINE = re.compile(r"turn\s+(?P<turn>\d{1,2})(?P<how>\s+only|\s+ends)?\s*:\s*(?P<rest>\S.*)", re.IGNORECASE | re.DOTALL)


class PlanError(ValueError):
    """A line of a plan cannot be read; says which, and how it should look."""


@dataclass(frozen=True)
class Told:
    """Words that belong to a turn: what the user says there, or what the answer to it must hold."""

    turn: int
    words: str


@dataclass(frozen=True)
class Rule:
    """A measurable demand of the user, and for how long it holds."""

    turn: int
    how: Literal["from", "only", "ends"]
    """From this turn on; for the answer to this turn alone; or it ends what held before."""
    kind: str
    constraint: Constraint | None = None
    """`None` where it ends one."""

    @property
    def line(self) -> str:
        """As it is said of an answer: `max_words: 60`."""
        return self.constraint.line if self.constraint else self.kind


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    moves: tuple[Told, ...]
    """What the user does in turn 2, 3, ..."""
    reveals: tuple[Told, ...] = ()
    rules: tuple[Rule, ...] = ()
    recalls: tuple[Told, ...] = ()

    @property
    def turns(self) -> int:
        """How often the user speaks."""
        return 1 + len(self.moves)

    def move(self, turn: int) -> str:
        """What the user does in a turn."""
        return next((move.words for move in self.moves if move.turn == turn), "")

    def told_in(self, turn: int) -> tuple[str, ...]:
        """What the user tells in a turn, word by word."""
        return tuple(told.words for told in self.reveals if told.turn == turn)

    def told_after(self, turn: int) -> tuple[str, ...]:
        """What the user keeps for later turns."""
        return tuple(told.words for told in self.reveals if told.turn > turn)

    def asked_in(self, turn: int) -> tuple[Rule, ...]:
        """The rules that the user states, or lifts, in a turn."""
        return tuple(rule for rule in self.rules if rule.turn == turn)

    def in_force(self, turn: int) -> tuple[Constraint, ...]:
        """What the answer to a turn must keep to: rules stated so far and not ended; of numbers the latest."""
        held: list[Rule] = []
        for rule in sorted(self.rules, key=lambda rule: rule.turn):
            if rule.turn > turn:
                break
            if rule.how == "only" and rule.turn != turn:
                continue
            if rule.how == "ends" or _is_number(rule):
                held = [old for old in held if old.kind != rule.kind]
            if rule.constraint is not None:
                held.append(rule)
        return tuple(rule.constraint for rule in held if rule.constraint is not None)


def read_plan(
    moves: Sequence[str], reveals: Sequence[str] = (), rules: Sequence[str] = (), recalls: Sequence[str] = ()
) -> Plan:
    """The plan that these lines state. Raises `PlanError`."""
    return Plan(
        tuple(_told("moves", line) for line in moves),
        tuple(_told("reveals", line) for line in reveals),
        tuple(_rule(line) for line in rules),
        tuple(_told("recalls", line) for line in recalls),
    )


def _is_number(rule: Rule) -> bool:
    return rule.constraint is not None and isinstance(rule.constraint.value, int)


def _told(name: str, line: str) -> Told:
    match = _LINE.fullmatch(line.strip())
    if match is None or match["how"]:
        raise PlanError(f"{name}: {line[:80]!r} must begin with its turn: `turn 2: ...`")
    words = match["rest"].strip()
    if name != "moves" and len(words) > 2 and words[0] == words[-1] and words[0] in "\"'":
        words = words[1:-1]
    return Told(int(match["turn"]), words)


def _rule(line: str) -> Rule:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise PlanError(f"rules: {line[:80]!r} must look like `turn 2: max_words: 60`")
    how, rest = (match["how"] or "from").strip().lower(), match["rest"].strip()
    if how == "ends":
        return Rule(int(match["turn"]), "ends", rest.partition(":")[0].strip().lower())
    try:
        constraint = read_constraint(rest)
    except ConstraintError as error:
        raise PlanError(f"rules: {error}") from None
    if constraint.kind.name in OF_A_SOURCE:
        raise PlanError(f"rules: {constraint.line!r} compares with a given text, which a conversation has none of")
    return Rule(int(match["turn"]), "only" if how == "only" else "from", constraint.kind.name, constraint)
