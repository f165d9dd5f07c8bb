"""The user's own documents, read as a run reads its seeds, and indexed once."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from orca_agents.errors import SearchError
from orca_agents.records import Seed, short_hash
from orca_agents.search.api import Passage, SearchProvider
from orca_agents.search.fts import CorpusIndex
from orca_agents.search.tantivy_index import TantivyIndex, missing
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.seeds.sources import is_run_folder

Engine = Literal["fts", "tantivy", "auto"]

PASSAGE_WORDS = 200
"""Longest passage: what is found should be short enough to be read by a model."""
MOST_FOR_FTS = 100_000
"""Passages above which `auto` takes tantivy, where it is installed."""


def open_corpus(
    sources: Sequence[str | Path | Seed], options: SeedOptions, folder: Path | None, engine: Engine = "auto"
) -> SearchProvider:
    """Search in sources: texts, files, folders, seeds. Of the options only how they are read counts, not what a skill
    takes of them: every kind and length is found.

    The index is kept in `folder`, and built again when a source has changed; without a folder it goes when it is
    closed. Raises `SeedError` for a source that is not there, and `SearchError` where nothing can be searched.
    """
    if STDIN in sources:
        raise SearchError("standard input cannot be searched, for it can be read only once: give a file or a folder")
    if engine == "tantivy" and (reason := missing()):
        raise SearchError(reason)
    check_sources([source for source in sources if not isinstance(source, Seed)])
    options = replace(options, chunk_words=PASSAGE_WORDS, words=(1, PASSAGE_WORDS), kinds=None)
    if folder is None:
        return _Passing(sources, options, engine)
    files = _Files(folder, _key(sources, options))
    return files.opened(engine) or _build(files, sources, options, engine)


class _Files:
    """Where the indexes of these sources are. A change of a source changes the names."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.fts = folder / f"corpus-{key}.sqlite"
        self.tantivy = folder / f"corpus-{key}.tantivy"

    def opened(self, engine: Engine) -> SearchProvider | None:
        """The index that is there and can be used, or none: then it is built again."""
        index: CorpusIndex | TantivyIndex | None = None
        with contextlib.suppress(SearchError):  # broken, or of another version
            if engine != "fts" and self.tantivy.exists() and missing() is None:
                index = TantivyIndex(self.tantivy)
            elif engine != "tantivy" and self.fts.exists():
                index = CorpusIndex(self.fts)
        if index is not None and len(index) == 0:  # another process deleted it a moment ago
            index.close_now()
            return None
        return index

    def forget_others(self) -> None:
        """Delete the indexes of sources as they were before, and what builds that died have left. A process that
        still has one open keeps it."""
        for path in self.folder.glob("corpus-*"):
            if path in (self.fts, self.tantivy) or path.suffix not in (".sqlite", ".tantivy", ".tmp"):
                continue
            if path.suffix == ".tmp" and _age_s(path) < _LONGEST_BUILD_S:
                continue  # another process may be at it
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):  # it is only in the way
                    path.unlink()


_LONGEST_BUILD_S = 24 * 3600


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


class _Passing:
    """An index in a folder of its own, which is deleted when the index is closed."""

    def __init__(self, sources: Sequence[str | Path | Seed], options: SeedOptions, engine: Engine) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="orca-corpus-", ignore_cleanup_errors=True)
        try:
            self._index = _build(_Files(Path(self._folder.name), "passing"), sources, options, engine)
        except BaseException:  # whatever it is, nothing is left behind
            self._folder.cleanup()
            raise
        self.search = self._index.search

    @property
    def name(self) -> str:
        return self._index.name

    async def close(self) -> None:
        await self._index.close()
        self._folder.cleanup()


def _build(
    files: _Files, sources: Sequence[str | Path | Seed], options: SeedOptions, engine: Engine
) -> CorpusIndex | TantivyIndex:
    reasons: list[str] = []
    passages = _passages(sources, options, reasons)
    first = next(passages, None)
    if first is None:
        why = "; ".join(reasons) or "no source was given"
        raise SearchError(f"there is no text to search in: {why}. Give a corpus of text, Markdown, code or JSONL files")
    passages = chain([first], passages)
    index: CorpusIndex | TantivyIndex
    if engine == "tantivy":
        index = TantivyIndex.build(files.tantivy, passages)
    elif engine == "fts" or missing() is not None:
        index = CorpusIndex.build(files.fts, passages)
    else:
        index = _build_fitting(files, passages)
    files.forget_others()
    return index


def _build_fitting(files: _Files, passages: Iterator[Passage]) -> CorpusIndex | TantivyIndex:
    """How many passages there are is known when they were read: begin with SQLite, and go over to tantivy."""
    with tempfile.TemporaryDirectory(prefix="corpus-", suffix=".tmp", dir=_made(files.folder)) as folder:
        begun = CorpusIndex.build(Path(folder) / files.fts.name, islice(passages, MOST_FOR_FTS))
        try:
            more = next(passages, None)
            if more is not None:
                return TantivyIndex.build(files.tantivy, chain(begun.passages(), [more], passages))
        finally:
            begun.close_now()
        (Path(folder) / files.fts.name).replace(files.fts)
    return CorpusIndex(files.fts)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SearchError(f"{folder}: the folder of the search index cannot be made ({error})") from error
    return folder


def _passages(sources: Sequence[str | Path | Seed], options: SeedOptions, reasons: list[str]) -> Iterator[Passage]:
    """What is searched; why the first sources give nothing goes to `reasons`."""
    for seed in read_seeds(sources, options):
        if isinstance(seed, Seed):
            yield _passage(seed)
        elif len(reasons) < 3:
            reasons.append(f"{seed.source}: {seed.reason}")


def _passage(seed: Seed) -> Passage:
    pages: Any = seed.metadata.get("pages")
    page = pages[0] if isinstance(pages, list | tuple) and pages and isinstance(pages[0], int) else None
    return Passage(text=seed.text, title=seed.title, source=seed.source, page=page, start=seed.start, end=seed.end)


_READING = 1
"""One higher when the same sources come to be read as other passages."""


def _key(sources: Sequence[str | Path | Seed], options: SeedOptions) -> str:
    """What an index is kept under: it changes when a source or the way of reading does."""
    parts = [str(_READING), str(sorted(asdict(options).items()))]
    for source in sources:
        if isinstance(source, Seed):
            parts += ["seed", source.model_dump_json(fallback=str) if _is_plain(source.text) else repr(source)]
        elif isinstance(source, str):
            parts += ["text", source]
        else:
            parts += ["path", *_states(source)]
    return short_hash(*parts)


def _is_plain(text: str) -> bool:
    """Whether a text can be written: JSON holds no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _states(path: Path) -> Iterator[str]:
    """Every file of a path, with its size and time, in a fixed order; hidden ones are not read as seeds either."""
    yield os.fsdecode(path)
    if not path.is_dir():
        yield _state(path)
        return
    visited: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(path, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()  # a link back to where we have been
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not is_run_folder(Path(folder) / name)
        )
        for name in sorted(name for name in names if not name.startswith(".")):
            yield _state(Path(folder) / name)


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        return f"{os.fsdecode(path)} {error.strerror}"
    return f"{os.fsdecode(path)} {status.st_size} {status.st_mtime_ns}"
