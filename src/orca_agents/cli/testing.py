"""`orca-agents test`: play a skill's cases with a scripted teacher, and tell what did not go as they say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

from orca_agents.checks import NAMES
from orca_agents.errors import OrcaError
from orca_agents.fixtures import GateRates, Played, find_cases, play_cases, read_cases, uncovered
from orca_agents.library import Library
from orca_agents.outcomes import Example
from orca_agents.records import Message


def cases_command(
    skills: Sequence[str], library: Sequence[Path], files: Sequence[Path], *, verbose: bool, show: bool
) -> int:
    """Test these skills, or all on the search path; the exit code."""
    library_names = skills or Library(*library).names("skill")
    codes = [_test(skill, library, files, verbose=verbose, show=show) for skill in library_names]
    return max(codes, default=0)


def _test(skill: str, library: Sequence[Path], files: Sequence[Path], *, verbose: bool, show: bool = False) -> int:
    try:
        read = Library.for_skill(skill, library).skill(skill, NAMES)
        played = asyncio.run(play_cases(skill, read_cases(find_cases(skill, library, files)), library))
    except OrcaError as error:
        print(f"{skill}: {error}")
        return 2
    failed = [one for one in played if one.problem]
    if len(failed) == len(played) > 1 and len({one.problem for one in failed}) == 1:
        print(f"{skill}: none of its {len(played)} cases can be played: {failed[0].problem}")
        return 1
    rates = GateRates()
    for one in played:
        rates.add(one)
        if one.problem or verbose or show:
            print(f"{'FAILED' if one.problem else 'ok    '}  {one.path.name}: {one.case.name}")
        if one.problem:
            print(f"        {one.problem}")
        if show and one.run is not None:
            print("".join(f"{_shown(example)}\n" for example in one.run.examples), end="")
        if verbose and one.case.label and one.is_accepted != (one.case.label == "right"):
            print(f"        labelled {one.case.label}, {_verdict(one)}")
    print(f"{read.name}: {len(played) - len(failed)} of {len(played)} cases go as they say{_rates(rates)}")
    for missing in () if failed else uncovered(read, played):  # cases that broke off went through less than they would
        print(f"        no case goes through {missing}")
    return 1 if failed else 0


def _shown(example: Example) -> str:
    """What a student model would learn from, under a line that says what it is."""
    refined = f", refined: {example.metadata.goal}" if example.metadata.goal else ""
    return f"    --- {example.leaf}{refined}\n" + "\n".join(
        f"    [{message.role}]\n" + indent("\n".join((message.content, *_calls(message))).strip(), "    ")
        for message in example.messages
    )


def _calls(message: Message) -> list[str]:
    return [f"-> {call.function.name} {call.function.arguments}" for call in message.tool_calls]


def _verdict(played: Played) -> str:
    if played.is_accepted:
        return "and accepted"
    reasons = [f"{it.check}: {it.reason}" for it in played.run.rejections] if played.run is not None else []
    return "stopped by " + ("; ".join(reasons) or "no gate: nothing was made")


def _rates(rates: GateRates) -> str:
    if not rates.right + rates.wrong + rates.hard:
        return ""
    hard = f", {rates.accepted_hard} of {rates.hard} hard ones" if rates.hard else ""
    return (
        f"; gates: {rates.accepted_wrong} of {rates.wrong} wrong accepted{hard}, "
        f"{rates.rejected_right} of {rates.right} right rejected"
    )
