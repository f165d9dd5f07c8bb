"""Tell a text that goes round in circles, as small models write it, from one with a refrain."""

from __future__ import annotations

import re
from collections import Counter

from orca_agents.language import count_words, words

FEWEST_WORDS = 12
"""Shorter texts cannot repeat themselves in a way that tells."""


def repetition(text: str) -> str | None:
    """What a text says over and over, in words that continue "it ...", or `None`."""
    if count_words(text) < FEWEST_WORDS:
        return None
    return _repeated_units(text) or _repeated_sequences(text) or _poor_vocabulary(text)


def _repeated_units(text: str) -> str | None:
    """The same line or sentence again and again; a line of a refrain may come back."""
    units = [unit for unit in re.split(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f\u0964])|\n+", text) if unit.strip()]
    normal = [tuple(words(unit)) for unit in units]
    counts = Counter(unit for unit in normal if len(unit) >= 4)
    again = sum(count - 1 for count in counts.values())
    if not again:
        return None
    longest, times = counts.most_common(1)[0]
    total = sum(counts.values())
    if again > 0.3 * total or (times > 3 and again > 0.2 * total) or (times == 2 and total <= 5 and again >= 2):
        return f"repeats itself: {_start(' '.join(longest))} stands there {times} times"
    return None


def _repeated_sequences(text: str) -> str | None:
    tokens = words(text)
    sequences = Counter(zip(*(tokens[at:] for at in range(4)), strict=False))
    total = sequences.total()
    if total < 12:
        return None
    if len(sequences) < 0.6 * total:
        most, times = sequences.most_common(1)[0]
        return f"repeats itself: {_start(' '.join(most))} stands there {times} times"
    return None


def _poor_vocabulary(text: str) -> str | None:
    """Hardly any different words. By windows, since longer texts always have a smaller share of new words."""
    tokens = words(text)
    if len(tokens) < 60:
        return None
    windows = [tokens[at : at + 100] for at in range(0, max(1, len(tokens) - 50), 100)]
    rich = sum(len(set(window)) / len(window) for window in windows) / len(windows)
    return f"says little: only {rich:.0%} of its words are different ones" if rich < 0.33 else None


def _start(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")
