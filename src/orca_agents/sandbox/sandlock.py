"""The sandbox of the package sandlock: Landlock and seccomp, with neither a container nor root. For new kernels.

What it is and what it is not: `sandlock_keeper.py` lists what sandlock leaves open and how it is closed. What holds
only partly: programs can find out whether a file of the host exists, its size and its times, where the user may look,
but neither list folders nor read it; disk, and memory taken in unusual ways, are limited by looking ten times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program, Stopped
from orca_agents.sandbox.boot import checked_files, environment
from orca_agents.sandbox.closing import UnderWay, all_ended
from orca_agents.sandbox.interpreters import choose_python
from orca_agents.sandbox.leftovers import new_folder, remove_leftovers
from orca_agents.sandbox.process import Command, Talk, run_to_end, see_through, start_talk

_NOBODY = 65534
_OLDEST_KERNEL = (6, 12)  # of Landlock ABI 6
_MACHINES = ("x86_64", "aarch64")
_KEEPER = Path(__file__).with_name("sandlock_keeper.py")
_SMALLEST_SPACE = 192 << 20  # of addresses: sandlock needs about 100 MB before the program starts
_END_S = 10.0  # for the keeper to end everything, before it is killed itself
_READABLE = (
    *("/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"),
    *("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"),
)


def missing() -> str | None:
    """Why sandlock cannot be tried here, with what to do; `None` if it can."""
    if sys.platform != "linux":
        return "sandlock is there for Linux only: use Docker"
    if importlib.util.find_spec("sandlock") is None:
        return "sandlock is not installed: pip install 'sandlock>=0.9,<0.10'"
    if platform.machine() not in _MACHINES:
        return f"sandlock is used on {' and '.join(_MACHINES)} only, and this is {platform.machine()}: use Docker"
    release = platform.release()
    numbers = tuple(int(part) for part in release.split("-")[0].split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_KERNEL:
        return f"sandlock needs Linux 6.12 or newer, and this is {release}: install bubblewrap, or use Docker"
    return None


_FOLDERS = "orca-sandlock"


class SandlockSandbox:
    """Runs each program in a new folder on the host's disk, under a keeper process of its own; as root, as `nobody`.

    `multiprocessing` needs /dev/shm and does not work; nor do chmod, utime and their like, so that `shutil.copy` fails
    and `shutil.copyfile` works.
    """

    name: BackEnd = "sandlock"

    def __init__(self, python: Path | None = None) -> None:
        if why := missing():
            raise SandboxError(why)
        self._user = _NOBODY if os.geteuid() == 0 else None
        self._python = choose_python(python, self._user)
        self._talks: set[_Talk] = set()
        self._under_way = UnderWay(self.name)
        remove_leftovers(_FOLDERS)

    @property
    def version(self) -> str:
        return f"sandlock {importlib.metadata.version('sandlock')}, Python {self._python.version}"

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end. Raises `SandboxError` where sandlock does not work, `ValueError` for a bad path."""
        return await self._under_way.do(self._run(program))

    async def start(self, program: Program) -> Process:
        """Start a program that keeps running."""
        return await self._under_way.do(self._start(program))

    async def close(self) -> None:
        """End everything that still runs. Safe to call twice."""
        await self._under_way.end()
        await all_ended(*(talk.kill() for talk in list(self._talks)))

    async def _run(self, program: Program) -> Outcome:
        place = await self._place(program)
        try:
            outcome = await run_to_end(place.command, place.keep, program.stdin, program.limits)
        finally:
            await place.remove()
        if outcome.stopped in ("time", "output"):
            return outcome
        if place.ended is None or "failed" in place.ended:
            why = place.ended["failed"] if place.ended else "its keeper ended without saying why"
            raise SandboxError(f"sandlock cannot run a program here: {why} {outcome.stderr.strip()[-1000:]}".rstrip())
        code, stopped, note = _how_it_ended(place.ended, program.limits)
        return replace(outcome, exit_code=code, stopped=stopped, stderr=outcome.stderr + note)

    async def _start(self, program: Program) -> Process:
        place = await self._place(program)
        try:
            inner = await start_talk(place.command, place.keep, program.stdin)
        except BaseException:  # raised again when all is put in order
            await place.remove()
            raise
        talk = _Talk(inner, place, self._talks)
        self._talks.add(talk)
        return talk

    async def _place(self, program: Program) -> _Place:
        """A folder with the program's files, and the command that starts its keeper."""
        config = self._config(program)
        files = checked_files(program)
        base = new_folder(_FOLDERS)
        place = _Place(base, _command(config, base))
        try:
            # A thread goes on when the task is cancelled, and would write into a folder that is being removed.
            await see_through(asyncio.to_thread(place.lay_out, files, self._user))
        except BaseException:  # raised again when all is put in order
            await place.remove()
            raise
        return place

    def _config(self, program: Program) -> dict[str, Any]:
        spec = importlib.util.find_spec("sandlock")
        if spec is None or spec.origin is None:
            raise SandboxError("sandlock is not installed any more: pip install 'sandlock>=0.9,<0.10'")
        limits = program.limits
        path = f"{self._python.path.parent}:/usr/local/bin:/usr/bin:/bin"
        first, *rest = program.command
        command = str(self._python.path) if first == PYTHON else shutil.which(first, path=path)
        if command is None:
            raise ValueError(f"there is no command {first!r} in the sandbox: it was looked for in {path}")
        return {
            "host": os.getpid(),
            "sandlock": str(Path(spec.origin).parents[1]),
            "user": self._user,
            "command": [command, *rest],
            "readable": [str(place) for place in (*map(Path, _READABLE), *self._python.readable()) if place.exists()],
            "path": path,
            "memory": limits.memory_mb << 20,
            "processes": limits.processes,
            "disk": limits.disk_mb << 20,
            "rlimits": {
                "RLIMIT_AS": max(_SMALLEST_SPACE, limits.memory_mb << 20),
                "RLIMIT_CPU": limits.cpu_s,
                "RLIMIT_FSIZE": limits.disk_mb << 20,
                "RLIMIT_NOFILE": 256,
                "RLIMIT_CORE": 1,  # with 0, a crash would still be sent to the host's crash reporter, if it has one
            },
        }


class _Place:
    """The folder of one program, its keeper, and what the keeper tells at the end. A `Tree`."""

    def __init__(self, base: Path, command: Command) -> None:
        self.command = command
        self.ended: dict[str, Any] | None = None
        self._base = base
        self._transport: asyncio.SubprocessTransport | None = None

    def lay_out(self, files: dict[str, bytes], user: int | None) -> None:
        """The program's own folder with its files, in one that only we can write to."""
        work = self._base / "work"
        work.mkdir(0o700)
        for path, content in files.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if user is not None:
            for folder, _, names in os.walk(work):
                os.chown(folder, user, user)
                for name in names:
                    os.chown(Path(folder, name), user, user)
            self._base.chmod(0o711)

    def keep(self, transport: asyncio.SubprocessTransport) -> _Place:
        self._transport = transport
        return self

    async def end(self) -> None:
        """Tell the keeper to kill everything, and wait until it has."""
        transport = self._transport
        if transport is None or transport.get_returncode() is not None:
            return
        try:
            keeper = os.pidfd_open(transport.get_pid())
        except ProcessLookupError:
            return
        try:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(keeper, signal.SIGTERM)
            if not await _is_over(keeper):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(transport.get_pid(), signal.SIGKILL)
                await _is_over(keeper)
        finally:
            os.close(keeper)

    async def watch(self) -> Stopped:
        """The keeper watches."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody ends this but by cancelling")

    async def remove(self) -> None:
        """Read what the keeper told, and remove the folder, also if the task is cancelled meanwhile."""
        await see_through(asyncio.to_thread(self._remove))

    def _remove(self) -> None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            self.ended = json.loads((self._base / "ended.json").read_text())
        # `rm` copes with folders of any depth; the program may have closed some to itself.
        for command in (["rm", "-rf"], ["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            if not self._base.exists():
                return
            subprocess.run([*command, "--", str(self._base)], check=False, capture_output=True)  # noqa: S603 - no shell
        if self._base.exists():
            raise SandboxError(f"cannot remove the folder of a program that ended: {self._base}. Remove it by hand")


class _Talk:
    """A program that keeps running, whose folder goes with it."""

    def __init__(self, inner: Talk, place: _Place, talks: set[_Talk]) -> None:
        self._inner = inner
        self._place = place
        self._talks = talks

    async def write(self, data: bytes) -> None:
        await self._inner.write(data)

    async def read_line(self) -> bytes:
        return await self._inner.read_line()

    async def kill(self) -> None:
        try:
            await self._inner.kill()
        finally:
            await self._place.remove()
            self._talks.discard(self)


async def _is_over(process: int) -> bool:
    """Whether the process of this pidfd ends soon enough."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process, over.set)
    try:
        await asyncio.wait_for(over.wait(), _END_S)
        return True
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(process)


def _command(config: dict[str, Any], base: Path) -> Command:
    work = str(base / "work")
    env = environment(work, temporary=work, path=config["path"])
    text = json.dumps({**config, "base": str(base), "work": work, "env": env})
    return Command(
        [sys.executable, "-I", "-S", str(_KEEPER), text], {"PATH": os.defpath, "HOME": str(base)}, folder="/"
    )


def _how_it_ended(ended: dict[str, Any], limits: Limits) -> tuple[int | None, Stopped, str]:
    """Its exit code, why it was stopped, and a note for the end of its stderr."""
    told = ended.get("stopped")
    if told == "disk":
        return None, "output", f"\n[stopped: it wrote more than {limits.disk_mb} MB of files]\n"
    if told == "threads":
        return None, "memory", f"\n[stopped: it had more than {limits.processes} processes and threads]\n"
    if told == "memory":
        return None, "memory", f"\n[stopped: it used more than {limits.memory_mb} MB of memory]\n"
    if ended.get("reason") == "KILLED":  # by sandlock, for memory; a program that kills itself looks the same
        return None, "memory", f"\n[killed: most often that is for more than {limits.memory_mb} MB of memory]\n"
    if told:
        return None, "memory", f"\n[stopped from outside: {told}]\n"
    if ended["reason"] == "SIGNALED":
        if ended["signal"] == signal.SIGXCPU:
            return None, "time", f"\n[stopped: it used more than {limits.cpu_s} s of CPU time]\n"
        return -ended["signal"], "", ""
    return ended["code"], "", ""
