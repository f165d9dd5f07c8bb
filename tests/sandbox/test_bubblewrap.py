"""Bubblewrap holds hostile programs, runs ordinary ones, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orca_agents.errors import SandboxError
from orca_agents.sandbox import PYTHON, Limits, Program, bubblewrap, examine
from orca_agents.sandbox.bubblewrap import BubblewrapSandbox
from orca_agents.sandbox.namespace import _child
from tests.sandbox.host import SANDBOX_USER, Host
from tests.sandbox.programs import HOSTILE, ORDINARY, Hostile, Ordinary, attack

SLEEP = "import time; time.sleep(60)"


@pytest.fixture(scope="module")
def why_not() -> str:
    """Why bubblewrap does not work on this machine."""
    return asyncio.run(examine("bubblewrap")).why_not


@pytest_asyncio.fixture
async def sandbox(why_not: str) -> AsyncIterator[BubblewrapSandbox]:
    if why_not:
        pytest.skip(why_not)
    sandbox = BubblewrapSandbox()
    yield sandbox
    await sandbox.close()


async def test_an_installed_bubblewrap_that_works_by_itself_passes_its_self_test() -> None:
    """So that a fault of ours cannot hide behind the tests that are skipped where bubblewrap does not work."""
    if reason := bubblewrap.missing():
        pytest.skip(reason)
    user = SANDBOX_USER if os.geteuid() == 0 else None
    plain = await asyncio.create_subprocess_exec(
        *("bwrap", "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "true"),
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        cwd="/",
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await plain.communicate()
    if plain.returncode:
        pytest.skip(f"bwrap does not work on this machine: {said.decode()}")
    examined = await examine("bubblewrap")
    assert examined.ok, examined.why_not


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_nothing_of_a_hostile_program_gets_through(
    sandbox: BubblewrapSandbox, host: Host, hostile: Hostile
) -> None:
    assert await attack(sandbox, hostile, host) is None


@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda ordinary: ordinary.name)
async def test_an_ordinary_program_works(sandbox: BubblewrapSandbox, ordinary: Ordinary) -> None:
    if ordinary.needs and not (await sandbox.run(Program((PYTHON, "-c", f"import {ordinary.needs}")))).ok:
        pytest.skip(f"the sandbox's Python has no {ordinary.needs}")
    assert ordinary.wrong_with(await sandbox.run(ordinary.program)) is None


async def test_a_program_sees_its_files_and_nothing_of_ours(sandbox: BubblewrapSandbox) -> None:
    code = "import os; print(sorted(os.listdir()), sorted(os.listdir('/')), sorted(os.environ), os.getuid())"
    outcome = await sandbox.run(Program((PYTHON, "-c", code), {"a/b.txt": b"", "c.txt": b""}))
    files, *rest = outcome.stdout.partition("] ")
    assert files == "['a', 'c.txt'"
    assert "'etc', 'lib'" in rest[1]
    assert not {"root", "var", "work", "run", "sys"} & set(rest[1].replace("'", "").split(", "))
    assert "ORCA" not in outcome.stdout
    assert "65534" in outcome.stdout


async def test_only_its_own_disk_can_be_written_and_only_software_of_the_host_is_there(
    sandbox: BubblewrapSandbox,
) -> None:
    outcome = await sandbox.run(Program((PYTHON, "-c", "print(open('/proc/self/mountinfo').read())")))
    mounts = [line.split()[4:6] for line in outcome.stdout.splitlines() if line]
    written = {place for place, options in mounts if "rw" in options.split(",")}
    assert {place for place in written if not place.startswith(("/dev/", "/proc"))} == {"/box"}
    software = tuple(map(str, sandbox._python.readable()))
    ours = (
        "/box",
        "/proc",
        "/dev/",
        "/etc/alternatives",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/bin",
        "/sbin",
        "/lib",
    )
    assert [place for place, _ in mounts if place != "/" and not place.startswith((*software, *ours))] == []
    devices = {place for place, _ in mounts if place.startswith("/dev/")}
    assert devices <= {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")}


async def test_each_run_starts_from_nothing(sandbox: BubblewrapSandbox) -> None:
    await sandbox.run(Program((PYTHON, "-c", "open('left', 'w'); open('/tmp/left', 'w')")))
    outcome = await sandbox.run(Program((PYTHON, "-c", "import os; print(os.listdir('.'), os.listdir('/tmp'))")))
    assert outcome.stdout == "[] []\n"


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b", "", ".", "a\0b"])
async def test_a_file_path_that_leads_outside_is_refused(sandbox: BubblewrapSandbox, path: str) -> None:
    with pytest.raises(ValueError, match="leads out of the working folder"):
        await sandbox.run(Program((PYTHON, "-c", ""), {path: b""}))


async def test_files_that_cannot_be_are_refused(sandbox: BubblewrapSandbox) -> None:
    for files in ({"a": b"", "a/b": b""}, {"a" * 300: b""}, {"a": bytes(100 << 20)}, {f"{n}": b"" for n in range(300)}):
        with pytest.raises(ValueError, match=r"both a file|too long|larger than its disk|at most 200"):
            await sandbox.run(Program((PYTHON, "-c", ""), files))
    with pytest.raises(ValueError, match="put its code into a file"):
        await sandbox.run(Program((PYTHON, "-c", "#" * 200_000)))
    with pytest.raises(ValueError, match="at most 5000 fit"):
        await sandbox.run(Program((PYTHON, "-c", "", *["word"] * 10_000)))
    with pytest.raises(ValueError, match="which is no text"):
        await sandbox.run(Program((PYTHON, "-c", ""), {"\ud800": b""}))


async def test_system_calls_that_nobody_needs_are_refused(sandbox: BubblewrapSandbox) -> None:
    if "no filter" in sandbox.version:
        pytest.skip(sandbox.version)
    code = """
import ctypes, os, socket
for make in (lambda: os.memfd_create("m"), lambda: socket.socket(40, socket.SOCK_STREAM), lambda: socket.socket(38, 5)):
    try:
        print("did", make())
    except OSError as error:
        print(error.errno)
print([line.split() for line in open("/proc/self/status") if line.startswith(("Seccomp:", "NoNewPrivs:", "CapBnd:"))])
"""
    outcome = await sandbox.run(Program((PYTHON, "-c", code)))
    values = "[['CapBnd:', '0000000000000000'], ['NoNewPrivs:', '1'], ['Seccomp:', '2']]"
    assert outcome.stdout == f"1\n97\n97\n{values}\n"


async def test_nothing_goes_on_when_we_are_killed(sandbox: BubblewrapSandbox, host: Host) -> None:
    host.reset()
    code = """
import asyncio, sys
from orca_agents.sandbox import PYTHON, Program
from orca_agents.sandbox.bubblewrap import BubblewrapSandbox
asyncio.run(BubblewrapSandbox().run(Program((PYTHON, "-c", "import time; time.sleep(60)", sys.stdin.read()))))
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(host.mark.encode())
    process.stdin.close()
    for _ in range(200):
        if any("time.sleep" in line for line in host.leftovers()):
            break
        await asyncio.sleep(0.05)
    assert host.leftovers() != []
    process.kill()
    await process.wait()
    await asyncio.sleep(0.3)
    assert host.leftovers() == []


async def test_an_environment_of_ones_own_is_there_with_its_packages(sandbox: BubblewrapSandbox) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        environment = Path(place) / "environment"
        os.chmod(place, 0o755)  # noqa: PTH101
        made = await asyncio.create_subprocess_exec("/usr/bin/python3", "-m", "venv", "--without-pip", str(environment))
        if await made.wait():
            pytest.skip("the system's Python makes no virtual environments")
        packages = next(environment.glob("lib/python*/site-packages"))
        (packages / "of_my_own.py").write_text("value = 7")
        (environment / "pip.conf").write_text("[global]")  # where a token for a package registry may stand
        (Path(place) / "link").symlink_to(environment)
        code = """
import os, of_my_own, sys
print(of_my_own.value, os.path.exists(os.path.join(sys.prefix, "pip.conf")))
open(of_my_own.__file__, "w")
"""
        for name in ("environment", "link"):
            own = BubblewrapSandbox(Path(place) / name / "bin" / "python")
            outcome = await own.run(Program((PYTHON, "-c", code)))
            assert outcome.stdout == "7 False\n"
            assert "Read-only file system" in outcome.stderr


async def test_exit_codes_and_signals_are_told_apart(sandbox: BubblewrapSandbox) -> None:
    async def code_of(statement: str) -> int | None:
        return (await sandbox.run(Program((PYTHON, "-c", f"import os, sys; {statement}")))).exit_code

    assert await code_of("sys.exit(3)") == 3
    assert await code_of("sys.exit(-1)") == 255
    assert await code_of("os.abort()") == -6
    assert await code_of("os.kill(os.getpid(), 15)") == -15


async def test_a_command_that_is_not_there_is_the_programs_fault(sandbox: BubblewrapSandbox) -> None:
    outcome = await sandbox.run(Program(("no-such-command",)))
    assert outcome.exit_code == 127
    assert "no-such-command" in outcome.stderr


async def test_a_program_cannot_make_the_sandbox_look_broken(sandbox: BubblewrapSandbox) -> None:
    code = "import sys; sys.exit('bwrap: Creating new namespace failed')"
    assert (await sandbox.run(Program((PYTHON, "-c", code)))).exit_code == 1


async def test_output_is_cut_at_the_limit_and_kept_up_to_it(sandbox: BubblewrapSandbox) -> None:
    code = "import sys; sys.stderr.write('warning'); sys.stderr.flush(); sys.stdout.write('x' * 2000)"
    limits = Limits(output_bytes=1000)
    outcome = await sandbox.run(Program((PYTHON, "-c", code), limits=limits))
    assert (outcome.stdout, outcome.stopped, outcome.exit_code) == ("x" * 1000, "output", None)
    exact = await sandbox.run(Program((PYTHON, "-c", "print('x' * 999)"), limits=limits))
    assert exact.ok


async def test_bytes_that_are_no_text_are_replaced(sandbox: BubblewrapSandbox) -> None:
    outcome = await sandbox.run(Program((PYTHON, "-c", r"import os; os.write(1, b'a\xff\xc3\xa9')")))
    assert outcome.stdout == "a�é"


async def test_a_large_stdin_arrives_and_one_that_is_not_read_does_no_harm(sandbox: BubblewrapSandbox) -> None:
    data = os.urandom(1 << 20).hex().encode()
    read = await sandbox.run(Program((PYTHON, "-c", "import sys; print(len(sys.stdin.read()))"), stdin=data))
    assert read.stdout == f"{len(data)}\n"
    ignored = await sandbox.run(Program((PYTHON, "-c", "print('done')"), stdin=data))
    assert ignored.stdout == "done\n"


async def test_time_on_the_processor_is_limited_too(sandbox: BubblewrapSandbox) -> None:
    code = "while True: pass"
    outcome = await sandbox.run(Program((PYTHON, "-c", code), limits=Limits(wall_s=30, cpu_s=1)))
    assert outcome.stopped == "time"
    assert outcome.duration_s < 15


async def test_the_memory_of_all_processes_counts_together_but_what_they_share_once(
    sandbox: BubblewrapSandbox,
) -> None:
    code = """
import os, sys, time
shared = bytearray(os.urandom(1 << 20) * 100)
for _ in range(8):
    if os.fork() == 0:
        own = bytearray(os.urandom(1 << 20) * int(sys.argv[1]))
        time.sleep(1)
        os._exit(0)
for _ in range(8):
    os.wait()
print("done")
"""
    limits = Limits(memory_mb=250)
    little = await sandbox.run(Program((PYTHON, "-c", code, "2"), limits=limits))
    assert little.stdout == "done\n"
    much = await sandbox.run(Program((PYTHON, "-c", code, "60"), limits=limits))
    assert much.stopped == "memory"


async def test_a_program_whose_memory_is_slow_to_count_holds_up_nobody(sandbox: BubblewrapSandbox) -> None:
    code = """
import mmap, os, time
memory = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for place in range(0, len(memory), 4096):
    memory[place] = 1
for _ in range(60):
    if os.fork() == 0:
        time.sleep(60)
print("up", flush=True)
time.sleep(60)
"""
    process = await sandbox.start(Program((PYTHON, "-c", code)))
    assert await process.read_line() == b"up\n"
    beats, began = 0, time.monotonic()
    while time.monotonic() - began < 1.5:
        await asyncio.sleep(0.01)
        beats += 1
    await process.kill()
    assert beats > 50


async def test_a_process_number_that_another_one_has_by_now_is_not_taken() -> None:
    assert _child(os.getppid(), os.getpid()) == -1
    assert _child(1 << 30, os.getpid()) == -1
    process = await asyncio.create_subprocess_exec("sleep", "60")
    pidfd = _child(process.pid, os.getpid())
    assert pidfd >= 0
    os.close(pidfd)
    process.kill()
    await process.wait()


async def test_cancelling_leaves_nothing(sandbox: BubblewrapSandbox, host: Host) -> None:
    host.reset()
    descriptors = _descriptors()
    for wait_s in (0.0, 0.001, 0.003, 0.01, 0.02, 0.05, 0.3):
        run = asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", SLEEP, host.mark))))
        await asyncio.sleep(wait_s)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert host.leftovers() == []
    assert _descriptors() == descriptors


async def test_closing_ends_what_still_runs(sandbox: BubblewrapSandbox, host: Host) -> None:
    host.reset()
    run = asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", SLEEP, host.mark))))
    process = await sandbox.start(Program((PYTHON, "-c", "print('up'); " + SLEEP, host.mark)))
    while not host.leftovers():  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.02)
    await sandbox.close()
    await sandbox.close()
    assert host.leftovers() == []
    with pytest.raises(SandboxError, match="closed"):
        await run
    with pytest.raises(SandboxError, match="closed"):
        await sandbox.run(Program((PYTHON, "-c", "")))
    await process.kill()


async def test_closing_ends_what_is_just_being_started(sandbox: BubblewrapSandbox, host: Host) -> None:
    host.reset()
    runs = [asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", SLEEP, host.mark)))) for _ in range(3)]
    await asyncio.sleep(0)  # they have begun, and none has a process that we know of
    await sandbox.close()
    assert host.leftovers() == []
    async with asyncio.timeout(10):
        for error in await asyncio.gather(*runs, return_exceptions=True):
            assert isinstance(error, SandboxError)


async def test_a_running_process_is_talked_to_line_by_line(sandbox: BubblewrapSandbox, host: Host) -> None:
    host.reset()
    code = "import sys\nfor line in sys.stdin: print(eval(line), flush=True)"
    process = await sandbox.start(Program((PYTHON, "-u", "-c", code, host.mark), stdin=b"1 + 1\n"))
    assert await process.read_line() == b"2\n"
    await process.write(b"'x' * 1_000_000\n")
    assert await process.read_line() == b"x" * 1_000_000 + b"\n"
    assert host.leftovers() != []
    await process.kill()
    await process.kill()
    assert host.leftovers() == []
    assert await process.read_line() == b""
    with pytest.raises(SandboxError, match="has ended"):
        await process.write(b"1\n")


async def test_a_process_that_ends_is_noticed_by_its_reader_and_its_writer(sandbox: BubblewrapSandbox) -> None:
    process = await sandbox.start(Program((PYTHON, "-c", "import sys; print('last', end=''); sys.exit('why')")))
    assert await process.read_line() == b"last"
    assert await process.read_line() == b""
    await asyncio.sleep(0.5)
    with pytest.raises(SandboxError, match="why"):
        await process.write(b"x\n")
    await process.kill()


async def test_a_reader_that_waits_is_woken_when_the_process_is_killed(sandbox: BubblewrapSandbox) -> None:
    process = await sandbox.start(Program((PYTHON, "-c", SLEEP)))
    reading = asyncio.ensure_future(process.read_line())
    await asyncio.sleep(0.1)
    await process.kill()
    assert await asyncio.wait_for(reading, 5) == b""


async def test_a_process_that_floods_waits_for_its_reader(sandbox: BubblewrapSandbox, host: Host) -> None:
    process = await sandbox.start(Program((PYTHON, "-c", "import os\nwhile True: os.write(1, b'x' * 65536)")))
    before = _own_memory_mb()
    await asyncio.sleep(1)
    assert _own_memory_mb() - before < 100
    assert len(await process.read_line()) == 16 << 20
    await process.kill()


async def test_a_running_process_that_takes_too_much_memory_is_ended(sandbox: BubblewrapSandbox) -> None:
    code = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        own = bytearray(os.urandom(1 << 20) * 60)
        time.sleep(60)
time.sleep(60)
"""
    process = await sandbox.start(Program((PYTHON, "-c", code), limits=Limits(memory_mb=200)))
    began = time.monotonic()
    assert await process.read_line() == b""
    assert time.monotonic() - began < 20
    await process.kill()


async def test_an_interpreter_of_ones_own_is_used(sandbox: BubblewrapSandbox) -> None:
    own = BubblewrapSandbox(Path("/usr/bin/python3"))
    outcome = await own.run(Program((PYTHON, "-c", "import sys; print(sys.executable)")))
    assert outcome.stdout == "/usr/bin/python3\n"
    with pytest.raises(SandboxError, match="no-such-python"):
        BubblewrapSandbox(Path("/usr/bin/no-such-python"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
async def test_it_works_for_an_ordinary_user_too(sandbox: BubblewrapSandbox) -> None:
    if not _can_be_read_by_all(Path("/usr/bin/python3")):
        pytest.skip("the system has no Python that everybody can read")
    source = Path(__file__).parents[2] / "src"
    if not _can_be_read_by_all(source):
        pytest.skip("this checkout cannot be read by everybody")
    code = """
import asyncio, sys, types
from pathlib import Path
package = sys.modules["orca_agents"] = types.ModuleType("orca_agents")  # whose own imports this Python may lack
package.__path__ = [sys.argv[1] + "/orca_agents"]
from orca_agents.sandbox.bubblewrap import BubblewrapSandbox
from orca_agents.sandbox.selftest import self_test
async def main():
    sandbox = BubblewrapSandbox(Path("/usr/bin/python3"))
    print(all(canary.ok for canary in await self_test(sandbox)))
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        *("/usr/bin/python3", "-c", code, str(source)),
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd="/",
        user=1000,
        group=1000,
        extra_groups=[],
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    assert stdout == b"True\n"


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _own_memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _can_be_read_by_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o5 == 0o5 for part in (path.resolve(), *path.resolve().parents))


if sys.platform != "linux":
    pytest.skip("bubblewrap is for Linux only", allow_module_level=True)
