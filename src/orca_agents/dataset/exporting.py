"""Export examples in a format that trainers read: every one is written or counted with its reason, all or nothing.

Rows stand sorted by id. Where some have keys that others lack (tools, a history), those come first: `datasets` takes
the columns of a JSONL file from its first ten megabytes, and refuses it if later rows have more.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from orca_agents.dataset.formats import format_named
from orca_agents.dataset.formats.api import Format, Style, UnsuitedError, has_calls, has_unlearnt
from orca_agents.dataset.formats.preferences import key_of_example, key_of_rejection
from orca_agents.dataset.merging import why_unfit
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.output import Output, is_written
from orca_agents.dataset.rows import EXAMPLES_NAME, MANIFEST_NAME, SPLITS, Folder, Row, examples_file, parse_row
from orca_agents.dataset.sources import REJECTIONS_NAME, open_runs
from orca_agents.errors import ConfigError, DatasetError, did_you_mean

_NOTHING_LEARNT = "the assistant says nothing in it that could be learnt"
_ROLES = ("system", "user", "assistant", "tool")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Wanted:
    """What is to be exported, and how."""

    format: str = "messages"
    split: str = "train"
    """Of a dataset; runs and files have no splits."""
    skill: str | None = None
    """Of this skill only."""
    style: Style = field(default_factory=Style)
    parquet: bool = False
    with_demo: bool = False
    """Also what the embedded demonstration model made."""
    with_unverified: bool = False
    with_empty: bool = False
    """Also examples with nothing in a message."""
    overwrite: bool = False


@dataclass
class Exported:
    """What was written."""

    path: Path
    examples: int = 0
    """All that there are to export, by the count of the run or the dataset where it has one."""
    written: int = 0
    """Examples that were written."""
    counts: Counter[str] = field(default_factory=Counter)
    """What the rows are -> rows: `rows` in most formats, pairs, right and wrong answers in others."""
    unlearnt: int = 0
    """Written examples with turns of the assistant that are part of the question, where the format cannot say so."""
    left_out: Counter[str] = field(default_factory=Counter)
    """reason -> examples."""
    files: dict[str, int] = field(default_factory=dict)
    """file -> rows."""


class _Place(NamedTuple):
    """Where an example stands; sorts as the rows are to be written."""

    plainness: int
    id: str
    file: int
    offset: int
    length: int
    has_tools: bool


def export(path: Path, out: Path, wanted: Wanted, tell: Callable[[int, int], None] | None = None) -> Exported:
    """Write the examples of a dataset, a run or a .jsonl file to `out`, whole or not at all.

    Raises `ConfigError` for choices that mean nothing, `DatasetError` where there is nothing to write or no place.
    """
    format = format_named(wanted.format)
    style = _checked(format, wanted)
    files = _files(path, wanted)
    _check_place(path, out, format, files, overwrite=wanted.overwrite)
    exported = Exported(out)
    places = _places(files, format, wanted, exported)
    _check_count(path, wanted, exported)
    rejected = _Rejected(path) if format.uses_rejected else None
    with Output(
        out, format, style, parquet=wanted.parquet, with_tools=any(place.has_tools for place in places)
    ) as output:
        for done, row in enumerate(_rows(files, places)):
            if tell is not None:
                tell(done, len(places))
            before = output.rows
            try:
                for made in format.convert(row, style, rejected.of(row) if rejected else ()):
                    output.write(made, format.file_of(row))
                    exported.counts[format.counted_as(made)] += 1
                if output.rows == before:
                    raise UnsuitedError(_NOTHING_LEARNT)
            except UnsuitedError as error:
                exported.left_out[str(error)] += 1
                continue
            exported.written += 1
            exported.unlearnt += not format.marks_unlearnt and has_unlearnt(row)
        if not output.rows:
            raise DatasetError(f"{path}: no row of the format {format.name} comes of it{_reasons(exported)}")
        if reason := format.why_no_file(output.rows, output.size):
            raise DatasetError(f"{out} was not written: {reason}{_reasons(exported)}")
        exported.files = output.finish()
    return exported


def _checked(format: Format, wanted: Wanted) -> Style:
    """The style, if the format can have it."""
    style = replace(wanted.style, metadata=wanted.style.metadata or format.metadata[0])
    if style.system_text is not None and style.system != "generic":
        raise ConfigError("--system-text is for --system generic: give both, or neither")
    if style.metadata not in format.metadata:
        raise ConfigError(
            f"--metadata {style.metadata}: rows of the format {format.name} have no columns beside its own; "
            f"leave it out, or write --metadata {format.metadata[0]}"
        )
    asked = {
        "arguments": style.arguments != "object",
        "every_turn": style.every_turn,
        "history": style.history,
        "bare_calls": style.bare_calls,
        "parquet": wanted.parquet,
    }
    for name, given in asked.items():
        if given and name not in format.options:
            raise ConfigError(f"--{name.replace('_', '-')} means nothing to the format {format.name}: leave it out")
    if wanted.split not in SPLITS:
        raise ConfigError(f"--split {wanted.split}: there are {', '.join(SPLITS)}{did_you_mean(wanted.split, SPLITS)}")
    return style


def _files(path: Path, wanted: Wanted) -> list[Path]:
    """The files of examples; of a dataset one for each skill."""
    if not (path / MANIFEST_NAME).is_file():
        if wanted.split != "train":
            raise ConfigError(
                f"--split {wanted.split}: {path} is no dataset, and only these have splits; "
                "`orca-agents build RUN... -o DIR` makes one"
            )
        if path.is_dir() and (path / EXAMPLES_NAME).is_file():
            return [open_runs((path,))[0].examples]
        return [examples_file(path)]
    folder = Folder.open(path)
    if wanted.skill is not None and wanted.skill not in folder.skills:
        known = ", ".join(folder.skills) or "none"
        raise DatasetError(
            f"{path} has no rows of {wanted.skill!r}{did_you_mean(wanted.skill, folder.skills)}; {known}"
        )
    skills = folder.skills if wanted.skill is None else (wanted.skill,)
    found = [folder.file(wanted.split, skill) for skill in skills if folder.count(wanted.split, skill)]
    if not found:
        raise DatasetError(f"{path} has no rows in {wanted.split}; there are some in {', '.join(folder.splits)}")
    return found


def _places(files: Sequence[Path], format: Format, wanted: Wanted, exported: Exported) -> list[_Place]:
    """Where the examples stand that are to be written, in the order in which they are to be; the others are counted."""
    places: list[_Place] = []
    others: set[str] = set()
    for number, file in enumerate(files):
        for offset, line, row in _lines(file):
            if wanted.skill is not None and row["skill"] != wanted.skill:
                others.add(str(row["skill"]))
                continue
            exported.examples += 1
            if reason := _why_not(row, line, wanted):
                exported.left_out[reason] += 1
            else:
                plainness = format.plainness(row, wanted.style)
                places.append(_Place(plainness, str(row["id"]), number, offset, len(line), has_calls(row)))
    if wanted.skill is not None and not exported.examples and others:
        raise DatasetError(
            f"{files[0]} has no examples of {wanted.skill!r}{did_you_mean(wanted.skill, others)}; "
            f"it has {', '.join(sorted(others))}"
        )
    return sorted(places)


def _lines(file: Path) -> Iterator[tuple[int, bytes, Row]]:
    offset = 0
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield offset, line, parse_row(line, f"{file}:{number}")
                offset += len(line)
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror or error}; check the path") from None


def _why_not(row: Row, line: bytes, wanted: Wanted) -> str | None:
    """Why an example is not to be written in any format."""
    messages = row["messages"]
    if not messages or not all(isinstance(message, dict) and message.get("role") in _ROLES for message in messages):
        return "it has no messages, or some of nobody"
    if not all(isinstance(tool, dict) for tool in row.get("tools") or ()):
        return "one of its tools is no object"
    if not all(_is_said(message) for message in messages):
        return "it holds a message that is no text, or a tool call without a function, a name or arguments"
    fit = BuildOptions(with_demo=wanted.with_demo, with_unverified=wanted.with_unverified, with_empty=wanted.with_empty)
    if reason := why_unfit(row, fit):
        return reason
    if messages[-1]["role"] != "assistant":
        return _NOTHING_LEARNT
    if _SURROGATE.search(line):
        try:
            json.dumps([row[name] for name in ("id", "skill", "leaf", "messages")], ensure_ascii=False).encode()
            json.dumps(row.get("tools"), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # to write another character in its place would change what was verified
            return "it holds half a character (a lone surrogate), which no trainer can read"
    return None


def _is_said(message: Row) -> bool:
    """Whether a message is text, or nothing, with or without calls of tools: what all formats build on."""
    calls = message.get("tool_calls", [])
    return (
        isinstance(message.get("content"), str | None)
        and isinstance(calls, list)
        and all(
            isinstance(call, dict)
            and isinstance(function := call.get("function"), dict)
            and isinstance(function.get("name"), str)
            and "arguments" in function
            for call in calls
        )
    )


def _check_count(path: Path, wanted: Wanted, exported: Exported) -> None:
    """The examples that were found are as many as the run or the dataset counted."""
    if (path / MANIFEST_NAME).is_file():
        expected = Folder.open(path).count(wanted.split, wanted.skill)
        again = "build the dataset again"
    elif path.is_dir() and wanted.skill is None:
        expected = open_runs((path,))[0].expected
        again = f"`orca-agents replay {path}` writes both again from what is on record"
    elif exported.examples or wanted.skill is None:
        return
    else:
        raise DatasetError(f"{path} has no examples of {wanted.skill!r}")
    if expected != exported.examples:
        raise DatasetError(f"{path} has {exported.examples} examples, and counts {expected} of them: {again}")


def _rows(files: Sequence[Path], places: Sequence[_Place]) -> Iterator[Row]:
    handles: list[BinaryIO] = []
    try:
        for file in files:
            handles.append(file.open("rb"))
        for place in places:
            handles[place.file].seek(place.offset)
            yield parse_row(handles[place.file].read(place.length), f"{files[place.file]}, example {place.id}")
    except OSError as error:
        raise DatasetError(f"an example cannot be read any more: {error}; check the path") from None
    finally:
        for handle in handles:
            handle.close()


def _check_place(path: Path, out: Path, format: Format, files: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse to write over what was not to be lost."""
    if out.resolve() in {path.resolve(), *(file.resolve() for file in files), *path.resolve().parents}:
        raise ConfigError(f"-o {out} is what is to be exported: give another place")
    if format.is_folder and out.exists() and not out.is_dir():
        raise ConfigError(f"-o {out} is a file, and the format {format.name} is a folder: give another place")
    if not format.is_folder and out.is_dir():
        raise ConfigError(f"-o {out} is a folder, and the format {format.name} is a file: give a name in it")
    taken = any(out.iterdir()) if out.is_dir() else out.exists()
    if taken and not overwrite:
        raise DatasetError(f"{out} is there already: give another -o, or --overwrite to write in its place")
    if taken and out.is_dir() and not is_written(out):
        raise DatasetError(f"{out} holds more than an export, so nothing is written over it: give another -o")


class _Rejected:
    """What a run rejected, by the item that it asks; the texts stay on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = path / REJECTIONS_NAME
        self._places: dict[str, list[tuple[int, int]]] = {}
        if (path / MANIFEST_NAME).is_file() or not self._file.is_file():
            return
        offset = 0
        with self._file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    key = key_of_rejection(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise DatasetError(
                        f"{self._file}:{number}: not a rejection ({error}); `orca-agents replay {path}` writes it again"
                    ) from None
                if key is not None:
                    self._places.setdefault(key, []).append((offset, len(line)))
                offset += len(line)

    def of(self, row: Row) -> list[Row]:
        """The rejections with the item of an example."""
        places = self._places.get(key_of_example(row), ()) if self._places else ()
        found: list[Row] = []
        for offset, length in places:
            with self._file.open("rb") as file:
                file.seek(offset)
                found.append(json.loads(file.read(length)))
        return found


def _reasons(exported: Exported) -> str:
    if not exported.left_out:
        return ""
    return "; left out: " + "; ".join(
        f"{number} because {reason}" for reason, number in exported.left_out.most_common()
    )
