"""Cut the part out of a text that shows why it was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from orca_agents.search.words import word_places

EXCERPT_CHARS = 480
"""Longest excerpt, without the dots that stand for what was cut."""


def excerpt(text: str, weights: Mapping[str, float], chars: int = EXCERPT_CHARS) -> str:
    """At most about `chars` characters of a text, where the words of `weights` weigh most; each counts once."""
    if len(text.strip()) <= chars:
        return text.strip()
    places = list(word_places(text))
    found = [(start, end, word) for start, end, words in places if (word := _heaviest(words, weights)) is not None]
    start, end = _window(found, weights, chars)
    # What is left of the room goes half before what was found and half behind it.
    start = max(0, start - max(0, chars - (end - start)) // 2)
    end = min(len(text), start + chars)
    start = max(0, end - chars)
    if start > 0:
        start = next((at for at, _, _ in places if at >= start), start)
    if end < len(text):
        end = next((to for _, to, _ in reversed(places) if start < to <= end), end)
    return ("… " if start > 0 else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def _heaviest(words: Sequence[str], weights: Mapping[str, float]) -> str | None:
    return max((word for word in words if word in weights), key=weights.__getitem__, default=None)


def _window(found: list[tuple[int, int, str]], weights: Mapping[str, float], chars: int) -> tuple[int, int]:
    """From where to where the heaviest words stand that fit in `chars`; the first such place."""
    inside: Counter[str] = Counter()
    best, weight, first, window = 0.0, 0.0, 0, (0, 0)
    for last, (_, end, word) in enumerate(found):
        inside[word] += 1
        if inside[word] == 1:
            weight += weights[word]
        # Away from the left with what does not fit, and with what comes again.
        while first < last and (end - found[first][0] > chars or inside[found[first][2]] > 1):
            left = found[first][2]
            inside[left] -= 1
            if inside[left] == 0:
                weight -= weights[left]
            first += 1
        if weight > best + 1e-9:
            best, window = weight, (found[first][0], end)
    return window
