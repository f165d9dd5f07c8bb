"""Texts and records as SQLite keeps them: exactly as they were, halves of surrogate pairs and NULs included."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic_core import to_json, to_jsonable_python

from orca_agents.errors import StoreError
from orca_agents.records import Record

R = TypeVar("R", bound=Record)

_LEVEL = 1
"""Of zlib. On requests and replies of a run, level 6 takes two thirds more time to save 5% more room."""


def pack(data: Record | dict[str, Any]) -> bytes:
    """A record or JSON data as compressed JSON. Raises `StoreError` for what JSON has no form for."""
    return zlib.compress(_json(data), _LEVEL)


def json_text(data: Record | dict[str, Any]) -> str:
    """The same, not compressed: what a line of a file holds."""
    return _json(data).decode("utf-8", "surrogatepass")


def _json(data: Record | dict[str, Any]) -> bytes:
    content = data.model_dump() if isinstance(data, Record) else data
    try:
        return to_json(content, inf_nan_mode="constants")
    except ValueError:
        return _with_odd_texts(content, type(data).__name__)


def unpack(kind: type[R], body: bytes, place: str) -> R:
    """The record that was packed; `place` is named where it cannot be read."""
    text = unpack_text(body, place, kind.__name__)
    try:
        return kind.model_validate(json.loads(text))
    except ValueError as error:
        raise _unreadable(place, kind.__name__, error) from error


def unpack_text(body: bytes, place: str, name: str) -> str:
    """The JSON of a record as it was packed, which is what `model_dump_json` gives."""
    try:
        return zlib.decompress(body).decode("utf-8", "surrogatepass")
    except (zlib.error, ValueError) as error:
        raise _unreadable(place, name, error) from error


def _unreadable(place: str, name: str, error: Exception) -> StoreError:
    return StoreError(
        f"{place}: a {name} cannot be read: the file is damaged, or another version of orca-agents wrote it; use that "
        f"version, or a copy of the folder ({error})"
    )


def _with_odd_texts(content: Any, name: str) -> bytes:
    """JSON with halves of surrogate pairs in it, which only Python's own writer takes."""
    try:
        plain = to_jsonable_python(content, inf_nan_mode="constants")
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    except ValueError as error:
        raise StoreError(f"a {name} cannot be kept: {error}; its metadata may hold JSON data only") from error
    return text.encode("utf-8", "surrogatepass")


def to_key(text: str) -> str | bytes:
    """A text as SQLite can compare it: one that is not valid Unicode goes in as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_key(key: str | bytes) -> str:
    """The text that became this key."""
    return key if isinstance(key, str) else key.decode("utf-8", "surrogatepass")


def marks(values: Sequence[object]) -> str:
    """One `?` of a statement for each value."""
    return ", ".join("?" * len(values))
