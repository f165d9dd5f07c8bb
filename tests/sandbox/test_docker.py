"""The Docker back end on a real engine: nothing gets through, ordinary work is done, and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, Limits, Program
from orca_agents.sandbox.cells import Cells
from orca_agents.sandbox.choosing import make_sandbox
from orca_agents.sandbox.code_tests import run_code_tests
from orca_agents.sandbox.docker import DockerSandbox, missing
from orca_agents.sandbox.engine import LABEL
from tests.sandbox.engine import Engine, NoEngineError, docker_engine, running_engine  # noqa: F401 - a fixture
from tests.sandbox.host import Host
from tests.sandbox.programs import HOSTILE, ORDINARY, Hostile, Ordinary, attack

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _code(code: str, **limits: Any) -> Program:
    return Program((PYTHON, "-c", code), limits=replace(Limits(), **limits))


@pytest.fixture(scope="module")
def engine(docker_engine: Engine) -> Iterator[Engine]:  # noqa: F811
    """The engine, as the environment names it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_engine.address)
        patch.setenv("ORCA_SANDBOX_IMAGE", docker_engine.image)
        yield docker_engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(engine: Engine) -> AsyncIterator[DockerSandbox]:
    sandbox = DockerSandbox()
    yield sandbox
    await sandbox.close()
    assert _ours(engine) == []


def _ours(engine: Engine) -> list[str]:
    """The names of all containers of ours."""
    return _containers(engine, everything=True)


def _running(engine: Engine) -> list[str]:
    return _containers(engine, everything=False)


def _containers(engine: Engine, *, everything: bool) -> list[str]:
    with contextlib.closing(engine.client()) as client:
        found = client.api.containers(all=everything, filters={"label": LABEL})
    return [one["Names"][0] for one in found]


OF_THE_HOST = "settings and sources beside the software"
"""What it looks for is the image's own here."""


@pytest.mark.parametrize(
    "hostile", [one for one in HOSTILE if one.name != OF_THE_HOST], ids=lambda hostile: hostile.name
)
async def test_a_hostile_program_is_contained(
    sandbox: DockerSandbox, engine: Engine, hostile: Hostile, host: Host
) -> None:
    assert await attack(sandbox, hostile, host) is None
    assert _ours(engine) == []


@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda ordinary: ordinary.name)
async def test_an_ordinary_program_works(sandbox: DockerSandbox, ordinary: Ordinary) -> None:
    if ordinary.needs and not (await sandbox.run(_code(f"import {ordinary.needs}"))).ok:
        pytest.skip(f"the image has no {ordinary.needs}")
    assert ordinary.wrong_with(await sandbox.run(ordinary.program)) is None


async def test_the_engine_confirms_every_limit(sandbox: DockerSandbox, engine: Engine) -> None:
    limits = Limits(memory_mb=100, processes=10, disk_mb=20, cpu_s=7)
    process = await sandbox.start(Program((PYTHON, "-c", "input()"), limits=limits))
    client = engine.client()
    try:
        (name,) = _ours(engine)
        found = client.api.inspect_container(name)
    finally:
        client.close()
        await process.kill()
    assert found["Config"]["User"] == "65534:65534"
    assert not any("ORCA" in line or "TOKEN" in line for line in found["Config"]["Env"] or [])
    assert found["Mounts"] == []
    given = found["HostConfig"]
    assert given["NetworkMode"] == "none"
    assert given["IpcMode"] == "private"
    assert given["Memory"] == given["MemorySwap"] == 100 << 20
    assert given["PidsLimit"] == 12
    assert given["NanoCpus"] == 10**9
    assert given["CapDrop"] == ["ALL"]
    assert not given["CapAdd"]
    assert given["SecurityOpt"] == ["no-new-privileges"]
    assert given["ReadonlyRootfs"] is True
    assert given["Privileged"] is False
    assert not given["Binds"]
    assert not given["Devices"]
    assert given["PidMode"] == ""
    assert given["LogConfig"]["Type"] == "none"
    assert given["RestartPolicy"]["Name"] in ("", "no")
    size = (20 << 20) - given["ShmSize"]
    assert set(given["Tmpfs"]) == {"/tmp"}
    assert {"nosuid", "nodev", f"size={size}", "mode=1777"} <= set(given["Tmpfs"]["/tmp"].split(","))
    ulimits = {one["Name"]: one["Hard"] for one in given["Ulimits"]}
    assert ulimits == {"core": 0, "cpu": 8, "fsize": 20 << 20, "memlock": 0, "msgqueue": 0, "nofile": 256}


async def test_all_that_it_can_write_is_no_more_than_its_disk(sandbox: DockerSandbox) -> None:
    code = """
import os
total, block = 0, bytes(1 << 16)
everywhere = [path for path, *_ in os.walk("/") if not path.startswith(("/proc", "/sys"))]
roots = [path for path in everywhere if os.access(path, os.W_OK)]
for root in roots:
    try:
        with open(root + "/fill", "wb", buffering=0) as file:
            while True: total += file.write(block)
    except OSError: pass
print(total >> 10, *roots)
"""
    outcome = await sandbox.run(_code(code, disk_mb=16))
    written, *roots = outcome.stdout.split()
    assert {"/tmp", "/tmp/work", "/dev/shm"} <= set(roots), outcome
    assert 15 << 10 < int(written) <= 16 << 10, outcome


async def test_no_vsock_reaches_the_hypervisor(sandbox: DockerSandbox) -> None:
    code = """
import socket
for family in (socket.AF_VSOCK, socket.AF_ALG, socket.AF_PACKET):
    try: socket.socket(family, socket.SOCK_STREAM); print("MADE", family)
    except OSError as error: print("refused")
"""
    outcome = await sandbox.run(_code(code))
    assert outcome.stdout == "refused\n" * 3, outcome


async def test_nothing_of_one_program_is_seen_by_the_next(sandbox: DockerSandbox) -> None:
    write = "open('note', 'w').write('x'); open('/tmp/note', 'w').write('x'); open('/dev/shm/note', 'w').write('x')"
    look = "import os; print(*(f for d in ('.', '/tmp', '/dev/shm') for f in os.listdir(d)), len(os.listdir('/proc')))"
    assert (await sandbox.run(_code(write))).ok
    first = await sandbox.run(_code(look))
    second = await sandbox.run(_code(look))
    assert "note" not in first.stdout
    assert first.stdout == second.stdout


async def test_too_much_memory_is_told_as_such(sandbox: DockerSandbox) -> None:
    outcome = await sandbox.run(_code("x = bytearray(400_000_000); print(len(x))", memory_mb=100))
    assert (outcome.stopped, outcome.exit_code, outcome.stdout) == ("memory", None, "")


async def test_a_signal_is_a_negative_exit_code_and_an_unknown_command_is_127(sandbox: DockerSandbox) -> None:
    outcomes = await asyncio.gather(
        sandbox.run(_code("import os; os.abort()")),
        sandbox.run(_code("raise SystemExit(3)")),
        sandbox.run(Program(("no-such-command",))),
    )
    assert [outcome.exit_code for outcome in outcomes] == [-signal.SIGABRT, 3, 127]
    assert "no-such-command" in outcomes[2].stderr


async def test_exit_codes_above_128_are_told_from_signals(sandbox: DockerSandbox) -> None:
    code = "import os, sys; sys.stderr.write('e' * 1000); sys.stderr.flush(); "
    programs = [
        _code(code + "sys.exit(139)", output_bytes=1000),
        _code(code + "os.kill(os.getpid(), 11)", output_bytes=1000),
        _code(code + "sys.stderr.write('more'); sys.exit(139)", output_bytes=1000),
    ]
    outcomes = await asyncio.gather(*map(sandbox.run, programs))
    assert [outcome.exit_code for outcome in outcomes] == [139, -11, None]
    assert [outcome.stopped for outcome in outcomes] == ["", "", "output"]
    assert {outcome.stderr for outcome in outcomes} == {"e" * 1000}


async def test_cells_keep_their_state_in_a_container(sandbox: DockerSandbox, engine: Engine) -> None:
    cells = Cells(sandbox)
    try:
        assert (await cells.run("x = 20")).ok
        assert (await cells.run("print('hello'); x + 1")).value == "21"
        failed = await cells.run("1 / 0")
        assert "ZeroDivisionError" in failed.error
        ended = await cells.run("import os; os._exit(139)")
        assert (ended.ended, ended.state_lost) == ("died", True)
        assert "139" in ended.reason
        assert (await cells.run("'x' in globals()")).value == "False"
    finally:
        await cells.close()
    assert _ours(engine) == []


async def test_tests_of_a_solution_run_in_a_container(sandbox: DockerSandbox) -> None:
    tests = (
        "from solution import double\ndef test_two(): assert double(2) == 4\ndef test_word(): assert double('a') == 1"
    )
    report = await run_code_tests(sandbox, "def double(n): return 2 * n", tests)
    assert not report.problem
    assert [(test.name, test.status) for test in report.tests] == [("test_two", "passed"), ("test_word", "failed")]


async def test_a_program_may_run_a_file_that_it_made(sandbox: DockerSandbox) -> None:
    code = """
import os, shutil, subprocess
for folder in (".", "/tmp"):
    shutil.copy(shutil.which("echo"), folder + "/made")
    print(subprocess.run([folder + "/made", folder], capture_output=True, text=True).stdout.strip())
"""
    outcome = await sandbox.run(_code(code))
    assert outcome.stdout == ".\n/tmp\n", outcome


async def test_output_is_kept_up_to_the_cap_of_each_stream(sandbox: DockerSandbox) -> None:
    code = "import sys; sys.stderr.write('e' * 1000); sys.stderr.flush(); sys.stdout.write('o' * 10**7)"
    outcome = await sandbox.run(_code(code, output_bytes=1000))
    assert outcome.stopped == "output"
    assert outcome.stdout == "o" * 1000
    assert outcome.stderr in ("e" * 1000, "")


async def test_a_path_that_leads_outside_is_refused(sandbox: DockerSandbox) -> None:
    for path in ("/etc/passwd", "../outside", "a/../../b"):
        with pytest.raises(ValueError, match="leads out"):
            await sandbox.run(Program((PYTHON, "-c", ""), {path: b""}))


async def test_a_cancelled_run_leaves_no_container(sandbox: DockerSandbox, engine: Engine) -> None:
    for delay in (0.0, 0.02, 0.1, 0.3, 0.6):
        task = asyncio.create_task(sandbox.run(_code("import time; time.sleep(60)")))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert _ours(engine) == []


async def test_the_event_loop_is_not_held_up(sandbox: DockerSandbox) -> None:
    longest = 0.0
    running = asyncio.gather(*(sandbox.run(_code("print(1)")) for _ in range(4)))
    while not running.done():
        before = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - before)
    assert all(outcome.ok for outcome in running.result())
    assert longest < 0.2


async def test_a_process_answers_line_by_line_until_it_is_killed(sandbox: DockerSandbox, engine: Engine) -> None:
    code = "import sys\nfor line in sys.stdin: sys.stderr.write('noise'); print('got', line, end='', flush=True)"
    process = await sandbox.start(Program((PYTHON, "-c", code), stdin=b"first\n"))
    assert await process.read_line() == b"got first\n"
    for number in range(20):
        await process.write(b"%d\n" % number)
        assert await process.read_line() == b"got %d\n" % number
    await process.kill()
    await process.kill()
    assert await process.read_line() == b""
    with pytest.raises(SandboxError, match="has ended"):
        await process.write(b"more\n")
    assert _ours(engine) == []


async def test_a_process_that_ends_by_itself_is_noticed_and_goes(sandbox: DockerSandbox, engine: Engine) -> None:
    process = await sandbox.start(_code("print('last words')"))
    assert await process.read_line() == b"last words\n"
    assert await process.read_line() == b""
    with pytest.raises(SandboxError, match="has ended"):
        await process.write(b"more\n")
    await process.kill()
    assert _ours(engine) == []


async def test_a_long_line_comes_in_pieces_and_waits_until_it_is_asked_for(sandbox: DockerSandbox) -> None:
    code = "import os\nblock = b'x' * (1 << 20)\nfor _ in range(40): os.write(1, block)\nos.write(1, b'\\n')"
    process = await sandbox.start(_code(code))
    pieces = []
    while piece := await process.read_line():
        pieces.append(len(piece))
    assert pieces == [16 << 20, 16 << 20, (8 << 20) + 1]
    await process.kill()


async def test_a_cancelled_read_loses_nothing(sandbox: DockerSandbox) -> None:
    process = await sandbox.start(_code("import time; time.sleep(0.3); print('here')"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.read_line(), 0.05)
    assert await process.read_line() == b"here\n"
    await process.kill()


async def test_closing_ends_what_still_runs(engine: Engine) -> None:
    sandbox = DockerSandbox()
    await sandbox.start(_code("import time; time.sleep(60)"))
    running = asyncio.create_task(sandbox.run(_code("import time; time.sleep(60)")))
    await asyncio.sleep(1)
    await sandbox.close()
    await sandbox.close()
    assert _ours(engine) == []
    with pytest.raises(SandboxError):
        await running
    with pytest.raises(SandboxError, match="closed"):
        await sandbox.run(_code("print(1)"))


async def test_closing_ends_what_is_just_being_started(engine: Engine) -> None:
    for wait_s in (0, 0.01, 0.05, 0.15):
        sandbox = DockerSandbox()
        await sandbox.run(_code("pass"))
        program = _code("import time; time.sleep(60)", wall_s=10)
        running = asyncio.create_task(sandbox.run(program))
        starting = asyncio.create_task(sandbox.start(program))
        await asyncio.sleep(wait_s)
        has_started = starting.done()  # on a quick machine: then it is ended as any other program is
        async with asyncio.timeout(8):
            await sandbox.close()
            assert _ours(engine) == [], f"closed after {wait_s} s"
            ran, started = await asyncio.gather(running, starting, return_exceptions=True)
            assert isinstance(ran, SandboxError)
            assert has_started or isinstance(started, SandboxError)


async def test_a_program_can_be_killed_once_more_after_its_sandbox_was_closed(engine: Engine) -> None:
    sandbox = DockerSandbox()
    process = await sandbox.start(_code("import time; time.sleep(60)"))
    await sandbox.close()
    await process.kill()
    await process.kill()


async def test_12_programs_side_by_side_leave_nothing(sandbox: DockerSandbox, engine: Engine, host: Host) -> None:
    await _run_side_by_side(12, sandbox, engine, host)


@pytest.mark.slow
async def test_100_programs_side_by_side_leave_nothing(sandbox: DockerSandbox, engine: Engine, host: Host) -> None:
    await _run_side_by_side(100, sandbox, engine, host)


async def _run_side_by_side(count: int, sandbox: DockerSandbox, engine: Engine, host: Host) -> None:
    await sandbox.run(_code("print(1)"))
    before = _descriptors()
    code = host.as_code() + "import sys, time; time.sleep(0.1); print(sys.stdin.read())"
    programs = [Program((PYTHON, "-c", code), stdin=b"%d" % number) for number in range(count)]
    outcomes = await asyncio.gather(*map(sandbox.run, programs))
    assert [outcome.stdout for outcome in outcomes] == [f"{number}\n" for number in range(count)]
    assert _ours(engine) == []
    assert host.leftovers() == []
    assert _descriptors() <= before + 2 * 8  # a connection to the engine for each thread


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_containers_of_a_process_that_was_killed_are_removed_by_the_next(engine: Engine) -> None:
    child = await _child("asyncio.create_task(sandbox.run(SLEEP))", engine)
    try:
        left = _ours(engine)
        assert len(left) == 1
        other = DockerSandbox()
        assert (await other.run(_code("print(1)"))).ok
        assert _ours(engine) == left, "a container of a process that lives was removed"
        await other.close()
    finally:
        child.kill()
        child.communicate()
    assert _ours(engine) == left
    following = DockerSandbox()
    assert (await following.run(_code("print(1)"))).ok
    await following.close()
    assert _ours(engine) == []


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("await sandbox.start(SLEEP)", id="one that is talked to"),
        pytest.param("asyncio.create_task(sandbox.run(SLEEP))", id="one that runs", marks=pytest.mark.slow),
    ],
)
async def test_a_program_ends_by_itself_when_our_process_is_killed(engine: Engine, start: str) -> None:
    child = await _child(start, engine)
    child.kill()
    child.communicate()
    is_over = time.monotonic() + 25
    while _running(engine):
        assert time.monotonic() < is_over, "it still runs"
        await asyncio.sleep(0.1)
    following = DockerSandbox()
    assert (await following.run(_code("print(1)"))).ok
    await following.close()
    assert _ours(engine) == []


async def _child(start: str, engine: Engine) -> subprocess.Popen[bytes]:
    """A process of ours that has started a program which sleeps."""
    code = f"""
import asyncio
from orca_agents.sandbox.api import Limits, Program
from orca_agents.sandbox.docker import DockerSandbox
SLEEP = Program(("python3", "-c", "import time; time.sleep(600)"), limits=Limits(wall_s=8))
async def main():
    sandbox = DockerSandbox()
    await sandbox.run(Program(("python3", "-c", "")))  # so that this is not taken for the other
    print("ready", flush=True)
    running = {start}
    await asyncio.sleep(60)
asyncio.run(main())
"""
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, **paths})  # noqa: ASYNC220 - quick
    assert child.stdout is not None
    assert await asyncio.to_thread(child.stdout.readline) == b"ready\n"
    is_over = time.monotonic() + 20
    while not _running(engine):
        assert time.monotonic() < is_over, "it does not run"
        await asyncio.sleep(0.1)
    return child


@pytest.mark.parametrize(
    "how",
    [pytest.param(signal.SIGKILL, id="it ends"), pytest.param(signal.SIGSTOP, id="it hangs", marks=pytest.mark.slow)],
)
async def test_an_engine_that_goes_away_is_an_error_and_no_hang(how: signal.Signals) -> None:
    try:
        running = running_engine(own=True)
        engine = running.__enter__()
    except NoEngineError as error:
        pytest.skip(str(error))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", engine.address)
            patch.setenv("ORCA_SANDBOX_IMAGE", engine.image)
            sandbox = DockerSandbox(answer_s=3)
            process = await sandbox.start(_code("input()"))
            task = asyncio.create_task(sandbox.run(_code("import time; time.sleep(60)", wall_s=4)))
            await asyncio.sleep(1.5)
            assert not task.done()
            assert engine.daemon is not None
            os.kill(engine.daemon, how)
            with pytest.raises(SandboxError, match="docker: the engine at unix://"):
                await asyncio.wait_for(task, 20)
            with pytest.raises(SandboxError):
                await asyncio.wait_for(process.kill(), 20)
            with pytest.raises(SandboxError):
                await asyncio.wait_for(sandbox.close(), 20)
        # An engine that dies between our knock and the package's own connect leaves a socket there that is never closed
        # (docker 7.2, UnixHTTPConnection.connect); what holds it is let go here, not in the middle of a later test.
        del sandbox, process, task
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    finally:
        running.__exit__(None, None, None)


async def test_what_is_missing_is_said_with_what_to_do(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing() is None
    monkeypatch.setenv("ORCA_SANDBOX_IMAGE", "no-such-image:1")
    assert "docker pull no-such-image:1" in str(missing())
    with pytest.raises(SandboxError, match="docker pull no-such-image:1"):
        DockerSandbox()
    assert missing(engine.image) is None
    sandbox = make_sandbox("docker", image=engine.image)
    await sandbox.close()


@pytest.mark.parametrize("address", ["unix:///no/such/socket", "tcp://127.0.0.1:1"])
async def test_an_engine_that_does_not_answer_is_said_with_what_to_do(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("docker", reason="the docker package is not installed")
    monkeypatch.setenv("DOCKER_HOST", address)
    said = str(missing())
    assert said.startswith(f"docker: no engine answers at {address} (")
    assert said.endswith("start Docker, or set DOCKER_HOST to where one listens")
    gc.collect()


async def test_an_engine_that_cannot_be_talked_to_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("docker", reason="the docker package is not installed")
    monkeypatch.setenv("DOCKER_HOST", "ssh://somebody@192.0.2.1")
    assert "set DOCKER_HOST to a unix:// or tcp:// address" in str(missing())


async def test_an_image_without_python_is_an_error_that_names_it(engine: Engine) -> None:
    client = engine.client()
    name = f"orca-agents-empty:{os.getpid()}"
    try:
        empty = bytes(10240)  # a tar with nothing in it
        client.api.import_image_from_data(empty, repository="orca-agents-empty", tag=str(os.getpid()))
        sandbox = DockerSandbox(name)
        with pytest.raises(SandboxError, match=name):
            await sandbox.run(_code("print(1)"))
        await sandbox.close()
        client.images.remove(name, force=True)
    finally:
        client.close()
