from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from random import Random
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as HTTPRequest
from werkzeug import Response

from orca_agents.config import Sampling
from orca_agents.errors import (
    BadRequestError,
    ConfigError,
    ContextError,
    ExhaustedError,
    NoModelError,
    OrcaError,
    RefusedError,
    RetriesError,
    TruncatedError,
    UnparsableError,
    UnreachableError,
    WrongKeyError,
)
from orca_agents.models import faults
from orca_agents.models.api import Abilities, Reply, Request, Teacher
from orca_agents.models.dialect import Dialect
from orca_agents.models.limits import Limits
from orca_agents.models.openai_compatible import OpenAICompatible
from orca_agents.models.replies import accept
from orca_agents.models.secrets import Secret
from orca_agents.records import Usage
from orca_agents.run_config import AzureConfig, ModelConfig

KEY = "sk-proj-very/secret+0123456789"
SCHEMA = {
    "type": "object",
    "properties": {"format": {"type": "string", "maxLength": 9}},
    "required": ["format"],
    "additionalProperties": False,
}
ASK = Request("m", ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Café?"}))


def completion(content: Any = "Yes.", *, finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """The body of a chat completion."""
    return {
        "id": "c1",
        "model": "m-2026",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"content": content, **message}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3},
    }


def error(message: str, status: int = 400, **more: Any) -> tuple[int, dict[str, Any]]:
    """An error in OpenAI's form."""
    return status, {"error": {"message": message, **more}}


Answer = dict[str, Any] | tuple[int, Any] | Response


class Endpoint:
    """A server on this machine that gives the scripted answers in order, the last one for ever."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.answers: list[Answer] = [completion()]
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[HTTPRequest] = []
        self.server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(self.answer)

    def answer(self, request: HTTPRequest) -> Response:
        self.requests.append(request)
        self.bodies.append(json.loads(request.data))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Response):
            return answer
        status, data = answer if isinstance(answer, tuple) else (200, answer)
        return Response(json.dumps(data), status, content_type="application/json")


@pytest.fixture(scope="module")
def server() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture
def endpoint(server: HTTPServer) -> Iterator[Endpoint]:
    yield Endpoint(server)
    server.clear()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return KEY


class Naps:
    """Sleeps no time, and notes for how long it should have."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@contextlib.asynccontextmanager
async def teacher_at(address: str, naps: Naps | None = None, **config: Any) -> AsyncIterator[OpenAICompatible]:
    settings = ModelConfig(**{"model": "m", "base_url": address, "timeout_s": 20, **config})
    teacher = OpenAICompatible(settings, sleep=naps or Naps(), rng=Random(0))
    try:
        yield teacher
    finally:
        await teacher.close()


def at(endpoint: Endpoint, naps: Naps | None = None, **config: Any) -> Any:
    return teacher_at(endpoint.server.url_for("/v1"), naps, **config)


async def ask(endpoint: Endpoint, *answers: Answer, request: Request = ASK, **config: Any) -> Reply:
    endpoint.answers = list(answers) or endpoint.answers
    async with at(endpoint, **config) as teacher:
        reply: Reply = await teacher.complete(request)
        return reply


# --- what is sent, and what is read ---------------------------------------------------------------------------------


async def test_a_reply_comes_with_its_usage_model_and_latency(endpoint: Endpoint) -> None:
    data = completion("Oui, «\u202fbien\u202f» *sûr* \n")
    data["usage"] = {
        "prompt_tokens": 40,
        "completion_tokens": 30,
        "completion_tokens_details": {"reasoning_tokens": 20},
        "prompt_tokens_details": {"cached_tokens": 32},
    }
    reply = await ask(endpoint, data)
    assert reply.text == "Oui, «\u202fbien\u202f» *sûr* \n"
    assert (reply.finish, reply.model, reply.refusal, reply.reasoning) == ("stop", "m-2026", None, "")
    assert reply.usage == Usage(calls=1, prompt_tokens=40, completion_tokens=30, reasoning_tokens=20, cached_tokens=32)
    assert 0 < reply.latency_s < 20
    assert accept(reply) == reply.text
    assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_messages_settings_and_extras_are_sent_and_nothing_else(endpoint: Endpoint) -> None:
    request = Request(
        "m",
        ASK.messages,
        sampling=Sampling(temperature=0.5, top_p=0.9, max_tokens=50, seed=7),
        extra_body={"top_k": 20, "chat_template_kwargs": {"enable_thinking": False}},
    )
    await ask(endpoint, request=request)
    assert endpoint.bodies == [
        {
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Café?"}],
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 50,
            "seed": 7,
            "top_k": 20,
            "chat_template_kwargs": {"enable_thinking": False},
        }
    ]


async def test_a_schema_is_sent_as_strict_structured_output(endpoint: Endpoint) -> None:
    await ask(endpoint, request=Request("m", ASK.messages, schema=SCHEMA))
    assert endpoint.bodies[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
    }


@pytest.mark.parametrize("name", ["gpt-5-mini", "o3", "openai/gpt-5"])
async def test_reasoning_models_of_openai_get_their_own_name_for_the_limit(endpoint: Endpoint, name: str) -> None:
    await ask(endpoint, request=Request(name, ASK.messages, sampling=Sampling(max_tokens=50)), model=name)
    assert endpoint.bodies[0]["max_completion_tokens"] == 50
    assert "max_tokens" not in endpoint.bodies[0]


@pytest.mark.parametrize(
    "data",
    [
        completion("Yes.", reasoning="Hm, why not."),
        completion("Yes.", reasoning_content="Hm, why not."),
        completion("<think>\nHm, why not.\n</think>\n\nYes."),
        completion([{"type": "thinking", "thinking": "Hm, why not."}, {"type": "text", "text": "Yes."}]),
    ],
    ids=["reasoning", "reasoning_content", "think", "parts"],
)
async def test_reasoning_is_kept_apart_however_it_is_spelled(endpoint: Endpoint, data: dict[str, Any]) -> None:
    reply = await ask(endpoint, data)
    assert (reply.text, reply.reasoning) == ("Yes.", "Hm, why not.")


async def test_a_thought_whose_opening_tag_stood_in_the_prompt_is_no_answer(endpoint: Endpoint) -> None:
    reply = await ask(endpoint, completion("First A, no, B.</think>\n\nB"))
    assert (reply.text, reply.reasoning) == ("B", "First A, no, B.")


async def test_only_a_block_at_the_very_start_is_reasoning(endpoint: Endpoint) -> None:
    text = " <think> is a tag.\n<think>no</think>"
    assert (await ask(endpoint, completion(text))).text == text
    after = await ask(endpoint, completion("<think>a</think>\n  indented\n<think>b</think>\n"))
    assert after.text == "  indented\n<think>b</think>\n"


async def test_content_in_parts_is_joined_and_missing_content_is_empty(endpoint: Endpoint) -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    assert (await ask(endpoint, completion(parts))).text == "one two"
    empty = await ask(endpoint, completion(None, reasoning="Only thoughts."))
    assert empty.text == ""
    with pytest.raises(UnparsableError, match="empty, only 14 characters of reasoning"):
        accept(empty)


async def test_a_refusal_is_told_from_an_answer(endpoint: Endpoint) -> None:
    reply = await ask(endpoint, completion(None, refusal="I cannot help with that."))
    assert reply.refusal == "I cannot help with that."
    with pytest.raises(RefusedError, match="I cannot help with that"):
        accept(reply)
    filtered = await ask(endpoint, completion("par", finish="content_filter"))
    with pytest.raises(RefusedError, match="content filter"):
        accept(filtered)


@pytest.mark.parametrize("finish", ["length", "MAX_TOKENS", "model_length"])
async def test_a_cut_reply_is_a_typed_failure_that_says_where_it_was_cut(endpoint: Endpoint, finish: str) -> None:
    reply = await ask(endpoint, completion("Half an ans", finish=finish))
    assert reply.text == "Half an ans"
    with pytest.raises(TruncatedError, match="after 3 tokens; raise max_tokens"):
        accept(reply)


async def test_a_reply_at_the_limit_counts_as_cut_where_the_reason_is_missing(endpoint: Endpoint) -> None:
    short = Request("m", ASK.messages, sampling=Sampling(max_tokens=3))
    assert (await ask(endpoint, completion("a b c", finish=None), request=short)).finish == "length"
    assert (await ask(endpoint, completion("a b c", finish=None))).finish == "unknown"


async def test_half_a_surrogate_pair_becomes_a_replacement_character(endpoint: Endpoint) -> None:
    body = json.dumps(completion("X")).replace('"X"', '"a\\ud83d b \\ud83d\\ude00"')
    reply = await ask(endpoint, Response(body, content_type="application/json"))
    assert reply.text == "a\ufffd b \U0001f600"


async def test_missing_token_counts_are_zero_and_said_once(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    data = completion()
    del data["usage"]
    endpoint.answers = [data]
    async with at(endpoint) as teacher:
        assert (await teacher.complete(ASK)).usage == Usage(calls=1)
        await teacher.complete(ASK)
    assert [record.levelname for record in caplog.records if "no token counts" in record.message] == ["WARNING"]


async def test_json_under_another_label_is_read(endpoint: Endpoint) -> None:
    reply = await ask(endpoint, Response(json.dumps(completion("ok")), content_type="text/plain"))
    assert reply.text == "ok"


# --- what an endpoint does not take -----------------------------------------------------------------------------------


async def test_the_name_of_the_limit_is_switched_once_and_remembered(endpoint: Endpoint) -> None:
    endpoint.answers = [
        error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."),
        completion(),
    ]
    request = Request("m", ASK.messages, sampling=Sampling(max_tokens=50))
    async with at(endpoint, retries=0) as teacher:
        assert (await teacher.complete(request)).attempts == 2
        assert (await teacher.complete(request)).attempts == 1
    assert ["max_completion_tokens" in body for body in endpoint.bodies] == [False, True, True]
    assert ["max_tokens" in body for body in endpoint.bodies] == [True, False, False]


async def test_an_endpoint_that_takes_neither_name_is_not_asked_for_ever(endpoint: Endpoint) -> None:
    complaints = [error(f"{name}: not supported") for name in ("max_tokens", "max_completion_tokens")]
    with pytest.raises(BadRequestError, match="max_completion_tokens: not supported"):
        await ask(endpoint, *complaints, request=Request("m", ASK.messages, sampling=Sampling(max_tokens=50)))
    assert len(endpoint.bodies) == 2


async def test_settings_that_are_refused_are_left_out_and_that_is_said(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.answers = [
        error("Unsupported value: 'temperature' does not support 0.7 with this model.", param="temperature"),
        (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs"}]}),
        completion(),
    ]
    request = Request("m", ASK.messages, sampling=Sampling(temperature=0.7, seed=1, top_p=0.9))
    async with at(endpoint, retries=0) as teacher:
        await teacher.complete(request)
        await teacher.complete(request)
    assert {"temperature", "seed"}.isdisjoint(endpoint.bodies[-1])
    assert endpoint.bodies[-1]["top_p"] == 0.9
    assert len(endpoint.bodies) == 4
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2
    assert "requests go without temperature" in warnings[0]


async def test_limits_that_a_schema_may_not_have_are_left_out_but_not_properties_of_that_name(
    endpoint: Endpoint,
) -> None:
    complaint = error(
        "Invalid schema for response_format 'reply': In context=('properties', 'format'), 'maxLength'"
        " is not permitted; nor is 'format'."
    )
    await ask(endpoint, complaint, completion("{}"), request=Request("m", ASK.messages, schema=SCHEMA), retries=0)
    sent = endpoint.bodies[1]["response_format"]["json_schema"]["schema"]
    assert sent == {**SCHEMA, "properties": {"format": {"type": "string"}}}


# --- faults that pass -------------------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_out_as_long_as_it_asks_and_uses_up_no_try(endpoint: Endpoint) -> None:
    busy = Response('{"error": {"message": "slow"}}', 429, {"Retry-After": "0.7"}, content_type="application/json")
    endpoint.answers = [busy, completion("later")]
    naps = Naps()
    started = time.perf_counter()
    async with at(endpoint, naps, retries=0) as teacher:
        reply = await teacher.complete(ASK)
    assert (reply.text, reply.attempts, reply.usage.calls) == ("later", 2, 1)
    assert 0.7 <= time.perf_counter() - started < 3
    assert naps.waits == []  # it is the gate that is closed, for all calls


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": "boom"}),
        (503, {"error": {"message": "loading model"}}),
        (408, {}),
        (409, {}),
        error("Rate limit reached for requests per minute", 429, type="requests"),
        error("You exceeded your current quota, please check your billing. Please retry in 90ms", 429),
        (200, {"error": {"code": 502, "message": "upstream"}}),
        Response("<html><body>Welcome</body></html>", 200, content_type="text/html"),
        Response('{"choices": [', 200, content_type="application/json"),
        Response(b'{"choices": "\xff\xfe"}', 200, content_type="application/json"),
        (200, {"choices": []}),
        (200, {"choices": None}),
        (200, {"choices": [{"finish_reason": "stop"}]}),
        (200, {"choices": [{"message": {"content": 5}}]}),
        (200, [1, 2]),
        (200, None),
    ],
    ids=lambda answer: str(answer)[:40],
)
async def test_a_passing_fault_is_tried_again(endpoint: Endpoint, answer: Answer) -> None:
    reply = await ask(endpoint, answer, answer, completion("fine"), retries=2)
    assert (reply.text, reply.attempts, reply.usage.calls) == ("fine", 3, 1)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((500, {"error": {"message": "boom"}}), UnreachableError, r"answered 500 \(boom\) \(tried 3 times\)"),
        (Response("<html>Hello</html>"), UnreachableError, r"no chat completion: it is not JSON.*tried 3.*/v1"),
        ((200, {"choices": []}), UnreachableError, r"holds no choices.*tried 3 times"),
    ],
)
async def test_a_fault_that_stays_ends_the_run_with_its_reason(
    endpoint: Endpoint, answer: Answer, kind: type[OrcaError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        await ask(endpoint, answer, retries=2)
    # the last one asks a small question, to see whether anything is answered at all
    assert [body["messages"] == list(ASK.messages) for body in endpoint.bodies] == [True, True, True, False]
    assert caught.value.attempts == 4


async def test_a_call_that_always_fails_ends_alone_where_others_are_answered(endpoint: Endpoint) -> None:
    async with at(endpoint, retries=2) as teacher:
        endpoint.answers = [*[(500, {"error": "boom"})] * 3, completion("healthy")]
        with pytest.raises(RetriesError, match=r"answered 500 .*tried 3 times.*answers other calls") as caught:
            await teacher.complete(ASK)
        assert (await teacher.complete(ASK)).text == "healthy"
    assert caught.value.attempts == 4
    assert caught.value.__context__ is None
    assert len(endpoint.bodies) == 5


async def test_a_page_of_a_firewall_is_about_one_text_where_the_endpoint_answers_others(endpoint: Endpoint) -> None:
    async with at(endpoint) as teacher:
        await teacher.complete(ASK)
        endpoint.answers = [Response("<html>Request blocked</html>", 403), completion("healthy")]
        with pytest.raises(RetriesError, match=r"403 .*Request blocked.*answers other calls"):
            await teacher.complete(ASK)
        assert (await teacher.complete(ASK)).text == "healthy"


async def test_a_redirect_is_not_followed_with_the_key_but_told(endpoint: Endpoint) -> None:
    moved = Response("", 308, headers={"Location": "https://elsewhere.example/v1/chat/completions"})
    endpoint.answers = [moved]
    async with at(endpoint) as teacher:
        with pytest.raises(UnreachableError, match=r"308: it has moved to https://elsewhere.example"):
            await teacher.complete(ASK)
    assert len(endpoint.bodies) == 1


async def test_no_request_leaves_after_one_that_condemns_the_endpoint(endpoint: Endpoint) -> None:
    endpoint.answers = [error("Incorrect API key", 401)]
    async with at(endpoint) as teacher:
        for _ in range(3):
            with pytest.raises(WrongKeyError, match="Incorrect API key"):
                await teacher.complete(ASK)
    assert len(endpoint.bodies) == 1


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("Please try again in 1m2.5s.", 62.5), ("Please retry in 12s", 12), ("Try again in 40ms", 0.04)],
)
def test_a_pause_that_is_asked_for_in_words_is_understood_too(words: str, seconds: float) -> None:
    known = faults.Endpoint("http://host/v1", "m", "KEY", Secret(KEY), 20)
    fault = known.status_fault(429, json.dumps({"error": {"message": f"Rate limit reached. {words}"}}), {})
    assert (fault.wait_s, fault.load, fault.again) == (seconds, "refused", "later")


async def test_a_longer_pause_than_we_wait_is_a_refusal(endpoint: Endpoint) -> None:
    busy = Response("{}", 429, {"Retry-After": "86400"}, content_type="application/json")
    with pytest.raises(ExhaustedError, match="asks to wait 86400 s"):
        await ask(endpoint, busy)
    assert len(endpoint.bodies) == 1


# --- faults that do not pass ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error("Incorrect API key provided", 401), WrongKeyError, r"answered 401 .*set \$OPENAI_API_KEY"),
        (error("Country not supported", 403), WrongKeyError, "Country not supported"),
        (error("Your input was flagged", 403), RefusedError, "input was flagged"),
        (error("You exceeded your current quota", 429, code="insufficient_quota"), ExhaustedError, "add credit"),
        (error("Please check your billing details", 429), ExhaustedError, "add credit"),
        (error("Insufficient Balance", 402), ExhaustedError, "add credit"),
        (error("too long", code="context_length_exceeded"), ContextError, "chunk_words"),
        (error("Request too large for m on tokens per min (TPM): Limit 9", 429), ContextError, "chunk_words"),
        (error("This model's maximum context length is 2048 tokens."), ContextError, "2048"),
        (error("the request exceeds the available context size"), ContextError, "available context size"),
        (error("The response was filtered", code="content_filter"), RefusedError, "content filter"),
        (error("temperature must be at most 1"), BadRequestError, "temperature must be at most 1"),
        ((422, {"detail": "messages: wrong"}), BadRequestError, "messages: wrong"),
        (Response("Not <b>allowed</b>\n\n", 405), UnreachableError, "usually ends in /v1"),
        ((200, {"error": {"code": 401, "message": "No auth"}}), WrongKeyError, "No auth"),
    ],
)
async def test_other_faults_are_raised_at_once_with_what_to_do(
    endpoint: Endpoint, answer: Answer, kind: type[OrcaError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        await ask(endpoint, answer)
    assert len(endpoint.bodies) == 1
    assert str(caught.value).count("\n") <= 1
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_an_unknown_model_is_told_with_the_models_that_there_are(endpoint: Endpoint) -> None:
    rows = [{"id": f"other-{number}"} for number in range(20)] + [{"id": "my-model-7b"}]
    endpoint.server.expect_request("/v1/models").respond_with_json({"data": rows})
    endpoint.answers = [error("The model `my-model` does not exist", 404)]
    with pytest.raises(NoModelError) as caught:
        await ask(endpoint, model="my-model")
    message = str(caught.value)
    assert endpoint.server.url_for("/v1") in message
    assert "no model 'my-model'" in message
    assert "it has my-model-7b, other-" in message
    assert message.endswith("and 11 more")


async def test_an_unknown_model_is_told_also_where_models_are_not_listed(endpoint: Endpoint) -> None:
    with pytest.raises(NoModelError, match="lacks its /v1"):
        await ask(endpoint, Response("404 page not found", 404))


async def test_half_a_surrogate_pair_in_a_request_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(BadRequestError, match="surrogate"):
        await ask(endpoint, request=Request("m", ({"role": "user", "content": "a\ud83d"},)))


# --- no connection, a broken one, a silent one ------------------------------------------------------------------------

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK_BODY = json.dumps(completion()).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(OK_BODY), OK_BODY)


@contextlib.asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """A server that may behave badly: it does with each connection what the handler says."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://localhost:{probe.getsockname()[1]}/v1"


async def test_a_dropped_connection_is_tried_again() -> None:
    drops = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", OK]

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(drops.pop(0))
        await writer.drain()

    async with raw_server(drop) as address, teacher_at(address, retries=2) as teacher:
        assert (await teacher.complete(ASK)).attempts == 3


async def test_a_connection_that_is_always_dropped_is_told_as_such() -> None:
    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with raw_server(drop) as address, teacher_at(address, retries=1) as teacher:
        with pytest.raises(UnreachableError, match=r"broke the connection .*tried 2 times"):
            await teacher.complete(ASK)


async def test_a_silent_server_is_given_up_after_the_timeout_even_if_it_trickles() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    started = time.perf_counter()
    async with raw_server(trickle) as address, teacher_at(address, retries=1, timeout_s=0.3) as teacher:
        with pytest.raises(UnreachableError, match=r"no reply within 0\.3 s \(tried 2 times\): raise timeout_s"):
            await teacher.complete(ASK)
    assert time.perf_counter() - started < 3


async def test_nobody_at_the_address_is_told_with_what_to_check() -> None:
    address, naps = free_address(), Naps()
    async with teacher_at(address, naps, retries=4) as teacher:
        with pytest.raises(UnreachableError, match=r"nothing answers at http://localhost:\d+/v1 .*base_url") as caught:
            await teacher.complete(ASK)
    assert len(naps.waits) == 4
    assert "tried 5 times" in str(caught.value)
    assert caught.value.attempts == 6


async def test_the_probe_gives_up_soon_where_nobody_answers() -> None:
    naps = Naps()
    async with teacher_at(free_address(), naps) as teacher:
        with pytest.raises(UnreachableError, match=r"nothing answers .*tried 2 times"):
            await teacher.probe()
    assert len(naps.waits) == 1
    assert naps.waits[0] <= 0.5


async def test_https_to_a_plain_server_is_not_tried_again(endpoint: Endpoint) -> None:
    naps = Naps()
    async with teacher_at(endpoint.server.url_for("/v1").replace("http:", "https:"), naps) as teacher:
        with pytest.raises(UnreachableError, match="no secure connection"):
            await teacher.complete(ASK)
    assert naps.waits == []


@pytest.mark.parametrize(
    "address", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:99999/v1", "http:///x"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(ConfigError, match=r"base_url: .* is not an address; write it like http"):
        OpenAICompatible(ModelConfig(model="m", base_url=address))


# --- many calls -------------------------------------------------------------------------------------------------------


class Counter:
    """Answers after a while, and counts how many requests are there at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = self.most = self.total = 0
        self.there, self.gone = asyncio.Event(), asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now += 1
        self.total += 1
        self.there.set()
        self.most = max(self.most, self.now)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.seconds):
                    while await reader.read(1000):
                        pass
                    self.gone.set()  # the client hung up
                    return
            writer.write(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            await writer.drain()
        finally:
            self.now -= 1


async def test_no_more_calls_are_in_flight_than_allowed() -> None:
    counter = Counter(0.05)
    async with raw_server(counter) as address, teacher_at(address, concurrency=3) as teacher:
        await asyncio.gather(*(teacher.complete(ASK) for _ in range(12)))
    assert (counter.most, counter.total) == (3, 12)


async def test_waiting_for_a_slot_does_not_count_as_waiting_for_a_reply() -> None:
    counter = Counter(0.15)
    async with raw_server(counter) as address, teacher_at(address, concurrency=1, timeout_s=0.5, retries=0) as teacher:
        replies = await asyncio.gather(*(teacher.complete(ASK) for _ in range(6)))
    assert [reply.attempts for reply in replies] == [1] * 6


async def test_cancelling_a_call_hangs_up_and_frees_its_slot() -> None:
    counter = Counter(30)
    async with raw_server(counter) as address, teacher_at(address, concurrency=1) as teacher:
        call = asyncio.create_task(teacher.complete(ASK))
        await asyncio.wait_for(counter.there.wait(), 5)
        started = time.perf_counter()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(counter.gone.wait(), 2)
        counter.seconds = 0.01
        assert (await asyncio.wait_for(teacher.complete(ASK), 5)).text == "Yes."
        assert time.perf_counter() - started < 3


async def test_a_call_is_cancelled_in_its_pause_too(endpoint: Endpoint) -> None:
    endpoint.answers = [Response("{}", 429, {"Retry-After": "100"}, content_type="application/json"), completion()]
    config = ModelConfig(model="m", base_url=endpoint.server.url_for("/v1"), concurrency=1)
    limits = Limits()
    teacher = OpenAICompatible(config, limits)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(teacher.complete(ASK), 0.5)
    assert (limits.in_flight, limits.waiting) == (0, 0)
    await teacher.close()


def test_each_event_loop_has_a_teacher_of_its_own_until_it_is_closed(endpoint: Endpoint) -> None:
    config = ModelConfig(model="m", base_url=endpoint.server.url_for("/v1"))
    teacher = OpenAICompatible(config)

    async def use(close: bool) -> str:
        text = (await teacher.complete(ASK)).text
        if close:
            await teacher.close()
            await teacher.close()
        return text

    assert asyncio.run(use(close=True)) == "Yes."
    assert asyncio.run(use(close=True)) == "Yes."

    async def use_elsewhere() -> None:
        await teacher.complete(ASK)
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, use(close=False))
        await teacher.close()

    asyncio.run(use_elsewhere())


# --- the probe --------------------------------------------------------------------------------------------------------

FITS = completion('{"capital": "Paris", "sure": "yes", "words": ["Paris"]}')


def tool_call(name: str = "note_capital", arguments: str = '{"capital": "Paris"}') -> dict[str, Any]:
    """An answer that calls a tool."""
    function = {"name": name, "arguments": arguments}
    return completion(None, finish="tool_calls", tool_calls=[{"id": "1", "type": "function", "function": function}])


async def probe(endpoint: Endpoint, *answers: Answer, **config: Any) -> Abilities:
    endpoint.answers = list(answers)
    async with at(endpoint, **config) as teacher:
        abilities: Abilities = await teacher.probe()
        return abilities


def list_models(endpoint: Endpoint, *rows: dict[str, Any]) -> None:
    endpoint.server.expect_request("/v1/models").respond_with_json({"data": rows})


async def test_two_calls_find_out_everything_where_everything_works(endpoint: Endpoint) -> None:
    list_models(endpoint, {"id": "other", "max_model_len": 5}, {"id": "m", "max_model_len": 32768})
    found = await probe(endpoint, FITS, tool_call(), sampling=Sampling(temperature=0.3), extra_body={"top_k": 5})
    assert found == Abilities(
        json_schema=True,
        tools=True,
        system_role=True,
        alternation=False,
        context_tokens=32768,
        usage=Usage(calls=2, prompt_tokens=22, completion_tokens=6),
        attempts=2,
    )
    by_schema, by_tool = endpoint.bodies
    assert "capital" not in json.dumps(by_schema["messages"]).replace("the capital of France", "")
    assert (by_schema["temperature"], by_schema["top_k"], "tools" in by_schema) == (0.3, 5, False)
    assert by_tool["tool_choice"]["function"]["name"] == by_tool["tools"][0]["function"]["name"]
    assert [message["role"] for message in by_tool["messages"]] == ["system", "user", "user"]


@pytest.mark.parametrize("text", ["Paris.", '{"capital": "Paris"}', "```json\n{}\n```", "[]"])
async def test_another_reply_shows_that_schemas_are_not_kept_to(endpoint: Endpoint, text: str) -> None:
    found = await probe(endpoint, completion(text), completion("Paris."))
    assert (found.json_schema, found.tools, found.alternation, found.attempts) == (False, False, False, 2)


@pytest.mark.parametrize(
    "answer",
    [
        completion('note_capital({"capital": "Paris"})'),
        tool_call("another_tool"),
        tool_call(arguments="Paris"),
        tool_call(arguments="{}"),
        completion("", tool_calls=None),
    ],
)
async def test_only_a_real_tool_call_counts(endpoint: Endpoint, answer: Answer) -> None:
    assert (await probe(endpoint, FITS, answer)).tools is False


async def test_a_refused_schema_is_followed_by_a_plain_call(endpoint: Endpoint) -> None:
    refusal = error("response_format json_schema is unavailable now")
    found = await probe(endpoint, refusal, completion("Paris."), tool_call())
    assert (found.json_schema, found.tools, found.attempts, found.usage.calls) == (False, True, 3, 2)
    assert ["response_format" in body for body in endpoint.bodies] == [True, False, False]


async def test_a_model_that_says_nothing_at_all_is_no_teacher(endpoint: Endpoint) -> None:
    with pytest.raises(UnreachableError, match="empty text") as caught:
        await probe(endpoint, completion(""))
    assert len(endpoint.bodies) == caught.value.attempts == 2


async def test_where_the_form_is_given_nothing_more_is_asked_about_it(endpoint: Endpoint) -> None:
    assert (await probe(endpoint, completion("Paris."), structured="json_schema")).json_schema
    assert not (await probe(endpoint, completion("Paris."), structured="tags")).json_schema
    assert ["response_format" in body for body in endpoint.bodies] == [True, False, False, False]
    with pytest.raises(BadRequestError, match="no response_format here"):
        await probe(endpoint, error("no response_format here"), structured="json_schema")


@pytest.mark.parametrize(
    ("complaint", "status"),
    [
        ("System role not supported", 400),
        ("Developer instruction is not enabled for models/gemma-3-27b-it", 400),
        ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400),
        ("Conversation roles must alternate user/assistant/user/assistant/...", 400),
        ("Jinja Exception: System role not supported", 500),
    ],
)
async def test_where_system_messages_are_refused_their_text_goes_before_the_first_user_message(
    endpoint: Endpoint, complaint: str, status: int
) -> None:
    endpoint.answers = [error(complaint, status), FITS, tool_call(), completion()]
    async with at(endpoint) as teacher:
        found = await teacher.probe()
        await teacher.complete(ASK)
    assert (found.system_role, found.json_schema, found.tools, found.attempts) == (False, True, True, 3)
    assert endpoint.bodies[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nCafé?"}]


@pytest.mark.parametrize("status", [400, 500])
async def test_two_messages_of_one_role_that_are_refused_are_told_from_tools_that_are(
    endpoint: Endpoint, status: int
) -> None:
    in_turn = error("Conversation roles must alternate user/assistant/user/assistant/...", status)
    found = await probe(endpoint, FITS, in_turn, tool_call())
    assert (found.alternation, found.tools, found.system_role) == (True, True, True)
    found = await probe(endpoint, FITS, error("no tools for you"), completion("Paris."))
    assert (found.alternation, found.tools) == (False, False)
    no_tools = error("No endpoints found that support tool use", 404)
    found = await probe(endpoint, FITS, no_tools, in_turn, no_tools)
    assert (found.alternation, found.tools, found.attempts) == (True, False, 4)


async def test_what_is_only_tried_out_may_fail_without_harm(endpoint: Endpoint) -> None:
    endpoint.answers = [FITS, (500, {"error": "boom"}), (500, {"error": "boom"}), completion()]
    async with at(endpoint) as teacher:
        found = await teacher.probe()
        assert (found.json_schema, found.tools, found.alternation, found.attempts) == (True, None, None, 3)
        assert (await teacher.complete(ASK)).text == "Yes."


@pytest.mark.parametrize(
    ("rows", "tokens"),
    [
        ([{"id": "m", "context_length": 128000, "top_provider": {"context_length": 64000}}], 64000),
        ([{"id": "m", "context_window": 131072}, {"id": "n", "context_window": 8}], 131072),
        ([{"id": "/models/x.gguf", "meta": {"n_ctx_train": 40960}}], 40960),
        ([{"id": "n", "max_model_len": 5}, {"id": "o", "max_model_len": 5}], None),
        ([{"id": "m", "owned_by": "openai"}], None),
        ([{"id": "m", "max_model_len": "many"}], None),
        ([], None),
    ],
)
async def test_the_context_is_read_where_the_list_of_models_tells_it(
    endpoint: Endpoint, rows: list[dict[str, Any]], tokens: int | None
) -> None:
    list_models(endpoint, *rows)
    assert (await probe(endpoint, FITS, tool_call())).context_tokens == tokens


async def test_a_wrong_key_and_a_wrong_model_show_in_the_probe_at_the_first_request(endpoint: Endpoint) -> None:
    with pytest.raises(WrongKeyError) as key_error:
        await probe(endpoint, error("no", 401))
    with pytest.raises(NoModelError) as model_error:
        await probe(endpoint, error("no", 404))
    assert key_error.value.attempts == model_error.value.attempts == 1
    assert len(endpoint.bodies) == 2


# --- what a complaint teaches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "complaint",
    [
        "The output format of the image is not supported.",
        "temperature 1.7 above the maximum of 1 is not allowed",
        "max_tokens exceeds the maximum, which is not permitted for this model",
        "The seed document is not supported, see the pattern of supported types",
        '{"detail": [{"msg": "role is not supported", "loc": ["body", "messages", 0], "input": {"temperature": 0.5}}]}',
    ],
)
def test_a_complaint_that_only_contains_the_name_of_a_keyword_teaches_nothing(complaint: str) -> None:
    body = {"messages": [], "max_tokens": 9, "temperature": 1.7, "response_format": {}}
    assert Dialect().after(complaint, body) is None


@pytest.mark.parametrize(
    ("complaint", "keywords"),
    [
        ("In context=('properties', 'format'), 'minimum' is not permitted.", {"minimum"}),
        ("output_config.format.schema: For 'integer' type, properties maximum, minimum are not supported",
         {"maximum", "minimum"}),
        ('Unknown name "maxLength" at \'response_format\': Cannot find field.', {"maxLength"}),
    ],
)  # fmt: skip
def test_a_keyword_that_is_refused_is_understood(complaint: str, keywords: set[str]) -> None:
    learned = Dialect().after(complaint, {"messages": [], "response_format": {}})
    assert learned is not None
    assert learned[0].schema_left_out == keywords


# --- keys and addresses -----------------------------------------------------------------------------------------------


async def test_the_key_is_in_no_message_no_log_and_no_repr(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"wrong key {KEY}, header Bearer {KEY}\r\n, url ?key=sk-proj-very%2Fsecret%2B0123456789"
    answers: list[Answer] = [
        error(echo, 401),
        error(echo, 400),
        error(f"temperature unsupported {KEY}", 400),
        error(echo, 500),
        Response(echo, 500),
        Response(echo, 200),
        (200, {"error": {"message": echo}}),
        (200, {"error": {"message": echo, "code": 401}}),
        error(echo, 404),
    ]
    endpoint.server.expect_request("/v1/models").respond_with_json({"data": [{"id": f"m-{KEY}"}]})
    shown = []
    for answer in answers:
        endpoint.answers = [answer]
        async with at(endpoint, retries=1) as teacher:
            with pytest.raises(OrcaError) as caught:
                await teacher.complete(Request("m", ASK.messages, sampling=Sampling(temperature=1)))
            shown += [repr(teacher), str(vars(teacher)), str(caught.value), repr(caught.value)]
            assert caught.value.__cause__ is None
            assert caught.value.__context__ is None
    text = "\n".join(shown) + caplog.text
    assert "[key]" in text
    assert "secret" not in text.replace("Secret([key])", "").replace("secret=Secret", "").replace("secret=", "")
    assert "0123456789" not in text


def test_a_missing_key_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(WrongKeyError, match=r"api\.openai\.com/v1 needs a key and \$OPENAI_API_KEY is not set.*export"):
        OpenAICompatible(ModelConfig(model="gpt-5-mini"))
    azure = AzureConfig(endpoint="https://mine.openai.azure.com", api_version="2024-10-21")
    with pytest.raises(WrongKeyError, match=r"mine\.openai\.azure\.com needs a key and \$MY_KEY is not set"):
        OpenAICompatible(ModelConfig(model="gpt-5-mini", azure=azure, api_key_env="MY_KEY"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\u2026copied")
    with pytest.raises(WrongKeyError, match="characters that no key has"):
        OpenAICompatible(ModelConfig(model="gpt-5-mini"))


def test_a_variable_that_was_named_for_the_key_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(WrongKeyError, match=r"\$MY_KEY is not set"):
        OpenAICompatible(ModelConfig(model="m", base_url="http://localhost:8000/v1", api_key_env="MY_KEY"))


async def test_an_endpoint_of_ones_own_needs_no_key(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await ask(endpoint)).text == "Yes."
    assert endpoint.requests[0].headers["Authorization"] == "Bearer none"


async def test_a_key_comes_from_the_named_variable_without_its_line_break(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "other-key\n")
    await ask(endpoint, api_key_env="MY_KEY")
    assert endpoint.requests[0].headers["Authorization"] == "Bearer other-key"


async def test_the_address_may_come_from_the_environment(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.server.url_for("/v1"))
    async with teacher_at("", base_url=None) as teacher:
        assert (await teacher.complete(ASK)).text == "Yes."


@pytest.mark.parametrize("address", ["http://me:hush@host:8000/v1", "http://host:8000/v1?key=hush"])
def test_a_password_in_the_address_of_the_environment_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(ConfigError, match=r"\$OPENAI_BASE_URL has a password or a query") as caught:
        OpenAICompatible(ModelConfig(model="m"))
    assert "hush" not in str(caught.value)


async def test_where_no_key_is_needed_the_word_none_is_not_hidden(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(BadRequestError, match="none of this"):
        await ask(endpoint, error("none of this"))


def test_a_password_in_the_address_is_not_shown() -> None:
    teacher: Teacher = OpenAICompatible(ModelConfig(model="m", base_url="http://me:hush@host:8000/v1?token=hush"))
    assert repr(teacher) == "OpenAICompatible('m' at http://host:8000/v1)"
    assert (teacher.is_local, teacher.is_demo, teacher.name) == (False, False, "m")


@pytest.mark.parametrize(("deployment", "part"), [("my-deployment", "my-deployment"), (None, "m")])
async def test_azure_is_asked_at_its_own_addresses_with_its_own_header(
    endpoint: Endpoint, deployment: str | None, part: str
) -> None:
    path = f"/openai/deployments/{part}/chat/completions"
    endpoint.server.expect_request(path, method="POST").respond_with_handler(endpoint.answer)
    azure = AzureConfig(endpoint=endpoint.server.url_for("/"), api_version="2024-10-21", deployment=deployment)
    async with at(endpoint, base_url=None, azure=azure) as teacher:
        assert (await teacher.complete(ASK)).text == "Yes."
        endpoint.answers = [error("The API deployment does not exist", 404, code="DeploymentNotFound")]
        with pytest.raises(NoModelError, match=f"no model '{part}'"):
            await teacher.complete(ASK)
    assert endpoint.requests[0].args["api-version"] == "2024-10-21"
    assert endpoint.requests[0].headers["api-key"] == KEY
    assert "Authorization" not in endpoint.requests[0].headers


def test_importing_the_package_does_not_import_openai() -> None:
    code = "import sys, orca_agents, orca_agents.models, orca_agents.testing; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


TOOL = {"type": "function", "function": {"name": "add", "description": "Add.", "parameters": {"type": "object"}}}
"""A tool, as a request names it."""


async def test_tools_are_sent_and_their_calls_read(endpoint: Endpoint) -> None:
    calls = [
        {"id": "c7", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}},
        {"type": "function", "function": {"name": "add", "arguments": {"a": 2}}},
        {"type": "function", "function": {"name": "add", "arguments": None}},
        {"type": "function", "function": {"arguments": "{}"}},
        "nonsense",
    ]
    asked = Request("m", ASK.messages, tools=(TOOL,))
    reply = await ask(endpoint, completion(None, finish="tool_calls", tool_calls=calls), request=asked)
    wanted = [(it.id, it.name, it.arguments) for it in reply.tool_requests]
    assert wanted == [("c7", "add", '{"a": 1}'), ("", "add", '{"a": 2}'), ("", "add", "{}")]
    assert accept(reply) == ""
    assert endpoint.bodies[-1]["tools"] == [TOOL]
    assert "tool_choice" not in endpoint.bodies[-1]


async def test_results_of_tools_go_back_as_they_came_and_calls_can_be_forbidden(endpoint: Endpoint) -> None:
    call = {"id": "c7", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    messages = (
        *ASK.messages,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c7", "content": "3"},
    )
    await ask(endpoint, request=Request("m", messages, SCHEMA, tools=(TOOL,), tool_choice="none"))
    (body,) = endpoint.bodies
    assert body["messages"][2:] == list(messages[2:])
    assert body["tool_choice"] == "none"
    assert "response_format" in body
