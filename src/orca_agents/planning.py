"""In which order a run comes by its seeds, and for which skill: a unit of work for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Seed, short_hash
from orca_agents.routing import Router
from orca_agents.screening import Screen


class Work(NamedTuple):
    """One seed (for one skill) or skip on its way: its place in the order of the run, and the unit under which it is on
    record."""

    position: int
    unit: str
    item: Seed | Skip
    skill: str = ""
    """Empty where the run has one skill alone."""


def planned(
    seeds: Iterable[Seed | Skip], limit: int | None, router: Router | None = None, screen: Screen | None = None
) -> Iterator[Work]:
    """The first `limit` seeds, and every skip on the way to them, each with its unit: a hash of all of it, so that a
    changed title or licence is made anew (from the replies on record). With a router a seed comes once for each of the
    skills that are to work on it, or as a skip where it suits none; with a screen a seed that holds an item of a
    benchmark comes as a skip."""
    count = 0
    places = itertools.count()
    for item in seeds:
        try:
            unit = item.id if isinstance(item, Skip) else short_hash(item.model_dump_json())
        except ValueError as error:  # pydantic's own, for what is no JSON
            raise SeedError(f"{item.source}: the metadata of a seed must be plain JSON data: {error}") from None
        refused = screen.refuse(item) if screen is not None and isinstance(item, Seed) else None
        if refused is not None and isinstance(item, Seed):
            yield _left_out(next(places), short_hash("screen", unit), item, refused)
        elif router is None or isinstance(item, Skip):
            yield Work(next(places), unit, item)
        else:
            route = router.route(item)
            for skill in route.chosen:
                yield Work(next(places), f"{unit}@{skill}", item, skill)
            if not route.chosen:
                yield _left_out(next(places), short_hash("route", unit), item, route.reason)
        if isinstance(item, Seed):
            count += 1
            if count == limit:
                return


def _left_out(position: int, id: str, seed: Seed, reason: str) -> Work:
    """A seed that is not worked on."""
    return Work(position, id, Skip(id=id, source=seed.source, seed_id=seed.id, stage="seeds", reason=reason))
