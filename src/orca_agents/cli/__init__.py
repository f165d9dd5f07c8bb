"""The `orca-agents` command. What a command needs is imported when it runs, so that `--help` is quick."""

from __future__ import annotations

import errno
import sys
import tempfile

from orca_agents.cli import app_dataset, app_library  # noqa: F401  their commands are put into the app
from orca_agents.cli.app import app
from orca_agents.errors import ChatError, OrcaError, StoreError, TeacherError


def main() -> None:
    """Run a command; what we raise on purpose is one message and an exit code, never a traceback."""
    try:
        app()
    except OrcaError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        place = error.filename or tempfile.gettempdir()
        print(f"error: the disk is full ({place}); make room and run the same command again", file=sys.stderr)
        sys.exit(4)
    except KeyboardInterrupt:
        print("interrupted; nothing that was bought is lost: run the same command again to go on", file=sys.stderr)
        sys.exit(130)


def exit_code(error: OrcaError) -> int:
    """The exit code for an error; see `app.EXIT_CODES`."""
    if isinstance(error, TeacherError | ChatError):
        return 3
    return 4 if isinstance(error, StoreError) else 2
