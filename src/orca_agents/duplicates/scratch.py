"""A database that lives as long as its user: in memory, or in a file that goes when it is closed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from orca_agents.errors import DatasetError


def open_scratch(path: Path | None) -> sqlite3.Connection:
    """A new, empty database. One that a killed process left at `path` is begun anew; any other file is not touched, and
    `DatasetError` is raised."""
    if path is not None and path.exists():
        if not _ours(path):
            raise DatasetError(f"{path}: an index cannot be made here, this file is something else; name another place")
        path.unlink()
    try:
        connection = sqlite3.connect(
            ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise DatasetError(f"{path}: an index cannot be made here: {error}; name another place") from error
    try:
        connection.execute("PRAGMA journal_mode = OFF")  # nothing here has to survive
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # from the next line on
        connection.execute(f"PRAGMA application_id = {_OURS}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        connection.execute("BEGIN")
    except sqlite3.Error as error:
        connection.close()
        raise DatasetError(f"{path}: an index cannot be made here: {error}; name another place") from error
    return connection


def remove_scratch(path: Path | None) -> None:
    """Remove the file of a database that is closed."""
    if path is not None:
        path.unlink(missing_ok=True)


_OURS = 0x6F726361
"""In the header of the file: what tells ours from a user's."""
_CACHE_KB = 64 * 1024


def _ours(path: Path) -> bool:
    if path.is_file() and path.stat().st_size == 0:
        return True
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)) as connection:
            return bool(connection.execute("PRAGMA application_id").fetchone()[0] == _OURS)
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise DatasetError(f"{path}: another process uses this index; name another place") from error
        return False  # no database at all
