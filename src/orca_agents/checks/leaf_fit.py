"""Judge whether a question is about this passage and of the kind that was asked for."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quote
from orca_agents.checks.item import quoted, shown_parts, shown_text
from orca_agents.checks.support import brings_new_matter
from orca_agents.checks.terms import share, subject_terms, terms
from orca_agents.language import count_words
from orca_agents.records import Instruction

LEAST_SHARE = 0.25
"""Share of a question's content words that the passage must know."""
LEAST_PARTS = 0.15
"""The same for options and statements, half of which are wrong on purpose."""
MOST_UNKNOWN = 4
"""So many words that the passage does not know may stand in a question of a general kind."""
QUOTE_WORDS = 4
"""From so many words on, what a question puts in quotation marks must stand in the passage."""


def why_not_about_passage(case: Case) -> str | None:
    """Check `fits_passage`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    passage = terms(item.content.text, case.language)
    asked = subject_terms(item.question, case.language)
    under = subject_terms("\n".join(_grounding(item)), case.language)
    if (wrong := _wrong_quote(item)) is not None:
        return f"the question quotes {wrong[:80]!r}, which the passage does not say"
    if not asked & passage:
        return _why_generic(case, item, asked, under, passage)
    if len(asked) > 3 and share(asked, passage) < LEAST_SHARE and share(asked | under, passage) < LEAST_SHARE:
        return f"the question is about something else: the passage does not know {_some(asked - passage)}"
    return None


def why_not_of_leaf(case: Case) -> str | None:
    """Check `fits_leaf`."""
    assert case.instruction is not None, "this check needs an instruction"
    if case.leaf is None or not case.leaf.cues or not _is_english(case) or _matches_cue(case, case.instruction):
        return None
    kind = case.leaf.name.replace("_", " ")
    return f"this is not a question of the kind {kind!r}, which {case.leaf.description.strip()} Word it as one"


def _why_generic(
    case: Case, item: Instruction, asked: frozenset[str], under: frozenset[str], passage: frozenset[str]
) -> str | None:
    """A question that names nothing of the passage: some kinds ask so, if what stands under it is of the passage."""
    cued = _is_english(case) and bool(case.leaf and case.leaf.cues) and _matches_cue(case, item)
    if cued and len(asked) <= MOST_UNKNOWN and brings_new_matter(item.question):
        return None
    known = share(under, passage) >= LEAST_PARTS and len(under & passage) >= 2
    says_more = bool(shown_parts(item)) or item.form in ("essay", "blank")
    if asked and not (known and says_more and (len(asked) <= MOST_UNKNOWN or not _is_english(case))):
        return f"the question is not about the passage, which does not know {_some(asked)}"
    if asked or (under & passage and item.form in _SAID_UNDER_IT):
        return None
    if _is_english(case) and not cued:
        return "this could be asked of any passage; name what in this passage it is about"
    # what a tone or an attitude is called need not stand in the passage
    if known or (item.form == "choice" and all(count_words(part) <= 3 for part in shown_parts(item))):
        return None
    return "neither the question nor what stands under it has to do with the passage"


_SAID_UNDER_IT = ("truth", "order", "mapping", "essay")
"""Forms whose statements, items or rubric say what the question is about."""


def _grounding(item: Instruction) -> tuple[str, ...]:
    """What ties an item to the passage beside its question; the key counts where nothing stands under the question."""
    shown = shown_parts(item)
    return shown if shown else (*item.parts.get("rubric", ()), *item.key)


def _wrong_quote(item: Instruction) -> str | None:
    if re.search(r"_{2,}", item.question):
        return None
    for quote in quoted(item.question):
        before = item.question[: item.question.find(quote)][-60:]
        if count_words(quote) < QUOTE_WORDS or _HYPOTHETICAL.search(before):
            continue
        if not find_quote(item.content.text, quote) and not any(quote in part for part in shown_parts(item)):
            return quote
    return None


def _matches_cue(case: Case, item: Instruction) -> bool:
    assert case.leaf is not None
    text = shown_text(item)
    return any(re.search(cue, text, re.IGNORECASE) for cue in case.leaf.cues)


def _is_english(case: Case) -> bool:
    return case.language is None or case.language.startswith("en")


def _some(words: frozenset[str]) -> str:
    return ", ".join(repr(word) for word in sorted(words)[:4])


_HYPOTHETICAL = re.compile(
    r"\b(?:suppose|imagine|if|critic|reader|someone|claim|claims|claimed|argues?|says?|title|headline|hypothetical|new"
    r"|finding|assertion|objection|view|statement)\b[^.]*$",
    re.IGNORECASE,
)
