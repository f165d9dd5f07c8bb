"""What can be looked at: the folder of a run, a dataset, or a file of examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orca_agents.dataset.rows import DATA_NAME, DROPPED_NAME, MANIFEST_NAME, Folder, Row, read_rows
from orca_agents.dataset.sources import REJECTIONS_NAME, open_runs
from orca_agents.errors import DatasetError

FAILURES_NAME = "failures.jsonl"
SKIPS_NAME = "skips.jsonl"
TRANSCRIPTS_NAME = "transcripts.jsonl"


@dataclass(frozen=True)
class Source:
    """One thing to be looked at."""

    path: Path
    kind: Literal["run", "dataset", "file"]
    told: Mapping[str, Any] = field(default_factory=dict)
    """What summary.json or dataset.json says; nothing for a file."""

    @property
    def name(self) -> str:
        """Its last name, for headings."""
        return self.path.resolve().name

    @property
    def runs(self) -> Sequence[Mapping[str, Any]]:
        """What is known of the runs behind it: `funnel`, `models`, ... as summary.json has them."""
        if self.kind == "dataset":
            runs: Sequence[Mapping[str, Any]] = self.told.get("runs") or ()
            return runs
        return (self.told,) if self.told else ()

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(split, row) of all its rows; runs and files have no splits, and say so with an empty name."""
        if self.kind == "dataset":
            folder = Folder(self.path, self.told)
            for split in folder.splits:
                for row in folder.rows(split):
                    yield split, row
        else:
            for row in read_rows(self.files[0]):
                yield "", row

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold its rows."""
        if self.kind == "dataset":
            return tuple(sorted((self.path / DATA_NAME).glob("*/*.jsonl")))
        return (self.path / "examples.jsonl" if self.kind == "run" else self.path,)

    def lines_of(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of another file of its folder; none where it has no such file."""
        file = self.path / name
        if self.kind == "file" or not file.is_file():
            return
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    entry = json.loads(line)
                except ValueError as error:
                    raise DatasetError(f"{file}:{number}: not a line of JSON ({error}); {self._remedy}") from None
                if not isinstance(entry, dict):
                    raise DatasetError(f"{file}:{number}: not an object; {self._remedy}")
                yield entry

    def rejections(self) -> Iterator[dict[str, Any]]:
        """What a run made and did not keep."""
        return self.lines_of(REJECTIONS_NAME)

    def dropped(self) -> Iterator[dict[str, Any]]:
        """What a build left out of a dataset."""
        return self.lines_of(DROPPED_NAME)

    @property
    def _remedy(self) -> str:
        if self.kind == "run":
            return f"`orca-agents replay {self.path}` writes it again"
        return "build the dataset again"


def open_source(path: Path) -> Source:
    """What a path stands for. Raises `DatasetError` where it is nothing that can be looked at."""
    if (path / MANIFEST_NAME).is_file():
        return Source(path, "dataset", Folder.open(path).manifest)
    if path.is_file():
        return Source(path, "file")
    if not path.exists():
        raise DatasetError(f"{path} is not there: give a dataset, the folder of a run, or a .jsonl file of examples")
    return Source(path, "run", open_runs([path])[0].summary)
