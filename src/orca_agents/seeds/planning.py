"""Turn sources into seeds: clean each document, refuse what is no material, leave out copies, cut the rest."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Seed, short_hash
from orca_agents.seeds.chunking import chunk, count_cells, count_words
from orca_agents.seeds.cleaning import clean
from orca_agents.seeds.documents import Document, SeedOptions, skip
from orca_agents.seeds.grouping import with_corpora
from orca_agents.seeds.kinds import kind_of, looks_like_markdown
from orca_agents.seeds.met import Met
from orca_agents.seeds.quality import reason_to_skip
from orca_agents.seeds.sensitive import sensitive_flags
from orca_agents.seeds.sources import read_source


def read_seeds(
    sources: Iterable[str | Path | Seed], options: SeedOptions, *, stdin: TextIO | BinaryIO | None = None
) -> Iterator[Seed | Skip]:
    """Read sources lazily, in order, as seeds; what gives no seed gives a skip that says why.

    A `str` is a text, a `Path` a file or a folder (with everything below it, sorted), `Path("-")` standard input. A
    `Seed` is taken as it is, but cleaned, and cut where it is too long: the parts of one with an id of its own have
    `short_hash(id, start)` as theirs, and keep its id as `seed_id` in their metadata. A text that came before is
    skipped. No two skips have one id. Raises SeedError for a path that does not exist and for a folder without a file
    to read, when it is reached (`check_sources` says so beforehand), and for two texts with one id.
    """
    if isinstance(sources, (str, Path, Seed)):
        sources = (sources,)
    with Met() as met:
        items = _plan(sources, options, stdin, met)
        if options.kinds is not None and "corpus" in options.kinds:
            items = with_corpora(items, options.words[1])
        for item in items:
            if isinstance(item, Skip) and (times := met.times("skips", item.id)) > 1:
                item = item.model_copy(update={"id": short_hash(item.id, str(times))})
            yield item


def _plan(
    sources: Iterable[str | Path | Seed], options: SeedOptions, stdin: TextIO | BinaryIO | None, met: Met
) -> Iterator[Seed | Skip]:
    for source in sources:
        if isinstance(source, Seed):
            yield from _plan_seed(source, options, met)
            continue
        for document in read_source(source, options, stdin):
            if isinstance(document, Skip):
                yield document
            else:
                yield from _plan_document(document, options, met)


def _plan_document(document: Document, options: SeedOptions, met: Met) -> Iterator[Seed | Skip]:
    text, flags, pages = _clean_parts(document)
    code = document.kind == "code"
    kind = document.kind or kind_of(text)
    fewest, most = options.words
    # What its reader has cut is data, not prose: the rules for prose do not fit it.
    if document.whole:
        reason = None if text.strip() else "empty: it holds no text"
    else:
        reason = reason_to_skip(text, code=code)
    if reason:
        yield skip(document.source, reason)
    elif options.kinds is not None and kind not in options.kinds:
        yield skip(document.source, f"of kind {kind}; wanted here: {', '.join(options.kinds)}")
    elif (words := count_cells(text) if kind == "table" else count_words(text)) < fewest:
        yield skip(document.source, f"too short: {words:.0f} of at least {fewest} words")
    elif document.whole and words > most:
        yield skip(document.source, f"too long: {words:.0f} of at most {most} words, and it cannot be cut")
    elif first := met.first("documents", short_hash(text.strip()), document.source):
        yield skip(document.source, f"same text as {first}")
    else:
        markdown = document.markdown if document.markdown is not None else not code and looks_like_markdown(text)
        seed = Seed(
            text=text,
            kind=kind,
            source=document.source,
            title=_clean_value(document.title) or (_title(text) if markdown else None),
            licence=_clean_value(document.licence),
            language=document.language,
            flags=_union(document.flags, flags),
            metadata=_clean_value(document.metadata),
        )
        yield from _cut(seed, options, met, markdown=markdown, pages=pages, whole=document.whole)


def _clean_parts(document: Document) -> tuple[str, tuple[str, ...], list[tuple[int, int]]]:
    """The clean text, its flags, and where each page starts in it, with the page's number."""
    if not document.parts:
        return *clean(document.text), []
    texts: list[str] = []
    flags: tuple[str, ...] = ()
    pages: list[tuple[int, int]] = []
    start = 0
    for part in document.parts:
        text, noticed = clean(part.text)
        if texts:
            between = " " if _GOES_ON.search(texts[-1][-40:]) and text[:1].islower() else "\n\n"
            texts.append(between)
            start += len(between)
        pages.append((start, part.page))
        texts.append(text)
        start += len(text)
        flags = _union(flags, noticed)
    return "".join(texts), flags, pages


def _clean_value(value: Any) -> Any:
    """A title or metadata with their texts clean: agents may be shown them, and every record must be writable."""
    match value:
        case str():
            return clean(value).text
        case list() | tuple():
            return [_clean_value(item) for item in value]
        case dict():
            return {_clean_value(key): _clean_value(item) for key, item in value.items()}
    return value


def _pages(start: int, end: int, pages: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """The first and the last page of a span, as metadata."""
    starts = [at for at, _ in pages]
    first, last = bisect_right(starts, start) - 1, bisect_left(starts, end) - 1
    return {"pages": [pages[first][1], pages[last][1]]}


def _plan_seed(seed: Seed, options: SeedOptions, met: Met) -> Iterator[Seed | Skip]:
    """The user's own seed: its kind counts, its length is cut, and nothing else is asked of it."""
    text, flags = clean(seed.text)
    if not text.strip():
        yield skip(seed.source, "empty: the seed holds no text")
        return
    if options.kinds is not None and seed.kind not in options.kinds:
        yield skip(seed.source, f"of kind {seed.kind}; wanted here: {', '.join(options.kinds)}")
        return
    hash = short_hash(text)
    own_id = seed.id if seed.id != (hash if text == seed.text else short_hash(seed.text)) else None
    if own_id is not None and met.first("ids", short_hash(own_id), hash) not in (None, hash):
        raise SeedError(f"two seeds have the id {own_id!r} and different texts: give each text an id of its own")
    if count_words(text) > options.capacity:
        cleaned = seed.model_copy(update={"text": text, "flags": _union(seed.flags, flags)})
        markdown = seed.kind != "code" and looks_like_markdown(text)
        yield from _cut(cleaned, options, met, markdown=markdown, own_id=own_id)
    elif first := met.first("chunks", hash, seed.source):
        yield skip(seed.source, f"same text as {first}")
    else:
        planned = {
            "text": text,
            "id": own_id or hash,
            "language": seed.language or _language(text, seed),
            "flags": _union(seed.flags, flags, sensitive_flags(text)),
        }
        changed = {name: value for name, value in planned.items() if getattr(seed, name) != value}
        yield seed.model_copy(update=changed) if changed else seed


def _cut(
    document: Seed,
    options: SeedOptions,
    met: Met,
    *,
    markdown: bool,
    own_id: str | None = None,
    pages: Sequence[tuple[int, int]] = (),
    whole: bool = False,
) -> Iterator[Seed | Skip]:
    """The chunks of a clean document that is still one seed; `own_id` is the one that the user gave it."""
    code = document.kind == "code"
    metadata = document.metadata if own_id is None else {"seed_id": own_id, **document.metadata}
    spans = [(0, len(document.text))]
    if not whole:
        spans = chunk(document.text, options.capacity, options.words[0], markdown=markdown, code=code)
    for start, end in spans:
        text = document.text[start:end]
        hash = short_hash(text)
        place = f"characters {start} to {end}: "
        reason = reason_to_skip(text, code=code) if len(spans) > 1 else None
        if reason is None and len(spans) > 1 and (words := count_words(text)) < options.words[0]:
            reason = f"too short: {words:.0f} of at least {options.words[0]} words, and its neighbours are full"
        if reason is None and (first := met.first("chunks", hash, document.source)):
            reason = f"same text as {'an earlier part of it' if first == document.source else first}"
        if reason is not None:
            yield skip(document.source, place + reason)
            continue
        yield document.model_copy(
            update={
                "text": text,
                "id": hash if own_id is None else short_hash(own_id, str(document.start + start)),
                "language": document.language or _language(text, document),
                "start": document.start + start,
                "end": document.start + end,
                "flags": _union(document.flags, sensitive_flags(text)),
                "metadata": {**metadata, **_pages(start, end, pages)} if pages else metadata,
            }
        )


def _language(text: str, seed: Seed) -> str | None:
    """The language of a text; program code and tables have none that can be told."""
    if seed.kind in ("code", "table"):
        return None
    if seed.kind == "html":
        text = _TAG.sub(" ", text)
    from orca_agents.language import detect  # its model is loaded only where it is needed

    return detect(text)


_GOES_ON = re.compile(r"[^\W\d_][,;\u2019\u201d)]*$")
"""How a page ends whose last sentence goes on, on the next one."""
_TAG = re.compile(r"<[^<>]*>")
_TITLE = re.compile(r"^(?:# +|title: *)[\"']?(\S.{0,200}?)[\"']?[ #]*$", re.MULTILINE)


def _title(text: str) -> str | None:
    """The first heading of a Markdown text, or the title in its front matter."""
    match = _TITLE.search(text, 0, 5000)
    return match[1] if match else None


def _union(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flag for group in groups for flag in group))
