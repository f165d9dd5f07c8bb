"""Which leaves of a taxonomy have examples, and how evenly."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from orca_agents.library import Library


@dataclass(frozen=True)
class Coverage:
    """The leaves of one skill."""

    counts: Mapping[str, int]
    """leaf -> examples, in the order of the taxonomy; leaves without any included."""
    is_whole: bool
    """Whether the skill's file was found, and with it the leaves that nothing was made of."""

    @property
    def empty(self) -> tuple[str, ...]:
        """The leaves without an example."""
        return tuple(leaf for leaf, number in self.counts.items() if not number)

    @property
    def covered(self) -> int:
        """How many leaves have examples."""
        return len(self.counts) - len(self.empty)

    @property
    def bits(self) -> float:
        """Shannon's entropy of the examples over the leaves."""
        total = sum(self.counts.values())
        shares = [number / total for number in self.counts.values() if number]
        return -sum(share * math.log2(share) for share in shares) + 0.0

    @property
    def most_bits(self) -> float:
        """What it would be with as many examples of each leaf."""
        return math.log2(len(self.counts)) if self.counts else 0.0

    @property
    def evenness(self) -> float | None:
        """The entropy over the most that it could be (Pielou 1966): 1 is even; `None` with a single leaf."""
        return self.bits / self.most_bits if self.most_bits else None


def coverage_of(counts: Mapping[tuple[str, str], int], seen: Iterable[tuple[str, str]]) -> dict[str, Coverage]:
    """skill -> its coverage. `counts`: (skill, leaf) -> examples; `seen`: leaves that runs drew, too."""
    by_skill: dict[str, Counter[str]] = defaultdict(Counter)
    for skill, leaf in {*counts, *seen}:
        by_skill[skill][leaf] = counts.get((skill, leaf), 0)
    known = Library().places("skill")
    found = {}
    for skill, own in sorted(by_skill.items()):
        taxonomy = _taxonomy(known[skill]) if skill in known else ()
        ordered = dict.fromkeys((*taxonomy, *sorted(own)), 0)
        found[skill] = Coverage({leaf: own[leaf] for leaf in ordered}, bool(taxonomy))
    return found


def _taxonomy(path: Path) -> tuple[str, ...]:
    """The names alone, by the fast parser: the whole check of a skill's file takes half a second."""
    try:
        taxonomy = yaml.load(path.read_bytes(), _LOADER)["instruct"]["taxonomy"]  # noqa: S506  a safe one, see below
        return tuple(str(leaf["name"]) for leaf in taxonomy)
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return ()  # a skill of the user's own that is being worked on: what was made of it counts


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
