"""Tool calls for models whose endpoint has none: the model writes them as JSON, by a schema where that can be had.

What AutoGen and the record see is the same either way: tool requests, and messages in OpenAI's form. Here they are put
into words for the model, and read out of its words again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orca_agents.models.api import Reply, ToolRequest

LONGEST_ARGUMENT = 8000
"""Most characters of a text that a model gives to a tool under a schema, where the tool sets no limit of its own: a
whole program has room, and a model that repeats itself comes to an end."""
HAND_IN = "hand_in"
"""What the model calls to end its turn; no tool may have this name."""

UNREADABLE = "unreadable"
"""The name of a call that cannot be read. There is no such tool: the model is told so, and sees what it wrote."""


def explain(tools: Sequence[Mapping[str, Any]], *, structured: bool) -> str:
    """The tools and how to call them, in words, to stand at the end of a system message."""
    lines = ["You can use these tools:"]
    for function in (tool["function"] for tool in tools):
        about = " ".join(function["description"].split())
        arguments = json.dumps(function["parameters"].get("properties", {}), ensure_ascii=False)
        lines.append(f"- {function['name']}: {about} Arguments: {arguments}")
    lines += _BY_SCHEMA if structured else _BY_BLOCKS
    return "\n".join(lines)


def remind(tools: Sequence[Mapping[str, Any]], *, must_call: bool) -> str:
    """What stands at the end of a prompt, where a small model looks first."""
    names = ", ".join(tool["function"]["name"] for tool in tools)
    if must_call:
        return f"First use a tool ({names}); hand in after you have read its result."
    return f"Use a tool ({names}) now, or hand in if you have all that you need."


def schema_of(
    tools: Sequence[Mapping[str, Any]], product: Mapping[str, Any] | None, *, must_call: bool = False
) -> dict[str, Any]:
    """A JSON schema for one action: a call of a tool, or what is handed in (`product`; a plain text without one)."""
    text = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 4000}}}
    hand_in = product or {**text, "required": ["text"], "additionalProperties": False}
    actions = [_action(tool["function"]["name"], _strict(tool["function"]["parameters"])) for tool in tools]
    return {
        "type": "object",
        "properties": {"action": {"anyOf": actions if must_call else [*actions, _action(HAND_IN, hand_in)]}},
        "required": ["action"],
        "additionalProperties": False,
    }


def read_action(reply: Reply, *, structured: bool, free_text: bool) -> Reply:
    """The reply with the action in it taken out: tool requests, or the text that is handed in. A reply that holds no
    action is left as it is: whoever reads the product tells the model what is wrong with it."""
    if reply.refusal or reply.finish in ("length", "content_filter"):
        return reply  # it is judged as it is
    return _read_json(reply, free_text=free_text) if structured else _read_blocks(reply)


def in_words(messages: Sequence[dict[str, Any]], *, structured: bool) -> list[dict[str, Any]]:
    """Messages in which tool calls and their results are plain text."""
    said: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for message in messages:
        if message["role"] == "tool":
            name = names.get(message["tool_call_id"], "the tool")
            message = {"role": "user", "content": f"Result of {name}:\n{message['content']}"}
        elif message.get("tool_calls"):
            calls = [call["function"] for call in message["tool_calls"]]
            names.update({call["id"]: call["function"]["name"] for call in message["tool_calls"]})
            written = [_written(call["name"], call["arguments"], structured=structured) for call in calls]
            message = {"role": "assistant", "content": "\n".join([*filter(None, [message["content"]]), *written])}
        if said and said[-1]["role"] == message["role"]:  # many templates demand that roles take turns
            message = {"role": message["role"], "content": f"{said[-1]['content']}\n\n{message['content']}"}
            said.pop()
        said.append(message)
    return said


_BY_SCHEMA = (
    'Each reply is one action. To use a tool: {"action": {"tool": "NAME", "arguments": {...}}}. You are then told its '
    "result, and go on with the next action. Use a tool for whatever it can settle, one call at a time.",
    f'When you have what you need, hand in: {{"action": {{"tool": "{HAND_IN}", "arguments": {{...}}}}}}, where the '
    "arguments are what you were asked for.",
)
_BY_BLOCKS = (
    "To use a tool, reply with this block and nothing else:",
    '<tool_call>{"name": "NAME", "arguments": {...}}</tool_call>',
    "You are then told its result, and go on. Use a tool for whatever it can settle, one call at a time. When you have "
    "what you need, reply in the form that you were asked for, without such a block.",
)
_BLOCK = re.compile(r"<tool_call>((?:(?!</tool_call>).)*)</tool_call>", re.DOTALL)
_BLOCKS = re.compile(rf"\A(?P<said>[^<]*)(?:{_BLOCK.pattern}\s*)+", re.DOTALL)
"""Blocks, after words. A block holds no end of a block: else a row of blocks could be read in very many ways."""
_FENCE = re.compile(r"\A\s*```(?:json)?\s*|\s*```\s*\Z")


def _action(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"tool": {"type": "string", "enum": [name]}, "arguments": dict(arguments)},
        "required": ["tool", "arguments"],
        "additionalProperties": False,
    }


def _strict(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as strict structured output takes them: all are there, and what may be left out may be null."""
    needed = parameters.get("required", ())
    given = {}
    for name, part in parameters.get("properties", {}).items():
        bounded = _strict_part(part)
        given[name] = bounded if name in needed else {"anyOf": [bounded, {"type": "null"}]}
    return {"type": "object", "properties": given, "required": list(given), "additionalProperties": False}


def _strict_part(part: Any) -> Any:
    if not isinstance(part, Mapping):  # `true`: anything, in the schemas of some MCP servers
        return {}
    if part.get("type") == "object" and isinstance(part.get("properties"), Mapping):
        return _strict(part)
    bounded = {key: value for key, value in part.items() if key not in ("default", "title")}
    if bounded.get("type") == "string" and "enum" not in bounded:
        bounded.setdefault("maxLength", LONGEST_ARGUMENT)
    if isinstance(bounded.get("items"), Mapping):
        bounded["items"] = _strict_part(bounded["items"])
    for key in ("anyOf", "oneOf"):
        if isinstance(bounded.get(key), list):
            bounded[key] = [_strict_part(choice) for choice in bounded[key]]
    return bounded


def _read_json(reply: Reply, *, free_text: bool) -> Reply:
    try:
        action = json.loads(_FENCE.sub("", reply.text), strict=False)["action"]
        name, arguments = action["tool"], action["arguments"]
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return reply
    except (ValueError, TypeError, KeyError, RecursionError):
        return reply
    if name != HAND_IN:
        left = {key: value for key, value in arguments.items() if value is not None}
        request = ToolRequest(id="", name=name, arguments=json.dumps(left, ensure_ascii=False))
        return reply.model_copy(update={"text": "", "tool_requests": (request,)})
    text = str(arguments.get("text", "")) if free_text else json.dumps(arguments, ensure_ascii=False)
    return reply.model_copy(update={"text": text})


def _read_blocks(reply: Reply) -> Reply:
    found = _BLOCKS.match(reply.text)
    if found is None:
        return reply
    requests = [_request_in(block) for block in _BLOCK.findall(reply.text, found.end("said"), found.end())]
    if found.end() < len(reply.text) and requests[0].name == UNREADABLE:
        return reply  # it writes about such blocks
    # whatever follows a call was written before its result was known
    return reply.model_copy(update={"text": found["said"].strip(), "tool_requests": tuple(requests)})


def _request_in(block: str) -> ToolRequest:
    try:
        call = json.loads(block, strict=False)
        name, arguments = call["name"], json.dumps(call.get("arguments") or {}, ensure_ascii=False)
        if isinstance(name, str):
            return ToolRequest(id="", name=name, arguments=arguments)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return ToolRequest(id="", name=UNREADABLE, arguments=block.strip())


def _written(name: str, arguments: str, *, structured: bool) -> str:
    try:
        data = json.loads(arguments)
    except (ValueError, RecursionError):
        data = arguments
    call = {"action": {"tool": name, "arguments": data}} if structured else {"name": name, "arguments": data}
    text = json.dumps(call, ensure_ascii=False)
    return text if structured else f"<tool_call>{text}</tool_call>"
