"""Figures and data blocks: what is read, and what is refused."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from orca_agents.checks.figures.amounts import AmountProblem, read_unit
from orca_agents.checks.figures.blocks import DataProblem, read_data
from orca_agents.checks.figures.chains import evaluate
from orca_agents.checks.figures.readings import figures_in, number_of
from tests.checks.figure_cases import draft_of, why_not


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", Fraction(1234)),
        ("1 234 567", Fraction(1234567)),
        ("1\u202f234", Fraction(1234)),
        ("1\u2019234.5", Fraction("1234.5")),
        ("1,23,456", Fraction(123456)),
        ("1.234.567,8", Fraction("1234567.8")),
        ("0,75", Fraction(3, 4)),
        ("\u22125.2", Fraction("-5.2")),
        ("3.2 × 10^6", Fraction(3_200_000)),
        ("7·10⁵", Fraction(700_000)),
        ("3e6", Fraction(3_000_000)),
        ("€2.5bn", Fraction(2_500_000_000)),
        ("12.5 million", Fraction(12_500_000)),
        ("2½", Fraction(5, 2)),
        ("twenty-one", Fraction(21)),
        ("12k", Fraction(12_000)),
    ],
)
def test_a_figure_is_read_in_any_usual_notation(text: str, value: Fraction) -> None:
    assert figures_in(text)[0].values[0] == value


def test_a_comma_before_three_digits_has_two_readings_outside_english() -> None:
    assert figures_in("1,234", english=False)[0].values == (Fraction(1234), Fraction("1.234"))
    assert figures_in("1.234", english=False)[0].values == (Fraction("1.234"), Fraction(1234))
    assert figures_in("1,234")[0].values == (Fraction(1234),)


@pytest.mark.parametrize("text", ["A380", "Q3", "COVID19", "x2y"])
def test_digits_in_a_name_are_no_figure(text: str) -> None:
    assert figures_in(text) == []


def test_a_hedge_widens_what_a_round_figure_means_and_no_other() -> None:
    assert figures_in("about 3,400")[0].means(Fraction(3412))
    assert not figures_in("3,400")[0].means(Fraction(3412))
    assert figures_in("nearly 3 million")[0].means(Fraction(2_950_000))
    assert not figures_in("more than 40")[0].means(Fraction(38))
    assert not figures_in("about 52%")[0].means(Fraction(54))


def test_a_cell_is_a_number_with_its_currency_or_unit_aside() -> None:
    assert number_of("$1,053.48") == Fraction("1053.48")
    assert number_of("12 345 km") == 12345
    assert number_of("2014-7-1") is None
    assert number_of("12-15") is None
    assert number_of("n/a") is None


@pytest.mark.parametrize(
    ("block", "kind", "columns", "rows"),
    [
        ("a;b\n1,5;x\n2,5;y\n", "table", ("a", "b"), 2),
        ("a\tb\n1\tx\n2\ty\n", "table", ("a", "b"), 2),
        ("| a | b |\n|---|---|\n| **1** | x \\| y |\n| 2 | z |", "table", ("a", "b"), 2),
        ('[{"a": 1.50, "b": {"c": null}}, {"a": 2, "b": {"c": "é"}}]', "table", ("a", "b.c"), 2),
        ('{"a": [1, 2], "b": ["x", "y"]}', "table", ("a", "b"), 2),
        ('{"x": {"label": "year", "values": [1, 2]}, "series": [{"name": "s", "values": [3, null]}]}', "table",
         ("year", "s"), 2),
        ("A | born in | B\nA | died in | C\n", "triples", ("subject", "relation", "object"), 2),
        ("(A, born in, B)\n(D, born in, C)\n", "triples", ("subject", "relation", "object"), 2),
        ("08:15 pump on\n09:00 pump off\n", "log", ("time", "event"), 2),
        ("Name: Ada\nBorn: 1815\n", "record", ("Name", "Born"), 1),
        ("Title: t\n\n```csv\na,b\n1,2\n```\nNote: n", "table", ("a", "b"), 1),
    ],
)  # fmt: skip
def test_a_block_is_read_in_each_notation(block: str, kind: str, columns: tuple[str, ...], rows: int) -> None:
    data = read_data(block)
    assert (data.kind, data.columns, len(data.rows)) == (kind, columns, rows)


@pytest.mark.parametrize(
    "block",
    [
        "a,b\n1,2,3\n",
        "a,b\n1\n2,3\n",
        "a,a\n1,2\n",
        "| a | b |\n|---|---|\n| 1 |\n",
        '{"series": [{"name": "s", "values": [1]}], "labels": ["x", "y"]}',
        '{"a": ',
        "This is a sentence. It has, as sentences have, commas in it.",
        "[" * 30_000,
        "",
    ],
)
def test_a_block_that_is_broken_is_told_and_never_guessed(block: str) -> None:
    with pytest.raises(DataProblem):
        read_data(block)


def test_digits_of_json_are_kept_as_written() -> None:
    assert read_data('[{"a": 1.50, "b": 1}, {"a": 2.00, "b": 12345678901234567890}]').rows == (
        ("1.50", "1"), ("2.00", "12345678901234567890")
    )  # fmt: skip


def test_hostile_input_takes_no_time() -> None:
    start = time.monotonic()
    for text in ("1," * 20_000, "9" * 40_000, "1 000 " * 6_000, "Oslo " * 8_000, "(((" * 10_000, "from 1 to " * 3_000):
        figures_in(text)
        why_not("figures_traced", draft_of(text[:8_000]))
        why_not("directions_agree", draft_of(text[:8_000]))
        why_not("names_of_data", draft_of(text[:8_000]))
        why_not("causes_founded", draft_of(text[:8_000]))
    for line in ("a=" + "(" * 390, "a=" + "9^" * 190, "x = " + "1/" * 190 + "1 kg", "a = " + "kg*" * 120):
        with pytest.raises(AmountProblem):
            evaluate(line[2:] + ")", {})
    with pytest.raises(AmountProblem):
        read_unit("kg^99")
    assert time.monotonic() - start < 20
