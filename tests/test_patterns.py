"""No regular expression of the package runs away, whatever a seed or a reply is made of.

Python's `re` tries every way to match. Where a pattern can match one run of characters in many ways (`(?:-+\\s*)*` on
a ruler of thirty dashes) that takes for ever, and nothing can interrupt a run that waits for it. So each pattern meets
long runs of what it is made of. Twice as long may take four times as long, which 15,800 characters of a seed bear; it
may not take eight times.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import orca_agents

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from re import _constants as ops  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]

PACKAGE = Path(orca_agents.__file__).parent
SHORT, LONG = 200, 3000
SUSPECT_S = 0.002
"""For a short run; only those are tried with a long one, which takes a cubic pattern over 3,000 times as long."""
HUNG_S = 10.0
"""For a long run; what is quadratic takes under a second."""
PUMPS = (
    "a",
    "A",
    " ",
    "\n",
    "1",
    "-",
    ".",
    ",",
    "*",
    "a ",
    "1,",
    "a.",
    "- ",
    '"',
    "(",
    "|",
    "| ",
    "x\n",
    "[",
    "<",
    "a:",
)
AFTER = (" ", "\n", "a", "a ", "-")
"""What is tried after the beginning of a pattern."""
MOST_WORDS = 30
FLAGS = {
    "I": re.I,
    "M": re.M,
    "S": re.S,
    "X": re.X,
    "IGNORECASE": re.I,
    "MULTILINE": re.M,
    "DOTALL": re.S,
    "VERBOSE": re.X,
}
CATEGORIES = {ops.CATEGORY_DIGIT: "1", ops.CATEGORY_SPACE: " ", ops.CATEGORY_NOT_WORD: "-"}
REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)


class Hung(Exception):
    """A pattern took longer than HUNG_S."""


def patterns() -> dict[re.Pattern[str], str]:
    """Every pattern that stands in a module, and the literal ones of calls such as `re.sub`, with where they stand."""
    found: dict[re.Pattern[str], str] = {}
    for module in pkgutil.walk_packages(orca_agents.__path__, "orca_agents."):
        if module.name.endswith("__main__") or ".training.files" in module.name:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for pattern in held(value):
                found.setdefault(pattern, f"{module.name}.{name}")
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (literal := written(node)):
                found.setdefault(literal, f"{path.relative_to(PACKAGE)}:{node.lineno}")
    return found


def held(value: object, depth: int = 3) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, dict):
        yield from held((*value, *value.values()), depth)
    elif depth and isinstance(value, (tuple, list, set, frozenset)):
        for one in value:
            yield from held(one, depth - 1)


def written(call: ast.Call) -> re.Pattern[str] | None:
    """The pattern of a call such as `re.search(r"...", text, re.IGNORECASE)`, where it is a literal."""
    function, first = call.func, call.args[0] if call.args else None
    if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"):
        return None
    if function.attr == "escape" or not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return None
    rest = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    names = {node.attr for one in rest for node in ast.walk(one) if isinstance(node, ast.Attribute)}
    return re.compile(first.value, sum({FLAGS[name] for name in names if name in FLAGS}))


def made_of(tree: Any) -> Iterator[str]:
    """One character of each kind that a pattern names."""
    for op, value in tree:
        if op is ops.LITERAL:
            yield chr(value)
        elif op is ops.IN:
            yield from (one_of(*part) for part in value if part[0] is not ops.NEGATE)
        else:
            for inner in inside(op, value):
                yield from made_of(inner)


def one_of(kind: Any, what: Any) -> str:
    return CATEGORIES.get(what, "a") if kind is ops.CATEGORY else chr(what[0] if kind is ops.RANGE else what)


def inside(op: Any, value: Any) -> list[Any]:
    """The patterns of which a part of a pattern is built."""
    if op in (*REPEATS, ops.SUBPATTERN, ops.ASSERT, ops.ASSERT_NOT):
        return [value[-1]]
    return list(value[1]) if op is ops.BRANCH else [value] if op is ops.ATOMIC_GROUP else []


def shortest(tree: Any) -> str:
    """About the shortest text that a pattern matches."""
    text = ""
    for op, value in tree:
        if op in (ops.LITERAL, ops.IN):
            text += (
                next(made_of([(op, value)]), "a") if (ops.NEGATE, None) not in (value if op is ops.IN else ()) else "b"
            )
        elif op in (ops.ANY, ops.NOT_LITERAL):
            text += "b"
        elif op in REPEATS:
            text += shortest(value[-1]) * value[0]
        elif op not in (ops.ASSERT, ops.ASSERT_NOT) and (inner := inside(op, value)):
            text += shortest(inner[0])
    return text


def starts(tree: Any, before: str = "") -> Iterator[str]:
    """What may stand before each repeated part of a pattern."""
    for op, value in tree:
        if op in REPEATS:
            yield before
        if op not in (ops.ASSERT, ops.ASSERT_NOT):
            for inner in inside(op, value):
                yield from starts(inner, before)
        before += shortest([(op, value)])


def repeated(tree: Any, within: bool = False) -> Iterator[str]:
    """What each alternative matches that a pattern repeats."""
    for op, value in tree:
        inner = inside(op, value)
        many = op in REPEATS and value[1] > 1
        if (within and op is ops.BRANCH) or many:
            yield from (shortest(one) for one in inner)
        for one in inner:
            yield from repeated(one, within or many)


def runaway(pattern: re.Pattern[str], hung_s: float = HUNG_S) -> str | None:
    """What a pattern runs away on."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    own = dict.fromkeys(made_of(tree))
    signs = [sign for sign in own if not sign.isalpha()] + [sign for sign in own if sign.isalpha()][:4]
    words = [f"{one.strip()} " for one in repeated(tree) if len(one) > 1][:MOST_WORDS]
    texts = [("", pump) for pump in dict.fromkeys((*PUMPS, *signs, *words))]
    texts += [
        (start, pump) for start in dict.fromkeys(starts(tree)) if start for pump in dict.fromkeys((*AFTER, *signs[:4]))
    ]
    for start, pump in texts:
        try:
            if seconds(pattern, start, pump, SHORT, hung_s) > SUSPECT_S:
                seconds(pattern, start, pump, LONG, hung_s)
        except Hung:
            return f"{start!r} and many times {pump!r}"
    return None


def seconds(pattern: re.Pattern[str], start: str, pump: str, size: int, hung_s: float) -> float:
    text = start + pump * (size // len(pump)) + "\0"
    match = pattern.match if start else pattern.search
    begun = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, hung_s)
    try:
        match(text)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return time.perf_counter() - begun


@pytest.fixture
def alarm() -> Iterator[None]:
    def ring(signum: int, frame: FrameType | None) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt a match")
class TestPatterns:
    @pytest.mark.parametrize(
        "bad",
        [
            r"\s*(?:[-*#]+\s*)*\**role:",
            r"```(?:json)?\s*\n(.*)\n\s*```",
            r"var\s+(.+?)\s*=\s*(.+)$",
            r"(?:(?:now|based on [^,]+),?\s+)*tell",
        ],
    )
    def test_one_that_runs_away_is_found(self, alarm: None, bad: str) -> None:
        assert runaway(re.compile(bad, re.DOTALL), hung_s=2)

    def test_none_of_the_package_runs_away(self, alarm: None) -> None:
        every = patterns()
        assert len(every) > 900
        told = {where: why for pattern, where in every.items() if (why := runaway(pattern))}
        assert not told
