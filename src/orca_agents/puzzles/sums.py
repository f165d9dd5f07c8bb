"""Sums in letters (SEND + MORE = MONEY) as variables and rules: column by column, so that they are solved at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orca_agents.puzzles.faults import PuzzleProblem

MAX_LETTERS = 10
_SUM = re.compile(r"^[A-Z]{1,8}(?:\s*[-+]\s*[A-Z]{1,8})+\s*=\s*[A-Z]{1,8}$")


@dataclass(frozen=True)
class LetterSum:
    """A sum in letters, ready to be solved."""

    words: tuple[str, ...]
    """The addends."""
    total: str
    variables: dict[str, tuple[int, ...]]
    rules: tuple[str, ...]


def read_letter_sum(text: str) -> LetterSum:
    """`SEND + MORE = MONEY`, or `A - B = C`, which is read as `B + C = A`. Raises `PuzzleProblem`."""
    text = re.sub(r"\s+", " ", text.upper().replace("−", "-").replace("–", "-").strip(" .`*"))
    if not _SUM.match(text):
        raise PuzzleProblem(f"{text[:60]!r} is no sum in letters, such as SEND + MORE = MONEY")
    left, _, total = (part.strip() for part in text.partition("="))
    words = re.split(r"\s*[-+]\s*", left)
    signs = re.findall(r"[-+]", left)
    if "-" in signs:
        if signs != ["-"]:
            raise PuzzleProblem("a sum in letters has plus signs alone, or one minus sign")
        words, total = [words[1], total], words[0]
    letters = sorted({*"".join(words), *total})
    if len(letters) > MAX_LETTERS:
        raise PuzzleProblem(f"the sum has {len(letters)} different letters; there are only {MAX_LETTERS} digits")
    if max(map(len, words)) > len(total):
        raise PuzzleProblem("a word of the sum is longer than its total")
    leading = {word[0] for word in (*words, total) if len(word) > 1}
    variables = {letter: tuple(range(letter in leading, 10)) for letter in letters}
    return LetterSum(tuple(words), total, *_columns(words, total, variables))


def _columns(
    words: list[str], total: str, variables: dict[str, tuple[int, ...]]
) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    rules, carry, most = [f"all_different({', '.join(variables)})"], "0", len(words)
    for place in range(1, len(total) + 1):
        above = [word[-place] for word in words if len(word) >= place]
        new = f"carry_{place}"
        rules.append(f"{' + '.join([*above, carry])} == {total[-place]} + 10 * {new}")
        variables[new] = tuple(range(most)) if place < len(total) else (0,)
        carry = new
    return variables, tuple(rules)
