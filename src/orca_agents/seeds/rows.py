"""Read documents out of JSON: one object a line (JSONL), or one object or a list of them in a file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, get_args

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import SeedKind
from orca_agents.seeds.cleaning import clean
from orca_agents.seeds.documents import Document, skip
from orca_agents.seeds.reading import Decoded, decode

MAX_BYTES = 64 * 2**20
"""Longest file, and longest line of a JSONL file, that is read; JSONL files may be of any length."""


def read_lines(stream: BinaryIO, source: str, text_field: str | None) -> Iterator[Document | Skip]:
    """A document for each line that is a JSON object with the text field; a skip with its line number for any other.

    The stream is read line by line. Blank lines mean nothing, but for a skip where there is nothing else.
    """
    number, blank = 0, 0
    while raw := stream.readline(MAX_BYTES + 1):
        number += 1
        place = f"{source}:{number}"
        if len(raw) > MAX_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(MAX_BYTES)
            yield skip(place, f"a line of more than {MAX_BYTES // 2**20} MB; split it into several rows")
            continue
        if not raw.strip():
            blank += 1
            continue
        try:
            decoded = decode(raw)
            yield to_document(parse(decoded.text), place, text_field or "text", decoded.flags)
        except SeedError as error:
            yield skip(place, str(error))
    if blank == number:
        yield skip(source, "empty: it holds no lines but blank ones" if blank else "empty: it holds no lines")


def read_json(decoded: Decoded, source: str, text_field: str | None) -> Iterator[Document | Skip]:
    """The documents of a JSON file: an object with the text field, or a list of such objects."""
    if text_field is None:
        yield skip(
            source, "a JSON file: name the field that holds the text (text_field), or convert it to text or JSONL"
        )
        return
    try:
        value = parse(decoded.text)
    except SeedError as error:
        yield skip(source, str(error))
        return
    places = [(source, value)]
    if isinstance(value, list):
        places = [(f"{source}[{index}]", item) for index, item in enumerate(value)]
        if not places:
            yield skip(source, "an empty list")
    for place, item in places:
        try:
            yield to_document(item, place, text_field, decoded.flags)
        except SeedError as error:
            yield skip(place, str(error))


def parse(text: str) -> Any:
    """A JSON value; raises SeedError where it is not valid."""
    try:
        return json.loads(text, parse_constant=str)
    except RecursionError:
        raise SeedError("not usable JSON: nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        what = error.msg.removesuffix(" at")
        raise SeedError(f"not valid JSON: {what} at {where}") from None
    except ValueError as error:  # a number of more digits than Python takes
        raise SeedError(f"not usable JSON: {error}") from None


def to_document(row: Any, source: str, text_field: str, flags: tuple[str, ...] = ()) -> Document:
    """One row as a document; raises SeedError where the row has no text.

    `title`, `licence` or `license`, `language` or `lang` (where it is an ISO 639-1 code), `kind` (where it is a seed
    kind) and `source` or `url` go to the fields of their names, all other short scalar values to the metadata. Where
    the row names its own source, the metadata keep the place as `row`.
    """
    if not isinstance(row, dict):
        raise SeedError(f"holds {_name(row)}, not an object with a field {text_field!r}")
    if text_field not in row:
        fields = ", ".join(list(row)[:12]) or "no fields"
        raise SeedError(f"no field {text_field!r}; it has {fields}. Name the field that holds the text (text_field)")
    text = row[text_field]
    if not isinstance(text, str):
        raise SeedError(f"its field {text_field!r} holds {_name(text)}, not a text")
    rest = {
        _line(name): value for name, raw in row.items() if name != text_field if (value := _scalar(raw)) is not None
    }
    title = _take(rest, "title")
    licence = _take(rest, "licence") or _take(rest, "license")
    language = _take(rest, "language", _LANGUAGE) or _take(rest, "lang", _LANGUAGE)
    kind = _take(rest, "kind", _KIND)
    origin = _take(rest, "source") or _take(rest, "url")
    if origin:
        rest["row"] = source
    return Document(
        text=text,
        source=origin or source,
        kind=kind,  # type: ignore[arg-type]  # _KIND matches the names of SeedKind and nothing else
        title=title,
        licence=licence,
        language=language[:2].lower() if language else None,
        flags=flags,
        metadata=rest,
    )


LONGEST_VALUE = 2000
"""Strings of more characters than this do not go to the metadata: they would travel to every example."""

_ANY = re.compile(r".+", re.DOTALL)
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:[-_][A-Za-z]{2,4})?")
_KIND = re.compile("|".join(get_args(SeedKind)))


def _scalar(value: Any) -> str | int | float | bool | None:
    """The value, where it is short, plain and can be written as JSON again."""
    if isinstance(value, str):
        return _line(value) if 0 < len(value) <= LONGEST_VALUE else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def _line(text: str) -> str:
    """A text, cleaned, on one line."""
    return " ".join(clean(text).text.split())


def _take(rest: dict[str, Any], name: str, form: re.Pattern[str] = _ANY) -> str | None:
    """Take a string of this form out of the fields; what has another form stays there."""
    value = rest.get(name)
    if isinstance(value, str) and form.fullmatch(value):
        del rest[name]
        return value
    return None


def _name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
