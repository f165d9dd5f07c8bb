"""Sums laid with matchsticks: every true equation that the stated number of moves can make of a false one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orca_agents.puzzles.faults import PuzzleProblem

MAX_SIGNS = 9
MAX_MOVES = 2

LANGUAGE = """\
two lines, with digits as a pocket calculator shows them (seven strokes; 6, 7 and 9 with 6, 3 and 6 of them), +
as two matches and - as one; the = stays as it is:
  equation: 6 + 4 = 4                   as laid at the start: up to three numbers, false as it stands
  moves: 1                              how many matches are moved, 1 or 2; each is laid down again"""

_STROKES = {
    # top, upper left, upper right, middle, lower left, lower right, bottom
    "0": "1110111", "1": "0010010", "2": "1011101", "3": "1011011", "4": "0111010",
    "5": "1101011", "6": "1101111", "7": "1010010", "8": "1111111", "9": "1111011",
}  # fmt: skip
_SIGNS = {"+": "11", "-": "10"}


def read_matches(text: str) -> tuple[str, int]:
    """The equation and the number of moves. Raises `PuzzleProblem`."""
    equation = re.search(r"^\s*+equation\s*+:\s*+(.+)$", text, re.IGNORECASE | re.MULTILINE)
    moves = re.search(r"^\s*+moves\s*+:\s*+(\d)\s*$", text, re.IGNORECASE | re.MULTILINE)
    if not equation or not moves:
        raise PuzzleProblem("write one line `equation: 6 + 4 = 4` and one line `moves: 1`")
    laid = plain_equation(equation[1])
    if not 1 <= int(moves[1]) <= MAX_MOVES:
        raise PuzzleProblem(f"1 to {MAX_MOVES} matches are moved")
    if is_true(laid):
        raise PuzzleProblem(f"{laid} is true as it stands; then nothing need be moved")
    return laid, int(moves[1])


def plain_equation(text: str) -> str:
    """`6+4=4` out of `6 + 4 = 4.` Raises `PuzzleProblem`."""
    bare = re.sub(r"\s+", "", text).replace("−", "-").replace("–", "-").strip("`.*\"'")
    if not re.fullmatch(r"\d{1,3}(?:[+-]\d{1,3}){1,2}=\d{1,3}", bare) or len(bare) > MAX_SIGNS + 1:
        raise PuzzleProblem(f"{text[:40]!r} is no short sum such as 6 + 4 = 4")
    return bare


def solutions(equation: str, moves: int) -> list[str]:
    """Every true equation that comes of moving exactly so many matches: none is added or taken away."""
    found = []
    for made in _laid(equation, moves, moves):
        if not re.search(r"(?<!\d)0\d", made) and is_true(made):
            found.append(made)
    return found


def _laid(equation: str, taken: int, laid: int) -> Iterator[str]:
    """Every row of signs that comes of taking so many matches from this one and laying so many."""
    if not equation:
        if taken == laid == 0:
            yield ""
        return
    sign, rest = equation[0], equation[1:]
    shapes = _STROKES if sign.isdigit() else _SIGNS if sign in _SIGNS else {sign: ""}
    for other, strokes in shapes.items():
        away = sum(a == "1" and b == "0" for a, b in zip(shapes[sign], strokes, strict=True))
        more = sum(a == "0" and b == "1" for a, b in zip(shapes[sign], strokes, strict=True))
        if away <= taken and more <= laid:
            yield from (other + end for end in _laid(rest, taken - away, laid - more))


def is_true(equation: str) -> bool:
    """Whether the sum is right."""
    left, _, right = equation.partition("=")
    return sum(int(part) for part in re.findall(r"[+-]?\d+", left)) == int(right)
