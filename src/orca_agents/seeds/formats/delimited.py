"""Read rows out of text with separators (CSV, TSV and what goes by these names), however untidy it is."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO

from orca_agents.errors import SeedError
from orca_agents.seeds.reading import decode

SEPARATORS = (",", ";", "\t", "|")
LONGEST_LINE = 16 * 2**20
"""Longest line, in bytes, that is read."""
LONGEST_ROW = (100, 100_000)
"""Most lines and characters of a row with line breaks in its cells. A quote that is open for longer is a stray one."""
MOST_COLUMNS = 100_000
"""Columns of a table from which on it is none: a list in one line, or a trap."""
SAMPLE_LINES = 200
"""How many lines are looked at to find the separator and the header."""


@dataclass
class DelimitedTable:
    """A header and, lazily, its rows; `flags` grows while the rows are read."""

    columns: list[str]
    rows: Iterator[list[str]]
    caption: str = ""
    """What stands above the header."""
    flags: set[str] = field(default_factory=set)


def read_delimited(stream: BinaryIO, separator: str | None = None) -> DelimitedTable:
    """The table in a stream of bytes; raises SeedError, also while its rows are read, where it is no text.

    The separator is found out; the one given wins where two fit equally well. Rows are as long as the header: short
    ones are filled up, of long ones the rest is left out (flag `ragged`). Empty rows mean nothing.
    """
    flags: set[str] = set()
    lines = _Lines(_decoded_lines(stream, flags))
    sample = lines.peek(SAMPLE_LINES)
    if not any(line.strip() for line in sample):
        raise SeedError("empty: it holds no rows")
    separators = sorted(SEPARATORS, key=lambda sign: sign != separator)
    separator, width = _find_separator(sample, separators)
    if width > MOST_COLUMNS:
        raise SeedError(f"a table of more than {MOST_COLUMNS:,} columns; write it with a row a line")
    rows = _split_rows(lines, separator, flags)
    caption: list[str] = []
    header: list[str] = []
    for row in rows:
        header = row
        if width == 1 or sum(map(bool, row)) > 1:
            break
        caption.append(" ".join(filter(None, row)))
    if _is_data(header):
        rows, header = chain([header], rows), [""] * len(header)
    columns = _name_columns(header + [""] * (width - len(header)))
    return DelimitedTable(columns, _fit(rows, len(columns), separator, flags), "\n".join(filter(None, caption)), flags)


class _Lines:
    """Lines that can be looked at before they are read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._ahead: list[str] = []
        self._lines = lines

    def peek(self, count: int) -> list[str]:
        self._ahead += islice(self._lines, max(0, count - len(self._ahead)))
        return self._ahead[:count]

    def skip(self, count: int) -> None:
        del self._ahead[:count]


def _decoded_lines(stream: BinaryIO, flags: set[str]) -> Iterator[str]:
    """The lines of a stream with their ends, a megabyte in memory at a time."""
    head = stream.read(4)
    utf16 = head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and head != codecs.BOM_UTF32_LE
    if utf16:
        encoding = "utf-16-le" if head[:2] == codecs.BOM_UTF16_LE else "utf-16-be"
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        rest = decoder.decode(head[2:])
        while data := stream.read(2**20):
            *whole, rest = io.StringIO(rest + decoder.decode(data), newline="").readlines() or [""]
            yield from whole
            if len(rest) > LONGEST_LINE:
                raise SeedError(f"a line of more than {LONGEST_LINE // 2**20} MB")
        yield from io.StringIO(rest + decoder.decode(b"", True), newline="")
        return
    while data := head + stream.read(2**20):
        head = b""
        data += stream.readline(LONGEST_LINE)
        if len(data) > LONGEST_LINE and not data.endswith(b"\n"):
            raise SeedError(f"a line of more than {LONGEST_LINE // 2**20} MB; a table has a row a line")
        decoded = decode(data)
        flags.update(decoded.flags)
        yield from io.StringIO(decoded.text.replace("\0", ""), newline="")


def _find_separator(sample: list[str], separators: Iterable[str]) -> tuple[str, int]:
    """The sign that cuts most lines into the same number of cells, and that number."""
    best, best_score, best_width = ",", (0.0, 0), 1
    for separator in separators:
        widths = Counter(len(row) for row in _split_rows(_Lines(iter(sample)), separator, set()) if any(row))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        score = (round(count / max(1, widths.total()), 2), width)
        if width > 1 and score > best_score:
            best, best_score, best_width = separator, score, width
    return best, best_width


def _split_rows(lines: _Lines, separator: str, flags: set[str]) -> Iterator[list[str]]:
    """The cells of each row. A quote that is never closed is a sign like any other (flag `open_quote`)."""
    while ahead := lines.peek(1):
        line = ahead[0]
        row = _split(line, separator, strict=True)
        taken = 1
        if row is None and line.count('"') % 2:
            ahead = lines.peek(LONGEST_ROW[0])
            taken = _closing(ahead)
            row = _split("".join(ahead[:taken]), separator, strict=True) if taken else None
            if row is None:
                flags.add("open_quote")
                taken = 1
                row = [cell.strip() for cell in line.rstrip("\r\n").split(separator)]
        if row is None:
            row = _split(line, separator, strict=False) or line.rstrip("\r\n").split(separator)
        lines.skip(taken)
        yield [cell.strip() for cell in row]


def _closing(lines: list[str]) -> int:
    """How many lines it takes until every quote is closed; 0 if it never is, within the limits."""
    chars, quotes = 0, 0
    for number, line in enumerate(lines, 1):
        chars, quotes = chars + len(line), quotes + line.count('"')
        if quotes % 2 == 0:
            return number
        if chars > LONGEST_ROW[1]:
            break
    return 0


def _split(text: str, separator: str, *, strict: bool) -> list[str] | None:
    """The cells of one row, or `None` where its quotes do not fit; also where a cell is longer than `csv` reads."""
    try:
        rows = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict, skipinitialspace=True)
        )
    except csv.Error:
        return None
    return rows[0] if rows else []


def _is_data(row: list[str]) -> bool:
    """Whether a first row is no header: it holds numbers that are neither years nor count the columns."""
    numbers = [cell for cell in row if re.fullmatch(r"[-+]?\d[\d,. ]*%?|[-+]?\.\d+", cell)]
    if all(re.fullmatch(r"[12]\d{3}", number) for number in numbers):
        return False
    whole = [int(number) for number in numbers if re.fullmatch(r"\d{1,6}", number)]
    return whole != list(range(whole[0], whole[0] + len(numbers))) if len(whole) == len(numbers) > 1 else True


def _name_columns(header: list[str]) -> list[str]:
    """A name of its own for each column: empty ones are counted, repeated ones numbered."""
    names: list[str] = []
    taken: set[str] = set()
    times: Counter[str] = Counter()
    for number, cell in enumerate(header, 1):
        name = plain = " ".join(cell.split()) or f"column_{number}"
        times[plain] += 1
        while name in taken:
            name = f"{plain}_{max(2, times[plain])}"
            times[plain] += name in taken
        taken.add(name)
        names.append(name)
    return names


def _fit(rows: Iterable[list[str]], width: int, separator: str, flags: set[str]) -> Iterator[list[str]]:
    """Rows of one width. A row with other separators than the rest is cut at those (flag `mixed_separators`)."""
    for row in rows:
        if not any(row):
            continue
        if len(row) == 1 < width:
            others = (row[0].split(sign) for sign in SEPARATORS if sign != separator)
            if cells := next((cells for cells in others if len(cells) == width), None):
                flags.add("mixed_separators")
                row = [cell.strip() for cell in cells]
        if len(row) < width or any(row[width:]):
            flags.add("ragged")
        yield (row + [""] * (width - len(row)))[:width]
