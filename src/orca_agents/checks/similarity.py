"""How much of two texts is the same."""

from __future__ import annotations

from collections import Counter

from orca_agents.language import words


def similarity(a: str, b: str) -> float:
    """How much of two texts is the same, by their words: 0 to 1."""
    left, right = Counter(words(a)), Counter(words(b))
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 1.0
