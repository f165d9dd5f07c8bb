"""See whether a text says what it has to: the rows and columns asked for, marked cells, all events, what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.mentions import (
    heading_terms,
    moments_in,
    named_columns,
    named_labels,
)
from orca_agents.checks.figures.readings import figures_in, number_of
from orca_agents.checks.terms import terms

MARKED = re.compile(r"(?:highlighted|marked)(?: cells)?\s*:\s*(.+?)(?:\n|$)", re.IGNORECASE)
_ABSENT = re.compile(
    r"\b(?:miss(?:ing|es)|not (?:available|given|reported|recorded|stated|provided|known|listed|shown|supplied|in the"
    r"|filled|included|measured)|no (?:data|figures?|value|entry|record|number|readings?|result)|unavailable|absent"
    r"|blank|empty|lacks?|lacking|unknown|gaps?|incomplete|omitted|without (?:a|any|data)|n/a|left out|unreported"
    r"|contradict\w*|conflict\w*|inconsisten\w*|disagree\w*|discrepan\w*|does not (?:add|match|agree|sum|fit)"
    r"|do(?:es)? not (?:add|match|agree|sum|fit)|implausibl\w*|impossible|outlier|doubt\w*|suspicious|odd|unusual"
    r"|duplicat\w*|twice|anomal\w*|error|typo|mistake|suspect|questionable|unlikely|out of line|stands? out)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MarkedCell:
    """A cell that the request points at."""

    row: int
    column: int


def marked_cells(text: str, data: Data) -> tuple[list[MarkedCell], list[str]]:
    """The cells that `Highlighted: Oslo / 2019; Bergen / 2020` names, and the parts that name none."""
    match = MARKED.search(text)
    if match is None:
        return [], []
    found: list[MarkedCell] = []
    strays: list[str] = []
    for part in re.split(r"\s*;\s*", match[1].strip().rstrip(".")):
        if not part:
            continue
        cell = _cell_of(part, data)
        if cell is None:
            strays.append(part)
        else:
            found.append(cell)
    return found, strays


def unsaid_cells(text: str, cells: list[MarkedCell], data: Data) -> list[str]:
    """Which of these cells' contents a text does not say."""
    figures = figures_in(text)
    missing = []
    for cell in cells:
        value = data.cell(cell.row, cell.column)
        number = number_of(value)
        if number is not None and any(figure.means(number) for figure in figures):
            continue
        if says(text, value):
            continue
        if data.is_missing(cell.row, cell.column) and _ABSENT.search(text):
            continue
        missing.append(f"{value or 'the empty cell'} ({data.columns[cell.column]}, row {cell.row + 1})")
    return missing


def says(text: str, value: str) -> bool:
    """Whether a text holds a cell's content: its words, its number, or its day, in another form too."""
    if value.strip() and value.strip().casefold() in text.casefold():
        return True
    if (number := number_of(value)) is not None and any(figure.means(number) for figure in figures_in(text)):
        return True
    days = {(one.month, one.day, one.clock) for one in moments_in(value)}
    if days and days & {(one.month, one.day, one.clock) for one in moments_in(text)}:
        return True
    wanted = terms(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", value), "en")
    spoken = terms(text, "en")
    held = {
        term for term in wanted if term in spoken or any(other[:5] == term[:5] for other in spoken if len(term) > 4)
    }
    return bool(wanted) and len(held) >= 0.6 * len(wanted)


def unsaid_fields(text: str, data: Data) -> list[str]:
    """The fields of a record whose content a text does not say."""
    return [
        f"{column}: {data.cell(0, at)}" for at, column in enumerate(data.columns)
        if not data.is_missing(0, at) and data.cell(0, at).casefold() not in ("true", "false", "yes", "no")
        and len(data.cell(0, at)) <= 200 and not says(text, data.cell(0, at))
    ]  # fmt: skip


def unsaid_names(request: str, text: str, data: Data) -> list[str]:
    """Rows that a request names and a text does not, unless the request wants them left out."""
    missing = []
    spoken = set(named_labels(text, data))
    rows = {row for name in spoken for row, _ in data.names[name]}
    for name in named_labels(request, data):
        at = request.casefold().find(name.casefold())
        if re.search(
            r"\b(?:without|except|leave out|ignore|ignoring|not|excluding|omit)\b[^.;]{0,40}$", request[:at], re.I
        ):
            continue
        cells = data.names[name]
        if name in spoken or says(text, name):
            continue
        if any(column in data.time_columns for _, column in cells) or len(cells) > 1 or cells[0][0] not in rows:
            missing.append(name)
    return missing


def unsaid_columns(request: str, text: str, data: Data) -> list[str]:
    """Measures that a request names and of which a text gives neither the name nor a figure."""
    missing = []
    figures = figures_in(text)
    for column in sorted(named_columns(request, data) & frozenset(data.measures)):
        if column in named_columns(text, data) or heading_terms(data.columns[column]) & terms(text, "en"):
            continue
        values = data.values(column)
        if not any(figure.means(value) for figure in figures for value in values):
            missing.append(data.columns[column])
    return missing


def unsaid_triples(text: str, data: Data) -> list[str]:
    """The triples whose subject or object a text does not say."""
    return [" | ".join(row) for row in data.rows if not (says(text, _spaced(row[0])) and says(text, _spaced(row[2])))]


def events_out_of_order(text: str, data: Data) -> str | None:
    """Why the events of a log are not all told in their order, or `None`."""
    places: list[int | None] = []
    spoken = [(match.start(), terms(match[0], "en")) for match in re.finditer(r"[^.!?\n]+", text)]
    order = data.in_time or tuple(range(len(data.rows)))
    for row in order:
        cells = data.rows[row]
        moments = {one.clock or (one.month, one.day) for one in moments_in(cells[0])}
        wanted = terms(" ".join(cells[1:]), "en")
        best: tuple[float, int] | None = None
        for start, words in spoken:
            held = len(wanted & words) / len(wanted) if wanted else 0.0
            end = text.find(".", start)
            piece = text[start : end if end > 0 else len(text)]
            if moments & {one.clock or (one.month, one.day) for one in moments_in(piece)}:
                held += 0.5
            if held >= 0.3 and (best is None or held > best[0]):
                best = (held, start)
        places.append(best[1] if best else None)
    lost = [data.rows[row] for row, place in zip(order, places, strict=True) if place is None]
    if len(lost) > len(order) / 4:
        return f"the text leaves out {len(lost)} of {len(order)} events, such as {' '.join(lost[0])!r}"
    known = [place for place in places if place is not None]
    backwards = sum(a > b for a, b in pairwise(known))
    if backwards > max(1, len(known) // 5):
        return "the text does not tell the events in the order of the log"
    return None


def missing_cells(data: Data) -> list[tuple[int, int]]:
    """The cells that say nothing."""
    return [(row, column) for row in range(len(data.rows)) for column in range(len(data.columns))
            if data.is_missing(row, column)]  # fmt: skip


def speaks_of_gaps(text: str) -> bool:
    """Whether a text says that something is missing or does not fit."""
    return _ABSENT.search(text) is not None


def unnamed_gaps(text: str, data: Data) -> list[str]:
    """The missing cells whose row or column no sentence about a gap names."""
    sentences = [match[0] for match in re.finditer(r"[^.!?\n]+(?:[.!?](?=\d)[^.!?\n]+)*", text)]
    gaps = " ".join(
        " ".join(sentences[max(0, at - 1) : at + 2])
        for at, sentence in enumerate(sentences)
        if _ABSENT.search(sentence)
    )
    unnamed = []
    for row, column in missing_cells(data):
        labels = [data.cell(row, label) for label in data.labels if not data.is_missing(row, label)]
        by_row = any(says(gaps, label) for label in labels) or not labels or len(data.rows) == 1
        by_row = by_row or any(row == r for name in named_labels(gaps, data) for r, _ in data.names[name])
        by_column = column in named_columns(gaps, data) or len(data.measures) <= 1 or says(gaps, data.columns[column])
        if not (by_row or by_column):
            unnamed.append(f"{data.columns[column]} of {labels[0] if labels else f'row {row + 1}'}")
    return unnamed


def _spaced(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)


def _cell_of(part: str, data: Data) -> MarkedCell | None:
    pieces = [piece.strip(" '\"`*") for piece in re.split(r"\s+/\s+|\s*\|\s*|\s*,\s*", part) if piece.strip()]
    for at, piece in enumerate(pieces):
        columns = [c for c, name in enumerate(data.columns) if name.strip().casefold() == piece.casefold()]
        if not columns:
            continue
        rest = [other for place, other in enumerate(pieces) if place != at]
        rows = set(range(len(data.rows)))
        for other in rest:
            rows &= {row for row in range(len(data.rows)) if _is_row(other, row, data)}
        if (rest and rows and len(rows) == 1) or (not rest and len(data.rows) == 1):
            return MarkedCell(min(rows), columns[0])
    return None


def _is_row(name: str, row: int, data: Data) -> bool:
    if match := re.fullmatch(r"row (\d{1,4})", name.casefold()):
        return int(match[1]) == row + 1
    return any(cell.strip().casefold() == name.casefold() for cell in data.rows[row])
