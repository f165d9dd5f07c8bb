"""Tell where a text falls into a loop: one short piece over and over, as models write that have lost their thread."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_PIECE = 60
LEAST = 400
"""Characters of a loop, the first piece included. Rulers, rows of a table and refrains of people are shorter."""
_WINDOW = 170
"""Every loop of LEAST characters holds one of these whole, at a multiple of its length, and once more a piece later."""


@dataclass(frozen=True)
class Looping:
    """A loop in a text."""

    piece: str
    times: int


def find_loop(text: str) -> Looping | None:
    """The first loop of a text: a piece of at most 60 characters that fills 400 characters or more."""
    for at in range(0, len(text) - _WINDOW, _WINDOW):
        window = text[at : at + _WINDOW]
        again = text.find(window, at + 1, at + _WINDOW + LONGEST_PIECE)
        if again < 0:
            continue
        length = again - at
        begin, end = at, again + len(window)
        while begin and text[begin - 1] == text[begin - 1 + length]:
            begin -= 1
        while end < len(text) and text[end] == text[end - length]:
            end += 1
        if end - begin >= LEAST:
            return Looping(text[begin : begin + length], (end - begin) // length)
    return None
