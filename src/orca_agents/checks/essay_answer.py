"""Judge an essay by its build: claims in sentences, matter of the passage, a judgement, each point of the rubric."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quotes
from orca_agents.checks.item import quoted
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import copied_share, subject_terms, terms
from orca_agents.language import count_words

FEWEST_WORDS = 60
FEWEST_SENTENCES = 3
MOST_COPIED = 0.6
"""Share of the essay's word sequences that may come out of the passage."""
FEWEST_TERMS = 6
"""Content words that an essay without a quote must share with the passage."""


def why_no_essay(case: Case) -> str | None:
    """Check `essay_structure`."""
    assert case.draft is not None, "this check needs a draft"
    item, answer = case.draft.instruction, case.draft.answer
    if item.form != "essay":
        return None
    essay = answer.value[0] if answer.value else ""
    count = count_words(essay)
    if count < FEWEST_WORDS:
        return f"the essay has only {count} words; make claims, show where the passage bears them out, and judge"
    sentences = [part for part in _SENTENCE.split(essay) if count_words(part) >= 3]
    if len(sentences) < FEWEST_SENTENCES:
        return f"the essay has only {len(sentences)} sentences"
    if found := repetition(essay):
        return f"the essay {found}"
    passage = item.content.text
    if copied_share(essay, passage) > MOST_COPIED:
        return "most of the essay is copied out of the passage; analyse it in words of your own"
    shared = subject_terms(essay, case.language) & terms(passage, case.language)
    if len(shared) < FEWEST_TERMS and not find_quotes(passage, quoted(essay)):
        return "the essay does not speak of what is in the passage; name or quote what it relies on"
    if (case.language is None or case.language.startswith("en")) and not _JUDGES.search(essay):
        return "the essay tells what the passage says and judges nothing; say what you conclude, and why"
    return _why_points_missed(case, essay)


def _why_points_missed(case: Case, essay: str) -> str | None:
    """Points of the rubric that the essay does not touch with a single word. Whether it makes them, graders say."""
    assert case.draft is not None
    written = terms(essay, case.language)
    points = case.draft.instruction.parts.get("rubric", ())
    missed = []
    for point in points:
        wanted = subject_terms(point, case.language)
        if len(wanted) >= 2 and not wanted & written:
            missed.append(point)
    # the responder does not know the rubric, so the reason says what is missing without quoting it
    if len(missed) > len(points) / 3:
        return "the essay passes over much of what the question asks for; answer all of it"
    return None


_SENTENCE = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)]*\s+|(?<=[\u3002\uff01\uff1f\u0964])|\n+")
_JUDGES = re.compile(
    r"\b(?:because|therefore|thus|however|although|though|while|since|overall|ultimately|in the end"
    r"|nevertheless|yet|but"
    r"|effective\w*|convinc\w+|persuasi\w+|successful\w*|succeeds?|fails?|weak\w*|strong\w*|strength\w*"
    r"|compelling|limit\w*|flaw\w*"
    r"|credib\w+|powerful\w*|suggests?|shows?|reveals?|demonstrates?|implies|conveys?|argu\w+|underlin\w+"
    r"|emphasi[sz]\w+)\b",
    re.IGNORECASE,
)
