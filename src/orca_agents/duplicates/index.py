"""An index of items that finds the copy of one among all that came before it."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from orca_agents.duplicates.alike import SAME, How, Likeness, Question, compare_questions, read_question
from orca_agents.duplicates.buckets import Buckets
from orca_agents.duplicates.coding import fingerprint
from orca_agents.duplicates.passages import Passages, Place
from orca_agents.duplicates.scratch import open_scratch, remove_scratch
from orca_agents.duplicates.signing import key_of, question_keys, sign_question
from orca_agents.duplicates.texts import ItemText
from orca_agents.errors import DatasetError


class Copy(NamedTuple):
    """The item that another one is a copy of."""

    id: str
    score: float
    """How much they are alike, 0 to 1: of question and passage the lower one."""
    how: How
    """`exact`: the same words; `near`: the same phrases; `rouge`: the same words in order, by ROUGE-L."""


class CopyIndex:
    """Items that came before, and whether an item is a copy of one of them.

    Two items are copies when their questions are alike and, where passages are shown, their passages too; `alike.py`
    says when. What an item is compared with is found by its MinHash signature, so the time for one does not grow with
    the number of items, nor the memory where the index has a file. One thread at a time may use it.
    """

    def __init__(self, path: Path | None, threshold: float, templates: bool) -> None:
        self._path = path
        self._threshold = threshold
        self._templates = templates
        self._connection = open_scratch(path)
        self._connection.execute(_SCHEMA)
        self._buckets = Buckets(self._connection)
        self._passages = Passages(self._connection, self._buckets, threshold)
        self._count = 0
        self._last: _Item | None = None
        self._closed = False

    @classmethod
    def open(cls, path: Path | None = None, threshold: float = 0.7, *, templates: bool = False) -> CopyIndex:
        """A new index, in memory or in a file, which is scratch space: it is removed when the index is closed.

        `threshold` is the least likeness of copies. `templates` makes copies also of items with other numbers or names
        and of short ones with another word: ROUGE-L to the letter. Raises `DatasetError` where the file cannot be used.
        """
        if not 0.5 <= threshold <= 1:
            raise DatasetError(f"the threshold of copies is {threshold}; give one from 0.5 to 1")
        return cls(path, threshold, templates)

    def find(
        self,
        item: ItemText,
        *,
        among: Callable[[str], bool] | Container[str] | None = None,
        without: Container[str] = (),
    ) -> Copy | None:
        """The item that this one is most alike, the first one of equals; `None` where it is no copy.

        Only items whose id is in `among` count, where that is given, and none of `without`, such as its own ancestors.
        """
        with self._telling("searched"):
            self._last = self._read(item)
            return self._find(self._last, among, without)

    def add(self, id: str, item: ItemText) -> None:
        """Put an item in. Raises `DatasetError` where one of this id is there already."""
        with self._telling("written"):
            read = self._last if self._last is not None and self._last.text == item else self._read(item)
            self._last = None
            self._add(id, read)

    def sift(
        self, items: Iterable[tuple[str, ItemText]], without: Callable[[str], Container[str]] | None = None
    ) -> Iterator[tuple[str, Copy | None]]:
        """For each of many items, in their order, the copy among all before it; one that is no copy is put in.

        `without` says for an id which others do not count.
        """
        for id, item in items:
            copy = self.find(item, without=without(id) if without is not None else ())
            if copy is None:
                self.add(id, item)
            yield id, copy

    def passages_like(self, passage: str) -> tuple[int, ...]:
        """Numbers of passages that were put in and that this one is like, each the first of its kind; itself too."""
        with self._telling("searched"):
            place = self._passages.find(passage)
            return place.places if place is not None else ()

    def close(self) -> None:
        """Free the memory, and remove the file."""
        self._closed = True
        self._connection.close()
        remove_scratch(self._path)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, id: object) -> bool:
        if not isinstance(id, str):
            return False
        with self._telling("searched"):
            return any(row.id == id for row in self._rows(self._buckets.under([_id_key(id)])))

    def __enter__(self) -> CopyIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, item: ItemText) -> _Item:
        question = read_question(item.question, item.parts)
        place = self._passages.find(item.passage) if item.passage else None
        return _Item(item, question, place, sign_question(question.whole))

    def _find(
        self, item: _Item, among: Callable[[str], bool] | Container[str] | None, without: Container[str]
    ) -> Copy | None:
        best: tuple[float, int] = (0.0, 0)
        copy = None
        for numbers, most in self._candidates(item):
            counting = (row for row in self._rows(numbers) if row.id not in without and _is_among(row.id, among))
            for row in itertools.islice(counting, most):
                likeness = self._compare(item, row)
                if likeness == SAME:
                    return Copy(row.id, SAME.score, SAME.how)
                if likeness is not None and (likeness.score, -row.number) > best:
                    best = (likeness.score, -row.number)
                    copy = Copy(row.id, likeness.score, likeness.how)
        return copy

    def _candidates(self, item: _Item) -> list[tuple[list[int], int]]:
        """The numbers of the items to compare with, and of how many at most: those of the same words or of the same
        names and numbers, then the others, those of whose signature the most is the same first."""
        sure: dict[int, None] = {}
        shared: Counter[int] = Counter()
        for place in item.places:
            same, alike = item.keys(place)
            sure.update(dict.fromkeys(self._buckets.under(same)))
            shared.update(self._buckets.under(alike))
        likely = sorted(shared.keys() - sure.keys(), key=lambda number: (-shared[number], number))
        most = _MOST_COMPARED if len(item.question.whole) < _LONG else _MOST_LONG_COMPARED
        return [(list(sure), _SURE_KINDS * most), (likely, most)]

    def _compare(self, item: _Item, row: _Row) -> Likeness | None:
        if (item.place is None) != (row.passage == 0):
            return None
        questions = compare_questions(item.question, row.question, self._threshold, self._templates)
        if questions is None or item.place is None:
            return questions
        passages = self._passages.compare(item.place, row.passage)
        return questions & passages if passages is not None else None

    def _add(self, id: str, item: _Item) -> None:
        if id in self:
            raise DatasetError(f"{self._name}: the item {id!r} is added a second time; give each item its own id")
        if item.place is not None:
            item = replace(item, place=self._passages.add(item.place))
        self._count += 1
        q = item.question
        row = (self._count, id, item.passage, q.stem, q.parts, q.numbers, q.negated, q.names, q.signs, q.weighty)
        self._connection.execute("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for place in item.places:
            same, alike = item.keys(place)
            self._buckets.add([*same, *alike], self._count)
        self._buckets.add([_id_key(id)], self._count)

    def _rows(self, numbers: Iterable[int]) -> Iterator[_Row]:
        for number in numbers:
            for id, passage, stem, parts, amounts, negated, *rest in self._connection.execute(_SELECT, (number,)):
                yield _Row(number, id, passage, Question(stem, parts, amounts, bool(negated), *rest))

    @property
    def _name(self) -> str:
        return str(self._path) if self._path is not None else "the index of items"

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        if self._closed:
            raise DatasetError(f"{self._name}: the index is closed; open another one")
        try:
            yield
        except sqlite3.Error as error:
            raise DatasetError(
                f"{self._name}: the index cannot be {done}: {error}; make room, or name another place for it"
            ) from error


@dataclass(frozen=True, slots=True)
class _Item:
    """An item that is looked for or put in."""

    text: ItemText
    question: Question
    place: Place | None
    """Where its passage leads to, if it has one."""
    signature: Sequence[int]
    known_keys: dict[int, tuple[list[int], list[int]]] = field(default_factory=dict)
    """place -> keys, so that adding an item does not work out again what finding it took."""

    def keys(self, place: int) -> tuple[list[int], list[int]]:
        """At one place: the keys of what is the same in some way, and those of what is alike."""
        if place not in self.known_keys:
            self.known_keys[place] = _sure_keys(self, place), question_keys(self.signature, place)
        return self.known_keys[place]

    @property
    def passage(self) -> int:
        return self.place.number if self.place is not None else 0

    @property
    def places(self) -> tuple[int, ...]:
        """What its question is filed under."""
        return self.place.places if self.place is not None else (0,)


@dataclass(frozen=True, slots=True)
class _Row:
    """An item that was put in."""

    number: int
    id: str
    passage: int
    question: Question


_SCHEMA = (
    "CREATE TABLE items (number INTEGER PRIMARY KEY, id TEXT, passage INTEGER, "
    "stem TEXT, parts TEXT, numbers TEXT, negated INTEGER, names TEXT, signs TEXT, weighty TEXT)"
)
_SELECT = "SELECT id, passage, stem, parts, numbers, negated, names, signs, weighty FROM items WHERE number = ?"
_MOST_COMPARED = 64
_LONG = 2000
"""Words from which a question is so long that a comparison takes milliseconds."""
_MOST_LONG_COMPARED = 8
_SAME_ITEM, _SAME_WORDS, _SAME_MARKS, _SAME_ID = 100, 101, 102, 103
"""Kinds of keys that are equal or not."""
_SURE_KINDS = 3


def _is_among(id: str, among: Callable[[str], bool] | Container[str] | None) -> bool:
    return among is None or (among(id) if callable(among) else id in among)


def _sure_keys(item: _Item, place: int) -> list[int]:
    """The keys of what is the same item, of what asks in the same words, and of what has the same names and numbers."""
    question = item.question
    keys = [key_of(_SAME_WORDS, fingerprint(question.stem, question.parts), place)]
    if item.place is not None:
        keys.insert(0, key_of(_SAME_ITEM, fingerprint(question.stem, question.parts, item.place.passage.text), place))
    if marks := question.names + question.numbers:
        keys.append(key_of(_SAME_MARKS, fingerprint("".join(sorted(marks))), place))
    return keys


def _id_key(id: str) -> int:
    return key_of(_SAME_ID, fingerprint(id))
