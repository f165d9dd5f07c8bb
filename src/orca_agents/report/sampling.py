"""Draw rows at random in one pass, in bounded memory: the same rows for the same seed, in whatever order they come."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

ALL = 1 << 64
"""One more than the largest place."""


def place_of(id: str, seed: int = 0) -> int:
    """Where an id stands in the lottery of a seed: evenly spread over 0 .. ALL - 1."""
    text = f"{seed}/{id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


class Sample(Generic[T]):
    """The `size` offers with the lowest places; all of them while there are fewer."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.offered = 0
        self._kept: list[tuple[int, int, T]] = []  # a heap, its largest place first

    def offer(self, place: int, make: Callable[[], T]) -> None:
        """Take what `make` gives, if it belongs to the sample so far; otherwise it is not made."""
        self.offered += 1
        if len(self._kept) < self.size:
            heapq.heappush(self._kept, (-place, self.offered, make()))
        elif self._kept and place < -self._kept[0][0]:
            heapq.heapreplace(self._kept, (-place, self.offered, make()))

    @property
    def is_all(self) -> bool:
        """Whether nothing was left out."""
        return self.offered <= self.size

    def __len__(self) -> int:
        return len(self._kept)

    def items(self) -> list[T]:
        """What was drawn, in the order of the places."""
        return [item for _, _, item in sorted(self._kept, key=lambda kept: (-kept[0], kept[1]))]


class Part(Generic[T]):
    """What is known by id, of all ids whose place is below a bound; it sinks where there is no room for more.

    Two of these keep the same ids, down to the lower bound: so what belongs together is found in both.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.bound = ALL
        self._known: dict[str, tuple[int, T]] = {}

    def note(self, id: str, value: T) -> None:
        """Keep the value, if the id is below the bound."""
        place = place_of(id)
        if place >= self.bound:
            return
        self._known[id] = (place, value)
        while len(self._known) > self.room:
            self.bound //= 2
            self._known = {id: kept for id, kept in self._known.items() if kept[0] < self.bound}

    def get(self, id: str) -> T | None:
        """What is known of an id."""
        kept = self._known.get(id)
        return None if kept is None else kept[1]

    @property
    def is_all(self) -> bool:
        """Whether nothing was left out."""
        return self.bound == ALL

    def ids(self) -> list[str]:
        """All ids that are kept, in the order in which they came."""
        return list(self._known)
