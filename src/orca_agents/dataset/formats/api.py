"""What a format is: it turns one example into the rows that a trainer reads, or says why it cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from orca_agents.dataset.rows import Row
from orca_agents.errors import DatasetError
from orca_agents.records import PLAYED_FORMS

SystemTurn = Literal["keep", "erase", "generic"]
MetadataColumns = Literal["none", "ids", "full"]
Arguments = Literal["object", "text"]
Kind = Literal["text", "flag", "chat", "turns", "pairs"]
"""What a column holds: a text; true or false; messages of {role, content}; turns of {from, value}; pairs of texts."""
JsonMessage = dict[str, Any]

GENERIC_SYSTEM = (
    "You are a careful assistant. Read closely what is asked, and do exactly that. Choose for yourself how to get to "
    "the answer, and take the steps that it needs. Say so where you are not sure or where the answer cannot be known. "
    "Be helpful and truthful, and do nobody harm."
)
"""The one system message of all examples under `--system generic`, in the manner of Orca 2 (section 3): the student
sees it in place of the instructions that its teacher had, and so has to find the way to work by itself."""


class UnsuitedError(DatasetError):
    """An example that a format has no place for. It is left out and counted, with this message as the reason."""


@dataclass(frozen=True)
class Style:
    """The choices that are the same for every row."""

    system: SystemTurn = "erase"
    """The system turn: the teacher's own message, none, or one message for all."""
    system_text: str | None = None
    """In place of our own message for all."""
    metadata: MetadataColumns | None = None
    """What of an example's metadata goes along: nothing; the columns id, skill and leaf; or these and a column
    `metadata` with all of it as JSON text. Unless given: as is usual for the format."""
    arguments: Arguments = "object"
    """How the arguments of tool calls are written: as objects, which chat templates want, or as the JSON text that
    endpoints send."""
    every_turn: bool = False
    """Prompt and completion: a row for each of the assistant's messages, not for the last alone."""
    history: bool = False
    """Alpaca: earlier turns in the column `history`."""
    bare_calls: bool = False
    """ShareGPT: tool calls without the words that stand beside them."""


class Format(Protocol):
    """One format. Classes inherit from it."""

    name: str
    about: str
    """One line for those who choose: its columns, and who reads it."""
    columns: Mapping[str, Kind]
    """Its columns, without `tools` and those of the metadata."""
    has_tools: bool = True
    """Whether rows of examples with tools have a column `tools`, a JSON text."""
    metadata: tuple[MetadataColumns, ...] = ("ids", "none", "full")
    """What of the metadata may go along; the first is what goes unless asked otherwise."""
    options: frozenset[str] = frozenset()
    """Which of `arguments`, `every_turn`, `history`, `bare_calls` and `parquet` mean something to it."""
    is_folder: bool = False
    """Whether it is a folder with a file for each kind of row, named by `file_of`."""
    marks_unlearnt: bool = True
    """Whether its readers can tell which turns of the assistant are part of a question, and not to be learnt."""
    uses_rejected: bool = False
    """Whether `convert` wants what a run rejected of the same item."""

    def convert(self, row: Row, style: Style, rejected: Sequence[Row] = ()) -> Iterator[Row]:
        """The rows of an example. Raises `UnsuitedError`."""
        ...

    def plainness(self, row: Row, style: Style) -> int:
        """How much an example's rows lack of what others have: those that lack least are written first."""
        if any(message.get("tool_calls") for message in row["messages"]):
            return 0
        return 1 if has_calls(row) else 2

    def columns_of(self, style: Style) -> Mapping[str, Kind]:
        """Its columns in this style."""
        return self.columns

    def file_of(self, row: Row) -> str:
        """Of a folder: the name of the file that an example's rows belong to."""
        return ""

    def counted_as(self, row: Row) -> str:
        """How a written row is called where rows are counted."""
        return "rows"

    def why_no_file(self, rows: int, size: int) -> str | None:
        """Why a file of so many rows and bytes is of no use to anyone who reads this format."""
        return None


def turns(row: Row, style: Style) -> list[JsonMessage]:
    """The messages of an example with the system turn that was asked for. One of the item's own, if it has one, is part
    of the task: it stays, behind the other."""
    own: list[JsonMessage] = row["messages"]
    has_own = own[0]["role"] == "system"
    ahead = {
        "keep": row["metadata"].get("teacher_system") or "",
        "erase": "",
        "generic": style.system_text if style.system_text is not None else GENERIC_SYSTEM,
    }[style.system]
    system = "\n\n".join(text for text in (ahead, own[0]["content"] if has_own else "") if text)
    rest = own[1:] if has_own else own
    return [*([{"role": "system", "content": system}] if system else []), *rest]


def chat(row: Row, style: Style) -> list[JsonMessage]:
    """The same, with the arguments of tool calls as asked for."""
    return [_with_objects(message) if style.arguments == "object" else message for message in turns(row, style)]


def is_learnt(row: Row, message: JsonMessage, *, is_last: bool) -> bool:
    """Whether a student is to learn to say a message. The assistant's turns before the last are part of the question
    (few shots, a conversation to go on with) unless the example is a dialogue, which was verified turn by turn."""
    return message["role"] == "assistant" and (is_last or row["metadata"].get("form") in PLAYED_FORMS)


def has_unlearnt(row: Row) -> bool:
    """Whether the assistant speaks in what is asked."""
    return any(
        message["role"] == "assistant" and not is_learnt(row, message, is_last=False)
        for message in row["messages"][:-1]
    )


def marks(row: Row, style: Style) -> dict[str, str]:
    """The columns that tell where a row comes from. All metadata go as one JSON text: examples have different ones, and
    readers of tables want every row of a column alike."""
    if style.metadata == "none":
        return {}
    ids = {name: str(row[name]) for name in ("id", "skill", "leaf")}
    return ids if style.metadata == "ids" else {**ids, "metadata": as_json(row["metadata"])}


def tools_of(row: Row) -> dict[str, str]:
    """The column `tools`, of an example that has any: as JSON text, for no two functions have the same parameters. TRL
    reads it so."""
    return {"tools": as_json(row["tools"])} if row.get("tools") else {}


def as_json(value: Any) -> str:
    """JSON text that every reader takes: a half of a surrogate pair is written as an escape."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def has_calls(row: Row) -> bool:
    """Whether tools are called in an example, or could be."""
    return bool(row.get("tools")) or any(m.get("tool_calls") or m["role"] == "tool" for m in row["messages"])


def arguments_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a tool call as an object. Raises `UnsuitedError` where they are none."""
    given = call["function"]["arguments"]
    try:
        found = json.loads(given) if isinstance(given, str) else given
        json.dumps(found, allow_nan=False)  # Python reads NaN and 1e999, which are no JSON to anybody else
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnsuitedError("the arguments of a tool call are no JSON object")
    return found


def _with_objects(message: JsonMessage) -> JsonMessage:
    if not message.get("tool_calls"):
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": arguments_of(call)}} for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}
