"""The way of the items: made, rejected, failed, declined or accepted; then dropped by steps of a build."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.report.sources import FAILURES_NAME, SKIPS_NAME, Source

COPY, LEAK = "near_duplicate", "in_benchmark"
"""The checks that stop an instruction before its answer is bought."""


@dataclass
class SkillFunnel:
    """What became of the instructions of one skill."""

    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    declined: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    """check -> rejections, where the run's rejections are at hand."""
    errors: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    """step of a build -> accepted rows that it dropped."""

    @property
    def made(self) -> int:
        """All that were begun."""
        return self.accepted + self.rejected + self.failed + self.declined


@dataclass(frozen=True)
class Step:
    """A step of a build."""

    name: str
    before: int
    after: int
    reasons: Mapping[str, int]


@dataclass
class Ways:
    """The funnels of all runs that are looked at."""

    known: bool = False
    """Whether anything is known: a file of examples alone tells nothing."""
    skills: dict[str, SkillFunnel] = field(default_factory=lambda: defaultdict(SkillFunnel))
    rejected: Counter[str] = field(default_factory=Counter)
    """By check, over all skills."""
    failed: Counter[str] = field(default_factory=Counter)
    passages_lost: int = 0
    sources_skipped: int = 0
    reserve: int = 0
    saved: list[str] = field(default_factory=list)
    """What each run says that copies and benchmark items would have cost."""
    steps: list[Step] = field(default_factory=list)
    """Of the build, for a dataset."""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(step, reason) -> rows that were dropped."""

    @property
    def made(self) -> int:
        """All instructions."""
        return sum(skill.made for skill in self.skills.values())

    @property
    def accepted(self) -> int:
        """All that the runs accepted."""
        return sum(skill.accepted for skill in self.skills.values())

    @property
    def declined(self) -> int:
        """Instructions that an agent found unsuited to its material."""
        return sum(skill.declined for skill in self.skills.values())

    def add_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Take in what the runs counted themselves."""
        for run in runs:
            funnel = run.get("funnel") or {}
            self.known = True
            self.rejected.update(funnel.get("rejected") or {})
            self.failed.update(funnel.get("failed") or {})
            self.passages_lost += sum((funnel.get("passages_lost") or {}).values())
            self.sources_skipped += int(funnel.get("sources_skipped") or 0)
            self.reserve += int(run.get("reserve") or 0)
            if run.get("saved"):
                self.saved.append(str(run["saved"]))
            for skill, counts in _by_skill(run, funnel):
                own = self.skills[skill]
                own.accepted += int(counts.get("accepted", 0))
                own.rejected += int(counts.get("rejected", 0))
                own.failed += int(counts.get("failed", 0))
                own.declined += int(counts.get("declined", 0))

    def add_rejection(self, rejection: Mapping[str, Any]) -> None:
        """Take in the check of a rejection; one without a leaf is of a passage, which counts apart."""
        if rejection.get("leaf") is not None:
            self.skills[str(rejection.get("skill"))].checks[str(rejection.get("check"))] += 1

    def add_rest(self, source: Source) -> None:
        """Take in the failures of a run, and the drops and steps of a dataset."""
        for failure in source.lines_of(FAILURES_NAME):
            if failure.get("leaf") is not None:
                self.skills[str(failure.get("skill"))].errors[str(failure.get("error"))] += 1
        for dropped in source.dropped():
            self.skills[str(dropped.get("skill"))].dropped[str(dropped.get("step"))] += 1
        for step in source.told.get("steps") or ():
            reasons = {str(reason): int(number) for reason, number in (step.get("dropped") or {}).items()}
            self.steps.append(Step(str(step["name"]), int(step["in"]), int(step["out"]), reasons))


def benchmark_seeds(source: Source) -> int:
    """How many seeds of a run were not worked on, for they hold an item of a benchmark."""
    return sum(str(skip.get("reason")).startswith(_HOLDS) for skip in source.lines_of(SKIPS_NAME))


_HOLDS = "it holds an item of "
"""How the run says it in skips.jsonl."""


def skill_of_run(run: Mapping[str, Any]) -> str:
    """The one skill of a run, by its name; of a run of several, as it was asked for."""
    return Path(str((run.get("costs") or {}).get("skill") or run.get("skill") or "(unknown)")).stem


def _by_skill(run: Mapping[str, Any], funnel: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """(skill, {accepted, rejected, failed, declined})."""
    if funnel.get("by_skill"):
        return list(funnel["by_skill"].items())
    rejected, failed = (sum((funnel.get(what) or {}).values()) for what in ("rejected", "failed"))
    counts = {"accepted": funnel.get("accepted", 0), "rejected": rejected, "failed": failed}
    return [(skill_of_run(run), {**counts, "declined": funnel.get("declined", 0)})] if funnel.get("made") else []
