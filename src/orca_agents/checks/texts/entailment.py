"""Judge edits after which a sentence entails or contradicts another: both are quoted, the edit is small and real."""

from __future__ import annotations

import difflib
import re

from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quote
from orca_agents.checks.item import quoted
from orca_agents.constraints.measure import folded_words, sentences_of

LEAST_KEPT = 0.35
"""How much of the quoted sentence the edited one keeps."""
MOST_LIKE_OTHER = 0.9
"""From here on the edited sentence is the other one again, which entails itself and shows nothing."""


def why_no_pair(case: Case) -> str | None:
    """Check `entailment_pair`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.leaf != "textual_entailment":
        return None
    pair = _pair(item.question)
    if pair is None:
        return "quote two sentences in the task: the one that is to be edited, then the one that it is compared with"
    sentence, other = pair
    if not find_quote(item.content.text, sentence):
        return f"the first sentence, {sentence[:60]!r}, does not stand in the text; quote it letter by letter"
    if find_quote(item.content.text, other):
        return "the second sentence stands in the text itself; write one of your own"
    if _alike(sentence, other) > MOST_LIKE_OTHER:
        return "the two sentences are nearly the same; nothing is left to edit"
    if (case.language or "en").startswith("en") and not _RELATION.search(item.question):
        return "say whether the edited sentence has to entail, contradict or leave open the second one"
    return None


def why_no_edit(case: Case) -> str | None:
    """Check `entailment_edit`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    pair = _pair(item.question)
    if item.leaf != "textual_entailment" or pair is None:
        return None
    sentence, other = pair
    text = case.draft.answer.value[0].strip()
    if len(sentences_of(text)) > 2:
        return "it is more than the edited sentence"
    if _alike(text, sentence) == 1:
        return "the sentence is the same as before"
    if _alike(text, other) > MOST_LIKE_OTHER:
        return "it is the second sentence again; edit the first one, so that it still says its own matter"
    if _alike(text, sentence) < LEAST_KEPT:
        return "hardly anything of the sentence is left; change no more than the relation needs"
    return None


def _pair(task: str) -> tuple[str, str] | None:
    quotes = [quote for quote in quoted(task) if len(folded_words(quote)) >= 4]
    return (quotes[0], quotes[1]) if len(quotes) >= 2 else None


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, folded_words(one), folded_words(other), autojunk=False).ratio()


_RELATION = re.compile(
    r"\bentail|\bimpl(?:y|ies)|\bfollow|\bcontradict|\bcannot both be true|\bneutral|\bneither|\bincompatible"
    r"|\bmust (?:also )?be (?:true|false)"
    r"|\brule[sd]? out|\bguarantee|\bopen\b|\bconsistent",
    re.IGNORECASE,
)
