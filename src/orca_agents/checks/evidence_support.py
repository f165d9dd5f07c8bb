"""Judge the evidence of an answer: it stands in the passage, and the answer follows from it."""

from __future__ import annotations

from fractions import Fraction

from orca_agents.arithmetic import ArithmeticProblem
from orca_agents.checks.api import Case
from orca_agents.checks.evidence import around, find_quote, find_quotes, is_short
from orca_agents.checks.item import answer_texts, shown_parts
from orca_agents.checks.numbers import passage_operands, spoken_numbers
from orca_agents.checks.support import is_held
from orca_agents.checks.terms import subject_terms, terms
from orca_agents.language import count_words
from orca_agents.records import Draft

LONGEST_WORDS = 120
"""A quote of more words picks nothing out."""
LARGEST_PART = 0.7
"""Share of a passage that a quote may be, unless the passage is short."""
SHORT_PASSAGE = 40
MOST_QUOTES = 4
"""A sum of more numbers cannot be quoted whole."""
LEAST_ITEMS = 0.6
"""Share of the items of a list that the evidence must show; there is room for four quotes only."""


def why_not_in_passage(case: Case) -> str | None:
    """Check `evidence_in_passage`."""
    draft = _draft(case)
    passage, quotes = draft.instruction.content.text, draft.answer.evidence
    if not quotes:
        return "there is no evidence; quote the words of the passage that carry the answer" if _needs(draft) else None
    for quote in quotes:
        if is_short(quote):
            return f"the quote {quote!r} is too short to show anything; quote the sentence that it stands in"
        if not find_quote(passage, quote):
            return f"{quote[:120]!r} does not stand in the passage; copy the words letter by letter"
        words = count_words(quote)
        if words > LONGEST_WORDS or (words > SHORT_PASSAGE and words > LARGEST_PART * count_words(passage)):
            return f"a quote has {words} words; quote only the sentence that carries the answer"
    return None


def why_unsupported(case: Case) -> str | None:
    """Check `evidence_supports`."""
    draft = _draft(case)
    item, answer = draft.instruction, draft.answer
    if not answer.answerable or not answer.evidence:
        return None
    passage = item.content.text
    shown = around(passage, find_quotes(passage, answer.evidence))
    if not shown:
        return "the evidence does not stand in the passage"
    if item.form in ("span", "blank", "answerability"):
        fine = all(is_held(text, shown, case.language) for text in answer.value)
    elif item.form == "set":
        held = sum(is_held(text, shown, case.language) for text in answer.value)
        fine = held >= LEAST_ITEMS * len(answer.value)
    elif item.form == "number":
        fine = _shows_numbers(draft, shown)
    else:
        fine = _is_related(case, draft, shown)
    return None if fine else "the evidence has nothing to do with the answer; quote the words that it follows from"


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


def _needs(draft: Draft) -> bool:
    """Whether an answer needs evidence. An essay brings its own in its text."""
    return draft.answer.answerable and draft.instruction.form != "essay"


def _shows_numbers(draft: Draft, shown: str) -> bool:
    """Whether half of what goes into the calculation stands there, or the result, or at least what is counted."""
    there = spoken_numbers(shown)
    result = spoken_numbers(" ".join(draft.answer.value[:1]))
    if there & result:
        return True
    wanted: list[Fraction] = []
    if draft.instruction.calculation:
        try:
            wanted = passage_operands(draft.instruction.calculation, draft.instruction.content.text)
        except ArithmeticProblem:
            wanted = []  # a calculation that cannot be read is for `numbers_recomputed` to report
    wanted = [number for number in wanted if number > 1]
    if wanted:
        shared = len([number for number in wanted if number in there])
        return shared >= (1 if len(wanted) > MOST_QUOTES else len(wanted) / 2)
    return bool(terms(shown, None) & subject_terms(draft.instruction.question, None))


def _is_related(case: Case, draft: Draft, shown: str) -> bool:
    """Whether the evidence shares words with the chosen answer or the question, or with the reasoning."""
    item, answer = draft.instruction, draft.answer
    there = terms(shown, case.language)
    if item.form in ("order", "mapping"):
        texts = shown_parts(item)
        related = [text for text in texts if terms(text, case.language) & there]
        return 3 * len(related) >= len(texts)
    chosen = "\n".join((*answer_texts(item, answer.value), item.question))
    if item.form == "truth":
        chosen = "\n".join((*shown_parts(item), item.question))
    if there & subject_terms(chosen, case.language):
        return True
    return len(there & subject_terms(answer.reasoning, case.language)) >= 2
