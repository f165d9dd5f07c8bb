"""How the drawn examples came about: their parents and their chats, looked up in the files of their run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.dataset.sources import REJECTIONS_NAME
from orca_agents.report.measures import Drawn
from orca_agents.report.sources import TRANSCRIPTS_NAME, Source

MOST_CHARS = 20_000
"""Of one text that is shown; what is beyond is counted."""


@dataclass(frozen=True)
class Text:
    """A text to be shown, cut if it is very long."""

    text: str
    more: int = 0
    """Characters that were left out."""

    @property
    def is_long(self) -> bool:
        """Whether it is folded until one asks for it."""
        return len(self.text) > _FOLDED or self.text.count("\n") > _FOLDED_LINES

    @property
    def pieces(self) -> list[tuple[bool, str]]:
        """(whether it is code between fences, the piece): all of the text, fences included."""
        return [(at % 2 == 1, piece) for at, piece in enumerate(_FENCED.split(self.text)) if piece]


_FENCED = re.compile(r"(^```.*?(?:^```[ \t]*$|\Z))", re.DOTALL | re.MULTILINE)
_FOLDED = 1_400
_FOLDED_LINES = 30


@dataclass(frozen=True)
class Turn:
    """What somebody said."""

    who: str
    text: Text
    thought: Text | None = None
    calls: tuple[tuple[str, Text, Text], ...] = ()
    """(tool, its arguments, what it answered)."""


@dataclass(frozen=True)
class Chat:
    """A chat behind an example."""

    stage: str
    path: str
    systems: tuple[Turn, ...]
    turns: tuple[Turn, ...]
    error: str | None
    tokens: int


@dataclass(frozen=True)
class Voted:
    """One vote."""

    voter: str
    saw: str
    said: str
    agrees: bool


@dataclass(frozen=True)
class Lineage:
    """An example with all that led to it, as far as it is at hand."""

    id: str
    skill: str
    leaf: str
    split: str
    metadata: Mapping[str, Any]
    messages: tuple[Turn, ...]
    tools: tuple[str, ...]
    passage: Text
    question: Text
    parts: tuple[tuple[str, Text], ...]
    hidden: tuple[tuple[str, Text], ...]
    """What the student does not see: what its author knew, and what answers are checked with."""
    parent: Text | None
    """The question that it was refined from."""
    parent_fate: str
    """Whether that was kept."""
    checks: tuple[tuple[str, bool, str], ...]
    """(name, whether it passed, why not)."""
    votes: tuple[Voted, ...]
    chats: tuple[Chat, ...] = ()
    chats_missing: int = 0


@dataclass
class _Found:
    """What was looked up of one source."""

    chats: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    parents: dict[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)


def trace(drawn: Sequence[Drawn]) -> list[Lineage]:
    """The lineage of each drawn row. The files of a run are gone through for them once, line by line."""
    by_source: dict[Path, _Found] = {}
    for one in drawn:
        if one.source.path not in by_source:
            own = [other.row for other in drawn if other.source.path == one.source.path]
            by_source[one.source.path] = _look_up(one.source, own)
    return [_lineage(one, by_source[one.source.path]) for one in drawn]


def _look_up(source: Source, rows: Sequence[Mapping[str, Any]]) -> _Found:
    found = _Found()
    chats = {id for row in rows for id in row["metadata"].get("chats") or ()}
    parents = {row["metadata"]["parent_id"] for row in rows if row["metadata"].get("parent_id")}
    if source.kind == "run":
        found.chats = _lines_with([source.path / TRANSCRIPTS_NAME], chats)
        rejected = _lines_with([source.path / REJECTIONS_NAME], parents)
        found.parents = {id: (line.get("instruction") or {}, "rejected") for id, line in rejected.items()}
    kept = _lines_with(source.files, parents - found.parents.keys())
    found.parents |= {id: (row["metadata"], "kept") for id, row in kept.items()}
    return found


_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*"([^"\\]*)"')


def _lines_with(files: Iterable[Path], ids: set[str]) -> dict[str, Mapping[str, Any]]:
    """The lines with these ids, which stand first in them: the others are not parsed."""
    left = {id.encode("utf-8", "surrogatepass") for id in ids}
    found: dict[str, Mapping[str, Any]] = {}
    for file in files:
        if not left or not file.is_file():
            continue
        with file.open("rb") as lines:
            for line in lines:
                match = _ID.match(line)
                if match and match[1] in left:
                    left.discard(match[1])
                    entry = json.loads(line)
                    found[entry["id"]] = entry
                    if not left:
                        break
    return found


def _lineage(drawn: Drawn, found: _Found) -> Lineage:
    row = drawn.row
    metadata = row["metadata"]
    verification = metadata.get("verification") or {}
    parent, fate = found.parents.get(metadata.get("parent_id") or "", (None, ""))
    chats = [found.chats[id] for id in metadata.get("chats") or () if id in found.chats]
    hidden = {**(metadata.get("hidden") or {}), **(metadata.get("proof") or {})}
    return Lineage(
        id=str(row["id"]),
        skill=str(row["skill"]),
        leaf=str(row["leaf"]),
        split=drawn.split,
        metadata=metadata,
        messages=tuple(_message(message) for message in row["messages"]),
        tools=tuple(_tool_name(tool) for tool in row.get("tools") or ()),
        passage=_text(metadata.get("passage")),
        question=_text(metadata.get("question")),
        parts=tuple((name, _lines(texts)) for name, texts in (metadata.get("parts") or {}).items() if texts),
        hidden=tuple((name, _lines(texts)) for name, texts in hidden.items() if texts),
        parent=_text(parent.get("question")) if parent else None,
        parent_fate=fate,
        checks=tuple(
            (str(check.get("name")), bool(check.get("ok")), str(check.get("reason") or ""))
            for check in verification.get("checks") or ()
        ),
        votes=tuple(map(_vote, verification.get("votes") or ())),
        chats=tuple(map(_chat, chats)),
        chats_missing=len(metadata.get("chats") or ()) - len(chats),
    )


def _text(text: object) -> Text:
    whole = "" if text is None else text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, indent=2)
    return Text(whole[:MOST_CHARS], max(0, len(whole) - MOST_CHARS))


def _lines(texts: object) -> Text:
    return _text("\n".join(map(str, texts)) if isinstance(texts, list | tuple) else texts)


def _message(message: Mapping[str, Any]) -> Turn:
    calls = tuple(
        (str(call.get("function", {}).get("name")), _text(call.get("function", {}).get("arguments")), Text(""))
        for call in message.get("tool_calls") or ()
    )
    return Turn(str(message.get("role")), _text(message.get("content")), calls=calls)


def _tool_name(tool: Mapping[str, Any]) -> str:
    return str((tool.get("function") or tool).get("name") or "?")


def _vote(vote: Mapping[str, Any]) -> Voted:
    answer = vote.get("answer") or {}
    said = (
        " | ".join(map(str, answer.get("value") or ())) if answer.get("answerable", True) else "it cannot be answered"
    )
    return Voted(str(vote.get("voter")), str(vote.get("passage", "this")), said[:_MOST_SAID], bool(vote.get("agrees")))


_MOST_SAID = 400


def _chat(chat: Mapping[str, Any]) -> Chat:
    usages = [turn.get("usage") or {} for turn in chat.get("turns") or ()]
    return Chat(
        stage=str(chat.get("stage")),
        path=str(chat.get("path")),
        systems=tuple(Turn(str(who), _text(text)) for who, text in (chat.get("system_messages") or {}).items()),
        turns=tuple(_turn(turn) for turn in chat.get("turns") or ()),
        error=chat.get("error"),
        tokens=sum((one.get("prompt_tokens") or 0) + (one.get("completion_tokens") or 0) for one in usages),
    )


def _turn(turn: Mapping[str, Any]) -> Turn:
    calls = tuple(
        (str(call.get("name")), _text(call.get("arguments")), _text(call.get("result")))
        for call in turn.get("tool_calls") or ()
    )
    thought = _text(turn["reasoning"]) if turn.get("reasoning") else None
    return Turn(str(turn.get("agent")), _text(turn.get("text")), thought, calls)
