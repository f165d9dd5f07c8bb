"""How many accepted examples are wanted: which leaves to draw next, and when there are enough.

Everything here follows the order of the seeds and what is on record of them, never the order in which answers arrive:
a run that is repeated, resumed, or made with other limits draws the same and keeps the same.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orca_agents.stages import Fill
from orca_agents.store import Tally


@dataclass(frozen=True)
class Shortfall:
    """What is missing of a quota when the seeds have run out."""

    wanted: int
    accepted: int
    by_leaf: dict[str, tuple[int, int]] = field(default_factory=dict)
    """leaf -> (wanted, accepted), of the leaves that are short of what was asked for each."""

    def __str__(self) -> str:
        text = f"{self.accepted} of {self.wanted} accepted"
        if self.by_leaf:
            text += "; short of " + ", ".join(f"{leaf} ({n} of {of})" for leaf, (of, n) in self.by_leaf.items())
        return text


@dataclass
class _Seed:
    drawn: Counter[str]
    tally: Tally | None = None


class Quota:
    """The wanted numbers, and how far the seeds have come.

    What is drawn for a seed may depend on what was drawn for all seeds before it, and on what became of those at least
    `lag` seeds before it: these are finished when it is started, however long each of them took.
    """

    def __init__(
        self,
        leaves: Sequence[str] | Mapping[str, float],
        *,
        accept: int | None = None,
        each: Mapping[str, int] | None = None,
        lag: int,
    ) -> None:
        """`leaves` with their weights, where these differ: what is wanted of each beside the others."""
        self.accept = accept
        self.each = dict(each or {})
        """leaf -> how many of it; where it is given, no other leaf is drawn."""
        self.lag = lag
        self._targets = {leaf: float(n) for leaf, n in self.each.items()} or (
            dict(leaves) if isinstance(leaves, Mapping) else dict.fromkeys(leaves, 1.0)
        )
        """How many of each leaf, or equal parts: how many there are to be in all changes no draw."""
        self._seeds: deque[_Seed] = deque()
        """From the first seed whose outcome may not be used yet."""
        self._first = 0
        self._started = 0
        self._leaves = 0
        """Drawn for all seeds that were started."""
        self._settled = 0
        """Seeds that are finished, without a gap before them."""
        self._drawn: Counter[str] = Counter()
        """Of the seeds before `_first`."""
        self._known: Counter[str] = Counter()
        """Accepted examples of the seeds before `_first`."""
        self._pending: Counter[str] = Counter()
        """Drawn for the seeds from `_first` on."""
        self._accepted: Counter[str] = Counter()
        """Accepted examples of the first `_settled` seeds."""
        self._finished = 0
        self._yield = 0
        """Seeds finished in any order, and the accepted examples of these: for guesses about the time left only."""

    @property
    def wanted(self) -> int:
        """How many accepted examples in all."""
        return sum(self.each.values()) if self.each else self.accept or 0

    def may_start(self) -> bool:
        """Whether all that the next draw depends on is known, and the next seed is likely to be needed."""
        if self._started - self._settled >= self.lag:
            return False
        missing = max(1, self.wanted - self._yield)
        # before any is finished, a seed is taken to give as many examples as leaves were drawn for it
        first_guess = max(1.0, self._leaves / max(1, self._started))
        a_seed = (self._yield + first_guess) / (self._finished + 1)
        return self._started - self._finished < math.ceil(1.2 * missing / a_seed)

    def filled(self) -> dict[str, Fill]:
        """How far each leaf is, for the draw of the next seed. Leaves that have all that was asked of them are left
        out."""
        return {
            leaf: Fill((self._known[leaf] + self._pending[leaf] * self._rate(leaf)) / target, 1 / target)
            for leaf, target in self._targets.items()
            if not (self.each and self._known[leaf] >= target)
        }

    def start(self, drawn: Mapping[str, int]) -> int:
        """A seed is begun with these leaves; its number."""
        self._seeds.append(_Seed(Counter(drawn)))
        self._pending.update(drawn)
        self._leaves += sum(drawn.values())
        self._started += 1
        self._learn()
        return self._started - 1

    def settle(self, number: int, tally: Tally) -> None:
        """A seed is finished."""
        self._seeds[number - self._first].tally = tally
        while self._settled < self._started and not self.enough():
            after = self._seeds[self._settled - self._first].tally
            if after is None:
                break
            self._settled += 1
            self._accepted.update(after.accepted)
        self._learn()
        self._finished += 1
        self._yield += sum(tally.accepted.values())

    def enough(self) -> bool:
        """Whether the first seeds, without a gap, gave all that is wanted: nothing that comes later is needed."""
        if self.each:
            return all(self._accepted[leaf] >= n for leaf, n in self.each.items())
        return self._accepted.total() >= self.wanted

    def reserve(self, accepted: Iterable[tuple[int, str, str]]) -> Iterable[str]:
        """The ids of what is accepted beyond the wanted numbers, of (position, id, leaf) in the order of the seeds."""
        taken: Counter[str] = Counter()
        for _, example, leaf in accepted:
            kind = leaf if self.each else ""
            if taken[kind] < (self.each.get(leaf, 0) if self.each else self.wanted):
                taken[kind] += 1
            else:
                yield example

    def shortfall(self, accepted: int, by_leaf: Mapping[str, int]) -> Shortfall | None:
        """What is missing of the wanted numbers, by what was accepted; `None` if nothing is."""
        short = {leaf: (n, by_leaf.get(leaf, 0)) for leaf, n in self.each.items() if by_leaf.get(leaf, 0) < n}
        if self.each:
            accepted = sum(min(n, by_leaf.get(leaf, 0)) for leaf, n in self.each.items())
        if accepted >= self.wanted:
            return None
        return Shortfall(self.wanted, accepted, short)

    def _learn(self) -> None:
        """Take in what became of the seeds at least `lag` before the next one: by then they are finished."""
        while self._seeds and self._first <= self._started - self.lag and (tally := self._seeds[0].tally) is not None:
            drawn = self._seeds.popleft().drawn
            self._first += 1
            self._drawn.update(drawn)
            self._pending.subtract(drawn)
            self._known.update(tally.accepted)

    def _rate(self, leaf: str) -> float:
        """How many accepted examples a draw of a leaf gives, as far as is known (Laplace's rule)."""
        return (self._known[leaf] + 1) / (self._drawn[leaf] + 2)
