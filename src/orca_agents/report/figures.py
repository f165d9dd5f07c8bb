"""The measures as lists of figures, so that two sets can be put side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from orca_agents.report.difficulty import total_of
from orca_agents.report.diversity import Diversity, Variety
from orca_agents.report.funnels import COPY, LEAK
from orca_agents.report.measures import Measures
from orca_agents.report.wording import Kind, change, written


@dataclass(frozen=True)
class Figure:
    """One number, and the same of the set that it is compared with."""

    name: str
    kind: Kind
    here: float | None
    there: float | None = None

    @property
    def text(self) -> str:
        """For people."""
        return written(self.here, self.kind)

    @property
    def other(self) -> str:
        """The other set's."""
        return written(self.there, self.kind)

    @property
    def change(self) -> str:
        """How this one differs from the other."""
        return change(self.here, self.there, self.kind)


class Section(NamedTuple):
    """Figures of one kind."""

    title: str
    figures: tuple[Figure, ...]


def sections(measures: Measures, other: Measures | None) -> list[Section]:
    """All figures, beside those of the other set if there is one; what neither knows is left out."""
    here = _values(measures, other)
    there = _values(other, measures) if other is not None else {}
    found = []
    for title in here:
        names = dict.fromkeys((*here[title], *there.get(title, {})))
        figures = []
        for name in names:
            kind, value = here[title].get(name, (None, None))
            other_kind, other_value = there.get(title, {}).get(name, (None, None))
            if (known := kind or other_kind) and (value is not None or other_value is not None):
                figures.append(Figure(name, known, value, other_value))
        if figures:
            found.append(Section(title, tuple(figures)))
    return found


Values = Mapping[str, tuple[Kind, float | None]]


def _values(measures: Measures, other: Measures | None) -> dict[str, Values]:
    return {
        "Rows": _rows(measures),
        "Funnel": _funnel(measures),
        "Leaves": _leaves(measures),
        "Lengths": _lengths(measures),
        "Diversity": _diversity(measures, other),
        "Difficulty": _difficulty(measures),
        "Balance": _balance(measures),
        "Cost": _cost(measures),
        "Copies and leaks": _copies(measures),
    }


def _rows(measures: Measures) -> Values:
    rows = measures.rows
    found: dict[str, tuple[Kind, float | None]] = {"examples": ("count", rows)}
    found |= {f"in {split.replace('_', ' ')}": ("count", n) for split, n in measures.splits.items() if split}
    found["skills"] = ("count", len(measures.skills))
    found["refined"] = ("share", measures.refined / rows if rows else None)
    found["mended once"] = ("share", measures.repaired / rows if rows else None)
    if measures.demo:
        found["of the demonstration model"] = ("count", measures.demo)
    return found


def _funnel(measures: Measures) -> Values:
    ways = measures.ways
    if not ways.known:
        return {}
    made = ways.made
    return {
        "instructions made": ("count", made),
        "rejected": ("share", ways.rejected.total() / made if made else None),
        "failed": ("share", ways.failed.total() / made if made else None),
        "declined": ("share", ways.declined / made if made else None),
        "accepted": ("share", ways.accepted / made if made else None),
    }


def _leaves(measures: Measures) -> Values:
    covered, leaves = measures.leaves
    even = [one.evenness for one in measures.coverage.values() if one.evenness is not None]
    return {
        "leaves with examples": ("count", covered),
        "of all leaves": ("share", covered / leaves if leaves else None),
        "evenness, mean of the skills": ("share", sum(even) / len(even) if even else None),
    }


_LENGTH_NAMES = {
    "user": "words of user turns",
    "assistant": "words of assistant turns",
    "turns": "turns",
    "tokens": "tokens, estimated",
}


def _lengths(measures: Measures) -> Values:
    found: dict[str, tuple[Kind, float | None]] = {}
    for name, title in _LENGTH_NAMES.items():
        if name in measures.lengths:
            found[f"{title}, median"] = ("number", measures.lengths[name].median)
            found[f"{title}, 95th percentile"] = ("number", measures.lengths[name].p95)
    return found


def _diversity(measures: Measures, other: Measures | None) -> Values:
    found: dict[str, tuple[Kind, float | None]] = {}
    for title, own, others in (
        ("questions", measures.questions, other.questions if other else None),
        ("answers", measures.answers, other.answers if other else None),
    ):
        at = at_same_size(own, others)
        if at is not None:
            for n, share in enumerate(at.distinct, 1):
                found[f"{title}, distinct-{n} at {at.words:,} words"] = ("ratio", share)
            found[f"{title}, repeated 4-grams at {at.words:,} words"] = ("share", at.repeated)
    return found


def at_same_size(own: Variety, other: Variety | None) -> Diversity | None:
    """The diversity at the most words that both have; of one alone, at the most that it has."""
    if other is None:
        return own.best
    shared = own.at.keys() & other.at.keys()
    return own.at[max(shared)] if shared else own.best


def _difficulty(measures: Measures) -> Values:
    found: dict[str, tuple[Kind, float | None]] = {}
    difficulty = measures.difficulty
    for title, groups in (("accepted", difficulty.accepted), ("voted on", difficulty.voted)):
        if title == "voted on" and not difficulty.has_rejections:
            continue
        for refined in (False, True):
            what = "refined" if refined else "seed"
            found[f"solvers' votes that agree, {what} items {title}"] = ("share", total_of(groups, refined).share)
    pairs = difficulty.pairs()
    if pairs.count:
        found["refined items solved less often than their parent"] = ("share", pairs.harder / pairs.count)
        found["refined items solved more often"] = ("share", pairs.easier / pairs.count)
    return found


def _balance(measures: Measures) -> Values:
    rows = measures.rows
    found: dict[str, tuple[Kind, float | None]] = {
        "answerable": ("share", measures.answerable / rows if rows else None),
        "languages": ("count", len(measures.languages)),
        "licences": ("count", len(measures.licences)),
        "without a known licence": ("share", measures.licences["unknown"] / rows if rows else None),
        "letter farthest from chance": ("share", measures.letters.bias),
    }
    if measures.flags_looked_for:
        found["flags for secrets or personal data"] = ("count", measures.flags.total())
    return found


def _cost(measures: Measures) -> Values:
    money = measures.money
    if not money.known:
        return {}
    total = money.total
    return {
        "in all": ("usd", total.usd if total.is_known else None),
        "per accepted example": ("usd", total.usd_each),
        "tokens per accepted example": ("count", total.tokens_each),
        "calls": ("count", money.calls),
    }


def _copies(measures: Measures) -> Values:
    ways = measures.ways
    if not ways.known:
        return {}
    found: dict[str, tuple[Kind, float | None]] = {
        "stopped as a copy before its answer": ("count", ways.rejected[COPY]),
        "stopped as a benchmark item before its answer": ("count", ways.rejected[LEAK]),
        "seeds that hold benchmark items": ("count", measures.benchmark_seeds),
    }
    found |= {
        f"dropped by the build's step {step.name}": ("count", step.before - step.after)
        for step in ways.steps
        if step.before != step.after
    }
    return found
