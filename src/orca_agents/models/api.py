"""What the rest of the project knows of a teacher: a request goes in, a reply comes out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from orca_agents.config import Sampling
from orca_agents.records import Record, Usage


@dataclass(frozen=True)
class Request:
    """Everything that decides a reply; its digest is the key under which the reply is kept."""

    model: str
    messages: tuple[dict[str, str], ...]
    """{role: system | user | assistant, content}; roles alternate after the system message."""
    schema: dict[str, Any] | None = None
    """JSON schema that the reply must have; `None` for free text."""
    sampling: Sampling = field(default_factory=Sampling)
    extra_body: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The request as JSON data, without keys or addresses."""
        return {
            "model": self.model,
            "messages": list(self.messages),
            "schema": self.schema,
            "sampling": self.sampling.model_dump(exclude_none=True),
            "extra_body": self.extra_body,
        }

    def digest(self) -> str:
        """SHA-256 of the whole request: any changed byte is another request."""
        text = json.dumps(self.body(), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class Reply(Record):
    """What came back, as it came: judged later, so that a bad reply that was paid for is kept too."""

    text: str
    reasoning: str = ""
    finish: str = "stop"
    """`stop`, `length`, `content_filter`, or what else the endpoint says."""
    refusal: str | None = None
    model: str = ""
    """The model that answered, as the endpoint names it."""
    usage: Usage = Usage(calls=1)
    latency_s: float = 0.0


class Abilities(Record):
    """What a teacher can do, as found at the start."""

    json_schema: bool


class Teacher(Protocol):
    """A model that can be asked. Bound to the event loop that first used it."""

    name: str
    """What examples call it, e.g. `gpt-5-mini`."""
    is_local: bool
    """Whether seeds stay in this process."""
    is_demo: bool
    """Whether its output is only good for demonstration."""

    async def complete(self, request: Request) -> Reply:
        """One call, retried after passing faults. Raises `TeacherError` or `ChatError`; cancellable."""
        ...

    async def probe(self) -> Abilities:
        """Find out what the teacher can do, with as few calls as possible."""
        ...

    async def close(self) -> None:
        """Free what it holds. Safe to call twice."""
        ...
