"""Judge whether a function that was taken out of the list is missed: no other one does its work."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.terms import share, terms
from orca_agents.dialogues.calls.grammar import CallProblem
from orca_agents.dialogues.calls.item import TaskClass, item_of
from orca_agents.dialogues.calls.library import Function, LibraryProblem
from orca_agents.dialogues.calls.state import effect_of

CLOSE = 0.6
"""Share of the words of one description in another from which both say the same."""


def why_covered(case: Case) -> str | None:
    """Check `nothing_else_fits`."""
    assert case.instruction is not None, "this check needs an instruction"
    assert case.leaf is not None, "this check needs a leaf"
    if not TaskClass.of(case.leaf).absent:
        return None
    try:
        item = item_of(case.instruction)
    except (LibraryProblem, CallProblem) as error:
        return str(error)
    for name in dict.fromkeys(call.name for call in item.plan if call.name in item.absent):
        gone = item.whole.get(name)
        if gone is None:
            continue
        for other in item.shown.functions:
            if could_serve(other, gone):
                return (
                    f"without {name}, {other.name} could serve instead: take it out too, or ask for what only "
                    f"{name} does"
                )
    return None


def could_serve(other: Function, gone: Function) -> bool:
    """Whether one function may do the work of another: the same effect on the same thing, with nothing more to give."""
    if effect_of(other.name) != effect_of(gone.name):
        return False
    if not set(other.required) <= {parameter.name for parameter in gone.parameters}:
        return False
    things, own = _things(gone), _things(other)
    same_thing = bool(things) and bool(own) and (things <= own or own <= things)
    return same_thing or share(terms(gone.about, "en"), terms(other.about, "en")) >= CLOSE


def _things(function: Function) -> frozenset[str]:
    """What a function is about, by its name without the verb."""
    return terms(function.name.partition("_")[2].replace("_", " "), "en")
