"""The file of a run store: its tables, its format, its lock, and the connections to it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import sqlite3
from pathlib import Path

from orca_agents.errors import StoreError
from orca_agents.records import Usage

LOCK_NAME = "run.lock"
FORMAT = 3
"""Raised whenever an older orca-agents could no longer read the file, or this one an older file."""
COUNTS = tuple(Usage.model_fields)
"""The columns of what a call used."""

_APPLICATION_ID = 0x6F726361  # "orca": tells our files from other people's databases
_WAIT_S = 30.0  # for another program that is writing to the file
_COUNT_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL" for name in COUNTS)
_PURPOSE = "model TEXT NOT NULL, stage TEXT NOT NULL, leaf TEXT NOT NULL, agent TEXT NOT NULL"
_KEY = "seed_id TEXT NOT NULL, path TEXT NOT NULL, ordinal INTEGER NOT NULL, digest TEXT NOT NULL"
# Bodies come last: SQLite need not read them to come to the other columns.
_SCHEMA = f"""
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE calls (
    {_KEY}, {_PURPOSE}, attempts INTEGER NOT NULL, {_COUNT_COLUMNS},
    request BLOB NOT NULL, reply BLOB NOT NULL, PRIMARY KEY (seed_id, path, ordinal, digest));
CREATE TABLE tools (
    {_KEY}, tool TEXT NOT NULL, call BLOB NOT NULL, PRIMARY KEY (seed_id, path, ordinal, digest));
CREATE TABLE faults ({_KEY}, {_PURPOSE}, attempts INTEGER NOT NULL, error TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX faults_by_call ON faults (seed_id, path, ordinal);
CREATE TABLE spend (
    {_PURPOSE}, replies INTEGER NOT NULL, attempts INTEGER NOT NULL, faults INTEGER NOT NULL, {_COUNT_COLUMNS},
    PRIMARY KEY (model, stage, leaf, agent)) WITHOUT ROWID;
CREATE TRIGGER add_reply_to_spend AFTER INSERT ON calls BEGIN
    INSERT INTO spend VALUES (
        new.model, new.stage, new.leaf, new.agent, 1, new.attempts, 0, {", ".join(f"new.{name}" for name in COUNTS)})
    ON CONFLICT DO UPDATE SET
        replies = replies + 1, attempts = attempts + excluded.attempts,
        {", ".join(f"{name} = {name} + excluded.{name}" for name in COUNTS)};
END;
CREATE TRIGGER add_fault_to_spend AFTER INSERT ON faults BEGIN
    INSERT INTO spend VALUES (
        new.model, new.stage, new.leaf, new.agent, 0, new.attempts, 1, {", ".join("0" for _ in COUNTS)})
    ON CONFLICT DO UPDATE SET faults = faults + 1, attempts = attempts + excluded.attempts;
END;

CREATE TABLE chats (
    config_hash TEXT NOT NULL, id TEXT NOT NULL, seed_id TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (config_hash, id));
CREATE TABLE outcomes (
    id TEXT NOT NULL, config_hash TEXT NOT NULL, unit TEXT NOT NULL, type TEXT NOT NULL,
    stage TEXT NOT NULL, leaf TEXT, label TEXT NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX outcomes_by_id ON outcomes (id, unit, config_hash, type);
CREATE INDEX outcomes_by_unit ON outcomes (config_hash, unit, type, id, leaf, stage, label);
CREATE TABLE finished (
    config_hash TEXT NOT NULL, unit TEXT NOT NULL, tally TEXT NOT NULL, PRIMARY KEY (config_hash, unit)) WITHOUT ROWID;

CREATE TABLE seeds (unit TEXT PRIMARY KEY, body BLOB NOT NULL);
-- A resumed run comes by the same units in the same order: it changes the number of the run and no index.
CREATE TABLE latest (run INTEGER NOT NULL);
INSERT INTO latest VALUES (0);
CREATE TABLE plan (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, unit TEXT NOT NULL, seed_id TEXT);
CREATE INDEX plan_by_unit ON plan (unit);
CREATE INDEX plan_by_seed ON plan (seed_id);
CREATE VIEW planned AS SELECT position, unit, seed_id FROM plan
    WHERE run = (SELECT run FROM latest) AND NOT EXISTS (
        SELECT 1 FROM plan AS earlier
        WHERE earlier.unit = plan.unit AND earlier.run = plan.run AND earlier.position < plan.position);
"""  # noqa: S608  names of our own fields


def lock_folder(folder: Path, file: Path) -> sqlite3.Connection:
    """Hold a run for this connection. SQLite's own file locks work on every system and end with the process."""
    lock = sqlite3.connect(folder / LOCK_NAME, timeout=0.5, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("PRAGMA journal_mode = OFF")  # nothing is ever written to it
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        raise StoreError(
            f"{folder} is in use by {_holder(file)}: wait until it ends or stop it, or use another folder "
            "(`orca-agents show` can read while it runs)"
        ) from None
    return lock


def is_in_use(folder: Path) -> bool:
    """Whether a process holds the run; it notices nothing of the question. A process that was killed holds nothing."""
    lock = folder / LOCK_NAME
    if not lock.is_file():
        return False
    try:
        address = f"{lock.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # needs the lock that all may share
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            return True
        raise StoreError(f"{lock} cannot be read ({error}): check that it is yours to read") from error
    return False


def open_writer(path: Path, *, create: bool, durable: bool) -> sqlite3.Connection:
    """The connection that writes; makes the tables in a file that is new."""
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        if not _is_ours(connection, path):
            if not create:
                raise StoreError(f"{path} is empty: there is no run in it")
            create_tables(connection)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"{path} is on a file system without shared memory: put the run folder on a local disk")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    except BaseException:  # raised again when all is put in order
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, to a file that may be in use or may lie on a read-only disk."""
    address = f"{path.as_uri()}?{'immutable=1' if _is_at_rest(path) else 'mode=ro'}"
    connection = sqlite3.connect(address, uri=True, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        if not _is_ours(connection, path):
            raise StoreError(f"{path} is empty: there is no run in it")
    except BaseException:  # raised again when all is put in order
        connection.close()
        raise
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    """All of it or, if the process is killed meanwhile, nothing."""
    try:
        version = importlib.metadata.version("orca-agents")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that was not installed
        version = "of an unknown version"
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA}")
    connection.execute("INSERT INTO notes VALUES ('created_with', ?)", (json.dumps(version),))
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def _is_at_rest(path: Path) -> bool:
    """Whether nobody writes to the file and we may not: SQLite wants a log beside it unless it is told so."""
    log, index = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    has_log = index.exists() or (log.exists() and log.stat().st_size > 0)
    return not has_log and not os.access(path.parent, os.W_OK)


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """False for a new, empty file. Refuses other people's databases and other formats."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not application and not version and not tables:
        return False
    if application != _APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program: use another folder for the run")
    if version != FORMAT:
        advice = (
            "upgrade it with `pip install -U orca-agents`"
            if version > FORMAT
            else "use that version, or a new folder for the run"
        )
        made_by = _creator(connection, "a newer orca-agents" if version > FORMAT else "an older orca-agents")
        raise StoreError(
            f"{path} was made by {made_by} in format {version}, and this orca-agents reads format {FORMAT}: {advice}"
        )
    return True


def _creator(connection: sqlite3.Connection, unknown: str) -> str:
    try:
        row = connection.execute("SELECT value FROM notes WHERE key = 'created_with'").fetchone()
        return f"orca-agents {json.loads(row[0])}"
    except (sqlite3.Error, TypeError, ValueError):  # another format may keep its notes in another way
        return unknown


def _holder(file: Path) -> str:
    try:
        with contextlib.closing(open_reader(file)) as connection:
            row = connection.execute("SELECT value FROM notes WHERE key = 'opened_by'").fetchone()
            note = json.loads(row[0])
            return f"process {note['pid']} on {note['host']}"
    except (sqlite3.Error, StoreError, TypeError):  # it has only just begun, and has not said who it is
        return "another process"
