"""Draw what is made of a seed: its transformers, and for each of them the leaves of the taxonomy."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from orca_agents.config import IDENTITY, PROGRAMS, Leaf, short_name
from orca_agents.records import Seed
from orca_agents.stages.studio import Studio

T = TypeVar("T")


class Fill(NamedTuple):
    """How far a leaf is on the way to what is wanted of it."""

    level: float
    """What there is and what may come of the draws under way, as a part of what is wanted."""
    step: float
    """What one more example would add."""


class Drawn(NamedTuple):
    """A transformer for a seed, and the leaves to write about its passage."""

    agent: str
    leaves: tuple[Leaf, ...]


def draw_seed(studio: Studio, seed: Seed, filled: Mapping[str, Fill] | None = None) -> tuple[Drawn, ...]:
    """What a seed becomes, drawn from the run's number, the skill and the seed: the same again each time.

    Evenly, unless `filled` says how far each leaf is: then the emptiest leaves come first, and leaves that it does not
    name are not drawn.
    """
    draw = random.Random(f"{studio.random_seed}/{studio.skill.name}/{seed.id}")
    agents = _suited_agents(studio, seed)
    if filled is None:
        return tuple(
            Drawn(agent, tuple(_sample_leaves(suited_leaves(studio, agent), _leaf_count(studio), draw)))
            for agent in _sample(agents, _agent_count(studio), draw)
        )
    return _draw_emptiest(studio, agents, filled, draw)


def draw_again(studio: Studio, picked: Sequence[tuple[str, Sequence[str]]]) -> tuple[Drawn, ...]:
    """What was drawn before."""
    leaves = {leaf.name: leaf for leaf in studio.skill.config.instruct.taxonomy}
    return tuple(Drawn(agent, tuple(leaves[name] for name in names)) for agent, names in picked)


def suited_leaves(studio: Studio, transformer: str) -> list[Leaf]:
    """The leaves that may be drawn for the passages of a transformer, in the order of the taxonomy."""
    return [
        leaf
        for leaf in studio.skill.config.instruct.taxonomy
        if (not studio.leaves or leaf.name in studio.leaves)
        and (not leaf.passages or short_name(transformer) in leaf.passages)
    ]


def _draw_emptiest(
    studio: Studio, agents: Sequence[str], filled: Mapping[str, Fill], draw: random.Random
) -> tuple[Drawn, ...]:
    """The emptiest leaf first: a transformer is drawn among those that suit it, and takes its other leaves along."""
    tie = {leaf: draw.random() for leaf in sorted(filled)}
    levels = {leaf: fill.level for leaf, fill in filled.items()}
    drawn: list[Drawn] = []
    left = list(agents)
    while left and len(drawn) < _agent_count(studio):
        suited = {agent: [leaf for leaf in suited_leaves(studio, agent) if leaf.name in filled] for agent in left}
        wanted = {leaf.name for leaves in suited.values() for leaf in leaves}
        if not wanted:
            break
        emptiest = min(wanted, key=lambda name: (levels[name], tie[name]))
        agent = draw.choice([agent for agent in left if any(leaf.name == emptiest for leaf in suited[agent])])
        leaves = sorted(suited[agent], key=lambda leaf: (levels[leaf.name], tie[leaf.name]))[: _leaf_count(studio)]
        for leaf in leaves:
            levels[leaf.name] += filled[leaf.name].step  # so that a second transformer takes others
        drawn.append(Drawn(agent, tuple(leaves)))
        left.remove(agent)
    return tuple(drawn)


def _suited_agents(studio: Studio, seed: Seed) -> list[str]:
    """The transformers that may rewrite a seed: those whose passages suit a leaf that may be drawn."""
    stage = studio.skill.config.transform
    if stage is None:
        return [IDENTITY]
    translated = studio.language is not None and studio.language != seed.language
    return [
        agent
        for agent in stage.agents
        if suited_leaves(studio, agent)
        and not (agent in PROGRAMS and translated)
        and (not studio.transformers or short_name(agent) in studio.transformers)
        and seed.kind in stage.kinds.get(short_name(agent), (seed.kind,))
    ]


def _agent_count(studio: Studio) -> int:
    stage = studio.skill.config.transform
    return stage.choose if stage else 1


def _leaf_count(studio: Studio) -> int:
    return studio.choose or studio.skill.config.instruct.choose


def _sample_leaves(fit: Sequence[Leaf], count: int, draw: random.Random) -> list[Leaf]:
    """So many of them, each by its weight (Efraimidis and Spirakis, 2006)."""
    if all(leaf.weight == 1 for leaf in fit):
        return _sample(fit, count, draw)
    lots = {leaf.name: draw.random() ** (1 / leaf.weight) for leaf in fit}
    return sorted(fit, key=lambda leaf: -lots[leaf.name])[:count]


def _sample(fit: Sequence[T], count: int, draw: random.Random) -> list[T]:
    return draw.sample(list(fit), min(count, len(fit)))
