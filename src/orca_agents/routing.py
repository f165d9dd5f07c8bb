"""Decide which skills work on a seed: those that it suits, and of these the ones that are furthest behind their share.

Everything here follows the order of the seeds, so that a run that is repeated or resumed routes the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from orca_agents.config import SkillConfig
from orca_agents.language import count_words
from orca_agents.numerals import numbers_in
from orca_agents.records import Seed, SeedKind

RELEASED: Mapping[str, float] = MappingProxyType(
    {
        "open_domain_question_answering": 26.0,
        "coding": 10.0,
        "multiple_choice_questions": 10.0,
        "conversation": 9.0,
        "reading_comprehension": 5.0,
        "text_modification": 5.0,
        "brain_teaser": 5.0,
        "data_to_text": 5.0,
        "text_extraction": 5.0,
        "text_classification": 5.0,
        "retrieval_augmented_generation": 5.0,
        "creative_content_generation": 5.0,
        "tool_use": 5.0,
        "web_agent": 2.5,
        "analytical_reasoning": 2.4,
        "fermi": 2.4,
        "few_shot_reasoning": 2.4,
    }
)
"""About how the released AgentInstruct data are spread over the skills, in parts of the whole."""


COMMON_KINDS: tuple[SeedKind, ...] = ("text", "math")
"""Kinds of seed of which most folders have plenty."""


@dataclass(frozen=True)
class Route:
    """Where a seed goes, and why."""

    chosen: tuple[str, ...]
    """The skills that work on it, in the order of the run's skills."""
    refused: Mapping[str, str]
    """skill -> why it does not suit."""
    left_out: tuple[str, ...] = ()
    """Skills that it would suit, and that are less behind their share than the chosen ones."""

    @property
    def reason(self) -> str:
        """Why no skill works on it, for its skip."""
        return "suits no skill of this run: " + "; ".join(f"{name}: {why}" for name, why in self.refused.items())


@dataclass
class Router:
    """The skills of a run with their shares, and what was routed so far."""

    skills: Mapping[str, SkillConfig]
    shares: Mapping[str, float]
    """skill -> its part of the whole, in any unit."""
    per_seed: int | None = None
    """Most skills for one seed; all that suit unless given."""
    routed: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(skill, kind of seed) -> how many."""

    def route(self, seed: Seed) -> Route:
        """Where the next seed goes."""
        refused: dict[str, str] = {}
        suited: list[str] = []
        for name, config in self.skills.items():
            reason = why_not_suited(config, seed)
            if reason is None:
                suited.append(name)
            else:
                refused[name] = reason
        chosen = self._furthest_behind(suited, seed.kind)
        for name in chosen:
            self.routed[name] += 1
            self.by_kind[name, seed.kind] += 1
        return Route(tuple(chosen), refused, tuple(name for name in suited if name not in chosen))

    def _furthest_behind(self, suited: Sequence[str], kind: SeedKind) -> list[str]:
        wanted = [name for name in suited if self.shares[name] > 0]
        if self.per_seed is None or len(wanted) <= self.per_seed:
            return wanted
        order = list(self.skills)

        def lot(name: str) -> tuple[float, int]:
            # how many shares of its own a skill would have after this seed: the one with the fewest comes first
            own = (self.routed[name] + 1) / self.shares[name]
            return own * _preference(self.skills[name], kind), order.index(name)

        first = sorted(wanted, key=lot)[: self.per_seed]
        return [name for name in wanted if name in first]


def _preference(skill: SkillConfig, kind: SeedKind) -> float:
    """Less than 1 where a seed is of a rarer kind that a skill names first or second: such seeds should not be used up
    by skills that could do with any text."""
    place = skill.seeds.index(kind)
    return 1.0 if kind in COMMON_KINDS or place > 1 else (0.25, 0.5)[place]


def why_not_suited(skill: SkillConfig, seed: Seed) -> str | None:
    """Why a seed is not for a skill, as far as can be told without a model."""
    if seed.kind not in skill.seeds:
        return f"is of kind {seed.kind}, wanted: {', '.join(skill.seeds)}"
    fewest, most = skill.words
    count = count_words(seed.text)
    if seed.kind not in ("table", "api", "html") and not fewest <= count <= most:
        return f"has {count} words, wanted: {fewest} to {most}"
    if skill.numbers and seed.kind in ("text", "math"):
        found = len(numbers_in(seed.text))
        if found < skill.numbers:
            return f"holds {found} numbers, wanted: {skill.numbers}"
    return None


def shares_of(mix: str | Mapping[str, float], skills: Sequence[str]) -> dict[str, float]:
    """Each skill's share: `even`, `released`, or as given (skills that are not named get none). Raises `ValueError`
    for a name that is no skill of the run."""
    if mix == "even":
        return dict.fromkeys(skills, 1.0)
    if mix == "released":
        return {name: RELEASED.get(name, 0.0) for name in skills}
    assert not isinstance(mix, str)
    for name in mix:
        if name not in skills:
            raise ValueError(f"{name!r} is no skill of this run: {', '.join(skills)}")
    return {name: float(mix.get(name, 0.0)) for name in skills}
