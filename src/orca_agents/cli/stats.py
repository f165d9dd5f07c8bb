"""`orca-agents stats`: what a run or a dataset holds, in a screen or two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from orca_agents.cli.telling import Telling
from orca_agents.errors import DatasetError
from orca_agents.report.measures import Measures, measure
from orca_agents.report.sources import open_source
from orca_agents.report.terminal import compared, lines
from orca_agents.report.wording import safe


def stats_command(path: Path, against: Path | None) -> None:
    """Print the measures of a run, a dataset or a file; with `against`, beside those of another one."""
    measures = read_measures([path], seed=0, examples=0)
    other = read_measures([against], seed=0, examples=0) if against is not None else None
    console = Console(highlight=False, emoji=False)
    draws = console.is_terminal and console.encoding.lower().startswith("utf")
    found = lines(measures, blocks=draws) if other is None else compared(measures, other)
    for line in found:
        text = safe(line.text)
        if not draws:
            text = text.replace("\u2212", "-").replace("\u2013", "-")  # so that any encoding can write it
            text = text.encode(console.encoding, "replace").decode(console.encoding)
        console.print(Text(text, style="bold" if line.is_heading else ""), soft_wrap=True)


def read_measures(paths: Sequence[Path], *, seed: int, examples: int) -> Measures:
    """Measure what these paths hold, telling on stderr how far it is where that takes long."""
    places = [path.resolve() for path in paths]
    for number, path in enumerate(paths):
        if places[number] in places[:number]:
            raise DatasetError(f"{path} is given twice, and its rows would count twice: give it once")
    sources = [open_source(path) for path in paths]
    with Telling(_how_far) as telling:
        return measure(sources, seed=seed, examples=examples, tell=telling.tell)


def _how_far(rows: int) -> str:
    return f"{rows:,} rows read"
