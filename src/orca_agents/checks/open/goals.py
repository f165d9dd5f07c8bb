"""Judge whether a refined question of open domain question answering is what its goal asked for."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.matching import same_text
from orca_agents.checks.terms import share, subject_terms
from orca_agents.language import count_words
from orca_agents.records import Instruction

LEAST_KEPT = 0.4
"""Share of the old question's content words that a question with something added still has."""


def why_goal_missed(case: Case) -> str | None:
    """Check `goal_reached`."""
    if case.goal is None or case.parent is None:
        return None
    assert case.instruction is not None, "this check needs an instruction"
    item, parent, name = case.instruction, case.parent, case.goal.name
    if name in ("add_constraint", "combine_questions"):
        return _why_nothing_added(item, parent, case.language)
    if name == "require_numbers":
        return _why_no_figures(item)
    if name == "rarer_entity":
        return _why_same_entity(item, parent, case.language)
    return None


def _why_nothing_added(item: Instruction, parent: Instruction, language: str | None) -> str | None:
    old, new = subject_terms(parent.question, language), subject_terms(item.question, language)
    if share(old, new) < LEAST_KEPT:
        return "this is another question; keep what the old one asks and add to it"
    if not new - old or count_words(item.question) <= count_words(parent.question):
        return "nothing was added to the question; carry the proposal out"
    return None


def _why_no_figures(item: Instruction) -> str | None:
    wanted = (*item.key, *item.hidden.get("rubric", ()))
    if not any(re.search(r"\d", text) for text in wanted):
        return "no figure is needed for the answer; ask for one that the reference holds, and put it into the rubric"
    return None


def _why_same_entity(item: Instruction, parent: Instruction, language: str | None) -> str | None:
    if not subject_terms(item.question, language) - subject_terms(parent.question, language):
        return "the question is about the same thing as before; ask about a rarer one"
    if item.key and len(item.key) == len(parent.key) == 1 and same_text(item.key[0], parent.key[0]):
        return "the answer is the same as before; a question about something else has an answer of its own"
    return None
