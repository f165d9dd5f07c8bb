"""`orca-agents benchmarks`: which tests a model will meet, so that their items are kept out of its training data."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orca_agents.contamination import BenchmarkIndex, Hit, is_table, read_rows
from orca_agents.errors import ConfigError
from orca_agents.report.wording import counted, safe

INDEX_VARIABLE = "ORCA_BENCHMARKS"
DEFAULT_INDEX = Path("benchmarks.sqlite")


def index_path(given: Path | None) -> Path:
    """The index that a command uses: the one that is given, else $ORCA_BENCHMARKS, else ./benchmarks.sqlite."""
    return given or Path(os.environ.get(INDEX_VARIABLE) or DEFAULT_INDEX)


def add_command(name: str, file: Path, fields: Sequence[str], id_field: str | None, index: Path | None) -> None:
    """Add the items of a file to the index, which begins with the first of them."""
    path = index_path(index)
    is_new = not path.exists()
    try:
        with BenchmarkIndex.open(path, create=True) as benchmarks:
            items = benchmarks.add(name, file, fields, id_field)
            findable = next(one.findable for one in benchmarks.benchmarks() if one.name == name)
    except BaseException:  # whatever stopped it, also Ctrl-C: an empty index is no use to anybody
        if is_new:
            path.unlink(missing_ok=True)
        raise
    print(f"{path}: added {counted(items, 'item')} of {name} from {file}")
    if findable < items:
        few = items - findable
        print(f"  {counted(few, 'item')} cannot be found: too few words, or none that other items do not share")


def list_command(index: Path | None) -> None:
    """One benchmark a line, and where it came from."""
    path = index_path(index)
    with BenchmarkIndex.open(path) as benchmarks:
        known = benchmarks.benchmarks()
        for one in known:
            print(f"{one.name}  ({counted(one.items, 'item')}, {one.findable:,} can be found, {one.grams:,} n-grams)")
            by = f", items named by {one.id_field}" if one.id_field else ""
            print(f"    {', '.join(one.fields)} of {one.file}{by}, sha256 {one.sha256[:16]}")
        total = counted(sum(one.items for one in known), "item")
        print(f"{path}: {counted(len(known), 'benchmark')}, {total}, digest {benchmarks.digest}")


def remove_command(name: str, index: Path | None) -> None:
    """Take a benchmark out of the index."""
    path = index_path(index)
    BenchmarkIndex.open(path).close()  # where there is none, this says so, and none is made
    with BenchmarkIndex.open(path, create=True) as benchmarks:
        benchmarks.remove(name)
        left = len(benchmarks.benchmarks())
    print(f"{path}: removed {name}; {counted(left, 'benchmark')} left")


def find_command(what: str, index: Path | None, most: int) -> None:
    """Show which items stand in a text, a file of text, or the rows of a table; `-` is standard input."""
    path = index_path(index)
    with BenchmarkIndex.open(path) as benchmarks:
        rows = holding = shown = 0
        for place, text in _texts(what):
            rows += 1
            hits = benchmarks.find_all(text, most)
            holding += bool(hits)
            for hit in itertools.islice(hits, most - shown):
                print(_line(place, hit))
                shown += 1
        names = ", ".join(one.name for one in benchmarks.benchmarks()) or "no benchmark"
    if rows == 1:
        print(f"{path}: {'found' if holding else 'nothing found'} ({names})")
    else:
        print(f"{path}: {holding:,} of {rows:,} rows hold items of benchmarks ({names})")


def _texts(what: str) -> Iterator[tuple[str, str]]:
    """What is looked through, in pieces, each with its place."""
    if what == "-":
        yield "", sys.stdin.read()
    elif not _is_file(what):
        yield "", what
    elif is_table(Path(what)):
        for number, row in enumerate(read_rows(Path(what)), start=1):
            yield f"{what}, row {number}: ", "\n".join(_strings(row))
    else:
        try:
            yield f"{what}: ", Path(what).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise ConfigError(f"{what} cannot be read: {error.strerror}; check the path") from None


def _is_file(what: str) -> bool:
    try:
        return Path(what).is_file()
    except (OSError, ValueError):  # too long for a name, or with a zero byte: a text
        return False


def _strings(value: Any) -> Iterator[str]:
    """Every text in a row."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _line(place: str, hit: Hit) -> str:
    return safe(f"{place}{hit.benchmark}, {hit.item}: {hit.share:.0%} of it is here: {hit.text}")
