"""Many seeds through one skill: a bounded window of them at a time, each finished one on record at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from orca_agents.errors import SeedError
from orca_agents.funnel import Funnel
from orca_agents.records import Outcome, Seed, Skip, Usage, short_hash
from orca_agents.stages import Studio, run_seed
from orca_agents.store import Store


@dataclass
class Progress:
    """How far a run is."""

    finished: int = 0
    """Seeds that are done, those done earlier included."""
    total: int | None = None
    """How many there will be, where that is known."""
    resumed: int = 0
    """Seeds that an earlier run had finished."""
    funnel: Funnel = field(default_factory=Funnel)
    """Of what this process did; what was finished earlier is counted in `resumed` alone."""
    usage: Usage = field(default_factory=Usage)
    """All calls on record in the run folder."""


@dataclass
class Seen:
    """The seeds and skips that a run came by, by which its outcomes are found again in the store."""

    units: set[str] = field(default_factory=set)
    seeds: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    """Of seeds whose id the user gave: id -> hash of the text."""

    def distinct(self, item: Seed | Skip) -> Seed | Skip:
        """The item; a second skip of the same source for the same reason gets an id of its own."""
        number = 2
        same = item
        while isinstance(item, Skip) and item.id in self.units:
            item = item.model_copy(update={"id": short_hash(same.id, str(number))})
            number += 1
        return item

    def add(self, item: Seed | Skip) -> str:
        """Note an item; its unit: a hash of all of it, so that a changed title or licence is made anew (from the
        replies on record). Raises `SeedError` if two seeds with different texts share an id."""
        if isinstance(item, Skip):
            self.units.add(item.id)
            return item.id
        text = short_hash(item.text)
        if item.id != text and self.texts.setdefault(item.id, text) != text:
            raise SeedError(f"two seeds have the id {item.id!r} and different texts: give each text an id of its own")
        unit = short_hash(item.model_dump_json())
        self.units.add(unit)
        self.seeds.add(item.id)
        return unit


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
) -> Seen:
    """Work on the seeds, at most `window` at a time, in their order; what was finished before is not done again.

    Seeds are taken from the iterable as places get free, so that memory does not grow with their number. An error
    that ends the run (`TeacherError`, `StoreError`) cancels what is under way and is raised; what was bought stays.
    """
    finished = store.finished(config_hash)
    source = _planned(seeds, limit)
    seen = Seen()
    done: set[asyncio.Task[list[Outcome]]] = set()
    under_way: set[asyncio.Task[list[Outcome]]] = set()

    async def work(seed: Seed, unit: str) -> list[Outcome]:
        outcomes = await run_seed(studio, seed)
        await store.save_outcomes(unit, config_hash, outcomes)
        return outcomes

    try:
        while True:
            for item in source:
                item = seen.distinct(item)
                unit = seen.add(item)
                if isinstance(item, Skip):
                    await store.save_outcomes(unit, config_hash, [item])
                    progress.funnel.add(item)
                elif unit in finished:
                    progress.finished += 1
                    progress.resumed += 1
                    await asyncio.sleep(0)  # a long list of finished seeds must not hold up the rest
                else:
                    under_way.add(asyncio.create_task(work(item, unit)))
                on_progress(progress)
                if len(under_way) >= window:
                    break
            else:  # no seed is left to take
                progress.total = progress.finished + len(under_way)
            if not under_way:
                return seen
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                outcomes = await task
                progress.finished += 1
                for outcome in outcomes:
                    progress.funnel.add(outcome)
                on_progress(progress)
    except BaseException:  # raised again when all is put in order
        for task in under_way:
            task.cancel()
        await asyncio.gather(*done, *under_way, return_exceptions=True)
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
