"""Read constraints from their notation, a line each, and hold texts to them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orca_agents.constraints.dates import dates_in, times_in
from orca_agents.constraints.edits import Swap, why_rest_changed
from orca_agents.constraints.kind import Kind
from orca_agents.constraints.kinds import GENERAL, KINDS
from orca_agents.constraints.measure import occurrences
from orca_agents.constraints.pronouncing import is_installed


class ConstraintError(ValueError):
    """A line is no constraint, or one that cannot be checked here; says what is wrong with it."""


@dataclass(frozen=True)
class Constraint:
    """One rule for a text."""

    line: str
    """As it was written."""
    kind: Kind
    value: object

    def why_not(self, text: str, source: str = "") -> str | None:
        """Why a text does not keep to it, in words that continue "it ...", or `None`. `source` is what the text was
        made of, for rules that compare the two."""
        return self.kind.why_not(text, source, self.value)


def read_constraint(line: str) -> Constraint:
    """The constraint that a line states. Raises `ConstraintError`."""
    bare = re.sub(r"^\s*(?:[-*\u2022]\s+|\d+[.)]\s+)", "", line).strip().strip("`").strip()
    name, colon, rest = bare.partition(":")
    name = re.sub(r"[\s-]+", "_", name.strip(" *_\"'").lower())
    if not colon or name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; some of the kinds are {', '.join(GENERAL)}"
        raise ConstraintError(f"{line!r} is no constraint, which is a kind, a colon and a value{hint}")
    kind = KINDS[name]
    try:
        return Constraint(bare, kind, kind.read(rest.strip().rstrip(";").strip("`* ")))
    except ValueError as error:
        raise ConstraintError(f"{line!r}: behind `{name}:` belongs {kind.takes} ({error})") from None


def read_constraints(lines: Iterable[str]) -> tuple[Constraint, ...]:
    """All of them. Raises `ConstraintError` at the first that is none."""
    return tuple(read_constraint(line) for line in lines if line.strip())


def why_broken(constraints: Sequence[Constraint], text: str, source: str = "") -> str | None:
    """The first constraint that a text breaks, with the reason; `None` where it keeps to all. Edits are judged
    together, for `rest: unchanged` speaks of what none of them names."""
    for constraint in constraints:
        if (reason := constraint.why_not(text, source)) is not None:
            return f"`{constraint.line}` is broken: {reason}"
    rest = next((one for one in constraints if one.kind.name == "rest"), None)
    if rest is None:
        return None
    values = [(one.kind.name, one.value) for one in constraints]
    kinds = {name for name, _ in values}
    # how dates and times may change, their own constraints have said
    written = [*(dates_in(source) if "dates" in kinds else ()), *(times_in(source) if "times" in kinds else ())]
    reason = why_rest_changed(
        text,
        source,
        swaps=[value for _, value in values if isinstance(value, Swap)],
        gone=[str(value) for name, value in values if name == "removes"],
        masked=[
            str(value)
            for name, value in values
            if name == "masks" or (name == "forbids" and occurrences(source, str(value)))
        ]
        + [one.text for one in written],
    )
    return None if reason is None else f"`{rest.line}` is broken: {reason}"


def checkable(kinds: Iterable[str]) -> tuple[str, ...]:
    """Those of these kinds that can be checked here: syllables and rhymes need a dictionary."""
    return tuple(name for name in kinds if is_installed() or name not in ("syllables", "rhyme"))


def notation(kinds: Iterable[str] = GENERAL) -> str:
    """These kinds with what stands behind their colon, for the agents who write constraints. Raises `ConstraintError`
    for a name that is none."""
    names = tuple(kinds)
    if unknown := [name for name in names if name not in KINDS]:
        near = difflib.get_close_matches(unknown[0], KINDS, 1)
        raise ConstraintError(
            f"no kind of constraint is named {unknown[0]!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        )
    return "; ".join(f"{name}: {KINDS[name].takes}" for name in names)
