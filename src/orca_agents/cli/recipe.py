"""`orca-agents recipe`: a dataset becomes a folder that TRL trains on as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from orca_agents.cli.telling import Telling
from orca_agents.dataset.exporting import Exported
from orca_agents.dataset.formats.api import SystemTurn
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.training.ordering import check_order, level_name
from orca_agents.training.recipe import HandedOver, RecipeOptions, write_recipe
from orca_agents.training.settings import read_own


def recipe_command(
    path: Path,
    out: Path,
    *,
    model: str,
    order: str,
    seed: int,
    skill: str | None,
    system: str,
    system_text: str | None,
    own: Sequence[str],
    with_demo: bool,
    with_unverified: bool,
    with_empty: bool,
    overwrite: bool,
) -> None:
    """Write the recipe, and print what is in it and what to do next."""
    if system not in get_args(SystemTurn):
        known = get_args(SystemTurn)
        raise ConfigError(f"--system {system}: write {', '.join(known)}{did_you_mean(system, known)}")
    options = RecipeOptions(
        model=model,
        order=check_order(order),
        seed=seed,
        skill=skill,
        system=cast(SystemTurn, system),
        system_text=system_text,
        own=read_own(own),
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        overwrite=overwrite,
    )
    with Telling(_how_far) as telling:
        handed = write_recipe(path, out, options, telling.tell)
    print("\n".join(lines_of(handed)))


def lines_of(handed: HandedOver) -> list[str]:
    """What was written, what was left out, and the next step."""
    levels = ", ".join(f"{handed.levels[level]:,} {level_name(level)}" for level in sorted(handed.levels))
    lines = [f"{handed.folder / 'train.jsonl'}: {handed.train.written:,} chats ({levels}); {_of(handed.train)}"]
    if handed.validation:
        file = handed.folder / "validation.jsonl"
        lines.append(f"{file}: {handed.validation.written:,} chats; {_of(handed.validation)}")
    for exported in filter(None, (handed.train, handed.validation)):
        lines += [f"left out: {number:,} because {reason}" for reason, number in exported.left_out.most_common()]
    script = handed.folder / "train.py"
    return [*lines, f"{handed.folder}: next, `pip install 'orca-agents[train]'` and `python {script}`"]


def _how_far(step: str, done: int, total: int) -> str:
    return f"{step}: {done:,} of {total:,} chats"


def _of(exported: Exported) -> str:
    return f"there are {exported.examples:,}"
