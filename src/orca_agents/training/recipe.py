"""Write all that a training with TRL needs into one folder: the chats in order, chat template, config and script."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.dataset.exporting import Exported, Wanted, export
from orca_agents.dataset.formats.api import Style, SystemTurn
from orca_agents.dataset.formats.openai import unlearnt_marked
from orca_agents.dataset.rows import MANIFEST_NAME, Folder, Row
from orca_agents.errors import ConfigError, DatasetError
from orca_agents.training.ordering import Order, level_of, rows_in_order
from orca_agents.training.readme import readme
from orca_agents.training.settings import BASE_MODEL, settings, to_yaml, with_own

TRAIN_NAME = "train.jsonl"
VALIDATION_NAME = "validation.jsonl"
CONFIG_NAME = "config.yaml"
README_NAME = "README.md"
SHIPPED = ("chat_template.jinja", "train.py")
NAMES = (TRAIN_NAME, VALIDATION_NAME, CONFIG_NAME, README_NAME, *SHIPPED)
Tell = Callable[[str, int, int], None]
"""Told the step, how many rows are done and how many there are."""


@dataclass(frozen=True)
class RecipeOptions:
    """Every choice of a recipe."""

    model: str = BASE_MODEL
    order: Order = "easy-first"
    seed: int = 0
    """The same number gives the same order, and the same draws in training."""
    skill: str | None = None
    """Of this skill only."""
    system: SystemTurn = "erase"
    """The system turn: none, the teacher's own, or one message for all."""
    system_text: str | None = None
    """In place of our own message for all."""
    with_demo: bool = False
    with_unverified: bool = False
    with_empty: bool = False
    own: Mapping[str, Any] = field(default_factory=dict)
    """Settings in place of those in config.yaml, or beside them."""
    overwrite: bool = False
    """Write our files anew where they are there already; others in the folder are left alone."""


@dataclass
class HandedOver:
    """What was written."""

    folder: Path
    train: Exported
    validation: Exported | None = None
    levels: Counter[int] = field(default_factory=Counter)
    """Level -> rows to train on: 0 are seed instructions, then one for each round of refinement."""
    skills: Counter[str] = field(default_factory=Counter)
    """Skill -> rows to train on."""


def write_recipe(path: Path, out: Path, options: RecipeOptions, tell: Tell | None = None) -> HandedOver:
    """Write the recipe for a dataset, a run or a .jsonl file of examples to the folder `out`, whole or not at all.

    Raises `ConfigError` for choices that mean nothing, `DatasetError` where there is nothing to train on or no place.
    """
    _check_place(path, out, overwrite=options.overwrite)
    beside = out.absolute().with_name(f".{out.absolute().name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        handed = _write(path, beside, options, tell)
        handed.folder = out
        _move(beside, out)
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}; make room, or give another -o"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return handed


def shipped(name: str) -> str:
    """The text of a file that goes into every recipe as it is."""
    return (Path(__file__).parent / "files" / name).read_text(encoding="utf-8")


def _check_place(path: Path, out: Path, *, overwrite: bool) -> None:
    if out.resolve() in {path.resolve(), *path.resolve().parents}:
        raise ConfigError(f"-o {out} is, or holds, what is to be trained on: give another folder")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"-o {out} is a file: give a folder")
    if out.is_dir() and not overwrite and (there := [name for name in NAMES if (out / name).exists()]):
        raise DatasetError(f"{out / there[0]} is there already: give another -o, or --overwrite to write it anew")


def _write(path: Path, folder: Path, options: RecipeOptions, tell: Tell | None) -> HandedOver:
    train = _export(path, folder, "train", options, tell)
    handed = HandedOver(folder, train)

    def rows() -> Iterator[Row]:
        ticks = _ticks(tell, "order", train.written)
        for row in rows_in_order(train.path, options.order, options.seed, ticks):
            handed.levels[level_of(row)] += 1
            handed.skills[row["skill"]] += 1
            yield row

    _write_rows(rows(), folder / TRAIN_NAME, _ticks(tell, "write", train.written))
    train.path.unlink()
    if _has_validation(path, options.skill):
        handed.validation = _export(path, folder, "validation", options, tell)
        _write_rows(rows_in_order(handed.validation.path, "shuffled", options.seed), folder / VALIDATION_NAME)
        handed.validation.path.unlink()
    chosen = with_own(
        settings(options.order, model=options.model, seed=options.seed, has_validation=handed.validation is not None),
        options.own,
    )
    heading = (
        "What train.py trains and how. Each line is an argument of it as well: `python train.py --learning_rate 2e-5`."
    )
    _write_text(folder / CONFIG_NAME, [to_yaml(chosen, heading)])
    for name in SHIPPED:
        _write_text(folder / name, [shipped(name)])
    _write_text(folder / README_NAME, [readme(handed.levels, handed.skills, handed.validation, options.order, chosen)])
    return handed


def _export(path: Path, folder: Path, split: str, options: RecipeOptions, tell: Tell | None) -> Exported:
    """The chats of a split with their metadata, in a file that is not to stay: what may leave is decided there."""
    wanted = Wanted(
        split=split,
        skill=options.skill,
        style=Style(system=options.system, system_text=options.system_text, metadata="full"),
        with_demo=options.with_demo,
        with_unverified=options.with_unverified,
        with_empty=options.with_empty,
    )
    told = (lambda done, total: tell(f"read {split}", done, total)) if tell else None
    return export(path, folder / f".{split}.exported", wanted, told)


def _has_validation(path: Path, skill: str | None) -> bool:
    return (path / MANIFEST_NAME).is_file() and Folder.open(path).count("validation", skill) > 0


def _write_rows(rows: Iterator[Row], file: Path, tick: Callable[[int], None] | None = None) -> None:
    def lines() -> Iterator[str]:
        for number, row in enumerate(rows, 1):
            yield json.dumps(_plain(row), ensure_ascii=False) + "\n"
            if tick is not None:
                tick(number)

    _write_text(file, lines())


def _write_text(path: Path, pieces: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _plain(row: Row) -> Row:
    """A row with texts alone: the arguments of calls are JSON text, as an endpoint would send them. `datasets` keeps
    texts as they are; of other JSON it cuts numbers to ten decimals. Turns that are part of a question say so, for the
    chat template."""
    marked = unlearnt_marked({**row, "metadata": json.loads(row["metadata"])}, row["messages"])
    row = {name: value for name, value in row.items() if name != "metadata"}
    row["messages"] = [
        {**message, "tool_calls": [_as_text(call) for call in message["tool_calls"]]}
        if message.get("tool_calls")
        else message
        for message in marked
    ]
    return row


def _as_text(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.dumps(function["arguments"], ensure_ascii=False)}}


def _ticks(tell: Tell | None, step: str, total: int) -> Callable[[int], None] | None:
    if tell is None:
        return None
    return lambda done: tell(step, done, total)


def _move(beside: Path, out: Path) -> None:
    """Put what was written in its place: a whole folder where there is none, else file by file."""
    if not out.exists():
        beside.replace(out)
        return
    for name in NAMES:
        if (beside / name).exists():
            (beside / name).replace(out / name)
        else:
            (out / name).unlink(missing_ok=True)  # of an earlier recipe, and not true of this one
