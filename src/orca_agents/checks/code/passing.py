"""Find out in one run of the sandbox which of several wrong programs pass the same tests.

Whether a right program passes is told by the runner that nothing in the program can deceive. Of wrong ones the only
question is whether tests notice them, and there each runs in a fork of one process, which costs hardly anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from orca_agents.checks.api import Lab
from orca_agents.sandbox.api import Limits

EACH_CPU_S, EACH_WALL_S = 5, 15
"""What the tests may take on each program: a wrong one that hangs is noticed all the same."""
LIMITS = Limits(wall_s=60, cpu_s=60)

_RUN = """
import asyncio, inspect, json, os, sys, types, unittest

def run(program, tests):
    solution = sys.modules["solution"] = types.ModuleType("solution")
    solution.__file__ = "solution.py"
    exec(compile(program, "solution.py", "exec", dont_inherit=True), solution.__dict__)
    module = sys.modules["tests"] = types.ModuleType("tests")
    exec(compile(tests, "tests.py", "exec", dont_inherit=True), module.__dict__)
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromTestCase(value).run(result)
            assert result.wasSuccessful() and not result.skipped
        elif isinstance(value, type) and name.startswith("Test"):
            for method in dir(value):
                if method.startswith("test"):
                    finish(getattr(value(), method)())
        elif name.startswith("test") and inspect.isfunction(value):
            finish(value())

def finish(returned):
    if inspect.iscoroutine(returned):
        asyncio.run(returned)

def in_a_fork(program, tests, cpu_s, wall_s):
    import resource, signal
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    passed = False
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        signal.alarm(wall_s)
        null = os.open(os.devnull, os.O_RDWR)
        for end in (0, 1, 2):
            os.dup2(null, end)
        run(program, tests)
        passed = True
    finally:
        os._exit(0 if passed else 1)

programs, tests, cpu_s, wall_s = json.loads(sys.stdin.read())
print("@@" + json.dumps([in_a_fork(program, tests, cpu_s, wall_s) for program in programs]))
"""


async def which_pass(programs: Sequence[str], tests: str, lab: Lab) -> list[bool]:
    """For each program whether all of the tests pass on it."""
    if not programs:
        return []
    asked = json.dumps([list(programs), tests, EACH_CPU_S, EACH_WALL_S])
    ran = await lab.run_python(_RUN, stdin=asked, limits=LIMITS)
    told = [line[2:] for line in ran.stdout.splitlines() if line.startswith("@@")]
    if ran.ok and told:
        found: list[bool] = json.loads(told[-1])
        return found
    # a sandbox that cannot fork, or programs that take all there is: each by itself
    reports = await asyncio.gather(*(lab.run_tests(program, tests) for program in programs))
    return [report.all_passed for report in reports]
