"""`run all --explain`: where each seed goes and why, and how that adds up. No call is made."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from orca_agents.cli.dry_run import span_of
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
        print("\n".join(_told(item, route, router)))
        if config.limit is not None and kinds.total() >= config.limit:
            break
    print()
    print("\n".join(route_table(router, kinds)))
    chunks = f"{kinds.total()} chunk{'s' if kinds.total() != 1 else ''}"
    print(f"{chunks}, {homeless} of them for no skill; {skipped} files, rows or chunks skipped")


def route_table(router: Router, kinds: Mapping[str, int]) -> list[str]:
    """How many seeds of each kind go to each skill, and what part of all it gets and should get."""
    names = sorted(kinds)
    whole, given = sum(router.shares.values()), router.routed.total()
    taking = [skill for skill in router.skills if router.shares[skill] > 0]
    rows = [["", *names, "all", "got", "due"]]
    for skill in taking:
        counts = [str(router.by_kind[skill, kind] or "-") for kind in names]
        got = router.routed[skill] / given if given else 0.0
        rows.append([skill, *counts, str(router.routed[skill]), f"{got:.0%}", f"{router.shares[skill] / whole:.0%}"])
    rows.append(["seeds", *(str(kinds[kind]) for kind in names), "", "", ""])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append(" ".join((name.ljust(widths[0]), *numbers)).rstrip())
    lines.append("got: its part of all that was given out; due: its part by the mix")
    if without := [skill for skill in router.skills if skill not in taking]:
        lines += _named("no part in the mix: ", without)
    return lines


def _told(seed: Seed, route: Route, router: Router) -> list[str]:
    told = _named(f"chunk  {seed.source}{span_of(seed)} {seed.kind} -> ", route.chosen or ("no skill",))
    if left_out := [name for name in route.left_out if router.shares[name] > 0]:
        told += _named("       suits too, but has more of its share: ", left_out)
    by_reason: dict[str, list[str]] = {}
    for skill, reason in route.refused.items():
        if router.shares[skill] > 0:
            other_kind = seed.kind not in router.skills[skill].seeds
            by_reason.setdefault(f"takes no {seed.kind}" if other_kind else reason, []).append(skill)
    for reason, names in by_reason.items():
        told += _named(f"       {reason}: ", names)
    return told


def _named(start: str, names: Sequence[str]) -> list[str]:
    """Names behind a beginning, in lines as wide as the terminal."""
    width = min(120, shutil.get_terminal_size().columns)
    return textwrap.wrap(
        ", ".join(names), width, initial_indent=start, subsequent_indent=" " * 11, break_long_words=False
    )
