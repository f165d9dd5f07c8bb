"""Find out with a few calls what an endpoint can do, before any seed is sent there.

Two calls, as a rule. The first asks by a JSON schema and with a system message; the second forces a tool call and has
two user messages in a row. Only what is refused is asked again, piece by piece.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Protocol

from orca_agents.config import Sampling
from orca_agents.errors import BadRequestError, ChatError, OrcaError, UnreachableError
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.models.dialect import NO_ALTERNATION
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig

PROBE_TOKENS = 2000
"""Room for a reasoning model to think about the probe's question."""

_log = logging.getLogger(__name__)
_QUESTION = "Name the capital of France."
_CONTEXT_NAMES = ("max_model_len", "context_length", "context_window", "max_context_length")
"""Names for the longest context in lists of models: vLLM's, OpenRouter's, Groq's, LM Studio's."""


class Probed(Protocol):
    """What the probe needs of a teacher."""

    @property
    def takes_system_role(self) -> bool:
        """Whether system messages were taken so far."""
        ...

    async def first_contact(self, request: Request) -> Reply:
        """A call that must work. Raises `TeacherError` soon where nothing else would work either."""
        ...

    async def try_out(self, request: Request) -> tuple[Reply, dict[str, Any]]:
        """A call that may be refused: the reply, and the message as it came. Raises `ChatError` if it is."""
        ...

    async def listed_models(self) -> list[dict[str, Any]]:
        """The rows of the endpoint's list of models; empty if there is none."""
        ...


async def find_abilities(config: ModelConfig, address: str, teacher: Probed) -> Abilities:
    """What the endpoint can do, and what it took to find out. Raises `TeacherError` if it cannot be used at all."""
    probe = _Probe(config, address, teacher)
    try:
        json_schema = await probe.keeps_to_schema()
        tools, alternation = await probe.calls_tools()
    except OrcaError as error:
        error.attempts += probe.attempts
        raise
    return Abilities(
        json_schema=json_schema,
        tools=tools,
        system_role=teacher.takes_system_role,
        alternation=alternation,
        context_tokens=_context_tokens(await teacher.listed_models(), _asked_name(config)),
        usage=probe.usage,
        attempts=probe.attempts,
    )


def plain_question(config: ModelConfig) -> Request:
    """A tiny request with the settings that real ones have, to meet objections early."""
    limit = min(PROBE_TOKENS, config.sampling.max_tokens or PROBE_TOKENS)
    return Request(
        model=config.model,
        messages=({"role": "system", "content": "You answer briefly."}, {"role": "user", "content": _QUESTION}),
        sampling=Sampling(max_tokens=limit).over(Sampling(seed=0).over(config.sampling)),
        extra_body=config.extra_body,
    )


class _Probe:
    """The calls, and what they cost."""

    def __init__(self, config: ModelConfig, address: str, teacher: Probed) -> None:
        self.usage = Usage()
        self.attempts = 0
        self._config = config
        self._address = address
        self._teacher = teacher

    async def keeps_to_schema(self) -> bool:
        """Ask by a schema, unless the config says how to ask; then plainly, where that was refused or went wrong."""
        structured = self._config.structured
        plain = plain_question(self._config)
        if structured != "tags":
            # the prompt does not speak of the schema: a reply that fits it all the same shows that it is enforced
            try:
                reply = await self._must_work(_with(plain, schema=_SCHEMA))
            except BadRequestError as error:
                if structured == "json_schema":
                    raise
                self.attempts += error.attempts
                _log.info("no structured output: %s", error)
            else:
                if structured == "json_schema" or _fits_schema(reply.text):
                    return True
                if reply.text.strip():
                    return False  # it answers, but not by the schema
        reply = await self._must_work(plain)
        if not (reply.text.strip() or reply.reasoning or reply.refusal):
            raise UnreachableError(
                f"{self._address} answers for {self._config.model!r} with empty text: is this a model for chats?"
            )
        return False

    async def calls_tools(self) -> tuple[bool | None, bool | None]:
        """Whether a forced tool call is made, and whether two user messages in a row are refused."""
        plain = plain_question(self._config)
        two = (*plain.messages, {"role": "user", "content": "And do it now."})
        tools = {**plain.extra_body, "tools": [_TOOL], "tool_choice": {"type": "function", "function": {"name": _NAME}}}
        both = await self._try(_with(plain, messages=two, extra_body=tools))
        if isinstance(both, dict):
            return _is_tool_call(both), False
        if both is None:
            return None, None  # it did not answer, for whatever reason: that tells nothing
        alternation: bool | None = True
        if not NO_ALTERNATION.search(both):
            alternation = _refused(await self._try(_with(plain, messages=two)))
            if alternation is False:
                return False, False  # so it was the tools that it refused
        single = await self._try(_with(plain, extra_body=tools))
        return (_is_tool_call(single) if isinstance(single, dict) else None if single is None else False), alternation

    async def _must_work(self, request: Request) -> Reply:
        reply = await self._teacher.first_contact(request)
        self._add(reply)
        return reply

    async def _try(self, request: Request) -> dict[str, Any] | str | None:
        """The message of the answer; the complaint where it was refused; `None` where something else went wrong."""
        try:
            reply, message = await self._teacher.try_out(request)
        except ChatError as error:
            self.attempts += error.attempts
            return str(error) if isinstance(error, BadRequestError) else None
        self._add(reply)
        return message

    def _add(self, reply: Reply) -> None:
        self.usage += reply.usage
        self.attempts += reply.attempts


def _with(request: Request, **changes: Any) -> Request:
    return Request(**{**vars(request), **changes})


def _refused(answer: dict[str, Any] | str | None) -> bool | None:
    return None if answer is None else isinstance(answer, str)


def _fits_schema(text: str) -> bool:
    try:
        data = json.loads(text)
    except ValueError:
        return False
    return (
        isinstance(data, dict)
        and list(data) == list(_SCHEMA["properties"])
        and isinstance(data["capital"], str)
        and data["sure"] in ("yes", "no")
        and isinstance(data["words"], list)
        and all(isinstance(word, str) for word in data["words"])
    )


def _is_tool_call(message: dict[str, Any]) -> bool:
    """Whether the message calls our tool with the argument that it needs: the same words as text are no call."""
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls else None
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or function.get("name") != _NAME:
        return False
    arguments = function.get("arguments")
    try:
        data = json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return False
    return isinstance(data, dict) and isinstance(data.get("capital"), str)


def _asked_name(config: ModelConfig) -> str:
    return (config.azure.deployment if config.azure else None) or config.model


def _context_tokens(rows: list[dict[str, Any]], model: str) -> int | None:
    """The longest context of a model by a list of models; `None` where it does not stand there."""
    named = [row for row in rows if row.get("id") == model]
    row = named[0] if named else rows[0] if len(rows) == 1 else {}  # a server of one model may call it what it likes
    top, meta = row.get("top_provider"), row.get("meta")
    found = [_count(row.get(name)) for name in _CONTEXT_NAMES]
    if isinstance(top, dict):
        found.append(_count(top.get("context_length")))  # OpenRouter: what the provider serves may be less
    if isinstance(meta, dict):
        found.append(_count(meta.get("n_ctx")) or _count(meta.get("n_ctx_train")))  # llama.cpp
    return min((count for count in found if count), default=None)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40 else 0


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "capital": {"type": "string", "minLength": 1, "maxLength": 60},
        "sure": {"type": "string", "enum": ["yes", "no"]},
        "words": {"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 1, "maxItems": 3},
    },
    "required": ["capital", "sure", "words"],
    "additionalProperties": False,
}
_NAME = "note_capital"
_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "Write the name of a capital down.",
        "parameters": {"type": "object", "properties": {"capital": {"type": "string"}}, "required": ["capital"]},
    },
}
