"""Judge whether a request really is of its class: what is said, what is missing, what is too much."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

from orca_agents.checks.api import Case
from orca_agents.checks.calls.notation import missing_in
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import terms
from orca_agents.constraints.dates import Written, dates_in
from orca_agents.dialogues.calls.grammar import CallProblem, FromResult, Missing, write_value
from orca_agents.dialogues.calls.item import Item, TaskClass, alike, item_of
from orca_agents.dialogues.calls.library import FunctionList, LibraryProblem
from orca_agents.dialogues.calls.sources import PAGING, Sources, leaves, stands_in, stated
from orca_agents.dialogues.calls.state import effect_of
from orca_agents.dialogues.calls.types import Type, why_not_of_type
from orca_agents.language import count_words
from orca_agents.numerals import written_numbers

FEWEST_WORDS, MOST_WORDS = 5, 220
FEWEST_LEFT = 2
"""Functions that the assistant is left with where some are absent."""


_LABEL = re.compile(
    r"\W{0,4}(?:here(?:'s| is) [^.?!:\n]{0,40}\b(?:request|message|says?)"
    r"|(?:the )?(?:user'?s? )?(?:request|message|prompt)|user(?: says)?)\W{0,3}:",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"]*"|\u201c[^\u201c\u201d]*\u201d|\u00ab[^\u00ab\u00bb]*\u00bb')


def why_unsound(case: Case) -> str | None:
    """Check `request_sound`."""
    assert case.instruction is not None, "this check needs an instruction"
    text = case.instruction.question
    count = count_words(text)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the request has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if first := preamble(text):
        return f"the request begins with talk about it ({first[:60]!r}); write what the user says"
    if label := _LABEL.match(text):
        return f"the request begins with {label[0].strip()!r}; write what the user says, and nothing before it"
    if _QUOTED.fullmatch(text.strip()):
        return "the request stands in quotation marks; take them off"
    if found := leak(text, case.prompts, case.content.text) or repetition(text):
        return f"the request {found}"
    if name := re.search(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\bACTION(?:_TYPE)?\b|\bAPI_CALL\b", text):
        quoted = any(name[0] in str(value) for value in _values(case))
        if not quoted:
            return f"the request says {name[0]!r}; a user does not know the names of functions and parameters"
    return None


def why_other_class(case: Case) -> str | None:
    """Check `class_holds`."""
    assert case.instruction is not None, "this check needs an instruction"
    assert case.leaf is not None, "this check needs a leaf"
    try:
        item = item_of(case.instruction)
    except (LibraryProblem, CallProblem) as error:
        return str(error)
    task, said = TaskClass.of(case.leaf), Sources((case.instruction.question,))
    return (
        _why_other_number(item, task)
        or _why_unstated(item, said)
        or _why_other_gaps(item, task, said)
        or _why_no_extras(item, task, said)
        or _why_not_absent(item, task)
        or _why_not_withdrawn(item, said)
    )


def fact_value(text: str, kind: Type) -> Any:
    """A fact's value as a parameter of this type takes it; the text itself where it does not fit."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if why_not_of_type(value, kind, "") is None else text


def _values(case: Case) -> list[Any]:
    assert case.instruction is not None
    try:
        plan = item_of(case.instruction).plan
    except (LibraryProblem, CallProblem):
        return []
    return [value for call in plan for value in leaves(dict(call.arguments))]


def _why_other_number(item: Item, task: TaskClass) -> str | None:
    names = {call.name for call in item.plan}
    if task.several and len(names) < 2:
        return "the plan needs one function only; ask for something that takes two or more different ones"
    if not task.several and len(names) != 1:
        return f"the plan needs {len(names)} functions ({', '.join(sorted(names))}); ask for something that one does"
    return None


def _why_unstated(item: Item, said: Sources) -> str | None:
    """Each value of the plan has to be in the user's words."""
    for call in item.plan:
        function = item.whole.get(call.name)
        for name, value in call.arguments.items():
            parameter = function.parameter(name) if function else None
            if parameter is None or isinstance(value, Missing | FromResult) or not _is_plain(value):
                continue
            if PAGING.fullmatch(name) or (not parameter.required and alike(value, parameter.default)):
                continue
            if not stated(value, parameter.type, said):
                return (
                    f"the plan has {call.name}: {name}={write_value(value)}, but the request does not say that value; "
                    "say it in the request, in words from which it can be copied, or mend the plan"
                )
    return None


def _why_other_gaps(item: Item, task: TaskClass, said: Sources) -> str | None:
    gaps = missing_in(item.plan)
    if not task.incomplete:
        for function_name, name in sorted(gaps):
            return f"{function_name} lacks {name}; in this class the request says all that is needed"
        return None
    if not gaps:
        return "nothing is missing: leave one required value out of the request, and write ? for it in the plan"
    named = {name for _, name in gaps}
    if strange := [name for name, _ in item.facts if name not in named]:
        return f"the facts have {strange[0]!r}, which is no missing parameter ({', '.join(sorted(named))})"
    for function_name, name in sorted(gaps):
        function = item.whole.get(function_name)
        parameter = function.parameter(name) if function else None
        if parameter is None:
            continue
        kind = parameter.type
        value = next((value for fact, value in item.facts if fact == name), None)
        if value is not None:
            ready = fact_value(value, kind)
            if problem := why_not_of_type(ready, kind, f"the fact {name}"):
                return problem
            if ready != 1 and kind.kind != "boolean" and stated(ready, kind, said):  # "a" hut is no 1
                return f"{name} = {value} is said in the request already, so it is not missing; take it out"
        if found := _spare_value(item, kind, said):
            return f"{name} is said to be missing, but the request says {found}, which could be it; take that out"
        if giver := _giver(item.shown, function_name, name):
            return f"{name} is not missing for good: {giver} returns it; leave out a value that no function gives"
    return None


def _spare_value(item: Item, kind: Type, said: Sources) -> str | None:
    """A value of this kind that the request says, and that the plan does not use elsewhere."""
    used = [value for call in item.plan for value in leaves(dict(call.arguments))]
    text = said.texts[0]
    if kind.kind == "date":
        known = {*used, *(value for _, value in item.withdrawn)}
        return next((one.text for one in dates_in(text) if not _is_any(one, known)), None)
    if kind.kind == "time":
        taken = {value[:5] for value in used if isinstance(value, str)}
        return next((f"{h:02}:{m:02}" for h, m in sorted(said.times) if f"{h:02}:{m:02}" not in taken), None)
    if kind.kind in ("integer", "number"):
        taken_numbers = {number.value for value in used for number in written_numbers(str(value))}
        taken_numbers |= {number.value for _, value in item.withdrawn for number in written_numbers(value)}
        inside = " ".join(str(value) for value in used if isinstance(value, str))
        for number in written_numbers(text):
            digits = text[number.start : number.end]
            near = text[max(0, number.start - 8) : number.end + 8]
            is_date = re.search(r"\d{4}-\d\d", near) is not None
            is_spare = number.value not in taken_numbers and digits not in inside and not is_date
            if digits[:1].isdigit() and is_spare and _allows(kind, number.value):
                return digits
    return None


def _is_any(written: Written, known: set[Any]) -> bool:
    days = {date(*means[:3]).isoformat() for means in written.means}
    return written.text in known or not days.isdisjoint(known)


def _allows(kind: Type, value: Any) -> bool:
    """Whether a number lies in the range of a type."""
    return (kind.low is None or value >= kind.low) and (kind.high is None or value <= kind.high)


def _giver(library: FunctionList, function: str, parameter: str) -> str | None:
    """A function that returns a missing id to anyone who asks."""
    if not (parameter == "id" or parameter.endswith("_id")):
        return None
    for one in library.functions:
        if one.name == function or effect_of(one.name) != "reads" or parameter in one.required:
            continue
        if parameter in _names(one.returns):
            return one.name
    return None


def _names(kind: Type) -> list[str]:
    inner = [name for _, of in kind.fields for name in _names(of)] + (_names(kind.item) if kind.item else [])
    return [*(name for name, _ in kind.fields), *inner]


def _why_no_extras(item: Item, task: TaskClass, said: Sources) -> str | None:
    if not task.superfluous:
        return None
    if not item.extras:
        return "no superfluous detail is named"
    used = [value for call in item.plan for value in leaves(dict(call.arguments))]
    for name, value in item.extras:
        if not stands_in(value, said.whole):
            return f"the extra {name} = {value} does not stand in the request; copy its words"
        if any(alike(value, one) for one in used):
            return f"the extra {name} = {value} is used in the plan, so it is not superfluous"
        for call in item.plan:
            function = item.whole.get(call.name)
            for parameter in function.parameters if function else ():
                if _same_word(name, parameter.name):
                    return f"the extra {name!r} has a parameter of {call.name} that takes it ({parameter.name})"
    return None


def _same_word(name: str, parameter: str) -> bool:
    one, other = (terms(text.replace("_", " "), "en") for text in (name, parameter))
    return (
        bool(one)
        and bool(other)
        and (one == other or (len(other) == 1 and other <= one) or (len(one) == 1 and one <= other))
    )


def _why_not_absent(item: Item, task: TaskClass) -> str | None:
    if not task.absent:
        return None
    names = {call.name for call in item.plan}
    if strange := [name for name in item.absent if name not in item.whole.names]:
        return f"{strange[0]!r} is to be taken out of the list, but is not in it"
    gone = names & set(item.absent)
    if not gone:
        return "no function of the plan is taken out; name those that the assistant will lack"
    if task.several and gone == names:
        return "every function of the plan is taken out; leave at least one of them in the list"
    if len(item.shown.functions) < FEWEST_LEFT:
        return "too few functions are left in the list"
    return None


def _why_not_withdrawn(item: Item, said: Sources) -> str | None:
    for name, value in item.withdrawn:
        if not stands_in(value, said.whole):
            return (
                f"{name} = {value} is withdrawn, but the request never says it; the user says it first, then corrects"
            )
        given = [call.arguments[name] for call in item.plan if name in call.arguments]
        if not given or any(alike(str(one), value) for one in given):
            return f"{name} = {value} is withdrawn, so the plan must have another value for {name}"
    return None


def _is_plain(value: Any) -> bool:
    return not any(isinstance(one, Missing | FromResult) for one in leaves(value))
