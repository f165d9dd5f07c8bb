"""Cut tables (CSV, TSV, Parquet) into pieces that stand alone: the header and as many rows as fit."""

from __future__ import annotations

import csv
import datetime
import importlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.seeds.chunking import count_cells
from orca_agents.seeds.documents import Document, SeedOptions, skip
from orca_agents.seeds.formats.delimited import read_delimited

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""Suffixes of tables in text, with the separator that they promise."""
MOST_COLUMNS = 64
"""Columns of a wider table are left out (flag `columns_cut`): nobody asks about the 65th."""
COUNTED_BYTES = 4 * 2**20
"""Rows of a text table up to this size are counted before the first piece is given out."""


def read_table(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The pieces of one table, in order, each a document of at most `options.capacity` words; read as it goes.

    The text of each is CSV with the header on top; lines end with a line feed. Its metadata says which `rows` these
    are (from 1, the header and empty rows not counted), the `columns`, and `total_rows` where that is known.
    """
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            yield from _read_parquet(path, name, options)
            return
        with path.open("rb") as stream:
            table = read_delimited(stream, SEPARATORS.get(path.suffix.lower()))
            rows, total = table.rows, None
            if 0 < path.stat().st_size <= COUNTED_BYTES:
                listed = list(rows)
                rows, total = iter(listed), len(listed)
            empty = True
            for document in _cut(rows, table.columns, name, options, total, table.caption, table.flags):
                empty = False
                yield document
            if empty:
                yield skip(name, "a table with a header and no rows")
    except SeedError as error:
        yield skip(name, str(error))
    except OSError as error:
        yield skip(name, f"cannot be read: {error.strerror or error}")


def _cut(
    rows: Iterator[list[str]],
    columns: list[str],
    name: str,
    options: SeedOptions,
    total: int | None,
    caption: str = "",
    flags: set[str] | None = None,
) -> Iterator[Document]:
    noticed = flags if flags is not None else set()
    kept, width = columns[:MOST_COLUMNS], len(columns)
    header = _line(kept)
    while len(kept) > 1 and count_cells(header) > options.capacity / 3:
        kept = kept[: len(kept) * 2 // 3]
        header = _line(kept)
    if len(kept) < width:
        noticed.add("columns_cut")
    metadata: dict[str, Any] = {"columns": kept}
    metadata |= {"total_columns": width} if len(kept) < width else {}
    metadata |= {"total_rows": total} if total is not None else {}
    metadata |= {"caption": caption} if caption else {}
    room = options.capacity - count_cells(header)

    def document(lines: list[str], first: int) -> Document:
        return Document(
            header + "".join(lines),
            name,
            kind="table",
            markdown=False,
            title=caption[:200] or None,
            flags=tuple(sorted(noticed)),
            metadata={"rows": [first, first + len(lines) - 1], **metadata},
            whole=True,
        )

    lines: list[str] = []
    words, first = 0.0, 1
    for number, row in enumerate(rows, 1):
        line = _shortened(row[: len(kept)], room, noticed)
        more = count_cells(line)
        if lines and words + more > room:
            yield document(lines, first)
            lines, words, first = [], 0.0, number
        lines.append(line)
        words += more
    if lines:
        yield document(lines, first)


def _line(cells: list[str]) -> str:
    """One line of CSV as in RFC 4180. A formula is text like any other: it is for models, not for spreadsheets."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _shortened(row: list[str], room: float, flags: set[str]) -> str:
    """A row that fits: of one that does not, the longest cells are cut (flag `cells_cut`)."""
    longest = max(map(len, row), default=0)
    while count_cells(line := _line(row)) > room and longest > 8:
        longest = longest * 2 // 3
        row = [cell if len(cell) <= longest else cell[: longest - 3].rstrip() + "..." for cell in row]
        flags.add("cells_cut")
    return line


def _read_parquet(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    try:
        pyarrow = importlib.import_module("pyarrow")  # it has no types
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        yield skip(name, "a Parquet file: install what reads it with `pip install 'orca-agents[ingest]'`")
        return
    try:
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            columns = [str(column) for column in file.schema_arrow.names]
            total = file.metadata.num_rows
            if not total or not columns:
                yield skip(name, "a table with a header and no rows" if columns else "a table without columns")
                return
            repeated = len(set(columns)) < len(columns)
            wanted = None if repeated or len(columns) <= MOST_COLUMNS else columns[:MOST_COLUMNS]
            batches = file.iter_batches(batch_size=256, columns=wanted, use_threads=False)
            yield from _cut(_rows_of(batches), columns, name, options, total)
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's own: a file that may not be read
        yield skip(
            name, f"a Parquet file that cannot be read; it may be cut or damaged, write it anew: {_first_line(error)}"
        )


def _rows_of(batches: Iterator[Any]) -> Iterator[list[str]]:
    for batch in batches:
        values = [_column(batch.column(number)) for number in range(batch.num_columns)]
        for cells in zip(*values, strict=True):
            yield [_cell(cell) for cell in cells]


def _column(column: Any) -> list[Any]:
    """The values of a column; times that Python cannot hold (nanoseconds, year 20000) as their texts."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [str(value) for value in column.cast("string").to_pylist()]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case bytes():
            return f"({len(value)} bytes)"
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_cell)
        case datetime.date() | datetime.time():
            return value.isoformat()
    return str(value)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
