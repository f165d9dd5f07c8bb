"""The Docker sandbox: every program in a container of its own, which starts empty and is removed with all it left."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import signal
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program, Stopped
from orca_agents.sandbox.attached import MARK, STDERR, STDOUT, Link, Output
from orca_agents.sandbox.boot import BOOT, environment, header
from orca_agents.sandbox.closing import UnderWay, all_ended
from orca_agents.sandbox.engine import ANSWER_S, IMAGES, TEMPORARY, Container, End, Engine, missing

__all__ = ["IMAGES", "DockerSandbox", "missing"]

ResultT = TypeVar("ResultT")

CALLS_AT_ONCE = 8
"""Most calls to the engine at one time; each takes a thread."""
MOST_LINE = 16 << 20


class DockerSandbox:
    """Runs each program in a container of its own on a Docker engine.

    A container that runs several programs one after the other might answer sooner, but each could leave processes and
    files for the next, and would count against its limits. A new container costs 0.1 to 0.2 s, which is little
    beside one call of a model, and needs no care: nothing of one program can be seen by the next, and one call removes
    all of it.

    Files reach the container over its stdin, so nothing lies on the disk of the host, and a distant engine will do.
    What it writes lies in memory, in /tmp and /dev/shm, which have `disk_mb` together; both count as its memory too.

    Where this process is killed, its programs end all the same: one that runs to its end soon after its time is up,
    one that is talked to at once. The next sandbox of this user removes what is left of their containers.
    """

    def __init__(self, image: str | None = None, *, answer_s: float = ANSWER_S) -> None:
        """With this image; else $ORCA_SANDBOX_IMAGE; else the first of `IMAGES` that the engine has. `answer_s` is the
        longest wait for one answer of the engine.

        Asks the engine for the image, which takes some milliseconds. Raises `SandboxError` where that fails.
        """
        self._engine = Engine.reach(image, answer_s)
        self._python = self._engine.python
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="orca-docker")
        self._getting_ready = asyncio.Lock()
        self._is_ready = False
        self._slots = asyncio.Semaphore(max(2, min(2 * self._engine.cpus, 32)))
        self._containers: set[str] = set()
        self._processes: dict[str, _ContainerProcess] = {}
        self._under_way = UnderWay(self.name)
        self._is_closed = False

    @property
    def name(self) -> BackEnd:
        return "docker"

    @property
    def version(self) -> str:
        return f"docker {self._engine.version}, {self._python} in {self._engine.image} ({self._engine.image_id})"

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end; see `Sandbox.run`. More than a few at one time wait for each other."""
        return await self._under_way.do(self._run_when_free(_order(program), program.limits))

    async def start(self, program: Program) -> Process:
        """Start a program that keeps running; see `Sandbox.start`. Its container also goes when it ends by itself."""
        return await self._under_way.do(self._start(_order(program), program.limits))

    async def close(self) -> None:
        """Remove all containers of this sandbox. It cannot be used again; programs that still run end in an error."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._under_way.end()
        try:
            # Those of which an earlier removal failed are tried once more.
            removals = [self._discard(Container(name)) for name in self._containers - self._processes.keys()]
            await all_ended(*(process.kill() for process in self._processes.values()), *removals)
        finally:
            await asyncio.to_thread(self._threads.shutdown)
            self._engine.close()

    async def _run_when_free(self, order: bytes, limits: Limits) -> Outcome:
        await self._make_ready()
        async with self._slots:
            return await self._run(order, limits)

    async def _start(self, order: bytes, limits: Limits) -> Process:
        await self._make_ready()
        container = Container()
        link = await self._open(container, limits, is_talk=True)
        process = _ContainerProcess(link, lambda: self._discard(container))
        self._processes[container.name] = process
        try:
            await process.write(order)
        except BaseException:  # whatever came between, also a cancelled task: nobody else would end it
            await process.kill()
            raise
        return process

    async def _make_ready(self) -> None:
        """Before the first program: remove what was left here, and see that a container runs Python."""
        async with self._getting_ready:
            if not self._is_ready:
                await self._call(self._engine.remove_orphans)
                self._python = await self._ask_python()
                self._is_ready = True

    async def _ask_python(self) -> str:
        code = "import platform; print('Python', platform.python_version())"
        program = Program((PYTHON, "-I", "-c", code))
        try:
            outcome = await self._run(_order(program), program.limits)
        except SandboxError as error:
            reason = str(error).removeprefix("docker: ")
            raise SandboxError(
                f"docker: the image {self._engine.image} cannot be used (another one: set ORCA_SANDBOX_IMAGE): {reason}"
            ) from error
        if not outcome.ok:
            raise SandboxError(
                f"docker: {PYTHON} does not work in the image {self._engine.image}; set ORCA_SANDBOX_IMAGE to "
                f"another. It said: {(outcome.stderr or outcome.stdout).strip()[-300:] or outcome}"
            )
        return outcome.stdout.strip()

    async def _run(self, order: bytes, limits: Limits) -> Outcome:
        container = Container()
        link = await self._open(container, limits, is_talk=False)
        started = time.monotonic()
        output = Output(limits.output_bytes)
        stopped: Stopped = ""
        end = None
        sending = asyncio.create_task(link.send(order, is_all=True))
        try:
            try:
                async with asyncio.timeout(limits.wall_s):
                    async for stream, piece in link.pieces():
                        if not output.take(stream, piece):
                            stopped = "output"
                            break
                    else:
                        end = await self._end_of(container)
            except TimeoutError:
                stopped = "time"
            duration_s = time.monotonic() - started
        finally:
            sending.cancel()
            link.close()
            await self._discard(container)
        exit_code = None if end is None else output.exit_code(end.exit_code)
        if output.is_too_long:  # known only now that the mark is out of it
            stopped = stopped or "output"
        elif end is not None and end.out_of_memory and exit_code:
            stopped = "memory"
        elif exit_code == -signal.SIGXCPU:
            stopped = "time"
        return Outcome(
            exit_code=None if stopped else exit_code,
            stdout=output.text(STDOUT),
            stderr=output.text(STDERR),
            duration_s=duration_s,
            stopped=stopped,
        )

    async def _open(self, container: Container, limits: Limits, *, is_talk: bool) -> Link:
        """Start a container and connect to it. If that fails, or the task is cancelled meanwhile, it is gone."""
        self._containers.add(container.name)
        ends_after_s = 0 if is_talk else math.ceil(limits.wall_s) + _GRACE_S
        filter_code = base64.b64encode(self._engine.system_calls).decode()
        command = [PYTHON, "-I", "-S", "-c", _FIRST + BOOT, filter_code, MARK, str(ends_after_s)]
        try:
            await self._call(lambda: self._engine.start(container, command, limits, is_kept=not is_talk))
            assert container.socket is not None
            reader, writer = await asyncio.open_connection(sock=container.socket)
        except BaseException:  # raised again when nothing is left behind, also of a cancelled task
            container.close()
            with contextlib.suppress(SandboxError):  # the first error says more
                await self._discard(container)
            raise
        return Link(reader, writer)

    async def _end_of(self, container: Container) -> End:
        """How it ended. Its output may end before it does: a program can close it and go on."""
        pause = 0.01
        while True:
            end = await self._call(self._engine.end_of, container)
            if end is not None:
                return end
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.25)

    async def _discard(self, container: Container) -> None:
        if container.name not in self._containers:
            return  # it is gone already, and after closing nobody is left to ask
        await self._call(self._engine.remove, container)
        self._containers.discard(container.name)
        self._processes.pop(container.name, None)

    async def _call(self, call: Callable[..., ResultT], *arguments: object) -> ResultT:
        """Make a call in a thread. If the task is cancelled, the call is waited for all the same: otherwise nobody
        would know of a container that it makes."""
        loop = asyncio.get_running_loop()
        return await _to_its_end(loop.run_in_executor(self._threads, lambda: call(*arguments)))


class _ContainerProcess:
    """A program in a container that keeps running."""

    def __init__(self, link: Link, discard: Callable[[], Awaitable[None]]) -> None:
        self._link = link
        self._discard = discard
        self._buffer = bytearray()
        self._searched = 0
        self._has_ended = False
        self._has_more = asyncio.Event()
        self._has_room = asyncio.Event()
        self._pumping = asyncio.create_task(self._pump())

    async def write(self, data: bytes) -> None:
        if self._has_ended:
            raise SandboxError("docker: the program in the container has ended")
        try:
            await self._link.send(data)
        except OSError as error:
            raise SandboxError("docker: the program in the container has ended") from error

    async def read_line(self) -> bytes:
        while True:
            end = self._buffer.find(b"\n", self._searched, MOST_LINE) + 1
            if not end and (self._has_ended or len(self._buffer) >= MOST_LINE):
                end = min(len(self._buffer), MOST_LINE)
            if end or self._has_ended:
                line = bytes(self._buffer[:end])
                del self._buffer[:end]
                self._searched = 0
                self._has_room.set()
                return line
            self._searched = len(self._buffer)
            self._has_more.clear()
            await self._has_more.wait()

    async def kill(self) -> None:
        self._pumping.cancel()
        self._link.close()
        await _to_its_end(asyncio.ensure_future(self._finish()))

    async def _finish(self) -> None:
        await asyncio.wait([self._pumping])
        await self._discard()

    async def _pump(self) -> None:
        """Take what it prints as it comes, so that its end is noticed; no more than is asked for."""
        try:
            async for stream, piece in self._link.pieces():
                if stream == STDOUT:
                    self._buffer += piece
                    self._has_more.set()
                while len(self._buffer) > MOST_LINE:
                    self._has_room.clear()
                    await self._has_room.wait()
        finally:
            self._has_ended = True
            self._has_more.set()


_FOLDER = f"{TEMPORARY}/work"
_GRACE_S = 10
"""How much longer than it may a program could run if nobody were there to stop it."""
_FIRST = """\
import _thread, base64, ctypes, os, select, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
def prctl(option, *values):
    values = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *values): sys.exit(f"prctl {option}: {os.strerror(ctypes.get_errno())}")
prctl(4, 0)
refused = base64.b64decode(sys.argv[1])
if refused:
    code = ctypes.create_string_buffer(refused, len(refused))
    class Filter(ctypes.Structure): _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
    refusing = Filter(len(refused) // 8, ctypes.addressof(code))
    prctl(22, 2, ctypes.addressof(refusing))
child = os.fork()
if child:
    def end(*_): os._exit(137)
    def end_without_stdin():
        stdin = select.poll()
        stdin.register(0, 0)
        stdin.poll()
        end()
    mark, seconds = sys.argv[2].encode(), int(sys.argv[3])
    signal.signal(signal.SIGALRM, end)
    if seconds:
        signal.alarm(seconds)
        os.close(0)
    else: _thread.start_new_thread(end_without_stdin, ())
    os.close(1)
    while (ended := os.wait())[0] != child: pass
    code = os.waitstatus_to_exitcode(ended[1])
    if code > 128: os.write(2, mark)
    os._exit(code if code >= 0 else 128 - code)
os.setsid()
"""
"""The first process of a container. No other may look into it (4: not dumpable), and there are fewer system calls than
Docker allows (22: a seccomp filter). It takes in orphans, and with it ends the container: when the program ends, and if
nobody is left to stop it, after some seconds or, where it is talked to, with its stdin."""


def _order(program: Program) -> bytes:
    """What is sent to the container: files, command, and the program's stdin."""
    return header(program, _FOLDER, environment(_FOLDER)) + program.stdin


async def _to_its_end(work: asyncio.Future[ResultT]) -> ResultT:
    """Wait for it, and only then be cancelled."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            if work.cancelled():
                raise
            cancelled = error
        except Exception:  # noqa: BLE001, S110 - only waited for here: it is raised below
            pass
    if cancelled is not None:
        if not work.cancelled():
            work.exception()  # looked at, so that nobody warns of it
        raise cancelled
    return work.result()
