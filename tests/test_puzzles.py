"""Puzzles in their small languages: what they come to, what they refuse, and that nothing runs away."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from orca_agents.puzzles import matches, patterns, words
from orca_agents.puzzles.asking import solve_model
from orca_agents.puzzles.chances import solve_chance
from orca_agents.puzzles.expressions import read_expression
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.kin import solve_kin
from orca_agents.puzzles.patterns import solve_pattern
from orca_agents.puzzles.planning import solve_plan
from orca_agents.puzzles.syllogisms import solve_syllogism
from orca_agents.puzzles.tables import read_tables, solve_table

ROW = "var ann, bob, cy in 1..3\nall_different(ann, bob, cy)\n"
"""Three people in a row, and nothing more."""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("7 / 2", Fraction(7, 2)),
        ("if 1 < 2 then 2 < 3", True),
        ("if 1 < 2 then 3 < 2 else 1 < 2", False),
        ("(1 < 2) iff not (2 < 1)", True),
        ("true implies false", False),
        ("(true iff false) or 1 < 2", True),
        ("count(1 < 2 implies 2 < 1, 1 < 2, if 1 < 2 then 2 < 3)", 2),
        ("if 1 < 2 then 7 else 8", 7),
        ("not (1 < 2 -> 2 < 1) <-> true", True),
        ("implies(1 < 2, 2 < 1)", False),
        ("if 1 > 2 then 1 // 0 == 1", True),
        ("1 < 2 xor 2 < 1", True),
        ("(true XOR true) == not true", True),
        ("xor(true, false) implies 1 < 2 xor 2 < 3", False),
        ("2 in 1..3", True),
        ("3 = 3 and 4 ≠ 5", True),
        ("1 < 2 < 3", True),
        ("exactly(2, 1 < 2, 2 < 3, 3 < 2)", True),
        ("number(4, 0, 7)", 407),
        ("pick(2, 40, 30, 80) + 0.5", Fraction(61, 2)),
        ("code(0, 4, 7)", "047"),
        ("wrong_place((1, 2, 3, 4), (4, 3, 5, 6))", 2),
        ("right_place((1, 2, 3), (1, 5, 3))", 2),
        ("weekday(date(2024, 2, 29) + 1)", "Friday"),
        ("days_in_month(2023, 2)", 28),
        ("leap(1900)", False),
        ("clock_text(clock(22, 40) + 450)", "06:10"),
        ("angle(3, 30)", 75),
        ("opposite(1, 4, 6)", True),
        ("opposite(1, 3, 5)", False),
        ("beside_around(1, 6, 6)", True),
        ("clockwise_from(1, 6, 6)", True),
        ("left_of_around(3, 2, 6)", True),
        ("right_of_around(3, 2, 6)", False),
        ("right_of_around(6, 1, 6)", True),
        ("'a' if 2 > 1 else 'b'", "a"),
    ],
)
def test_an_expression_comes_to_its_value(text: str, value: object) -> None:
    assert read_expression(text).value({}) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "(1).__class__",
        "[x for x in (1, 2)]",
        "lambda: 1",
        "open('x')",
        "2 ** 999999999",
        "f'{1}'",
        "max(*(1, 2))",
        "1 if",
        "(" * 200 + "1" + ")" * 200,
        "not " * 300 + "true",
        "9" * 500,
    ],
)
def test_what_is_no_expression_of_ours_is_refused_and_never_run(text: str) -> None:
    with pytest.raises(PuzzleProblem):
        read_expression(text).value({})


def test_numbers_that_grow_beyond_all_bounds_are_stopped() -> None:
    started = time.perf_counter()
    with pytest.raises(PuzzleProblem, match="too large"):
        read_expression(" * ".join(["(99 ** 7)"] * 20)).value({})
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ("ann < bob\nbob < cy\nquestion: who(2, ann, bob, cy)", "bob"),
        ("ann < bob\nquestion: ann < bob", True),
        ("ann < bob\nask: count", 3),
        ("let gap = abs(ann - cy)\ngap == 2\nann < bob\nquestion: gap", 2),
        ("just_before(ann, bob)\nbob == 3\nquestion: cy", 1),
        ("minimise: 10 * ann + cy\nquestion: bob", 3),
        ("bob == 1\nann + cy == 5   # the rest\nquestion: those(1, ann, bob, cy)", ("bob",)),
        ("```\nann == 3\nbob = 1\n```\nquestion: cy", 2),
        ("1. ann == 3\n2) bob == 1\nquestion: cy", 2),
    ],
)
def test_a_model_with_one_answer_gives_it(rules: str, value: object) -> None:
    assert solve_model(ROW + rules).value == value


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("ann < bob\nquestion: cy", "missing from your lines"),
        ("ann < bob\nbob < ann\nquestion: ann", "without `ann<bob`|without `ann < bob`"),
        ("ann < dan\nquestion: ann", "'dan', which no line declares"),
        ("ann < bob", "nothing is asked"),
        ("ann + bob\nquestion: ann", "must be true or false"),
        ("3 < 4\nquestion: ann", "speaks of no variable"),
        ("ask: perhaps\nquestion: ann", "must be one of"),
        ("var bob in 1..2\nquestion: ann", "declared already"),
        ("var dan in {ann, eve}\nquestion: dan", "both a variable and a value"),
        ("let a = b\nlet b = a\nquestion: a", "leads back to itself"),
        ("cy == ann / (bob - bob)\nquestion: ann", "division by zero"),
    ],
)
def test_a_model_that_says_too_little_or_too_much_is_refused_with_its_reason(rules: str, reason: str) -> None:
    with pytest.raises(PuzzleProblem, match=reason):
        solve_model(ROW + rules)


@pytest.mark.parametrize(
    ("ask", "right"),
    [("must", {"B"}), ("could", {"A", "B"}), ("cannot", {"C"}), ("may_fail", {"A", "C"})],
)
def test_options_are_judged_by_what_is_asked(ask: str, right: set[str]) -> None:
    found = solve_model(ROW + f"ann < bob\nask: {ask}\nA: cy == 3\nB: ann < 3\nC: ann == 3").labelled
    assert {mark for mark, is_right in found.items() if is_right} == right


def test_an_option_that_holds_only_in_some_arrangements_is_no_plain_answer() -> None:
    with pytest.raises(PuzzleProblem, match=r"option A .* holds in some"):
        solve_model(ROW + "ann < bob\nA: cy == 3\nB: ann == 3")


def test_a_contradiction_can_be_the_answer() -> None:
    found = solve_model("var a, b in bool\na iff not b\na iff b\nask: must\nA: ways == 0\nB: a\nC: not a")
    assert found.ways == 0
    assert found.labelled == {"A": True, "B": False, "C": False}


def test_a_rule_is_replaced_by_one_with_the_same_effect() -> None:
    found = solve_model(ROW + "cy == 3\nask: equivalent\nreplaced: ann < bob\nA: ann == 1\nB: bob == 1\nC: ann != 3")
    assert found.labelled == {"A": True, "B": False, "C": False}


def test_statements_suffice_alone_or_together() -> None:
    base = "var x, y in 1..9\nask: sufficient\nquestion: x\nA: first and second\nB: both and not first and not second\n"
    assert solve_model(base + "statement 1: x + y == 5\nstatement 2: y == 2").labelled == {"A": False, "B": True}
    assert solve_model(base + "statement 1: x == 3\nstatement 2: x * x == 9").labelled == {"A": True, "B": False}
    with pytest.raises(PuzzleProblem, match="contradicts"):
        solve_model(base + "statement 1: x == 3\nstatement 2: x == 4")


def test_a_sum_in_letters_is_solved_by_columns() -> None:
    started = time.perf_counter()
    assert solve_model("letters: SEND + MORE = MONEY\nquestion: number(M, O, N, E, Y)").value == 10652
    assert time.perf_counter() - started < 5
    assert solve_model("letters: TWO + TWO = FOUR\nask: count").value == 7
    with pytest.raises(PuzzleProblem, match="longer than its total"):
        solve_model("letters: ABCD + E = FG\nask: count")
    with pytest.raises(PuzzleProblem, match="different letters"):
        solve_model("letters: ABCDEF + GHIJKL = MNOPQRS\nask: count")


def test_cases_are_decided_by_a_definition() -> None:
    found = solve_model(
        "def fits(age, years) = age >= 18 and years > 2\nA: fits(18, 3)\nB: fits(17, 9)\nC: fits(40, 2)"
    )
    assert found.labelled == {"A": True, "B": False, "C": False}


def test_the_search_stops_after_its_steps_and_says_so() -> None:
    names = [f"x{number}" for number in range(12)]
    text = f"var {', '.join(names)} in 0..40\n{' + '.join(names)} == 470\nquestion: x0"
    with pytest.raises(PuzzleProblem, match="steps"):
        solve_model(text)


def test_options_may_be_values_of_the_question() -> None:
    found = solve_model(ROW + "ann < bob\nbob < cy\nquestion: who(2, ann, bob, cy)\nA: 'ann'\nB: 'bob'\nC: 'cy'")
    assert found.labelled == {"A": False, "B": True, "C": False}


def test_an_answer_that_stands_there_as_it_is_counts_as_a_shortcut() -> None:
    assert solve_model("var ann in 1..1\nann == 1\nquestion: ann").facts["is_shortcut"]
    assert not solve_model(ROW + "ann < bob\nbob < cy\nquestion: ann").facts["is_shortcut"]
    assert not solve_model("question: weekday(date(2024, 3, 1) + 100)").facts["is_shortcut"]


RIVER = """\
state man, wolf, goat, hay = left
never: wolf == goat and man != goat
never: goat == hay and man != goat
goal: man == right and wolf == right and goat == right and hay == right
move alone: man = other(man, left, right)
move wolf when wolf == man: man = other(man, left, right), wolf = other(wolf, left, right)
move goat when goat == man: man = other(man, left, right), goat = other(goat, left, right)
move hay when hay == man: man = other(man, left, right), hay = other(hay, left, right)
"""


def test_the_fewest_moves_are_found_and_plans_are_checked() -> None:
    assert solve_plan(RIVER + "question: moves").value == 7
    found = solve_plan(
        RIVER
        + "ask: shortest\nA: goat; alone; wolf; goat; hay; alone; goat\nB: goat; alone; goat; alone; goat\n"
        + "C: wolf; alone; goat\nD: goat; goat; goat; alone; wolf; goat; hay; alone; goat"
    )
    assert found.labelled == {"A": True, "B": False, "C": False, "D": False}
    assert solve_plan(RIVER + "ask: start\nA: goat\nB: wolf\nC: alone").labelled == {"A": True, "B": False, "C": False}


def test_weighings_are_counted_for_the_worst_case() -> None:
    weighing = (
        "state n = {}\ngoal: n <= 1\nmove weigh k for k in 1..6 when 2 * k <= n: n = k | n = n - 2 * k\nquestion: moves"
    )
    assert solve_plan(weighing.format(9)).value == 2
    assert solve_plan(weighing.format(10)).value == 3


def test_the_least_cost_is_not_the_cost_of_the_fewest_moves() -> None:
    text = (
        "state at = 0\ngoal: at == 2\nmove jump when at == 0: at = 2\ncost: 9\nmove step when at < 2: at = at "
        "+ 1\ncost: 3\n"
    )
    assert solve_plan(text + "question: moves").value == 1
    assert solve_plan(text + "question: cost").value == 6


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("state a = 0\ngoal: a == 9\nmove up when a < 3: a = a + 1\nquestion: moves", "cannot be reached"),
        ("state a = 0\ngoal: a == 0\nmove up: a = a + 1\nquestion: moves", "states|before the first"),
        ("state a = 0\ngoal: a == -1\nmove up: a = a + 1\nquestion: moves", "more than"),
        ("state a = 0\ngoal: a == 1\nmove up: b = 1\nquestion: moves", "no `state` line declares"),
        ("state a = 0\ngoal: a == 1\nmove up: a = 1", "nothing is asked"),
        ("state a = 0\ngoal: a == 1\nmove up: a = 1\nA: down", "no move"),
    ],
)
def test_a_plan_puzzle_that_cannot_be_worked_out_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PuzzleProblem, match=reason):
        solve_plan(text)


def test_a_rule_gives_all_that_is_printed_and_the_next() -> None:
    assert solve_pattern("terms: 2, 6, 12, 20, 30\nrule: n * (n + 1)").value == 42
    assert solve_pattern("terms: 1, 1, 2, 3, 5, 8\nfirst: 1, 1\nrule: prev + prev2\nask: 8").value == 21
    assert solve_pattern("terms: 3, 5, ?, 17, 33\nfirst: 3\nrule: 2 * prev - 1").value == 9
    assert (
        solve_pattern("case: 3, 4 = 25\ncase: 1, 2 = 5\ncase: 2, 5 = 29\nrule: a*a + b*b\nquestion: 5, 12").value == 169
    )
    with pytest.raises(PuzzleProblem, match="as term 4"):
        solve_pattern("terms: 2, 6, 12, 21, 30\nrule: n * (n + 1)")
    with pytest.raises(PuzzleProblem, match="fewer than three"):
        solve_pattern("terms: 1, 1, 2, 3\nfirst: 1, 1\nrule: prev + prev2")
    with pytest.raises(PuzzleProblem, match="for the case"):
        solve_pattern("case: 3 = 9\ncase: 2 = 4\ncase: 5 = 26\nrule: a * a\nquestion: 4")


def test_simple_rules_are_seen_in_printed_terms() -> None:
    def following(text: str) -> set[Fraction]:
        return set(patterns.simpler_next(patterns.printed_terms(text)).values())

    assert following("What comes next: 3, 7, 11, 15, 19, ...?") == {23}
    assert following("2, 4, 8, 16, 32") == {64}
    assert following("1, 4, 9, 16, 25") == {36}
    assert following("1, 10, 2, 20, 3, 30, 4, 40") == {5}
    assert following("2, 3, 5, 7, 11, 13") == set()
    assert patterns.printed_terms("In 1911 and 1962") == ()


def test_chances_are_counted_exactly() -> None:
    host = "draw car in 1..3\ndraw open in 1..3 where open != car and open != 1\nlet rest = 6 - 1 - open\n"
    assert solve_chance(host + "question: rest == car").value == Fraction(2, 3)
    careless = (
        "draw car, open in 1..3\ngiven: open != 1 and open != car\nlet rest = 6 - 1 - open\nquestion: rest == car"
    )
    assert solve_chance(careless).value == Fraction(1, 2)
    two = "draw a, b in {boy, girl}\ngiven: a == boy or b == boy\nquestion: a == boy and b == boy"
    assert solve_chance(two).value == Fraction(1, 3)
    assert solve_chance("draw a in {red: 0.25, blue: 75%}\nquestion: a == red").value == Fraction(1, 4)
    assert solve_chance("draw a in 1..6\nexpected: a").value == Fraction(7, 2)
    with pytest.raises(PuzzleProblem, match="never happen"):
        solve_chance("draw a in 1..6\ngiven: a > 6\nquestion: a == 1")
    with pytest.raises(PuzzleProblem, match="cases"):
        solve_chance("draw a, b, c in 1..1000\nquestion: a == b")


def test_what_follows_from_quantified_statements() -> None:
    premises = "all poets are dreamers\nno dreamers are bakers\nsome poets are smiths\n"
    options = (
        "A: some smiths are not bakers\nB: no smiths are bakers\nC: all dreamers are poets\nD: some bakers are poets"
    )
    assert solve_syllogism(premises + options).labelled == {"A": True, "B": False, "C": False, "D": False}
    could = solve_syllogism(premises + "ask: could\n" + options).labelled
    assert could == {"A": True, "B": True, "C": True, "D": False}


def test_all_alone_does_not_say_that_there_is_any() -> None:
    text = (
        "all poets are dreamers\nall dreamers are smiths\n{}ask: must\nA: some poets are smiths\nB: all poets "
        "are smiths"
    )
    assert solve_syllogism(text.format("")).labelled == {"A": False, "B": True}
    assert solve_syllogism(text.format("poets exist\n")).labelled == {"A": True, "B": True}


def test_one_person_is_in_one_region() -> None:
    text = (
        "mia is a poet\nall poets are dreamers\nmia is not a baker\nask: must\nA: mia is a dreamer\nB: no "
        "poets are bakers"
    )
    assert solve_syllogism(text).labelled == {"A": True, "B": False}
    with pytest.raises(PuzzleProblem, match="contradict"):
        solve_syllogism("mia is a poet\nno poets are bakers\nmia is a baker\nA: mia is a poet\nB: mia is a baker")


@pytest.mark.parametrize(
    ("facts", "names"),
    [
        ("ann is mother of bob\nbob is married to cy\ncy is mother of dan\nquestion: ann to dan", ["grandmother"]),
        ("tom is grandfather of eve\nwill is son of tom\nlea is daughter of tom\nlea is mother of eve\n"
         "question: will to eve", ["uncle"]),
        ("ann is sister of bob\nbob is father of cy\ndan is child of ann\nquestion: cy to dan", ["cousin"]),
        ("ann is wife of bob\ncy is mother of bob\nquestion: cy to ann", ["mother-in-law"]),
        ("ann is wife of bob\ncy is brother of bob\nquestion: cy to ann", ["brother-in-law"]),
        ("ann is mother of bob\nbob is father of cy\ncy is female\nquestion: cy to ann", ["granddaughter"]),
        ("ann is sister of bob\nbob is father of cy\nsays: aunt = tía\nquestion: ann to cy", ["aunt", "tía"]),
    ],
)  # fmt: skip
def test_a_relation_is_derived(facts: str, names: list[str]) -> None:
    found = solve_kin(facts)
    assert set(names) <= {found.value, *found.also}


def test_a_family_that_cannot_be_is_refused() -> None:
    with pytest.raises(PuzzleProblem, match="own ancestor"):
        solve_kin("ann is mother of bob\nbob is father of ann\nquestion: ann to bob")
    with pytest.raises(PuzzleProblem, match="both a man and a woman"):
        solve_kin("ann is mother of bob\nann is brother of cy\nquestion: ann to bob")
    with pytest.raises(PuzzleProblem, match="no relation"):
        solve_kin("ann is mother of bob\ncy is mother of dan\nquestion: ann to dan")


TABLE = """Some words.

| Region | Sales 2023 (t) | Year |
|:---|---:|---|
| **North** | 1,200 | 2020 |
| South | 800 | 2021 |
| East | 500.5 | 2021 |

A note.
"""


def test_figures_are_computed_from_the_printed_rows() -> None:
    assert read_tables(TABLE)[0].columns == ("region", "sales_2023_t", "year")
    share = (
        'let all_t = sum of sales_2023_t\nlet one = the sales_2023_t where region == "North"\n'
        "question: 100 * one / all_t"
    )
    assert solve_table(share, TABLE).value == Fraction(120000, 1) / Fraction("2500.5")
    best = 'let best = region with max sales_2023_t where year == 2021\nA: best == "South"\nB: best == "East"'
    assert solve_table(best, TABLE).labelled == {"A": True, "B": False}
    assert solve_table("let rows = count of region where sales_2023_t > 600\nquestion: rows", TABLE).value == 2
    assert solve_table("let a = median of b\nquestion: a", 'a,b\n"x, or y",1\ny,5\nz,9').value == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("let a = sum of sales\nquestion: a", "there are region"),
        ('let a = the year where region == "West"\nquestion: a', "no row"),
        ("let a = the region where year == 2021\nquestion: a", "2 rows"),
        ("let a = region with max year\nquestion: a", "share that place"),
        ("question: 3", "nothing is taken"),
    ],
)
def test_a_table_without_that_row_or_column_is_a_reason(text: str, reason: str) -> None:
    with pytest.raises(PuzzleProblem, match=reason):
        solve_table(text, TABLE)


@pytest.mark.parametrize(
    ("line", "answer", "fits"),
    [
        ("anagram: LISTEN", "silent", True),
        ("anagram: LISTEN", "tinsels", False),
        ("anagram: LISTEN", "Listen", False),
        ("hidden: The clan celebrated", "lance", True),
        ("hidden: The clan celebrated", "clan", False),
        ("backwards: DIAPER", "repaid", True),
        ("ladder: COLD, CORD, ?, WARD, WARM", "card", True),
        ("ladder: COLD, CORD, ?, WARD, WARM", "cold", False),
        ("shift: 3 KHOOR", "hello", True),
        ("shift: -1 GDKKN", "hello", True),
        ("initials: Every rose turns up", "ertu", True),
        ("drop: PLANET", "plane", True),
        ("add: PLANE", "planet", True),
        ("add: PLANE", "planets", False),
    ],
)
def test_letters_are_counted(line: str, answer: str, fits: bool) -> None:
    (fact,) = words.read_facts(line)
    assert (words.why_not(fact, answer) is None) is fits


def test_a_word_puzzle_needs_letters_to_hold_on_to() -> None:
    with pytest.raises(PuzzleProblem, match="no line ties"):
        words.read_facts("length: 5\nbegins: s")


def test_matchsticks_are_moved_and_none_is_lost() -> None:
    assert matches.solutions("6+4=4", 1) == ["0+4=4", "8-4=4"]
    assert matches.solutions("5+7=2", 1) == ["9-7=2"]
    assert matches.solutions("2+2=7", 1) == []
    with pytest.raises(PuzzleProblem, match="true as it stands"):
        matches.read_matches("equation: 3 + 4 = 7\nmoves: 1")
    with pytest.raises(PuzzleProblem, match="no short sum"):
        matches.read_matches("equation: 3 * 4 = 7\nmoves: 1")
