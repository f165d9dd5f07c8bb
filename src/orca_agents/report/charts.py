"""Small charts as inline SVG: bars, stacks, histograms, ranges, pairs of dots.

Sizes are percentages of the place that a chart has, so that text in it keeps its size on a phone. The numbers stand in
the table beside a chart; the chart itself is hidden from screen readers, or has one sentence for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from orca_agents.report.lengths import Spread
from orca_agents.report.wording import short


class Piece(NamedTuple):
    """A part of a stacked bar."""

    share: float
    """Of the whole width."""
    name: str
    """Its class in the style sheet: `accepted`, `rejected`, ..."""
    title: str
    """What is shown when one points at it."""


def bar(share: float, other: float | None = None, name: str = "here", tick: float | None = None) -> Markup:
    """A bar, with that of the other set below it and a tick where chance would be."""
    parts = [_rect(0, share, name, y=0 if other is not None else 2, height=9)]
    if other is not None:
        parts.append(_rect(0, other, "there", y=10, height=4))
    if tick is not None:
        parts.append(_line("tick", tick, tick, 0, 14))
    return _svg("bar", 14, parts)


def stack(pieces: Iterable[Piece], height: int = 14) -> Markup:
    """Bars one behind the other."""
    parts = []
    start = 0.0
    for piece in pieces:
        if piece.share > 0:
            title = Markup("<title>{}</title>").format(piece.title)
            parts.append(_rect(start, piece.share, piece.name, y=0, height=height, inside=title))
            start += piece.share
    return _svg("bar", height, parts)


def floating(start: float, share: float, name: str) -> Markup:
    """A bar that begins where the one above it ends."""
    return _svg("bar", 14, [_rect(start, share, name, y=2, height=10, least=0.3)])


def histogram(spread: Spread, label: str, other: Spread | None = None) -> Markup:
    """Bars by size, all equally wide, with marks at the median and the 95th percentile; the other set's as steps."""
    own, theirs = _shares(spread), _shares(other) if other is not None else {}
    places = sorted(own.keys() | theirs.keys())
    most = max(*own.values(), *theirs.values(), 0.0)
    width = 1 / len(places)
    parts: list[Markup] = []
    for at, (low, high) in enumerate(places):
        share = own.get((low, high), 0.0)
        tall = share / most * _TALL
        title = Markup("<title>{}: {:.1%}</title>").format(_size(low, high), share)
        parts.append(_rect((at + 0.06) * width, 0.88 * width, "here", y=_TALL - tall, height=tall, inside=title))
        if other is not None:
            y = _TALL - theirs.get((low, high), 0.0) / most * _TALL
            parts.append(_line("outline", at * width, (at + 1) * width, y, y))
        if at % math.ceil(len(places) / _MOST_TICKS) == 0:
            tick = Markup('<text class="axis" x="{}%" y="{}">{}</text>')
            parts.append(tick.format(_at(at * width), _TALL + 14, short(low)))
    parts.append(_line("base", 0, 1, _TALL + 0.5, _TALL + 0.5))
    for value, name in ((spread.median, "median"), (spread.p95, "p95")):
        place = _place(value, places)
        parts.append(_line(name, place, place, 0, _TALL))
    return _svg("histogram", _TALL + 18, parts, label=label)


def _shares(spread: Spread) -> dict[tuple[int, int], float]:
    return {(low, high): number / spread.count for low, high, number in spread.bars}


def _size(low: int, high: int) -> str:
    """What a bar stands for, in words."""
    if high - low == 1:
        return f"{low:,}"
    return f"{low:,} to {high - 1:,}" if high < 10**9 else f"{low:,} or more"


_TALL = 84
_MOST_TICKS = 6


def span(low: float, middle: float, high: float, most: float, there: float | None = None) -> Markup:
    """A line from the 5th to the 95th percentile with a dot at the median, on a scale of logarithms up to `most`."""
    start, dot, end = (_log(value, most) for value in (low, middle, high))
    parts = [
        _line("guide", 0, 1, 8, 8),
        _line("span", start, max(end, start + 0.005), 8, 8),
    ]
    if there is not None:
        parts.append(_dot(_log(there, most), "ring"))
    parts.append(_dot(dot, "here"))
    return _svg("bar", 16, parts)


def pair(before: float | None, after: float | None) -> Markup:
    """Two dots on a scale from 0 to 1, joined: the first hollow, the second full."""
    parts = [_line("guide", 0, 1, 8, 8)]
    if before is not None and after is not None:
        low, high = sorted((before, after))
        parts.append(_line("joint", _in(low), _in(high), 8, 8))
    if before is not None:
        parts.append(_dot(_in(before), "seed"))
    if after is not None:
        parts.append(_dot(_in(after), "refined"))
    return _svg("bar", 16, parts)


def cells(counts: Sequence[tuple[str, int]], label: str) -> Markup:
    """A square for each leaf: the darker the more examples, hollow where there are none."""
    most = max((number for _, number in counts), default=0)
    parts = []
    for at, (leaf, number) in enumerate(counts):
        shade = 0 if not number else 1 + min(4, int(4.999 * math.sqrt(number / most)))
        row, column = divmod(at, _PER_ROW)
        title = Markup("<title>{}: {}</title>").format(leaf, f"{number:,}")
        parts.append(
            Markup('<rect class="leaf shade{}" x="{}" y="{}" width="13" height="13" rx="2">{}</rect>').format(
                shade, column * 16 + 1, row * 16 + 1, title
            )
        )
    rows = -(-len(counts) // _PER_ROW)
    return Markup(
        '<svg class="cells" role="img" aria-label="{0}" width="{1}" height="{2}" viewBox="0 0 {1} {2}" '
        'focusable="false">{3}</svg>'
    ).format(label, min(len(counts), _PER_ROW) * 16, rows * 16, Markup("").join(parts))


_PER_ROW = 17


def _svg(name: str, height: float, parts: Iterable[Markup], label: str = "") -> Markup:
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" {} width="100%" height="{}" focusable="false">{}</svg>').format(
        name, told, height, Markup("").join(parts)
    )


def _rect(
    start: float,
    share: float,
    name: str,
    *,
    y: float,
    height: float,
    inside: Markup | str = "",
    least: float = 0.0,
) -> Markup:
    return Markup('<rect class="{}" x="{}%" y="{:.1f}" width="{}%" height="{:.1f}">{}</rect>').format(
        name, _at(start), y, max(_at(share), least), height, inside
    )


def _line(name: str, start: float, end: float, top: float, bottom: float) -> Markup:
    return Markup('<line class="{}" x1="{}%" x2="{}%" y1="{:.1f}" y2="{:.1f}"/>').format(
        name, _at(start), _at(end), top, bottom
    )


def _dot(place: float, name: str) -> Markup:
    return Markup('<circle class="{}" cx="{}%" cy="8" r="4.5"/>').format(name, _at(place))


def _at(share: float) -> float:
    """A part as a percentage that is short to write."""
    return round(min(1.0, max(0.0, share)) * 100, 2)


def _in(share: float) -> float:
    """A part between the ends, where a dot has room."""
    return 0.02 + 0.96 * share


def _log(value: float, most: float) -> float:
    return _in(math.log1p(value) / math.log1p(most)) if most else _in(0)


def _place(value: float, places: Sequence[tuple[int, int]]) -> float:
    """Where a number stands between bars of equal width."""
    for at, (low, high) in enumerate(places):
        if value < high:
            inside = (value - low) / (high - low) if high - low > 1 else 0.5
            return (at + max(0.0, inside)) / len(places)
    return 1.0
