"""Real examples: what the cases of shipped skills make, played once."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

from orca_agents.fixtures import CaseConfig, find_cases, play_cases, read_cases
from orca_agents.outcomes import Example
from orca_agents.runs import SkillRun

FEW: tuple[tuple[str, int], ...] = (
    ("tool_use", 4),
    ("multiple_choice_questions", 1),
    ("conversation", 1),
    ("few_shot_reasoning", 2),
    ("text_classification", 1),
    ("web_agent", 1),
)
"""Skills that run no code, with so many of their first cases that are accepted: dialogues, tools, turns before a
question, options."""


@cache
def played(skill: str, most: int) -> tuple[Example, ...]:
    """The examples of the first cases of a skill that bring any."""
    found: dict[str, Example] = {}
    brought = 0
    for path, case in read_cases(find_cases(skill)):
        if not case.accepted or brought >= most:
            continue
        (one,) = asyncio.run(play_cases(skill, [(path, case)]))
        if one.run is not None and one.run.examples:
            brought += 1
            found.update({example.id: example for example in one.run.examples})
    return tuple(found.values())


@cache
def few_examples() -> tuple[Example, ...]:
    """Some of several skills."""
    return tuple(example for skill, most in FEW for example in played(skill, most))


def play(skill: str, case: CaseConfig) -> SkillRun:
    """The run of one case."""
    (one,) = asyncio.run(play_cases(skill, [(Path("case"), case)]))
    assert one.run is not None, one.problem
    return one.run


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
