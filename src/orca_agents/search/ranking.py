"""Order candidates that came out of several queries by one measure, BM25, and make hits of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from orca_agents.search.api import Hit, Passage
from orca_agents.search.excerpts import excerpt
from orca_agents.search.words import Term, index_words

TITLE_WEIGHT = 4.0
"""A word in the title counts as often as this many in the text."""


class Known(NamedTuple):
    """Something asked for that some passages hold, and about how many do."""

    term: Term
    passages: int


def rank(candidates: Sequence[Passage], asked: Sequence[Known], total: int) -> list[tuple[Passage, float]]:
    """The candidates with their scores, best first; `total` is how many passages the index has."""
    weights = _weights(asked, total)
    counted = [_count(passage, weights) for passage in candidates]
    average = sum(length for _, length in counted) / max(1, len(counted))
    scored = [
        (passage, _score(counts, length / max(1.0, average), asked, total))
        for passage, (counts, length) in zip(candidates, counted, strict=True)
    ]
    return sorted(scored, key=lambda pair: -pair[1])


def hits(scored: Sequence[tuple[Passage, float]], asked: Sequence[Known], total: int) -> list[Hit]:
    """Hits with their excerpts, in the order given."""
    weights = _weights(asked, total)
    return [Hit(passage=passage, score=score, excerpt=excerpt(passage.text, weights)) for passage, score in scored]


def _weights(asked: Sequence[Known], total: int) -> dict[str, float]:
    return {word: _rarity(known.passages, total) for known in asked for word in known.term.words}


def title_words(passage: Passage) -> str:
    """The words of a passage's title; where it has none, of the file that it comes from."""
    return index_words(passage.title if passage.title is not None else passage.source.rpartition("/")[2])


_SATURATION, _BY_LENGTH = 1.2, 0.75  # k1 and b, as FTS5 and tantivy have them


def _rarity(passages: int, total: int) -> float:
    return math.log(1 + (max(total, passages) - passages + 0.5) / (passages + 0.5))


def _count(passage: Passage, weights: dict[str, float]) -> tuple[dict[str, float], int]:
    """How often the asked words stand in a passage, and how many words it has."""
    words = index_words(passage.text).split()
    counts: dict[str, float] = {**Counter(word for word in words if word in weights)}
    for word in title_words(passage).split():
        if word in weights:
            counts[word] = counts.get(word, 0.0) + TITLE_WEIGHT
    return counts, len(words)


def _score(counts: dict[str, float], length: float, asked: Sequence[Known], total: int) -> float:
    score = 0.0
    for term, passages in asked:
        often = min(counts.get(part, 0.0) for part in term.parts)
        if term.whole is not None:
            often += counts.get(term.whole, 0.0)
        damping = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * length)
        score += _rarity(passages, total) * often * (_SATURATION + 1) / (often + damping)
    return score
