"""What a kind of constraint is: how its value is read, how a text is held to it, and what of it a task must say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Saying = int | str | re.Pattern[str]
"""Something that the task must say: a number, words, or (in English) what a pattern finds."""


def _nothing(_: object) -> Sequence[Saying]:
    return ()


@dataclass(frozen=True)
class Kind:
    """One kind of constraint."""

    name: str
    takes: str
    """What stands behind the colon, in words for the agents who write constraints."""
    read: Callable[[str], object]
    """Reads that. Raises `ValueError` that says what is wrong, also where it cannot be checked here."""
    why_not: Callable[[str, str, object], str | None]
    """(text, source, what was read) -> the reason why the text does not keep to it; the source is what it was made
    of, and empty where there is none."""
    says: Callable[[object], Sequence[Saying]] = _nothing
    """What of it a task must say, for only what a task says can be asked of an answer."""
    why_unfit: Callable[[str, object], str | None] | None = None
    """(source, what was read) -> why no text made of this source could keep to it, or why it would be no change."""


def number(text: str) -> int:
    """A whole number above 0."""
    try:
        value = int(re.sub(r"(?<=\d)[,\u00a0\u202f ](?=\d{3})", "", text.strip()))
    except ValueError:
        raise ValueError(f"a number in digits, not {text.strip()!r}") from None
    if not 0 < value < 100_000:
        raise ValueError("a number between 1 and 99,999")
    return value


def percent(text: str) -> int:
    """A percentage: `40%`, `40`, `0.4`."""
    bare = text.strip().rstrip("%").strip()
    try:
        value = float(bare)
    except ValueError:
        raise ValueError(f"a percentage such as 40%, not {text.strip()!r}") from None
    if not text.strip().endswith("%") and value < 1:
        value *= 100
    if not 0 <= value <= 1000:
        raise ValueError("a percentage between 0% and 1000%")
    return round(value)


def phrase(text: str) -> str:
    """Words, with or without quotation marks around them."""
    bare = text.strip()
    if len(bare) > 1 and (bare[0], bare[-1]) in _QUOTES:
        bare = bare[1:-1].strip()
    if not bare:
        raise ValueError("the words meant")
    return bare


def phrases(text: str, parts: str = ",;") -> tuple[str, ...]:
    """Several words or phrases, parted by commas; what stands in quotation marks may hold one."""
    found = [phrase(part) for part in re.findall(rf'"[^"]*"|[^{parts}]+', text) if part.strip(' ,;"')]
    if not found:
        raise ValueError("the words meant, parted by commas")
    return tuple(found)


def one_of(*allowed: str) -> Callable[[str], str]:
    """Reads one of several words."""

    def read(text: str) -> str:
        word = text.strip().strip("\"'`").lower().replace(" ", "_").replace("-", "_")
        if word not in allowed:
            raise ValueError(f"one of {', '.join(allowed)}, not {text.strip()!r}")
        return word

    return read


def yes(text: str) -> str:
    """Reads `yes`: for constraints that need no value."""
    if text.strip().strip("\"'").lower() not in ("", "yes", "true"):
        raise ValueError("yes")
    return "yes"


def pattern(words: str) -> re.Pattern[str]:
    """A saying in English, whatever its case."""
    return re.compile(words, re.IGNORECASE)


_QUOTES = {('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\u00ab", "\u00bb"),
           ("\u201e", "\u201c"), ("\u300c", "\u300d")}  # fmt: skip
