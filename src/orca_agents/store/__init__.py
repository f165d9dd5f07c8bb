"""The run store: one SQLite file per run, so that nothing is bought twice and nothing is lost.

file.py      the file: tables, format, lock, connections
writer.py    the one thread that writes
packing.py   texts and records as they lie in the file
faults.py    what SQLite and the system say, in words that help
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args, overload

from orca_agents.errors import StoreError
from orca_agents.models.api import Reply
from orca_agents.records import Outcome, Record, Transcript, Usage
from orca_agents.store.faults import explained
from orca_agents.store.file import COUNTS, create_tables, lock_folder, open_reader, open_writer
from orca_agents.store.packing import R, from_key, marks, pack, to_key, unpack
from orca_agents.store.writer import Statement, Writer

FILE_NAME = "store.sqlite"

_TYPES: dict[str, type[Record]] = {kind.__name__: kind for kind in get_args(Outcome)}
_PAGE = 500  # rows that a listing holds in memory


class Found(NamedTuple):
    """An outcome, and the config hash under which it was made: `chats(config_hash, ...)` holds its lineage."""

    config_hash: str
    outcome: Outcome


class Store:
    """What a run has bought, said and made. Comes from `open` or `in_memory`; raises `StoreError` only.

    What was acknowledged survives `kill -9`. After a write has failed, every later write and `recall` fails too: a
    run must not buy what it cannot keep.
    """

    def __init__(
        self,
        place: str,
        reader: sqlite3.Connection,
        reading: threading.Lock,
        writer: Writer | None = None,
        to_close: Sequence[sqlite3.Connection] = (),
    ) -> None:
        self._place = place
        self._reader, self._reading = reader, reading
        self._writer = writer
        self._to_close = to_close
        self._closed = False

    @classmethod
    def open(cls, folder: Path, *, create: bool = True, durable: bool = False, read_only: bool = False) -> Store:
        """The store of the run in `folder`, for this process alone; with `read_only` beside the one that writes.

        `durable` waits for the disk at each commit, so that a loss of power loses nothing either.
        """
        folder = Path(folder).absolute()
        path = folder / FILE_NAME
        with explained(path):
            if (read_only or not create) and not path.is_file():
                raise StoreError(f"{folder} is not the folder of a run: it has no {FILE_NAME}")
            if read_only:
                return cls(str(path), open_reader(path), threading.Lock())
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as undo:
                lock = undo.enter_context(contextlib.closing(lock_folder(folder, path)))
                connection = undo.enter_context(contextlib.closing(open_writer(path, create=create, durable=durable)))
                reader = undo.enter_context(contextlib.closing(open_reader(path)))
                writer = undo.enter_context(contextlib.closing(Writer(connection, str(path), contextlib.nullcontext())))
                store = cls(str(path), reader, threading.Lock(), writer, to_close=(connection, lock))
                store.set_note("opened_by", {"pid": os.getpid(), "host": socket.gethostname()})
                undo.pop_all()
        return store

    @classmethod
    def in_memory(cls) -> Store:
        """A store without a folder, gone when it is closed."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        create_tables(connection)
        # one connection for both, so that reads must wait for the end of a transaction
        reading = threading.Lock()
        return cls("the store in memory", connection, reading, Writer(connection, "the store in memory", reading))

    def close(self) -> None:
        """Write what waits, and free the folder. Safe to call twice."""
        if self._writer:
            self._writer.close()
        with self._reading:
            self._closed = True
            self._reader.close()
        for (
            connection
        ) in self._to_close:  # the writer's after the reader's: as the last one it folds the log into the file
            connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def recall(self, seed_id: str, path: str, ordinal: int, digest: str) -> Reply | None:
        """The reply to exactly this request at this place, if it was bought before."""
        if self._writer:
            self._writer.check()
        sql = "SELECT reply FROM calls WHERE seed_id = ? AND path = ? AND ordinal = ? AND digest = ?"
        rows = self._read(sql, (to_key(seed_id), to_key(path), ordinal, digest))
        return unpack(Reply, rows[0][0], self._place) if rows else None

    async def record(
        self, seed_id: str, path: str, ordinal: int, digest: str, request_body: dict[str, Any], reply: Reply
    ) -> None:
        """Keep a reply: it is committed when this returns, and also if the caller is cancelled meanwhile.

        The first reply to a request stays; a second one is dropped.
        """
        key = (to_key(seed_id), to_key(path), ordinal, digest, to_key(str(request_body.get("model", ""))))
        row = (*key, *(getattr(reply.usage, name) for name in COUNTS), pack(request_body), pack(reply))
        sql = f"INSERT INTO calls VALUES ({marks(row)}) ON CONFLICT DO NOTHING"  # noqa: S608  only question marks
        await self._write((sql, [row]))

    async def save_chat(self, transcript: Transcript, config_hash: str) -> None:
        """Keep what was said in a chat; the same chat under the same config is replaced."""
        row = (config_hash, to_key(transcript.id), pack(transcript))
        await self._write(("INSERT INTO chats VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", [row]))

    async def save_outcomes(self, unit: str, config_hash: str, outcomes: Sequence[Outcome]) -> None:
        """All that became of one unit of work (a seed), at once: this also marks the unit as finished.

        What was saved of the unit under the same config is replaced.
        """
        for outcome_id, times in Counter(outcome.id for outcome in outcomes).items():
            if times > 1:
                raise StoreError(f"{unit} has {times} outcomes with the id {outcome_id!r}: only one could be kept")
        name = (config_hash, to_key(unit))
        rows = [(to_key(outcome.id), *name, type(outcome).__name__, pack(outcome)) for outcome in outcomes]
        await self._write(
            ("DELETE FROM outcomes WHERE config_hash = ? AND unit = ?", [name]),
            ("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)", rows),
            ("INSERT INTO finished VALUES (?, ?) ON CONFLICT DO NOTHING", [name]),
        )

    def finished(self, config_hash: str) -> set[str]:
        """The units whose outcomes were saved under this config."""
        rows = self._read("SELECT unit FROM finished WHERE config_hash = ?", (config_hash,))
        return {from_key(unit) for (unit,) in rows}

    @overload
    def outcomes(self, config_hash: str, *, units: Container[str] | None = None) -> Iterator[Outcome]: ...
    @overload
    def outcomes(self, config_hash: str, kind: type[R], *, units: Container[str] | None = None) -> Iterator[R]: ...
    def outcomes(
        self, config_hash: str, kind: type[Record] | None = None, *, units: Container[str] | None = None
    ) -> Iterator[Record]:
        """The outcomes under this config, all or of one kind and of certain units, in the order of their ids; read
        page by page."""
        # this index holds the order: the planner would rather sort every body
        sql = (
            "SELECT type, body, unit, id, unit FROM outcomes INDEXED BY outcomes_by_id "
            "WHERE config_hash = ? AND type = coalesce(?, type)"
        )
        rows = self._pages(sql, (config_hash, kind.__name__ if kind else None), ("id", "unit"))
        for type_name, body, unit in rows:
            if units is None or from_key(unit) in units:
                yield unpack(_TYPES[type_name], body, self._place)

    def chats(self, config_hash: str, ids: Iterable[str] | None = None) -> Iterator[Transcript]:
        """The chats under this config: all in the order of their ids, or those of `ids` in the order given."""
        sql = "SELECT body, id FROM chats WHERE config_hash = ?"
        if ids is None:
            rows: Iterator[Sequence[Any]] = self._pages(sql, (config_hash,), ("id",))
        else:
            rows = (row for key in ids for row in self._read(f"{sql} AND id = ?", (config_hash, to_key(key))))
        for body, *_ in rows:
            yield unpack(Transcript, body, self._place)

    def find(self, id_prefix: str, most: int = 20) -> list[Found]:
        """The outcomes whose id starts so, under whatever config; of equal ids the newest first."""
        sql = "SELECT config_hash, type, body FROM outcomes WHERE id >= ? AND id < ? ORDER BY id, rowid DESC LIMIT ?"
        rows = self._read(sql, (to_key(id_prefix), to_key(id_prefix + "\U0010ffff"), most))
        return [Found(config, cast(Outcome, unpack(_TYPES[kind], body, self._place))) for config, kind, body in rows]

    def usage(self) -> Usage:
        """Everything that was bought in this run folder, under whatever config."""
        return sum(self.usage_by_model().values(), Usage())

    def usage_by_model(self) -> dict[str, Usage]:
        """The same, for each model by the name that was asked for."""
        sql = f"SELECT model, {', '.join(COUNTS)} FROM spend ORDER BY model"  # noqa: S608  names of our own fields
        rows = self._read(sql, ())
        return {from_key(model): Usage(**dict(zip(COUNTS, counts, strict=True))) for model, *counts in rows}

    def call_count(self) -> int:
        """How many replies are kept."""
        return int(self._read("SELECT coalesce(sum(replies), 0) FROM spend", ())[0][0])

    def set_note(self, key: str, value: Any) -> None:
        """Keep a small piece of JSON about the run in place of an older one; committed when this returns."""
        done: Future[StoreError | None] = Future()
        sql = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self._writing().put([(sql, [(key, json.dumps(value))])], done.set_result)
        if error := done.result():
            raise error

    def note(self, key: str) -> Any:
        """The note of this key, or `None`."""
        rows = self._read("SELECT value FROM notes WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    def _read(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with explained(self._place), self._reading:
            if self._closed:
                raise StoreError(f"{self._place} is closed")
            return self._reader.execute(sql, values).fetchall()

    def _pages(self, sql: str, values: Sequence[Any], order: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Rows without their last columns, which are those of `order`. No transaction stays open between pages: it
        would keep the write-ahead log from shrinking."""
        by, width = ", ".join(order), len(order)
        after, last = "", ()
        while rows := self._read(f"{sql} {after} ORDER BY {by} LIMIT {_PAGE}", (*values, *last)):
            yield from (row[:-width] for row in rows)
            after, last = f"AND ({by}) > ({marks(order)})", rows[-1][-width:]

    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self._place} was opened for reading only")
        return self._writer

    async def _write(self, *statements: Statement) -> None:
        """In one transaction, committed when this returns."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()

        def settle(error: StoreError | None) -> None:
            if waiter.done():  # the task that waited was cancelled
                return
            if error:
                waiter.set_exception(error)
            else:
                waiter.set_result(None)

        def tell(error: StoreError | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(settle, error)

        self._writing().put(statements, tell)
        await waiter
