"""The checks of puzzles: each stops a planted mistake, tells nobody the key, and lets the right work pass."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any

import pytest

from orca_agents.checks import CHECKS, FORMS, PROOFS
from orca_agents.checks.api import Case
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.records import AnswerForm, Content, Instruction, Seed

ROW = "var ann, bob, cy in 1..3\nall_different(ann, bob, cy)\nann < bob\nbob < cy\n"
OPTIONS = ("Ann sits first in the row.", "Bob sits first in the row.", "Cy sits first in the row.")


def item(
    form: AnswerForm = "span",
    key: tuple[str, ...] = ("Bob",),
    question: str = "Who of the three sits in the middle of the row?",
    *,
    parts: Mapping[str, tuple[str, ...]] | None = None,
    proof: str | None = "model",
    model: str = "",
    given: Mapping[str, tuple[str, ...]] | None = None,
    passage: str = "Ann, Bob and Cy sit in a row. Ann sits before Bob, and Bob sits before Cy.",
    goal: str | None = None,
    parent: Instruction | None = None,
    language: str | None = "en",
) -> Case:
    """A puzzle with what its formaliser wrote."""
    seed = Seed(text=passage, language=language)
    content = Content(id="c", seed_id=seed.id, text=passage, transformer="identity", language=language)
    instruction = Instruction(
        id="i",
        seed_id=seed.id,
        content=content,
        leaf="row",
        form=form,
        question=question,
        parts=dict(parts or {}),
        key=key,
        proof=dict(given or {"model": (model,)}),
        goal=goal,
    )
    leaf = Leaf(name="row", description="places in a row", answer=form, proof=proof)
    aim = Goal(name=goal, description="x", edits="question") if goal else None
    return Case(seed, content, language, leaf=leaf, goal=aim, instruction=instruction, parent=parent)


async def reason(check: str, case: Case) -> str | None:
    """What a check says against a case."""
    found: Any = CHECKS[check].why_not(case)
    told: str | None = await found if isawaitable(found) else found
    return told


async def test_a_model_that_leads_to_the_key_passes() -> None:
    case = item(model=ROW + "question: who(2, ann, bob, cy)")
    assert await reason("proof_has_one_answer", case) is None
    assert await reason("proof_gives_key", case) is None


async def test_a_model_that_leads_elsewhere_is_a_reason_that_does_not_tell_the_key() -> None:
    found = await reason("proof_gives_key", item(key=("Zebulon",), model=ROW + "question: who(2, ann, bob, cy)"))
    assert found is not None
    assert "Zebulon" not in found
    assert "line by line" in found


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("var ann in 1..3\nann > 1\nquestion: ann", "missing"),
        (ROW + "cy < ann\nquestion: ann", "no arrangement"),
        (ROW + "question: __import__('os')", "which is no function"),
        (ROW, "nothing is asked"),
        ("Ann sits before Bob.", "is no expression"),
        ("var bob in 2..2\nbob == 2\nquestion: bob", "stands in your lines as it is"),
        ("", "no variables"),
    ],
)
async def test_what_has_not_one_answer_is_told_to_the_formaliser(model: str, words: str) -> None:
    found = await reason("proof_has_one_answer", item(model=model))
    assert found is not None
    assert words in found


@pytest.mark.parametrize(
    ("form", "key", "parts", "model", "agrees"),
    [
        ("number", ("2",), {}, "question: bob", True),
        ("number", ("2", "seats"), {}, "question: bob", True),
        ("number", ("3",), {}, "question: bob", False),
        ("number", ("33.33", "%"), {}, "question: ann / cy", True),
        ("number", ("1/3",), {}, "question: ann / cy", True),
        ("number", ("2",), {}, "question: who(2, ann, bob, cy)", False),
        ("set", ("Bob", "Cy"), {}, "question: those(true, bob, cy)", False),
        ("order", ("C", "A", "B"), {"items": ("Bob", "Cy", "Ann")}, "A: bob\nB: cy\nC: ann", True),
        ("order", ("B", "A", "C"), {"items": ("Bob", "Cy", "Ann")}, "A: bob\nB: cy\nC: ann", False),
        ("order", ("C", "A", "B"), {"items": ("Bob", "Cy", "Ann")}, "A: bob\nB: cy", False),
        ("truth", ("true", "false"), {"statements": ("a", "b")}, "1: ann < cy\n2: cy < ann", True),
        ("truth", ("false", "true"), {"statements": ("a", "b")}, "1: ann < cy\n2: cy < ann", False),
        ("choice", ("A",), {"options": OPTIONS}, "A: ann == 1\nB: bob == 1\nC: cy == 1", True),
        ("choice", ("B",), {"options": OPTIONS}, "A: ann == 1\nB: bob == 1\nC: cy == 1", False),
        ("choice", ("A",), {"options": OPTIONS}, "A: ann == 1\nB: bob == 2\nC: cy == 1", False),
        ("choice", ("A",), {"options": OPTIONS}, "A: ann == 1\nB: bob == 1", False),
        ("choice", ("A",), {"options": OPTIONS}, "A: ann == 1\nB: bob == 1\nC: cy == 1\nD: cy == 2", False),
        ("mapping", ("1-B", "2-A"), {"left": ("x", "y"), "right": ("p", "q")}, "1: ann\n2: cy\nA: 3\nB: 1", True),
        ("mapping", ("1-A", "2-B"), {"left": ("x", "y"), "right": ("p", "q")}, "1: ann\n2: cy\nA: 3\nB: 1", False),
        ("span", ("the chair of Bob",), {}, "question: who(2, ann, bob, cy)", True),
        ("span", ("Bob or Cy",), {}, "question: who(2, ann, bob, cy)", False),
        ("span", ("yes",), {}, "question: bob < cy", True),
        ("span", ("No.",), {}, "question: bob < cy", False),
        ("span", ("two",), {}, "question: bob", True),
        ("span", ("013",), {}, "question: code(0, ann, cy)", True),
        ("span", ("13",), {}, "question: code(0, ann, cy)", False),
        ("span", ("0-1-3",), {}, "question: code(0, ann, cy)", True),
        ("span", ("The code is 013.",), {}, "question: code(0, ann, cy)", True),
        ("span", ("013 or 031",), {}, "question: code(0, ann, cy)", False),
        ("span", ("R, G, B",), {}, "question: code('R', 'G', if ann < bob then 'B' else 'R')", True),
        ("span", ("14:30",), {}, "question: clock(14, 30) + 0 * ann", True),
        ("span", ("14:31",), {}, "question: clock(14, 30) + 0 * ann", False),
        ("span", ("2:30 pm",), {}, "question: clock_text(clock(14, 30) + 0 * ann)", True),
        ("span", ("2:30",), {}, "question: clock_text(clock(14, 30) + 0 * ann)", False),
    ],
)
async def test_the_key_is_compared_in_its_forms_notation(
    form: AnswerForm, key: tuple[str, ...], parts: dict[str, tuple[str, ...]], model: str, agrees: bool
) -> None:
    found = await reason("proof_gives_key", item(form, key, parts=parts, model=ROW + model))
    assert (found is None) is agrees


async def test_names_of_a_set_are_paired_up() -> None:
    model = "var ann, bob, cy in {red, blue}\nann != cy\nbob == ann\ncy == red\nquestion: those(blue, ann, bob, cy)"
    assert await reason("proof_gives_key", item("set", ("Bob", "Ann"), model=model)) is None
    assert await reason("proof_gives_key", item("set", ("Bob", "Cy"), model=model)) is not None


async def test_goals_show_in_the_model() -> None:
    counted = item("number", ("1",), model=ROW + "ask: count", goal="count_arrangements")
    assert await reason("goal_shows_in_proof", counted) is None
    uncounted = item("number", ("1",), model=ROW + "question: ann", goal="count_arrangements")
    assert "how many" in (await reason("goal_shows_in_proof", uncounted) or "")
    lines = ROW + "{}ask: must\nA: ways == 0\nB: ann == 2\nC: cy == 1"
    options = {"options": OPTIONS}
    clash = item("choice", ("A",), parts=options, model=lines.format("cy < ann\n"), goal="hidden_contradiction")
    assert await reason("goal_shows_in_proof", clash) is None
    assert await reason("proof_gives_key", clash) is None
    none = item("choice", ("A",), parts=options, model=lines.format(""), goal="hidden_contradiction")
    assert "1 arrangements" in (await reason("goal_shows_in_proof", none) or "")


@pytest.mark.parametrize(
    ("proof", "form", "key", "model", "agrees"),
    [
        ("plan", "number", ("2",), "state a = 0\ngoal: a == 2\nmove up when a < 2: a = a + 1\nquestion: moves", True),
        ("plan", "number", ("1",), "state a = 0\ngoal: a == 2\nmove up when a < 2: a = a + 1\nquestion: moves", False),
        ("pattern", "number", ("42",), "terms: 2, 6, 12, 20, 30\nrule: n * (n + 1)", True),
        ("pattern", "number", ("40",), "terms: 2, 6, 12, 20, 30\nrule: n * (n + 1)", False),
        (
            "chance",
            "number",
            ("1/3",),
            "draw a, b in {x, y}\ngiven: a == x or b == x\nquestion: a == x and b == x",
            True,
        ),
        (
            "chance",
            "number",
            ("1/2",),
            "draw a, b in {x, y}\ngiven: a == x or b == x\nquestion: a == x and b == x",
            False,
        ),
        ("kinship", "span", ("grandmother",), "a is mother of b\nb is father of c\nquestion: a to c", True),
        ("kinship", "span", ("aunt",), "a is mother of b\nb is father of c\nquestion: a to c", False),
        ("word_letters", "span", ("notes",), "anagram: STONE\nlength: 5", True),
        ("word_letters", "span", ("tones!",), "anagram: STONE", True),
        ("word_letters", "span", ("nose",), "anagram: STONE", False),
        ("matchsticks", "span", ("6 + 3 = 9",), "equation: 8 + 3 = 5\nmoves: 1", True),
        ("matchsticks", "span", ("8 - 3 = 5",), "equation: 8 + 3 = 5\nmoves: 1", False),
    ],
)
async def test_every_language_proves_right_keys_and_refutes_wrong_ones(
    proof: str, form: AnswerForm, key: tuple[str, ...], model: str, agrees: bool
) -> None:
    case = item(form, key, proof=proof, model=model)
    assert await reason("proof_has_one_answer", case) is None
    assert (await reason("proof_gives_key", case) is None) is agrees


async def test_a_table_of_the_passage_is_computed_anew() -> None:
    passage = "| Place | Sacks |\n|---|---|\n| Corran | 480 |\n| Keil | 320 |\n"
    model = 'let all_sacks = sum of sacks\nlet one = the sacks where place == "Keil"\nquestion: 100 * one / all_sacks'
    right = item("number", ("40", "%"), proof="table_lookup", model=model, passage=passage)
    assert await reason("proof_gives_key", right) is None
    wrong = item("number", ("60", "%"), proof="table_lookup", model=model, passage=passage)
    assert await reason("proof_gives_key", wrong) is not None


async def test_two_true_sums_of_matchsticks_are_one_too_many() -> None:
    case = item("span", ("8 - 4 = 4",), proof="matchsticks", model="equation: 6 + 4 = 4\nmoves: 1")
    assert "2 true equations" in (await reason("proof_has_one_answer", case) or "")


async def test_one_candidate_fits_every_clue_and_it_is_the_key() -> None:
    table = {"clues": ("a", "b"), "candidates": ("a sieve", "a net", "a cup"), "fits": ("AB", "A")}
    assert await reason("proof_has_one_answer", item(key=("the sieve",), proof="clue_table", given=table)) is None
    assert await reason("proof_gives_key", item(key=("the sieve",), proof="clue_table", given=table)) is None
    assert await reason("proof_gives_key", item(key=("a net",), proof="clue_table", given=table)) is not None
    two = {**table, "fits": ("AB", "ABC")}
    assert "A and B" in (await reason("proof_has_one_answer", item(proof="clue_table", given=two)) or "")
    none = {**table, "fits": ("B", "A")}
    assert "no candidate" in (await reason("proof_has_one_answer", item(proof="clue_table", given=none)) or "")


def test_a_clue_table_is_read_letter_by_letter() -> None:
    case = item(proof="clue_table", given={})
    assert case.instruction is not None
    product = {"clues": ("x", "y"), "candidates": ("p", "q", "r"), "fits": ("A, C and B", "-")}
    assert PROOFS["clue_table"].read(product, case.instruction)["fits"] == ("ABC", "")
    with pytest.raises(UnparsableError, match="no candidate"):
        PROOFS["clue_table"].read({**product, "fits": ("A", "E")}, case.instruction)
    with pytest.raises(UnparsableError, match="each clue"):
        PROOFS["clue_table"].read({**product, "fits": ("A",)}, case.instruction)
    with pytest.raises(UnparsableError, match="no list of letters"):
        PROOFS["clue_table"].read({**product, "fits": ("the sieve", "A")}, case.instruction)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Three of us share one lamp. Which of us holds it?", None),
        ("The letters of STONE make another word. The answer is a word that singers use. Which?", None),
        ("Three of us share one lamp. Which of us holds it? The answer is Bel.", "hint"),
        ("Who?", "words"),
        ("A man walks into a mill with a cat and a", "breaks off"),
        ("A man looks at the river every evening. Why? Hint: he is a miller.", "hint"),
        ("A man looks at the river every evening and goes home.", "asks nothing"),
        ("Who sits first? Who sits second? Who sits third? Who sits last?", "several questions"),
    ],
)
async def test_a_puzzle_asks_one_thing_and_holds_no_hint(question: str, words: str | None) -> None:
    found = await reason("puzzle_is_asked", item(question=question))
    assert found is None if words is None else words in (found or "")


async def test_a_puzzle_stands_alone_and_does_not_name_its_answer() -> None:
    assert await reason("puzzle_stands_alone", item(question="According to the passage, who sits first?")) is not None
    assert await reason("puzzle_stands_alone", item(question="A text has six words. How many has it left?")) is None
    named = item(key=("a sieve",), question="I am a sieve, and I hold no water. What am I?")
    assert "sieve" in (await reason("puzzle_hides_answer", named) or "")
    assert await reason("puzzle_hides_answer", item(key=("a sieve",), question="I hold no water. What am I?")) is None


async def test_a_table_that_is_printed_may_be_named() -> None:
    question = "According to the table, which share of the sacks came from Keil?"
    printed = "| Place | Sacks |\n|---|---|\n| Corran | 480 |\n| Keil | 320 |\n"
    assert await reason("points_to_what_is_shown", item(question=question, passage=printed)) is None
    assert await reason("points_to_what_is_shown", item(question=question)) is not None
    other = "As Figure 3 shows, which share came from Keil?"
    assert await reason("points_to_what_is_shown", item(question=other, passage=printed)) is not None


async def test_a_simpler_rule_with_another_next_term_is_a_reason() -> None:
    question = "Which number comes next: 2, 4, 8, 16, 32, ...?"
    assert await reason("sequence_has_one_rule", item("number", ("64",), question=question)) is None
    assert "equal factors" in (await reason("sequence_has_one_rule", item("number", ("62",), question=question)) or "")
    turned = "Which number came before 4, 8, 16, 32?"
    assert await reason("sequence_has_one_rule", item("number", ("2",), question=turned)) is None


async def test_a_sum_in_letters_has_exactly_one_solution() -> None:
    assert (
        await reason("letter_sum_has_one_solution", item(question="Solve SEND + MORE = MONEY. What is MONEY?")) is None
    )
    many = await reason("letter_sum_has_one_solution", item(question="Solve TWO + TWO = FOUR. What is FOUR?"))
    assert "7 solutions" in (many or "")
    assert await reason("letter_sum_has_one_solution", item(question="Solve this sum in letters.")) is not None


async def test_the_printed_letters_are_those_of_the_answer() -> None:
    question = "Rearrange the letters of {} to get what a singer reads from."
    assert await reason("anagram_is_exact", item(key=("notes",), question=question.format("STONE"))) is None
    assert await reason("anagram_is_exact", item(key=("notes",), question=question.format("STONES"))) is not None
    assert await reason("anagram_is_exact", item(key=("notes",), question="What does a singer read from?")) is None


async def test_a_goal_moves_the_answer_or_leaves_it() -> None:
    parent = item(key=("a sieve",)).instruction
    for goal, key, passes in (
        ("red_herring", "a sieve", True),
        ("red_herring", "a net", False),
        ("broken_pattern", "a net", True),
        ("broken_pattern", "a sieve", False),
        ("new_surface_story", "a net", True),
    ):
        case = item(key=(key,), goal=goal, parent=parent)
        assert (await reason("answer_moves_as_asked", case) is None) is passes


async def test_a_relation_is_one_word() -> None:
    assert await reason("relation_is_bare", item(key=("mother-in-law",))) is None
    assert await reason("relation_is_bare", item(key=("mother in law",))) is None
    assert await reason("relation_is_bare", item(key=("his cousin",))) is not None
    assert await reason("relation_is_bare", item(key=("su prima",), language="es")) is None


def test_a_number_that_a_program_finds_needs_no_calculation() -> None:
    form = FORMS["number"]
    leaf = Leaf(name="fewest", description="x", answer="number", settings={"calculation": False})
    assert [field.name for field in form.item_fields(leaf)] == ["answer"]
    read = form.read_item({"answer": ("7 crossings",)}, leaf)
    assert read.key == ("7", "crossings")
    base = item("number", read.key).instruction
    assert base is not None
    assert form.problems(base.model_copy(update={"hidden": read.hidden})) == []
    assert form.problems(base) != []
