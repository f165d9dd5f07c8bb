"""The stand-in endpoint itself: what it answers, refuses and breaks is decided by the request, and it tells of all."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mills import passage
from tests.stand_in import StandIn


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


def ask(server: StandIn, number: int, **more: Any) -> tuple[int, str]:
    """The status and the text of a writer's reply; a status of 0 if the connection broke."""
    messages = [
        {"role": "system", "content": "You are the writer."},
        {"role": "user", "content": f"Kind: cause\n\n{passage(number)}"},
    ]
    body = json.dumps({"model": "stand-in", "messages": messages, **more}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{server.address}/chat/completions", body)) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_it_says_the_same_to_the_same_request_and_counts_what_was_bought_again(server: StandIn) -> None:
    server.reset()
    first, again, other = ask(server, 1), ask(server, 1), ask(server, 2)
    assert first == again != other
    log = server.log()
    assert [entry.attempt for entry in log] == [1, 2, 1]
    assert all(entry.is_bought and entry.tokens > 100 for entry in log)
    assert log[0].digest == log[1].digest != log[2].digest


@pytest.mark.parametrize(("kind", "fewest"), [("window", 20), ("bucket", 15)])
def test_it_refuses_what_is_over_its_rate(server: StandIn, kind: str, fewest: int) -> None:
    server.reset(rate=10, rate_kind=kind, retry_after=True)
    statuses = [ask(server, 1)[0] for _ in range(30)]
    assert statuses[:10] == [200] * 10
    assert statuses.count(429) >= fewest
    assert server.log()[-1].status == 429


def test_faults_are_drawn_by_the_request_and_the_try(server: StandIn) -> None:
    drawn = []
    for _ in range(2):
        server.reset(share_500=0.25, share_dropped=0.25, share_broken=0.25)
        for number in range(40):
            ask(server, number % 20)
        drawn.append([(entry.digest, entry.attempt, entry.fault) for entry in server.log()])
    assert drawn[0] == drawn[1]
    assert {fault for _, _, fault in drawn[0]} == {"", "500", "dropped", "broken"}
    assert [fault for _, _, fault in drawn[0][:20]] != [fault for _, _, fault in drawn[0][20:]]


def test_it_ends_with_the_process_that_started_it() -> None:
    command = [sys.executable, "-m", "tests.stand_in"]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=30, cwd=Path(__file__).parents[1])
    assert ended.returncode == 0
    assert ended.stdout.startswith("http://127.0.0.1:")
