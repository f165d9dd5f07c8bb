"""What a formaliser hands in: the puzzle once more, in a small language that a program works out."""

from __future__ import annotations

import re

from orca_agents.checks.api import Proof
from orca_agents.checks.lists import letters
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.puzzles import chances, kin, matches, model, patterns, plans, syllogisms, tables, words
from orca_agents.records import Instruction

MOST_CHARS = 5000
MOST_CLUES = 10
MOST_CANDIDATES = 5


class Formal(Proof):
    """A puzzle in one of the small languages."""

    def __init__(self, name: str, language: str) -> None:
        self.name = name
        self._language = language

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        hint = _HINTS.get(instruction.form, "") if self.name in _WITH_HINTS else ""
        return (Field("model", f"the puzzle, {self._language}{hint}", max_chars=MOST_CHARS),)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        text = product["model"][0]
        # a line break that was escaped twice is still meant as one
        return {"model": (text if "\n" in text else text.replace("\\n", "\n"),)}


class ClueTable(Proof):
    """Every clue, and which candidates it lets pass."""

    name = "clue_table"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        clues = Field(
            "clues",
            "every fact or demand of the puzzle that a right answer has to fit, in its order, each in a few words",
            many=True,
            max_chars=200,
            min_items=2,
            max_items=MOST_CLUES,
        )
        fits = Field(
            "fits",
            "for each clue, in the same order: the letters of all candidates that fit it, such as A, C; - for none",
            many=True,
            max_chars=40,
            min_items=2,
            max_items=MOST_CLUES,
        )
        if instruction.form == "choice":
            return (clues, fits)
        candidates = Field(
            "candidates",
            f"3 to {MOST_CANDIDATES} different answers that a clever solver might give, the likeliest first; they are "
            "called A, B, C, ... in this order",
            many=True,
            max_chars=200,
            min_items=3,
            max_items=MOST_CANDIDATES,
        )
        return (clues, candidates, fits)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        clues, fits = product["clues"], product["fits"]
        if len(clues) != len(fits):
            raise UnparsableError(
                f"'clues' has {len(clues)} items and 'fits' has {len(fits)}; each clue needs its line"
            )
        found = {"clues": clues}
        if instruction.form != "choice":
            found["candidates"] = product["candidates"]
        known = letters(len(found.get("candidates", instruction.parts.get("options", ()))))
        found["fits"] = tuple(_read_letters(fit, known) for fit in fits)
        if unknown := sorted({letter for fit in found["fits"] for letter in fit} - set(known)):
            raise UnparsableError(f"'fits' names {unknown[0]}, which is no candidate")
        return found


_HINTS = {
    "choice": "\n\nThis puzzle has options: give each of them its line, and a line `ask:`",
    "order": "\n\nThis puzzle has lettered items to be put in order: give each its line with its place (`A: ann`), so "
    "that sorting by them from small to large gives the order that is asked for",
    "mapping": "\n\nThis puzzle has numbers and letters to be paired: give each its line (`1: ann`, `A: red`); a "
    "number and a letter belong together where their lines come to the same",
    "truth": "\n\nThis puzzle has statements: give each its line (`1: ann < bob`)",
    "set": "\n\nThis puzzle asks for several names: `question: those(value, name, name, ...)`",
    "number": "\n\nThis puzzle asks for a number: its `question:` comes to it, in the unit that is asked for",
    "span": "\n\nThis puzzle asks for a name, a word or a code: its `question:` comes to that. Where a name has "
    "several words, join them with _",
}
_WITH_HINTS = frozenset({"model", "plan", "syllogism", "chance", "table_lookup"})


def _read_letters(text: str, known: tuple[str, ...]) -> str:
    """`ACD` out of `A, C and D`; nothing out of `-` or `none`; every one out of `all`."""
    if text.strip(" .").casefold() == "all":
        return "".join(known)
    if re.fullmatch(r"[A-J]+", text.strip()):
        return "".join(sorted(set(text.strip())))
    if text.strip().casefold().strip(".-\u2013\u2014 ") in ("", "none", "no", "nobody"):
        return ""
    found = [part.strip(" .()") for part in text.replace(" and ", ",").replace(";", ",").split(",")]
    if len(found) == 1:
        found = found[0].split()
    if any(len(part) != 1 or not part.isascii() or not part.isalpha() for part in found if part):
        raise UnparsableError(f"{text!r} is no list of letters such as A, C")
    return "".join(sorted({part.upper() for part in found if part}))


PROOFS: tuple[Proof, ...] = (
    Formal("model", model.LANGUAGE),
    Formal("plan", plans.LANGUAGE),
    Formal("pattern", patterns.LANGUAGE),
    Formal("chance", chances.LANGUAGE),
    Formal("syllogism", syllogisms.LANGUAGE),
    Formal("kinship", kin.LANGUAGE),
    Formal("table_lookup", tables.LANGUAGE),
    Formal("word_letters", words.LANGUAGE),
    Formal("matchsticks", matches.LANGUAGE),
    ClueTable(),
)
"""By name, what `proof:` of a leaf of puzzles may say."""
