"""The order of training data: easy to hard or shuffled, by the seed and the ids alone."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from orca_agents.errors import ConfigError, DatasetError
from orca_agents.training.ordering import check_order, in_order, level_of, rows_in_order


def row(id: str, **metadata: object) -> dict[str, object]:
    return {"id": id, "metadata": metadata}


def order_of(rows: list[dict[str, object]], *given: object) -> list[str]:
    return [str(rows[place]["id"]) for place in in_order(enumerate(rows), *given)]  # type: ignore[arg-type]


ROWS = [row(f"item{number}", difficulty=number % 3) for number in range(60)]


def test_seed_instructions_come_first_then_each_round_of_refinement() -> None:
    levels = [int(id.removeprefix("item")) % 3 for id in order_of(ROWS)]
    assert levels == [0] * 20 + [1] * 20 + [2] * 20


def test_within_a_level_the_seed_decides_and_the_order_in_which_rows_come_does_not() -> None:
    assert order_of(ROWS) == order_of(ROWS) == order_of(ROWS[::-1])
    assert order_of(ROWS, "easy-first", 1) != order_of(ROWS)
    assert order_of(ROWS)[:20] != [f"item{number}" for number in range(0, 60, 3)]


def test_shuffled_rows_mix_all_levels() -> None:
    shuffled = order_of(ROWS, "shuffled", 5)
    assert sorted(shuffled) == sorted(order_of(ROWS))
    assert {int(id.removeprefix("item")) % 3 for id in shuffled[:20]} == {0, 1, 2}
    assert order_of(ROWS[::-1], "shuffled", 5) == shuffled != order_of(ROWS, "shuffled", 6)


def test_a_row_of_a_run_is_as_hard_as_the_rounds_above_it() -> None:
    assert level_of(row("a", round=0, parent_id=None)) == 0
    assert level_of(row("a", round=2, parent_id="b")) == 2
    assert level_of(row("a", round=1, parent_id="b", difficulty=3)) == 3  # a dataset knows it better
    assert level_of({"id": "a", "metadata": json.dumps({"round": 1, "parent_id": "b"})}) == 1


def test_rows_of_a_file_come_in_order_and_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [{**one, "text": "é\u2028 🦜" * number} for number, one in enumerate(ROWS)]
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")
    found = list(rows_in_order(file))
    assert [one["id"] for one in found] == order_of(ROWS)
    assert sorted(found, key=lambda one: len(one["text"])) == rows


def test_what_is_no_row_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(f'{json.dumps(ROWS[0])}\n{{"id": "b"}}\n')
    with pytest.raises(DatasetError, match=r"rows\.jsonl:2: no row"):
        list(rows_in_order(file))
    with pytest.raises(DatasetError, match="absent"):
        list(rows_in_order(tmp_path / "absent.jsonl"))


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        try:
            assert sum(1 for _ in in_order((at, row(f"item{at}", round=at % 4)) for at in range(rows))) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is imported and cached at first use
    assert peak(20_000) < 2 * peak(1_000) + 100_000


def test_an_order_that_there_is_not_is_refused() -> None:
    assert check_order("shuffled") == "shuffled"
    with pytest.raises(ConfigError, match="did you mean 'easy-first'"):
        check_order("easy-frist")
