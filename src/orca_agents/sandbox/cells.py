"""The code cells of one chat: they run one after the other in one sandboxed interpreter, and share its state."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import secrets
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import PYTHON, Limits, Process, Program, Sandbox

CELL_LIMITS = Limits(wall_s=20, cpu_s=600, output_bytes=20_000)
"""`wall_s` and `output_bytes` are for one cell, the others for the interpreter with all its cells."""

CellEnd = Literal["", "exit", "time", "died"]
"""How a cell was cut short: by its own `exit()`, by the clock, or because its interpreter went away."""


@dataclass(frozen=True)
class CellResult:
    """What came of one cell."""

    number: int
    """Of the cell in its chat, from 1; tracebacks name it `<cell 3>`."""
    output: str
    """What it and its subprocesses printed to stdout and stderr, as it came; if long, its beginning and its end."""
    value: str = ""
    """The repr of its last line where that is an expression, and not None."""
    error: str = ""
    """The traceback of what it raised, with the frames of the user's own code. After `time`: where it was then."""
    ended: CellEnd = ""
    reason: str = ""
    """About `ended`, in words."""
    left_out: int = 0
    """Bytes of output that are not in `output`."""
    duration_s: float = 0.0
    state_lost: bool = False
    """Whether all that the cells had defined is gone after it: the next one starts from nothing."""
    fresh: bool = False
    """Whether it started from nothing although there were cells before it."""

    @property
    def ok(self) -> bool:
        """Whether it ran to its end and raised nothing."""
        return not self.error and not self.ended


class Cells:
    """The cells of one chat. One runs at a time, in the order in which they were asked for."""

    def __init__(self, sandbox: Sandbox, limits: Limits = CELL_LIMITS) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._number = 0
        self._asked = 0
        self._is_lost = False  # state that there was is gone, and no cell has been told so yet
        self._is_closed = False

    async def run(self, code: str, *, earlier: Sequence[str] = ()) -> CellResult:
        """Run a cell. `earlier` is the code of cells before it that ran elsewhere, as in a run that was interrupted:
        if this is the first cell here, they are run first, and what they print is dropped.

        Raises `SandboxError` where the sandbox does not work; nothing that the code does raises anything here. If the
        task is cancelled while the cell runs, its interpreter is ended and the next cell is `fresh`.
        """
        self._asked += 1
        try:
            async with self._turn:
                if self._number == 0:
                    for cell in earlier:
                        self._is_lost |= (await self._run(cell)).state_lost
                return await self._run(code)
        finally:
            self._asked -= 1

    @property
    def busy(self) -> bool:
        """Whether a cell runs, or waits for its turn."""
        return self._asked > 0

    async def close(self) -> None:
        """End the interpreter and all that it started. A cell that runs ends as `died`. Safe to call twice."""
        self._is_closed = True
        await self._drop()
        async with self._turn:
            pass  # an interpreter that was only being started is ended by its cell

    async def _run(self, code: str) -> CellResult:
        self._number += 1
        was_running = self._process is not None
        try:
            result = await self._try(code)
            if result is None and was_running:  # it ended since the last cell, which nobody could have seen
                self._is_lost = True
                result = await self._try(code)
        except BaseException:  # raised again when all is put in order
            self._is_lost = self._number > 1 or self._process is not None
            await self._drop()
            raise
        if result is None:
            raise SandboxError(
                f"the interpreter ended before it could run a cell in the sandbox {self._sandbox.version}"
            )
        fresh, self._is_lost = self._is_lost, False
        if result.state_lost:
            await self._drop()
        return replace(result, fresh=fresh)

    async def _try(self, code: str) -> CellResult | None:
        """What comes of a cell; `None` if the interpreter was gone before it took the cell."""
        self._refuse_if_closed()
        if self._process is None:
            program = Program(command=(PYTHON, "-c", _start_of("cell_runner.py")), limits=self._limits)
            self._process = await self._sandbox.start(program)
            self._refuse_if_closed()  # meanwhile, when there was no process yet to end: it is dropped now
        process = self._process
        mark = secrets.token_hex(16)
        order = {"number": self._number, "code": code, "mark": mark, "cap": self._limits.output_bytes}
        try:
            await process.write(json.dumps(order).encode() + b"\n")
        except SandboxError:
            await self._drop()
            return None
        return await self._follow(process, _Told(mark.encode(), self._limits.output_bytes))

    async def _follow(self, process: Process, told: _Told) -> CellResult | None:
        """Read what is told of a cell until it has ended, or must be."""
        started = time.monotonic()
        wall_s = self._limits.wall_s
        waits = [wall_s, _GRACE_S]  # until it is interrupted, and then until it is killed
        is_late = False
        reading = asyncio.ensure_future(process.read_line())
        try:
            while told.end is None:
                left = started + sum(waits[: 1 + is_late]) - time.monotonic()
                done, _ = await asyncio.wait([reading], timeout=max(0.0, left))
                if not done and is_late:
                    break
                if not done:
                    is_late = True
                    try:
                        await process.write(b'{"interrupt": 1}\n')
                    except SandboxError:
                        break
                    continue
                line = reading.result()
                if not line:
                    break
                told.hear(line)
                reading = asyncio.ensure_future(process.read_line())
        finally:
            reading.cancel()
            await asyncio.wait([reading], timeout=1)
        if not told.has_begun:
            await self._drop()
            return None
        return self._result(told, is_late, time.monotonic() - started)

    def _result(self, told: _Told, is_late: bool, duration_s: float) -> CellResult:
        report = told.end or {}
        result = CellResult(
            number=self._number,
            output=told.output(),
            left_out=told.left_out,
            value=_text_of(report, "value", self._limits.output_bytes),
            error=_text_of(report, "error", self._limits.output_bytes),
            duration_s=duration_s,
        )
        if is_late:
            reason = f"stopped: it was not done after {self._limits.wall_s:g} s"
            return replace(result, ended="time", reason=reason, value="", state_lost=True)
        if told.end is None or report.get("died") is not None:
            return replace(result, ended="died", reason=_why_it_died(report.get("died"), self._limits), state_lost=True)
        if code := _text_of(report, "exit", _EXIT_CHARS):
            return replace(result, ended="exit", reason=f"ended by exit({_without_none(code)})")
        return result

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise SandboxError("the cells of this chat are closed")

    async def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.kill()


@dataclass
class _Told:
    """What the interpreter's outer process has told of one cell. It is believed only within bounds: it runs beside
    code that nobody trusts."""

    mark: bytes
    cap: int
    has_begun: bool = False
    end: dict[str, Any] | None = None
    left_out: int = 0
    head: bytearray = field(default_factory=bytearray)
    tail: bytes = b""

    def hear(self, line: bytes) -> None:
        mark, _, message = line.rstrip(b"\n").partition(b" ")
        kind, _, rest = message.partition(b" ")
        if mark != self.mark:
            return
        try:
            if kind == b"begun":
                self.has_begun = True
            elif kind == b"out":
                self.head += base64.b64decode(rest)
                del self.head[self.cap :]
            elif kind == b"tail":
                count, _, text = rest.partition(b" ")
                self.left_out, self.tail = int(count), base64.b64decode(text)[-self.cap :]
            elif kind == b"end":
                report = json.loads(rest)
                self.end = report if isinstance(report, dict) else {}
        except (ValueError, RecursionError, binascii.Error):
            self.end = {}  # not what we sent there to run: whatever it is, the cell is over

    def output(self) -> str:
        if not self.left_out:
            return (bytes(self.head) + self.tail).decode("utf-8", "replace")
        note = f"\n[... {self.left_out:,} bytes left out ...]\n"
        return bytes(self.head).decode("utf-8", "ignore") + note + self.tail.decode("utf-8", "ignore")


_GRACE_S = 1.0  # for the traceback of where a cell hangs
_EXIT_CHARS = 1000


def _text_of(report: dict[str, Any], key: str, most: int) -> str:
    """A text of the report, as text that any file can hold; empty if it is none."""
    text = report.get(key)
    return text[:most].encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else ""


@cache
def _start_of(module: str) -> str:
    """A module of this folder as a program for `python -c`, under a file name that no traceback takes for a user's."""
    source = Path(__file__).with_name(module).read_text(encoding="utf-8")
    return f"exec(compile({source!r}, {'<' + module + '>'!r}, 'exec'))"


def _why_it_died(code: Any, limits: Limits) -> str:
    """In words, from the exit code of the process in which cells run: negative for a signal, None if not known."""
    if not isinstance(code, int):
        return "its interpreter was ended from outside"
    if code >= 0:
        return f"it ended its own process with exit code {code}"
    known = {
        -signal.SIGKILL: f"killed; most often that is for more memory than the {limits.memory_mb} MB it may have",
        -signal.SIGXCPU: f"killed: the cells of this chat used up their {limits.cpu_s} s of CPU time",
        -signal.SIGSEGV: "crashed (segmentation fault; often recursion without end in C code)",
    }
    return known.get(code, f"killed by signal {-code}")


def _without_none(code: str) -> str:
    return "" if code == "None" else code
