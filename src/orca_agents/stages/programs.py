"""Transformers that are programs: what they make of a seed costs no call to a model.

`split_passages` and `retrieve_passages` lay documents out to be cited. The second one searches the corpus of the run
(its own seeds, or what `--corpus` names), so a skill that lists it needs one. What it found is on record: a replay,
which has no corpus, finds the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from orca_agents.checks.sources.documents import NewDocument, read_documents, write_documents
from orca_agents.checks.terms import copied_share, terms
from orca_agents.config import IDENTITY
from orca_agents.harvest import DeclinedError
from orca_agents.language import words
from orca_agents.models.api import ToolKey
from orca_agents.records import Seed, ToolCall
from orca_agents.seeds.chunking import chunk, count_words
from orca_agents.stages.studio import Studio

PASSAGE_WORDS = 110
"""Longest snippet."""
FEWEST_WORDS = 25
"""A piece that is shorter is put to its neighbour, or left out."""
FEWEST, MOST = 3, 8
"""Documents of a set that is made of one seed."""
OWN, FOUND = 4, 4
"""Documents of the seed itself, and of the rest of the corpus, in a set with distractors."""
HITS = 24
"""Most hits that are looked through for distractors."""
MOST_SHARED = 0.3
"""Share of its word sequences that a distractor may have in common with the seed: more, and it is no distractor."""
QUERY_WORDS = 10


async def _identity(_: Studio, seed: Seed) -> str:
    """The seed as it is."""
    return seed.text


async def _split_passages(studio: Studio, seed: Seed) -> str:
    """The seed cut into documents at its own joints, in an order drawn for it. Raises `DeclinedError`."""
    documents = _drawn_pieces(studio, seed, MOST)
    if len(documents) < FEWEST:
        raise _declined(f"the text gives only {len(documents)} passages")
    return write_documents(_shuffled(studio, seed, documents))


async def _retrieve_passages(studio: Studio, seed: Seed) -> str:
    """Some documents of the seed among others that a search for them finds. Raises `DeclinedError`, `SearchError`."""
    own = _drawn_pieces(studio, seed, OWN)
    found: list[NewDocument] = []
    # one search for the whole, and one for each document: a long query would find the seed alone, by its rarest words
    texts = [seed.text, *(f"{document.title}\n{document.snippet}" for document in own)]
    for number, query in enumerate(dict.fromkeys(_query(text, seed.language) for text in texts)):
        for hit in await _search(studio, seed, query, number):
            document = _distractor(hit, seed)
            if document is not None and all(copied_share(document.snippet, one.snippet) < MOST_SHARED for one in found):
                found.append(document)
    if not own or not found:
        raise _declined("the corpus holds nothing beside this text that is like it")
    return write_documents(_shuffled(studio, seed, [*own, *found[:FOUND]]))


TRANSFORMERS: dict[str, Callable[[Studio, Seed], Awaitable[str]]] = {
    IDENTITY: _identity,
    "split_passages": _split_passages,
    "retrieve_passages": _retrieve_passages,
}
"""By the names that `agents:` of a skill's `transform` gives them."""


def _drawn_pieces(studio: Studio, seed: Seed, most: int) -> list[NewDocument]:
    """So many pieces of a seed; of a seed that is several documents, as many of each."""
    found = read_documents(seed.text) if seed.kind == "corpus" else ()
    singly = [seed.model_copy(update={"text": one.snippet, "title": one.title}) for one in found] or [seed]
    each = max(1, most // len(singly))
    drawn = [piece for one in singly for piece in _window(studio, seed, _pieces(one), each)]
    return _window(studio, seed, drawn, most)


def _pieces(seed: Seed) -> list[NewDocument]:
    """The seed in pieces of a snippet's length, each under the heading that it stands under."""
    pieces = []
    for start, end in _spans(seed.text):
        snippet = _without_headings(seed.text[start:end])
        if count_words(snippet) >= FEWEST_WORDS:
            begins = start + re.match(r"(?:\s*#{1,6} .*\n)*", seed.text[start:end]).end()  # type: ignore[union-attr]
            pieces.append(NewDocument(_title_at(seed, begins), _one_block(snippet), _url(seed.source)))
    return pieces


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the pieces are: whole sentences, and whole paragraphs where they are not too long."""
    capacity = min(PASSAGE_WORDS, max(2 * FEWEST_WORDS, count_words(text) / FEWEST))
    spans: list[tuple[int, int]] = []
    start = at = 0
    for match in (*_JOINT.finditer(text), None):
        end = match.end() if match else len(text)
        # a piece that ended with its last sentence ends before one that would make it too long
        if start < at and count_words(text[start:end]) > capacity:
            spans.append((start, at))
            start = at
        at = end
        if match and match["paragraph"] and count_words(text[start:at]) >= FEWEST_WORDS:
            spans.append((start, at))
            start = at
    spans.append((start, len(text)))
    return [(first + one, first + two) for first, last in spans for one, two in _cut(text[first:last])]


def _cut(piece: str) -> list[tuple[int, int]]:
    """A piece without sentences (a table, a list) that is too long, at its own joints."""
    return chunk(piece, PASSAGE_WORDS) if count_words(piece) > 2 * PASSAGE_WORDS else [(0, len(piece))]


def _without_headings(text: str) -> str:
    return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", _HEADING.sub("", text)).strip()


def _title_at(seed: Seed, place: int) -> str:
    """The title of the document, and the last heading before this place."""
    headings = [match[1].strip(" #*") for match in _HEADING.finditer(seed.text, 0, place)]
    parts = [part for part in (seed.title, headings[-1] if headings else None) if part]
    return _short(" - ".join(dict.fromkeys(parts))) if parts else _first_words(seed.text)


def _window(studio: Studio, seed: Seed, documents: list[NewDocument], most: int) -> list[NewDocument]:
    """Some documents that follow each other, drawn for the seed."""
    if len(documents) <= most:
        return documents
    first = _draw(studio, seed).randrange(len(documents) - most + 1)
    return documents[first : first + most]


def _shuffled(studio: Studio, seed: Seed, documents: list[NewDocument]) -> list[NewDocument]:
    shuffled = list(documents)
    _draw(studio, seed).shuffle(shuffled)
    return shuffled


def _draw(studio: Studio, seed: Seed) -> Random:
    return Random(f"documents/{studio.random_seed}/{seed.id}")


def _query(text: str, language: str | None) -> str:
    """The content words that a text uses most: what it is about."""
    counts = Counter(word for word in words(text) if len(word) > 1 and not word.isdigit() and terms(word, language))
    return " ".join(word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:QUERY_WORDS])


async def _search(studio: Studio, seed: Seed, query: str, number: int) -> list[dict[str, Any]]:
    """What the corpus holds on a query, from the record where it was asked before."""
    given = {"query": query, "limit": HITS}
    digest = hashlib.sha256(json.dumps(["search", given], sort_keys=True).encode()).hexdigest()
    key = ToolKey(seed.id, f"{studio.skill.name}/retrieve_passages", number, digest)
    call = await studio.record.recall_tool(key)
    if call is None:
        hits = await (await studio.toolbox.corpus()).search(query, HITS)
        result = json.dumps([hit.passage.model_dump(mode="json") for hit in hits])
        call = ToolCall(id="", name="search", arguments=given, result=result)
        await studio.record.record_tool(key, call)
    found: list[dict[str, Any]] = json.loads(call.result)
    return found


def _distractor(hit: dict[str, Any], seed: Seed) -> NewDocument | None:
    """A hit as a document, unless it is a piece of the seed itself or says too little."""
    text = _without_headings(hit["text"])
    spans = chunk(text, PASSAGE_WORDS)
    text = text[slice(*spans[0])] if spans else ""
    if count_words(text) < FEWEST_WORDS or copied_share(text, seed.text) >= MOST_SHARED:
        return None
    return NewDocument(_short(hit["title"] or "") or _first_words(text), _one_block(text), _url(hit["source"]))


def _one_block(text: str) -> str:
    """Without what would read as the head of another document; everything else stays byte for byte."""
    return _HEAD.sub(lambda match: f"> {match[0]}", text)


def _url(source: str) -> str | None:
    """The address of a source on the web; a path on somebody's machine is nobody's business."""
    return source if re.match(r"https?://\S+$", source) else None


def _first_words(text: str) -> str:
    return _short(" ".join(text.split()[:8]).rstrip(".,;:"))


def _short(title: str) -> str:
    one_line = " ".join(title.split())
    return one_line if len(one_line) <= 120 else f"{one_line[:117].rstrip()}..."


def _declined(reason: str) -> DeclinedError:
    error = DeclinedError(reason)
    error.stage = "transform"
    return error


_JOINT = re.compile(
    "(?P<paragraph>\\n[ \\t]*\\n\\s*)|(?:(?<=[.!?\u0964\u061f])|(?<=[.!?][\"'\u201d\u2019\u00bb)]))[ \\n](?=\\S)"
    "|(?<=[\u3002\uff01\uff1f])"
)
"""Where a paragraph or a sentence ends."""
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_HEAD = re.compile(r"^(?:Document Id|Title|Url|Snippet):", re.MULTILINE | re.IGNORECASE)
