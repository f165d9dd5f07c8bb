"""A hundred programs side by side leave nothing: no process, no file, no descriptor, no zombie, no task."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from orca_agents.sandbox import PYTHON, BackEnd, Limits, Program, examine
from orca_agents.sandbox.choosing import make_sandbox
from tests.sandbox.host import Host

RUNS = 100
CODE = """
import os, sys, time
number = int(sys.argv[1])
open("file", "w").write("x" * number)
if number % 10 == 1:
    time.sleep(60)
if number % 10 == 2:
    os.write(1, b"x" * 1_000_000)
if number % 10 == 3 and os.fork() == 0:
    os.setsid()
    time.sleep(60)
print(number, os.path.getsize("file"), sys.stdin.read())
"""


@pytest.mark.parametrize("name", ["bubblewrap", "sandlock", "unsafe"])
async def test_a_hundred_runs_side_by_side_leave_nothing(name: BackEnd, host: Host) -> None:
    if name != "unsafe" and (why_not := (await examine(name)).why_not):
        pytest.skip(why_not)
    host.reset()
    sandbox = make_sandbox(name)
    limits = Limits(wall_s=30, output_bytes=10_000)
    await sandbox.run(Program((PYTHON, "-c", "")))  # whatever is set up once is there now
    before = _seen()
    programs = [
        Program(
            (PYTHON, "main.py", str(number), host.mark),
            {"main.py": CODE.encode()},
            stdin=b"in",
            limits=Limits(wall_s=1.5) if number % 10 == 1 else limits,
        )
        for number in range(RUNS)
    ]
    outcomes = await asyncio.gather(*map(sandbox.run, programs))
    for number, outcome in enumerate(outcomes):
        if number % 10 == 1:
            assert outcome.stopped == "time", outcome
        elif number % 10 == 2:
            assert outcome.stopped == "output", outcome
        else:
            assert outcome.stdout == f"{number} {number} in\n", outcome
    assert host.leftovers() == []
    await asyncio.sleep(0.1)
    after = _seen()
    await sandbox.close()
    assert after == before


def _seen() -> dict[str, object]:
    """What a leak would show in."""
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
    states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] for pid in children]
    return {
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "children": len(children),
        "zombies": states.count("Z"),
        "folders": sorted(path.name for path in Path(tempfile.gettempdir()).glob("orca-agents-*")),
        "tasks": len(asyncio.all_tasks()),
    }
