"""Write rows to a file, JSONL or Parquet, or to a folder of files, which appear whole or not at all."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from orca_agents.dataset.formats.api import Format, Kind, Style
from orca_agents.dataset.rows import DATA_NAME, Row
from orca_agents.errors import DatasetError

_ROWS_AT_ONCE = 1000
_FILE = re.compile(r".+-00000-of-00001\.(?:jsonl|parquet)")


class _Writer(Protocol):
    rows: int

    def write(self, row: Row) -> None: ...

    def close(self) -> None: ...


class Output:
    """A place that rows are written to. A context manager: what was not finished leaves nothing behind."""

    def __init__(self, place: Path, format: Format, style: Style, *, parquet: bool, with_tools: bool) -> None:
        self._place = place
        self._format = format
        self._is_parquet = parquet
        self._columns = _columns(format, style, with_tools=with_tools)
        self._with_tools = with_tools
        # absolute, so that it can be moved: the folder that it is in may be the one we stand in
        self._beside = place.absolute().with_name(f".{place.absolute().name}.{os.getpid()}")
        self._writers: dict[str, _Writer] = {}
        self._files: dict[str, BinaryIO] = {}
        self.rows = 0

    @property
    def size(self) -> int:
        """Bytes that were written so far."""
        return sum(file.tell() for file in self._files.values())

    def write(self, row: Row, name: str) -> None:
        """Write a row; of a folder to the file `name`."""
        if name not in self._writers:
            self._open(name)
        self._writers[name].write(row)
        self.rows += 1

    def finish(self) -> dict[str, int]:
        """Move all to its place; returns file -> rows."""
        found: dict[str, int] = {}
        for name, writer in sorted(self._writers.items()):
            writer.close()
            file = self._files[name]
            file.flush()
            os.fsync(file.fileno())
            file.close()
            found[str(self._path(self._place, name))] = writer.rows
        if self._format.is_folder and self._place.exists():
            _check_written(self._place)
            old = self._beside.with_name(f"{self._beside.name}.old")
            self._place.replace(old)
            self._beside.replace(self._place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            self._beside.replace(self._place)
        return found

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for writer in self._writers.values():
            with contextlib.suppress(Exception):  # whatever it says, what it wrote is thrown away or was finished
                writer.close()
        for file in self._files.values():
            file.close()
        if self._beside.is_dir():
            shutil.rmtree(self._beside, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # it was never made, or cannot be
                self._beside.unlink()
        if isinstance(error, OSError):
            raise DatasetError(
                f"{self._place} cannot be written: {error.strerror or error}; make room, or give another -o"
            ) from None

    def _open(self, name: str) -> None:
        path = self._path(self._beside, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = self._files[name] = path.open("wb")
        self._writers[name] = _Parquet(file, self._columns, self._with_tools) if self._is_parquet else _Lines(file)

    def _path(self, place: Path, name: str) -> Path:
        """Of a folder: a name that `datasets` takes for a split."""
        if not self._format.is_folder:
            return place
        return place / DATA_NAME / f"{name}-00000-of-00001.{'parquet' if self._is_parquet else 'jsonl'}"


def is_written(folder: Path) -> bool:
    """Whether there is nothing in a folder but what an export put there."""
    below = [path for path in folder.rglob("*") if not path.is_dir()]
    return all(path.parent == folder / DATA_NAME and _FILE.fullmatch(path.name) for path in below)


def _check_written(folder: Path) -> None:
    """Raise `DatasetError` where something else was put into a folder meanwhile: it is about to be replaced."""
    if not is_written(folder):
        raise DatasetError(f"{folder} holds more than an export: give another -o")


class _Lines:
    """One JSON object a line, UTF-8."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.rows = 0

    def write(self, row: Row) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self.rows += 1

    def close(self) -> None:
        """Nothing is left to be written."""


class _Parquet:
    """A table whose columns are the same whatever the rows are.

    Messages are structures of role and content. Where some have tool calls they are JSON (the type `Json` of
    `datasets`, texts to others), for a structure would give every message a `tool_calls` that is null, and some chat
    templates only ask whether there is one.
    """

    def __init__(self, file: BinaryIO, columns: Mapping[str, Kind], with_tools: bool) -> None:
        try:
            self._arrow = importlib.import_module("pyarrow")  # it has no types
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError:
            raise DatasetError("--parquet needs pyarrow; install it with: pip install 'orca-agents[export]'") from None
        self._json = [name for name, kind in columns.items() if kind == "chat" and with_tools]
        types = self._types()
        self._schema = self._arrow.schema(
            [(name, types["json"] if name in self._json else types[kind]) for name, kind in columns.items()]
        )
        if self._json:
            features = {name: _feature(kind, name in self._json) for name, kind in columns.items()}
            note = json.dumps({"info": {"features": features}})
            self._schema = self._schema.with_metadata({"huggingface": note})
        self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._waiting: list[Row] = []
        self.rows = 0

    def write(self, row: Row) -> None:
        self._waiting.append(row)
        self.rows += 1
        if len(self._waiting) >= _ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write what waits, and the end of the file."""
        try:
            self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        arrays = [self._array(field) for field in self._schema]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []

    def _array(self, field: Any) -> Any:
        if field.name not in self._json:
            return self._arrow.array([row.get(field.name) for row in self._waiting], field.type)
        texts = [[json.dumps(message, ensure_ascii=False) for message in row[field.name]] for row in self._waiting]
        plain = self._arrow.array(texts, self._arrow.list_(self._arrow.string()))
        stored = self._arrow.ExtensionArray.from_storage(self._arrow.json_(self._arrow.string()), plain.values)
        return self._arrow.ListArray.from_arrays(plain.offsets, stored, type=field.type)

    def _types(self) -> dict[str, Any]:
        arrow = self._arrow
        text = arrow.string()
        return {
            "text": text,
            "flag": arrow.bool_(),
            "chat": arrow.list_(arrow.struct([("role", text), ("content", text)])),
            "turns": arrow.list_(arrow.struct([("from", text), ("value", text)])),
            "pairs": arrow.list_(arrow.list_(text)),
            "json": arrow.list_(arrow.json_(text)),
        }


def _columns(format: Format, style: Style, *, with_tools: bool) -> dict[str, Kind]:
    """All columns, in their order."""
    names: Mapping[str, tuple[str, ...]] = {
        "none": (),
        "ids": ("id", "skill", "leaf"),
        "full": ("id", "skill", "leaf", "metadata"),
    }
    columns: dict[str, Kind] = dict.fromkeys(names[style.metadata or format.metadata[0]], "text")
    columns |= format.columns_of(style)
    if with_tools and format.has_tools:
        columns["tools"] = "text"
    return columns


def _feature(kind: Kind, is_json: bool) -> dict[str, Any]:
    """A column as `datasets` describes it. Only tables with messages as JSON need it."""
    if is_json:
        return {"feature": {"_type": "Json"}, "_type": "List"}
    return {"dtype": "bool" if kind == "flag" else "string", "_type": "Value"}
