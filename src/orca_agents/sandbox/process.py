"""A program as a child process of ours: bounded in time and output, and gone with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import Limits, Outcome, Stopped

LONGEST_LINE = 16 << 20
"""Bytes of a line that `Talk.read_line` gives at once."""
_PATIENCE_S = 5.0
"""How long a killed program may take to be gone."""


@dataclass(frozen=True)
class Command:
    """What to start, and as whom."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str | None = None
    user: int | None = None
    """Run as this user and group, without other groups."""
    descriptors: Sequence[int] = ()
    """Open files that it inherits."""


class Tree(Protocol):
    """A program with everything it started."""

    async def end(self) -> None:
        """Kill all of it, and return when nothing is left. Safe to call twice."""
        ...

    async def watch(self) -> Stopped:
        """Return, with the reason, when it uses more than it may of something that the kernel does not limit."""
        ...


MakeTree = Callable[[asyncio.SubprocessTransport], Tree]


async def run_to_end(command: Command, make_tree: MakeTree, stdin: bytes, limits: Limits) -> Outcome:
    """Run a command until it ends or has to be stopped. Nothing of it is left when this returns, also by cancelling.

    A negative exit code is a signal. Raises `SandboxError` if it cannot be started.
    """
    began = time.monotonic()
    run = _Run(limits.output_bytes)
    tree = await _start(command, make_tree, run)
    watching = asyncio.ensure_future(tree.watch())
    try:
        run.send(stdin)
        ends: list[asyncio.Future[Any]] = [run.exited, run.flooded, watching]
        left = limits.wall_s - (time.monotonic() - began)
        await asyncio.wait(ends, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
        stopped: Stopped = ""
        if run.flooded.done():
            stopped = "output"
        elif not run.exited.done():
            stopped = watching.result() if watching.done() else "time"
    finally:
        watching.cancel()
        await _end(tree, run)
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    # What it printed last may have come after its end was noticed.
    stopped = "output" if run.flooded.done() and not stopped else stopped
    return Outcome(
        exit_code=None if stopped else run.exit_code,
        stdout=run.text(1),
        stderr=run.text(2),
        duration_s=time.monotonic() - began,
        stopped=stopped,
    )


async def start_talk(command: Command, make_tree: MakeTree, stdin: bytes) -> Talk:
    """Start a command that keeps running. Raises `SandboxError` if it cannot be started."""
    lines = _Lines()
    tree = await _start(command, make_tree, lines)
    talk = Talk(lines, tree)
    if stdin:
        try:
            await talk.write(stdin)
        except BaseException:  # raised again when all is put in order
            await talk.kill()
            raise
    return talk


class Talk:
    """A running program, and its stdin and stdout. What it writes to stderr is dropped but for the end."""

    def __init__(self, lines: _Lines, tree: Tree) -> None:
        self._lines = lines
        self._tree = tree
        self._is_ended = False
        self._watching = asyncio.ensure_future(self._watch())

    async def write(self, data: bytes) -> None:
        """Send to its stdin. Raises `SandboxError` if it has ended."""
        lines = self._lines
        if lines.exited.done() or lines.is_deaf:
            raise SandboxError(f"the program has ended, nothing can be sent to it {lines.last_words()}".rstrip())
        lines.pipe(0).write(data)
        await lines.can_write.wait()

    async def read_line(self) -> bytes:
        """The next line of its stdout, with its end; a longer one in pieces of 16 MiB; `b""` when it has ended."""
        while True:
            if line := self._lines.take():
                return line
            if self._lines.lost[1].done():
                return b""
            self._lines.has_news.clear()
            await self._lines.has_news.wait()

    async def kill(self) -> None:
        """End it and everything it started. Safe to call twice; nothing of it is left when this returns."""
        if not self._is_ended:
            await _end(self._tree, self._lines)
            self._is_ended = True
        if self._watching is not asyncio.current_task():
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self) -> None:
        watching = asyncio.ensure_future(self._tree.watch())
        try:
            ends: list[asyncio.Future[Any]] = [watching, self._lines.exited]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
        await self._tree.end()


class _Listener(asyncio.SubprocessProtocol):
    """What asyncio tells of a child process."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.lost: dict[int, asyncio.Future[None]] = {number: loop.create_future() for number in (0, 1, 2)}
        self.can_write = asyncio.Event()
        self.can_write.set()
        self.transport: asyncio.SubprocessTransport

    @property
    def exit_code(self) -> int | None:
        return self.transport.get_returncode()

    @property
    def is_deaf(self) -> bool:
        return self.lost[0].done()

    def pipe(self, number: int) -> asyncio.WriteTransport:
        return cast(asyncio.WriteTransport, self.transport.get_pipe_transport(number))

    def hold(self, number: int) -> None:
        """Take no more of this stream for now: the program waits."""
        pipe = self.transport.get_pipe_transport(number)
        if isinstance(pipe, asyncio.ReadTransport):
            pipe.pause_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        _set(self.lost[fd])
        self.can_write.set()

    def process_exited(self) -> None:
        _set(self.exited)
        self.can_write.set()

    def pause_writing(self) -> None:
        self.can_write.clear()

    def resume_writing(self) -> None:
        self.can_write.set()


class _Run(_Listener):
    """Keeps what a program prints, up to a limit."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.flooded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._most = most
        self._kept = {1: bytearray(), 2: bytearray()}

    def send(self, stdin: bytes) -> None:
        pipe = self.pipe(0)
        pipe.write(stdin)
        pipe.close()  # once it is all written

    def text(self, number: int) -> str:
        return self._kept[number].decode(errors="replace")

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        kept = self._kept[fd]
        kept += data[: self._most - len(kept) + 1]
        if len(kept) > self._most:
            del kept[self._most :]
            _set(self.flooded)
            self.hold(fd)


class _Lines(_Listener):
    """Holds what a program prints until it is asked for. When much is waiting, the program waits too."""

    def __init__(self) -> None:
        super().__init__()
        self.has_news = asyncio.Event()
        self._waiting = bytearray()
        self._searched = 0
        self._last_words = b""
        self._is_held = False

    def take(self) -> bytes:
        """A line, or a piece of one that is very long; after the end, what is left."""
        end = self._waiting.find(b"\n", self._searched, LONGEST_LINE) + 1
        self._searched = min(len(self._waiting), LONGEST_LINE)
        if not end and (len(self._waiting) >= LONGEST_LINE or self.lost[1].done()):
            end = min(len(self._waiting), LONGEST_LINE)
        if not end:
            return b""
        line = bytes(self._waiting[:end])
        del self._waiting[:end]
        self._searched = 0
        if self._is_held and len(self._waiting) < LONGEST_LINE and not self.lost[1].done():
            self._is_held = False
            cast(asyncio.ReadTransport, self.transport.get_pipe_transport(1)).resume_reading()
        return line

    def last_words(self) -> str:
        return self._last_words.decode(errors="replace").strip()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._last_words = (self._last_words + data)[-1000:]
            return
        self._waiting += data
        self.has_news.set()
        if len(self._waiting) >= LONGEST_LINE and not self._is_held:
            self._is_held = True
            self.hold(1)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        super().pipe_connection_lost(fd, exc)
        self.has_news.set()


async def _start(command: Command, make_tree: MakeTree, listener: _Listener) -> Tree:
    as_user: dict[str, Any] = (
        {} if command.user is None else {"user": command.user, "group": command.user, "extra_groups": []}
    )
    starting = asyncio.ensure_future(
        asyncio.get_running_loop().subprocess_exec(
            lambda: listener,
            *command.arguments,
            env=dict(command.environment),
            cwd=command.folder,
            pass_fds=command.descriptors,
            start_new_session=True,
            **as_user,
        )
    )
    try:
        # A child that has started is known only when this returns, so cancelling has to wait for it.
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await see_through(_end_what_starts(starting, make_tree, listener))
        raise
    except OSError as error:
        if error.errno == errno.E2BIG:  # the kernel's limit for a word of a command is 128 KiB
            raise ValueError("the command is too long: put its code into a file of the program") from error
        raise SandboxError(f"{command.arguments[0]} cannot be started: {error}") from error
    return make_tree(listener.transport)


async def _end_what_starts(starting: asyncio.Future[Any], make_tree: MakeTree, listener: _Listener) -> None:
    try:
        await starting
    except OSError:
        return  # there is nothing to end
    await _end_all(make_tree(listener.transport), listener)


async def _end(tree: Tree, listener: _Listener) -> None:
    """End it for good, however often the task is cancelled meanwhile."""
    await see_through(_end_all(tree, listener))


async def _end_all(tree: Tree, listener: _Listener) -> None:
    try:
        await tree.end()
        # With all of it dead, its pipes are at their end as soon as they are read out. One that a reader holds still
        # stays as it is, and so does one of a program that got away from a plain subprocess.
        if isinstance(listener, _Run) and not listener.flooded.done():
            await asyncio.wait([listener.exited, listener.lost[1], listener.lost[2]], timeout=_PATIENCE_S)
        else:
            await asyncio.wait([listener.exited], timeout=_PATIENCE_S)
    finally:
        listener.transport.close()
        # The pipes are closed in the next round of the event loop; without it they would count as leaked.
        await asyncio.wait(listener.lost.values(), timeout=_PATIENCE_S)


async def see_through(work: Awaitable[None]) -> None:
    """Await it to its end, however often the task is cancelled, and only then pass that on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except Exception:  # noqa: BLE001 - it is raised below, by `result`
            break
    task.result()
    if cancelled is not None:
        raise cancelled


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def wait_for(descriptor: int) -> asyncio.Future[None]:
    """Done when there is something to read; with a pidfd that means that its process is gone."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _set, future)
    future.add_done_callback(lambda _: loop.remove_reader(descriptor))
    return future
