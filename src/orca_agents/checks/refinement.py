"""Judge whether an edited item is what its goal asked for: that changed, and nothing else."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.forms import FORMS
from orca_agents.checks.item import answer_texts, shown_parts
from orca_agents.checks.matching import same_text
from orca_agents.checks.similarity import similarity
from orca_agents.checks.terms import occurrences, terms
from orca_agents.language import words
from orca_agents.records import Instruction

LEAST_KEPT = 0.5
"""How much of the passage an edit must leave: share of words that old and new have in common."""


def why_not_as_asked(case: Case) -> str | None:
    """Check `refined_as_asked`."""
    if case.goal is None or case.parent is None:
        return None
    assert case.instruction is not None, "this check needs an instruction"
    item, parent = case.instruction, case.parent
    edited = _why_passage_edit(item, parent) if case.goal.edits == "passage" else _why_question_edit(item, parent)
    if edited:
        return edited
    if case.goal.name == "unanswerable":
        return _why_still_answerable(item, parent, case.language)
    if case.goal.name == "alter_answer":
        return _why_same_answer(item, parent)
    return None


def _why_passage_edit(item: Instruction, parent: Instruction) -> str | None:
    if (item.question, item.parts) != (parent.question, parent.parts):
        return "the question was changed; only the passage may be edited here"
    old, new = parent.content.text, item.content.text
    if words(old) == words(new):
        return "the passage is the same as before; carry the proposal out"
    if len(words(new)) < LEAST_KEPT * len(words(old)):
        return "most of the passage is gone; hand in the whole passage with the edit in it"
    if similarity(old, new) < LEAST_KEPT:
        return "the passage is another one; keep it and change only what the proposal asks for"
    return None


def _why_question_edit(item: Instruction, parent: Instruction) -> str | None:
    if item.content.text != parent.content.text:
        return "the passage was changed; only the question may be edited here"
    if words(item.question) == words(parent.question) and _parts(item) == _parts(parent):
        return "the question and its options are the same as before; carry the proposal out"
    return None


def _parts(item: Instruction) -> list[list[str]]:
    # what stands under a question is shuffled anew, so its order says nothing
    return sorted(words(text) for text in (*shown_parts(item), *item.parts.get("rubric", ())))


def _why_still_answerable(item: Instruction, parent: Instruction, language: str | None) -> str | None:
    if item.answerable:
        return "the item still claims to have an answer; edit it so that the passage does not hold one"
    if parent.form not in ("span", "set", "blank", "answerability"):
        return None
    old, new = parent.content.text, item.content.text
    for text in parent.key:
        if not terms(text, language):
            continue
        before, after = occurrences(old, text), occurrences(new, text)
        # a short answer (a name) may stand elsewhere too, but not as often as before
        if after and (after >= before or len(words(text)) >= 6):
            return f"the passage still says {text!r}, the old answer; take it out"
    return None


def _why_same_answer(item: Instruction, parent: Instruction) -> str | None:
    if not item.answerable or (not item.key and item.form != "essay"):
        return "the edited item has no answer; the answer should be another, not none"
    if item.form == "essay":
        return None
    if item.form in ("choice", "truth") and item.parts != parent.parts:
        new, old = answer_texts(item, item.key), answer_texts(parent, parent.key)
        same = len(new) == len(old) == 1 and same_text(new[0], old[0])
    else:
        same = item.parts == parent.parts and FORMS[item.form].same(parent.key, item.key, item)
        if item.form in ("span", "blank", "number", "set", "answerability"):
            same = FORMS[item.form].same(parent.key, item.key, item)
    return "the answer is the same as before; the edit must lead to another one" if same else None
