"""The gates, measured on items that were labelled by hand without knowledge of them."""

from pathlib import Path

import pytest

from tests.gates.measuring import HELD_OUT, TUNED, Judged, judge_items, rates_of

MOST_STOPPED = {TUNED: 0.08, HELD_OUT: 0.2}
"""The largest share of right items that may be stopped: a bound on what was measured, to be lowered with the gates."""


@pytest.fixture(scope="module", params=MOST_STOPPED, ids=["mended_on", "held_out"])
def files(request: pytest.FixtureRequest) -> tuple[Path, ...]:
    chosen: tuple[Path, ...] = request.param
    return chosen


@pytest.fixture(scope="module")
def judged(files: tuple[Path, ...]) -> list[Judged]:
    return judge_items(files)


def test_the_set_is_large_and_covers_every_form(judged: list[Judged]) -> None:
    assert len(judged) >= 60
    assert {item.item["form"] for item in judged} == {
        *("span", "set", "number", "choice", "truth"),
        *("order", "mapping", "blank", "essay", "answerability"),
    }


def test_no_wrong_item_passes_that_a_program_could_stop(judged: list[Judged]) -> None:
    rates = rates_of(judged)
    passed = [item.item["id"] for item in judged if not item.right and not item.hard and item.stopped_by is None]
    assert rates.accepted_wrong == 0, passed


def test_few_right_items_are_stopped(judged: list[Judged], files: tuple[Path, ...]) -> None:
    rates = rates_of(judged)
    stopped = {
        item.item["id"]: f"{item.stopped_by}: {item.reason}" for item in judged if item.right and item.stopped_by
    }
    assert rates.rejected_right <= MOST_STOPPED[files] * rates.right, stopped
