"""Hold notes to their seed, and long answers to the facts that they may rest on: numbers and names, one by one."""

from __future__ import annotations

import re
from fractions import Fraction

from orca_agents.checks.api import Case
from orca_agents.checks.numbers import CONSTANTS, spoken_numbers
from orca_agents.checks.open.sums import sums_in
from orca_agents.checks.repetition import repetition
from orca_agents.config import IDENTITY
from orca_agents.language import count_words, words
from orca_agents.numerals import numbers_in

FEWEST_WORDS = 40
SMALL = 12
"""Whole numbers up to here count things and steps; anybody may write them."""
YEARS = range(1000, 2100)
MOST_YEARS = 30
ABOUT = Fraction(1, 20)
"""How far, relatively, a number after `about` may be from the one it stands for."""


def why_unfaithful(case: Case) -> str | None:
    """Check `notes_faithful`."""
    content, seed = case.content, case.seed.text
    if content.transformer == IDENTITY:
        return None
    count = count_words(content.text)
    if count < FEWEST_WORDS:
        return f"the notes have only {count} words; write at least {FEWEST_WORDS}"
    if found := repetition(content.text):
        return f"the text {found}; write each thing once"
    if case.parent is not None:
        return None  # an edit may bring new facts in; that is what it is for
    kept = "\n".join(line for line in content.text.splitlines() if not _INVENTED.match(line))
    strange = _strange_numbers(kept, f"{seed}\n{case.seed.title or ''}", ())
    if strange:
        return f"{strange[0]} does not stand in the source; take every number from there, as it stands"
    names = _strange_names(kept, seed)
    return f"the name {names[0]!r} does not stand in the source; bring in nobody who is not there" if names else None


def why_unbacked(case: Case) -> str | None:
    """Check `facts_backed`."""
    assert case.draft is not None, "this check needs a draft"
    item, answer = case.draft.instruction, case.draft.answer
    known = "\n".join((item.content.text, item.question, *(t for texts in item.parts.values() for t in texts)))
    text = "\n".join((answer.reasoning, *answer.value))
    worked = tuple(value for one in sums_in(text) if one.holds for value in one.values)
    # `91 years after 1790`, where 1881 is named too, needs no sum to be written out
    years = [one for one in spoken_numbers(text) & spoken_numbers(known) if one in YEARS][:MOST_YEARS]
    worked += tuple(abs(one - other) for one in years for other in years)
    if item.form == "number":
        worked += tuple(number.value for number in numbers_in(" ".join(item.key)))
    strange = _strange_numbers(text, known, worked)
    if strange:
        return (
            f"{strange[0]} stands neither in the reference nor in the question, and no calculation that you show "
            "leads to it; leave out what cannot be confirmed"
        )
    names = _strange_names(text, known)
    if names:
        return f"nothing in the reference confirms {names[0]!r}; leave out what cannot be confirmed"
    return None


def _strange_numbers(text: str, known: str, worked: tuple[Fraction, ...]) -> list[str]:
    """Numbers of a text that are neither known nor worked out in it."""
    allowed = spoken_numbers(known) | CONSTANTS | {abs(value) for value in worked}
    allowed |= {value * 100 for value in allowed if value < 1} | {value / 100 for value in allowed}
    strange = []
    for match in _NUMBER.finditer(text):
        if _MARK.match(text, match.start()) and text[: match.start()].rpartition("\n")[2].strip(" #*>-") == "":
            continue
        value = Fraction(re.sub(r"[,\u00a0\u202f]", "", match[0]))
        if (value.denominator == 1 and value <= SMALL) or value in allowed or _is_decade(match, text, allowed):
            continue
        if re.search(rf"(?<![\d.,]){re.escape(match[0])}(?!\d)", known):
            continue  # as it stands there, in whichever notation of whichever country
        if _VAGUE.search(text[max(0, match.start() - 30) : match.start()]) and any(
            abs(one - value) <= ABOUT * value for one in allowed
        ):
            continue
        strange.append(match[0])
    return strange


def _is_decade(match: re.Match[str], text: str, allowed: set[Fraction] | frozenset[Fraction]) -> bool:
    """`the 1840s` stands for any year of them, `the 19th century` for any of its years."""
    after = text[match.end() : match.end() + 12]
    value = int(match[0]) if match[0].isdigit() else 0
    if re.match(r"['\u2019]?s\b", after):
        return any(value <= one < value + (100 if value % 100 == 0 else 10) for one in allowed)
    if re.match(r"(?:st|nd|rd|th)[ -]cent", after):
        return any((value - 1) * 100 <= one <= value * 100 for one in allowed)
    return bool(re.match(r"(?:st|nd|rd|th)\b", after))


def _strange_names(text: str, known: str) -> list[str]:
    """Names of two or more words of which no word is known."""
    there = set(words(known))
    found = []
    for match in _NAME.finditer(text):
        parts = [part for part in words(match[0]) if len(part) > 1]
        if len(parts) >= 2 and not there.intersection(parts):
            found.append(match[0])
    return found


_INVENTED = re.compile(r"[-*#\s]*+(?:role|setting|limits?|situation|client|budget|deadline)\**\s*:", re.IGNORECASE)
"""Lines of a scenario that are made up on purpose."""
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?|(?<![\w.,])\d+(?:\.\d+)?")
_MARK = re.compile(r"\d{1,2}[.)]\s")
_VAGUE = re.compile(
    r"\b(?:about|around|roughly|approximately|nearly|almost|over|under|some|more than|less than|just)\W*$",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<=[a-z,;:] )[A-Z][a-z\u00e0-\u00ff]+(?: (?:de|of|van|von))? [A-Z][a-z\u00e0-\u00ff]+"
    r"(?: [A-Z][a-z\u00e0-\u00ff]+)*"
)
