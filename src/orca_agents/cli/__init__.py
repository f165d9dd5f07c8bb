"""The `orca-agents` command. What a command needs is imported when it runs, so that `--help` is quick."""

from __future__ import annotations

import errno
import sys
import tempfile

from orca_agents.cli import app_dataset, app_library  # noqa: F401  their commands are put into the app
from orca_agents.cli.app import app
from orca_agents.errors import ChatError, OrcaError, StoreError, TeacherError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNUSABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.ELOOP,
)
"""What is wrong with a place that somebody named, and no fault of ours."""


def main() -> None:
    """Run a command; what we raise on purpose is one message and an exit code, never a traceback."""
    try:
        app()
    except OrcaError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except OSError as error:
        if error.errno in FULL:
            place = error.filename or tempfile.gettempdir()
            print(f"error: the disk is full ({place}); make room and run the same command again", file=sys.stderr)
            sys.exit(4)
        if error.errno not in UNUSABLE or error.filename is None:
            raise
        print(f"error: {error.filename} cannot be used: {error.strerror}; mend that, or name another", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # before a command began: of a later one typer makes this exit code by itself
        sys.exit(130)


def exit_code(error: OrcaError) -> int:
    """The exit code for an error; see `app.EXIT_CODES`."""
    if isinstance(error, TeacherError | ChatError):
        return 3
    return 4 if isinstance(error, StoreError) else 2
