"""Rules that a program can check a text by: a line of text each, such as `max_words: 80` or `forbids: very`."""

from orca_agents.constraints.conflicts import conflicts
from orca_agents.constraints.kind import Kind
from orca_agents.constraints.kinds import GENERAL, KINDS
from orca_agents.constraints.reading import (
    Constraint,
    ConstraintError,
    checkable,
    notation,
    read_constraint,
    read_constraints,
    why_broken,
)
from orca_agents.constraints.stated import unchecked, unstated

__all__ = [
    "GENERAL",
    "KINDS",
    "Constraint",
    "ConstraintError",
    "Kind",
    "checkable",
    "conflicts",
    "notation",
    "read_constraint",
    "read_constraints",
    "unchecked",
    "unstated",
    "why_broken",
]
