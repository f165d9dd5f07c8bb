"""Which Python programs in a sandbox get, and what of the host's software they may read: no more than runs it.

Folders for sources and settings (`/usr/src`, `/usr/local/etc`, a `pip.conf` beside `bin`) are left out: a project, or
the token of a package registry, may stand there.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orca_agents.errors import SandboxError

_PARTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "include", "share", "pyvenv.cfg")
"""Of a folder into which software is installed."""
_SYSTEM = (Path("/usr"), Path("/usr/local"))


@dataclass(frozen=True)
class Python:
    """An interpreter for programs."""

    path: Path
    prefixes: tuple[Path, ...]
    """Where it is installed, and where its packages are."""
    version: str

    def readable(self) -> list[Path]:
        """What a program needs of the host, so that it and the system's commands run."""
        places = (prefix / part for prefix in (*_SYSTEM, *self.prefixes) for part in _PARTS)
        return list(dict.fromkeys(place for place in places if place.exists()))


def choose_python(wanted: Path | None, user: int | None) -> Python:
    """The interpreter that is wanted, or else the one that runs us, or the system's.

    Raises `SandboxError` if it does not run as this user, where one is named.
    """
    ours = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    tried = []
    for path in [wanted] if wanted else [ours, Path("/usr/bin/python3")]:
        found = _ask_python(path, user)
        if isinstance(found, Python):
            return found
        tried.append(found)
    raise SandboxError("no Python for the sandbox: " + "; ".join(tried))


@cache
def _ask_python(path: Path, user: int | None) -> Python | str:
    """Facts of an interpreter, or why it will not do."""
    facts = "sys.executable, sys.prefix, sys.base_prefix, platform.python_version()"
    as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    try:
        answer = subprocess.run(  # noqa: S603 - the interpreter that the user named, or ours
            [str(path), "-I", "-c", f"import platform, sys; print({facts}, sep='\\n')"],
            **{"env": {}, "cwd": "/", "capture_output": True, "text": True, "timeout": 20, **as_user},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        whom = "" if user is None else f" as the user {user}, whom programs run as where we are root"
        return f"{path} cannot be run{whom} ({error}): name another interpreter, or install one for everybody"
    lines = answer.stdout.splitlines()
    if answer.returncode or len(lines) != 4:
        return f"{path} does not work: {answer.stderr.strip()[-300:]}"
    executable, *told = map(Path, lines[:3])
    told.append(executable.resolve().parent.parent)
    # By both names where one is a link: the program is started by the first, and links inside lead to the second.
    prefixes = tuple(dict.fromkeys(name for prefix in told for name in (prefix, prefix.resolve())))
    home = Path.home().resolve()
    for prefix in prefixes:
        if prefix != Path("/usr") and (home.is_relative_to(prefix) or prefix == home / ".local"):
            return f"{path} is installed in {prefix}, together with your files: use one that has a folder of its own"
    if not any(executable.is_relative_to(prefix) for prefix in prefixes):
        executable = executable.resolve()  # the name is a link from somewhere else
    return Python(executable, prefixes, lines[3])
