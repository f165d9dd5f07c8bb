"""What was met before while sources are read: kept on disk, so that memory does not grow with their number."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, get_args

from orca_agents.errors import SeedError

Kind = Literal["documents", "chunks", "ids", "skips"]

_CACHE_KIB = 4096


class Met:
    """Notes by the hash of what was met; a context manager, since the file behind it is to be freed.

    May be used, and closed, in another thread than the one that made it, but by one at a time.
    """

    def __init__(self) -> None:
        with _explained():
            # SQLite makes a file without a name once the cache is full, and the system drops it with the connection
            self._notes = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._notes.execute("PRAGMA journal_mode = OFF")
            self._notes.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            for kind in get_args(Kind):
                self._notes.execute(f"CREATE TABLE {kind} (hash INTEGER PRIMARY KEY, note NOT NULL)")
            self._notes.execute("BEGIN")  # and never a commit: nothing is to be kept

    def first(self, kind: Kind, hash: str, note: str) -> str | None:
        """The note that was made when this was met first, or `None`: then this note is made. `hash` is a short one."""
        key = _key(hash)
        with _explained():
            # Bytes, since SQLite's texts cannot hold halves of surrogate pairs.
            row = (key, note.encode("utf-8", "surrogatepass"))
            if self._notes.execute(f"INSERT OR IGNORE INTO {kind} VALUES (?, ?)", row).rowcount:  # noqa: S608
                return None
            found = self._notes.execute(f"SELECT note FROM {kind} WHERE hash = ?", (key,))  # noqa: S608
            return str(found.fetchone()[0], "utf-8", "surrogatepass")

    def times(self, kind: Kind, hash: str) -> int:
        """How often this was met by now, this time included."""
        key = _key(hash)
        with _explained():
            self._notes.execute(
                f"INSERT INTO {kind} VALUES (?, 1) ON CONFLICT DO UPDATE SET note = note + 1",  # noqa: S608
                (key,),
            )
            found = self._notes.execute(f"SELECT note FROM {kind} WHERE hash = ?", (key,))  # noqa: S608
            return int(found.fetchone()[0])

    def __enter__(self) -> Met:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._notes.close()


def _key(hash: str) -> int:
    """16 hex digits as one of SQLite's signed numbers."""
    return int(hash, 16) - 2**63


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SeedError(
            f"the seeds that were met cannot be noted in a temporary file ({error}): make room in the folder for "
            "temporary files, or set SQLITE_TMPDIR to another one"
        ) from error
