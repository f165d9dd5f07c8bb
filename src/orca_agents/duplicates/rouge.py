"""ROUGE-L (Lin 2004): how much of two texts is the same words in the same order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rapidfuzz.distance import LCSseq


def rouge_l(one: Sequence[Hashable], other: Sequence[Hashable], cutoff: float = 0.0) -> float:
    """The F1 of the longest common subsequence: 0 to 1, and 0 below the cutoff, which is found out sooner.

    Two strings are compared sign by sign. Two texts without words are the same.
    """
    total = len(one) + len(other)
    if total == 0:
        return 1.0
    score = 2 * in_common(one, other, int(cutoff * total / 2)) / total
    return score if score >= cutoff else 0.0


def in_common(one: Sequence[Hashable], other: Sequence[Hashable], least: int = 0) -> int:
    """The length of the longest common subsequence; 0 where it is less than `least`."""
    return LCSseq.similarity(one, other, score_cutoff=least)
