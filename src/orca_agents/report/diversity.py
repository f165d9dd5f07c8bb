"""How varied texts are: distinct n-grams, repeated ones, and how questions begin.

distinct-n is the number of different n-grams over the number of all (Li et al. 2016, "A Diversity-Promoting Objective
Function for Neural Conversation Models", section 5.2, https://arxiv.org/abs/1510.03055). It falls with the length of
the text it is taken of, so it is told for a stated number of words, and two sets are compared at the same number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from orca_agents.language import words

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
"""Numbers of words at which diversity is told."""
OPENING_WORDS = 2
MOST_OPENINGS = 12


@dataclass(frozen=True)
class Diversity:
    """How varied some texts are, over their first `words` words."""

    words: int
    texts: int
    distinct: tuple[float, float, float]
    """distinct-1, distinct-2, distinct-3."""
    repeated: float
    """The part of the 4-grams that some other text has too."""


@dataclass(frozen=True)
class Variety:
    """The diversity of texts at each of `SIZES` that they fill; of fewer words than the first, at what there are."""

    at: dict[int, Diversity] = field(default_factory=dict)
    openings: tuple[tuple[str, float], ...] = ()
    """The most frequent first words, with the part of the texts that begin so."""
    other_openings: int = 0
    """How many further ones there are."""

    @property
    def best(self) -> Diversity | None:
        """Over as many words as there are."""
        return self.at[max(self.at)] if self.at else None


def variety_of(texts: Sequence[str]) -> Variety:
    """The variety of texts that were drawn at random and stand in random order."""
    said = [found for found in map(words, texts) if found]
    total = sum(map(len, said))
    if not total:
        return Variety()
    sizes = [size for size in SIZES if size <= total] or [total]
    openings = Counter(" ".join(found[:OPENING_WORDS]) for found in said)
    most = openings.most_common()[:MOST_OPENINGS]
    return Variety(
        {size: _diversity(said, size) for size in sizes},
        tuple((opening, count / len(said)) for opening, count in sorted(most, key=lambda one: (-one[1], one[0]))),
        len(openings) - len(most),
    )


def _diversity(said: Sequence[Sequence[str]], size: int) -> Diversity:
    cut = list(_first(said, size))
    seen: tuple[set[tuple[str, ...]], ...] = (set(), set(), set())
    counts = [0, 0, 0]
    in_texts: Counter[tuple[str, ...]] = Counter()
    fours: list[Counter[tuple[str, ...]]] = []
    for one in cut:
        for n in (1, 2, 3):
            grams = _grams(one, n)
            seen[n - 1].update(grams)
            counts[n - 1] += len(grams)
        own = Counter(_grams(one, 4))
        fours.append(own)
        in_texts.update(own.keys())
    distinct = tuple(len(seen[n]) / counts[n] if counts[n] else 0.0 for n in range(3))
    all_fours = sum(own.total() for own in fours)
    repeated = sum(number for own in fours for gram, number in own.items() if in_texts[gram] > 1)
    return Diversity(
        size, len(cut), (distinct[0], distinct[1], distinct[2]), repeated / all_fours if all_fours else 0.0
    )


def _first(said: Sequence[Sequence[str]], size: int) -> Iterator[Sequence[str]]:
    """The texts up to so many words in all; the last one is cut."""
    left = size
    for one in said:
        yield list(islice(one, left))
        left -= len(one)
        if left <= 0:
            return


def _grams(one: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(one[at:] for at in range(n)), strict=False))
