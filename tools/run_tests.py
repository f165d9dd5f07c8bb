"""Run tests against a program."""

from __future__ import annotations

from orca_agents.fences import without_fence
from orca_agents.sandbox.code_tests import OneTest, TestReport, run_code_tests
from orca_agents.toolbox.api import ToolContext, tool
from orca_agents.toolbox.calling import capped


@tool(needs=("sandbox",), timeout_s=60)
async def run_tests(code: str, tests: str, context: ToolContext) -> str:
    """Run Python tests against Python code, and read which passed and why the others did not.

    Give in `code` the whole module under test: it is saved as solution.py. Give in `tests` a module that imports from
    it, with functions test_... that take no parameters, or unittest.TestCase classes, or plain asserts. Both without
    a Markdown fence. Each call starts from nothing: send code and tests whole each time.

    - pytest is not there: no fixtures, no parametrize, no pytest.raises. For an expected exception use
      unittest.TestCase and self.assertRaises(ValueError); for cases use a loop.
    - Limits: 20 seconds for all tests together, 512 MB, no network, no input().
    - A test counts as passed only if it ran to its end. Skipped, not reached, stopped and exit() count as errors.
    - The code must not replace builtins or functions of the standard library that the tests use.

    The first line says how many passed. FAILED is an assertion that did not hold, with both sides of the comparison;
    ERROR is anything else, with its traceback. Example: {"code": "def double(n):\\n    return 2 * n",
    "tests": "from solution import double\\n\\ndef test_double():\\n    assert double(4) == 8"}
    """
    sandbox = await context.services.sandbox()
    report = await run_code_tests(sandbox, without_fence(code), without_fence(tests))
    return _as_text(report)


def _as_text(report: TestReport) -> str:
    """Below the longest result that an agent reads; the tests that did not pass come first."""
    count = len(report.tests)
    if report.all_passed:
        parts = [f"All {count} tests passed." if count > 1 else "The only test passed."]
    else:
        parts = [f"{report.passed} of {count} tests passed." if count else "No test ran."]
    if report.problem:
        parts.append(f"Not all is known: {report.problem}.")
    bad = [test for test in report.tests if test.status != "passed"]
    shown, room = [], 5000
    for test in bad:
        line = _line(test)
        if len(line) <= room:
            shown.append(line)
            room -= len(line)
    parts += shown
    if len(shown) < len(bad):
        parts.append(f"... and {len(bad) - len(shown)} more that did not pass.")
    good = ", ".join(test.name for test in report.tests if test.status == "passed")
    if good:
        parts.append(f"passed: {capped(good, 800)}")
    if report.printed.strip():
        parts.append("printed by code and tests:\n" + capped(report.printed.strip(), 1200))
    return "\n".join(parts)


def _line(test: OneTest) -> str:
    message = capped(test.message.strip(), 1500).replace("\n", "\n    ")
    return f"{test.status.upper()} {test.name}: {message}" if message else f"{test.status.upper()} {test.name}"
