"""The order that a model meets its training data in: easy to hard, or shuffled.

Easy to hard is progressive learning: a student learns from simpler examples first and then from harder ones (Orca,
arXiv 2306.02707, which learnt from ChatGPT's answers before GPT-4's; Orca 2, arXiv 2311.11045). Our levels are the
rounds of refinement: seed instructions first, then what was refined once, twice, ... Within a level rows are shuffled,
so that skills mix.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal, get_args

from orca_agents.dataset.merging import difficulty, lot
from orca_agents.dataset.rows import Row
from orca_agents.errors import ConfigError, DatasetError, did_you_mean

Order = Literal["easy-first", "shuffled"]
ORDERS: tuple[Order, ...] = get_args(Order)


def check_order(name: str) -> Order:
    """The order of this name. Raises `ConfigError`."""
    for order in ORDERS:
        if order == name:
            return order
    raise ConfigError(f"--order {name}: write {' or '.join(ORDERS)}{did_you_mean(name, ORDERS)}")


def level_of(row: Row) -> int:
    """How hard a row is: 0 for a seed instruction, else how many rounds of refinement are above it."""
    metadata = row["metadata"]
    if isinstance(metadata, str):  # of an export, which has it as JSON text
        metadata = json.loads(metadata)
    found = metadata.get("difficulty")
    return difficulty({**row, "metadata": metadata}) if found is None else int(found)


def level_name(level: int) -> str:
    """How a level is called."""
    if not level:
        return "seed instructions"
    return f"refined {'once' if level == 1 else f'{level} times'}"


def in_order(rows: Iterable[tuple[int, Row]], order: Order = "easy-first", seed: int = 0) -> Iterator[int]:
    """The places of rows in the order asked for, given each place (a number, an offset in a file) with its row.

    The order depends on the rows' ids and the seed alone, not on the order in which they come. Memory is bounded: the
    places of a million rows are sorted on the disk.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as places:  # no name: a file that goes when it is closed
        places.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        places.execute("PRAGMA temp_store = FILE")
        places.execute("CREATE TABLE places (level INTEGER, draw INTEGER, id TEXT, place INTEGER)")
        places.execute("BEGIN")
        places.executemany(
            "INSERT INTO places VALUES (?, ?, ?, ?)",
            (
                (level_of(row) if order == "easy-first" else 0, lot(seed, str(row["id"])), str(row["id"]), place)
                for place, row in rows
            ),
        )
        places.execute("COMMIT")
        for (place,) in places.execute("SELECT place FROM places ORDER BY level, draw, id, place"):
            yield place


def rows_in_order(
    file: Path, order: Order = "easy-first", seed: int = 0, tick: Callable[[int], None] | None = None
) -> Iterator[Row]:
    """The rows of a .jsonl file in the order asked for; `tick` is told how many of them were read for their place."""
    try:
        with file.open("rb") as lines:
            for place in in_order(_placed(file, tick), order, seed):
                lines.seek(place)
                yield json.loads(lines.readline())
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror or error}; check the path") from None


_CACHE_KB = 16 * 1024


def _placed(file: Path, tick: Callable[[int], None] | None) -> Iterator[tuple[int, Row]]:
    place = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                row["id"], row["metadata"]
            except (ValueError, KeyError, TypeError) as error:
                raise DatasetError(
                    f"{file}:{number}: no row with an `id` and `metadata` ({error!r}), so it has no place in an order"
                ) from None
            yield place, row
            place += len(line)
            if tick is not None:
                tick(number)
