"""The cases of every shipped skill: they go as they say, through every agent and goal, and the gates are measured."""

import asyncio
from functools import cache

import pytest

from orca_agents.checks import NAMES
from orca_agents.errors import SandboxError
from orca_agents.fixtures import GateRates, Played, find_cases, play_cases, read_cases, uncovered
from orca_agents.library import Library
from orca_agents.sandbox import choose_sandbox

SKILLS = Library().names("skill")
ELSEWHERE = ("reading_comprehension",)
"""Skills whose labelled items are measured in tests/gates, and all of whose agents go through the tests there."""
MOST_WRONG = 0.0
"""The largest share of wrong items, but for the hard ones, that may be accepted."""
MOST_RIGHT = 0.1
"""The largest share of right items that may be stopped."""


@cache
def has_sandbox() -> bool:
    async def choose() -> bool:
        try:
            await choose_sandbox("auto")
        except SandboxError:
            return False
        return True

    return asyncio.run(choose())


@cache
def played(name: str) -> list[Played]:
    skill = Library().skill(name, NAMES)
    if "sandbox" in skill.config.needs and not has_sandbox():
        pytest.skip("this skill runs code, and no sandbox works here")
    return asyncio.run(play_cases(name, read_cases(find_cases(name))))


@pytest.mark.parametrize("name", SKILLS)
@pytest.mark.timeout(300)
def test_every_case_goes_as_it_says(name: str) -> None:
    assert [f"{one.case.name}: {one.problem}" for one in played(name) if one.problem] == []


@pytest.mark.parametrize("name", [name for name in SKILLS if name not in ELSEWHERE])
def test_cases_go_through_every_agent_and_every_goal(name: str) -> None:
    assert uncovered(Library().skill(name, NAMES), played(name)) == []


def test_cases_of_reading_comprehension_go_through_every_goal_and_stage() -> None:
    name = "reading_comprehension"
    missing = uncovered(Library().skill(name, NAMES), played(name))
    assert not [it for it in missing if it.startswith("goal")]
    spoke = {agent for one in played(name) for agent in one.spoke}
    assert {"suggester", "editor", "responder", "solver", "grader", "argument_passage_generator"} <= spoke


@pytest.mark.parametrize("name", [name for name in SKILLS if name not in ELSEWHERE])
def test_the_gates_stop_what_is_wrong_and_let_through_what_is_right(name: str) -> None:
    rates = GateRates()
    for one in played(name):
        rates.add(one)
    assert rates.right >= 8
    assert rates.right + rates.wrong + rates.hard >= 20
    assert rates.accepted_wrong <= MOST_WRONG * rates.wrong
    assert rates.rejected_right <= MOST_RIGHT * rates.right
