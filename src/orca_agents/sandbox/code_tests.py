"""Run tests against a program that a model wrote, so that only what ran and passed counts as passed.

The tests and the program share a process, as Python tests do. What that process cannot do: end early, print a report,
hang, or replace a builtin or a library function that the tests use, and pass. What it still could do, if it was written
to cheat this very runner: search the frames on its stack for the token of the running test and answer in its place;
read the tests from memory and return what they expect; return objects that are equal to everything. A pass says that
a program which was not made to cheat does what the tests ask. Where more is at stake, run tests of another author
as well, or compare what the program prints from the outside.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from orca_agents.sandbox.api import PYTHON, Limits, Outcome, Program, Sandbox

Status = Literal["passed", "failed", "error"]
"""`failed`: an assertion did not hold. `error`: anything else that is no pass, skipped and not reached included."""


TEST_LIMITS = Limits()
"""For all tests of a program together."""


@dataclass(frozen=True)
class OneTest:
    """What came of one test."""

    name: str
    """`test_adds`, `TestAdd.test_two`, or `top level` for the asserts outside of functions."""
    status: Status
    message: str = ""


@dataclass(frozen=True)
class TestReport:
    """What came of all tests."""

    __test__: ClassVar[bool] = False  # its name starts like that of a class of tests

    tests: tuple[OneTest, ...]
    problem: str = ""
    """Why the report is not whole; empty where every test ran."""
    printed: str = ""
    """What the program and the tests printed."""
    duration_s: float = 0.0

    @property
    def all_passed(self) -> bool:
        """Whether at least one test ran and every one of them passed."""
        return not self.problem and bool(self.tests) and all(test.status == "passed" for test in self.tests)

    @property
    def passed(self) -> int:
        """How many passed."""
        return sum(test.status == "passed" for test in self.tests)


async def run_code_tests(sandbox: Sandbox, solution: str, tests: str, *, limits: Limits = TEST_LIMITS) -> TestReport:
    """Run `tests`, a module that imports from `solution`, in a fresh sandbox.

    Tests are functions `test_...` without parameters, `unittest.TestCase` classes, classes `Test...` with methods
    `test_...`, and asserts at the top level. `limits` are for all of them together. Raises `SandboxError` where the
    sandbox does not work; nothing that the code does raises anything here.
    """
    nonce = secrets.token_hex(32)
    program = Program(
        command=(PYTHON, "-c", _runner()),
        files={"solution.py": _as_bytes(solution), "tests.py": _as_bytes(tests)},
        stdin=nonce.encode(),
        limits=limits,
    )
    outcome = await sandbox.run(program)
    return _report(outcome, nonce, limits)


def _report(outcome: Outcome, nonce: str, limits: Limits) -> TestReport:
    rows = _rows(outcome.stdout, nonce)
    told = {
        row["name"]: OneTest(row["name"], row["status"], _printable(row["message"])) for row in rows if "name" in row
    }
    expected: list[str] = next((row["expected"] for row in rows if "expected" in row), [])
    problem = next((row["problem"] for row in rows if "problem" in row), "")
    last: dict[str, Any] = rows[-1] if rows else {}
    begun: str = last.get("begun", "")  # and not ended
    is_done = any("done" in row for row in rows)
    if not problem and (outcome.stopped or not is_done):
        problem = _why_not_whole(outcome, begun, limits)
    missing = [name for name in expected if name not in told]
    if begun and begun not in missing and begun != "top level":
        missing.append(begun)
    if missing and not problem:
        problem = "some tests did not run"
    unreached = [OneTest(name, "error", problem if name == begun else "not reached") for name in missing]
    return TestReport((*told.values(), *unreached), problem, outcome.stderr, outcome.duration_s)


def _rows(stdout: str, nonce: str) -> list[dict[str, Any]]:
    """The lines of the report: those that begin with the nonce."""
    rows = []
    for line in stdout.split("\n"):
        mark, _, row = line.partition(" ")
        if secrets.compare_digest(mark.encode(), nonce.encode()):
            try:
                rows.append(json.loads(row))
            except ValueError:
                continue  # cut off when the program was stopped
    return rows


def _why_not_whole(outcome: Outcome, begun: str, limits: Limits) -> str:
    where = f" (in {'the import' if begun == 'top level' else begun})" if begun else ""
    if outcome.stopped == "time":
        return f"stopped: the tests were not done after {limits.wall_s:g} s{where}"
    if outcome.stopped == "output":
        return f"stopped: more than {limits.output_bytes:,} bytes were printed{where}"
    if outcome.stopped == "memory":
        return f"stopped: more than {limits.memory_mb} MB of memory{where}"
    if begun or outcome.exit_code:
        return f"the runner was ended from within{where}"
    return "the tests ended early: those after the one that went wrong did not run"


def _printable(text: str) -> str:
    """Without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a lone surrogate is no Python, and Python says so


@cache
def _runner() -> str:
    """The runner as a program for `python -c`. The module that it imports is put where imports look first."""
    runner, worker = (_source(name) for name in ("suite_runner.py", "suite_worker.py"))
    return f"""import sys, types
worker = sys.modules["orca_agents.sandbox.suite_worker"] = types.ModuleType("suite_worker")
exec(compile({worker!r}, "<suite_worker.py>", "exec"), worker.__dict__)
exec(compile({runner!r}, "<suite_runner.py>", "exec"))"""


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
