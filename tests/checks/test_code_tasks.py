"""Checks of tasks to write code, and of the edits that make them harder."""

from __future__ import annotations

import pytest

from orca_agents.config import Goal
from orca_agents.fences import fenced
from orca_agents.records import Instruction
from tests.checks.code_items import (
    GAPS,
    GAPS_TASK,
    GAPS_WRONG,
    RUBRIC,
    SHOWN_CODE,
    Data,
    DirectLab,
    gaps_item,
    item,
    leaf,
    why_not,
)


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
