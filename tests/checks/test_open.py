"""Checks of questions that are asked without a passage, each with what it catches and what it lets pass."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.checks.open.sums import sums_in
from orca_agents.config import Goal, Leaf
from tests.checks.gate_cases import MILL, case, reason

RUBRIC = ("Says that the wheel stood still because of cheap flour.", "Says that a turbine lit the school.")


def long_case(
    answer: str, *, goal: str | None = None, question: str = "Why did the Orrin mill stop?", **settings: Any
) -> Case:
    """A question with a long answer about the mill."""
    made = case(question, (), form="text", value=(answer,))
    assert made.instruction is not None
    assert made.draft is not None
    item = made.instruction.model_copy(update={"hidden": {"rubric": RUBRIC}, "goal": goal})
    leaf = Leaf(name="why", description="asks why", answer="text", settings=settings)
    return replace(made, instruction=item, draft=made.draft.model_copy(update={"instruction": item}), leaf=leaf)


@pytest.mark.parametrize(
    "question",
    [
        "According to the text, who bought the mill at Orrin?",
        "Who bought the mill that the passage describes?",
        "What does the author say about the mill at Orrin?",
        "As mentioned above, who bought the mill?",
        "Which reasons are given in the notes?",
    ],
)
def test_a_question_that_points_to_a_text_is_caught(question: str) -> None:
    assert "points to a text" in (reason("stands_alone", case(question)) or "")


@pytest.mark.parametrize(
    "question",
    [
        "Who bought the ruined mill at Orrin in 1962?",
        "What does the text of the Treaty of Versailles say about reparations?",
        "How does a text message travel from one phone to another?",
        "Why does the passage of time seem slower to children?",
        "What does Article 5 of the NATO treaty demand?",
        "Who said \u201caccording to the text, I am innocent\u201d in the trial of Mary Ott?",
    ],
)
def test_words_of_the_world_are_no_pointers(question: str) -> None:
    assert reason("stands_alone", case(question)) is None


@pytest.mark.parametrize(
    "question", ["In which year did he buy the mill?", "What did the study find?", "Who bought the company?"]
)
def test_what_is_not_named_is_caught(question: str) -> None:
    assert reason("says_what_it_means", case(question)) is not None


@pytest.mark.parametrize(
    "question",
    [
        "Why did Isla Munro repair the roof of the mill at Orrin?",
        "Why does the law of gravitation hold on the moon?",
        "When was the battle of Hastings fought, and who won it?",
        "Why do they say that bread falls on its buttered side?",
        "How is the height of a river measured?",
    ],
)
def test_what_is_named_passes(question: str) -> None:
    assert reason("says_what_it_means", case(question)) is None


def test_an_answer_speaks_for_itself() -> None:
    assert reason("speaks_for_itself", case(reasoning="Isla Munro, a schoolteacher, bought the ruin in 1962.")) is None
    assert "'The passage says'" in (
        reason("speaks_for_itself", case(reasoning="The passage says that a schoolteacher bought it.")) or ""
    )


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("120 km / 3 h = 40 km/h", True),
        ("60 km/h * 2 h = 110 km", False),
        ("So 45 / 60 = 75%.", True),
        ("$1,200 - $300 = $900", True),
        ("1936 - 1911 = 26 years", False),
        ("10 / 3 = 3.33", True),
        ("10 / 3 = 3", False),
        ("1000 / 7 \u2248 143", True),
        ("5 \u00d7 6 = 31", False),
    ],
)
def test_a_written_sum_is_recomputed(text: str, holds: bool) -> None:
    assert [one.holds for one in sums_in(text)] == [holds]


def test_equalities_that_compute_nothing_are_no_sums() -> None:
    assert sums_in("Aus 2,5 * 2 = 5 folgt das Ergebnis.") == []  # a decimal comma, which is not read as one
    assert sums_in("Let x = 5, so that f(x) = 3 and the ratio is 4:3 on 2024-05-03.") == []


@pytest.mark.parametrize("hostile", ["((1+" * 3000, "1+" * 6000 + "1 = 3", "12 " * 5000, "9" * 9000 + " * 9 = 1"])
def test_hostile_sums_cost_no_time(hostile: str) -> None:
    began = time.monotonic()
    sums_in(hostile)
    assert time.monotonic() - began < 2


def test_a_false_sum_in_an_answer_is_told_with_its_value() -> None:
    assert "it comes to 25" in (reason("sums_hold", case(reasoning="From 1936 - 1911 = 26 it follows.")) or "")
    assert sums_in("1936 - 1911 = 26")[0].left == Fraction(25)


def test_figures_and_names_must_be_backed_or_worked_out() -> None:
    assert (
        reason("facts_backed", long_case("In 1962 Isla Munro paid 400 pounds, and 9,000 people come every year."))
        is None
    )
    assert "87" in (reason("facts_backed", long_case("It cost 87 pounds in 1962.")) or "")
    assert reason("facts_backed", long_case("From 1790 to 1881 it ran, 1881 - 1790 = 91 years.")) is None
    assert "Peter Nolan" in (reason("facts_backed", long_case("The mill was sold to the banker Peter Nolan.")) or "")
    assert reason("facts_backed", long_case("It was built in the 1790s, in the 18th century.")) is None
    assert reason("facts_backed", long_case("1. Open the sluice.\n14. Wait.")) is None


def test_notes_take_numbers_and_names_from_the_seed() -> None:
    notes = "- " + MILL.replace("\n\n", "\n- ")
    assert reason("notes_faithful", case(passage=notes, seed=MILL, transformer="fact_card_extractor")) is None
    wrong = notes.replace("1790", "1791")
    assert "1791" in (reason("notes_faithful", case(passage=wrong, seed=MILL, transformer="fact_card_extractor")) or "")
    invented = f"Limits: 45 minutes, 3 helpers, 250 euros\n{notes}"
    assert reason("notes_faithful", case(passage=invented, seed=MILL, transformer="expert_scenario_builder")) is None


def test_a_ruler_in_notes_is_read_at_once() -> None:
    for ruler in ("=" * 79, "-" * 79, "* " * 2000, "\n" * 2000):
        notes = f"- {MILL}\n{ruler}"
        assert reason("notes_faithful", case(passage=notes, seed=MILL, transformer="fact_card_extractor")) is None


def test_a_word_problem_carries_its_data() -> None:
    asked = "A baker buys 25 sacks at 9 shillings and pays 45 shillings for transport. What does that cost?"
    assert (
        reason("data_in_question", case(asked, ("270", "shillings"), form="number", calculation="25 * 9 + 45")) is None
    )
    missing = case("A baker buys 25 sacks. What does that cost?", ("225",), form="number", calculation="25 * 9")
    assert "uses 9" in (reason("data_in_question", missing) or "")
    broken = case(asked, ("270",), form="number", calculation="25 times nine")
    assert "cannot be computed" in (reason("data_in_question", broken) or "")


def test_the_writer_of_a_word_problem_is_told_to_compute_with_the_numbers_of_its_question() -> None:
    told = {
        checks: FORMS["number"].item_fields(Leaf(name="sum", description="asks", answer="number", checks=checks))
        for checks in ((), ("data_in_question",))
    }
    assert "numbers from the passage" in told[()][0].about
    assert "numbers from the question" in told[("data_in_question",)][0].about


def test_a_false_premise_is_known_to_the_rubric_and_not_hinted_at() -> None:
    asked = long_case("x", goal="false_premise", question="Why did the flood destroy the mill at Orrin?")
    assert "no point of the rubric" in (reason("premise_marked", asked) or "")
    assert asked.instruction is not None
    points = ("Says that the mill was not destroyed by a flood; cheap flour made the wheel stand still.", RUBRIC[1])
    marked = asked.instruction.model_copy(update={"hidden": {"rubric": points}})
    assert reason("premise_marked", replace(asked, instruction=marked)) is None
    hinted = marked.model_copy(update={"question": "Why did a flood supposedly destroy the mill at Orrin?"})
    assert "gives away" in (reason("premise_marked", replace(asked, instruction=hinted)) or "")


def test_the_answer_to_a_false_premise_names_the_error_first() -> None:
    question = "Why did the flood destroy the mill at Orrin?"
    good = "It was not a flood. Cheap flour came by rail, and within four years the wheel of the mill stood still."
    assert reason("error_named", long_case(good, goal="false_premise", question=question)) is None
    led = (
        "The flood came with great force and broke the wheel, and the village had no money to build the mill up again."
    )
    assert "how it really is" in (reason("error_named", long_case(led, goal="false_premise", question=question)) or "")
    assert reason("error_named", long_case(led, question=question)) is None


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ("steps", "1. Open it.\n2. Wait.\n3. Close it.", "Open it, wait, close it."),
        ("steps", "Step 1: open.\nStep 2: wait.\nStep 3: close.", "1. Open.\n3. Wait.\n4. Close."),
        ("verdict", "No, this is a myth: it closed.", "Mills have stood for a long time, and people love them."),
        ("sides", "Supporters say it pays. Critics object that it costs.", "Supporters say that it pays and is good."),
        ("doubt", "This is likely, but disputed.", "This is so and stays so for ever."),
        ("contrast", "One is fast, whereas the other is slow.", "One is fast. One is slow."),
        ("choice", "I recommend the second wheel.", "There are two wheels and a sluice."),
        ("end", "Hence n is even, as required.", "Take an even number and add another one to it now"),
    ],
)
def test_long_answers_have_the_shape_of_their_kind(shape: str, good: str, bad: str) -> None:
    assert reason("answer_shaped", long_case(good, shape=shape)) is None
    assert reason("answer_shaped", long_case(bad, shape=shape)) is not None


def test_a_long_answer_keeps_to_its_length() -> None:
    assert "3 words" in (reason("answer_shaped", long_case("Far too short", words=[10, 50])) or "")


def test_a_long_answer_is_whole_and_only_itself() -> None:
    whole = "The mill lost its customers when the railway came, because flour from the port was cheaper than its own."
    assert reason("prose_clean", long_case(whole)) is None
    assert "talk about" in (reason("prose_clean", long_case(f"Sure, here is the answer:\n{whole}")) or "")
    cut = f"{whole} {whole.replace('mill', 'wheel')} Nobody in the three villages had a reason to pay more for it, and"
    assert "breaks off" in (reason("prose_clean", long_case(cut)) or "")


@pytest.mark.parametrize(
    ("goal", "good", "bad"),
    [
        (
            "add_constraint",
            "Who bought the ruined mill at Orrin in 1962, before the roof was repaired?",
            "Who built Rome?",
        ),
        ("combine_questions", "Who bought the ruined mill in 1962, and what did she light with it?", "Who bought it?"),
        ("rarer_entity", "Which animals visited the turbine?", "Who bought the ruined mill in 1962?"),
    ],
)
def test_a_refined_question_has_what_its_goal_asks_for(goal: str, good: str, bad: str) -> None:
    parent = case().instruction
    aim = Goal(name=goal, description="d", edits="question")
    assert reason("goal_reached", case(good, ("9,000 people",), goal=aim, parent=parent)) is None
    assert reason("goal_reached", case(bad, ("Isla Munro",), goal=aim, parent=parent)) is not None


def test_a_question_that_needs_figures_has_one_in_its_answer() -> None:
    aim = Goal(name="require_numbers", description="d", edits="question")
    assert reason("goal_reached", case(key=("400 pounds",), goal=aim, parent=case().instruction)) is None
    assert reason("goal_reached", case(key=("a teacher",), goal=aim, parent=case().instruction)) is not None


@pytest.mark.parametrize(
    "question",
    [
        "In the scenario described, what should the farmer do first?",
        "Based on the cards, who bought the mill of Orrin?",
        "Which of these events happened first in the story?",
        "Based on the information provided, who bought the mill of Orrin?",
    ],
)
def test_a_scenario_or_data_that_the_question_does_not_give_are_caught(question: str) -> None:
    assert "points to a text" in (reason("stands_alone", case(question)) or "")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Was steht laut den Notizen über die Mühle?", "de"),
        ("Selon les notes, qui a acheté le moulin ?", "fr"),
        ("Según las notas, ¿quién compró el molino?", "es"),
        ("根据笔记，谁买了磨坊？", "zh"),
    ],
)
def test_notes_are_told_in_other_languages_too(question: str, language: str) -> None:
    assert "points to a text" in (reason("stands_alone", case(question, language=language)) or "")


@pytest.mark.parametrize(
    "question",
    [
        "In the article 'On Computable Numbers', what machine does Alan Turing describe?",
        "In the document that founded the United Nations, which six organs are named?",
        "According to the study by Milgram from 1963, how many people obeyed to the end?",
        "According to the author Rachel Carson, what did DDT do to birds?",
        "A shop sells pens as shown below: 3 pens for 2 euros. What do 12 pens cost?",
        "A farmer has two fields, one of sand and one of clay, and no water to spare. In the scenario described, where "
        "should the beans go?",
    ],
)
def test_a_document_with_a_name_and_data_of_the_question_itself_are_no_pointers(question: str) -> None:
    assert reason("stands_alone", case(question)) is None


def test_an_explanation_may_speak_of_the_scenario_that_the_question_told() -> None:
    told = case("A man has scurvy. What does he lack?", reasoning="In the scenario, the man eats no fruit at all.")
    assert reason("speaks_for_itself", told) is None


@pytest.mark.parametrize(
    "text",
    [
        "1.200 / 4 = 300",
        "60 - 15% = 51",
        "7:30 + 45 min = 8:15",
        "17 / 5 = 3 remainder 2",
        "1 000 + 500 = 1500",
        "2x + 3 = 7",
    ],
)
def test_sums_that_may_be_read_otherwise_are_not_called_wrong(text: str) -> None:
    assert all(one.holds for one in sums_in(text))


def test_a_sum_that_is_wrong_in_every_reading_is_caught() -> None:
    for text in ("3 x 4 = 13", "1.200 / 4 = 400", "60 - 15% = 50"):
        assert [one.holds for one in sums_in(text)] == [False], text


def test_long_lists_of_numbers_are_read_in_no_time() -> None:
    start = time.monotonic()
    for text in ("1," * 50_000, "1, " * 50_000, "1:1" * 50_000):
        sums_in(text)
    assert time.monotonic() - start < 5


def test_the_years_between_two_that_are_named_need_no_sum() -> None:
    assert reason("facts_backed", long_case("The railway arrived in 1881, 91 years after the mill of 1790.")) is None
    wrong = long_case("The railway arrived in 1881, 95 years after the mill of 1790.")
    assert "95" in (reason("facts_backed", wrong) or "")
