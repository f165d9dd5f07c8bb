"""Compare texts as people read them: case, width, kind of quotation mark or dash and spaces make no difference."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese and Chinese
    "\uac00-\ud7af"  # Korean: particles are written on to the word
)
"""Scripts in which a word has no space beside it."""
_SPACED = rf"[^\W{_UNSPACED}]"
_PIECE = re.compile(rf"{_SPACED}+|[{_UNSPACED}]")


def plain(text: str) -> str:
    """A text for comparing: case, width, kind of quotation mark and spaces make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub("[\u2018\u2019\u02bc]", "'", re.sub("[\u201c\u201d\u201e]", '"', folded))
    return re.sub(r"\s+", " ", re.sub("[\u2010-\u2015\u2212]", "-", folded)).strip()


def says(text: str, words: str) -> bool:
    """Whether a text holds these words, as whole words and whole numbers: `4` is not in `4.20`, nor `30` in `16:30`."""
    wanted = plain(words)
    if not wanted:
        return False
    before = _edge(wanted[0], rf"(?<!{_SPACED})", r"(?<!\d[.,:])")
    after = _edge(wanted[-1], rf"(?!{_SPACED})", r"(?![.,:]\d)")
    return re.search(before + re.escape(wanted) + after, plain(text)) is not None


def pieces(text: str) -> list[str]:
    """The words of a text; of scripts without spaces, the single characters."""
    return _PIECE.findall(plain(text))


def _edge(character: str, of_word: str, of_number: str) -> str:
    """What must not stand beside the first or the last character of words that are looked for."""
    if re.fullmatch(rf"[{_UNSPACED}]", character):
        return ""
    return of_word + (of_number if character.isdigit() else "")
