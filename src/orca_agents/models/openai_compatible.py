"""A teacher behind an OpenAI-compatible address: OpenAI, Azure, vLLM, Ollama, SGLang, llama.cpp and the like.

The openai package brings authentication and Azure's addresses. Retries are ours: they know which faults pass, each
goes through the same gate, and every try is counted.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any

from orca_agents.errors import (
    BadRequestError,
    ExhaustedError,
    NoModelError,
    RetriesError,
    TeacherError,
    UnreachableError,
)
from orca_agents.models.addresses import base_url, checked_address, read_key
from orca_agents.models.api import KEEP, Abilities, Reply, Request
from orca_agents.models.dialect import Dialect
from orca_agents.models.faults import Endpoint, embedded_status
from orca_agents.models.limits import Limiter, Limits
from orca_agents.models.probe import find_abilities, plain_question
from orca_agents.models.replies import MalformedReplyError, read_reply
from orca_agents.models.retries import PATIENCE_S, Fault, Sleep, retry
from orca_agents.models.transport import Transport
from orca_agents.run_config import ModelConfig

CONNECT_S = 60.0
"""Longest wait for a connection: when hundreds of chats start at once, the SDK's own 5 s are not enough."""
PROBE_CONNECT_S = 10.0
TRY_OUT_S = 60.0
"""Longest wait for what the probe only tries out."""

_log = logging.getLogger(__name__)


class OpenAICompatible:
    """A `Teacher` at an address. Its connections belong to the event loop that first used it, until `close()`."""

    is_local = False
    is_demo = False

    def __init__(
        self,
        config: ModelConfig,
        limits: Limits | None = None,
        *,
        sleep: Sleep | None = None,
        rng: Random | None = None,
    ) -> None:
        """`limits` are those of the run; without, a teacher keeps its own, afresh after each `close()`.

        Raises `WrongKeyError` if a key is needed and there is none, `ConfigError` for an address that is none."""
        self.name = config.model
        self._config = config
        self._url = config.azure.endpoint if config.azure else base_url(config)
        self._endpoint = Endpoint(
            address=checked_address(self._url, "azure.endpoint" if config.azure else "base_url"),
            model=(config.azure.deployment if config.azure else None) or config.model,
            key_env=config.api_key_env,
            secret=read_key(config, self._url),
            timeout_s=config.timeout_s,
        )
        self._dialect = Dialect.of(config.model)
        self._limits = limits
        self._sleep = sleep
        self._rng = rng or Random()
        self._open: _Connections | None = None
        self._said_no_usage = False

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.name!r} at {self._endpoint.address})"

    async def complete(self, request: Request) -> Reply:
        """One call, retried after passing faults. Raises `TeacherError` or `ChatError`; cancellable."""
        gate = self._connections().gate
        return await self._ask(request, lambda: self._attempt(request, CONNECT_S), gate, self._health, KEEP.get())

    async def probe(self) -> Abilities:
        """Find out what the endpoint can do, and whether key, model and address work; nothing else should leave before.

        Raises `TeacherError` after at most three requests if one of them is wrong.
        """
        return await find_abilities(self._config, self._endpoint.address, self)

    async def first_contact(self, request: Request) -> Reply:
        """For the probe: a call that tells soon when the address is wrong. No answer at all is tried twice only."""
        silent = 0

        async def attempt() -> Reply | Fault:
            nonlocal silent
            result = await self._attempt(request, PROBE_CONNECT_S)
            if isinstance(result, Fault) and result.status is None:
                silent += 1
                return result if silent < 2 else replace(result, again="never")
            return result

        return await self._ask(request, attempt, self._connections().gate, None)

    async def try_out(self, request: Request) -> tuple[Reply, dict[str, Any]]:
        """For the probe: a call that the endpoint may refuse, without harm; the reply and the message as it came.

        Raises `ChatError` where it is refused, or does not work in a short time.
        """
        message: dict[str, Any] = {}

        async def attempt() -> Reply | Fault:
            result = await self._attempt(request, PROBE_CONNECT_S, message)
            if isinstance(result, Fault) and result.again == "never" and result.kind is not ExhaustedError:
                # some routers say "no such model" of a model that calls no tools
                return replace(result, kind=BadRequestError)
            return result

        try:
            async with asyncio.timeout(TRY_OUT_S):
                reply = await retry(attempt, self._connections().gate, retries=1, sleep=self._sleep, rng=self._rng)
            return reply, message
        except TimeoutError:
            failed = RetriesError(f"no reply within {TRY_OUT_S:g} s")
            failed.attempts = 1
        except UnreachableError as error:
            failed = RetriesError(str(error))
            failed.attempts = error.attempts
        raise failed

    @property
    def takes_system_role(self) -> bool:
        """For the probe: whether system messages were taken so far."""
        return self._dialect.system_role

    async def listed_models(self) -> list[dict[str, Any]]:
        """What the endpoint lists of its models; empty if it lists none, and never an error."""
        if self._config.azure:
            return []  # Azure lists all models of the region, not the deployments
        return await self._connections().transport.listed_models()

    async def close(self) -> None:
        """Close all connections. Safe to call twice."""
        opened, self._open = self._open, None
        if opened is not None:
            await opened.transport.close()

    async def _ask(
        self,
        request: Request,
        attempt: Callable[[], Awaitable[Reply | Fault]],
        gate: Limiter,
        health: Callable[[], Awaitable[Reply | Fault]] | None,
        keep: Callable[[Reply], Awaitable[None]] | None = None,
    ) -> Reply:
        try:
            reply = await retry(
                attempt,
                gate,
                retries=self._config.retries,
                tokens=_guess_tokens(request, gate) if self._config.tokens_per_minute else 0,
                patience_s=max(PATIENCE_S, self._config.timeout_s),
                health=health,
                keep=keep,
                sleep=self._sleep,
                rng=self._rng,
            )
        except TeacherError as error:
            gate.trip(error)  # no other call of the run would fare better
            raise
        if reply.usage.prompt_tokens == reply.usage.completion_tokens == 0 and not self._said_no_usage:
            self._said_no_usage = True
            _log.warning("%s reports no token counts: usage says 0 where it is unknown", self._endpoint.address)
        return reply

    async def _health(self) -> Reply | Fault:
        """One attempt at a tiny call, which any endpoint that works can answer."""
        return await self._attempt(plain_question(self._config), PROBE_CONNECT_S)

    async def _attempt(
        self, request: Request, connect_s: float, message: dict[str, Any] | None = None
    ) -> Reply | Fault:
        """One request. `message` is filled with the message of the answer, as it came."""
        dialect = self._dialect
        body = dialect.body(request)
        started = time.perf_counter()
        data = await self._connections().transport.post(body, connect_s)
        if not isinstance(data, Fault):
            latency_s = time.perf_counter() - started
            try:
                reply = read_reply(
                    data, model=request.model, max_tokens=request.sampling.max_tokens, latency_s=latency_s
                )
                if message is not None and isinstance(data, dict):
                    message.update(data["choices"][0]["message"])
                return reply
            except MalformedReplyError as error:
                why = str(error)
            status = embedded_status(data)
            if status is None:
                return self._endpoint.malformed_fault(why, data)
            data = self._endpoint.status_fault(status, json.dumps(data), {})
        if data.kind is NoModelError:
            return replace(data, advice=data.advice + await self._known_models())
        if data.kind is BadRequestError and self._learned(dialect, data.complaint, body):
            return replace(data, again="now")
        return data

    def _learned(self, used: Dialect, complaint: str, body: dict[str, Any]) -> bool:
        """Whether the request can be put in other words now; another call may have learned the same meanwhile."""
        if self._dialect is not used:
            return True
        lesson = used.after(complaint, body)
        if lesson is None:
            return False
        self._dialect, change = lesson
        _log.warning("%s: %s (it said: %s)", self._endpoint.address, change, self._endpoint.tell(complaint))
        return True

    async def _known_models(self) -> str:
        """Up to ten names that the endpoint lists, closest first, as the end of a message; empty if it lists none."""
        names = [str(row["id"]) for row in await self.listed_models() if row.get("id")]
        if not names:
            return ""
        near = difflib.get_close_matches(self._endpoint.model, names, n=10, cutoff=0.0)
        more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
        return f"; it has {self._endpoint.secret.hide(', '.join(near))}{more}"

    def _connections(self) -> _Connections:
        loop = asyncio.get_running_loop()
        if self._open is None:
            limits = self._limits or Limits(self._rng)
            self._open = _Connections(self._config, self._url, self._endpoint, limits, loop)
        if self._open.loop is not loop:
            raise RuntimeError(f"{self!r} is in use on another event loop; close it there, or make another one")
        return self._open


class _Connections:
    """What is bound to an event loop: the connections, and the gate for the calls."""

    def __init__(
        self, config: ModelConfig, url: str, endpoint: Endpoint, limits: Limits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.loop = loop
        self.gate = limits.of(endpoint.address, endpoint.model, config)
        self.transport = Transport(config, url, endpoint)


def _guess_tokens(request: Request, gate: Limiter) -> int:
    """What a request may use, prompt and reply: corrected when the reply comes."""
    prompt = sum(len(message["content"]) for message in request.messages) // 4
    usual = gate.usual_completion
    return prompt + int(min(usual, request.sampling.max_tokens or usual))
