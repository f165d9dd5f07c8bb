"""Find functions and API operations that do what is described, or what a piece of code does."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from orca_agents.errors import SearchError, SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Record, Seed
from orca_agents.search.code_functions import LANGUAGES, Function, Parameter, split_functions
from orca_agents.search.fts import storable
from orca_agents.search.words import index_words, query_terms
from orca_agents.seeds.documents import Document, SeedOptions, skip
from orca_agents.seeds.sources import read_source

WEIGHTS = (6.0, 4.0, 2.0, 1.0)
"""How much a word counts in the name, in the doc, in the signature and in the body."""
QUERY_CHARS = 4000
"""What comes after this in a query is not looked at."""


class FunctionHit(Record):
    """A function that a query found."""

    function: Function
    score: float
    """Higher is better; comparable within one answer only."""


class FunctionIndex:
    """Functions that can be searched by several threads at once. Lies in a temporary file of its own, gone with it."""

    def __init__(self, functions: Iterable[Function] = ()) -> None:
        self.skips: list[Skip] = []
        """What could not be split, and why; filled by `open_functions`."""
        self._lock = threading.Lock()
        self._count = 0
        self._closed = False
        try:
            self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
            self._database.execute(
                "CREATE VIRTUAL TABLE functions USING fts5("
                "name, doc, signature, body, record UNINDEXED, tokenize = 'porter unicode61')"
            )
        except sqlite3.Error as error:
            raise SearchError(f"functions cannot be indexed: {error}; SQLite with FTS5 is needed") from error
        self.add(functions)

    def __len__(self) -> int:
        return self._count

    @property
    def name(self) -> str:
        """What is searched, with how many functions."""
        return f"functions ({self._count:,})"

    def add(self, functions: Iterable[Function]) -> None:
        """Take these up."""
        with self._lock:
            for function in functions:
                row = (
                    index_words(function.qualified_name),
                    index_words(function.doc[:20_000]),
                    index_words(function.signature),
                    index_words(function.text[:50_000]),
                    # The words of an index hold no lone surrogates. Code spells them ("\\ud800"), and no file can.
                    storable(json.dumps(function.model_dump(mode="json"), ensure_ascii=False)),
                )
                self._database.execute("INSERT INTO functions VALUES (?, ?, ?, ?, ?)", row)
                self._count += 1

    async def search(self, query: str, limit: int = 5) -> list[FunctionHit]:
        """The best, best first: for a description in words, or for code like that which is wanted.

        None where no word of the query is found. Raises `SearchError` once the index is closed.
        """
        return await asyncio.to_thread(self._search, query, limit)

    async def close(self) -> None:
        """Free it. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._database.close()

    def _search(self, query: str, limit: int) -> list[FunctionHit]:
        words = [word for term in query_terms(query[:QUERY_CHARS]) for word in term.words]
        useful = [word for word in words if word not in _EMPTY] or words
        if not useful or limit < 1:
            return []
        wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(useful))
        with self._lock:
            if self._closed:
                raise SearchError("the functions were closed with their run")
            try:
                rows = self._database.execute(
                    "SELECT record, -bm25(functions, ?, ?, ?, ?) AS score FROM functions "
                    "WHERE functions MATCH ? ORDER BY score DESC, rowid LIMIT ?",
                    (*WEIGHTS, wanted, limit),
                ).fetchall()
            except sqlite3.Error as error:
                raise SearchError(f"functions cannot be searched: {error}") from error
        return [FunctionHit(function=Function.model_validate_json(record), score=score) for record, score in rows]


def open_functions(sources: Sequence[str | Path | Seed], options: SeedOptions) -> FunctionIndex:
    """The functions and operations in these sources; `skips` of the index says what could not be split.

    It is built anew each time, which takes about a second for ten thousand functions: no folder is needed.
    """
    index = FunctionIndex()
    for source in sources:
        for document in [_as_document(source)] if isinstance(source, Seed) else read_source(source, options):
            if isinstance(document, Skip):
                index.skips.append(document)
                continue
            try:
                index.add(functions_of(document))
            except SeedError as error:
                index.skips.append(skip(document.source, str(error)))
    return index


def functions_of(document: Document) -> list[Function]:
    """The functions of a document of code, the operations of one of an API; none of any other. Raises SeedError."""
    if document.kind == "api":
        return list(_operations(document))
    known = PurePath(document.source).suffix.lower() in LANGUAGES
    if document.kind != "code" and not known:
        return []
    return split_functions(document.text, document.source, None if known else "python")


def _operations(document: Document) -> Iterator[Function]:
    """The operations of a piece of an API description, as `seeds.formats.operations` writes them."""
    title = document.title or str(document.metadata.get("api") or "")
    names = document.metadata.get("operations")
    for number, part in enumerate(re.split(r"^## ", document.text, flags=re.MULTILINE)[1:]):
        heading, _, rest = part.partition("\n")
        name = str(names[number]) if isinstance(names, list) and number < len(names) else heading
        doc = rest.strip().partition("\n")[0]
        has_doc = not re.match(r"(?:Parameters|Request|Response|Input|Output|Returns|Fields)\b[^.]*:", doc)
        given = re.search(r"^(?:Parameters|Input|Request\b[^\n]*?):[^\n]*\n((?: *- .*\n?)+)", rest, re.MULTILINE)
        yield Function(
            name=name,
            qualified_name=f"{title}: {name}" if title else name,
            signature=heading.strip(),
            parameters=tuple(
                Parameter(name=field[1], type=field[2])
                for field in re.finditer(r"^- (\S+) \((.*?)\)(?=:|$)", given[1] if given else "", re.MULTILINE)
            ),
            doc=doc if has_doc else "",
            text=f"## {part}".strip(),
            language="api",
            source=document.source,
        )


def _as_document(seed: Seed) -> Document:
    return Document(seed.text, seed.source, kind=seed.kind, title=seed.title, metadata=seed.metadata)


_EMPTY_WORDS = """
    a an and are as at be by for from has have if in into is it its of on or that the this to when which will with
    return def self function given
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that say nothing of what a function does."""
