"""Agents that call tools: by the endpoint's own tool calls, by JSON under a schema, by blocks; always on record."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from orca_agents.chats import Chat, Participant, Step, open_chat
from orca_agents.config import Sampling
from orca_agents.errors import ChatError, RefusedError, SandboxError, StoreError, TruncatedError, UnparsableError
from orca_agents.harvest import Field, Form
from orca_agents.models.actions import read_action
from orca_agents.models.api import Reply, Request, ToolKey, ToolRequest
from orca_agents.models.client import MOST_CALLS
from orca_agents.records import ToolCall, Turn
from orca_agents.store import Store
from orca_agents.testing import Answer, Call, ScriptedModel
from orca_agents.toolbox import ToolContext, ToolError
from orca_agents.toolbox.services import Toolbox
from orca_agents.toolbox.spec import Tool, tool_of

SUM = Form((Field("sum", "the sum"),))
WAYS = {"native": (True, True), "schema": (False, True), "blocks": (False, False)}
"""How a model calls tools -> whether its endpoint does it, and whether it writes by a schema."""


class Bench:
    """Tools that count how often they are called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.earlier: list[Sequence[ToolCall]] = []
        self.waiting = asyncio.Event()
        self.cancelled = False

    def tools(self) -> tuple[Tool, ...]:
        def add(a: int, b: int = 1) -> int:
            """Add two numbers."""
            self.calls.append(f"add({a}, {b})")
            return a + b

        def fail() -> str:
            """Fail."""
            raise ToolError("no water in the well")

        def remember(word: str, context: ToolContext) -> str:
            """Remember a word."""
            self.calls.append(word)
            self.earlier.append(context.earlier)
            return f"{len(context.earlier) + 1} words"

        async def wait() -> str:
            """Wait for ever."""
            self.waiting.set()
            try:
                await asyncio.sleep(600)
            finally:
                self.cancelled = True
            return ""

        return tuple(tool_of(function, "v1") for function in (add, fail, remember, wait))


def chat_of(
    answers: Sequence[Answer], way: str, bench: Bench, store: Store, *, rounds: int = 3, must_call: bool = False
) -> tuple[Chat, ScriptedModel]:
    native, structured = WAYS[way]
    model = ScriptedModel({"": list(answers)}, tools=native, json_schema=structured)
    speaker = Participant(
        "adder",
        "You add.",
        model,
        "m",
        Sampling(),
        structured=structured,
        tools=bench.tools(),
        native_tools=native,
        tool_rounds=rounds,
        must_call=must_call,
    )
    chat = open_chat("sums", "respond", "identity/sum", [speaker], seed_id="s", record=store, services=Toolbox({}))
    return chat, model


def words_of(request: Request) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in request.messages]


@pytest.mark.parametrize("way", WAYS)
async def test_an_agent_calls_a_tool_reads_its_result_and_hands_in(way: str) -> None:
    bench = Bench()
    with Store.in_memory() as store:
        chat, model = chat_of([Call("add", a=2, b=3), {"sum": "5"}], way, bench, store)
        assert await chat.ask(Step("adder", "What is 2 + 3?", form=SUM)) == {"sum": ("5",)}
    assert bench.calls == ["add(2, 3)"]
    moderator, calling, answer = chat.transcript.turns
    assert moderator.agent == "moderator"
    (call,) = calling.tool_calls
    assert (call.name, call.arguments, call.result, call.is_error) == ("add", {"a": 2, "b": 3}, "5", False)
    assert call.duration_s > 0
    assert calling.usage.calls == answer.usage.calls == 1
    assert answer.tool_calls == ()
    assert json.loads(answer.text)["sum"] == "5" if way != "blocks" else "<sum>5</sum>" in answer.text
    second = model.requests[1]
    if way == "native":
        assert [message["role"] for message in second.messages] == ["system", "user", "assistant", "tool"]
        assert second.messages[2]["tool_calls"][0]["function"]["arguments"] == '{"a": 2, "b": 3}'
        assert second.messages[3] == {"role": "tool", "tool_call_id": call.id, "content": "5"}
        assert second.tools[0]["function"]["name"] == "add"
        assert second.schema is None
    else:
        assert [role for role, _ in words_of(second)] == ["system", "user", "assistant", "user"]
        assert words_of(second)[3][1].startswith("Result of add:\n5\n\n")
        assert "- add: Add two numbers." in words_of(second)[0][1]
        assert second.tools == ()
        assert (second.schema is None) == (way == "blocks")


def test_a_request_without_tools_is_the_same_request_as_before_there_were_any() -> None:
    assert set(Request("m", ()).body()) == {"model", "messages", "schema", "sampling", "extra_body"}


async def test_an_action_schema_holds_every_tool_and_handing_in() -> None:
    with Store.in_memory() as store:
        chat, model = chat_of([{"sum": "5"}], "schema", Bench(), store)
        await chat.ask(Step("adder", "What is 2 + 3?", form=SUM))
    schema: Any = model.requests[0].schema
    actions = {part["properties"]["tool"]["enum"][0]: part for part in schema["properties"]["action"]["anyOf"]}
    assert list(actions) == ["add", "fail", "remember", "wait", "hand_in"]
    assert actions["hand_in"]["properties"]["arguments"] == SUM.schema()
    # what may be left out may be null, since strict schemas want every key
    assert actions["add"]["properties"]["arguments"]["required"] == ["a", "b"]
    assert {"type": "null"} in actions["add"]["properties"]["arguments"]["properties"]["b"]["anyOf"]


@pytest.mark.parametrize("way", WAYS)
async def test_an_argument_that_is_left_out_or_null_is_the_default(way: str) -> None:
    bench = Bench()
    given = {"a": 2, "b": None} if way == "schema" else {"a": 2}
    with Store.in_memory() as store:
        chat, _ = chat_of([Call("add", **given), {"sum": "3"}], way, bench, store)
        await chat.ask(Step("adder", "What is 2 + 1?", form=SUM))
    assert bench.calls == ["add(2, 1)"]


@pytest.mark.parametrize("way", WAYS)
async def test_what_goes_wrong_in_a_tool_is_told_and_the_chat_goes_on(way: str) -> None:
    answers: list[Answer] = [Call("fail"), Call("add", a="two"), Call("divide", a=1), {"sum": "5"}]
    with Store.in_memory() as store:
        chat, _ = chat_of(answers, way, Bench(), store)
        assert await chat.ask(Step("adder", "What is 2 + 3?", form=SUM)) == {"sum": ("5",)}
    calls = [call for turn in chat.transcript.turns for call in turn.tool_calls]
    assert [call.is_error for call in calls] == [True] * 3
    assert calls[0].result == "error: no water in the well"
    assert "a: Input should be a valid integer" in calls[1].result
    assert "'divide' not found" in calls[2].result
    assert chat.transcript.error is None


@pytest.mark.parametrize("written", ['{"a": 2, ', "[1, 2]", "null", '"text"'])
async def test_arguments_that_are_no_json_object_are_told(written: str) -> None:
    broken = Reply(text="", tool_requests=(ToolRequest(id="x", name="add", arguments=written),))
    with Store.in_memory() as store:
        chat, _ = chat_of([broken, {"sum": "5"}], "native", Bench(), store)
        assert await chat.ask(Step("adder", "What is 2 + 3?", form=SUM)) == {"sum": ("5",)}
    (call,) = chat.transcript.turns[1].tool_calls
    assert call.is_error
    assert call.result.lower().startswith("error: ")


@pytest.mark.parametrize("way", WAYS)
async def test_after_the_last_round_it_has_to_hand_in(way: str) -> None:
    bench = Bench()
    with Store.in_memory() as store:
        answers: list[Answer] = [Call("add", a=1), Call("add", a=2), {"sum": "3"}]
        chat, model = chat_of(answers, way, bench, store, rounds=2)
        assert await chat.ask(Step("adder", "What is 2 + 1?", form=SUM)) == {"sum": ("3",)}
    last = model.requests[2]
    assert "Hand in now" in words_of(last)[-1][1]
    assert last.schema == (None if way == "blocks" else SUM.schema())
    assert last.tool_choice == ("none" if way == "native" else "auto")
    assert len(bench.calls) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_an_agent_that_has_to_call_a_tool_cannot_hand_in_before(way: str) -> None:
    with Store.in_memory() as store:
        chat, model = chat_of([Call("add", a=2, b=3), {"sum": "5"}], way, Bench(), store, must_call=True)
        await chat.ask(Step("adder", "What is 2 + 3?", form=SUM))
    first, second = model.requests
    if way == "native":
        assert (first.tool_choice, second.tool_choice) == ("required", "auto")
    else:
        assert "First use a tool" in words_of(first)[-1][1]
        assert "hand in if you have all" in words_of(second)[-1][1]
    if way == "schema":
        assert ("hand_in" in str(first.schema), "hand_in" in str(second.schema)) == (False, True)


async def test_a_model_that_calls_tools_when_it_may_not_is_a_failure() -> None:
    with Store.in_memory() as store:
        chat, _ = chat_of([Call("add", a=1)] * 5, "native", Bench(), store, rounds=2)
        with pytest.raises(UnparsableError, match="calls tools although"):
            await chat.ask(Step("adder", "What is 2 + 1?", form=SUM))
    assert [len(turn.tool_calls) for turn in chat.transcript.turns] == [0, 1, 1, 0]


@pytest.mark.parametrize("way", WAYS)
async def test_a_reply_that_cannot_be_read_is_mended_without_tools(way: str) -> None:
    with Store.in_memory() as store:
        chat, model = chat_of([Call("add", a=2, b=3), "It is five.", {"sum": "5"}], way, Bench(), store)
        assert await chat.ask(Step("adder", "What is 2 + 3?", form=SUM)) == {"sum": ("5",)}
    assert "could not be read" in words_of(model.requests[2])[-1][1]
    assert model.requests[2].schema == (None if way == "blocks" else SUM.schema())


async def test_calls_of_one_reply_run_side_by_side_and_keep_their_order() -> None:
    wanted = tuple(
        ToolRequest(id=f"c{n}", name="remember", arguments=json.dumps({"word": w})) for n, w in enumerate("abc")
    )
    bench = Bench()
    with Store.in_memory() as store:
        chat, model = chat_of([Reply(text="Let me see.", tool_requests=wanted), {"sum": "5"}], "native", bench, store)
        await chat.ask(Step("adder", "Remember.", form=SUM))
    turn = chat.transcript.turns[1]
    assert turn.text == "Let me see."
    assert [call.arguments for call in turn.tool_calls] == [{"word": word} for word in "abc"]
    assert model.requests[1].messages[2]["content"] == "Let me see."
    assert [message["tool_call_id"] for message in model.requests[1].messages[3:]] == ["c0", "c1", "c2"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_chat_that_is_run_again_calls_no_model_and_no_tool(way: str) -> None:
    answers: list[Answer] = [Call("remember", word="a"), Call("add", a=2, b=3), {"sum": "5"}]
    with Store.in_memory() as store:
        first, _ = chat_of(answers, way, Bench(), store)
        await first.ask(Step("adder", "What is 2 + 3?", form=SUM))
        bench = Bench()
        again, model = chat_of([], way, bench, store)
        await again.ask(Step("adder", "What is 2 + 3?", form=SUM))
    assert model.requests == []
    assert bench.calls == []
    assert again.transcript == first.transcript


async def test_a_tool_is_told_of_its_earlier_calls_also_of_those_on_record() -> None:
    with Store.in_memory() as store:
        chat, _ = chat_of(
            [Call("remember", word="a"), Call("add", a=1), UnparsableError("power cut")], "native", Bench(), store
        )
        with pytest.raises(UnparsableError):
            await chat.ask(Step("adder", "Go.", form=SUM))
        bench = Bench()
        again, _ = chat_of([Call("remember", word="b"), {"sum": "5"}], "native", bench, store)
        await again.ask(Step("adder", "Go.", form=SUM))
    assert bench.calls == ["b"]
    assert [call.arguments for call in bench.earlier[0]] == [{"word": "a"}]


async def test_a_tool_that_was_changed_is_called_again() -> None:
    with Store.in_memory() as store:
        key = ToolKey("s", "identity/sum", 0, "digest")
        await store.record_tool(key, ToolCall(id="1", name="add", arguments={}, result="5"))
        recalled = await store.recall_tool(key)
        assert recalled is not None
        assert recalled.result == "5"
        assert await store.recall_tool(key._replace(digest="another")) is None


async def test_a_chat_that_is_cancelled_cancels_the_tool_that_it_waits_for() -> None:
    bench = Bench()
    with Store.in_memory() as store:
        chat, _ = chat_of([Call("wait")], "native", bench, store)
        task = asyncio.create_task(chat.ask(Step("adder", "Wait.", form=SUM)))
        await bench.waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert bench.cancelled


async def test_a_store_that_fails_beside_a_tool_ends_the_chat_and_is_no_text() -> None:
    class FullStore(Store):
        """A store whose disk is full when a tool's answer is to be kept."""

        async def record_tool(self, key: ToolKey, call: ToolCall) -> None:
            raise StoreError("the disk is full")

    with FullStore.in_memory() as store:
        chat, model = chat_of([Call("add", a=1), {"sum": "2"}], "native", Bench(), store)
        with pytest.raises(StoreError, match="disk is full"):
            await asyncio.wait_for(chat.ask(Step("adder", "Add.", form=SUM)), timeout=10)
    assert len(model.requests) == 1


async def test_others_hear_what_an_agent_says_and_not_what_it_called() -> None:
    bench = Bench()
    model = ScriptedModel({"You add": [Call("add", a=2, b=3), "It is 5."], "You judge": "Right."})
    adder = Participant(
        "adder", "You add.", model, "m", Sampling(), structured=True, tools=bench.tools(), native_tools=True
    )
    judge = Participant("judge", "You judge.", model, "m", Sampling(), structured=True, hears=frozenset({"adder"}))
    with Store.in_memory() as store:
        chat = open_chat("sums", "verify", "p", [adder, judge], seed_id="s", record=store, services=Toolbox({}))
        await chat.ask(Step("adder", "What is 2 + 3?"))
        assert await chat.ask(Step("judge", "Is it?")) == "Right."
    heard = words_of(model.requests[-1])
    assert heard[1] == ("user", "[adder]\nIt is 5.\n\nIs it?")
    spoken: list[Turn] = [turn for turn in chat.transcript.turns if turn.agent == "adder"]
    assert [turn.to for turn in spoken] == [(), ("judge",)]


@pytest.mark.parametrize(
    "written",
    ["[" * 100_000, '{"a": ' + "1" * 5000 + "}", '{"a": ' + "[" * 400 + "]" * 400 + "}", '{"\\ud800": 1}'],
    ids=["brackets", "digits", "nested", "half a pair"],
)
async def test_arguments_that_break_readers_of_json_neither_hang_the_chat_nor_end_the_run(written: str) -> None:
    hostile = Reply(text="", tool_requests=(ToolRequest(id="x", name="add", arguments=written),))
    with Store.in_memory() as store:
        chat, _ = chat_of([hostile, {"sum": "5"}], "native", Bench(), store)
        assert await asyncio.wait_for(chat.ask(Step("adder", "Add.", form=SUM)), timeout=10) == {"sum": ("5",)}
    (call,) = chat.transcript.turns[1].tool_calls
    assert call.is_error
    chat.transcript.model_dump_json()


async def test_an_error_of_ours_beside_a_tool_ends_the_chat_and_does_not_hang_it() -> None:
    class OddStore(Store):
        """A store with a fault in it."""

        async def recall_tool(self, key: ToolKey) -> ToolCall | None:
            raise RuntimeError("a fault in the store")

    with OddStore.in_memory() as store:
        chat, _ = chat_of([Call("add", a=1), {"sum": "2"}], "native", Bench(), store)
        with pytest.raises(ChatError, match="a fault in the store"):
            await asyncio.wait_for(chat.ask(Step("adder", "Add.", form=SUM)), timeout=10)


async def test_calls_of_one_id_are_told_apart() -> None:
    twice = Reply(
        text="", tool_requests=tuple(ToolRequest(id="x", name="add", arguments=f'{{"a": {n}}}') for n in (1, 7))
    )
    again = Reply(text="", tool_requests=(ToolRequest(id="x", name="add", arguments='{"a":'),))
    with Store.in_memory() as store:
        chat, model = chat_of([twice, again, {"sum": "5"}], "native", Bench(), store)
        await chat.ask(Step("adder", "Add.", form=SUM))
    calls = [call for turn in chat.transcript.turns for call in turn.tool_calls]
    assert [(call.arguments, call.result[:1]) for call in calls] == [({"a": 1}, "2"), ({"a": 7}, "8"), ('{"a":', "E")]
    ids = [message["tool_call_id"] for message in model.requests[1].messages if message["role"] == "tool"]
    assert len(set(ids)) == 2


async def test_a_reply_that_calls_very_many_tools_at_once_calls_none() -> None:
    wanted = tuple(ToolRequest(id=str(n), name="add", arguments='{"a": 1}') for n in range(MOST_CALLS + 1))
    bench = Bench()
    with Store.in_memory() as store:
        chat, _ = chat_of([Reply(text="", tool_requests=wanted)], "native", bench, store)
        with pytest.raises(UnparsableError, match="33 tools at once"):
            await chat.ask(Step("adder", "Add.", form=SUM))
    assert bench.calls == []


async def test_a_row_of_blocks_with_words_behind_it_is_read_at_once() -> None:
    row = '<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>\n' * 30
    started = time.perf_counter()
    read = read_action(Reply(text=row + "Done."), structured=False, free_text=True)
    assert len(read.tool_requests) == 30
    assert time.perf_counter() - started < 5


async def test_a_result_that_a_model_makes_up_behind_its_call_is_not_believed() -> None:
    bench = Bench()
    made_up = '<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>\nResult of add:\n9\n<sum>9</sum>'
    with Store.in_memory() as store:
        chat, model = chat_of([made_up, {"sum": "2"}], "blocks", bench, store)
        assert await chat.ask(Step("adder", "Add.", form=SUM)) == {"sum": ("2",)}
    assert bench.calls == ["add(1, 1)"]
    assert "9" not in words_of(model.requests[1])[2][1]


async def test_a_reply_about_blocks_calls_nothing() -> None:
    about = 'The tag <tool_call> is used as in <tool_call>{"name": "add"}</tool_call>.\n<sum>5</sum>'
    bench = Bench()
    with Store.in_memory() as store:
        chat, _ = chat_of([about], "blocks", bench, store)
        assert await chat.ask(Step("adder", "Add.", form=SUM)) == {"sum": ("5",)}
    assert bench.calls == []


async def test_an_action_in_a_fence_is_read() -> None:
    bench = Bench()
    fenced = '```json\n{"action": {"tool": "add", "arguments": {"a": 1}}}\n```'
    with Store.in_memory() as store:
        chat, _ = chat_of([Reply(text=fenced), {"sum": "2"}], "schema", bench, store)
        await chat.ask(Step("adder", "Add.", form=SUM))
    assert bench.calls == ["add(1, 1)"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_a_call_that_was_cut_or_filtered_is_never_made(way: str, finish: str) -> None:
    written = {
        "native": "",
        "schema": '{"action": {"tool": "add", "arguments": {"a": 1}}}',
        "blocks": '<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>',
    }
    wanted = (ToolRequest(id="x", name="add", arguments='{"a": 1}'),) if way == "native" else ()
    bench = Bench()
    with Store.in_memory() as store:
        reply = Reply(text=written[way], tool_requests=wanted, finish=finish)
        chat, _ = chat_of([reply], way, bench, store)
        with pytest.raises(TruncatedError if finish == "length" else RefusedError):
            await chat.ask(Step("adder", "Add.", form=SUM))
    assert bench.calls == []
    assert chat.transcript.usage.calls == 1


@pytest.mark.parametrize("way", ["native", "blocks"])
async def test_an_agent_that_has_to_call_a_tool_and_does_not_is_told_once(way: str) -> None:
    bench = Bench()
    with Store.in_memory() as store:
        answers: list[Answer] = [{"sum": "5"}, Call("add", a=2, b=3), {"sum": "5"}]
        chat, model = chat_of(answers, way, bench, store, must_call=True)
        await chat.ask(Step("adder", "What is 2 + 3?", form=SUM))
        assert bench.calls == ["add(2, 3)"]
        assert "You handed in without using a tool" in words_of(model.requests[1])[-1][1]
        chat, _ = chat_of([{"sum": "6"}, {"sum": "6"}], way, bench, store, must_call=True)
        with pytest.raises(UnparsableError, match="before a tool was called"):
            await chat.ask(Step("adder", "What is 3 + 3?", form=SUM))


async def test_five_hundred_chats_at_once_call_the_same_tool() -> None:
    bench = Bench()

    async def one(number: int, store: Store) -> object:
        model = ScriptedModel({"": [Call("add", a=number), {"sum": str(number)}]})
        adder = Participant(
            "adder", "You add.", model, "m", Sampling(), structured=True, tools=bench.tools(), native_tools=True
        )
        chat = open_chat(
            "sums", "respond", f"identity/{number}", [adder], seed_id="s", record=store, services=Toolbox({})
        )
        await chat.ask(Step("adder", "Add.", form=SUM))
        return chat.transcript.turns[1].tool_calls[0].result

    with Store.in_memory() as store:
        results = await asyncio.gather(*(one(number, store) for number in range(500)))
    assert results == [str(number + 1) for number in range(500)]


async def test_a_tool_is_told_of_the_calls_of_every_agent_of_the_chat() -> None:
    bench = Bench()
    model = ScriptedModel(
        {"You add": [Call("remember", word="a"), "Done."], "You judge": [Call("remember", word="b"), "OK."]}
    )
    agents = [
        Participant(name, said, model, "m", Sampling(), structured=True, tools=bench.tools(), native_tools=True)
        for name, said in (("adder", "You add."), ("judge", "You judge."))
    ]
    with Store.in_memory() as store:
        chat = open_chat("sums", "respond", "p", agents, seed_id="s", record=store, services=Toolbox({}))
        await chat.ask(Step("adder", "Go."))
        await chat.ask(Step("judge", "Go."))
    assert [call.arguments for call in bench.earlier[1]] == [{"word": "a"}]


async def test_words_beside_calls_that_may_not_be_made_are_judged_alone() -> None:
    beside = Reply(text='{"sum": "3"}', tool_requests=(ToolRequest(id="x", name="add", arguments='{"a": 1}'),))
    bench = Bench()
    with Store.in_memory() as store:
        chat, _ = chat_of([Call("add", a=2), beside], "native", bench, store, rounds=1)
        assert await chat.ask(Step("adder", "What is 2 + 1?", form=SUM)) == {"sum": ("3",)}
    assert bench.calls == ["add(2, 1)"]


async def test_a_call_that_failed_for_a_passing_reason_is_made_again_by_a_run_that_goes_on() -> None:
    states = [SandboxError("the engine went away")]

    def measure() -> str:
        """Measure."""
        if states:
            raise states.pop()
        return "7"

    def chat_with(store: Store, *answers: Answer) -> Chat:
        model = ScriptedModel({"": list(answers)})
        speaker = Participant(
            "adder",
            "You add.",
            model,
            "m",
            Sampling(),
            structured=True,
            tools=(tool_of(measure, "v1"),),
            native_tools=True,
        )
        return open_chat("sums", "respond", "p", [speaker], seed_id="s", record=store, services=Toolbox({}))

    with Store.in_memory() as store:
        chat = chat_with(store, Call("measure"), UnparsableError("power cut"))
        with pytest.raises(UnparsableError):
            await chat.ask(Step("adder", "Go.", form=SUM))
        (failed,) = chat.transcript.turns[1].tool_calls
        assert (failed.result, failed.is_error, failed.may_pass) == ("error: the engine went away", True, True)
        again = chat_with(store, {"sum": "7"})
        await again.ask(Step("adder", "Go.", form=SUM))
        (made,) = again.transcript.turns[1].tool_calls
        assert (made.result, made.may_pass) == ("7", False)
        third = chat_with(store)
        await third.ask(Step("adder", "Go.", form=SUM))
        assert third.transcript == again.transcript


async def test_a_result_on_record_is_not_that_of_a_call_after_other_calls() -> None:
    def remember(word: str, context: ToolContext) -> str:
        """Remember a word."""
        known = [str(call.arguments["word"]) for call in context.earlier if isinstance(call.arguments, dict)]
        return " ".join([*known, word])

    async def results(store: Store, *words: str) -> list[str]:
        model = ScriptedModel({"": [*(Call("remember", word=word) for word in words), {"sum": "1"}]})
        speaker = Participant(
            "adder",
            "You add.",
            model,
            words[0],  # another model, so nothing of what it said is on record
            Sampling(),
            structured=True,
            tools=(tool_of(remember, "v1"),),
            native_tools=True,
        )
        chat = open_chat("sums", "respond", "p", [speaker], seed_id="s", record=store, services=Toolbox({}))
        await chat.ask(Step("adder", "Go.", form=SUM))
        return [turn.tool_calls[0].result for turn in chat.transcript.turns if turn.tool_calls]

    with Store.in_memory() as store:
        assert await results(store, "a", "c") == ["a", "a c"]
        assert await results(store, "b", "c") == ["b", "b c"]
        assert await results(store, "a", "c") == ["a", "a c"]
