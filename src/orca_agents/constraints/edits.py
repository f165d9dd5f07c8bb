"""Constraints on an edit: what is replaced, removed or masked, and what of the given text stays as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orca_agents.constraints.kind import Kind, Saying, one_of, phrase
from orca_agents.constraints.measure import fold, folded_words, lines_of, occurrences, without_markup

WIDEST_MASK = 12
"""Most words that may stand where something was masked."""
MOST_PLACES = 60
"""So many places are kept in mind where the rest of a text may go on after a mask."""
ARROW = re.compile(r"\s*(?:=>|->|\u2192|\u21d2)\s*")


@dataclass(frozen=True)
class Swap:
    """One of the replacements: old words and what takes their place."""

    old: str
    new: str


def _read_swap(text: str) -> Swap:
    parts = ARROW.split(text.strip())
    if len(parts) != 2:
        raise ValueError("the old words, an arrow and the new ones, such as: big => huge; one line for each pair")
    swap = Swap(phrase(parts[0]), phrase(parts[1]))
    if folded_words(swap.old) == folded_words(swap.new) and swap.old == swap.new:
        raise ValueError("new words that differ from the old ones")
    return swap


def _why_not_swapped(text: str, source: str, swap: object) -> str | None:
    assert isinstance(swap, Swap)
    left = occurrences(_without(text, swap.new), swap.old)
    if left:
        return f"it still holds {swap.old!r} ({left} times), which {swap.new!r} replaces"
    before = occurrences(source, swap.old)
    wanted = before + occurrences(_without(source, swap.old), swap.new)
    count = occurrences(text, swap.new)
    if source and count < wanted and not _is_mask(swap.new):
        return f"{swap.new!r} stands there {count} times, but {wanted} are needed"
    if not count and not _is_mask(swap.new):
        return f"it lacks {swap.new!r}"
    if _is_mask(swap.new) and fold(swap.new) not in fold(text):
        return f"it lacks {swap.new!r}"
    return None


def _is_mask(text: str) -> bool:
    """Whether it is a mark and no words: `***`, `[NAME]`."""
    return not folded_words(text) or not (text[:1].isalnum() and text[-1:].isalnum())


def _without(text: str, words: str) -> str:
    pattern = r"\s+".join(re.escape(fold(part)) for part in words.split())
    return re.sub(rf"(?<!\w){pattern}(?!\w)" if not _is_mask(words) else pattern, " ", fold(text))


def _why_not_removed(text: str, _: str, words: object) -> str | None:
    count = occurrences(text, str(words))
    return f"it still holds {words!r}" if count else None


def _why_not_masked(text: str, _: str, words: object) -> str | None:
    bare = re.sub(r"[\W_]", "", fold(str(words)))
    is_code = len(bare) >= 5 and re.search(r"\d|@", str(words)) is not None  # a number stays readable with other gaps
    if occurrences(text, str(words)) or (is_code and bare in re.sub(r"[\W_]", "", fold(text))):
        return f"it still shows {words!r}"
    return None


def _why_not_there(source: str, words: object) -> str | None:
    old = words.old if isinstance(words, Swap) else str(words)
    if occurrences(source, old):
        return None
    return f"{old!r} does not stand in the given text, so nothing would change"


def _says_swap(value: object) -> Sequence[Saying]:
    assert isinstance(value, Swap)
    # "all e-mail addresses become [EMAIL]" names them well enough; a word for a word has to be named itself
    return (value.new,) if _is_mask(value.new) else (value.old, value.new)


def _why_letters_changed(text: str, source: str, how: object) -> str | None:
    if how == "letters":
        own, before = _flat(text).casefold(), _flat(source).casefold()
        if own == before:
            return None
        at = next(
            (at for at, (a, b) in enumerate(zip(own, before, strict=False)) if a != b), min(len(own), len(before))
        )
        return f"more than the case of letters has changed: {before[at : at + 30]!r} became {own[at : at + 30]!r}"
    own_words, words = folded_words(without_markup(text)), folded_words(without_markup(source))
    if own_words == words or (how == "words_in_any_order" and sorted(own_words) == sorted(words)):
        return None
    if how == "words_in_any_order":
        gone = _some(words, own_words) or _some(own_words, words)
        return f"its words are not those of the given text: {gone}"
    at = next((at for at, (a, b) in enumerate(zip(own_words, words, strict=False)) if a != b),
              min(len(own_words), len(words)))  # fmt: skip
    was, now = " ".join(words[at : at + 6]) or "(the end)", " ".join(own_words[at : at + 6]) or "(the end)"
    return f"the words of the given text must stay: {was!r} became {now!r}"


def _some(words: Sequence[str], others: Sequence[str]) -> str:
    known = set(others)
    return ", ".join(dict.fromkeys(word for word in words if word not in known))[:80]


def _flat(text: str) -> str:
    return " ".join(fold(text).split())


def _why_lines_changed(text: str, source: str, _: object) -> str | None:
    own, before = lines_of(text), lines_of(source)
    return None if len(own) == len(before) else f"it has {len(own)} lines, the given text has {len(before)}"


def _read_rest(text: str) -> str:
    return one_of("unchanged")(text)


def _never(_: str, __: str, ___: object) -> None:
    """`rest` is judged together with the other lines, see `rest_changed`."""


def why_rest_changed(
    text: str, source: str, swaps: Sequence[Swap], gone: Sequence[str], masked: Sequence[str]
) -> str | None:
    """Why a text is not its source with these edits alone made in it, or `None`. Case, signs, layout do not count."""
    pieces = _pieces(folded_words(source), swaps, gone, masked)
    own = folded_words(text)
    places, furthest, done = {0}, 0, 0
    whole = sum(len(words) for words, _ in pieces) or 1
    for words, ways in pieces:
        done += len(words)
        if ways is None:
            places = {at + len(words) for at in places if _alike(own[at : at + len(words)], words)}
        else:
            places = {at + length for at in places for length in _lengths(own, at, ways)}
        if not places:
            return _told(own, furthest, words)
        furthest = max(places)
        if len(places) > MOST_PLACES:  # a text that repeats itself: the likeliest places are enough
            middle = len(own) * done / whole
            places = set(sorted(places, key=lambda at: abs(at - middle))[:MOST_PLACES])
    return None if len(own) in places else _told(own, furthest, ())


def _pieces(
    source: Sequence[str], swaps: Sequence[Swap], gone: Sequence[str], masked: Sequence[str]
) -> list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...] | None]]:
    """The source cut up: words that stay (with None), and words that are edited, with what may stand there instead.
    No words at all stand for a mask: anything short."""
    edits: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for words in masked:
        edits[folded_words(words)] = _MASK
    for words in gone:
        edits[folded_words(words)] = ((),)
    for swap in swaps:
        edits[folded_words(swap.old)] = (folded_words(swap.new),)
    pieces: list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...] | None]] = []
    at = 0
    by_length = sorted((words for words in edits if words), key=len, reverse=True)
    while at < len(source):
        found = next((words for words in by_length if tuple(source[at : at + len(words)]) == words), None)
        if found is not None:
            pieces.append((found, edits[found]))
            at += len(found)
            continue
        word = source[at]
        near = next((words for words in by_length if len(words) == 1 and _is_form_of(word, words[0])), None)
        # `dogs` where `dog` is replaced: it may stay, or be replaced in its own form
        if near:
            pieces.append(((word,), ((word,), *(edits[near] if edits[near] != _MASK else ()))))
        elif pieces and pieces[-1][1] is None:
            pieces[-1] = ((*pieces[-1][0], word), None)
        else:
            pieces.append(((word,), None))
        at += 1
    return pieces


_MASK: tuple[tuple[str, ...], ...] = (("\x00",),)


def _is_form_of(word: str, base: str) -> bool:
    return len(base) >= 3 and word != base and word.startswith(base[:-1]) and abs(len(word) - len(base)) <= 3


def _lengths(own: Sequence[str], at: int, ways: Sequence[tuple[str, ...]]) -> set[int]:
    if ways == _MASK:
        return set(range(min(WIDEST_MASK, len(own) - at) + 1))
    found = set()
    for way in ways:
        there = own[at : at + len(way)]
        if _alike(there, way) or (
            len(there) == len(way) > 0
            and _alike(there[:-1], way[:-1])
            and (_is_form_of(there[-1], way[-1]) or there[-1] == way[-1])
        ):
            found.add(len(way))
    return found


def _alike(own: Sequence[str], words: Sequence[str]) -> bool:
    if len(own) != len(words):
        return False
    return all(a == b or {a, b} == {"a", "an"} for a, b in zip(own, words, strict=True))


def _told(own: Sequence[str], at: int, wanted: Sequence[str]) -> str:
    same = 0
    while same < len(wanted) and _alike(own[at + same : at + same + 1], wanted[same : same + 1]):
        same += 1
    at, wanted = at + same, wanted[same : same + 4]
    before = " ".join(own[max(0, at - 4) : at]) or "(the beginning)"
    there = " ".join(own[at : at + 5]) or "(the end)"
    should = f", where {' '.join(wanted)!r} belongs" if wanted else ""
    return f"more was changed than was asked for: after {before!r} it goes on with {there!r}{should}"


EDITS: tuple[Kind, ...] = (
    Kind("replaces", "old words => new words; one line for each pair, the old ones as the text has them", _read_swap,
         _why_not_swapped, _says_swap, _why_not_there),
    Kind("removes", "words of the given text that must be gone, wherever they stand", phrase, _why_not_removed,
         why_unfit=_why_not_there),
    Kind("masks", "a name or number of the given text that nobody may read any more", phrase, _why_not_masked,
         why_unfit=_why_not_there),
    Kind("rest", "unchanged: nothing may change but what the other lines name", _read_rest, _never),
    Kind("keeps", "letters (only their case may change), words (only layout and marks may), or words_in_any_order",
         one_of("letters", "words", "words_in_any_order"), _why_letters_changed),
    Kind("same_lines", "yes: as many lines as the given text", one_of("yes"), _why_lines_changed),
)  # fmt: skip
