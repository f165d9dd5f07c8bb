"""What the rest of the project knows of a teacher: a request goes in, a reply comes out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from pydantic_core import to_json

from orca_agents.config import Sampling
from orca_agents.records import Record, Usage


@dataclass(frozen=True)
class Request:
    """Everything that decides a reply; its digest is the key under which the reply is kept."""

    model: str
    messages: tuple[dict[str, Any], ...]
    """{role: system | user | assistant, content: text}; roles alternate after the system message. Where tools are
    called: an assistant's `tool_calls`, and {role: tool, tool_call_id, content}, as OpenAI has them."""
    schema: dict[str, Any] | None = None
    """JSON schema that the reply must have; `None` for free text."""
    sampling: Sampling = field(default_factory=Sampling)
    extra_body: dict[str, Any] = field(default_factory=dict)
    tools: tuple[dict[str, Any], ...] = ()
    """{type: function, function: {name, description, parameters}}, for endpoints that call tools themselves."""
    tool_choice: Literal["auto", "none", "required"] = "auto"
    """Whether it may call them now. With `none` they are sent along because earlier messages are about them."""

    def body(self) -> dict[str, Any]:
        """The request as JSON data, without keys or addresses."""
        tools = {"tools": list(self.tools), "tool_choice": self.tool_choice} if self.tools else {}
        return {
            "model": self.model,
            "messages": list(self.messages),
            "schema": self.schema,
            "sampling": self.sampling.model_dump(exclude_none=True),
            "extra_body": self.extra_body,
            **tools,
        }

    def digest(self) -> str:
        """SHA-256 of the whole request: any changed byte is another request."""
        body = self.body()
        try:
            text = to_json(body)
        except ValueError:  # half a surrogate pair, which only Python's own writer takes
            text = json.dumps(body, separators=(",", ":")).encode()
        return hashlib.sha256(text).hexdigest()


class CallKey(NamedTuple):
    """Which call of a run this is: the same call has the same key in every run of the same folder."""

    seed_id: str
    path: str
    """Where in the flow its chat stands, e.g. `poem_generator/strengthen/respond`."""
    ordinal: int
    """The how-manieth call of that chat it is, from 0."""
    digest: str
    """SHA-256 of the whole request."""


class Purpose(NamedTuple):
    """What a call is for: the groups in which its cost is told."""

    model: str
    """The name that is asked for."""
    stage: str
    leaf: str
    """Empty for a call that serves several leaves (transform)."""
    agent: str


class ToolKey(NamedTuple):
    """Which call of a tool it is in a run, as `CallKey` is for calls to a teacher."""

    seed_id: str
    path: str
    ordinal: int
    """The how-manieth tool call of that chat it is, from 0."""
    digest: str
    """SHA-256 of the tool, as it is today, and of the arguments."""


class ToolRequest(Record):
    """A tool that the model wants called."""

    id: str
    """As the endpoint names the call; empty where it gives no name."""
    name: str
    arguments: str
    """A JSON object, as the model wrote it: it may be broken."""


class Reply(Record):
    """What came back, as it came: judged later, so that a bad reply that was paid for is kept too."""

    text: str
    reasoning: str = ""
    finish: str = "stop"
    """`stop`, `length`, `content_filter`, or what else the endpoint says."""
    refusal: str | None = None
    tool_requests: tuple[ToolRequest, ...] = ()
    """The tools that are to be called before it goes on."""
    model: str = ""
    """The model that answered, as the endpoint names it."""
    usage: Usage = Usage(calls=1)
    latency_s: float = 0.0
    """Of the try that was answered, in seconds."""
    attempts: int = 1
    """Requests that it took, those that failed included."""


KEEP: ContextVar[Callable[[Reply], Awaitable[None]] | None] = ContextVar("KEEP", default=None)
"""Puts the reply of the present call on record. A teacher that limits its calls in flight awaits it before it lets the
next call go: so no more calls can be lost than were in flight. One that does not need not know of it."""


class Abilities(Record):
    """What a teacher can do, as found at the start."""

    json_schema: bool
    """Whether it keeps to a JSON schema."""
    tools: bool | None = None
    """Whether it calls tools when it is told to; `None` where that was not tried."""
    system_role: bool = True
    """Whether it takes system messages; otherwise they go in front of the first user message."""
    alternation: bool | None = None
    """Whether it refuses two messages of one role in a row (we never send such); `None` where that was not tried."""
    context_tokens: int | None = None
    """Most tokens of prompt and reply together, where the endpoint tells."""
    usage: Usage = Usage()
    """What it took to find out."""
    attempts: int = 0


class Teacher(Protocol):
    """A model that can be asked. Bound to the event loop that first used it."""

    @property
    def name(self) -> str:
        """What examples call it, e.g. `gpt-5-mini`."""
        ...

    @property
    def is_local(self) -> bool:
        """Whether seeds stay in this process."""
        ...

    @property
    def is_demo(self) -> bool:
        """Whether its output is only good for demonstration."""
        ...

    async def complete(self, request: Request) -> Reply:
        """One call, retried after passing faults. Raises `TeacherError` or `ChatError`; cancellable."""
        ...

    async def probe(self) -> Abilities:
        """Find out what the teacher can do, with as few calls as possible."""
        ...

    async def close(self) -> None:
        """Free what it holds. Safe to call twice."""
        ...
