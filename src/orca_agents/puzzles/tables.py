"""Questions to a table: its figures computed anew from the rows that the passage prints."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.expressions import Expression, read_expression, read_name
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.outcome import Outcome

MAX_ROWS = 2000

LANGUAGE = """\
one thing a line, over the table that stands in the passage. A column is called by its heading in small letters
with _ for all else (`Sales 2023 (t)` is sales_2023_t); texts stand in quotes, as printed -
  let total = sum of sales_2023_t where region == "North"
  let best = region with max sales_2023_t where year >= 2020
  let one = the sales_2023_t where region == "North"      the value in the one row for which this is true
  let rows = count of region where sales_2023_t > 5
  question: 100 * one / total
Also: mean of, median of, min of, max of; `with min`. After `of` stands a column or a reckoning per row (price *
pieces). The question is an expression over these, or one line for each option, true or false: `A: best ==
"North"`. `table: 2` takes the second table of the passage. Round nothing"""


@dataclass(frozen=True)
class Table:
    """Rows with named columns."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def solve_table(text: str, passage: str) -> Outcome:
    """What the question comes to. Raises `PuzzleProblem` where the passage holds no such table, row or column."""
    tables = read_tables(passage)
    if not tables:
        raise PuzzleProblem("the passage holds no table with headings that could be read; decline")
    table, values, options, question = tables[0], dict[str, Any](), dict[str, Expression](), None
    for line in without_fence_lines(text).splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if match := re.match(r"^table: ?(\d)$", line, re.IGNORECASE):
            if not 1 <= int(match[1]) <= len(tables):
                raise PuzzleProblem(f"the passage has {len(tables)} tables")
            table = tables[int(match[1]) - 1]
        elif match := re.match(r"^let\s+(\w+)\s*=\s*(.+)$", line, re.IGNORECASE):
            values[read_name(match[1])] = _compute(match[2], table, values)
        elif match := re.match(r"^question\s*:\s*(.+)$", line, re.IGNORECASE):
            question = read_expression(match[1])
        elif match := re.match(r"^([A-J])\s*[:.)]\s*(.+)$", line):
            options[match[1]] = read_expression(match[2])
        else:
            raise PuzzleProblem(f"{line[:80]!r}: begin each line with let, question:, table: or an option's letter")
    if not values:
        raise PuzzleProblem("nothing is taken from the table; write `let` lines")
    facts = {"rules": len(values), "columns": len(table.columns)}
    if options:
        return Outcome(labelled={mark: option.holds(values) for mark, option in options.items()}, facts=facts)
    if question is None:
        raise PuzzleProblem("nothing is asked; write `question: ...`")
    return Outcome(question.value(values), facts=facts)


def read_tables(passage: str) -> list[Table]:
    """The tables of a text in Markdown, or (where it has none) as lines of comma or tab separated values."""
    found = []
    for block in re.split(r"\n\s*\n|\n(?=[^|\n]*\n\s*\|)", passage):
        rows = [_cells(line) for line in block.splitlines() if line.strip().startswith("|")]
        rows = [row for row in rows if not all(re.fullmatch(r":?-{1,}:?", cell) for cell in row)]
        if len(rows) >= 3:
            found.append(_table(rows))
    if found:
        return found
    for sign in ("\t", ",", ";"):
        try:
            lines = list(csv.reader(io.StringIO(passage), delimiter=sign))
        except csv.Error:
            return []
        rows = [[cell.strip() for cell in row] for row in lines if any(row)]
        if len(rows) >= 3 and len(rows[0]) >= 2 and all(len(row) == len(rows[0]) for row in rows[:MAX_ROWS]):
            return [_table(rows)]
    return []


_FORMS = re.compile(
    r"^(?:(?P<how>sum|mean|average|median|min|max|count)\s++of\s++(?P<of>.*?\S)|the\s++(?P<the>.*?\S)"
    r"|(?P<name>.*?\S)\s++with\s++(?P<end>min|max)\s++(?P<by>.*?\S))(?:\s++where\s++(?P<where>.+))?$",
    re.IGNORECASE,
)
_TOTALS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": sum,
    "mean": lambda found: Fraction(sum(found)) / len(found),
    "average": lambda found: Fraction(sum(found)) / len(found),
    "median": lambda found: median(map(Fraction, found)),
    "min": min,
    "max": max,
}


def _compute(text: str, table: Table, values: Mapping[str, Any]) -> Any:
    match = _FORMS.match(text.strip())
    if not match:
        return _checked(read_expression(text), values).value(values)
    rows = [{**values, **row} for row in table.rows]
    if match["where"]:
        where = _checked(read_expression(match["where"]), rows[0])
        rows = [row for row in rows if where.holds(row)]
    if not rows:
        raise PuzzleProblem(f"`{text}`: no row of the table is like that")
    if match["how"]:
        of, how = _checked(read_expression(match["of"]), rows[0]), match["how"].lower()
        found = [of.value(row) for row in rows]
        return len(found) if how == "count" else _TOTALS[how](_numbers(text, found))
    if match["the"]:
        if len(rows) != 1:
            raise PuzzleProblem(f"`{text}`: {len(rows)} rows are like that, not one")
        return _checked(read_expression(match["the"]), rows[0]).value(rows[0])
    name, by = (_checked(read_expression(match[part]), rows[0]) for part in ("name", "by"))
    sizes = _numbers(text, [by.value(row) for row in rows])
    best = (min if match["end"].lower() == "min" else max)(sizes)
    names = [name.value(row) for row, size in zip(rows, sizes, strict=True) if size == best]
    if len(names) != 1:
        raise PuzzleProblem(f"`{text}`: {len(names)} rows share that place: {', '.join(map(str, names[:4]))}")
    return names[0]


def _numbers(text: str, found: Sequence[Any]) -> Sequence[Any]:
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int | Fraction):
            raise PuzzleProblem(f"`{text}`: {value!r} is no number; leave its row out with `where`, or take another")
    return found


def _checked(expression: Expression, known: Mapping[str, Any]) -> Expression:
    if unknown := sorted(expression.names - set(known)):
        raise PuzzleProblem(f"`{expression.text}` speaks of {unknown[0]!r}; there are {', '.join(sorted(known))}")
    return expression


def _cells(line: str) -> list[str]:
    inner = re.sub(r"^\s*\||\|\s*$", "", line)
    return [
        re.sub(r"[*_`]{1,2}(?=\S)|(?<=\S)[*`]{1,2}", "", cell.replace("\\|", "|")).strip()
        for cell in re.split(r"(?<!\\)\|", inner)
    ]


def _table(rows: list[list[str]]) -> Table:
    columns: list[str] = []
    for heading in rows[0]:
        name = re.sub(r"\W+", "_", heading.casefold()).strip("_") or "column"
        name = f"c_{name}" if name[0].isdigit() else name
        columns.append(name if name not in columns else f"{name}_{columns.count(name) + 2}")
    body = [row for row in rows[1 : MAX_ROWS + 1] if len(row) == len(columns)]
    return Table(tuple(columns), tuple(dict(zip(columns, map(_value, row), strict=True)) for row in body))


def _value(cell: str) -> Any:
    bare = cell.replace("−", "-").strip(" $€£¥%")
    bare = re.sub(r"(?<=\d)[,\u202f\u00a0 ](?=\d{3}(?!\d))", "", bare)
    bare = re.sub(r"^(-?\d+),(\d{1,2})$", r"\1.\2", bare)  # 3,5 as most of Europe writes it
    if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", bare):
        number = Fraction(bare)
        return int(number) if number.denominator == 1 else number
    return cell
