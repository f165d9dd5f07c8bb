"""Teachers whose calls are paid for: none leaves once the run was told to stop, none without room under the caps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orca_agents.budget import Budget, Reservation, completion_tokens_of, estimate_prompt_tokens
from orca_agents.errors import BudgetError, OrcaError, RetriesError, StoppedError, TeacherError
from orca_agents.models.api import Abilities, Reply, Request, Teacher
from orca_agents.models.prices import cost_of
from orca_agents.records import Usage
from orca_agents.run_config import Price
from orca_agents.store import Spend

T = TypeVar("T")


class Halt:
    """Whether the run goes on: it can be told to take no more seeds, or to make no more calls, and that is final."""

    def __init__(self) -> None:
        self.no_more_seeds = False
        """The seeds in hand are finished; a first Ctrl-C asks for it."""
        self.reason: OrcaError | None = None
        """Why no more calls are made; the first reason counts."""
        self.told: list[Callable[[OrcaError], None]] = []
        """Called once with the reason, so that calls that wait for their turn learn it too."""
        self.on_finish: list[Callable[[], None]] = []
        """Called, from whatever thread, when no more seeds are to be taken."""

    def finish(self) -> None:
        """Take no more seeds; finish those in hand."""
        self.no_more_seeds = True
        for tell in self.on_finish:
            tell()

    async def unless_told(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What this comes to; given up, with `None`, when no more seeds are to be taken."""
        if self.no_more_seeds:
            work.close()
            return None
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def give_up() -> None:
            loop.call_soon_threadsafe(task.cancel)

        self.on_finish.append(give_up)
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise  # it is we who are cancelled
            return None

    def stop(self, reason: OrcaError) -> None:
        """Make no more calls. Those that are in flight are answered, and kept."""
        if self.reason is None:
            self.reason = reason
            for tell in self.told:
                tell(reason)

    def check(self) -> None:
        """Raise `StoppedError` if no more calls are made."""
        if self.reason is not None:
            raise StoppedError(str(self.reason))


@dataclass
class Meter:
    """What the run folder has bought so far: kept in memory, for progress."""

    usage: Usage = field(default_factory=Usage)
    attempts: int = 0
    faults: int = 0
    """Calls that ended without a reply."""
    usd: float = 0.0
    unpriced: set[str] = field(default_factory=set)
    """Models that were called and whose price is not known: `usd` is without them."""
    calls_here: int = 0
    """Calls that this process bought."""

    @classmethod
    def of(cls, spent: Iterable[Spend], prices: Mapping[str, Price | None]) -> Meter:
        """What is on record of a run folder."""
        meter = cls()
        for row in spent:
            meter.usage += row.usage
            meter.attempts += row.attempts
            meter.faults += row.faults
            meter._pay(row.model, row.usage, prices.get(row.model))
        return meter

    def add(self, model: str, reply: Reply, price: Price | None) -> None:
        """Count a reply."""
        self.usage += reply.usage
        self.attempts += reply.attempts
        self.calls_here += 1
        self._pay(model, reply.usage, price)

    def _pay(self, model: str, usage: Usage, price: Price | None) -> None:
        if price is None:
            self.unpriced.add(model)
        else:
            self.usd += cost_of(price, usage)


@dataclass(frozen=True)
class PaidTeacher:
    """A `Teacher` that asks the budget first."""

    inner: Teacher
    price: Price | None
    budget: Budget
    meter: Meter
    halt: Halt
    before: Callable[[], Awaitable[None]]
    """Awaited before each call; it waits only until the first contact was made."""

    @property
    def name(self) -> str:
        """What examples call it."""
        return self.inner.name

    @property
    def is_local(self) -> bool:
        """Whether seeds stay in this process."""
        return self.inner.is_local

    @property
    def is_demo(self) -> bool:
        """Whether its output is only good for demonstration."""
        return self.inner.is_demo

    async def complete(self, request: Request) -> Reply:
        """One call, if it may be made. Raises `StoppedError` if not, else what `complete` of the teacher raises; an
        error of the teacher as a whole stops all other calls of the run too."""
        self.halt.check()
        try:
            reservation = await self._reserve(request)
        except BudgetError as error:
            self.halt.stop(error)
            raise
        with reservation:
            self.halt.check()  # it may have waited for room
            try:
                await self.before()
            except OrcaError as error:
                self.halt.stop(error)  # the first contact failed: that is nobody's own call
                raise StoppedError(str(error)) from None
            try:
                reply = await self.inner.complete(request)
            except OrcaError as error:
                if self.halt.reason is not None and not error.attempts:
                    raise StoppedError(str(error)) from None  # it waited for its turn, and never left
                self.meter.attempts += error.attempts
                self.meter.faults += 1
                if isinstance(error, TeacherError):
                    self.halt.stop(error)
                raise
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise  # it is this call that is cancelled, not something within the teacher
                self.meter.faults += 1
                raise RetriesError(
                    f"{self.name} gave up a call of its own accord; a resumed run tries it again"
                ) from error
            except Exception as error:  # a teacher may be the user's own code: whatever it raises costs one chat
                self.meter.faults += 1
                raise RetriesError(
                    f"{self.name} raised {type(error).__name__}: {error}; a resumed run tries this call again"
                ) from error
            reservation.settle(reply.usage)
        self.meter.add(request.model, reply, self.price)
        return reply

    async def _reserve(self, request: Request) -> Reservation:
        budget = self.budget
        if not budget.is_capped:
            return await budget.reserve(self.price, 0, 0)  # nothing to estimate for
        prompt, completion = estimate_prompt_tokens(request), completion_tokens_of(request)
        return await budget.reserve(self.price, prompt, completion, request.model)

    async def probe(self) -> Abilities:
        """What the teacher can do; it is asked before there is a budget to keep."""
        return await self.inner.probe()

    async def close(self) -> None:
        """Close the teacher."""
        await self.inner.close()
