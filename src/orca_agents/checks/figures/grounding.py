"""Trace every figure, day and time of a text to the data: a cell of the row it is said of, or a stated derivation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.derivations import (
    TO_EXTREMES,
    Derived,
    across_rows,
    aggregates,
    converted,
    counts,
    spans_of_time,
    unit_of,
    within_rows,
)
from orca_agents.checks.figures.givens import foreign_moment, given_numbers
from orca_agents.checks.figures.mentions import Sentence, moments_in, read_sentences
from orca_agents.checks.figures.readings import Figure, exact, figures_in
from orca_agents.checks.figures.said import (
    BACKWARDS,
    BESIDE,
    EXTREME,
    RANKED,
    TIME_AFTER,
    is_limit,
    is_mark,
    kinds_of,
    measures_of,
    neighbours,
    owner_of,
    time_of,
)

_AS_MUCH = re.compile(
    r"\s(?:as (?:much|many|\w+)|the (?:size|number|figure|rate)|that of|more|less|larger|higher|lower)\b", re.I
)
"""After `twice` or `three times`: no number of events."""
_PER = re.compile(r"\bper\b|\bfor (?:each|every)\b|\b(?:a|per) head\b", re.IGNORECASE)
_MEASURED = frozenset(("total", "mean", "median", "difference", "range", "most", "least", "ratio"))
"""What comes in the unit of a column, and so in its thousands."""
MOST_LIMITS, MOST_SPOKEN = 12, 30
"""Figures of one sentence that are looked at as limits of a count, and to see which columns it speaks of."""
MOST_FIGURES = 150
"""Figures from which on a text is a table."""


@dataclass(frozen=True)
class Traced:
    """One figure of a text with what it may be; nothing, where the data do not hold it."""

    figure: Figure
    sentence: int
    sources: tuple[Derived, ...]
    problem: str = ""

    @property
    def is_derived(self) -> bool:
        """Whether it can only be worked out: no cell, count or given number is like it."""
        return bool(self.sources) and all(source.kind not in ("cell", "count", "given") for source in self.sources)


@lru_cache(maxsize=32)
def trace(text: str, data: Data, given: str, english: bool) -> tuple[Traced, ...]:
    """Every figure of a text, traced. `given` is what else may be said: the request."""
    sentences = read_sentences(text, data)
    moments = {place for moment in moments_in(text) for place in range(moment.start, moment.end)}
    known = given_numbers(data, given, english)
    found = []
    for figure in figures_in(text, english=english)[:MOST_FIGURES]:
        if figure.start in moments or is_mark(text, figure):
            continue
        at = max((i for i, one in enumerate(sentences) if one.start <= figure.start), default=0)
        sources = tuple(_sources(figure, at, sentences, text, data, known))
        problem = "" if sources else _problem(figure, at, sentences, text, data)
        found.append(Traced(figure, at, sources, problem))
    return tuple(found)


def why_untraced(text: str, data: Data, given: str, *, english: bool) -> str | None:
    """Why a text holds a figure, a day or a time that the data do not, or `None`."""
    if foreign := foreign_moment(text, data, given):
        return f"{foreign!r} stands neither in the data nor in the request"
    if len(figures_in(text, english=english)) > MOST_FIGURES:
        return f"the text holds more than {MOST_FIGURES} figures; tell what matters of them"
    traced = trace(text, data, given, english)
    return next((one.problem for one in traced if not one.sources), None)


def _sources(
    figure: Figure, at: int, sentences: tuple[Sentence, ...], text: str, data: Data, known: frozenset[Fraction]
) -> Iterator[Derived]:
    if figure.kind == "ordinal" or (figure.kind == "plain" and figure.is_word and figure.values[0] == 1):
        yield Derived(figure.values[0], "count", "a place or a single thing")
        return
    if any(figure.means(value) for value in known):
        yield Derived(figure.values[0], "given", "given with the data")
    owner = owner_of(figure, sentences[at], data)
    own = sentences[at].rows | neighbours(sentences[at], data)
    before = next((one.rows for one in reversed(sentences[:at]) if one.rows), frozenset())
    cells = owner or own or before or frozenset(range(len(data.rows)))
    times, dated = time_of(figure, sentences[at], data)
    cells = cells & dated or cells
    yield from _cells(figure, cells, sentences[at], data)
    if is_limit(figure, sentences[at], data):
        yield Derived(figure.values[0], "given", "a limit")
    if _may_count(figure) and not _AS_MUCH.match(text, figure.end):
        yield from _counted(figure, at, sentences, data)
    wanted = kinds_of(figure, sentences[at])
    near = own | before if own else before
    columns = _columns(at, sentences, own or before or frozenset(range(len(data.rows))), data)
    every = (
        # what one row is said to have is no total of all rows
        *(one for one in _aggregates(data) if not owner or (one.group and one.group in sentences[at].names)),
        *(_spans(data) if TIME_AFTER.match(text[figure.end : figure.end + 40]) else ()),
        *_within(data, owner or near or frozenset(range(min(12, len(data.rows)))), columns),
        *(_ratios(data, near) if _PER.search(sentences[at].text) else ()),
        *_across(data, frozenset(sorted(near)[:12]), columns & times or columns),
        *(_across(data, own, columns & times or columns) if len(own) <= 1 else ()),
    )
    extreme = EXTREME.search(sentences[at].text) is not None
    backwards = BACKWARDS.search(sentences[at].text) is not None
    sizes = {data.scales[column] for column in data.measures} - {1}
    headings = tuple(f"of {data.columns[column]}" for column in measures_of(figure, sentences[at], data))
    for one in every:
        if one.about.startswith(TO_EXTREMES) and not extreme:
            continue
        if figure.kind == "percent" and one.kind not in ("share", "change", "ratio") and not _is_of_percent(one, data):
            continue  # a gap of 52 companies is not 52 percent
        if one.backwards and not backwards:
            continue
        if one.kind in ("most", "least") and not one.about.startswith(headings):
            continue
        value = _as_written(one, figure)
        if one.kind in wanted and (
            figure.means(value) or (one.kind in _MEASURED and any(figure.means(value * size) for size in sizes))
        ):
            yield one
    yield from _of_figures(figure, sentences[at])
    yield from _conversions(figure, cells, text, data)


@lru_cache(maxsize=256)
def _columns(at: int, sentences: tuple[Sentence, ...], rows: frozenset[int], data: Data) -> frozenset[int]:
    """The measures that a sentence and the one before it speak of, by their names or by their cells."""
    spoken: frozenset[int] = frozenset()
    for place in (at, at - 1):
        if place < 0:
            continue
        sentence = sentences[place]
        spoken |= sentence.columns & frozenset(data.measures)
        for figure in _figures(sentence.text)[:MOST_SPOKEN]:
            spoken |= {
                one.column for one in _cells(figure, sentence.rows or rows, sentence, data) if one.column is not None
            }
    return spoken | (frozenset(data.periods) if spoken & frozenset(data.periods) else frozenset())


def _cells(figure: Figure, rows: frozenset[int], sentence: Sentence, data: Data) -> Iterator[Derived]:
    """The cells that a figure may be: of the named periods only, where the sentence names some."""
    periods = sentence.columns & frozenset(data.periods)
    if periods and BESIDE.search(sentence.text):  # the year before, a year later
        places = [data.periods.index(column) for column in periods]
        periods |= {
            data.periods[at] for place in places for at in (place - 1, place + 1) if 0 <= at < len(data.periods)
        }
    for column in measures_of(figure, sentence, data):
        if periods and column in data.periods and column not in periods:
            continue
        for row in rows:
            value = data.numbers[row][column]
            if value is None:
                continue
            hundredfold = figure.kind == "percent" and abs(value) <= 1
            if _is_written(figure, value, column, data) or (hundredfold and figure.means(100 * value)):
                yield Derived(value, "cell", f"row {row + 1}, {data.columns[column]}", row, column)


def _is_written(figure: Figure, value: Fraction, column: int, data: Data) -> bool:
    """Whether a figure is a cell: as it stands there, or written out where the column is in thousands or millions."""
    size = data.scales[column]
    if figure.scale > 1 and not (figure.scale == 10**6 and size == 1 and "(m)" in data.columns[column].casefold()):
        half = len(figure.values) // 2  # the other readings leave the word for the scale out
        figure = replace(figure, values=figure.values[:half], steps=figure.steps[:half])
    return figure.means(value) or (size > 1 and figure.means(value * size))


def _counted(figure: Figure, at: int, sentences: tuple[Sentence, ...], data: Data) -> Iterator[Derived]:
    value = figure.values[0]
    sentence = sentences[at]
    after = sentence.text[figure.end - sentence.start :][:200]
    bounds = [one for one in figures_in(after) if one.hedge in ("over", "under")]
    if bounds and re.match(
        r"\s(?:of (?:the|its|these|those|all)\b|\w+\s+\w+\s+(?:more|less|fewer|over|above|below|under)\b)", after
    ):
        held = counts(data, frozenset(bounds[0].values[:1]), sentence.columns)
        yield from (one for one in held if one.value == value and re.search("above|below|the rows", one.about))
        return
    moves = re.search(r"\b(?:r[oi]se|fell|fall|gain|increas|decreas|declin|drop|grew|grow|up\b|down\b|improv|worse)",
                      sentence.text, re.IGNORECASE)  # fmt: skip
    limits = frozenset([one.values[0] for one in _figures(sentence.text) if one.kind != "ordinal"][:MOST_LIMITS])
    following = sentences[at + 1].names if at + 1 < len(sentences) else ()
    listed = {len(sentence.names), len(sentence.rows), len(sentence.columns & frozenset(data.periods)), len(following)}
    listed |= {sum(one.text.lstrip().startswith(("-", "*", "\u2022")) for one in sentences[at + 1 :])}
    if value in listed and value > 0:
        yield Derived(value, "count", "named in the sentence")
    before = sentence.text[: figure.start - sentence.start][-60:]
    if value <= len(data.rows) and RANKED.search(before):
        yield Derived(value, "count", "the first of a rank")
    yield from (
        one
        for one in _counts(data, limits, sentence.columns)
        if one.value == value and (moves or not one.about.startswith(("rows that", "steps of")))
    )


def _conversions(figure: Figure, rows: frozenset[int], text: str, data: Data) -> Iterator[Derived]:
    after = re.match(r"\s?((?:°\s?[CF]|[A-Za-zµ]+(?:/[A-Za-z]+|\s(?:per|an)\s[a-z]+)?)[²³]?)", text[figure.end :][:40])
    currency = re.match(r"[$€£]", figure.written)
    if after is None or currency:
        return
    for column in data.measures:
        unit = unit_of(data, column)
        if not unit or unit.casefold() == after[1].casefold():
            continue
        for row in rows:
            value = data.numbers[row][column]
            other = converted(value, unit, after[1]) if value is not None else None
            if other is not None and figure.means(other):
                yield Derived(other, "conversion", f"row {row + 1}, {data.columns[column]} in {after[1]}", row, column)


def _as_written(one: Derived, figure: Figure) -> Fraction:
    """A derived value in the way in which the figure says it."""
    if figure.kind == "percent":
        return one.value * 100 if one.kind == "ratio" else one.value
    if one.kind == "share" and (figure.kind == "times" or figure.values[0].denominator > 1):
        return one.value / 100
    return one.value


def _is_of_percent(one: Derived, data: Data) -> bool:
    """Whether a value is derived from percentages."""
    named = re.search(r"percent|%|share|rate\b|pct|proportion|quota", one.about, re.IGNORECASE)
    return named is not None or "%" in data.text


def _of_figures(figure: Figure, sentence: Sentence) -> Iterator[Derived]:
    """What follows from two other figures of the sentence, which are traced too: `from 12% to 14%, by 2 points`."""
    others = [one for one in _figures(sentence.text) if sentence.start + one.start != figure.start][:8]
    others = [one for one in others if one.kind in ("plain", "percent") and one.values[0]]
    rises, falls = _RISES.search(sentence.text) is not None, _FALLS.search(sentence.text) is not None
    in_points = re.match(r"\spoints?\b", sentence.text[figure.end - sentence.start :]) is not None
    for first, second in combinations(others, 2):
        low, high = sorted((abs(first.values[0]), abs(second.values[0])))
        found = []
        if first.kind == second.kind and (first.kind == figure.kind or (in_points and first.kind == "percent")):
            found.append((high - low, "difference"))
        if first.kind == second.kind == "plain" and figure.kind == "percent":
            found += [(100 * (high - low) / low, "change")] * rises + [(100 * (high - low) / high, "change")] * falls
        if first.kind == second.kind == figure.kind == "plain" and not figure.is_word:
            found += [(high / low, "ratio"), (low / high, "ratio")] if _PER.search(sentence.text) else []
            found += [(high * low, "product")] if low != 1 else []
        yield from (
            Derived(value, kind, f"{first.written} and {second.written}")
            for value, kind in found
            if value and figure.means(value)
        )


_RISES = re.compile(
    r"\b(?:ris(?:e|es|ing)|rose|increas\w*|gr[eo]w\w*|gain\w*|growth|more|higher|up|climb\w*)\b", re.IGNORECASE
)
_FALLS = re.compile(
    r"\b(?:f[ae]ll\w*|drop\w*|declin\w*|decreas\w*|less|fewer|lower|down|lost|loss|cut|reduc\w*)\b", re.IGNORECASE
)


def _may_count(figure: Figure) -> bool:
    return figure.kind in ("plain", "times") and figure.values[0].denominator == 1 and 0 <= figure.values[0] <= 5000


def _problem(figure: Figure, at: int, sentences: tuple[Sentence, ...], text: str, data: Data) -> str:
    names = ", ".join(sentences[at].names[:3])
    anywhere = _cells(figure, frozenset(range(len(data.rows))), Sentence("", 0, frozenset(), frozenset()), data)
    rows = [one.row for one in anywhere if one.row is not None]
    where = f"in {sentences[at].text.strip()[:80]!r}"
    if rows and names:
        label = next((data.cell(rows[0], column) for column in data.labels), f"row {rows[0] + 1}")
        return (
            f"{figure.written} {where} is the data's figure for {label}, not one of {names}; name with each figure "
            "what it belongs to"
        )
    return (
        f"{figure.written} {where} is no cell of what the sentence speaks of, and no sum, difference, mean, share, "
        "change or count of it; use figures of the data, or work them out anew and name the rows they come from"
    )


@lru_cache(maxsize=256)
def _figures(text: str) -> tuple[Figure, ...]:
    return tuple(figures_in(text)[:MOST_FIGURES])


@lru_cache(maxsize=64)
def _counts(data: Data, limits: frozenset[Fraction], columns: frozenset[int]) -> tuple[Derived, ...]:
    return tuple(counts(data, limits, columns))


@lru_cache(maxsize=64)
def _aggregates(data: Data) -> tuple[Derived, ...]:
    return tuple(aggregates(data))


@lru_cache(maxsize=64)
def _spans(data: Data) -> tuple[Derived, ...]:
    return tuple(spans_of_time(data))


@lru_cache(maxsize=512)
def _within(data: Data, rows: frozenset[int], columns: frozenset[int]) -> tuple[Derived, ...]:
    return tuple(within_rows(data, rows, columns))


def _ratios(data: Data, rows: frozenset[int]) -> Iterator[Derived]:
    """One measure per another of the same row, which need not be named: people per square kilometre."""
    return (one for one in _within(data, rows, frozenset(data.measures)) if one.kind == "ratio")


@lru_cache(maxsize=512)
def _across(data: Data, rows: frozenset[int], columns: frozenset[int]) -> tuple[Derived, ...]:
    return tuple(across_rows(data, rows, columns))


def shown(one: Derived) -> str:
    """A source in words, for messages."""
    return f"{exact(one.value)} ({one.kind} {one.about})"
