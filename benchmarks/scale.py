"""Measure memory and time over many seeds: one scripted call a seed, no HTTP, everything else as in a run.

    python benchmarks/scale.py 1000 100000 1000000

Each number of seeds is run in a process of its own, into a folder on disk, and then the same command is given again in
another: that one reads a million finished outcomes and makes no call. Printed are the peak of resident memory (of the
process, libraries included), the time, the time per seed, and the size of the store. The run over a million seeds takes
about an hour and 5 GB; `--folder` says where.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from orca_agents import ModelConfig, Seed, Usage
from orca_agents.execution import execute
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.run_folder import End
from orca_agents.run_setup import make_config
from orca_agents.store import Store

SKILL = """\
description: A skill whose writer declines every passage, so that each seed takes one call.
agents:
  writer: {description: d, system_message: You are the writer., task: "{{ passage }}"}
instruct:
  agents: [writer]
  choose: 1
  taxonomy:
    - {name: fact, description: asks for a fact, answer: span}
respond:
  agents: [writer]
  frames: {any: ["{{ passage }}\\n\\n{{ question }}"]}
verify:
  agents: [writer]
  solvers: 0
  agree: 1
"""


class Decliner:
    """A teacher that finds every passage unsuited, and keeps nothing of what it was asked."""

    name, is_local, is_demo = "scripted", True, False

    def __init__(self) -> None:
        self.calls = 0

    async def complete(self, request: Request) -> Reply:
        """No."""
        self.calls += 1
        text = '{"suitable": "no", "why_not": "it is too short", "question": "", "answer": ""}'
        return Reply(text=text, model=self.name, usage=Usage(calls=1, prompt_tokens=150, completion_tokens=20))

    async def probe(self) -> Abilities:
        """It keeps to schemas."""
        return Abilities(json_schema=True)

    async def close(self) -> None:
        """Nothing to free."""


class ManySeeds:
    """So many seeds of about 30 words, made as they are asked for."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[Seed]:
        for number in range(self.count):
            text = (
                f"The mill with the number {number} stands in the valley of Orrin. It was built by two brothers and "
                "ground oats for the villages until a flood broke its wheel, which nobody has mended since."
            )
            yield Seed(text=text, source=f"mills.jsonl:{number + 1}", language="en")


def run(folder: Path, count: int) -> dict[str, Any]:
    """One run over so many seeds; what it took."""
    skill = folder / "facts.yaml"
    if not skill.exists():
        skill.write_text(SKILL, encoding="utf-8")
    model = Decliner()
    config = make_config(
        skill=str(skill), seeds=("(made)",), model=ModelConfig(model="scripted"), limit=count, random_seed=1
    )
    began, cpu = time.perf_counter(), time.process_time()

    def read(_: Store, end: End) -> End:
        return end

    sources = cast("list[Seed]", ManySeeds(count))
    end = asyncio.run(execute(config, sources, out=folder / "run", read=read, shared=model))
    scale = 1 if sys.platform == "darwin" else 1024
    return {
        "seeds": count,
        "finished": end.finished,
        "calls_now": model.calls,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6,
        "store_mb": end.store_bytes / 1e6,
    }


def main() -> None:
    """Run and resume each number of seeds, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--folder", type=Path, help="where the run folders go; a temporary folder unless given")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run(options.folder, options.seeds[0])))
        return
    with tempfile.TemporaryDirectory() as temporary:
        print(f"{'':8} {'seeds':>9} {'calls':>9} {'seconds':>9} {'us/seed':>8} {'peak MB':>8} {'store MB':>9}")
        for count in options.seeds:
            folder = (options.folder or Path(temporary)) / str(count)
            folder.mkdir(parents=True, exist_ok=True)
            for what in ("run", "resume"):
                command = [sys.executable, __file__, "--one", "--folder", str(folder), str(count)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                row = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"{what:8} {row['seeds']:9} {row['calls_now']:9} {row['seconds']:9.1f} "
                    f"{1e6 * row['seconds'] / count:8.0f} {row['peak_mb']:8.0f} {row['store_mb']:9.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
