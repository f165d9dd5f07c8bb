"""Read a table out of JSON: records, columns, a chart with its series, triples, or one object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_DEPTH = 6
Read = tuple[str, Sequence[str], Sequence[Sequence[str]], tuple[str, ...]]
"""What was read: the kind of data, the columns, the rows, and remarks."""


class DataProblem(ValueError):
    """The block is no data in a notation that is known; says where and why."""


def read_json(body: str) -> Read:
    """The table in a JSON text. Raises `DataProblem`."""
    try:
        value = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except RecursionError:
        raise DataProblem("the JSON is nested too deeply") from None
    except ValueError as error:
        lines = [line for line in body.splitlines() if line.strip()]
        try:
            value = [json.loads(line, parse_float=str, parse_int=str, parse_constant=str) for line in lines]
        except ValueError:
            raise DataProblem(f"this is not valid JSON: {error}") from None
        if len(value) < 2:
            raise DataProblem(f"this is not valid JSON: {error}") from None
    return _from_json(value)


def _from_json(value: Any) -> Read:
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return _from_records(value)
    if isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        table = [[_scalar(cell) for cell in row] for row in value]
        if all(len(row) == 3 for row in table) and not re.search(r"\d", "".join(row[1] for row in table)):
            return "triples", ("subject", "relation", "object"), table, ()
        if len({len(row) for row in table}) != 1:
            raise DataProblem("the lists are not of one length")
        return "table", table[0], table[1:], ()
    if not isinstance(value, Mapping) or not value:
        raise DataProblem("the JSON holds neither records nor an object")
    return _from_chart(value) or _from_object(value)


def _from_records(records: Sequence[Mapping[str, Any]]) -> Read:
    flat = [dict(_flatten(record)) for record in records]
    columns = list(dict.fromkeys(name for record in flat for name in record))
    return "table", columns, [[record.get(name, "") for name in columns] for record in flat], ()


def _from_chart(value: Mapping[str, Any]) -> Read | None:
    """A chart: labels of the axis and one or more named series of the same length."""
    lists = value.get("series") or value.get("datasets")
    axis = value.get("x") or value.get("labels") or value.get("categories") or value.get("x_axis") or value.get("xAxis")
    if isinstance(value.get("data"), Mapping) and lists is None:
        inner = value["data"]
        if isinstance(inner.get("values"), list) and all(isinstance(item, Mapping) for item in inner["values"]):
            kind, columns, rows, _ = _from_records(inner["values"])
            return kind, columns, rows, _notes(value)
        lists, axis = inner.get("datasets") or inner.get("series"), axis or inner.get("labels")
    if not isinstance(lists, list) or axis is None or not all(isinstance(one, Mapping) for one in lists):
        return None
    name = "x"
    if isinstance(axis, Mapping):
        name = _scalar(axis.get("label") or axis.get("name") or axis.get("title") or axis.get("field") or "x")
        axis = next((held for held in axis.values() if isinstance(held, list)), None)
    if not isinstance(axis, list):
        return None
    columns, held = [name], [[_scalar(label) for label in axis]]
    for number, one in enumerate(lists, 1):
        values = next((item for item in one.values() if isinstance(item, list)), [])
        if len(values) != len(axis):
            raise DataProblem(f"series {number} has {len(values)} values for {len(axis)} labels of the axis")
        columns.append(_scalar(one.get("name") or one.get("label") or f"series {number}"))
        held.append([_scalar(item) for item in values])
    return "table", columns, [list(row) for row in zip(*held, strict=True)], _notes(value)


def _from_object(value: Mapping[str, Any]) -> Read:
    lists = {name: held for name, held in value.items() if isinstance(held, list)}
    inner = {name: held for name, held in value.items() if isinstance(held, Mapping)}
    tables = {name: held for name, held in lists.items() if held and all(isinstance(item, Mapping) for item in held)}
    if len(tables) == 1:
        kind, columns, rows, _ = _from_records(next(iter(tables.values())))
        return kind, columns, rows, _notes({name: held for name, held in value.items() if name not in tables})
    if len(lists) == len(value) > 1 and len({len(held) for held in lists.values()}) == 1:
        rows = list(zip(*([_scalar(cell) for cell in held] for held in lists.values()), strict=True))
        return "table", list(lists), rows, ()
    if len(inner) == len(value) > 1 and len({tuple(sorted(held)) for held in inner.values()}) == 1:
        return _from_records([{"name": name, **held} for name, held in inner.items()])
    pairs = list(_flatten(value))
    return "record", [name for name, _ in pairs], [[held for _, held in pairs]], ()


def _notes(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{name}: {held}" for name, held in _flatten({k: v for k, v in value.items() if k not in _HELD}))


_HELD = ("series", "datasets", "labels", "x", "categories", "data")


def _flatten(value: Mapping[str, Any], above: str = "", depth: int = 0) -> list[tuple[str, str]]:
    if depth > MAX_DEPTH:
        raise DataProblem(f"the JSON is nested more than {MAX_DEPTH} deep")
    pairs: list[tuple[str, str]] = []
    for name, held in value.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(held, Mapping):
            pairs += _flatten(held, path, depth + 1)
        elif isinstance(held, list) and any(isinstance(item, Mapping) for item in held):
            for number, item in enumerate(held, 1):
                pairs += _flatten({str(number): item}, path, depth + 1)
        else:
            pairs.append((path, _scalar(held)))
    return pairs


def _scalar(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return "; ".join(_scalar(item) for item in value)
        case Mapping():
            return "; ".join(f"{name}: {_scalar(held)}" for name, held in value.items())
    return str(value)
