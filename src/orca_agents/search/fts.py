"""A corpus in one SQLite file, found with FTS5: no dependency, any number of readers, one writer."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from orca_agents.errors import SearchError
from orca_agents.records import short_hash
from orca_agents.search.api import Hit, Passage
from orca_agents.search.ranking import TITLE_WEIGHT, Known, hits, rank, title_words
from orca_agents.search.words import Term, index_words, query_terms

QUERY_CHARS = 4000
"""What comes after this in a query is not looked at."""


class CorpusIndex:
    """Passages that can be searched, in a file, or in memory where no path is given.

    Threads and processes may search while one of them adds. A passage that is there already is not added again.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the index, or begin one. Raises `SearchError` where the file is no index of ours."""
        self._path = path
        self._passages_with: dict[str, int] = {}
        # One thread at a time uses a connection. A database in memory belongs to its one connection.
        self._size = 1 if path is None else _READERS
        self._free: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._closed = False
        with self._telling("opened"):
            for _ in range(self._size):
                self._free.put(_connect(path))
        with self._connection("opened") as connection:
            self._total = _count(connection)

    @classmethod
    def build(cls, path: Path, passages: Iterable[Passage]) -> CorpusIndex:
        """A new index at `path`, in place of what is there. It appears when it is whole: a build that dies leaves
        none."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".tmp", dir=path.parent)
            os.close(handle)
        except OSError as error:
            raise _broken(path, "written", error) from error
        unfinished = Path(name)
        try:
            with closing(_connect(unfinished, fresh=True)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                _insert(connection, passages)
                connection.execute("INSERT INTO found (found) VALUES ('optimize')")
                connection.execute("COMMIT")
            with unfinished.open("rb+") as written:
                os.fsync(written.fileno())
            unfinished.replace(path)
        except (sqlite3.Error, OSError) as error:
            raise _broken(path, "written", error) from error
        finally:
            unfinished.unlink(missing_ok=True)
        return cls(path)

    @property
    def name(self) -> str:
        """What is searched, with how many passages."""
        return f"corpus (SQLite FTS5, {self._total:,} passages)"

    def __len__(self) -> int:
        return self._total

    def add(self, passages: Iterable[Passage]) -> int:
        """Add those passages that are not there yet, all of them or none; how many they were."""
        with self._connection("written") as connection:
            if self._path is not None:
                connection.execute("PRAGMA journal_mode = WAL")  # others can read meanwhile
            connection.execute("BEGIN IMMEDIATE")
            try:
                added = _insert(connection, passages)
                connection.execute("COMMIT")
            except BaseException:  # whatever ends it, also Ctrl-C and what the given iterable raises
                connection.execute("ROLLBACK")
                raise
            self._total = _count(connection)
            self._passages_with.clear()
        return added

    def passages(self) -> Iterator[Passage]:
        """Every passage, in the order in which they came."""
        last = 0
        while True:
            with self._connection("read") as connection:
                rows = connection.execute(f"{_SELECT} WHERE id > ? ORDER BY id LIMIT 500", (last,)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield from map(_passage, rows)

    async def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The best passages for a query, best first. Any text is a query. Raises `SearchError`."""
        return await asyncio.to_thread(self.search_now, query, limit)

    def search_now(self, query: str, limit: int = 5) -> list[Hit]:
        """As `search`, for a caller without an event loop."""
        terms = query_terms(query[:QUERY_CHARS])
        if not terms or limit < 1:
            return []
        with self._connection("searched") as connection:
            known = self._known(connection, terms)
            ids = _find(connection, known, limit, self._total)
            rows = [connection.execute(f"{_SELECT} WHERE id = ?", (id,)).fetchone() for id in ids]
        ranked = rank([_passage(row) for row in rows], known, self._total)
        return hits(ranked[:limit], known, self._total)

    async def close(self) -> None:
        """Free the file when the searches that are under way have ended."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, for a caller without an event loop."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._size):
            with suppress(queue.Empty):
                self._free.get(timeout=_PATIENCE_S).close()

    def _known(self, connection: sqlite3.Connection, terms: Sequence[Term]) -> list[Known]:
        """What some passages hold of what is asked for, rarest first."""
        known = []
        for term in terms:
            frequent = self._known_as(connection, term)
            if frequent.passages == 0 and len(term.parts) > 1:  # an identifier of which only parts are known
                known += [self._known_as(connection, Term((part,))) for part in term.parts]
            else:
                known.append(frequent)
        return sorted((one for one in dict.fromkeys(known) if one.passages), key=lambda one: one.passages)

    def _known_as(self, connection: sqlite3.Connection, term: Term) -> Known:
        together = min(self._how_many(connection, part) for part in term.parts)
        whole = self._how_many(connection, term.whole) if term.whole is not None else 0
        return Known(term, max(together, whole))

    def _how_many(self, connection: sqlite3.Connection, word: str) -> int:
        """How many passages hold a word. Remembered: SQLite walks through all of them to tell."""
        if (remembered := self._passages_with.get(word)) is not None:
            return remembered
        row = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
        count = int(row[0]) if row is not None else 0
        if count and len(self._passages_with) < _MOST_REMEMBERED:
            self._passages_with[word] = count
        return count

    @contextmanager
    def _connection(self, done: str) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile; `done` says in an error what could not be done."""
        if self._closed:
            raise SearchError(f"{self._place}: the index is closed; open it again to search")
        try:
            connection = self._free.get(timeout=_PATIENCE_S)
        except queue.Empty:
            raise SearchError(f"{self._place}: the index has been busy for {_PATIENCE_S} s; try again later") from None
        try:
            with self._telling(done):
                yield connection
        finally:
            self._free.put(connection)

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _broken(self._place, done, error) from error

    @property
    def _place(self) -> Path | str:
        return self._path if self._path is not None else "(in memory)"


def storable(text: str) -> str:
    """Without lone surrogates, which no file can hold; offsets stay right."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


_READERS = 4
_PATIENCE_S = 60
_MOST_REMEMBERED = 200_000
_FORMAT = 1
"""In the file's `user_version`: a change of the schema or of how texts become words makes it one higher."""
_SCHEMA = (
    """CREATE TABLE passages (
        id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL, title TEXT, source TEXT NOT NULL, page INTEGER, start INTEGER NOT NULL, "end" INTEGER
    )""",
    "CREATE VIRTUAL TABLE found USING fts5 (title, words, content = '', tokenize = 'ascii')",
    f"INSERT INTO found (found, rank) VALUES ('rank', 'bm25({TITLE_WEIGHT}, 1.0)')",  # noqa: S608  a number of ours
    f"PRAGMA user_version = {_FORMAT}",
)
_SELECT = 'SELECT id, text, title, source, page, start, "end" FROM passages'
_INSERT = 'INSERT OR IGNORE INTO passages (hash, text, title, source, page, start, "end") VALUES (?, ?, ?, ?, ?, ?, ?)'


def _connect(path: Path | None, *, fresh: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=_PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,  # the queue sees to it that one thread at a time has it
    )
    try:
        if fresh:  # nobody reads this file yet, and it is thrown away if anything goes wrong
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and things == 0:
            _begin(connection)
        elif version != _FORMAT:
            raise SearchError(f"{path}: not an index of this version of orca-agents; delete it, and it is built again")
        connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab (main, found, row)")
    except BaseException:  # a connection that is not handed out must not stay open
        connection.close()
        raise
    return connection


def _begin(connection: sqlite3.Connection) -> None:
    """Lay out an empty database, unless another process has done so meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    for statement in _SCHEMA if things == 0 else ():
        connection.execute(statement)
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, passages: Iterable[Passage]) -> int:
    added = 0
    for passage in passages:
        text, source = storable(passage.text), storable(passage.source)
        title = storable(passage.title) if passage.title is not None else None
        hash = short_hash(text, title or "", source, str(passage.page), str(passage.start))
        row = (hash, text, title, source, passage.page, passage.start, passage.end)
        cursor = connection.execute(_INSERT, row)
        if cursor.rowcount == 1:
            words = (cursor.lastrowid, title_words(passage), index_words(text))
            connection.execute("INSERT INTO found (rowid, title, words) VALUES (?, ?, ?)", words)
            added += 1
    return added


def _passage(row: Sequence[Any]) -> Passage:
    _, text, title, source, page, start, end = row
    return Passage(text=text, title=title, source=source, page=page, start=start, end=end)


def _count(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM passages").fetchone()
    return int(count)


_MOST_MATCHES = 20_000
"""SQLite scores every match, at about a microsecond each: a query may have about as many as this."""
_MOST_TERMS = 24
_COMMON = 0.1
"""Words in more than this share of the passages need not be in a hit, where there are rarer ones."""


def _find(connection: sqlite3.Connection, known: Sequence[Known], limit: int, total: int) -> list[int]:
    """The ids of the passages worth ranking: those with all words, and, where they are few, those with rare ones."""
    if not known:
        return []
    asked = known[:_MOST_TERMS]
    needed = [one for one in asked if one.passages <= max(_COMMON * total, asked[0].passages)]
    wanted = max(2 * limit, 20)
    # Where even the rarest word is in very many passages, the first of them have to do.
    last = total + 1 if needed[0].passages <= _MOST_MATCHES else total * _MOST_MATCHES // needed[0].passages
    ids = _match(connection, " AND ".join(_expression(one.term) for one in needed), last, wanted)
    if len(ids) < wanted and len(asked) > 1:
        rare, matches = [asked[0]], asked[0].passages
        for one in asked[1:]:
            matches += one.passages
            if matches > _MOST_MATCHES:
                break
            rare.append(one)
        ids += _match(connection, " OR ".join(_expression(one.term) for one in rare), last, wanted)
    return list(dict.fromkeys(ids))


def _match(connection: sqlite3.Connection, expression: str, last: int, limit: int) -> list[int]:
    statement = "SELECT rowid FROM found WHERE found MATCH ? AND rowid <= ? ORDER BY rank LIMIT ?"
    return [id for (id,) in connection.execute(statement, (expression, last, limit))]


def _expression(term: Term) -> str:
    """A term in FTS5's language. Words hold no quotes, so that nothing in them can be an operator."""
    together = " AND ".join(f'"{part}"' for part in term.parts)
    return f'(({together}) OR "{term.whole}")' if term.whole is not None else f"({together})"


def _broken(place: Path | str, done: str, error: Exception) -> SearchError:
    advice = "see that its folder can be written and has room" if done == "written" else "delete it, and build it again"
    return SearchError(f"{place}: the search index cannot be {done} ({error}); {advice}")
