"""Keep what happened during a run in a file of its folder: one JSON object a line, for people and programs."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from orca_agents.errors import StoreError

FILE_NAME = "run.log"
_LOGGER = logging.getLogger("orca_agents")
_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)
"""The run folder of the task that logs: two runs in one process have a log each."""
_OPEN: list[logging.Handler] = []
"""The logs that are written now; with the last one the logger gets back the level that it had before the first."""
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every log record has; everything else was given as `extra`."""


@contextlib.contextmanager
def log_into(folder: Path | None) -> Iterator[None]:
    """Write what orca_agents logs, from INFO on, to the end of the folder's log while the block runs.

    Each line holds `time` (UTC), `level`, `logger`, `message`, and whatever was given along. Raises `StoreError`.
    """
    if folder is None:
        yield
        return
    try:
        handler = _File(folder / FILE_NAME, encoding="utf-8", errors="backslashreplace", delay=False)
    except OSError as error:
        raise StoreError(f"{folder / FILE_NAME} cannot be written: {error.strerror}; check the run folder") from None
    handler.setFormatter(_Lines())
    handler.addFilter(lambda _: _FOLDER.get() in (None, folder))
    ours = _FOLDER.set(folder)
    _begin(handler)
    try:
        yield
    finally:
        _end(handler)
        _FOLDER.reset(ours)
        with contextlib.suppress(OSError):  # on a full disk, as in `handleError`
            handler.close()


_before = logging.NOTSET


def _begin(handler: logging.Handler) -> None:
    """Add a log. Runs may overlap and end in any order: the first sets what they share, the last takes it back."""
    global _before
    if not _OPEN:
        _before = _LOGGER.level
        if not _LOGGER.hasHandlers() and logging.lastResort is not None:
            _LOGGER.addHandler(logging.lastResort)  # warnings are still seen where nobody set up logging
        _LOGGER.setLevel(min(_before or logging.INFO, logging.INFO))
    _OPEN.append(handler)
    _LOGGER.addHandler(handler)


def _end(handler: logging.Handler) -> None:
    _OPEN.remove(handler)
    _LOGGER.removeHandler(handler)
    if not _OPEN:
        if logging.lastResort is not None:
            _LOGGER.removeHandler(logging.lastResort)
        _LOGGER.setLevel(_before)


class _File(logging.FileHandler):
    """A log that cannot be written any more must not print a traceback: the store says that the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:
        self.setLevel(logging.CRITICAL + 1)


class _Lines(logging.Formatter):
    """A log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        data = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        data |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            data["traceback"] = self.formatException(record.exc_info)
        return json.dumps(data, ensure_ascii=False, default=str)
