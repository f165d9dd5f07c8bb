import asyncio
import gc
import json
import weakref
from collections.abc import Mapping
from contextlib import suppress

import pytest
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat

from orca_agents.chats import Chat, Participant, Step, open_chat
from orca_agents.config import Sampling
from orca_agents.errors import (
    BudgetError,
    ChatError,
    OrcaError,
    RefusedError,
    RetriesError,
    StoppedError,
    TruncatedError,
    UnparsableError,
    WrongKeyError,
)
from orca_agents.harvest import Field, Form, Product
from orca_agents.models.api import CallKey, Purpose, Reply, Teacher, ToolKey
from orca_agents.records import ToolCall, Usage
from orca_agents.store import Store
from orca_agents.team import PlannedTeam
from orca_agents.testing import Answer, ScriptedModel

TITLE = Form((Field("title", "a title"),))


def chat_of(
    model: Teacher, names: tuple[str, ...] = ("writer",), hears: Mapping[str, set[str]] | None = None, **options: object
) -> Chat:
    participants = [
        Participant(
            name=name,
            system_message=f"You are the {name}.",
            teacher=model,
            model="m",
            sampling=Sampling(),
            structured=bool(options.get("structured", True)),
            hears=frozenset((hears or {}).get(name, ())),
        )
        for name in names
    ]
    record = options.get("record") or Store.in_memory()
    assert isinstance(record, Store)
    path = str(options.get("path", "path"))
    return open_chat("skill", "instruct", path, participants, seed_id="seed", record=record)


async def test_a_turn_is_read_by_its_form() -> None:
    chat = chat_of(ScriptedModel({"writer": {"title": "On tides"}}))
    assert await chat.ask(Step("writer", "Write a title.", form=TITLE)) == {"title": ("On tides",)}
    task, reply = chat.transcript.turns
    assert (task.agent, task.to) == ("moderator", ("writer",))
    assert task.text.startswith("Write a title.")
    assert '"title"' in task.text
    assert (reply.agent, json.loads(reply.text)) == ("writer", {"title": "On tides"})
    assert reply.usage.calls == 1
    assert reply.usage.completion_tokens > 0


async def test_the_plan_names_the_speakers_and_no_call_is_spent_on_choosing() -> None:
    model = ScriptedModel({"suggester": "make it shorter", "editor": "Tides"})
    chat = chat_of(model, ("suggester", "editor"), {"editor": {"suggester"}})
    order = ["suggester", "editor", "suggester", "editor"]

    def plan(said: object) -> Step | None:
        count = len(said)  # type: ignore[arg-type]
        return Step(order[count], "Go on.") if count < len(order) else None

    assert await chat.go(plan) == "Tides"
    assert [turn.agent for turn in chat.transcript.turns if turn.agent != "moderator"] == order
    assert len(model.requests) == 4


async def test_an_agent_hears_only_whom_it_may() -> None:
    model = ScriptedModel({"suggester": "SECRET PROPOSAL", "editor": "edited", "solver": "solved"})
    chat = chat_of(model, ("suggester", "editor", "solver"), {"editor": {"suggester"}})
    await chat.ask(Step("suggester", "OPENING", also=("editor",)))
    await chat.ask(Step("editor", "Carry it out."))
    await chat.ask(Step("solver", "Solve."))
    heard = {str(request.messages[0]["content"]): str(request.messages[1:]) for request in model.requests}
    assert "OPENING" in heard["You are the editor."]
    assert "[suggester]\\nSECRET PROPOSAL" in heard["You are the editor."]
    assert "SECRET" not in heard["You are the solver."]
    assert "OPENING" not in heard["You are the solver."]
    assert chat.transcript.turns[1].to == ("editor",)


async def test_an_unreadable_reply_gets_one_repair_that_shows_the_error() -> None:
    model = ScriptedModel({"writer": ["Here is a title!", {"title": "On tides"}]})
    chat = chat_of(model)
    assert await chat.ask(Step("writer", "Write.", form=TITLE)) == {"title": ("On tides",)}
    repair = model.requests[1].messages[-1]["content"]
    assert "could not be read: this is not JSON" in repair
    assert [turn.agent for turn in chat.transcript.turns] == ["moderator", "writer", "moderator", "writer"]


async def test_a_reply_that_stays_unreadable_is_a_typed_failure() -> None:
    chat = chat_of(ScriptedModel({"writer": ["no", "no again", {"title": "too late"}]}))
    with pytest.raises(UnparsableError, match="also after one repair"):
        await chat.ask(Step("writer", "Write.", form=TITLE))
    assert len(chat.transcript.turns) == 4
    assert chat.transcript.error is not None
    assert chat.transcript.error.startswith("UnparsableError")


async def test_a_record_that_cannot_be_built_is_repaired_like_a_form() -> None:
    def build(product: Product) -> str:
        if product["title"] == ("Untitled",):
            raise UnparsableError("a title must say something")
        return product["title"][0].upper()

    chat = chat_of(ScriptedModel({"writer": [{"title": "Untitled"}, {"title": "tides"}]}))
    assert await chat.ask(Step("writer", "Write.", form=TITLE, build=build)) == "TIDES"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(text='{"title": "On ti', finish="length", usage=Usage(calls=1, completion_tokens=9)), TruncatedError),
        (Reply(text="", refusal="I cannot help with that"), RefusedError),
        (Reply(text="x", finish="content_filter"), RefusedError),
        (Reply(text=""), UnparsableError),
        (WrongKeyError("the key is wrong"), WrongKeyError),
        (ValueError("something odd inside an agent"), ChatError),
    ],
)
async def test_an_error_in_an_agent_keeps_its_type(reply: Reply | Exception, error: type[Exception]) -> None:
    chat = chat_of(ScriptedModel({"writer": [reply]}))
    with pytest.raises(error) as caught:
        await chat.ask(Step("writer", "Write.", form=TITLE))
    assert type(caught.value) is error
    assert error.__name__ in str(chat.transcript.error) or error is ChatError


async def test_a_cut_reply_was_paid_for_and_is_in_the_transcript() -> None:
    usage = Usage(calls=1, prompt_tokens=5, completion_tokens=9)
    chat = chat_of(ScriptedModel({"writer": [Reply(text="cut her", finish="length", usage=usage)]}))
    with pytest.raises(TruncatedError):
        await chat.ask(Step("writer", "Write."))
    assert chat.transcript.turns[-1].text == "cut her"
    assert chat.transcript.usage == usage


async def test_reasoning_is_kept_apart_from_the_answer_and_counted() -> None:
    usage = Usage(calls=1, completion_tokens=30, reasoning_tokens=25)
    reply = Reply(text='{"title": "Tides"}', reasoning="The text is about tides.", usage=usage)
    chat = chat_of(ScriptedModel({"writer": [reply, {"title": "x"}]}))
    assert await chat.ask(Step("writer", "Write.", form=TITLE)) == {"title": ("Tides",)}
    turn = chat.transcript.turns[-1]
    assert (turn.reasoning, turn.usage.reasoning_tokens) == ("The text is about tides.", 25)
    assert "about tides" not in turn.text


async def test_cancelling_stops_a_chat_at_once() -> None:
    chat = chat_of(ScriptedModel({"writer": "late"}, latency_s=60))
    task = asyncio.create_task(chat.ask(Step("writer", "Write.")))
    await asyncio.sleep(0.05)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_call_on_record_is_not_made_again() -> None:
    record = Store.in_memory()
    first = ScriptedModel({"writer": {"title": "On tides"}})
    second = ScriptedModel({"writer": {"title": "Something else"}})
    step = Step("writer", "Write.", form=TITLE)
    before = chat_of(first, record=record)
    after = chat_of(second, record=record)
    assert await before.ask(step) == await after.ask(step)
    assert before.transcript == after.transcript
    assert second.requests == []
    changed = await chat_of(second, record=record).ask(Step("writer", "Write!", form=TITLE))
    assert changed == {"title": ("Something else",)}


@pytest.mark.parametrize(
    ("path", "leaf"),
    [("poem_generator", ""), ("identity/strengthen", "strengthen"), ("identity/strengthen/complicate.1", "strengthen")],
)
async def test_a_call_is_on_record_with_what_it_is_for(path: str, leaf: str) -> None:
    with Store.in_memory() as record:
        model = ScriptedModel({"suggester": "one", "editor": ["two", "three"]})
        chat = chat_of(model, ("suggester", "editor"), record=record, path=path)
        for speaker in ("suggester", "editor", "editor"):
            await chat.ask(Step(speaker, "Go on."))
        assert sorted((row[:4], row.replies, row.faults) for row in record.spend()) == [
            (Purpose("m", "instruct", leaf, "editor"), 2, 0),
            (Purpose("m", "instruct", leaf, "suggester"), 1, 0),
        ]


async def test_a_branch_is_paid_under_its_own_path() -> None:
    with Store.in_memory() as record:
        chat = chat_of(ScriptedModel({"writer": "x"}), record=record, path="identity/essay")
        await chat.ask(Step("writer", "Write."))
        await chat.branch("identity/order/harder").ask(Step("writer", "Again."))
        assert sorted((row.leaf, row.replies) for row in record.spend()) == [("essay", 1), ("order", 1)]


class Notebook:
    """A record of calls that keeps nothing but faults."""

    def __init__(self) -> None:
        self.faults: list[tuple[CallKey, Purpose, str, str, int]] = []

    async def recall(self, key: CallKey) -> Reply | None:
        return None

    async def record(self, key: CallKey, purpose: Purpose, request_body: dict[str, object], reply: Reply) -> None:
        raise AssertionError("there was no reply")

    async def record_fault(self, key: CallKey, purpose: Purpose, error: str, message: str, attempts: int) -> None:
        self.faults.append((key, purpose, error, message, attempts))

    async def recall_tool(self, key: ToolKey) -> ToolCall | None:
        raise AssertionError("there were no tools")

    async def record_tool(self, key: ToolKey, call: ToolCall) -> None:
        raise AssertionError("there were no tools")


async def faults_after(error: Exception) -> tuple[list[tuple[CallKey, Purpose, str, str, int]], Exception, str]:
    """What is noted when a call ends in this error; how the chat ends; and the digest of the request."""
    notes, model = Notebook(), ScriptedModel({"writer": error})
    speaker = Participant("writer", "You are the writer.", model, "m", Sampling(), structured=True)
    chat = open_chat("skill", "respond", "identity/essay", [speaker], seed_id="seed", record=notes)
    with pytest.raises(Exception) as caught:  # noqa: PT011  the callers look at its type
        await chat.ask(Step("writer", "Write.", form=TITLE))
    return notes.faults, caught.value, model.requests[0].digest()


async def test_a_call_that_ends_without_a_reply_is_noted_with_what_it_took() -> None:
    error = RetriesError("the endpoint answered 503 (tried 7 times)")
    error.attempts = 7
    faults, caught, digest = await faults_after(error)
    assert caught is error
    key = CallKey("seed", "identity/essay", 0, digest)
    purpose = Purpose("m", "respond", "essay", "writer")
    assert faults == [(key, purpose, "RetriesError", "the endpoint answered 503 (tried 7 times)", 7)]


@pytest.mark.parametrize("error", [StoppedError("it has what it was asked for"), BudgetError("nothing is left")])
async def test_a_run_that_stops_is_no_fault_of_the_call(error: OrcaError) -> None:
    faults, caught, _ = await faults_after(error)
    assert caught is error
    assert faults == []


@pytest.mark.parametrize(
    "replies",
    [["?", {"title": "On tides"}], ["?", "? again"], [Reply(text="cut her", finish="length")]],
)
async def test_a_chat_that_is_over_is_freed_without_the_garbage_collector(replies: list[Answer]) -> None:
    async def hold() -> list[weakref.ref[Chat]]:
        chat = chat_of(ScriptedModel({"writer": ["Tides", *replies]}))
        await chat.ask(Step("writer", "Say something."))
        twin = chat.branch("elsewhere")
        with suppress(OrcaError):
            await twin.ask(Step("writer", "Write.", form=TITLE))
        return [weakref.ref(chat), weakref.ref(twin)]

    gc.disable()
    try:
        assert [reference() for reference in await hold()] == [None, None]
    finally:
        gc.enable()


async def test_without_schemas_the_form_is_asked_for_in_tags() -> None:
    model = ScriptedModel({"writer": "<title>On tides</title>"}, json_schema=False)
    chat = chat_of(model, structured=False)
    assert await chat.ask(Step("writer", "Write.", form=TITLE)) == {"title": ("On tides",)}
    assert model.requests[0].schema is None
    assert "<title>...</title>" in model.requests[0].messages[-1]["content"]


async def test_roles_alternate_on_the_wire() -> None:
    model = ScriptedModel({"suggester": "one", "editor": "two"})
    chat = chat_of(model, ("suggester", "editor"), {"editor": {"suggester"}})
    await chat.ask(Step("suggester", "OPENING", also=("editor",)))
    await chat.ask(Step("editor", "Carry it out."))
    await chat.ask(Step("editor", "And again."))
    assert [message["role"] for message in model.requests[-1].messages] == ["system", "user", "assistant", "user"]


async def test_the_team_nests_in_autogens_own_teams() -> None:
    from autogen_agentchat.agents import AssistantAgent

    from orca_agents.models.client import Place, RecordedClient

    model = ScriptedModel({"inner": "from inside"})

    def agent(name: str) -> AssistantAgent:
        client = RecordedClient(
            name, model, "m", Sampling(), {}, Place("skill", "stage", "seed", name, Store.in_memory())
        )
        return AssistantAgent(name, client, system_message="You are inner.")

    inner = PlannedTeam(
        [agent("a"), agent("b")],
        lambda thread: ("b", ()) if thread[-1].source != "b" else None,
        lambda listener, speaker: True,
    )
    result = await RoundRobinGroupChat([inner], termination_condition=MaxMessageTermination(2)).run(task="Go.")
    assert "from inside" in result.messages[-1].to_text()
