"""`orca-agents resume` and `replay`: go on with a run folder, or rebuild what is in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orca_agents import loop
from orca_agents.cli.progress import ProgressView
from orca_agents.cli.running import run_here
from orca_agents.errors import ConfigError, StoreError
from orca_agents.execution import replay
from orca_agents.run_config import RunConfig
from orca_agents.run_folder import CONFIG_NAME, FILES
from orca_agents.seeds import STDIN
from orca_agents.store import Store
from orca_agents.yaml_file import YamlFile


def resume_command(folder: Path, given: Mapping[str, Any], *, concurrency: int | None) -> None:
    """Go on with a run as its config says, with these changes."""
    changes = {name: value for name, value in given.items() if value is not None}
    if concurrency is not None:
        changes["model"] = {"concurrency": concurrency}
    folder, config = _open(folder, changes)
    if str(STDIN) in config.seeds:
        raise ConfigError(f"{folder} read its seeds from standard input: give them again with the same `run` command")
    run_here(config, folder)


def replay_command(folder: Path) -> None:
    """Rebuild the files of a run, and say which of them changed."""
    folder, config = _open(folder, {})
    before = _digests(folder)
    with ProgressView(config, folder) as view:
        end, seeds = loop.run(replay(config, folder, on_progress=view.update))
    print("\n".join(end.funnel.lines()))
    print(f"{seeds} chunk{' was' if seeds == 1 else 's were'} replayed from the record; no call was made")
    after = _digests(folder)
    for name in after:
        same = "as it was" if before.get(name) == after[name] else "changed" if name in before else "new"
        print(f"{folder / name}: {same}")


def _open(folder: Path, changes: dict[str, Any]) -> tuple[Path, RunConfig]:
    """The folder and the config of a run. Its relative paths count from where it was started, so we go there."""
    folder = folder.absolute()
    with Store.open(folder, create=False, read_only=True) as store:
        place, given = store.note("started_in"), store.note("given_teachers")
    if given:
        raise ConfigError(
            f"{folder} was made in Python with teacher objects ({', '.join(given)}): the same `run_skill` call goes on"
        )
    file = folder / CONFIG_NAME
    if not file.is_file():
        raise StoreError(f"{folder} has no {CONFIG_NAME}: run the command that made it again")
    config = YamlFile(file).read(RunConfig, over=changes)
    if place is not None and Path(place).is_dir():
        os.chdir(place)
    return folder, config


def _digests(folder: Path) -> dict[str, str]:
    """What the files of a dataset hold, shortened."""
    found: dict[str, str] = {}
    for name in (*FILES, "transcripts.jsonl"):
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
