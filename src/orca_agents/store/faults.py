"""What SQLite and the system say, turned into what happened and what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from orca_agents.errors import StoreError


@contextlib.contextmanager
def explained(place: Path | str) -> Iterator[None]:
    """Raise a `StoreError` in place of what goes wrong inside with the file at `place`."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{place} cannot be used: {error.strerror or error}; choose another folder") from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")  # Python's own errors, e.g. of a closed connection, have none
        kept = "nothing that was committed is lost"
        if name.startswith("SQLITE_FULL"):
            text = f"the disk is full: {place} cannot grow; free space and run the same command again; {kept}"
        elif name.startswith("SQLITE_IOERR"):
            text = (
                f"the disk is full or failing: {place} cannot be written or read ({error}, {name}); free space or "
                f"check the disk and quota, and run the same command again; {kept}"
            )
        elif name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            text = f"{place} is damaged or not a run store ({error}): use another folder, or a copy of this one"
        elif name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            text = f"{place} cannot be opened or written ({error}): check that its folder is there and yours to write"
        elif name.startswith("SQLITE_BUSY"):
            text = f"{place} is being written by another program: close it and run the same command again; {kept}"
        else:
            text = f"{place} cannot be used: {error} {name}".rstrip()
        raise StoreError(text) from error
