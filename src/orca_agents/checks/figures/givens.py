"""What a text about data may say freely: numbers, days and times of the request, the headings and the notes."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from orca_agents.checks.figures.data import Data, day_of, place_in_time
from orca_agents.checks.figures.mentions import moments_in
from orca_agents.checks.figures.readings import figures_in


@lru_cache(maxsize=64)
def given_numbers(data: Data, given: str, english: bool) -> frozenset[Fraction]:
    """The numbers that may be said of anything: those of the request, headings, notes, times and texts of the data."""
    texts = [given, *data.notes, *data.columns]
    years = set()
    for column in range(len(data.columns)):
        if column in data.measures:
            continue
        for row in data.rows:
            place = place_in_time(row[column])
            if place is None:
                texts.append(row[column])
            elif place[0]:
                years.add(Fraction(place[0]))
    for cells, held in zip(data.rows, data.numbers, strict=True):  # a note in a column of numbers
        texts += [cells[column] for column in data.measures if held[column] is None]
    for text in texts:
        years |= {Fraction(moment.year) for moment in moments_in(text) if moment.year}
    for span in _SHORT_YEARS.finditer(" ".join((given, *data.notes, *data.columns))):
        years |= {Fraction(century + int(year)) for year in span.groups() for century in (1900, 2000)}
    numbers = {value for text in texts for one in figures_in(_without_moments(text), english=english)
               for value in one.values if one.kind != "ordinal"}  # fmt: skip
    return frozenset(abs(value) for value in numbers | years)


_SHORT_YEARS = re.compile(r"(?<![0-9])([0-9]{2})[_\u2013/-]([0-9]{2})(?![0-9])")
"""`incidents_85_99`: the years 1985 and 1999."""


def _without_moments(text: str) -> str:
    signs = list(text)
    for moment in moments_in(text):
        signs[moment.start : moment.end] = " " * (moment.end - moment.start)
    return "".join(signs)


def foreign_moment(text: str, data: Data, given: str) -> str | None:
    """The first day or time of day of a text that neither the data nor the request know, or `None`."""
    source = "\n".join((given, *data.notes, *data.columns, *(cell for row in data.rows for cell in row)))
    known = moments_in(source)
    days = {(one.month, one.day) for one in known if one.month}
    days |= {(day.month, day.day) for row in data.rows for cell in row if (day := day_of(cell)) is not None}
    years = {one.year for one in known if one.year}
    clocks = {one.clock for one in known if one.clock is not None}
    clocks |= {(hour % 12, minute) for hour, minute in clocks}
    for moment in moments_in(text):
        if moment.clock:
            if moment.clock not in clocks and (moment.clock[0] % 12, moment.clock[1]) not in clocks:
                return moment.written
        elif (moment.month, moment.day) not in days or (moment.year and years and moment.year not in years):
            return moment.written
    return None
