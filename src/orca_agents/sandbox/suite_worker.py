"""The tests and the solution, in the process that is theirs inside the sandbox. `suite_runner.py` asks it.

Only the standard library, and nothing newer than Python 3.10.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import linecache
import os
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

TESTS = "tests.py"
TOP_LEVEL = "top level"  # the name of the asserts outside of functions, as one test
FOLDER = str(Path.cwd()) + os.sep
MESSAGE_CHARS = 2000


class Worker:
    """Runs the tests, in the process that belongs to the solution from the first of them on."""

    def __init__(self, tree: ast.Module, source: str) -> None:
        linecache.cache[TESTS] = (len(source), None, [line + "\n" for line in source.split("\n")], TESTS)
        sys.argv = [TESTS]
        self.originals = list(functions_used(tree))
        self.tree = ast.fix_missing_locations(ToldAsserts().visit(tree))
        self.module = types.ModuleType("tests")
        self.module.__dict__.update({"__file__": TESTS, "_orca_told": told_sides})
        self.own: list[tuple[str, types.FunctionType, types.CodeType]] = []
        sys.modules["tests"] = self.module

    def answer(self, name: str) -> dict[str, Any]:
        """Run one test: {status, message, found}."""
        answer = outcome_of(name, self.module, self.tree)
        if name == TOP_LEVEL:
            self.own = list(own_functions(self.module))
        changed = [f"{place}.{key}" for place, names, key, value in self.originals if names.get(key) is not value]
        changed += [f"the code of {own}" for own, function, code in self.own if function.__code__ is not code]
        if changed and answer["status"] == "passed":
            message = f"the program under test replaced {', '.join(changed[:5])}, so this shows nothing"
            return {"status": "error", "message": message}
        return answer


def serve(worker: Worker, questions: int, answering: int) -> None:
    """Answer each question with its token."""
    me = os.getpid()
    with os.fdopen(questions, "rb") as lines, os.fdopen(answering, "wb") as answers:
        for line in lines:
            question = json.loads(line)
            answer = worker.answer(question["name"])
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):  # a test may have put or closed anything there
                    stream.flush()
            if os.getpid() != me:  # a test forked, and its child came this far
                os._exit(0)
            answers.write(json.dumps({**answer, "token": question["token"]}).encode() + b"\n")
            answers.flush()


def functions_used(tree: ast.Module) -> Iterator[tuple[str, Mapping[str, Any], str, Any]]:
    """What tests rely on to be as it always is, builtins and what they import of the library: (place, its names, name,
    value)."""
    modules = ["builtins"]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.append(node.module)
    for place in dict.fromkeys(modules):
        if place.split(".")[0] not in sys.stdlib_module_names:
            continue
        try:
            module = importlib.import_module(place)
        except ImportError:
            continue  # the tests will say so
        for name, value in list(vars(module).items()):
            if callable(value):
                yield place, vars(module), name, value
                if place.startswith("unittest") and isinstance(value, type):
                    names = vars(value)  # a view: it shows what the class holds later
                    yield from (
                        (f"{place}.{name}", names, part, item) for part, item in list(names.items()) if callable(item)
                    )


def own_functions(module: types.ModuleType) -> Iterator[tuple[str, types.FunctionType, types.CodeType]]:
    """The functions and methods that the tests define, with their code."""
    for name, value in list(vars(module).items()):
        for part in [value, *(vars(value).values() if isinstance(value, type) else ())]:
            if inspect.isfunction(part) and part.__code__.co_filename == TESTS:
                yield name, part, part.__code__


def outcome_of(name: str, module: types.ModuleType, tree: ast.Module) -> dict[str, Any]:
    """Run one test: {status, message, found}."""
    try:
        if name == TOP_LEVEL:
            exec(compile(tree, TESTS, "exec", 0, True), module.__dict__)  # noqa: S102  running it is what this is for
            return {"status": "passed", "found": list(found_tests(module))}
        class_name, _, method = name.rpartition(".")
        if not class_name:
            run_function(module.__dict__.get(name), name)
            return {"status": "passed"}
        test_class = module.__dict__.get(class_name)
        if not isinstance(test_class, type):
            return {"status": "error", "message": "this class is not there any more"}
        check_own(getattr(test_class, method, None), name)
        if is_test_case(test_class):
            return outcome_of_case(test_class, method)
        run_method(test_class, method)
    except BaseException as error:  # noqa: BLE001  whatever a test raises is its outcome
        return told(error)
    return {"status": "passed"}


def run_function(function: Any, name: str) -> None:
    check_own(function, name)
    finish(function())


def check_own(function: Any, name: str) -> None:
    """That a test is still what the text of the tests says."""
    if not inspect.isfunction(function) or inspect.unwrap(function).__code__.co_filename != TESTS:
        raise RuntimeError(f"{name} is not the tests' own function any more")


def run_method(test_class: type, method: str) -> None:
    case = test_class()
    for step in ("setup_method", method, "teardown_method"):
        work = getattr(case, step, None)
        if step == method or work is not None:
            finish(work())  # type: ignore[misc]  # a method that is gone is an error, as it should be


def finish(returned: Any) -> None:
    """Await what an async test returned."""
    if inspect.iscoroutine(returned):
        asyncio.run(returned)
    elif inspect.isgenerator(returned):
        raise TypeError("a test that yields does not run: write a plain function")


def is_test_case(value: Any) -> bool:
    unittest = sys.modules.get("unittest")
    return unittest is not None and isinstance(value, type) and issubclass(value, unittest.TestCase)


def found_tests(module: types.ModuleType) -> Iterator[str]:
    """The methods of test classes, inherited ones too."""
    for name, value in list(vars(module).items()):
        own = isinstance(value, type) and value.__module__ == "tests"
        if own and (is_test_case(value) or (name.startswith("Test") and "__init__" not in vars(value))):
            yield from (
                f"{name}.{part}" for part in dir(value) if part.startswith("test") and callable(getattr(value, part))
            )


def outcome_of_case(test_class: Any, method: str) -> dict[str, Any]:
    import unittest

    result = unittest.TestResult()
    unittest.TestSuite([test_class(method)]).run(result)
    for status, rows in (("error", result.errors), ("failed", result.failures)):
        if rows:
            return {
                "status": status,
                "message": shortened("\n".join(text for _, text in rows).replace(FOLDER, "")),
            }
    if result.skipped:
        return {"status": "error", "message": f"skipped, so it shows nothing: {result.skipped[0][1]}"}
    if result.unexpectedSuccesses:
        return {"status": "failed", "message": "it passed, and was expected to fail"}
    if result.testsRun != 1:
        return {"status": "error", "message": "it did not run"}
    return {"status": "passed"}


class ToldAsserts(ast.NodeTransformer):
    """`assert f(2) == 5` says what f(2) is when it fails: each side is evaluated once, and named."""

    def visit_Assert(self, node: ast.Assert) -> Any:
        test = node.test
        if node.msg is not None or not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return node
        names = ("_orca_left", "_orca_right")
        values = zip(names, (test.left, *test.comparators), strict=True)
        sides = [ast.Assign([ast.Name(name, ast.Store())], value) for name, value in values]
        loads: list[ast.expr] = [ast.Name(n, ast.Load()) for n in names]
        compared = ast.Compare(loads[0], test.ops, [loads[1]])
        message = ast.Call(ast.Name("_orca_told", ast.Load()), loads, [])
        return [ast.copy_location(part, node) for part in (*sides, ast.Assert(compared, message))]


def told_sides(left: Any, right: Any) -> str:
    try:
        return f"left is {shortened(repr(left), 400)}, right is {shortened(repr(right), 400)}"
    except Exception:  # noqa: BLE001  a __repr__ of the solution's may raise anything
        return "the two sides cannot be shown: __repr__ raises"


def told(error: BaseException) -> dict[str, Any]:
    """How a test failed: the assert that did not hold, or the traceback through the tests and the solution."""
    status = "failed" if isinstance(error, AssertionError) else "error"
    try:
        whole = traceback.TracebackException(type(error), error, error.__traceback__)
        own = [frame for frame in whole.stack if frame.filename == TESTS or frame.filename.startswith(FOLDER)]
        last = "".join(whole.format_exception_only()).strip()
        if own and own[-1].filename == TESTS and status == "failed":
            message = f"line {own[-1].lineno}: {own[-1].line}\n{last}"
        else:
            whole.stack[:] = own
            message = "".join(whole.format(chain=False)).strip() if own else last
    except Exception:  # noqa: BLE001  an exception class of the solution's may break anything, its own __str__ first
        message = f"{type(error).__name__} (it cannot be shown: its own code raises)"
    if type(error).__name__ in ("SystemExit", "KeyboardInterrupt", "GeneratorExit"):
        status = "error"
    return {"status": status, "message": shortened(message.replace(FOLDER, ""))}


def shortened(text: str, limit: int = MESSAGE_CHARS) -> str:
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]} [... {len(text) - limit:,} characters left out ...] {text[head - limit :]}"
