"""How a text and a query become words: the same way for both, whatever the language and the index.

- Case, accents, width and Arabic or Hebrew points do not count: `Café`, `CAFE` and `ｃａｆｅ` are one word.
- Scripts without spaces (Chinese, Japanese, Thai, ...) and Korean, where particles stick to nouns, become pairs of
  characters, and in an index single characters too.
- An identifier is found by its parts and as a whole: `parse_http_request` and `parseHTTPRequest` are the same.
- An English plural is found by its singular. Nothing else is stemmed: see `_singular`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple


class Term(NamedTuple):
    """What one word of a query asks for: all of its parts, or, of an identifier, the whole."""

    parts: tuple[str, ...]
    whole: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that it may match."""
        return self.parts if self.whole is None else (*self.parts, self.whole)


def index_words(text: str) -> str:
    """The words of a text with spaces between them, in order, as an index stores them."""
    words = [_indexed(token) if len(token) <= _SHORT else _indexed_anew(token) for token in _TOKEN.findall(text)]
    return " ".join(filter(None, words))


def query_terms(text: str, most: int = 64) -> list[Term]:
    """What a query asks for, each thing once; at most `most` things, for a pasted page is a query too."""
    terms: dict[Term, None] = {}
    for match in _TOKEN.finditer(text):
        for term in _asked(match[0]):
            terms.setdefault(term)
            if len(terms) >= most:
                return list(terms)
    return list(terms)


def word_places(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where the words of a text are: the start, the end, and the words as an index has them."""
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if len(token) <= _SHORT and not _UNSPACED_RUN.match(token):
            yield start, match.end(), _each(token)
            continue
        if not _UNSPACED_RUN.match(token):
            yield start, match.end(), tuple(_indexed_anew(token).split())
            continue
        for at in range(len(token)):
            pair = _plain(token[at : at + 2])
            yield start + at, start + at + min(2, len(token) - at), (pair, _plain(token[at]))


# Scripts that are written without spaces between words, and Hangul. Thai, Lao, Burmese and Khmer carry their vowel
# signs in these blocks, so a pair of characters may hold one.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
# Marks that stand inside a word, which `\w` does not match: accents, Hebrew and Arabic points, signs of Indian scripts.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0dff\u0f18-\u0f39\u0f71-\u0fbc"
)
_TOKEN = re.compile(f"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[\\w{_MARKS}])+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]")
# What is not part of a word's spelling, once it is taken apart: accents and points, and the Arabic stretching sign.
_IGNORED = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]+")
_HUMP = re.compile(r"(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\dA-Z_])|_+")
"""Where an identifier is put together: `maxTokens`, `HTTPServer`, `max_tokens`."""
_LONGEST = 100
"""Characters of the longest word that is kept whole: what is longer is no word, but data."""


_SHORT = 40
"""Characters of the longest token that is remembered: longer ones do not come back, and fill the memory."""


def _indexed_anew(token: str) -> str:
    """The words of one token in an index, with spaces between them."""
    if _UNSPACED_RUN.match(token):
        token = _plain(token)
        pairs = [token[at : at + 2] for at in range(len(token) - 1)]
        return " ".join([*pairs, *token])
    parts, whole = _parts(token)
    return " ".join(parts if whole is None else (*parts, whole))


_indexed = lru_cache(maxsize=200_000)(_indexed_anew)


@lru_cache(maxsize=50_000)
def _each(token: str) -> tuple[str, ...]:
    return tuple(_indexed_anew(token).split())


def _asked(token: str) -> tuple[Term, ...]:
    if _UNSPACED_RUN.match(token):
        token = _plain(token)
        if len(token) == 1:
            return (Term((token,)),)
        return tuple(Term((token[at : at + 2],)) for at in range(len(token) - 1))
    parts, whole = _parts(token)
    return (Term(parts, whole),) if parts else ()


def _parts(token: str) -> tuple[tuple[str, ...], str | None]:
    """The words that a token is made of, and, where there are several, the token as one word."""
    if token.isascii() and (token.islower() or token.isdigit()) and "_" not in token:
        return (_singular(token[:_LONGEST]),), None
    pieces = [_singular(plain) for piece in _HUMP.split(token[:_LONGEST]) if (plain := _plain(piece))]
    if len(pieces) < 2:
        return tuple(pieces), None
    whole = _singular(_plain(token.replace("_", ""))[:_LONGEST])
    return tuple(dict.fromkeys(pieces)), whole


def _plain(text: str) -> str:
    """Without case, accents, points and differences of width."""
    if text.isascii():
        return text.lower()
    taken_apart = unicodedata.normalize("NFKD", text.casefold())
    plain = unicodedata.normalize("NFC", _IGNORED.sub("", taken_apart)).casefold()
    # A compatibility form may hold spaces and signs, e.g. the circled (1) of Chinese lists.
    return "".join(letter for letter in plain if letter.isalnum() or (letter > "\u0900" and not letter.isspace()))


def _singular(word: str) -> str:
    """An English plural without its s (after Harman's s-stemmer): it joins few words that are not the same, unlike
    Porter's, to which `organization` is `organ`. `caches` and `matches` cannot be told apart: `cache` loses its e too.
    """
    if len(word) < 4:
        return word
    if word[-1] == "s" and word[-2] not in "us":
        word = word[:-1]
    if len(word) > 3 and word.endswith("ie"):
        return word[:-2] + "y"
    return word[:-1] if word.endswith(("xe", "che", "she", "sse", "zze")) else word
