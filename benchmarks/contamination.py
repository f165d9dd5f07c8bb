"""How long an index of benchmarks takes to build and to search, and how much memory and disk it needs.

python benchmarks/contamination.py [--items 100000] [--texts 2000]

Items and texts are made up: words of a Zipf distribution, the same in each run, 20 to 100 in an item and 500 in a text.
One text in ten holds an item. Building and searching are processes of their own; their peak memory is told.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orca_agents.contamination import BenchmarkIndex

VOCABULARY = 50_000
TEXT_WORDS = 500


def main() -> None:
    """Measure both, and print what each needs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--step", choices=["add", "find"], help="do this one here, and print JSON")
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.step == "add":
        print(json.dumps(add(arguments.folder, arguments.items)))
    elif arguments.step == "find":
        print(json.dumps(find(arguments.folder, arguments.items, arguments.texts)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            with (Path(folder) / "items.jsonl").open("w", encoding="utf-8") as stream:
                stream.writelines(json.dumps({"question": item}) + "\n" for item in items(arguments.items))
            for step in ("add", "find"):
                command = [sys.executable, __file__, *sys.argv[1:], "--step", step, "--folder", folder]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                for key, value in json.loads(done.stdout).items():
                    print(f"{step:6}{key:32}{value:14,.2f}")


def add(folder: Path, number: int) -> dict[str, float]:
    """Build an index."""
    began, processor = time.perf_counter(), time.process_time()
    with BenchmarkIndex.open(folder / "index.sqlite", create=True) as index:
        index.add("made up", folder / "items.jsonl", ["question"])
        (benchmark,) = index.benchmarks()
    return {
        "items": number,
        "items that can be found": benchmark.findable,
        "n-grams": benchmark.grams,
        "seconds": time.perf_counter() - began,
        "seconds of processor": time.process_time() - processor,
        "MB of the file": (folder / "index.sqlite").stat().st_size / 1e6,
        "MB of memory": _memory(),
    }


def find(folder: Path, number: int, texts: int) -> dict[str, float]:
    """Search it."""
    draw = _Words(2)
    some = list(itertools.islice(items(number), 0, number, max(1, number // (texts // 10))))
    looked: list[tuple[str, bool]] = []
    for at in range(texts):
        words = draw.text(TEXT_WORDS).split()
        holds = at % 10 == 0
        if holds:
            words[200:200] = some[at // 10 % len(some)].split()
        looked.append((" ".join(words), holds))
    began = time.perf_counter()
    with BenchmarkIndex.open(folder / "index.sqlite") as index:
        opened = time.perf_counter() - began
        began, processor = time.perf_counter(), time.process_time()
        found = [index.find(text) is not None for text, _ in looked]
        seconds, busy = time.perf_counter() - began, time.process_time() - processor
    return {
        "ms to open": 1000 * opened,
        "ms a text": 1000 * seconds / texts,
        "ms of processor a text": 1000 * busy / texts,
        "caught, of those that hold one": sum(hit for hit, (_, holds) in zip(found, looked, strict=True) if holds)
        / sum(holds for _, holds in looked),
        "false alarms": sum(hit for hit, (_, holds) in zip(found, looked, strict=True) if not holds),
        "MB of memory": _memory(),
    }


def items(number: int) -> Iterator[str]:
    """Made-up items, the same each time."""
    draw = _Words(1)
    for _ in range(number):
        yield draw.text(draw.random.randint(20, 100)) + "?"


class _Words:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        letters = random.Random(0)
        self._words = ["".join(letters.choices("aeioulmnrst", k=letters.randint(2, 9))) for _ in range(VOCABULARY)]
        self._weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(VOCABULARY)))

    def text(self, words: int) -> str:
        return " ".join(self.random.choices(self._words, cum_weights=self._weights, k=words))


def _memory() -> Any:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
