"""Which items stand under a key: in SQLite, so that they may be many more than memory holds.

A bucket keeps the first items that come under its key and no more, so what many items share costs no more than what
few do. New ones are gathered in memory and written in the order of their keys, and a filter of fixed size knows most of
the keys that nothing stands under: that spares most of the reading and the writing.
"""

from __future__ import annotations

import mmap
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence

MOST = 64
"""Items of one bucket."""


class Buckets:
    """Numbers under keys of 48 bits, in the order in which they came."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.execute("CREATE TABLE buckets (key INTEGER PRIMARY KEY, numbers BLOB NOT NULL)")
        self._recent: dict[int, bytes] = {}
        self._written = False
        self._filter = mmap.mmap(-1, _FILTER_BITS // 8)  # takes memory where it is used, not before

    def add(self, keys: Iterable[int], number: int) -> None:
        """Put a number under each of some keys."""
        entry = array("I", [number]).tobytes()
        for key in keys:
            slot = key % _FILTER_BITS
            self._filter[slot >> 3] |= 1 << (slot & 7)
            there = self._recent.get(key)
            if there is None:
                self._recent[key] = entry
            elif len(there) < _MOST_BYTES:
                self._recent[key] = there + entry
        if len(self._recent) >= _MOST_RECENT:
            self._write()

    def under(self, keys: Sequence[int]) -> Iterator[int]:
        """What stands under some keys; a number under several of them comes as often."""
        asked = [key for key in keys if self._filter[key % _FILTER_BITS >> 3] >> (key & 7) & 1]
        older: dict[int, bytes] = {}
        if self._written and asked:
            places = ",".join("?" * len(asked))
            query = f"SELECT key, numbers FROM buckets WHERE key IN ({places})"  # noqa: S608  question marks alone
            older = dict(self._connection.execute(query, asked))
        for key in asked:
            numbers = older.get(key, b"") + self._recent.get(key, b"")
            if numbers:
                yield from array("I", numbers[:_MOST_BYTES])

    def _write(self) -> None:
        rows = ((key, self._recent[key], _MOST_BYTES) for key in sorted(self._recent))
        self._connection.executemany(_WRITE, rows)
        self._recent.clear()
        self._written = True


_NUMBER_BYTES = array("I").itemsize
_MOST_BYTES = MOST * _NUMBER_BYTES
_WRITE = (
    "INSERT INTO buckets (key, numbers) VALUES (?, ?) ON CONFLICT (key) DO UPDATE "
    "SET numbers = CAST(numbers || excluded.numbers AS BLOB) WHERE length(numbers) < ?"
)
_MOST_RECENT = 100_000
"""Keys that are held back in memory: about 20 MB. More would be written with less work each, and a longer pause."""
_FILTER_BITS = 2**28
"""32 MB; with a million items an eighth of the bits is set."""
