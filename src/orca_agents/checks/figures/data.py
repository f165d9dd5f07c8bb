"""The data behind a text: one table, whatever notation it came in, with its names, numbers and periods."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Literal

from orca_agents.checks.figures.readings import number_of

Kind = Literal["table", "record", "triples", "log"]
MISSING = frozenset(
    ("", "-", "\u2013", "\u2014", "n/a", "na", "n.a.", "null", "none", "nan", "?", "??", "...", "..", "\u2026",
     "missing", "unknown", "not available", "not reported", "no data", "#n/a", "tbd", "x", "not recorded")
)  # fmt: skip
_COMMON = frozenset(
    ("yes", "no", "true", "false", "and", "the", "all", "new", "old", "male", "female", "low", "high", "good", "more",
     "up", "down", "in", "on", "of", "day", "other", "others", "open")
)  # fmt: skip
"""Cells that stand in any text by chance: nobody is named by them."""
_LONGEST_NAME = 60
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class Data:
    """A table: its columns, its rows, and what is said around it."""

    kind: Kind
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    """Title, units, remarks."""
    text: str = field(default="", compare=False)
    """The block as it was written."""

    def cell(self, row: int, column: int) -> str:
        return self.rows[row][column]

    def is_missing(self, row: int, column: int) -> bool:
        """Whether a cell says nothing."""
        return self.rows[row][column].strip().casefold() in MISSING

    @cached_property
    def numbers(self) -> tuple[tuple[Fraction | None, ...], ...]:
        """The number of each cell, where it holds one."""
        return tuple(tuple(number_of(cell) for cell in row) for row in self.rows)

    @cached_property
    def measures(self) -> tuple[int, ...]:
        """The columns that measure something: mostly numbers, and no years, dates or running numbers."""
        if self.kind in ("triples", "log"):
            return ()
        return tuple(
            column for column in range(len(self.columns))
            if column not in self.time_columns and self._is_numeric(column) and not self._is_counter(column)
        )  # fmt: skip

    @cached_property
    def time_columns(self) -> tuple[int, ...]:
        """The columns whose cells are all times: years, dates, months, quarters, clock times."""
        return tuple(
            column for column in range(len(self.columns))
            if len(self.rows) > 1
            and all(place_in_time(row[column]) is not None for row in self.rows)
            and (not self._is_numeric(column) or _is_time_name(self.columns[column])
                 or len({row[column] for row in self.rows}) == len(self.rows))
        )  # fmt: skip

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """The columns whose cells name their rows: texts and times."""
        return tuple(
            column for column in range(len(self.columns))
            if column not in self.measures and not self._is_counter(column)
        )  # fmt: skip

    @cached_property
    def periods(self) -> tuple[int, ...]:
        """The measured columns whose headings are times, in order of time; none where there are fewer than two."""
        timed = [(place_in_time(self.columns[column]), column) for column in self.measures]
        found = sorted((place, column) for place, column in timed if place is not None)
        return tuple(column for _, column in found) if len(found) > 1 else ()

    @cached_property
    def in_time(self) -> tuple[int, ...]:
        """The rows in order of time; none where they have no times."""
        if not self.time_columns:
            return ()
        places = [tuple(place_in_time(row[column]) or (0,) for column in self.time_columns) for row in self.rows]
        return tuple(sorted(range(len(self.rows)), key=lambda row: (places[row], row)))

    def values(self, column: int) -> list[Fraction]:
        """The numbers of a column, from the top."""
        return [value for row in self.numbers if (value := row[column]) is not None]

    def parts(self, column: int) -> list[Fraction]:
        """The numbers of a column without those of rows that add up others."""
        return [value for row in self.parts_of_all if (value := self.numbers[row][column]) is not None]

    @cached_property
    def parts_of_all(self) -> tuple[int, ...]:
        """The rows that are no total of others."""
        labels = [column for column in self.labels if column not in self.time_columns]
        totals = {at for at, row in enumerate(self.rows) if any(_TOTAL.fullmatch(row[c].strip()) for c in labels)}
        return tuple(at for at in range(len(self.rows)) if at not in totals or len(totals) == len(self.rows))

    @cached_property
    def parts_of_row(self) -> tuple[int, ...]:
        """The measures that are no total of others."""
        parts = tuple(column for column in self.measures if not _TOTAL.fullmatch(self.columns[column].strip()))
        return parts or self.measures

    @cached_property
    def scales(self) -> tuple[int, ...]:
        """1,000 where a column is in thousands, and so on; by its heading, else by the notes."""
        return tuple(
            next((size for text in (name, *self.notes) for size, words in _SCALES if words.search(text)), 1)
            for name in self.columns
        )

    def series(self, row: int) -> list[int]:
        """The rows of the same group as this one, in order of time: `Oslo` in each of the years."""
        others = [column for column in self.labels if column not in self.time_columns]
        groups = [column for column in others if len({r[column] for r in self.rows}) < len(self.rows)]
        return [at for at in self.in_time if all(self.rows[at][c] == self.rows[row][c] for c in groups)]

    @cached_property
    def names(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Every name of a row with the cells (row, column) that it stands in; times are named in all their forms."""
        found: dict[str, list[tuple[int, int]]] = {}
        for column in self.labels:
            values = {row[column].strip() for row in self.rows}
            for at, row in enumerate(self.rows):
                value = row[column].strip()
                if value.casefold() in MISSING or len(value) > _LONGEST_NAME:
                    continue
                for name in _forms(value, column in self.time_columns, values):
                    found.setdefault(name, []).append((at, column))
        return {name: tuple(cells) for name, cells in found.items()}

    def _is_numeric(self, column: int) -> bool:
        cells = [at for at in range(len(self.rows)) if not self.is_missing(at, column)]
        held = sum(self.numbers[at][column] is not None for at in cells)
        return bool(cells) and held >= 0.6 * len(cells)

    def _is_counter(self, column: int) -> bool:
        """Whether a column only numbers the rows."""
        name = self.columns[column].strip().casefold()
        return name in ("id", "no", "no.", "#", "index", "row", "nr") and self._is_numeric(column)


def place_in_time(text: str) -> tuple[int, ...] | None:
    """Where a year, a date, a month, a quarter, a weekday or a clock time stands in time; `None` for all else."""
    text = text.strip().casefold()
    if match := re.fullmatch(r"(1[5-9]\d\d|20\d\d|21\d\d)", text):
        return (int(match[1]),)
    if match := re.fullmatch(r"((?:1[5-9]|2[01])\d\d)[-/](?:(?:1[5-9]|2[01])\d\d|\d\d)", text):
        return (int(match[1]),)
    if found := day_of(text):
        return (found.year, found.month, found.day)
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})", text):
        return (int(match[1]), int(match[2])) if 1 <= int(match[2]) <= 12 else None
    if match := re.fullmatch(r"(?:q([1-4])[ -/]?(\d{4})?|(\d{4})[ -/]?q([1-4]))", text):
        return (int(match[2] or match[3] or 0), 3 * int(match[1] or match[4]) - 2)
    if match := re.fullmatch(r"([a-z]{3,9})\.?(?:[ -](\d{4}))?", text):
        for names, unit in ((_MONTHS, 1), (_DAYS, 0)):
            for at, name in enumerate(names, 1):
                if match[1] == name or match[1] == name[:3]:
                    return (int(match[2] or 0), at) if unit else (0, 0, at)
    if match := re.fullmatch(r"(?:week|day|month|year|round|season|match|game|week no\.) ?(\d{1,3})", text):
        return (0, 0, int(match[1]))
    if match := _CLOCK.fullmatch(text):
        return (0, 0, 0, int(match[1]), int(match[2]), int(match[3] or 0))
    if match := _STAMP.fullmatch(text):
        day = date_of(int(match[1]), int(match[2]), int(match[3]))
        if day:
            return (day.year, day.month, day.day, int(match[4]), int(match[5]), int(match[6] or 0))
    return None


def day_of(text: str) -> date | None:
    """The day that a short text is: `2024-03-04`, `4 March 2024`, `March 4, 2024`, `04.03.2024`."""
    text = text.strip().casefold()
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text):
        return date_of(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text):
        return date_of(int(match[3]), int(match[2]), int(match[1])) or date_of(
            int(match[3]), int(match[1]), int(match[2])
        )
    if match := re.fullmatch(r"(\d{1,2})\.? ([a-z]{3,9})\.? (\d{4})", text):
        return date_of(int(match[3]), _month(match[2]), int(match[1]))
    if match := re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2}),? (\d{4})", text):
        return date_of(int(match[3]), _month(match[1]), int(match[2]))
    return None


def date_of(year: int, month: int, day: int) -> date | None:
    """The day, if there is one."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_number(word: str) -> int:
    """1 for January; 0 where it is no month."""
    return _month(word.casefold().rstrip("."))


def _month(word: str) -> int:
    return next((at for at, name in enumerate(_MONTHS, 1) if word in (name, name[:3], name[:4])), 0)


_TOTAL = re.compile(
    r"(?:grand |sub)?totals?\b.{0,25}|sum|overall|altogether|all(?: .{1,25})?|combined|whole .{1,20}|together"
    r"|(?:ins)?gesamt|summe|ensemble|totale|suma|\u5408\u8ba1|\u5408\u8a08",
    re.IGNORECASE,
)
_SCALES = tuple(
    (size, re.compile(words, re.IGNORECASE))
    for size, words in (
        (10**12, r"trillions?\b|\btn\b"),
        (10**9, r"billions?\b|\bbn\b|[$\u20ac\u00a3]bn\b|\bmrd\b"),
        (10**6, r"millions?\b|\bmn\b|\bmln\b|\bmio\b|[$\u20ac\u00a3]m\b|\b(?:USD|EUR|GBP) ?m\b"),
        (10**3, r"thousands?\b|\b000s?\b|\btsd\b|[$\u20ac\u00a3]k\b|\b1[,.]?000s?\b|\(k\)"),
    )
)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]([0-5]\d)(?:[:.]([0-5]\d))?")
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ t]([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\.\d+)?z?")


def _is_time_name(name: str) -> bool:
    return re.search(r"year|date|month|day|time|week|quarter|period|season|round", name, re.IGNORECASE) is not None


@lru_cache(maxsize=4096)
def _time_forms(value: str) -> tuple[str, ...]:
    place = place_in_time(value)
    if place is None:
        return (value,)
    forms = [value]
    if len(place) >= 2 and place[0] and len(place) < 4:
        month = _MONTHS[place[1] - 1].capitalize()
        if "q" in value.casefold():
            quarter = (place[1] + 2) // 3
            forms += [f"Q{quarter} {place[0]}", f"Q{quarter}", f"{_ORDINALS[quarter - 1]} quarter"]
        elif len(place) == 2:
            forms += [f"{month} {place[0]}", month, f"{month[:3]} {place[0]}"]
        else:
            day = place[2]
            forms += [f"{day} {month}", f"{month} {day}", f"{day} {month[:3]}", f"{month[:3]} {day}",
                      f"{month} {day}{_ending(day)}", f"{day}{_ending(day)} {month}", f"{day}{_ending(day)} of {month}",
                      f"{place[0]}-{place[1]:02d}-{day:02d}"]  # fmt: skip
    elif len(place) == 2:
        month = _MONTHS[place[1] - 1].capitalize()
        if "q" in value.casefold():
            quarter = (place[1] + 2) // 3
            forms += [f"{_ORDINALS[quarter - 1]} quarter"]
        else:
            forms += [month, month[:3]]
    elif len(place) == 3 and value[:3].casefold() in {day[:3] for day in _DAYS}:
        forms += [_DAYS[place[2] - 1].capitalize()]
    return tuple(dict.fromkeys(forms))


def _ending(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _forms(value: str, is_time: bool, others: set[str]) -> tuple[str, ...]:
    """How a text may name a row: the cell, the cell without what stands in brackets, a surname."""
    if is_time or place_in_time(value) is not None:
        return _time_forms(value)
    forms = [value]
    bare = re.sub(r"\s*[(\[][^)\]]*[)\]]|,.*$", "", value).strip()
    if bare and sum(other.startswith(bare) for other in others) == 1:
        forms.append(bare)
    parts = bare.split()
    if 2 <= len(parts) <= 4 and all(part[:1].isupper() for part in parts):
        last = parts[-1]
        if len(last) > 3 and sum(re.search(rf"\b{re.escape(last)}\b", other) is not None for other in others) == 1:
            forms.append(last)
    return tuple(form for form in dict.fromkeys(forms) if len(form) > 1 and form.casefold() not in _COMMON)
