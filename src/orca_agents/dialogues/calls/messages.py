"""Write a dialogue down as training messages: in the text protocol, or as tool calls of chat endpoints."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from orca_agents.dialogues.calls.grammar import Call, CallProblem, read_call, read_named_text, write_call, write_stop
from orca_agents.dialogues.calls.item import Style
from orca_agents.dialogues.calls.library import FunctionList, tool_schema, write_functions
from orca_agents.dialogues.calls.state import Done
from orca_agents.dialogues.calls.types import schema_of
from orca_agents.records import FunctionCall, Message, MessageToolCall, short_hash

Kind = Literal["call", "ask", "answer", "failed"]


@dataclass(frozen=True)
class Action:
    """What the assistant does in one turn."""

    kind: Kind
    plan: str = ""
    """What it says before."""
    call: Call | None = None
    text: str = ""
    """Of the others: the question, the answer, or why it stops."""


Event = Action | Done | str
"""What happens in a dialogue: the assistant acts, a call is answered, the user says something."""


def system_message(style: Style, library: FunctionList) -> str:
    """What the student reads before the request; may be empty."""
    if style.native:
        return _NATIVE[style.wording % len(_NATIVE)]
    opening, closing = _OPENINGS[style.wording % len(_OPENINGS)], _CLOSINGS[style.wording % len(_CLOSINGS)]
    return "\n\n".join(
        [opening, _CALLING, *([_ASKING] if style.asks else []), _STOPPING, closing, _listed(style, library)]
    )


def protocol_text(action: Action) -> str:
    """A turn of the assistant in the text protocol."""
    match action.kind:
        case "call":
            assert action.call is not None
            lines = ("ACTION_TYPE : API_CALL", f"ACTION: {write_call(action.call)}")
        case "ask":
            lines = ("ACTION_TYPE : ASK_USER", f"ACTION: {write_stop('ASK', action.text)}")
        case "answer":
            lines = ("ACTION_TYPE : STOP", f"ACTION: {write_stop('FINAL_ANSWER', action.text)}")
        case "failed":
            lines = ("ACTION_TYPE : STOP", f"ACTION: {write_stop('FAILED', action.text)}")
    block = "\n".join(lines)
    return f"{action.plan}\n\n{block}" if action.plan else block


def read_turn(text: str) -> Action:
    """A turn of the text protocol, read back. Raises `CallProblem` where it holds no action, or more than one."""
    heads = re.findall(r"^ACTION(?:_TYPE)?[ ]?:", text, re.MULTILINE)
    found = _TURN.fullmatch(text)
    if found is None or len(heads) != 2:
        raise CallProblem("a turn holds a plan, and after it one ACTION_TYPE line and one ACTION line")
    plan, kind, action = found["plan"] or "", found["kind"], found["action"]
    if kind == "API_CALL":
        return Action("call", plan, read_call(action))
    name, words = read_named_text(action)
    ends = {("STOP", "FINAL_ANSWER"): "answer", ("STOP", "FAILED"): "failed", ("ASK_USER", "ASK"): "ask"}
    if (kind, name) not in ends:
        raise CallProblem(f"{name} does not go with {kind}")
    return Action(cast(Kind, ends[kind, name]), plan, text=words)


def result_text(done: Done) -> str:
    """What the user's side of the text protocol says after a call."""
    told = {"status": "success", "result": done.reply} if done.ok else {"status": "error", "error": done.reply}
    return f"API result:\n{json.dumps(told, ensure_ascii=False)}"


def messages_of(events: Sequence[Event], style: Style, library: FunctionList, salt: str) -> tuple[Message, ...]:
    """The whole dialogue. `salt` makes the ids of tool calls its own."""
    system = system_message(style, library)
    messages = [Message(role="system", content=system)] if system else []
    latest = ""
    for number, event in enumerate(events):
        match event:
            case str():
                messages.append(Message(role="user", content=event))
            case Action() if style.native:
                latest = f"call_{short_hash(salt, str(number))}"
                messages.append(_native(event, latest))
            case Action():
                messages.append(Message(role="assistant", content=protocol_text(event)))
            case Done() if style.native:
                told = event.reply if event.ok else {"error": event.reply}
                content = json.dumps(told, ensure_ascii=False)
                messages.append(Message(role="tool", content=content, tool_call_id=latest))
            case Done():
                messages.append(Message(role="user", content=result_text(event)))
    return tuple(messages)


def _native(action: Action, call_id: str) -> Message:
    if action.call is None:
        return Message(role="assistant", content=action.text)
    arguments = json.dumps(dict(action.call.arguments), ensure_ascii=False)
    call = MessageToolCall(id=call_id, function=FunctionCall(name=action.call.name, arguments=arguments))
    return Message(role="assistant", content=action.plan, tool_calls=(call,))


def _listed(style: Style, library: FunctionList) -> str:
    if not style.schemas:
        return f"```python\n{write_functions(library)}\n```"
    told = ({**tool_schema(one)["function"], "returns": schema_of(one.returns)} for one in library.functions)
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in told)


_TURN = re.compile(
    r"(?:(?P<plan>.*)\n\n)?ACTION_TYPE : (?P<kind>API_CALL|ASK_USER|STOP)\nACTION: (?P<action>[^\n]*)", re.DOTALL
)
_OPENINGS = (
    "You are an assistant that carries out what the user asks by calling functions of an API. In each turn, say first "
    "in a sentence or two what you are going to do, then give exactly one action in the form below.",
    "You solve the user's task with the APIs listed at the end, and with nothing else. Every reply of yours is made of "
    "a short plan and one action.",
    "Act on the user's behalf. You have the functions below; you reach them by writing actions, one in each message, "
    "after a brief note of your plan.",
    "You can use an API to help the user. Reply with a short explanation of your next step, followed by a single "
    "action block.",
)
_CALLING = (
    "To call a function:\n\nACTION_TYPE : API_CALL\nACTION: function_name(parameter=value, other_parameter=value)\n\n"
    "Values are JSON: texts in double quotes, numbers, true, false, null, lists, records. The result comes back as the "
    "next message; wait for it."
)
_ASKING = (
    "To ask the user for something that you need and were not told:\n\n"
    'ACTION_TYPE : ASK_USER\nACTION: ASK("your question")'
)
_STOPPING = (
    "To end, because the task is done, with the answer for the user:\n\n"
    'ACTION_TYPE : STOP\nACTION: FINAL_ANSWER("the answer")\n\n'
    "To end, because no function in the list does what is needed, or a required value was not given, with the reason:"
    '\n\nACTION_TYPE : STOP\nACTION: FAILED("the reason")'
)
_CLOSINGS = (
    "Never make up a value: each one comes from the user or from an earlier result. These are the functions:",
    "Use only what the user said and what the API returned. The API:",
    "Required parameters have no default. Do not guess them. Functions:",
    "All values have to come from the conversation. Available functions:",
)
_NATIVE = (
    "",
    "You are a helpful assistant with access to tools. Use values from the conversation only; ask for what is missing.",
    "Help the user by calling the tools you have. If none of them does what is needed, say so.",
    "You act for the user through tools. Say what you did when you are done.",
)
