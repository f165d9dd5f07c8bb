"""Say a request the way an endpoint takes it, and learn from its complaints what it does not take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from orca_agents.models.api import Request
from orca_agents.run_config import is_openai_reasoner

_OPTIONAL = ("temperature", "top_p", "seed")
_SCHEMA_LIMITS = ("minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "minimum", "maximum")
"""Keywords that some endpoints refuse in a schema. What they ask for is checked again when a reply is read."""

_NOT_TAKEN = re.compile(
    r"unsupported|not supported|not support|unrecognized|unknown (parameter|field|argument|name)|extra_forbidden"
    r"|extra (inputs|fields)|not permitted|not allowed|unexpected (keyword|parameter|argument)|deprecated",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(
    r"exceed|above|below|greater than|less than|larger than|smaller than|too (large|long|big|high|low|small|many)"
    r"|at most|at least|out of range|between|maximum of|minimum of",
    re.IGNORECASE,
)
"""Words about the size of a value: its name is known there."""
_NO_SYSTEM_ROLE = re.compile(
    r"system[ _](role|message|prompt|instruction)s?\b.{0,60}\bnot (supported|allowed|permitted|enabled)"
    r"|(developer|system) instruction is not enabled|not support '?\"?system\b"
    r"|only user(,| and) assistant.{0,40}roles? (are|is) supported",
    re.IGNORECASE | re.DOTALL,
)
NO_ALTERNATION = re.compile(r"roles? must alternate|alternate user|alternating", re.IGNORECASE)
"""What chat templates say to two messages of one role in a row."""


@dataclass(frozen=True)
class Dialect:
    """What is known of how an endpoint wants its requests."""

    limit_key: str = "max_tokens"
    """Its name for the most tokens of a reply."""
    switched: bool = False
    """Whether `limit_key` was already changed once: an endpoint that takes neither name is not asked for ever."""
    system_role: bool = True
    """Whether it takes system messages; otherwise their text goes in front of the first user message."""
    left_out: frozenset[str] = frozenset()
    """Settings that it refuses."""
    schema_left_out: frozenset[str] = frozenset()
    """Keywords that it refuses in a schema."""

    @classmethod
    def of(cls, model: str) -> Dialect:
        """The best guess before the first request: OpenAI's reasoning models have their own name for the limit."""
        return cls("max_completion_tokens") if is_openai_reasoner(model) else cls()

    def body(self, request: Request) -> dict[str, Any]:
        """The JSON body of a chat completion."""
        messages = list(request.messages) if self.system_role else _without_system(request.messages)
        body: dict[str, Any] = {"model": request.model, "messages": messages}
        for name, value in request.sampling.model_dump(exclude_none=True).items():
            if name not in self.left_out:
                body[self.limit_key if name == "max_tokens" else name] = value
        if request.schema is not None:
            schema = _without(request.schema, self.schema_left_out)
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": schema},
            }
        if request.tools:
            body["tools"] = list(request.tools)
            if request.tool_choice != "auto":
                body["tool_choice"] = request.tool_choice
        return body | request.extra_body

    def after(self, complaint: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        """The dialect that a complaint about a body teaches, and what changes; `None` if it teaches nothing."""
        said = _claims(complaint)
        if self.system_role and _about_system_role(" ".join(said), body["messages"]):
            return replace(self, system_role=False), "system messages go in front of the first user message"
        claims = [claim for claim in said if _NOT_TAKEN.search(claim) and not _TOO_MUCH.search(claim)]
        other = "max_completion_tokens" if self.limit_key == "max_tokens" else "max_tokens"
        if not self.switched and self.limit_key in body and _named(claims, self.limit_key):
            return replace(self, limit_key=other, switched=True), f"the limit is sent as {other!r} from now on"
        if "response_format" in body:
            refused = {word for word in _SCHEMA_LIMITS if _named_keyword(claims, word)} - self.schema_left_out
            if refused:
                words = ", ".join(sorted(refused))
                return replace(self, schema_left_out=self.schema_left_out | refused), f"schemas go without {words}"
        unwanted = {name for name in _OPTIONAL if name in body and _named(claims, name)} - self.left_out
        if unwanted:
            words = ", ".join(sorted(unwanted))
            return replace(self, left_out=self.left_out | unwanted), f"requests go without {words}"
        return None


def _about_system_role(complaint: str, messages: Sequence[Mapping[str, Any]]) -> bool:
    roles = [message["role"] for message in messages]
    if roles[:1] != ["system"]:
        return False
    if _NO_SYSTEM_ROLE.search(complaint):
        return True
    # a template that knows no system message takes it for a message out of turn; the others did take turns
    in_turn = all(first != second for first, second in pairwise(roles[1:]))
    return in_turn and NO_ALTERNATION.search(complaint) is not None


def _without_system(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with the text of the system message in front of the first user message."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not system:
        return others
    if not others or others[0]["role"] != "user":
        return [{"role": "user", "content": "\n\n".join(system)}, *others]
    return [{"role": "user", "content": "\n\n".join([*system, others[0]["content"]])}, *others[1:]]


def _claims(complaint: str) -> list[str]:
    """The sentences of a complaint; of a JSON body only what the server wrote, not what it repeats of the request."""
    try:
        said = list(_strings(json.loads(complaint)))
    except (ValueError, RecursionError):
        said = [complaint]
    return [sentence for text in said for sentence in re.split(r"(?<=[.!?])\s+", text)]


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from _strings(item)
    elif isinstance(data, dict):
        # where and what: {"loc": ["body", "seed"], "msg": "Extra inputs"}, {"param": "seed", "message": "..."}
        where = data.get("loc") or data.get("param")
        place = "".join(f" '{part}'" for part in (where if isinstance(where, list) else [where]) if part)
        said = [data[key] for key in ("type", "code", "msg", "message") if isinstance(data.get(key), str)]
        if said:
            yield f"{place} {' '.join(said)}".strip()
        for key, value in data.items():
            if key not in ("input", "ctx", "body", "request", "type", "code", "msg", "message", "loc", "param"):
                yield from _strings(value)


def _named(claims: Sequence[str], word: str) -> bool:
    return any(re.search(rf"\b{word}\b", claim) for claim in claims)


def _named_keyword(claims: Sequence[str], word: str) -> bool:
    """Whether a keyword of schemas is meant. `format` and `minimum` are also English: those must stand in quotes, or
    in a list of keywords. What stands in the path to the place, `context=('properties', 'format')`, is no keyword."""
    claims = [re.sub(r"context=\([^)]*\)", "", claim) for claim in claims]
    if word in ("pattern", "format", "minimum", "maximum"):
        named = re.compile(rf"['\"`]{word}['\"`]|\b(keyword|propert|constraint)\w*:? (\w+, )*(\w+ and )?{word}\b")
    else:
        named = re.compile(rf"\b{word}\b")
    return any(named.search(claim) for claim in claims)


def _without(schema: Any, keywords: frozenset[str]) -> Any:
    """A copy of a schema without these keywords; properties that happen to have such a name stay."""
    if not keywords:
        return schema
    if isinstance(schema, list):
        return [_without(item, keywords) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs") and isinstance(value, dict):
            kept[key] = {name: _without(part, keywords) for name, part in value.items()}
        elif key in ("enum", "const", "default", "examples"):
            kept[key] = value
        elif key not in keywords:
            kept[key] = _without(value, keywords)
    return kept
