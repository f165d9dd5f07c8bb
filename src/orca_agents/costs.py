"""What a run folder's calls cost: in all, per accepted example, and by model, stage, agent and leaf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from orca_agents.models.prices import cost_of, is_counted
from orca_agents.records import Usage
from orca_agents.run_config import Price

WORST_LEAVES = 8
DEAREST_AGENTS = 5


class Spent(Protocol):
    """What the calls of one purpose used: a row of the store's table."""

    @property
    def model(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def leaf(self) -> str:
        """Empty for calls that serve several leaves; of a run of several skills `skill/`."""

    @property
    def agent(self) -> str: ...
    @property
    def replies(self) -> int: ...
    @property
    def attempts(self) -> int:
        """Requests that were sent, those that failed included."""

    @property
    def faults(self) -> int:
        """Calls that ended without a reply."""

    @property
    def usage(self) -> Usage: ...


@dataclass
class Cost:
    """What a group of calls took and cost."""

    usd: float = 0.0
    """Of the calls whose price is known."""
    accepted: int = 0
    """Accepted examples that it is spread over."""
    replies: float = 0.0
    """A fraction where a leaf's share of shared calls is in it."""
    attempts: float = 0.0
    faults: float = 0.0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0
    reasoning_tokens: float = 0.0
    cached_tokens: float = 0.0
    unknown: set[str] = field(default_factory=set)
    """Models that took part and whose price or token counts are not known: `usd` is without them."""

    @property
    def usd_per_accepted(self) -> float | None:
        """`None` where nothing was accepted."""
        return self.usd / self.accepted if self.accepted else None

    @property
    def cached_share(self) -> float:
        """The part of the prompt tokens that endpoints say they had in their cache."""
        return self.cached_tokens / self.prompt_tokens if self.prompt_tokens else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data. `complete`: whether `usd` is all of it."""
        per_accepted = None if self.unknown and not self.usd else self.usd_per_accepted
        return {
            "usd": None if self.unknown and not self.usd else round(self.usd, 8),
            "complete": not self.unknown,
            "accepted": self.accepted,
            "usd_per_accepted": None if per_accepted is None else round(per_accepted, 8),
            "calls": _plain(self.replies),
            "requests": _plain(self.attempts),
            "faults": _plain(self.faults),
            "prompt_tokens": _plain(self.prompt_tokens),
            "completion_tokens": _plain(self.completion_tokens),
            "reasoning_tokens": _plain(self.reasoning_tokens),
            "cached_tokens": _plain(self.cached_tokens),
            "cached_share": round(self.cached_share, 4),
        }


@dataclass(frozen=True)
class CostReport:
    """The costs of one skill's run folder. Stages, agents, models and leaves each add up to the total."""

    skill: str
    total: Cost
    models: dict[str, Cost]
    stages: dict[str, Cost]
    agents: dict[str, Cost]
    leaves: dict[str, Cost]
    """Each with its own calls and its share of those that serve several leaves. An empty name (`skill/`): nothing was
    asked for any leaf (of that skill) yet."""
    unpriced: tuple[str, ...]
    """Models whose price is not known."""
    uncounted: tuple[str, ...]
    """Models of which some calls came back without token counts."""

    @property
    def is_free(self) -> bool:
        """Whether nothing was paid, for certain: models in this process."""
        return not self.total.usd and not self.total.unknown

    def to_dict(self) -> dict[str, Any]:
        """For summary.json. Money that is not known at all is `None`."""
        return {
            "skill": self.skill,
            "total": self.total.to_dict(),
            "by_model": {name: cost.to_dict() for name, cost in self.models.items()},
            "by_stage": {name: cost.to_dict() for name, cost in self.stages.items()},
            "by_agent": {name: cost.to_dict() for name, cost in self.agents.items()},
            "by_leaf": {name: cost.to_dict() for name, cost in self.leaves.items()},
            "price_unknown": list(self.unpriced),
            "tokens_unknown": list(self.uncounted),
        }

    def lines(self) -> list[str]:
        """For people: a screen at most, with what is dearest first."""
        total = self.total
        if not total.replies and not total.faults:
            return ["no calls were bought"]
        lines = [
            f"{_usd(total)} for {total.replies:,.0f} calls ({total.attempts:,.0f} requests, {total.faults:,.0f} calls "
            f"without a reply): {_tokens(total.prompt_tokens)} tokens of prompts, {total.cached_share:.0%} of them "
            f"cached, and {_tokens(total.completion_tokens)} of replies",
            f"{self.skill}: {_per_accepted(total)} ({total.accepted:,} accepted)",
        ]
        for name in self.unpriced:
            cost = self.models[name]
            lines.append(
                f"price unknown: {name}, {_tokens(cost.prompt_tokens)} tokens of prompts and "
                f"{_tokens(cost.completion_tokens)} of replies; give its `price:` in the run file"
            )
        lines += [f"tokens unknown: {name} does not tell them for all of its calls" for name in self.uncounted]
        lines.append("by stage: " + ", ".join(_share(name, cost, total) for name, cost in self.stages.items()))
        if len(self.models) > 1:
            lines.append("by model: " + ", ".join(_share(name, cost, total) for name, cost in self.models.items()))
        agents = sorted(self.agents.items(), key=_size, reverse=True)[:DEAREST_AGENTS]
        lines.append("dearest agents: " + ", ".join(_share(name, cost, total) for name, cost in agents))
        named = [(name, cost) for name, cost in self.leaves.items() if name]
        worst = sorted(named, key=_worth)[:WORST_LEAVES]
        if worst:
            shown = f"the {len(worst)} dearest of {len(named)}" if len(named) > len(worst) else "dearest first"
            lines.append(f"by leaf, {shown}:")
            lines += [
                f"  {name}: {_per_accepted(cost)} ({cost.accepted:,} accepted, {_usd(cost)})" for name, cost in worst
            ]
        return lines


def report_costs(
    skill: str, spend: Iterable[Spent], accepted: Mapping[str, int], prices: Mapping[str, Price | None]
) -> CostReport:
    """The cost report of one skill's run folder. `accepted`: leaf -> accepted examples; `prices`: model -> its price,
    where a model that is missing has none.

    A leaf costs its own calls, those for what was rejected included, and its share of the calls that serve several
    leaves of its skill (transform): in proportion to its calls in the instruct stage, which are as many as the times
    it was drawn, repairs aside. Per accepted example a stage, an agent or a model costs what all its calls cost over
    all accepted examples, so that the parts add up to the whole.
    """
    rows = list(spend)
    everything = sum(accepted.values())
    total = Cost(accepted=everything)
    models: dict[str, Cost] = defaultdict(lambda: Cost(accepted=everything))
    stages: dict[str, Cost] = defaultdict(lambda: Cost(accepted=everything))
    agents: dict[str, Cost] = defaultdict(lambda: Cost(accepted=everything))
    named = {*accepted, *(row.leaf for row in rows if not _is_shared(row))}
    leaves = {leaf: Cost(accepted=accepted.get(leaf, 0)) for leaf in sorted(named)}
    shares = {skill: _shares(rows, skill) for skill in {row.leaf for row in rows if _is_shared(row)}}
    for row in sorted(rows, key=lambda row: (row.model, row.stage, row.leaf, row.agent)):
        price = prices.get(row.model)
        for group in (total, models[row.model], stages[row.stage], agents[row.agent]):
            _add(group, row, price)
        if not _is_shared(row):
            _add(leaves[row.leaf], row, price)
        elif shares[row.leaf]:
            for leaf, share in shares[row.leaf].items():
                _add(leaves[leaf], row, price, share)
        else:
            _add(leaves.setdefault(row.leaf, Cost()), row, price)
    return CostReport(
        skill=skill,
        total=total,
        models=dict(models),
        stages=dict(sorted(stages.items(), key=lambda stage: _place(stage[0]))),
        agents=dict(agents),
        leaves=leaves,
        unpriced=tuple(name for name in models if prices.get(name) is None),
        uncounted=tuple(name for name in models if any(r.model == name and not is_counted(_asked(r)) for r in rows)),
    )


_STAGES = ("transform", "instruct", "refine", "prove", "respond", "verify")


def _is_shared(row: Spent) -> bool:
    """Whether its calls serve several leaves: of the one skill, or of the skill that it names."""
    return not row.leaf or row.leaf.endswith("/")


def _shares(rows: list[Spent], skill: str) -> dict[str, float]:
    """leaf -> its part of the calls that serve several leaves of a skill (`skill/`; empty: of all); empty if no leaf
    had a call."""
    counts: dict[str, int] = defaultdict(int)
    own = [row for row in rows if row.leaf.startswith(skill) and not _is_shared(row) and row.replies]
    for row in [row for row in own if row.stage == "instruct"] or own:
        counts[row.leaf] += row.replies
    calls = sum(counts.values())
    return {leaf: count / calls for leaf, count in counts.items()}


def _add(cost: Cost, row: Spent, price: Price | None, share: float = 1.0) -> None:
    cost.replies += row.replies * share
    cost.attempts += row.attempts * share
    cost.faults += row.faults * share
    cost.prompt_tokens += row.usage.prompt_tokens * share
    cost.completion_tokens += row.usage.completion_tokens * share
    cost.reasoning_tokens += row.usage.reasoning_tokens * share
    cost.cached_tokens += row.usage.cached_tokens * share
    if price is not None:
        cost.usd += cost_of(price, row.usage) * share
    if price is None or (not is_counted(_asked(row)) and price != Price(prompt=0, completion=0)):
        cost.unknown.add(row.model)


def _asked(row: Spent) -> Usage:
    """What it used, with its calls counted as the store counts them."""
    return row.usage.model_copy(update={"calls": row.replies})


def _place(stage: str) -> tuple[int, str]:
    return (_STAGES.index(stage) if stage in _STAGES else len(_STAGES), stage)


def _size(named: tuple[str, Cost]) -> tuple[float, float]:
    """Money, and tokens where nothing has a price."""
    return named[1].usd, named[1].prompt_tokens + named[1].completion_tokens


def _worth(named: tuple[str, Cost]) -> tuple[bool, float, float, str]:
    """Worst first: what brought nothing, then by money for each accepted example, then by tokens."""
    name, cost = named
    examples = cost.accepted or 1
    tokens = cost.prompt_tokens + cost.completion_tokens
    return (cost.accepted > 0, -cost.usd / examples, -tokens / examples, name)


def _share(name: str, cost: Cost, total: Cost) -> str:
    if total.usd:
        part = "" if cost.unknown and not cost.usd else f" ({cost.usd / total.usd:.0%})"
        return f"{name or '(none)'} {_usd(cost)}{part}"
    return f"{name or '(none)'} {_tokens(cost.prompt_tokens + cost.completion_tokens)} tokens"


def _per_accepted(cost: Cost) -> str:
    """The price of one accepted example, or its tokens where no price is known."""
    if not cost.accepted:
        return "nothing accepted"
    if cost.unknown and not cost.usd:
        return f"{_tokens((cost.prompt_tokens + cost.completion_tokens) / cost.accepted)} tokens per accepted example"
    return f"{'at least ' if cost.unknown else ''}${cost.usd / cost.accepted:,.4f} per accepted example"


def _usd(cost: Cost) -> str:
    if cost.unknown and not cost.usd:
        return "an unknown sum"
    return f"{'at least ' if cost.unknown else ''}${cost.usd:,.2f}"


def _tokens(count: float) -> str:
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{sign}"
    return f"{count:.0f}"


def _plain(count: float) -> int | float:
    """A whole number where it is one."""
    return round(count) if abs(count - round(count)) < 1e-6 else round(count, 3)
