"""Texts and records as SQLite keeps them: exactly as they were, halves of surrogate pairs and NULs included."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

from orca_agents.errors import StoreError
from orca_agents.records import Record

R = TypeVar("R", bound=Record)


def pack(data: Record | dict[str, Any]) -> bytes:
    """A record or JSON data as compressed JSON."""
    if isinstance(data, Record):
        data = data.model_dump(mode="json")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def unpack(kind: type[R], body: bytes, place: str) -> R:
    """The record that was packed; `place` is named where it cannot be read."""
    try:
        return kind.model_validate(json.loads(zlib.decompress(body).decode("utf-8", "surrogatepass")))
    except (zlib.error, ValueError) as error:
        raise StoreError(
            f"{place}: a {kind.__name__} cannot be read: the file is damaged, or another version of orca-agents "
            f"wrote it; use that version, or a copy of the folder ({error})"
        ) from error


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
