"""Judge the reasoning before an answer: words of its own that lead to that answer."""

from __future__ import annotations

import re

from orca_agents.arithmetic import numbers_in
from orca_agents.checks.api import Case
from orca_agents.checks.item import shown_text, unquoted
from orca_agents.checks.terms import contains, copied_share, terms
from orca_agents.language import count_words, words
from orca_agents.records import Draft

FEWEST_WORDS = 6
MOST_COPIED = 0.85
"""Share of the reasoning's word sequences that may come out of the passage, quotes aside."""


def why_unsound(case: Case) -> str | None:
    """Check `reasoning_sound`."""
    assert case.draft is not None, "this check needs a draft"
    draft = case.draft
    if draft.instruction.form == "essay":
        return None  # the essay itself is the reasoning
    reasoning = draft.answer.reasoning
    if count_words(reasoning) < FEWEST_WORDS:
        return "there is no reasoning; say in two to six sentences how the passage leads to the answer"
    own = unquoted(reasoning)
    if contains(draft.instruction.question, own) or copied_share(own, draft.instruction.question) > MOST_COPIED:
        return "the reasoning only repeats the question; say how the passage leads to the answer"
    if count_words(own) >= 12 and copied_share(own, draft.instruction.content.text) > MOST_COPIED:
        return "the reasoning is copied out of the passage; say in words of your own how it leads to the answer"
    if not draft.answer.answerable:
        return None
    return _why_not_led(draft, case.language)


def _why_not_led(draft: Draft, language: str | None) -> str | None:
    reasoning, value = draft.answer.reasoning, draft.answer.value
    form = draft.instruction.form
    if form == "choice":
        named = [next(filter(None, match.groups())) for match in _NAMED_LETTER.finditer(reasoning)]
        if named and named[-1].upper() not in value:
            return f"the reasoning ends at {named[-1].upper()}, but the answer is {', '.join(value)}"
        return None
    if form == "number" and (language is None or language.startswith("en")) and not numbers_in(reasoning):
        return "the reasoning names no number; show the calculation"
    if form in ("span", "set", "blank", "answerability"):
        answer_words = set(words(" ".join(value)))
        if len([word for word in words(reasoning) if word not in answer_words]) < 4:
            return "the reasoning is the answer once more; say how the passage leads to it"
    if not _touches(draft, language):
        return "the reasoning speaks neither of the question nor of the answer and its evidence"
    return None


def _touches(draft: Draft, language: str | None) -> bool:
    """Whether the reasoning has a content word of question, answer or evidence. It need not say the answer itself."""
    item, answer = draft.instruction, draft.answer
    matter = "\n".join((shown_text(item), *answer.value, *answer.evidence))
    return bool(terms(answer.reasoning, language) & terms(matter, language))


_NAMED_LETTER = re.compile(
    r"\b(?:correct |best |right |final )?(?:answer|choice|option)(?: (?:choice|option))? (?:is|must be|would be"
    r"|has to be|is therefore)"
    r"(?: (?:clearly|therefore|thus|then))?:? (?:option |choice |answer )?[\"'(*]*([A-F])\b(?!['\u2019]\w| [a-z])"
    r"|\b(?:so|therefore|thus|hence|leaves|leaving|making|makes)(?: only)?,? (?:option|choice"
    r"|answer) ?\(?([A-F])\)?\b(?! (?:is|was) (?:wrong|incorrect|false|out))"
    r"|\b(?:respuesta|opción|réponse|option|antwort|odpowiedź|risposta|resposta)(?: correcta| correcte| correta"
    r"| corretta)?"
    r" (?:es|est|ist|lautet|to|è|é)(?: la| l[ae'])?:? ?\(?([A-F])\b"
    "|(?:答案|正解|答え)(?:应该|應該)?(?:是|为|為|选|選|は)\\s*[:\uff1a]?\\s*([A-F])",
    re.IGNORECASE,
)
