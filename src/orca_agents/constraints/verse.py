"""Constraints on verse: syllables of each line, and which lines rhyme."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.constraints.kind import Kind, Saying, pattern
from orca_agents.constraints.measure import folded_words, lines_of, tokens_of, without_markup, without_title
from orca_agents.constraints.pronouncing import HOW_TO_GET_IT, NoDictionaryError, is_installed, rhymes, syllables_of


def verses_of(text: str) -> list[str]:
    """The lines of a poem: without a title that stands over it, set apart or marked as one."""
    lines = [
        line
        for line in lines_of(without_title(text))
        if not re.match(r"#{1,6}\s|\*\*[^*]+\*\*$|\(?\[?(?:verse|chorus|bridge)\b", line, re.I)
    ]
    return [without_markup(line).strip() for line in lines]


def _needs_dictionary() -> None:
    if not is_installed():
        raise NoDictionaryError(HOW_TO_GET_IT)


def _read_syllables(text: str) -> tuple[int, ...]:
    counts = tuple(int(part) for part in re.findall(r"\d+", text))
    if not counts or not all(0 < count <= 30 for count in counts) or re.search(r"[^\d,;/\s-]", text.strip()):
        raise ValueError("the syllables of each line, such as 5, 7, 5; one number if all lines have as many")
    _needs_dictionary()
    return counts


def _why_other_syllables(text: str, _: str, value: object) -> str | None:
    assert isinstance(value, tuple)
    lines = verses_of(text)
    if len(value) > 1 and len(lines) != len(value):
        return f"it has {len(lines)} lines, not {len(value)}"
    for at, line in enumerate(lines):
        wanted = value[at] if len(value) > 1 else value[0]
        counts = _counts(line)
        if isinstance(counts, str):
            return (
                f"the syllables of line {at + 1} cannot be counted, for no dictionary has {counts!r}; use a plain word"
            )
        if wanted not in counts:
            return f"line {at + 1} has {_told(counts)} syllables, not {wanted}: {line[:50]!r}"
    return None if lines else "it has no lines"


def _counts(line: str) -> frozenset[int] | str:
    """How many syllables a line may have, or the word that cannot be counted."""
    totals = {0}
    for word in tokens_of(line):
        counts = syllables_of(word)
        if not counts:
            return word
        totals = {total + count for total in totals for count in counts}
    return frozenset(totals)


def _told(counts: frozenset[int]) -> str:
    return str(min(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def _read_scheme(text: str) -> str:
    scheme = re.sub(r"[\s,/|-]", "", text.strip().strip("\"'`")).upper()
    if not re.fullmatch(r"[A-HX]{2,20}", scheme) or not any(scheme.count(letter) > 1 for letter in set(scheme) - {"X"}):
        raise ValueError("a letter for each line, such as ABAB; lines with the same letter rhyme, X rhymes with none")
    _needs_dictionary()
    return scheme


def _why_no_rhyme(text: str, _: str, value: object) -> str | None:
    scheme = str(value)
    lines = verses_of(text)
    if not lines or len(lines) % len(scheme):
        return f"it has {len(lines)} lines, so it cannot rhyme as {scheme}"
    for first in range(0, len(lines), len(scheme)):
        stanza = lines[first : first + len(scheme)]
        ends = [(folded_words(line) or ("",))[-1] for line in stanza]
        words = [(tokens_of(line) or [""])[-1] for line in stanza]
        for at, letter in enumerate(scheme):
            before = scheme.rfind(letter, 0, at)
            if letter == "X" or before < 0:
                continue
            if ends[before] == ends[at]:
                return f"{_pair(first, before, at)} end in the same word {words[at]!r}: that is no rhyme"
            match rhymes(words[before], words[at]):
                case None:
                    return (
                        f"whether {words[before]!r} and {words[at]!r} rhyme cannot be checked, for no dictionary "
                        f"has both; "
                        "end these lines in plain words"
                    )
                case False:
                    return f"{_pair(first, before, at)} do not rhyme: {words[before]!r}, {words[at]!r}"
                case _:
                    pass
    return None


def _pair(first: int, one: int, other: int) -> str:
    return f"lines {first + one + 1} and {first + other + 1}"


def _says_syllables(value: object) -> Sequence[Saying]:
    assert isinstance(value, tuple)
    if value == (5, 7, 5):
        return (pattern(r"\bhaiku|\b5\b.{1,40}\b7\b|\bfive\b.{1,60}\bseven\b"),)
    return tuple(dict.fromkeys(value))


def _says_scheme(value: object) -> Sequence[Saying]:
    fixed = {"AABBA": r"|limerick", "ABABCDCDEFEFGG": r"|shakespear\w+|english sonnet",
             "AABB": r"|\bcouplets?\b|\bpairs?\b",
             "AA": r"|\bcouplets?\b|\bpairs?\b", "ABAB": r"|alternat\w+|every other"}  # fmt: skip
    spaced = r"[\s,/|-]*".join(str(value))
    return (pattern(rf"\b{spaced}\b{fixed.get(str(value), '')}"),)


VERSE: tuple[Kind, ...] = (
    Kind("syllables", "the syllables of each line, such as 5, 7, 5; one number if all lines have as many (English)",
         _read_syllables, _why_other_syllables, _says_syllables),
    Kind("rhyme", "the rhyme scheme of the poem or of each stanza, such as ABAB; X rhymes with nothing (English)",
         _read_scheme, _why_no_rhyme, _says_scheme),
)  # fmt: skip
