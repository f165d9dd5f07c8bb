"""Judge whether the passage holds what the key says, and the options something to choose from."""

from __future__ import annotations

import re

from orca_agents.arithmetic import numbers_in
from orca_agents.checks.api import Case
from orca_agents.checks.terms import contains, terms
from orca_agents.language import count_words
from orca_agents.records import Instruction

LONG_OPTION = 10
"""From so many words on, an option cannot help sharing one with the matter it is about."""
LEAST_SHARE = 0.5
"""Share of the key's content words that the passage must hold."""


def why_key_unsupported(case: Case) -> str | None:
    """Check `key_supported`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if not item.answerable:
        return None
    if item.form in ("span", "set", "blank", "answerability"):
        missing = [text for text in item.key if not is_held(text, item.content.text, case.language)]
        if missing:
            return f"the answer {missing[0]!r} does not stand in the passage; take the answer from there"
    if item.form == "number" and item.calculation is None:
        values = {number.value for number in numbers_in(" ".join(item.key))}
        if not values & {number.value for number in numbers_in(item.content.text)}:
            return f"the number {item.key[0] if item.key else ''!r} does not stand in the passage"
    return None


def why_choices_ungrounded(case: Case) -> str | None:
    """Check `choices_grounded`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.form != "choice":
        return None
    options = item.parts.get("options", ())
    if not brings_new_matter(item.question):
        strays = _strays(item, options, case.language)
        if strays:
            return f"option {strays[0]!r} has nothing to do with the passage, the question or the other options"
    long = [option for option in options if count_words(option) >= 8]
    copied = [option for option in long if contains(item.content.text, option)]
    if len(options) >= 3 and len(copied) == len(options) and not _SENTENCES.search(item.question):
        return "all options are copied out of the passage; say at least the wrong ones in words of your own"
    return None


def brings_new_matter(question: str) -> bool:
    """Whether the options of a question may speak of things that the passage does not: other cases, or terms for it."""
    return _NEW_CASES.search(question) is not None


def is_held(text: str, passage: str, language: str | None) -> bool:
    """Whether the passage holds enough of a short text's content words, or the numbers that it is made of."""
    if contains(passage, text):
        return True
    wanted = terms(text, language)
    if not wanted:
        return True
    found = wanted & terms(passage, language)
    numbers = {number.value for number in numbers_in(text)}
    if numbers and numbers <= {number.value for number in numbers_in(passage)}:
        found |= {word for word in wanted if word[0].isdigit()} or found
        if not found:
            return True
    return len(found) >= LEAST_SHARE * len(wanted)


def _strays(item: Instruction, options: tuple[str, ...], language: str | None) -> list[str]:
    """Options that share no content word or number with passage, question or another option."""
    common = terms(item.content.text, language) | terms(item.question, language)
    own = [terms(option, language) for option in options]
    strays = []
    for at, option in enumerate(options):
        others = frozenset().union(*(words for place, words in enumerate(own) if place != at))
        if own[at] and not own[at] & (common | others) and not numbers_in(option):
            strays.append(option)
    # options in words of their own (a tone, a flaw) may be new, but hardly most of them, and no long one
    several = len(strays) > len(options) / 2 and (language is None or language.startswith("en"))
    return strays if several else [stray for stray in strays if count_words(stray) >= LONG_OPTION]


_NEW_CASES = re.compile(
    r"\bvulnerable\b|\bproceeds\b|\btechnique|\bparallel|\bsimilar|\banalog|\bpattern of reasoning"
    r"|\bsame (?:flaw|reasoning|error|kind|principle"
    r"|pattern|structure)"
    r"|\bprinciple|\bsituation|\bmost like\b|\bconform|\bresembl|\btone\b|\battitude\b|\bcompar|\bjust as\b"
    r"|\bmeans?\b|\brole\b|\bfunction|\bmethod|\bweakness|\bflaw|\bimage|\bmetaphor|\beffect\b|\bdevice\b|\bstructur"
    r"|\bscenario|\bexample of\b",
    re.IGNORECASE,
)
"""Questions whose options bring new matter with them."""
_SENTENCES = re.compile(
    r"\b(?:sentences?|quotations?|quotes?|lines?|excerpts?|statements?|phrases?|words|evidence|details?)\b"
    r"|\b(?:frase|oración|cita|phrase|citation|satz|zitat|zdanie|cytat)\b|句|引文|文は|वाक्य",
    re.IGNORECASE,
)
