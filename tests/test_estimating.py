"""Projections from a pilot: exact where there is nothing to guess, honest where there is little to go by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from random import Random

import pytest

from orca_agents.estimating import Estimate, Range, SeedSample, project


def sample(usd: float | None = 0.02, accepted: int = 2, tokens: int = 1_000) -> SeedSample:
    return SeedSample(usd, tokens, tokens // 4, 10, accepted, 30.0)


def uneven(rng: Random) -> SeedSample:
    """Costs with a long tail that rise with what is accepted; seeds that differ in how well they suit."""
    suits = rng.random()
    accepted = sum(rng.random() < suits for _ in range(4))
    return sample(0.01 * rng.lognormvariate(0, 0.7) * (1 + accepted), accepted)


def rare(rng: Random) -> SeedSample:
    """One example in five seeds."""
    return sample(0.01 * rng.lognormvariate(0, 0.5), int(rng.random() < 0.2))


def test_the_point_estimates_are_the_averages_of_the_pilot() -> None:
    pilot = [sample(0.01, 1), sample(0.03, 3), sample(0.02, 2), sample(0.02, 0), sample(0.02, 4)]
    estimate = project(pilot, seeds=100)

    assert estimate.usd.value == pytest.approx(2.0)
    assert estimate.accepted.value == pytest.approx(200)
    assert estimate.usd_per_accepted.value == pytest.approx(0.01)
    assert estimate.calls.value == pytest.approx(1_000)
    assert estimate.seconds.value == pytest.approx(3_000)
    assert estimate.seeds == Range(100, 100, 100)


def test_a_target_says_how_many_seeds_it_needs() -> None:
    estimate = project([sample(0.01, 1), sample(0.03, 3)] * 10, accept=1_000)

    assert estimate.seeds.value == pytest.approx(500)
    assert estimate.usd.value == pytest.approx(10)
    assert estimate.accepted == Range(1_000, 1_000, 1_000)
    assert estimate.seeds.low is not None
    assert estimate.seeds.high is not None
    assert estimate.seeds.low < 500 < estimate.seeds.high


def test_what_the_pilot_paid_is_certain() -> None:
    pilot = [uneven(Random(number)) for number in range(20)]
    paid = sum(each.usd or 0 for each in pilot)
    nearly_all, all_of_them = project(pilot, seeds=21), project(pilot, seeds=20)

    assert all_of_them.usd == pytest.approx((paid, paid, paid))
    assert nearly_all.usd.low is not None
    assert nearly_all.usd.low >= paid * (1 - 1e-12)


def test_a_target_that_the_pilot_reached_needs_nothing_more() -> None:
    estimate = project([sample()] * 10, accept=15)

    assert estimate.seeds == Range(10, 10, 10)
    assert estimate.usd == pytest.approx((0.2, 0.2, 0.2))
    assert estimate.usd_per_accepted.value == pytest.approx(0.01)


@pytest.mark.parametrize(("make", "size"), [(uneven, 15), (uneven, 40), (rare, 25)])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(
    make: Callable[[Random], SeedSample], size: int
) -> None:
    rng = Random(11)
    runs, everything = 60, 300
    covered = {"usd": 0, "accepted": 0, "seeds": 0, "usd to target": 0}
    for _ in range(runs):
        seeds = [make(rng) for _ in range(everything)]
        estimate = project(seeds[:size], seeds=everything)
        covered["usd"] += within(estimate.usd, sum(seed.usd or 0 for seed in seeds))
        covered["accepted"] += within(estimate.accepted, sum(seed.accepted for seed in seeds))
        target = sum(seed.accepted for seed in seeds) * 2 // 3
        estimate = project(seeds[:size], accept=target)
        needed, paid, got = 0, 0.0, 0
        while got < target:
            needed, paid, got = needed + 1, paid + (seeds[needed].usd or 0), got + seeds[needed].accepted
        covered["seeds"] += within(estimate.seeds, needed)
        covered["usd to target"] += within(estimate.usd, paid)

    for what, times in covered.items():
        assert times / runs >= 0.88, (what, times / runs)


def test_the_interval_narrows_with_the_pilot() -> None:
    rng = Random(4)
    small, large = (project([uneven(rng) for _ in range(size)], seeds=10_000) for size in (10, 400))

    assert width(large) < 0.35
    assert width(large) < width(small) / 2


def test_five_seeds_alike_do_not_make_a_certainty() -> None:
    estimate = project([sample()] * 5, seeds=1_000)

    assert estimate.accepted.value == pytest.approx(2_000)
    assert estimate.accepted.low is not None
    assert estimate.accepted.low < 1_800


def test_the_same_pilot_gives_the_same_interval() -> None:
    pilot = [uneven(Random(number)) for number in range(12)]

    assert project(pilot, seeds=500) == project(pilot, seeds=500)


def test_a_tiny_pilot_gets_no_interval() -> None:
    estimate = project([sample()] * 4, seeds=100)

    assert estimate.usd.value == pytest.approx(2.0)
    assert estimate.usd[1:] == (None, None)
    assert "an interval cannot be told from 4 seeds" in "\n".join(estimate.lines())


def test_without_an_accepted_example_its_price_cannot_be_told() -> None:
    pilot = [sample(0.02, 0)] * 30
    by_seeds, by_target = project(pilot, seeds=1_000), project(pilot, accept=50)

    assert by_seeds.usd.value == pytest.approx(20)
    assert by_seeds.usd.low is not None  # what seeds cost is known all the same
    assert by_seeds.accepted == by_seeds.usd_per_accepted == Range(None, None, None)
    assert by_target.usd == by_target.seeds == Range(None, None, None)
    for estimate in (by_seeds, by_target):
        assert "with 95% confidence fewer than 10% of the seeds bring one" in "\n".join(estimate.lines())
    assert "seeds needed       cannot be told" in "\n".join(by_target.lines())


def test_an_unknown_price_leaves_the_tokens() -> None:
    estimate = project([sample()] * 9 + [sample(None)], seeds=100)

    assert estimate.usd == estimate.usd_per_accepted == Range(None, None, None)
    assert estimate.pilot_usd is None
    assert estimate.prompt_tokens.value == pytest.approx(100_000)
    assert any("`price:`" in caveat for caveat in estimate.caveats)


def test_too_few_seeds_for_a_target_are_told_with_their_odds() -> None:
    pilot = [uneven(Random(number)) for number in range(40)]
    per_seed = sum(each.accepted for each in pilot) / 40
    few, enough = (project(pilot, seeds=seeds, accept=round(per_seed * 500)) for seeds in (250, 1_000))

    assert few.reach is not None
    assert enough.reach is not None
    assert few.reach < 0.05
    assert enough.reach > 0.95
    assert "seeds are needed, and there are 250" in "\n".join(few.lines())


def test_an_estimate_is_plain_data_that_fits_on_a_screen_and_comes_at_once() -> None:
    pilot = [uneven(Random(number)) for number in range(500)]
    started = time.process_time()
    estimate = project(pilot, seeds=100_000)

    assert time.process_time() - started < 2  # 0.13 s on a quiet machine
    assert json.loads(json.dumps(estimate.to_dict())) == estimate.to_dict()
    assert estimate.to_dict()["pilot"]["seeds"] == 500
    assert len(estimate.lines()) < 16


@pytest.mark.parametrize(
    ("samples", "asked"), [([], {"seeds": 5}), ([sample()] * 3, {}), ([sample()] * 3, {"seeds": 2})]
)
def test_what_cannot_be_asked_is_refused(samples: list[SeedSample], asked: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"pilot|seeds"):
        project(samples, **asked)


def within(span: Range, truth: float) -> bool:
    low, high = span.low or 0.0, float("inf") if span.high is None else span.high
    return low <= truth <= high


def width(estimate: Estimate) -> float:
    """Of the interval of the money, as a part of its value."""
    assert estimate.usd.value
    assert estimate.usd.low
    assert estimate.usd.high
    return (estimate.usd.high - estimate.usd.low) / estimate.usd.value
