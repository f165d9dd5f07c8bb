"""An API as a list of operations, and pieces of it that stand alone: its name and as many operations as fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orca_agents.seeds.chunking import count_words
from orca_agents.seeds.documents import Document, SeedOptions
from orca_agents.seeds.formats.schema_text import Detail, SchemaWriter, plain


@dataclass(frozen=True)
class Parameter:
    """One thing that a call is given, or that comes back."""

    name: str
    schema: Any
    required: bool = False
    place: str = ""
    """Where it stands in a request: `path`, `query`, `header`, ..."""


@dataclass(frozen=True)
class Section:
    """What an operation takes, or gives back: parameters one by one, or one schema."""

    title: str
    parameters: tuple[Parameter, ...] = ()
    schema: Any = None
    description: str = ""


@dataclass(frozen=True)
class Operation:
    """One thing that an API can do."""

    name: str
    """By which a caller names it."""
    heading: str
    where: str
    """Its place in the file: a JSON pointer, or a line."""
    description: str = ""
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    tool: str = ""
    """The tool or API that it belongs to, where a file describes several."""


@dataclass(frozen=True)
class Api:
    """What one file describes."""

    name: str
    operations: Sequence[Operation]
    description: str = ""
    notes: tuple[str, ...] = ()
    licence: str | None = None
    root: Any = field(default=None, repr=False)
    """What the references in its schemas count from."""


DETAILS = (
    Detail(depth=3, words=80, fields=80),
    Detail(depth=2, words=40, fields=50),
    Detail(depth=2, words=25, fields=30),
    Detail(depth=1, words=15, fields=20),
    Detail(depth=1, words=10, fields=10),
    Detail(depth=0, words=8, fields=6),
)
"""How an operation is told, from in full to the shortest; the first that fits is taken."""


def cut_api(api: Api, name: str, options: SeedOptions) -> Iterator[Document]:
    """The pieces of an API, in order. An operation that is too long alone is told in less detail (flag `shortened`)."""
    header = _header(api, options.capacity)
    room = max(1.0, options.capacity - count_words(header))
    parts: list[str] = []
    taken: list[Operation] = []
    words, shortened = 0.0, False

    def document() -> Document:
        tools = list(dict.fromkeys(operation.tool for operation in taken if operation.tool))
        return Document(
            header + "\n".join(parts),
            name,
            kind="api",
            markdown=True,
            title=", ".join(tools[:3]) if tools else api.name,
            licence=api.licence,
            flags=("shortened",) if shortened else (),
            metadata={
                "api": api.name,
                "operations": [operation.name for operation in taken],
                "where": [operation.where for operation in taken],
                **({"tools": tools} if tools else {}),
            },
            whole=True,
        )

    for operation in api.operations:
        text, less = write_operation(operation, api.root, room)
        more = count_words(text)
        if parts and words + more > room:
            yield document()
            parts, taken, words, shortened = [], [], 0.0, False
        parts.append(text)
        taken.append(operation)
        words += more
        shortened = shortened or less
    if parts:
        yield document()


def write_operation(operation: Operation, root: Any, room: float) -> tuple[str, bool]:
    """An operation in at most `room` words, and whether something had to be left out for that."""
    text = ""
    for level, detail in enumerate(DETAILS):
        text = _write(operation, root, detail)
        if count_words(text) <= room:
            return text, level > 0
    lines = text.splitlines()
    while len(lines) > 1 and count_words("\n".join([*lines, "- ..."])) > room:
        lines.pop()
    return "\n".join([*lines, "- ..."]) + "\n", True


def _header(api: Api, capacity: int) -> str:
    writer = SchemaWriter(api.root, Detail(depth=0, words=max(5, capacity // 12), fields=0))
    lines = [
        f"# {writer.description(api.name)}",
        writer.description(api.description),
        *map(writer.description, api.notes),
    ]
    return "\n\n".join(line for line in lines if line) + "\n\n"


def _write(operation: Operation, root: Any, detail: Detail) -> str:
    writer = SchemaWriter(root, detail)
    lines = [f"## {' '.join(operation.heading.split())[:300]}", ""]
    if description := writer.description(operation.description):
        lines += [description, ""]
    for section in operation.sections:
        told = f" {writer.description(section.description)}" if plain(section.description) else ""
        inside: list[str] = []
        if section.schema is not None:
            kind, *inside = writer.lines(section.schema)
            told = f" {kind}" + (f".{told}" if told else "")
        for parameter in section.parameters[: max(4, detail.fields)]:
            inside += writer.field_line(parameter.name, parameter.schema, parameter.required, parameter.place)
        if len(section.parameters) > max(4, detail.fields):
            inside.append("- ...")
        if inside or told:
            lines += [f"{section.title}:{told}", *inside, ""]
    lines += [line for note in operation.notes if (line := writer.description(note))]
    return "\n".join(lines).rstrip() + "\n"
