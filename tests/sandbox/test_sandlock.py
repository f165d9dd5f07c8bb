"""The sandlock back end, against programs that try to get out of it, and with ones that do not."""

# ruff: noqa: ASYNC240 - files are looked at between runs, when nothing else goes on
from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, Limits, Program
from orca_agents.sandbox.sandlock import SandlockSandbox, missing
from tests.sandbox.host import SANDBOX_USER, Host
from tests.sandbox.programs import HOSTILE, ORDINARY, Hostile, Ordinary, attack

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

LIMITS = Limits(wall_s=10, cpu_s=5, memory_mb=256, processes=32, disk_mb=32, output_bytes=50_000)


@pytest.fixture(scope="module", autouse=True)
def _works() -> None:
    """Skip where the kernel or a container's rules do not let sandlock work."""

    async def try_it() -> None:
        sandbox = SandlockSandbox()
        assert (await sandbox.run(_code("print(1)"))).stdout == "1\n"

    try:
        asyncio.run(try_it())
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture
async def sandbox() -> AsyncIterator[SandlockSandbox]:
    sandbox = SandlockSandbox()
    yield sandbox
    await sandbox.close()
    assert _left_over() == []


@pytest.fixture
def listening() -> Iterator[tuple[int, list[str]]]:
    """A port of the host, and who reached it."""
    reached: list[str] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    server.accept()[0].close()
                    reached.append("TCP")

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], reached
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_a_hostile_program_is_contained(sandbox: SandlockSandbox, hostile: Hostile, host: Host) -> None:
    assert await attack(sandbox, hostile, host) is None


@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda ordinary: ordinary.name)
async def test_an_ordinary_program_works(sandbox: SandlockSandbox, ordinary: Ordinary) -> None:
    if "multiprocessing" in ordinary.name:
        pytest.xfail("multiprocessing needs /dev/shm, which is the host's here")
    if ordinary.needs and not (await sandbox.run(_code(f"import {ordinary.needs}"))).ok:
        pytest.skip(f"the sandbox's Python has no {ordinary.needs}")
    outcome = await sandbox.run(ordinary.program)
    assert ordinary.wrong_with(outcome) is None


async def test_a_tcp_fast_open_does_not_reach_the_host(
    sandbox: SandlockSandbox, listening: tuple[int, list[str]]
) -> None:
    port, reached = listening
    outcome = await sandbox.run(
        _code(
            f"""
import socket, time
for send in (lambda s, a: s.sendto(b"x", 0x20000000, a), lambda s, a: s.sendmsg([b"x"], [], 0x20000000, a)):
    try:
        s = socket.socket()
        send(s, ("127.0.0.1", {port}))
    except OSError as error:
        print(error.errno)
time.sleep(0.2)
"""
        )
    )
    assert not reached
    assert outcome.stdout == "13\n13\n"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG"])
async def test_only_unix_sockets_can_be_made(sandbox: SandlockSandbox, family: str) -> None:
    code = f"import socket\nfor kind in (1, 2, 3, 5):\n    try: socket.socket(socket.{family}, kind); print('MADE')\n"
    outcome = await sandbox.run(_code(code + "    except OSError as error: print(error.errno)\n"))
    assert len(outcome.stdout.split()) == 4
    assert set(outcome.stdout.split()) <= {"1", "13"}


async def test_files_of_the_same_user_keep_their_mode_times_and_attributes(sandbox: SandlockSandbox) -> None:
    with tempfile.NamedTemporaryFile(dir="/var/tmp", delete=False) as file:
        path = Path(file.name)
    try:
        if os.getuid() == 0:
            os.chown(path, SANDBOX_USER, SANDBOX_USER)
        path.chmod(0o644)
        before = path.stat()
        code = f"""
import os
path = {str(path)!r}
for act in (lambda: os.chmod(path, 0), lambda: os.utime(path, (1, 1)), lambda: os.chown(path, os.getuid(), os.getgid()),
            lambda: os.setxattr(path, "user.x", b"1"), lambda: os.listxattr(path), lambda: os.lchown(path, -1, -1)):
    try:
        act()
        print("DID IT")
    except OSError as error:
        print(error.errno)
"""
        assert (await sandbox.run(_code(code))).stdout == "1\n" * 6
        after = path.stat()
        assert (after.st_mode, after.st_mtime, after.st_ctime) == (before.st_mode, before.st_mtime, before.st_ctime)
    finally:
        path.unlink()


async def test_no_process_can_be_limited_slowed_down_or_signalled(sandbox: SandlockSandbox) -> None:
    code = """
import os, resource, signal
pid = os.getppid()
for act in (lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)), lambda: os.setpriority(0, pid, 19),
            lambda: os.sched_setaffinity(pid, {0}), lambda: os.kill(pid, 9), lambda: os.pidfd_open(pid),
            lambda: os.sched_setscheduler(pid, 3, os.sched_param(0))):
    try:
        act()
        print("DID IT")
    except OSError as error:
        print(error.errno)
"""
    assert (await sandbox.run(_code(code))).stdout == "1\n" * 6


async def test_memory_that_is_reserved_first_is_counted(sandbox: SandlockSandbox) -> None:
    code = """
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
for _ in range(8):
    if os.fork() == 0:
        for _ in range(20):
            place = libc.mmap(None, 8 << 20, 0, 0x22, -1, 0)
            if place and libc.mprotect(place, 8 << 20, 3) == 0:
                ctypes.memset(place, 1, 8 << 20)
        time.sleep(30)
        os._exit(0)
time.sleep(3)
alive = 8
try:
    while os.waitpid(-1, os.WNOHANG)[0]:
        alive -= 1
except ChildProcessError:
    pass
print(alive)
"""
    outcome = await sandbox.run(_code(code))
    assert outcome.stopped == "memory" or int(outcome.stdout) * 160 <= 256


async def test_files_without_a_name_count(sandbox: SandlockSandbox) -> None:
    code = """
import os, time
held = []
for number in range(40):
    file = open("f", "wb", buffering=0)
    os.unlink("f")
    file.write(bytes(8 << 20))
    held.append(file)
    time.sleep(0.05)
time.sleep(30)
"""
    outcome = await sandbox.run(_code(code))
    assert outcome.stopped == "output"
    assert "more than 32 MB of files" in outcome.stderr


async def test_cpu_time_ends_a_program(sandbox: SandlockSandbox) -> None:
    outcome = await sandbox.run(_code("while True: pass", replace(LIMITS, cpu_s=1, wall_s=20)))
    assert (outcome.stopped, outcome.exit_code) == ("time", None)
    assert outcome.duration_s < 15


async def test_exit_codes_signals_and_output_are_told(sandbox: SandlockSandbox) -> None:
    outcome = await sandbox.run(_code("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"))
    assert (outcome.exit_code, outcome.stdout, outcome.stderr, outcome.stopped) == (7, "out\n", "err\n", "")
    outcome = await sandbox.run(_code("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert (outcome.exit_code, outcome.stopped) == (-signal.SIGSEGV, "")


async def test_output_past_the_limit_stops_a_program_and_is_kept(sandbox: SandlockSandbox) -> None:
    outcome = await sandbox.run(_code("while True: print('x' * 1000)", replace(LIMITS, output_bytes=5000)))
    assert (outcome.stopped, len(outcome.stdout), outcome.exit_code) == ("output", 5000, None)


async def test_other_commands_of_the_system_run(sandbox: SandlockSandbox) -> None:
    outcome = await sandbox.run(Program(("sh", "-c", "cat; ls"), {"a.txt": b""}, stdin=b"hello\n"))
    assert outcome.stdout == "hello\na.txt\n"


async def test_an_unknown_command_or_a_path_outside_is_a_value_error(sandbox: SandlockSandbox) -> None:
    with pytest.raises(ValueError, match="no command 'no-such-command'"):
        await sandbox.run(Program(("no-such-command",)))
    for path in ("/etc/x", "../x", "a/../../x", ""):
        with pytest.raises(ValueError, match="leads out"):
            await sandbox.run(Program((PYTHON, "-c", ""), {path: b""}))


async def test_a_program_can_be_talked_to_and_killed_twice(sandbox: SandlockSandbox) -> None:
    echo = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"
    process = await sandbox.start(replace(_code(echo), stdin=b"first\n"))
    assert await process.read_line() == b"FIRST\n"
    await process.write(b"second\n")
    assert await process.read_line() == b"SECOND\n"
    await process.kill()
    await process.kill()
    assert await process.read_line() == b""
    with pytest.raises(SandboxError):
        await process.write(b"third\n")


async def test_closing_ends_what_still_runs(sandbox: SandlockSandbox) -> None:
    process = await sandbox.start(_code("import time; print('here', flush=True); time.sleep(600)"))
    assert await process.read_line() == b"here\n"
    assert _left_over() != []
    await sandbox.close()
    assert _left_over() == []


async def test_cancelling_leaves_nothing(sandbox: SandlockSandbox) -> None:
    code = "import os, time\nif os.fork() == 0: os.setsid()\nos.fork()\ntime.sleep(600)"
    for wait_s in (0, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0):
        task = asyncio.ensure_future(sandbox.run(_code(code)))
        await asyncio.sleep(wait_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert _left_over() == []


async def test_cancelling_while_files_are_laid_out_leaves_nothing(sandbox: SandlockSandbox) -> None:
    program = replace(_code("pass"), files={f"folder/{number}": b"x" * 1000 for number in range(300)})
    for wait_s in (0.001, 0.01):
        task = asyncio.ensure_future(sandbox.run(program))
        for _ in range(3):
            await asyncio.sleep(wait_s)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.2)
        assert _left_over() == []


async def test_folders_of_any_depth_and_mode_are_removed(sandbox: SandlockSandbox) -> None:
    code = "import os\nos.mkdir('shut', 0o300)\nopen('shut/a', 'w').close()\n"
    code += "for _ in range(1500): os.mkdir('d'); os.chdir('d')"
    outcome = await sandbox.run(_code(code))
    assert outcome.stopped == "" or "MB of files" in outcome.stderr
    assert _left_over() == []


async def test_programs_side_by_side_do_not_see_each_other(sandbox: SandlockSandbox) -> None:
    code = "import os, time; open('mine', 'w').write('x'); time.sleep(0.3); print(os.listdir('.'), os.listdir('..'))"
    outcomes = await asyncio.gather(*(sandbox.run(_code(code)) for _ in range(6)))
    assert all("Permission denied: '..'" in outcome.stderr for outcome in outcomes)


def test_nothing_is_left_when_the_host_process_is_killed() -> None:
    code = """
import asyncio, sys
from orca_agents.sandbox.api import Program
from orca_agents.sandbox.sandlock import SandlockSandbox
inner = "import os, time; os.fork(); os.setsid() if os.fork() == 0 else 0; print('up', flush=True); time.sleep(600)"
async def main():
    process = await SandlockSandbox().start(Program(("python3", "-c", inner)))
    await process.read_line()
    print("up", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"up\n"
        assert _left_over(host.pid) != []
        host.kill()
    for _ in range(50):
        if not _left_over(host.pid):
            break
        time.sleep(0.1)
    assert _left_over(host.pid) == []


def _code(code: str, limits: Limits = LIMITS) -> Program:
    return Program((PYTHON, "main.py"), {"main.py": code.encode()}, limits=limits)


def _left_over(host: int | None = None) -> list[str]:
    """Folders of programs that this process (or another host) ran, and processes in them or that keep them."""
    mark = f"orca-sandlock-{host or os.getpid()}-"
    found = [str(path) for path in Path(tempfile.gettempdir()).glob(f"{mark}*")]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            place, command = str((process / "cwd").readlink()), (process / "cmdline").read_bytes()
            if mark in place or mark.encode() in command:
                found.append(f"{process.name} {place} {command[:80]!r}")
    return found
