"""The notation of plans: a call a line, `?` for a value nobody said, `$function.field` for one that a call returns."""

from __future__ import annotations

from collections.abc import Sequence

from orca_agents.dialogues.calls.grammar import (
    Call,
    CallProblem,
    Missing,
    read_call,
    read_named_text,
    write_call,
    write_stop,
)
from orca_agents.errors import UnparsableError

NO_FUNCTION = "NO_FUNCTION"
"""In a plan of one who sees the shortened list: a step that no function does."""
MOST_CALLS = 8


def read_plan(lines: Sequence[str], *, field: str, gaps: bool = False) -> tuple[str, ...]:
    """The calls of a plan as they are written here, one a line. With `gaps`, a step may be `NO_FUNCTION("what")`.
    Raises `UnparsableError`."""
    found: list[str] = []
    for number, line in enumerate(lines, 1):
        text = line.strip().strip("`")
        try:
            if gaps and text.startswith(NO_FUNCTION):
                found.append(write_stop(*read_named_text(text)))
            else:
                found.append(write_call(read_call(text, plan=True)))
        except CallProblem as error:
            raise UnparsableError(f"{field!r}, line {number}: {error}") from None
    return tuple(found)


def calls_of(lines: Sequence[str]) -> tuple[Call, ...]:
    """The calls of a plan that was read before; steps without a function are left out."""
    return tuple(read_call(line, plan=True) for line in lines if not line.startswith(NO_FUNCTION))


def missing_in(plan: Sequence[Call]) -> frozenset[tuple[str, str]]:
    """Function and parameter of each value that nobody said."""
    return frozenset(
        (call.name, name) for call in plan for name, value in call.arguments.items() if isinstance(value, Missing)
    )
