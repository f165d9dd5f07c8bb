"""Words as single characters, so that comparing two texts is comparing two strings.

A word becomes one of the 2**20 characters beyond the basic plane, by a hash that is the same everywhere; a character of
a script without spaces stands for itself. Two different words become the same character once in a million pairs, and
then count as one word.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from functools import lru_cache

FIRST = "\U00010000"
"""The first character that stands for a whole word."""


def coded(words: Iterable[str]) -> str:
    """Words as a string of as many characters."""
    return "".join([_character(word) if len(word) <= _REMEMBERED else _character_anew(word) for word in words])


def coded_set(words: Iterable[str]) -> str:
    """A set of words, as a string in an order that is always the same."""
    return "".join(sorted(set(coded(words))))


def fingerprint(*texts: str) -> int:
    """A number of 64 bits for some texts: the same texts, the same number."""
    digest = hashlib.blake2b("\x1e".join(texts).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest())


def _character_anew(word: str) -> str:
    if len(word) == 1 and "\u0e00" <= word < "\ud800" and not word.isspace():
        return word
    return chr(0x10000 + (zlib.crc32(word.encode("utf-8", "surrogatepass")) & 0xFFFFF))


_REMEMBERED = 40
"""Characters of the longest word that is remembered."""
_character = lru_cache(maxsize=50_000)(_character_anew)
