"""Checks of programs, queries and patterns: each with work that it must pass and work that it must catch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from orca_agents.checks import run_checks
from orca_agents.checks.api import Case, Ran
from orca_agents.checks.code import CHECKS, PROOFS
from orca_agents.checks.code import rules as rules_module
from orca_agents.checks.code.cases import mutated, renamed
from orca_agents.checks.code.markdown import blocks, fenced, is_closed, prose, without_fence
from orca_agents.checks.code.passing import which_pass
from orca_agents.checks.code.patches import PatchProblem, apply_patch
from orca_agents.checks.code.pattern import bare
from orca_agents.checks.code.prose_work import invented_name
from orca_agents.checks.code.python_code import CodeProblem, parse, same_program, stub
from orca_agents.checks.forms import FORMS
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.records import Answer, AnswerForm, Content, Draft, Instruction, Seed
from orca_agents.sandbox.api import PYTHON, Limits, Program, Sandbox
from orca_agents.sandbox.code_tests import TestReport, run_code_tests
from tests.sandbox.any_sandbox import any_sandbox

Data = dict[str, Any]


class DirectLab:
    """A lab that runs everything, and records nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.runs = 0

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        self.runs += 1
        return await run_code_tests(self.sandbox, solution, tests)

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        self.runs += 1
        inside = {name: text.encode() for name, text in (files or {}).items()}
        outcome = await self.sandbox.run(Program((PYTHON, "-c", code), inside, stdin.encode(), limits or Limits()))
        return Ran(outcome.exit_code, outcome.stdout, outcome.stderr, outcome.stopped)


@pytest.fixture
async def lab() -> DirectLab:
    return DirectLab(await any_sandbox())


def leaf(form: AnswerForm, **others: Any) -> Leaf:
    return Leaf(name="leaf", description="asks", answer=form, **others)


def item(form: AnswerForm, data: Data, question: str = "Write it, please.", **others: Any) -> Instruction:
    """An item as it comes about: a reply in JSON, read by the form's own fields."""
    own = leaf(form, **others)
    product = Form(FORMS[form].item_fields(own)).read(json.dumps(data), structured=True)
    parts = FORMS[form].read_item(product, own)
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text="material", transformer="identity"),
        leaf="leaf",
        form=form,
        question=question,
        parts=parts.parts,
        key=parts.key,
        hidden=parts.hidden,
    )


def proved(instruction: Instruction, name: str, data: Data, **others: Any) -> Instruction:
    proof = next(proof for proof in PROOFS if proof.name == name)
    form = Form(tuple(proof.fields(instruction, leaf(instruction.form, **others))))
    return instruction.model_copy(
        update={"proof": proof.read(form.read(json.dumps(data), structured=True), instruction)}
    )


def answered(instruction: Instruction, code: str, notes: str = "") -> Answer:
    form = FORMS[instruction.form]
    data = {"answer": code, "notes": notes}
    product = Form(form.answer_fields(instruction)).read(json.dumps(data), structured=True)
    return Answer(value=form.read_answer(product, instruction), reasoning="Sort once, then go through it.")


async def why_not(
    name: str, instruction: Instruction, lab: DirectLab | None = None, code: str = "", **said: Any
) -> str:
    """What a check says of an item, or of an answer to it; empty where it passes."""
    check = next(check for check in CHECKS if check.name == name)
    draft = (
        Draft(instruction=instruction, answer=said.pop("answer", None) or answered(instruction, code)) if code else None
    )
    case = Case(
        Seed(text="seed"),
        instruction.content,
        "en",
        leaf=said.pop("leaf", None) or leaf(instruction.form),
        instruction=instruction,
        draft=draft,
        lab=lab,
        **said,
    )
    (result,) = await run_checks([name], check.at, case)
    return result.reason


async def is_right(instruction: Instruction, code: str, lab: DirectLab) -> bool:
    return await FORMS[instruction.form].is_right(answered(instruction, code), instruction, lab)


# ------------------------------------------------------------------------------------------------- Markdown and patches


def test_code_comes_out_of_its_fence_byte_for_byte() -> None:
    code = "\tdef f():\r\n\t\treturn '```'\r\n\n    "
    assert without_fence(f"```python\n{code}\n```") == code
    assert without_fence(code) == code
    assert without_fence("Here:\n```python\nx = 1\n```") == "Here:\n```python\nx = 1\n```"


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    code = 'TEXT = """\n````\nno end\n````\n"""'
    written = fenced(code, "python")
    assert written.startswith("`````python\n")
    (block,) = blocks(written)
    assert (block.language, block.code) == ("python", code)


def test_an_indented_or_open_fence_is_seen_for_what_it_is() -> None:
    assert not is_closed("```python\nx = 1\n")
    assert is_closed("text\n~~~\n```\n~~~\n")
    assert prose("Call `f(x)`:\n```py\nf(1)\n```\nThanks").split() == ["Call", ":", "Thanks"]


CODE = "def total(rows):\n    sum = 0\n    for row in rows:\n        sum += row.price\n    return sum\n"


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


# --------------------------------------------------------------------------------------------------------- reading code


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


# ------------------------------------------------------------------------------------------------------------- programs

GAPS = """def gaps(taken: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]: ..."""
GAPS_RIGHT = """\
def gaps(taken, start, end):
    free, at = [], start
    for a, b in sorted(taken):
        if a > at:
            free.append((at, min(a, end)))
        at = max(at, b)
        if at >= end:
            break
    if at < end:
        free.append((at, end))
    return free
"""
GAPS_WRONG = GAPS_RIGHT.replace("at = max(at, b)", "at = b")
GAPS_TESTS = """\
from solution import gaps

def test_nothing_taken_leaves_all():
    assert gaps([], 0, 10) == [(0, 10)]

def test_between_two():
    assert gaps([(6, 8), (1, 3)], 0, 10) == [(0, 1), (3, 6), (8, 10)]

def test_touching_ones_leave_nothing_between():
    assert gaps([(0, 4), (4, 10)], 0, 10) == []

def test_one_inside_another():
    assert gaps([(0, 8), (2, 3)], 0, 10) == [(8, 10)]
"""
GAPS_TASK = """\
Write `gaps(taken, start, end)` for our booking page. It returns the free intervals between `start` and `end`, in \
order, given the taken ones in any order; these may overlap.

```python
>>> gaps([(6, 8), (1, 3)], 0, 10)
[(0, 1), (3, 6), (8, 10)]
```
"""


def gaps_item(**others: Any) -> Instruction:
    made = item("code", {"interface": GAPS, "rules": others.pop("rules", [])}, GAPS_TASK)
    return proved(made, "tests", {"tests": others.pop("tests", GAPS_TESTS)})


async def test_a_right_program_passes_the_hidden_tests_and_a_wrong_one_does_not(lab: DirectLab) -> None:
    made = gaps_item()
    assert await why_not("tests_sound", made) == ""
    assert await why_not("tests_tell", made, lab) == ""
    assert await is_right(made, GAPS_RIGHT, lab)
    assert await is_right(made, fenced(GAPS_RIGHT, "python"), lab)
    assert not await is_right(made, GAPS_WRONG, lab)
    assert not await is_right(made, "def gaps(:", lab)


async def test_a_program_without_proof_is_never_right(lab: DirectLab) -> None:
    assert not await is_right(item("code", {"interface": GAPS}), GAPS_RIGHT, lab)


async def test_a_rule_of_the_task_counts_as_much_as_its_tests(lab: DirectLab) -> None:
    assert not await is_right(gaps_item(rules=["forbids: sorted"]), GAPS_RIGHT, lab)


def test_the_message_has_a_plan_a_fence_and_notes_and_the_code_to_the_byte() -> None:
    made = gaps_item()
    code = "def gaps(taken, start, end):\n\tx = '```'\n\treturn []  \n"
    reply = FORMS["code"].reply(answered(made, code, "It takes n log n."), made, "Answer")
    assert reply == f"Sort once, then go through it.\n\n````python\n{code}````\n\nIt takes n log n."
    shown = FORMS["code"].shown(made, "en")
    assert GAPS in shown
    assert shown.startswith("Write `gaps")


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("from solution import gaps\n\ndef test_one():\n    assert gaps([], 0, 1) == [(0, 1)]\n", "only 1 tests"),
        (GAPS_TESTS.replace("from solution import gaps", "from booking import gaps"), "do not import"),
        (GAPS_TESTS.replace("import gaps", "import gaps, merge"), "`merge`"),
        ("import pytest\n" + GAPS_TESTS, "pytest"),
        ("import random\n" + GAPS_TESTS.replace("gaps([], 0, 10)", "gaps([], 0, random.randint(10, 10))"), "seed"),
        ("import time\n" + GAPS_TESTS.replace("gaps([], 0, 10)", "gaps([], 0, time.time())"), "clock"),
        ("import subprocess\n" + GAPS_TESTS, "subprocess"),
        (GAPS_TESTS.replace("test_between_two()", "test_between_two(case)"), "parameters"),
        (GAPS_TESTS.replace("assert gaps([], 0, 10) == [(0, 10)]", "gaps([], 0, 10)"), "asserts nothing"),
        (GAPS_TESTS + "\ndef test_x(:\n", "no Python"),
    ],
)
async def test_unsound_tests_are_sent_back_with_a_reason(tests: str, words: str) -> None:
    assert words in await why_not("tests_sound", gaps_item(tests=tests))


async def test_seeded_chance_is_allowed_in_tests() -> None:
    tests = "import random\n" + GAPS_TESTS.replace(
        "0, 10) == [(0, 10)]", "0, 9 + random.Random(7).randint(1, 1)) == [(0, 10)]"
    )
    assert await why_not("tests_sound", gaps_item(tests=tests)) == ""


async def test_tests_that_a_stub_passes_tell_nothing(lab: DirectLab) -> None:
    lazy = "from solution import gaps\n" + "".join(
        f"\ndef test_{name}():\n    assert gaps([], 0, 10) == []\n" for name in ("a", "b", "c", "d")
    )
    assert "returns what it is given passes" in await why_not("tests_tell", gaps_item(tests=lazy), lab)


async def test_tests_that_only_wait_for_errors_pass_on_a_program_that_refuses_everything(lab: DirectLab) -> None:
    made = item(
        "code",
        {"given": "def pin(text):\n    return int(text)\n", "reference": PIN_RIGHT, "rules": []},
        settings={"given": "wrong"},
    )
    refusing = "\n".join(
        f"def test_{number}():\n    try:\n        pin({text!r})\n"
        "    except ValueError:\n        return\n    assert False\n"
        for number, text in enumerate(("-1234", "+1234", "12_34", " 1234"))
    )
    tests = f"from solution import pin\n{refusing}"
    assert "refuses everything passes" in await why_not("tests_tell", proved(made, "tests", {"tests": tests}), lab)
    honest = f"{tests}\ndef test_honest():\n    assert pin('0042') == 42\n"
    lab.runs = 0
    assert await why_not("tests_tell", proved(made, "tests", {"tests": honest}), lab) == ""
    assert lab.runs == 2  # the right code, and all the wrong ones together


PIN_RIGHT = """def pin(text):
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
"""


@pytest.mark.parametrize(
    "tests",
    [
        "from solution import f\ndef test_a():\n    assert f(1) == 2\n",
        "from solution import f\nasync def test_a():\n    assert f(1) == 2\n",
        "from solution import f\nclass TestF:\n    def test_a(self):\n        assert f(1) == 2\n",
        "from solution import *\nassert f(1) == 2\n",
        "import unittest\nfrom solution import f\nclass T(unittest.TestCase):\n"
        "    def setUp(self):\n        self.x = 1\n    def test_a(self):\n        self.assertEqual(f(self.x), 2)\n",
    ],
)
async def test_which_of_several_programs_pass_is_what_the_runner_of_tests_says_too(lab: DirectLab, tests: str) -> None:
    programs = [
        "def f(x):\n    return x + 1\n",
        "def f(x):\n    return x\n",
        "def f(x):\n    print('@@[true, true]')\n    raise SystemExit(0)\n",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    n: int\ndef f(x):\n    return A(x).n * 2\n",
        "def f(x:",
    ]
    assert await which_pass(programs, tests, lab) == [True, False, False, True, False]
    assert [(await lab.run_tests(program, tests)).all_passed for program in programs] == [
        True,
        False,
        False,
        True,
        False,
    ]


async def test_a_wrong_program_that_never_ends_does_not_pass_and_holds_up_no_other(lab: DirectLab) -> None:
    tests = "from solution import f\ndef test_a():\n    assert f() == 1\n"
    programs = ["def f():\n    while True: pass\n", "def f():\n    return 1\n"]
    assert await which_pass(programs, tests, lab) == [False, True]
    assert await which_pass([], tests, lab) == []


async def test_an_attempt_that_the_task_shows_must_fail_the_tests(lab: DirectLab) -> None:
    wrong = gaps_item().model_copy(update={"question": f"{GAPS_TASK}\nMy attempt:\n\n{fenced(GAPS_WRONG, 'python')}"})
    assert await why_not("tests_tell", wrong, lab) == ""
    solved = gaps_item().model_copy(update={"question": f"{GAPS_TASK}\nMy attempt:\n\n{fenced(GAPS_RIGHT, 'python')}"})
    assert "the wrong attempt in the task passes" in await why_not("tests_tell", solved, lab)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def free(taken, start, end):\n    return []", "does not define `gaps`"),
        ("def gaps(taken, end, start):\n    return []", "parameters"),
        ("def gaps(taken, start, end, step):\n    return []", "asks for more"),
        ('def gaps(taken, start, end):\n    """Free ones."""\n', "is not written"),
        ("def gaps(taken, start, end):\n    raise NotImplementedError", "is not written"),
        ("def gaps(taken, start, end):\n    # TODO: the rest\n    return []", "not finished"),
        ("Sure! def gaps(taken)", "no Python"),
    ],
)
async def test_an_answer_that_is_no_whole_program_is_sent_back(code: str, words: str) -> None:
    assert words in await why_not("answer_is_code", gaps_item(), code=code)


async def test_an_answer_may_have_more_parameters_with_defaults_and_helpers() -> None:
    code = "from functools import cache\ndef _x(): ...\ndef gaps(taken, start, end, *, step=1):\n    return []"
    assert await why_not("answer_is_code", gaps_item(), code=code) == ""
    assert await why_not("answer_is_code", gaps_item(), code="gaps = lambda taken, start, end: []") == ""


async def test_the_examples_of_a_task_have_to_come_out_as_shown(lab: DirectLab) -> None:
    assert await why_not("shown_examples_hold", gaps_item(), lab, GAPS_RIGHT) == ""
    printing = gaps_item().model_copy(
        update={"question": "Do it.\n\n```python\n>>> print(len(gaps([], 0, 4)))\n1\n```"}
    )
    assert await why_not("shown_examples_hold", printing, lab, GAPS_RIGHT) == ""
    two = "def gaps(taken, start, end):\n    return [1, 2]\n"
    assert "gives 1, and with this answer it gives 2" in await why_not("shown_examples_hold", printing, lab, two)
    broken = GAPS_RIGHT.replace("sorted(taken)", "taken")
    assert "gives [(0, 1), (3, 6), (8, 10)]" in await why_not("shown_examples_hold", gaps_item(), lab, broken)


SEATS_RIGHT = """\
class Hall:
    def __init__(self, seats):
        self.seats = seats
        self.taken = set()

    def book(self, count):
        free = [n for n in range(self.seats) if n not in self.taken]
        if count > len(free):
            raise ValueError("full")
        chosen = free[:count]
        self.taken.update(chosen)
        return chosen
"""
SEATS_WRONG = SEATS_RIGHT.replace("range(self.seats)", "range(1, self.seats)")
SEATS_TESTS = """\
from solution import Hall

def test_first():
    assert Hall(3).book(1) == [0]

def test_next():
    hall = Hall(3)
    hall.book(2)
    assert hall.book(1) == [2]

def test_all():
    assert Hall(2).book(2) == [0, 1]

def test_full():
    try:
        Hall(1).book(2)
    except ValueError:
        return
    assert False, "no error"
"""


def debug_item(given: str = SEATS_WRONG, right: str = SEATS_RIGHT, tests: str = SEATS_TESTS) -> Instruction:
    made = item("code", {"given": given, "reference": right, "rules": []}, settings={"given": "wrong"})
    return proved(made, "tests", {"tests": tests})


async def test_hidden_tests_pass_on_the_right_code_and_fail_on_the_fault(lab: DirectLab) -> None:
    made = debug_item()
    assert await why_not("bug_is_small", made) == ""
    assert await why_not("tests_tell", made, lab) == ""
    assert await is_right(made, SEATS_RIGHT, lab)
    assert not await is_right(made, SEATS_WRONG, lab)
    blind = (
        SEATS_TESTS.replace("Hall(3).book(1) == [0]", "len(Hall(3).book(1)) == 1")
        .replace("hall.book(2)\n    assert hall.book(1) == [2]", "hall.book(1)\n    assert len(hall.book(1)) == 1")
        .replace("Hall(2).book(2) == [0, 1]", "len(Hall(3).book(2)) == 2")
    )
    assert "the given code passes" in await why_not("tests_tell", debug_item(tests=blind), lab)


async def test_tests_of_another_task_than_the_reference_solves_are_sent_back(lab: DirectLab) -> None:
    tests = SEATS_TESTS.replace("== [0]", "== [1]")
    assert "the right code (not shown to you) fails" in await why_not("tests_tell", debug_item(tests=tests), lab)


async def test_a_bug_is_small_is_there_and_is_not_pointed_at() -> None:
    assert "are the same" in await why_not("bug_is_small", debug_item(given=SEATS_RIGHT))
    told = SEATS_WRONG.replace("self.taken = set()", "self.taken = set()  # bug: wrong start")
    assert "tells of its fault" in await why_not("bug_is_small", debug_item(given=told))
    other = "\n".join(f"x{number} = {number}" for number in range(20)) + "\n" + SEATS_WRONG
    assert "lines differ" in await why_not("bug_is_small", debug_item(given=other))


async def test_a_fix_touches_the_fault_and_leaves_the_rest() -> None:
    made = debug_item()
    assert await why_not("work_kept", made, code=SEATS_RIGHT) == ""
    rewritten = (
        "class Hall:\n    def __init__(self, seats):\n        self.free = list(range(seats))\n\n"
        "    def book(self, count):\n        if count > len(self.free):\n            raise ValueError\n"
        "        chosen, self.free = self.free[:count], self.free[count:]\n        return chosen\n"
    )
    assert "of the given lines" in await why_not("work_kept", made, code=rewritten)
    elsewhere = SEATS_WRONG.replace("self.taken = set()", "self.taken = set([])")
    assert "another place" in await why_not("work_kept", made, code=elsewhere)


async def test_a_gap_is_filled_and_what_stands_around_it_stays() -> None:
    given = SEATS_RIGHT.replace(
        '        if count > len(free):\n            raise ValueError("full")\n',
        "        # TODO: refuse what does not fit\n        ...\n",
    )
    made = item("code", {"given": given, "rules": []}, settings={"given": "partial"})
    assert FORMS["code"].problems(made) == []
    assert await why_not("work_kept", made, code=SEATS_RIGHT) == ""
    assert "of the given lines" in await why_not("work_kept", made, code=SEATS_RIGHT.replace("free", "open_seats"))
    whole = item("code", {"given": SEATS_RIGHT, "rules": []}, settings={"given": "partial"})
    assert "no gap" in FORMS["code"].problems(whole)[0]


async def test_refactored_code_is_other_code_with_the_same_results(lab: DirectLab) -> None:
    made = proved(
        item("code", {"given": SEATS_RIGHT, "rules": []}, settings={"given": "right"}), "tests", {"tests": SEATS_TESTS}
    )
    assert await why_not("tests_tell", made, lab) == ""
    assert "the given code again" in await why_not("work_kept", made, code=SEATS_RIGHT + "# tidy\n")
    tidy = SEATS_RIGHT.replace(
        "chosen = free[:count]\n        self.taken.update(chosen)\n        return chosen",
        "self.taken |= set(free[:count])\n        return free[:count]",
    )
    assert await why_not("work_kept", made, code=tidy) == ""
    assert await is_right(made, tidy, lab)
    odd = made.model_copy(update={"proof": {"tests": (SEATS_TESTS.replace("== [0]", "== [1]"),)}})
    assert "the given code fails the tests" in await why_not("tests_tell", odd, lab)


MODULE = '''\
"""Rooms of a house, in memory."""

class Room:
    """A room with its area in square metres."""

    def __init__(self, name, area):
        self.name, self.area = name, area


def load(text):
    """Rooms out of lines `name=area`."""
    return [Room(name, float(area)) for name, _, area in (line.partition("=") for line in text.splitlines())]
'''


async def test_an_answer_can_import_the_module_that_its_task_gives(lab: DirectLab) -> None:
    data = {"given": MODULE, "module": "rooms.py", "interface": "def largest(text: str) -> str: ...", "rules": []}
    made = item("code", data, settings={"given": "module"})
    tests = "from rooms import Room\nfrom solution import largest\n\nassert Room" + "".join(
        f"\ndef test_{at}():\n    assert largest({text!r}) == {name!r}\n"
        for at, (text, name) in enumerate([("a=1", "a"), ("a=1\nb=2", "b"), ("c=3\nb=2", "c"), ("x=1\ny=1.5", "y")])
    )
    made = proved(made, "tests", {"tests": tests})
    assert "`rooms.py`:" in FORMS["code"].shown(made, "en")
    code = (
        "from __future__ import annotations\nfrom rooms import load\n\ndef largest(text):\n"
        "    return max(load(text), key=lambda room: room.area).name\n"
    )
    assert await why_not("tests_tell", made, lab) == ""
    assert await is_right(made, code, lab)
    assert not await is_right(made, code.replace("max(", "min("), lab)


def test_what_is_to_be_translated_is_not_python_already() -> None:
    data = {"given": "x = 1", "language": "javascript", "interface": "def f(x): ...", "rules": []}
    assert "is Python already" in FORMS["code"].problems(item("code", data, settings={"given": "foreign"}))[0]
    js = {**data, "given": "const f = (x) => x ?? 1;"}
    made = item("code", js, settings={"given": "foreign"})
    assert FORMS["code"].problems(made) == []
    assert "```javascript\nconst f" in FORMS["code"].shown(made, "en")


# ---------------------------------------------------------------------------------------------------------------- speed

SLOW = (
    "def twice(rows):\n    found = []\n    for row in rows:\n"
    "        if rows.count(row) > 1 and row not in found:\n            found.append(row)\n"
    "    return found\n"
)
FAST = (
    "from collections import Counter\n\ndef twice(rows):\n"
    "    return [row for row, count in Counter(rows).items() if count > 1]\n"
)
STYLED = "def twice(rows):\n    return list(dict.fromkeys(row for row in rows if rows.count(row) > 1))\n"
SIZES = "def make_args(n):\n    return (list(range(n)) + [3],)\n"
TWICE_TESTS = "from solution import twice\n" + "".join(
    f"\ndef test_{at}():\n    assert twice({rows!r}) == {found!r}\n"
    for at, (rows, found) in enumerate([([], []), ([1, 1], [1]), ([1, 2], []), ([3, 1, 3, 1], [3, 1])])
)


def speed_item(sizes: str = SIZES) -> Instruction:
    made = item("code", {"given": SLOW, "rules": []}, settings={"given": "right"})
    return proved(made, "scaled_tests", {"tests": TWICE_TESTS, "sizes": sizes})


async def test_a_better_order_of_growth_is_told_from_a_change_of_style(lab: DirectLab) -> None:
    made = speed_item()
    assert await why_not("tests_tell", made, lab) == ""
    assert await is_right(made, FAST, lab)
    assert not await is_right(made, STYLED, lab)


async def test_a_fast_program_with_other_results_is_not_right(lab: DirectLab) -> None:
    assert not await is_right(speed_item(), FAST.replace("count > 1]", "count > 1 and len(rows) < 50]"), lab)


async def test_inputs_on_which_nothing_is_slow_are_sent_back(lab: DirectLab) -> None:
    quick = "def make_args(n):\n    return ([1, 1],)\n"
    assert "needs only" in await why_not("tests_tell", speed_item(quick), lab)
    assert "make_args" in await why_not("tests_tell", speed_item("def make(n):\n    return ([],)\n"), lab)


# ---------------------------------------------------------------------------------------------------------------- cases

FARE = '''\
"""Fares of a bus line."""


def fare(age: int, zones: int) -> int:
    """Cents for a ride: 200 a zone, half of it below 16, nothing below 6. Raises ValueError for no zones."""
    if zones < 1:
        raise ValueError("no zones")
    if age < 6:
        return 0
    price = 200 * zones
    return price // 2 if age < 16 else price
'''
MUTANTS = [
    "if age < 6: ==> if age <= 6:",
    "return price // 2 if age < 16 else price ==> return price // 2 if age <= 16 else price",
    "if zones < 1: ==> if zones < 0:",
    "`price = 200 * zones` ==> `price = 200 + zones`",
]
FARE_TESTS = """\
from fares import fare

def test_a_child_of_five_rides_free():
    assert fare(5, 2) == 0

def test_from_six_on_half():
    assert fare(6, 2) == 200

def test_from_sixteen_on_full():
    assert fare(16, 2) == 400

def test_no_zones():
    try:
        fare(30, 0)
    except ValueError:
        return
    assert False, "no error"
"""


def fare_item(mutants: list[str] = MUTANTS, tests: str = FARE_TESTS) -> Instruction:
    made = item("cases", {"given": FARE, "module": "fares"}, "Write unit tests for this module.")
    return proved(made, "mutants", {"tests": tests, "mutants": mutants})


async def test_good_tests_pass_on_the_module_and_catch_every_planted_bug(lab: DirectLab) -> None:
    made = fare_item()
    assert await why_not("tests_sound", made) == ""
    assert await why_not("mutants_sound", made, lab) == ""
    assert await is_right(made, FARE_TESTS, lab)
    weak = FARE_TESTS.replace("fare(6, 2) == 200", "fare(10, 2) == 200")
    assert not await is_right(made, weak, lab)
    assert not await is_right(made, FARE_TESTS.replace("== 400", "== 401"), lab)


async def test_unittest_cases_count_as_tests_too(lab: DirectLab) -> None:
    code = (
        '"""Tests."""\nfrom __future__ import annotations\nimport unittest\nimport fares\n\n\n'
        "class TestFare(unittest.TestCase):\n"
        "    def test_free(self):\n        self.assertEqual(fares.fare(5, 1), 0)\n\n"
        "    def test_half(self):\n        self.assertEqual(fares.fare(6, 2), 200)\n\n"
        "    def test_full(self):\n        self.assertEqual(fares.fare(16, 2), 400)\n\n"
        "    def test_none(self):\n        with self.assertRaises(ValueError):\n            fares.fare(9, 0)\n"
    )
    assert await why_not("tests_are_written", fare_item(), code=code) == ""
    assert await is_right(fare_item(), code, lab)


async def test_a_bug_that_nobody_can_see_or_that_cannot_be_planted_is_sent_back(lab: DirectLab) -> None:
    same = [*MUTANTS[:3], "price = 200 * zones ==> price = zones * 200"]
    assert "your own tests do not show" in await why_not("mutants_sound", fare_item(same), lab)
    gone = [*MUTANTS[:3], "price = 100 * zones ==> price = 200"]
    assert "stands 0 times" in await why_not("mutants_sound", fare_item(gone), lab)
    plain = [*MUTANTS[:3], "the price is wrong"]
    assert "not of the form" in await why_not("mutants_sound", fare_item(plain), lab)


async def test_answers_that_are_no_tests_of_the_module_are_sent_back() -> None:
    assert "only 1 tests" in await why_not("tests_are_written", fare_item(), code="def test_a():\n    assert 1\n")
    own = FARE_TESTS + "\ndef fare(age, zones):\n    return 0\n"
    assert "import it from `fares`" in await why_not("tests_are_written", fare_item(), code=own)
    twice = FARE_TESTS.replace("test_from_sixteen_on_full", "test_from_six_on_half")
    assert "the same name" in await why_not("tests_are_written", fare_item(), code=twice)


def test_a_planted_bug_keeps_indentation_and_line_ends() -> None:
    given = "def f(x):\r\n\tif x < 1:\r\n\t\treturn 0\r\n\treturn x\r\n"
    assert mutated(given, "if x < 1: ==> if x <= 1:") == given.replace("x < 1", "x <= 1")
    assert renamed('"""Doc."""\nimport a\n', "a").splitlines()[1].startswith("import sys")


# -------------------------------------------------------------------------------------------------------------- queries

SCHEMA = """\
CREATE TABLE boats (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE trips (id INTEGER PRIMARY KEY, boat_id INTEGER REFERENCES boats(id), day TEXT, guests INTEGER);
INSERT INTO boats VALUES (1, 'Heron'), (2, 'Otter'), (3, 'Pike');
INSERT INTO trips VALUES (1, 1, '2024-05-01', 8), (2, 1, '2024-05-02', 4), (3, 2, '2024-05-02', 6);
"""
QUERY = "SELECT b.name, COALESCE(SUM(t.guests), 0) FROM boats b LEFT JOIN trips t ON t.boat_id = b.id GROUP BY b.id"
ROWS = (
    "INSERT INTO boats VALUES (4, 'Heron');\n"
    "INSERT INTO trips VALUES (9, 4, '2024-06-01', NULL), (10, 3, '2024-06-02', 5);"
)


def query_item(query: str = QUERY, ordered: str = "no", rows: str = ROWS, schema: str = SCHEMA) -> Instruction:
    made = item("query", {"schema": schema, "ordered": ordered, "query": query}, "List each boat with its guests.")
    return proved(made, "rows", {"rows": rows})


async def test_queries_are_compared_by_their_rows_on_shown_and_hidden_data(lab: DirectLab) -> None:
    made = query_item()
    assert await why_not("query_runs", made, lab) == ""
    assert await why_not("rows_sound", made, lab) == ""
    other = (
        "WITH s AS (SELECT boat_id, SUM(guests) g FROM trips GROUP BY 1)\n"
        "SELECT name, IFNULL(g, 0.0) FROM boats LEFT JOIN s ON boat_id = boats.id ORDER BY name DESC;"
    )
    assert await is_right(made, other, lab)
    inner = QUERY.replace("LEFT JOIN", "JOIN")
    assert not await is_right(made, inner, lab)
    by_name = QUERY.replace("GROUP BY b.id", "GROUP BY b.name")  # right on the rows shown alone
    assert not await is_right(made, by_name, lab)
    assert not await is_right(made, "DELETE FROM boats", lab)
    assert not await is_right(made, QUERY.replace("b.name,", ""), lab)


async def test_the_order_counts_where_it_is_asked_for_and_must_be_total(lab: DirectLab) -> None:
    ordered = QUERY + " ORDER BY 2 DESC, b.id"
    made = query_item(ordered, "yes")
    assert await why_not("query_runs", made, lab) == ""
    assert await is_right(made, ordered, lab)
    assert not await is_right(made, QUERY + " ORDER BY 2, b.id", lab)
    tied = SCHEMA.replace("(2, 1, '2024-05-02', 4), (3, 2, '2024-05-02', 6)", "(2, 2, '2024-05-02', 8)")
    top = "SELECT b.name FROM trips t JOIN boats b ON b.id = t.boat_id ORDER BY t.guests DESC LIMIT 1"
    assert "hangs on the order" in await why_not("query_runs", query_item(top, "yes", schema=tied), lab)


async def test_a_schema_a_query_or_rows_that_do_not_run_are_sent_back(lab: DirectLab) -> None:
    assert "no such column" in await why_not("query_runs", query_item(QUERY.replace("guests", "people")), lab)
    assert "no rows" in await why_not("query_runs", query_item("SELECT name FROM boats WHERE id = 99"), lab)
    assert "do not load" in await why_not("rows_sound", query_item(rows="INSERT INTO boats VALUES (1, 'Again');"), lab)
    assert "the same" in await why_not(
        "rows_sound", query_item(rows="INSERT INTO trips VALUES (9, NULL, '2024-05-03', 2);"), lab
    )
    assert "does not run" in await why_not("answer_query_runs", query_item(), lab, "SELECT nome FROM boats")
    assert await why_not("answer_query_runs", query_item(), lab, f"```sql\n{QUERY}\n```") == ""


async def test_a_query_that_never_ends_is_stopped(lab: DirectLab) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n"
    assert not await is_right(query_item(), endless, lab)


# ------------------------------------------------------------------------------------------------------------- patterns

SHOWN = {"matches": ["K-12", "K-7a", "KL-300"], "rejects": ["K12", "k-12", "K-12A", "K-1234"]}
PATTERN = r"[A-Z]{1,2}-\d{1,3}[a-z]?"
HIDDEN = {
    "must": ["A-1", "ZZ-999z", "B-22c", "QA-1", "M-404"],
    "must_not": ["ABC-1", "A-", "-1", "A-1aa", "A 1", "AB-0000"],
}


def pattern_item(pattern: str = PATTERN, hidden: Data | None = None) -> Instruction:
    made = item("pattern", {**SHOWN, "pattern": pattern}, "Write a pattern for the shelf marks of our archive.")
    return proved(made, "strings", hidden or HIDDEN)


async def test_a_pattern_is_judged_by_strings_that_are_not_shown(lab: DirectLab) -> None:
    made = pattern_item()
    assert await why_not("pattern_fits", made, lab) == ""
    assert await why_not("strings_sound", made, lab) == ""
    assert await is_right(made, r"[A-Z][A-Z]?-[0-9]{1,3}[a-z]{0,1}", lab)
    assert await is_right(made, f"```regex\n{PATTERN}\n```", lab)
    assert await is_right(made, f'r"{PATTERN}"', lab)
    listed = "K-12|K-7a|KL-300"
    assert await why_not("answer_pattern_fits", made, lab, listed) == ""
    assert not await is_right(made, listed, lab)
    assert "no pattern" in await why_not("answer_pattern_fits", made, lab, "[A-Z")
    assert "'K-7a' does not match" in await why_not("answer_pattern_fits", made, lab, r"[A-Z]{1,2}-\d{1,3}")


async def test_a_pattern_that_backtracks_without_end_is_caught(lab: DirectLab) -> None:
    assert "without end" in await why_not("answer_pattern_fits", pattern_item(), lab, r"(?:[A-Z]+)+-\d{1,3}[a-z]?")


async def test_strings_that_contradict_the_pattern_or_are_not_new_are_sent_back(lab: DirectLab) -> None:
    odd = {**HIDDEN, "must": [*HIDDEN["must"], "AB-12cd"]}
    assert "'AB-12cd' does not match" in await why_not("strings_sound", pattern_item(hidden=odd), lab)
    old = {**HIDDEN, "must": [*SHOWN["matches"], "A-1", "A-2"]}
    assert "at least three new ones" in await why_not("strings_sound", pattern_item(hidden=old), lab)
    both = {**HIDDEN, "must_not": [*HIDDEN["must_not"], "A-1"]}
    assert "to match and not to match" in await why_not("strings_sound", pattern_item(hidden=both), lab)


def test_what_stands_around_a_pattern_goes_and_its_own_signs_stay() -> None:
    assert bare(r"`\d+ `") == r"\d+ "
    assert bare(r"r'\d'") == r"\d"
    assert bare(r'"[^"]*"') == r'"[^"]*"'
    assert bare(" a ") == " a "


# ------------------------------------------------------------------------------------------------ traces, errors, prose

TRACE = "What does this print?\n\n```python\nrows = [[0]] * 3\nrows[0].append(1)\nprint(len(rows[2]), rows[1])\n```"


def trace_item(key: str = "2 [0, 1]", question: str = TRACE) -> Instruction:
    return item("span", {"answer": key}, question)


TRACED = leaf("span", settings={"runs": "trace", "shows": "python"})


async def test_the_key_of_a_trace_is_what_the_program_prints(lab: DirectLab) -> None:
    assert await why_not("trace_runs", trace_item(), lab, leaf=TRACED) == ""
    assert "prints '2 [0, 1]'" in await why_not("trace_runs", trace_item("1 [0]"), lab, leaf=TRACED)
    unsteady = "What is it?\n\n```python\nimport time\nprint(time.time_ns())\n```"
    assert "each time" in await why_not("trace_runs", trace_item("5", unsteady), lab, leaf=TRACED)
    broken = "What is it?\n\n```python\nprint(1 / 0)\n```"
    assert "ZeroDivisionError" in await why_not("trace_runs", trace_item("5", broken), lab, leaf=TRACED)
    told = "What is it?\n\n```python\nprint('seven boats')\n```"
    assert "only prints" in await why_not("trace_runs", trace_item("seven boats", told), lab, leaf=TRACED)


async def test_an_answer_to_a_trace_is_exact() -> None:
    def said(text: str) -> Answer:
        return Answer(value=(text,), reasoning="All three rows are one list.")

    assert await why_not("trace_answer_exact", trace_item(), code="x", leaf=TRACED, answer=said("2 [0, 1]")) == ""
    assert await why_not("trace_answer_exact", trace_item(), code="x", leaf=TRACED, answer=said("2 [0,1]"))


FAILS = "```python\nprices = {'a': 3}\n\ndef price(name):\n    return prices[name]\n\nprint(price('b'))\n```"
ERROR = leaf("text", settings={"runs": "error", "shows": "faulty"})
RUBRIC = {"rubric": ["It says that `prices` has no key 'b'.", "It proposes `.get` or a check."], "constraints": []}


async def test_the_error_that_a_task_shows_is_the_one_that_comes(lab: DirectLab) -> None:
    question = f"Why does this fail?\n\n{FAILS}\n\n```\n  File \"main.py\", line 4, in price\nKeyError: 'b'\n```"
    assert await why_not("error_is_real", item("text", RUBRIC, question), lab, leaf=ERROR) == ""
    other = question.replace("KeyError: 'b'", "IndexError: list index out of range")
    assert "KeyError: 'b'" in await why_not("error_is_real", item("text", RUBRIC, other), lab, leaf=ERROR)
    fine = question.replace("price('b')", "price('a')")
    assert "without an error" in await why_not("error_is_real", item("text", RUBRIC, fine), lab, leaf=ERROR)


SHOWN_CODE = f"Review this, please.\n\n{fenced(CODE, 'python')}"


async def prose_reason(name: str, text: str) -> str:
    answer = Answer(value=(text,), reasoning="The total is what matters here.")
    return await why_not(name, item("text", RUBRIC, SHOWN_CODE), code="x", answer=answer)


async def test_names_in_backticks_stand_in_the_code_or_are_pythons_own() -> None:
    assert (
        await prose_reason(
            "names_exist", "`total` shadows `sum()`; `functools.reduce`, `row.price`, `O(n)`, `rows[0]`."
        )
        == ""
    )
    assert (
        await prose_reason("names_exist", "Use a helper:\n\n```python\ndef add(a): ...\n```\nso that `add` is tested.")
        == ""
    )
    assert "`compute_total`" in await prose_reason("names_exist", "`compute_total` ignores the count.")


async def test_documented_code_is_the_same_program_with_docstrings() -> None:
    good = (
        'def total(rows):\n    """Add up the prices."""\n    sum = 0\n    for row in rows:\n'
        "        sum += row.price\n    return sum\n"
    )
    assert await prose_reason("documented_code_same", fenced(good, "python")) == ""
    assert "was changed" in await prose_reason(
        "documented_code_same", fenced(good.replace("sum = 0", "sum = 0.0"), "python")
    )
    assert "`total` still has no docstring" in await prose_reason("documented_code_same", fenced(CODE, "python"))
    assert "does not show" in await prose_reason("documented_code_same", "I would add a docstring to `total`.")


def test_names_of_the_library_and_quantities_are_no_inventions() -> None:
    question = "Why?\n\n```python\ndef merge(counts):\n    return counts\n```"
    for named in ("defaultdict", "lru_cache", "Counter.most_common()", "deque.appendleft", "n", "os.path.join"):
        assert invented_name(f"Better use `{named}` here.", question) is None
    for invented in ("merge_keys", "normalise()", "counts.normalised"):
        assert invented_name(f"First `{invented}` is called.", question) == invented


@pytest.mark.parametrize(
    ("comment", "is_finished"),
    [
        ("# unchanged values are skipped", True),
        ("# same as above, for the other side", True),
        ("# unchanged", False),
        ("# ... existing code ...", False),
        ("# the rest of the code", False),
        ("# TODO: the border", False),
    ],
)
async def test_comments_that_stand_for_missing_code_are_told_from_others(comment: str, is_finished: bool) -> None:
    code = GAPS_RIGHT.replace("    free", f"    {comment}\n    free", 1)
    assert comment in code
    assert (await why_not("answer_is_code", gaps_item(), code=code) == "") is is_finished


def test_a_patch_that_only_adds_needs_a_line_to_stand_by() -> None:
    with pytest.raises(PatchProblem, match="copy the line above"):
        apply_patch("a\nb\n", "+c")
    assert apply_patch("a\nb\n", " a\n+c") == "a\nc\nb\n"


async def test_the_output_of_a_program_is_compared_sign_by_sign() -> None:
    made = item("span", {"answer": "['a'] 2"}, settings={"exact": True})
    assert FORMS["span"].shown(made, "en") == made.question
    assert FORMS["span"].same(("['a'] 2",), ("['a'] 2",), made)
    assert not FORMS["span"].same(('["a"] 2',), ("['a'] 2",), made)
    assert not FORMS["span"].same(("['A'] 2",), ("['a'] 2",), made)
    loose = item("span", {"answer": "The Heron"})
    assert FORMS["span"].same(("the heron",), ("The Heron",), loose)


async def test_the_patches_of_a_review_fit_the_code() -> None:
    diff = "```diff\n-    sum = 0\n+    amount = 0\n```"
    assert await prose_reason("patch_applies", f"1. It shadows `sum`.\n\n{diff}") == ""
    assert "does not apply" in await prose_reason("patch_applies", diff.replace("sum = 0", "total = 0"))
    assert "no Python any more" in await prose_reason("patch_applies", diff.replace("amount = 0", "amount = ("))
    assert "no patch" in await prose_reason("patch_applies", "Rename `sum`.")


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ("It passes the hidden tests.", "hidden tests"),
        ("As an AI language model, I cannot run it.", "being a model"),
        ("I hope this helps!", "hope this helps"),
    ],
)
async def test_notes_speak_of_the_task_and_of_nothing_behind_it(notes: str, words: str) -> None:
    answer = answered(gaps_item(), GAPS_RIGHT, notes)
    assert words in await why_not("reply_clean", gaps_item(), code=GAPS_RIGHT, answer=answer)
    fine = answered(gaps_item(), GAPS_RIGHT, "A `?` placeholder keeps the value out of the text, and `{{ x }}` stays.")
    assert await why_not("reply_clean", gaps_item(), code=GAPS_RIGHT, answer=fine) == ""


# ---------------------------------------------------------------------------------------------------------------- tasks


@pytest.mark.parametrize(
    ("check", "question", "words"),
    [
        ("task_clear", "The harbour has nine berths and a crane that is out of order on Mondays.", "nobody to do"),
        ("task_clear", "Write `f`.", "words"),
        ("task_clear", "Write a function that adds all the prices in the list up, and", "breaks off"),
        ("task_clear", "Write a function for these rows, as here:\n```python\nf(1)\n", "never closed"),
        (
            "task_stands_alone",
            "Implement the rules that the passage describes for late boats in the harbour.",
            "passage",
        ),
        ("task_stands_alone", "Fix the function below so that late boats are fined in full.", "not there"),
        ("task_clean", "Here is the task: write a function that returns the fines of late boats.", "talk about it"),
        ("task_clean", "<|im_start|> Write a function that returns the fines of late boats.", "control token"),
        (
            "task_language",
            "Escribe una función que devuelva las multas de los barcos que llegan tarde al puerto.",
            "Spanish",
        ),
    ],
)
async def test_a_task_that_cannot_be_worked_on_is_sent_back(check: str, question: str, words: str) -> None:
    made = item("code", {"interface": GAPS, "rules": []}, question)
    assert words in await why_not(check, made)
    fine = "Write a function `fines` that returns what late boats owe: 500 a day, and nothing for the first hour."
    assert await why_not(check, item("code", {"interface": GAPS, "rules": []}, fine)) == ""


async def test_a_task_about_code_shows_it() -> None:
    shows = leaf("text", settings={"shows": "python"})
    assert "shows no code" in await why_not(
        "shows_code", item("text", RUBRIC, "Review my function, please."), leaf=shows
    )
    assert "cannot be read" in await why_not(
        "shows_code", item("text", RUBRIC, "Review:\n```python\ndef f(:\n```"), leaf=shows
    )
    assert await why_not("shows_code", item("text", RUBRIC, SHOWN_CODE), leaf=shows) == ""


@pytest.mark.parametrize(
    ("goal", "data", "question", "words"),
    [
        (
            "forbidden_library",
            {"interface": GAPS, "rules": []},
            GAPS_TASK + "Do not use `sorted`.",
            "`rules` must hold",
        ),
        ("bounded_cost", {"interface": GAPS, "rules": []}, GAPS_TASK + "It should be efficient.", "no bound"),
        ("misleading_attempt", {"interface": GAPS, "rules": []}, GAPS_TASK + "I tried a loop.", "no attempt"),
        ("edge_case", {"interface": GAPS, "rules": []}, GAPS_TASK, "same as before"),
    ],
)
async def test_an_edit_that_misses_its_goal_is_sent_back(goal: str, data: Data, question: str, words: str) -> None:
    made = item("code", data, question)
    aim = Goal(name=goal, description="harder", edits="question")
    assert words in await why_not("task_refined", made, goal=aim, parent=gaps_item())


async def test_an_edit_that_reaches_its_goal_passes() -> None:
    for goal, data, question in (
        (
            "forbidden_library",
            {"interface": GAPS, "rules": ["forbids: sorted"]},
            GAPS_TASK + "Without `sorted`, please.",
        ),
        ("bounded_cost", {"interface": GAPS, "rules": []}, GAPS_TASK + "There are up to 200,000 intervals."),
        ("misleading_attempt", {"interface": GAPS, "rules": []}, GAPS_TASK + fenced(GAPS_WRONG, "python")),
    ):
        aim = Goal(name=goal, description="harder", edits="question")
        assert await why_not("task_refined", item("code", data, question), goal=aim, parent=gaps_item()) == ""


async def test_material_with_code_that_cannot_be_read_is_sent_back() -> None:
    def material(text: str) -> Instruction:
        made = gaps_item()
        return made.model_copy(update={"content": made.content.model_copy(update={"text": text, "transformer": "t"})})

    assert await why_not("material_sound", material(SHOWN_CODE)) == ""
    assert "cannot be read" in await why_not("material_sound", material("# Gaps\n```python\ndef f(:\n```\n"))
    assert "no code" in await why_not("material_sound", material("# Gaps\nA function that finds gaps."))
    assert "never closed" in await why_not("material_sound", material("# Gaps\n```python\nx = 1\n"))


async def test_a_library_that_is_not_there_is_not_asked_for(lab: DirectLab) -> None:
    wants = leaf("code", settings={"libraries": ["surely_not_installed"]})
    made = item("code", {"interface": GAPS, "rules": []}, "Write it with surely_not_installed, as arrays.")
    assert "not installed" in await why_not("libraries_there", made, lab, leaf=wants)
    assert await why_not("libraries_there", gaps_item(), lab, leaf=wants) == ""


def test_code_that_is_nested_without_end_is_refused_before_anything_walks_through_it() -> None:
    with pytest.raises(CodeProblem, match="deeply"):
        parse("x = " + " + ".join(["1"] * 2000))


def test_a_fence_in_a_list_loses_its_indentation_and_one_in_a_docstring_closes_nothing() -> None:
    (block,) = blocks("1. Do this:\n\n   ```diff\n   -    a = 1\n   +    a = 2\n   ```\n")
    assert block.code == "-    a = 1\n+    a = 2"
    code = 'def f():\n    """Give text:\n\n    ```\n    x\n    ```\n    """'
    assert without_fence(f"```python\n{code}\n```") == code


@pytest.mark.parametrize(
    "question",
    [
        "What does this print?\n\n```python\nprint(3 * [1])\n```",
        "Return all dates mentioned in the text, and the title of the article, from the document passed in.",
        "Draw from `random.Random(seed)`; the seed is an argument. Give the list that comes out of `f`",
        "Implement the following function. It takes the price of the passage and the tonnage of `ship`",
        "- `a` raises `KeyError` for any other name.\n- `b` raises `KeyError` for any other name.\n\nWrite both.",
    ],
)
async def test_a_fair_task_is_not_sent_back_for_its_subject_or_its_marks(question: str) -> None:
    made = item("code", {"interface": GAPS, "rules": []}, question)
    for check in ("task_clear", "task_stands_alone", "task_clean", "task_language"):
        assert await why_not(check, made) == "", check


async def test_a_reply_in_another_language_is_sent_back() -> None:
    spanish = answered(gaps_item(), GAPS_RIGHT, "Primero se ordenan los intervalos y luego se recorren una sola vez.")
    assert "Spanish" in await why_not(
        "reply_language",
        gaps_item(),
        code=GAPS_RIGHT,
        answer=spanish.model_copy(
            update={"reasoning": "Ordena los intervalos por su inicio y guarda el final más tardío que se haya visto."}
        ),
    )
    assert await why_not("reply_language", gaps_item(), code=GAPS_RIGHT) == ""


async def test_a_todo_that_was_there_before_may_stay() -> None:
    given = SEATS_WRONG.replace("self.taken = set()", "self.taken = set()  # TODO: keep on disk one day")
    right = SEATS_RIGHT.replace("self.taken = set()", "self.taken = set()  # TODO: keep on disk one day")
    assert await why_not("answer_is_code", debug_item(given=given, right=right), code=right) == ""


async def test_points_for_graders_name_what_is_in_the_code() -> None:
    made = item("text", {"rubric": ["It says that `total` ignores `row.count`.", "It says more."]}, SHOWN_CODE)
    assert "`row.count`" not in await why_not("points_name_code", made)  # a name of every list
    odd = item("text", {"rubric": ["It says that `sum_prices` is slow.", "It says more."]}, SHOWN_CODE)
    assert "`sum_prices`" in await why_not("points_name_code", odd)


def test_an_interface_does_not_hold_the_solution() -> None:
    full = item("code", {"interface": GAPS_RIGHT, "rules": []}, GAPS_TASK)
    assert "how `gaps` works" in FORMS["code"].problems(full)[0]
    bare_class = 'class Hall:\n    """Seats."""\n    seats: int\n    def book(self, count: int) -> list[int]: ...\n'
    assert FORMS["code"].problems(item("code", {"interface": bare_class, "rules": []})) == []


SUM_TESTS = "from solution import total\n" + "".join(
    f"\n\ndef test_{at}():\n    rows = [type('Row', (), dict(price=p, count=c)) for p, c in {rows!r}]\n"
    f"    assert total(rows) == {found!r}\n"
    for at, (rows, found) in enumerate([([(2, 3)], 6), ([(1, 1), (2, 2)], 5), ([(5, 0)], 0), ([(0, 9)], 0)])
)


async def test_the_patches_of_a_review_make_the_code_pass_tests_that_it_failed(lab: DirectLab) -> None:
    made = proved(item("text", RUBRIC, SHOWN_CODE), "tests", {"tests": SUM_TESTS})
    assert await why_not("tests_sound", made) == ""
    assert await why_not("tests_tell", made, lab) == ""
    diff = "```diff\n-        sum += row.price\n+        sum += row.price * row.count\n```"

    def said(text: str) -> Answer:
        return Answer(value=(text,), reasoning="The count is left out.")

    assert await why_not("patches_mend", made, lab, code="x", answer=said(diff)) == ""
    other = diff.replace("row.price * row.count", "row.price + row.count")
    assert "still does not do" in await why_not("patches_mend", made, lab, code="x", answer=said(other))
    blind = made.model_copy(
        update={
            "proof": {"tests": (SUM_TESTS.replace("== 6", ">= 2").replace("== 5", ">= 3").replace("== 0", ">= 0"),)}
        }
    )
    assert "the code that the task shows passes" in await why_not("tests_tell", blind, lab)
