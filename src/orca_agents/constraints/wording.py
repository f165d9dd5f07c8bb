"""Constraints on words that must or must not stand in a text, and on how it begins and ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.constraints.kind import Kind, Saying, percent, phrase, phrases, yes
from orca_agents.constraints.measure import (
    fold,
    grade,
    lines_of,
    occurrences,
    overlap,
    sentences_of,
    without_markup,
    without_title,
)


def _says_phrase(value: object) -> Sequence[Saying]:
    return (str(value),)


def _says_phrases(value: object) -> Sequence[Saying]:
    assert isinstance(value, tuple)
    return value


def _why_lacking(text: str, _: str, words: object) -> str | None:
    return None if occurrences(text, str(words)) else f"it lacks {words!r}"


def _why_holding(text: str, _: str, words: object) -> str | None:
    return f"it holds {words!r}" if occurrences(text, str(words)) else None


def _why_holding_none(text: str, _: str, words: object) -> str | None:
    assert isinstance(words, tuple)
    return None if any(occurrences(text, one) for one in words) else f"it holds none of {', '.join(words)}"


def _why_other_start(text: str, _: str, words: object) -> str | None:
    wanted = re.compile(re.escape(_plain(str(words))) + (r"(?!\w)" if str(words)[-1:].isalnum() else ""))
    begins = any(wanted.match(_plain(one)) for one in (text, without_title(text)))
    return None if begins else f"it begins with {text.strip()[:40]!r}, not with {words!r}"


def _why_other_end(text: str, _: str, words: object) -> str | None:
    own, wanted = _plain(text), _plain(str(words))
    if own.endswith(wanted) or own.rstrip(_STOPS).endswith(wanted.rstrip(_STOPS) or wanted):
        return None
    return f"it ends with {text.strip()[-40:]!r}, not with {words!r}"


def _why_no_circle(text: str, _: str, __: object) -> str | None:
    parts = lines_of(text) if len(sentences_of(text)) < 2 else sentences_of(text)
    if len(parts) < 3:
        return "it is too short to end as it begins"
    first, last = _words_alone(parts[0]), _words_alone(parts[-1])
    titled = _words_alone(parts[1])
    return None if last in (first, titled) else "its last sentence or line is not its first one again"


def _why_copied(text: str, source: str, most: object) -> str | None:
    assert isinstance(most, int)
    share = 100 * overlap(text, source)
    if share <= most:
        return None
    return f"{share:.0f}% of its sequences of four words are those of the given text, more than {most}%"


def _why_not_easier(text: str, source: str, _: object) -> str | None:
    own, before = grade(text), grade(source)
    if own < before:
        return None
    return (
        f"it is no easier to read than before (grade {own:.1f}, it was {before:.1f}): shorter sentences, common words"
    )


def _plain(text: str) -> str:
    return fold(" ".join(without_markup(text).split())).strip(" \"'")


def _words_alone(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


_STOPS = " .!?\"')*_\u2026\u3002\uff01\uff1f"

WORDING: tuple[Kind, ...] = (
    Kind("contains", "words that must stand in it, letter by letter", phrase, _why_lacking, _says_phrase),
    Kind("contains_any", "words, parted by commas, of which one must stand in it", phrases, _why_holding_none,
         _says_phrases),
    Kind("forbids", "a word or phrase that must not stand in it", phrase, _why_holding, _says_phrase),
    Kind("starts_with", "the words with which it begins", phrase, _why_other_start, _says_phrase),
    Kind("ends_with", "the words with which it ends", phrase, _why_other_end, _says_phrase),
    Kind("ends_as_it_begins", "yes: its last sentence or line is its first one again", yes, _why_no_circle),
    Kind("max_overlap", "the most four-word sequences, in %, that it may share with the given text", percent,
         _why_copied),
    Kind("easier", "yes: it is easier to read than the given text", yes, _why_not_easier),
)  # fmt: skip
