"""How hard items were for the run's own solvers, before and after refinement.

A solver sees the task and never the key. The share of the solvers' votes that agree with the key says how hard an item
was for the teacher. It is no measure of how hard the item is for a student. Accepted items won a vote, so their share
is high by selection: where a run's rejections are at hand, the share over all items that came to a vote stands beside
it. Graders, answers that programs alone decide, and probes do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orca_agents.report.sampling import Part

ROOM = 100_000
"""Items of which parent and child are compared; of more, about so many are drawn."""


@dataclass
class Agreement:
    """How often solvers reached the key."""

    items: int = 0
    votes: int = 0
    agreeing: int = 0
    unanimous: int = 0
    """Items that all their solvers solved."""

    @property
    def share(self) -> float | None:
        """The part of the votes that agree; `None` where there was none."""
        return self.agreeing / self.votes if self.votes else None

    def add(self, agreeing: int, votes: int) -> None:
        """Count an item."""
        self.items += 1
        self.votes += votes
        self.agreeing += agreeing
        self.unanimous += agreeing == votes


@dataclass(frozen=True)
class Pairs:
    """Refined items beside the ones that they were made of."""

    count: int = 0
    parents: float = 0.0
    """The mean share of agreeing votes of the parents."""
    children: float = 0.0
    harder: int = 0
    """Pairs whose child was solved less often than its parent."""
    easier: int = 0
    is_all: bool = True
    """Whether every pair was looked at, and not about `ROOM` drawn ones."""

    @property
    def same(self) -> int:
        """Pairs that were solved equally often."""
        return self.count - self.harder - self.easier


@dataclass
class Difficulty:
    """Fills while rows and rejections go by."""

    accepted: defaultdict[tuple[str, bool], Agreement] = field(default_factory=lambda: defaultdict(Agreement))
    """(skill, whether refined)."""
    voted: defaultdict[tuple[str, bool], Agreement] = field(default_factory=lambda: defaultdict(Agreement))
    """The same of all items that came to a vote, those that lost it included."""
    has_rejections: bool = False

    def __post_init__(self) -> None:
        self._shares: Part[float] = Part(ROOM)
        self._children: Part[tuple[float, ...]] = Part(ROOM)

    def add_example(self, id: str, skill: str, metadata: Mapping[str, Any]) -> None:
        """Take in an accepted item."""
        refined = metadata.get("goal") is not None
        agreeing, votes = _votes(metadata.get("verification"))
        if not votes:
            return
        self.accepted[skill, refined].add(agreeing, votes)
        self.voted[skill, refined].add(agreeing, votes)
        share = agreeing / votes
        self._shares.note(id, share)
        if parent := metadata.get("parent_id"):
            self._children.note(parent, (*(self._children.get(parent) or ()), share))

    def add_rejection(self, rejection: Mapping[str, Any]) -> None:
        """Take in an item that was not kept: it counts where it came to a vote."""
        agreeing, votes = _votes(rejection.get("verification"))
        if not votes:
            return
        self.has_rejections = True
        refined = (rejection.get("instruction") or {}).get("goal") is not None
        self.voted[str(rejection.get("skill")), refined].add(agreeing, votes)
        self._shares.note(str(rejection.get("id")), agreeing / votes)

    def pairs(self) -> Pairs:
        """Accepted refined items beside their parents, accepted or not, where both came to a vote."""
        found = [
            (share, child)
            for parent in self._children.ids()
            if (share := self._shares.get(parent)) is not None
            for child in self._children.get(parent) or ()
        ]
        if not found:
            return Pairs()
        return Pairs(
            count=len(found),
            parents=sum(parent for parent, _ in found) / len(found),
            children=sum(child for _, child in found) / len(found),
            harder=sum(child < parent for parent, child in found),
            easier=sum(child > parent for parent, child in found),
            is_all=self._shares.is_all and self._children.is_all,
        )


def total_of(groups: Mapping[tuple[str, bool], Agreement], refined: bool, skill: str | None = None) -> Agreement:
    """All seed items, or all refined ones; of one skill or of all."""
    total = Agreement()
    for (name, is_refined), one in groups.items():
        if is_refined == refined and skill in (None, name):
            total.items += one.items
            total.votes += one.votes
            total.agreeing += one.agreeing
            total.unanimous += one.unanimous
    return total


def _votes(verification: Mapping[str, Any] | None) -> tuple[int, int]:
    """(agreeing, all) votes of solvers who saw the item as it is."""
    agreeing = votes = 0
    for vote in (verification or {}).get("votes") or ():
        if vote.get("passage", "this") == "this" and str(vote.get("voter")).startswith("solver"):
            votes += 1
            agreeing += bool(vote.get("agrees"))
    return agreeing, votes
