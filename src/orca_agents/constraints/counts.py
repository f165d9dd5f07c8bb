"""Constraints on how much there is of something: words, characters, sentences, lines, paragraphs, items."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orca_agents.constraints.kind import Kind, Saying, number, percent, phrase
from orca_agents.constraints.measure import (
    bullets_of,
    folded_words,
    headings_of,
    lines_of,
    occurrences,
    paragraphs_of,
    sentences_of,
    tokens_of,
    without_markup,
    without_title,
)
from orca_agents.language import count_words

UNITS: dict[str, tuple[str, Callable[[str], int]]] = {
    "words": ("words", lambda text: count_words(without_markup(text))),
    "chars": ("characters", len),
    "sentences": ("sentences", lambda text: len(sentences_of(text))),
    "lines": ("lines", lambda text: len(lines_of(text))),
    "paragraphs": ("paragraphs", lambda text: len(paragraphs_of(text))),
    "bullets": ("list items", lambda text: len(bullets_of(text))),
    "headings": ("Markdown headings", lambda text: len(headings_of(text))),
}
"""Unit -> what it is called, and how it is counted."""


def measured_words(text: str) -> tuple[int, int]:
    """The fewest and the most words that a reader could count: `well-known` and `don't` are one or two."""
    plain = without_markup(text)
    every = count_words(plain)
    written = [part for part in plain.split() if any(sign.isalnum() for sign in part)]
    if 2 * len(written) < every:  # a script without spaces
        return every, every
    counts = (every, len(tokens_of(plain)), len(written))
    return min(counts), max(counts)


def _range(unit: str, text: str) -> tuple[int, int]:
    if unit == "words":
        return measured_words(text)
    count = UNITS[unit][1](text.strip() if unit == "chars" else text)
    if unit in ("lines", "paragraphs", "sentences"):  # a reader may count the title or leave it out
        return UNITS[unit][1](without_title(text)), count
    return count, count


def _says_number(value: object) -> Sequence[Saying]:
    assert isinstance(value, int)
    return (value,)


def _at_most(unit: str) -> Kind:
    called = UNITS[unit][0]

    def why_not(text: str, _: str, most: object) -> str | None:
        assert isinstance(most, int)
        count = _range(unit, text)[0]
        return None if count <= most else f"it has {count} {called}, more than {most}"

    return Kind(f"max_{unit}", f"the most {called} it may have", number, why_not, _says_number)


def _at_least(unit: str) -> Kind:
    called = UNITS[unit][0]

    def why_not(text: str, _: str, fewest: object) -> str | None:
        assert isinstance(fewest, int)
        count = _range(unit, text)[1]
        return None if count >= fewest else f"it has {count} {called}, fewer than {fewest}"

    return Kind(f"min_{unit}", f"the fewest {called} it must have", number, why_not, _says_number)


def _exactly(unit: str) -> Kind:
    called = UNITS[unit][0]

    def why_not(text: str, _: str, wanted: object) -> str | None:
        assert isinstance(wanted, int)
        least, most = _range(unit, text)
        return None if least <= wanted <= most else f"it has {most} {called}, not {wanted}"

    return Kind(unit, f"how many {called} it has, exactly", number, why_not, _says_number)


def _why_long_sentence(text: str, _: str, most: object) -> str | None:
    assert isinstance(most, int)
    long = next((one for one in sentences_of(without_markup(text)) if measured_words(one)[0] > most), None)
    return f"the sentence {_start(long)} has {measured_words(long)[0]} words, more than {most}" if long else None


def _why_long_line(text: str, _: str, most: object) -> str | None:
    assert isinstance(most, int)
    long = next((line for line in lines_of(text) if len(line) > most), None)
    return f"the line {_start(long)} has {len(long)} characters, more than {most}" if long else None


def _read_times(text: str) -> tuple[str, int]:
    words, sign, times = text.rpartition("=")
    if not sign:
        raise ValueError("words, an equals sign and a number, such as: river = 3")
    return phrase(words), number(times)


def _why_not_as_often(text: str, _: str, value: object) -> str | None:
    assert isinstance(value, tuple)
    words, times = value
    count = occurrences(text, words)
    return None if count == times else f"it holds {words!r} {count} times, not {times}"


def _says_times(value: object) -> Sequence[Saying]:
    assert isinstance(value, tuple)
    return value


def _why_not_shorter(text: str, source: str, most: object) -> str | None:
    assert isinstance(most, int)
    own, whole = count_words(without_markup(text)), count_words(without_markup(source))
    if own < whole and own <= whole * most / 100:
        return None
    share = f" at most {most}% of it" if most < 100 else ""
    return (
        f"it has {own} words and the text that it was made of has {whole}: it must be shorter,{share or ' not longer'}"
    )


def _why_not_longer(text: str, source: str, least: object) -> str | None:
    assert isinstance(least, int)
    own, whole = count_words(without_markup(text)), count_words(without_markup(source))
    if own > whole and own >= whole * least / 100:
        return None
    share = f"; at least {least}% of it is asked for" if least > 100 else ""
    return f"it has {own} words and the text that it was made of has {whole}: it must be longer{share}"


def _share(text: str) -> int:
    return 100 if text.strip().lower() in ("", "yes") else percent(text)


def _why_too_poor(text: str, _: str, least: object) -> str | None:
    assert isinstance(least, int)
    tokens = folded_words(text)
    share = 100 * len(set(tokens)) / len(tokens) if tokens else 0.0
    return None if share >= least else f"only {share:.0f}% of its words are different ones, fewer than {least}%"


def _start(text: str | None) -> str:
    return repr((text or "")[:50])


COUNTS: tuple[Kind, ...] = (
    *(make(unit) for unit in UNITS for make in (_at_most, _at_least, _exactly)),
    Kind("max_sentence_words", "the most words that any sentence may have", number, _why_long_sentence, _says_number),
    Kind("max_line_chars", "the most characters that any line may have", number, _why_long_line, _says_number),
    Kind("occurs", "words = how often they stand in it, exactly", _read_times, _why_not_as_often, _says_times),
    # half, twice, a third: a share has too many names to look for one of them in the task
    Kind("shorter", "the most words, in % of the given text (100% means: shorter)", _share, _why_not_shorter),
    Kind("longer", "the fewest words, in % of the given text (100% means: longer)", _share, _why_not_longer),
    Kind("different_words", "the least share of different words, in %", percent, _why_too_poor, _says_number),
)  # fmt: skip
