"""Whether two calls mean the same, where a text can be worded in more than one way and a wish can be left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from orca_agents.checks.terms import share, terms
from orca_agents.dialogues.calls.item import alike
from orca_agents.dialogues.calls.library import Function
from orca_agents.dialogues.calls.sources import PAGING
from orca_agents.dialogues.calls.state import effect_of
from orca_agents.language import UNSPACED

SAME_WORDING = 0.5
"""Share of the words of a longer text that two wordings of it must have in common."""
FEWEST = 3
"""Words from which a text can be worded in many ways; what is shorter is a name."""


def means_same(wanted: Any, given: Any) -> bool:
    """Whether a value that was given is the one that was wanted."""
    if alike(wanted, given):
        return True
    if not (_is_worded(wanted) and isinstance(given, str)):
        return False
    one, other = terms(wanted, None), terms(given, None)
    if len(one) < FEWEST or _digits(wanted) != _digits(given):
        return False
    return share(one, other) >= SAME_WORDING and share(other, one) >= SAME_WORDING


def may_mean_same(one: Any, other: Any) -> bool:
    """Whether two readers who wrote these values may have meant the same one: exact but for texts of several words,
    of which at least one has half of its words in the other."""
    if alike(one, other):
        return True
    if not (_is_worded(one) and _is_worded(other)):
        return False
    if _digits(one) and _digits(other) and _digits(one) != _digits(other):
        return False
    words, others = terms(one, None), terms(other, None)
    return max(share(words, others), share(others, words)) >= SAME_WORDING


def asks_for_more(function: Function, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a call has something done that another leaves out. What is only looked up may be narrowed further."""
    if effect_of(function.name) == "reads":
        return False
    defaults = {one.name: one.default for one in function.parameters if not one.required}
    more = (name for name in given if name not in wanted and name in defaults and not PAGING.fullmatch(name))
    return any(given[name] is not None and not alike(given[name], defaults[name]) for name in more)


def _is_worded(value: Any) -> TypeGuard[str]:
    """A text of several words, or in a script that writes no spaces; all else is a code."""
    return isinstance(value, str) and (" " in value.strip() or re.search(f"[{UNSPACED}]", value) is not None)


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)
