"""Put the items of a benchmark into an index, without what many of them share."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orca_agents.contamination.benchmark import Item
from orca_agents.contamination.grams import FEWEST, GRAM, can_be_told, grams, run_length, whole
from orca_agents.contamination.sketch import Sketch
from orca_agents.contamination.words import read_words


class Added(NamedTuple):
    """What was put in."""

    id: int
    items: int
    findable: int
    grams: int


LONG = 50
"""Words from which a text that several items share is a passage, whose questions are many, and no boilerplate."""


def insert(connection: sqlite3.Connection, name: str, items: Iterable[Item]) -> Added:
    """Put items in. The caller holds the transaction. Memory does not grow with their number, but for the counts."""
    (id,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM benchmarks").fetchone()
    count, words = _store(connection, id, items)
    limit = most_shared(count)
    sketch = _count(connection, id, words)
    number = 0
    for part, place_of in _anchors(connection, id, sketch, limit, count):
        connection.executemany("INSERT OR IGNORE INTO grams VALUES (?, ?, ?)", ((g, part, p) for g, p in place_of))
        number += len(place_of)
    (findable,) = connection.execute(_FINDABLE, (id,)).fetchone()
    return Added(id, count, findable, number)


def most_shared(items: int) -> int:
    """What stands in more items than this is boilerplate: in a tenth of them, but from 2 to 10 (Brown et al. pass over
    n-grams that they meet in more than 10 documents)."""
    return min(max(items // 10, 2), 10)


def _store(connection: sqlite3.Connection, id: int, items: Iterable[Item]) -> tuple[int, int]:
    """Store items and their parts, each different part once; how many items, and words of parts."""
    (item,) = connection.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()
    count = words = 0
    for label, texts in items:
        split = [part for text in texts if (part := read_words(text).words)]
        if not split:
            continue
        if not any(can_be_told(part) for part in split):
            # "Photosynthesis takes place in" is too little without its options
            split = [[word for part in split for word in part]]
        count += 1
        item += 1
        connection.execute("INSERT INTO items VALUES (?, ?, ?)", (item, id, _storable(label)))
        for place, part in enumerate(split):
            joined = " ".join(part)
            digest = hashlib.sha256(joined.encode()).digest()[:12]
            (part_id, times) = connection.execute(_ADD_PART, (id, digest, joined)).fetchone()
            words += len(part) if times == 1 else 0
            connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (item, place, part_id))
    return count, words


def _count(connection: sqlite3.Connection, id: int, words: int) -> Sketch:
    """In how many items each gram stands; a passage that several share counts once."""
    sketch = Sketch(words)
    for _, text, times in _parts(connection, id):
        split = text.split()
        if len(split) >= GRAM:
            for gram in set(grams(split)):
                sketch.count(gram, 1 if len(split) >= LONG else times)
    return sketch


def _anchors(
    connection: sqlite3.Connection, id: int, sketch: Sketch, limit: int, items: int
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """For each part the grams to look up, with their places; notes which of its words are its own."""
    for part, text, times in _parts(connection, id):
        split = text.split()
        is_shared = times > (max(limit, items // 2) if len(split) >= LONG else limit)
        if is_shared or not can_be_told(split):
            own, anchors = [not is_shared] * len(split), []
        elif len(split) < FEWEST:
            own, anchors = [True] * len(split), [(whole(split), 0)]
        else:
            numbers = grams(split)
            rare = [sketch[gram] <= limit for gram in numbers]
            every = all(rare)
            own = [every or any(rare[max(0, at - GRAM + 1) : at + 1]) for at in range(len(split))]
            anchors = _spread(numbers, rare, run_length(len(split)))
        if not all(own):
            connection.execute("UPDATE parts SET own = ? WHERE id = ?", ("".join("01"[mine] for mine in own), part))
        yield part, anchors


def _spread(numbers: list[int], rare: list[bool], run: int) -> list[tuple[int, int]]:
    """As few grams as will do: each run of so many words holds one of them, unless it holds none that is rare."""
    step = min(run - GRAM + 1, _STEP)
    places: set[int] = set()
    for place in range(0, len(numbers), step):
        near = [place] if rare[place] else range(max(0, place - step + 1), min(len(rare), place + step))
        places.update(other for other in near if rare[other])
    chosen: dict[int, int] = {}
    for place in sorted(places):
        chosen.setdefault(numbers[place], place)
    return list(chosen.items())


def _parts(connection: sqlite3.Connection, id: int) -> Iterator[tuple[int, str, int]]:
    """The parts of a benchmark: id, words, and in how many items each is."""
    last = 0
    while rows := connection.execute(_NEXT_PARTS, (id, last)).fetchall():
        yield from rows
        last = rows[-1][0]


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


_STEP = 4
"""Most words from one gram to the next. Fewer grams would do for equal runs, but not where words are changed."""
_ADD_PART = """INSERT INTO parts (benchmark, digest, times, words) VALUES (?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET times = times + 1 RETURNING id, times"""
_NEXT_PARTS = "SELECT id, words, times FROM parts WHERE benchmark = ? AND id > ? ORDER BY id LIMIT 1000"
_FINDABLE = """SELECT count(DISTINCT item) FROM contents WHERE part IN (
    SELECT part FROM grams WHERE part IN (SELECT id FROM parts WHERE benchmark = ?))"""
