"""What the embedded teacher makes of real sections: funnel, calls and seconds per instruction, peak memory.

    python benchmarks/embedded.py FOLDER --sections 20 --out runs/embedded

One chunk of at most 400 words from each of the first sections of different sources under FOLDER, one leaf and one goal
drawn for each.
Run it again to go on where it stopped.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import defaultdict
from pathlib import Path

from orca_agents import Seed, run_skill
from orca_agents.seeds import SeedOptions, read_seeds


def main() -> None:
    """Run, and print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sections", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("runs/embedded"))
    parser.add_argument("--everything", action="store_true", help="one chunk, every leaf that suits, every goal")
    parser.add_argument("--identity", action="store_true", help="ask about the sections as they are, not rewritten")
    options = parser.parse_args()
    seeds = _chunks(options.folder, 1 if options.everything else options.sections)
    began = time.monotonic()
    run = run_skill(
        "reading_comprehension",
        seeds,
        model="local",
        out=options.out,
        choose=43 if options.everything else 1,
        goals=3 if options.everything else 1,
        transformers=["identity"] if options.identity else [],
    )
    seconds = time.monotonic() - began
    print("\n".join(run.funnel.lines()))
    made = max(run.funnel.made, 1)
    asked = sum(turn.latency_s for chat in run.transcripts.values() for turn in chat.turns)
    print(f"{len(seeds)} chunks, {run.usage.calls} calls, {run.usage.calls / made:.1f} calls per instruction")
    print(f"{asked:.0f} s of model time on record, {asked / made:.0f} s per instruction")
    print(f"this process took {seconds:.0f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _chunks(folder: Path, count: int) -> list[Seed]:
    """The first chunk of `count` files, taken in turn from the folders, so that sources differ."""
    by_source: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".md", ".txt") and path.is_file():
            by_source[path.parent].append(path)
    in_turn = [
        paths[turn]
        for turn in range(max(map(len, by_source.values()), default=0))
        for paths in by_source.values()
        if turn < len(paths)
    ]
    chunks: list[Seed] = []
    for path in in_turn:
        if len(chunks) == count:
            break
        chunks += [item for item in read_seeds([path], SeedOptions(chunk_words=400)) if isinstance(item, Seed)][:1]
    return chunks


if __name__ == "__main__":
    main()
