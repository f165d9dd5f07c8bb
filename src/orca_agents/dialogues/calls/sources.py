"""Trace a value back to words that were said: no argument of a call and no fact of an answer is made up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from orca_agents.constraints.dates import dates_in
from orca_agents.dialogues.calls.types import Type
from orca_agents.language import words
from orca_agents.numerals import Numeral, numbers_in

PAGING = re.compile(r"(?:page|page_number|page_no|page_token|next_page|offset|cursor|start|start_index|skip)")
"""Parameters that count through the pages of a list."""
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_SMALL_WORDS = frozenset(
    words("a an the of in on at to for and or with by from as is are be my me i we our we you your it its this that")
)
_LOOSE = {
    "dozen": Fraction(12), "couple": Fraction(2), "pair": Fraction(2), "a": Fraction(1), "an": Fraction(1),
    "single": Fraction(1), "alone": Fraction(1), "once": Fraction(1), "half": Fraction(1, 2),
}  # fmt: skip
_STEM = 5
_LONGEST_CODE = 64
_LONG = 8
"""Words from which a text counts as composed: a message need not be said word by word."""


@dataclass(frozen=True)
class Sources:
    """What was said so far, by the user and in results: what a value can come from."""

    texts: tuple[str, ...]

    @cached_property
    def whole(self) -> str:
        """All of it, folded."""
        return "\n".join(map(folded, self.texts))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The beginnings of its words."""
        return frozenset(_stem(word) for word in words(self.whole))

    @cached_property
    def numbers(self) -> frozenset[Fraction]:
        """The numbers that it speaks of."""
        text = "\n".join(self.texts)
        found = {number.value for number in numbers_in(text)}
        found |= {Fraction(group) for group in re.findall(r"\d{1,40}", text)}
        found |= {number for word, number in _LOOSE.items() if re.search(rf"\b{word}\b", self.whole)}
        return frozenset(found | {-number for number in found})

    @cached_property
    def times(self) -> frozenset[tuple[int, int]]:
        """The times of day that it speaks of, as hour and minute."""
        return frozenset(_times(self.whole))


def stated(value: Any, kind: Type, sources: Sources) -> bool:
    """Whether a value goes back to what was said. Of true and false nobody can tell by the words."""
    match value:
        case bool() | None:
            return True
        case int() | float():
            return Fraction(str(value)) in sources.numbers
        case list():
            item = kind.item or Type("string")
            return all(stated(one, item, sources) for one in value)
        case Mapping():
            fields = dict(kind.fields)
            return all(stated(one, fields.get(name, Type("string")), sources) for name, one in value.items())
        case str():
            return _text_stated(value, kind, sources)
    return False


def folded(text: str) -> str:
    """A text without its case, and with plain signs: what is compared."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return re.sub(r"\s+", " ", plain.casefold()).strip()


def stands_in(part: str, whole: str) -> bool:
    """Whether words stand in a text as they are: `7` stands in `card 7`, but not in `17` or `7.50`."""
    plain = folded(part)
    before, _ = _edges(plain)
    after = "(?![0-9a-z]|[.,][0-9])" if re.search("[0-9a-z]$", plain) else ""
    return bool(plain) and re.search(f"{before}{re.escape(plain)}{after}", folded(whole)) is not None


def texts_of(reply: Any) -> tuple[str, ...]:
    """What a result says, value by value."""
    return tuple(str(one) for one in leaves(reply) if one is not None)


def leaves(value: Any) -> Iterator[Any]:
    """The plain values inside of JSON data."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def why_ungrounded(answer: str, sources: Sources, results: Sequence[Any], vocabulary: Sources | None) -> str | None:
    """Why an answer says more than what was said and returned, or `None`: a number, an id or a name in it that stands
    nowhere; or nothing in it out of the results. Names are looked at where there is a `vocabulary`, words that may
    be used beside what was said: only in some languages are they told by their capitals."""
    if problem := why_made_up(answer, sources, results, vocabulary):
        return problem
    if is_silent(answer, results):
        return "it says nothing of what the calls returned; answer with what they returned"
    return None


def why_made_up(answer: str, sources: Sources, results: Sequence[Any], vocabulary: Sources | None) -> str | None:
    """Why an answer says more than what was said and returned, or `None`: a number, an id or a name that stands
    nowhere."""
    for address in _ADDRESS.findall(answer):
        if folded(address.rstrip(".,;:!?")) not in sources.whole:
            return f"the address {address!r} stands in no result and in none of the user's words"
    known = sources.numbers | _reckoned(results) | {Fraction(hour % 12) for hour, _ in sources.times}
    text = re.sub(r"^\s*+\d{1,2}[.)]\s", "", answer, flags=re.MULTILINE)
    for token in re.findall(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z_])[\w-]{3,}(?![\w-])", text):
        if folded(token) in sources.whole or _ORDINAL.fullmatch(token):
            continue
        measured = _MEASURED.match(token)
        if measured is None or Fraction(measured[1]) not in known:
            return f"{token!r} stands in no result and in none of the user's words"
    plain = re.sub(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z_])[\w-]{3,}(?![\w-])", " ", text)
    numbers = numbers_in(plain)
    for number in numbers:
        digits = plain[number.start : number.end]
        if not any(sign.isdigit() for sign in digits) or number.value in known:
            continue
        near = [one for one in numbers if one.start < number.end and number.start < one.end]
        if not _is_reading(number, near, known):
            return f"the number {digits!r} stands in no result and in none of the user's words"
    if vocabulary is not None:
        for name in re.findall(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b", text):
            if name.casefold() not in _CALENDAR and _stem(name.casefold()) not in sources.stems | vocabulary.stems:
                return f"{name!r} stands in no result and in none of the user's words"
    return None


def is_silent(answer: str, results: Sequence[Any], given: Sequence[Any] = ()) -> bool:
    """Whether an answer has nothing in it out of results that hold something to tell: more than was `given`."""
    old = {folded(str(one)) for one in given}
    told = [one for one in leaves(list(results)) if not isinstance(one, bool) and one is not None and str(one).strip()]
    told = [one for one in told if folded(str(one)) not in old]
    plain, own = folded(answer), Sources((answer,))
    for one in told:
        if isinstance(one, str):
            if folded(one) in plain or any(_stem(word) in own.stems for word in words(one) if len(word) > 3):
                return False
            if _MOMENT.fullmatch(one) and _text_stated(one, Type("date" if len(one) == 10 else "time"), own):
                return False
        elif Fraction(str(one)) in own.numbers:
            return False
    return bool(told)


def _text_stated(value: str, kind: Type, sources: Sources) -> bool:
    plain = folded(value)
    if not plain:
        return False
    before, after = _edges(plain)
    if plain in sources.whole and re.search(before + re.escape(plain) + after, sources.whole):
        return True
    if kind.kind == "date":
        return _date_stated(value, sources)
    if kind.kind == "time":
        return (int(value[:2]), int(value[3:5])) in sources.times
    if kind.kind == "datetime":
        return _date_stated(value[:10], sources) and (int(value[11:13]), int(value[14:16])) in sources.times
    if " " not in plain and re.search(r"\d", plain):  # an id, a code
        signs = _compact(plain)
        apart = f"{before}{'[^a-z0-9]{0,3}'.join(map(re.escape, signs))}{after}"
        return 4 <= len(signs) <= _LONGEST_CODE and re.search(apart, sources.whole) is not None
    tokens = [word for word in words(plain.replace("_", " ")) if word not in _SMALL_WORDS]
    if not tokens:
        return False
    share = sum(_stem(word) in sources.stems for word in tokens) / len(tokens)
    if kind.kind == "enum":
        return share >= 0.5
    return share >= (1.0 if len(tokens) < 3 else 0.8 if len(tokens) <= _LONG else 0.6)


def _edges(plain: str) -> tuple[str, str]:
    """What must not stand around words: `RR-7` is not said by `RR-75`, nor `art` by `start`. Scripts without spaces
    have no edges."""
    before = "(?<![0-9a-z])" if re.match("[0-9a-z]", plain) else ""
    return before, "(?![0-9])" if re.search("[0-9]$", plain) else ""


def _date_stated(value: str, sources: Sources) -> bool:
    try:
        day = date.fromisoformat(value)
    except ValueError:  # 30 February
        return False
    return any(_is_day_in(day, Sources((text,))) for text in (*sources.texts, "\n".join(sources.texts)))


def _is_day_in(day: date, said: Sources) -> bool:
    if Fraction(day.year) not in said.numbers or Fraction(day.day) not in said.numbers:
        return False
    days = {means for one in dates_in(said.texts[0]) for means in one.means}
    name = _MONTHS[day.month - 1]
    if (day.year, day.month, day.day) in days or re.search(rf"\b{name[:3]}(?:{name[3:]}|t)?\b", said.whole):
        return True
    if days:  # from 3 to 5 de mayo de 2025: the month is that of another day
        return any(other[:2] == (day.year, day.month) for other in days)
    others = any(re.search(rf"\b{month}\b", said.whole) for month in _MONTHS if month != "may")
    return not others or Fraction(day.month) in said.numbers  # months of some languages are not known here


def _times(text: str) -> Iterator[tuple[int, int]]:
    for found in re.finditer(r"(?<![\d.:])(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?(?:\s?([ap])\.?m\b)?", text):
        hour, minute = int(found[1]), int(found[2] or 0)
        is_time = found[2] or found[3] or text[: found.start()].endswith((" at ", " by ", " until ", " from "))
        if hour > 24 or minute > 59 or not is_time:
            continue
        if found[3]:
            hour = hour % 12 + (12 if found[3] == "p" else 0)
        yield hour % 24, minute
    for word, hour in (("noon", 12), ("midday", 12), ("midnight", 0)):
        if word in text:
            yield hour, 0


def _reckoned(results: Sequence[Any]) -> frozenset[Fraction]:
    """Numbers that a reader takes from results by counting a list, or by adding up one column of it."""
    found: set[Fraction] = set()
    for rows in _lists(results):
        found.add(Fraction(len(rows)))
        columns: dict[str, list[Fraction]] = {}
        for row in rows:
            for name, value in row.items() if isinstance(row, Mapping) else (("", row),):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    columns.setdefault(name, []).append(Fraction(str(value)))
        found |= {sum(column, Fraction()) for column in columns.values()}
    return frozenset(found)


def _lists(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _lists(one)
    elif isinstance(value, list | tuple):
        if isinstance(value, list):
            yield value
        for one in value:
            yield from _lists(one)


def _is_reading(number: Numeral, others: Sequence[Numeral], known: frozenset[Fraction]) -> bool:
    """Whether another reading of the same place is known: `3,5` is 3.5 as well as 3 and 5, `9.5.2026` a date."""
    if any(one.value in known and one.start <= number.start and number.end <= one.end for one in others):
        return True
    parts = [one for one in others if number.start <= one.start and one.end <= number.end and one != number]
    return len(parts) > 1 and all(part.value in known for part in parts)


def _stem(word: str) -> str:
    return word[:_STEM]


def _compact(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")
_SIGNS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-",
                        "\u2011": "-", "\u2212": "-"})  # fmt: skip
_ADDRESS = re.compile(r"\bhttps?://[^\s<>()\[\]\"']+|\bwww\.[^\s<>()\[\]\"']+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{2,64}")
_ORDINAL = re.compile(r"\d{1,4}(?:st|nd|rd|th)", re.IGNORECASE)
_MEASURED = re.compile(r"(\d{1,20})(?:[a-z]{1,4}|-[a-z]+(?:-[a-z]+)*)$", re.IGNORECASE)
"""A number with its unit: 3pm, 10km, 5-day."""
_CALENDAR = frozenset((*_MONTHS, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
