"""The run store: one SQLite file per run, so that nothing is bought twice and nothing is lost.

file.py      the file: tables, format, lock, connections
writer.py    the one thread that writes
reading.py   what the store can tell
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
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orca_agents.errors import StoreError
from orca_agents.models.api import CallKey, Purpose, Reply, ToolKey
from orca_agents.outcomes import Example, Failure, Outcome, Rejection, qualified, skill_of
from orca_agents.records import Seed, ToolCall, Transcript
from orca_agents.store.faults import explained
from orca_agents.store.file import COUNTS, LOCK_NAME, create_tables, is_in_use, lock_folder, open_reader, open_writer
from orca_agents.store.packing import from_key, marks, pack, to_key, unpack
from orca_agents.store.reading import Count, Found, Readings, Spend, Tally
from orca_agents.store.writer import Statement, Writer

__all__ = ["FILE_NAME", "LOCK_NAME", "Count", "Found", "Spend", "Store", "Tally", "is_in_use"]

FILE_NAME = "store.sqlite"

_MOST_WAITING = 5000  # queued writes that nobody waits for
_PLANNED_AT_ONCE = 250


_OF_CALL = "WHERE seed_id = ? AND path = ? AND ordinal = ? AND digest = ?"


_SAVE_CHAT = (
    "INSERT INTO chats VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seed_id = excluded.seed_id, body = excluded.body"
)


class Store(Readings):
    """What a run has bought, said and made. Comes from `open` or `in_memory`; raises `StoreError` only.

    What was acknowledged survives `kill -9`. Some writes are only queued: `flush`, and every write that is waited for,
    also waits for those. After a write has failed, every later write and `recall` fails too: a run must not buy what
    it cannot keep.
    """

    def __init__(
        self,
        place: str,
        reader: sqlite3.Connection,
        reading: threading.Lock,
        writer: Writer | None = None,
        to_close: Sequence[sqlite3.Connection] = (),
    ) -> None:
        super().__init__(place, reader, reading)
        self._writer = writer
        self._to_close = to_close
        self._planned: list[tuple[int, str | bytes, str | bytes | None]] = []

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
            with contextlib.suppress(StoreError):  # whoever waited for a write was told
                self._queue_planned()
            self._writer.close()
        with self._reading:
            self._closed = True
            self._reader.close()
        for connection in self._to_close:
            connection.close()  # the writer's after the reader's: as the last one it folds the log into the file

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def recall(self, key: CallKey) -> Reply | None:
        """The reply to exactly this request at this place, if it was bought before."""
        if self._writer:
            self._writer.check()
        rows = self._read(f"SELECT reply FROM calls {_OF_CALL}", _row_of(key))  # noqa: S608  a constant
        return unpack(Reply, rows[0][0], self._place) if rows else None

    def fault(self, key: CallKey) -> tuple[str, str] | None:
        """Name and message of the error in which this call ended last, if it ended without a reply."""
        sql = f"SELECT error, message FROM faults {_OF_CALL} ORDER BY rowid DESC LIMIT 1"  # noqa: S608  a constant
        rows = self._read(sql, _row_of(key))
        return (from_key(rows[0][0]), from_key(rows[0][1])) if rows else None

    async def record(self, key: CallKey, purpose: Purpose, request_body: dict[str, Any], reply: Reply) -> None:
        """Keep a reply: it is committed when this returns, and also if the caller is cancelled meanwhile.

        The first reply to a request stays; a second one is dropped.
        """
        counts = (getattr(reply.usage, name) for name in COUNTS)
        row = (*_row_of(key), *map(to_key, purpose), reply.attempts, *counts, pack(request_body), pack(reply))
        sql = f"INSERT INTO calls VALUES ({marks(row)}) ON CONFLICT DO NOTHING"  # noqa: S608  only question marks
        await self._write((sql, [row]))

    async def record_fault(self, key: CallKey, purpose: Purpose, error: str, message: str, attempts: int) -> None:
        """Count a call that ended without a reply; queued."""
        row = (*_row_of(key), *map(to_key, purpose), attempts, to_key(error), to_key(message))
        self._queue((f"INSERT INTO faults VALUES ({marks(row)})", [row]))  # noqa: S608  only question marks

    async def save_outcomes(
        self,
        unit: str,
        config_hash: str,
        outcomes: Sequence[Outcome],
        *,
        chats: Sequence[Transcript] = (),
        drawn: Mapping[str, int] = MappingProxyType({}),
        picked: Sequence[tuple[str, Sequence[str]]] = (),
        finished: bool = True,
    ) -> None:
        """All that became of one unit of work (a seed) and what was said about it, at once: this also marks the unit as
        finished, or as not.

        What was saved of the unit under the same config is replaced. `drawn` says how often each leaf was drawn for it;
        with the accepted examples of each leaf it is the unit's tally.
        """
        for outcome_id, times in Counter(outcome.id for outcome in outcomes).items():
            if times > 1:
                raise StoreError(f"{unit} has {times} outcomes with the id {outcome_id!r}: only one could be kept")
        name = (config_hash, to_key(unit))
        rows = [_row_of_outcome(outcome, name) for outcome in outcomes]
        said = [(config_hash, to_key(chat.id), to_key(chat.seed_id), pack(chat)) for chat in chats]
        statements: list[Statement] = [
            (_SAVE_CHAT, said),
            ("DELETE FROM outcomes WHERE config_hash = ? AND unit = ?", [name]),
            ("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows),
        ]
        if finished:
            skill = skill_of(unit)
            accepted = Counter(qualified(skill, outcome.leaf) for outcome in outcomes if isinstance(outcome, Example))
            tally = json.dumps((dict(drawn), dict(accepted), list(picked)), ensure_ascii=False, separators=(",", ":"))
            sql = "INSERT INTO finished VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET tally = excluded.tally"
            statements.append((sql, [(*name, to_key(tally))]))
        else:
            statements.append(("DELETE FROM finished WHERE config_hash = ? AND unit = ?", [name]))
        await self._write(*statements)

    async def recall_tool(self, key: ToolKey) -> ToolCall | None:
        """What exactly this call of a tool at this place came to, if it was made and is not to be tried again."""
        call = self.tool_call(key)
        return None if call is None or call.may_pass else call

    def tool_call(self, key: ToolKey) -> ToolCall | None:
        """What this call of a tool came to, also where that was a fault that may pass."""
        rows = self._read(f"SELECT call FROM tools {_OF_CALL}", _row_of(key))  # noqa: S608  a constant
        return unpack(ToolCall, rows[0][0], self._place) if rows else None

    async def record_tool(self, key: ToolKey, call: ToolCall) -> None:
        """Keep what a tool answered: committed when this returns. A later answer takes the place of an earlier one."""
        row = (*_row_of(key), to_key(call.name), pack(call))
        sql = f"INSERT INTO tools VALUES ({marks(row)}) ON CONFLICT DO UPDATE SET call = excluded.call"  # noqa: S608  only question marks
        await self._write((sql, [row]))

    def begin_plan(self) -> None:
        """A run starts: forget which units the last one came by; queued."""
        self._queue(("UPDATE latest SET run = run + 1", [()]))

    def plan(self, position: int, unit: str, seed_id: str | None) -> None:
        """The run came by this unit, at this place in its order; queued. Of a unit it meets twice, the first counts."""
        self._planned.append((position, to_key(unit), None if seed_id is None else to_key(seed_id)))
        if len(self._planned) >= _PLANNED_AT_ONCE:
            self._queue()

    async def keep_seed(self, unit: str, seed: Seed) -> None:
        """Keep a seed, so that the run can be done again without its sources; queued."""
        self._queue(("INSERT INTO seeds VALUES (?, ?) ON CONFLICT DO NOTHING", [(to_key(unit), pack(seed))]))

    def set_note(self, key: str, value: Any) -> None:
        """Keep a small piece of JSON about the run in place of an older one; committed when this returns."""
        if error := self._wait_for(_note(key, value)):
            raise error

    def note_soon(self, key: str, value: Any) -> None:
        """The same, queued."""
        self._queue(_note(key, value))

    def flush(self) -> None:
        """Wait until all that was queued is committed; raises what went wrong with it."""
        if error := self._wait_for():
            raise error

    def _settle(self) -> None:
        if self._writer:
            with contextlib.suppress(StoreError):  # closed or failed: then the latest state is what can be read
                self._wait_for()

    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self._place} was opened for reading only")
        return self._writer

    def _queue(self, *statements: Statement) -> None:
        """Have these written together, and do not wait for it; but for the rest, if too much is waiting."""
        writer = self._writing()
        self._queue_planned()
        if statements:
            writer.put(statements, _tell_nobody)
        if writer.waiting() > _MOST_WAITING:
            self.flush()

    def _queue_planned(self) -> None:
        if self._planned:
            rows, self._planned = self._planned, []
            self._writing().put(_plan_statements(rows), _tell_nobody)

    def _wait_for(self, *statements: Statement) -> StoreError | None:
        """Block until these and all before them are committed."""
        done: Future[StoreError | None] = Future()
        writer = self._writing()
        self._queue_planned()
        writer.put(statements, done.set_result)
        return done.result()

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

        writer = self._writing()
        self._queue_planned()
        writer.put(statements, tell)
        await waiter


def _row_of(key: CallKey | ToolKey) -> tuple[str | bytes | int, ...]:
    return (to_key(key.seed_id), to_key(key.path), key.ordinal, key.digest)


def _row_of_outcome(outcome: Outcome, name: tuple[str, str | bytes]) -> tuple[Any, ...]:
    """As the table has it; what tells how far it came stands beside the body, to be counted without it."""
    stage = "" if isinstance(outcome, Example) else outcome.stage
    label = ""
    if isinstance(outcome, Rejection):
        label = outcome.check
    elif isinstance(outcome, Failure):
        label = outcome.error
    leaf = None if outcome.leaf is None else to_key(outcome.leaf)
    kind = type(outcome).__name__
    return (to_key(outcome.id), *name, kind, to_key(stage), leaf, to_key(label), pack(outcome))


def _plan_statements(rows: Sequence[tuple[int, str | bytes, str | bytes | None]]) -> tuple[Statement, ...]:
    return (
        ("UPDATE plan SET run = (SELECT run FROM latest) WHERE position = ? AND unit = ? AND seed_id IS ?", rows),
        (
            "INSERT INTO plan SELECT ?, run, ?, ? FROM latest WHERE true ON CONFLICT DO UPDATE "
            "SET run = excluded.run, unit = excluded.unit, seed_id = excluded.seed_id WHERE plan.run <> excluded.run",
            rows,
        ),
    )


def _note(key: str, value: Any) -> Statement:
    sql = "INSERT INTO notes VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    return (sql, [(key, json.dumps(value))])


def _tell_nobody(_: StoreError | None) -> None:
    """For a write that nobody waits for: if it fails, the writer refuses the next."""
