"""The file of an index of benchmarks: its tables, its format and the connections to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orca_agents.errors import DatasetError

FORMAT = 1
"""Raised whenever what is compared changes, or how it is stored: an older index cannot be read then."""

_APPLICATION_ID = 0x6F726362  # tells our files from other people's databases
_WAIT_S = 30.0
_CACHE_KB = 65536
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE benchmarks (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, file TEXT NOT NULL, sha256 TEXT NOT NULL, fields TEXT NOT NULL,
    id_field TEXT, items INTEGER NOT NULL, findable INTEGER NOT NULL, grams INTEGER NOT NULL);
-- A text that several items share (a passage, an option) is there once.
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, benchmark INTEGER NOT NULL, digest BLOB NOT NULL, times INTEGER NOT NULL,
    words TEXT NOT NULL, own TEXT NOT NULL DEFAULT '', UNIQUE (benchmark, digest));
CREATE TABLE items (id INTEGER PRIMARY KEY, benchmark INTEGER NOT NULL, label TEXT NOT NULL);
CREATE TABLE contents (
    item INTEGER NOT NULL, place INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (item, place)) WITHOUT ROWID;
CREATE INDEX contents_by_part ON contents (part, item);
CREATE TABLE grams (
    gram INTEGER NOT NULL, part INTEGER NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (gram, part, place)) WITHOUT ROWID;
"""


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """A connection to an index; one that can write where `create` is set, which makes the file if there is none.

    Raises `DatasetError` where there is no index, or another file.
    """
    if not create and not path.is_file():
        raise DatasetError(
            f"{path}: there is no index of benchmarks; make one with `orca-agents benchmarks add NAME FILE "
            f"--field question --index {path}`, or name another with --index"
        )
    with telling(path, "opened"):
        mode = "rwc" if create else "ro"
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_WAIT_S,
            isolation_level=None,
            check_same_thread=False,  # the index lets one thread at a time have it
        )
    try:
        with telling(path, "opened"):
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (things,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if create:
                connection.execute(f"PRAGMA cache_size = {-_CACHE_KB}")  # n-grams come in no order
            if create and application == version == things == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
                application, version = _APPLICATION_ID, FORMAT
        if application != _APPLICATION_ID:
            raise DatasetError(f"{path}: not an index of benchmarks; name another file with --index")
        if version != FORMAT:
            raise DatasetError(
                f"{path}: made by another version of orca-agents (format {version}, this one reads {FORMAT}); "
                "delete it and add the benchmarks again"
            )
    except BaseException:  # a connection that is not handed out must not stay open
        connection.close()
        raise
    return connection


@contextmanager
def telling(path: Path, done: str) -> Iterator[None]:
    """Turn SQLite's errors into ours; `done` says what could not be done."""
    try:
        yield
    except sqlite3.ProgrammingError as error:  # the caller's mistake, not the file's
        raise DatasetError(f"{path}: the index of benchmarks is closed; open it again") from error
    except sqlite3.Error as error:
        advice = {
            "SQLITE_BUSY": "another process writes to it; wait until it ends",
            "SQLITE_READONLY": "see that it can be written",
            "SQLITE_CANTOPEN": "see that its folder is there and can be written",
            "SQLITE_FULL": "make room on the disk",
            "SQLITE_NOTADB": "it is no index of benchmarks; name another file with --index",
        }
        name = getattr(error, "sqlite_errorname", "")
        what = next(
            (words for start, words in advice.items() if name.startswith(start)), "delete it and build it again"
        )
        raise DatasetError(f"{path}: the index of benchmarks cannot be {done} ({error}): {what}") from error


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read in here is of one moment, whatever another process writes meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # whatever ends it, also Ctrl-C
        connection.execute("ROLLBACK")
        raise
