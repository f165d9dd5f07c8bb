from __future__ import annotations

import asyncio
import doctest
import time

import pytest

import orca_agents.testing
from orca_agents.errors import BadRequestError, RefusedError
from orca_agents.models.api import Reply, Request, Teacher
from orca_agents.testing import Call, ScriptedModel


def a_request(system: str, task: str = "Begin.", schema: dict[str, object] | None = None) -> Request:
    return Request(
        "scripted", ({"role": "system", "content": system}, {"role": "user", "content": task}), schema=schema
    )


async def test_the_system_message_picks_the_script_before_the_rest_of_the_prompt_does() -> None:
    teacher: Teacher = ScriptedModel({"editor": "from the editor", "writer": "from the writer"})
    assert (await teacher.complete(a_request("You are a writer.", "Thus said the editor"))).text == "from the writer"
    assert (await teacher.complete(a_request("You help.", "Thus said the editor"))).text == "from the editor"


async def test_of_several_keys_the_first_wins() -> None:
    teacher = ScriptedModel({"question writer": "first", "writer": "second"})
    assert (await teacher.complete(a_request("You are a question writer."))).text == "first"


async def test_the_empty_key_answers_what_no_other_does() -> None:
    teacher = ScriptedModel({"": "anything", "responder": "ok"})
    assert (await teacher.complete(a_request("hello", "you responder"))).text == "ok"
    assert (await teacher.complete(a_request("hello"))).text == "anything"


async def test_fields_are_sent_as_json_or_as_tagged_blocks() -> None:
    fields = {"question": "Où ?", "items": ["a", "b"]}
    reply = await ScriptedModel({"": fields}).complete(a_request("x"))
    assert reply.text == '{"question": "Où ?", "items": ["a", "b"]}'
    reply = await ScriptedModel({"": fields}, json_schema=False).complete(a_request("x"))
    assert reply.text == "<question>Où ?</question>\n<items>a</items>\n<items>b</items>"


async def test_a_sequence_is_used_up_in_order_and_then_says_so() -> None:
    teacher = ScriptedModel({"writer": ["one", {"n": 2}]})
    assert (await teacher.complete(a_request("writer"))).text == "one"
    assert (await teacher.complete(a_request("writer"))).text == '{"n": 2}'
    with pytest.raises(BadRequestError, match="script for 'writer' has 2 answers, and this is request 3"):
        await teacher.complete(a_request("writer"))


async def test_a_reply_or_an_error_is_given_as_it_is() -> None:
    cut = Reply(text="half a", finish="length")
    teacher = ScriptedModel({"": [cut, RefusedError("not that")]})
    assert await teacher.complete(a_request("x")) is cut
    with pytest.raises(RefusedError, match="not that"):
        await teacher.complete(a_request("x"))


async def test_a_function_sees_the_request() -> None:
    by_key = ScriptedModel({"writer": lambda request: request.messages[-1]["content"].upper()})
    assert (await by_key.complete(a_request("writer", "loud"))).text == "LOUD"
    whole = ScriptedModel(lambda request: {"schema": request.schema is not None})
    assert (await whole.complete(a_request("x", schema={"type": "object"}))).text == '{"schema": true}'


async def test_a_request_that_no_key_fits_is_refused_with_the_keys() -> None:
    teacher = ScriptedModel({"writer": "w", "editor": "e"})
    with pytest.raises(BadRequestError, match=r"keys: 'writer', 'editor'; system message: 'You are nobody\.'"):
        await teacher.complete(a_request("You are nobody."))
    assert len(teacher.requests) == 1


async def test_requests_run_side_by_side_and_are_all_kept() -> None:
    teacher = ScriptedModel({"": [str(number) for number in range(20)]}, latency_s=0.05)
    started = time.perf_counter()
    replies = await asyncio.gather(*(teacher.complete(a_request("x", str(number))) for number in range(20)))
    assert time.perf_counter() - started < 0.8
    assert [reply.text for reply in replies] == [str(number) for number in range(20)]
    assert [request.messages[-1]["content"] for request in teacher.requests] == [str(n) for n in range(20)]


async def test_usage_counts_words_and_the_probe_is_no_request() -> None:
    teacher = ScriptedModel({"": "three words here"}, name="other", json_schema=False)
    reply = await teacher.complete(a_request("two words", "and three more"))
    assert (reply.usage.calls, reply.usage.prompt_tokens, reply.usage.completion_tokens) == (1, 5, 3)
    assert reply.model == teacher.name == "other"
    assert not (await teacher.probe()).json_schema
    assert len(teacher.requests) == 1
    await teacher.close()
    await teacher.close()


def test_the_example_in_the_documentation_runs() -> None:
    result = doctest.testmod(orca_agents.testing)
    assert result.attempted > 5
    assert result.failed == 0


def test_a_call_may_have_an_argument_of_any_name() -> None:
    assert Call("greet", name="Ada", self="x").arguments == {"name": "Ada", "self": "x"}
