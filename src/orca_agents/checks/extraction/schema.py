"""The schema of an extraction in lines, `people[].born: date, nullable`: read it, show it, hold data to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from orca_agents.checks.extraction.dates import is_date, is_time
from orca_agents.checks.extraction.patterns import PATTERNS, is_shape, matches
from orca_agents.fences import JSON, without_fence

MOST_FIELDS = 24
MOST_LEVELS = 5
MOST_VALUES = 200
LONGEST_JSON = 12_000
_PLAIN = ("text", "date", "time", "number", "integer", "boolean", "currency")
KINDS = (*_PLAIN, *PATTERNS)
"""What a value may be, beside `one of a|b|c` and `id like INV-####`."""
NOTATION = (
    "`path: type`, then after commas what else holds. The path: names joined by dots, `[]` after a list, so "
    "`people[].name` is the name of each of several people, and `[].name` where the whole answer is a list. The types: "
    f"{', '.join(KINDS)}, `one of low|high`, `id like INV-####` (# a digit, @ a letter). What else: `nullable` (null "
    "where the document does not say), `lower` or `upper` (a text in that case), `ordered` (said in one line "
    "of a list whose order counts), `sum of rows[].amount` (a number that is added up). A text is a stretch of the "
    "document, letter by letter"
)


class SchemaError(ValueError):
    """The lines are no schema; the message says which line and why."""


@dataclass(frozen=True)
class Value:
    """A single value."""

    kind: str
    """One of `KINDS`, or `choice`, `id`."""
    nullable: bool = False
    case: str = ""
    """`lower` or `upper` where a text is put into that case."""
    choices: tuple[str, ...] = ()
    shape: str = ""
    total_of: str = ""
    """The path of the numbers that it adds up."""


@dataclass(frozen=True)
class Items:
    """A list."""

    of: Node
    ordered: bool = False


@dataclass(frozen=True)
class Group:
    """An object: its fields by name, in order."""

    fields: dict[str, Node] = field(default_factory=dict)


Node = Value | Items | Group


def read_schema(lines: Sequence[str]) -> Node:
    """The schema that lines describe. Raises `SchemaError`."""
    lines = [line for line in lines if line.strip()]
    if not 1 <= len(lines) <= MOST_FIELDS:
        raise SchemaError(f"a schema has 1 to {MOST_FIELDS} lines, not {len(lines)}")
    root: Node | None = None
    for line in lines:
        path, value, ordered = _read_line(line)
        root = _with(root, path, value, ordered, line)
    assert root is not None
    if isinstance(root, Value):
        raise SchemaError("a schema is an object or a list: give each value a name")
    for _, value in values_of(root):
        if value.total_of and not any(at == value.total_of for at, _ in values_of(root)):
            raise SchemaError(f"no line says what {value.total_of!r} is, of which a sum is to be taken")
    return root


def read_data(text: str) -> Any:
    """The data that a JSON text holds; a Markdown fence around it does not count. Raises `ValueError` with a reason."""
    if len(text) > LONGEST_JSON:
        raise ValueError(f"it has {len(text)} characters; {LONGEST_JSON} are the most")
    try:
        return json.loads(
            bare_json(text), object_pairs_hook=_without_doubles, parse_constant=_no_constant, parse_float=Decimal
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"it is not JSON: {error}") from None


def bare_json(text: str) -> str:
    """The JSON without the space and the Markdown fence around it, otherwise byte for byte."""
    return without_fence(text, JSON).strip()


def misfits(data: Any, node: Node, path: str = "") -> list[str]:
    """Where data does not fit the schema, in words."""
    here = path or "the answer"
    if isinstance(node, Group):
        if not isinstance(data, dict):
            return [f"{here} must be an object"]
        found = [f"{here} lacks {name!r}" for name in node.fields if name not in data]
        found += [f"{here} has {name!r}, which the schema does not know" for name in data if name not in node.fields]
        for name, inner in node.fields.items():
            if name in data:
                found += misfits(data[name], inner, f"{path}.{name}" if path else name)
        return found
    if isinstance(node, Items):
        if not isinstance(data, list):
            return [f"{here} must be a list"]
        if len(data) > MOST_VALUES:
            return [f"{here} has more than {MOST_VALUES} items"]
        return [problem for at, item in enumerate(data) for problem in misfits(item, node.of, f"{path}[{at}]")]
    problem = _misfit(data, node)
    return [f"{here} {problem}"] if problem else []


def values_of(node: Node, path: str = "") -> Iterator[tuple[str, Value]]:
    """Every value of a schema with its path: `people[].name`."""
    if isinstance(node, Value):
        yield path, node
    elif isinstance(node, Items):
        yield from values_of(node.of, f"{path}[]")
    else:
        for name, inner in node.fields.items():
            yield from values_of(inner, f"{path}.{name}" if path else name)


def leaves_of(data: Any, node: Node, path: str = "", place: str = "") -> Iterator[tuple[str, str, Value, Any]]:
    """Every value of data that fits: its path in the schema, its place in the data, what it is, and itself."""
    if isinstance(node, Value):
        yield path, place, node, data
    elif isinstance(node, Items):
        for at, item in enumerate(data):
            yield from leaves_of(item, node.of, f"{path}[]", f"{place}[{at}]")
    else:
        for name, inner in node.fields.items():
            yield from leaves_of(
                data[name], inner, f"{path}.{name}" if path else name, f"{place}.{name}" if place else name
            )


def levels(node: Node) -> int:
    """How many objects and lists are nested in each other."""
    if isinstance(node, Value):
        return 0
    inner = [node.of] if isinstance(node, Items) else list(node.fields.values())
    return 1 + max((levels(one) for one in inner), default=0)


_NAME = re.compile(r"[^\W\d][\w-]{0,39}")
_SYNONYMS = {
    "string": "text", "str": "text", "verbatim": "text", "int": "integer", "float": "number", "decimal": "number",
    "bool": "boolean", "link": "url", "ip": "ipv4",
}  # fmt: skip
_FREE_FLAGS = ("required", "verbatim", "")


def _read_line(line: str) -> tuple[tuple[str, ...], Value, bool]:
    path_text, colon, rest = re.sub(r"^\s*[-*]\s+", "", line).strip().strip("`").partition(":")
    if not colon:
        raise SchemaError(f"{line!r} has no colon between path and type")
    words = [word.strip() for word in rest.split(",")]
    value, ordered = _kind(words[0], line), False
    for word in words[1:]:
        flag = word.casefold()
        if flag in ("nullable", "optional", "or null"):
            value = replace(value, nullable=True)
        elif flag in ("lower", "upper") and value.kind == "text":
            value = replace(value, case=flag)
        elif flag == "ordered":
            ordered = True
        elif flag.startswith("sum of ") and value.kind in ("number", "integer"):
            value = replace(value, total_of=word[7:].strip())
        elif flag not in _FREE_FLAGS:
            raise SchemaError(f"{line!r}: {word!r} is nothing that can be said of a {value.kind}")
    return _path(path_text.strip(), line), value, ordered


def _kind(text: str, line: str) -> Value:
    low = text.casefold()
    if low.startswith(("one of ", "choice ")):
        choices = tuple(
            part.strip().strip("\"'") for part in text.split(" ", 2 if low.startswith("one") else 1)[-1].split("|")
        )
        if len(choices) < 2 or len(set(choices)) != len(choices) or not all(choices):
            raise SchemaError(f"{line!r}: write two or more different choices, as in `one of low|high`")
        return Value("choice", choices=choices)
    if low.startswith("id like "):
        shape = text[8:].strip().strip("\"'")
        if not is_shape(shape):
            raise SchemaError(f"{line!r}: {shape!r} is no shape of an id; write one such as INV-####")
        return Value("id", shape=shape)
    kind = _SYNONYMS.get(low, low)
    if kind not in KINDS:
        raise SchemaError(f"{line!r}: {text!r} is no type; the types are {', '.join(KINDS)}, one of a|b, id like A-##")
    return Value(kind)


def _path(text: str, line: str) -> tuple[str, ...]:
    """`people[].name` as `("people", "[]", "name")`."""
    steps: list[str] = []
    for at, part in enumerate(text.split(".")):
        name = part
        lists = 0
        while name.endswith("[]"):
            name, lists = name[:-2], lists + 1
        if name or at or not lists:
            if not _NAME.fullmatch(name):
                raise SchemaError(f"{line!r}: {name!r} is no name of a field; use letters, digits and _")
            steps.append(name)
        steps += ["[]"] * lists
    if len(steps) > 2 * MOST_LEVELS:
        raise SchemaError(f"{line!r}: this is nested too deeply")
    return tuple(steps)


def _with(node: Node | None, path: tuple[str, ...], value: Value, ordered: bool, line: str) -> Node:
    """The schema with one more value in it."""
    if not path:
        if node is not None:
            raise SchemaError(f"{line!r}: this path stands there twice, or is an object or a list elsewhere")
        return value
    first, rest = path[0], path[1:]
    if first == "[]":
        if node is not None and not isinstance(node, Items):
            raise SchemaError(f"{line!r}: elsewhere this is no list")
        inner = _with(node.of if node else None, rest, value, ordered and "[]" in rest, line)
        # `ordered` is about the innermost list of the path
        return Items(inner, (node.ordered if node else False) or (ordered and "[]" not in rest))
    if node is not None and not isinstance(node, Group):
        raise SchemaError(f"{line!r}: elsewhere this is no object")
    fields = dict(node.fields) if node else {}
    fields[first] = _with(fields.get(first), rest, value, ordered, line)
    return Group(fields)


def _misfit(data: Any, value: Value) -> str | None:
    """Why a value is none of its kind, in words that continue its path."""
    if data is None:
        return None if value.nullable else "may not be null"
    if value.kind == "boolean":
        return None if isinstance(data, bool) else "must be true or false"
    if value.kind in ("number", "integer"):
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            return "must be a number, written as one"
        number = Decimal(data)
        if not -20 < number.adjusted() < 18 or len(str(data)) > 40:
            return "has too many digits"
        if isinstance(data, Decimal) and value.kind == "integer":
            return "must be a whole number"
        return None
    if not isinstance(data, str) or not data.strip():
        return "must be a text that says something (or null, where that is allowed)"
    if value.kind == "choice":
        return None if data in value.choices else f"must be one of {', '.join(value.choices)}, not {data[:40]!r}"
    if value.kind == "date":
        return None if is_date(data) else f"must be a date such as 2021-03-04, 2021-03 or 2021, not {data[:40]!r}"
    if value.kind == "time":
        return None if is_time(data) else f"must be a time such as 09:30, not {data[:40]!r}"
    if value.kind == "currency":
        return None if re.fullmatch(r"[A-Z]{3}", data) else f"must be a code such as EUR, not {data[:40]!r}"
    if value.kind == "text":
        return None if not value.case or data == _in_case(data, value.case) else f"must be in {value.case} case"
    return None if matches(value.kind, value.shape, data) else f"is no {value.shape or value.kind}: {data[:60]!r}"


def _in_case(text: str, case: str) -> str:
    return text.lower() if case == "lower" else text.upper()


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
