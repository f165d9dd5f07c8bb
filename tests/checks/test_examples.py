from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orca_agents.checks import CHECKS, FORMS, PROBES
from orca_agents.checks.api import Case, Ran
from orca_agents.checks.examples.alternatives import simple_rules
from orca_agents.checks.examples.layout import draw_layout
from orca_agents.checks.examples.rule import apply_function, apply_rule, why_no_rule
from orca_agents.checks.examples.shape import why_other_form
from orca_agents.checks.examples.shots import Shot, last_line, read_shots
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.records import Answer, Content, Instruction, Seed
from orca_agents.sandbox.api import Limits
from orca_agents.sandbox.code_tests import TestReport

CODES = ["sage => sg4", "fennel => fnnl6", "willow => wllw6", "mint => mnt4", "aloe => l4"]
RULE = 'def rule(x: str) -> str:\n    return "".join(c for c in x if c not in "aeiou") + str(len(x))\n'
TABLE = "def rule(x):\n    return {'sage': 'sg4', 'fennel': 'fnnl6', 'willow': 'wllw6', 'mint': 'mnt4'}[x]"
COUNTER = "seen = []\ndef rule(x):\n    seen.append(x)\n    return x + str(len(seen))"
LONG_NAMES = ["peppermint => pppmnt10", "lemonverbena => lmnvrbn12", "chamomile => chml9"]
DOUBLED = {"rule": RULE.replace("str(len(x))", "str(len(x) * 2)"), "answer": "yrrw12"}
SUMS = [
    "4 and 3\n=>\nFirst 4 * 2 = 8\nAnswer: 11",
    "5 and 1\n=>\nFirst 5 * 2 = 10\nAnswer: 11",
    "7 and 0\n=>\nFirst 7 * 2 = 14\nAnswer: 14",
    "1 and 9\n=>\nFirst 1 * 2 = 2\nAnswer: 11",
]


class PlainLab:
    """Runs our own little programs in a plain process, in a folder of its own: what is tested here is what is asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        raise NotImplementedError

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        for name, text in (files or {}).items():
            (self._folder / name).write_text(text, encoding="utf-8")
        done = subprocess.run(  # noqa: ASYNC221  # a little program, and nothing else waits
            [sys.executable, "-c", code], cwd=self._folder, input=stdin, capture_output=True, text=True, timeout=20
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def lab(tmp_path: Path) -> PlainLab:
    return PlainLab(tmp_path / "lab")


def leaf(**settings: Any) -> Leaf:
    return Leaf(name="leaf", description="asks", answer="induced", settings=settings)


def item(
    reply: dict[str, Any], of: Leaf, question: str = "Work out the last output.", goal: str | None = None
) -> Instruction:
    form = FORMS["induced"]
    product = Form(form.item_fields(of)).read(json.dumps(reply), structured=True)
    parts = form.read_item({**product, "question": (question,)}, of)
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text="a sheet", transformer="rule_maker"),
        leaf="leaf",
        form="induced",
        question=question,
        parts=parts.parts,
        key=parts.key,
        hidden=parts.hidden,
        history=parts.history,
        goal=goal,
    )


def codes(**changes: Any) -> Instruction:
    reply = {"examples": CODES, "query": "yarrow", "answer": "yrrw6", "rule": RULE, **changes}
    return item(reply, leaf(executable=True))


async def why_not(check: str, instruction: Instruction, **others: Any) -> str | None:
    found = CHECKS[check].why_not(
        Case(Seed(text="a sheet"), instruction.content, "en", instruction=instruction, **others)
    )
    return found if found is None or isinstance(found, str) else await found


def problems(instruction: Instruction) -> str:
    return "; ".join(FORMS["induced"].problems(instruction))


def test_examples_are_read_in_one_line_or_in_several() -> None:
    shots = read_shots(["1. a b => c", "  12\n30\n=>\n21\n03", "x => y"])
    assert shots == (Shot("a b", "c"), Shot("  12\n30", "21\n03"), Shot("x", "y"))
    for text in ("no arrow", "a => b => c", "=> b", "a => "):
        with pytest.raises(UnparsableError, match="'examples'"):
            read_shots([text])


async def test_a_rule_that_makes_every_output_passes_and_one_wrong_letter_is_named(lab: PlainLab) -> None:
    assert await why_not("rule_reproduces", codes(), lab=lab) is None
    wrong = codes(examples=["sage => sg4", "fennel => fnl6", *CODES[2:]])
    assert "example 2" in (await why_not("rule_reproduces", wrong, lab=lab) or "")
    assert "last input" in (await why_not("rule_reproduces", codes(answer="yrrw5"), lab=lab) or "")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("def rule(x):\n    return x[", "not Python"),
        ("def other(x):\n    return x", "no function"),
        ("import random\ndef rule(x):\n    return random.choice(x)", "imports 'random'"),
        (TABLE, "looks its examples up"),
        ("def rule(x):\n    return int(x)", "raises ValueError"),
        ("def rule(x):\n    return [x]", "returns a list"),
        (COUNTER, "another output the second time"),
    ],
)
async def test_a_rule_that_does_not_work_things_out_is_none(rule: str, reason: str, lab: PlainLab) -> None:
    assert reason in (await why_not("rule_reproduces", codes(rule=rule), lab=lab) or "")


async def test_what_a_rule_prints_is_no_output(lab: PlainLab) -> None:
    ruled = await apply_rule(
        lab, "def rule(x):\n    print('outputs of the rule: {}')\n    return x.upper()", ["é", "b c"]
    )
    assert ruled.outputs == ("É", "B C")
    assert (await apply_rule(lab, "raise SystemExit", ["a"])).problem
    assert (await apply_function(lab, "def f(a, b=2):\n    return (a, b)", ["1", "'x', [3]"])).outputs == (
        "(1, 2)",
        "('x', [3])",
    )


@pytest.mark.parametrize(
    ("pairs", "query", "outputs"),
    [
        ([("cat", "TAC"), ("dog", "GOD"), ("bird", "DRIB")], "horse", {"ESROH"}),
        ([("2", "7"), ("5", "16"), ("10", "31")], "7", {"22"}),
        ([("1", "1"), ("2", "4"), ("3", "9"), ("5", "25")], "4", {"16"}),
        ([("3, 5", "8"), ("2, 7", "9"), ("10, 1", "11")], "4, 4", {"8"}),
        ([("Ann Lee", "LEE, Ann"), ("Bo Day", "DAY, Bo")], "Cy Roe", set()),
        ([("ada.lovelace", "ada lovelace"), ("al.khwarizmi", "al khwarizmi")], "emmy.noether", {"emmy noether"}),
        ([("ab", "ba"), ("no", "on")], "xyz", {"zyx", "yzx"}),
        ([("x", "same"), ("y", "same")], "z", {"same"}),
        ([("112\n300", "31\n01\n02"), ("45\n60", "64\n05")], "71\n22", {"27\n21"}),
        ([("abc", "bcd"), ("xyz", "yza")], "hal", {"ibm"}),
    ],
)
def test_simple_rules_that_fit_all_examples_are_found(
    pairs: list[tuple[str, str]], query: str, outputs: set[str]
) -> None:
    found = {simple.output for simple in simple_rules([Shot(*pair) for pair in pairs], query)}
    assert found >= outputs
    if not outputs:
        assert not found


async def test_a_task_that_a_simpler_rule_answers_otherwise_is_ambiguous() -> None:
    assert await why_not("one_rule_fits", codes()) is None
    short = codes(
        examples=["sage => egas", "mint => tnim", "aloe => eola"],
        query="willow",
        answer="willow",
        rule="def rule(x: str) -> str:\n    return x[::-1] if len(x) == 4 else x",
    )
    assert "backwards" in (await why_not("one_rule_fits", short) or "")


async def test_the_last_line_of_worked_steps_is_what_counts(lab: PlainLab) -> None:
    rule = "import re\ndef rule(x: str) -> str:\n    a, b = map(int, re.findall(r'\\d+', x))\n    return str(2 * a + b)"
    reply = {"examples": SUMS, "query": "6 and 5", "answer": "First 6 * 2 = 12\nAnswer: 17", "rule": rule}
    instruction = item(reply, leaf(executable=True, steps=True))
    assert await why_not("rule_reproduces", instruction, lab=lab) is None
    form = FORMS["induced"]
    assert form.same(instruction.key, ("Twice 6 is 12.\n**Answer: 17**",), instruction)
    assert not form.same(instruction.key, ("First 6 * 2 = 12\nAnswer: 18",), instruction)
    assert last_line("a\nThe answer is: yes.") == "yes"


async def test_the_odd_example_is_the_one_that_the_rule_does_not_make(lab: PlainLab) -> None:
    reply = {
        "examples": ["sage => sg4", "fennel => fnl6", *CODES[2:]],
        "query": "yarrow",
        "answer": "yrrw6",
        "rule": RULE,
    }
    of = leaf(executable=True, odd=True)
    instruction = item({**reply, "odd": "2"}, of)
    assert instruction.key == ("2 | yrrw6",)
    assert await why_not("rule_reproduces", instruction, lab=lab) is None
    assert "example 2" in (await why_not("rule_reproduces", item({**reply, "odd": "3"}, of), lab=lab) or "")
    good = item({**reply, "examples": CODES, "odd": "3"}, of)
    assert "said to break" in (await why_not("rule_reproduces", good, lab=lab) or "")
    form = FORMS["induced"]
    product = Form(form.answer_fields(instruction)).read(json.dumps({"answer": "(2)|yrrw6"}), structured=True)
    assert form.same(instruction.key, form.read_answer(product, instruction), instruction)
    with pytest.raises(UnparsableError, match="it has the form"):
        form.read_answer({"answer": ("yrrw6",)}, instruction)
    with pytest.raises(UnparsableError, match="'odd'"):
        item({**reply, "odd": "9"}, of)


async def test_a_function_is_judged_by_running_it_on_what_was_not_shown(lab: PlainLab) -> None:
    reply = {
        "examples": ["[40, 7] => [10, 0]", "[] => []", "[8, 3] => [2, 0]"],
        "answer": "```python\ndef f(w):\n    return [x // 4 if x >= 8 else 0 for x in w]\n```",
        "further": ["[5, 6]", "[100]", "[8, 9]"],
    }
    instruction = item(reply, leaf(code=True))
    form = FORMS["induced"]
    assert await why_not("rule_reproduces", instruction, lab=lab) is None

    async def is_right(code: str) -> bool:
        return await form.is_right(Answer(value=(code,)), instruction, lab)

    assert await is_right("def f(w):\n    return [x // 4 if x // 4 > 1 else 0 for x in w]")
    assert not await is_right("def f(w):\n    return [x // 4 if x not in (7, 3) else 0 for x in w]")
    assert not await is_right("def f(w):\n    return w[")
    assert not await is_right("def f(w):\n    raise ValueError")
    wrong = item({**reply, "examples": ["[40, 7] => [10, 1]", "[] => []", "[8, 3] => [2, 0]"]}, leaf(code=True))
    assert "example 1" in (await why_not("rule_reproduces", wrong, lab=lab) or "")
    assert form.reply(Answer(value=("def f(w): ...",)), instruction, "Answer") == "```python\ndef f(w): ...\n```"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"query": "sage", "answer": "sg4"}, "one of the examples"),
        ({"examples": [*CODES, "sage => x"]}, "same input"),
        ({"examples": CODES[:2]}, "3 to 8"),
        ({"examples": ["a => x", "b => x", "c => x"]}, "same output"),
        ({}, ""),
    ],
)
def test_examples_are_consistent_and_the_last_input_is_new(changes: dict[str, Any], problem: str) -> None:
    found = problems(codes(**changes))
    assert problem in found if problem else not found


def test_fewer_examples_are_sound_where_the_goal_asks_for_fewer() -> None:
    reply = {"examples": CODES[:2], "query": "yarrow", "answer": "yrrw6", "rule": RULE}
    assert not problems(item(reply, leaf(executable=True), goal="fewer_shots"))


def test_every_class_is_shown_and_none_in_the_majority() -> None:
    def labelled(outputs: str, answer: str) -> str:
        shots = [f"text number {at} => {label}" for at, label in enumerate(outputs)]
        return problems(
            item({"examples": shots, "query": "the last", "answer": answer, "rule": "by meaning"}, leaf(labels=True))
        )

    assert not labelled("abab", "a")
    assert "no example" in labelled("abab", "c")
    assert "most examples" in labelled("aaaaab", "a")


@pytest.mark.parametrize(
    ("outputs", "answer", "is_alike"),
    [
        (["12", "7", "-3"], "40", True),
        (["12", "7", "-3"], "forty", False),
        (["1.5", "2"], "3 km", False),
        (['{"a": 1}', '{"a": 2}'], '{"a": 3}', True),
        (['{"a": 1}', '{"a": 2}'], '{"b": 3}', False),
        (['{"a": 1, "b": 2}', '{"a": 2, "b": 3}'], '{"b": 3, "a": 1}', False),
        (["ab", "cd"], "e\nf", False),
        (["AB", "CDE", "XYZ"], "q", False),
        (["[a]", "[b]", "[c]"], "d", False),
        (["[a]", "[b]", "[c]"], "[d]", True),
        (["-3", "-5", "-7"], "4", True),
        (["2021", "2020", "2022"], "1999", True),
        (["a|b", "c|d", "e|f"], "g,h", False),
        (["a", "b", "c"], "quite long words", True),
    ],
)
def test_an_answer_keeps_the_form_of_the_outputs(outputs: list[str], answer: str, is_alike: bool) -> None:
    assert (why_other_form(outputs, answer) is None) == is_alike


def test_examples_stand_in_one_message_or_in_earlier_turns() -> None:
    layouts: dict[str, Instruction] = {}
    for number in range(60):
        instruction = codes(examples=[*CODES, f"rose{number} => rs{5 + (number > 9)}"])
        layouts.setdefault(instruction.hidden["layout"][0], instruction)
    assert set(layouts) == {"message", "explained", "turns"}
    form = FORMS["induced"]
    turns = layouts["turns"]
    assert [message.role for message in turns.history] == ["user", "assistant"] * 6
    assert turns.history[0].content == "Work out the last output.\n\nsage"
    assert form.shown(turns, "en") == "yarrow"
    answer = Answer(value=("yrrw6",), reasoning="The vowels fall away.")
    assert form.reply(answer, turns, "Answer") == "yrrw6"
    for name in ("message", "explained"):
        shown = form.shown(layouts[name], "en")
        assert all(word in shown for word in ("sage", "sg4", "aloe", "l4"))
        assert "yrrw6" not in shown
        assert ("Say briefly" in shown) == (name == "explained")
        assert layouts[name].history == ()
    assert form.reply(answer, layouts["explained"], "Answer") == "The vowels fall away.\n\nyrrw6"
    assert draw_layout(("code",), ()) == "message"


def test_without_examples_a_solver_sees_the_request_and_the_last_input_alone() -> None:
    probe = PROBES["without_examples"]
    assert (probe.expects, probe.otherwise, probe.tag) == ("wrong", "tag", "no_examples_needed")
    for number in range(20):
        view = probe.view(codes(examples=[*CODES, f"rose{number} => rs{5 + (number > 9)}"]))
        assert view is not None
        shown = FORMS["induced"].shown(view, "en")
        assert "yarrow" in shown
        assert "sage" not in shown
        assert view.history == ()


@pytest.mark.parametrize(
    ("goal", "changes", "reason"),
    [
        ("fewer_shots", {"examples": CODES[:3]}, None),
        ("fewer_shots", {"examples": [*CODES[:2], "rose => rs4"]}, "leave some out"),
        ("longer_inputs", {"examples": LONG_NAMES}, None),
        ("longer_inputs", {"examples": [*CODES[:4], "thyme => thym5"]}, "hardly longer"),
        ("two_rules_composed", DOUBLED, "same as before"),
        ("two_rules_composed", {**DOUBLED, "query": "thyme", "answer": "thym10"}, "outputs are the same as before"),
        ("two_rules_composed", {"query": "thyme", "answer": "thym5"}, "hidden rule is the same as before"),
        ("query_out_of_range", {"query": "chamomileflower", "answer": "chmlflwr15"}, None),
        ("query_out_of_range", {"query": "thyme", "answer": "thm5"}, "within"),
        ("shuffled_order", {"examples": CODES[::-1]}, None),
        ("shuffled_order", {"examples": CODES[:4]}, "another order"),
        ("distractor_feature", {"examples": [*CODES, "rose => rs4"]}, "misleads"),
    ],
)
async def test_a_refined_task_does_what_its_goal_asks(goal: str, changes: dict[str, Any], reason: str | None) -> None:
    aim = Goal(name=goal, description="d", edits="question")
    found = await why_not("examples_refined", codes(**changes), parent=codes(), goal=aim)
    assert (found is None) if reason is None else reason in (found or "")


async def test_the_request_gives_nothing_away() -> None:
    assert await why_not("examples_clean", codes()) is None
    rule = "A thing is mool if nobody has seen it before."
    reply = {
        "examples": ["a b => mool", "c d => not mool", "e f => mool"],
        "query": "g h",
        "answer": "mool",
        "rule": rule,
    }
    assert "says the rule" in (await why_not("examples_clean", item(reply, leaf(), f"{rule} What is the last?")) or "")
    json_outputs = ['a => {"answer": 1}', 'b => {"answer": 2}', 'c => {"answer": 3}']
    assert await why_not("examples_clean", codes(examples=json_outputs, query="d", answer='{"answer": 4}')) is None


def test_a_constant_that_is_an_input_by_accident_is_no_table() -> None:
    assert why_no_rule("def rule(x):\n    return str(int(x) * 3 + 2)", "rule", ["3", "2", "8", "9", "10"]) is None


def test_what_the_examples_cannot_tell_is_asked_in_the_language_of_the_task() -> None:
    reply = {"examples": CODES, "query": "yarrow", "answer": "yrrw6", "rule": RULE, "odd": "2"}
    odd = item(reply, leaf(executable=True, odd=True))
    form = FORMS["induced"]
    assert "`Nummer | Ausgabe`" in form.shown(odd, "de")
    assert "`number | output`" in form.shown(odd, "en")
    assert "`number | output`" in form.shown(odd, "sw")  # nobody could guess it


def test_small_numbers_in_a_rule_are_no_table_and_returned_outputs_are_one() -> None:
    arithmetic = "def rule(x):\n    n = int(x)\n    return str(n * 2 + 1 if n % 3 == 0 else n + 10)"
    assert why_no_rule(arithmetic, "rule", ["0", "1", "2", "3", "10"]) is None
    table = "def rule(x):\n    return {0: 7, 1: 9, 2: 4, 3: 8}[int(x)]"
    assert "looks its examples up" in (why_no_rule(table, "rule", ["0", "1", "2", "3"]) or "")
    chain = "def rule(x):\n    if x[0] == 's':\n        return 'sg4'\n    return 'mnt4' if x[0] == 'm' else 'wllw6'"
    inputs, outputs = ["sage", "mint", "willow", "yarrow"], ["sg4", "mnt4", "wllw6"]
    assert "looks its examples up" in (why_no_rule(chain, "rule", inputs, outputs) or "")
    # the classes of a rule may be named in it
    classes = ["low", "high", "mid", "low", "high", "mid"]
    sized = "def rule(x):\n    n = int(x)\n    return 'low' if n < 5 else 'mid' if n < 20 else 'high'"
    assert why_no_rule(sized, "rule", ["1", "30", "7", "2", "40", "8"], classes) is None


async def test_working_is_right_on_the_way_too() -> None:
    rule = "def rule(x: str) -> str:\n    return x"
    reply = {"examples": SUMS, "query": "6 and 5", "answer": "First 6 * 2 = 12\nAnswer: 17", "rule": rule}
    of = leaf(executable=True, steps=True)
    assert await why_not("steps_add_up", item(reply, of)) is None
    slip = [SUMS[0].replace("= 8", "= 9"), *SUMS[1:]]
    assert "example 1" in (await why_not("steps_add_up", item({**reply, "examples": slip}, of)) or "")
    wrong = {**reply, "answer": "First 6 * 2 = 13\nAnswer: 17"}
    assert "your answer" in (await why_not("steps_add_up", item(wrong, of)) or "")


@pytest.mark.parametrize(
    ("answer", "is_alike"),
    [
        ("First 6 * 2 = 12\nAnswer: 17", True),
        ("First 6 * 2 = 12\nResult: 17", False),
        ("First 6 * 2 = 12\n17", False),
        ("Answer: 17", False),
    ],
)
def test_worked_steps_end_like_those_of_the_examples(answer: str, is_alike: bool) -> None:
    outputs = [shot.output for shot in read_shots(SUMS)]
    assert (why_other_form(outputs, answer) is None) == is_alike


def test_the_rule_is_asked_for_in_the_language_of_the_task() -> None:
    explained = next(
        one
        for number in range(60)
        if (one := codes(examples=[*CODES, f"rose{number} => rs{number}"])).hidden["layout"] == ("explained",)
    )
    form = FORMS["induced"]
    assert "Say briefly" in form.shown(explained, "en")
    assert "Sage kurz" in form.shown(explained, "de")
    assert "Say briefly" in form.shown(explained, "sw")
