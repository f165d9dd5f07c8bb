"""Build a dataset of runs: step by step, each with a count of what it dropped, into a folder that appears whole."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_agents.contamination import BenchmarkIndex
from orca_agents.dataset.balancing import balance
from orca_agents.dataset.card import CARD_NAME, is_edited, write_card
from orca_agents.dataset.copies import drop_copies
from orca_agents.dataset.flagging import flag
from orca_agents.dataset.gate import refuse_unfit
from orca_agents.dataset.leaks import drop_leaks
from orca_agents.dataset.manifest import describe
from orca_agents.dataset.meaning import check_embedding, drop_same_meaning
from orca_agents.dataset.merging import drop_unfit, merge
from orca_agents.dataset.options import BuildOptions, check_options
from orca_agents.dataset.rows import DATA_NAME, DROPPED_NAME, MANIFEST_NAME, SPLITS
from orca_agents.dataset.sensitive import Finder, can_flag
from orca_agents.dataset.sources import Run, open_runs
from orca_agents.dataset.splitting import split
from orca_agents.dataset.work import Work
from orca_agents.dataset.writing import Written, write_data
from orca_agents.errors import DatasetError

Tell = Callable[[str, int, int], None]
"""Told now and then: the step, the rows that it has done, and of how many."""


NOT_FLAGGED = (
    "secrets and personal data were not looked for: `pip install 'orca-agents[filters]'` and build again, or say "
    "--flags off"
)


@dataclass(frozen=True)
class Step:
    """One step of a build: `before` rows went in, `after` came out."""

    name: str
    before: int
    after: int
    dropped: Mapping[str, int]
    """reason -> rows."""
    seconds: float
    peak_mb: float
    """The most memory that the process has had until then."""

    def to_dict(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {
            "name": self.name,
            "in": self.before,
            "out": self.after,
            "dropped": dict(sorted(self.dropped.items())),
            "seconds": round(self.seconds, 3),
            "peak_mb": round(self.peak_mb, 1),
        }


@dataclass
class Built:
    """A dataset that was built."""

    folder: Path
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What there is to know beside the counts."""
    splits: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows of all splits."""
        return sum(sum(skills.values()) for skills in self.splits.values())


def build(
    runs: Sequence[Path], target: Path, options: BuildOptions, *, overwrite: bool = False, tell: Tell | None = None
) -> Built:
    """Build the dataset of these runs in the folder `target`, whole or not at all.

    Raises `ConfigError` for options that mean nothing, `DatasetError` for runs that cannot be read or a target that is
    taken (`overwrite` puts this in the place of an older dataset).
    """
    check_options(options)
    found = open_runs(runs)
    _check_target(target, found, overwrite=overwrite)
    asked, options = options, _check_means(options)
    with _scratch(target) as scratch, Work.open(scratch / "work.sqlite", found) as work:
        whole = scratch / "dataset"
        whole.mkdir()
        maker = _Maker(work, options, scratch, tell or _tell_nobody)
        if options.flags != asked.flags and options.flags == "off":
            maker.notes.append(NOT_FLAGGED)
        written = maker.make(whole)
        built = Built(target, maker.steps, maker.notes, written.splits)
        told = {
            "steps": [step.to_dict() for step in maker.steps],
            "notes": maker.notes,
            "benchmarks": maker.benchmarks,
            **({"embedding_tokens": maker.embedding_tokens} if options.embedding else {}),
        }
        manifest = describe(work, options, written, told)
        (whole / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        write_card(whole, target.resolve().name)
        _check_target(target, found, overwrite=overwrite)  # a build takes its time, and others may have come by
        _move(whole, target, scratch)
    return built


class _Maker:
    """Carries out the steps and measures them."""

    def __init__(self, work: Work, options: BuildOptions, scratch: Path, tell: Tell) -> None:
        self._work = work
        self._options = options
        self._scratch = scratch
        self._tell = tell
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.benchmarks: list[dict[str, object]] = []
        self.embedding_tokens = 0
        self.total = 0

    def make(self, whole: Path) -> Written:
        """All steps, in order: what is cheap and drops much comes first, what costs money after it."""
        work, options = self._work, self._options
        self.total = sum(run.expected for run in work.runs)
        self._step("merge", lambda tick: self._set_total(merge(work, options, tick)))
        self._step("unfit", lambda _: drop_unfit(work))
        self._step("licences", lambda _: self.notes.extend(refuse_unfit(work, options)))
        self._step("copies", lambda tick: drop_copies(work, options.near, self._scratch / "copies", tick))
        if options.semantic is not None:
            self._step("semantic", self._drop_same_meaning)
        if options.benchmarks is not None:
            index = options.benchmarks
            self._step("benchmarks", lambda tick: self.benchmarks.extend(drop_leaks(work, index, tick)))
        if options.flags != "off":
            self._step("flags", lambda tick: self.notes.extend(flag(work, options.flags, tick)))
        self._step("balance", lambda _: self.notes.extend(balance(work, options)))
        self._step("split", lambda _: self.notes.extend(split(work, options)))
        written = Written()

        def write(tick: Callable[[int], None]) -> None:
            nonlocal written
            written = write_data(work, whole, tick)

        self._step("write", write)
        self._check(written)
        return written

    def _drop_same_meaning(self, tick: Callable[[int], None]) -> None:
        options = self._options
        assert options.semantic is not None
        assert options.embedding is not None  # check_options
        self.embedding_tokens = drop_same_meaning(self._work, options.semantic, options.embedding, self._scratch, tick)

    def _set_total(self, total: int) -> None:
        self.total = total

    def _step(self, name: str, do: Callable[[Callable[[int], None]], object]) -> None:
        before = self.steps[-1].after if self.steps else self.total
        began = time.perf_counter()
        self._tell(name, 0, before)
        do(lambda done: self._tell(name, done, before))
        seconds = time.perf_counter() - began
        dropped = self._work.dropped(name)
        self.steps.append(Step(name, before, before - dropped.total(), dropped, seconds, peak_mb()))

    def _check(self, written: Written) -> None:
        """Every row that came in has gone out or was dropped."""
        left, dropped = self.steps[-1].after, sum(sum(step.dropped.values()) for step in self.steps)
        if written.rows != left or written.dropped != dropped or written.rows + written.dropped != self.total:
            raise DatasetError(
                f"{self.total} rows came in, and {written.rows} with {written.dropped} dropped went out: this is a "
                "fault of orca-agents; nothing was written. Please report it"
            )


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _check_target(target: Path, runs: Sequence[Run], *, overwrite: bool) -> None:
    for run in runs:
        if target.resolve() in (run.path.resolve(), *run.path.resolve().parents):
            raise DatasetError(f"{target} holds the run {run.path}: give a folder of its own with -o")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / MANIFEST_NAME).is_file():
        raise DatasetError(f"{target} is there already and is no dataset: give another folder with -o")
    if not overwrite:
        raise DatasetError(f"{target} is a dataset already: give another folder with -o, or --overwrite")
    if strange := [path for path in sorted(target.rglob("*")) if not path.is_dir() and not _is_ours(path, target)]:
        raise DatasetError(
            f"{target} holds more than a dataset ({strange[0]}), which would be lost: move that elsewhere, or give "
            "another folder with -o"
        )
    if is_edited(target):
        raise DatasetError(
            f"{target / CARD_NAME} was edited, or another version of orca-agents wrote it, and it would be lost: move "
            "it elsewhere, or give another folder with -o"
        )


def _is_ours(path: Path, target: Path) -> bool:
    """Whether a build wrote a file of a dataset."""
    if path.parent == target:
        return path.name in (MANIFEST_NAME, DROPPED_NAME, CARD_NAME)
    return path.parent.parent == target / DATA_NAME and path.suffix == ".jsonl" and path.stem in SPLITS


def _check_means(options: BuildOptions) -> BuildOptions:
    """Find out now, and not after an hour, that an extra, a key or an index is missing; what the options then are."""
    if options.flags == "auto":
        options = replace(options, flags="report" if can_flag() else "off")
    elif options.flags != "off":
        Finder()
    if options.embedding is not None:
        check_embedding(options.embedding)
    if options.benchmarks is not None:
        BenchmarkIndex.open(options.benchmarks).close()
    return options


@contextlib.contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder beside the target for all that is written meanwhile, so that it can be moved there at once.

    Held by a lock of SQLite, which ends with the process: what a build that was killed left there is removed.
    """
    folder = target.absolute().with_name(f".{target.absolute().name}.building")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(folder / "lock", timeout=0.5, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise DatasetError(f"{folder} cannot be made ({error}): choose another folder with -o") from None
    with contextlib.closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            raise DatasetError(
                f"{target} is being built by another process: wait for it, or choose another -o"
            ) from None
        for left in folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif not left.name.startswith("lock"):
                left.unlink()
        try:
            yield folder
        except OSError as error:
            raise DatasetError(
                f"{folder} cannot be written ({error.strerror or error}): make room, or choose another -o; the runs "
                "are as they were"
            ) from error
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") not in ("SQLITE_FULL", "SQLITE_IOERR"):
                raise
            raise DatasetError(f"{folder}: the disk is full ({error}); make room, or choose another -o") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _move(whole: Path, target: Path, scratch: Path) -> None:
    if target.exists():
        target.replace(scratch / "replaced")
    whole.replace(target)  # all that makes the dataset appear


def _tell_nobody(step: str, done: int, total: int) -> None:
    pass
