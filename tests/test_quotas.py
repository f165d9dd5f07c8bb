"""Wanted numbers of examples: what is drawn, when there are enough, what is kept, whatever the order of arrival."""

import random
from collections import Counter
from pathlib import Path

import pytest

from orca_agents import ConfigError, run_skill
from orca_agents.quotas import Quota
from orca_agents.store import Tally
from tests.test_runs import ANSWER, QUESTION, SOLVED, script

LEAVES = ["who", "what", "where"]


def work_off(
    quota: Quota, rates: dict[str, float], *, arrival: random.Random, most: int = 2000
) -> list[tuple[str, int]]:
    """Draw the emptiest leaf for each seed and settle seeds in any order; the leaf and the accepted of each seed."""
    made: list[tuple[str, int]] = []
    under_way: list[tuple[int, str, int]] = []
    while not quota.enough() and len(made) < most:
        if quota.may_start():
            filled = quota.filled()
            leaf = min(filled, key=lambda name: (filled[name], name))
            luck = random.Random(f"{leaf}/{len(made)}").random()  # a seed's outcome depends on the seed alone
            accepted = int(luck < rates[leaf])
            under_way.append((quota.start({leaf: 1}), leaf, accepted))
            made.append((leaf, accepted))
        if under_way and (not quota.may_start() or arrival.random() < 0.5):
            number, leaf, accepted = under_way.pop(arrival.randrange(len(under_way)))
            quota.settle(number, Tally({leaf: 1}, {leaf: accepted} if accepted else {}))
    return made


def kept(quota: Quota, made: list[tuple[str, int]]) -> list[str]:
    accepted = [(position, f"{position:04}", leaf) for position, (leaf, good) in enumerate(made) if good]
    reserve = set(quota.reserve(accepted))
    return [example for _, example, _ in accepted if example not in reserve]


def test_the_order_of_arrival_changes_nothing() -> None:
    rates = {"who": 0.9, "what": 0.5, "where": 0.2}
    runs = []
    for number in range(12):
        quota = Quota(LEAVES, accept=60, lag=8)
        made = work_off(quota, rates, arrival=random.Random(number))
        runs.append(kept(quota, made))
    assert all(run == runs[0] for run in runs)
    assert len(runs[0]) == 60


def test_leaves_fill_evenly_although_some_are_accepted_rarely() -> None:
    rates = {"who": 0.9, "what": 0.5, "where": 0.2}
    quota = Quota(LEAVES, accept=300, lag=16)
    made = work_off(quota, rates, arrival=random.Random(1))
    accepted = Counter(leaf for leaf, good in made if good)
    assert max(accepted.values()) - min(accepted.values()) <= 16
    drawn = Counter(leaf for leaf, _ in made)
    assert drawn["where"] > 2 * drawn["who"]


def test_each_leaf_stops_at_its_own_number() -> None:
    quota = Quota(LEAVES, each={"who": 5, "where": 10}, lag=4)
    made = work_off(quota, {"who": 0.5, "what": 1.0, "where": 0.5}, arrival=random.Random(2))
    assert quota.enough()
    assert {leaf for leaf, _ in made} == {"who", "where"}
    ids = kept(quota, made)
    assert Counter(made[int(example)][0] for example in ids) == {"who": 5, "where": 10}


def test_a_gap_before_them_keeps_later_examples_from_counting() -> None:
    quota = Quota(LEAVES, accept=2, lag=10)
    first, second, third = (quota.start({"who": 1}) for _ in range(3))
    quota.settle(second, Tally({"who": 1}, {"who": 1}))
    quota.settle(third, Tally({"who": 1}, {"who": 1}))
    assert not quota.enough()
    quota.settle(first, Tally({"who": 1}, {}))
    assert quota.enough()


def test_no_more_seeds_are_begun_than_are_likely_to_be_needed() -> None:
    quota = Quota(LEAVES, accept=3, lag=64)
    begun = 0
    while quota.may_start():
        quota.start({"who": 3})
        begun += 1
    assert begun == 2  # three leaves were drawn for each


def test_memory_does_not_grow_with_the_seeds_that_are_finished() -> None:
    quota = Quota(LEAVES, accept=10**9, lag=8)
    for _ in range(5000):
        quota.settle(quota.start({"who": 1}), Tally({"who": 1}, {}))
    assert len(quota._seeds) <= 9


PASSAGES = [
    f"The mill number {n} of Orrin was built in 1804. It worked until a flood broke its wheel." for n in range(8)
]


@pytest.fixture
def skill(tmp_path: Path) -> str:
    from tests.test_runs import SKILL

    path = tmp_path / "skills" / "facts.yaml"
    path.parent.mkdir()
    path.write_text(SKILL, encoding="utf-8")
    return str(path)


def good() -> dict[str, object]:
    answer = {**ANSWER, "reasoning": "A flood broke its wheel.", "evidence": ["a flood broke its wheel"]}
    return {"writer": {**QUESTION, "question": "What broke the wheel of the mill at Orrin?"}, "responder": answer}


def test_a_run_keeps_exactly_as_many_as_were_asked_for_and_the_rest_as_reserve(skill: str, tmp_path: Path) -> None:
    model = script(**good(), solver=SOLVED)
    out = tmp_path / "out"
    run = run_skill(skill, PASSAGES, model=model, accept=3, out=out)
    assert len(run) == 3
    assert run.stopped == ""
    assert len((out / "examples.jsonl").read_text().splitlines()) == 3
    assert len((out / "reserve.jsonl").read_text().splitlines()) == len(run.reserve)
    whole = run_skill(skill, PASSAGES, model=script(**good(), solver=SOLVED))
    assert len(whole) == 8
    asked = len(model.requests)
    again = run_skill(skill, PASSAGES, model=model, accept=3, out=out)
    assert [example.id for example in again] == [example.id for example in run]
    assert len(model.requests) == asked
    more = run_skill(skill, PASSAGES, model=model, accept=5, out=out)
    assert {example.id for example in run} < {example.id for example in more}
    assert len(more) == 5


def test_a_shortfall_is_told(skill: str, tmp_path: Path) -> None:
    run = run_skill(skill, PASSAGES[:2], model=script(**good(), solver=SOLVED), accept=5)
    assert len(run) == 2
    assert "2 of 5 accepted" in run.stopped


def test_an_unknown_leaf_has_no_quota(skill: str) -> None:
    with pytest.raises(ConfigError, match="fact"):
        run_skill(skill, PASSAGES, model=script(), quotas={"fakt": 2})
