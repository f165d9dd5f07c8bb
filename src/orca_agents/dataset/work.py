"""The work table of a build: what is known about each row, in a file, so that no number of rows fills the memory."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from orca_agents.dataset.rows import Row, parse_row
from orca_agents.dataset.sources import Run
from orca_agents.errors import DatasetError

BATCH = 2000
"""Rows that are written to the table at once."""

_MOST_OPEN = 100
"""Files of runs: systems allow some hundred."""
_SCHEMA = """
CREATE TABLE rows (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    id TEXT NOT NULL, skill TEXT NOT NULL, leaf TEXT NOT NULL,
    parent TEXT, round INTEGER NOT NULL,
    cell TEXT NOT NULL, shows INTEGER NOT NULL, searched INTEGER NOT NULL, letter TEXT, options INTEGER,
    chars INTEGER NOT NULL, answerable INTEGER NOT NULL,
    licences INTEGER NOT NULL, language TEXT, document INTEGER NOT NULL, lot INTEGER NOT NULL, digest BLOB NOT NULL,
    unfit TEXT, renamed TEXT, flags TEXT,
    step TEXT, reason TEXT, of,
    split TEXT);
CREATE TABLE licences (number INTEGER PRIMARY KEY, names TEXT UNIQUE NOT NULL);
CREATE TABLE documents (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, root INTEGER);
CREATE TABLE joined (one INTEGER NOT NULL, other INTEGER NOT NULL);
CREATE TABLE parents (
    run INTEGER NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (run, id)) WITHOUT ROWID;
"""


class Place(NamedTuple):
    """Where a row stands, and what it is called."""

    number: int
    run: int
    offset: int
    length: int
    id: str


class Dropped(NamedTuple):
    """A row that is dropped, and why."""

    number: int
    reason: str
    of: int | str | None = None
    """What it is a copy of: the number of another row; or the name of something else."""


class Work:
    """The table, and the files of the runs beside it. Comes from `open`."""

    def __init__(self, connection: sqlite3.Connection, runs: Sequence[Run]) -> None:
        self.sql = connection
        self.runs = runs
        self._files: dict[int, BinaryIO] = {}

    @classmethod
    def open(cls, file: Path, runs: Sequence[Run]) -> Work:
        """A new table in a file that nobody needs afterwards."""
        connection = sqlite3.connect(file, isolation_level=None)
        # what is lost with the power is done again, so nothing waits for the disk
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; "
            f"PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; {_SCHEMA}"
        )
        return cls(connection, runs)

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()
        self.sql.close()

    def __enter__(self) -> Work:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def count(self) -> int:
        """How many rows are left."""
        (number,) = self.sql.execute("SELECT count(*) FROM rows WHERE step IS NULL").fetchone()
        return int(number)

    def places(self, order: str = "number", where: str = "step IS NULL") -> Iterator[Place]:
        """Where the rows stand that are left. What is dropped meanwhile may still come, or may not."""
        sql = f"SELECT number, run, offset, length, id FROM rows WHERE {where} ORDER BY {order}"  # noqa: S608  our own words
        return map(Place._make, self.sql.cursor().execute(sql))

    def place(self, number: int) -> Place:
        """Where a row stands."""
        sql = "SELECT number, run, offset, length, id FROM rows WHERE number = ?"
        return Place._make(self.sql.execute(sql, (number,)).fetchone())

    def row(self, place: Place) -> Row:
        """The row itself, read from the file of its run."""
        file = self._file(place.run)
        file.seek(place.offset)
        line = file.read(place.length)
        run = self.runs[place.run]
        row = parse_row(line, f"{run.examples}, byte {place.offset}")
        if row["id"] != place.id:
            raise DatasetError(f"{run.examples} was changed while it was read: build again when its run has ended")
        return row

    def _file(self, run: int) -> BinaryIO:
        if run not in self._files:
            if len(self._files) >= _MOST_OPEN:
                self._files.pop(next(iter(self._files))).close()
            self._files[run] = self.runs[run].examples.open("rb")
        return self._files[run]

    def drop(self, step: str, rows: Iterable[Dropped]) -> None:
        """Drop rows."""
        self.write(
            "UPDATE rows SET step = ?, reason = ?, of = ? WHERE number = ?",
            ((step, reason, of, number) for number, reason, of in rows),
        )

    def drop_where(self, step: str, reason: str, where: str, values: Sequence[Any] = ()) -> None:
        """Drop all rows that are left and for which a condition holds."""
        self.sql.execute(
            f"UPDATE rows SET step = ?, reason = ? WHERE step IS NULL AND ({where})",  # noqa: S608  our own words
            (step, reason, *values),
        )

    def dropped(self, step: str) -> Counter[str]:
        """reason -> how many rows a step dropped."""
        found = self.sql.execute("SELECT reason, count(*) FROM rows WHERE step = ? GROUP BY reason", (step,))
        return Counter(dict(found))

    def write(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Carry out a statement for each of the rows, some thousand at once."""
        batch: list[Sequence[Any]] = []
        for row in rows:
            batch.append(row)
            if len(batch) >= BATCH:
                self._write(sql, batch)
                batch = []
        self._write(sql, batch)

    def number_of(self, table: str, column: str, name: str) -> int:
        """The number of a name, given on the first meeting."""
        found = self.sql.execute(f"SELECT number FROM {table} WHERE {column} = ?", (name,)).fetchone()  # noqa: S608  our own
        if found is None:
            return int(self.sql.execute(f"INSERT INTO {table} ({column}) VALUES (?)", (name,)).lastrowid or 0)  # noqa: S608
        return int(found[0])

    def licences(self) -> dict[int, tuple[str | None, ...]]:
        """number -> the licences of the sources of a row; `None` for one that is not stated."""
        return {number: tuple(json.loads(names)) for number, names in self.sql.execute("SELECT * FROM licences")}

    def _write(self, sql: str, batch: Sequence[Sequence[Any]]) -> None:
        with self.transaction():
            self.sql.executemany(sql, batch)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that happens inside at once: 10 times as fast."""
        if self.sql.in_transaction:
            yield
            return
        self.sql.execute("BEGIN")
        try:
            yield
        finally:
            self.sql.execute("COMMIT")
