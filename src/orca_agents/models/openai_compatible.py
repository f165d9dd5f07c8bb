"""A teacher behind an OpenAI-compatible address: OpenAI, Azure, vLLM, Ollama, SGLang, llama.cpp and the like.

The openai package brings authentication, Azure's addresses and a fast transport. Its retries are off: ours know
which faults pass, and every try is counted.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx2
import openai

from orca_agents.config import ModelConfig, Sampling
from orca_agents.errors import BadRequestError, ConfigError, NoModelError, UnreachableError, WrongKeyError
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.models.dialect import Dialect
from orca_agents.models.faults import Endpoint, embedded_status
from orca_agents.models.replies import MalformedReplyError, read_reply
from orca_agents.models.retries import Fault, Sleep, retry
from orca_agents.models.secrets import Secret, shown_address

OPENAI_ADDRESS = "https://api.openai.com/v1"
CONNECT_S = 60.0
"""Longest wait for a connection: when hundreds of chats start at once, the SDK's own 5 s are not enough."""
PROBE_CONNECT_S = 10.0
PROBE_TOKENS = 2000
"""Room for a reasoning model to think about the probe's question."""

_IDLE_CONNECTION_S = 4.0  # uvicorn, vLLM's server, closes idle connections after 5 s: be earlier
_LISTING_S = 10.0
_log = logging.getLogger(__name__)


class OpenAICompatible:
    """A `Teacher` at an address. Its connections belong to the event loop that first used it, until `close()`."""

    is_local = False
    is_demo = False

    def __init__(self, config: ModelConfig, *, sleep: Sleep = asyncio.sleep, rng: Random | None = None) -> None:
        """Raises `WrongKeyError` if a key is needed and there is none, `ConfigError` for an address that is none."""
        self.name = config.model
        self._config = config
        self._url = config.azure.endpoint if config.azure else _base_url(config)
        self._endpoint = Endpoint(
            address=_checked_address(self._url, "azure.endpoint" if config.azure else "base_url"),
            model=(config.azure.deployment if config.azure else None) or config.model,
            key_env=config.api_key_env,
            secret=_read_key(config, self._url),
            timeout_s=config.timeout_s,
        )
        self._dialect = Dialect.of(config.model)
        self._sleep = sleep
        self._rng = rng or Random()
        self._open: _Connections | None = None
        self._said_no_usage = False

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.name!r} at {self._endpoint.address})"

    async def complete(self, request: Request) -> Reply:
        """One call, retried after passing faults. Raises `TeacherError` or `ChatError`; cancellable."""
        return await self._ask(request, lambda: self._attempt(request, CONNECT_S))

    async def probe(self) -> Abilities:
        """Find out with one or two calls whether key, model and address work, and whether schemas are kept to."""
        structured = self._config.structured
        if structured != "tags":
            try:
                reply = await self._first_contact(_probe_request(self._config, schema=True))
            except BadRequestError as error:
                if structured == "json_schema":
                    raise
                _log.info("no structured output: %s", error)
            else:
                if structured == "json_schema":
                    return Abilities(json_schema=True)
                if _fits_probe(reply.text):
                    return Abilities(json_schema=True)
                if reply.text.strip():
                    return Abilities(json_schema=False)  # it answers, but not by the schema
        reply = await self._first_contact(_probe_request(self._config, schema=False))
        if not (reply.text.strip() or reply.reasoning or reply.refusal):
            raise UnreachableError(
                f"{self._endpoint.address} answers for {self.name!r} with empty text: is this a model for chats?"
            )
        return Abilities(json_schema=False)

    async def close(self) -> None:
        """Close all connections. Safe to call twice."""
        opened, self._open = self._open, None
        if opened is not None:
            await opened.client.close()

    async def _ask(self, request: Request, attempt: Callable[[], Awaitable[Reply | Fault]]) -> Reply:
        # a call that waits for its next try keeps its slot: an endpoint in trouble gets fewer requests
        async with self._connections().slots:
            reply, tries = await retry(attempt, retries=self._config.retries, sleep=self._sleep, rng=self._rng)
        if reply.usage.prompt_tokens == reply.usage.completion_tokens == 0 and not self._said_no_usage:
            self._said_no_usage = True
            _log.warning("%s reports no token counts: usage says 0 where it is unknown", self._endpoint.address)
        return reply.model_copy(update={"usage": reply.usage.model_copy(update={"calls": tries})})

    async def _first_contact(self, request: Request) -> Reply:
        """One call that tells soon when the address is wrong: no answer at all is tried twice only."""
        silent = 0

        async def attempt() -> Reply | Fault:
            nonlocal silent
            result = await self._attempt(request, PROBE_CONNECT_S)
            if isinstance(result, Fault) and result.status is None:
                silent += 1
                return result if silent < 2 else replace(result, again="never")
            return result

        return await self._ask(request, attempt)

    async def _attempt(self, request: Request, connect_s: float) -> Reply | Fault:
        dialect = self._dialect
        body = dialect.body(request)
        started = time.perf_counter()
        data = await self._post(body, connect_s)
        if not isinstance(data, Fault):
            try:
                return read_reply(
                    data,
                    model=request.model,
                    max_tokens=request.sampling.max_tokens,
                    latency_s=time.perf_counter() - started,
                )
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

    async def _post(self, body: dict[str, Any], connect_s: float) -> object:
        """The JSON data that came back, or a `Fault`."""
        total = self._config.timeout_s
        timeout = openai.Timeout(total, connect=min(total, connect_s))
        try:
            # the transport's own limits are between two bytes: this one holds for the whole reply
            async with asyncio.timeout(total):
                data = await self._connections().client.post(
                    "/chat/completions", cast_to=object, body=body, options={"timeout": timeout}
                )
            # some servers do not label their JSON as such
            return json.loads(data) if isinstance(data, str) else data
        except openai.APIStatusError as error:
            headers = {name.lower(): value for name, value in error.response.headers.items()}
            return self._endpoint.status_fault(error.status_code, error.response.text, headers)
        except (openai.APIConnectionError, httpx2.HTTPError, aiohttp.ClientError, TimeoutError) as error:
            return self._endpoint.connection_fault(error)
        except UnicodeEncodeError:
            what = "the request holds half a surrogate pair, which is no text"
            return Fault(BadRequestError, what, "clean the seed that it comes from")
        except (ValueError, RecursionError) as error:
            return self._endpoint.malformed_fault(f"it is not JSON, {error}", None)

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
        if self._config.azure:
            return ""  # Azure lists all models of the region, not the deployments
        names: list[str] = []
        with suppress(openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, TimeoutError, ValueError):
            async with asyncio.timeout(_LISTING_S):
                data = await self._connections().client.get("/models", cast_to=object)
            rows = data.get("data") if isinstance(data, dict) else None
            names = [str(row["id"]) for row in rows or [] if isinstance(row, dict) and row.get("id")]
        if not names:
            return ""
        near = difflib.get_close_matches(self._endpoint.model, names, n=10, cutoff=0.0)
        more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
        return f"; it has {self._endpoint.secret.hide(', '.join(near))}{more}"

    def _connections(self) -> _Connections:
        loop = asyncio.get_running_loop()
        if self._open is None:
            self._open = _Connections(self._config, self._url, self._endpoint.secret, loop)
        if self._open.loop is not loop:
            raise RuntimeError(f"{self!r} is in use on another event loop; close it there, or make another one")
        return self._open


class _Connections:
    """What is bound to an event loop: the client with its pool, and the slots for calls in flight."""

    def __init__(self, config: ModelConfig, url: str, secret: Secret, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.slots = asyncio.Semaphore(config.concurrency)
        pool = openai.DefaultAioHttpClient(
            limits=httpx2.Limits(
                max_connections=config.concurrency,
                max_keepalive_connections=config.concurrency,
                keepalive_expiry=_IDLE_CONNECTION_S,
            )
        )
        self.client: openai.AsyncOpenAI
        if config.azure:
            self.client = openai.AsyncAzureOpenAI(
                azure_endpoint=url,
                azure_deployment=config.azure.deployment or config.model,
                api_version=config.azure.api_version,
                api_key=secret.reveal(),
                max_retries=0,
                http_client=pool,
            )
        else:
            self.client = openai.AsyncOpenAI(base_url=url, api_key=secret.reveal(), max_retries=0, http_client=pool)


def _base_url(config: ModelConfig) -> str:
    return config.base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS


def _checked_address(url: str, option: str) -> str:
    """The address as messages show it. Raises `ConfigError` if nothing can be sent there."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = url.rpartition("@")[2].partition("?")[0]  # a password or a key may stand in the rest
        raise ConfigError(f"{option}: {shown!r} is not an address; write it like http://localhost:8000/v1")
    return shown_address(url)


def _read_key(config: ModelConfig, url: str) -> Secret:
    key = os.environ.get(config.api_key_env, "").strip()
    if not key:
        host = urlsplit(url).hostname or ""
        if config.azure is None and host != "openai.com" and not host.endswith(".openai.com"):
            return Secret("none")  # servers of one's own often want no key; the SDK wants some text
        raise WrongKeyError(
            f"{shown_address(url)} needs a key and ${config.api_key_env} is not set; "
            f"run `export {config.api_key_env}=...`, or name another variable (api_key_env) or address (base_url)"
        )
    if not (key.isascii() and key.isprintable()):
        raise WrongKeyError(f"${config.api_key_env} holds characters that no key has; copy the key anew")
    return Secret(key)


def _probe_request(config: ModelConfig, *, schema: bool) -> Request:
    """A tiny request with the settings and the kinds of limits that real ones have, to meet objections early."""
    # the prompt does not speak of the schema: a reply that fits it all the same shows that it is enforced
    question = "Name the capital of France."
    limit = min(PROBE_TOKENS, config.sampling.max_tokens or PROBE_TOKENS)
    return Request(
        model=config.model,
        messages=({"role": "system", "content": "You answer briefly."}, {"role": "user", "content": question}),
        schema=_PROBE_SCHEMA if schema else None,
        sampling=Sampling(max_tokens=limit).over(Sampling(seed=0).over(config.sampling)),
        extra_body=config.extra_body,
    )


_PROBE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "capital": {"type": "string", "minLength": 1, "maxLength": 60},
        "sure": {"type": "string", "enum": ["yes", "no"]},
        "words": {"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 1, "maxItems": 3},
    },
    "required": ["capital", "sure", "words"],
    "additionalProperties": False,
}


def _fits_probe(text: str) -> bool:
    try:
        data = json.loads(text)
    except ValueError:
        return False
    return (
        isinstance(data, dict)
        and list(data) == list(_PROBE_SCHEMA["properties"])
        and isinstance(data["capital"], str)
        and data["sure"] in ("yes", "no")
        and isinstance(data["words"], list)
        and all(isinstance(word, str) for word in data["words"])
    )
