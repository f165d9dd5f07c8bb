"""What a formal puzzle comes to: the value of its question, or which of its labelled lines are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The one answer of a puzzle that was worked out by program."""

    value: Any = None
    """Of a puzzle with a `question`: a number, a name, or several names; `None` where lines are labelled."""
    also: tuple[str, ...] = ()
    """Other names of the same value."""
    labelled: Mapping[str, Any] = field(default_factory=dict)
    """Of one with labelled lines (`A:`, `1:`): what each comes to; for options, whether it is right."""
    ways: int = 1
    """How many arrangements obey all rules."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else was found on the way, for the checks of refinement goals."""
