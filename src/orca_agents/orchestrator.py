"""Many seeds through one skill: a bounded window of them at a time, each finished one on record at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple

from orca_agents.errors import OrcaError, RetriesError, SeedError, StoppedError
from orca_agents.funnel import Funnel
from orca_agents.models.limits import TURN
from orca_agents.quotas import Quota
from orca_agents.records import Example, Failure, Outcome, Seed, Skip, short_hash
from orca_agents.spending import Halt, Meter
from orca_agents.stages import Drawn, Studio, draw_seed, run_seed
from orca_agents.store import Store, Tally

READ_AHEAD = 32
"""Seeds that are read in one go, in a thread beside the calls."""

Ended = Literal["all", "enough", "capped", "interrupted"]
"""Why no more was done: all seeds are finished, the quota is met, a cap was reached, or somebody asked to stop."""


@dataclass
class Progress:
    """How far a run is."""

    finished: int = 0
    """Seeds that are done, those done earlier included."""
    under_way: int = 0
    total: int | None = None
    """How many there will be, where that is known."""
    resumed: int = 0
    """Seeds that an earlier run had finished."""
    funnel: Funnel = field(default_factory=Funnel)
    """Of what this process did; what was finished earlier is counted in `resumed` alone."""
    accepted: int = 0
    """Accepted examples of all finished seeds, those of earlier runs included."""
    meter: Meter = field(default_factory=Meter)
    """What the run folder has bought."""
    in_flight: int = 0
    """Calls on their way."""
    waiting: int = 0
    """Calls that wait for their turn at the endpoint."""

    def to_dict(self) -> dict[str, object]:
        """As plain data, for `orca-agents status`."""
        names = ("finished", "under_way", "total", "resumed", "accepted", "in_flight", "waiting")
        meter = self.meter
        return {
            **{name: getattr(self, name) for name in names},
            "usage": meter.usage.model_dump(),
            "attempts": meter.attempts,
            "faults": meter.faults,
            "usd": meter.usd,
            "unpriced": sorted(meter.unpriced),
            "here": {
                "finished": self.finished - self.resumed,
                "accepted": self.funnel.accepted,
                "calls": meter.here["calls"],
            },
        }


class Work(NamedTuple):
    """One seed or skip on its way: its place in the order of the run, and the unit under which it is on record."""

    position: int
    unit: str
    item: Seed | Skip


@dataclass(frozen=True)
class Run:
    """What the work on seeds needs to know."""

    studio: Studio
    store: Store
    config_hash: str
    halt: Halt
    window: int
    """Most seeds under way."""
    quota: Quota | None = None
    redo: bool = False
    """Do finished seeds again, from the calls on record, and nothing else: to rebuild a dataset."""
    progress: Progress = field(default_factory=Progress)
    on_progress: Callable[[Progress], None] = lambda _: None


async def run_seeds(run: Run, items: Iterable[Work]) -> Ended:
    """Work on the seeds, at most `window` at a time, in their order; what was finished before is not done again.

    Seeds are taken as places get free, so that memory does not grow with their number. After an error that ends the
    run (`TeacherError`, `StoreError`) no more calls are made; those in flight are answered and kept, then it is raised.
    """
    hand = _Hand(run)
    all_taken = False
    try:
        async with aclosing(_read_ahead(items)) as source:
            async for batch in source:
                if not await hand.take_all(batch):
                    break
            else:
                all_taken = True
                run.progress.total = run.progress.finished + run.progress.under_way
        await hand.finish()
    except BaseException:  # raised again when all is put in order
        await hand.drop()
        raise
    if run.quota is not None and run.quota.enough():
        return "enough"
    if hand.capped:
        return "capped"
    return "all" if all_taken else "interrupted"


class _Hand:
    """The seeds under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Queue[asyncio.Task[None]] = asyncio.Queue()
        self._error: BaseException | None = None
        self.capped = False
        """Whether a cap kept a seed from being finished."""

    @property
    def closed(self) -> bool:
        """Whether no seed is taken any more."""
        halt = self._run.halt
        return self._error is not None or self.capped or halt.no_more_seeds or halt.reason is not None or self._enough()

    async def take_all(self, batch: Sequence[Work]) -> bool:
        """Begin these seeds one after the other, as there is room; false if no more are taken."""
        run = self._run
        finished = run.store.finished_among(run.config_hash, [work.unit for work in batch])
        for work in batch:
            await self._make_room()
            if self.closed:
                return False
            await self._take(work, finished.get(work.unit))
        run.on_progress(run.progress)
        await asyncio.sleep(0)  # a long list of finished seeds must not hold up the rest
        return True

    async def _make_room(self) -> None:
        """Wait until one more seed may be started."""
        while self._tasks and not self.closed and not self._has_room():
            self._settle(await self._ended.get())
        while not self._ended.empty():
            self._settle(self._ended.get_nowait())

    async def _take(self, work: Work, tally: Tally | None) -> None:
        """Begin a seed, unless it is finished already."""
        run, item = self._run, work.item
        if not run.redo:
            run.store.plan(work.position, work.unit, item.id if isinstance(item, Seed) else None)
        if isinstance(item, Skip):
            if tally is None and not run.redo:
                await run.store.save_outcomes(work.unit, run.config_hash, [item])
            run.progress.funnel.add(item)
            return
        if tally is not None and not run.redo:
            self._pass_over(tally)
            return
        drawn = draw_seed(run.studio, item, run.quota.filled() if run.quota is not None else None)
        leaves = Counter(leaf.name for one in drawn for leaf in one.leaves)
        number = run.quota.start(leaves) if run.quota is not None else 0
        if tally is None and run.redo:
            return  # never finished, so there is nothing to rebuild; that it was drawn for counts
        task = asyncio.create_task(self._work(work, item, drawn, leaves, number))
        task.add_done_callback(self._ended.put_nowait)
        self._tasks.add(task)
        run.progress.under_way += 1
        run.on_progress(run.progress)

    async def finish(self) -> None:
        """Wait for the seeds under way; raises what ended the run."""
        while self._tasks:
            if self._enough():
                self._run.halt.stop(StoppedError("the wanted number of examples is there"))
            self._settle(await self._ended.get())
        if self._error is not None:
            raise self._error

    async def drop(self) -> None:
        """Cancel what is under way, and wait until it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pass_over(self, tally: Tally) -> None:
        """Count a seed that an earlier run has finished."""
        progress, quota = self._run.progress, self._run.quota
        progress.finished += 1
        progress.resumed += 1
        progress.accepted += sum(tally.accepted.values())
        if quota is not None:
            quota.settle(quota.start(tally.drawn), tally)

    async def _work(self, work: Work, seed: Seed, drawn: Sequence[Drawn], leaves: Counter[str], number: int) -> None:
        run = self._run
        TURN.set(work.position)  # calls for early seeds go first, so that seeds are finished rather than begun
        if not run.redo:
            await run.store.keep_seed(work.unit, seed)
        outcomes, chats = await run_seed(run.studio, seed, drawn)
        passed = not any(isinstance(it, Failure) and it.error == RetriesError.__name__ for it in outcomes)
        await run.store.save_outcomes(work.unit, run.config_hash, outcomes, chats=chats, drawn=leaves, finished=passed)
        tally = Tally(dict(leaves), _accepted(outcomes))
        progress = run.progress
        progress.finished += 1
        progress.accepted += sum(tally.accepted.values())
        for outcome in outcomes:
            progress.funnel.add(outcome)
        if run.quota is not None:
            run.quota.settle(number, tally)

    def _settle(self, task: asyncio.Task[None]) -> None:
        """Take note of a seed that came to its end."""
        self._tasks.discard(task)
        run = self._run
        run.progress.under_way -= 1
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StoppedError):
            self.capped = True
        elif error is not None and self._error is None:
            self._error = error
            if isinstance(error, OrcaError):
                run.halt.stop(error)
            else:
                for other in self._tasks:
                    other.cancel()
        run.on_progress(run.progress)

    def _has_room(self) -> bool:
        return len(self._tasks) < self._run.window and (self._run.quota is None or self._run.quota.may_start())

    def _enough(self) -> bool:
        return self._run.quota is not None and self._run.quota.enough()


def planned(seeds: Iterable[Seed | Skip], limit: int | None) -> Iterator[Work]:
    """The first `limit` seeds, and every skip on the way to them, each with its unit: a hash of all of it, so that a
    changed title or licence is made anew (from the replies on record)."""
    count = 0
    for position, item in enumerate(seeds):
        try:
            unit = item.id if isinstance(item, Skip) else short_hash(item.model_dump_json())
        except ValueError as error:  # pydantic's own, for what is no JSON
            raise SeedError(f"{item.source}: the metadata of a seed must be plain JSON data: {error}") from None
        yield Work(position, unit, item)
        if isinstance(item, Seed):
            count += 1
            if count == limit:
                return


async def _read_ahead(items: Iterable[Work]) -> AsyncGenerator[list[Work], None]:
    """The items in batches, read in a thread: cutting a long book must not hold up the calls in flight."""
    source = iter(items)
    size = 1  # the first seed is begun at once
    while True:
        reading = asyncio.ensure_future(asyncio.to_thread(lambda count: list(islice(source, count)), size))
        try:
            batch = await asyncio.shield(reading)
        except asyncio.CancelledError:
            await asyncio.wait([reading])  # nobody else may touch the source meanwhile
            raise
        yield batch
        if len(batch) < size:
            return
        size = min(2 * size, READ_AHEAD)


def _accepted(outcomes: Iterable[Outcome]) -> dict[str, int]:
    return dict(Counter(outcome.leaf for outcome in outcomes if isinstance(outcome, Example)))
