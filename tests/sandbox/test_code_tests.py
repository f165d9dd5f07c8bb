"""Tests of programs: what counts as passed, and what never does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from orca_agents.sandbox.api import Limits, Sandbox
from orca_agents.sandbox.code_tests import run_code_tests
from tests.sandbox.any_sandbox import any_sandbox

RIGHT = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a - b\n"
FUNCTIONS = """
from solution import add

def test_small():
    assert add(2, 2) == 4

def test_negative():
    assert add(-1, 1) == 0
"""
CASES = """
import unittest
import solution

class Adding(unittest.TestCase):
    def setUp(self):
        self.two = 2

    def test_small(self):
        self.assertEqual(solution.add(self.two, 2), 4)

    def test_text(self):
        with self.assertRaises(TypeError):
            solution.add(1, "a")

if __name__ == "__main__":
    unittest.main()
"""
PLAIN = "from solution import add\nassert add(2, 2) == 4\nassert add(0, 0) == 0\n"
CALLED = "from solution import add\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n\ncheck(add)\n"
CLASSES = """
from solution import add

class TestAdding:
    def setup_method(self):
        self.two = 2

    def test_small(self):
        assert add(self.two, 2) == 4
"""
AWAITED = "from solution import add\n\nasync def test_small():\n    assert add(2, 2) == 4\n"
KINDS = {"functions": FUNCTIONS, "cases": CASES, "plain": PLAIN, "called": CALLED, "classes": CLASSES, "async": AWAITED}

CHEATS = {
    "exits at import": "raise SystemExit(0)",
    "exits when called": "def add(a, b):\n    raise SystemExit(0)",
    "ends the process at import": "import os\nos._exit(0)",
    "ends the process when called": "import os\ndef add(a, b):\n    os._exit(0)",
    "ends the process in a fork": "import os\ndef add(a, b):\n    if os.fork():\n        os._exit(0)\n    return 0",
    "raises at import": "1 / 0",
    "is no Python": "def add(:",
    "has no such function": "def plus(a, b):\n    return a + b",
    "skips": "import unittest\ndef add(a, b):\n    raise unittest.SkipTest('later')",
    "is interrupted": "def add(a, b):\n    raise KeyboardInterrupt",
    "makes assertions hold": (
        "import unittest\n"
        "for name in [name for name in dir(unittest.TestCase) if name.startswith('assert')]:\n"
        "    setattr(unittest.TestCase, name, lambda *args, **named: __import__('contextlib').nullcontext())\n"
        "def add(a, b):\n    return 0"
    ),
    "makes a case run nothing": "import unittest\nunittest.TestCase.run = lambda self, result=None: None\nadd = max",
    "replaces the tests": (
        "import sys\ntests = sys.modules['tests']\n"
        "def add(a, b):\n"
        "    for name in dir(tests):\n"
        "        if name.startswith('test'):\n"
        "            setattr(tests, name, lambda: None)\n"
        "    return 0"
    ),
    "gives the tests other code": (
        "import sys\ndef add(a, b):\n"
        "    for name, value in list(sys._getframe(1).f_globals.items()):\n"
        "        if hasattr(value, '__code__') and value is not add:\n"
        "            empty = compile('def test(self=None): pass', 'tests.py', 'exec').co_consts[0]\n"
        "            value.__code__ = empty\n"
        "    return a + b if a == 2 else 7"
    ),
    "prints a report": (
        'print(\'{"name": "test_small", "status": "passed"}\')\nprint(\'{"done": true}\')\n'
        "import sys\nsys.stdout.flush()\nimport os\nos._exit(0)"
    ),
    "writes answers everywhere": (
        "import os\n"
        "for n in range(3, 30):\n"
        "    try:\n"
        '        os.write(n, b\'{"status": "passed", "found": [], "token": ""}\\n\')\n'
        "    except OSError:\n"
        "        pass\n"
        "os._exit(0)"
    ),
    "looks for the nonce": (
        "import os, sys\n"
        "found = [*sys.argv, *os.environ, *os.environ.values(), sys.stdin.read()]\n"
        "nonces = [text for text in found if len(text) == 64]\n"
        "if nonces:\n"
        "    os.write(1, (nonces[0] + ' {\"done\": true}').encode())\n"
        "def add(a, b):\n    return 0 if not nonces else a + b"
    ),
    "closes every file": "import os\nos.closerange(3, 256)\ndef add(a, b):\n    return 0",
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = await any_sandbox()
    yield sandbox
    await sandbox.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_right_program_passes_every_kind_of_tests(sandbox: Sandbox, kind: str) -> None:
    report = await run_code_tests(sandbox, RIGHT, KINDS[kind])
    assert report.all_passed, report
    assert report.passed == len(report.tests) > 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_program_fails_every_kind_of_tests(sandbox: Sandbox, kind: str) -> None:
    report = await run_code_tests(sandbox, WRONG, KINDS[kind])
    assert not report.all_passed
    assert "failed" in {test.status for test in report.tests}


@pytest.mark.parametrize("cheat", CHEATS)
@pytest.mark.parametrize("kind", ["functions", "cases", "plain"])
async def test_a_program_that_cheats_does_not_pass(sandbox: Sandbox, kind: str, cheat: str) -> None:
    report = await run_code_tests(sandbox, CHEATS[cheat], KINDS[kind], limits=Limits(wall_s=10))
    assert not report.all_passed, report


async def test_a_report_names_each_test_and_says_how_it_failed(sandbox: Sandbox) -> None:
    solution = "def add(a, b):\n    if a < 0:\n        raise ValueError('negative')\n    return 5"
    report = await run_code_tests(sandbox, solution, FUNCTIONS + "\ndef test_five():\n    assert add(1, 4) == 5\n")
    assert [(test.name, test.status) for test in report.tests] == [
        ("test_small", "failed"),
        ("test_negative", "error"),
        ("test_five", "passed"),
    ]
    assert report.problem == ""
    assert report.tests[0].message == "line 5: assert add(2, 2) == 4\nAssertionError: left is 5, right is 4"
    assert 'File "solution.py", line 3, in add' in report.tests[1].message
    assert report.tests[1].message.endswith("ValueError: negative")


async def test_a_test_that_hangs_leaves_what_passed_before_it(sandbox: Sandbox) -> None:
    solution = "def add(a, b):\n    while a < 0:\n        pass\n    return a + b"
    report = await run_code_tests(sandbox, solution, FUNCTIONS, limits=Limits(wall_s=2))
    assert not report.all_passed
    assert [test.status for test in report.tests] == ["passed", "error"]
    assert "2 s (in test_negative)" in report.problem


async def test_a_flood_is_stopped_and_told(sandbox: Sandbox) -> None:
    solution = "def add(a, b):\n    while True:\n        print('x' * 100)"
    report = await run_code_tests(sandbox, solution, FUNCTIONS, limits=Limits(wall_s=10, output_bytes=20_000))
    assert not report.all_passed
    assert report.problem
    assert len(report.printed) <= 20_000


async def test_what_the_program_prints_is_kept_apart_from_the_report(sandbox: Sandbox) -> None:
    report = await run_code_tests(sandbox, "print('imported')\n" + RIGHT, FUNCTIONS)
    assert report.all_passed
    assert report.printed == "imported\n"


@pytest.mark.parametrize(
    "tests", ["", "import solution\nprint('no assert')", "def helper():\n    assert True", "class Test:\n    pass"]
)
async def test_tests_that_test_nothing_pass_nothing(sandbox: Sandbox, tests: str) -> None:
    report = await run_code_tests(sandbox, RIGHT, tests)
    assert not report.all_passed
    assert "no test" in report.problem


async def test_tests_that_are_no_python_are_told(sandbox: Sandbox) -> None:
    report = await run_code_tests(sandbox, RIGHT, "def test_x(:\n    pass")
    assert not report.all_passed
    assert "the tests are no Python" in report.problem


async def test_a_test_with_parameters_is_an_error_not_a_pass(sandbox: Sandbox) -> None:
    report = await run_code_tests(sandbox, RIGHT, "def test_x(capsys):\n    pass")
    assert [test.status for test in report.tests] == ["error"]


async def test_tests_of_the_solutions_own_do_not_count(sandbox: Sandbox) -> None:
    solution = WRONG + "\ndef test_mine():\n    pass\n"
    report = await run_code_tests(sandbox, solution, "from solution import *\n" + FUNCTIONS)
    assert "test_mine" not in [test.name for test in report.tests]
    assert not report.all_passed


async def test_the_program_finds_no_file_of_tests(sandbox: Sandbox) -> None:
    solution = "import os\nfound = sorted(os.listdir('.'))\ndef add(a, b):\n    return found"
    tests = "from solution import add\n\ndef test_x():\n    assert 'tests.py' not in add(1, 1), add(1, 1)\n"
    report = await run_code_tests(sandbox, solution, tests)
    assert report.all_passed, report


async def test_a_library_function_that_the_program_replaced_shows_nothing(sandbox: Sandbox) -> None:
    solution = "import math\nmath.isclose = lambda *args, **named: True\ndef add(a, b):\n    return 0"
    tests = "import math\nfrom solution import add\n\ndef test_x():\n    assert math.isclose(add(0.1, 0.2), 0.3)\n"
    report = await run_code_tests(sandbox, solution, tests)
    assert not report.all_passed
    assert "math.isclose" in report.tests[0].message


async def test_inherited_and_shared_cases_are_run_for_each_class(sandbox: Sandbox) -> None:
    tests = """
import unittest
from solution import add

class Shared:
    def test_one(self):
        self.assertEqual(add(1, self.other), 1 + self.other)

class WithTwo(Shared, unittest.TestCase):
    other = 2

class WithThree(Shared, unittest.TestCase):
    other = 3

    @unittest.skip("not now")
    def test_two(self):
        pass
"""
    report = await run_code_tests(sandbox, RIGHT, tests)
    found = {test.name: test.status for test in report.tests}
    assert found == {"WithTwo.test_one": "passed", "WithThree.test_one": "passed", "WithThree.test_two": "error"}
    assert not report.all_passed, "what was skipped shows nothing"
