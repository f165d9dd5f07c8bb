"""Take a text apart as constraints speak of it: words, sentences, lines, paragraphs, bullets, headings."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from orca_agents.language import SPACED_WORD, UNSPACED
from orca_agents.language import words as plain_words

LONGEST = 60_000
"""Characters that are looked at; no answer is as long."""


def lines_of(text: str) -> list[str]:
    """The lines of a text that are not empty."""
    return [line.strip() for line in text[:LONGEST].splitlines() if line.strip()]


def without_title(text: str) -> str:
    """A text without the title that stands over it, set apart by an empty line; itself where it has none."""
    blocks = paragraphs_of(text)
    if len(blocks) < 2 or "\n" in blocks[0] or len(blocks[0].split()) > 12:
        return text
    marked = re.fullmatch(r"#{1,6}\s.*|\*\*[^*]+\*\*", blocks[0]) is not None
    # a poem may also have an empty line between any two of its lines
    over_text = any("\n" in block or len(block.split()) > 20 for block in blocks[1:])
    if marked or (over_text and not re.search(r"[.,;:!?\u2026\"\u201d]$", blocks[0])):
        return "\n\n".join(blocks[1:])
    return text


def paragraphs_of(text: str) -> list[str]:
    """The blocks of a text that are parted by empty lines: paragraphs, stanzas."""
    return [
        block.strip()
        for block in re.split(r"\n[ \t]*\n", text[:LONGEST].replace("\r\n", "\n").strip())
        if block.strip()
    ]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text. Headings, list items and lines of verse end one too; `Dr.` and `3.5` do not."""
    found: list[str] = []
    for block in paragraphs_of(text):
        for piece in _LINE_ENDS_SENTENCE.split(block):
            bare = _MARKS_BEFORE.sub("", " ".join(piece.split()))
            found += [part.strip() for part in _split_sentences(bare) if _LETTER.search(part)]
    return found


def bullets_of(text: str) -> list[str]:
    """The items of the lists of a text, bulleted or numbered."""
    return [match[1].strip() for line in text[:LONGEST].splitlines() if (match := _BULLET.match(line))]


def headings_of(text: str) -> list[str]:
    """The Markdown headings of a text."""
    return [match[1].strip() for line in text[:LONGEST].splitlines() if (match := _HEADING.match(line))]


def tokens_of(text: str) -> list[str]:
    """The words of a text as they are written; `don't` and `well-known` are one each."""
    return _TOKEN.findall(text[:LONGEST])


@lru_cache(maxsize=128)
def folded_words(text: str) -> tuple[str, ...]:
    """The words of a text without case, accents and typography: what two texts are compared by."""
    return tuple(plain_words(fold(text[:LONGEST])))


def fold(text: str) -> str:
    """A text without case, with plain quotation marks, dashes and spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    return plain.casefold()


def base_letter(sign: str) -> str:
    """A letter without its accent, in lower case."""
    return unicodedata.normalize("NFD", sign)[0].casefold()


def first_letter(text: str) -> str:
    """The first letter of a text without its accent, in lower case; empty where it has none."""
    return next((base_letter(sign) for sign in text if sign.isalpha()), "")


def occurrences(text: str, phrase: str) -> int:
    """How often a phrase stands in a text as words of its own, whatever the case, spaces and kind of quotes."""
    pattern = r"\s+".join(re.escape(fold(part)) for part in phrase.split())
    left = r"(?<!\w)" if phrase[:1].isalnum() and not _UNSPACED.match(phrase[:1]) else ""
    right = r"(?!\w)" if phrase[-1:].isalnum() and not _UNSPACED.match(phrase[-1:]) else ""
    return len(re.findall(f"{left}{pattern}{right}", fold(text[:LONGEST]))) if pattern else 0


def without_markup(text: str) -> str:
    """A text without its Markdown and its HTML tags: what a reader reads of it."""
    text = re.sub(r"[ \t]{3,}", "  ", text[:LONGEST])
    plain = re.sub(r"<!--.*?-->|</?[a-zA-Z][^<>\n]{0,200}>", "", text, flags=re.DOTALL)
    plain = re.sub(r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,300}\)", r"\1", plain)
    plain = re.sub(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+\u2022][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,3}[.)][ \t]+)", "",
                   plain, flags=re.MULTILINE)  # fmt: skip
    plain = re.sub(r"^[ \t]*(?:[-*_][ \t]*){3,}$|^[ \t]*```\w*[ \t]*$", "", plain, flags=re.MULTILINE)
    plain = re.sub(
        r"^[ \t]*+\|?(?:[ \t]*+:?-++:?[ \t]*+\|)++[ \t]*+(?::?-++:?)?[ \t]*+$", "", plain, flags=re.MULTILINE
    )
    return re.sub(r"\*{1,3}|~~|`+|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|\|", " ", plain)


def overlap(text: str, source: str, size: int = 4) -> float:
    """Which share of the word sequences of a text stands in its source too; 0 for texts shorter than a sequence."""
    tokens, others = folded_words(text), folded_words(source)
    own = set(zip(*(tokens[at:] for at in range(size)), strict=False))
    known = set(zip(*(others[at:] for at in range(size)), strict=False))
    return len(own & known) / len(own) if own else 0.0


def grade(text: str) -> float:
    """How hard a text is to read: the automated readability index, about the school year it suits. Where words are
    not parted by spaces: by the length of its sentences alone."""
    sentences = sentences_of(without_markup(text))
    joined = " ".join(sentences)
    if not sentences:
        return 0.0
    unspaced = len(_UNSPACED.findall(joined))
    if unspaced > 0.5 * len(re.findall(r"\w", joined)):
        return unspaced / len(sentences) / 2
    tokens = tokens_of(joined)
    letters = sum(sign.isalnum() for token in tokens for sign in token)
    return 4.71 * letters / max(1, len(tokens)) + 0.5 * len(tokens) / len(sentences) - 21.43


def _split_sentences(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if text[match.end() : match.end() + 2].strip()[:1].islower() and match[0] not in _PLAIN_ENDS:
            continue  # “Really?” he said
        before = text[max(start, match.start() - 20) : match.start()]
        last = before.rsplit(None, 1)[-1] if before.split() else ""
        if match[0] == "." and _is_abbreviated(last.strip("(\"'\u201c\u2018"), text[match.end() :][:3].lstrip()):
            continue
        pieces.append(text[start : match.end()])
        start = match.end()
    return [*pieces, text[start:]]


def _is_abbreviated(word: str, after: str) -> bool:
    """Whether the full stop behind a word is part of it, and no sentence ends there."""
    if _INITIALS.fullmatch(word) or _ABBREVIATION.fullmatch(word):
        return True
    if _COUNTED.fullmatch(word):
        return after[:1].isdigit()  # No. 5, but: he said no.
    return _AT_ENDS_TOO.fullmatch(word) is not None and not after[:1].isupper()


_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = re.compile(r"\w")
_TOKEN = re.compile(rf"[{UNSPACED}]|{SPACED_WORD}(?:['\u2019\-\u2010\u2011]{SPACED_WORD})*")
_LINE_ENDS_SENTENCE = re.compile(
    r"(?<=[.!?:;\u2026\u3002\uff01\uff1f\"'\u201d\u2019)])[ \t]*\n"
    r"|\n(?=[ \t]*(?:[-*+\u2022]|\d{1,3}[.)]|#{1,6}|>|\|)[ \t])"
    r"|\n(?=[ \t]*[\"'\u201c\u2018(]?[^\W\d_a-z])"
)
_MARKS_BEFORE = re.compile(r"^\s*(?:#{1,6}|[-*+\u2022>]|\d{1,3}[.)])\s+")
_END = re.compile(
    r"[.!?\u2026]+[\"'\u201d\u2019)\]*_]*(?=\s|$)|[\u3002\uff01\uff1f\u0964]+[\u201d\u2019\u300d\u300f\uff09]*"
)
_PLAIN_ENDS = (".", "!", "?")
_ABBREVIATION = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Prof|St|Mt|vs|cf|approx|ca|Capt|Col|Gen|Gov|Lt|Sgt|Sen|Rev|bzw|z\.B|Sra?|Ud|Mme|e\.g|i\.e)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:No|Nr|Vol|Fig|Art|pp|[a-z])", re.IGNORECASE)
"""Abbreviations in front of a number; some of them are words too."""
_AT_ENDS_TOO = re.compile(r"(?:etc|Inc|Ltd|Co|Jr|a\.m|p\.m|am|pm)", re.IGNORECASE)
"""Abbreviations that a sentence may well end with."""
_INITIALS = re.compile(r"[A-HJ-Z]|[A-Z](?:\.[A-Z])+")
_BULLET = re.compile(r"^[ \t]*(?:[-*+\u2022\u25e6\u2013]|\d{1,3}[.)]|[a-zA-Z][.)])[ \t]+(\S.*)$")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(\S.*?)[ \t#]*$")
_TYPOGRAPHY = {
    ord(sign): plain
    for plain, signs in {
        "'": "\u2018\u2019\u201a\u201b\u02bc",
        '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
        " ": "\u00a0\u2007\u2009\u202f\u3000",
    }.items()
    for sign in signs
} | {0x200B: None, 0x2060: None, 0xFEFF: None, 0x00AD: None}
