"""Questions that take something false for granted: the item knows the error, and the answer names it."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.terms import share, subject_terms
from orca_agents.language import count_words

FALSE_PREMISE = "false_premise"
"""The goal whose items rest on an error."""
OPENING_WORDS = 80
"""The error is named within so many words: a reader must not be led on before."""
LEAST_KNOWN = 0.4
"""Share of the content words of the point that names the error which the reference must hold."""


def why_unmarked(case: Case) -> str | None:
    """Check `premise_marked`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.goal != FALSE_PREMISE:
        return None
    points = [point for point in item.hidden.get("rubric", ()) if _corrects(point, case.language)]
    if not points:
        return (
            "no point of the rubric says that the question takes something false for granted; make that the first "
            "point: what is false, and how it really is"
        )
    known = subject_terms(item.content.text, case.language)
    if all(share(subject_terms(point, case.language), known) < LEAST_KNOWN for point in points):
        return f"the reference does not bear out the correction {points[0]!r}; falsify a fact that stands there"
    if not case.language or case.language.startswith("en"):
        doubt = _DOUBT.search(item.question)
        if doubt:
            return f"{doubt[0]!r} gives away that something is false; ask as somebody who believes it"
    return None


def why_unnamed(case: Case) -> str | None:
    """Check `error_named`."""
    assert case.draft is not None, "this check needs a draft"
    item, answer = case.draft.instruction, case.draft.answer
    if item.goal != FALSE_PREMISE:
        return None
    opening = " ".join(" ".join(answer.value).split()[:OPENING_WORDS])
    if not _corrects(opening, case.language):
        return "the question takes something false for granted; say at the start what is false and how it really is"
    truths = [
        subject_terms(point, case.language) - subject_terms(item.question, case.language)
        for point in item.hidden.get("rubric", ())
        if _corrects(point, case.language)
    ]
    told = subject_terms(" ".join(answer.value), case.language)
    if any(truths) and not any(truth & told for truth in truths):
        return "the answer does not say how it really is; correct the error with the true fact"
    if not subject_terms(opening, case.language) & subject_terms(item.question, case.language):
        return "the opening does not say which claim of the question is false"
    if count_words(" ".join(answer.value)) < 15:
        return "name the error, give the true fact, and then answer what can still be answered"
    return None


def _corrects(text: str, language: str | None) -> bool:
    if language is not None and not language.startswith("en"):
        return bool(text.strip())  # in words that we cannot read: left to the graders
    return _CORRECTION.search(text) is not None


_CORRECTION = re.compile(
    # "had no money" and "could not afford" correct nothing
    r"\b(?:did|do|does|was|were|is|are|has|have|had) not\b"
    r"|\b(?:isn|wasn|didn|doesn|don|weren|aren|hasn|hadn)['\u2019]t\b"
    r"|\bnot (?:because|by|from|in|the|a|an|one|so|true|quite|exactly)\b|\b(?:never|neither|no such|nobody|none"
    r"|incorrect|inaccurate|false|wrong|mistaken|mistake|error|misconception|myth|untrue|actually|in fact|in reality"
    r"|contrary to"
    r"|rather than|instead of|premise)\b|^\W*no\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:supposedly|allegedly|falsely|wrongly|mistakenly|so-called|false(?:ly)? (?:claim|premise|belief)|is it true"
    r"|the myth|misconception)\b",
    re.IGNORECASE,
)
