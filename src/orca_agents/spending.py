"""Teachers whose calls are paid for: none leaves once the run was told to stop, none without room under the caps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orca_agents.budget import Budget, Reservation, completion_tokens_of, estimate_prompt_tokens
from orca_agents.config import Price
from orca_agents.errors import BudgetError, OrcaError, StoppedError, TeacherError
from orca_agents.models.api import Abilities, Reply, Request, Teacher
from orca_agents.models.prices import cost_of
from orca_agents.records import Usage
from orca_agents.store import Spend


class Halt:
    """Whether the run goes on: it can be told to take no more seeds, or to make no more calls, and that is final."""

    def __init__(self) -> None:
        self.no_more_seeds = False
        """Set by a first Ctrl-C: the seeds in hand are finished."""
        self.reason: OrcaError | None = None
        """Why no more calls are made; the first reason counts."""
        self.told: list[Callable[[OrcaError], None]] = []
        """Called once with the reason, so that calls that wait for their turn learn it too."""

    def stop(self, reason: OrcaError) -> None:
        """Make no more calls. Those that are in flight are answered, and kept."""
        if self.reason is None:
            self.reason = reason
            for tell in self.told:
                tell(reason)

    def check(self) -> None:
        """Raise the reason why no more calls are made, if there is one."""
        if self.reason is not None:
            raise type(self.reason)(str(self.reason))


@dataclass
class Meter:
    """What the run folder has bought so far, and how many calls are under way: kept in memory, for progress."""

    usage: Usage = field(default_factory=Usage)
    attempts: int = 0
    faults: int = 0
    """Calls that ended without a reply."""
    usd: float = 0.0
    unpriced: set[str] = field(default_factory=set)
    """Models that were called and whose price is not known: `usd` is without them."""
    here: Counter[str] = field(default_factory=Counter)
    """What this process bought: `calls`, `tokens`."""

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
        self.here["calls"] += 1
        self.here["tokens"] += reply.usage.prompt_tokens + reply.usage.completion_tokens
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
        """One call, if it may be made. Raises `StoppedError` or what ended the run if not, and what `complete` of the
        teacher raises; an error of the teacher as a whole stops all other calls of the run too."""
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
                reply = await self.inner.complete(request)
            except OrcaError as error:
                if not isinstance(error, StoppedError):
                    self.meter.attempts += error.attempts
                    self.meter.faults += 1
                if isinstance(error, TeacherError):
                    self.halt.stop(error)
                raise
            reservation.settle(reply.usage)
        self.meter.add(request.model, reply, self.price)
        return reply

    async def _reserve(self, request: Request) -> Reservation:
        budget = self.budget
        if budget.max_usd is None and budget.max_tokens is None:
            return await budget.reserve(self.price, 0, 0)  # nothing to estimate for
        prompt, completion = estimate_prompt_tokens(request), completion_tokens_of(request)
        return await budget.reserve(self.price, prompt, completion, request.model)

    async def probe(self) -> Abilities:
        """What the teacher can do; it is asked before there is a budget to keep."""
        return await self.inner.probe()

    async def close(self) -> None:
        """Close the teacher."""
        await self.inner.close()
