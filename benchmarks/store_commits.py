"""How fast the run store commits, beside plain sqlite3 with the same rows in the same run; and how large it grows.

    python benchmarks/store_commits.py [rows]

Read the ratios: the rows per second depend on the machine and on what else it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from orca_agents.models.api import CallKey, Purpose, Reply, Request
from orca_agents.records import Usage
from orca_agents.store import FILE_NAME, Store
from orca_agents.store.packing import pack

WRITERS = 32
PURPOSE = Purpose("teacher", "respond", "literal", "writer")
Call = tuple[CallKey, Request, Reply]


def main(rows: int) -> None:
    """Print one line for each way to write the same calls."""
    calls = make_calls(rows)
    bodies = sum(len(pack(request.body())) + len(pack(reply)) for _, request, reply in calls)
    with tempfile.TemporaryDirectory() as folder:
        bulk = write_plainly(calls, Path(folder) / "bulk.sqlite", at_once=rows)
        single = write_plainly(calls, Path(folder) / "single.sqlite", at_once=1)
        print(f"{'plain sqlite3, executemany, one commit':44}{bulk:10,.0f} rows/s   1.00")
        print(f"{'plain sqlite3, one commit for each row':44}{single:10,.0f} rows/s{single / bulk:7.2f}")
        for writers, durable in ((1, False), (WRITERS, False), (WRITERS, True)):
            run = Path(folder) / f"run-{writers}-{durable}"
            before = time.process_time()
            speed = asyncio.run(write_with_store(calls, run, writers, durable))
            cost = (time.process_time() - before) / rows * 1e6
            name = f"Store.record, {writers} at once{', durable' if durable else ''}"
            print(f"{name:44}{speed:10,.0f} rows/s{speed / bulk:7.2f}{cost:6.0f} us of CPU a call")
        asyncio.run(read_with_store(calls, run, bulk))
        size = (run / FILE_NAME).stat().st_size
    text = sum(len(message["content"]) for _, request, _ in calls for message in request.messages)
    text += sum(len(reply.text) for _, _, reply in calls)
    print(f"1,000 calls: {text / rows:,.0f} kB of text, {bodies / rows:,.0f} kB packed, {size / rows:,.0f} kB of file")


def make_calls(rows: int) -> list[Call]:
    """Requests of about 900 words and replies of about 150, drawn from a vocabulary of 5,000."""
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(5000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    calls = []
    for number in range(rows):
        passage, answer = (" ".join(draw.choices(words, weights, k=count)) for count in (900, 150))
        request = Request("teacher", ({"role": "system", "content": "Answer."}, {"role": "user", "content": passage}))
        reply = Reply(text=answer, usage=Usage(calls=1, prompt_tokens=1200, completion_tokens=200))
        key = CallKey(f"seed-{number // 20}", "writer/respond", number % 20, request.digest())
        calls.append((key, request, reply))
    return calls


def write_plainly(calls: list[Call], path: Path, *, at_once: int) -> float:
    """Rows per second of plain sqlite3, packing included."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE calls (seed_id, path, ordinal, digest, request, reply,"
            " PRIMARY KEY (seed_id, path, ordinal, digest));"
        )
        start = time.perf_counter()
        for first in range(0, len(calls), at_once):
            connection.execute("BEGIN IMMEDIATE")
            rows = ((*key, pack(body.body()), pack(reply)) for key, body, reply in calls[first : first + at_once])
            connection.executemany("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        return len(calls) / (time.perf_counter() - start)


async def write_with_store(calls: list[Call], folder: Path, writers: int, durable: bool) -> float:
    """Rows per second of the store, each row awaited by one of `writers` tasks."""
    todo = iter(calls)

    async def write(store: Store) -> None:
        for key, request, reply in todo:
            await store.record(key, PURPOSE, request.body(), reply)

    with Store.open(folder, durable=durable) as store:
        start = time.perf_counter()
        await asyncio.gather(*(write(store) for _ in range(writers)))
        return len(calls) / (time.perf_counter() - start)


async def read_with_store(calls: list[Call], folder: Path, bulk: float) -> None:
    """Print how fast a resumed run gets its replies back."""
    with Store.open(folder) as store:
        start = time.perf_counter()
        for key, _, reply in calls:
            assert await store.recall(key) == reply
        speed = len(calls) / (time.perf_counter() - start)
    print(f"{'Store.recall':44}{speed:10,.0f} rows/s{speed / bulk:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
