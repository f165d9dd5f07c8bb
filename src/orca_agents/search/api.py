"""What search is: a query goes in, passages with their places come out."""

from __future__ import annotations

from typing import Protocol

from orca_agents.records import Record


class Passage(Record):
    """A piece of text that can be found."""

    text: str
    title: str | None = None
    source: str = "(text)"
    """The path or the address that it comes from."""
    page: int | None = None
    """The page of its source, from 1, where that has pages."""
    start: int = 0
    """First character in the cleaned document."""
    end: int | None = None


class Hit(Record):
    """A passage that a query found."""

    passage: Passage
    score: float
    """Higher is better; comparable within one answer only."""
    excerpt: str
    """The part of the text around what was found, at most about 500 characters."""


class SearchProvider(Protocol):
    """Somewhere to search. Safe to use for many queries at once."""

    @property
    def name(self) -> str:
        """For `doctor` and for messages, e.g. `corpus (SQLite FTS5, 1,204 passages)`."""
        ...

    async def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The best hits, best first; none for a query that holds no words. Any text is a query: quotes, operators and
        other signs are only text. Raises `SearchError` where the provider itself cannot be used."""
        ...

    async def close(self) -> None:
        """Free what it holds. Safe to call twice."""
        ...
