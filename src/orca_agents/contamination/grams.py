"""Sequences of words as numbers: what an index keeps of its items, and what is looked up of a text."""

from __future__ import annotations

import itertools
import math
import operator
import zlib
from collections.abc import Iterable, Sequence

GRAM = 5
"""Words of the sequences that are looked up. That one is there says little; the words around it are compared then."""
FEWEST = 8
"""Words that must stand in a text in a row, at least: fewer meet by chance (Brown et al. 2020, appendix C)."""
RUN = 13
"""Words in a row that are always enough: the longest n-grams of Brown et al."""
FEWEST_SPELLED = 4
"""Different words, other than figures, in a run that is not the whole: `1, 2, 3, 4, 5, 6, 7, 8` is in many texts."""
SHORTEST = 5
"""Words of the shortest question that can be found: with 4, "Why or why not?" would be one."""


def run_length(words: int) -> int:
    """How many words of a part with so many must stand in a text in a row: two thirds of them, from 8 to 13; a part
    with fewer than 8 words must stand there whole."""
    return words if words < FEWEST else min(max(math.ceil(words * 2 / 3), FEWEST), RUN)


def grams(words: Sequence[str]) -> list[int]:
    """A number for each sequence of `GRAM` words, in order. Two sequences have the same number now and then."""
    joined = " ".join(words) + " "  # with a space after the last word too: a gram has one number wherever it stands
    text = joined.encode()
    lengths = map(len, words) if len(text) == len(joined) else (len(word.encode()) for word in words)
    ends = map(operator.add, itertools.accumulate(lengths), itertools.count(1))
    starts = [0, *ends]
    crc32 = zlib.crc32
    return [crc32(text[start:end]) for start, end in zip(starts, starts[GRAM:], strict=False)]


def whole(words: Sequence[str]) -> int:
    """The number of a short part as a whole; it is apart from those of its grams."""
    return zlib.crc32(" ".join(words).encode(), _SALT)


def can_be_told(words: Sequence[str]) -> bool:
    """Whether these words can be looked up by themselves: there are enough of them, and not figures alone."""
    return len(words) >= SHORTEST and spelled(words) >= 1


def spelled(words: Iterable[str]) -> int:
    """How many different words there are that are no figures."""
    return len({word for word in words if not word.isdigit()})


class Filter:
    """Which grams are surely not in an index, so that most of a text is never looked up there."""

    def __init__(self, grams: Iterable[int], number: int) -> None:
        """Of so many grams, with 16 to 32 bytes for each, 32 MB at most."""
        slots = 1 << min(max(number.bit_length() + 4, 10), 25)
        self._mask = slots - 1
        self._slots = bytearray(slots)
        for gram in grams:
            self._slots[gram & self._mask] = 1

    def sift(self, grams: Iterable[int]) -> list[tuple[int, int]]:
        """The grams that may be in the index, each with its place."""
        slots, mask = self._slots, self._mask
        return [(gram, place) for place, gram in enumerate(grams) if slots[gram & mask]]


_SALT = 0x6F726361
