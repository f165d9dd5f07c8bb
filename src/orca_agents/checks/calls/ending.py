"""Judge a whole dialogue: it ended as its class asks, by the plan, and names what it lacked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orca_agents.checks.api import Case
from orca_agents.checks.calls.notation import missing_in
from orca_agents.checks.calls.request import fact_value
from orca_agents.checks.calls.wording import asks_for_more, means_same
from orca_agents.checks.terms import terms
from orca_agents.dialogues.calls.grammar import Call, CallProblem, FromResult, Missing, write_call
from orca_agents.dialogues.calls.item import Item, TaskClass, alike, item_of
from orca_agents.dialogues.calls.library import Function
from orca_agents.dialogues.calls.messages import read_turn
from orca_agents.dialogues.calls.sources import is_silent, leaves, stands_in
from orca_agents.dialogues.calls.state import effect_of
from orca_agents.dialogues.calls.types import Kind, Type
from orca_agents.language import language_name, other_language
from orca_agents.records import Message


def why_ended_otherwise(case: Case) -> str | None:
    """Check `ended_as_due`."""
    item, task, facts = _known(case)
    ended, asked = facts["ended"], facts["asked"]
    if ended not in ("answer", "failed"):
        return "the assistant did not come to an end in the turns that it has"
    if task.absent:
        if asked:
            return "it asks the user for something, although nothing that the user could say is lacking"
        return None if ended == "failed" else "it gives an answer, although functions that it takes are not in the list"
    if not task.incomplete:
        if ended == "failed":
            return "it gives up, although the request says all that is needed and the functions are there"
        return "it asks the user for something, although the request says all that is needed" if asked else None
    can_know = {name for _, name in missing_in(item.plan)} <= {name for name, _ in item.facts}
    if facts["may_ask"] and not asked:
        return "it does not ask the user for what is missing, although it may"
    if facts["may_ask"] and can_know:
        return None if ended == "answer" else "it gives up, although the user could tell what was missing"
    return None if ended == "failed" else "it gives an answer, although a required value was never given"


def why_plan_missed(case: Case) -> str | None:
    """Check `plan_reached`."""
    item, _, facts = _known(case)
    done = [entry for entry in facts["calls"] if entry["ok"]]
    left = list(enumerate(done))
    planned = {call.name for call in item.plan}
    for entry in done:
        if entry["name"] not in planned and effect_of(entry["name"]) != "reads":
            return f"it called {entry['name']}, which nobody asked for"
        if facts["ended"] == "failed" and effect_of(entry["name"]) != "reads":
            return f"it called {entry['name']}, which changes something, and then gave up; it should not begin"
    if facts["ended"] != "answer":
        return None
    for call in item.plan:
        function = item.whole.get(call.name)
        assert function is not None
        found = next(
            (pair for pair in left if _carries_out(pair[1], call, function, item, done[: pair[0]], facts)), None
        )
        if found is None:
            return f"it never made the call {write_call(call)} with these values"
        left.remove(found)
    again = [entry["name"] for _, entry in left if effect_of(entry["name"]) in ("creates", "deletes")]
    return f"it called {again[0]} more often than was asked for" if again else None


def why_unreported(case: Case) -> str | None:
    """Check `answer_reports`."""
    item, _, facts = _known(case)
    if facts["ended"] != "answer":
        return None
    for call in item.plan:
        used = any(
            isinstance(value, FromResult) and value.function == call.name and other.name != call.name
            for other in item.plan
            for value in leaves(dict(other.arguments))
        )
        if used or effect_of(call.name) != "reads":  # what is only looked up for the next step need not be told
            continue
        made = [entry for entry in facts["calls"] if entry["ok"] and entry["name"] == call.name]
        given = [value for entry in made for value in leaves(entry["arguments"])]
        if is_silent(facts["text"], [entry["reply"] for entry in made], given):
            return f"the user wanted to know what {call.name} returns, and the answer does not tell it"
    return None


def why_extras_used(case: Case) -> str | None:
    """Check `extras_ignored`."""
    item, _, facts = _known(case)
    planned = [str(value) for call in item.plan for value in leaves(dict(call.arguments))]
    for name, value in item.extras:
        for entry in facts["calls"]:
            for one in leaves(entry["arguments"]):
                if stands_in(value, str(one)) and not any(alike(str(one), text) for text in planned):
                    return f"it puts the superfluous {name} ({value}) into the call of {entry['name']}"
    return None


def why_lack_unnamed(case: Case) -> str | None:
    """Check `lack_named`."""
    item, task, facts = _known(case)
    if facts["ended"] != "failed" and not facts["asked"]:
        return None
    said = " ".join([*facts["asked"], facts["text"] if facts["ended"] == "failed" else ""])
    said = re.sub(r"\bwhen\b", "on what day, at what time", said, flags=re.IGNORECASE)
    own = terms(said.replace("_", " "), case.language)
    lacks: list[tuple[str, str]] = []
    if task.incomplete:
        for function_name, name in sorted(missing_in(item.plan)):
            function = item.whole.get(function_name)
            parameter = function.parameter(name) if function else None
            about = f"{parameter.about} {_ASKED_FOR.get(parameter.type.kind, '')}" if parameter else ""
            lacks.append((name, f"{name} {about}"))
    if task.absent:
        gone = [
            one for name in item.absent if (one := item.whole.get(name)) and name in {call.name for call in item.plan}
        ]
        lacks += [(one.name, f"{one.name} {one.about}") for one in gone]
    for name, about in lacks:
        words = terms(about.replace("_", " "), case.language)
        if (case.language or "en").split("-")[0] != "en":  # names are English, whatever the language of the dialogue
            words |= terms(facts["user"][0], case.language)
        if name in said or own & words:
            return None if task.absent else _why_others_unnamed(lacks, own, said, case)
    return f"it does not name what is lacking ({lacks[0][0] if lacks else 'nothing is'}); say it in the reason"


def why_other_language(case: Case) -> str | None:
    """Check `ending_language`."""
    wanted = language_name(case.language or "")
    if found := other_language(_known(case)[2]["text"], case.language):
        return f"it ends in {language_name(found)}; it should end in {wanted}"
    assert case.draft is not None, "this check needs a draft"
    before = "\n".join(_words_of(message) for message in case.draft.messages if message.role == "assistant")
    if found := other_language(before, case.language):
        return f"what it says between its calls is in {language_name(found)}; it should be in {wanted}"
    return None


def _words_of(message: Message) -> str:
    """What a turn says to the user, without its call."""
    try:
        action = read_turn(message.content)
    except CallProblem:  # the native form: the call does not stand in the text
        return message.content
    return f"{action.plan}\n{action.text}"


_ASKED_FOR: Mapping[Kind, str] = {"date": "date day", "time": "time hour", "datetime": "date day time"}
"""What a value of a kind is called, whatever its parameter is called."""


def _known(case: Case) -> tuple[Item, TaskClass, Mapping[str, Any]]:
    assert case.draft is not None, "this check needs a draft"
    assert case.leaf is not None, "this check needs a leaf"
    return item_of(case.draft.instruction), TaskClass.of(case.leaf), case.draft.facts


def _why_others_unnamed(lacks: list[tuple[str, str]], own: frozenset[str], said: str, case: Case) -> str | None:
    """Of several missing values each has to be named."""
    if (case.language or "en").split("-")[0] != "en":
        return None
    for name, about in lacks:
        if name not in said and not own & terms(about.replace("_", " "), case.language):
            return f"it does not name {name}, which is missing too"
    return None


def _carries_out(
    entry: Mapping[str, Any],
    call: Call,
    function: Function,
    item: Item,
    before: list[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> bool:
    """Whether a call that was made is the one of the plan: with its values, and those that were open filled in."""
    if entry["name"] != call.name:
        return False
    if asks_for_more(function, entry["arguments"], call.arguments):
        return False  # nothing is done that nobody asked for
    for name, wanted in call.arguments.items():
        parameter = function.parameter(name)
        assert parameter is not None
        if name not in entry["arguments"]:
            if parameter.required or not alike(wanted, parameter.default):
                return False
            continue
        if not _fits(wanted, entry["arguments"][name], name, parameter.type, item, before):
            return False
    return True


def _fits(wanted: Any, given: Any, name: str, kind: Type, item: Item, before: list[Mapping[str, Any]]) -> bool:
    match wanted:
        case Missing():
            fact = next((value for fact, value in item.facts if fact == name), None)
            return fact is None or means_same(fact_value(fact, kind), given)
        case FromResult():
            replies = [entry["reply"] for entry in before if entry["name"] == wanted.function]
            return any(alike(given, one) for one in leaves(replies))
        case list():
            inner = kind.item or kind
            return isinstance(given, list) and len(given) == len(wanted) and all(
                any(_fits(one, other, name, inner, item, before) for other in given) for one in wanted
            )  # fmt: skip
        case dict():
            fields = dict(kind.fields)
            return isinstance(given, dict) and all(
                key in given and _fits(one, given[key], key, fields.get(key, kind), item, before)
                for key, one in wanted.items()
            )
    return means_same(wanted, given)
