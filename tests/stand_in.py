"""A stand-in for an OpenAI-compatible endpoint, in a process of its own, with faults to order and a log of requests.

`python -m tests.stand_in --port 8000` serves until its standard input ends; what it says is in `tests.mills`. Beside
/v1/chat/completions and /v1/models it has:

GET  /log             every request to /v1/chat/completions, see `Entry`
GET  /wait?calls=20   the number of calls so far, as soon as there are that many (or after `seconds`, 0.5 unless given)
POST /settings        change some `Settings`, as a JSON object; the log goes on
POST /reset           the same, from the defaults and with an empty log
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

from aiohttp import web

from tests.mills import Spoken, answer

Fault = Literal["", "500", "503", "dropped", "hung", "broken"]


@dataclass(frozen=True)
class Settings:
    """How the endpoint behaves. Shares and latencies are drawn by the request and by how often it came before."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    """Up to so much more, drawn for each request."""
    rate: float | None = None
    """Requests that it takes in a second; more are refused with 429."""
    rate_kind: Literal["window", "bucket"] = "window"
    """`window`: in each second that one may look at; `bucket`: that many at once, and one more every 1/rate s."""
    retry_after: bool = False
    """Whether a refusal says how long to wait, in the header Retry-After (whole seconds, rounded up)."""
    share_500: float = 0.0
    share_503: float = 0.0
    share_dropped: float = 0.0
    """The connection is closed without an answer."""
    share_hung: float = 0.0
    """Never answered."""
    share_broken: float = 0.0
    """Answered with 200 and half of a JSON object."""
    always_500: str = ""
    """Requests about this mill are always answered with 500."""
    salt: str = ""
    """Other words here are other draws."""
    key: str = ""
    """The only key that it takes; any, unless given."""
    model: str = ""
    """The only model that it has; any, unless given."""
    closed: Literal["", "401", "403", "quota"] = ""
    """How it refuses every call ..."""
    closed_after: int = 0
    """... once so many were answered."""


class Entry(NamedTuple):
    """One request, noted when it came."""

    at: float
    """Seconds on the server's clock."""
    digest: str
    """SHA-256 of its body."""
    agent: str
    """Who asks; empty for a request that is no call of the skill: a question of the start."""
    place: str
    """The mill that it is about."""
    attempt: int
    """The how-manieth request with this body it is, from 1."""
    status: int
    """What it is answered with; 0 for nothing."""
    fault: str
    in_flight: int
    """Requests under way, this one included."""
    tokens: int
    """Of prompt and reply, where it is answered."""

    @property
    def is_call(self) -> bool:
        """Whether an agent of the skill asks."""
        return self.agent != ""

    @property
    def is_bought(self) -> bool:
        """Whether it is a call with a whole reply, which would be on the bill."""
        return self.is_call and self.status == 200 and not self.fault


class StandIn:
    """The server, seen from a test: `with StandIn() as server`."""

    def __init__(self, **settings: Any) -> None:
        command = [sys.executable, "-m", "tests.stand_in", "--port", "0"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        assert self._process.stdout is not None
        self._root = self._process.stdout.readline().strip()
        if not self._root:
            raise RuntimeError(f"the stand-in did not start: exit code {self._process.wait()}")
        self.address = f"{self._root}/v1"
        self.reset(**settings)

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self, **settings: Any) -> None:
        """Forget all requests, and behave like this."""
        self._ask("/reset", settings)

    def set(self, **settings: Any) -> None:
        """Behave like this from now on; what is not named stays."""
        self._ask("/settings", settings)

    def log(self) -> list[Entry]:
        """Every request since the last reset, in the order in which they came."""
        return [Entry(*row) for row in self._ask("/log")]

    def wait(self, calls: int, seconds: float = 0.5) -> int:
        """The number of calls, once there are that many or the time is up."""
        return int(self._ask(f"/wait?calls={calls}&seconds={seconds}"))

    def stop(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, path: str, data: object = None) -> Any:
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(urllib.request.Request(self._root + path, body), timeout=60) as reply:
            return json.load(reply)


@dataclass
class Endpoint:
    """The state of the server since its last reset."""

    settings: Settings = field(default_factory=Settings)
    log: list[Entry] = field(default_factory=list)
    came: Counter[str] = field(default_factory=Counter)
    """Body -> how often it came."""
    calls: int = 0
    answered: int = 0
    in_flight: int = 0
    admitted: deque[float] = field(default_factory=deque)
    """When the requests of the last second were taken."""
    bucket: float | None = None
    """What is in the bucket, as of `filled`."""
    filled: float = 0.0

    def wait_for_room(self, now: float) -> float:
        """Take a request (0.0), or the seconds until one would be taken."""
        rate, at_once = self.settings.rate, max(1.0, self.settings.rate or 1.0)
        if rate is None:
            return 0.0
        if self.settings.rate_kind == "window":
            while self.admitted and self.admitted[0] <= now - 1:
                self.admitted.popleft()
            if len(self.admitted) >= int(at_once):
                return self.admitted[0] + 1 - now
            self.admitted.append(now)
            return 0.0
        before = at_once if self.bucket is None else self.bucket
        self.bucket, self.filled = min(at_once, before + (now - self.filled) * rate), now
        if self.bucket < 1:
            return (1 - self.bucket) / rate
        self.bucket -= 1
        return 0.0

    def is_closed(self) -> bool:
        """Whether it has answered as many calls as it will."""
        return self.settings.closed != "" and self.answered >= self.settings.closed_after

    def fault_of(self, digest: str, attempt: int, spoken: Spoken | None) -> Fault:
        """What goes wrong with a request, if anything does."""
        s = self.settings
        if spoken is None:
            return ""  # the questions of the start are answered, so that each run goes through
        if spoken.place == s.always_500:
            return "500"
        lot = self.lot("fault", digest, attempt)
        shares: tuple[tuple[Fault, float], ...] = (
            ("500", s.share_500),
            ("503", s.share_503),
            ("dropped", s.share_dropped),
            ("hung", s.share_hung),
            ("broken", s.share_broken),
        )
        for fault, share in shares:
            if lot < share:
                return fault
            lot -= share
        return ""

    def lot(self, what: str, digest: str, attempt: int) -> float:
        """A number in [0, 1), the same for the same request and try."""
        text = f"{self.settings.salt}/{what}/{digest}/{attempt}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


class Server:
    """The pages of the endpoint, and those that a test steers it by."""

    def __init__(self) -> None:
        self.endpoint = Endpoint()

    def app(self) -> web.Application:
        """All pages."""
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self.complete)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/log", self.log)
        app.router.add_get("/wait", self.wait)
        app.router.add_post("/settings", self.set)
        app.router.add_post("/reset", self.reset)
        return app

    async def complete(self, web_request: web.Request) -> web.StreamResponse:
        """A chat completion, or what goes wrong with it."""
        raw = await web_request.read()
        endpoint = self.endpoint  # that of the request, also when a reset comes meanwhile
        endpoint.in_flight += 1
        try:
            return await self._answer(endpoint, web_request, raw)
        finally:
            endpoint.in_flight -= 1

    async def _answer(self, endpoint: Endpoint, web_request: web.Request, raw: bytes) -> web.StreamResponse:
        body = json.loads(raw)
        settings, digest = endpoint.settings, hashlib.sha256(raw).hexdigest()
        endpoint.came[digest] += 1
        attempt = endpoint.came[digest]
        spoken = answer(body)
        if spoken is not None:
            endpoint.calls += 1

        def note(status: int, fault: str = "", tokens: int = 0) -> None:
            agent, place = (spoken.agent, spoken.place) if spoken else ("", "")
            now = time.monotonic()
            endpoint.log.append(Entry(now, digest, agent, place, attempt, status, fault, endpoint.in_flight, tokens))

        refusal = _refusal(endpoint, web_request, body)
        if refusal is not None:
            note(refusal.status)
            return refusal
        fault = endpoint.fault_of(digest, attempt, spoken)
        if fault == "hung":
            note(0, fault)
            await asyncio.Event().wait()  # until the client goes away
        if fault == "dropped":
            note(0, fault)
            assert web_request.transport is not None
            web_request.transport.abort()
            return web.Response()
        if fault in ("500", "503"):
            note(int(fault), fault)
            return _error(int(fault), "server_error", "something broke here")
        completion = _completion(body, spoken)
        note(200, fault, completion["usage"]["total_tokens"])
        if spoken is not None and not fault:
            endpoint.answered += 1
        await asyncio.sleep(settings.latency_s + settings.jitter_s * endpoint.lot("latency", digest, attempt))
        text = json.dumps(completion)
        return web.Response(text=text[: len(text) // 2] if fault else text, content_type="application/json")

    async def models(self, _: web.Request) -> web.Response:
        """The models that it has."""
        return web.json_response({"object": "list", "data": [{"id": self.endpoint.settings.model or "stand-in"}]})

    async def log(self, _: web.Request) -> web.Response:
        """Every request so far."""
        return web.json_response(self.endpoint.log)

    async def wait(self, web_request: web.Request) -> web.Response:
        """The number of calls, once there are enough or the time is up."""
        wanted = int(web_request.query["calls"])
        until = time.monotonic() + float(web_request.query.get("seconds", "0.5"))
        while self.endpoint.calls < wanted and time.monotonic() < until:  # noqa: ASYNC110  # one test at most waits
            await asyncio.sleep(0.002)
        return web.json_response(self.endpoint.calls)

    async def set(self, web_request: web.Request) -> web.Response:
        """Change some settings."""
        self.endpoint.settings = replace(self.endpoint.settings, **await web_request.json())
        return web.json_response(asdict(self.endpoint.settings))

    async def reset(self, web_request: web.Request) -> web.Response:
        """Begin anew."""
        self.endpoint = Endpoint(Settings(**await web_request.json()))
        return web.json_response(asdict(self.endpoint.settings))


def _refusal(endpoint: Endpoint, web_request: web.Request, body: dict[str, Any]) -> web.Response | None:
    """Why a request is not worked on, if it is not."""
    settings = endpoint.settings
    if settings.key and web_request.headers.get("Authorization") != f"Bearer {settings.key}":
        return _error(401, "invalid_api_key", "Incorrect API key provided.")
    if settings.model and body["model"] != settings.model:
        return _error(404, "model_not_found", f"The model `{body['model']}` does not exist.")
    if endpoint.is_closed():
        match settings.closed:
            case "401":
                return _error(401, "invalid_api_key", "This API key has been revoked.")
            case "403":
                return _error(403, "permission_denied", "Your project may not use this model.")
            case "quota":
                return _error(429, "insufficient_quota", "You exceeded your current quota, check your billing details.")
    wait_s = endpoint.wait_for_room(time.monotonic())
    if wait_s > 0:
        refusal = _error(429, "rate_limit_exceeded", "Rate limit reached for requests.")
        if settings.retry_after:
            refusal.headers["Retry-After"] = str(int(wait_s) + 1)
        return refusal
    return None


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": code, "code": code}}, status=status)


def _completion(body: dict[str, Any], spoken: Spoken | None) -> dict[str, Any]:
    """A chat completion with the tokens that it really has, four characters a token."""
    prompt = sum(len(str(message.get("content") or "")) for message in body["messages"]) // 4 + 1
    message: dict[str, Any] = {"role": "assistant", "content": spoken.text if spoken else ""}
    finish = spoken.finish if spoken else "stop"
    if spoken is None:
        form = body.get("response_format") or {}
        if body.get("tools"):
            function = body["tools"][0]["function"]
            arguments = json.dumps(fitting(function.get("parameters") or {"type": "object"}))
            call = {"name": function["name"], "arguments": arguments}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
            finish = "tool_calls"
        else:
            schema = form.get("json_schema", {}).get("schema")
            message["content"] = json.dumps(fitting(schema)) if schema else "ok"
    tokens = len(json.dumps(message)) // 4 + 1
    if finish == "length":
        tokens = body.get("max_tokens") or body.get("max_completion_tokens") or tokens
    return {
        "id": "stand-in",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens},
    }


def fitting(schema: dict[str, Any]) -> Any:
    """Something that fits a JSON schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: fitting(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [fitting(schema["items"])] * schema.get("minItems", 1)
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case _:
            return "ok"


async def serve(port: int, ready: Callable[[str], None], ended: Callable[[], Awaitable[object]]) -> None:
    """Serve on this port of the loopback address (0: on any) until `ended` returns."""
    # a handler whose client is gone is cancelled: calls that hang would otherwise pile up
    runner = web.AppRunner(Server().app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
        host, bound = runner.addresses[0][:2]
        ready(f"http://{host}:{bound}")
        await ended()
    finally:
        await runner.cleanup()


def main() -> None:
    """Serve until standard input ends, so that it ends with the process that started it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    port = parser.parse_args().port
    asyncio.run(serve(port, lambda root: print(root, flush=True), lambda: asyncio.to_thread(sys.stdin.read)))


if __name__ == "__main__":
    main()
