"""A corpus in a tantivy index: for more passages than SQLite finds quickly. Needs the extra `search`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_agents.errors import SearchError
from orca_agents.records import short_hash
from orca_agents.search.api import Hit, Passage
from orca_agents.search.fts import QUERY_CHARS, storable
from orca_agents.search.ranking import TITLE_WEIGHT, Known, hits, title_words
from orca_agents.search.words import Term, index_words, query_terms

if TYPE_CHECKING:
    import tantivy


def missing() -> str | None:
    """Why tantivy cannot be used here, and what to do; `None` where it can."""
    if find_spec("tantivy") is None:
        return "tantivy is not installed: pip install 'orca-agents[search]'"
    return None


class TantivyIndex:
    """Passages that can be searched, in a folder. A passage that is there already is not added again.

    Threads and processes may search while one of them adds.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index, or begin one. Raises `SearchError` where tantivy is missing or the folder is no index."""
        if reason := missing():
            raise SearchError(reason)
        import tantivy

        self._tantivy = tantivy
        self._folder = folder
        self._schema = _schema(tantivy)
        with self._telling("opened"):
            folder.mkdir(parents=True, exist_ok=True)
            # Opens what is there. Raises ValueError where that has another schema.
            self._index: tantivy.Index | None = tantivy.Index(self._schema, path=str(folder))
            self._total = self._index.searcher().num_docs

    @classmethod
    def build(cls, folder: Path, passages: Iterable[Passage]) -> TantivyIndex:
        """A new index in `folder`, in place of what is there. It appears when it is whole: a build that dies leaves
        none."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".tmp", dir=folder.parent))
        try:
            index = cls(unfinished / "new")
            index.add(passages)
            index.close_now()
            if folder.exists():
                folder.rename(unfinished / "replaced")  # who has it open keeps it; it goes with what is unfinished
            (unfinished / "new").rename(folder)
        except OSError as error:
            raise SearchError(
                f"{folder}: the search index cannot be written ({error}); see that it has room"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return cls(folder)

    @property
    def name(self) -> str:
        """What is searched, with how many passages."""
        return f"corpus (tantivy, {self._total:,} passages)"

    def __len__(self) -> int:
        return self._total

    def add(self, passages: Iterable[Passage]) -> int:
        """Add those passages that are not there yet, all of them or none; how many they were."""
        with self._telling("written"):
            index = self._open()
            writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
            try:
                added = self._insert(writer, index.searcher(), passages)
                writer.commit()
            except BaseException:  # whatever ends it, also Ctrl-C and what the given iterable raises
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()  # gives up the lock on the folder, too
            index.reload()
            self._total = index.searcher().num_docs
        return added

    async def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The best passages for a query, best first. Any text is a query. Raises `SearchError`."""
        return await asyncio.to_thread(self.search_now, query, limit)

    def search_now(self, query: str, limit: int = 5) -> list[Hit]:
        """As `search`, for a caller without an event loop."""
        terms = query_terms(query[:QUERY_CHARS])
        if not terms or limit < 1:
            return []
        with self._telling("searched"):
            searcher = self._open().searcher()
            known = [one for term in terms for one in self._known(searcher, term)]
            if not known:
                return []
            found = searcher.search(self._query(known), limit=limit, count=False).hits
            scored = [(_passage(searcher.doc(address)), score) for score, address in found]
        return hits(scored, known, self._total)

    async def close(self) -> None:
        """Free the folder. Searches that are under way go on."""
        self.close_now()

    def close_now(self) -> None:
        """As `close`, for a caller without an event loop."""
        self._index = None

    def _open(self) -> tantivy.Index:
        if self._index is None:
            raise SearchError(f"{self._folder}: the index is closed; open it again to search")
        return self._index

    def _insert(self, writer: tantivy.IndexWriter, there: tantivy.Searcher, passages: Iterable[Passage]) -> int:
        empty = there.num_docs == 0
        added: set[str] = set()
        for passage in passages:
            text, source = storable(passage.text), storable(passage.source)
            title = storable(passage.title) if passage.title is not None else None
            hash = short_hash(text, title or "", source, str(passage.page), str(passage.start))
            if hash in added or not (empty or there.doc_freq("hash", hash) == 0):
                continue
            added.add(hash)
            stored = passage.model_copy(update={"text": text, "source": source, "title": title})
            # The title as if it stood in the text several times. In a field of its own a word that is rare in titles
            # would outweigh all others together.
            title_part = f"{title_words(stored)} " * round(TITLE_WEIGHT)
            words = title_part + index_words(text)
            record = stored.model_dump_json().encode()
            writer.add_document(self._tantivy.Document(hash=hash, words=words, passage=record))
        return len(added)

    def _known(self, searcher: tantivy.Searcher, term: Term) -> list[Known]:
        """What some passages hold of what is asked for: of an identifier that is not known, the parts that are."""
        if count := self._how_many(searcher, term):
            return [Known(term, count)]
        parts = [Term((part,)) for part in term.parts] if len(term.parts) > 1 else []
        return [Known(part, count) for part in parts if (count := self._how_many(searcher, part))]

    def _how_many(self, searcher: tantivy.Searcher, term: Term) -> int:
        """About how many passages hold what is asked for."""
        whole = searcher.doc_freq("words", term.whole) if term.whole is not None else 0
        return max(whole, min(searcher.doc_freq("words", part) for part in term.parts))

    def _query(self, asked: Sequence[Known]) -> tantivy.Query:
        """Any of the words: tantivy leaves out by itself what cannot come among the best."""
        query, should = self._tantivy.Query, self._tantivy.Occur.Should
        words = dict.fromkeys(word for one in asked for word in one.term.words)
        return query.boolean_query([(should, query.term_query(self._schema, "words", word)) for word in words])

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        # tantivy's errors come as ValueError; its panics, which a broken file may cause, as PanicException.
        try:
            yield
        except SearchError:
            raise
        except (ValueError, OSError) as error:
            raise SearchError(
                f"{self._folder}: the search index cannot be {done} ({error}); if it is broken, delete the folder, and "
                "it is built again"
            ) from error


_WRITER_BYTES = 64_000_000


def _schema(module: Any) -> tantivy.Schema:
    builder = module.SchemaBuilder()
    builder.add_text_field("hash", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_bytes_field("passage", stored=True, indexed=False)
    schema: tantivy.Schema = builder.build()
    return schema


def _passage(document: tantivy.Document) -> Passage:
    stored = document.get_first("passage")
    assert stored is not None  # every document has one
    return Passage.model_validate_json(stored)
