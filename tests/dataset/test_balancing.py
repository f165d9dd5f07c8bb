"""Balance: what is too much goes, by lots, and the summary says what was done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orca_agents.dataset.building import Built, build
from orca_agents.dataset.options import BuildOptions
from orca_agents.errors import DatasetError
from orca_agents.outcomes import Example
from tests.dataset.runs import choice, dropped_of, example, rows_of, write_run


def balanced(tmp_path: Path, examples: list[Example], **options: Any) -> tuple[list[dict[str, Any]], Built]:
    run = write_run(tmp_path / "run", examples)
    out = tmp_path / "dataset"
    done = build([run], out, BuildOptions(flags="off", holdout=0, validation=0, **options))
    assert len(rows_of(out)) + len(dropped_of(out)) == len(examples)
    return rows_of(out), done


def of_skills(**counts: int) -> list[Example]:
    return [example((skill, at), skill=skill) for skill, count in counts.items() for at in range(count)]


def test_letters_are_right_equally_often(tmp_path: Path) -> None:
    examples = [
        choice((letter, at), letter) for letter, count in zip("ABCD", (9, 14, 6, 8), strict=True) for at in range(count)
    ]
    rows, done = balanced(tmp_path, examples, balance=frozenset(("letter",)))
    assert Counter(row["metadata"]["reference"][0] for row in rows) == {"A": 6, "B": 6, "C": 6, "D": 6}
    assert "tests, 4 options: right were A 9, B 14, C 6, D 8; now each at most 6" in done.notes


def test_a_letter_that_is_hardly_ever_right_does_not_cost_nearly_all(tmp_path: Path) -> None:
    examples = [
        choice((letter, at), letter)
        for letter, count in zip("ABCD", (10, 12, 11, 1), strict=True)
        for at in range(count)
    ]
    rows, done = balanced(tmp_path, examples, balance=frozenset(("letter",)))
    assert Counter(row["metadata"]["reference"][0] for row in rows) == {"A": 10, "B": 10, "C": 10, "D": 1}
    assert "1 of the letters are rarer than half their share" in done.notes[-1]


def test_letters_are_counted_by_the_number_of_options(tmp_path: Path) -> None:
    examples = [choice(("four", at), "ABCD"[at % 4]) for at in range(16)]
    examples += [choice(("five", at), "ABCDE"[at % 5], options=5) for at in range(20)]
    rows, _ = balanced(tmp_path, examples, balance=frozenset(("letter",)))
    assert len(rows) == 36


def test_no_leaf_has_more_than_twice_the_middle_one(tmp_path: Path) -> None:
    examples = [
        example((leaf, at), leaf=leaf) for leaf, count in (("a", 5), ("b", 8), ("c", 40)) for at in range(count)
    ]
    rows, _ = balanced(tmp_path, examples, balance=frozenset(("leaf",)))
    assert Counter(row["leaf"] for row in rows) == {"a": 5, "b": 8, "c": 16}


def test_no_class_of_lengths_has_more_than_twice_the_middle_one(tmp_path: Path) -> None:
    examples = [
        example((length, at), answer="word " * length)
        for length, count in ((10, 30), (200, 6), (2000, 4))
        for at in range(count)
    ]
    rows, _ = balanced(tmp_path, examples, balance=frozenset(("length",)))
    assert Counter(len(row["messages"][1]["content"]) // 5 for row in rows) == {10: 12, 200: 6, 2000: 4}


def test_skills_are_even_by_the_smallest(tmp_path: Path) -> None:
    rows, done = balanced(tmp_path, of_skills(one=12, two=5, three=20), balance=frozenset(("skill",)))
    assert Counter(row["skill"] for row in rows) == {"one": 5, "two": 5, "three": 5}
    assert done.notes[-1] == "the mix ends at 15 rows: two has 5, and its part is 33.3%"


def test_a_mix_is_kept_to(tmp_path: Path) -> None:
    rows, _ = balanced(tmp_path, of_skills(one=30, two=30, three=9), mix={"one": 3, "two": 1}, rows=20)
    assert Counter(row["skill"] for row in rows) == {"one": 15, "two": 5}


def test_the_released_mix_is_of_the_skills_that_are_there(tmp_path: Path) -> None:
    rows, _ = balanced(tmp_path, of_skills(coding=50, reading_comprehension=20, own=3), mix="released")
    assert Counter(row["skill"] for row in rows) == {"coding": 40, "reading_comprehension": 20}


def test_a_mix_with_a_skill_that_has_no_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no rows of 'codng'; did you mean 'coding'"):
        balanced(tmp_path, of_skills(coding=3), mix={"codng": 1.0})


def test_caps_hold(tmp_path: Path) -> None:
    examples = [example((leaf, at), leaf=leaf) for leaf in ("a", "b") for at in range(10)] + of_skills(other=4)
    rows, _ = balanced(tmp_path, examples, most_per_leaf=6, most_per_skill=9)
    counts = Counter(row["skill"] for row in rows)
    assert counts == {"facts": 9, "other": 4}
    assert max(Counter(row["leaf"] for row in rows if row["skill"] == "facts").values()) <= 6


def test_rows_without_an_answer_are_bounded(tmp_path: Path) -> None:
    examples = [example(at) for at in range(18)]
    examples += [example(("none", at), metadata={"answerable": False, "reference": ()}) for at in range(10)]
    rows, _ = balanced(tmp_path, examples, unanswerable=0.1)
    assert Counter(row["metadata"]["answerable"] for row in rows) == {True: 18, False: 2}


@pytest.mark.parametrize(
    "cut", [{"most_per_skill": 30}, {"rows": 30}, {"mix": {"facts": 1.0}, "rows": 30}, {"balance": frozenset({"leaf"})}]
)
def test_the_bound_on_rows_without_an_answer_holds_whatever_else_is_cut(cut: dict[str, Any], tmp_path: Path) -> None:
    examples = [example(("big", at), leaf="big") for at in range(90)]
    examples += [
        example(("none", at), leaf=f"rare{at % 2}", metadata={"answerable": False, "reference": ()}) for at in range(10)
    ]
    for seed in range(6, 12):
        rows, _ = balanced(tmp_path / str(seed), examples, unanswerable=0.1, seed=seed, **cut)
        assert 10 * sum(not row["metadata"]["answerable"] for row in rows) <= len(rows)
        assert len(rows) == 30 or "balance" in cut


def test_the_number_of_all_rows_is_exact_and_the_draw_is_by_the_seed(tmp_path: Path) -> None:
    examples = of_skills(one=20, two=20)
    rows, _ = balanced(tmp_path, examples, rows=11)
    others, _ = balanced(tmp_path / "other", examples, rows=11, seed=7)
    assert len(rows) == len(others) == 11
    assert {row["id"] for row in rows} != {row["id"] for row in others}
