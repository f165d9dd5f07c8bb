"""Drop the copies among all rows, exact and near, also across runs.

Of two copies the one that comes first is kept: the one of the run that was named first; within a run a seed
instruction before a refined one, then the smaller id. So a run that is added behind others displaces none of theirs.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from orca_agents.dataset.items import item_of
from orca_agents.dataset.work import Dropped, Place, Work
from orca_agents.duplicates.index import CopyIndex
from orca_agents.duplicates.texts import ItemText

FIRST_COME = "run, round, id"
"""The order in which rows are compared with those before them."""


def drop_copies(work: Work, near: float | None, file: Path, tick: Callable[[int], None]) -> None:
    """Drop every row that is a copy of an earlier one. `file` is for the index; nobody needs it afterwards."""
    ancestry = Ancestry(work)
    joined, shown = array("q"), array("q")  # pairs, 16 bytes each
    passage = ""

    def items() -> Iterator[tuple[str, ItemText]]:
        nonlocal passage
        for done, place in enumerate(work.places(FIRST_COME)):
            tick(done)
            item = item_of(work.row(place))
            passage = item.passage
            yield str(place.number), item

    def found() -> Iterator[Dropped]:
        with CopyIndex.open(file, 1.0 if near is None else near) as index:
            for id, copy in index.sift(items(), without=lambda id: ancestry.of(work.place(int(id)))):
                for like in index.passages_like(passage) if passage else ():
                    shown.extend((int(id), like))
                if copy is not None:
                    joined.extend((int(id), int(copy.id)))
                    reason = "exact copy" if copy.how == "exact" else "near copy"
                    yield Dropped(int(id), reason, int(copy.id))

    work.sql.execute("CREATE INDEX rows_by_place ON rows (run, id)")
    work.drop("copies", found())
    # what is copied from one document into another makes them one, whatever their files are called
    work.write(
        "INSERT INTO joined SELECT one.document, other.document FROM rows AS one, rows AS other "
        "WHERE one.number = ? AND other.number = ? AND one.document <> other.document AND one.shows AND other.shows",
        zip(joined[::2], joined[1::2], strict=True),
    )
    # so does a passage that stands in both, also where other things are asked about it
    work.sql.execute("CREATE TABLE shown (passage INTEGER, document INTEGER, PRIMARY KEY (passage, document))")
    work.write(
        "INSERT OR IGNORE INTO shown SELECT ?, document FROM rows WHERE number = ? AND shows",
        zip(shown[1::2], shown[::2], strict=True),
    )
    work.sql.execute(
        "INSERT INTO joined SELECT first, document FROM shown "
        "JOIN (SELECT passage, min(document) AS first FROM shown GROUP BY passage) USING (passage) "
        "WHERE document <> first"
    )


class Ancestry:
    """The items that an item was refined out of: it is meant to be like them, so it is no copy of theirs."""

    def __init__(self, work: Work) -> None:
        self._sql = work.sql

    def of(self, place: Place) -> frozenset[str]:
        """The numbers of a row's ancestors, as texts: ids of the index."""
        found: list[str] = []
        id, met = place.id, {place.id}
        while True:
            row = self._sql.execute("SELECT parent FROM rows WHERE run = ? AND id = ?", (place.run, id)).fetchone()
            row = (
                row
                or self._sql.execute("SELECT parent FROM parents WHERE run = ? AND id = ?", (place.run, id)).fetchone()
            )
            if row is None or row[0] is None or row[0] in met:
                return frozenset(found)
            id = row[0]
            met.add(id)
            number = self._sql.execute("SELECT number FROM rows WHERE run = ? AND id = ?", (place.run, id)).fetchone()
            if number is not None:
                found.append(str(number[0]))
