"""Servers that exist only in a clock that jumps: exact tests of limits that take no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from random import Random
from typing import Any, Protocol, TypeVar

from orca_agents.errors import ExhaustedError, UnreachableError
from orca_agents.models.api import Reply
from orca_agents.models.retries import Fault
from orca_agents.records import Usage

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time of the next timer is now."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events:
            if timeout is None:
                raise AssertionError("everybody waits for ever")
            self.now += max(0.0, timeout)
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def simulate(main: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine in a clock that jumps."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def reply(tokens: int = 10) -> Reply:
    return Reply(text="Yes.", usage=Usage(calls=1, prompt_tokens=10, completion_tokens=tokens))


class Server(Protocol):
    async def __call__(self) -> Reply | Fault: ...


class Counting:
    """Counts what comes to a server."""

    def __init__(self, latency_s: float = 0.02) -> None:
        self.latency_s = latency_s
        self.requests = self.answered = self.refused = self.now = self.most = 0
        self.times: list[float] = []

    async def __call__(self) -> Reply | Fault:
        self.requests += 1
        self.times.append(now())
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            result = await self.answer()
        finally:
            self.now -= 1
        if isinstance(result, Fault):
            self.refused += result.load == "refused"
        else:
            self.answered += 1
        return result

    async def answer(self) -> Reply | Fault:
        await asyncio.sleep(self.latency_s)
        return reply()

    async def refuse(self, wait_s: float | None = None) -> Fault:
        await asyncio.sleep(0.001)
        return Fault(
            ExhaustedError, "it answered 429", "wait", again="later", wait_s=wait_s, status=429, load="refused"
        )


class TokenBucket(Counting):
    """So many requests a second, with room for a burst."""

    def __init__(
        self, rate: float, *, burst: float = 10, latency_s: float = 0.02, retry_after: float | None = None
    ) -> None:
        super().__init__(latency_s)
        self.rate, self.burst, self.retry_after = rate, burst, retry_after
        self.left, self.at = burst, 0.0

    async def answer(self) -> Reply | Fault:
        self.left = min(self.burst, self.left + (now() - self.at) * self.rate)
        self.at = now()
        if self.left < 1:
            return await self.refuse(self.retry_after)
        self.left -= 1
        return await super().answer()


class SlidingWindow(Counting):
    """So many requests in the last second."""

    def __init__(self, rate: int, *, latency_s: float = 0.02, retry_after: float | None = None) -> None:
        super().__init__(latency_s)
        self.rate, self.retry_after = rate, retry_after
        self.taken: list[float] = []

    async def answer(self) -> Reply | Fault:
        self.taken = [time for time in self.taken if time > now() - 1]
        if len(self.taken) >= self.rate:
            return await self.refuse(self.retry_after)
        self.taken.append(now())
        return await super().answer()


class Slots(Counting):
    """So many calls at once; one more is refused."""

    def __init__(self, slots: int, latency_s: float) -> None:
        super().__init__(latency_s)
        self.slots = slots
        self.busy = 0

    async def answer(self) -> Reply | Fault:
        if self.busy >= self.slots:
            return await self.refuse()
        self.busy += 1
        try:
            return await super().answer()
        finally:
            self.busy -= 1


class Queue(Counting):
    """So many calls at once; one more waits, without a word."""

    def __init__(self, slots: int, latency_s: float, rng: Random | None = None) -> None:
        super().__init__(latency_s)
        self.slots = asyncio.Semaphore(slots)
        self.rng = rng

    async def answer(self) -> Reply | Fault:
        async with self.slots:
            length = self.rng.uniform(0.4, 1.6) if self.rng else 1.0
            await asyncio.sleep(self.latency_s * length)
            return reply(round(100 * length))


class Batching(Counting):
    """All calls at once, each the slower the more there are: the throughput is `best` * n / (n + half)."""

    def __init__(self, half: int, latency_s: float, rng: Random) -> None:
        super().__init__(latency_s)
        self.half, self.rng = half, rng

    async def answer(self) -> Reply | Fault:
        tokens = self.rng.randint(50, 150)
        for _ in range(10):
            await asyncio.sleep(self.latency_s * tokens / 1000 * (self.now + self.half) / (1 + self.half))
        return reply(tokens)


class Noisy(Counting):
    """Another server behind a bad network."""

    def __init__(self, inner: Counting, rng: Random, timeout_s: float = 30.0) -> None:
        super().__init__()
        self.inner, self.rng, self.timeout_s = inner, rng, timeout_s

    async def answer(self) -> Reply | Fault:
        draw = self.rng.random()
        if draw < 0.02:
            await asyncio.sleep(self.timeout_s)
            return Fault(UnreachableError, "no reply in time", "wait", again="later", load="timed out")
        if draw < 0.07:
            await asyncio.sleep(0.01)
            return Fault(UnreachableError, "it broke the connection", "see its log", again="later")
        result = await self.inner()
        if draw < 0.27:
            return Fault(UnreachableError, "it answered 500", "wait", again="later", status=500)
        if draw < 0.32:
            return Fault(UnreachableError, "this is no chat completion", "see its log", again="later")
        return result
