"""What a sandbox costs beside a plain subprocess: seconds for a run, for a run among many, and for a cell.

    python benchmarks/sandbox.py [--runs 40] [--back-ends bubblewrap sandlock docker wasm]

Each round gives every way one program that prints a line, so that other work on the machine meets all of them alike;
the median counts. Read the ratios. A plain subprocess is `subprocess.run` with the same interpreter. A cell is a line
sent to a running interpreter, and its answer read.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable

from orca_agents.errors import SandboxError
from orca_agents.sandbox import PYTHON, BackEnd, Program, Sandbox, choose_sandbox
from orca_agents.sandbox.choosing import ORDER

HELLO = Program((PYTHON, "main.py"), {"main.py": b"print('hello')"})
ANSWER = Program((PYTHON, "-uc", "import sys\nfor line in sys.stdin: print(eval(line))"))
PLAIN = "plain subprocess"
UNSAFE: BackEnd = "unsafe"
AT_ONCE = 16
CELLS = 200


async def main(runs: int, back_ends: list[BackEnd]) -> None:
    """Print one line for each way."""
    sandboxes: dict[str, Sandbox] = {}
    for back_end in [*back_ends, UNSAFE]:
        try:
            sandboxes[back_end] = await choose_sandbox(back_end)
        except SandboxError as error:
            print(f"left out {str(error).splitlines()[1]}")
    ways: dict[str, Callable[[], Awaitable[object]]] = {PLAIN: run_plainly}
    for name, sandbox in sandboxes.items():
        ways[name] = _runner(sandbox)
    alone: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, run in ways.items():
            began = time.perf_counter()
            await run()
            alone[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(seconds) for name, seconds in alone.items()}
    print(f"{'':20}{'a run':>10}{'ratio':>8}{'more':>10}{f'{AT_ONCE} at once':>14}{'a cell':>12}")
    for name, run in ways.items():
        began = time.perf_counter()
        await asyncio.gather(*(run() for _ in range(AT_ONCE)))
        crowd = (time.perf_counter() - began) / AT_ONCE
        cell = await cell_told(sandboxes[name]) if name in sandboxes else ""
        own, plain = medians[name], medians[PLAIN]
        print(
            f"{name:20}{own * 1000:7.1f} ms{own / plain:8.2f}{(own - plain) * 1000:7.1f} ms"
            f"{crowd * 1000:8.1f} ms each{cell:>12}"
        )
    for sandbox in sandboxes.values():
        print(f"{sandbox.name}: {sandbox.version}")
        await sandbox.close()


async def run_plainly() -> object:
    """The same interpreter as the sandboxes take where they can, without anything around it."""
    return await asyncio.to_thread(
        subprocess.run, ["/usr/bin/python3", "-c", "print('hello')"], capture_output=True, check=True
    )


async def cell_told(sandbox: Sandbox) -> str:
    """The time of a cell, or a dash where a back end keeps no program running."""
    try:
        return f"{await time_of_a_cell(sandbox) * 1000:9.2f} ms"
    except SandboxError:
        return "-"


async def time_of_a_cell(sandbox: Sandbox) -> float:
    """Seconds until a running interpreter has answered a line."""
    process = await sandbox.start(ANSWER)
    try:
        await process.write(b"0\n")
        await process.read_line()
        began = time.perf_counter()
        for number in range(CELLS):
            await process.write(b"%d + 1\n" % number)
            await process.read_line()
        return (time.perf_counter() - began) / CELLS
    finally:
        await process.kill()


def _runner(sandbox: Sandbox) -> Callable[[], Awaitable[object]]:
    async def run() -> None:
        outcome = await sandbox.run(HELLO)
        if outcome.stdout != "hello\n":
            raise SystemExit(f"{sandbox.name} does not work: {outcome}")

    return run


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--back-ends", nargs="*", default=list(ORDER))
    options = parser.parse_args()
    asyncio.run(main(options.runs, options.back_ends))
