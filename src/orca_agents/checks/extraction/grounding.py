"""Find each extracted value in its document: word for word, or as the declared normal form of what stands there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from orca_agents.checks.extraction.dates import find_date, find_time
from orca_agents.checks.extraction.patterns import find_all
from orca_agents.checks.extraction.schema import Node, Value, leaves_of
from orca_agents.checks.extraction.spans import locate
from orca_agents.checks.numbers import spoken_numbers
from orca_agents.numerals import numbers_in
from orca_agents.records import Span


def why_ungrounded(data: Any, node: Node, document: str) -> str | None:
    """The first value that the document does not hold, with the reason; `None` if it holds all of them."""
    for path, place, value, found in leaves_of(data, node):
        if found is None or value.kind in ("choice", "boolean"):
            continue  # declared classes: grounded by the values beside them, decided by votes
        if value.total_of:
            if (reason := _why_no_total(data, node, path, place, value, found)) is not None:
                return reason
        elif locate_value(found, value, document) is None and not _is_spoken(found, value, document):
            return f"{place} is {_shown(found)}, which {_missing(value)}"
    return None


def find_values(data: Any, node: Node, document: str) -> tuple[Span, ...]:
    """Where the values stand in the document, in the order of the data: the evidence of an extraction."""
    spans = (locate_value(found, value, document) for _, _, value, found in leaves_of(data, node) if found is not None)
    return tuple(dict.fromkeys(span for span in spans if span is not None))


def locate_value(found: Any, value: Value, document: str) -> Span | None:
    """Where a document gives a value."""
    if value.kind in ("number", "integer"):
        return _find_number(Fraction(Decimal(found)), document)
    if value.kind == "date":
        return find_date(document, found)
    if value.kind == "time":
        return find_time(document, found)
    if value.kind == "currency":
        return _find_currency(found, document)
    if value.kind in ("choice", "boolean"):
        return None
    if value.kind == "text":
        return locate(document, found, fold_case=bool(value.case))
    return _place_of(found, document)


def why_incomplete(data: Any, node: Node, document: str) -> str | None:
    """What of the values with a fixed form is missing: a program finds every e-mail address, link or id."""
    kinds = {(value.kind, value.shape) for _, _, value, _ in leaves_of(data, node) if _has_pattern(value)}
    for kind, shape in sorted(kinds):
        given = {found for _, _, value, found in leaves_of(data, node) if (value.kind, value.shape) == (kind, shape)}
        there = find_all(kind, shape, document)
        if missing := [text for text in there if text not in given]:
            return f"{missing[0]!r} stands in the document too, and is a {shape or kind}; extract all of them"
        if extra := [text for text in given if text is not None and text not in there]:
            return f"{extra[0]!r} is no {shape or kind} that stands in the document"
    return None


def _has_pattern(value: Value) -> bool:
    return value.kind == "id" or value.kind not in (
        "text", "date", "time", "number", "integer", "boolean", "currency", "choice"
    )  # fmt: skip


def _why_no_total(data: Any, node: Node, path: str, place: str, value: Value, found: Any) -> str | None:
    # of several bills, each has a total of its own: what is added up lies in the same item of the lists around both
    lists, others = (text.split("[]")[:-1] for text in (path, value.total_of))
    depth = next((at for at, (one, other) in enumerate(zip(lists, others, strict=False)) if one != other), None)
    depth = min(len(lists), len(others)) if depth is None else depth
    own = "".join(re.findall(r".*?\[\d+\]", place)[:depth])
    given = [one for at, where, _, one in leaves_of(data, node) if at == value.total_of and where.startswith(own)]
    parts = [part for part in given if part is not None]
    if not all(isinstance(part, int | Decimal) for part in parts):
        return f"{path} adds up {value.total_of}, of which one is no number"
    total = sum((Decimal(part) for part in parts), Decimal(0))
    return None if total == Decimal(found) else f"{place} is {found}, but {value.total_of} add up to {total}"


def _shown(found: Any) -> str:
    return repr(found[:80]) if isinstance(found, str) else str(found)


def _missing(value: Value) -> str:
    if value.kind == "text":
        return "is not in the document letter by letter; copy the words as they stand there"
    return f"is no {value.shape or value.kind} that the document gives"


def _find_number(value: Fraction, document: str) -> Span | None:
    document = _in_ascii_digits(document)
    numbers = numbers_in(document)
    # -5 is not 5; but 5 may be -5, where a loss is told in words
    below = {place for number in numbers if number.value < 0 < value for place in range(number.start, number.end)}
    for number in numbers:
        if number.start in below:
            continue
        if abs(number.value) == abs(value):
            return Span(start=number.start, end=number.end, text=document[number.start : number.end])
    for match in _GROUPED.finditer(document):  # 1.234,56 and 1 234,56
        if match["lakhs"]:
            if Fraction(match[0].replace(",", "")) == abs(value):
                return Span(start=match.start(), end=match.end(), text=match[0])
            continue
        digits = re.sub(r"[.'\u2019\s]", "", match[0].partition(",")[0])
        cents = match[0].partition(",")[2]
        if Fraction(f"{digits}.{cents}" if cents else digits) == abs(value):
            return Span(start=match.start(), end=match.end(), text=match[0])
    return None


@lru_cache(maxsize=32)
def _in_ascii_digits(text: str) -> str:
    """The text with digits of other scripts (\u0663, \u096b, \uff15) as 0 to 9, each in its place."""
    return re.sub(r"[^\W0-9A-Za-z_]", lambda sign: str(unicodedata.decimal(sign[0], sign[0])), text)


def _is_spoken(found: Any, value: Value, document: str) -> bool:
    """Whether a number stands there in words that have no place of their own, such as Han numerals."""
    return value.kind in ("number", "integer") and abs(Fraction(Decimal(found))) in spoken_numbers(
        re.sub(r"\d", "", document)
    )


def _find_currency(code: str, document: str) -> Span | None:
    names = (code, *_CURRENCIES.get(code, ()))
    return next(filter(None, (_place_of_name(name, document) for name in names)), None)


def _place_of_name(name: str, document: str) -> Span | None:
    """Where a currency is named: a sign anywhere, a code or a word by itself; words may have an ending (`dollars`)."""
    if not name[-1].isalpha() or not name.isascii():
        return _place_of(name, document)
    ending = "(?:s|es|n|en)?" if name[1:].islower() and len(name) > 3 else ""
    match = re.search(rf"(?<![^\W\d_]){re.escape(name)}{ending}(?![^\W\d_])", document)
    return Span(start=match.start(), end=match.end(), text=match[0]) if match else None


def _place_of(text: str, document: str) -> Span | None:
    at = document.find(text)
    return Span(start=at, end=at + len(text), text=text) if at >= 0 else None


_GROUPED = re.compile(
    r"(?<![\d.,])(?P<lakhs>\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d{1,4})?)(?!\d)"
    r"|(?<![\d.,])\d{1,3}(?:[.'\u2019\u00a0\u202f ]\d{3})+(?:,\d{1,4})?(?!\d)|(?<![\d.,])\d+,\d{1,2}(?!\d)"
)
_CURRENCIES: dict[str, Iterable[str]] = {
    "USD": ("US$", "$", "dollar"), "EUR": ("€", "euro", "Euro"), "GBP": ("£", "pound"), "JPY": ("¥", "円", "yen"),
    "CNY": ("¥", "元", "yuan", "RMB"), "CHF": ("Fr.", "franc", "Franken"), "INR": ("₹", "rupee", "रुपये", "Rs"),
    "BRL": ("R$", "reais", "real"), "PLN": ("zł",), "SEK": ("kr", "kronor"), "NOK": ("kr", "kroner"),
    "DKK": ("kr", "kroner"), "CAD": ("C$", "$", "dollar"), "AUD": ("A$", "$", "dollar"), "MXN": ("$", "peso"),
    "RUB": ("₽", "руб"), "KRW": ("₩", "원"), "TRY": ("₺", "lira"),
}  # fmt: skip
