"""The processes of one bubblewrap sandbox: seen from outside, ended as one, and waited for until they are gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import Limits, Stopped
from orca_agents.sandbox.process import wait_for
from orca_agents.sandbox.usage import Usage

_PATIENCE_S = 5.0
_LOOK_S = 0.002
_LONGEST_REPORT = 4096


class Namespace:
    """The processes of one sandbox. They all die with the first one in it, whose end we wait for."""

    def __init__(
        self, transport: asyncio.SubprocessTransport, status: int, limits: Limits, disk: str, running: set[Namespace]
    ) -> None:
        self.has_run = False
        self._transport = transport
        self._status = status
        self._limits = limits
        self._disk = disk
        self._running = running
        self._report = b""
        self._pid = 0
        self._pidfd = -1
        self._ending: asyncio.Task[None] | None = None
        self._is_known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        os.set_blocking(status, False)
        asyncio.get_running_loop().add_reader(status, self._hear)
        running.add(self)

    async def watch(self) -> Stopped:
        """Return when it takes too much memory."""
        await asyncio.shield(self._is_known)
        if not self._pid:
            await asyncio.Event().wait()  # it has never begun
        return await Usage(self._pid, self._limits, self._disk).passes_a_limit()

    async def end(self) -> None:
        """Kill all of it, and return when nothing is left. Safe to call twice."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(self._end())
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        try:
            # bwrap killed before it has told the number of its child could leave that behind.
            await asyncio.wait([self._is_known], timeout=_PATIENCE_S)
            if self._pidfd >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                await self._wait_until_gone()
            else:
                with contextlib.suppress(ProcessLookupError):
                    self._transport.kill()
            await self._wait_for_bwrap()
            self._hear()
        finally:
            asyncio.get_running_loop().remove_reader(self._status)
            os.close(self._status)
            if self._pidfd >= 0:
                os.close(self._pidfd)
            self._running.discard(self)

    async def _wait_until_gone(self) -> None:
        gone = wait_for(self._pidfd)
        await asyncio.wait([gone], timeout=_PATIENCE_S)
        if not gone.done():
            gone.cancel()
            await asyncio.sleep(0)  # the reader of the descriptor is removed then
            raise SandboxError(f"the sandbox with process {self._pid} does not end: end it yourself")

    async def _wait_for_bwrap(self) -> None:
        """It ends a moment after the first process in the sandbox."""
        for _ in range(round(_PATIENCE_S / _LOOK_S)):
            if self._transport.get_returncode() is not None:
                return
            await asyncio.sleep(_LOOK_S)

    def _hear(self) -> None:
        """Take what bwrap reports: first the process that everything in the sandbox dies with, at last the end."""
        try:
            piece = os.read(self._status, 4096)
        except BlockingIOError:
            return
        self._report = (self._report + piece)[:_LONGEST_REPORT]
        first, end, rest = self._report.partition(b"\n")
        if end and not self._is_known.done():
            self._pid = json.loads(first)["child-pid"]
            self._pidfd = _child(self._pid, self._transport.get_pid())
        # Written only if the program was started: bwrap's own failures have no such line.
        self.has_run = b"exit-code" in rest
        if not piece:
            asyncio.get_running_loop().remove_reader(self._status)
        if (self._pid or not piece) and not self._is_known.done():
            self._is_known.set_result(None)


def _child(pid: int, parent: int) -> int:
    """A pidfd; -1 if it is gone. Its number may be another process's by now, which must not be killed for it."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return -1
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # of this pidfd's process, or of none
        if int(stat.rpartition(")")[2].split()[1]) == parent:
            return pidfd
    os.close(pidfd)
    return -1
