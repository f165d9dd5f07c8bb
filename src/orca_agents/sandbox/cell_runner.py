"""The interpreter behind a chat's cells, as it runs inside the sandbox: `cells.py` sends it there as text.

There are two processes. The inner one runs the cells; all that it and its children print goes into one pipe. The outer
one reads that pipe and is alone in holding the way to the host, so that nothing a cell prints can pass for a message.
Between cells the inner one is stopped, with what it started: a chat that waits for its model costs no CPU.

    host -> outer, a JSON line each:  {"number": 3, "code": "...", "mark": "9f2c...", "cap": 20000}, {"interrupt": 1}
    outer -> host, a line each:       MARK begun | MARK out BASE64 | MARK tail LEFT_OUT BASE64 | MARK end JSON

Only the standard library, and nothing newer than Python 3.10.
"""

from __future__ import annotations

import ast
import base64
import builtins
import inspect
import io
import json
import linecache
import os
import select
import signal
import sys
import sysconfig
import time
import traceback
import types
from contextlib import suppress
from pathlib import Path
from typing import Any

VALUE_CHARS = 4000
ERROR_CHARS = 6000
EXIT_CHARS = 300
TAIL_EVERY_S = 0.5  # so that the host has the end of the output of a cell that it kills


def main() -> None:
    """Part the two processes, and be one of them."""
    from_host, to_host = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    printed, printing = os.pipe()
    orders, ordering = os.pipe()
    reports, reporting = os.pipe()
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    inner = os.fork()
    if inner == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the kernel sends it to those who are stopped when the outer ends
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setpgid(0, 0)
        os.dup2(printing, 1)
        os.dup2(printing, 2)
        for end in (from_host, to_host, null, printed, printing, ordering, reports, woken, waking):
            os.close(end)
        run_cells(orders, reporting)
        os._exit(0)
    with suppress(OSError):  # the inner process may have done it first
        os.setpgid(inner, inner)
    for end in (null, printing, orders, reporting):
        os.close(end)
    os.set_blocking(printed, False)
    Outer(inner, from_host, to_host, printed, ordering, reports, woken).serve()


class Outer:
    """Hands cells to the inner process, and tells the host what they print and how they end."""

    def __init__(
        self, inner: int, from_host: int, to_host: int, printed: int, ordering: int, reports: int, woken: int
    ) -> None:
        self.inner, self.from_host, self.to_host = inner, from_host, to_host
        self.printed, self.ordering, self.reports, self.woken = printed, ordering, reports, woken
        self.mark = ""  # of the cell that runs; empty between cells
        self.number = 0  # of the cell
        self.head_left = self.tail_cap = self.left_out = 0
        self.tail = bytearray()
        self.tail_is_told = True
        self.tail_told_at = 0.0
        self.asked = self.reported = b""  # lines that are not whole yet

    def serve(self) -> None:
        """Until the host hangs up, or the inner process is gone."""
        while True:
            watched = [self.from_host, self.woken, *([self.printed, self.reports] if self.mark else [])]
            wait = None if self.tail_is_told else max(0.0, self.tail_told_at + TAIL_EVERY_S - time.monotonic())
            ready = select.select(watched, [], [], wait)[0]
            if self.printed in ready:
                self.drain(once=True)
            if self.reports in ready and self.hear():
                continue
            if self.woken in ready:
                os.read(self.woken, 4096)
                gone, status = os.waitpid(self.inner, os.WNOHANG)
                if gone:
                    signal_inner(self.inner, signal.SIGKILL)  # what it left behind
                    self.end({"died": -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)})
                    return
            if self.from_host in ready:
                got = os.read(self.from_host, 1 << 16)
                if not got:
                    signal_inner(self.inner, signal.SIGKILL)
                    return
                *lines, self.asked = (self.asked + got).split(b"\n")
                for line in lines:
                    self.obey(json.loads(line))
            if not self.tail_is_told and time.monotonic() >= self.tail_told_at + TAIL_EVERY_S:
                self.tell_tail()

    def obey(self, order: dict[str, Any]) -> None:
        if "interrupt" in order:
            with suppress(OSError):  # it is gone, which is told elsewhere
                os.kill(self.inner, signal.SIGINT)  # for the traceback that says where the cell hangs
            return
        self.mark, self.number = order["mark"], order["number"]
        self.head_left = order["cap"] * 2 // 3
        self.tail_cap = order["cap"] - self.head_left
        self.left_out = 0
        self.tail.clear()
        self.tail_is_told = True
        self.tell("begun")
        signal_inner(self.inner, signal.SIGCONT)
        with suppress(BrokenPipeError):  # it is gone, which is told elsewhere
            write_all(self.ordering, json.dumps({"number": order["number"], "code": order["code"]}).encode() + b"\n")

    def hear(self) -> bool:
        """What the inner process reports; whether its cell has ended."""
        got = os.read(self.reports, 1 << 16)
        if not got:
            time.sleep(0.01)  # it is going, and SIGCHLD says so in a moment
        self.reported += got
        while b"\n" in self.reported:
            line, self.reported = self.reported.split(b"\n", 1)
            report = json.loads(line)
            if report["number"] == self.number:  # else a cell before this one wrote it, beside its own report
                self.end(report)
                return True
        return False

    def end(self, report: dict[str, Any]) -> None:
        signal_inner(self.inner, signal.SIGSTOP)
        if self.mark:
            self.drain()
            self.tell_tail()
            self.tell("end " + json.dumps(report))
        self.mark = ""

    def drain(self, once: bool = False) -> None:
        """Take what was printed. At most 1 MiB: what was stopped prints no more, and what got away must not hold us."""
        for _ in range(1 if once else 16):
            try:
                got = os.read(self.printed, 1 << 16)
            except BlockingIOError:
                return
            if not got:
                return
            head, rest = got[: self.head_left], got[self.head_left :]
            self.head_left -= len(head)
            if head:
                self.tell("out " + base64.b64encode(head).decode())
            if rest:
                self.tail += rest
                over = max(0, len(self.tail) - self.tail_cap)
                del self.tail[:over]
                self.left_out += over
                self.tail_is_told = False

    def tell_tail(self) -> None:
        if not self.tail_is_told:
            self.tell(f"tail {self.left_out} " + base64.b64encode(self.tail).decode())
        self.tail_is_told = True
        self.tail_told_at = time.monotonic()

    def tell(self, message: str) -> None:
        write_all(self.to_host, f"{self.mark} {message}\n".encode())


def signal_inner(inner: int, number: int) -> None:
    with suppress(OSError):  # there is nobody left
        os.killpg(inner, number)


def write_all(end: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(end, left) :]


def run_cells(orders: int, reporting: int) -> None:
    """Run each cell that is ordered, in one namespace, and report how it ended."""
    me = os.getpid()
    main_module = types.ModuleType("__main__")
    main_module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main_module
    awaited = Awaited()
    with os.fdopen(orders, "rb") as lines, os.fdopen(reporting, "wb") as reports:
        for line in lines:
            order = json.loads(line)
            sys.argv = [""]
            sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  `exit` closes it; each cell has its own
            sys.stdout, sys.stderr = printer(1), printer(2)
            report = run_cell(order["code"], order["number"], main_module.__dict__, awaited)
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):  # a cell may have put or closed anything there
                    stream.flush()
            if os.getpid() != me:  # a cell forked, and its child came this far
                os._exit(0)
            reports.write(json.dumps(report).encode() + b"\n")
            reports.flush()


def printer(end: int) -> io.TextIOWrapper:
    raw = open(end, "wb", closefd=False)  # noqa: SIM115  it stays open
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


class Awaited:
    """Runs code that may await at its top level, always in the same event loop."""

    def __init__(self) -> None:
        self.loop: Any = None

    def run(self, code: types.CodeType, namespace: dict[str, Any]) -> Any:
        value = eval(code, namespace)  # noqa: S307  running it is what this is for
        if not code.co_flags & inspect.CO_COROUTINE:
            return value
        import asyncio  # not at the top: few cells await, and it is slow to import

        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        return self.loop.run_until_complete(value)


def run_cell(code: str, number: int, namespace: dict[str, Any], awaited: Awaited) -> dict[str, Any]:
    """Run one cell: {number, value, error, exit}."""
    name = f"<cell {number}>"
    linecache.cache[name] = (len(code), None, [line + "\n" for line in code.split("\n")], name)
    allowed = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    report: dict[str, Any] = {"number": number, "value": "", "error": "", "exit": None}
    try:
        tree = ast.parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        awaited.run(compile(tree, name, "exec", allowed, True), namespace)
        if isinstance(last, ast.Expr):
            asked = compile(ast.Expression(last.value), name, "eval", allowed, True)
            value = awaited.run(asked, namespace)
            if value is not None:
                namespace["_"] = value
                report["value"] = shortened(repr(value), VALUE_CHARS)
    except SystemExit as error:
        report["exit"] = shown_code(error.code)
    except BaseException as error:  # noqa: BLE001  whatever a cell raises is its result
        report["error"] = shortened(told(error), ERROR_CHARS)
    return report


def shown_code(code: Any) -> str:
    try:
        return shortened(repr(code), EXIT_CHARS)
    except Exception:  # noqa: BLE001  a __repr__ of the cell's may raise anything
        return "..."


def told(error: BaseException) -> str:
    """A traceback with the frames of the user's own code."""
    try:
        whole = traceback.TracebackException(type(error), error, error.__traceback__)
        keep_own_frames(whole, depth=0)
        lines = list(whole.format())
        if not whole.stack:
            lines = list(whole.format_exception_only())
        return "".join(lines).rstrip("\n")
    except Exception:  # noqa: BLE001  an exception class of the cell's may break anything, its own __str__ first
        return f"{type(error).__name__} (it cannot be shown: its own code raises)"


def keep_own_frames(part: Any, depth: int) -> None:
    part.stack[:] = [frame for frame in part.stack if is_own(frame.filename)]
    others = [part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or [])]
    for other in others:
        if other is not None and depth < 50:
            keep_own_frames(other, depth + 1)


LIBRARIES = tuple(
    {
        path + os.sep
        for path in (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
        if path
    }
)


def is_own(file: str) -> bool:
    """Whether code is the user's: a cell, a file beside it, but neither a library nor this module."""
    return not (file == THIS_FILE or file.startswith("<frozen ") or file.startswith(LIBRARIES))


def shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]}\n[... {len(text) - limit:,} characters left out ...]\n{text[head - limit :]}"


THIS_FILE = inspect.currentframe().f_code.co_filename  # type: ignore[union-attr]  # there is one, at a module's level

if __name__ == "__main__":
    main()
