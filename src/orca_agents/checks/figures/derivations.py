"""What may be derived from the data for a sentence: sums, differences, shares, changes, means, counts, conversions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise
from statistics import median

from orca_agents.arithmetic import ArithmeticProblem
from orca_agents.checks.figures.data import Data, place_in_time
from orca_agents.checks.figures.mentions import heading_terms
from orca_agents.units import calculate

TO_EXTREMES = "against the most, the least or the middle"
"""How what is derived from a column's extremes, mean or median begins to say where it comes from."""
MOST_ROWS = 12
"""Named rows whose pairs are looked at; texts compare few at a time."""


@dataclass(frozen=True)
class Derived:
    """A value that follows from the data, and how."""

    value: Fraction
    kind: str
    """`cell`, `total`, `mean`, `difference`, `change` (in percent), `share` (in percent), `ratio`, `count`, ..."""
    about: str
    row: int | None = None
    column: int | None = None
    """Of a cell: where it stands."""
    group: str = ""
    """Of a value of several rows: the name that they have in common, if they have one."""
    backwards: bool = False
    """Whether it is a change from the later to the earlier of two times."""


def aggregates(data: Data) -> Iterator[Derived]:
    """What is said of whole columns, and of the groups that the data's texts make."""
    for column in data.measures:
        values = data.parts(column)
        name = data.columns[column]
        yield from _of(values, f"of {name}")
        for label in data.labels:
            groups: dict[str, list[Fraction]] = {}
            for at in data.parts_of_all:
                row = data.rows[at]
                if (value := data.numbers[at][column]) is not None:
                    groups.setdefault(row[label], []).append(value)
            if 1 < len(groups) <= len(data.rows) / 2:
                for group, held in groups.items():
                    yield from (replace(one, group=group) for one in _of(held, f"of {name} of {group}"))
                    if total := sum(values):
                        share = 100 * sum(held) / total
                        yield Derived(share, "share", f"the share of {group} in {name}", group=group)
    every = [value for column in data.parts_of_row for value in data.parts(column)]
    if len(data.measures) > 1 and every:
        yield Derived(sum(every, Fraction(0)), "total", "of all cells")


def counts(data: Data, limits: frozenset[Fraction], columns: frozenset[int]) -> Iterator[Derived]:
    """How many rows there are, how many of each kind, and how many lie above or below a limit in these columns."""
    count = len(data.rows)
    yield Derived(Fraction(count), "count", "the rows")
    yield Derived(Fraction(len(data.parts_of_all)), "count", "the rows that are no total")
    yield Derived(Fraction(len(data.columns)), "count", "the columns")
    yield Derived(Fraction(len(data.measures)), "count", "the measured columns")
    for column in range(len(data.columns)):
        held = [row[column].casefold() for at, row in enumerate(data.rows) if not data.is_missing(at, column)]
        yield Derived(Fraction(len(set(held))), "count", f"the different cells of {data.columns[column]}")
        yield Derived(Fraction(count - len(held)), "count", f"the missing cells of {data.columns[column]}")
        yield Derived(Fraction(len(held)), "count", f"the cells of {data.columns[column]}")
        if len(set(held)) <= 12:
            for value in sorted(set(held)):
                yield Derived(Fraction(held.count(value)), "count", f"{data.columns[column]} = {value}")
        for value in sorted({part.strip() for cell in held for part in cell.split(";")} - {""})[:40]:
            if ";" in " ".join(held):
                yield Derived(Fraction(sum(value in cell for cell in held)), "count", f"cells with {value}")
                yield from (Derived(Fraction(len(cell.split(";"))), "count", "listed things") for cell in held[:30])
    for column in sorted(columns & frozenset(data.measures)) or data.measures:
        values = data.parts(column)
        mean = sum(values, Fraction(0)) / max(1, len(values))
        for limit in sorted({*limits, mean, Fraction(0)}):
            for number in (sum(value > limit for value in values), sum(value >= limit for value in values)):
                yield Derived(Fraction(number), "count", f"{data.columns[column]} above {float(limit):g}")
                yield Derived(Fraction(len(values) - number), "count", f"{data.columns[column]} below it")
    for first, second in combinations(data.measures, 2):
        pairs = [(row[first], row[second]) for row in data.numbers]
        pairs = [pairs[row] for row in data.parts_of_all]
        rises = sum(a is not None and b is not None and b > a for a, b in pairs)
        falls = sum(a is not None and b is not None and b < a for a, b in pairs)
        yield Derived(Fraction(rises), "count", "rows that rise")
        yield Derived(Fraction(falls), "count", "rows that fall")
    order = data.in_time or tuple(range(len(data.rows)))
    for column in data.measures:
        steps = [(data.numbers[a][column], data.numbers[b][column]) for a, b in pairwise(order)]
        known = [(a, b) for a, b in steps if a is not None and b is not None]
        for number in (sum(b > a for a, b in known), sum(b < a for a, b in known), sum(b == a for a, b in known)):
            yield Derived(Fraction(number), "count", f"steps of {data.columns[column]}")
    if data.kind == "triples":
        for column in (0, 1, 2):
            for value in sorted({row[column] for row in data.rows}):
                number = sum(row[column] == value for row in data.rows)
                yield Derived(Fraction(number), "count", f"triples of {value}")


def within_rows(data: Data, rows: frozenset[int], columns: frozenset[int]) -> Iterator[Derived]:
    """What is derived from the cells of one row: from two of them where they can be compared, and from all."""
    for row in sorted(rows)[: 2 * MOST_ROWS]:
        held = [(column, value) for column in data.measures if (value := data.numbers[row][column]) is not None]
        for (first, a), (second, b) in combinations(held[:MOST_ROWS], 2):
            if not ({first, second} <= columns or _are_alike(first, second, data)):
                continue
            about = f"{data.columns[first]} and {data.columns[second]} of row {row + 1}"
            if {first, second} <= set(data.periods):
                steps = data.periods.index(second) - data.periods.index(first)
                early, late = (a, b) if steps > 0 else (b, a)
                yield from _between(early, late, about, in_time=True)
                yield Derived((late - early) / abs(steps), "mean", f"a step between {about}")
            else:
                yield from _between(a, b, about)
            yield Derived(a + b, "total", about)
            yield Derived((a + b) / 2, "mean", about)
            if 0 < 100 * a / b <= 100 if b else False:
                yield Derived(100 * a / b, "share", about)
            if 0 < 100 * b / a <= 100 if a else False:
                yield Derived(100 * b / a, "share", about)
        held = [(column, value) for column, value in held if column in data.parts_of_row]
        if len(held) > 1 and len({unit_of(data, column) for column, _ in held}) == 1:
            total = sum((value for _, value in held), Fraction(0))
            yield Derived(total, "total", f"of row {row + 1}")
            yield Derived(total / len(held), "mean", f"of row {row + 1}")
            if len(held) > 2:  # of two, the other one is a cell
                yield from (Derived(total - value, "total", f"the other cells of row {row + 1}") for _, value in held)
            yield Derived(
                max(value for _, value in held) - min(value for _, value in held), "range", f"of row {row + 1}"
            )
            if total:
                yield from (Derived(100 * value / total, "share", f"in row {row + 1}") for _, value in held)


def _are_alike(first: int, second: int, data: Data) -> bool:
    """Whether two columns measure the same in two periods or of two kinds."""
    if {first, second} <= set(data.periods):
        return True
    units = {unit_of(data, column) for column in (first, second)}
    shared = heading_terms(data.columns[first]) & heading_terms(data.columns[second])
    return bool(shared) or (len(units) == 1 and units != {""})


def across_rows(data: Data, rows: frozenset[int], columns: frozenset[int]) -> Iterator[Derived]:
    """What is derived from cells of one column: of these rows, and of what they are usually set against."""
    named = sorted(rows)[:MOST_ROWS]
    for column in sorted(columns & frozenset(data.measures)) or data.measures:
        values = data.parts(column)
        if not values:
            continue
        total, name = sum(values, Fraction(0)), data.columns[column]
        own = [value for row in named if (value := data.numbers[row][column]) is not None]
        parts = [v for row in named if row in data.parts_of_all and (v := data.numbers[row][column]) is not None]
        marks = [total / len(values), max(values), min(values), Fraction(median(values))]
        for a in own:
            if total:
                yield Derived(100 * a / total, "share", f"in {name}")
            if len(values) > 2:  # of two, the rest is a cell
                yield Derived(total - a, "difference", f"the rest of {name}")
            for mark in marks:
                yield from _between(a, mark, f"{TO_EXTREMES} of {name}")
        for (first, second), (a, b) in zip(
            combinations(_held(named, column, data), 2), combinations(own, 2), strict=True
        ):
            if first in data.in_time and second in data.series(first):
                steps = data.series(first).index(second) - data.series(first).index(first)
                early, late = (a, b) if steps > 0 else (b, a)
                yield from _between(early, late, f"two times of {name}", in_time=True)
                yield Derived((late - early) / abs(steps), "mean", f"a step of {name}")
            else:
                yield from _between(a, b, f"two rows of {name}")
        for size in range(2, min(len(parts), 6) + 1):
            for held in combinations(parts[:8], size):
                subtotal = sum(held, Fraction(0))
                yield Derived(subtotal, "total", f"some rows of {name}")
                yield Derived(subtotal / size, "mean", f"some rows of {name}")
                if total:
                    yield Derived(100 * subtotal / total, "share", f"some rows of {name}")
                if len(values) - size > 1:
                    yield Derived(total - subtotal, "difference", f"the rest of {name}")
        if len(named) <= 1:
            for a, b in usual_pairs(data, named, column):
                yield from _between(a, b, f"rows of {name} beside each other, or its ends")


def _held(rows: list[int], column: int, data: Data) -> list[int]:
    return [row for row in rows if data.numbers[row][column] is not None]


def usual_pairs(data: Data, rows: list[int], column: int) -> Iterator[tuple[Fraction, Fraction]]:
    """The pairs of a column that a text compares without naming both: neighbours in time or rank, and the ends."""
    numbers = [row[column] for row in data.numbers]
    for start in rows or [0]:
        order = data.series(start) or list(range(len(data.rows)))
        wanted = {(order[0], order[-1])}
        if start in order:
            at = order.index(start)
            wanted |= {(order[max(0, at - 1)], start), (start, order[min(len(order) - 1, at + 1)])}
            wanted |= {(order[0], start), (start, order[-1])}
        ranked = sorted((value, at) for at, value in enumerate(numbers) if value is not None)
        places = [at for _, at in ranked]
        wanted |= {(places[0], places[-1])} if places else set()
        if start in places:
            rank = places.index(start)
            wanted |= {(places[max(0, rank - 1)], start), (start, places[min(len(places) - 1, rank + 1)])}
        if not rows:
            wanted |= set(pairwise(order))
        for first, second in wanted:
            a, b = numbers[first], numbers[second]
            if first != second and a is not None and b is not None:
                yield a, b


def spans_of_time(data: Data) -> Iterator[Derived]:
    """Years, days, hours and minutes between the times of the data."""
    places = [place_in_time(cell) for row in data.rows for cell in row]
    places += [place_in_time(column) for column in data.columns]
    known = sorted({place for place in places if place is not None})[:120]
    for first, second in combinations(known, 2):
        if first[0] and second[0]:
            years = second[0] - first[0]
            yield Derived(Fraction(years), "count", "years between")
            yield Derived(Fraction(years + 1), "count", "years, both counted")
        if len(first) == len(second) == 3 and first[0] and second[0]:
            days = (second[0] - first[0]) * 365 + (second[1] - first[1]) * 30 + second[2] - first[2]
            if first[:2] == second[:2]:
                days = second[2] - first[2]
            yield from (Derived(Fraction(number), "count", "days") for number in (days, days + 1))
        if len(first) == len(second) == 2 or (not first[0] and len(first) == len(second)):
            months = (second[0] - first[0]) * 12 + second[-1] - first[-1]
            yield from (Derived(Fraction(number), "count", "steps") for number in (months, months + 1))
        if len(first) == len(second) == 6:
            minutes = (second[3] - first[3]) * 60 + second[4] - first[4] + (second[2] - first[2]) * 1440
            yield Derived(Fraction(minutes), "difference", "minutes")
            yield from (Derived(Fraction(minutes, unit), "difference", "hours or days") for unit in (60, 1440))
            yield Derived(Fraction(minutes // 60), "difference", "whole hours")
            yield Derived(Fraction(minutes % 60), "difference", "and minutes")


def converted(value: Fraction, unit: str, wanted: str) -> Fraction | None:
    """A value in another unit of its kind; `None` where the units are none, or not of one kind."""
    unit, wanted = _CLEAR.get(unit, unit), _CLEAR.get(wanted, wanted)
    try:
        return calculate(f"({value.numerator}/{value.denominator}) * (1 {unit}) to {wanted}").value
    except (ArithmeticProblem, ValueError, OverflowError):
        pass
    try:  # temperatures are points of a scale, which are written with their number
        return calculate(f"{float(value):.6f} {unit} to {wanted}").value
    except (ArithmeticProblem, ValueError, OverflowError):
        return None


_CLEAR = {"kt": "kilotonne", "°C": "degC", "°F": "degF", "° C": "degC", "° F": "degF", "sq km": "km^2", "C": "degC",
          "F": "degF", "degrees Fahrenheit": "degF", "degrees Celsius": "degC"}  # fmt: skip
"""Units as tables write them, for a calculator that asks back."""


@lru_cache(maxsize=1024)
def unit_of(data: Data, column: int) -> str:
    """The unit of a column: in brackets or at the end of its heading, or behind its numbers."""
    heading = data.columns[column]
    if match := re.search(r"[(\[]([^)\]]{1,15})[)\]]\s*$", heading):
        return re.sub(r"^in\s+", "", match[1].strip())
    cells = [re.sub(r"^[^A-Za-z°%]*", "", row[column]).strip() for row in data.rows]
    if cells and cells[0] and len(set(cells)) == 1 and len(cells[0]) <= 12:
        return cells[0]
    if match := re.search(r"(?:_|\bin )([A-Za-z°/]{1,10})$", heading):
        return match[1]
    notes = [match[1] for note in data.notes if (match := re.search(r"[(\[](?:in )?([A-Za-z°/²³]{1,10})[)\]]", note))]
    notes += [match[1] for note in data.notes if (match := re.match(r"(?i)units?:\s*([A-Za-z°/²³]{1,10})\s*$", note))]
    return notes[0] if notes else ""


def _of(values: list[Fraction], about: str) -> Iterator[Derived]:
    if not values:
        return
    total = sum(values, Fraction(0))
    yield Derived(total, "total", about)
    yield Derived(total / len(values), "mean", about)
    yield Derived(Fraction(median(values)), "median", about)
    yield Derived(max(values) - min(values), "range", about)
    yield Derived(max(values), "most", about)
    yield Derived(min(values), "least", about)
    yield from _between(min(values), max(values), f"{TO_EXTREMES} {about}")


def _between(a: Fraction, b: Fraction, about: str, *, in_time: bool = False) -> Iterator[Derived]:
    """What two values make of each other; in time, the first is the earlier one."""
    yield Derived(b - a, "difference", about)
    if a:
        yield Derived(100 * (b - a) / abs(a), "change", about)
        yield Derived(b / a, "ratio", about)
    if b:
        yield Derived(100 * (a - b) / abs(b), "change", about, backwards=in_time)
        yield Derived(a / b, "ratio", about)
