"""`orca-agents build`: runs become a dataset, and a table tells what each step dropped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orca_agents.cli.benchmarks import DEFAULT_INDEX, INDEX_VARIABLE
from orca_agents.cli.telling import Telling
from orca_agents.dataset.building import Built, build
from orca_agents.dataset.options import Balance, BuildOptions, DocumentIs, Embedding, Flagging, check_options
from orca_agents.dataset.rows import SPLITS
from orca_agents.errors import ConfigError
from orca_agents.report.wording import safe


def build_command(
    runs: Sequence[Path],
    target: Path,
    *,
    overwrite: bool,
    seed: int,
    with_demo: bool,
    with_unverified: bool,
    with_empty: bool,
    near: float,
    exact_only: bool,
    semantic: float | None,
    embedding_model: str | None,
    base_url: str | None,
    api_key_env: str,
    benchmarks: Path | None,
    no_benchmarks: bool,
    flags: str,
    licence: str | None,
    licence_unknown: str,
    balance: Sequence[str],
    mix: str | Mapping[str, float] | None,
    rows: int | None,
    most_per_skill: int | None,
    most_per_leaf: int | None,
    unanswerable: float | None,
    document: str,
    validation: float,
    holdout: int,
) -> None:
    """Build the dataset, telling how far it is, and print what became of the rows."""
    if licence_unknown not in ("keep", "refuse"):
        raise ConfigError(f"--licence-unknown {licence_unknown}: write keep or refuse")
    if base_url is not None and embedding_model is None:
        raise ConfigError("--base-url is the address of the embeddings: give --embedding-model and --semantic too")
    options = BuildOptions(
        seed=seed,
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        near=None if exact_only else near,
        semantic=semantic,
        embedding=Embedding(embedding_model, base_url, api_key_env) if embedding_model else None,
        benchmarks=find_index(benchmarks, none=no_benchmarks),
        flags=cast(Flagging, flags),  # check_options reads them
        licence=licence,
        keep_unknown_licences=licence_unknown == "keep",
        balance=frozenset(cast(Sequence[Balance], balance)),
        mix=mix,
        rows=rows,
        most_per_skill=most_per_skill,
        most_per_leaf=most_per_leaf,
        unanswerable=unanswerable,
        document=cast(DocumentIs, document),
        validation=validation,
        holdout=holdout,
    )
    check_options(options)
    with Telling(_how_far) as telling:
        built = build(runs, target, options, overwrite=overwrite, tell=telling.tell)
    print_built(built, options)


def find_index(given: Path | None, *, none: bool) -> Path | None:
    """The index of benchmarks that is named, else the one in $ORCA_BENCHMARKS, else ./benchmarks.sqlite if it is there.

    Raises `ConfigError` where the one that is named is not there.
    """
    if none:
        if given is not None:
            raise ConfigError(f"--benchmarks {given} and --no-benchmarks contradict each other: give one of them")
        return None
    named = os.environ.get(INDEX_VARIABLE, "").strip()
    if given is None and named:
        given = Path(named)
    if given is not None:
        if not given.is_file():
            raise ConfigError(
                f"{given}: there is no such index of benchmarks; `orca-agents benchmarks add NAME FILE --index {given}`"
                " makes one, --no-benchmarks builds without"
            )
        return given
    return DEFAULT_INDEX if DEFAULT_INDEX.is_file() else None


def print_built(built: Built, options: BuildOptions) -> None:
    """The table of steps, the splits, and what else there is to know."""
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("step", "in", "dropped", "out", "time", "why"):
        table.add_column(title, justify="right" if title in ("in", "dropped", "out", "time") else "left")
    for step in built.steps:
        why = ", ".join(f"{number:,} {reason}" for reason, number in _largest(step.dropped))
        dropped = step.before - step.after
        table.add_row(
            step.name,
            f"{step.before:,}",
            f"{dropped:,}" if dropped else "",
            f"{step.after:,}",
            f"{step.seconds:.1f} s",
            Text(safe(why)),  # reasons name licences and benchmarks, and these are anybody's words
        )
    console.print(table)
    for split in SPLITS:
        skills = built.splits.get(split)
        if skills:
            told = ", ".join(f"{skill} {rows:,}" for skill, rows in sorted(skills.items()))
            console.print(f"{split}: {sum(skills.values()):,} rows ({told})", markup=False)
    if options.benchmarks is None:
        console.print(
            "note: no benchmarks were looked for, because there is no index of them (`orca-agents benchmarks add`)",
            markup=False,
        )
    if not built.rows:
        console.print("note: no row is left; the column `why` says what dropped them", markup=False)
    for note in built.notes:
        console.print(f"note: {safe(note)}", markup=False)
    console.print(f"{built.folder}; beside data/, dropped.jsonl says why each row was dropped", markup=False)


def _how_far(step: str, done: int, total: int) -> str:
    return f"{step}: {done:,} of {total:,} rows"


def _largest(dropped: Mapping[str, int], most: int = 3) -> list[tuple[str, int]]:
    ranked = sorted(dropped.items(), key=lambda one: (-one[1], one[0]))
    rest = sum(number for _, number in ranked[most:])
    return [*ranked[:most], *([("for other reasons", rest)] if rest else [])]
