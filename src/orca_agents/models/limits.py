"""The gate before an endpoint: so many calls at once, so many a second, the earliest seed first.

`Congestion` decides how many; what is kept here is the order of those who wait, the timers, and the ceilings that the
user set. Who waits is woken when it is his turn; nothing polls.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from random import Random
from types import TracebackType

from orca_agents.errors import OrcaError
from orca_agents.models.congestion import Congestion
from orca_agents.run_config import ModelConfig

TURN: ContextVar[int] = ContextVar("TURN", default=0)
"""Calls with a lower number go first. A run sets it to the position of the seed, so that early seeds are done early."""
SPREAD_S = 1.0
"""Requests and tokens per minute are spread evenly, but for what this many seconds are worth."""

_PACE_SPREAD_S = 0.05  # a late timer must not cost throughput
_LOOP_RESOLUTION_S = 1e-6
_log = logging.getLogger(__name__)

Order = tuple[int, int]
"""TURN, then the order of arrival."""


class Limits:
    """All gates of a run: one for each address and model, whoever asks."""

    def __init__(self, rng: Random | None = None) -> None:
        self._rng = rng or Random()
        self._limiters: dict[tuple[str, str], Limiter] = {}

    def of(self, address: str, model: str, config: ModelConfig) -> Limiter:
        """The gate of a model at an address. Where configs differ, the strictest limits hold."""
        limiter = self._limiters.get((address, model))
        if limiter is None:
            limiter = self._limiters[address, model] = Limiter(f"{model} at {address}", config, self._rng)
        else:
            limiter.tighten(config)
        return limiter

    def trip(self, error: OrcaError) -> None:
        """Let no call pass any more, at any endpoint: all get this error."""
        for limiter in self:
            limiter.trip(error)

    def __iter__(self) -> Iterator[Limiter]:
        return iter(self._limiters.values())

    @property
    def in_flight(self) -> int:
        """Calls under way now."""
        return sum(limiter.in_flight for limiter in self)

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return sum(limiter.waiting for limiter in self)

    @property
    def refusals(self) -> int:
        """How often an endpoint said: too many."""
        return sum(limiter.refusals for limiter in self)

    def lines(self) -> list[str]:
        """One line per endpoint, for status and log."""
        return [str(limiter) for limiter in self]


class Limiter:
    """The gate of one model at one address. Bound to the event loop in which calls are under way."""

    def __init__(self, name: str, config: ModelConfig, rng: Random | None = None) -> None:
        self.name = name
        self.in_flight = 0
        self.waiting = 0
        self.usual_completion = 500.0
        """Completion tokens that a reply usually has; the newest replies count most."""
        self.doubt: asyncio.Lock
        """Held by the one who finds out whether the endpoint still answers at all."""
        self.outages = 0
        """How often it answered nobody for a while, and was waited for."""
        self._rule = Congestion(config.concurrency, self._tell, rng or Random())
        self._requests = _Ceiling(config.requests_per_minute) if config.requests_per_minute else None
        self._tokens = _Ceiling(config.tokens_per_minute) if config.tokens_per_minute else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrivals = 0
        self._queue: list[tuple[Order, int, asyncio.Future[Slot | None], int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._pace_due = 0.0
        self._held_by_pace = False
        self._pauses: set[asyncio.Future[None]] = set()
        self._tripped: OrcaError | None = None

    def __str__(self) -> str:
        pace = f", {self.pace:.1f}/s" if self.pace is not None else ""
        refused = f", {self.refusals} refused" if self.refusals else ""
        return f"{self.name}: {self.in_flight} of {self.limit} in flight{pace}, {self.waiting} waiting{refused}"

    @property
    def limit(self) -> int:
        """Most calls in flight, at present."""
        return int(self._rule.limit)

    @property
    def pace(self) -> float | None:
        """Most requests per second, at present; `None` where the endpoint gave no reason for one."""
        return self._rule.pace

    @property
    def refusals(self) -> int:
        """How often the endpoint said: too many."""
        return self._rule.refusals

    @property
    def answers(self) -> int:
        """How many replies came."""
        return self._rule.answers

    def refused_for(self) -> float:
        """For how long the endpoint has refused, with not one answer in between; in seconds."""
        since = self._rule.refused_since
        return 0.0 if since is None else asyncio.get_running_loop().time() - since

    def tighten(self, config: ModelConfig) -> None:
        """Keep the limits of this config too."""
        self._rule.most = min(self._rule.most, config.concurrency)
        self._rule.limit = min(self._rule.limit, float(self._rule.most))
        self._requests = _stricter(self._requests, config.requests_per_minute)
        self._tokens = _stricter(self._tokens, config.tokens_per_minute)

    def order(self) -> Order:
        """A place in the queue. A call that comes back after a fault keeps the one it had."""
        self._arrivals += 1
        return TURN.get(), self._arrivals

    async def enter(self, order: Order, tokens: int = 0) -> Slot:
        """Wait until a request may leave; `tokens` is what it may use, prompt and reply.

        Raises what tripped the gate.
        """
        loop = self._bind()
        self.check()
        now = loop.time()
        if not self.waiting and self.in_flight < self.limit and self._opens_at() <= now:
            return self._let_pass(now, tokens)
        turn: asyncio.Future[Slot | None] = loop.create_future()
        self._arrivals += 1
        heapq.heappush(self._queue, (order, self._arrivals, turn, tokens))
        self.waiting += 1
        self._admit()
        try:
            slot = await turn
        except asyncio.CancelledError:
            self._forget(turn)
            raise
        if self._tripped is not None:  # in this very moment, perhaps: then there is a slot, which nobody may use
            if slot is not None:
                slot.leave()
            self.check()
        if slot is None:
            raise AssertionError("only a trip wakes without a slot")
        return slot

    async def pause(self, seconds: float) -> None:
        """Sleep, but not on when the gate is tripped: then its error is raised."""
        loop = self._bind()
        self.check()
        over: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, over)
        self._pauses.add(over)
        try:
            await over
        finally:
            timer.cancel()
            self._pauses.discard(over)
        self.check()

    def trip(self, error: OrcaError) -> None:
        """Let no call pass any more: those that wait or pause, and all later ones, get this error. The first counts."""
        if self._tripped is not None:
            return
        self._tripped = error
        queue, self._queue, self.waiting = self._queue, [], 0
        self._stop_timer()
        for *_, turn, _ in queue:
            if not turn.done():
                turn.set_result(None)
        for over in self._pauses:
            _wake(over)

    def check(self) -> None:
        """Raise what tripped the gate, if something did: a new error each time, as each call adds its own count."""
        if self._tripped is not None:
            raise type(self._tripped)(str(self._tripped))

    def _bind(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self.in_flight or self.waiting:
                raise RuntimeError(f"calls to {self.name} are under way on another event loop")
            self._loop, self._timer, self.doubt = loop, None, asyncio.Lock()
        return loop

    def _now(self) -> float:
        assert self._loop is not None
        return self._loop.time()

    def _opens_at(self) -> float:
        """When the next request may leave, if there is a slot for it."""
        opens = self._rule.closed_until
        if self._rule.pace is not None:
            opens = max(opens, self._pace_due - _PACE_SPREAD_S)
        if self._requests is not None:
            opens = max(opens, self._requests.due - SPREAD_S)
        if self._tokens is not None:
            opens = max(opens, self._tokens.due - SPREAD_S)
        return opens

    def _admit(self) -> None:
        """Let pass who may, and set the timer for the next."""
        now = self._now()
        while self._queue and self.in_flight < self.limit:
            opens = self._opens_at()
            if opens > now + _LOOP_RESOLUTION_S:
                self._held_by_pace = self._rule.pace is not None and opens == self._pace_due - _PACE_SPREAD_S
                self._wake_at(opens)
                return
            _, _, turn, tokens = heapq.heappop(self._queue)
            if turn.done():
                continue  # cancelled
            self.waiting -= 1
            turn.set_result(self._let_pass(now, tokens))

    def _let_pass(self, now: float, tokens: int) -> Slot:
        rule = self._rule
        self.in_flight += 1
        epoch = rule.sent(now)
        if rule.pace is not None:
            if self._held_by_pace:
                rule.held_back(now)
            self._pace_due = max(self._pace_due, now) + 1 / rule.pace
        self._held_by_pace = False
        if self._requests is not None:
            self._requests.spend(1, now)
        if self._tokens is not None:
            self._tokens.spend(tokens, now)
        return Slot(self, epoch, tokens)

    def _leave(self) -> None:
        self.in_flight -= 1
        if self._queue:
            self._admit()

    def _forget(self, turn: asyncio.Future[Slot | None]) -> None:
        """Undo the place of a cancelled waiter, or free the slot that it got in the same moment."""
        if not turn.cancelled():
            slot = turn.result()
            if slot is not None:
                slot.leave()
        elif self._tripped is None:
            self.waiting -= 1
            if not self.waiting:
                self._queue.clear()
                self._stop_timer()
            elif len(self._queue) > 2 * self.waiting + 32:
                self._queue = [entry for entry in self._queue if not entry[2].done()]
                heapq.heapify(self._queue)

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            if self._timer.when() == when:
                return
            self._timer.cancel()
        assert self._loop is not None
        self._timer = self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._admit()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, change: str) -> None:
        _log.info("%s: %s", self.name, change)


class Slot:
    """Leave for one request. Say how it ended; when the block ends, the slot is free.

    `with await limiter.enter(limiter.order()) as slot: ...`
    """

    __slots__ = ("_epoch", "_gate", "_held", "_tokens")

    def __init__(self, gate: Limiter, epoch: int, tokens: int) -> None:
        self._gate = gate
        self._epoch = epoch
        self._tokens = tokens
        self._held = True

    def __enter__(self) -> Slot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def answered(self, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        """A reply came, with these counts (0: not told)."""
        gate = self._gate
        full = gate.waiting > 0 and gate.in_flight >= gate.limit
        gate._rule.answered(self._epoch, completion_tokens, gate._now(), full=full)
        if completion_tokens:
            gate.usual_completion += 0.05 * (completion_tokens - gate.usual_completion)
        if gate._tokens is not None and (prompt_tokens or completion_tokens):
            gate._tokens.correct(prompt_tokens + completion_tokens - self._tokens)

    def refused(self, asked_s: float | None = None) -> None:
        """The endpoint said that this is too much, and perhaps for how long."""
        gate = self._gate
        gate._rule.refused(self._epoch, asked_s, gate._now(), alone=gate.in_flight == 1)
        if gate._tokens is not None:
            gate._tokens.correct(-self._tokens)

    def timed_out(self) -> None:
        """No reply came in time."""
        self._gate._rule.timed_out(self._epoch, self._gate._now())

    def failed(self) -> None:
        """Another fault, which says nothing about load."""
        self._gate._rule.failed()

    def leave(self) -> None:
        """Free the slot. Safe to call twice."""
        if self._held:
            self._held = False
            self._gate._leave()


class _Ceiling:
    """So much a minute, and never more in any minute (GCRA, the leaky bucket as a meter: ITU-T I.371).

    What is allowed is a little less, so that the one request and the second's worth that may be early fit in too.
    """

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self.due = 0.0
        """When all that was spent is paid for."""
        self._rate = per_minute / (60 + 2 * SPREAD_S)

    def spend(self, amount: float, now: float) -> None:
        self.due = max(self.due, now) + amount / self._rate

    def correct(self, amount: float) -> None:
        self.due += amount / self._rate


def _stricter(ceiling: _Ceiling | None, per_minute: float | None) -> _Ceiling | None:
    if per_minute is None or (ceiling is not None and ceiling.per_minute <= per_minute):
        return ceiling
    return _Ceiling(per_minute)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
