"""Judge whether an edited request or list is what its goal asked for."""

from __future__ import annotations

from difflib import SequenceMatcher

from orca_agents.checks.api import Case
from orca_agents.checks.calls.notation import calls_of
from orca_agents.dialogues.calls.grammar import FromResult
from orca_agents.dialogues.calls.library import FunctionList, LibraryProblem, read_functions
from orca_agents.dialogues.calls.sources import PAGING, leaves
from orca_agents.language import words
from orca_agents.records import Instruction

SIMILAR = 0.6
"""How like two names are, as difflib counts."""


def why_not_as_asked(case: Case) -> str | None:
    """Check `refined_toward_goal`."""
    if case.goal is None or case.parent is None:
        return None
    assert case.instruction is not None, "this check needs an instruction"
    item, parent = case.instruction, case.parent
    if case.goal.edits == "passage":
        return _why_list_edit(item, parent)
    if item.content.text != parent.content.text:
        return "the list of functions was changed; only the request may be edited here"
    if case.goal.name != "error_to_recover_from" and words(item.question) == words(parent.question):
        return "the request is the same as before; carry the proposal out"
    return _why_goal_missed(case.goal.name, item, parent)


def _why_goal_missed(goal: str, item: Instruction, parent: Instruction) -> str | None:
    new, old = calls_of(item.key), calls_of(parent.key)
    match goal:
        case "more_steps":
            if len(new) <= len(old):
                return f"the plan has {len(new)} calls, as many as before or fewer ({len(old)}); add steps"
        case "result_feeds_next":
            if _references(item) <= _references(parent):
                return "no further call takes a value out of an earlier result; write such a value as $function.field"
        case "pagination":
            turned = [call for call in new if any(PAGING.fullmatch(name) for name in call.arguments)]
            if not any(sum(other.name == call.name for other in new) > 1 for call in turned):
                return "the plan turns no page: call the listing function again, with its parameter for the next page"
        case "error_to_recover_from":
            if "fault" not in item.hidden:
                return "no fault is noted; add the line `fault: function: what its error says` to the notes"
            if calls_of(item.key) != calls_of(parent.key):
                return "the plan was changed; only the fault is new"
        case "changed_mind":
            if "withdrawn" not in item.hidden:
                return "nothing is withdrawn; add the line `withdrawn: parameter = value` to the notes"
    return None


def _references(item: Instruction) -> int:
    return sum(isinstance(value, FromResult) for call in calls_of(item.key) for value in leaves(dict(call.arguments)))


def _why_list_edit(item: Instruction, parent: Instruction) -> str | None:
    if item.question != parent.question:
        return "the request was changed; only the list of functions may be edited here"
    if item.key != parent.key:
        return "the plan was changed; the same calls carry the request out as before, so copy it unchanged"
    try:
        new, old = read_functions(item.content.text), read_functions(parent.content.text)
    except LibraryProblem as error:
        return str(error)
    for function in old.functions:
        if new.get(function.name) != function:
            return f"{function.name} was changed or is gone; every function of the old list stays as it is"
    planned = {call.name for call in calls_of(parent.key)}
    if not any(_is_similar(name, one) for name in _added(new, old) for one in planned):
        return f"no new function has a name like that of {' or '.join(sorted(planned))}; add one that misleads"
    return None


def _added(new: FunctionList, old: FunctionList) -> list[str]:
    return [name for name in new.names if old.get(name) is None]


def _is_similar(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other).ratio() >= SIMILAR
