"""Checks of programs: hidden tests, work on given code, speed, and what is said beside the code."""

from __future__ import annotations

import pytest

from orca_agents.checks.code.passing import which_pass
from orca_agents.checks.forms import FORMS
from orca_agents.fences import fenced
from orca_agents.records import Instruction
from tests.checks.code_items import (
    GAPS,
    GAPS_RIGHT,
    GAPS_TASK,
    GAPS_TESTS,
    GAPS_WRONG,
    DirectLab,
    answered,
    gaps_item,
    is_right,
    item,
    proved,
    why_not,
)


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


def test_an_interface_does_not_hold_the_solution() -> None:
    full = item("code", {"interface": GAPS_RIGHT, "rules": []}, GAPS_TASK)
    assert "how `gaps` works" in FORMS["code"].problems(full)[0]
    bare_class = 'class Hall:\n    """Seats."""\n    seats: int\n    def book(self, count: int) -> list[int]: ...\n'
    assert FORMS["code"].problems(item("code", {"interface": bare_class, "rules": []})) == []
