"""Read the dates and times that a document mentions, to see whether it gives one in normal form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from orca_agents.records import Span


@dataclass(frozen=True)
class DateMention:
    """A date as mentioned; what it does not say is `None`."""

    span: Span
    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True)
class TimeMention:
    """A time of day as mentioned, in every reading that it has."""

    span: Span
    readings: frozenset[tuple[int, int, int | None]]
    """Hour, minute, second."""


def is_date(text: str) -> bool:
    """Whether a text is a date in normal form: YYYY-MM-DD, YYYY-MM or YYYY."""
    match = _ISO.fullmatch(text)
    return bool(match) and _is_real(int(match["y"]), _number(match["m"]), _number(match["d"])) if match else False


def is_time(text: str) -> bool:
    """Whether a text is a time of day in normal form: HH:MM or HH:MM:SS."""
    return bool(_ISO_TIME.fullmatch(text))


def find_date(document: str, date: str) -> Span | None:
    """Where a document gives a date that is written in normal form; its year may stand elsewhere in the document."""
    match = _ISO.fullmatch(date)
    if match is None:
        return None
    year, month, day = int(match["y"]), _number(match["m"]), _number(match["d"])
    mentions = date_mentions(document)
    named = {mention.year for mention in mentions}
    for mention in mentions:
        if (day is not None and mention.day != day) or (month is not None and mention.month != month):
            continue
        if mention.year == year or (mention.year is None and month is not None and year in named):
            return mention.span
    return None


def find_time(document: str, time: str) -> Span | None:
    """Where a document gives a time of day that is written in normal form."""
    match = _ISO_TIME.fullmatch(time)
    if match is None:
        return None
    hour, minute, second = int(match["h"]), int(match["m"]), _number(match["s"])
    for mention in time_mentions(document):
        for found in mention.readings:
            if found[:2] == (hour, minute) and (second is None or second == (found[2] or 0)):
                return mention.span
    return None


@lru_cache(maxsize=32)
def date_mentions(text: str) -> tuple[DateMention, ...]:
    """Every date that a text mentions; one place may have two readings (3/4/2021)."""
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            named = match.groupdict()
            span = Span(start=match.start(), end=match.end(), text=match[0])
            month = _number(named.get("m")) or _MONTHS.get((named.get("name") or "").casefold())
            for year in _years(named.get("y")):
                for day in {_number(named.get("d")), _number(named.get("d2"))} - ({None} if named.get("d") else set()):
                    readings = [(month, day), (day, month)] if named.get("swap") is not None else [(month, day)]
                    found += [DateMention(span, year, m, d) for m, d in readings if _is_real(year or 2000, m, d)]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=32)
def time_mentions(text: str) -> tuple[TimeMention, ...]:
    """Every time of day that a text mentions."""
    found = []
    for match in _TIMES.finditer(text):
        hour, minute, second = int(match["h"] or match["h2"]), int(match["m"] or 0), _number(match["s"])
        half = (match["half"] or match["half2"] or "").lower().replace(".", "")
        if hour > 24 or minute > 59:
            continue
        if half:
            hours = {hour % 12 + (12 if half == "pm" else 0)}
        else:  # "at 9.30" may be in the evening
            hours = {hour % 24, hour + 12} if hour < 12 else {hour % 24}
        span = Span(start=match.start(), end=match.end(), text=match[0])
        found.append(TimeMention(span, frozenset((one, minute, second) for one in hours)))
    for match in _NAMED_TIMES.finditer(text):
        hour = 12 if match[0].casefold() in _NOON else 0
        span = Span(start=match.start(), end=match.end(), text=match[0])
        found.append(TimeMention(span, frozenset([(hour, 0, None)])))
    return tuple(found)


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _years(text: str | None) -> tuple[int | None, ...]:
    if not text:
        return (None,)
    short = text.lstrip("'\u2019")
    return (int(short),) if len(short) == 4 else (1900 + int(short), 2000 + int(short))


def _is_real(year: int, month: int | None, day: int | None) -> bool:
    if month is not None and not 1 <= month <= 12:
        return False
    if day is None:
        return True
    days = 31 if month is None else (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= (28 if month == 2 and not leap else days)


_NAMES = (
    "january jan enero ene janvier janv januar gennaio gen janeiro januari styczeń stycznia январь января",
    "february feb febrero février févr februar febbraio fevereiro fev februari luty lutego февраль февраля",
    "march mar marzo mars märz março maart marzec marca март марта",
    "april apr abril abr avril avr aprile kwiecień kwietnia апрель апреля",
    "may mayo mai maggio maio mei maj maja май мая",
    "june jun junio juin juni giugno junho czerwiec czerwca июнь июня",
    "july jul julio juillet juil juli luglio julho lipiec lipca июль июля",
    "august aug agosto ago août augustus sierpień sierpnia август августа",
    "september sept sep septiembre septembre settembre setembro wrzesień września сентябрь сентября",
    "october oct octubre octobre oktober okt ottobre outubro październik października октябрь октября",
    "november nov noviembre novembre novembro listopad listopada ноябрь ноября",
    "december dec diciembre dic décembre déc dezember dez dicembre dezembro grudzień grudnia декабрь декабря",
)
_MORE_NAMES = (
    "ocak січня जनवरी",
    "şubat лютого फ़रवरी फरवरी",
    "mart березня मार्च",
    "nisan квітня अप्रैल",
    "mayıs травня मई",
    "haziran червня जून",
    "temmuz липня जुलाई",
    "ağustos серпня अगस्त augusti",
    "eylül вересня सितंबर सितम्बर",
    "ekim жовтня अक्टूबर अक्तूबर",
    "kasım листопада नवंबर नवम्बर",
    "aralık грудня दिसंबर दिसम्बर desember",
)
"""In Turkish, Ukrainian, Hindi, Swedish and Norwegian."""
_MONTHS = {
    name: number for names in (_NAMES, _MORE_NAMES) for number, line in enumerate(names, 1) for name in line.split()
}
_MONTH = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_LONG_MONTH = rf"(?P<name>{'|'.join(name for name in _MONTHS if len(name) > 3)})\b"
"""Names that are nothing but months: not `may`, `mar`, `set`."""
_YEAR = r"(?P<y>1\d{3}|20\d{2}|['\u2019]\d{2}\b)"
_DAY = r"(?P<d>[0-3]?\d)(?:st|nd|rd|th|er|[.ºª])?"
_OF = r"(?:(?:of|de|del|di|the)\s+)?"
_ISO = re.compile(r"(?P<y>[12]\d{3})(?:-(?P<m>0[1-9]|1[0-2])(?:-(?P<d>0[1-9]|[12]\d|3[01]))?)?")
_ISO_TIME = re.compile(r"(?P<h>[01]\d|2[0-3]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?")
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<y>[12]\d{3})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?(?!\d)",
        r"(?<!\d)(?P<y>20\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?!\d)",
        r"(?<![\d./-])(?P<m>\d{1,2})(?P<swap>[-/.])\s?(?P<d>\d{1,2})[-/.]\s?(?P<y>\d{4}|\d{2})(?!\d)",
        r"(?<![\d./-])(?P<m>\d{1,2})(?P<swap>/)(?P<d>\d{1,2})(?![\d/])",
        rf"\b{_DAY}(?:\s?(?:-|\u2013|\u2014|to|and|until|bis|al?|y|et|und)\s?(?P<d2>[0-3]?\d)(?:st|nd|rd|th|\.)?)?"
        rf"[\s/-]*{_OF}{_MONTH}(?:[\s,/-]+{_OF}{_YEAR})?",
        rf"\b{_MONTH}\s+{_DAY}\b(?:\s?(?:-|\u2013|\u2014|to|and)\s?(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?\b)?(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH},?\s+{_OF}{_YEAR}\b",
        rf"\b{_LONG_MONTH}",
        r"(?P<y>[12]\d{3})\s?年(?:\s?(?P<m>\d{1,2})\s?月(?:\s?(?P<d>\d{1,2})\s?[日号])?)?",
        r"(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]",
        r"(?P<y>[12]\d{3})\s?년(?:\s?(?P<m>\d{1,2})\s?월(?:\s?(?P<d>\d{1,2})\s?일)?)?",
        r"(?P<m>\d{1,2})\s?월\s?(?P<d>\d{1,2})\s?일",
        rf"(?<![\d.,-]){_YEAR}(?![\d-]|[.,]\d)",
    )
)
_TIMES = re.compile(
    r"(?<![\d.,:])(?:(?P<h>[0-2]?\d)(?:[:h]|\.(?=\d\d\s*(?:[ap]\.?m|uhr|\W)))(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
    r"(?:\s?(?P<half>[ap]\.?m\b))?|(?P<h2>[0-2]?\d)(?:\s?(?P<half2>[ap]\.?m\b)|\s?(?:o'clock|o\u2019clock|uhr|h)\b|\s?[時点时]))",
    re.IGNORECASE,
)
_NOON = frozenset(("noon", "midday", "mediodía", "midi", "mittags", "mezzogiorno", "meio-dia"))
_NAMED_TIMES = re.compile(rf"\b(?:midnight|medianoche|minuit|mitternacht|{'|'.join(sorted(_NOON))})\b", re.IGNORECASE)
