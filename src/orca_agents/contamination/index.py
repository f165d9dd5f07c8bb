"""An index of benchmarks in one SQLite file: which of their items stand in a text.

The rule follows the n-grams of Brown et al. (2020, appendix C), who compare runs of 8 to 13 words, the longer the items
are, and pass over those that stand in very many texts:

- Compared are words, without case, punctuation and layout. Each field of an item, and each option, is compared by
  itself, so that their order does not matter.
- A part counts where two thirds of its words, from 8 to 13, stand in the text in a row. One of 5 to 7 words must stand
  there whole, as a sentence or line of its own; shorter ones count beside another part only.
- A part counts too where it is there with some words changed: nine tenths of 12 words, four fifths of 20.
- What many items of a benchmark share (its instructions, its usual phrases) is not its own: it counts for nothing.
- An item is in a text where a third of the question's own words, or of the whole item's, is found in this way, or 50
  of them in a row (Lee et al. 2022). A question of fewer than 8 words with options is nothing without one of them, and
  one of fewer than 13 about a passage nothing without something of that or of its options.

So a word problem with other numbers is found; an exercise that is little but numbers is another one. A paraphrase or a
translation is not found.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from orca_agents.contamination.adding import Added, insert
from orca_agents.contamination.benchmark import read_items
from orca_agents.contamination.file import FORMAT, connect, snapshot, telling, transaction
from orca_agents.contamination.grams import FEWEST, SHORTEST, Filter, grams, whole
from orca_agents.contamination.matching import Hit, Part, is_hit, share
from orca_agents.contamination.words import Words, quote, read_words
from orca_agents.errors import DatasetError, did_you_mean


class Benchmark(NamedTuple):
    """What an index knows of one benchmark."""

    name: str
    items: int
    findable: int
    """Items with enough words of their own to be found."""
    grams: int
    """N-grams in the index."""
    file: str
    sha256: str
    """Of the file when it was added."""
    fields: tuple[str, ...]
    id_field: str | None


class BenchmarkIndex:
    """Benchmarks in a file. Any number of threads and processes may look for their items; one at a time may add.

    What another process adds is found, and part of the digest, when the index is opened again.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, can_write: bool) -> None:
        self._path = path
        self._connection = connection
        self._can_write = can_write
        self._lock = threading.Lock()
        self._refresh()

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> BenchmarkIndex:
        """Open an index to find in it; with `create` also to add to it, and to begin it where there is none."""
        connection = connect(path, create=create)
        try:
            return cls(path, connection, can_write=create)
        except BaseException:  # nobody else could close it
            connection.close()
            raise

    def __enter__(self) -> BenchmarkIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the file."""
        with self._lock:
            self._connection.close()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def digest(self) -> str:
        """A hash of what is in it: the same benchmarks, read in the same way, have the same one in every index."""
        parts = sorted((one.name, one.sha256, *one.fields, one.id_field or "") for one in self._benchmarks)
        return hashlib.sha256(json.dumps([FORMAT, parts]).encode()).hexdigest()[:16]

    def benchmarks(self) -> list[Benchmark]:
        """The benchmarks, by name."""
        return list(self._benchmarks)

    def add(self, name: str, file: Path, fields: Sequence[str], id_field: str | None = None) -> int:
        """Add the items of a file, all of them or none; the first field is the question. Returns how many they are.

        Raises `DatasetError` where the file cannot be read, has no such fields, or the name is taken.
        """
        self._check_writable()
        if not name.strip():
            raise DatasetError(f"{file}: a benchmark needs a name")
        sha256 = _sha256(file)
        with self._lock, telling(self._path, "written"), transaction(self._connection):
            if name in self._known():
                raise DatasetError(
                    f"{self._path}: there is a benchmark {name!r} already; remove it first (`orca-agents benchmarks "
                    f"remove {name}`), or take another name"
                )
            added = insert(self._connection, name, read_items(file, fields, id_field))
            if not added.items:
                raise DatasetError(f"{file}: no row has any text in {', '.join(fields)}; name other fields")
            self._describe(added, name, str(file), sha256, fields, id_field)
        self._refresh()
        return added.items

    def remove(self, name: str) -> None:
        """Take a benchmark out."""
        self._check_writable()
        with self._lock, telling(self._path, "written"):
            with transaction(self._connection):
                known = self._known()
                if name not in known:
                    raise DatasetError(
                        f"{self._path}: no benchmark is called {name!r}{did_you_mean(name, known)}; "
                        f"there are: {', '.join(known) or 'none'}"
                    )
                (id,) = self._connection.execute("SELECT id FROM benchmarks WHERE name = ?", (name,)).fetchone()
                for statement in _REMOVALS:
                    self._connection.execute(statement, (id,))
            self._connection.execute("VACUUM")
        self._refresh()

    def find(self, text: str) -> Hit | None:
        """The item of which most stands in the text; `None` where there is none."""
        hits = self.find_all(text, most=1)
        return hits[0] if hits else None

    def find_all(self, text: str, most: int = 10) -> list[Hit]:
        """The items that stand in the text, the most complete first."""
        words = read_words(text)
        wanted = self._wanted(words)
        if not wanted:
            return []
        with self._lock, telling(self._path, "read"), snapshot(self._connection):
            found = self._match(words, wanted)
            joined = f" {' '.join(words.words)} "
            hits = sorted(self._judge(found, joined), key=lambda one: (-one[0], -one[1].longest[0], *one[2:]))
        return [
            Hit(benchmark, label, round(part_share, 3), quote(text, *longest.longest[1:]))
            for part_share, longest, benchmark, _, label in hits[:most]
        ]

    def _check_writable(self) -> None:
        if not self._can_write:
            raise DatasetError(f"{self._path}: the index was opened to be read; open it with create=True to change it")

    def _known(self) -> list[str]:
        """The names that are in the file now: another process may have written since it was opened."""
        return [name for (name,) in self._connection.execute("SELECT name FROM benchmarks ORDER BY name")]

    def _refresh(self) -> None:
        """Read again what the file holds."""
        with self._lock, telling(self._path, "read"), snapshot(self._connection):
            rows = self._connection.execute(_BENCHMARKS).fetchall()
            self._benchmarks = [Benchmark(*row)._replace(fields=tuple(json.loads(row[6]))) for row in rows]
            number = sum(one.grams for one in self._benchmarks)
            every = self._connection.execute("SELECT gram FROM grams")
            self._filter = Filter((gram for (gram,) in every), number)

    def _describe(
        self, added: Added, name: str, file: str, sha256: str, fields: Sequence[str], id_field: str | None
    ) -> None:
        self._connection.execute(
            "INSERT INTO benchmarks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                added.id,
                name,
                file,
                sha256,
                json.dumps(list(fields)),
                id_field,
                added.items,
                added.findable,
                added.grams,
            ),
        )

    def _wanted(self, text: Words) -> dict[int, list[int]]:
        """The grams of a text that may be in the index, with the places where they stand."""
        wanted: dict[int, list[int]] = {}
        for gram, place in self._filter.sift(grams(text.words)):
            places = wanted.setdefault(gram, [])
            if len(places) < _MOST_PLACES:
                places.append(place)
        sentences = list(_sentences(text.bounds))
        for gram, number in self._filter.sift(whole(text.words[first:end]) for first, end in sentences):
            wanted.setdefault(gram, []).append(sentences[number][0])
        return wanted

    def _match(self, text: Words, wanted: dict[int, list[int]]) -> dict[int, Part]:
        """The parts of which something stands in a text."""
        parts: dict[int, Part] = {}
        asked = sorted(wanted)
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            for gram, id, place in self._connection.execute(
                f"SELECT gram, part, place FROM grams WHERE gram IN ({marks})",  # noqa: S608  question marks
                some,
            ).fetchall():
                part = parts.get(id) or parts.setdefault(id, self._part(id))
                for at in wanted[gram]:
                    part.match(text.words, place, at)
        return {id: part for id, part in parts.items() if part.count}

    def _judge(self, found: dict[int, Part], text: str) -> list[tuple[float, Part, str, int, str]]:
        """The items that count: share, the part with the longest run, benchmark, number and label."""
        judged = []
        items = {item for part in found for (item,) in self._connection.execute(_ITEMS_OF, (part, _MOST_ITEMS))}
        for item in sorted(items):
            ids = [part for (part,) in self._connection.execute(_PARTS_OF, (item,))]
            parts = [found.get(id) or self._part(id) for id in ids]
            item_share = share(parts, text)
            if is_hit(parts, item_share):
                benchmark, label = self._connection.execute(_ITEM, (item,)).fetchone()
                judged.append((item_share, max(parts, key=lambda part: part.longest[0]), benchmark, item, label))
        return judged

    def _part(self, id: int) -> Part:
        words, own = self._connection.execute("SELECT words, own FROM parts WHERE id = ?", (id,)).fetchone()
        split = words.split()
        return Part(split, [mark == "1" for mark in own] if own else [True] * len(split))


def _sentences(bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where short sentences begin and end, and several of them where they are short together."""
    for number, first in enumerate(bounds):
        for end in bounds[number + 1 :]:
            if end - first >= FEWEST:
                break
            if end - first >= SHORTEST:
                yield first, end


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}; check the path") from None


_AT_ONCE = 500
_MOST_PLACES = 20
"""How often a gram of one text is looked at: a text that says the same over and over must not take for ever."""
_MOST_ITEMS = 20
"""Items that are judged for one shared part."""
_BENCHMARKS = "SELECT name, items, findable, grams, file, sha256, fields, id_field FROM benchmarks ORDER BY name"
_ITEMS_OF = "SELECT DISTINCT item FROM contents WHERE part = ? ORDER BY item LIMIT ?"
_PARTS_OF = "SELECT part FROM contents WHERE item = ? ORDER BY place"
_ITEM = "SELECT benchmarks.name, label FROM items JOIN benchmarks ON benchmarks.id = benchmark WHERE items.id = ?"
_REMOVALS = (
    "DELETE FROM grams WHERE part IN (SELECT id FROM parts WHERE benchmark = ?)",
    "DELETE FROM contents WHERE item IN (SELECT id FROM items WHERE benchmark = ?)",
    "DELETE FROM parts WHERE benchmark = ?",
    "DELETE FROM items WHERE benchmark = ?",
    "DELETE FROM benchmarks WHERE id = ?",
)
