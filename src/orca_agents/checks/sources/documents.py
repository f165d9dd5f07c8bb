"""Read and write the documents that a question is answered from: number, title, address and snippet of each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

MOST = 40
"""Most documents that are read."""


@dataclass(frozen=True)
class SourceDocument:
    """One of the documents, as it stands in a passage: `passage[start:end]`."""

    id: str
    title: str
    snippet: str
    start: int
    end: int


@dataclass(frozen=True)
class NewDocument:
    """A document that is to be written down."""

    title: str
    snippet: str
    url: str | None = None


@lru_cache(maxsize=64)
def read_documents(passage: str) -> tuple[SourceDocument, ...]:
    """The documents of a passage, in their order; none where it is laid out otherwise.

    The text of a document stands behind `Snippet:`, or (in seeds of the kind `corpus`) behind an empty line.
    """
    heads = list(_HEAD.finditer(passage))[:MOST]
    ends = [*(head.start() for head in heads[1:]), len(passage)]
    found = []
    for head, end in zip(heads, ends, strict=False):
        block = passage[head.end() : end]
        snippet = _BODY.match(block) or _SNIPPET.search(block)
        title = _TITLE.search(block[: snippet.end()] if snippet else block)
        text = block[snippet.end() :].strip() if snippet else ""
        found.append(SourceDocument(head["id"], title[1].strip() if title else "", text, head.start(), end))
    return tuple(found)


def write_documents(documents: Iterable[NewDocument]) -> str:
    """Documents in the layout of the published release, numbered from 1."""
    blocks = []
    for number, document in enumerate(documents, 1):
        lines = [f"Document Id: {number}", f"Title: {document.title}"]
        if document.url:
            lines.append(f"Url: {document.url}")
        blocks.append("\n".join((*lines, f"Snippet: {document.snippet}")))
    return "\n\n".join(blocks)


def kept(passage: str, ids: Collection[str]) -> str:
    """The passage with the documents of these numbers only, which keep their numbers."""
    documents = [document for document in read_documents(passage) if document.id in ids]
    return "\n\n".join(passage[document.start : document.end].strip() for document in documents)


def text_of(passage: str, ids: Collection[str]) -> str:
    """Titles and snippets of the documents of these numbers."""
    documents = [document for document in read_documents(passage) if document.id in ids]
    return "\n\n".join(f"{document.title}\n{document.snippet}" for document in documents)


def cited(text: str) -> tuple[str, ...]:
    """The numbers of the documents that a text cites: `[2]`, `[1][3]`, `[1, 3]`; each once, in their order."""
    return tuple(dict.fromkeys(one for match in _CITED.finditer(text) for one in re.findall(r"\w+", match[1])))


_HEAD = re.compile(r"^Document Id:[ \t]*(?P<id>\w{1,12})[ \t]*$", re.MULTILINE | re.IGNORECASE)
_TITLE = re.compile(r"^Title:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
_SNIPPET = re.compile(r"^Snippet:[ \t]*", re.MULTILINE | re.IGNORECASE)
_BODY = re.compile(r"\s*^Title:.*\n(?:Url:.*\n)?[ \t]*\n\s*(?!\s|Snippet:)", re.MULTILINE | re.IGNORECASE)
_CITED = re.compile(r"\[(\d{1,4}(?:\s?[,;]\s?\d{1,4})*)\](?!\()")
