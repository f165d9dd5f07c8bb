"""See which rows, columns and moments of the data each sentence of a text speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from orca_agents.checks.figures.data import Data, month_number
from orca_agents.checks.terms import terms

MAX_SENTENCES = 400


@dataclass(frozen=True)
class Sentence:
    """One sentence (or line), and what of the data it names."""

    text: str
    start: int
    rows: frozenset[int]
    """Rows that it names; of several kinds of name (a town, a year), those that all of them fit."""
    columns: frozenset[int]
    names: tuple[str, ...] = ()
    """The names themselves, in order."""


@dataclass(frozen=True)
class Moment:
    """A day or a time of day in a text: `text[start:end]`."""

    start: int
    end: int
    written: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    clock: tuple[int, int] | None = None


@lru_cache(maxsize=64)
def read_sentences(text: str, data: Data) -> tuple[Sentence, ...]:
    """The sentences of a text with the rows and columns that each of them names."""
    spoken = _spoken(text, data)
    found = []
    for start, end in _cut(text)[:MAX_SENTENCES]:
        inside = [(at, name) for at, name in spoken if start <= at < end]
        names = tuple(dict.fromkeys(name for _, name in inside))
        piece = text[start:end]
        found.append(Sentence(piece, start, _rows(names, data), named_columns(piece, data), names))
    return tuple(found)


def named_rows(text: str, data: Data) -> frozenset[int]:
    """The rows that a text names."""
    return _rows(tuple(name for _, name in _spoken(text, data)), data)


def named_labels(text: str, data: Data) -> tuple[str, ...]:
    """The names of rows that stand in a text."""
    return tuple(dict.fromkeys(name for _, name in _spoken(text, data)))


@lru_cache(maxsize=512)
def named_columns(text: str, data: Data) -> frozenset[int]:
    """The columns whose heading, or most of its words, stands in a text."""
    words = terms(text, "en")
    return frozenset(
        column for column, heading in enumerate(data.columns)
        if _holds(text, heading) or ((wanted := heading_terms(heading)) and len(wanted & words) >= 0.6 * len(wanted))
    )  # fmt: skip


def columns_by_word(text: str, data: Data) -> frozenset[int]:
    """The measures of whose headings a word stands in a text that stands in no other heading."""
    words = terms(text, "en")
    held = {column: heading_terms(data.columns[column]) for column in data.measures}
    return frozenset(
        column for column, own in held.items()
        if any(sum(word in other for other in held.values()) == 1 for word in own & words)
    )  # fmt: skip


@lru_cache(maxsize=1024)
def heading_terms(heading: str) -> frozenset[str]:
    """The content words of a heading: `avg_tempC (daily)` is about tempC and averages."""
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", heading)
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])|[_./-]+", " ", bare)
    return frozenset(term for term in terms(bare, "en") if not term.isdigit())


def moments_in(text: str) -> list[Moment]:
    """Days and times of day, in order: `4 March 2024`, `March 4`, `2024-03-04`, `8:15 pm`, `18.30`."""
    found: list[Moment] = []
    taken: set[int] = set()
    for pattern in _MOMENTS:
        for match in pattern.finditer(text):
            if taken & set(range(*match.span())):
                continue
            moment = _moment(match)
            if moment is not None:
                taken |= set(range(*match.span()))
                found.append(moment)
    return sorted(found, key=lambda one: one.start)


_MONTH = (
    r"Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?"
)
_MOMENTS = (
    re.compile(r"(?<![\w-])(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?![\d-])"),
    re.compile(r"(?<![\w.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?!\d)"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH})\b\.?(?:,? (?P<y>\d{{4}})(?!\d))?"),
    re.compile(rf"\b(?P<name>{_MONTH})\.? (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\w%]|[.,]\d)"
               r"(?:,? (?P<y>\d{4})(?!\d))?"),
    re.compile(r"(?<![\w.:])(?P<h>[01]?\d|2[0-3]):(?P<min>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<half>[ap])\.?m\b\.?)?", re.I),
    re.compile(r"(?<![\w.:])(?P<h>1[0-2]|0?[1-9])(?:\.(?P<min>[0-5]\d))?\s?(?P<half>[ap])\.?m\b\.?", re.I),
)  # fmt: skip


def _moment(match: re.Match[str]) -> Moment | None:
    groups = match.groupdict()
    if groups.get("h") is not None:
        hour = int(groups["h"])
        if (groups.get("half") or "").lower() == "p" and hour < 12:
            hour += 12
        elif (groups.get("half") or "").lower() == "a" and hour == 12:
            hour = 0
        return Moment(*match.span(), match[0], clock=(hour, int(groups.get("min") or 0)))
    month = month_number(groups["name"]) if groups.get("name") else int(groups["m"])
    if not 1 <= month <= 12 or not 1 <= int(groups["d"]) <= 31:
        return None
    year = int(groups["y"]) if groups.get("y") else None
    return Moment(*match.span(), match[0], year=year, month=month, day=int(groups["d"]))


_ABBREVIATED = "".join(
    rf"(?<!\b{word}\.)" for word in ("St", "Mr", "Mrs", "Ms", "Dr", "No", "vs", "Prof", "approx", "ca")
)


def _cut(text: str) -> list[tuple[int, int]]:
    """Where sentences and lines begin and end."""
    ends = [m.end() for m in re.finditer(_ABBREVIATED + r"(?<=[.!?\u3002])[\"'\u201d)]?\s+(?=[^a-z\s])|\n+", text)]
    starts = [0, *ends]
    return [(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True) if text[start:end].strip()]


@lru_cache(maxsize=64)
def _spoken(text: str, data: Data) -> tuple[tuple[int, str], ...]:
    """The names of rows in a text with their places; of overlapping ones the longest."""
    lowered = text.casefold()
    found: list[tuple[int, int, str]] = []
    for name in data.names:
        if name.casefold().split(" ", 1)[0] not in lowered:
            continue
        found += [(match.start(), match.end(), name) for match in _pattern(name).finditer(text)]
    taken: set[int] = set()
    kept = []
    for start, end, name in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        if not taken & set(range(start, end)):
            taken |= set(range(start, end))
            kept.append((start, name))
    return tuple(sorted(kept))


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    words = r"[\s\u00a0_-]+".join(re.escape(part) for part in re.split(r"[\s\u00a0_-]+", name.strip()) if part)
    # short names in capitals (US, IT) are not the words us and it
    flags = re.NOFLAG if (name.isupper() and len(name) <= 3) else re.IGNORECASE
    return re.compile(rf"(?<!\w){words}(?!\w)", flags)


def _holds(text: str, heading: str) -> bool:
    return len(heading) > 1 and _pattern(heading).search(text) is not None


def _rows(names: tuple[str, ...], data: Data) -> frozenset[int]:
    by_column: dict[int, set[int]] = {}
    for name in names:
        for row, column in data.names[name]:
            by_column.setdefault(column, set()).add(row)
    if not by_column:
        return frozenset()
    fit = set.intersection(*by_column.values())
    return frozenset(fit or set.union(*by_column.values()))
