"""Spoil the cases of the skills, one text of one reply at a time, and see what becomes of them. Run by hand:

    python -m benchmarks.spoilt 300                 so many plays of each skill
    python -m benchmarks.spoilt 300 fermi coding    of these skills

In a case that ends with an example, one text of one reply is replaced by rubbish, or rubbish is put into it: a loop of
one piece, or a mixture, of rulers, blanks, brackets, half characters, tags, numbers and the like. Nothing may hang or
crash, and nothing with a loop in it may be accepted; mixtures, of which some get through where only a reader could
tell, are counted. Told is, too, how long nothing else could go on at the longest.
"""

from __future__ import annotations

import asyncio
import copy
import random
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.skills import timed
from orca_agents.fixtures import CaseConfig, Played, find_cases, play_cases, read_cases
from orca_agents.library import Library
from orca_agents.looping import find_loop

CHARS = 6000
LEAST = 200
"""Characters of rubbish that have to be found again in an example."""
SPOILT = "wrong"
EXPECTED = ("UnparsableError", "BadRequestError")
"""Failures for the form of a reply; any other is a fault of ours."""
KEPT = ("when", "call", "with", "option", "suitable")
"""Keys of a reply in a case that are no texts of the agent."""
LOOPS = 0.3
PIECES = (
    *"-=aA1([{<\"'`~|$\\_9é中🙂", "* ", "\n", "\n\n", "  ", "1,", "1.", "<a>", "```\n", "|---|\n", "0.", "a b ",
    "the the ", "Who is it? ", "a: b\n", "1) x\n", "A) x\n", "- x\n", "# x\n", "x = 1\n", "1 + 1 = 2 ", "10 kg ",
    "[1] ", "a,b,c\n", "\u200b", "\u0301", "\x00", "\ud800", '{"a": ', "[[", "f(x) ", "1-A, ", "a->b ",
    "if a then b ", "not ", "<!-- ", "all a are b\n", "var x in 1..9\n", "x != y\n", "2024-01-01 ", "http://a.b/",
    "a@b.c ", "</a>", "{{", "{%", "<<<", "^9", "**9", "(1+", "x=x ",
)  # fmt: skip


def main(plays: int, skills: list[str]) -> None:
    """Print a line for each skill, and one for each thing that ought not to be."""
    draw = random.Random(plays)
    faults = 0
    for name in skills or Library().names("skill"):
        cases = [(path, case) for path, case in read_cases(find_cases(name)) if case.accepted and case.label != "wrong"]
        jobs = [(path, *spoil(case, draw)) for path, case in draw.choices(cases, k=plays)]
        played, still = asyncio.run(timed(play_cases(name, [(path, case) for path, case, _, _ in jobs])))
        told = [line for job, one in zip(jobs, played, strict=True) for line in strange(one, *job[2:])]
        faults += len(told)
        mixed = sum(holds(one, job[3]) for job, one in zip(jobs, played, strict=True)) - len(told)
        print(f"{name}: {plays} plays, {mixed} mixtures accepted, {still:.1f} s still at the longest", flush=True)
        print("".join(f"    {line}\n" for line in told), end="", flush=True)
    if faults:
        raise SystemExit(1)


def spoil(case: CaseConfig, draw: random.Random) -> tuple[CaseConfig, str, str]:
    """The case with one text spoilt, which one, and the rubbish."""
    path = draw.choice([(agent, *at) for agent, reply in case.replies.items() for at in texts(reply)])
    replies = copy.deepcopy(case.replies)
    parent: Any = replies
    for key in path[:-1]:
        parent = parent[key]
    text, rubbish = str(parent[path[-1]]), garbage(draw)
    middle = len(text) // 2
    parent[path[-1]] = draw.choice((rubbish, text + rubbish, rubbish + text, text[:middle] + rubbish + text[middle:]))
    return case.model_copy(update={"replies": replies, "label": SPOILT}), " ".join(map(str, path)), rubbish


def texts(reply: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a reply the texts of the agent stand."""
    if isinstance(reply, str):
        yield path
    elif isinstance(reply, list):
        for at, one in enumerate(reply):
            yield from texts(one, (*path, at))
    elif isinstance(reply, dict):
        for key, one in reply.items():
            if key not in KEPT:
                yield from texts(one, (*path, key))


def garbage(draw: random.Random) -> str:
    """A loop, or a mixture of a few things."""
    if draw.random() < LOOPS:
        piece: str = draw.choice(PIECES)
        return piece * (CHARS // len(piece))
    pieces: list[str] = draw.sample(PIECES, k=draw.choice((2, 3, 6)))
    return "".join(draw.choices(pieces, k=CHARS // max(map(len, pieces))))


def strange(played: Played, where: str, rubbish: str) -> Iterator[str]:
    """What must not be: a crash, or an example with a loop in it."""
    if played.run is None:
        yield f"{where}: {played.problem}"
        return
    for failure in played.run.failures:
        if failure.error not in EXPECTED:
            yield f"{where}, {rubbish[:30]!r}...: {failure.error}: {failure.message[:200]}"
    if find_loop(rubbish) and holds(played, rubbish):
        yield f"{where}, {rubbish[:30]!r}...: accepted ({played.case.leaf})"


def holds(played: Played, rubbish: str) -> bool:
    """Whether an example came of it that holds the rubbish."""
    examples = played.run.examples if played.run else ()
    return any(rubbish[:LEAST] in (message.content or "") for example in examples for message in example.messages)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [plays, *skills] if plays.isdecimal():
            main(int(plays), skills)
        case _:
            raise SystemExit(__doc__)
