"""Compute which rows of a site's table an errand means: `from: products`, `where: kind == oats`, `lowest: price`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, cast

from orca_agents.dialogues.web.conditions import holds, read_condition
from orca_agents.dialogues.web.site import Site, number

End = Literal["lowest", "highest"]
_LINE = re.compile(r"(?P<what>from|where|lowest|highest)\s*:\s*(?P<rest>\S.*)", re.IGNORECASE)


class CriteriaError(ValueError):
    """The criteria cannot be read, or choose nothing; says why."""


def read_criteria(lines: Sequence[str]) -> tuple[str, tuple[str, ...], tuple[tuple[End, str], ...]]:
    """The table, the conditions on its columns, and the ends that are wanted. Raises `CriteriaError`."""
    table, conditions, ends = "", [], []
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise CriteriaError(f"criteria: {line[:80]!r} begins with none of from:, where:, lowest:, highest:")
        what, rest = match["what"].lower(), match["rest"].strip()
        if what == "from":
            table = rest
        elif what == "where":
            try:
                read_condition(rest)
            except ValueError as error:
                raise CriteriaError(f"criteria: {error}") from None
            conditions.append(rest)
        else:
            ends.append((cast(End, what), rest))
    if not table or not (conditions or ends):
        raise CriteriaError("criteria: write `from: TABLE` and at least one `where:`, `lowest:` or `highest:`")
    return table, tuple(conditions), tuple(ends)


def chosen_rows(site: Site, lines: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows that the criteria choose. Raises `CriteriaError` where an end is shared or holds no number."""
    name, conditions, ends = read_criteria(lines)
    table = site.tables[name]
    rows = [
        row
        for row in table.rows
        if all(holds(read_condition(line), dict(zip(table.columns, row, strict=True))) for line in conditions)
    ]
    for end, column in ends:
        at = table.columns.index(column)
        values = [number(row[at]) for row in rows]
        if any(value is None for value in values):
            raise CriteriaError(f"criteria: not every {column} begins with a number")
        if not values:
            break
        best = (min if end == "lowest" else max)(cast("list[float]", values))
        rows = [row for row, value in zip(rows, values, strict=True) if value == best]
        if len(rows) > 1:
            names = ", ".join(row[0] for row in rows)
            raise CriteriaError(f"criteria: {names} share the {end} {column}; choose so that one row is left")
    return rows
