"""Options: the form for several right ones, what gives them away, and the programs that decide."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from orca_agents.checks import CHECKS, FORMS, PROBES
from orca_agents.checks.api import Case, Ran
from orca_agents.checks.options.workings import WorkingsProof
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.records import AnswerForm, Instruction
from orca_agents.sandbox.api import Limits
from orca_agents.sandbox.code_tests import TestReport
from tests.checks.gate_cases import case, reason

QUESTION = "Which of these raise high water at a coast?"
OPTIONS = ["a full moon", "wind from the sea", "wind from the land", "a half moon", "a new moon"]


def hand_in(form: AnswerForm, options: list[str], answer: str | list[str], **settings: object) -> Instruction:
    leaf = Leaf(name="leaf", description="asks", answer=form, options=3, settings={"most_options": 10, **settings})
    fields = Form(FORMS[form].item_fields(leaf))
    parts = FORMS[form].read_item(
        fields.read(json.dumps({"options": options, "answer": answer}), structured=True), leaf
    )
    made = case(QUESTION, parts.key, form=form, parts=parts.parts).instruction
    assert made is not None
    return made.model_copy(update={"hidden": parts.hidden})


def texts(item: Instruction) -> set[str]:
    """What the right options say."""
    return {item.parts["options"][ord(letter) - 65] for letter in item.key}


def on(item: Instruction, **others: object) -> Case:
    made = case(item.question, item.key, form=item.form, parts=item.parts)
    assert made.draft is not None
    draft = made.draft.model_copy(update={"instruction": item})
    return replace(made, instruction=item, draft=draft, **others)  # type: ignore[arg-type]


def test_several_right_options_keep_their_meaning_when_they_are_shuffled() -> None:
    item = hand_in("choices", OPTIONS, ["A", "B", "E"])
    right = {"a full moon", "wind from the sea", "a new moon"}
    assert texts(item) == right
    for salt in ("solver_1", "solver_2", "defend"):
        assert texts(FORMS["choices"].shuffled(item, salt)) == right
    assert FORMS["choices"].shuffled(item, "solver_1") == FORMS["choices"].shuffled(item, "solver_1")


def test_a_set_of_letters_is_right_only_if_it_is_whole() -> None:
    item = hand_in("choices", OPTIONS, ["A", "B", "E"])
    form = FORMS["choices"]
    assert form.same(item.key, tuple(reversed(item.key)), item)
    assert not form.same(item.key, item.key[:2], item)
    assert not form.same(item.key, (*item.key, "Z"), item)
    assert form.final(("C", "A"), item) == "A, C"


def test_letters_that_no_option_has_are_refused() -> None:
    with pytest.raises(UnparsableError, match="'F'"):
        hand_in("choices", OPTIONS, ["A", "F"])
    with pytest.raises(UnparsableError, match="none of the 5 options"):
        FORMS["choices"].read_answer({"answer": ("G",)}, hand_in("choices", OPTIONS, ["A"]))


@pytest.mark.parametrize(
    ("options", "answer", "problem"),
    [
        (OPTIONS, ["A", "B", "C", "D", "E"], "at least one wrong"),
        (["a full moon", "A full moon.", "ebb"], ["A"], "the same"),
        (["a full moon", "B", "ebb"], ["A"], "only a letter"),
    ],
)
def test_unsound_sets_of_options_are_told_why(options: list[str], answer: list[str], problem: str) -> None:
    assert problem in "; ".join(FORMS["choices"].problems(hand_in("choices", options, answer)))


@pytest.mark.parametrize("form", ["choice", "choices"])
def test_right_letters_are_spread_evenly_although_writers_put_the_right_option_first(form: AnswerForm) -> None:
    counts: Counter[str] = Counter()
    for number in range(1000):
        options = [f"{word} of the {number}th tide" for word in ("height", "time", "speed", "sound", "taste")]
        counts.update(hand_in(form, options, "A" if form == "choice" else ["A"]).key)
    chi_square = sum((counts[letter] - 200) ** 2 / 200 for letter in "ABCDE")
    assert chi_square < 18.5  # the 0.1 % point for four degrees of freedom


def test_options_are_marked_in_several_ways_if_the_leaf_asks_for_it() -> None:
    marks: set[str] = set()
    for number in range(60):
        item = hand_in("choice", [f"{one} {number}" for one in OPTIONS], "A", layouts=True)
        marks.add(FORMS["choice"].shown(item, "en").split("\n")[2].split(" ")[0])
    assert marks == {"A.", "A)", "(A)"}
    assert "\nA. " in FORMS["choice"].shown(hand_in("choice", OPTIONS, "A"), "en")


def test_a_choice_may_have_more_options_than_the_fewest() -> None:
    item = hand_in(
        "choice",
        [f"tide of kind {word}" for word in ("one", "two", "three", "four", "five", "six", "seven", "eight")],
        "H",
    )
    assert FORMS["choice"].problems(item) == []
    assert texts(item) == {"tide of kind eight"}


@pytest.mark.parametrize(
    ("question", "options", "words"),
    [
        (
            QUESTION,
            ["the moon that stands in one line with sun and earth at that time", "wind", "rain", "fog"],
            "longer",
        ),
        (QUESTION, ["it usually rises", "it falls", "it stays", "it turns"], "hedges"),
        (QUESTION, ["it rises", "it never moves", "it always falls", "nobody knows"], "guesser"),
        ("A tide at new moon is called an", ["extreme tide", "low tide", "neap tide", "calm tide"], "'an'"),
        (
            "What raises the strong spring tide of a narrow coast?",
            ["the strong spring pull on a narrow coast", "a calm that lasts for days", "a fog", "a frost"],
            "repeats",
        ),
    ],
)
def test_a_right_option_that_stands_out_is_caught(question: str, options: list[str], words: str) -> None:
    item = hand_in("choice", options, "A").model_copy(update={"question": question})
    assert words in (reason("options_fair", on(item)) or "")


def test_even_options_pass() -> None:
    for options in (
        OPTIONS,
        ["12 km", "14 km", "16 km"],
        ["it usually rises", "it often falls", "it stays", "it turns"],
    ):
        assert reason("options_fair", on(hand_in("choice", options, "A"))) is None


@pytest.mark.parametrize(
    ("options", "alike"),
    [
        (["1320 g", "1,320.0 g", "280 g"], True),
        (["50%", "0.5", "2"], True),
        (["x > 2 apples", "x < 2 apples", "x = 2 apples"], False),
        (["5 cm", "5 m", "5 km"], False),
        (["-5 degrees", "5 degrees", "0 degrees"], False),
    ],
)
def test_options_that_are_one_number_are_caught(options: list[str], alike: bool) -> None:
    assert (reason("options_apart", on(hand_in("choice", options, "A"))) is not None) == alike


@pytest.mark.parametrize(
    ("reasoning", "right"),
    [
        ("The moon pulls. Option {key} is therefore correct.", True),
        ("Option {other} is wrong, because the wind falls off.", True),
        ("The moon pulls. Option {other} is correct.", False),
        ("Option {key} is wrong, but it will do.", False),
        ("The answer J cannot be meant.", False),
        ("A tide rises at new moon; B vitamins do not help.", True),
    ],
)
def test_letters_in_an_explanation_are_the_ones_that_students_see(reasoning: str, right: bool) -> None:
    item = hand_in("choice", OPTIONS, "A")
    other = next(letter for letter in "ABCDE" if letter not in item.key)
    made = on(item)
    assert made.draft is not None
    answer = made.draft.answer.model_copy(
        update={"reasoning": reasoning.format(key=item.key[0], other=other), "value": item.key}
    )
    made = replace(made, draft=made.draft.model_copy(update={"answer": answer}))
    assert (reason("letters_match", made) is None) == right


@pytest.mark.parametrize(
    ("stem", "question", "right"),
    [
        ("negative", "Which of these is NOT a tide?", True),
        ("negative", "Which of these is not a tide?", False),
        ("cloze", "At new moon come ____ tides.", True),
        ("cloze", "At new moon come ____ and ____ tides.", False),
        ("code", "What is printed?\n\n```python\nprint(1)\n```", True),
        ("code", "What does print(1) print?", False),
    ],
)
def test_a_stem_has_the_shape_of_its_kind(stem: str, question: str, right: bool) -> None:
    item = hand_in("choice", OPTIONS, "A").model_copy(update={"question": question})
    leaf = Leaf(name="leaf", description="asks", answer="choice", settings={"stem": stem})
    assert (reason("stem_shaped", on(item, leaf=leaf)) is None) == right
    if right:
        assert reason("stem_asks", on(item, leaf=leaf)) is None


def test_code_may_hold_what_a_question_may_not() -> None:
    code = "What does this print?\n\n```python\nanswer = 5  # A) five B) six\nprint(answer)\n```"
    assert reason("stem_asks", on(hand_in("choice", OPTIONS, "A").model_copy(update={"question": code}))) is None
    listed = "Which is right? A) five B) six"
    assert reason("stem_asks", on(hand_in("choice", OPTIONS, "A").model_copy(update={"question": listed}))) is not None


def test_more_options_must_be_more() -> None:
    goal = Goal(name="more_options", description="d", edits="question")
    parent = hand_in("choice", OPTIONS, "A")
    assert reason("options_refined", on(parent, goal=goal, parent=parent)) is not None
    more = hand_in("choice", [*OPTIONS, "an ice age"], "A")
    assert reason("options_refined", on(more, goal=goal, parent=parent)) is None


@pytest.mark.parametrize(
    ("calculation", "words"),
    [
        ("800 + 800 * 65 / 100", None),
        ("800 * 65 / 100", "does not bear"),
        ("800 + 65", "does not bear"),
        ("800 + 800 * 70 / 100", "does not stand in the question"),
        ("800 - 65", "no option"),
        ("eight hundred", "cannot be computed"),
        ("800", "computes nothing"),
    ],
)
def test_an_independent_calculation_must_reach_the_key(calculation: str, words: str | None) -> None:
    item = hand_in("choice", ["1320 g", "520 g", "865 g"], "A").model_copy(
        update={
            "question": "A dough of 800 g flour has a hydration of 65 percent. What do both weigh?",
            "proof": WorkingsProof().read({"calculation": (f"{calculation} = 7",)}, hand_in("choice", OPTIONS, "A")),
        }
    )
    found = reason("workings_reach_key", on(item))
    assert found is None if words is None else words in (found or "")


class HereLab:
    """Runs programs of this test in this Python."""

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        raise NotImplementedError

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await run.communicate()
        return Ran(run.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(
    ("code", "options", "words"),
    [
        ("print(2 + 2)", ["4", "22", "5"], None),
        ("print(2 + 2)", ["`4`", "22", "5"], None),
        ("print([1][3])", ["IndexError", "1", "None"], None),
        ("print(2 + 2)", ["5", "22", "4"], "not under your key"),
        ("print(7)", ["4", "22", "5"], "none of the options"),
        ("import os\nprint(os.getpid())", ["4", "22", "5"], "same each time"),
        ("print(", ["SyntaxError", "nothing", "5"], None),
    ],
)
async def test_a_program_is_run_and_decides(code: str, options: list[str], words: str | None) -> None:
    question = f"What does this print?\n\n```python\n{code}\n```"
    item = hand_in("choice", options, "A").model_copy(update={"question": question})
    found = CHECKS["output_executed"].why_not(on(item, lab=HereLab()))
    assert not isinstance(found, str | None)
    told = await found
    assert told is None if words is None else words in (told or "")


def test_the_critic_sees_the_question_and_may_defend_several_options() -> None:
    item = hand_in("choice", OPTIONS, "A")
    view = PROBES["defend_the_others"].view(item)
    assert view is not None
    assert (view.form, view.key) == ("choices", item.key)
    assert view.question.startswith(item.question)


def test_without_the_stem_nothing_of_question_or_notes_is_left() -> None:
    item = hand_in("choice", OPTIONS, "A")
    view = PROBES["options_only"].view(item)
    assert view is not None
    assert view.content.text == ""
    assert QUESTION not in FORMS["choice"].shown(view, "en")
    relations = ["both are true, and the reason explains the assertion", "the assertion is true, the reason is not"]
    fixed = item.model_copy(update={"parts": {"options": tuple(relations)}})
    assert PROBES["options_only"].view(fixed) is None


@pytest.mark.parametrize(
    "reasoning", ["Scurvy is healed by fruit. The correct answer is {}.", "Answer: {}", "Die Antwort {} ist richtig."]
)
def test_an_explanation_that_ends_at_another_letter_is_caught(reasoning: str) -> None:
    parts = {"options": ("vitamin D", "vitamin C", "vitamin K")}
    for letter, passes in (("C", False), ("B", True)):
        made = case("Which one?", ("B",), form="choice", parts=parts, reasoning=reasoning.format(letter))
        assert (reason("letters_match", made) is None) is passes


def test_an_open_stem_passes_in_a_language_whose_last_words_we_do_not_know() -> None:
    parts = {"options": ("el Tajo", "el Ebro", "el Duero")}
    river = case("El río más largo de España es", ("A",), form="choice", parts=parts, language="es")
    assert reason("stem_asks", river) is None
    told = case("El río más largo de España es el Tajo.", ("A",), form="choice", parts=parts, language="es")
    assert "asks nothing" in (reason("stem_asks", told) or "")


def test_vitamins_named_by_letters_are_no_list_of_options() -> None:
    parts = {"options": ("liver", "bread", "rice")}
    made = case("Of vitamin A. and vitamin B. only one is stored: where?", ("A",), form="choice", parts=parts)
    assert reason("stem_asks", made) is None


@pytest.mark.parametrize(
    "fence", ["```python\r\nprint(1)\r\n```\r\n", "```Python\nprint(1)\n```", "```python3\nprint(1)\n```"]
)
def test_a_program_is_found_whatever_its_fence_and_line_ends(fence: str) -> None:
    made = case(f"What does this print?\n\n{fence}", ("A",), form="choice", parts={"options": ("1", "2", "3")})
    leaf = Leaf(name="leaf", description="asks", answer="choice", settings={"stem": "code"})
    assert reason("stem_shaped", replace(made, leaf=leaf)) is None
