"""The lists that an item shows: take off the writer's marks, letter them, shuffle them the same way each time."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from string import ascii_uppercase

from orca_agents.records import short_hash


def letters(count: int) -> tuple[str, ...]:
    """A, B, C, ..."""
    return tuple(ascii_uppercase[:count])


def lettered(texts: Sequence[str], mark: str = "A.") -> str:
    """One line for each text: `A. ...`, or as the mark of the first one says."""
    lines = zip(letters(len(texts)), texts, strict=True)
    return "\n".join(f"{mark.replace('A', letter)} {text}" for letter, text in lines)


def numbered(texts: Sequence[str]) -> str:
    """One line for each text: `1. ...`"""
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


def unmarked(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts without the bullets, numbers or letters that a writer put before them.

    A mark is taken off where it cannot be part of the text: a bullet, `B)` on the second text, or a counting mark
    (`1.`, `A:`) that all of the texts have. `A. Lincoln` alone stays.
    """
    texts = [re.sub(r"^\s*[-*\u2022]\s+", "", text).strip() for text in texts]
    texts = [re.sub(rf"^\(?(?:{ascii_uppercase[at]}|{at + 1})\)\s+", "", text) for at, text in enumerate(texts)]
    for count in (ascii_uppercase[: len(texts)], range(1, len(texts) + 1)):
        marks = [
            re.match(
                rf"(?:(?:option|step|event|item|statement) )?{mark}(?:\s?[.:]|\s[-\u2013])\s+(?=\S)",
                text,
                re.IGNORECASE,
            )
            for mark, text in zip(count, texts, strict=False)
        ]
        if len(texts) > 1 and all(marks):
            return tuple(text[mark.end() :] for mark, text in zip(marks, texts, strict=True) if mark)
    return tuple(texts)


def shuffled_order(texts: Sequence[str], *, may_stay: bool = False) -> list[int]:
    """The places of the texts in an order that only their wording decides; never the order they have, unless it may.

    `[2, 0, 1]`: the third text comes first.
    """
    draw = random.Random(short_hash(*texts))
    order = list(range(len(texts)))
    draw.shuffle(order)
    while not may_stay and len(texts) > 1 and order == sorted(order):
        draw.shuffle(order)
    return order
