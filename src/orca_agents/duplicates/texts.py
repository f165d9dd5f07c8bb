"""What of an item is compared, and how a text becomes words.

Case, width, white space and punctuation do not count. Numbers are one word each (`3.5`, `1,000` as `1000`). Signs that
carry meaning in formulas and code are words (`+`, `<=`, `->`); brackets, quotes and Markdown marks are not. Scripts
without spaces (Chinese, Japanese, Thai, ...) give one word for each character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from orca_agents.duplicates.telling import LITTLE, NEGATIONS, NUMBERS
from orca_agents.language import SPACED_WORD, UNSPACED


class ItemText(NamedTuple):
    """The text of an item as its reader sees it."""

    question: str
    passage: str = ""
    """Empty where the reader sees none."""
    parts: str = ""
    """What the question shows beside its text: its options, code, a schema, ..."""


class Wording(NamedTuple):
    """The words of a text, and those of them that tell it from others like it."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    """In their order, each once."""
    negated: bool
    """Whether there is a negation: "which is not true" asks for the opposite."""
    names: frozenset[str]
    """Words with a capital letter inside of a sentence; none where capitals say nothing, as in a title."""
    signs: frozenset[str]
    """Operators of formulas and code."""
    weighty: frozenset[str]
    """Words that are no little words such as `the` or `which`: those of some length."""


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order, without what does not count."""
    pattern = _ASCII_WORD if text.isascii() else _WORD
    return tuple(_plain(token) for token in pattern.findall(_normal(text)))


def item_text(question: str, parts: Mapping[str, Sequence[str]], passage: str) -> ItemText:
    """What is compared of an item. Its options (and all that it shows beside its text) are sorted: their order does not
    count."""
    shown = sorted((words(part), part) for texts in parts.values() for part in texts)
    return ItemText(question, passage, "\n".join(part for _, part in shown))


def wording(text: str) -> Wording:
    """The words of a text, with what tells it from others."""
    found: list[str] = []
    numbers: dict[str, None] = {}
    negated = False
    capitals: list[str] = []
    signs: set[str] = set()
    weighty: set[str] = set()
    cased = 0
    inside = False
    pattern = _ASCII_TOKEN if text.isascii() else _TOKEN
    for token in pattern.findall(_normal(text)):
        word, kind, heavy = _read(token) if len(token) <= _REMEMBERED else _read_anew(token)
        if kind == "break":
            inside = False
            continue
        if kind == "number":
            numbers[word] = None
        elif kind == "negation" or (word == "t" and found and found[-1][-1] == "n"):  # isn't, don't
            negated = True
        elif kind == "sign":
            signs.add(word)
        elif kind == "capital":
            cased += 1
            if inside:
                capitals.append(word)
        elif kind == "small":
            cased += 1
        if heavy:
            weighty.add(word)
        found.append(word)
        inside = inside or kind != "sign"
    # in a title, or in a text that is all capitals, a capital is no name
    names = capitals if len(capitals) <= _MOST_CAPITALS * cased else []
    return Wording(tuple(found), tuple(numbers), negated, frozenset(names), frozenset(signs), frozenset(weighty))


_WEIGHTY_CASED = 4
"""Letters of a word that is no little word, in scripts with capital letters: Latin, Cyrillic, Greek, ..."""
_WEIGHTY = 3
"""The same in others: Arabic, Hindi, Korean, ..."""
_MOST_CAPITALS = 0.6
"""The largest part of the words that may be names. German, which writes nouns so, has a third."""
_BREAKS = ".?!:\n\u3002\uff1f\uff01\u0964"
_OPERATORS = "+<=>~^%\u00ac\u00b1\u00d7\u00f7\u2190-\u22ff\u27c0-\u27ef\u2980-\u2aff"


def _pattern(word: str, operators: str) -> str:
    return (
        r"\d+(?:[.,]\d+)*(?![^\W_])"  # a number
        rf"|{word}|(?:[!*/&:-]?[{operators}])+"  # a word; !=, :=, ->, <=, ==
        # times, over and minus where they stand between operands
        r"|(?<=[\w)\]])[ ]?[*/-][ ]?(?=[\d(])|(?<=[\d)\]])[ ]?[*/-][ ]?(?=[\w(])|(?<=\w[ ])[*/-](?=[ ]\w)"
    )


_ANY = _pattern(rf"{SPACED_WORD}|[{UNSPACED}]", _OPERATORS)
_ASCII = _pattern("[A-Za-z0-9]+", "+<=>~^%")
_WORD, _TOKEN = re.compile(_ANY), re.compile(f"{_ANY}|[{_BREAKS}]")
_ASCII_WORD, _ASCII_TOKEN = re.compile(_ASCII, re.ASCII), re.compile(rf"{_ASCII}|[.?!:\n]", re.ASCII)
"""The same for a text of ASCII alone, in half the time."""
_SIGN = re.compile(r"[ \W]")
_REMEMBERED = 40
"""Characters of the longest token that is remembered: longer ones do not come back, and fill the memory."""
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


class _Token(NamedTuple):
    """One token as it is compared."""

    word: str
    kind: Literal["break", "number", "negation", "capital", "small", "sign", "other"]
    weighty: bool = False


def _read_anew(token: str) -> _Token:
    first = token[0]
    word = _plain(token)
    if token in _BREAKS:
        return _Token(word, "break")
    if first.isdigit() or word in NUMBERS:
        return _Token(word, "number")
    if word in NEGATIONS:
        return _Token(word, "negation")
    if _SIGN.match(token):
        return _Token(word, "sign")
    weighty = len(word) >= (_WEIGHTY_CASED if word.islower() else _WEIGHTY) and word not in LITTLE
    return _Token(word, "capital" if first.isupper() else "small" if first.islower() else "other", weighty)


_read = lru_cache(maxsize=50_000)(_read_anew)


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_DASHES)


def _plain(token: str) -> str:
    """A word without its case, a number without commas between its thousands, a sign without the space around it."""
    if "," in token and _THOUSANDS.fullmatch(token):
        return token.replace(",", "")
    return token.casefold().strip(" ")
