"""`orca-agents export`: examples in a format that trainers read, and what became of each of them."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from orca_agents.cli.telling import Telling
from orca_agents.dataset.exporting import Exported, Wanted, export
from orca_agents.dataset.formats import format_named
from orca_agents.dataset.formats.api import Arguments, MetadataColumns, Style, SystemTurn
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.report.wording import counted


def export_command(
    path: Path,
    out: Path | None,
    *,
    format: str,
    split: str,
    skill: str | None,
    system: str,
    system_text: str | None,
    metadata: str | None,
    arguments: str,
    every_turn: bool,
    history: bool,
    bare_calls: bool,
    parquet: bool,
    with_demo: bool,
    with_unverified: bool,
    with_empty: bool,
    overwrite: bool,
) -> None:
    """Export, and print what was written and what was not."""
    chosen = format_named(format)
    metadata = chosen.metadata[0] if metadata is None else metadata
    for name, value, values in (
        ("system", system, get_args(SystemTurn)),
        ("metadata", metadata, get_args(MetadataColumns)),
        ("arguments", arguments, get_args(Arguments)),
    ):
        if value not in values:
            raise ConfigError(f"--{name} {value}: write {', '.join(values)}{did_you_mean(value, values)}")
    style = Style(
        system=cast(SystemTurn, system),
        system_text=system_text,
        metadata=cast(MetadataColumns, metadata),
        arguments=cast(Arguments, arguments),
        every_turn=every_turn,
        history=history,
        bare_calls=bare_calls,
    )
    wanted = Wanted(
        format=format,
        split=split,
        skill=skill,
        style=style,
        parquet=parquet,
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        overwrite=overwrite,
    )
    place = out or _place(path, wanted, is_folder=chosen.is_folder)
    with Telling(_how_far) as telling:
        exported = export(path, place, wanted, telling.tell)
    print("\n".join(lines_of(exported)))


def lines_of(exported: Exported) -> list[str]:
    """What was written, and why examples were left out."""
    rows = ", ".join(counted(number, what.removesuffix("s")) for what, number in exported.counts.items())
    lines = [f"{exported.path}: {rows} of {counted(exported.written, 'example')}; there are {exported.examples:,}"]
    if len(exported.files) > 1:
        lines += [f"  {file}: {counted(number, 'row')}" for file, number in exported.files.items()]
    lines += [f"left out: {number:,} because {reason}" for reason, number in exported.left_out.most_common()]
    if exported.unlearnt:
        lines.append(
            f"note: in {counted(exported.unlearnt, 'example')} the assistant also speaks in the question, and a "
            "trainer that learns all its turns learns these too; `--format prompt-completion` and `orca-agents recipe` "
            "leave them out"
        )
    return lines


def _how_far(done: int, total: int) -> str:
    return f"{done:,} of {total:,} examples"


def _place(path: Path, wanted: Wanted, *, is_folder: bool) -> Path:
    """Where the export goes unless that is said: here, with a name that tells what it is."""
    name = path.resolve().stem if path.is_file() else path.resolve().name
    parts = [name, *([wanted.split] if wanted.split != "train" else []), *([wanted.skill] if wanted.skill else [])]
    ending = "" if is_folder else ".parquet" if wanted.parquet else ".jsonl"
    return Path(f"{'.'.join([*parts, wanted.format])}{ending}")
