"""What an accepted example cost, by skill, stage and model, as the runs' own books say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orca_agents.report.funnels import skill_of_run


@dataclass
class Spent:
    """What some calls took."""

    usd: float = 0.0
    tokens: float = 0.0
    accepted: int = 0
    is_known: bool = True
    """Whether any price is known."""
    is_complete: bool = True
    """Whether `usd` is all of it."""

    @property
    def usd_each(self) -> float | None:
        """Dollars per accepted example; `None` where nothing was accepted or no price is known."""
        return self.usd / self.accepted if self.accepted and self.is_known else None

    @property
    def tokens_each(self) -> float | None:
        """Tokens per accepted example, prompts and replies."""
        return self.tokens / self.accepted if self.accepted else None


@dataclass
class Money:
    """What some runs cost."""

    total: Spent = field(default_factory=Spent)
    skills: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    """A skill has its leaves' own calls and their share of those that serve several leaves. Empty where the runs tell
    no more than their sums."""
    stages: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    models: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    calls: int = 0
    known: bool = False
    """Whether any run told its costs."""

    @property
    def in_tokens(self) -> bool:
        """Whether costs are told in tokens, for there is no price, or none but nothing."""
        return not (self.total.is_known and self.total.usd)

    @property
    def tells_skills(self) -> bool:
        """Whether all of it is divided among skills: a dataset keeps no more than the sums of its runs."""
        return bool(self.skills) and sum(one.accepted for one in self.skills.values()) == self.total.accepted

    def add_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Take in the runs' books: the `costs` of summary.json, or the sums that a dataset keeps of them."""
        for run in runs:
            self.calls += int((run.get("usage") or {}).get("calls") or 0)
            costs = run.get("costs") or {}
            if costs.get("total"):
                self.known = True
                _add(self.total, costs["total"])
                for stage, cost in (costs.get("by_stage") or {}).items():
                    _add(self.stages[stage], cost)
                for model, cost in (costs.get("by_model") or {}).items():
                    _add(self.models[model], cost)
                several = bool((run.get("funnel") or {}).get("by_skill"))
                for leaf, cost in (costs.get("by_leaf") or {}).items():
                    if leaf:  # without a name: calls that came before any leaf
                        _add(self.skills[leaf.partition("/")[0] if several else skill_of_run(run)], cost)
            elif run.get("usage"):
                self.known = True
                usage, accepted = run["usage"], (run.get("funnel") or {}).get("accepted", 0)
                tokens = {name: usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens")}
                cost = {**tokens, "usd": run.get("usd"), "complete": run.get("usd_is_complete"), "accepted": accepted}
                _add(self.total, cost)
                if not (run.get("funnel") or {}).get("by_skill"):
                    _add(self.skills[skill_of_run(run)], cost)


def _add(spent: Spent, cost: Mapping[str, Any]) -> None:
    first = not spent.tokens and not spent.usd and not spent.accepted
    known = cost.get("usd") is not None
    spent.is_known = known if first else spent.is_known or known
    spent.is_complete = spent.is_complete and bool(cost.get("complete"))
    spent.usd += cost.get("usd") or 0.0
    spent.tokens += (cost.get("prompt_tokens") or 0) + (cost.get("completion_tokens") or 0)
    spent.accepted += int(cost.get("accepted") or 0)
