"""Folders that say whose they are, so that what a killed process of ours left behind is found and removed."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path


def new_folder(prefix: str, parent: Path | None = None) -> Path:
    """A new folder of this process, below `parent` or where temporary files go."""
    return Path(tempfile.mkdtemp(prefix=f"{prefix}-{os.getpid()}-", dir=parent))


def remove_leftovers(prefix: str, parent: Path | None = None) -> None:
    """Remove the folders of this kind whose process is gone: it was killed before it could tidy up."""
    for path in (parent or Path(tempfile.gettempdir())).glob(f"{prefix}-*-*"):
        process = path.name.removeprefix(f"{prefix}-").partition("-")[0]
        if process.isdecimal() and not _is_alive(int(process)) and _is_ours(path):
            subprocess.run(["rm", "-rf", "--", str(path)], check=False, capture_output=True)  # noqa: S603, S607 - no shell


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's, or none that can be
        return True
    return True


def _is_ours(path: Path) -> bool:
    """A folder, and no link to one, that belongs to this user."""
    try:
        return path.is_dir() and not path.is_symlink() and path.lstat().st_uid == os.getuid()
    except OSError:
        return False
