"""OpenAI's rules for a file of supervised fine-tuning, as they were known on 21 November 2026.

They were written down from knowledge, not copied from the published texts of that day, and they change: check them
there. Look in the API reference (`FineTuneChatRequestInput`, `FineTuneChatCompletionRequestAssistantMessage`,
`FunctionObject`), in the guide "Supervised fine-tuning" (the fewest examples) and in the reference of "Files" (the
size). The limit of tokens is the one that is remembered for gpt-4o-mini in 2024; a longer example would be cut at its
end, and that is the answer.

- at least 10 examples, JSONL, at most 512 MB
- a row has `messages`, and may have `tools` and `parallel_tool_calls` (`functions` are no longer to be used)
- roles are system, developer, user, assistant and tool; the last message is the assistant's
- `content` is text; an assistant's message with tool calls may do without
- `weight` is 0 or 1, stands in messages of the assistant alone, and one of these is learnt
- a tool call has an id, the type `function`, a name and arguments that are JSON text; its tool is among `tools`
- each call is answered by a `tool` message with its id before anyone else speaks
- at most 128 tools; names have up to 64 letters, digits, _ and -
- at most 65,536 tokens an example; counted here as a quarter of the ASCII characters and one of every other, which is
  no tokenizer's count, but seldom too low by much
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FEWEST_ROWS = 10
MOST_BYTES = 512 * 1024 * 1024
MOST_TOKENS = 65_536
MOST_TOOLS = 128
_KEYS = frozenset(("messages", "tools", "parallel_tool_calls"))
_MESSAGE_KEYS: Mapping[str, frozenset[str]] = {
    "system": frozenset(("role", "content", "name")),
    "developer": frozenset(("role", "content", "name")),
    "user": frozenset(("role", "content", "name")),
    "assistant": frozenset(("role", "content", "name", "weight", "refusal", "tool_calls")),
    "tool": frozenset(("role", "content", "tool_call_id")),
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def why_not(row: Mapping[str, Any]) -> str | None:
    """The first rule that a row breaks."""
    return next(_broken(row), None)


def why_no_file(rows: int, size: int) -> str | None:
    """The rule that a file of so many rows and bytes breaks."""
    if rows < FEWEST_ROWS:
        return f"OpenAI takes no file of fewer than {FEWEST_ROWS} examples, and there are {rows}"
    if size > MOST_BYTES:
        return (
            f"OpenAI takes no file of more than 512 MB, and this is one of {size / 2**20:,.0f} MB; export each --skill"
        )
    return None


def tokens_about(row: Mapping[str, Any]) -> int:
    """About how many tokens a row has."""
    text = json.dumps(row, ensure_ascii=False)
    ascii_characters = len(text.encode("ascii", "ignore"))
    return ascii_characters // 4 + len(text) - ascii_characters


def _broken(row: Mapping[str, Any]) -> Iterator[str]:
    if strange := sorted(set(row) - _KEYS):
        yield f"it has a column {strange[0]!r}"
    messages = row["messages"]
    tools = row.get("tools", ())
    if not isinstance(row.get("parallel_tool_calls", True), bool):
        yield "`parallel_tool_calls` is neither true nor false"
    yield from _broken_tools(tools)
    if not messages or messages[-1].get("role") != "assistant":
        yield "the last message is not the assistant's"
    for message in messages:
        yield from _broken_message(message)
    if not any(message["role"] == "assistant" and message.get("weight", 1) for message in messages):
        yield "no message of the assistant is learnt"
    yield from _broken_calls(messages, {tool["function"]["name"] for tool in tools})
    if (tokens := tokens_about(row)) > MOST_TOKENS:
        yield f"more than {MOST_TOKENS:,} tokens (about {tokens:,})"


def _broken_tools(tools: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(tools) > MOST_TOOLS:
        yield f"more than {MOST_TOOLS} tools"
    for tool in tools:
        function = tool.get("function")
        if tool.get("type") != "function" or not isinstance(function, Mapping):
            yield "a tool is no function"
        elif not _NAME.fullmatch(str(function.get("name"))):
            yield f"a tool is called {function.get('name')!r}: names are letters, digits, _ and -, 64 at most"
        elif not isinstance(function.get("parameters", {}), Mapping):
            yield "the parameters of a tool are no JSON schema"


def _broken_message(message: Mapping[str, Any]) -> Iterator[str]:
    role = str(message.get("role"))
    if role not in _MESSAGE_KEYS:
        yield f"a message has the role {role!r}"
        return
    if strange := sorted(set(message) - _MESSAGE_KEYS[role]):
        yield f"a message of the {role} has {strange[0]!r}"
    if not isinstance(message.get("content"), str) and not message.get("tool_calls"):
        yield f"a message of the {role} has no text"
    if message.get("weight", 1) not in (0, 1):
        yield f"a weight is {message['weight']!r}"


def _broken_calls(messages: Sequence[Mapping[str, Any]], names: set[str]) -> Iterator[str]:
    open_calls: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in open_calls:
                yield "a result of a tool is for a call that was not made"
            open_calls.discard(str(message.get("tool_call_id")))
            continue
        if open_calls:
            yield "a tool call has no result"
        open_calls = set()
        for call in message.get("tool_calls", ()):
            function = call.get("function", {})
            if call.get("type") != "function" or not call.get("id") or not _is_json(function.get("arguments")):
                yield "a tool call has no id, is no function, or has arguments that are no JSON text"
            if function.get("name") not in names:
                yield "a tool is called that is not among `tools`"
            open_calls.add(str(call.get("id")))
    if open_calls:
        yield "a tool call has no result"


def _is_json(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
