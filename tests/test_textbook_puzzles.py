"""Puzzles out of textbooks, whose answers are known, and what hostile or careless formalisers write."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest

from orca_agents.puzzles import matches, words
from orca_agents.puzzles.asking import solve_model
from orca_agents.puzzles.chances import solve_chance
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.kin import solve_kin
from orca_agents.puzzles.patterns import solve_pattern
from orca_agents.puzzles.planning import solve_plan
from orca_agents.puzzles.syllogisms import solve_syllogism
from orca_agents.puzzles.tables import solve_table

ZEBRA = """\
var english, spaniard, ukrainian, norwegian, japanese in 1..5
var red, green, ivory, yellow, blue in 1..5
var dog, snails, fox, horse, zebra in 1..5
var coffee, tea, milk, juice, water in 1..5
var gold, kools, chesterfield, lucky, parliament in 1..5
all_different(english, spaniard, ukrainian, norwegian, japanese)
all_different(red, green, ivory, yellow, blue)
all_different(dog, snails, fox, horse, zebra)
all_different(coffee, tea, milk, juice, water)
all_different(gold, kools, chesterfield, lucky, parliament)
english == red and spaniard == dog and coffee == green and ukrainian == tea
just_after(green, ivory)
gold == snails and kools == yellow
milk == 3
norwegian == 1
next_to(chesterfield, fox)
next_to(kools, horse)
lucky == juice
japanese == parliament
next_to(norwegian, blue)
question: who({}, english, spaniard, ukrainian, norwegian, japanese)"""
MASTERMIND = """\
var a, b, c in 0..9
right_place((a, b, c), (6, 8, 2)) == 1 and wrong_place((a, b, c), (6, 8, 2)) == 0
right_place((a, b, c), (6, 1, 4)) == 0 and wrong_place((a, b, c), (6, 1, 4)) == 1
right_place((a, b, c), (2, 0, 6)) == 0 and wrong_place((a, b, c), (2, 0, 6)) == 2
right_place((a, b, c), (7, 3, 8)) == 0 and wrong_place((a, b, c), (7, 3, 8)) == 0
right_place((a, b, c), (7, 8, 0)) == 0 and wrong_place((a, b, c), (7, 8, 0)) == 1
question: code(a, b, c)"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (ZEBRA.format("zebra"), "japanese"),
        (ZEBRA.format("water"), "norwegian"),
        (MASTERMIND, "042"),
        ("letters: BASE + BALL = GAMES\nquestion: GAMES", 14938),
        ("letters: CROSS + ROADS = DANGER\nquestion: DANGER", 158746),
        ("letters: FORTY + TEN + TEN = SIXTY\nquestion: SIXTY", 31486),
        (
            "var son in 1..100\nvar father in 1..120\nfather == 3 * son\nfather + 12 == 2 * (son + 12)\nquestion: son",
            12,
        ),
        ("var m in 1..12\nweekday(date(2026, m, 13)) == Friday\nask: count", 3),
        (
            "var a, b, c, d, e in 0..1\n3 * a + 4 * b + 7 * c + 8 * d + 9 * e <= 17\nlet gain = 4 * a + 5 * b + "
            "10 * c + 11 * d + 13 * e\nmaximise: gain\nquestion: gain",
            24,
        ),
        (
            "var a, b, c, d, e in 0..9\na + 3 <= c\nb + 2 <= c\nb + 2 <= d\nlet end = max(a + 3, b + 2, c + 4, d + 2, "
            "e + 5)\nminimise: end\nquestion: end",
            7,
        ),
        ("question: weekday(date(1776, 7, 4))", "Thursday"),
        ("question: angle(3, 15)", Fraction(15, 2)),
        ("var a in {1..10}\nclue 1: a * 2.5 == 7.5\nquestion: a", 3),
    ],
)
def test_puzzles_from_the_textbooks_come_out_as_they_should(text: str, value: object) -> None:
    assert solve_model(text).value == value


def test_crossings_and_jugs_from_the_textbooks_come_out_as_they_should() -> None:
    jugs = (
        "state a, b = 0\ngoal: a == 4 or b == 4\nmove fill a when a < 3: a = 3\nmove fill b when b < 5: b = 5\n"
        "move empty a when a > 0: a = 0\nmove empty b when b > 0: b = 0\n"
        "move pour a: a = max(0, a - (5 - b)), b = min(5, a + b)\n"
        "move pour b: b = max(0, b - (3 - a)), a = min(3, a + b)\nquestion: moves"
    )
    assert solve_plan(jugs).value == 6
    torch = "state a, b, c, d, torch = left\ngoal: a == right and b == right and c == right and d == right\n"
    minutes = {"a": 1, "b": 2, "c": 5, "d": 10}
    for one in minutes:
        torch += (
            f"move {one} when {one} == torch: {one} = other({one}, left, right), torch = other(torch, left, right)\n"
        )
        torch += f"cost: {minutes[one]}\n"
        for two in (name for name in minutes if name > one):
            torch += (
                f"move {one} and {two} when {one} == torch and {two} == torch: {one} = other({one}, left, right), "
                f"{two} = other({two}, left, right), torch = other(torch, left, right)\ncost: {minutes[two]}\n"
            )
    assert solve_plan(torch + "question: cost").value == 17


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "draw a, b in {boy, girl}\ndraw d, e in 1..7\ngiven: (a == boy and d == 2) or (b == boy and e == 2)\n"
            "question: a == boy and b == boy",
            Fraction(13, 27),
        ),
        (
            "draw ill in {true: 1/100, false: 99/100}\ndraw luck in 1..100\nlet positive = (ill and luck <= 99) "
            "or (not ill and luck <= 5)\ngiven: positive\nquestion: ill",
            Fraction(1, 6),
        ),
        ("draw a in 1..52\ndraw b in 1..52 where b != a\nquestion: a <= 4 and b <= 4", Fraction(1, 221)),
        ("draw a, b, c in 1..6\nquestion: a + b + c == 10", Fraction(1, 8)),
    ],
)
def test_chances_from_the_textbooks_come_out_as_they_should(text: str, value: Fraction) -> None:
    assert solve_chance(text).value == value


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("all p are m\nsome s are not m\nA: some s are not p\nB: some p are not s", {"A": True, "B": False}),
        ("some m are not p\nall m are s\nA: some s are not p\nB: all s are p", {"A": True, "B": False}),
        ("all p are m\nall s are m\nA: all s are p\nB: some s are p", {"A": False, "B": False}),
        ("all glasses are toys\nsome glass is red\nA: some toys are red\nB: no toy is red", {"A": True, "B": False}),
    ],
)
def test_syllogisms_from_the_textbooks_come_out_as_they_should(text: str, follows: dict[str, bool]) -> None:
    assert solve_syllogism(text).labelled == follows


TWELVE = ", ".join(f"x{number}" for number in range(12))
DOUBLED = "\n".join(f"def f{n}(x) = f{n - 1}(x) + f{n - 1}(x)" for n in range(1, 30))
COUPLES = "\n".join(f"let p{n} = (p{n - 1}, p{n - 1})\nlet q{n} = (q{n - 1}, q{n - 1})" for n in range(1, 50))
CODES = "\n".join(f"let c{n} = code(c{n - 1}, c{n - 1})" for n in range(1, 60))


@pytest.mark.parametrize(
    ("solve", "text", "reason"),
    [
        (solve_model, f"var {TWELVE} in 1..11\nall_different({TWELVE})\nquestion: x0", "no arrangement"),
        (solve_model, f"var {TWELVE} in 1..400\nquestion: x0", "steps|arrangements"),
        (solve_model, f"var a in 1..2\ndef f0(x) = x + x\n{DOUBLED}\nquestion: f29(a)", "too much to compute"),
        (
            solve_model,
            f"var a in 1..1\nlet p0 = (a, a)\nlet q0 = (a, a)\n{COUPLES}\nquestion: p49 == q49",
            "within a list",
        ),
        (solve_model, f"var a in 1..1\nlet c0 = code(a, a)\n{CODES}\nquestion: c59", "signs"),
        (solve_model, "var a in 1.." + "9" * 4800 + "\nquestion: a", "cannot be a name"),
        (solve_pattern, "terms: 1/2, 1/4, 1/16, 1/256\nfirst: 1/2\nrule: prev * prev\nask: 150", "too large"),
        (
            solve_chance,
            "draw a in 1..1000\ndraw b in 1..90\ndraw c in 1..1000 where c == a\nquestion: a == b",
            "too much",
        ),
        (solve_plan, "state a = x\ngoal: a == 5\nmove go: a = code(a, a, a)\nquestion: moves", "signs"),
        (solve_kin, "\n".join(f"p{n} is cousin of p{n + 1}" for n in range(40)) + "\nquestion: p0 to p9", "left open"),
    ],
)
def test_what_would_run_for_ever_is_refused_in_seconds(solve: Any, text: str, reason: str) -> None:
    started = time.perf_counter()
    with pytest.raises(PuzzleProblem, match=reason):
        solve(text)
    assert time.perf_counter() - started < 60


def test_eight_digits_of_matches_are_gone_through_at_once() -> None:
    started = time.perf_counter()
    assert matches.solutions("12+345=678", 2) == []
    assert time.perf_counter() - started < 2


def test_the_cheapest_way_is_found_at_once_where_it_is_long() -> None:
    started = time.perf_counter()
    text = (
        "state a = 0\ngoal: a >= 3000\nmove step when a < 3000: a = a + 1\n"
        "move jump when a < 3000: a = a + 1000\ncost: 300000\nquestion: cost"
    )
    assert solve_plan(text).value == 3000
    assert time.perf_counter() - started < 60


def test_things_that_look_alike_are_drawn_by_number() -> None:
    with pytest.raises(PuzzleProblem, match="numbers"):
        solve_chance("draw a in {red, red, blue}\ndraw b in {red, red, blue} where b != a\nquestion: b == blue")
    drawn = "draw a in 1..3\ndraw b in 1..3 where b != a\nquestion: a <= 2 and b == 3"
    assert solve_chance(drawn).value == Fraction(1, 3)


def test_a_misspelt_name_is_no_word_that_a_state_may_be() -> None:
    lines = "state man, goat = left\nnever: goat != {}\ngoal: man == right\nmove go: man = other(man, left, right), "
    lines += "goat = other(goat, left, right)\nquestion: moves"
    assert solve_plan(lines.format("man")).value == 1
    with pytest.raises(PuzzleProblem, match="'mna'"):
        solve_plan(lines.format("mna"))


def test_a_name_is_not_compared_with_the_place_of_its_bearer() -> None:
    with pytest.raises(PuzzleProblem, match="in quotes"):
        solve_model(
            "var ann, bob, cy in 1..3\nall_different(ann, bob, cy)\n"
            + "ann < bob\nask: cannot\nA: who(1, ann, bob, cy) == bob\nB: ann == 1"
        )


def test_pairs_are_not_taken_for_all_their_parts() -> None:
    with pytest.raises(PuzzleProblem, match="side by side"):
        solve_model("var a, b, c, d in 1..2\nall_different((a, b), (c, d))\nquestion: a")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ("tom is grandfather of eve\nwill is son of tom\nquestion: will to eve", "father or uncle"),
        ("cy is mother-in-law of bob\nann is daughter of cy\nquestion: ann to bob", "wife or sister-in-law"),
        ("sam is uncle of eve\nlea is mother of eve\nquestion: sam to lea", "may be brother"),
        ("ann is mother of eve\nbea is mother of eve\nquestion: ann to bea", "too many parents"),
        ("ann is wife of bob\nbea is wife of bob\nquestion: ann to bea", "married to"),
        ("tom is grandfather of eve\ntom is father of eve\nquestion: eve to tom", "does not fit"),
    ],
)
def test_who_stands_between_two_people_is_not_guessed(facts: str, reason: str) -> None:
    with pytest.raises(PuzzleProblem, match=reason):
        solve_kin(facts)


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        (
            "ann is grandmother of eve\nbob is son of ann\neve is daughter of bob\nquestion: bob to eve",
            {"father", "parent"},
        ),
        ("cy is mother-in-law of ann\nbob is husband of ann\nquestion: cy to bob", {"mother", "parent"}),
        ("tom is grandfather of eve\nuna is wife of tom\nquestion: una to eve", {"grandmother", "grandparent"}),
    ],
)
def test_a_person_in_between_who_is_named_elsewhere_is_known_again(facts: str, names: set[str]) -> None:
    found = solve_kin(facts)
    assert {found.value, *found.also} == names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("let a = sum of place\nquestion: a", "'Keil' is no number"),
        ("let a = place with max place\nquestion: a", "is no number"),
        ("let a = count of place\nlet b = sum of sacks\nquestion: b + round(a, 1)", "no function"),
    ],
)
def test_words_in_a_table_are_not_added_up(text: str, reason: str) -> None:
    with pytest.raises(PuzzleProblem, match=reason):
        solve_table(text, "| Place | Sacks |\n|---|---|\n| Keil | 3,5 |\n| Corran | 4 |\n")


def test_a_decimal_comma_is_read() -> None:
    table = "| Ort | Liter |\n|---|---|\n| Keil | 3,5 |\n| Corran | 4 |\n"
    assert solve_table("let a = sum of liter\nquestion: a", table).value == Fraction(15, 2)


def test_an_odd_sign_for_a_length_is_a_reason() -> None:
    with pytest.raises(PuzzleProblem, match="no number"):
        words.why_not(("length", "\u00b2"), "abc")
    with pytest.raises(PuzzleProblem, match="is no number"):
        solve_chance("draw a in {red, blue}\nexpected: a")
    with pytest.raises(PuzzleProblem, match="only a number"):
        solve_model("var a in {1, red}\nminimise: a\nquestion: a")
