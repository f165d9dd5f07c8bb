"""Constraints on how dates and times are written: all in one pattern, and on the same days as in the given text."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from orca_agents.constraints.kind import Kind, Saying, pattern
from orca_agents.constraints.measure import LONGEST


@dataclass(frozen=True)
class Written:
    """A date or a time as it stands in a text, with all that it may mean: `03/04/2021` is one of two days."""

    text: str
    means: frozenset[tuple[int, ...]]
    start: int = 0


@dataclass(frozen=True)
class Pattern:
    """How a date is to be written, e.g. `YYYY-MM-DD` or `D MMMM YYYY`."""

    line: str
    expression: re.Pattern[str]
    order: str
    """The order of year, month and day in it, e.g. `YMD`."""


def dates_in(text: str) -> list[Written]:
    """The full dates of a text: with day, month and year."""
    found: dict[int, Written] = {}
    for match in _DATE.finditer(text[:LONGEST]):
        means = frozenset(_readings({name: value for name, value in match.groupdict().items() if value}))
        if means:
            found[match.start()] = Written(match[0], means, match.start())
    return [found[at] for at in sorted(found)]


def times_in(text: str) -> list[Written]:
    """The times of day of a text, as hour and minute."""
    found = []
    for match in _TIME.finditer(text[:LONGEST]):
        hour, minute = int(match["hour"]), int(match["minute"] or match["bare"] or 0)
        half = (match["half"] or "").lower()[:1]
        if not (match["minute"] or match["bare"] or half):
            continue
        before = text[max(0, match.start() - 12) : match.start()]
        if "." in match[0].rstrip(".") and not half and not _CLOCK_WORD.search(before):
            continue  # 3.39 is a number, unless something is at 3.39
        if half and not 1 <= hour <= 12:
            continue
        hour = hour % 12 + (12 if half == "p" else 0) if half else hour
        if hour < 24 and minute < 60:
            found.append(Written(match[0].strip(), frozenset({(hour, minute)}), match.start()))
    return found


def read_pattern(line: str) -> Pattern:
    """The pattern that a line such as `DD.MM.YYYY` stands for. Raises `ValueError`."""
    bare = line.strip().strip("\"'`")
    parts = [part for part in re.split(r"(YYYY|MMMM|MMM|MM|DD|YY|M|D)", bare) if part]
    order = "".join(part[0] for part in parts if part in _PARTS)
    if sorted(order) != ["D", "M", "Y"]:
        raise ValueError("a pattern of YYYY, MM (or MMMM, MMM for names) and DD (or D), such as YYYY-MM-DD")
    expression = "".join(_PARTS.get(part) or re.escape(part) for part in parts)
    return Pattern(bare, re.compile(expression, re.IGNORECASE), order)


def _readings(parts: dict[str, str]) -> Iterator[tuple[int, ...]]:
    """The days that a date may mean."""
    year = parts.get("y1") or parts.get("y2") or parts.get("y3") or parts.get("y4") or parts.get("y5") or ""
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    if name := parts.get("m2") or parts.get("m3"):
        days_and_months = [(int(parts.get("d2") or parts["d3"]), _MONTHS[name.lower().rstrip(".")])]
    elif "m1" in parts:
        days_and_months = [(int(parts["d1"]), int(parts["m1"]))]
    elif "m5" in parts:
        days_and_months = [(int(parts["d5"]), int(parts["m5"]))]
    else:
        one, other = int(parts["a4"]), int(parts["b4"])
        days_and_months = [(one, other), (other, one)]
        if parts["s4"] == ".":  # with full stops the day comes first everywhere
            days_and_months = [(one, other)]
    for (day, month), of_year in product(days_and_months, years):
        try:
            yield datetime.date(of_year, month, day).timetuple()[:3]
        except ValueError:
            continue


def _why_other_dates(text: str, source: str, value: object) -> str | None:
    assert isinstance(value, Pattern)
    own = dates_in(text)
    wrong = next((date for date in own if not value.expression.fullmatch(date.text)), None)
    if wrong is not None:
        return f"the date {wrong.text!r} is not written as {value.line}"
    meant = [_as_pattern(date, value) for date in own]
    if not source:
        return None if own else f"it holds no date that is written as {value.line}"
    wanted = [date.means for date in dates_in(source)]
    lost = [date.text for date in dates_in(source) if not any(days & date.means for days in meant)]
    if lost:
        return f"the date {lost[0]!r} of the given text is gone, or has become another day"
    new = [date.text for date, days in zip(own, meant, strict=True) if not any(days & means for means in wanted)]
    if new:
        return f"the date {new[0]!r} is none of the given text"
    return None if len(own) >= len(wanted) else f"it has {len(own)} dates, the given text has {len(wanted)}"


def _as_pattern(date: Written, wanted: Pattern) -> frozenset[tuple[int, ...]]:
    """What a date means, read in the order of the pattern alone."""
    numbers = [int(part) for part in re.findall(r"\d+", date.text)]
    if len(numbers) != 3:
        return date.means
    by_part = dict(zip(wanted.order, numbers, strict=True))
    return frozenset(day for day in date.means if day[1:] == (by_part["M"], by_part["D"]))


def _why_other_times(text: str, source: str, value: object) -> str | None:
    own, wanted = times_in(text), times_in(source)
    shape = (
        re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
        if value == "24h"
        else re.compile(r"1?\d(?::[0-5]\d)? ?[ap]\.?m\.?", re.I)
    )
    wrong = next((time for time in own if not shape.fullmatch(time.text)), None)
    if wrong is not None:
        return f"the time {wrong.text!r} is not written as {'HH:MM' if value == '24h' else 'h:mm am/pm'}"
    gone = [time.text for time in wanted if not any(time.means & other.means for other in own)]
    if gone:
        return f"the time {gone[0]!r} of the given text is gone, or has become another time"
    new = [time.text for time in own if source and not any(time.means & other.means for other in wanted)]
    return f"the time {new[0]!r} is none of the given text" if new else None


def _read_clock(text: str) -> str:
    bare = text.strip().strip("\"'`").lower().replace(" ", "")
    if bare in ("24h", "hh:mm", "24-hour", "24"):
        return "24h"
    if bare in ("12h", "h:mmam/pm", "12-hour", "12", "h:mma"):
        return "12h"
    raise ValueError("24h (15:30) or 12h (3:30 pm)")


def _why_no_dates(source: str, _: object) -> str | None:
    return (
        None if dates_in(source) else "the given text holds no full date (day, month and year) that a program can read"
    )


def _why_no_times(source: str, _: object) -> str | None:
    return None if times_in(source) else "the given text holds no time of day that a program can read"


def _says_pattern(value: object) -> Sequence[Saying]:
    assert isinstance(value, Pattern)
    example = r"\d{4}-\d\d-\d\d|\bISO\b" if value.line == "YYYY-MM-DD" else "$^"
    shown = value.expression.pattern
    loose = re.sub(r"M{3,4}", "(?:M{3,4}|Month)", re.escape(value.line).replace("DD", "D{1,2}").replace("MM", "M{1,4}"))
    return (pattern(f"{loose}|{shown}|{example}"),)


def _says_clock(value: object) -> Sequence[Saying]:
    return (pattern(r"\b24|\bHH:MM|\b\d\d:\d\d" if value == "24h" else r"\b12|\b[ap]\.?m\b"),)


@lru_cache(maxsize=1)
def _month_names() -> dict[str, int]:
    tables = (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "januari februari maart april mei juni juli augustus september oktober november december",
    )
    names = {name: month for table in tables for month, name in enumerate(table.split(), 1)}
    return names | {"sept": 9}


_MONTHS = _month_names()
_NAME = "(?:" + "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?<![\w.,/-])(?:"
    rf"(?P<y1>[12]\d{{3}})(?P<s1>[-/.])(?P<m1>0?[1-9]|1[0-2])(?P=s1)(?P<d1>{_DAY})"
    rf"|(?P<d2>{_DAY})(?:st|nd|rd|th|\.|er|º)?(?:\s+of|\s+de|\s+do)?[\s-]+(?P<m2>{_NAME}),?(?:\s+de|\s+del|\s+do)?[\s-]+(?P<y2>[12]\d{{3}}|\d\d(?=\b))"
    rf"|(?P<m3>{_NAME})[\s-]+(?P<d3>{_DAY})(?:st|nd|rd|th)?,?[\s-]+(?P<y3>[12]\d{{3}})"
    rf"|(?P<a4>\d\d?)(?P<s4>[-/.])(?P<b4>\d\d?)(?P=s4)(?P<y4>[12]\d{{3}}|\d\d)"
    rf"|(?P<y5>[12]\d{{3}})\s*年\s*(?P<m5>\d\d?)\s*月\s*(?P<d5>\d\d?)\s*日"
    rf")(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\w:.,/-])(?:(?P<hour>[01]?\d|2[0-4])(?:[:.h](?P<minute>[0-5]\d)(?!\d|\.\d)|(?P<bare>[0-5]\d)(?=\s?(?:hrs|hours|h\b)))?"
    r"(?:\s?(?P<half>[ap]\.?\s?m\b\.?))?)(?![\w%:/-])",
    re.IGNORECASE,
)
_CLOCK_WORD = re.compile(
    r"\b(?:at|by|until|till|before|after|since|um|ab|gegen|bis|vers|alle|om)\s+$|\d[.:]\d\d\s?[-\u2013]\s?$",
    re.IGNORECASE,
)
_PARTS = {
    "YYYY": r"[12]\d{3}", "YY": r"\d\d", "MMMM": r"[^\W\d_]{3,12}", "MMM": r"[^\W\d_]{3,5}\.?",
    "MM": r"(?:0[1-9]|1[0-2])", "M": r"(?:[1-9]|1[0-2])",
    "DD": r"(?:0[1-9]|[12]\d|3[01])", "D": r"(?:[1-9]|[12]\d|3[01])",
}  # fmt: skip

DATES: tuple[Kind, ...] = (
    Kind("dates", "the pattern in which every date is written, such as YYYY-MM-DD, DD.MM.YYYY or D MMMM YYYY; they "
         "stay the same days", read_pattern, _why_other_dates, _says_pattern, _why_no_dates),
    Kind("times", "24h (15:30) or 12h (3:30 pm): how every time of day is written", _read_clock, _why_other_times,
         _says_clock, _why_no_times),
)  # fmt: skip
