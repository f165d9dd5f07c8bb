"""AutoGen's model client over a teacher: every reply is on record before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from orca_agents.config import Sampling
from orca_agents.errors import OrcaError, StoppedError
from orca_agents.models.api import KEEP, CallKey, Purpose, Reply, Request, Teacher
from orca_agents.models.replies import accept
from orca_agents.records import short_hash

_INFO = ModelInfo(
    vision=False, function_calling=False, json_output=True, structured_output=True, family=ModelFamily.UNKNOWN
)


class CallRecord(Protocol):
    """Where calls are kept: the run store, or anything with these three methods."""

    async def recall(self, key: CallKey) -> Reply | None:
        """The reply to exactly this request at this place, if it was bought before."""
        ...

    async def record(self, key: CallKey, purpose: Purpose, request_body: dict[str, Any], reply: Reply) -> None:
        """Keep a reply; when this returns, it cannot be lost."""
        ...

    async def record_fault(self, key: CallKey, purpose: Purpose, error: str, message: str, attempts: int) -> None:
        """Count a call that ended without a reply: the name and the message of its error, and what it took."""
        ...


@dataclass
class Place:
    """Where in a run a chat stands, and how many calls it has made: with the request, the key of each call."""

    skill: str
    stage: str
    seed_id: str
    path: str
    """`transformer/leaf/...`; what serves several leaves has no second part."""
    record: CallRecord
    random_seed: int = 0
    calls: int = 0

    def purpose(self, model: str, agent: str) -> Purpose:
        """What a call of an agent is for."""
        _, _, below = self.path.partition("/")
        return Purpose(model, self.stage, below.partition("/")[0], agent)

    def draw(self) -> int:
        """A number that differs from place to place and from run seed to run seed, and is the same again."""
        return int(short_hash(str(self.random_seed), self.skill, self.seed_id, self.path), 16)


class _NoConfig(BaseModel):
    """AutoGen wants a config schema of each component; ours are never loaded from one."""


@dataclass
class RecordedClient(ChatCompletionClient):
    """Speaks for one agent in one chat: its teacher, its settings, and the schema of its next turn."""

    agent: str
    teacher: Teacher
    model: str
    sampling: Sampling
    extra_body: Mapping[str, Any]
    place: Place
    schema: dict[str, Any] | None = None
    """Set before each turn; `None` asks for free text."""
    last: Reply | None = field(default=None, init=False)
    """The reply of the latest turn, with what AutoGen's result has no room for."""

    component_type = "model"
    component_config_schema = _NoConfig

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """One reply, from the record or from the teacher. Raises a `ChatError` if it cannot be used."""
        self.last = None
        call = asyncio.ensure_future(self._reply(messages))
        if cancellation_token is not None:
            cancellation_token.link_future(call)
        self.last = reply = await call
        return CreateResult(
            finish_reason="stop",
            content=accept(reply),
            usage=RequestUsage(reply.usage.prompt_tokens, reply.usage.completion_tokens),
            cached=False,
            thought=reply.reasoning or None,
        )

    async def _reply(self, messages: Sequence[LLMMessage]) -> Reply:
        place, ordinal = self.place, self.place.calls
        place.calls += 1
        # each call draws from its own seed, so that two solvers with the same prompt are two opinions
        draw = (self.sampling.seed or 0) + place.draw() + ordinal
        sampling = self.sampling.model_copy(update={"seed": draw % 2**31})
        request = Request(self.model, wire_messages(messages), self.schema, sampling, dict(self.extra_body))
        key = CallKey(place.seed_id, place.path, ordinal, request.digest())
        reply = await place.record.recall(key)
        if reply is not None:
            return reply
        purpose = place.purpose(self.model, self.agent)
        kept: list[Reply] = []

        async def keep(reply: Reply) -> None:
            await place.record.record(key, purpose, request.body(), reply)
            kept.append(reply)

        KEEP.set(keep)  # seen by this call alone: it is a task of its own
        try:
            reply = await self.teacher.complete(request)
        except StoppedError:
            raise  # nothing is wrong: the run makes no more calls
        except OrcaError as error:
            await place.record.record_fault(key, purpose, type(error).__name__, str(error), error.attempts)
            raise
        if not kept:
            await keep(reply)
        return reply

    def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole reply as one piece: a reply is kept whole or not at all."""

        async def whole() -> AsyncGenerator[str | CreateResult, None]:
            yield await self.create(messages, cancellation_token=cancellation_token)

        return whole()

    async def close(self) -> None:
        """Nothing to free: the teacher belongs to the run."""

    def actual_usage(self) -> RequestUsage:
        """Of the latest call; the transcript holds the usage of every turn."""
        usage = self.last.usage if self.last else None
        return RequestUsage(usage.prompt_tokens, usage.completion_tokens) if usage else RequestUsage(0, 0)

    def total_usage(self) -> RequestUsage:
        """Of the latest call; the transcript holds the usage of every turn."""
        return self.actual_usage()

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """A rough count, four characters a token; exact counts come with each reply."""
        return sum(len(message["content"]) for message in wire_messages(messages)) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Not known here: a request that is too long comes back as `ContextError`."""
        return 1_000_000

    @property
    def capabilities(self) -> ModelInfo:  # AutoGen asks for its older name too
        """The same as `model_info`."""
        return _INFO

    @property
    def model_info(self) -> ModelInfo:
        """What AutoGen may use of the model."""
        return _INFO


def wire_messages(messages: Sequence[LLMMessage]) -> tuple[dict[str, str], ...]:
    """AutoGen's messages as {role, content}, neighbours of one role joined: some chat templates demand that
    user and assistant take turns. What another agent said starts with its name in brackets."""
    wire: list[dict[str, str]] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            role, content = "system", message.content
        elif isinstance(message, AssistantMessage):
            role, content = "assistant", str(message.content)
        elif isinstance(message, UserMessage):
            role, content = "user", str(message.content)
            if message.source not in ("user", "moderator"):
                content = f"[{message.source}]\n{content}"
        else:
            raise TypeError(f"a chat of orca_agents has no {type(message).__name__}")
        if wire and wire[-1]["role"] == role:
            wire[-1] = {"role": role, "content": f"{wire[-1]['content']}\n\n{content}"}
        else:
            wire.append({"role": role, "content": content})
    return tuple(wire)
