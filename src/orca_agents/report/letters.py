"""Whether the right option stands under each letter about equally often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Letters:
    """The letters of right options, of items with one right option."""

    counts: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    """How often a letter would be right by chance, given how many options each item has; in parts of `_PARTS`."""
    items: int = 0

    def add(self, metadata: Mapping[str, Any]) -> None:
        """Count a row, if it is one of a single choice."""
        options = (metadata.get("parts") or {}).get("options") or []
        reference = metadata.get("reference") or []
        if metadata.get("form") != "choice" or len(reference) != 1 or not 2 <= len(options) <= len(_LETTERS):
            return
        letter = str(reference[0])
        if letter not in _LETTERS[: len(options)]:
            return
        self.items += 1
        self.counts[letter] += 1
        for name in _LETTERS[: len(options)]:
            self.expected[name] += _PARTS // len(options)

    def shares(self) -> list[tuple[str, float, float]]:
        """(letter, its part of the right answers, the part that chance would give it)."""
        names = sorted({*self.counts, *self.expected})
        return [(name, self.counts[name] / self.items, self.expected[name] / _PARTS / self.items) for name in names]

    @property
    def bias(self) -> float | None:
        """The most that a letter is above or below chance; `None` where there is nothing to choose."""
        return max((abs(share - chance) for _, share, chance in self.shares()), default=None)


_LETTERS = "ABCDEFGHIJ"
_PARTS = 2520  # divided by every number up to 10 without a rest: whole numbers add up to the same in any order
