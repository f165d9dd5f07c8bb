"""Judge a text, or notes for one, that a transformer made of a seed: long enough, about the seed, not a copy."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import copied_share, frequent_terms, share, terms
from orca_agents.config import IDENTITY
from orca_agents.language import count_words

FEWEST_WORDS = 40
MOST_COPIED = 0.6
LEAST_COPIED = 0.8
"""How much of an excerpt stands in the seed, by its word sequences."""
SUBJECTS = 40
EXCERPTS = ("excerpt_selector",)
"""Transformers that print the seed's own words."""


def why_thin(case: Case) -> str | None:
    """Check `text_substantial`."""
    text, seed = case.content.text, case.seed.text
    count = count_words(text)
    if case.content.transformer == IDENTITY:
        return None if count >= FEWEST_WORDS / 2 else f"the text has only {count} words"
    if count < FEWEST_WORDS:
        return f"it has only {count} words; write at least {FEWEST_WORDS}"
    if found := repetition(text):
        return f"it {found}; write each thing once"
    copied = copied_share(text, seed)
    if case.content.transformer in EXCERPTS:
        if copied < LEAST_COPIED:
            return "an excerpt has the words of the source, letter by letter; copy it, and change nothing"
        return None
    if copied > MOST_COPIED:
        return "it is nearly the source itself; write a text of your own, of the kind you were asked for"
    other_language = case.language and case.seed.language and case.language[:2] != case.seed.language[:2]
    if other_language or _shares_subject(case):
        return None
    return "it has nothing to do with the source: hardly any of its names, things or terms come from there"


def why_unclean(case: Case) -> str | None:
    """Check `notes_clean`."""
    text = case.content.text
    if case.content.transformer == IDENTITY:
        token = control_token(text)
        return f"the text holds {token!r}, a control token of a chat" if token else None
    if first := preamble(text):
        return f"the notes begin with talk about them ({first[:60]!r}); hand in the notes alone"
    if found := leak(text, case.prompts, case.seed.text):
        return f"the notes {found}; take it out"
    # a note need not be a sentence, so only what nobody ends a note with tells that it was cut
    if match := re.search(r"(?:[,;(]|\b(?:and|or|the|a|an|of|because|that|is|are))\s*$", text):
        return f"the notes break off ({match[0]!r}); write them to their end"
    return None


def _shares_subject(case: Case) -> bool:
    own = terms(case.content.text, case.language)
    subjects = frequent_terms(case.seed.text, case.language, SUBJECTS)
    needed = min(3, max(1, len(subjects) // 8))
    return len(own & subjects) >= needed or share(own, terms(case.seed.text, case.language)) >= 0.25
