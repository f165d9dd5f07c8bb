"""Judge a long answer as a text: in its language, free of preambles and leaks, not repeated and not cut off."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.passage import cut_end
from orca_agents.checks.repetition import repetition
from orca_agents.language import count_words, language_name, other_language


def why_unclean_prose(case: Case) -> str | None:
    """Check `prose_clean`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    if item.form != "text":
        return None  # what stands in a few words is for `answer_clean`
    if re.search(r"\bJSON\b", item.question):
        return None  # keys in braces are what was asked for; that they are right is for other checks
    text = "\n".join(case.draft.answer.value)
    if first := preamble(text):
        return f"it begins with talk about the answer ({first[:60]!r}); write the answer alone"
    if found := leak(text, case.prompts, f"{item.content.text}\n{item.question}") or repetition(text):
        return f"the answer {found}"
    other = other_language(text, case.language)
    if other is not None:
        return f"this is in {language_name(other)}; answer in {language_name(case.language or '')}"
    if count_words(text) > 40 and (end := cut_end(text)):
        return f"the answer breaks off ({end!r}); write it to its end, shorter if need be"
    return None
