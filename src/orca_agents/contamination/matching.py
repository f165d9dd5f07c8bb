"""Which part of an item stands in a text: runs of equal words, and what share of the item they make up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

from orca_agents.contamination.adding import LONG
from orca_agents.contamination.grams import FEWEST, FEWEST_SPELLED, RUN, run_length, spelled


class Hit(NamedTuple):
    """An item of a benchmark that stands in a text, in whole or in part."""

    benchmark: str
    item: str
    """Its id, or `row 17`."""
    share: float
    """The part of the item's question, or of the item with its options if that is more, that stands in the text."""
    text: str
    """The longest piece of the text that stands in the item."""


ENOUGH_SHARE = 1 / 3
"""An item is in a text if this share of its own words is there, in runs that are long enough."""
ENOUGH_WORDS = 50
"""Or so many of them in a row, whatever their share: what Lee et al. (2022) take for copied text, there in tokens."""
NEAR_SHARES = ((20, 0.8), (12, 0.9))
"""A part is there with changes if this share of its own words is, in order and close together: four fifths of 20 or
more, nine tenths of 12 or more. Of fewer words a single one may be the question."""


@dataclass
class Part:
    """A text of an item, and which of its words were found."""

    words: Sequence[str]
    own: Sequence[bool]
    """Which of the words are not what many items of the benchmark share."""
    found: set[int] = field(default_factory=set)
    """Own words in runs that are long enough."""
    near: int = 0
    """Own words that are there in order, where these are enough."""
    longest: tuple[int, int, int] = (0, 0, 0)
    """Own words of the longest run, and where in the text it begins and ends."""
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _shifts: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many words are its own."""
        return sum(self.own)

    @property
    def count(self) -> int:
        """How many of its own words were found."""
        return max(len(self.found), self.near)

    def match(self, text: Sequence[str], place: int, at: int) -> None:
        """Compare this part with a text, of which word `at` seems to be word `place` of this part."""
        words, shift = self.words, at - place
        if (place, shift) in self._seen or words[place] != text[at]:  # two grams may have one number
            return
        first = place
        while first > 0 and first + shift > 0 and words[first - 1] == text[first - 1 + shift]:
            first -= 1
        end = place
        while end < len(words) and end + shift < len(text) and words[end] == text[end + shift]:
            end += 1
        self._seen.update((word, shift) for word in range(first, end))
        is_whole = end - first == len(words)
        if end - first >= run_length(len(words)) and (is_whole or spelled(words[first:end]) >= FEWEST_SPELLED):
            own = [word for word in range(first, end) if self.own[word]]
            self.found.update(own)
            if len(own) > self.longest[0]:
                self.longest = (len(own), first + shift, end + shift)
        else:
            self._align(text, shift)

    def _align(self, text: Sequence[str], shift: int) -> None:
        """Look whether most of this part stands in the text around here, with some words changed, added or left out."""
        own = [word for word, mine in zip(self.words, self.own, strict=True) if mine]
        wanted = next((share for fewest, share in NEAR_SHARES if len(own) >= fewest), None)
        slack = len(self.words) // 4
        is_tried = any(abs(shift - other) <= slack for other in self._shifts)
        if wanted is None or is_tried or len(self._shifts) >= _MOST_PLACES:
            return
        self._shifts.append(shift)
        begin, end = max(0, shift - slack), min(len(text), shift + len(self.words) + slack)
        near = _in_order(own, text[begin:end], wanted)
        if near > self.near and _in_order(_without_figures(own), _without_figures(text[begin:end]), wanted):
            self.near = near
            if not self.found:
                self.longest = (0, max(0, shift), min(len(text), shift + len(self.words)))


def share(parts: Sequence[Part], text: str) -> float:
    """How much of an item with these parts, the question first, is in a text; `text` is its words with spaces.

    The question alone counts where it is long enough to be told by itself. Parts too short to be looked up count where
    they stand anywhere in the text.
    """
    question, others = parts[0], parts[1:]
    found = [_found(part, text) for part in parts]
    is_short = len(question.words) < FEWEST and any(part.size for part in others)
    # "Why did the author most likely write this?" is another question about another passage
    is_about_passage = len(question.words) < RUN and any(len(part.words) >= LONG for part in others)
    if (is_short or is_about_passage) and not any(found[1:]):
        return 0.0  # "Which of these is a mammal?" is another question over other options
    total = sum(part.size for part in parts)
    whole = sum(found) / total if total else 0.0
    return whole if is_short or not question.size else max(whole, found[0] / question.size)


def is_hit(parts: Iterable[Part], share: float) -> bool:
    """Whether so much of an item is found that it counts."""
    return share >= ENOUGH_SHARE or any(part.longest[0] >= ENOUGH_WORDS for part in parts)


def _found(part: Part, text: str) -> int:
    if part.count or len(part.words) >= FEWEST:
        return part.count
    return part.size if f" {' '.join(part.words)} " in text else 0


def _in_order(words: Sequence[str], text: Sequence[str], share: float) -> int:
    """How many of the words stand in the text in this order; 0 where they are less than this share of them."""
    return LCSseq.similarity(words, text, score_cutoff=math.ceil(share * len(words)))


def _without_figures(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.isdigit()]


_MOST_PLACES = 8
"""Places in one text at which a part is looked for with changes."""
