"""`orca-agents report`: a page that shows what a run or a dataset holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from orca_agents.cli.stats import read_measures
from orca_agents.errors import ConfigError
from orca_agents.report.lineage import trace
from orca_agents.report.page import render_page
from orca_agents.report.sources import open_source
from orca_agents.run_folder import write_text


def report_command(
    paths: Sequence[Path], output: Path, against: Path | None, *, seed: int, examples: int, title: str | None
) -> None:
    """Write the page. Several paths are measured together, as one."""
    if output.is_dir():
        raise ConfigError(f"-o {output} is a folder: give a file, e.g. -o {output / 'report.html'}")
    if not output.absolute().parent.is_dir():
        raise ConfigError(f"-o {output}: there is no folder {output.absolute().parent}; make it, or write elsewhere")
    for path in [*paths, *([against] if against is not None else [])]:
        if output.resolve() in {path.resolve(), *(file.resolve() for file in open_source(path).files)}:
            raise ConfigError(f"-o {output} holds what is to be reported on: give another file, e.g. -o report.html")
    measures = read_measures(paths, seed=seed, examples=examples)
    other = read_measures([against], seed=seed, examples=0) if against is not None else None
    page = render_page(
        measures,
        other,
        trace(measures.drawn),
        title=title,
        day=datetime.now(UTC).date(),
        version=version("orca-agents"),
    )
    write_text(output, [page])
    print(f"{output} ({len(page.encode('utf-8', 'backslashreplace')) / 1e6:.1f} MB): open it in a browser")
