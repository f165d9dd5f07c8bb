"""Judge how much of a text an edit left as it was."""

from __future__ import annotations

from collections import Counter

from orca_agents.language import words

LEAST_KEPT = 0.5
"""How much of a text an edit must leave: share of words that old and new have in common."""


def why_not_an_edit(old: str, new: str, what: str) -> str | None:
    """Why a new version is no edit of the old one: nothing changed, or nearly everything did."""
    if old == new:
        return f"the {what} is the same as before; carry the proposal out"
    left, right = Counter(words(old)), Counter(words(new))
    total = left.total() + right.total()
    if total and 2 * (left & right).total() < LEAST_KEPT * total:
        return f"the {what} is another one; keep it and change only what the proposal asks for"
    return None
