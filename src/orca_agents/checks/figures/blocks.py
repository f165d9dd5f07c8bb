"""Read a block of data, strictly: CSV, a Markdown table, JSON, triples, a log of events, or a form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from functools import lru_cache

from orca_agents.checks.figures.data import Data, place_in_time
from orca_agents.checks.figures.json_blocks import DataProblem as DataProblem
from orca_agents.checks.figures.json_blocks import Read, read_json

MAX_CHARS = 40_000
MAX_CELLS = 6_000
KNOWN = (
    "CSV with a header, a Markdown table, JSON (records, columns, or a chart with labels and series), triples "
    "`subject | relation | object`, a log with a time first on each line, or a form `Field: value`"
)
"""The notations, in words for whoever writes them."""


@lru_cache(maxsize=64)
def read_data(text: str) -> Data:
    """The data of a block. Raises `DataProblem`."""
    if len(text) > MAX_CHARS:
        raise DataProblem(f"the block has {len(text)} characters; keep it below {MAX_CHARS}")
    notes, body = _without_notes(text.replace("\r\n", "\n").lstrip("\ufeff").strip())
    if not body:
        notes, body = (), text.strip()
    kind, columns, rows, more = _read(body)
    if not rows or not columns:
        raise DataProblem("the block holds no rows")
    if len(rows) * len(columns) > MAX_CELLS:
        raise DataProblem(f"the block has {len(rows) * len(columns)} cells; keep it below {MAX_CELLS}")
    names = [column.strip().casefold() for column in columns]
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataProblem(f"two columns are called {twice[0]!r}; give each its own name")
    return Data(kind, tuple(columns), tuple(tuple(row) for row in rows), (*notes, *more), text)  # type: ignore[arg-type]


_NOTE = re.compile(
    r"(?:#{1,4}\s|//|%%)|\*{0,2}(?:title|caption|table|chart|source|sources|units?|notes?|period|remarks?|subject|topic"
    r"|figures?|legend|data|highlighted(?: cells)?|marked)\b[^|,;\t{\[]{0,20}:",
    re.IGNORECASE,
)


def _without_notes(text: str) -> tuple[tuple[str, ...], str]:
    """The title and the remarks before and after the data, and the data; of a fenced block, what is in the fence."""
    fenced = re.search(r"^(```|~~~)[^\n]*\n(.*?)\n\1\s*$", text, re.DOTALL | re.MULTILINE)
    if fenced:
        outside = f"{text[: fenced.start()]}\n{text[fenced.end() :]}".splitlines()
        return tuple(line.strip() for line in outside if line.strip()), fenced[2].strip()
    lines = text.splitlines()
    first, last = 0, len(lines)
    while first < last and (not lines[first].strip() or _NOTE.match(lines[first].strip())):
        first += 1
    while last > first and (not lines[last - 1].strip() or _NOTE.match(lines[last - 1].strip())):
        last -= 1
    outer = [*lines[:first], *lines[last:]]
    return tuple(line.strip() for line in outer if line.strip()), "\n".join(lines[first:last]).strip()


def _read(body: str) -> Read:
    if body[:1] in "{[" and not re.match(r"\[?\d{1,4}[-:.]", body):
        return read_json(body)
    lines = [line for line in body.splitlines() if line.strip()]
    if any(re.fullmatch(r"\s*+\|?(?:\s*+:?-{2,}+:?\s*+\|)++\s*+:?-*+:?\s*+\|?\s*+", line) for line in lines[:3]):
        return _read_markdown(lines)
    for read in (_read_triples, _read_log):
        if (found := read(lines)) is not None:
            return found
    problem = ""
    if any(mark in lines[0] for mark in ",;\t|"):
        try:
            return _read_delimited(body)
        except DataProblem as error:
            problem = str(error)
    if (form := _read_form(lines)) is not None:
        return form
    raise DataProblem(problem or f"this is none of the notations known here: {KNOWN}")


def _read_markdown(lines: Sequence[str]) -> Read:
    table = [[cell.strip().replace("\\|", "|") for cell in _cells(line)] for line in lines if "|" in line]
    other = tuple(line.strip() for line in lines if "|" not in line)
    if len(table) < 3:
        raise DataProblem("the table has no rows under its header")
    header, _, *rows = table
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataProblem(f"row {number} of the table has {len(row)} cells, its header {len(header)}")
    # emphasis is no part of a value
    plain = [[re.sub(r"^(\*\*|__|\*|`)(.+)\1$", r"\2", cell) for cell in row] for row in rows]
    return "table", [cell.strip("*_` ") for cell in header], plain, other


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line[1:] if line.startswith("|") else line
    line = line[:-1] if line.endswith("|") and not line.endswith("\\|") else line
    return re.split(r"(?<!\\)\|", line)


_BRACKETED = re.compile(
    r"[(<]([^()<>|]{1,120}?)(?:\s*+[,|;]\s*+|>\s*+<)([^()<>|,]{1,80}?)(?:\s*+[,|;]\s*+|>\s*+<)(.{1,200}?)[)>]"
)


def _read_triples(lines: Sequence[str]) -> Read | None:
    found: list[list[str]] = []
    for line in lines:
        bare = line.strip().rstrip(".").strip()
        if bracketed := _BRACKETED.fullmatch(bare):
            found.append([part.strip(" \"'") for part in bracketed.groups()])
            continue
        parts = [part.strip() for part in re.split(r"\s+\|\s+|\s*\t\s*|\s+->\s+|\s+→\s+", bare)]
        if len(parts) != 3 or not all(parts):
            return None
        found.append(parts)
    if re.fullmatch(r"(?i)subject|entity|head", found[0][0]):
        found = found[1:]
    relations = [relation for _, relation, _ in found]
    if len(found) < 2 or not all(re.fullmatch(r"[^\W\d_][\w /:'()-]{0,60}", relation) for relation in relations):
        return None
    # a table with three columns repeats nothing from row to row, triples speak of few things
    if not (len({subject for subject, _, _ in found}) < len(found) or "(" in lines[0] or "<" in lines[0]):
        return None
    return "triples", ("subject", "relation", "object"), found, ()


_STAMPED = re.compile(
    r"\[?(?P<time>(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d(?::\d\d)?(?:\.\d{1,6})?Z?|\d{4}-\d\d-\d\d|\d{1,3}(?:\+\d)?')\]?"
    r"\s*[-\u2013\u2014|:]?\s+(?P<event>\S.*)"
)


def _read_log(lines: Sequence[str]) -> Read | None:
    found = [_STAMPED.fullmatch(re.sub(r"^[-*\u2022]\s+", "", line.strip())) for line in lines]
    if len(found) < 2 or not all(found):
        return None
    return "log", ("time", "event"), [[match["time"], match["event"].strip()] for match in found if match], ()


def _read_delimited(body: str) -> Read:
    best: list[list[str]] | None = None
    problem = ""
    for mark in sorted(",;\t|", key=lambda sign: -body.split("\n", 1)[0].count(sign)):
        if mark not in body:
            continue
        try:
            table = [row for row in csv.reader(io.StringIO(body), delimiter=mark, strict=True, skipinitialspace=True)
                     if any(cell.strip() for cell in row)]  # fmt: skip
        except csv.Error as error:
            problem = problem or f"this is not well-formed CSV: {error}"
            continue
        uneven = next((at for at, row in enumerate(table) if len(row) != len(table[0])), None)
        if uneven is not None:
            found = f"row {uneven} has {len(table[uneven])} cells, the header {len(table[0])}"
            problem = problem or f"{found} (separated by {mark!r}); quote a cell that holds the separator"
            continue
        if len(table) > 1 and len(table[0]) > 1:
            best = table
            break
    if best is None:
        raise DataProblem(problem or "a table needs a header, at least one row and two columns")
    header = [cell.strip() for cell in best[0]]
    if not all(header):
        raise DataProblem(f"column {header.index('') + 1} has no name")
    return "table", header, [[cell.strip() for cell in row] for row in best[1:]], ()


def _read_form(lines: Sequence[str]) -> Read | None:
    found = [re.fullmatch(r"[-*\u2022]?\s*+\**+([^:]{1,50}?)\**\s*:\**+\s*+(.*)", line.strip()) for line in lines]
    if len(found) < 2 or not all(found):
        return None
    pairs = [(match[1].strip(), match[2].strip()) for match in found if match]
    return "record", [name for name, _ in pairs], [[value for _, value in pairs]], ()


def is_timed(data: Data) -> bool:
    """Whether the data run over time, down their rows or along their columns."""
    return bool(data.in_time) or bool(data.periods) or any(place_in_time(column) for column in data.columns)
