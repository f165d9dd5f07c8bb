"""`run --dry-run`: which chunks, which draws, how many calls, and the first prompt in full. No call is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from orca_agents.checks.api import judged_by
from orca_agents.config import IDENTITY, PROGRAMS, Leaf, SkillConfig, short_name
from orca_agents.library import Skill
from orca_agents.records import PLAYED_FORMS, Seed
from orca_agents.run_config import RunConfig
from orca_agents.run_setup import quota_of, read_skill, seed_options, studio_of, tool_names
from orca_agents.seeds import check_sources, read_seeds
from orca_agents.stages import Studio, draw_seed
from orca_agents.stages.instruct import writer_of
from orca_agents.store import Store, Tally
from orca_agents.toolbox.services import Toolbox

SHOWN = 5
"""How many chunks, and how many skips, are shown one by one."""


def show_plan(config: RunConfig, sources: Sequence[Path]) -> None:
    """Print what a run of this config would do."""
    skill = read_skill(config)
    check_sources(sources)
    with Store.in_memory() as store:
        _show_plan(config, sources, skill, studio_of(config, skill, store, lambda _: None, {}, Toolbox(skill.tools)))


def _show_plan(config: RunConfig, sources: Sequence[Path], skill: Skill, studio: Studio) -> None:
    quota = quota_of(config, [skill])
    chunks = skipped = calls = 0
    first: tuple[Seed, str, Sequence[Leaf]] | None = None
    for item in read_seeds(sources, seed_options(config, [skill])):
        if not isinstance(item, Seed):
            skipped += 1
            if skipped <= SHOWN:
                print(f"skip   {item.source}: {item.reason}")
            continue
        chunks += 1
        filled = quota.filled() if quota else None
        drawn = draw_seed(studio, item, filled)
        if quota:
            quota.settle(quota.start(Counter(leaf.name for one in drawn for leaf in one.leaves)), Tally({}, {}))
        if not drawn:
            print(f"skip   {item.source}{span_of(item)}: no transformer suits it and the leaves asked for")
        for agent, leaves in drawn:
            calls += _calls(skill.config, agent, leaves, config.goals)
            first = first or (item, agent, leaves)
            if chunks <= SHOWN:
                names = ", ".join(leaf.name for leaf in leaves)
                print(f"chunk  {item.source}{span_of(item)} -> {short_name(agent)} -> {names}")
        if config.limit is not None and chunks >= config.limit:
            break
    if chunks > SHOWN:
        print(f"... and {chunks - SHOWN} chunks more")
    if skipped > SHOWN:
        print(f"... and {skipped - SHOWN} skips more")
    counted = f"{chunks} chunk{'s' if chunks != 1 else ''}, {skipped} skipped"
    print(f"{counted}; about {calls} calls to {config.model.model}, without repairs")
    if used := tool_names([skill]):
        needs = sorted({need for tool in skill.tools.values() for need in tool.needs})
        print(f"tools: {', '.join(used)}" + (f"; they need: {', '.join(needs)}" if needs else ""))
    if first is not None:
        _show_prompt(studio, *first)


def span_of(seed: Seed) -> str:
    """Where a chunk stands in its file; documents taken together stand nowhere."""
    return "" if seed.end is None else f" [{seed.start}:{seed.end}]"


USUAL_TURNS = 8
"""Calls that a dialogue takes, all parts together: a guess."""


def _calls(skill: SkillConfig, transformer: str, leaves: Sequence[Leaf], goals: int | None) -> int:
    """The calls of one content, if nothing is rejected or repaired on the way."""
    calls = float(transformer not in PROGRAMS)
    for leaf in leaves:
        answer = _answer_calls(skill, leaf)
        calls += 1 + answer
        if skill.refine:
            fit = [goal for goal in skill.refine.goals if leaf.goals is None or goal.name in leaf.goals]
            wanted = goals if goals is not None else skill.refine.choose
            drawn = min(wanted, len(fit)) if wanted is not None else sum(goal.share for goal in fit)
            calls += drawn * skill.refine.rounds * (1 + skill.refine.suggestions * (1 + answer))
    return round(calls)


def _answer_calls(skill: SkillConfig, leaf: Leaf) -> int:
    """The calls that answering and verifying one item takes; of a dialogue, a usual number of turns."""
    proof = int(leaf.proof is not None)
    turns = USUAL_TURNS if leaf.answer in PLAYED_FORMS else 1
    judged = judged_by(leaf.answer)
    judges = 0 if judged == "programs" else skill.verify.solvers
    probes = len(skill.verify.probes) + skill.verify.closed_book if judged == "votes" else 0
    return proof + turns + judges + probes


def _show_prompt(studio: Studio, seed: Seed, transformer: str, leaves: Sequence[Leaf]) -> None:
    """The first request, word for word but for the output form."""
    if transformer not in PROGRAMS:
        agent, variables = transformer, studio.variables(seed, seed=seed)
    else:
        agent = writer_of(studio, leaves[0])
        variables = studio.variables(seed, passage=seed.text, leaf=leaves[0], transformer=IDENTITY)
    print(f"\nthe first prompt, to {agent}\n--- system\n{studio.agent(agent).system_message.strip()}")
    print(f"--- user\n{studio.task(agent, variables)}")
