"""What of a text is compared: its words, without case, punctuation and layout, and where its sentences end.

Words are runs of letters and digits, so `has_close_elements` is three words and `don't` is two, in a benchmark's file
and in a text alike. In scripts without spaces (Chinese, Japanese, Thai, ...) each character is a word. The letters
before options (`A.`, `b)`) are none.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import NamedTuple

from orca_agents.language import SPACED_WORD, UNSPACED


class Words(NamedTuple):
    """The words of a text, in order."""

    words: list[str]
    bounds: list[int]
    """Numbers of the words that begin a sentence, a line, a quotation or a bracket; the last is the number of words."""


def read_words(text: str) -> Words:
    """The words of a text, and where its sentences begin. Any text will do."""
    words: list[str] = []
    bounds = [0]
    text = _prepared(text)
    if text.isascii():
        for piece in _BOUND.split(text.lower()):
            words += _ASCII_WORD.findall(piece)
            if len(words) > bounds[-1]:
                bounds.append(len(words))
        return Words(words, bounds)
    for piece in _BOUND.split(text):
        words += map(str.casefold, _WORD.findall(piece))
        if len(words) > bounds[-1]:
            bounds.append(len(words))
    return Words(words, bounds)


def quote(text: str, first: int, end: int) -> str:
    """The text from one of its words to another (without the latter), in one line, cut where it is long."""
    text = _prepared(text)
    places = [match.span() for match in itertools.islice(_WORD.finditer(text), first, end)]
    line = " ".join(text[places[0][0] : places[-1][1]].split()) if places else ""
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 2]} …"


LONGEST_QUOTE = 400
"""Most characters of a text that are shown of one match."""

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_WORD = re.compile(f"{SPACED_WORD}|[{UNSPACED}]")
_BOUND = re.compile(r"[\n\r?!;\"“”«»()\[\]{}<>|。]|[.:,](?=\s)")
_LABEL = re.compile(r"[\s(\"'*_][A-Ha-h][.)](?=\s)")


def _prepared(text: str) -> str:
    """A text without the letters before options, and with letters of one width."""
    return _LABEL.sub("\n", "\n" + (text if text.isascii() else unicodedata.normalize("NFKC", text)))
