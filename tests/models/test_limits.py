"""Limits against servers that exist only in a clock that jumps; and once against a real one."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from random import Random

import pytest

from orca_agents.errors import RetriesError, WrongKeyError
from orca_agents.models.api import Reply, Request
from orca_agents.models.limits import TURN, Limiter, Limits
from orca_agents.models.openai_compatible import OpenAICompatible
from orca_agents.models.retries import Fault, retry
from orca_agents.run_config import ModelConfig
from tests.models.simulated import (
    Batching,
    Counting,
    Noisy,
    Queue,
    SlidingWindow,
    Slots,
    TokenBucket,
    now,
    reply,
    simulate,
)


def gate_for(**config: object) -> Limiter:
    return Limits(Random(1)).of("http://host/v1", "m", ModelConfig.model_validate({"model": "m", **config}))


class Run:
    """Many calls at once against one server, and what became of them."""

    def __init__(self, server: Callable[[], Counting], calls: int, **config: object) -> None:
        self.lost = 0
        self.limits: list[int] = []
        self.gate = gate_for(**config)
        self.seconds = simulate(self._run(server, calls))

    async def _run(self, make: Callable[[], Counting], calls: int) -> float:
        self.server = server = make()
        await asyncio.gather(*(self._call(server, number) for number in range(calls)))
        assert (self.gate.in_flight, self.gate.waiting) == (0, 0)
        return now()

    async def _call(self, server: Counting, number: int) -> None:
        try:
            await retry(server, self.gate, retries=6, rng=Random(number))
        except RetriesError:
            self.lost += 1
        self.limits.append(self.gate.limit)


# --- servers that refuse ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry_after", [None, 0.1, 1.0])
@pytest.mark.parametrize("latency_s", [0.005, 0.02, 0.3, 1.0])
@pytest.mark.parametrize("kind", [TokenBucket, SlidingWindow])
def test_a_server_of_ten_requests_a_second_refuses_at_most_twenty_of_two_hundred_calls(
    kind: type[TokenBucket] | type[SlidingWindow], latency_s: float, retry_after: float | None
) -> None:
    run = Run(lambda: kind(10, latency_s=latency_s, retry_after=retry_after), 200, concurrency=64)
    assert run.server.answered == 200
    assert run.server.refused <= 20
    assert run.gate.refusals == run.server.refused
    assert run.seconds < 1.5 * 20


def test_a_server_that_takes_no_burst_at_all_is_not_hammered_either() -> None:
    run = Run(lambda: TokenBucket(10, burst=1), 200, concurrency=64)
    assert run.server.answered == 200
    assert run.server.refused <= 20
    assert run.seconds < 60


@pytest.mark.parametrize(("slots", "latency_s"), [(1, 2.0), (4, 2.0), (12, 20.0), (30, 2.0)])
def test_a_server_of_so_many_calls_at_once_is_used_well_and_seldom_refuses(slots: int, latency_s: float) -> None:
    calls = 100 * slots
    run = Run(lambda: Slots(slots, latency_s), calls)
    assert run.server.answered == calls
    assert run.server.refused <= 0.05 * calls + slots + 8
    assert run.seconds < calls * latency_s / slots / 0.7


def test_where_nothing_is_refused_the_limit_grows_to_what_is_allowed_and_no_pace_is_kept() -> None:
    run = Run(lambda: Counting(1.0), 2000, concurrency=50)
    assert run.server.most == run.gate.limit == 50
    assert run.gate.pace is None
    assert run.seconds < 2000 / 50 + 4


def test_one_burst_of_refusals_is_one_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orca_agents.models.limits")

    async def main() -> None:
        gate = gate_for(concurrency=8)
        slots = [await gate.enter(gate.order()) for _ in range(8)]
        for slot in slots:
            slot.refused()
            slot.leave()
        assert (gate.limit, gate.refusals) == (5, 8)

    simulate(main())
    (line,) = [record.message for record in caplog.records]
    assert line.startswith("m at http://host/v1: refused; nothing is sent for 0.")
    assert line.endswith("at most 5 calls at once (were 8)")


def test_the_limit_never_falls_below_one_and_an_endpoint_that_takes_nothing_is_tried_with_one_call() -> None:
    class Shut(Counting):
        async def answer(self) -> Reply | Fault:
            return await self.refuse() if now() < 60 else await super().answer()

    run = Run(lambda: Shut(1.0), 100)
    assert run.server.answered == 100
    assert run.server.refused < 8 + 15  # the first ones, then one at a time, each after a longer pause
    assert run.gate.limit >= 5  # that it was shut is no reason to go slower now
    assert run.seconds < 60 + 30 + 100 / 5


def test_everybody_waits_as_long_as_the_endpoint_asks() -> None:
    async def main() -> None:
        gate = gate_for()
        with await gate.enter(gate.order()) as slot:
            slot.refused(7.0)
        starts = []

        async def call() -> None:
            with await gate.enter(gate.order()) as slot:
                starts.append(now())
                slot.answered()

        await asyncio.gather(*(call() for _ in range(3)))
        assert 7 <= starts[0] <= 7.7

    simulate(main())


# --- servers that queue -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rng", [None, Random(1)])
@pytest.mark.parametrize("capacity", [8, 12, 20, 40])
def test_a_server_that_queues_is_kept_busy_with_little_more_than_it_can_do_at_once(
    capacity: int, rng: Random | None
) -> None:
    calls = 200 * capacity
    run = Run(lambda: Queue(capacity, 5.0, rng), calls, concurrency=256)
    settled = run.limits[calls // 2 :]
    assert 0.9 * capacity <= sum(settled) / len(settled) <= 3 * capacity
    assert run.seconds < calls * 5.0 / capacity / 0.9


def test_where_more_calls_at_once_bring_more_the_limit_grows() -> None:
    run = Run(lambda: Batching(100, 1.0, Random(3)), 3000, concurrency=128)
    assert run.gate.limit == 128


def test_time_outs_cut_the_limit_and_a_single_one_does_not() -> None:
    async def main() -> None:
        gate = gate_for()
        for limit in (8, 8, 5):
            with await gate.enter(gate.order()) as slot:
                slot.timed_out()
            assert gate.limit == limit

    simulate(main())


@pytest.mark.parametrize("seed", range(3))
def test_what_hangs_breaks_or_drops_now_and_then_does_not_shrink_the_limit(seed: int) -> None:
    run = Run(lambda: Noisy(Queue(100, 1.0, Random(5)), Random(seed)), 3000, concurrency=64)
    assert run.server.answered + run.lost == 3000
    assert run.lost < 10
    assert sum(run.limits) / len(run.limits) > 0.75 * 64
    assert min(run.limits[200:]) > 16


# --- ceilings ---------------------------------------------------------------------------------------------------------


def most_in_a_minute(events: Iterable[tuple[float, float]]) -> float:
    listed = sorted(events)
    return max(sum(amount for time, amount in listed if start <= time < start + 60) for start, _ in listed)


@pytest.mark.parametrize("per_minute", [3, 60, 900])
def test_no_minute_has_more_requests_than_allowed_and_they_are_spread(per_minute: int) -> None:
    calls = 3 * per_minute
    run = Run(lambda: Counting(0.5), calls, requests_per_minute=per_minute)
    assert most_in_a_minute((time, 1) for time in run.server.times) <= per_minute
    assert len([time for time in run.server.times if time < 10]) <= per_minute / 6 + per_minute / 30 + 1
    assert run.seconds < 1.1 * 180


def test_no_minute_has_more_tokens_than_allowed_though_they_are_known_only_afterwards() -> None:
    events: list[tuple[float, float]] = []

    async def main() -> float:
        gate, rng = gate_for(tokens_per_minute=60_000), Random(2)

        async def call() -> None:
            with await gate.enter(gate.order(), tokens=300) as slot:
                started, used = now(), rng.randint(200, 600)
                await asyncio.sleep(2)
                slot.answered(100, used - 100)
                events.append((started, used))

        await asyncio.gather(*(call() for _ in range(600)))
        return now()

    seconds = simulate(main())
    assert most_in_a_minute(events) <= 60_000 * 1.02  # by what was in flight when the first counts came
    assert seconds < 1.1 * 60 * 600 * 400 / 60_000


# --- the queue --------------------------------------------------------------------------------------------------------


def test_never_are_more_calls_in_flight_than_the_limit() -> None:
    rng = Random(4)

    async def main() -> None:
        gate = gate_for(concurrency=20)

        async def call() -> None:
            for _ in range(10):
                with await gate.enter(gate.order()) as slot:
                    assert 1 <= gate.in_flight <= 20
                    before = gate.limit
                    await asyncio.sleep(rng.random())
                    slot.refused() if rng.random() < 0.02 else slot.answered(0, 10)
                    assert gate.limit <= max(20, before + 1)

        tasks = [asyncio.create_task(call()) for _ in range(200)]
        for task in tasks[::3]:
            await asyncio.sleep(0.1)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (gate.in_flight, gate.waiting) == (0, 0)

    simulate(main())


def test_earlier_seeds_go_first_and_calls_of_one_seed_in_order_of_arrival() -> None:
    async def main() -> list[str]:
        gate, done = gate_for(concurrency=1), []

        async def call(name: str) -> None:
            with await gate.enter(gate.order()) as slot:
                done.append(name)
                slot.answered()

        first = await gate.enter(gate.order())
        tasks = []
        for seed, name in ((7, "c"), (3, "a"), (7, "d"), (3, "b")):
            TURN.set(seed)
            tasks.append(asyncio.create_task(call(name)))
        await asyncio.sleep(0)
        assert gate.waiting == 4
        first.leave()
        await asyncio.gather(*tasks)
        return done

    assert simulate(main()) == ["a", "b", "c", "d"]


def test_a_call_that_comes_back_after_a_fault_keeps_its_place() -> None:
    async def main() -> list[str]:
        gate, done = gate_for(concurrency=1), []

        async def attempt(name: str, faults: int) -> Reply | Fault:
            done.append(name)
            await asyncio.sleep(1)
            broken = Fault(RetriesError, "500", "", again="later")
            return broken if done.count(name) <= faults else reply()

        calls = [
            retry(lambda: attempt("a", 1), gate, retries=1),
            *(retry(lambda: attempt("b", 0), gate, retries=0),) * 1,
        ]
        calls += [retry(lambda: attempt("c", 0), gate, retries=0)]
        await asyncio.gather(*calls)
        return done

    assert simulate(main()) == ["a", "b", "a", "c"]


def test_a_cancelled_waiter_leaves_nothing_behind() -> None:
    async def main() -> None:
        gate = gate_for(concurrency=1)
        held = await gate.enter(gate.order())
        waiters = [asyncio.create_task(gate.enter(gate.order())) for _ in range(500)]
        await asyncio.sleep(0)
        for waiter in waiters[1:]:
            waiter.cancel()
        await asyncio.sleep(0)
        assert gate.waiting == 1
        assert len(gate._queue) < 100
        held.leave()  # the first waiter is let pass, and is cancelled before it knows
        waiters[0].cancel()
        await asyncio.gather(*waiters, return_exceptions=True)
        assert (gate.in_flight, gate.waiting) == (0, 0)
        (await gate.enter(gate.order())).leave()

    simulate(main())


def test_a_tripped_gate_gives_its_error_to_all_who_wait_and_all_who_come() -> None:
    async def main() -> None:
        limits = Limits()
        gate = limits.of("a", "m", ModelConfig(model="m", concurrency=1))
        held = await gate.enter(gate.order())
        waiters = [asyncio.create_task(gate.enter(gate.order())) for _ in range(20)]
        pause = asyncio.create_task(gate.pause(1000))
        await asyncio.sleep(0)
        waiters[3].cancel()
        limits.trip(WrongKeyError("the key is wrong"))
        limits.trip(WrongKeyError("a later reason does not count"))
        results = await asyncio.gather(*waiters, pause, return_exceptions=True)
        assert [str(result) for result in results if isinstance(result, WrongKeyError)] == ["the key is wrong"] * 20
        assert len(set(map(id, results))) == 21  # each has an error of its own
        with pytest.raises(WrongKeyError):
            await gate.enter(gate.order())
        held.answered(1, 1)  # what is in flight is answered
        held.leave()
        assert (limits.in_flight, limits.waiting, now()) == (0, 0, 0)

    simulate(main())


def test_who_is_let_pass_in_the_moment_of_a_trip_does_not_leave() -> None:
    async def main() -> None:
        gate = gate_for(concurrency=1)
        held = await gate.enter(gate.order())
        waiters = [asyncio.create_task(gate.enter(gate.order())) for _ in range(2)]
        await asyncio.sleep(0)
        held.leave()  # the first waiter is let pass, and before it knows, the gate is tripped
        gate.trip(WrongKeyError("the key is wrong"))
        results = await asyncio.gather(*waiters, return_exceptions=True)
        assert [str(result) for result in results] == ["the key is wrong"] * 2
        assert (gate.in_flight, gate.waiting) == (0, 0)

    simulate(main())


def test_teachers_of_one_endpoint_share_a_gate_with_the_strictest_limits() -> None:
    limits = Limits()
    first = limits.of("a", "m", ModelConfig(model="m", concurrency=6))
    assert limits.of("a", "m", ModelConfig(model="m", concurrency=4)) is first
    assert limits.of("a", "n", ModelConfig(model="n")) is not first
    assert first.limit == 4
    assert limits.lines() == ["m at a: 0 of 4 in flight, 0 waiting", "n at a: 0 of 8 in flight, 0 waiting"]


# --- a real server ----------------------------------------------------------------------------------------------------


async def test_a_real_server_with_a_rate_limit_loses_nothing_and_refuses_little() -> None:
    body = json.dumps({"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}).encode()
    taken: list[float] = []
    refused = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal refused
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        moment = time.perf_counter()
        taken[:] = [earlier for earlier in taken if earlier > moment - 0.25]
        status, text = b"200 OK", body
        if len(taken) >= 10:  # in a quarter of a second
            refused += 1
            status, text = b"429 Too Many Requests", b"{}"
        else:
            taken.append(moment)
        writer.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (status, len(text), text)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    limits = Limits(Random(1))
    teacher = OpenAICompatible(ModelConfig(model="m", base_url=address, concurrency=64), limits, rng=Random(1))
    request = Request("m", ({"role": "user", "content": "Café?"},))
    replies = await asyncio.gather(*(teacher.complete(request) for _ in range(40)))
    await teacher.close()
    server.close()
    assert [answer.text for answer in replies] == ["Yes."] * 40
    assert sum(answer.attempts for answer in replies) == 40 + refused
    assert limits.refusals == refused <= 20
