"""Drop the items that mean the same as an earlier one, by the vectors that the user's own endpoint gives their texts.

Two items mean the same where the cosine of their questions reaches the threshold and, where they show passages, that of
their passages too. As with copies, the one that comes first is kept, and an item is no copy of its own ancestors.

Vectors lie in a file, not in memory. Up to `EXACT` items, all pairs are compared. Above, k-means on a sample makes
clusters (as SemDeDup does, Abbas et al. 2023, section 3), and an item is compared within the two clusters that are
nearest to it; a pair that shares none of them is missed.
"""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orca_agents.dataset.copies import FIRST_COME, Ancestry
from orca_agents.dataset.items import item_of
from orca_agents.dataset.options import Embedding
from orca_agents.dataset.work import Dropped, Work
from orca_agents.errors import DatasetError
from orca_agents.models.embeddings import Embedder
from orca_agents.records import short_hash

STEP = "semantic"
EXACT = 20_000
"""Most items of which all pairs are compared."""
CLUSTER = 2_000
"""Items in a cluster, about."""
ROUNDS = 10
LONGEST = 8_000
"""Characters of a text that are sent: most models for embeddings read no more."""


def check_embedding(endpoint: Embedding) -> None:
    """Raise `DatasetError` without the extra, `WrongKeyError` or `ConfigError` where nothing can be asked."""
    _numpy()
    Embedder(endpoint.model, endpoint.base_url, endpoint.api_key_env).close()


def drop_same_meaning(
    work: Work, threshold: float, endpoint: Embedding, folder: Path, tick: Callable[[int], None]
) -> int:
    """Drop every row that means the same as an earlier one; returns the tokens that the endpoint has read.

    `folder` is for the vectors; nobody needs them afterwards. Raises `DatasetError` without the extra.
    """
    numpy = _numpy()
    rows = _Rows(work, tick)
    with Embedder(endpoint.model, endpoint.base_url, endpoint.api_key_env) as embedder:
        questions = _vectors(embedder, rows.questions(), folder / "questions.f32", numpy)
        passages = _vectors(embedder, rows.passages(), folder / "passages.f32", numpy)
        tokens = embedder.tokens
    ancestry = Ancestry(work)
    dropped: dict[int, int] = {}
    pairs = all_pairs if len(questions) <= EXACT else pairs_in_clusters
    for one, others in pairs(questions, threshold, numpy):
        for other in others:
            if other in dropped or not rows.may_be_same(one, other, passages, threshold):
                continue
            if str(rows.order[other]) not in ancestry.of(work.place(rows.order[one])):
                dropped[one] = other
                break
    numbers = rows.order
    work.drop(STEP, (Dropped(numbers[one], "means the same", numbers[other]) for one, other in sorted(dropped.items())))
    return tokens


class _Rows:
    """The texts of the rows that are left, and which passage each of them shows."""

    def __init__(self, work: Work, tick: Callable[[int], None]) -> None:
        self._work = work
        self._tick = tick
        self.order = array("l", (place.number for place in work.places(FIRST_COME)))
        self._passage_of = array("l")
        work.sql.execute("CREATE TABLE passages (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL)")

    def questions(self) -> Iterator[str]:
        """Of each row, in order."""
        for done, number in enumerate(self.order):
            self._tick(done)
            item = item_of(self._work.row(self._work.place(number)))
            name = short_hash(item.passage)
            # numbers begin at 1
            at = self._work.number_of("passages", "name", name) - 1 if item.passage else -1
            self._passage_of.append(at)
            yield f"{item.question}\n{item.parts}".strip()[:LONGEST] or " "

    def passages(self) -> Iterator[str]:
        """Each passage once, in the order of their numbers."""
        met = -1
        for number, at in zip(self.order, self._passage_of, strict=True):
            if at > met:
                met = at
                yield item_of(self._work.row(self._work.place(number))).passage[:LONGEST]

    def may_be_same(self, one: int, other: int, passages: Any, threshold: float) -> bool:
        """Whether two rows show no passage, or nearly the same."""
        first, second = self._passage_of[one], self._passage_of[other]
        if first == second:
            return True
        return first >= 0 and second >= 0 and float(passages[first] @ passages[second]) >= threshold


def _numpy() -> Any:
    try:
        return importlib.import_module("numpy")
    except ImportError:
        raise DatasetError(
            "--semantic needs the extra `semantic`, which is not installed: `pip install 'orca-agents[semantic]'`"
        ) from None


def _vectors(embedder: Embedder, texts: Iterator[str], file: Path, numpy: Any) -> Any:
    """The vectors of texts, each of length 1, as a table that lies in a file."""
    size = count = 0
    with file.open("wb") as out:
        for vector in embedder.vectors(texts):
            if size not in (0, len(vector)):
                raise DatasetError(f"the endpoint gave vectors of {size} and of {len(vector)} numbers: use one model")
            size, count = len(vector), count + 1
            row = numpy.asarray(vector, dtype=numpy.float32)
            out.write((row / (numpy.linalg.norm(row) or 1.0)).astype(numpy.float32).tobytes())
    if not count:
        return numpy.zeros((0, 0), dtype=numpy.float32)
    return numpy.memmap(file, dtype=numpy.float32, mode="r", shape=(count, size))


def all_pairs(vectors: Any, threshold: float, numpy: Any) -> Iterator[tuple[int, list[int]]]:
    """Each item with all earlier ones that reach the threshold, the most alike first."""
    for start in range(0, len(vectors), _BLOCK):
        block = numpy.asarray(vectors[start : start + _BLOCK])
        alike = block @ numpy.asarray(vectors[: start + len(block)]).T
        for at, row in enumerate(alike):
            yield start + at, _best(row[: start + at], threshold, numpy, most=start + at)


def pairs_in_clusters(vectors: Any, threshold: float, numpy: Any) -> Iterator[tuple[int, list[int]]]:
    """The same of the items in the same clusters, and no more than some for each item."""
    found: dict[int, set[int]] = {}
    for members in _clusters(vectors, numpy):
        block = numpy.asarray(vectors[members])
        for start in range(0, len(members), _BLOCK):
            alike = block[start : start + _BLOCK] @ block.T
            for at, row in enumerate(alike):
                earlier = _best(row[: start + at], threshold, numpy, most=_MOST_NEIGHBOURS)
                if earlier:
                    found.setdefault(int(members[start + at]), set()).update(int(members[one]) for one in earlier)
    for one in sorted(found):
        yield one, sorted(found[one])


def _best(alike: Any, threshold: float, numpy: Any, *, most: int) -> list[int]:
    places = numpy.flatnonzero(alike >= threshold)
    return [int(places[at]) for at in numpy.argsort(-alike[places], kind="stable")[:most]]


def _clusters(vectors: Any, numpy: Any) -> Iterator[Any]:
    """The items of each cluster, in ascending order; each item is in the two clusters that are nearest to it."""
    number = max(2, len(vectors) // CLUSTER)
    rng = numpy.random.default_rng(0)
    sample = numpy.asarray(vectors[numpy.sort(rng.choice(len(vectors), min(len(vectors), 50 * number), replace=False))])
    centres = sample[rng.choice(len(sample), number, replace=False)].copy()
    for _ in range(ROUNDS):
        nearest = numpy.argmax(sample @ centres.T, axis=1)
        for at in range(number):
            own = sample[nearest == at]
            if len(own):
                centre = own.mean(axis=0)
                centres[at] = centre / (numpy.linalg.norm(centre) or 1.0)
    near = numpy.empty((len(vectors), 2), dtype=numpy.int32)
    for start in range(0, len(vectors), _BLOCK):
        alike = numpy.asarray(vectors[start : start + _BLOCK]) @ centres.T
        near[start : start + _BLOCK] = numpy.argpartition(-alike, 1, axis=1)[:, :2]
    for at in range(number):
        yield numpy.flatnonzero((near == at).any(axis=1))


_BLOCK = 512
_MOST_NEIGHBOURS = 16
