"""Read the items of a benchmark out of the user's file: JSONL, JSON, CSV, TSV or Parquet, with named fields."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from orca_agents.errors import DatasetError, did_you_mean

LARGEST_JSON = 256 * 2**20
"""Bytes of the largest `.json` file; it is read at once, which the other formats are not."""


class Item(NamedTuple):
    """One item of a benchmark."""

    label: str
    """Its id, or `row 17`."""
    parts: tuple[str, ...]
    """Its texts: the question first, then (each on its own) its options and whatever else was named."""


def read_items(file: Path, fields: Sequence[str], id_field: str | None = None) -> Iterator[Item]:
    """The items of a file, one a row; the first field is the question.

    A field of a list or an object is taken apart into its texts; `choices.text` names a field of an object. Rows
    without any text in these fields are left out. Raises `DatasetError`.
    """
    if not fields:
        raise DatasetError(f"{file}: say which fields hold the question and what belongs to it, e.g. --field question")
    known: dict[str, None] = {}
    met: set[str] = set()
    for number, row in enumerate(read_rows(file), start=1):
        known.update(dict.fromkeys(list(row)[:_MOST_NAMED]))
        met |= {name for name in (*fields, *([id_field] if id_field else [])) if _value(row, name) is not None}
        parts = tuple(part for name in fields for part in _texts(_value(row, name)))
        if parts:
            id = _value(row, id_field) if id_field else None
            yield Item(f"row {number}" if id is None else str(id), parts)
    if not known:
        raise DatasetError(f"{file} holds no rows")
    for name in (*fields, *([id_field] if id_field else [])):
        if name not in met:
            raise DatasetError(
                f"{file}: no field {name!r}{did_you_mean(name, known)}; the fields are: {', '.join(known)}"
            )


def is_table(file: Path) -> bool:
    """Whether a file has rows that `read_rows` can read, by its ending."""
    return _kind(file)[0] in (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file, each with the names of its fields. Raises `DatasetError`."""
    kind, packed = _kind(file)
    try:
        match kind:
            case ".jsonl" | ".ndjson":
                with _open(file, packed=packed) as stream:
                    yield from _read_lines(stream, file)
            case ".json":
                with _open(file, packed=packed) as stream:
                    yield from _read_json(stream, file)
            case ".csv" | ".tsv":
                with _open(file, packed=packed) as stream:
                    yield from _read_table(stream, file, "\t" if kind == ".tsv" else ",")
            case ".parquet":
                yield from _read_parquet(file)
            case other:
                raise DatasetError(
                    f"{file}: {other or 'a file without an ending'} is not a format for benchmarks; "
                    "give .jsonl, .json, .csv, .tsv (each also as .gz) or .parquet"
                )
    except UnicodeDecodeError as error:
        raise DatasetError(f"{file}: not UTF-8 ({error}); save it as UTF-8") from None
    except (OSError, EOFError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from None


def _kind(file: Path) -> tuple[str, bool]:
    """The ending that tells the format, and whether the file is packed with gzip."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    packed = suffixes[-1:] == [".gz"]
    kind = suffixes[-2:-1] if packed else suffixes[-1:]
    return (kind[0] if kind else ""), packed and kind != [".parquet"]


@contextmanager
def _open(file: Path, *, packed: bool) -> Iterator[TextIO]:
    with (
        gzip.open(file) if packed else file.open("rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream,
    ):
        yield stream


def _read_lines(stream: TextIO, file: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield _object(_parse(line, f"{file}:{number}"), f"{file}:{number}")


def _read_json(stream: TextIO, file: Path) -> Iterator[dict[str, Any]]:
    text = stream.read(LARGEST_JSON + 1)
    if len(text) > LARGEST_JSON:
        raise DatasetError(f"{file}: more than {LARGEST_JSON // 2**20} MB of JSON; convert it to JSONL")
    value = _parse(text, str(file))
    lists = [part for part in value.values() if isinstance(part, list)] if isinstance(value, dict) else []
    if len(lists) == 1:  # {"examples": [...]}
        value = lists[0]
    if not isinstance(value, list):
        raise DatasetError(f"{file}: not a list of objects; convert it to JSONL, one item a line")
    for number, row in enumerate(value):
        yield _object(row, f"{file}[{number}]")


def _read_table(stream: TextIO, file: Path, delimiter: str) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(2**31 - 1)
    # strict: a quotation mark that is never closed would else take all rows up to the next one into its field
    rows = csv.DictReader(stream, delimiter=delimiter, strict=True)
    try:
        for row in rows:
            yield {name: value for name, value in row.items() if name is not None}
    except csv.Error as error:
        raise DatasetError(
            f"{file}:{rows.line_num}: not usable as a table: {error}. Is there a stray quotation mark? A field that "
            "begins with one has to end with one, and those inside are doubled; or convert the file to JSONL"
        ) from None


def _read_parquet(file: Path) -> Iterator[dict[str, Any]]:
    try:
        pyarrow = importlib.import_module("pyarrow")  # it has no types
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise DatasetError(
            f"{file}: reading Parquet needs pyarrow; install it with: pip install 'orca-agents[export]'"
        ) from None
    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=1000):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise DatasetError(f"{file}: not usable as Parquet: {error}") from None


def _parse(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: not valid JSON: {error}") from None


def _object(row: Any, place: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DatasetError(f"{place}: not an object with named fields")
    return row


def _value(row: dict[str, Any], name: str) -> Any:
    """What a row holds under a name; `a.b` is `b` of the object `a`, unless a field is called `a.b`."""
    if name in row:
        return row[name]
    value: Any = row
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, in order."""
    match value:
        case str():
            if value.strip():
                yield value
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case list():
            for part in value:
                yield from _texts(part)
        case dict():
            for part in value.values():
                yield from _texts(part)


_MOST_NAMED = 20
"""Most fields that are told in an error."""
