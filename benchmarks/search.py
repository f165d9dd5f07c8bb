"""How good and how quick the search in a corpus is, with SQLite and with tantivy side by side.

python benchmarks/search.py [--passages 100000] [--queries 300] [FILE_OR_FOLDER ...]

Without sources the texts are made up: words of a Zipf distribution, the same in each run. A query is a few words that
stand in one passage, and finds that passage among its first ten, or not. Each engine runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
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

from orca_agents.records import Seed
from orca_agents.search.api import Passage
from orca_agents.search.corpus import PASSAGE_WORDS
from orca_agents.search.fts import CorpusIndex
from orca_agents.search.tantivy_index import TantivyIndex, missing
from orca_agents.search.words import index_words
from orca_agents.seeds import SeedOptions, read_seeds

VOCABULARY = 60_000
KINDS = ("rare", "mixed", "common", "long")


def main() -> None:
    """Measure both engines and print what each needs, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--engine", choices=["fts", "tantivy"], help="measure this one here, and print JSON")
    arguments = parser.parse_args()
    if arguments.engine:
        print(json.dumps(measure(arguments.engine, arguments.sources, arguments.passages, arguments.queries)))
        return
    engines = ["fts", *(["tantivy"] if missing() is None else [])]
    results = {}
    for engine in engines:
        command = [sys.executable, __file__, *sys.argv[1:], "--engine", engine]
        results[engine] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{'':32}" + "".join(f"{engine:>12}" for engine in engines) + ("       ratio" if len(engines) > 1 else ""))
    for key in results["fts"]:
        values = [results[engine][key] for engine in engines]
        ratio = f"{values[0] / values[1]:12.2f}" if len(values) > 1 and values[1] else ""
        print(f"{key:32}" + "".join(f"{value:12,.3f}" for value in values) + ratio)
    if reason := missing():
        print(reason)


def measure(engine: str, sources: list[Path], most: int, queries: int) -> dict[str, float]:
    """What one engine needs to index the passages and to find some of them again."""
    result: dict[str, float] = {}
    started = time.perf_counter()
    words = sum(len(passage.text.split()) for passage in itertools.islice(_passages(sources), most))
    result["reading alone, s"] = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        started = time.perf_counter()
        made = itertools.islice(_passages(sources), most)
        index: Any = CorpusIndex.build(path, made) if engine == "fts" else TantivyIndex.build(path, made)
        result["reading and indexing, s"] = time.perf_counter() - started
        result["passages"] = len(index)
        result["words a passage"] = words / max(1, len(index))
        files = [path] if path.is_file() else list(path.iterdir())
        result["size, MB"] = sum(file.stat().st_size for file in files) / 1e6
        result["peak memory of building, MB"] = _peak_mb()
        result |= asyncio.run(_ask(index, list(_asked(sources, len(index), queries))))
        result["peak memory, MB"] = _peak_mb()
        index.close_now()
    return result


async def _ask(index: Any, asked: list[tuple[str, str, Passage]]) -> dict[str, float]:
    result: dict[str, float] = {}
    for _, query, _ in asked[:20]:
        await index.search(query, 10)
    for kind in KINDS:
        times, found = [], 0
        for _, query, wanted in (one for one in asked if one[0] == kind):
            started = time.perf_counter()
            hits = await index.search(query, 10)
            times.append(time.perf_counter() - started)
            found += any(hit.passage.start == wanted.start and hit.passage.text == wanted.text for hit in hits)
        times.sort()
        if kind != "common":  # many passages hold those
            result[f"{kind}: recall@10"] = found / len(times)
        result[f"{kind}: median, ms"] = times[len(times) // 2] * 1e3
        result[f"{kind}: 95 %, ms"] = times[int(len(times) * 0.95)] * 1e3
    started = time.perf_counter()
    await asyncio.gather(*(index.search(query, 10) for _, query, _ in asked))
    result["all at once, queries/s"] = len(asked) / (time.perf_counter() - started)
    return result


def _asked(sources: list[Path], passages: int, queries: int) -> Iterator[tuple[str, str, Passage]]:
    """Known items: (kind, query, passage). A third of the words of a `mixed` query stand nowhere near its passage."""
    chance = random.Random(7)
    chosen = set(chance.sample(range(passages), min(passages, queries)))
    counted: dict[str, int] = {}
    picked = []
    for number, passage in enumerate(itertools.islice(_passages(sources), passages)):
        if number in chosen:
            picked.append(passage)
        if number % 20 == 0:
            for word in set(passage.text.split()):
                counted[word] = counted.get(word, 0) + 1
    for passage in picked:
        words = sorted(
            {word for word in passage.text.split() if index_words(word)}, key=lambda word: counted.get(word, 0)
        )
        if len(words) < 12:
            continue
        yield "rare", " ".join(chance.sample(words[: len(words) // 3], 3)), passage
        others = chance.sample(sorted(counted), 2)
        yield (
            "mixed",
            " ".join([*chance.sample(words[: len(words) // 2], 3), *chance.sample(words[-20:], 2), *others]),
            passage,
        )
        yield "common", " ".join(words[-5:]), passage
        yield "long", passage.text[: len(passage.text) // 4], passage


def _passages(sources: list[Path]) -> Iterator[Passage]:
    if sources:
        options = SeedOptions(chunk_words=PASSAGE_WORDS, words=(1, PASSAGE_WORDS))
        for seed in read_seeds(sources, options):
            if isinstance(seed, Seed):
                yield Passage(text=seed.text, title=seed.title, source=seed.source, start=seed.start, end=seed.end)
        return
    chance = random.Random(1)
    syllables = [first + second for first in "bcdfghklmnprstvw" for second in ("a", "e", "i", "o", "u", "an", "er")]
    vocabulary = [
        "".join(chance.choices(syllables, k=1 + min(3, rank // 40))) + str(rank % 7) for rank in range(VOCABULARY)
    ]
    weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(VOCABULARY)))
    for number in itertools.count():
        text = " ".join(chance.choices(vocabulary, cum_weights=weights, k=chance.randint(120, 200)))
        title = " ".join(chance.choices(vocabulary, cum_weights=weights, k=4))
        yield Passage(text=text, title=title, source=f"file{number // 50}.txt", start=number, end=number + len(text))


def _peak_mb() -> float:
    """The most memory that this process had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


if __name__ == "__main__":
    main()
