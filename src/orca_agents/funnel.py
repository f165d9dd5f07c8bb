"""Count what became of the items: made, rejected by which check, skipped, failed, accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orca_agents.outcomes import Example, Failure, Outcome, Rejection, Skip, qualified


@dataclass
class Funnel:
    """The way of the instructions through a run. Passages and files that led to none are counted apart."""

    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By the check that stopped them."""
    failed: Counter[str] = field(default_factory=Counter)
    """By the type of the error."""
    declined: int = 0
    """Instructions that an agent found unsuited to its material."""
    passages_lost: Counter[str] = field(default_factory=Counter)
    """Contents that were rejected, failed or declined, by why; no instruction was made of them."""
    sources_skipped: int = 0
    """Files, rows and chunks that were not worked on."""
    by_leaf: dict[str, Counter[str]] = field(default_factory=dict)
    """leaf -> {accepted, rejected, failed, declined}; of a run of several skills `skill/leaf`."""
    by_skill: dict[str, Counter[str]] = field(default_factory=dict)
    """Of a run of several skills: skill -> the same."""

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Funnel:
        """The funnel of these outcomes."""
        funnel = cls()
        for outcome in outcomes:
            funnel.add(outcome)
        return funnel

    @classmethod
    def of_counts(cls, counts: Iterable[tuple[str, str, str | None, str, str, int]]) -> Funnel:
        """The same, of how many outcomes there are of each (type, stage, leaf, label, skill): see `Store.counts`."""
        funnel = cls()
        for kind, stage, leaf, label, skill, number in counts:
            funnel._count(kind, stage, leaf, label, number, skill)
        return funnel

    @property
    def made(self) -> int:
        """All instructions that were begun."""
        return self.accepted + self.rejected.total() + self.failed.total() + self.declined

    def add(self, outcome: Outcome, skill: str = "") -> None:
        """Count one outcome; `skill` where the run has several."""
        match outcome:
            case Example():
                self._count("Example", "", outcome.leaf, "", 1, skill)
            case Rejection():
                self._count("Rejection", outcome.stage, outcome.leaf, outcome.check, 1, skill)
            case Failure():
                self._count("Failure", outcome.stage, outcome.leaf, outcome.error, 1, skill)
            case Skip():
                self._count("Skip", outcome.stage, outcome.leaf, "", 1, skill)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, keys in a fixed order."""
        return {
            "made": self.made,
            "accepted": self.accepted,
            "rejected": dict(sorted(self.rejected.items())),
            "failed": dict(sorted(self.failed.items())),
            "declined": self.declined,
            "passages_lost": dict(sorted(self.passages_lost.items())),
            "sources_skipped": self.sources_skipped,
            "by_leaf": _plain(self.by_leaf),
            **({"by_skill": _plain(self.by_skill)} if self.by_skill else {}),
        }

    def lines(self) -> list[str]:
        """For people, one count a line."""
        lines = [f"{self.made:6} instructions made"]
        lines += [f"{-n:6} rejected by {check}" for check, n in self.rejected.most_common()]
        lines += [f"{-n:6} failed: {error}" for error, n in self.failed.most_common()]
        if self.declined:
            lines.append(f"{-self.declined:6} declined: an agent found the passage unsuited")
        lines.append(f"{self.accepted:6} accepted")
        width = max(map(len, self.by_skill), default=0)
        for skill, counts in sorted(self.by_skill.items()):
            told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            lines.append(f"       {skill:{width}}  {told}")
        if self.passages_lost:
            why = ", ".join(f"{n} {reason}" for reason, n in self.passages_lost.most_common())
            lines.append(f"       and {self.passages_lost.total()} passages that led to none: {why}")
        if self.sources_skipped:
            lines.append(f"       and {self.sources_skipped} files, rows or chunks skipped (see skips.jsonl)")
        return lines

    def _count(self, kind: str, stage: str, leaf: str | None, label: str, number: int, skill: str) -> None:
        own, leaf = leaf, None if leaf is None else qualified(skill, leaf)
        if skill and own is not None:
            what = {"Example": "accepted", "Rejection": "rejected", "Failure": "failed", "Skip": "declined"}[kind]
            self.by_skill.setdefault(skill, Counter())[what] += number
        match kind, leaf:
            case "Example", _:
                self.accepted += number
                self._leaf(leaf, "accepted", number)
            case (("Rejection" | "Failure"), None):
                self.passages_lost[label] += number
            case "Rejection", _:
                self.rejected[label] += number
                self._leaf(leaf, "rejected", number)
            case "Failure", _:
                self.failed[label] += number
                self._leaf(leaf, "failed", number)
            case "Skip", _ if stage == "seeds":
                self.sources_skipped += number
            case "Skip", None:
                self.passages_lost["declined"] += number
            case "Skip", _:
                self.declined += number
                self._leaf(leaf, "declined", number)

    def _leaf(self, leaf: str | None, what: str, number: int) -> None:
        self.by_leaf.setdefault(leaf or "", Counter())[what] += number


def _plain(groups: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(counts.items())) for name, counts in sorted(groups.items())}
