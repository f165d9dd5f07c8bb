"""Judge a document that was written to be worked on: logs, mails and tables are no prose, but they are clean."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.terms import frequent_terms, share, terms
from orca_agents.config import IDENTITY
from orca_agents.language import count_words

FEWEST_WORDS = 25
SUBJECTS = 40
"""How many of the seed's most frequent content words count as what it is about."""


def why_unclean(case: Case) -> str | None:
    """Check `document_clean`."""
    text, seed = case.content.text, case.seed.text
    if case.content.transformer == IDENTITY:
        token = control_token(text)
        return f"the text holds {token!r}, a control token of a chat" if token else None
    if (count := count_words(text)) < FEWEST_WORDS:
        return f"the document has only {count} words; write at least {FEWEST_WORDS}"
    if first := preamble(text):
        return f"the document begins with talk about it ({first[:80]!r}); hand in the document alone"
    if found := leak(_without_roles(text), case.prompts, seed):
        return f"the document {found}; take it out"
    if text.count("```") % 2:
        return "a fence of ``` is opened and never closed"
    if (line := _line_again(text)) is not None:
        return f"the line {line[:60]!r} stands there again and again"
    return _why_unrelated(case) if case.parent is None else None


def _without_roles(text: str) -> str:
    """The text with the fields of records (`user: jdoe`) named so that they are no roles of a chat."""
    return re.sub(r"(?im)^([\s>|*-]*)(?:user|system|model|human|ai|assistant)(?=\s?:)", r"\1field", text)


def _line_again(text: str) -> str | None:
    """A long line that makes up much of the text, as small models write when they lose their way."""
    lines = [line.strip() for line in text.splitlines() if count_words(line) >= 5]
    for line in dict.fromkeys(lines):
        if lines.count(line) >= 4 and lines.count(line) > 0.3 * len(lines):
            return line
    return None


def _why_unrelated(case: Case) -> str | None:
    if case.language and case.seed.language and case.language.split("-")[0] != case.seed.language.split("-")[0]:
        return None  # a translation shares hardly any words with its source
    own = terms(case.content.text, case.language)
    subjects = frequent_terms(case.seed.text, case.language, SUBJECTS)
    needed = min(2, max(1, len(subjects) // 8))
    if len(own & subjects) >= needed or share(own, terms(case.seed.text, case.language)) >= 0.2:
        return None
    return "the document has nothing to do with the source: hardly any of its names, things or terms come from there"
