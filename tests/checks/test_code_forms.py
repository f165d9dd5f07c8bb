"""Checks of unit tests, queries and patterns: each with work that it must pass and work that it must catch."""

from __future__ import annotations

from orca_agents.checks.code.cases import mutated, renamed
from orca_agents.checks.code.pattern import bare
from orca_agents.records import Instruction
from tests.checks.code_items import Data, DirectLab, is_right, item, proved, why_not

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
