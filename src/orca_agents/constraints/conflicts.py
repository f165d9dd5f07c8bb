"""Find constraints that no text can keep at once, or none that is made of the given text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from orca_agents.constraints.counts import UNITS
from orca_agents.constraints.edits import Swap
from orca_agents.constraints.measure import base_letter, first_letter, folded_words, occurrences, without_markup
from orca_agents.constraints.reading import Constraint
from orca_agents.language import count_words

Bounds = dict[str, tuple[int, int]]
"""Unit -> the fewest and the most of it that the constraints leave."""
_ENDLESS = 10**9


def conflicts(constraints: Sequence[Constraint], source: str = "") -> list[str]:
    """What cannot be: each entry names two constraints, or one and why the given text does not allow it."""
    by_name: dict[str, list[Constraint]] = {}
    for constraint in constraints:
        by_name.setdefault(constraint.kind.name, []).append(constraint)
    bounds = _bounds(constraints)
    found = [
        *_unfit(constraints, source),
        *_two_values(by_name),
        *_empty(bounds),
        *_too_little_room(constraints, bounds),
        *_words_against_words(by_name),
        *_letters(by_name),
        *_lines(by_name, bounds),
        *(_against_source(by_name, bounds, source) if source else ()),
    ]
    return list(dict.fromkeys(found))


def _unfit(constraints: Sequence[Constraint], source: str) -> Iterator[str]:
    for constraint in constraints:
        if constraint.kind.why_unfit is not None and (reason := constraint.kind.why_unfit(source, constraint.value)):
            yield f"`{constraint.line}`: {reason}"


def _bounds(constraints: Sequence[Constraint]) -> Bounds:
    bounds: Bounds = dict.fromkeys(UNITS, (0, _ENDLESS))
    for constraint in constraints:
        name, value = constraint.kind.name, constraint.value
        unit = name.removeprefix("max_").removeprefix("min_")
        if unit not in bounds or not isinstance(value, int):
            continue
        least, most = bounds[unit]
        low = value if name == unit or name.startswith("min_") else 0
        high = value if name == unit or name.startswith("max_") else _ENDLESS
        bounds[unit] = (max(least, low), min(most, high))
    return bounds


_ALONE = ("letter_case", "language", "acrostic", "sentence_acrostic", "starts_with", "ends_with", "words_start",
          "dates", "times", "syllables", "rhyme", "json_keys", "keeps", "notes_in",
          "table_columns", "table_rows", "speakers")  # fmt: skip


def _two_values(by_name: dict[str, list[Constraint]]) -> Iterator[str]:
    for name in _ALONE:
        for one, other in combinations(by_name.get(name, ()), 2):
            if one.value != other.value and not (name in ("starts_with", "ends_with") and _nested(one, other)):
                yield f"`{one.line}` and `{other.line}` cannot both hold"


def _nested(one: Constraint, other: Constraint) -> bool:
    a, b = folded_words(str(one.value)), folded_words(str(other.value))
    short, long = sorted((a, b), key=len)
    return short in (long[: len(short)], long[len(long) - len(short) :])


def _empty(bounds: Bounds) -> Iterator[str]:
    for unit, (least, most) in bounds.items():
        if least > most:
            yield f"at least {least} and at most {most} {UNITS[unit][0]} cannot both hold"


def _too_little_room(constraints: Sequence[Constraint], bounds: Bounds) -> Iterator[str]:
    words, chars, sentences = bounds["words"], bounds["chars"], bounds["sentences"]
    if words[0] * 2 - 1 > chars[1]:
        yield f"{words[0]} words do not fit into {chars[1]} characters"
    if chars[0] > words[1] * 40:
        yield f"{words[1]} words cannot have {chars[0]} characters"
    for unit in ("sentences", "lines", "paragraphs", "bullets"):
        if bounds[unit][0] > words[1]:
            yield f"{bounds[unit][0]} {UNITS[unit][0]} cannot be made of {words[1]} words"
    if bounds["paragraphs"][0] > max(bounds["lines"][1], 0):
        yield f"{bounds['paragraphs'][0]} paragraphs do not fit into {bounds['lines'][1]} lines"
    caps = [one.value for one in constraints if one.kind.name == "max_sentence_words"]
    longest = min((cap for cap in caps if isinstance(cap, int)), default=_ENDLESS)
    if sentences[1] < _ENDLESS and longest < _ENDLESS and words[0] > sentences[1] * longest:
        yield f"{words[0]} words do not fit into {sentences[1]} sentences of {longest} words"
    needed = [one for one in constraints if one.kind.name == "contains"]
    if sum(count_words(str(one.value)) for one in needed) > words[1]:
        yield f"what it must contain has more than {words[1]} words"
    if sum(len(str(one.value)) for one in needed) > chars[1]:
        yield f"what it must contain has more than {chars[1]} characters"


def _words_against_words(by_name: dict[str, list[Constraint]]) -> Iterator[str]:
    wanted = [one for name in ("contains", "starts_with", "ends_with") for one in by_name.get(name, ())]
    for banned in (*by_name.get("forbids", ()), *by_name.get("removes", ()), *by_name.get("masks", ())):
        for one in wanted:
            if occurrences(str(one.value), str(banned.value)):
                yield f"`{one.line}` and `{banned.line}` cannot both hold"
        for swap in by_name.get("replaces", ()):
            if isinstance(swap.value, Swap) and occurrences(swap.value.new, str(banned.value)):
                yield f"`{swap.line}` and `{banned.line}` cannot both hold"
    for one, other in combinations(by_name.get("replaces", ()), 2):
        if isinstance(one.value, Swap) and isinstance(other.value, Swap):
            if folded_words(one.value.old) == folded_words(other.value.old) and one.value.new != other.value.new:
                yield f"`{one.line}` and `{other.line}` cannot both hold"
            if occurrences(one.value.new, other.value.old) or occurrences(other.value.new, one.value.old):
                yield f"`{one.line}` and `{other.line}` undo each other"
    for swap in by_name.get("replaces", ()):
        for one in wanted:
            if isinstance(swap.value, Swap) and occurrences(str(one.value), swap.value.old):
                yield f"`{one.line}` and `{swap.line}` cannot both hold"


def _letters(by_name: dict[str, list[Constraint]]) -> Iterator[str]:
    wanted = [one for name in ("contains", "starts_with", "ends_with") for one in by_name.get(name, ())]
    for banned in by_name.get("forbids_letters", ()):
        assert isinstance(banned.value, frozenset)
        for one in (*wanted, *by_name.get("acrostic", ()), *by_name.get("sentence_acrostic", ())):
            if banned.value & {base_letter(sign) for sign in str(one.value)}:
                yield f"`{one.line}` and `{banned.line}` cannot both hold"
        for one in (
            *by_name.get("words_start", ()),
            *by_name.get("sentences_start", ()),
            *by_name.get("lines_start", ()),
        ):
            if isinstance(one.value, frozenset) and one.value <= banned.value:
                yield f"`{one.line}` and `{banned.line}` cannot both hold"
    for first in by_name.get("words_start", ()):
        assert isinstance(first.value, frozenset)
        for one in wanted:
            if any(
                word[0].isalpha() and first_letter(word) not in first.value for word in folded_words(str(one.value))
            ):
                yield f"`{one.line}` and `{first.line}` cannot both hold"
    for name, words in (
        ("lines_start", "acrostic"),
        ("words_start", "acrostic"),
        ("sentences_start", "sentence_acrostic"),
    ):
        for first in by_name.get(name, ()):
            for one in by_name.get(words, ()):
                if isinstance(first.value, frozenset) and {base_letter(sign) for sign in str(one.value)} - first.value:
                    yield f"`{one.line}` and `{first.line}` cannot both hold"
    for name in ("sentences_start", "words_start", "lines_start"):
        for first in by_name.get(name, ()):
            for one in by_name.get("starts_with", ()):
                if isinstance(first.value, frozenset) and first_letter(str(one.value)) not in first.value:
                    yield f"`{one.line}` and `{first.line}` cannot both hold"


def _lines(by_name: dict[str, list[Constraint]], bounds: Bounds) -> Iterator[str]:
    least, most = bounds["lines"]
    for one in by_name.get("acrostic", ()):
        count = len(str(one.value))
        if not least <= count <= most and not least <= count + 1 <= most:
            yield f"`{one.line}` needs {count} lines, which the number of lines does not allow"
    for one in by_name.get("sentence_acrostic", ()):
        if not bounds["sentences"][0] <= len(str(one.value)) <= bounds["sentences"][1]:
            yield f"`{one.line}` needs {len(str(one.value))} sentences, which the number of sentences does not allow"
    for one in by_name.get("syllables", ()):
        if isinstance(one.value, tuple) and len(one.value) > 1 and not least <= len(one.value) <= most:
            yield f"`{one.line}` needs {len(one.value)} lines, which the number of lines does not allow"
    for one in by_name.get("rhyme", ()):
        for exact in by_name.get("lines", ()):
            if isinstance(exact.value, int) and exact.value % len(str(one.value)):
                yield f"`{one.line}` does not come out even in {exact.value} lines"
        for other in by_name.get("acrostic", ()):
            if len(str(other.value)) % len(str(one.value)):
                yield f"`{one.line}` does not come out even with `{other.line}`"


def _against_source(by_name: dict[str, list[Constraint]], bounds: Bounds, source: str) -> Iterator[str]:
    """What the length and the words of the given text do not allow."""
    count = count_words(without_markup(source))
    least, most = bounds["words"]
    keeps = next(iter(by_name.get("keeps", ())), None)
    if keeps is not None:
        if not least * 0.9 <= count <= most * 1.1:
            yield f"`{keeps.line}` leaves the {count} words of the given text, which the number of words does not allow"
        for name in ("contains", "starts_with", "ends_with"):
            for one in by_name.get(name, ()):
                if not occurrences(source, str(one.value)) and folded_words(str(one.value)):
                    yield f"`{one.line}` and `{keeps.line}` cannot both hold: the given text does not have these words"
        for name in ("forbids", "masks", "removes"):
            for one in by_name.get(name, ()):
                if occurrences(source, str(one.value)):
                    yield f"`{one.line}` and `{keeps.line}` cannot both hold: the given text has these words"
        for name in ("shorter", "longer", "replaces", "easier", "max_overlap", "words_start", "forbids_letters"):
            for one in by_name.get(name, ()):
                yield f"`{one.line}` and `{keeps.line}` cannot both hold"
    for one in by_name.get("shorter", ()):
        assert isinstance(one.value, int)
        if least >= count * one.value / 100:
            yield f"`{one.line}`: the given text has only {count} words, and at least {least} are asked for"
        for other in by_name.get("longer", ()):
            yield f"`{one.line}` and `{other.line}` cannot both hold"
    for one in by_name.get("longer", ()):
        assert isinstance(one.value, int)
        if most <= count * one.value / 100:
            yield f"`{one.line}`: the given text has {count} words already, and at most {most} are allowed"
    for one in by_name.get("notes_in", ()):
        if most <= count:
            yield f"`{one.line}` leaves the {count} words of the given text, but at most {most} are allowed"
    for one in by_name.get("rest", ()):
        named = ("replaces", "removes", "masks", "forbids", "dates", "times")
        if not any(by_name.get(name) for name in named):
            yield f"`{one.line}` needs a line with {', '.join(named[:3])} that says what changes"
        if not least * 0.7 <= count <= most * 1.5 and not by_name.get("removes"):
            yield f"`{one.line}` leaves about the {count} words of the given text; the number of words forbids that"
