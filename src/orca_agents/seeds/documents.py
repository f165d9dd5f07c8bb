"""What is asked of seeds, and a document: one text before it is cleaned and cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orca_agents.outcomes import Skip
from orca_agents.records import SeedKind, short_hash

STDIN = Path("-")
"""The path that stands for standard input."""


@dataclass(frozen=True)
class SeedOptions:
    """How sources become seeds."""

    chunk_words: int = 800
    """Longest chunk, in words (see `chunking.count_words` for languages without spaces)."""
    text_field: str | None = None
    """The field of JSONL rows and JSON objects that holds the text; JSONL tries `text` unless given."""
    kinds: tuple[SeedKind, ...] | None = None
    """Kinds of seed that are wanted; others are skipped with a reason. All unless given."""
    words: tuple[int, int] = (10, 3000)
    """Fewest and most words of a seed. A longer document is cut at `min(chunk_words, words[1])`."""
    pages: Literal["one", "both"] = "one"
    """How a web page is read where `kinds` has `html`: as a page, and as a text too if that is wanted as well (`both`);
    `one` takes the text where both are wanted."""
    language: str | None = None
    """The language in which examples are to be written. A seed keeps its own language all the same."""

    def __post_init__(self) -> None:
        if self.chunk_words < 1:
            raise ValueError(f"chunk_words is {self.chunk_words}; it must be 1 or more")
        fewest, most = self.words
        if fewest < 0 or most < 1 or fewest > most:
            raise ValueError(f"words is {self.words}; give (fewest, most) with 0 <= fewest <= most")

    @property
    def as_text(self) -> bool:
        """Whether a web page is read as a text."""
        return self.kinds is None or "html" not in self.kinds or "text" in self.kinds

    @property
    def as_html(self) -> bool:
        """Whether a web page is read as a page."""
        return self.kinds is not None and "html" in self.kinds and ("text" not in self.kinds or self.pages == "both")

    @property
    def capacity(self) -> int:
        """Most words of a chunk."""
        return min(self.chunk_words, self.words[1])


@dataclass(frozen=True)
class Part:
    """A piece of a document that has a place of its own: a page of a PDF file."""

    text: str
    page: int
    """From 1."""


@dataclass(frozen=True)
class Document:
    """One text as it was read, and what its source says about it."""

    text: str
    source: str
    """The path as the user gave it, a URL, or `(text)`."""
    kind: SeedKind | None = None
    """What it is, where the source says so; otherwise it is told from the text."""
    markdown: bool | None = None
    """Whether it is Markdown, where the suffix says so."""
    title: str | None = None
    licence: str | None = None
    language: str | None = None
    flags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    """Its pages, where it has some: then `text` is their texts, joined. Its seeds say from which pages they are."""
    whole: bool = False
    """Whether its reader has cut it already (rows of a table, operations of an API): it becomes one seed as it is."""


def skip(source: str, reason: str) -> Skip:
    """A source that gave no seed, and why."""
    return Skip(id=short_hash(source, reason), source=source, stage="seeds", reason=reason)
