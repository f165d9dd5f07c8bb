"""Whether a sandbox holds, here and now: small attacks on this very machine, judged from outside.

A back end that is installed may still hold nothing, or not run at all: that depends on the kernel and its settings.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, Limits, Outcome, Program, Sandbox
from orca_agents.sandbox.leftovers import new_folder, remove_leftovers

_LIMITS = Limits(wall_s=20, cpu_s=10, memory_mb=128, processes=16, disk_mb=16, output_bytes=200_000)
_SHORT_S = 0.6
_FORKS = 100
_FOLDERS = ".orca-agents"
_VARIABLE = "ORCA_AGENTS_SELF_TEST"


@dataclass(frozen=True)
class Canary:
    """One attack, or the ordinary program, and how it went."""

    name: str
    ok: bool
    happened: str
    """What got through, or else how it was held."""


async def self_test(sandbox: Sandbox) -> tuple[Canary, ...]:
    """Run every canary, all at once: a second or two. Raises nothing that the sandbox raises."""
    with _target() as target:
        return tuple(await asyncio.gather(*(_run(sandbox, canary, target) for canary in _CANARIES)))


def here() -> Path | None:
    """The folder that we stand in; `None` where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


class _Target:
    """What the canaries go for: made for them, worth nothing."""

    def __init__(self, folder: Path, others: Sequence[Path]) -> None:
        """`others` are folders of ours too, where a project or keys may stand."""
        self.token = secrets.token_hex(16)
        self.mark = "orca" + secrets.token_hex(5)
        self.secrets = [place / "secret" for place in (folder, *others)]
        for path in self.secrets:
            path.write_text(self.token)
        self.folders = [folder, *others, Path("/var/tmp"), Path("/tmp"), Path("/dev/shm")]  # noqa: S108 - goals
        self.unix = str(folder / "socket")
        self.sockets = [
            _listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            _listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            _listen(socket.AF_UNIX, socket.SOCK_STREAM, self.unix),
        ]
        if sys.platform == "linux":
            self.sockets.append(_listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.mark))
        for path in (folder, *others, *self.secrets, Path(self.unix)):
            path.chmod(0o777)  # not to be saved by permissions, where the sandbox runs as another user

    def facts(self) -> str:
        tcp, udp = self.sockets[0].getsockname()[1], self.sockets[1].getsockname()[1]
        return (
            f"MARK, TCP, UDP, UNIX = {self.mark!r}, {tcp}, {udp}, {self.unix!r}\n"
            f"SECRETS, FOLDERS = {[*map(str, self.secrets)]!r}, {[*map(str, self.folders)]!r}\n"
            f"FORKS = {_FORKS}\n"
        )

    def contacts(self) -> list[str]:
        found = []
        for one in self.sockets:
            with contextlib.suppress(BlockingIOError):
                if one.type == socket.SOCK_DGRAM:
                    one.recv(10)
                    found.append("UDP")
                else:
                    one.accept()[0].close()
                    found.append("TCP" if one.family == socket.AF_INET else "a unix socket")
        return found

    def written(self) -> list[Path]:
        return [folder / self.mark for folder in self.folders if (folder / self.mark).exists()]

    def survivors(self) -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                stat = path.read_text(errors="replace")
                if f"({self.mark})" in stat and stat.rpartition(")")[2].split()[0] not in "ZX":
                    found.append(int(path.parent.name))
        return found

    def clean(self) -> None:
        for one in self.sockets:
            one.close()
        for path in self.written():
            path.unlink(missing_ok=True)
        for pid in self.survivors():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class _Canary:
    name: str
    code: str
    judge: Callable[[Outcome, _Target], tuple[bool, str]]
    limits: Limits = _LIMITS
    stdin: bytes = b""


async def _run(sandbox: Sandbox, canary: _Canary, target: _Target) -> Canary:
    files = {"main.py": (target.facts() + canary.code).encode(), "data/numbers.txt": b"1 2 3"}
    try:
        outcome = await sandbox.run(Program((PYTHON, "main.py"), files, canary.stdin, canary.limits))
    except SandboxError as error:
        return Canary(canary.name, False, f"it does not run: {error}")
    return Canary(canary.name, *canary.judge(outcome, target))


def _judge_ordinary(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    if outcome.ok and outcome.stdout == "6 Grüße out\n":
        return True, f"ran in {outcome.duration_s:.2f} s"
    return False, f"it does not work: {outcome.stopped or outcome.exit_code}: {outcome.stderr.strip()[-300:]}"


def _judge_network(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    reached = target.contacts()
    return _is_held(outcome, f"it reached the host over {', '.join(reached)}" if reached else "", "nothing was reached")


def _judge_writing(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    found = ", ".join(map(str, target.written()))
    return _is_held(outcome, f"it wrote {found}" if found else "", "no file was written")


def _judge_secret(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    return _is_held(outcome, "it read the secret" if target.token in outcome.stdout else "", "it could not be read")


def _judge_loop(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    if outcome.stopped == "time":
        return True, f"stopped after {outcome.duration_s:.2f} s"
    return False, f"it was not stopped by the clock but ended with {outcome.exit_code}: {outcome.stderr.strip()[-200:]}"


def _judge_memory(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    if "began" not in outcome.stdout and not outcome.stopped:
        return False, f"it did not run: {outcome.stderr.strip()[-200:]}"
    if "took" in outcome.stdout:
        return False, f"it took 4 times the {_LIMITS.memory_mb} MB that it may"
    return True, "stopped" if outcome.stopped else f"refused (exit code {outcome.exit_code})"


def _judge_forks(outcome: Outcome, target: _Target) -> tuple[bool, str]:
    made = max((int(line) for line in outcome.stdout.split() if line.isdigit()), default=-1)
    if made > 2 * _LIMITS.processes:
        return False, f"it made {made} processes, where it may have {_LIMITS.processes}"
    if left := target.survivors():
        return False, f"{len(left)} of its processes outlived it"
    if made < 0 and not outcome.stopped:
        return False, f"it did not run: {outcome.stderr.strip()[-200:]}"
    return True, f"held at {max(made, 0)} processes"


def _is_held(outcome: Outcome, got_through: str, held: str) -> tuple[bool, str]:
    """Held only if it ran to its end, as its last line says; a program that failed to start shows nothing."""
    if got_through:
        return False, got_through
    if not outcome.stdout.endswith("tried\n"):
        return (
            False,
            f"it did not run to its end: {outcome.stopped or outcome.exit_code} {outcome.stderr.strip()[-300:]}",
        )
    return True, held


_CANARIES = (
    _Canary(
        "an ordinary program",
        """
import sys
open("out", "w").write(sys.stdin.read())
print(sum(map(int, open("data/numbers.txt").read().split())), open("out").read(), "out")
""",
        _judge_ordinary,
        stdin="Grüße".encode(),
    ),
    _Canary(
        "network",
        """
import socket
def go(family, kind, address):
    try:
        s = socket.socket(family, kind)
        s.settimeout(0.5)
        s.connect(address)
        s.send(b"x")
    except Exception:  # however it is refused: what arrived is counted outside
        pass
for family, kind, address in [
    ("AF_INET", "SOCK_STREAM", ("127.0.0.1", TCP)),
    ("AF_INET", "SOCK_DGRAM", ("127.0.0.1", UDP)),
    ("AF_UNIX", "SOCK_STREAM", UNIX),
    ("AF_UNIX", "SOCK_STREAM", chr(0) + MARK),
]:
    if hasattr(socket, family):
        go(getattr(socket, family), getattr(socket, kind), address)
print("tried")
""",
        _judge_network,
    ),
    _Canary(
        "writing outside",
        """
for folder in FOLDERS:
    try:
        open(folder + "/" + MARK, "w").write("x")
    except Exception:  # however it is refused: what was written is looked for outside
        pass
print("tried")
""",
        _judge_writing,
    ),
    _Canary(
        "reading a secret",
        """
for path in SECRETS:
    for root in ("", "/proc/self/root", "/proc/1/root"):
        try:
            print(open(root + path).read())
        except Exception:  # however it is refused: only what is printed counts
            pass
print("tried")
""",
        _judge_secret,
    ),
    _Canary(
        "the parent's environment",
        """
import os
print(dict(os.environ))
try:
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
except Exception:  # no /proc to look into, for whatever reason: two names are tried all the same
    pids = []
for pid in {*pids, "1", "self"}:
    try:
        for part in open("/proc/" + pid + "/environ", errors="replace").read().split(chr(0)):
            if "ORCA_AGENTS_SELF_TEST" in part:
                print(part)
    except Exception:  # however it is refused: only what is printed counts
        pass
print("tried")
""",
        _judge_secret,
    ),
    _Canary("an endless loop", "while True: pass\n", _judge_loop, limits=Limits(wall_s=_SHORT_S, memory_mb=128)),
    _Canary(
        "memory",
        f"""
print("began", flush=True)
taken = bytearray({4 * _LIMITS.memory_mb} << 20)
taken[::4096] = bytes([1]) * len(taken[::4096])
print("took")
""",
        _judge_memory,
    ),
    _Canary(
        "a fork bomb",
        """
import os, time
try:
    open("/proc/self/comm", "w").write(MARK)
except Exception:  # without the mark, for whatever reason, the forks are still counted
    pass
made = 0
try:
    while made < FORKS:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except Exception:  # however it is refused: how many were made is what counts
    pass
print(made)
""",
        _judge_forks,
    ),
)


@contextlib.contextmanager
def _target() -> Iterator[_Target]:
    """Make the target, with a process beside us that has the secret in its environment, and remove it again."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_folder(None))
        others = []
        for place in (Path("~"), here()):
            with contextlib.suppress(OSError, RuntimeError):  # without a home, or one that cannot be written to
                others += [stack.enter_context(_folder(place.expanduser()))] if place else []
        target = _Target(folder, others)
        stack.callback(target.clean)
        # What a back end hands on by mistake is our own environment, so it has to be in there for a moment.
        os.environ[_VARIABLE] = target.token
        stack.callback(os.environ.pop, _VARIABLE, None)
        helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ})
        stack.callback(helper.wait)
        stack.callback(helper.kill)
        yield target


@contextlib.contextmanager
def _folder(parent: Path | None) -> Iterator[Path]:
    remove_leftovers(_FOLDERS, parent)
    folder = new_folder(_FOLDERS, parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listen(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
    one = socket.socket(family, kind)
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen(10)
    one.setblocking(False)
    return one
