"""A run that is killed or interrupted, and the same command again: nothing is bought twice, nothing is lost."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from orca_agents import ModelConfig, run_skill
from orca_agents.records import Record
from tests.command import (
    ROWS,
    Command,
    Ended,
    bought_again,
    finish,
    kill_all,
    lost_by_each_stop,
    mill_of,
    wait_for_calls,
    without_clocks,
)
from tests.mills import LEAVES
from tests.stand_in import StandIn

SEEDS = 16
IN_FLIGHT = 8
LATENCY_S = 0.03


class Whole(NamedTuple):
    """A run that was never stopped."""

    files: dict[str, bytes]
    chats: list[dict[str, Any]]
    calls: int


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture(scope="module")
def whole(server: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path_factory.mktemp("whole"), server, SEEDS)
    ended = command.run()
    assert ended.code == 0, ended.err
    log = server.log()
    assert bought_again(log) == 0
    return Whole(command.files(), chats_of(command), sum(entry.is_bought for entry in log))


@pytest.fixture
def command(server: StandIn, tmp_path: Path) -> Command:
    server.reset(latency_s=LATENCY_S)
    return Command(tmp_path, server, SEEDS)


def chats_of(command: Command) -> list[dict[str, Any]]:
    return [without_clocks(row) for row in command.rows("transcripts.jsonl")]


def test_the_run_that_the_others_are_held_against_has_every_kind_of_outcome(whole: Whole) -> None:
    rows = {name: [json.loads(line) for line in text.splitlines()] for name, text in whole.files.items()}
    assert min(len(rows[name]) for name in ROWS) >= 2
    assert {"UnparsableError", "TruncatedError"} <= {row["error"] for row in rows["failures.jsonl"]}
    assert {"fits_passage", "agrees_with_solvers"} <= {row["check"] for row in rows["rejections.jsonl"]}
    ids = [row["id"] for name in ROWS for row in rows[name]]
    assert len(ids) == len(set(ids)) >= SEEDS * len(LEAVES)


def test_run_skill_comes_to_the_same_rows_as_the_command(
    server: StandIn, command: Command, whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(command.folder)
    teacher = ModelConfig(model="stand-in", base_url=server.address, concurrency=IN_FLIGHT)
    run = run_skill("mills.yaml", Path("mills.jsonl"), model=teacher)
    made: tuple[Sequence[Record], ...] = (run.examples, run.rejections, run.failures, run.skips)
    for name, rows in zip(ROWS, made, strict=True):
        assert whole.files[name].decode().splitlines() == [row.model_dump_json() for row in rows], name


def test_a_run_that_is_killed_at_twenty_points_loses_no_row_and_buys_nothing_twice_but_what_was_in_flight(
    server: StandIn, command: Command, whole: Whole
) -> None:
    draw = random.Random(20)
    at_calls = [*sorted(draw.sample(range(whole.calls), 18)), whole.calls, whole.calls]
    delays = [draw.uniform(0, LATENCY_S) for _ in at_calls]
    ends: list[int] = []
    for calls, delay in zip(at_calls, delays, strict=True):
        process = command.start()
        lost_before = bought_again(server.log())
        wait_for_calls(server, process, calls + lost_before)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        finish(process)
        ends.append(len(server.log()))
    ended = command.run()
    log = server.log()
    ends.append(len(log))

    assert ended.code == 0, ended.err
    assert max(entry.in_flight for entry in log if entry.is_call) == IN_FLIGHT
    lost = lost_by_each_stop(log, ends)
    assert max(lost) <= IN_FLIGHT, lost
    assert bought_again(log) == sum(lost)
    ids = command.ids()
    assert len(ids) == len(set(ids))
    for name in ROWS:
        assert command.files()[name] == whole.files[name], name
    assert chats_of(command) == whole.chats


def test_ctrl_c_takes_no_more_seeds_and_finishes_those_it_has(server: StandIn, tmp_path: Path, whole: Whole) -> None:
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path, server, SEEDS, settings={"window": 4})
    process = command.start()
    wait_for_calls(server, process, whole.calls // 4)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert "orca-agents resume out" in ended.err
    begun = {entry.place for entry in server.log() if entry.is_call}
    assert 4 <= len(begun) <= SEEDS - 2
    all_rows = [json.loads(line) for name in ROWS for line in whole.files[name].splitlines()]
    assert sorted(command.ids()) == sorted(row["id"] for row in all_rows if mill_of(row) in begun)

    again = command.run()
    assert again.code == 0, again.err
    assert command.files() == whole.files
    assert bought_again(server.log()) == 0


def test_a_second_ctrl_c_stops_at_once_and_still_nothing_is_lost(
    server: StandIn, command: Command, whole: Whole
) -> None:
    process = command.start()
    wait_for_calls(server, process, whole.calls // 3)
    server.set(latency_s=60)
    time.sleep(0.2)  # now all calls in flight are slow ones
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    asked_at = time.monotonic()
    ended = finish(process)
    assert time.monotonic() - asked_at < 10
    assert ended.code == 130
    assert "Traceback" not in ended.err
    ends = [len(server.log())]

    server.set(latency_s=LATENCY_S)
    again = command.run()
    log = server.log()
    assert again.code == 0, again.err
    assert lost_by_each_stop(log, [*ends, len(log)])[0] <= IN_FLIGHT
    assert command.files() == whole.files


def test_a_killed_run_is_resumed_by_the_name_of_its_folder_alone(
    server: StandIn, command: Command, whole: Whole
) -> None:
    process = command.start()
    wait_for_calls(server, process, whole.calls // 2)
    process.kill()
    finish(process)
    ends = [len(server.log())]
    ended = command.other("resume", "out")
    log = server.log()
    assert ended.code == 0, ended.err
    assert lost_by_each_stop(log, [*ends, len(log)])[0] <= IN_FLIGHT
    assert command.files() == whole.files
    assert command.other("resume", "out").code == 0
    assert len([entry for entry in server.log() if entry.is_call]) == len([entry for entry in log if entry.is_call])


def test_a_run_is_replayed_byte_for_byte_with_no_teacher_and_without_its_seeds(tmp_path: Path, whole: Whole) -> None:
    with StandIn() as server:
        command = Command(tmp_path, server, SEEDS)
        assert command.run().code == 0
    for name in (*ROWS, "transcripts.jsonl"):
        (command.out / name).unlink()
    (tmp_path / "mills.jsonl").unlink()
    ended = command.other("replay", "out")
    assert ended.code == 0, ended.err
    assert command.files() == whole.files
    assert chats_of(command) == whole.chats


def test_which_examples_are_the_wanted_ones_does_not_depend_on_the_order_in_which_answers_arrive(
    server: StandIn, tmp_path: Path
) -> None:
    made = []
    for salt, in_flight in (("a", 8), ("b", 8), ("a", 1)):
        server.reset(jitter_s=0.05 if in_flight > 1 else 0.0, salt=salt)
        command = Command(
            tmp_path / f"{salt}{in_flight}", server, 10, model={"concurrency": in_flight}, settings={"window": 4}
        )
        ended = command.run("--accept", "12")
        assert ended.code == 0, ended.err
        made.append(command.rows("examples.jsonl"))
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 12


def test_a_killed_run_for_so_many_examples_comes_to_the_same_ones(
    server: StandIn, command: Command, tmp_path: Path
) -> None:
    options = ("--accept", "18")
    never_killed = Command(tmp_path / "never killed", server, SEEDS)
    assert never_killed.run(*options).code == 0
    calls = len([entry for entry in server.log() if entry.is_bought])

    server.reset(latency_s=LATENCY_S)
    for third in (1, 2):
        process = command.start(*options)
        wait_for_calls(server, process, third * calls // 3)
        process.kill()
        finish(process)
    ended = command.run(*options)
    assert ended.code == 0, ended.err
    assert len(command.rows("examples.jsonl")) == 18
    assert command.files()["examples.jsonl"] == never_killed.files()["examples.jsonl"]


def test_ctrl_c_ends_a_run_that_waits_for_more_seeds_from_a_pipe(server: StandIn, tmp_path: Path) -> None:
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path, server, 2, settings={"seeds": ["-"], "text_field": "text"})
    process = command.start_other("run", "-c", "run.yaml", "--out", "out", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write((tmp_path / "mills.jsonl").read_text(encoding="utf-8"))
    process.stdin.flush()  # and the pipe stays open
    wait_for_calls(server, process, 10)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    ended = Ended(process.wait(timeout=30), *process.communicate())
    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    assert len(command.mills()) == 2
