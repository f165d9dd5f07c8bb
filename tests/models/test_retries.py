from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from orca_agents.errors import ExhaustedError, UnreachableError
from orca_agents.models.retries import Fault, asked_wait, pause, retry

BUSY = Fault(ExhaustedError, "the server answered 429", "slow down", again="later")
WRONG = Fault(UnreachableError, "no certificate", "get one")


class Script:
    """Hands out results one after the other, and notes the pauses between them."""

    def __init__(self, *results: Fault | str) -> None:
        self.results = list(results)
        self.waits: list[float] = []

    async def attempt(self) -> Fault | str:
        return self.results.pop(0)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self, retries: int) -> tuple[str, int]:
        return await retry(self.attempt, retries=retries, sleep=self.sleep, rng=Random(1))


async def test_the_first_success_is_returned_with_the_number_of_tries() -> None:
    script = Script(BUSY, BUSY, "done", "never asked for")
    assert await script.run(retries=6) == ("done", 3)
    assert len(script.waits) == 2
    assert script.results == ["never asked for"]


async def test_after_the_last_retry_the_fault_is_raised_with_what_was_tried() -> None:
    script = Script(BUSY, BUSY, BUSY, "too late")
    with pytest.raises(ExhaustedError, match=r"^the server answered 429 \(tried 3 times\): slow down$"):
        await script.run(retries=2)


async def test_a_fault_that_does_not_pass_is_raised_at_once() -> None:
    script = Script(WRONG, "never asked for")
    with pytest.raises(UnreachableError, match=r"^no certificate: get one$") as caught:
        await script.run(retries=6)
    assert script.waits == []
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


async def test_a_request_in_other_words_is_sent_at_once_and_is_no_retry() -> None:
    reworded = Fault(UnreachableError, "400", "", again="now")
    script = Script(reworded, reworded, "done")
    assert await script.run(retries=0) == ("done", 3)
    assert script.waits == []


async def test_no_retries_means_one_try() -> None:
    script = Script(BUSY, "too late")
    with pytest.raises(ExhaustedError):
        await script.run(retries=0)
    assert script.waits == []


async def test_an_endpoint_that_asks_for_too_long_a_pause_has_refused() -> None:
    script = Script(Fault(ExhaustedError, "429", "wait", again="later", wait_s=3600.0), "too late")
    with pytest.raises(ExhaustedError, match="asks to wait 3600 s"):
        await script.run(retries=6)
    assert script.waits == []


def test_pauses_are_drawn_from_a_window_that_doubles_up_to_thirty_seconds() -> None:
    for faults, longest in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30]):
        drawn = [pause(faults, None, Random(number)) or 0.0 for number in range(300)]
        assert 0 <= min(drawn) < 0.1 * longest
        assert 0.9 * longest < max(drawn) <= longest


def test_a_pause_that_is_asked_for_is_kept_and_a_little_longer() -> None:
    drawn = [pause(0, 20.0, Random(number)) or 0.0 for number in range(100)]
    assert all(20 <= wait <= 22 for wait in drawn)
    assert len(set(drawn)) > 90
    assert pause(0, 120.0, Random(1)) is not None
    assert pause(0, 120.1, Random(1)) is None


def test_very_many_faults_do_not_overflow() -> None:
    assert (pause(100_000, None, Random(1)) or 0.0) <= 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 01 Jul 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 01 Jul 2026 11:00:00 GMT"}, 0.0),
    ],
)
def test_the_asked_pause_is_read_in_every_spelling(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, now=datetime(2026, 7, 1, 12, tzinfo=UTC)) == seconds
