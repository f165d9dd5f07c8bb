"""The gates, measured on items that were labelled by hand without knowledge of them."""

import pytest

from tests.gates.measuring import Judged, Rates, judge_items


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return judge_items()


def rates_of(judged: list[Judged]) -> Rates:
    rates = Rates()
    for item in judged:
        rates.add(item)
    return rates


def test_the_set_is_large_and_covers_every_form(judged: list[Judged]) -> None:
    assert len(judged) >= 60
    assert {item.item["form"] for item in judged} == {
        *("span", "set", "number", "choice", "truth"),
        *("order", "mapping", "blank", "essay", "answerability"),
    }


def test_few_wrong_items_pass_that_a_program_could_stop(judged: list[Judged]) -> None:
    rates = rates_of(judged)
    passed = [item.item["id"] for item in judged if not item.right and not item.hard and item.stopped_by is None]
    assert rates.accepted_wrong <= 0.05 * rates.wrong, passed


def test_few_right_items_are_stopped(judged: list[Judged]) -> None:
    rates = rates_of(judged)
    stopped = {
        item.item["id"]: f"{item.stopped_by}: {item.reason}" for item in judged if item.right and item.stopped_by
    }
    assert rates.rejected_right <= 0.15 * rates.right, stopped
