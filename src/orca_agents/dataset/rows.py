"""Read the rows of a dataset, a run or a file of examples, one at a time and as plain JSON.

A row is an example as examples.jsonl of a run has it (see `outcomes.Example`). In a dataset its `metadata` also has
`run`, the name of the run's folder, `difficulty`, and, where there are any, `flags`.

    DIR/dataset.json                the manifest: runs, options, what each step dropped, splits, licences, hashes
    DIR/data/SKILL/SPLIT.jsonl      rows sorted by id; a split without rows has no file
    DIR/dropped.jsonl               every row of a run that is not in data/, with the step and the reason
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_agents.errors import DatasetError, did_you_mean

Row = dict[str, Any]
"""One example as plain JSON: a million of them are not turned into records."""

MANIFEST_NAME = "dataset.json"
DATA_NAME = "data"
DROPPED_NAME = "dropped.jsonl"
EXAMPLES_NAME = "examples.jsonl"
FORMAT = 1
"""Raised whenever an older orca-agents could no longer read a dataset, or this one an older dataset."""
SPLITS = ("train", "validation", "eval", "eval_refined")

_KEYS = ("id", "skill", "leaf", "messages", "metadata")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of one .jsonl file, in its order; raises `DatasetError` that names the line."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield parse_row(line, f"{path}:{number}")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}; check the path") from None


def parse_row(line: bytes | str, place: str) -> Row:
    """The row in a line; `place` is for the message of the `DatasetError` that a line without a row raises."""
    try:
        row = json.loads(line)
    except ValueError as error:  # bytes that are no UTF-8 included
        raise DatasetError(
            f"{place}: not a line of JSON ({error}); was the file cut or edited? `orca-agents replay RUN` writes the "
            "files of a run again"
        ) from None
    missing = [key for key in _KEYS if key not in row] if isinstance(row, dict) else list(_KEYS)
    if missing:
        raise DatasetError(f"{place}: not an example, for it has no {missing[0]!r}; give examples.jsonl or a dataset")
    if not isinstance(row["messages"], list) or not isinstance(row["metadata"], dict):
        raise DatasetError(f"{place}: `messages` has to be a list and `metadata` an object")
    checked: Row = row
    return checked


@dataclass(frozen=True)
class Folder:
    """A dataset that `orca-agents build` wrote."""

    path: Path
    manifest: Mapping[str, Any]
    """What dataset.json says."""

    @classmethod
    def open(cls, path: Path) -> Folder:
        """The dataset in a folder; raises `DatasetError` where there is none that can be read."""
        file = path / MANIFEST_NAME
        try:
            manifest = json.loads(file.read_bytes())
        except OSError as error:
            raise DatasetError(
                f"{path} is not a dataset: {MANIFEST_NAME} cannot be read ({error.strerror or error}); "
                "`orca-agents build RUN... -o DIR` makes one"
            ) from None
        except ValueError as error:
            raise DatasetError(f"{file} is not JSON ({error}): build the dataset again") from None
        if not isinstance(manifest, dict) or not isinstance(manifest.get("splits"), dict):
            raise DatasetError(f"{file} is no manifest of a dataset, for it has no `splits`: build the dataset again")
        if manifest.get("format") != FORMAT:
            raise DatasetError(
                f"{path} is a dataset in format {manifest.get('format')}, and this orca-agents reads format {FORMAT}: "
                "build it again, or use the orca-agents that made it"
            )
        return cls(path, manifest)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have rows, training first."""
        return tuple(split for split in SPLITS if any(self.manifest["splits"].get(split, {}).values()))

    @property
    def skills(self) -> tuple[str, ...]:
        """The skills that have rows in any split, by name."""
        counts: Mapping[str, Mapping[str, int]] = self.manifest["splits"]
        return tuple(sorted({skill for skills in counts.values() for skill, rows in skills.items() if rows}))

    def count(self, split: str = "train", skill: str | None = None) -> int:
        """How many rows a split has, of one skill or of all."""
        counts: Mapping[str, int] = self.manifest["splits"].get(split, {})
        return sum(counts.values()) if skill is None else counts.get(skill, 0)

    def file(self, split: str, skill: str) -> Path:
        """Where the rows of a skill in a split stand; there is no file where there are no rows."""
        return self.path / DATA_NAME / skill / f"{split}.jsonl"

    def rows(self, split: str = "train", skill: str | None = None) -> Iterator[Row]:
        """The rows of a split, skill by skill by name and sorted by id."""
        if split not in SPLITS:
            raise DatasetError(f"no split {split!r}{did_you_mean(split, SPLITS)}; there are {', '.join(SPLITS)}")
        if skill is not None and skill not in self.skills:
            known = ", ".join(self.skills) or "none"
            raise DatasetError(
                f"{self.path} has no rows of {skill!r}{did_you_mean(skill, self.skills)}; it has {known}"
            )
        for name in self.skills if skill is None else (skill,):
            if self.count(split, name):
                yield from read_rows(self.file(split, name))

    def dropped(self) -> Iterator[dict[str, Any]]:
        """What was dropped: {"id", "run", "skill", "leaf", "step", "reason"}, and the row it is a copy `of`."""
        file = self.path / DROPPED_NAME
        try:
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
        except (OSError, ValueError) as error:
            raise DatasetError(f"{file} cannot be read ({error}): build the dataset again") from None


def open_rows(path: Path, split: str = "train", skill: str | None = None) -> Iterator[Row]:
    """The rows of a dataset's split, of a run's examples.jsonl, or of a .jsonl file; of one skill or of all.

    Runs and files have one split, `train`: another one of theirs has no rows.
    """
    if (path / MANIFEST_NAME).is_file():
        yield from Folder.open(path).rows(split, skill)
        return
    file = examples_file(path)
    if split == "train":
        yield from (row for row in read_rows(file) if skill is None or row["skill"] == skill)


def examples_file(path: Path) -> Path:
    """The file of examples that a run's folder or a path to a file stands for."""
    if path.is_file():
        return path
    if (path / EXAMPLES_NAME).is_file():
        return path / EXAMPLES_NAME
    what = "has no dataset.json and no examples.jsonl" if path.is_dir() else "is not there"
    raise DatasetError(f"{path} {what}: give a dataset, the folder of a run, or a .jsonl file of examples")
