"""The one thread that writes: all that waits goes into one transaction, and is acknowledged after its commit."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from orca_agents.errors import StoreError
from orca_agents.store.faults import explained

Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL, and the values of each row that it is run with."""
Tell = Callable[[StoreError | None], None]
"""Called once from the writing thread: with `None` after the commit, or with the reason why there is none."""

_MOST_AT_ONCE = 500
_CROWD, _GATHER_S = 4, 0.003
"""After a commit of so many writes, the next one waits this long for company (PostgreSQL: commit_siblings)."""


class Writer:
    """Nobody else writes on its connection. After one failure it refuses everything: what follows could not be kept."""

    def __init__(self, connection: sqlite3.Connection, place: str, alone: AbstractContextManager[Any]) -> None:
        self._connection, self._place = connection, place
        self._alone = alone
        self._queue: queue.SimpleQueue[tuple[Sequence[Statement], Tell] | None] = queue.SimpleQueue()
        self._putting = threading.Lock()
        self._refusal: str | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._write_until_closed, name="orca-agents store", daemon=True)
        self._thread.start()

    def put(self, statements: Sequence[Statement], tell: Tell) -> None:
        """Have these written together."""
        with self._putting:  # nothing may come behind the end of the queue: nobody would answer it
            self.check()
            self._queue.put((statements, tell))

    def check(self) -> None:
        """Raise the reason why nothing can be written any more, if there is one."""
        if self._closed:
            raise StoreError(f"{self._place} is closed")
        if self._refusal:
            raise StoreError(self._refusal)

    def waiting(self) -> int:
        """About how many writes are still to be begun."""
        return self._queue.qsize()

    def close(self) -> None:
        """Write what waits, and end the thread. Safe to call twice."""
        with self._putting:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _write_until_closed(self) -> None:
        closing = False
        taken: list[tuple[Sequence[Statement], Tell] | None] = []
        while not closing:
            many = len(taken) >= _CROWD
            taken = [self._queue.get()]
            if many:  # others are about to write too: one commit for all of them costs far less than one for each
                time.sleep(_GATHER_S)
            with contextlib.suppress(queue.Empty):
                while len(taken) < _MOST_AT_ONCE:
                    taken.append(self._queue.get_nowait())
            writes = [write for write in taken if write is not None]
            closing = len(writes) < len(taken)
            if not self._refusal:
                try:
                    with explained(self._place), self._alone:
                        self._commit([statement for statements, _ in writes for statement in statements])
                except StoreError as error:
                    self._refusal = str(error)
                except Exception as error:  # noqa: BLE001  it must reach those who wait, or they would wait for ever
                    self._refusal = f"{self._place} cannot be written: {error!r}"
            for _, tell in writes:
                tell(StoreError(self._refusal) if self._refusal else None)

    def _commit(self, statements: Sequence[Statement]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for sql, rows in statements:
                self._connection.executemany(sql, rows)
            self._connection.execute("COMMIT")
        except BaseException:  # raised again when all is put in order
            with contextlib.suppress(sqlite3.Error):  # the first error is the one to tell
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            raise
