"""Keys under which a text is found again by texts that are alike: bands of a MinHash signature (Broder 1997).

Questions are sets of single words. Two questions of ROUGE-L 0.7 have at least 0.54 of their words in common (Jaccard
index, repeated words counted), and of 32 bands of 5 at least one agrees with a probability of 0.77 at that limit, 0.95
at 0.62 and 0.997 at 0.7; sets of word pairs, at the same number of false candidates, lose several times as many.
Passages are sets of three words in a row, since any two long texts share most of their common words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import mul

from rensa import RMinHash

QUESTION_BANDS = (32, 5)
"""Bands and rows of a band."""
PASSAGE_BANDS = (24, 2)


def sign_question(text: str) -> list[int]:
    """The signature of a coded question."""
    return _sign(_words(text), QUESTION_BANDS)


def sign_passage(text: str) -> list[int]:
    """The signature of a coded passage."""
    return _sign([text[at : at + 3] for at in range(max(1, len(text) - 2))], PASSAGE_BANDS)


def question_keys(signature: Sequence[int], place: int) -> list[int]:
    """The keys of a question among those that belong to one passage (0: to none)."""
    return _keys(signature, QUESTION_BANDS, place)


def passage_keys(signature: Sequence[int]) -> list[int]:
    """The keys of a passage."""
    return _keys(signature, PASSAGE_BANDS, _OF_PASSAGES)


def key_of(kind: int, number: int, place: int = 0) -> int:
    """A key for something that is equal or not, such as a fingerprint."""
    return _mixed((number & 0xFFFFFFFF, number >> 32), kind, place)


_SEED = 20260101
_OF_PASSAGES = -1
_ODD = (
    0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F,
    0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3,
)  # fmt: skip
"""Odd numbers of 64 bits without a pattern: a sum of products with them spreads over all keys."""


def _words(text: str) -> list[str]:
    """The words of a text; one that comes again is another one."""
    counts: Counter[str] = Counter()
    found = []
    for word in text:
        counts[word] += 1
        found.append(word if counts[word] == 1 else f"{word}{counts[word]}")
    return found


def _sign(shingles: list[str], bands: tuple[int, int]) -> list[int]:
    sketch = RMinHash(num_perm=bands[0] * bands[1], seed=_SEED)
    sketch.update(shingles)  # its batches are no quicker, and start threads
    digest: list[int] = sketch.digest()
    return digest


def _keys(signature: Sequence[int], bands: tuple[int, int], place: int) -> list[int]:
    count, rows = bands
    return [_mixed(signature[band * rows : (band + 1) * rows], band, place) for band in range(count)]


def _mixed(numbers: Sequence[int], kind: int, place: int) -> int:
    """A number of 48 bits, which is short in a file. Multilinear hashing (Carter and Wegman 1979)."""
    total: int = sum(map(mul, numbers, _ODD)) + (kind + 1) * _ODD[5] + place * _ODD[6]
    return (total & 0xFFFFFFFFFFFFFFFF) >> 16
