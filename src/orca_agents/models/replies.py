"""Read a chat completion, and judge whether its text may be used."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import to_json

from orca_agents.errors import RefusedError, TruncatedError, UnparsableError
from orca_agents.models.api import Reply, ToolRequest
from orca_agents.records import Usage

_THOUGHT = re.compile(r"\A\s*<think>((?:(?!<think>).)*?)(?:</think>(?:\r?\n)*|\Z)", re.DOTALL)
_LATE_THOUGHT = re.compile(r"\A((?:(?!<think>).)*?)</think>(?:\r?\n)*(?!.*</?think>)", re.DOTALL)
"""A thought whose opening tag stood in the prompt, as chat templates in the manner of R1 have it."""
_FINISH = {
    "max_tokens": "length",
    "model_length": "length",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "safety": "content_filter",
}
"""Other servers' words for OpenAI's."""


_START_CHARS = 200
"""How much is shown of what is refused."""
_MOST_TOKENS = 100_000_000
"""No call has so many tokens: a larger count is nonsense, and would use up any cap."""


class MalformedReplyError(ValueError):
    """What came back is no chat completion; the message says what is missing."""


def accept(reply: Reply) -> str:
    """The text of a reply that may be used; it may be empty beside tool requests. Raises a `ChatError` for one that was
    refused, cut, or is empty."""
    if reply.refusal:
        raise RefusedError(f"the model declined: {_clipped(reply.refusal)}")
    if reply.finish == "content_filter":
        raise RefusedError("a content filter of the endpoint stopped the reply; leave this text out, or change model")
    if reply.finish == "length":
        used = reply.usage
        thought = f", {used.reasoning_tokens} of them reasoning" if used.reasoning_tokens else ""
        raise TruncatedError(
            f"the reply was cut at the length limit after {used.completion_tokens or 'an unknown number of'} tokens"
            f"{thought}; raise max_tokens (or reasoning_tokens, if it reasons), or ask for less"
        )
    if not reply.text.strip() and not reply.tool_requests:
        only = f", only {len(reply.reasoning)} characters of reasoning" if reply.reasoning else ""
        raise UnparsableError(f"the reply is empty{only} (it ended with {reply.finish!r})")
    return reply.text


def read_reply(data: object, *, model: str, max_tokens: int | None, latency_s: float) -> Reply:
    """The reply in the JSON data of a chat completion. Raises `MalformedReplyError`."""
    choices = data.get("choices") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise MalformedReplyError("it holds no choices")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise MalformedReplyError("its choice holds no message")
    if choice.get("error"):
        raise MalformedReplyError(f"its choice holds an error, {_clipped(str(choice['error']))}")
    text, thoughts, refusal = _content(message)
    usage = _usage(data.get("usage"))
    finish = str(choice.get("finish_reason") or "unknown").lower()
    if finish == "unknown" and max_tokens is not None and usage.completion_tokens >= max_tokens:
        finish = "length"  # some servers leave the reason out; a cut reply must never pass as a whole one
    return Reply(
        text=_valid(text),
        reasoning=_valid("\n".join(thoughts)),
        finish=_FINISH.get(finish, finish),
        refusal=_valid(refusal) if refusal else None,
        tool_requests=_tool_requests(message),
        model=str(data.get("model") or model),
        usage=usage,
        latency_s=latency_s,
    )


def _content(message: dict[str, Any]) -> tuple[str, list[str], str | None]:
    """Text, thoughts and refusal of a message, whichever way its server spells them."""
    refusal = message.get("refusal")
    refusal = refusal if isinstance(refusal, str) else None
    named = message.get("reasoning") or message.get("reasoning_content")
    thoughts = [named] if isinstance(named, str) else []
    content = message.get("content")
    if isinstance(content, list):
        texts = []
        for part in content:
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, dict) and isinstance(part.get("refusal"), str):
                refusal = part["refusal"]
            elif isinstance(part, dict) and isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif isinstance(part, dict) and part.get("thinking"):
                thoughts.append(_thinking(part["thinking"]))
        text = "".join(texts)
    elif content is None or isinstance(content, str):
        text = content or ""
    else:
        raise MalformedReplyError("the content of its message is neither text nor a list of parts")
    if "think>" in text and (block := _THOUGHT.match(text) or _LATE_THOUGHT.match(text)):
        thoughts.append(block[1].strip())
        text = text[block.end() :]
    return text, thoughts, refusal


def _tool_requests(message: dict[str, Any]) -> tuple[ToolRequest, ...]:
    """The tool calls of a message. What has no name is none."""
    calls = message.get("tool_calls")
    requests = []
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            continue
        arguments = function.get("arguments")
        written = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)
        requests.append(
            ToolRequest(
                id=_valid(str(call.get("id") or "")),
                name=_valid(function["name"]),
                arguments=_valid(written.strip() or "{}"),
            )
        )
    return tuple(requests)


def sound_arguments(written: str) -> str:
    """The arguments of a tool call, such that reading them can only fail as broken JSON, which the model is told. A
    number of 5,000 digits or 10,000 brackets fail in other ways, and half a surrogate pair can be kept by no file."""
    try:
        whole = json.dumps(json.loads(written), ensure_ascii=False)
        text = _valid(whole)
        to_json(json.loads(text))  # as the record will
    except json.JSONDecodeError:
        return written
    except (ValueError, RecursionError):
        return written[:_START_CHARS] + " ..."
    return written if text == whole else text


def _thinking(value: Any) -> str:
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    return str(value)


def _usage(data: object) -> Usage:
    usage = data if isinstance(data, dict) else {}
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    # some endpoints leave reasoning out of the completion tokens, but not out of the total
    completion = max(completion, _count(usage, "total_tokens") - prompt)
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
    )


def _count(data: object, name: str) -> int:
    value = data.get(name) if isinstance(data, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST_TOKENS:
        return 0
    return int(value)


def _valid(text: str) -> str:
    """JSON can spell half a surrogate pair, which no file can hold: it becomes U+FFFD, everything else stays."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:300] + "..."
