"""`run all --explain`: where each seed goes and why, and how that adds up. No call is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from orca_agents.errors import ConfigError
from orca_agents.records import Seed
from orca_agents.routing import Route, Router
from orca_agents.run_config import RunConfig
from orca_agents.run_setup import read_skills, router_of, seed_options
from orca_agents.seeds import check_sources, read_seeds


def show_routes(config: RunConfig, sources: Sequence[Path]) -> None:
    """Print where a run of several skills would send each seed."""
    skills = read_skills(config)
    router = router_of(config, skills)
    if router is None:
        raise ConfigError(
            "--explain shows how a run of several skills shares out its seeds; `--dry-run` is for one skill"
        )
    check_sources(sources)
    kinds: Counter[str] = Counter()
    skipped = homeless = 0
    for item in read_seeds(sources, seed_options(config, skills)):
        if not isinstance(item, Seed):
            skipped += 1
            print(f"skip   {item.source}: {item.reason}")
            continue
        route = router.route(item)
        kinds[item.kind] += 1
        homeless += not route.chosen
        print("\n".join(_told(item, route)))
        if config.limit is not None and kinds.total() >= config.limit:
            break
    print()
    print("\n".join(route_table(router, kinds)))
    print(f"{kinds.total()} chunks, {homeless} of them for no skill; {skipped} files, rows or chunks skipped")


def route_table(router: Router, kinds: Mapping[str, int]) -> list[str]:
    """How many seeds of each kind go to each skill."""
    names = sorted(kinds)
    width = max(map(len, router.skills))
    lines = [f"{'':{width}}" + "".join(f"{kind:>8}" for kind in names) + f"{'all':>8}{'share':>8}"]
    whole = sum(router.shares.values())
    for skill in router.skills:
        counts = "".join(f"{router.by_kind[skill, kind] or '-':>8}" for kind in names)
        share = router.shares[skill] / whole if whole else 0.0
        lines.append(f"{skill:{width}}{counts}{router.routed[skill]:>8}{share:>8.1%}")
    return [*lines, f"{'seeds':{width}}" + "".join(f"{kinds[kind]:>8}" for kind in names)]


def _told(seed: Seed, route: Route) -> list[str]:
    lines = [f"chunk  {seed.source} [{seed.start}:{seed.end}] {seed.kind} -> {', '.join(route.chosen) or 'no skill'}"]
    if route.left_out:
        lines.append(f"       suits too, but has more of its share: {', '.join(route.left_out)}")
    by_reason: dict[str, list[str]] = {}
    for skill, reason in route.refused.items():
        by_reason.setdefault(reason, []).append(skill)
    return [*lines, *(f"       {reason}: {', '.join(names)}" for reason, names in by_reason.items())]
