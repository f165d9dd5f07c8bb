"""A fast stand-in for an OpenAI-compatible endpoint, in a process of its own: it answers well, after a while.

    python benchmarks/server.py [port]

POST /v1/chat/completions    a reply that fits the JSON schema of `response_format`, or one sentence
GET  /v1/models              the one model it has
POST /settings               {"latency_s": 0.1}, from now on
POST /counts                 what came since the last time this was asked, see `Counts`

It serves until its standard input ends. `tests/stand_in.py` is the one with faults; this one must only be so fast that
it is not what is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

MODEL = "stand-in"
PROSE = (
    "The mill stood by the river and ground the corn of two villages until a flood took its wheel away. "
    "Nobody mended it, since the railway had brought cheaper flour by then, and the miller went to the town. "
)
LONGEST_TEXT = 300
"""Characters of a text whose schema allows more."""


@dataclass
class Counts:
    """What came since the last time it was asked."""

    calls: int = 0
    prompt_characters: int = 0
    most_in_flight: int = 0


class Server:
    """The server, seen from a benchmark: `with Server() as server`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._root = self._process.stdout.readline().strip()
        if not self._root:
            raise RuntimeError(f"the server did not start: exit code {self._process.wait()}")
        self.address = f"{self._root}/v1"

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def set_latency(self, latency_s: float) -> None:
        """Answer after so many seconds from now on."""
        self._post("/settings", {"latency_s": latency_s})

    def counts(self) -> Counts:
        """What came since this was asked last."""
        return Counts(**self._post("/counts", {}))

    def _post(self, path: str, data: object) -> Any:
        request = urllib.request.Request(self._root + path, json.dumps(data).encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)


class Endpoint:
    """What answers in the server's process."""

    def __init__(self) -> None:
        self._latency_s = 0.0
        self._in_flight = 0
        self._counts = Counts()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to any request."""
        data = json.loads(await request.read() or b"{}")
        match request.path:
            case "/v1/chat/completions":
                return _json(await self._complete(data))
            case "/v1/models":
                return _json({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
            case "/settings":
                self._latency_s = float(data["latency_s"])
                return _json({})
            case "/counts":
                counts, self._counts = self._counts, Counts(most_in_flight=self._in_flight)
                return _json(asdict(counts))
        return web.Response(status=404)

    async def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        self._in_flight += 1
        self._counts.most_in_flight = max(self._counts.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self._latency_s)
        finally:
            self._in_flight -= 1
        self._counts.calls += 1
        self._counts.prompt_characters += sum(len(str(message.get("content"))) for message in body["messages"])
        return completion(body)


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """A chat completion with a text that fits, and with token counts: four characters a token."""
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema")
    message: dict[str, Any] = {"role": "assistant", "content": json.dumps(_fitting(schema)) if schema else PROSE}
    if body.get("tools"):
        function = body["tools"][0]["function"]
        called = {"name": function["name"], "arguments": json.dumps(_fitting(function["parameters"]))}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": called}]
    prompt = sum(len(str(message.get("content"))) for message in body["messages"]) // 4
    reply = len(str(message["content"])) // 4
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply},
    }


def _fitting(schema: dict[str, Any]) -> Any:
    """Data that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _fitting(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_fitting(schema["items"])] * schema.get("minItems", 1)
        case "string":
            length = max(schema.get("minLength", 0), min(schema.get("maxLength", LONGEST_TEXT), LONGEST_TEXT))
            return (PROSE * (length // len(PROSE) + 1))[:length].strip()
        case "boolean":
            return True
    return schema.get("minimum", 0)


def _json(data: object) -> web.Response:
    return web.Response(body=json.dumps(data).encode(), content_type="application/json")


async def serve(port: int) -> None:
    """Say the address on standard output, and answer until standard input ends."""
    runner = web.ServerRunner(web.Server(Endpoint().answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=2048)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8000))
