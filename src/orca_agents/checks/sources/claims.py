"""Claims to be judged by documents: quoted in the question, with the three verdicts for options."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.item import quoted
from orca_agents.language import count_words

OPEN = "not enough information"
VERDICTS = frozenset(("supported", "refuted", OPEN))
"""The options of an English item."""


def why_no_verdicts(case: Case) -> str | None:
    """Check `claim_quoted`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if case.language is None or case.language.startswith("en"):
        options = {verdict_of(option) for option in item.parts.get("options", ())}
        if options != VERDICTS:
            return "the options must be: supported, refuted, not enough information"
    if not any(count_words(text) >= 4 for text in quoted(item.question)):
        return "state the claim as a sentence in quotation marks, and ask how it stands by the documents"
    return None


def verdict_of(option: str) -> str:
    """An option without its full stop and its capitals."""
    return option.strip(" .").casefold()
