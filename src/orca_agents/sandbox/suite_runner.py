"""Runs tests against a solution, as it runs inside the sandbox: `code_tests.py` sends it there, with its worker.

There are two processes. The worker imports the tests, and with them the solution, and runs one test at a time when
it is asked to. The other one reads the tests first and knows which there must be; it alone holds the way out, and the
nonce that makes a line part of the report. So a solution that ends the process, or prints what a report looks like,
passes nothing. Each answer of the worker must carry the token of its question, which did not exist before the test.
Where a process cannot fork (wasm) there is one for both, and the nonce alone keeps prints from being reports.

Only the standard library, and nothing newer than Python 3.10.
"""

from __future__ import annotations

import ast
import json
import os
import secrets
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from orca_agents.sandbox.suite_worker import TESTS, TOP_LEVEL, Worker, serve

IMPORT = "import of the tests"  # the name of what goes wrong in importing them, where there are no asserts at the top


def main() -> None:
    """Part the two processes, and be one of them."""
    source = Path(TESTS).read_text(encoding="utf-8", errors="surrogatepass")
    with suppress(OSError):  # a solution has no business with it
        Path(TESTS).unlink()
    problem = ""
    expected: list[str] = []
    try:
        tree = ast.parse(source, TESTS)
        expected = expected_tests(tree)
        compile(source, TESTS, "exec", 0, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        problem = f"the tests are no Python: {type(error).__name__}: {error}"
    if not problem and not expected:
        problem = "the tests hold no test: no function test_..., no method of a TestCase and no assert at the top level"
    if problem:
        nonce = sys.stdin.read()
        write(sys.stdout, f"{nonce} {json.dumps({'problem': problem})}\n")
        return
    if hasattr(os, "fork"):
        supervise_a_worker(tree, source, expected)
        return
    nonce, out = sys.stdin.read(), sys.stdout
    sys.stdout = sys.stderr
    worker = Worker(tree, source)
    supervise(expected, worker.answer, lambda row: write(out, f"{nonce} {json.dumps(row)}\n"))


def write(out: TextIO, line: str) -> None:
    out.write(line)
    out.flush()


def supervise_a_worker(tree: ast.Module, source: str, expected: list[str]) -> None:
    """Fork a worker, and read the nonce only then."""
    questions, asking = os.pipe()
    answers, answering = os.pipe()
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    worker = os.fork()
    if worker == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        for end in (null, asking, answers, woken, waking):
            os.close(end)
        serve(Worker(tree, source), questions, answering)
        os._exit(0)
    for end in (questions, answering):
        os.close(end)
    keep_out()
    nonce = sys.stdin.read()

    def ask(name: str) -> dict[str, Any]:
        token = secrets.token_hex(16)
        with suppress(BrokenPipeError):  # the worker is gone, which is seen in a moment
            os.write(asking, json.dumps({"name": name, "token": token}).encode() + b"\n")
        return answered(worker, token, answers, woken)

    try:
        supervise(expected, ask, lambda row: write(sys.stdout, f"{nonce} {json.dumps(row)}\n"))
    finally:
        with suppress(OSError):
            os.kill(worker, signal.SIGKILL)


def keep_out() -> None:
    """Deny this process's memory and files to the worker, which has the same user. Linux only."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    except (ImportError, OSError, AttributeError):
        return  # then the worker would have to find its way in, which the nonce does not stop


# ---------------------------------------------------------------- the process that reports


def supervise(
    expected: list[str], ask: Callable[[str], dict[str, Any]], tell: Callable[[dict[str, Any]], None]
) -> None:
    """Ask for one test after the other and tell what comes of it."""
    tell({"expected": expected})
    names = [TOP_LEVEL, *(name for name in expected if name != TOP_LEVEL)]
    for name in names:  # grows by what is found when the tests are imported
        tell({"begun": name})
        answer = ask(name)
        is_import = name == TOP_LEVEL
        if is_import and answer["status"] == "passed":
            names += [found for found in answer.get("found", []) if isinstance(found, str) and found not in names]
            if TOP_LEVEL not in expected:
                continue
        called = IMPORT if is_import and TOP_LEVEL not in expected else name
        tell({"name": called, "status": answer["status"], "message": str(answer.get("message", ""))})
        if answer.get("is_over") or (is_import and answer["status"] != "passed"):
            return
    tell({"done": True})


def answered(worker: int, token: str, answers: int, woken: int) -> dict[str, Any]:
    """What the worker says of a test, or what became of the worker instead."""
    said = b""
    while not said.endswith(b"\n"):
        ready = select.select([answers, woken], [], [])[0]
        got = os.read(answers, 1 << 16) if answers in ready else None
        said += got or b""
        if got == b"" or woken in ready:
            time.sleep(0.02)  # a process closes its files a moment before it can be waited for
            gone, status = os.waitpid(worker, os.WNOHANG)
            if gone:
                code = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"code {os.WEXITSTATUS(status)}"
                return {"status": "error", "message": f"the process was ended here ({code})", "is_over": True}
            if got == b"":
                return {"status": "error", "message": "the files of the test runner were closed here", "is_over": True}
            os.read(woken, 4096)
    try:
        answer = json.loads(said)
        if answer["token"] == token and answer["status"] in ("passed", "failed", "error"):
            return dict(answer)
    except (ValueError, TypeError, KeyError):
        pass  # the runner itself does not write such a thing
    return {"status": "error", "message": "something else than the test answered", "is_over": True}


def expected_tests(tree: ast.Module) -> list[str]:
    """The tests that the text of a test module holds, whatever happens to it when it runs."""
    names: list[str] = []
    asserting = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.name.startswith("test"):
                names.append(node.name)
            elif any(isinstance(part, ast.Assert) for part in ast.walk(node)):
                asserting.add(node.name)
        elif isinstance(node, ast.ClassDef) and is_test_class(node):
            methods = [part.name for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
            names += [f"{node.name}.{method}" for method in methods if method.startswith("test")]
    if any(asserts(node, asserting) for node in tree.body):
        names.insert(0, TOP_LEVEL)
    return list(dict.fromkeys(names))


def is_test_class(node: ast.ClassDef) -> bool:
    return node.name.startswith("Test") or any(ast.dump(base).find("TestCase") >= 0 for base in node.bases)


def asserts(node: ast.AST, asserting: set[str]) -> bool:
    """Whether a statement at the top level asserts something, itself or by a call of a function that does."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
        return False
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in asserting:
        return True
    return any(asserts(part, asserting) for part in ast.iter_child_nodes(node))


if __name__ == "__main__":
    main()
