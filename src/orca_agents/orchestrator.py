"""Many seeds through one skill: a bounded window of them at a time, each finished one on record at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from orca_agents.funnel import Funnel
from orca_agents.records import Outcome, Seed, Skip, Usage
from orca_agents.stages import Studio, run_seed
from orca_agents.store import Store


@dataclass
class Progress:
    """How far a run is. Counts are of this process and of what it found finished."""

    finished: int = 0
    """Seeds that are done, those done earlier included."""
    total: int | None = None
    """How many there will be, where that is known."""
    resumed: int = 0
    """Seeds that an earlier run had finished."""
    funnel: Funnel = field(default_factory=Funnel)
    usage: Usage = field(default_factory=Usage)
    """All calls on record in the run folder."""


async def run_seeds(
    studio: Studio,
    seeds: Iterable[Seed | Skip],
    store: Store,
    config_hash: str,
    *,
    window: int,
    limit: int | None = None,
    progress: Progress,
    on_progress: Callable[[Progress], None],
) -> None:
    """Work on the seeds, at most `window` at a time, in their order; what was finished before is not done again.

    Seeds are taken from the iterable as places get free, so that memory does not grow with their number. An error
    that ends the run (`TeacherError`, `StoreError`) cancels what is under way and is raised; what was bought stays.
    """
    finished = store.finished(config_hash)
    source = _planned(seeds, limit)
    under_way: set[asyncio.Task[tuple[Seed, list[Outcome]]]] = set()

    async def work(seed: Seed) -> tuple[Seed, list[Outcome]]:
        outcomes = await run_seed(studio, seed)
        await store.save_outcomes(seed.id, config_hash, outcomes)
        return seed, outcomes

    try:
        while True:
            for item in source:
                if isinstance(item, Skip):
                    await store.save_outcomes(item.id, config_hash, [item])
                    progress.funnel.add(item)
                elif item.id in finished:
                    progress.finished += 1
                    progress.resumed += 1
                else:
                    under_way.add(asyncio.create_task(work(item)))
                on_progress(progress)
                if len(under_way) >= window:
                    break
            if not under_way:
                return
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                _, outcomes = await task
                progress.finished += 1
                for outcome in outcomes:
                    progress.funnel.add(outcome)
                on_progress(progress)
    except BaseException:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        raise


def _planned(seeds: Iterable[Seed | Skip], limit: int | None) -> Iterator[Seed | Skip]:
    """The first `limit` seeds, and every skip on the way to them."""
    if limit is None:
        yield from seeds
        return
    count = 0
    for item in seeds:
        yield item
        if isinstance(item, Seed):
            count += 1
            if count >= limit:
                return
