"""Say a request the way an endpoint takes it, and learn from its complaints what it does not take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orca_agents.config import is_openai_reasoner
from orca_agents.models.api import Request

_OPTIONAL = ("temperature", "top_p", "seed")
_SCHEMA_LIMITS = ("minLength", "maxLength", "minItems", "maxItems", "pattern", "format", "minimum", "maximum")
"""Keywords that some endpoints refuse in a schema. What they ask for is checked again when a reply is read."""

_NOT_TAKEN = re.compile(
    r"unsupported|not supported|not support|unrecognized|unknown (parameter|field|argument|name)|extra_forbidden"
    r"|extra (inputs|fields)|not permitted|not allowed|unexpected (keyword|parameter|argument)|deprecated",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Dialect:
    """What is known of how an endpoint wants its requests."""

    limit_key: str = "max_tokens"
    """Its name for the most tokens of a reply."""
    switched: bool = False
    """Whether `limit_key` was already changed once: an endpoint that takes neither name is not asked for ever."""
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
        body: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
        for name, value in request.sampling.model_dump(exclude_none=True).items():
            if name not in self.left_out:
                body[self.limit_key if name == "max_tokens" else name] = value
        if request.schema is not None:
            schema = _without(request.schema, self.schema_left_out)
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": schema},
            }
        return body | request.extra_body

    def after(self, complaint: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        """The dialect that a complaint about a body teaches, and what changes; `None` if it teaches nothing."""
        if not _NOT_TAKEN.search(complaint):
            return None
        other = "max_completion_tokens" if self.limit_key == "max_tokens" else "max_tokens"
        if not self.switched and self.limit_key in body and _names(complaint, self.limit_key):
            return replace(self, limit_key=other, switched=True), f"the limit is sent as {other!r} from now on"
        if "response_format" in body:
            refused = {word for word in _SCHEMA_LIMITS if _names(complaint, word)} - self.schema_left_out
            if refused:
                words = ", ".join(sorted(refused))
                return replace(self, schema_left_out=self.schema_left_out | refused), f"schemas go without {words}"
        unwanted = {name for name in _OPTIONAL if name in body and _names(complaint, name)} - self.left_out
        if unwanted:
            words = ", ".join(sorted(unwanted))
            return replace(self, left_out=self.left_out | unwanted), f"requests go without {words}"
        return None


def _names(complaint: str, word: str) -> bool:
    return re.search(rf"\b{word}\b", complaint) is not None


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
