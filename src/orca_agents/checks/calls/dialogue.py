"""Judge a dialogue as the student reads it: every message is read back, by the protocol or by the tools' schemas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orca_agents.checks.api import Case
from orca_agents.dialogues.calls.grammar import CallProblem
from orca_agents.dialogues.calls.item import item_of
from orca_agents.dialogues.calls.library import FunctionList, tool_schema, why_not_callable
from orca_agents.dialogues.calls.messages import Action, read_turn
from orca_agents.records import Message

Made = list[tuple[str, dict[str, Any]]]


def why_unreadable(case: Case) -> str | None:
    """Check `dialogue_reads_back`."""
    assert case.draft is not None, "this check needs a draft"
    messages, facts = case.draft.messages, case.draft.facts
    library = item_of(case.draft.instruction).shown
    spoken = [message for message in messages if message.role != "system"]
    if not spoken or spoken[0].role != "user" or spoken[-1].role != "assistant":
        return "a dialogue begins with the user and ends with the assistant"
    native = facts["form"] == "native"
    made: Made = []
    if case.draft.tools != (tuple(map(tool_schema, library.functions)) if native else ()):
        return "the tools beside the messages are not the functions that the assistant has"
    problem = _why_native_wrong(spoken, made) if native else _why_protocol_wrong(spoken, made)
    if problem:
        return problem
    if made != [(entry["name"], entry["arguments"]) for entry in facts["calls"]]:
        return "the calls that stand in the messages are not those that were made"
    return next((why for name, arguments in made if (why := _why_call_wrong(library, name, arguments))), None)


def _why_protocol_wrong(messages: Sequence[Message], made: Made) -> str | None:
    last: Action | None = None
    for number, message in enumerate(messages):
        if (message.role == "assistant") != (number % 2 == 1):
            return "user and assistant do not take turns"
        if message.role != "assistant":
            continue
        try:
            last = read_turn(message.content)
        except CallProblem as error:
            return f"turn {number + 1} cannot be read: {error}"
        if last.call is not None:
            made.append((last.call.name, dict(last.call.arguments)))
    return None if last is not None and last.kind in ("answer", "failed") else "the last turn does not stop"


def _why_native_wrong(messages: Sequence[Message], made: Made) -> str | None:
    open_id: str | None = None
    seen: set[str] = set()
    for message in messages:
        if open_id is not None and (message.role != "tool" or message.tool_call_id != open_id):
            return "a tool call is not followed by its result"
        if open_id is None and message.role == "tool":
            return "a result stands there without its call"
        open_id = None
        if len(message.tool_calls) > 1:
            return "one turn makes several calls"
        for call in message.tool_calls:
            if call.id in seen:
                return f"the id {call.id} is used twice"
            seen.add(call.id)
            open_id = call.id
            made.append((call.function.name, json.loads(call.function.arguments)))
    return "the last call has no result" if open_id else None


def _why_call_wrong(library: FunctionList, name: str, arguments: dict[str, Any]) -> str | None:
    function = library.get(name)
    return f"{name} is not in the list" if function is None else why_not_callable(function, arguments)
