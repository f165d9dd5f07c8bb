"""An endpoint that refuses, breaks, hangs or closes: nothing is lost, nothing is hidden, nothing goes over a cap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROWS, Command, Ended, bought_again, finish, kill_all, mill_of, wait_for_calls
from tests.mills import LEAVES, place
from tests.stand_in import Entry, StandIn

SEEDS = 16
IN_FLIGHT = 8
LATENCY_S = 0.02


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture(scope="module")
def whole(server: StandIn, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that met no fault."""
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path_factory.mktemp("whole"), server, SEEDS)
    ended = command.run()
    assert ended.code == 0, ended.err
    assert set(command.mills()) == {place(number) for number in range(SEEDS)}
    return command.files()


def calls_of(server: StandIn) -> list[Entry]:
    return [entry for entry in server.log() if entry.is_call]


def place_of(line: bytes) -> tuple[str, str]:
    """The mill and the leaf of an example."""
    row = json.loads(line)
    return mill_of(row), row["leaf"]


def assert_told_in_one_line(ended: Ended) -> str:
    """The message of a command that ended in an error, which is one line and no traceback."""
    assert "Traceback" not in ended.err
    errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, ended.err
    return errors[0]


# ------------------------------------------------------------------------------------------- too many requests


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"rate": 50}, id="50 a second"),
        pytest.param({"rate": 50, "retry_after": True}, id="50 a second, told how long to wait"),
        pytest.param({"rate": 50, "rate_kind": "bucket"}, id="50 a second, out of a bucket"),
        pytest.param({"rate": 10}, id="10 a second", marks=pytest.mark.slow),
        pytest.param({"rate": 10, "retry_after": True}, id="10 a second, told", marks=pytest.mark.slow),
    ],
)
def test_a_limit_on_requests_is_found_with_few_refusals_and_nothing_is_lost(
    server: StandIn, tmp_path: Path, settings: dict[str, Any]
) -> None:
    server.reset(latency_s=LATENCY_S, **settings)
    command = Command(tmp_path, server, SEEDS, model={"concurrency": 64})
    ended = command.run()
    assert ended.code == 0, ended.err
    calls = calls_of(server)
    assert sum(entry.is_bought for entry in calls) >= 200
    assert sum(entry.status == 429 for entry in calls) <= 20
    assert calls[-1].at - calls[0].at <= 3 * len(calls) / settings["rate"] + 2  # and it is made use of
    assert bought_again(calls) == 0
    assert {row["error"] for row in command.rows("failures.jsonl")} <= {"UnparsableError", "TruncatedError"}
    assert set(command.mills()) == {place(number) for number in range(SEEDS)}


def test_a_limit_on_requests_changes_nothing_of_what_comes_out(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(rate=80)
    command = Command(tmp_path, server, SEEDS)
    assert command.run().code == 0
    assert command.files() == whole


# ------------------------------------------------------------------------------------------- all that may break


def test_with_all_faults_at_once_every_seed_ends_with_a_reason_and_what_did_not_fail_is_the_same(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(latency_s=LATENCY_S, share_500=0.2, share_dropped=0.05, share_hung=0.02, share_broken=0.05)
    command = Command(tmp_path, server, SEEDS, model={"timeout_s": 2, "concurrency": 32})
    ended = command.run()
    assert ended.code == 0, ended.err
    assert "Traceback" not in ended.err
    faults = {entry.fault for entry in calls_of(server)}
    assert {"500", "dropped", "hung", "broken"} <= faults

    assert set(command.mills()) == {place(number) for number in range(SEEDS)}
    assert min(command.mills().values()) >= len(LEAVES)
    ids = command.ids()
    assert len(ids) == len(set(ids))
    for row in command.rows("rejections.jsonl") + command.rows("skips.jsonl"):
        assert row["reason"]
    failures = command.rows("failures.jsonl")
    assert {row["error"] for row in failures} <= {"UnparsableError", "TruncatedError", "RetriesError"}
    assert all(row["message"] for row in failures)
    failed = {(mill_of(row), row["leaf"]) for row in failures if row["error"] == "RetriesError"}
    assert len(failed) <= 5
    made = set((command.out / "examples.jsonl").read_bytes().splitlines())
    others = {line for line in whole["examples.jsonl"].splitlines() if place_of(line) not in failed}
    assert {line for line in made if place_of(line) not in failed} == others

    server.set(share_500=0, share_dropped=0, share_hung=0, share_broken=0)
    again = command.run()  # where every try of a call failed, it is tried again
    assert again.code == 0, again.err
    assert command.files() == whole


def test_one_prompt_that_never_works_is_a_failure_and_is_tried_again_on_resume(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    broken = place(5)
    server.reset(latency_s=LATENCY_S, always_500=broken)
    command = Command(tmp_path, server, SEEDS, model={"retries": 2})
    ended = command.run()
    assert ended.code == 0, ended.err
    failures = [row for row in command.rows("failures.jsonl") if row["error"] == "RetriesError"]
    assert len(failures) == len(LEAVES)
    assert all("500" in row["message"] for row in failures)
    tries = [entry for entry in server.log() if entry.place == broken]
    assert len(tries) == len(LEAVES) * 3
    assert command.mills()[broken] == len(LEAVES)
    assert set(command.mills()) == {place(number) for number in range(SEEDS)}

    bought = bought_again(server.log())
    server.set(always_500="")
    again = command.run()
    assert again.code == 0, again.err
    assert command.files() == whole
    assert bought_again(server.log()) == bought == 0


# ------------------------------------------------------------------------------- a teacher that cannot be used


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"key": "another"}, "STAND_IN_KEY", id="wrong key"),
        pytest.param({"closed": "403"}, "STAND_IN_KEY", id="no permission"),
        pytest.param({"model": "another"}, "another", id="no such model"),
        pytest.param({"closed": "quota"}, "quota", id="no quota"),
    ],
)
def test_a_teacher_that_cannot_be_used_costs_three_requests_at_most_and_one_clear_line(
    server: StandIn, tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    server.reset(**settings)
    command = Command(tmp_path, server, SEEDS, model={"concurrency": 64})
    ended = command.run(seconds=30)
    assert ended.code == 3
    assert says in assert_told_in_one_line(ended)
    assert 1 <= len(server.log()) <= 3
    assert command.ids() == []


def test_no_call_leaves_before_the_endpoint_has_answered_the_first_question(server: StandIn, tmp_path: Path) -> None:
    server.reset(latency_s=0.3)
    command = Command(tmp_path, server, 2)
    assert command.run().code == 0
    log = server.log()
    first_call = next(number for number, entry in enumerate(log) if entry.is_call)
    assert first_call >= 1
    assert all(not entry.is_call for entry in log[:first_call])
    assert log[0].in_flight == 1
    assert log[first_call].at - log[first_call - 1].at >= 0.3
    questions = [entry.digest for entry in log if not entry.is_call]
    assert len(questions) == len(set(questions))  # and it is asked once


@pytest.mark.parametrize("faults", [{}, {"share_500": 0.1, "share_dropped": 0.05}])
def test_what_a_run_says_that_it_used_is_what_the_endpoint_would_bill(
    server: StandIn, tmp_path: Path, faults: dict[str, float]
) -> None:
    server.reset(**faults)
    command = Command(tmp_path, server, 6)
    ended = command.run()
    assert ended.code == 0, ended.err
    billed = [entry for entry in server.log() if entry.status == 200]
    usage = json.loads((command.out / "summary.json").read_text(encoding="utf-8"))["usage"]
    assert usage["calls"] == len(billed)
    assert usage["prompt_tokens"] + usage["completion_tokens"] == sum(entry.tokens for entry in billed)


@pytest.mark.parametrize("in_flight", [1, IN_FLIGHT])
@pytest.mark.parametrize("closed", ["401", "403", "quota"])
def test_a_teacher_that_closes_in_the_middle_ends_the_run_and_what_was_bought_is_kept(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes], closed: str, in_flight: int
) -> None:
    server.reset(latency_s=LATENCY_S, closed=closed, closed_after=80)
    command = Command(tmp_path, server, SEEDS, model={"concurrency": in_flight})
    ended = command.run(seconds=30)
    assert ended.code == 3
    message = assert_told_in_one_line(ended)
    assert ("quota" if closed == "quota" else "STAND_IN_KEY") in message
    assert "orca-agents resume" in ended.err
    log = server.log()
    refused = [number for number, entry in enumerate(log) if entry.status != 200]
    assert refused
    assert len(log) - refused[0] <= in_flight  # those that were under way when the first refusal came
    assert {row["error"] for row in command.rows("failures.jsonl")} <= {"UnparsableError", "TruncatedError"}

    server.set(closed="")
    again = command.run()
    assert again.code == 0, again.err
    assert bought_again(server.log()) == 0
    assert command.files() == whole


def test_a_key_that_is_replaced_after_it_was_revoked_goes_on(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(latency_s=LATENCY_S, key="old")
    command = Command(tmp_path, server, SEEDS, key="old")
    process = command.start()
    wait_for_calls(server, process, 60)
    server.set(key="new")
    ended = finish(process)
    assert ended.code == 3
    command.key = "new"
    assert command.run().code == 0
    assert bought_again(server.log()) == 0
    assert command.files() == whole
    for path in command.out.iterdir():
        assert b"Bearer" not in path.read_bytes()


# ------------------------------------------------------------------------------------------------------ caps


def test_a_cap_on_tokens_is_kept_and_a_larger_one_goes_on(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path, server, SEEDS)
    spent = 0
    for cap in (10_000, 30_000):
        ended = command.run("--max-tokens", str(cap))
        assert ended.code == 5, ended.err
        assert "Traceback" not in ended.err
        bought = [entry.tokens for entry in server.log() if entry.status == 200]
        assert spent < sum(bought) <= cap + IN_FLIGHT * max(bought)
        assert sum(bought) >= cap * 0.8  # and it is used
        spent = sum(bought)
        assert {row["error"] for row in command.rows("failures.jsonl")} <= {"UnparsableError", "TruncatedError"}
    unchanged = command.run("--max-tokens", "30000")
    assert unchanged.code == 5
    again = command.run("--max-tokens", "10000000")
    assert again.code == 0, again.err
    assert bought_again(server.log()) == 0
    assert command.files() == whole


def test_a_cap_on_money_is_kept_at_the_price_of_the_run_file(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(latency_s=LATENCY_S)
    price = {"prompt": 2.0, "completion": 2.0}
    command = Command(tmp_path, server, SEEDS, model={"price": price})
    ended = command.run("--max-usd", "0.04")  # 20,000 tokens
    assert ended.code == 5, ended.err
    bought = [entry.tokens for entry in server.log() if entry.status == 200]
    assert 0.02 < 2.0 * sum(bought) / 1e6 <= 0.04 + IN_FLIGHT * 2.0 * max(bought) / 1e6
    assert "0.04" in ended.err
    again = command.run()
    assert again.code == 0, again.err
    assert command.files() == whole


def test_so_many_examples_as_were_asked_for_or_a_shortfall_with_its_own_exit_code(
    server: StandIn, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    server.reset(latency_s=LATENCY_S)
    command = Command(tmp_path, server, SEEDS)
    ended = command.run("--accept", "10")
    assert ended.code == 0, ended.err
    assert len(command.rows("examples.jsonl")) == 10
    short = command.run("--accept", "1000")
    assert short.code == 6, short.err
    assert "Traceback" not in short.err
    assert 10 < len(command.rows("examples.jsonl")) < 1000
    assert set(command.mills()) == {place(number) for number in range(SEEDS)}
    assert [name for name in ROWS if not (command.out / name).exists()] == []
