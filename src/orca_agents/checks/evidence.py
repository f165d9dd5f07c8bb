"""Find quotes in the passage, whatever became of their spaces, quotation marks and dashes on the way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from orca_agents.language import UNSPACED, count_words
from orca_agents.records import Span

FEWEST_WORDS = 3
FEWEST_CHARACTERS = 10
"""A quote has three words or ten characters at least; less may stand anywhere."""
FEWEST_UNSPACED = 5
"""The same in scripts without spaces."""
WIDEST_GAP = 800
"""Most characters that an ellipsis may stand for."""


def find_quotes(passage: str, quotes: Iterable[str]) -> tuple[Span, ...]:
    """Where the quotes stand: `span.text == passage[span.start:span.end]`. What is not found or too short is left out.

    A quote with an ellipsis gives a span for each of its pieces, which must follow each other.
    """
    return tuple(dict.fromkeys(span for quote in quotes for span in find_quote(passage, quote)))


def find_quote(passage: str, quote: str) -> tuple[Span, ...]:
    """The span of one quote (one for each piece around an ellipsis), or nothing if any of it is missing."""
    if is_short(quote):
        return ()
    plain, places = _normal(passage)
    pieces = [piece for part in _ELLIPSIS.split(quote) if (piece := _bare(part))]
    if not pieces:
        return ()
    for first in _matches(plain, pieces[0]):
        found, at = [(first, first + len(pieces[0]))], first + len(pieces[0])
        for piece in pieces[1:]:
            following = next((m for m in _matches(plain, piece, at) if m - at <= WIDEST_GAP), None)
            if following is None:
                break
            at = following + len(piece)
            found.append((following, at))
        if len(found) == len(pieces):
            return tuple(_span(passage, places, start, end) for start, end in found)
    return ()


def is_short(quote: str) -> bool:
    """Whether a quote is too short to show anything."""
    signs = re.sub(r"\s+", " ", quote).strip()
    unspaced = len(re.findall(f"[{UNSPACED}]", signs))
    if unspaced * 2 > len(signs):
        return unspaced < FEWEST_UNSPACED
    return count_words(signs) < FEWEST_WORDS and (len(signs) < FEWEST_CHARACTERS or count_words(signs) < 1)


def around(passage: str, spans: Iterable[Span], before: int = 1) -> str:
    """The sentences in which the spans stand, with so many before each."""
    sentences = _sentences(passage)
    kept: set[int] = set()
    for span in spans:
        touched = [at for at, (start, end) in enumerate(sentences) if start < span.end and end > span.start]
        if touched:
            kept.update(range(max(0, touched[0] - before), touched[-1] + 1))
    return "\n".join(passage[start:end] for start, end in (sentences[at] for at in sorted(kept)))


@lru_cache(maxsize=32)
def _sentences(passage: str) -> tuple[tuple[int, int], ...]:
    ends = [match.end() for match in _SENTENCE_END.finditer(passage)]
    bounds = [0, *ends, len(passage)]
    return tuple((start, end) for start, end in pairwise(bounds) if passage[start:end].strip())


_SENTENCE_END = re.compile(
    "[.!?\u0964\u061f]+[\"'\u201d\u2019\u00bb)\\]]*(?=\\s)|[\u3002\uff01\uff1f]+[\u201d\u2019\u300d\u300f]?|\n\\s*\n"
)
_ELLIPSIS = re.compile(r"\[\s*(?:\.{3}|\u2026)\s*\]|\(\s*(?:\.{3}|\u2026)\s*\)|\.{3,}|\u2026+|\. \. \.")
_SINGLE = dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'")
_DOUBLE = dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d\u300e\u300f", '"')
_DASH = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500", "-")
_NOTHING = dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff*_#", "")
_ONE_SIGN = {**_SINGLE, **_DOUBLE, **_DASH, **_NOTHING}
_IS_UNSPACED = re.compile(f"[{UNSPACED}\u3000-\u3004\u3008-\u303f\uff00-\uffef]")


@lru_cache(maxsize=32)
def _normal(text: str) -> tuple[str, tuple[int, ...]]:
    """A text in one spelling, and for each of its characters the place it came from."""
    signs: list[str] = []
    places: list[int] = []
    gap = False
    for place, sign in enumerate(text):
        if sign.isspace():
            gap = True
            continue
        one = _ONE_SIGN.get(sign)
        if one is None:
            one = sign if sign < "\u0080" else _compatible(sign)
        for part in one:
            last = signs[-1] if signs else ""
            if part == "-" and last == "-":
                continue
            if part == "'" and last == "'":  # two single marks for a double one
                signs[-1] = '"'
                continue
            # spaces around dashes, and line breaks between characters of unspaced scripts, say nothing
            if gap and signs and part != "-" and last != "-" and not _glued(last, part):
                signs.append(" ")
                places.append(place - 1)
            gap = False
            signs.append(part)
            places.append(place)
    return "".join(signs), tuple(places)


@lru_cache(maxsize=20_000)
def _compatible(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign)


def _glued(last: str, part: str) -> bool:
    if last < "\u0e00" and part < "\u0e00":
        return False
    return bool(_IS_UNSPACED.match(last) or _IS_UNSPACED.match(part))


def _bare(quote: str) -> str:
    """A quote in one spelling, without the signs that writers add around it."""
    return _normal(quote)[0].strip(" \"'.,;:!?-\u3002\u3001\uff0c[]()")


def _matches(plain: str, piece: str, start: int = 0) -> Iterator[int]:
    """Where a piece stands as whole words. Its first letter may be of either case."""
    for form in dict.fromkeys((piece, piece[0].swapcase() + piece[1:])):
        at = plain.find(form, start)
        while at >= 0:
            end = at + len(form)
            if not (_joins(plain, at) or _joins(plain, end)):
                yield at
            at = plain.find(form, at + 1)


def _joins(plain: str, at: int) -> bool:
    """Whether a word goes on across this place."""
    if not 0 < at < len(plain):
        return False
    left, right = plain[at - 1], plain[at]
    return left.isalnum() and right.isalnum() and not (_IS_UNSPACED.match(left) or _IS_UNSPACED.match(right))


def _span(passage: str, places: tuple[int, ...], start: int, end: int) -> Span:
    first, last = places[start], places[end - 1] + 1
    return Span(start=first, end=last, text=passage[first:last])
