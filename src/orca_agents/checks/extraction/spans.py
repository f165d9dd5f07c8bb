"""Find a short text in a document letter by letter, whatever became of its spaces, quotation marks and dashes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from orca_agents.language import UNSPACED
from orca_agents.records import Span

_SINGLE = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4", "'")
_DOUBLE = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
_DASH = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_NOTHING = dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
_ONE_SIGN = {**_SINGLE, **_DOUBLE, **_DASH, **_NOTHING}
_MARKUP = frozenset("*`")
_UNSPACED = re.compile(f"[{UNSPACED}\\u3000-\\u303f\\uff00-\\uffef\\uac00-\\ud7a3]")
"""Signs beside which a word may end: in Korean, too, a particle is written on to its noun."""
_HYPHENATED = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010][ \t]*\r?\n[ \t]*(?=[^\W\d_A-Z])")
"""Where a word is divided at the end of a line."""


def locate(document: str, text: str, *, fold_case: bool = False) -> Span | None:
    """Where a text stands in a document, as whole words: `document[span.start:span.end] == span.text`."""
    # bold type may begin in the middle of a name (**Acme** Ltd), and a word may be divided between two lines
    for with_markup, joined in ((True, False), (False, False), (True, True)):
        plain, places = _normal(document, with_markup, joined)
        wanted = _normal(text, with_markup)[0].strip()
        if not wanted:
            return None
        if fold_case:
            plain, wanted = _same_length_fold(plain), _same_length_fold(wanted)
        at = plain.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not (_joins(plain, at) or _joins(plain, end)):
                first, last = places[at], places[end - 1] + 1
                while last < len(document) and unicodedata.combining(document[last]):
                    last += 1
                return Span(start=first, end=last, text=document[first:last])
            at = plain.find(wanted, at + 1)
    return None


def normal(text: str) -> str:
    """A text in one spelling: single spaces, straight quotation marks, hyphens for dashes."""
    return _normal(text, True)[0].strip()


@lru_cache(maxsize=512)
def _normal(text: str, with_markup: bool, joined: bool = False) -> tuple[str, tuple[int, ...]]:
    """A text in one spelling, and for each of its characters the place it came from."""
    signs: list[str] = []
    places: list[int] = []
    gap = False
    skipped = {at for match in _HYPHENATED.finditer(text) for at in range(*match.span())} if joined else set()
    for place, sign in enumerate(text):
        if place in skipped:
            continue
        if signs and not gap and unicodedata.combining(sign):  # an accent that is written apart from its letter
            whole = unicodedata.normalize("NFC", signs[-1] + sign)
            if len(whole) == 1:
                signs[-1] = whole
                continue
        if sign.isspace():
            gap = True
            continue
        one = _ONE_SIGN.get(sign)
        if one is None:
            one = sign if sign < "\u0080" else unicodedata.normalize("NFKC", sign)
        if one == "" or (not with_markup and one in _MARKUP):
            continue
        if gap and signs:
            signs.append(" ")
            places.append(place - 1)
        gap = False
        for part in one:
            signs.append(part)
            places.append(place)
    return "".join(signs), tuple(places)


def _same_length_fold(text: str) -> str:
    """Lower case, character by character, so that places still count."""
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)


def _joins(plain: str, at: int) -> bool:
    """Whether a word or a number goes on across this place."""
    if not 0 < at < len(plain):
        return False
    left, right = plain[at - 1], plain[at]
    return left.isalnum() and right.isalnum() and not (_is_unspaced(left) or _is_unspaced(right))


@lru_cache(maxsize=20_000)
def _is_unspaced(sign: str) -> bool:
    return _UNSPACED.match(sign) is not None
