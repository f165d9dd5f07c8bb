"""Drop the rows in which an item of a benchmark stands, whether in what is asked, in its passage or in the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from orca_agents.contamination import BenchmarkIndex
from orca_agents.dataset.items import all_text
from orca_agents.dataset.work import Dropped, Work

STEP = "benchmarks"


def drop_leaks(work: Work, index: Path, tick: Callable[[int], None]) -> list[dict[str, object]]:
    """Drop the matches; returns what the index holds, for the manifest."""
    with BenchmarkIndex.open(index) as benchmarks:

        def found() -> Iterator[Dropped]:
            for done, place in enumerate(work.places()):
                tick(done)
                hit = benchmarks.find(all_text(work.row(place)))
                if hit is not None:
                    yield Dropped(place.number, f"item of {hit.benchmark}", hit.item)

        work.drop(STEP, found())
        return [{"name": one.name, "items": one.items, "sha256": one.sha256} for one in benchmarks.benchmarks()]
