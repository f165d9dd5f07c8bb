"""Hold a reply to the rule for its form that was added to the question."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quote
from orca_agents.checks.forms import FORMS
from orca_agents.checks.matching import contains_words
from orca_agents.constraints import KINDS, read_constraints
from orca_agents.records import AnswerForm

OPEN_TO_RULES: frozenset[AnswerForm] = frozenset(
    (
        *("span", "set", "number", "choice", "choices", "truth", "order", "mapping", "blank"),
        *("essay", "answerability", "text", "estimate"),
    )
)
"""Forms whose replies may be put into another form."""
KINDS_FOR_FORM = tuple(
    name
    for name in KINDS
    if name
    in (
        *("max_words", "min_words", "max_chars", "lines", "max_lines", "paragraphs", "max_sentences", "sentences"),
        *("json_keys", "headings", "bullets", "starts_with", "ends_with", "contains", "tag"),
    )
)
"""The kinds of constraint that a rule may make."""


def why_not_kept(case: Case) -> str | None:
    """Check `format_kept`: it passes where no rule was added."""
    assert case.draft is not None, "this check needs a draft"
    draft = case.draft
    item = draft.instruction
    if not item.format:
        return None
    form = FORMS[item.form]
    reply = draft.answer.value[0] if form.is_whole_reply and draft.answer.value else draft.reply
    for constraint in read_constraints(item.hidden.get("format", ())):
        if (reason := constraint.why_not(reply, item.content.text)) is not None:
            return f"the reply does not keep to the rule for its form (`{constraint.line}`): {reason}"
    if form.is_whole_reply or not draft.answer.answerable:
        return None
    final = form.final(draft.answer.value, item)
    if not (contains_words(reply, final) or find_quote(reply, final) or final in reply):
        return f"the reply in the form asked for does not hold the answer {final[:80]!r} in these words"
    return None
