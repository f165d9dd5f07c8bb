"""AutoGen's model client over a teacher: every reply is on record before it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResultMessage,
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
from orca_agents.errors import OrcaError, StoppedError, UnparsableError
from orca_agents.models.actions import explain, in_words, read_action, remind, schema_of
from orca_agents.models.api import KEEP, CallKey, Purpose, Reply, Request, Teacher, ToolKey, ToolRequest
from orca_agents.models.replies import accept, sound_arguments
from orca_agents.outcomes import qualified
from orca_agents.records import ToolCall, short_hash

_INFO = ModelInfo(
    vision=False, function_calling=True, json_output=True, structured_output=True, family=ModelFamily.UNKNOWN
)

MOST_CALLS = 32
"""Most tools that are called at once, in one reply: a model that wants more repeats itself."""


class CallRecord(Protocol):
    """Where calls are kept: the run store, or anything with these methods."""

    async def recall(self, key: CallKey) -> Reply | None:
        """The reply to exactly this request at this place, if it was bought before."""
        ...

    async def record(self, key: CallKey, purpose: Purpose, request_body: dict[str, Any], reply: Reply) -> None:
        """Keep a reply; when this returns, it cannot be lost."""
        ...

    async def record_fault(self, key: CallKey, purpose: Purpose, error: str, message: str, attempts: int) -> None:
        """Count a call that ended without a reply: the name and the message of its error, and what it took."""
        ...

    async def recall_tool(self, key: ToolKey) -> ToolCall | None:
        """What exactly this call of a tool at this place came to, if it was made and is not to be tried again."""
        ...

    async def record_tool(self, key: ToolKey, call: ToolCall) -> None:
        """Keep what a tool answered; when this returns, it cannot be lost."""
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
    tool_calls: int = 0
    is_one_of_many: bool = False
    """Whether the run has several skills: then leaves are told apart as `skill/leaf`."""

    def purpose(self, model: str, agent: str) -> Purpose:
        """What a call of an agent is for; in a run of several skills a call that serves several leaves is for `skill/`,
        so that no leaf of another skill bears it."""
        _, _, below = self.path.partition("/")
        leaf = below.partition("/")[0]
        return Purpose(model, self.stage, qualified(self.skill if self.is_one_of_many else "", leaf), agent)

    def draw(self) -> int:
        """A number that differs from place to place and from run seed to run seed, and is the same again."""
        return int(short_hash(str(self.random_seed), self.skill, self.seed_id, self.path), 16)


@dataclass(frozen=True)
class ToolUse:
    """The tools of an agent, and how its model calls them."""

    tools: tuple[dict[str, Any], ...]
    """{type: function, function: {name, description, parameters}}."""
    native: bool
    """Whether its endpoint calls tools itself; otherwise the model writes each call down (see `actions`)."""
    structured: bool
    """Whether it writes by a JSON schema."""
    rounds: int
    """Most rounds of calls in a turn; then it has to hand in."""
    must_call: bool = False
    """Whether it has to call a tool before it hands in."""


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
    tool_use: ToolUse | None = None
    may_call: bool = True
    """Set before each turn: whether tools may be called in it."""
    trouble: Callable[[], Exception | None] = lambda: None
    """What went wrong with a tool that is no matter of this chat: told before each call, and ends the chat."""
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
        if (trouble := self.trouble()) is not None:
            raise trouble
        call = asyncio.ensure_future(self._reply(messages))
        if cancellation_token is not None:
            cancellation_token.link_future(call)
        self.last = reply = await call
        text = accept(reply)
        requests = reply.tool_requests
        if requests and not self._may_call(messages):
            if not text.strip():
                raise UnparsableError("it calls tools although it was told to hand in")
            requests = ()  # some endpoints keep to no choice of tools: what it says beside the calls is judged alone
        if len(requests) > MOST_CALLS:
            raise UnparsableError(f"it calls {len(requests)} tools at once; at most {MOST_CALLS} are called")
        wanted = [FunctionCall(id=it.id, name=it.name, arguments=it.arguments) for it in requests]
        return CreateResult(
            finish_reason="function_calls" if wanted else "stop",
            content=wanted or text,
            usage=RequestUsage(reply.usage.prompt_tokens, reply.usage.completion_tokens),
            cached=False,
            thought=(text if wanted else reply.reasoning) or None,
        )

    async def _reply(self, messages: Sequence[LLMMessage]) -> Reply:
        place, ordinal = self.place, self.place.calls
        place.calls += 1
        # each call draws from its own seed, so that two solvers with the same prompt are two opinions
        draw = (self.sampling.seed or 0) + place.draw() + ordinal
        sampling = self.sampling.model_copy(update={"seed": draw % 2**31})
        reply = await self._bought(self._request(messages, sampling), ordinal)
        use = self.tool_use
        if use is not None and not use.native and self._may_call(messages):
            reply = read_action(reply, structured=use.structured, free_text=self.schema is None)
        if not reply.tool_requests:
            return reply
        return reply.model_copy(update={"tool_requests": _in_order(reply.tool_requests, ordinal)})

    def _request(self, messages: Sequence[LLMMessage], sampling: Sampling) -> Request:
        """What is asked, in the way that this model calls tools."""
        wire, extra_body, use = wire_messages(messages), dict(self.extra_body), self.tool_use
        if use is None:
            return Request(self.model, wire, self.schema, sampling, extra_body)
        may_call = self._may_call(messages)
        must_call = may_call and use.must_call and _rounds(messages) == 0
        if self.may_call and not may_call:
            wire = (*wire, {"role": "user", "content": _HAND_IN_NOW.format(rounds=use.rounds)})
        if use.native:
            # a schema beside tools stops many servers from calling them; when it must hand in, the schema holds
            schema = None if may_call else self.schema
            choice: Literal["auto", "none", "required"] = "required" if must_call else "auto" if may_call else "none"
            return Request(self.model, wire, schema, sampling, extra_body, use.tools, choice)
        said = in_words(_with_tools_told(wire, use), structured=use.structured)
        schema = self.schema
        if may_call:
            said[-1] = {**said[-1], "content": f"{said[-1]['content']}\n\n{remind(use.tools, must_call=must_call)}"}
            if use.structured:
                schema = schema_of(use.tools, self.schema, must_call=must_call)
        return Request(self.model, tuple(said), schema, sampling, extra_body)

    def _may_call(self, messages: Sequence[LLMMessage]) -> bool:
        """Whether the turn has rounds of tool calls left."""
        return self.tool_use is not None and self.may_call and _rounds(messages) < self.tool_use.rounds

    async def _bought(self, request: Request, ordinal: int) -> Reply:
        """The reply to a request, from the record or from the teacher; on record before it is used."""
        place = self.place
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


def wire_messages(messages: Sequence[LLMMessage]) -> tuple[dict[str, Any], ...]:
    """AutoGen's messages as {role, content}, neighbours of one role joined: some chat templates demand that
    user and assistant take turns. What another agent said starts with its name in brackets."""
    wire: list[dict[str, Any]] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            role, content = "system", message.content
        elif isinstance(message, FunctionExecutionResultMessage):
            wire += [{"role": "tool", "tool_call_id": it.call_id, "content": it.content} for it in message.content]
            continue
        elif isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            calls = [
                {"id": it.id, "type": "function", "function": {"name": it.name, "arguments": it.arguments}}
                for it in message.content
            ]
            wire.append({"role": "assistant", "content": message.thought or "", "tool_calls": calls})
            continue
        elif isinstance(message, AssistantMessage):
            role, content = "assistant", str(message.content)
        elif isinstance(message, UserMessage):
            role, content = "user", str(message.content)
            if message.source not in ("user", "moderator"):
                content = f"[{message.source}]\n{content}"
        else:
            raise TypeError(f"a chat of orca_agents has no {type(message).__name__}")
        if wire and wire[-1]["role"] == role and "tool_calls" not in wire[-1]:
            wire[-1] = {"role": role, "content": f"{wire[-1]['content']}\n\n{content}"}
        else:
            wire.append({"role": role, "content": content})
    return tuple(wire)


def _in_order(requests: Sequence[ToolRequest], ordinal: int) -> tuple[ToolRequest, ...]:
    """Tool requests, each with an id of its own, for results refer to them, and arguments that can be read or refused.
    Some endpoints leave ids out, or give the same one twice."""
    named: dict[str, ToolRequest] = {}
    for number, wanted in enumerate(requests, 1):
        own = wanted.id if wanted.id and wanted.id not in named else f"call_{ordinal}_{number}"
        named[own] = wanted.model_copy(update={"id": own, "arguments": sound_arguments(wanted.arguments)})
    return tuple(named.values())


def _rounds(messages: Sequence[LLMMessage]) -> int:
    """The rounds of tool calls in the present turn."""
    rounds = 0
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            break
        rounds += isinstance(message, FunctionExecutionResultMessage)
    return rounds


def _with_tools_told(wire: Sequence[dict[str, Any]], use: ToolUse) -> list[dict[str, Any]]:
    """The messages with the tools at the end of the system message."""
    told = explain(use.tools, structured=use.structured)
    if wire and wire[0]["role"] == "system":
        return [{"role": "system", "content": f"{wire[0]['content']}\n\n{told}"}, *wire[1:]]
    return [{"role": "system", "content": told}, *wire]


_HAND_IN_NOW = (
    "You have used all {rounds} rounds of tool calls. Call no more tools. Hand in now what you were asked for."
)
