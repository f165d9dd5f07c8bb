"""Open the folders of runs whose examples are to be merged, and say what is wrong with those that cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_agents.dataset.rows import EXAMPLES_NAME, MANIFEST_NAME
from orca_agents.errors import DatasetError
from orca_agents.store import FILE_NAME, is_in_use

SUMMARY_NAME = "summary.json"
REJECTIONS_NAME = "rejections.jsonl"


@dataclass(frozen=True)
class Run:
    """The folder of a run that has ended."""

    name: str
    """The folder's name; with as much of the path before it as it takes to tell it from other runs'."""
    path: Path
    summary: Mapping[str, Any]
    """What summary.json says."""

    @property
    def examples(self) -> Path:
        """Where its accepted examples stand; those in reserve.jsonl are none of the dataset's."""
        return self.path / EXAMPLES_NAME

    @property
    def expected(self) -> int:
        """How many examples there have to be, by the run's own count."""
        return int(self.summary["funnel"]["accepted"]) - int(self.summary.get("reserve", 0))


def open_runs(paths: Sequence[Path]) -> tuple[Run, ...]:
    """The runs in these folders, in this order. Raises `DatasetError`, which names every folder that is none."""
    if not paths:
        raise DatasetError("which runs? e.g. `orca-agents build runs/monday runs/tuesday -o dataset`")
    problems: list[str] = []
    summaries: list[Mapping[str, Any]] = []
    for path in paths:
        try:
            summaries.append(_read_summary(path))
        except DatasetError as error:
            problems.append(str(error))
    places = [path.resolve() for path in paths]
    problems += [f"{path} is given twice" for number, path in enumerate(paths) if places[number] in places[:number]]
    if problems:
        raise DatasetError("\n".join(problems))
    names = _names(places)
    return tuple(Run(*of_run) for of_run in zip(names, paths, summaries, strict=True))


def read_parents(run: Run) -> Iterator[tuple[str, str]]:
    """(id, parent's id) of what a run rejected: an accepted item may come of a rejected one, and that of another."""
    file = run.path / REJECTIONS_NAME
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                rejection = json.loads(line)
                parent = (rejection.get("instruction") or {}).get("parent_id")
            except (ValueError, AttributeError) as error:
                raise DatasetError(
                    f"{file}:{number}: not a rejection ({error}); `orca-agents replay {run.path}` writes it again"
                ) from None
            if parent:
                yield rejection["id"], parent


def _read_summary(path: Path) -> Mapping[str, Any]:
    if not path.is_dir():
        raise DatasetError(
            f"{path} is not a folder: give the folder of a run, as `orca-agents run` names it at its end"
        )
    if (path / MANIFEST_NAME).is_file():
        raise DatasetError(f"{path} is a dataset and no run: give the runs that it was built of")
    if is_in_use(path):
        raise DatasetError(
            f"{path} is in use: its run goes on, and its files are written at the end. Wait for it, or press Ctrl-C in "
            f"its terminal; `orca-agents status {path}` shows how far it is"
        )
    if not (path / EXAMPLES_NAME).is_file():
        if (path / FILE_NAME).is_file():
            raise DatasetError(
                f"{path} has no {EXAMPLES_NAME}: its run was stopped before it wrote its files; "
                f"`orca-agents replay {path}` writes them from what is on record, `orca-agents resume {path}` goes on"
            )
        inside = sorted(found.parent for found in path.glob(f"*/{EXAMPLES_NAME}"))
        hint = f"; there are runs in it: {', '.join(map(str, inside[:5]))}" if inside else ""
        raise DatasetError(f"{path} is not the folder of a run: it has no {EXAMPLES_NAME}{hint}")
    try:
        summary: Mapping[str, Any] = json.loads((path / SUMMARY_NAME).read_bytes())
        int(summary["funnel"]["accepted"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path / SUMMARY_NAME} cannot be read ({type(error).__name__}: {error}); "
            f"`orca-agents replay {path}` writes it again"
        ) from None
    return summary


def _names(places: Sequence[Path]) -> list[str]:
    """The shortest ends of the paths that tell them apart."""
    for length in range(1, max(len(place.parts) for place in places) + 1):
        names = ["/".join(place.parts[-length:]) for place in places]
        if len(set(names)) == len(names):
            return names
    return [str(place) for place in places]
