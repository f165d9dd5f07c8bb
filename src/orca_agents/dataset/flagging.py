"""Flag the rows that hold secrets or personal data, or drop them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

from orca_agents.dataset.options import Flagging
from orca_agents.dataset.sensitive import Finder
from orca_agents.dataset.work import Dropped, Work

STEP = "flags"


def flag(work: Work, what: Flagging, tick: Callable[[int], None]) -> list[str]:
    """Note the flags of each row, and with `drop` drop those that have any; returns what there is to tell of it."""
    finder = Finder()
    counts: Counter[str] = Counter()

    def flagged() -> Iterator[tuple[str, int]]:
        for done, place in enumerate(work.places()):
            tick(done)
            flags = finder.flags(work.row(place))
            if flags:
                counts.update(flags)
                yield json.dumps(flags), place.number

    work.write("UPDATE rows SET flags = ? WHERE number = ?", flagged())
    if what == "drop":
        found = work.sql.cursor().execute("SELECT number, flags FROM rows WHERE step IS NULL AND flags IS NOT NULL")
        work.drop(STEP, (Dropped(number, ", ".join(json.loads(flags))) for number, flags in found))
    told = ", ".join(f"{number:,} {name}" for name, number in counts.most_common())
    return [f"flags: {told}"] if told else []
