"""The run store keeps what it acknowledged, whatever happens to the process, the disk or the file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orca_agents.errors import StoreError
from orca_agents.funnel import Funnel
from orca_agents.models.api import CallKey, Purpose, Reply, Request
from orca_agents.outcomes import Example, ExampleMetadata, Failure, Outcome, Rejection, Skip, skill_of
from orca_agents.records import Seed, Transcript, Turn, Usage, Verification, short_hash
from orca_agents.store import FILE_NAME, Count, Spend, Store, Tally

ODD_TEXTS = {
    "nul": "before\x00after",
    "emoji": "a 🐋 and a family 👩‍👩‍👧",
    "lone surrogate": "half \ud83d of a pair",
    "two halves": "\ud83d\ude00 is not the emoji",
    "markup": "*bold* _x_ {brace} <tag>\r\n\t'\"\\u0041",
    "line separators": "a\u2028b\x85c\x1fd",
    "empty": "",
}
KEY = CallKey("seed", "writer/respond", 0, "digest")
PURPOSE = Purpose("m", "respond", "literal", "writer")
BODY = {"model": "m", "messages": [{"role": "user", "content": "Where do orcas live?"}]}


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "run") if request.param == "on disk" else Store.in_memory() as store:
        yield store


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
async def test_a_reply_comes_back_as_it_was(store: Store, text: str) -> None:
    request = Request("m", ({"role": "user", "content": text},))
    reply = Reply(text=text, reasoning=text, refusal=text, model="m-1", usage=Usage(calls=1, prompt_tokens=7))
    key = CallKey(text, text, 3, request.digest())
    await store.record(key, Purpose("m", text, text, text), request.body(), reply)
    assert await store.recall(key) == reply
    await store.record_fault(key, Purpose("m", text, text, text), text, text, 2)
    assert store.spend() == [Spend("m", text, text, text, 1, 3, 1, reply.usage)]


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
async def test_chats_and_outcomes_come_back_as_they_were(store: Store, text: str) -> None:
    chat = Transcript(id="c1" + text, seed_id=text, path=text, stage="respond", turns=(Turn(agent="a", text=text),))
    outcome = rejection("r1" + text, reason=text, leaf=text)
    await store.save_outcomes(text, "config", [outcome], chats=[chat], drawn={text: 1})
    assert list(store.chats("config")) == list(store.chats("config", [chat.id])) == [chat]
    assert list(store.outcomes("config")) == [outcome]
    assert store.finished("config", text) == Tally({text: 1}, {})
    seed = Seed(text=text, id=text or "none", metadata={"a": text, "b": float("inf")})
    store.plan(0, text, seed.id)
    await store.keep_seed(text, seed)
    assert list(store.planned_seeds()) == [(0, text, seed)]
    assert list(store.counts("config", planned=True)) == [
        Count("Rejection", "respond", text, "evidence", skill_of(text), 1)
    ]


@pytest.mark.parametrize(
    "other",
    [
        KEY._replace(seed_id="other"),
        KEY._replace(path="other"),
        KEY._replace(ordinal=1),
        KEY._replace(digest="other"),
    ],
    ids=["seed", "path", "ordinal", "digest"],
)
async def test_nothing_is_recalled_when_one_part_of_the_key_differs(store: Store, other: CallKey) -> None:
    await store.record(KEY, PURPOSE, BODY, Reply(text="x"))
    assert await store.recall(KEY) is not None
    assert await store.recall(other) is None


async def test_the_first_reply_to_a_request_stays_and_is_counted_once(store: Store) -> None:
    await store.record(KEY, PURPOSE, BODY, Reply(text="first", usage=Usage(calls=1, completion_tokens=5)))
    await store.record(KEY, PURPOSE, BODY, Reply(text="second", usage=Usage(calls=1, completion_tokens=9)))
    reply = await store.recall(KEY)
    assert reply is not None
    assert reply.text == "first"
    assert store.usage() == Usage(calls=1, completion_tokens=5)
    assert store.call_count() == 1


async def test_usage_adds_up_for_each_model(store: Store) -> None:
    assert store.usage() == Usage()
    assert store.call_count() == 0
    for ordinal, model in enumerate(["a", "b", "b"]):
        usage = Usage(calls=1, prompt_tokens=10, completion_tokens=2, reasoning_tokens=1, cached_tokens=4)
        key = CallKey("s", "p", ordinal, "d")
        await store.record(key, PURPOSE._replace(model=model), {}, Reply(text="", usage=usage))
    assert store.usage() == Usage(calls=3, prompt_tokens=30, completion_tokens=6, reasoning_tokens=3, cached_tokens=12)
    assert {model: usage.calls for model, usage in store.usage_by_model().items()} == {"a": 1, "b": 2}
    assert store.call_count() == 3


async def test_two_hundred_writers_at_once_all_get_their_row(store: Store) -> None:
    async def write(number: int) -> None:
        await store.record(KEY._replace(ordinal=number), PURPOSE, BODY, Reply(text=str(number)))
        reply = await store.recall(KEY._replace(ordinal=number))
        assert reply is not None
        assert reply.text == str(number)

    await asyncio.gather(*map(write, range(200)))
    assert store.call_count() == 200


async def test_a_reply_is_kept_although_the_caller_was_cancelled(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        task = asyncio.create_task(store.record(KEY, PURPOSE, BODY, Reply(text="paid for")))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    with Store.open(tmp_path) as store:
        assert await store.recall(KEY) == Reply(text="paid for")


async def test_saving_again_under_the_same_config_replaces(store: Store) -> None:
    await store.save_outcomes("s", "config", [rejection("a"), rejection("b")])
    await store.save_outcomes("other", "config", [rejection("c")])
    await store.save_outcomes("s", "config", [rejection("d")])
    assert [outcome.id for outcome in store.outcomes("config")] == ["c", "d"]
    chat = Transcript(id="t", seed_id="s", path="p", stage="respond")
    await store.save_outcomes("s", "config", [], chats=[chat])
    await store.save_outcomes("s", "config", [], chats=[chat.model_copy(update={"error": "ChatTimeoutError"})])
    assert [chat.error for chat in store.chats("config")] == ["ChatTimeoutError"]


async def test_outcomes_of_an_older_config_are_kept_but_not_listed(store: Store) -> None:
    chat = Transcript(id="t", seed_id="s", path="old", stage="respond")
    await store.save_outcomes("s", "old", [rejection("a", reason="old"), rejection("b", reason="old")], chats=[chat])
    assert store.finished("new", "s") is None
    assert store.finished("old", "s") is not None
    newer = chat.model_copy(update={"path": "new"})
    await store.save_outcomes("s", "new", [rejection("a", reason="new")], chats=[newer])
    assert [outcome.id for outcome in store.outcomes("new")] == ["a"]
    assert [outcome.id for outcome in store.outcomes("old")] == ["a", "b"]
    assert [chat.path for chat in store.chats("new", ["t", "unknown"])] == ["new"]
    assert [(found.config_hash, found.outcome.id) for found in store.find("a")] == [("new", "a"), ("old", "a")]
    assert [found.config_hash for found in store.find("b")] == ["old"]
    assert store.find("\udcff") == []


async def test_outcomes_are_listed_by_id_and_kind_over_many_pages(store: Store) -> None:
    skip = Skip(id="id-0000", source="book.md", stage="instruct", reason="a table of contents")
    failure = Failure(
        id="id-9999", skill="k", seed_id="s", leaf=None, stage="respond", path="p", error="RefusedError", message="no"
    )
    for unit in range(4):
        await store.save_outcomes(f"u{unit}", "config", [rejection(f"id-{n:04}") for n in range(4 - unit, 1300, 4)])
    await store.save_outcomes("last", "config", [failure, skip])
    ids = [outcome.id for outcome in store.outcomes("config")]
    assert ids == ["id-0000", *(f"id-{n:04}" for n in range(1, 1300)), "id-9999"]
    assert list(store.outcomes("config", Failure)) == [failure]
    assert list(store.outcomes("config", Skip)) == [skip]
    assert list(store.outcomes("config", Example)) == []
    assert len(store.find("id-00")) == 20


async def test_two_outcomes_with_one_id_are_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(StoreError, match="2 outcomes with the id 'a'"):
        await store.save_outcomes("s", "config", [rejection("a"), rejection("a", reason="other")])
    assert store.finished("config", "s") is None
    assert store.finished_count("config") == 0
    await store.save_outcomes("s", "config", [])
    assert store.finished("config", "s") == Tally({}, {})
    assert store.finished_count("config") == 1


def test_a_note_is_replaced_and_outlives_the_process(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.set_note("probe", {"json_schema": True})
        store.set_note("probe", {"json_schema": False})
    with Store.open(tmp_path) as store:
        assert store.note("probe") == {"json_schema": False}
        assert store.note("unknown") is None


async def test_spend_counts_replies_and_faults_for_each_purpose(store: Store) -> None:
    usage = Usage(calls=1, prompt_tokens=10, completion_tokens=2)
    solver = PURPOSE._replace(stage="verify", agent="solver")
    await store.record(KEY, PURPOSE, BODY, Reply(text="", usage=usage, attempts=3))
    await store.record(KEY, PURPOSE, BODY, Reply(text="dropped", usage=usage, attempts=5))
    await store.record(KEY._replace(ordinal=1), PURPOSE, BODY, Reply(text="", usage=usage))
    await store.record(KEY._replace(seed_id="other"), solver, BODY, Reply(text="", usage=usage))
    await store.record_fault(KEY._replace(ordinal=2), PURPOSE, "RetriesError", "no answer", 6)
    await store.record_fault(KEY, solver._replace(model="n"), "BadRequestError", "no", 1)
    assert store.spend() == [
        Spend("m", "respond", "literal", "writer", 2, 10, 1, usage + usage),
        Spend("m", "verify", "literal", "solver", 1, 1, 0, usage),
        Spend("n", "verify", "literal", "solver", 0, 1, 1, Usage()),
    ]
    assert store.usage() == usage + usage + usage
    assert store.call_count() == 3


async def test_requests_whose_replies_came_without_counts_are_listed(store: Store) -> None:
    told = Usage(calls=1, prompt_tokens=10)
    for number in range(1200):
        request = {**BODY, "number": number}
        usage = Usage(calls=1) if number % 2 else told
        await store.record(KEY._replace(ordinal=number), PURPOSE, request, Reply(text="", usage=usage))
    expected = [("m", {**BODY, "number": number}) for number in range(1, 1200, 2)]
    assert list(store.uncounted_requests()) == expected


async def test_a_unit_that_is_not_finished_keeps_its_outcomes_until_it_is_done_again(store: Store) -> None:
    await store.save_outcomes("u", "config", [rejection("a"), example("b")], drawn={"l": 2}, finished=False)
    assert store.finished("config", "u") is None
    assert [outcome.id for outcome in store.outcomes("config")] == ["a", "b"]
    await store.save_outcomes("u", "config", [example("b"), example("c")], drawn={"l": 2, "x": 1}, finished=True)
    assert [outcome.id for outcome in store.outcomes("config")] == ["b", "c"]
    assert store.finished("config", "u") == Tally({"l": 2, "x": 1}, {"l": 2})
    assert store.finished("other", "u") is None
    await store.save_outcomes("u", "config", [], finished=False)
    assert store.finished("config", "u") is None


async def test_what_the_latest_run_came_by_is_listed_in_its_order(store: Store) -> None:
    seeds = [Seed(text=f"seed {number}") for number in range(6)]
    units = ["u3", "u1", "u5", "u2", "u4", "u0"]
    store.begin_plan()
    for position, (unit, seed) in enumerate(zip(units, seeds, strict=True)):
        store.plan(position, unit, seed.id)
        await store.keep_seed(unit, seed)
        chat = Transcript(id=f"chat {unit}", seed_id=seed.id, path="p", stage="s")
        outcomes: list[Outcome] = [example(f"{unit} b"), rejection(f"{unit} c"), example(f"{unit} a", leaf="x")]
        await store.save_outcomes(unit, "config", outcomes, chats=[chat])
        await store.save_outcomes(unit, "old", [rejection(f"{unit} old")])
    assert list(store.planned_seeds()) == [(n, unit, seeds[n]) for n, unit in enumerate(units)]

    store.begin_plan()
    assert list(store.outcomes("config", planned=True)) == []
    for position, unit in enumerate(["u1", "skip", "u5", "u1"]):
        store.plan(position * 10, unit, None if unit == "skip" else seeds[units.index(unit)].id)
    await store.save_outcomes("skip", "config", [Skip(id="skip", source="f", stage="seeds", reason="empty")])
    assert [outcome.id for outcome in store.outcomes("config", planned=True)] == [
        "skip",
        *("u1 a", "u1 b", "u1 c"),
        *("u5 a", "u5 b", "u5 c"),
    ]
    assert [outcome.id for outcome in store.outcomes("config", Rejection, planned=True)] == ["u1 c", "u5 c"]
    assert len(list(store.outcomes("config"))) == 19
    assert list(store.accepted_in_order("config")) == [
        (0, "u1 a", "x"),
        (0, "u1 b", "l"),
        (20, "u5 a", "x"),
        (20, "u5 b", "l"),
    ]
    assert sorted(store.counts("config", planned=True), key=str) == [
        Count("Example", "", "l", "", "", 2),
        Count("Example", "", "x", "", "", 2),
        Count("Rejection", "respond", "l", "evidence", "", 2),
        Count("Skip", "seeds", None, "", "", 1),
    ]
    assert list(store.counts("old")) == [Count("Rejection", "respond", "l", "evidence", "", 6)]
    assert list(store.planned_seeds()) == [(0, "u1", seeds[1]), (20, "u5", seeds[2])]
    assert [chat.id for chat in store.chats("config", planned=True)] == ["chat u1", "chat u5"]
    assert [chat.id for chat in store.chats("config", ["chat u5", "chat u0"], planned=True)] == ["chat u5"]
    assert len(list(store.chats("config"))) == 6


async def test_the_funnel_of_counts_is_the_funnel_of_the_outcomes(store: Store) -> None:
    failure: dict[str, Any] = {"skill": "k", "seed_id": "s", "path": "p", "message": "no", "error": "RefusedError"}
    outcomes: list[Outcome] = [
        *(example(f"e{number}", leaf=f"l{number % 2}") for number in range(5)),
        *(rejection(f"r{number}", leaf="l0" if number % 2 else None) for number in range(5)),
        Failure(id="f1", leaf=None, stage="transform", **failure),
        Failure(id="f2", leaf="l1", stage="respond", **failure),
        Failure(id="f3", leaf="l1", stage="verify", **failure),
        Skip(id="s1", source="f", stage="seeds", reason="empty"),
        Skip(id="s2", source="f", seed_id="s", stage="instruct", leaf="l0", reason="unsuited"),
        Skip(id="s3", source="f", seed_id="s", stage="transform", reason="unsuited"),
    ]
    await store.save_outcomes("u", "config", outcomes)
    assert Funnel.of_counts(store.counts("config")) == Funnel.of(outcomes)
    assert Funnel.of_counts(store.counts("config")).to_dict() == Funnel.of(store.outcomes("config")).to_dict()


async def test_listings_of_a_long_run_take_time_in_proportion(store: Store) -> None:
    few, many = 600, 6000
    steps: dict[int, list[int]] = {}
    for size in (few, many):
        store.begin_plan()
        for position in range(size):
            store.plan(position, f"{size}-{position}", f"s{position}")
        saved = (
            store.save_outcomes(f"{size}-{position}", f"c{size}", [example(short_hash(str(position)))])
            for position in range(size)
        )
        await asyncio.gather(*saved)
        steps[size] = [
            count_steps(store, listing)
            for listing in (
                store.outcomes(f"c{size}", planned=True),
                store.accepted_in_order(f"c{size}"),
                store.counts(f"c{size}"),
                store.counts(f"c{size}", planned=True),
            )
        ]
    # quadratic work would come to a hundred times as much
    assert all(after < 20 * before for before, after in zip(steps[few], steps[many], strict=True))


def test_a_plan_of_thousands_is_kept_without_waiting_for_each(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for _ in range(2):
            store.begin_plan()
            for position in range(7001):
                store.plan(position, f"u{position}", None)
                store.note_soon("progress", position)
    with Store.open(tmp_path, read_only=True) as store:
        assert store.note("progress") == 7000
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM planned").fetchone() == (7001,)


async def test_what_nobody_waited_for_fails_the_next_write(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.record(KEY, PURPOSE, BODY, Reply(text="kept"))
        change(tmp_path / FILE_NAME, "DROP TABLE faults")
        await store.record_fault(KEY, PURPOSE, "RetriesError", "no answer", 1)
        with pytest.raises(StoreError, match="no such table: faults"):
            await store.save_outcomes("u", "config", [])
        with pytest.raises(StoreError, match="no such table: faults"):
            store.flush()
        store.plan(0, "u", None)
        with pytest.raises(StoreError, match="no such table: faults"):
            store.note_soon("progress", 1)
        assert list(store.outcomes("config", planned=True)) == []
        assert store.call_count() == 1


async def test_what_json_has_no_form_for_is_refused_and_the_rest_goes_on(store: Store) -> None:
    circle: dict[str, Any] = {}
    circle["itself"] = circle
    for value in (object(), circle):
        with pytest.raises(StoreError, match=r"a Seed cannot be kept: .*JSON data only"):
            await store.keep_seed("u", Seed(text="x", metadata={"a": value}))
    await store.record(KEY, PURPOSE, BODY, Reply(text="x"))
    assert store.call_count() == 1


async def test_a_run_is_larger_on_disk_than_its_replies(store: Store) -> None:
    before = store.size_bytes()
    for ordinal in range(20):
        await store.record(KEY._replace(ordinal=ordinal), PURPOSE, BODY, Reply(text=os.urandom(5000).hex()))
    assert store.size_bytes() >= before + 20 * 5000


def test_a_store_that_waits_for_the_disk_works_the_same(tmp_path: Path) -> None:
    with Store.open(tmp_path, durable=True) as store:
        asyncio.run(store.record(KEY, PURPOSE, BODY, Reply(text="x")))
    with Store.open(tmp_path) as store:
        assert store.call_count() == 1


def test_a_closed_run_is_one_file_beside_its_lock(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        asyncio.run(store.record(KEY, PURPOSE, BODY, Reply(text="x")))
    assert {path.name for path in tmp_path.iterdir()} == {FILE_NAME, "run.lock"}


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.record(KEY, PURPOSE, BODY, Reply(text="x"))
    with pytest.raises(StoreError, match="is closed"):
        await store.recall(KEY)
    with pytest.raises(StoreError, match="is closed"):
        store.usage()


WRITE_UNTIL_KILLED = """
    import asyncio, sys
    from pathlib import Path
    from orca_agents.models.api import CallKey, Purpose, Reply
    from orca_agents.outcomes import Skip
    from orca_agents.store import Store

    async def write(store, writer, start):
        for number in range(start, start + 100_000):
            key = CallKey("s", f"w{writer}", number, "d")
            await store.record(key, Purpose("m", "t", "l", "a"), {"model": "m"}, Reply(text="x" * 500))
            if number % 10 == 0:
                unit = f"{writer}-{number}"
                await store.save_outcomes(unit, "c", [Skip(id=unit, source="s", stage="t", reason="r")])
                print("unit", unit, flush=True)
            print("call", writer, number, flush=True)

    async def main():
        store = Store.open(Path(sys.argv[1]))
        await asyncio.gather(*(write(store, writer, int(sys.argv[2])) for writer in range(8)))

    asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
async def test_kill_minus_nine_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    said: list[list[str]] = []
    for attempt in range(3):
        child = run_python(WRITE_UNTIL_KILLED, str(tmp_path), str(attempt * 100_000))
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(150 * (attempt + 1))]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        child.wait()
        child.stdout.close()
        said += [line.split() for line in lines if line.endswith("\n")]
    assert len(said) >= 900
    with Store.open(tmp_path) as store:
        finished = {outcome.id for outcome in store.outcomes("c")}
        calls = [words[1:] for words in said if words[0] == "call"]
        assert {words[1] for words in said if words[0] == "unit"} <= finished
        assert store.finished_count("c") == len(finished)
        assert all(store.finished("c", unit) for unit in finished)
        for writer, number in calls:
            assert await store.recall(CallKey("s", f"w{writer}", int(number), "d")), f"call {writer} {number} is lost"
        # at most what each of 8 writers had in flight was written and not acknowledged
        assert len(calls) <= store.call_count() <= len(calls) + 3 * 8
        assert store.usage().calls == store.call_count()
    with contextlib.closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


HOLD = """
    import sys, time
    from pathlib import Path
    from orca_agents.store import Store
    store = Store.open(Path(sys.argv[1]))
    print("open", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    child = run_python(HOLD, str(tmp_path))
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    with pytest.raises(StoreError, match=rf"in use by process {child.pid} on .*another folder"):
        Store.open(tmp_path)
    with Store.open(tmp_path, read_only=True) as store:
        assert store.note("opened_by")["pid"] == child.pid
    child.kill()
    child.wait()
    child.stdout.close()
    with Store.open(tmp_path) as store:
        assert store.note("opened_by")["pid"] == os.getpid()


def test_a_second_store_in_the_same_process_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path), pytest.raises(StoreError, match="in use by process"):
        Store.open(tmp_path)
    Store.open(tmp_path).close()


async def test_a_reader_sees_what_is_committed_while_the_run_goes_on(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open(tmp_path, create=False, read_only=True) as reader:
        await store.save_outcomes("s1", "config", [rejection(f"a{n:04}") for n in range(600)])
        listing = reader.outcomes("config")
        assert next(listing).id == "a0000"
        await store.save_outcomes("s2", "config", [rejection("b")])
        await store.record(KEY, PURPOSE, BODY, Reply(text="x"))
        assert len(list(listing)) == 600
        assert reader.finished_count("config") == 2
        assert await reader.recall(KEY) == Reply(text="x")
        with pytest.raises(StoreError, match="for reading only"):
            await reader.record(KEY, PURPOSE, BODY, Reply(text="x"))
        with pytest.raises(StoreError, match="for reading only"):
            reader.set_note("a", 1)
    with Store.open(tmp_path, read_only=True) as reader:
        assert reader.call_count() == 1


@pytest.mark.parametrize("options", [{"create": False}, {"read_only": True}])
def test_a_folder_without_a_run_is_refused_and_left_as_it_was(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="is not the folder of a run"):
        Store.open(tmp_path / "none", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_left_empty_by_a_kill_becomes_a_run(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with pytest.raises(StoreError, match="there is no run in it"):
        Store.open(tmp_path, create=False)
    with pytest.raises(StoreError, match="there is no run in it"):
        Store.open(tmp_path, read_only=True)
    with Store.open(tmp_path) as store:
        assert store.call_count() == 0


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_format_is_refused_with_the_version_that_made_it(tmp_path: Path, read_only: bool) -> None:
    with Store.open(tmp_path) as store:
        store.set_note("created_with", "99.1")
    change(tmp_path / FILE_NAME, "PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"made by orca-agents 99\.1 in format 99.*upgrade it"):
        Store.open(tmp_path, read_only=read_only)
    change(tmp_path / FILE_NAME, "DROP TABLE notes")
    with pytest.raises(StoreError, match=r"made by a newer orca-agents in format 99"):
        Store.open(tmp_path, read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_format_is_refused_with_the_version_that_made_it(tmp_path: Path, read_only: bool) -> None:
    with Store.open(tmp_path) as store:
        store.set_note("created_with", "0.0.1")
    change(tmp_path / FILE_NAME, "PRAGMA user_version = 1")
    with pytest.raises(StoreError, match=r"made by orca-agents 0\.0\.1 in format 1.*use that version, or a new folder"):
        Store.open(tmp_path, read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_another_program_is_refused_and_left_as_it_was(tmp_path: Path, read_only: bool) -> None:
    change(tmp_path / FILE_NAME, "CREATE TABLE theirs (a)")
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="database of another program"):
        Store.open(tmp_path, read_only=read_only)
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / FILE_NAME).write_text("some notes of mine\n" * 100)
    with pytest.raises(StoreError, match="damaged or not a run store"):
        Store.open(tmp_path, read_only=read_only)
    assert (tmp_path / FILE_NAME).read_text() == "some notes of mine\n" * 100


async def test_a_damaged_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.save_outcomes(
            "s", "config", [rejection(f"id-{n}", reason=os.urandom(2000).hex()) for n in range(200)]
        )
    data = bytearray((tmp_path / FILE_NAME).read_bytes())
    for page in range(len(data) // 4096 // 2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    (tmp_path / FILE_NAME).write_bytes(data)
    with Store.open(tmp_path, read_only=True) as store, pytest.raises(StoreError, match="damaged"):
        list(store.outcomes("config"))


async def test_a_row_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        await store.record(KEY, PURPOSE, BODY, Reply(text="x"))
    change(tmp_path / FILE_NAME, "UPDATE calls SET reply = x'00'")
    with Store.open(tmp_path) as store, pytest.raises(StoreError, match="a Reply cannot be read"):
        await store.recall(KEY)


def test_a_place_where_no_folder_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="choose another folder"):
        Store.open(tmp_path / "file" / "run")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root and Windows may write into any folder")
def test_a_run_in_a_read_only_folder_can_be_read_and_not_written(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.set_note("a", 1)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="yours to write"):
            Store.open(tmp_path)
        with Store.open(tmp_path, read_only=True) as store:
            assert store.note("a") == 1
    finally:
        tmp_path.chmod(0o700)


FILL = """
    import asyncio, os, resource, sys
    from pathlib import Path
    from orca_agents.errors import StoreError
    from orca_agents.models.api import CallKey, Purpose, Reply
    from orca_agents.store import Store

    async def main():
        store = Store.open(Path(sys.argv[1]))
        purpose = Purpose("m", "t", "l", "a")
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
        number = 0
        try:
            while True:
                reply = Reply(text=os.urandom(2000).hex())
                await store.record(CallKey("s", "p", number, "d"), purpose, {"model": "m"}, reply)
                number += 1
        except StoreError as error:
            print(number)
            print(error)
        key = CallKey("s", "p", 0, "d")
        for again in (store.record(key._replace(ordinal=-1), purpose, {}, reply), store.recall(key)):
            try:
                await again
            except StoreError as error:
                print(error)
        print(store.call_count())
        store.close()

    asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
async def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    child = run_python(FILL, str(tmp_path))
    output, _ = child.communicate(timeout=60)
    count, first, second, third, seen = output.splitlines()
    assert int(count) > 10
    assert "the disk is full" in first
    assert "free space" in first
    assert "run the same command again; nothing that was committed is lost" in first
    assert first == second == third
    assert seen == count
    with Store.open(tmp_path) as store:
        for number in range(int(count)):
            assert await store.recall(CallKey("s", "p", number, "d")) is not None
        assert store.call_count() == int(count)
        await store.record(KEY, PURPOSE, BODY, Reply(text="there is room again"))


def rejection(id: str, *, reason: str = "no evidence", leaf: str | None = "l", seed_id: str = "s") -> Rejection:
    return Rejection(id=id, skill="k", seed_id=seed_id, leaf=leaf, stage="respond", check="evidence", reason=reason)


def example(id: str, *, leaf: str = "l") -> Example:
    metadata = ExampleMetadata(
        seed_ids=("s",),
        source="book.md",
        source_span=(0, 10),
        licence=None,
        language="en",
        transformer="identity",
        passage="Orcas live in every ocean.",
        form="span",
        reference=("every ocean",),
        answerable=True,
        evidence=(),
        parent_id=None,
        goal=None,
        suggestion=None,
        round=0,
        teacher_system="",
        models={},
        chats=(),
        usage=Usage(),
        verification=Verification(method="programs", verdict="accepted"),
    )
    return Example(id=id, skill="k", leaf=leaf, messages=(), metadata=metadata)


def count_steps(store: Store, listing: Iterator[Any]) -> int:
    """How many thousands of steps SQLite's own machine takes for a listing."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    store._reader.set_progress_handler(count, 1000)
    for _ in listing:
        pass
    store._reader.set_progress_handler(None, 0)
    return steps


def change(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
