"""How long conversations are: words, turns, tokens."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from orca_agents.dataset.rows import Row
from orca_agents.language import count_words

BYTES_PER_TOKEN = 4
"""Of UTF-8. About right for English prose, and for Chinese with common tokenizers; others may differ by half."""
EDGES = (
    0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000
)  # fmt: skip
"""Where the bars of a histogram begin: about five for each tenfold, since lengths spread so."""


class Length(NamedTuple):
    """How long one conversation is."""

    user: int
    """Words of all its user turns, passages included."""
    assistant: int
    """Words of all its assistant turns."""
    turns: int
    """Messages of user and assistant."""
    tokens: int
    """Of all messages, estimated."""


@dataclass(frozen=True)
class Spread:
    """How some numbers are spread."""

    count: int
    mean: float
    median: float
    p5: float
    p95: float
    longest: int
    bars: tuple[tuple[int, int, int], ...]
    """(from, below, how many), without empty ones at the ends."""


def length_of(row: Row) -> Length:
    """The length of a row's conversation."""
    user = assistant = turns = size = 0
    for message in row["messages"]:
        text = str(message.get("content") or "")
        calls = [str(call.get("function", {}).get("arguments", "")) for call in message.get("tool_calls") or ()]
        size += len(text.encode("utf-8", "surrogatepass")) + sum(
            len(call.encode("utf-8", "surrogatepass")) for call in calls
        )
        match message.get("role"):
            case "user":
                user += _count(text)
                turns += 1
            case "assistant":
                assistant += _count(text) + sum(map(_count, calls))
                turns += 1
    return Length(user, assistant, turns, -(-size // BYTES_PER_TOKEN))


def _count(text: str) -> int:
    """`count_words`, five times as fast for a text of ASCII alone."""
    return len(text.encode().translate(_SPACES).split()) if text.isascii() else count_words(text)


_SPACES = bytes(sign if chr(sign).isalnum() and sign < 128 else 32 for sign in range(256))


def spread_of(numbers: Sequence[int], *, each: bool = False) -> Spread | None:
    """How numbers are spread; `None` of none. `each`: one bar for each number, for small ones such as turns."""
    if not numbers:
        return None
    ordered = array("q", sorted(numbers))
    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    for number in ordered:
        counts[(number, number + 1) if each and number < _EACH else _bar(number)] += 1
    first, last = min(counts), max(counts)
    places = list(pairwise(EDGES))
    if each:
        places = [(n, n + 1) for n in range(_EACH)] + [place for place in places if place[0] >= _EACH]
    for place in places:
        if first <= place <= last:
            counts.setdefault(place, 0)
    bars = tuple((low, high, counts[low, high]) for low, high in sorted(counts))
    mean = sum(ordered) / len(ordered)
    at = [_quantile(ordered, share) for share in (0.5, 0.05, 0.95)]
    return Spread(len(ordered), mean, at[0], at[1], at[2], ordered[-1], bars)


_EACH = 15
"""One of `EDGES`: numbers below it have bars of their own."""


def _bar(number: int) -> tuple[int, int]:
    at = bisect_right(EDGES, number)
    return (EDGES[at - 1], EDGES[at]) if at < len(EDGES) else (EDGES[-1], 10**9)


def _quantile(ordered: Sequence[int], share: float) -> float:
    """Between two numbers, as far as the share says."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
