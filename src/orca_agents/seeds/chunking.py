"""Cut a clean document into chunks at its own joints, with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from semantic_text_splitter import MarkdownSplitter, TextSplitter

WINDOW_CHARS = 50_000
"""Longer documents are first cut into windows of this size, at a line's end where there is one: the splitter's time
grows faster than the length of a text without spaces."""


def count_words(text: str) -> float:
    """How many words a text has, as far as a reader's work is concerned.

    A Chinese, Japanese or Korean character counts as 0.6 word, a Thai, Lao, Burmese or Khmer character
    as 0.2; a run without any space counts one word for each 20 characters.
    """
    words: float = len(text.split())
    if not text.isascii():
        ideographs = len(text) - len(_IDEOGRAPHS.sub("", text))
        unspaced = len(text) - len(_UNSPACED.sub("", text))
        words += 0.6 * ideographs + 0.2 * unspaced
    return max(words, len(text) / 20)


def count_cells(table: str) -> float:
    """How many words a table in CSV has: each cell has one or more."""
    return count_words(table.replace(",", " "))


def chunk(
    text: str, capacity: int, fewest: int = 0, *, markdown: bool = False, code: bool = False
) -> list[tuple[int, int]]:
    """Where the chunks are: `text[start:end]`, in order, without overlap; only whitespace lies between them.

    A chunk has at most `capacity` words; one of less than `fewest` is put to a neighbour where both fit in one. Code
    keeps the indentation of its first line.
    """
    whole = _strip(text, 0, len(text), code)
    if whole[0] == whole[1]:
        return []
    if count_words(text[slice(*whole)]) <= capacity:
        return [whole]
    # Leave room for a small neighbour, so that taking it in does not break the limit.
    aim = max(capacity - fewest, (capacity + 1) // 2, 1)
    splitter = (MarkdownSplitter if markdown else TextSplitter).from_callback(_measure, aim, trim=False)
    spans = []
    for start, end in _windows(text):
        starts = [start + offset for offset, _ in splitter.chunk_indices(text[start:end])]
        spans += [_strip(text, *span, code) for span in pairwise([*starts, end])]
    return _merge(text, [span for span in spans if span[0] < span[1]], capacity, fewest)


_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_BREAKS = ("\n\n", "\n", ". ", " ")
"""Where a window may end, best first."""


def _measure(text: str) -> int:
    """`count_words`, rounded up, as the splitter wants it."""
    return -int(-count_words(text) // 1)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """The text in pieces of at most WINDOW_CHARS, cut in their second half where that is possible."""
    start = 0
    while len(text) - start > WINDOW_CHARS:
        half, full = start + WINDOW_CHARS // 2, start + WINDOW_CHARS
        end = next((at + len(mark) for mark in _BREAKS if (at := text.rfind(mark, half, full)) >= 0), full)
        yield start, end
        start = end
    yield start, len(text)


def _strip(text: str, start: int, end: int, code: bool) -> tuple[int, int]:
    """The span without outer whitespace; code keeps the indentation of its first line."""
    piece = text[start:end]
    stripped_end = start + len(piece.rstrip())
    stripped_start = min(end - len(piece.lstrip()), stripped_end)
    if code:
        stripped_start = max(start, text.rfind("\n", start, stripped_start) + 1)
    return stripped_start, stripped_end


def _merge(text: str, spans: list[tuple[int, int]], capacity: int, fewest: int) -> list[tuple[int, int]]:
    """Put each chunk that is too small to the one before it, or the first to the one after it."""
    merged: list[tuple[int, int]] = []
    for span in spans:
        if merged:
            both = (merged[-1][0], span[1])
            small = min(count_words(text[slice(*merged[-1])]), count_words(text[slice(*span)])) < fewest
            if small and count_words(text[slice(*both)]) <= capacity:
                merged[-1] = both
                continue
        merged.append(span)
    return merged
