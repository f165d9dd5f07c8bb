"""The cost report: parts add up, shared calls are spread, and what is not known is said."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from orca_agents.costs import report_costs
from orca_agents.records import Usage
from orca_agents.run_config import Price


class Row(NamedTuple):
    model: str
    stage: str
    leaf: str
    agent: str
    replies: int
    attempts: int
    faults: int
    usage: Usage


def row(
    stage: str, leaf: str, prompt: int, *, model: str = "big", replies: int = 1, faults: int = 0, cached: int = 0
) -> Row:
    usage = Usage(calls=replies, prompt_tokens=prompt, completion_tokens=prompt // 10, cached_tokens=cached)
    return Row(model, stage, leaf, f"{stage}_writer", replies, replies + faults, faults, usage)


PRICES = {"big": Price(prompt=10, completion=100, cached=1), "small": Price(prompt=1, completion=10)}
ROWS = [
    row("transform", "", 1_000_000),  # $20
    row("instruct", "plot", 100_000, replies=3),  # $2
    row("instruct", "theme", 100_000, replies=1, faults=2),  # $2
    row("verify", "plot", 500_000, model="small", replies=10),  # $1
    row("respond", "theme", 200_000, replies=4, cached=100_000),  # $3.10
]


def test_every_way_of_dividing_adds_up_to_the_total() -> None:
    report = report_costs("stories", ROWS, {"plot": 4, "theme": 1}, PRICES)

    assert report.total.usd == pytest.approx(28.1)
    assert report.total.usd_per_accepted == pytest.approx(28.1 / 5)
    for parts in (report.models, report.stages, report.agents, report.leaves):
        assert sum(part.usd for part in parts.values()) == pytest.approx(28.1)
        assert sum(part.prompt_tokens for part in parts.values()) == pytest.approx(1_900_000)
        assert sum(part.replies for part in parts.values()) == pytest.approx(19)
    for parts in (report.models, report.stages, report.agents):
        assert sum(part.usd_per_accepted or 0 for part in parts.values()) == pytest.approx(28.1 / 5)
    assert list(report.stages) == ["transform", "instruct", "respond", "verify"]
    assert report.models["small"].usd == pytest.approx(1)
    assert report.agents["respond_writer"].usd == pytest.approx(3.1)


def test_a_leaf_bears_shared_calls_by_its_calls_in_the_instruct_stage() -> None:
    report = report_costs("stories", ROWS, {"plot": 4, "theme": 1}, PRICES)

    assert report.leaves["plot"].usd == pytest.approx(20 * 3 / 4 + 2 + 1)
    assert report.leaves["theme"].usd == pytest.approx(20 * 1 / 4 + 2 + 3.1)
    assert report.leaves["plot"].usd_per_accepted == pytest.approx(18 / 4)
    assert report.leaves["theme"].usd_per_accepted == pytest.approx(10.1)


def test_no_leaf_bears_the_shared_calls_of_another_skill() -> None:
    rows = [
        row("transform", "tales/", 1_000_000),  # $20
        row("transform", "sums/", 100_000),  # $2
        row("transform", "maps/", 50_000),  # $1, and nothing was asked of what came of it
        row("probe", "", 50_000),  # $1, of all of them
        row("instruct", "tales/plot", 100_000),  # $2
        row("instruct", "sums/plot", 100_000, replies=3),  # $2
    ]
    leaves = report_costs("all", rows, {"tales/plot": 1, "sums/plot": 1}, PRICES).leaves

    assert {name: cost.usd for name, cost in leaves.items()} == pytest.approx(
        {"tales/plot": 20 + 2 + 1 / 4, "sums/plot": 2 + 2 + 3 / 4, "maps/": 1}
    )


def test_shared_calls_without_any_leaf_are_kept_apart() -> None:
    report = report_costs("stories", ROWS[:1], {}, PRICES)

    assert list(report.leaves) == [""]
    assert report.leaves[""].usd == pytest.approx(20)
    assert report.total.usd_per_accepted is None


def test_attempts_faults_and_the_cached_share_are_told() -> None:
    total = report_costs("stories", ROWS, {"plot": 4}, PRICES).to_dict()["total"]

    assert total["calls"] == 19
    assert total["requests"] == 21
    assert total["faults"] == 2
    assert total["cached_share"] == round(100_000 / 1_900_000, 4)


def test_a_model_without_a_price_makes_the_total_a_lower_bound() -> None:
    report = report_costs("stories", ROWS, {"plot": 4, "theme": 1}, {"big": PRICES["big"]})

    assert report.unpriced == ("small",)
    assert report.total.usd == pytest.approx(27.1)
    assert not report.to_dict()["total"]["complete"]
    assert report.leaves["theme"].unknown == set()  # the small model had no part in it
    text = "\n".join(report.lines())
    assert "at least $27.10" in text
    assert "price unknown: small, 500k tokens of prompts and 50k of replies" in text


def test_with_no_price_at_all_tokens_are_told_instead_of_money() -> None:
    report = report_costs("stories", ROWS, {"plot": 4, "theme": 1}, {})
    text = "\n".join(report.lines())

    assert "an unknown sum for 19 calls" in text
    assert "stories: 418k tokens per accepted example (5 accepted)" in text
    assert "$" not in text


def test_replies_without_counts_are_not_taken_to_be_free() -> None:
    uncounted = Row("big", "respond", "plot", "writer", 5, 5, 0, Usage(calls=5))
    report = report_costs("stories", [*ROWS, uncounted], {"plot": 4}, PRICES)

    assert report.uncounted == ("big",)
    assert report.unpriced == ()
    assert not report.to_dict()["total"]["complete"]
    assert "tokens unknown: big" in "\n".join(report.lines())


def test_a_free_model_costs_nothing_for_certain() -> None:
    report = report_costs("stories", ROWS, {"plot": 1}, dict.fromkeys(PRICES, Price(prompt=0, completion=0)))

    assert report.total.usd == 0
    assert report.to_dict()["total"]["complete"]
    assert "$0.00 for 19 calls" in report.lines()[0]


def test_the_worst_leaves_come_first_and_all_fits_on_a_screen() -> None:
    leaves = {f"leaf_{number:02}": number for number in range(40)}
    rows = [row("instruct", leaf, 100_000) for leaf in leaves]
    lines = report_costs("stories", rows, leaves, PRICES).lines()

    assert len(lines) <= 24
    at = lines.index("by leaf, the 8 dearest of 40:")
    assert lines[at + 1].strip() == "leaf_00: nothing accepted (0 accepted, $2.00)"
    assert lines[at + 2].strip() == "leaf_01: $2.0000 per accepted example (1 accepted, $2.00)"
    assert lines[at + 8].strip() == "leaf_07: $0.2857 per accepted example (7 accepted, $2.00)"


def test_a_folder_without_calls_says_so() -> None:
    assert report_costs("stories", [], {}, PRICES).lines() == ["no calls were bought"]


def test_the_report_is_plain_data() -> None:
    data = report_costs("stories", ROWS, {"plot": 4, "theme": 1}, {"big": PRICES["big"]}).to_dict()

    assert json.loads(json.dumps(data)) == data
    assert set(data["by_leaf"]) == {"plot", "theme"}
    assert data["price_unknown"] == ["small"]
