from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random

import pytest

from orca_agents.errors import ExhaustedError, OrcaError, RetriesError, UnreachableError, WrongKeyError
from orca_agents.models.api import Reply
from orca_agents.models.limits import Limiter
from orca_agents.models.retries import Fault, asked_wait, pause, retry
from orca_agents.run_config import ModelConfig
from tests.models.simulated import now, reply, simulate

BROKEN = Fault(UnreachableError, "the server answered 500", "try later", again="later", status=500)
BUSY = Fault(ExhaustedError, "the server answered 429", "slow down", again="later", status=429, load="refused")
WRONG = Fault(UnreachableError, "no certificate", "get one")
DONE = reply()


class Script:
    """Hands out results one after the other, the last one for ever, and notes when it was asked."""

    def __init__(self, *results: Fault | Reply) -> None:
        self.results = list(results)
        self.times: list[float] = []
        self.gate = Limiter("m", ModelConfig(model="m"), Random(1))

    async def attempt(self) -> Fault | Reply:
        self.times.append(now())
        await asyncio.sleep(0)
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]

    def run(self, retries: int, health: Script | None = None) -> Reply:
        asked = health.attempt if health else None
        return simulate(retry(self.attempt, self.gate, retries=retries, health=asked, rng=Random(1)))

    def fail(self, kind: type[OrcaError], match: str, retries: int, health: Script | None = None) -> OrcaError:
        with pytest.raises(kind, match=match) as caught:
            self.run(retries, health)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None
        assert (self.gate.in_flight, self.gate.waiting) == (0, 0)
        return caught.value


def test_the_first_success_is_returned_with_the_number_of_attempts() -> None:
    script = Script(BROKEN, BROKEN, DONE)
    answer = script.run(retries=6)
    assert (answer.text, answer.attempts, answer.usage.calls) == ("Yes.", 3, 1)
    assert script.times == sorted(set(script.times))  # each after a pause


def test_after_the_last_retry_the_fault_is_raised_with_what_was_tried() -> None:
    error = Script(BROKEN).fail(UnreachableError, r"^the server answered 500 \(tried 3 times\): try later$", 2)
    assert error.attempts == 3


def test_a_fault_that_does_not_pass_is_raised_at_once() -> None:
    error = Script(WRONG).fail(UnreachableError, "^no certificate: get one$", 6)
    assert error.attempts == 1


def test_a_request_in_other_words_is_sent_at_once_and_is_no_retry() -> None:
    reworded = Fault(UnreachableError, "400", "", again="now")
    script = Script(reworded, reworded, DONE)
    assert script.run(retries=0).attempts == 3
    assert script.times == [0, 0, 0]


def test_refusals_for_too_many_requests_use_up_no_tries() -> None:
    script = Script(*[BUSY] * 9, DONE)
    assert script.run(retries=0).attempts == 10


def test_an_endpoint_that_refuses_for_ten_minutes_and_answers_nothing_has_refused() -> None:
    script = Script(BUSY)
    error = script.fail(ExhaustedError, r"^the server answered 429 \(tried \d\d times\): slow down$", 0)
    assert 600 <= script.times[-1] < 640
    assert error.attempts == len(script.times) < 60


def test_one_that_answered_before_is_waited_for_an_hour() -> None:
    script = Script(BUSY)

    async def main() -> None:
        await retry(Script(DONE).attempt, script.gate, retries=0)
        with pytest.raises(ExhaustedError):
            await retry(script.attempt, script.gate, retries=0)

    simulate(main())
    assert 3600 <= script.times[-1] < 3700


def test_after_an_outage_a_call_goes_on_as_if_nothing_had_been(caplog: pytest.LogCaptureFixture) -> None:
    """A server that is restarted refuses connections for some minutes: a run of days survives that."""
    gate = Script(DONE).gate
    latest = 0.0

    async def main() -> list[Reply]:
        async def attempt() -> Reply | Fault:
            nonlocal latest
            latest = now()
            if 10 <= latest < 300:
                return Fault(UnreachableError, "nothing answers", "start the server", again="later")
            return Reply(text="here")

        async def call() -> Reply:
            return await retry(attempt, gate, retries=2, health=attempt, rng=Random(1))

        await call()
        await asyncio.sleep(10)
        return await asyncio.gather(*(call() for _ in range(30)))

    replies = simulate(main())
    assert [reply.text for reply in replies] == ["here"] * 30
    assert 300 <= latest < 400
    assert "asked again for up to 60 min" in caplog.text


def test_a_call_that_alone_is_refused_holds_up_no_others_and_is_tried_as_long_as_they_are_answered() -> None:
    script = Script(BUSY)

    async def main() -> int:
        waiting = asyncio.create_task(retry(script.attempt, script.gate, retries=0))
        for _ in range(100):
            await asyncio.sleep(60)
            script_of_others = Script(DONE)
            await retry(script_of_others.attempt, script.gate, retries=0)
        assert not waiting.done()
        waiting.cancel()
        return len(script.times)

    assert simulate(main()) > 20


def test_an_endpoint_that_asks_for_too_long_a_pause_has_refused() -> None:
    script = Script(Fault(UnreachableError, "503", "wait", again="later", wait_s=7200.0, status=503, load="refused"))
    error = script.fail(ExhaustedError, "asks to wait 7200 s", 6)
    assert error.attempts == 1


def test_a_call_that_fails_alone_ends_alone() -> None:
    broken, health = Script(BROKEN), Script(DONE)

    async def main() -> None:
        call = asyncio.create_task(retry(broken.attempt, broken.gate, retries=4, health=health.attempt, rng=Random(1)))
        await asyncio.sleep(0.01)
        await retry(Script(DONE).attempt, broken.gate, retries=0)
        with pytest.raises(RetriesError, match=r"answered 500 \(tried 5 times\), while the endpoint answers") as caught:
            await call
        assert caught.value.attempts == 6

    simulate(main())
    assert len(health.times) == 1  # the answer to the other call came too long ago to tell


def test_where_nothing_else_was_answered_one_small_request_decides() -> None:
    broken, health = Script(BROKEN), Script(DONE)
    error = broken.fail(RetriesError, "answers other calls", 2, health)
    assert (error.attempts, len(health.times)) == (4, 1)
    broken, health = Script(BROKEN), Script(BROKEN)
    error = broken.fail(UnreachableError, "answered 500", 2, health)
    assert (error.attempts, len(health.times)) == (4, 1)


def test_one_asks_for_all_whether_the_endpoint_still_answers() -> None:
    broken, health = Script(BROKEN), Script(DONE)

    async def main() -> list[Reply | BaseException]:
        calls = (retry(broken.attempt, broken.gate, retries=2, health=health.attempt) for _ in range(30))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(result) for result in simulate(main())} == {RetriesError}
    # an answer counts for those who had their last try but one before it; never does each of the thirty ask
    assert 1 <= len(health.times) <= 6


def test_a_pause_ends_when_the_gate_is_tripped() -> None:
    script = Script(Fault(UnreachableError, "500", "wait", again="later", wait_s=100.0))

    async def main() -> None:
        call = asyncio.create_task(retry(script.attempt, script.gate, retries=6))
        await asyncio.sleep(1)
        script.gate.trip(WrongKeyError("wrong key"))
        with pytest.raises(WrongKeyError, match=r"^wrong key$") as caught:
            await call
        assert caught.value.attempts == 1
        assert now() == 1

    simulate(main())


def test_pauses_are_drawn_from_a_window_that_doubles_up_to_thirty_seconds() -> None:
    for faults, longest in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30]):
        drawn = [pause(faults, None, Random(number)) or 0.0 for number in range(300)]
        assert 0 <= min(drawn) < 0.1 * longest
        assert 0.9 * longest < max(drawn) <= longest


def test_a_pause_that_is_asked_for_is_kept_and_a_little_longer() -> None:
    drawn = [pause(0, 20.0, Random(number)) or 0.0 for number in range(100)]
    assert all(20 <= wait <= 22 for wait in drawn)
    assert len(set(drawn)) > 90
    assert pause(0, 3600.0, Random(1)) is not None
    assert pause(0, 3600.1, Random(1)) is None


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
