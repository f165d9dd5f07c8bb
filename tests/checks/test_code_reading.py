"""Code, patches and rules as they are read out of texts."""

from __future__ import annotations

import pytest

from orca_agents.checks.code import rules as rules_module
from orca_agents.checks.code.patches import PatchProblem, apply_patch
from orca_agents.checks.code.python_code import CodeProblem, parse, same_program, stub
from orca_agents.errors import UnparsableError
from tests.checks.code_items import CODE, Data, item


def test_a_patch_applies_by_its_lines_whatever_its_numbers_say() -> None:
    diff = (
        "--- a/x.py\n+++ b/x.py\n@@ -90,3 +90,3 @@\n     for row in rows:\n"
        "-        sum += row.price\n+        sum += row.price * row.count\n     return sum"
    )
    assert "row.price * row.count" in apply_patch(CODE, diff)
    assert apply_patch(CODE, "-    sum = 0\n+    sum = 1") == CODE.replace("sum = 0", "sum = 1")


def test_a_patch_of_lines_that_are_not_there_does_not_apply() -> None:
    with pytest.raises(PatchProblem, match="do not stand"):
        apply_patch(CODE, "-    total = 0\n+    total = 1")
    with pytest.raises(PatchProblem, match="no lines"):
        apply_patch(CODE, "change the loop")


def test_a_stub_defines_what_is_asked_for_and_needs_nothing_around_it() -> None:
    interface = parse(
        "@dataclass\nclass Shelf(Thing):\n    def __init__(self, size: Decimal) -> None: ...\n"
        "    @property\n    def free(self) -> int: ...\n\ndef load(rows: np.ndarray, start=np.nan) -> Shelf: ...\n"
    )
    names: Data = {}
    exec(stub(interface, "return {first}"), names)
    assert names["load"]([1]) == [1]
    assert names["Shelf"](3).free is None


def test_code_that_is_no_python_says_where() -> None:
    with pytest.raises(CodeProblem, match="line 2"):
        parse("x = 1\ny = (")
    with pytest.raises(CodeProblem):
        parse("x" * 100_000)
    with pytest.raises(CodeProblem):
        parse("(" * 5000)


def test_docstrings_and_comments_do_not_make_another_program_and_statements_do() -> None:
    documented = 'def f(x):\n    """Double it."""\n    # twice\n    return 2 * x\n'
    assert same_program(parse("def f(x):\n    return 2*x"), parse(documented))
    assert not same_program(parse("def f(x):\n    return x + x"), parse(documented))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("forbids: re", "import re"),
        ("forbids: itertools", "from itertools import chain"),
        ("forbids: sorted", "x = sorted([2, 1])"),
        ("forbids: .sort()", "x = [1]\nx.sort()"),
        ("forbids: loops", "for x in []:\n    pass"),
        ("forbids: recursion", "def f(n):\n    return f(n - 1)"),
        ("requires: heapq", "import bisect"),
        ("max_lines: 2", "a = 1\nb = 2\nc = 3"),
    ],
)
def test_a_broken_rule_is_seen(rule: str, code: str) -> None:
    assert rules_module.why_broken(code, [rule])
    assert rules_module.why_broken("import heapq", [rule]) is None


def test_a_line_that_is_no_rule_is_told_to_its_author() -> None:
    with pytest.raises(UnparsableError, match="rules"):
        item("code", {"interface": "def f(x): ...", "rules": ["be fast"]})


def test_a_patch_that_only_adds_needs_a_line_to_stand_by() -> None:
    with pytest.raises(PatchProblem, match="copy the line above"):
        apply_patch("a\nb\n", "+c")
    assert apply_patch("a\nb\n", " a\n+c") == "a\nc\nb\n"


def test_code_that_is_nested_without_end_is_refused_before_anything_walks_through_it() -> None:
    with pytest.raises(CodeProblem, match="deeply"):
        parse("x = " + " + ".join(["1"] * 2000))
