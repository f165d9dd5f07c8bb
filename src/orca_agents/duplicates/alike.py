"""The exact check: whether two items are copies, and how much they are alike.

Two texts are alike when they share their phrases (`near`: the Jaccard index of their pairs of words) or their words in
order (`rouge`: ROUGE-L; 0.7 as in Self-Instruct, Wang et al. 2023). That alone would make one item of "When was Ada
Lovelace born?" and "Where was Ada Lovelace born?", or of a sum with 12 apples and one with 15. So, unless templates
count as copies, two questions that are alike are still two items where

- their numbers are not the same in the same order, or only one of them has a negation;
- each holds a name that the other has not, or each an operator;
- they are short, up to eleven words, and a word of the shorter one is replaced or moved, or the longer one has more
  than one weighty word besides;
- they are longer, and weighty words are replaced by others: one is forgiven from twenty words on, then one for every
  eight words. Endings do not count, and little words are free;
- what they show beside their text (options, code, a schema) has less than half of its words in common.

Passages are alike by the same measures, if they share at least half of their names and numbers: two invoices of one
form are two passages, one invoice with a corrected date is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orca_agents.duplicates.coding import FIRST, coded, coded_set
from orca_agents.duplicates.rouge import in_common, rouge_l
from orca_agents.duplicates.texts import ItemText, wording, words

How = Literal["exact", "near", "rouge"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question in coded words, with what it shows beside its text."""

    stem: str
    parts: str
    numbers: str
    """In their order."""
    negated: bool
    names: str
    signs: str
    weighty: str
    """Its weighty words as they are spelled, with spaces between them."""

    @property
    def whole(self) -> str:
        """All of its words."""
        return self.stem + self.parts


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage in coded words."""

    text: str
    marks: str
    """Its names and numbers."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much two texts are alike."""

    score: float
    how: How

    def __and__(self, other: Likeness) -> Likeness:
        """Of a whole with two parts: it is as much alike as the part that is less so."""
        return Likeness(min(self.score, other.score), max(self.how, other.how, key=_HOW.index))


SAME = Likeness(1.0, "exact")


def read_question(text: str, parts: str) -> Question:
    """A question as it is compared."""
    stem = wording(text)
    return Question(
        stem=coded(stem.words),
        parts=coded(words(parts)),
        numbers=coded(stem.numbers),
        negated=stem.negated,
        names=coded_set(stem.names),
        signs=coded_set(stem.signs),
        weighty=" ".join(sorted(stem.weighty)),
    )


def read_passage(text: str) -> Passage:
    """A passage as it is compared."""
    read = wording(text)
    return Passage(coded(read.words), coded_set({*read.numbers, *read.names}))


def compare_items(one: ItemText, other: ItemText, threshold: float = 0.7, templates: bool = False) -> Likeness | None:
    """How much two items are alike; `None` where they are two items."""
    question, its_question = read_question(one.question, one.parts), read_question(other.question, other.parts)
    found = compare_questions(question, its_question, threshold, templates)
    passages = compare_passages(read_passage(one.passage), read_passage(other.passage), threshold)
    return found & passages if found is not None and passages is not None else None


def compare_questions(one: Question, other: Question, threshold: float, templates: bool = False) -> Likeness | None:
    """How much two questions are alike; `None` where they are two questions. `templates` leaves all but the words'
    likeness out."""
    if (one.stem, one.parts) == (other.stem, other.parts):
        return SAME
    if not templates and (one.numbers, one.negated) != (other.numbers, other.negated):
        return None
    found = _compare(one.whole, other.whole, threshold)
    if found is None or templates:
        return found
    if _swapped(one.names, one, other.names, other) or _swapped(one.signs, one, other.signs, other):
        return None
    if not _forgiven(one, other) or _shared(one.parts, other.parts) < _PARTS:
        return None
    return found


def compare_passages(one: Passage, other: Passage, threshold: float) -> Likeness | None:
    """How much two passages are alike; `None` where they are two passages, or one of them is empty."""
    if one.text == other.text:
        return SAME
    if not one.text or not other.text:
        return None
    marks, its_marks = set(one.marks), set(other.marks)
    if 2 * len(marks & its_marks) < len(marks | its_marks):
        return None
    return _compare(one.text, other.text, threshold)


_HOW: tuple[How, ...] = ("exact", "near", "rouge")
_PARTS = 0.5
"""The least that two questions share of what they show beside their text."""
_SHORT = 12
"""Words from which a question is no longer short."""
_FIRST_FORGIVEN = 12
_WORDS_A_SWAP = 8
_MORE_IN_SHORT = 1
_HEAVY = 5
"""A word is replaced if it or what stands for it has so many letters, or is of a script without capital letters."""
_CHARACTERS_A_WORD = 2
"""In scripts without spaces, where each character is counted as a word."""


def _compare(one: str, other: str, threshold: float) -> Likeness | None:
    if one == other:
        return SAME  # by a collision of two words, or a different split between stem and parts
    shorter, longer = sorted((len(one), len(other)))
    if shorter == 0 or 2 * shorter < threshold * (shorter + longer):
        return None
    phrases = _phrases(one, other) if 2 * _common(one, other) >= threshold * (shorter + longer) else 0.0
    if phrases >= threshold:
        return Likeness(phrases, "near")
    in_order = rouge_l(one, other, threshold)
    return Likeness(in_order, "rouge") if in_order else None


def _phrases(one: str, other: str) -> float:
    """The Jaccard index of the pairs of neighbouring words."""
    pairs = {one[at : at + 2] for at in range(max(1, len(one) - 1))}
    its_pairs = {other[at : at + 2] for at in range(max(1, len(other) - 1))}
    return len(pairs & its_pairs) / len(pairs | its_pairs)


def _swapped(marks: str, one: Question, its_marks: str, other: Question) -> bool:
    """Whether each of two questions has one of these that the other has not."""
    if not marks or not its_marks:
        return False
    return bool(set(marks).difference(other.whole)) and bool(set(its_marks).difference(one.whole))


def _forgiven(one: Question, other: Question) -> bool:
    """Whether so little of the shorter question is replaced that it asks for the same."""
    length = min(len(one.stem), len(other.stem))
    unspaced = _unspaced(one.stem + other.stem)
    words, its_words = one.weighty.split(), other.weighty.split()
    new, its_new = _new(words, its_words), _new(its_words, words)
    if length < _SHORT * (_CHARACTERS_A_WORD if unspaced else 1):
        return in_common(one.stem, other.stem) == length and max(len(new), len(its_new)) <= _MORE_IN_SHORT
    if unspaced:
        replaced = (length - _common(one.stem, other.stem)) // _CHARACTERS_A_WORD
        length //= _CHARACTERS_A_WORD
    else:
        replaced = max(min(len(new), _heavy(its_new)), min(_heavy(new), len(its_new)))
    return replaced <= (length - _FIRST_FORGIVEN) // _WORDS_A_SWAP


def _new(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """The words that are not among others, in any of their forms."""
    by_start: dict[str, list[str]] = {}
    for other in others:
        by_start.setdefault(other[:2], []).append(other)
    return [
        word
        for word in sorted(set(words).difference(others))
        if not any(_related(word, other) for other in by_start.get(word[:2], ()))
    ]


def _heavy(words: Sequence[str]) -> int:
    """How many of some words are so long that they are surely no little words of any language."""
    return sum(len(word) >= _HEAVY or not word.islower() for word in words)


def _related(one: str, other: str) -> bool:
    """Whether two words begin alike, as `ended` and `ending`; syllables count in scripts without capital letters."""
    least = max(3 if one.islower() else 2, math.ceil(0.6 * min(len(one), len(other))))
    return one[:least] == other[:least]


def _unspaced(text: str) -> bool:
    """Whether most of a text is in scripts without spaces."""
    return sum(character < FIRST for character in text) * 2 > len(text)


def _shared(one: str, other: str) -> float:
    """The part of the words that two texts have in common, in any order."""
    total = len(one) + len(other)
    return 2 * _common(one, other) / total if total else 1.0


def _common(one: str, other: str) -> int:
    return (Counter(one) & Counter(other)).total()
