"""Bubblewrap: namespaces of the Linux kernel around a program, set up by the small tool `bwrap`.

A program sees installed software, its Python, and one file system in memory that is its whole disk. No network, no
other processes, no capabilities, nothing of the host's files, environment or terminal.

What holds: time, output, processes and disk as given, all together; memory by the kernel for each process, and for the
sum of them by looking (some ten times a second, less often beside many others), so it can be passed for a moment.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program
from orca_agents.sandbox.boot import checked_files, environment
from orca_agents.sandbox.closing import UnderWay, all_ended
from orca_agents.sandbox.interpreters import choose_python
from orca_agents.sandbox.namespace import Namespace
from orca_agents.sandbox.process import Command, run_to_end, start_talk
from orca_agents.sandbox.syscalls import refusing_filter

_NOBODY = 65534
_DISK = "/box"
_SHARED = f"{_DISK}/shm"
_FOLDER, _TEMPORARY = f"{_DISK}/work", f"{_DISK}/tmp"  # noqa: S108 - inside
_MOST_FILES = 200
_MOST_WORDS = 5000  # bwrap takes 9,000, its own with them
_PRLIMIT = "/usr/bin/prlimit"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_SIGNALLED = 128
"""bwrap ends with this plus the number of the signal that ended the program. `exit(137)` looks the same."""


def missing() -> str | None:
    """Why bubblewrap cannot be tried here, and what to do; `None` if it can."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux only: use Docker"
    if _numbers(platform.release()) < (5, 14):
        return f"Linux {platform.release()} is too old: before 5.14 it cannot limit the processes of one sandbox"
    if shutil.which("bwrap") is None:
        return "bwrap is not installed: apt install bubblewrap (dnf, pacman and apk have it too)"
    if _numbers(_version_of_bwrap()) < (0, 8):
        return f"bwrap {_version_of_bwrap()} is too old: install 0.8 or newer"
    if not Path(_PRLIMIT).is_file():
        return f"{_PRLIMIT} is not installed: apt install util-linux"
    return None


class BubblewrapSandbox:
    """Runs each program in namespaces of its own; of many at once, four for each processor, the others wait."""

    def __init__(self, python: Path | None = None) -> None:
        """`python` is the interpreter for programs; unless given the one that runs us, or else the system's.

        Raises `SandboxError` if bwrap is not there, or no interpreter that the programs' user can read.
        """
        if reason := missing():
            raise SandboxError(reason)
        # As root, bwrap itself runs as somebody who may do nothing.
        self._user = _NOBODY if os.geteuid() == 0 else None
        self._python = choose_python(python, self._user)
        self._filter = refusing_filter()
        self._free = asyncio.Semaphore(4 * max(2, os.cpu_count() or 2))
        self._running: set[Namespace] = set()
        self._under_way = UnderWay(self.name)

    @property
    def name(self) -> BackEnd:
        """Which back end it is."""
        return "bubblewrap"

    @property
    def version(self) -> str:
        """Of bwrap and of the programs' Python."""
        lacks = "" if self._filter else f", no filter of system calls on {platform.machine()}"
        return f"bubblewrap {_version_of_bwrap()}, Python {self._python.version}{lacks}"

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end. Raises `SandboxError` where bwrap does not work, `ValueError` for a bad path."""
        return await self._under_way.do(self._run(program))

    async def start(self, program: Program) -> Process:
        """Start a program that keeps running. Raises as `run` does."""
        return await self._under_way.do(self._start(program))

    async def close(self) -> None:
        """End everything that still runs. Safe to call twice."""
        await self._under_way.end()
        await all_ended(*(tree.end() for tree in list(self._running)))

    async def _run(self, program: Program) -> Outcome:
        files = _fitting_files(program)
        async with self._free:
            with _Setup() as setup:
                command = self._command(program, files, setup)
                outcome = await run_to_end(command, self._tree_maker(setup, program), program.stdin, program.limits)
                tree = setup.tree
        if not outcome.stopped and not tree.has_run:
            raise SandboxError(_why_bwrap_failed(outcome.stderr))
        if outcome.exit_code is not None and outcome.exit_code - _SIGNALLED in signal.valid_signals():
            outcome = replace(outcome, exit_code=_SIGNALLED - outcome.exit_code)
        if outcome.exit_code == -signal.SIGXCPU:
            outcome = replace(outcome, exit_code=None, stopped="time")
        return outcome

    async def _start(self, program: Program) -> Process:
        files = _fitting_files(program)
        with _Setup() as setup:
            command = self._command(program, files, setup)
            return await start_talk(command, self._tree_maker(setup, program), program.stdin)

    def _host_files(self) -> list[str]:
        """What of the host the program sees, all of it read-only."""
        arguments = [word for place in self._python.readable() for word in ("--ro-bind", str(place), str(place))]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            path = Path("/", name)
            if path.is_symlink():
                arguments += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                arguments += ["--ro-bind", str(path), str(path)]
        for file in ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime"):
            arguments += ["--ro-bind-try", file, file]
        arguments += ["--proc", "/proc", "--dir", "/dev"]
        for name in _DEVICES:
            arguments += ["--dev-bind-try", f"/dev/{name}", f"/dev/{name}"]
        for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            arguments += ["--symlink", f"/proc/self/fd{target}", f"/dev/{name}"]
        return arguments

    def _tree_maker(self, setup: _Setup, program: Program) -> Callable[[asyncio.SubprocessTransport], Namespace]:
        def make_tree(transport: asyncio.SubprocessTransport) -> Namespace:
            setup.tree = Namespace(transport, setup.hand_over_status(), program.limits, _DISK, self._running)
            return setup.tree

        return make_tree

    def _command(self, program: Program, files: dict[str, bytes], setup: _Setup) -> Command:
        return Command(
            arguments=[
                str(shutil.which("bwrap")),
                *("--unshare-all", "--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY)),
                *("--disable-userns", "--cap-drop", "ALL", "--die-with-parent", "--new-session"),
                *("--hostname", "sandbox", "--json-status-fd", str(setup.status)),
                *(("--seccomp", str(setup.add(self._filter))) if self._filter else ()),
                *self._host_files(),
                # One file system in memory is all that can be written, so that its size is the limit of them all.
                *("--size", str(program.limits.disk_mb << 20), "--tmpfs", _DISK),
                *("--dir", _FOLDER, "--dir", _TEMPORARY, "--dir", _SHARED),
                *("--symlink", _TEMPORARY, "/tmp", "--symlink", _SHARED, "/dev/shm"),  # noqa: S108 - inside
                *(
                    argument
                    for path, content in files.items()
                    for argument in ("--file", str(setup.add(content)), f"{_FOLDER}/{path}")
                ),
                *("--remount-ro", "/", "--chdir", _FOLDER, "--"),
                *_limiting(program.limits),
                *(str(self._python.path) if word == PYTHON else word for word in program.command[:1]),
                *program.command[1:],
            ],
            # Of bwrap itself: whatever it has, its first process in the sandbox has, for the program to read.
            environment=environment(_FOLDER, _TEMPORARY),
            user=self._user,
            descriptors=setup.inherited,
        )


class _Setup:
    """The open files that bwrap reads from and reports to, closed on our side once it has started."""

    def __init__(self) -> None:
        self._status, self.status = os.pipe()
        self.inherited = [self.status]
        self.tree: Namespace

    def __enter__(self) -> _Setup:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()
        if self._status >= 0:
            os.close(self._status)

    def add(self, content: bytes) -> int:
        """A file in memory, of which bwrap makes a copy."""
        descriptor = os.memfd_create("file", os.MFD_CLOEXEC)
        self.inherited.append(descriptor)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def hand_over_status(self) -> int:
        """Where bwrap's report can be read; whoever takes it closes it."""
        self._close()
        status, self._status = self._status, -1
        return status

    def _close(self) -> None:
        while self.inherited:
            os.close(self.inherited.pop())


def _limiting(limits: Limits) -> list[str]:
    """The beginning of a command that limits what comes after it."""
    import resource  # not at the top: there is none on Windows, where this module only says that it is missing

    memory = limits.memory_mb << 20
    wanted = {
        "data": memory,
        "as": 16 * memory,  # also counts what is only reserved, of which some languages take much
        "cpu": limits.cpu_s + 1,
        "nproc": limits.processes + 2,  # bwrap's own first process counts, and one more in older versions
        "fsize": limits.disk_mb << 20,
        "nofile": 256,
        "core": 1,  # with 0, a crash would still be sent to the host's crash reporter, if it has one
        "memlock": 65536,
        "msgqueue": 0,
    }
    for name, value in wanted.items():
        ours = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        if ours != resource.RLIM_INFINITY:
            wanted[name] = min(value, ours)  # nobody can have more than we may have ourselves
    first_warning = min(limits.cpu_s, wanted["cpu"])
    return [
        _PRLIMIT,
        *(f"--{name}={first_warning if name == 'cpu' else value}:{value}" for name, value in wanted.items()),
        "--",
    ]


def _fitting_files(program: Program) -> dict[str, bytes]:
    files = checked_files(program)
    if len(files) > _MOST_FILES:
        raise ValueError(f"a program of {len(files)} files: at most {_MOST_FILES} fit")
    if len(program.command) > _MOST_WORDS:
        raise ValueError(f"a command of {len(program.command)} words: at most {_MOST_WORDS} fit, use a file or stdin")
    if sum(map(len, files.values())) > program.limits.disk_mb << 20:
        raise ValueError(f"the program's files are larger than its disk of {program.limits.disk_mb} MB")
    return files


def _why_bwrap_failed(said: str) -> str:
    advice = ""
    if "uid map" in said or "namespace" in said or "Operation not permitted" in said:
        advice = (
            ". This system may let nobody make namespaces: allow it with `sysctl kernel.unprivileged_userns_clone=1`, "
            "on Ubuntu `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, in a container with another seccomp "
            "profile"
        )
    return f"bwrap could not set up the sandbox: {said.strip()[-500:] or 'it said nothing'}{advice}"


@cache
def _version_of_bwrap() -> str:
    try:
        answer = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, timeout=10, env=_path_alone())  # noqa: S607
    except (OSError, subprocess.TimeoutExpired):
        return "0"
    return answer.stdout.split()[-1] if answer.stdout else "0"


def _path_alone() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath)}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
