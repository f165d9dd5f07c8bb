"""The types of parameters and replies: read from an annotation, checked against a value, told as JSON schema."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Literal

Kind = Literal["string", "integer", "number", "boolean", "date", "time", "datetime", "enum", "array", "object"]
MOST = 10**15
"""The largest bound of a range: what JSON readers keep exactly."""
MOST_DEPTH = 5
"""How deep records and lists may be nested."""
_NAMES: dict[str, Kind] = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number",
    "number": "number", "bool": "boolean", "boolean": "boolean", "date": "date", "Date": "date", "time": "time",
    "Time": "time", "datetime": "datetime", "DateTime": "datetime",
}  # fmt: skip
_WRITTEN: dict[Kind, str] = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "date": "date", "time": "time",
    "datetime": "datetime",
}  # fmt: skip
KNOWN_TYPES = (
    'str, int, float, bool, date, time, datetime, int[1, 30] (a range), Literal["a", "b"], list[T], '
    '{"key": T} (a record), and T | None for what may be missing'
)


class TypeProblem(ValueError):
    """An annotation that is no type of ours."""


@dataclass(frozen=True)
class Type:
    """A type of JSON data."""

    kind: Kind
    nullable: bool = False
    choices: tuple[str | int, ...] = ()
    """Of an enum."""
    low: float | None = None
    high: float | None = None
    item: Type | None = None
    """Of an array."""
    fields: tuple[tuple[str, Type], ...] = ()
    """Of an object; a field that is nullable may also be left out."""


def read_type(node: ast.expr, depth: int = 0) -> Type:
    """The type that an annotation means. Raises `TypeProblem`."""
    if depth > MOST_DEPTH:
        raise TypeProblem(f"it is nested deeper than {MOST_DEPTH} levels; make it flatter")
    match node:
        case ast.Name(id=name) if name in _NAMES:
            return Type(_NAMES[name])
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return replace(read_type(left, depth), nullable=True)
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return replace(read_type(right, depth), nullable=True)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return replace(read_type(inner, depth), nullable=True)
        case ast.Subscript(value=ast.Name(id="list" | "List"), slice=inner):
            return Type("array", item=read_type(inner, depth + 1))
        case ast.List(elts=[inner]):
            return Type("array", item=read_type(inner, depth + 1))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return Type("enum", choices=_choices(inner))
        case ast.Subscript(value=ast.Name(id="int" | "float" as name), slice=ast.Tuple(elts=[low, high])):
            return _ranged(_NAMES[name], low, high)
        case ast.Dict(keys=keys, values=values) if keys:
            fields = tuple(_field(key, value, depth) for key, value in zip(keys, values, strict=True))
            if len(dict(fields)) < len(fields):
                raise TypeProblem("a record has the same key twice")
            return Type("object", fields=fields)
    raise TypeProblem(f"`{ast.unparse(node)[:60]}` is no type here; there are {KNOWN_TYPES}")


def write_type(kind: Type) -> str:
    """The annotation of a type."""
    match kind.kind:
        case "enum":
            text = f"Literal[{', '.join(json.dumps(choice, ensure_ascii=False) for choice in kind.choices)}]"
        case "array":
            assert kind.item is not None
            text = f"list[{write_type(kind.item)}]"
        case "object":
            inner = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {write_type(of)}" for name, of in kind.fields)
            text = "{" + inner + "}"
        case _ if kind.low is not None or kind.high is not None:
            text = f"{_WRITTEN[kind.kind]}[{_bound(kind.low)}, {_bound(kind.high)}]"
        case _:
            text = _WRITTEN[kind.kind]
    return f"{text} | None" if kind.nullable else text


def schema_of(kind: Type) -> dict[str, Any]:
    """The JSON schema of a type."""
    match kind.kind:
        case "enum":
            words = all(isinstance(choice, str) for choice in kind.choices)
            schema: dict[str, Any] = {"type": "string" if words else "integer", "enum": list(kind.choices)}
        case "array":
            assert kind.item is not None
            schema = {"type": "array", "items": schema_of(kind.item)}
        case "object":
            schema = {
                "type": "object",
                "properties": {name: schema_of(of) for name, of in kind.fields},
                "required": [name for name, of in kind.fields if not of.nullable],
            }
        case "date":
            schema = {"type": "string", "format": "date"}
        case "time" | "datetime":  # the formats of this name ask for seconds and a time zone; ours do not
            schema = {"type": "string", "pattern": f"^{_MOMENTS[kind.kind].pattern}$"}
        case _:
            schema = {"type": kind.kind}
    if kind.low is not None:
        schema["minimum"] = _plain(kind.low)
    if kind.high is not None:
        schema["maximum"] = _plain(kind.high)
    if kind.nullable and "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if kind.nullable:
        schema["type"] = [schema["type"], "null"]
    return schema


def why_not_of_type(value: Any, kind: Type, where: str) -> str | None:
    """Why a value is not of a type, with its place, or `None` if it is."""
    if value is None:
        return None if kind.nullable else f"{where} is null, but must be {write_type(kind)}"
    match kind.kind:
        case "array":
            return _why_no_array(value, kind, where)
        case "object":
            return _why_no_object(value, kind, where)
        case "enum":
            ok = any(value == choice and type(value) is type(choice) for choice in kind.choices)
        case "boolean":
            ok = isinstance(value, bool)
        case "integer" | "number":
            return _why_no_number(value, kind, where)
        case "string":
            ok = isinstance(value, str)
        case "date" | "time" | "datetime":
            ok = isinstance(value, str) and _is_moment(value, kind.kind)
    return None if ok else f"{where} is {_shown(value)}, but must be {_told(kind)}"


_MOMENTS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"\d\d:\d\d(:\d\d)?"),
    "datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?"),
}


def _is_moment(value: str, kind: str) -> bool:
    if not _MOMENTS[kind].fullmatch(value):
        return False
    try:
        if kind == "date":
            date.fromisoformat(value)
        elif kind == "time":
            time.fromisoformat(value)
        else:
            datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _why_no_number(value: Any, kind: Type, where: str) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole or (kind.kind == "number" and isinstance(value, float))):
        return f"{where} is {_shown(value)}, but must be {_told(kind)}"
    if (kind.low is not None and value < kind.low) or (kind.high is not None and value > kind.high):
        return f"{where} is {value}, outside of {_bound(kind.low)} to {_bound(kind.high)}"
    return None


def _why_no_array(value: Any, kind: Type, where: str) -> str | None:
    assert kind.item is not None
    if not isinstance(value, list):
        return f"{where} is {_shown(value)}, but must be a list"
    problems = (why_not_of_type(one, kind.item, f"{where}[{number}]") for number, one in enumerate(value))
    return next((problem for problem in problems if problem), None)


def _why_no_object(value: Any, kind: Type, where: str) -> str | None:
    if not isinstance(value, Mapping):
        return f"{where} is {_shown(value)}, but must be a record with {', '.join(name for name, _ in kind.fields)}"
    known = dict(kind.fields)
    if strange := [name for name in value if name not in known]:
        return f"{where} has {strange[0]!r}, which is not in its schema (only {', '.join(known)})"
    for name, of in kind.fields:
        if name not in value:
            if not of.nullable:
                return f"{where} lacks {name!r}"
        elif problem := why_not_of_type(value[name], of, f"{where}.{name}"):
            return problem
    return None


def _choices(node: ast.expr) -> tuple[str | int, ...]:
    found: list[str | int] = []
    for one in node.elts if isinstance(node, ast.Tuple) else [node]:
        if not isinstance(one, ast.Constant) or isinstance(one.value, bool) or not isinstance(one.value, str | int):
            raise TypeProblem(f"`{ast.unparse(one)[:40]}` is no choice; a Literal holds texts or whole numbers")
        found.append(one.value)
    if len({type(one) for one in found}) > 1 or len(set(found)) < len(found) or len(found) < 2:
        raise TypeProblem("a Literal holds two or more different choices, all texts or all whole numbers")
    return tuple(found)


def _ranged(kind: Kind, low: ast.expr, high: ast.expr) -> Type:
    bounds: list[float | None] = []
    for one in (low, high):
        try:
            value = ast.literal_eval(one)
        except (ValueError, TypeError):
            value = ""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and abs(value) <= MOST):
            raise TypeProblem(f"`{ast.unparse(one)[:40]}` is no bound of a range; give a number or None")
        bounds.append(value)
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise TypeProblem(f"the range {_bound(bounds[0])} to {_bound(bounds[1])} is empty")
    return Type(kind, low=bounds[0], high=bounds[1])


def _field(key: ast.expr | None, value: ast.expr, depth: int) -> tuple[str, Type]:
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or not key.value:
        raise TypeProblem("the keys of a record are names in quotes")
    return key.value, read_type(value, depth + 1)


def _told(kind: Type) -> str:
    forms = {"date": "date, written as 2025-03-09", "time": "time, written as 14:30",
             "datetime": "datetime, written as 2025-03-09T14:30:00"}  # fmt: skip
    return forms.get(kind.kind) or write_type(kind)


def _bound(value: float | None) -> str:
    return "None" if value is None else json.dumps(_plain(value))


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."
