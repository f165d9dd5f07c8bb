"""Tests of another author, who saw the task alone: what makes them worth to judge by."""

from __future__ import annotations

import ast
import sys

from orca_agents.checks.api import Case, Proof
from orca_agents.checks.code import speed
from orca_agents.checks.code.passing import which_pass
from orca_agents.checks.code.python_code import (
    REFUSES,
    STUBS,
    CodeProblem,
    Function,
    definitions,
    dotted,
    is_bare,
    modules_imported,
    names_bound,
    parse,
    stub,
)
from orca_agents.checks.code.task import given_is, hidden_tests, interface_of, module_of, shown_code, solution
from orca_agents.config import Leaf
from orca_agents.fences import blocks, without_fence
from orca_agents.harvest import Field, Product
from orca_agents.records import Instruction
from orca_agents.sandbox.code_tests import TestReport

FEWEST_TESTS = 4
TESTS_CHARS = 9000
MOST_ATTEMPTS = 3
_CLOCKS = frozenset(("uuid.uuid4", "uuid.uuid1", "os.urandom", "secrets.token_hex", "random.SystemRandom")) | {
    f"{place}.{name}"
    for places, names in (
        (("time",), ("time", "time_ns", "monotonic", "perf_counter", "process_time", "sleep")),
        (("datetime", "datetime.datetime"), ("now", "today", "utcnow")),
        (("date", "datetime.date"), ("today",)),
    )
    for place in places
    for name in names
}
_OUTSIDE = frozenset(("socket", "urllib.request", "http.client", "requests", "ftplib", "smtplib", "subprocess")) | {
    "multiprocessing",
    "ctypes",
}
_CHECKING = ("assert", "fail", "check", "expect", "raises")


class TestsProof(Proof):
    """Hidden tests."""

    name = "tests"
    __test__ = False  # its name starts like that of a class of tests

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        where = module_of(instruction) if instruction.form == "cases" else "solution"
        about = (
            f"a Python module of tests: `from {where} import ...`, then six to twelve functions `test_...` without "
            "parameters that assert. The standard library alone, no pytest; code alone, no fence"
        )
        return (Field("tests", about, max_chars=TESTS_CHARS),)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {"tests": (without_fence(product["tests"][0]),)}


class ScaledTestsProof(TestsProof):
    """Hidden tests, and inputs of any size to measure speed on."""

    name = "scaled_tests"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        about = (
            "Python code that defines `make_args(n)`: a tuple of arguments for the function, of size n, on which slow "
            "code is slow; the same for the same n. Code alone, no fence"
        )
        return (*super().fields(instruction, leaf), Field("sizes", about, max_chars=2000))

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {**super().read(product, instruction), "sizes": (without_fence(product["sizes"][0]),)}


def why_tests_unsound(case: Case) -> str | None:
    """Check `tests_sound`."""
    item = _item(case)
    if "tests" not in item.proof:
        return None
    try:
        tree = parse(item.proof["tests"][0])
    except CodeProblem as problem:
        return f"the tests are no Python: {problem}"
    home = module_of(item) if item.form == "cases" else "solution"
    return (
        _why_few(tree)
        or _why_not_of(tree, home, item)
        or _why_imports(tree, home, item, _libraries(case.leaf))
        or _why_unsteady(tree)
    )


async def why_tests_tell_nothing(case: Case) -> str | None:
    """Check `tests_tell`: right programs pass, stubs and buggy ones do not."""
    item = _item(case)
    if item.form not in ("code", "text") or "tests" not in item.proof:
        return None
    assert case.lab is not None, "this check needs a lab"
    try:
        kind, tests = given_is(item), hidden_tests(item)
    except CodeProblem as problem:
        return f"the tests are no Python: {problem}"
    right = {"right": ("the given code", item.parts.get("given", ("",))[0]),
             "wrong": ("the right code (not shown to you)", *item.key)}  # fmt: skip
    if kind in right:
        name, code = right[kind]
        report = await case.lab.run_tests(solution(item, code), tests)
        if not report.all_passed:
            return f"{name} fails the tests, so they ask for something else than the task: {told(report)}"
    wrong = _wrong_programs(item)
    passed = await which_pass([solution(item, code) for _, code in wrong], tests, case.lab)
    if passing := [name for (name, _), has_passed in zip(wrong, passed, strict=True) if has_passed]:
        return f"{passing[0]} passes all the tests; they must tell it from a right one"
    return await speed.why_no_measure(item, case.lab) if "sizes" in item.proof else None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _libraries(leaf: Leaf | None) -> tuple[str, ...]:
    return tuple(leaf.settings.get("libraries", ())) if leaf is not None else ()


def _why_few(tree: ast.Module) -> str | None:
    tests = [node for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test")]
    if len(tests) < FEWEST_TESTS:
        return f"there are only {len(tests)} tests; write at least {FEWEST_TESTS} functions `test_...`"
    with_parameters = [test.name for test in tests if [arg.arg for arg in test.args.args] not in ([], ["self"])]
    if with_parameters:
        return f"{with_parameters[0]} takes parameters; nobody passes any: a test is called without"
    helpers = {node.name for node in ast.walk(tree) if isinstance(node, Function) and _asserts(node, set())}
    empty = [test.name for test in tests if not _asserts(test, helpers)]
    return f"{empty[0]} asserts nothing" if empty else None


def _asserts(test: Function, helpers: set[str]) -> bool:
    """Whether a test asserts something, itself or by a function of the same module that does."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            name = dotted(node.func).split(".")[-1]
            if name in helpers or name.lstrip("_").startswith(_CHECKING):
                return True
    return False


def _why_not_of(tree: ast.Module, home: str, item: Instruction) -> str | None:
    """The tests take from the program what the task names, and nothing else."""
    asked = names_bound(interface_of(item))
    taken = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == home
        for alias in node.names
    ]
    if not taken and home not in modules_imported(tree):
        return f"the tests do not import the program; write `from {home} import {', '.join(sorted(asked))}`"
    others = [name for name in taken if name not in asked and name != "*"]
    return f"the tests import `{others[0]}` from `{home}`, which the task does not ask for" if others else None


def _why_imports(tree: ast.Module, home: str, item: Instruction, libraries: tuple[str, ...]) -> str | None:
    there = {home, "solution", module_of(item), *libraries} | set(sys.stdlib_module_names)
    for name in sorted(modules_imported(tree)):
        if name.split(".")[0] not in there:
            return f"the tests import `{name}`, which is not there; the standard library is"
        if name in _OUTSIDE or name.split(".")[0] in _OUTSIDE:
            return f"the tests import `{name}`: they must not leave the process or the machine"
    return None


def _why_unsteady(tree: ast.Module) -> str | None:
    """The same program gets the same verdict at any time."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if name in _CLOCKS:
            return f"the tests call `{name}`: they must not depend on the clock or on chance"
        bare = name.removeprefix("random.")
        if bare in ("Random", "seed") and not node.args and name != bare:
            return "the tests draw random numbers without a seed; write `random.Random(7)`"
        if name.startswith("random.") and bare not in ("Random", "seed") and not _is_seeded(tree):
            return f"the tests call `{name}` without a seed; write `random.Random(7)` and draw from that"
        if name in ("inspect.getsource", "open") and any(
            isinstance(part, ast.Constant) and str(part.value).endswith(("solution.py", "tests.py"))
            for part in node.args
        ):
            return "the tests read source code; test what the program does"
    return None


def _is_seeded(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Call) and dotted(node.func) == "random.seed" and node.args for node in ast.walk(tree)
    )


def _wrong_programs(item: Instruction) -> list[tuple[str, str]]:
    """Programs that tests must not pass, with what each is called.

    Where code with a fault is given, it is a harder test of the tests than programs that do nothing; but tests that
    only wait for errors fail on it and pass on a program that refuses everything.
    """
    kind = "wrong" if item.form == "text" else given_is(item)
    has_fault = kind in ("wrong", "partial")
    interface = interface_of(item)
    found = [
        (f"a program that {what}", stub(interface, body))
        for what, body in STUBS.items()
        if what == REFUSES or not has_fault
    ]
    if has_fault:
        shown = item.form == "text"
        found.append(("the code that the task shows", shown_code(item)) if shown else
                     ("the given code", item.parts["given"][0]))  # fmt: skip
    if kind in ("none", "foreign", "module"):
        found += [("the wrong attempt in the task", code) for code in attempts(item)[:MOST_ATTEMPTS]]
    return found


def attempts(item: Instruction) -> list[str]:
    """The programs in a question that define all that is asked for: attempts, which must be wrong."""
    wanted = set(definitions(interface_of(item)))
    found = []
    for block in blocks(item.question):
        try:
            there = definitions(parse(block.code))
        except CodeProblem:
            continue
        if wanted <= set(there) and not all(is_bare(there[name]) for name in wanted):
            found.append(block.code)
    return found


def told(report: TestReport) -> str:
    bad = [f"{test.name}: {test.message[:300]}" for test in report.tests if test.status != "passed"]
    return "; ".join(bad[:2]) or report.problem
