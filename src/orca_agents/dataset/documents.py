"""Which rows come from one source document: no document may stand on two sides of a split."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from orca_agents.dataset.options import DocumentIs
from orca_agents.dataset.rows import Row
from orca_agents.dataset.work import Work

_NAMELESS = ("(text)", "-")
"""Sources of texts that were given without a file: strings, and standard input."""


class Documents:
    """Names the documents of each row while the rows are read, and notes which of them belong together."""

    def __init__(self, work: Work, document: DocumentIs) -> None:
        self._work = work
        self._by_row = document == "row"
        self._known: dict[str, int] = {}
        self._joined: set[tuple[int, int]] = set()
        self._nameless: set[int] = set()
        self._is_cut = False

    def of(self, row: Row, run: int) -> int:
        """The number of a row's document; the others of its documents are joined to it."""
        metadata = row["metadata"]
        seeds = [str(id) for id in metadata.get("seed_ids") or ()]
        source = str(metadata.get("source") or "")
        about = metadata.get("seed_metadata") or {}
        parts = about.get("documents")
        if self._by_row and about.get("row"):
            source = str(about["row"])
        numbers = [self._number(f"seed {id}") for id in seeds]
        if isinstance(parts, list) and parts:
            # a corpus: its own source is the folder of its documents, which may hold a thousand others
            for part in parts:
                numbers.append(self._number(f"seed {part.get('seed_id')}"))
                if part.get("source") not in _NAMELESS:
                    numbers.append(self._number(f"file {part.get('source')}"))
        elif source in _NAMELESS:
            start = (metadata.get("source_span") or (0,))[0]
            self._is_cut = self._is_cut or bool(start)
            self._nameless.update(numbers)
        elif source:
            numbers.append(self._number(f"file {source}"))
        first = numbers[0] if numbers else self._number(f"row {run} {row['id']}")
        for other in numbers[1:]:
            self._join(first, other)
        return first

    def end_run(self) -> None:
        """Texts without a name are documents each by itself, unless one of them was cut: which pieces belong together
        is then not known, so all of the run's do."""
        if self._is_cut:
            first, *others = sorted(self._nameless)
            for other in others:
                self._join(first, other)
        self._flush()
        self._nameless, self._is_cut = set(), False
        self._known = {}

    def _number(self, name: str) -> int:
        number = self._known.get(name)
        if number is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known = {}
            number = self._known[name] = self._work.number_of("documents", "name", name)
        return number

    def _join(self, one: int, other: int) -> None:
        if one != other:
            self._joined.add((one, other))
        if len(self._joined) >= _MOST_KNOWN:
            self._flush()

    def _flush(self) -> None:
        self._work.write("INSERT INTO joined VALUES (?, ?)", sorted(self._joined))
        self._joined = set()


_MOST_KNOWN = 100_000
"""Names that are kept in memory, of the documents that are being read."""


def group_documents(work: Work) -> None:
    """Put the number of its whole group into the `document` of each row: documents that a seed, a copy or nearly the
    same passage joins."""
    (most,) = work.sql.execute("SELECT coalesce(max(number), 0) FROM documents").fetchone()
    parent = array("l", range(most + 1))  # 8 bytes a document

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in work.sql.execute("SELECT one, other FROM joined"):
        low, high = sorted((root(one), root(other)))
        parent[high] = low

    def roots() -> Iterator[tuple[int, int]]:
        for (number,) in work.sql.cursor().execute("SELECT number FROM documents"):
            yield root(number), number

    work.write("UPDATE documents SET root = ? WHERE number = ?", roots())
    work.sql.execute("UPDATE rows SET document = (SELECT root FROM documents WHERE documents.number = rows.document)")
