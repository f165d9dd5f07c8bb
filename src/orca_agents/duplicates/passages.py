"""The passages of items: each is kept once, and those that are alike lead to the same places.

A place is what the questions about a passage are filed under, so that one question about 100,000 passages is looked for
under one of them only. The first passage of its kind is a place; one that is like it has that place too.
"""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from orca_agents.duplicates.alike import SAME, Likeness, Passage, compare_passages, read_passage
from orca_agents.duplicates.buckets import Buckets
from orca_agents.duplicates.coding import fingerprint
from orca_agents.duplicates.signing import key_of, passage_keys, sign_passage


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage leads to."""

    passage: Passage
    digest: bytes
    number: int = 0
    """Of the passage, if it is kept."""
    places: tuple[int, ...] = ()
    """Passages that it is like, itself if it was the first; the most alike first."""
    keys: tuple[int, ...] = ()
    """Of a passage that is not kept: what it would be found by."""


class Passages:
    """The passages that came so far."""

    def __init__(self, connection: sqlite3.Connection, buckets: Buckets, threshold: float) -> None:
        self._connection = connection
        self._buckets = buckets
        self._threshold = threshold
        self._count = 0
        self._recent: OrderedDict[bytes, Place] = OrderedDict()
        connection.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, text TEXT, marks TEXT, places BLOB)")

    def find(self, text: str) -> Place | None:
        """Where a passage leads to; `None` where it has no words."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if (known := self._recent.get(digest)) is not None:
            self._recent.move_to_end(digest)
            return known
        passage = read_passage(text)
        if not passage.text:
            return None
        exact = key_of(_EXACT, fingerprint(passage.text))
        for number, its_passage, places in self._rows(list(self._buckets.under([exact]))):
            if its_passage.text == passage.text:
                return self._remember(Place(passage, digest, number, places))
        keys = passage_keys(sign_passage(passage.text))
        return Place(passage, digest, 0, self._alike(passage, keys), (exact, *keys))

    def add(self, place: Place) -> Place:
        """Keep a passage, if it is not kept yet."""
        if place.number:
            return place
        self._count += 1
        kept = Place(place.passage, place.digest, self._count, place.places or (self._count,))
        row = (kept.number, kept.passage.text, kept.passage.marks, array("I", kept.places).tobytes())
        self._connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?)", row)
        exact, *keys = place.keys
        self._buckets.add([exact], kept.number)
        if not place.places:
            self._buckets.add(keys, kept.number)
        return self._remember(kept)

    def compare(self, place: Place, number: int) -> Likeness | None:
        """How much a passage is like the kept one of this number."""
        if place.number == number:
            return SAME
        for _, passage, _ in self._rows([number]):
            return compare_passages(place.passage, passage, self._threshold)
        return None

    def _alike(self, passage: Passage, keys: Sequence[int]) -> tuple[int, ...]:
        """The places that a passage is like, the most alike first."""
        shared = Counter(self._buckets.under(keys))
        likely = sorted(shared, key=lambda number: (-shared[number], number))[:_MOST_CHECKED]
        found = []
        for number, other, _ in self._rows(likely):
            likeness = compare_passages(passage, other, self._threshold)
            if likeness is not None:
                found.append((-likeness.score, number))
        return tuple(number for _, number in sorted(found)[:_MOST_PLACES])

    def _rows(self, numbers: Sequence[int]) -> list[tuple[int, Passage, tuple[int, ...]]]:
        if not numbers:
            return []
        marks = ",".join("?" * len(numbers))
        query = f"SELECT * FROM passages WHERE number IN ({marks})"  # noqa: S608  question marks alone
        rows = self._connection.execute(query, numbers).fetchall()
        return [(number, Passage(text, marks), tuple(array("I", places))) for number, text, marks, places in rows]

    def _remember(self, place: Place) -> Place:
        self._recent[place.digest] = place
        if len(self._recent) > _MOST_REMEMBERED:
            self._recent.popitem(last=False)
        return place


_EXACT = 200
"""The kind of key that a passage of the same words is found by."""
_MOST_CHECKED = 64
_MOST_PLACES = 3
_MOST_REMEMBERED = 512
"""Passages whose places are at hand: the items of one passage mostly come one after the other."""
