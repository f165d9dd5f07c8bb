"""No sandbox at all: a plain subprocess, for whoever asks for it by name. It can do all that you can do.

Time, output, memory and environment are kept as in a sandbox, so that mistakes end; intentions are not held by this.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program, Stopped
from orca_agents.sandbox.boot import checked_files, environment
from orca_agents.sandbox.closing import UnderWay, all_ended
from orca_agents.sandbox.leftovers import new_folder, remove_leftovers
from orca_agents.sandbox.process import Command, run_to_end, start_talk
from orca_agents.sandbox.usage import Usage, process_tree

_PATIENCE_S = 5.0
_RUN = "ORCA_AGENTS_RUN"
"""A variable by which a run's processes are found again, also those that left its session."""


def missing() -> str | None:
    """It can always be tried."""
    return None


_FOLDERS = "orca-agents"


class UnsafeSandbox:
    """Runs each program as a subprocess in a temporary folder."""

    def __init__(self, python: Path | None = None) -> None:
        self._python = Path(sys.executable) if python is None else python
        self._running: set[_Family] = set()
        self._under_way = UnderWay(self.name)
        remove_leftovers(_FOLDERS)

    @property
    def name(self) -> BackEnd:
        """Which back end it is."""
        return "unsafe"

    @property
    def version(self) -> str:
        """Of the Python that it uses, unless another was given."""
        return (
            f"no sandbox, Python {platform.python_version() if self._python == Path(sys.executable) else self._python}"
        )

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end. Raises `ValueError` for a bad path."""
        return await self._under_way.do(self._run(program))

    async def start(self, program: Program) -> Process:
        """Start a program that keeps running. Raises `ValueError` for a bad path."""
        return await self._under_way.do(self._start(program))

    async def close(self) -> None:
        """End everything that still runs. Safe to call twice."""
        await self._under_way.end()
        await all_ended(*(family.end() for family in list(self._running)))

    async def _run(self, program: Program) -> Outcome:
        folder = _lay_out(program)
        try:
            command, make_tree = self._command(program, folder)
            outcome = await run_to_end(command, make_tree, program.stdin, program.limits)
        except FileNotFoundError as error:
            raise SandboxError(f"the temporary folder went away: {error}") from error
        finally:
            _remove(folder)
        return outcome

    async def _start(self, program: Program) -> Process:
        folder = _lay_out(program)
        try:
            command, make_tree = self._command(program, folder)
            return await start_talk(command, make_tree, program.stdin)
        except BaseException:  # raised again when all is put in order
            _remove(folder)
            raise

    def _command(
        self, program: Program, folder: Path
    ) -> tuple[Command, Callable[[asyncio.SubprocessTransport], _Family]]:
        mark = secrets.token_hex(8)
        words = [str(self._python) if word == PYTHON else word for word in program.command[:1]]
        path = os.environ.get("PATH", os.defpath)
        command = Command(
            arguments=[*words, *program.command[1:]],
            environment=environment(str(folder / "work"), str(folder / "tmp"), path) | {_RUN: mark},
            folder=str(folder / "work"),
        )
        return command, lambda transport: _Family(transport, mark, folder, program.limits, self._running)


class _Family:
    """The processes of one run, as far as they can be found."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, mark: str, folder: Path, limits: Limits, running: set[_Family]
    ) -> None:
        self._transport = transport
        self._pid: int = transport.get_pid()
        self._mark = f"{_RUN}={mark}".encode()
        self._folder = folder
        self._limits = limits
        self._running = running
        running.add(self)

    async def watch(self) -> Stopped:
        """Return when it takes too much memory, where that can be seen."""
        return await Usage(self._pid, self._limits).passes_a_limit()

    async def end(self) -> None:
        """Kill what can be found until nothing is found any more."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            is_over = self._transport.get_returncode() is not None
            if not is_over:
                for pid in process_tree(self._pid):
                    _kill(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            strays = self._strays()
            for pid in strays:
                _kill(pid)
            if (is_over and not strays) or asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.01)
        _remove(self._folder)
        self._running.discard(self)

    def _strays(self) -> list[int]:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self._mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found


def _lay_out(program: Program) -> Path:
    files = checked_files(program)
    folder = new_folder(_FOLDERS)
    try:
        (folder / "work").mkdir()
        (folder / "tmp").mkdir()
        for path, content in files.items():
            (folder / "work" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "work" / path).write_bytes(content)
    except BaseException:  # raised again when all is put in order
        _remove(folder)
        raise
    return folder


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
