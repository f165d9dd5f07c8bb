"""Look whether a text keeps the facts of the given one, as far as a program can see: numbers, names, its bulk."""

from __future__ import annotations

import re

from orca_agents.arithmetic import numbers_in
from orca_agents.checks.api import Case
from orca_agents.constraints import read_constraints
from orca_agents.constraints.measure import fold, without_markup
from orca_agents.language import count_words

MOST_LOST = 0.1
"""Share of the numbers that may be gone: one in ten may be a page number or the like."""
MOST_SPELLED = 12
"""Up to here numbers are often spelled out, in whatever language: `a dozen`, `zwölf`."""
LEAST_NAMES = 0.6
"""Share of the names that must still be there; some become `she` or `the town`."""
LEAST_LENGTH = 0.45
"""Share of the words that a version of the whole text has at least; Turkish or Finnish needs fewer than English."""


def why_facts_lost(case: Case) -> str | None:
    """Check `facts_kept`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    kept = set(case.leaf.settings.get("keeps", ())) if case.leaf is not None else set()
    source, text = item.content.text, case.draft.answer.value[0]
    if not kept or _is_cut_down(case, source):
        return None
    if "length" in kept and (share := count_words(text) / max(1, count_words(source))) < LEAST_LENGTH:
        return f"it has only {share:.0%} of the words of the given text, so part of it is missing; take in all of it"
    own, before = _numbers(text), _numbers(source)
    if "numbers" in kept:
        said = _spoken(text)
        lost = [number for number in before if number not in own and number not in said]
        lost = [number for number in lost if int(number[:9]) > MOST_SPELLED]
        if len(lost) > MOST_LOST * len(before):
            return f"the number {lost[0]} of the given text is gone or changed; facts stay as they are"
    is_english = case.language is None or case.language.startswith("en")
    if "no_new_numbers" in kept and is_english:  # of other languages we cannot read the number words
        asked = _numbers(item.question)
        said = _spoken(source)
        new = [number for number in own if number not in before and number not in asked and number not in said]
        new = [number for number in new if len(number) > 1]
        if new:
            return f"the number {new[0]} is none of the given text; invent no facts"
    if "names" in kept and is_english:
        names = _names(source)
        gone = [name for name in names if fold(name)[:5] not in fold(text)]
        if len(names) >= 2 and len(gone) > (1 - LEAST_NAMES) * len(names):
            return f"these names of the given text are gone: {', '.join(gone[:4])}"
    return None


def _is_cut_down(case: Case, source: str) -> bool:
    """Whether the task makes the text so short, or so odd, that facts have to go."""
    assert case.draft is not None
    whole = count_words(source)
    for constraint in read_constraints(case.draft.instruction.hidden.get("constraints", ())):
        name, value = constraint.kind.name, constraint.value
        if name in _ODD:
            return True
        if name in ("max_words", "words") and isinstance(value, int) and value < 0.8 * whole:
            return True
        if name == "max_chars" and isinstance(value, int) and value < 0.8 * len(source):
            return True
        if name in ("sentences", "max_sentences", "bullets", "lines") and isinstance(value, int) and value * 30 < whole:
            return True
        if name == "shorter" and isinstance(value, int) and value < 90:
            return True
    task = case.draft.instruction.question
    return (
        re.search(
            r"\b(?:summar|only the (?:first|second|third|last|opening|closing)|one sentence|single sentence)",
            task,
            re.I,
        )
        is not None
    )


_ODD = ("words_start", "nth_words_start", "forbids_letters", "only_words", "max_word_letters", "removes", "masks")


def _numbers(text: str) -> list[str]:
    """The numbers that stand in digits, without the signs that group their digits."""
    found = re.findall(r"(?<![\w.])\d+(?:[.,\u00a0\u202f' ]\d{3})*(?:[.,]\d+)?", without_markup(text))
    return list(dict.fromkeys(re.sub(r"\D", "", number).lstrip("0") or "0" for number in found))


def _spoken(text: str) -> frozenset[str]:
    """The numbers that stand in a text in words, rounded to millions, or with their digits grouped in another way."""
    said = {str(found.value) for found in numbers_in(text)}
    for run in re.findall(r"\d[\d.,'()\u00a0\u202f -]*\d", text):  # 555-0172, 555 01 72
        digits = re.sub(r"\D", "", run)
        said |= {digits, *(digits[at : at + size] for size in (3, 4) for at in range(min(len(digits), 40) - size + 1))}
    return frozenset(number.lstrip("0") or "0" for number in said)


def _names(text: str) -> list[str]:
    """Words with a capital that do not begin a sentence, without those that begin one somewhere else too."""
    names = re.findall(r"(?<=[a-z,;] )([A-Z\u00c0-\u00de][^\W\d_]{2,})", text)
    names = [name for name in names if not name.isupper()]
    common = {
        "The",
        "This",
        "That",
        "English",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    }
    return [name for name in dict.fromkeys(names) if name not in common]
