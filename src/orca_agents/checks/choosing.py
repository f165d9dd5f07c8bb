"""What the forms with options to choose from have in common: their layout, their order and the letters that follow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.lists import lettered, letters
from orca_agents.checks.matching import same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.harvest import Field
from orca_agents.records import Instruction, short_hash

LIMIT = 300
FEWEST, MOST = 3, 10
LAYOUTS = ("A.", "A)", "(A)")
"""How options are marked, where `settings: {layouts: true}` of the leaf asks for variety."""


class OptionsFormat(AnswerFormat):
    """Options with letters, shown below the question; the key is the letters of the right ones."""

    asks: str
    """How the answer is to be given, in English, behind the options."""

    def shown(self, instruction: Instruction, language: str | None) -> str:
        shown = f"{instruction.question}\n\n{lettered(options_of(instruction), _layout_of(instruction))}"
        return f"{shown}\n\n{self.asks}" if language in (None, "en") else shown

    def shuffled(self, instruction: Instruction, salt: str) -> Instruction:
        """The options in another order, the same for the same salt."""
        options = options_of(instruction)
        if not options:
            return instruction
        order = list(range(len(options)))
        Random(f"options/{instruction.id}/{salt}").shuffle(order)
        names = letters(len(options))
        shown, key = _rearranged(options, order, {names.index(letter) for letter in instruction.key})
        return instruction.model_copy(update={"parts": {**instruction.parts, "options": shown}, "key": key})


def most_options(leaf: Leaf) -> int:
    """The most options that an item of a leaf may have; `options` is the fewest."""
    return max(leaf.options, int(leaf.settings.get("most_options", leaf.options)))


def options_field(leaf: Leaf, told: str) -> Field:
    """The field for the options of an item; `told` goes on behind their number."""
    most = most_options(leaf)
    count = f"{leaf.options}" + ("" if most == leaf.options else f" (up to {most}, if you are told to add some)")
    about = f"the {count} {told}"
    return Field("options", about, many=True, max_chars=LIMIT, min_items=leaf.options, max_items=most)


def options_of(instruction: Instruction) -> tuple[str, ...]:
    """The options of an item, in the order in which they are shown."""
    return instruction.parts.get("options", ())


def arranged(options: Sequence[str], order: Sequence[int], right: Collection[int], leaf: Leaf) -> ItemParts:
    """The item of these options in this order; `right` are the places that the right ones had before."""
    shown, key = _rearranged(options, order, right)
    return ItemParts(parts={"options": shown}, key=key, hidden=_drawn_layout(leaf, options))


def near_duplicates(options: Sequence[str]) -> list[str]:
    """The pairs that say the same in other words, as problems; the same wording is told of elsewhere."""
    return [
        f"option {first + 1} and option {second + 1} say the same"
        for second in range(len(options))
        for first in range(second)
        if same_text(options[first], options[second]) and not same_wording(options[first], options[second])
    ]


def _rearranged(
    options: Sequence[str], order: Sequence[int], right: Collection[int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options in another order, and the letters that the right ones have in it."""
    key = tuple(letter for letter, place in zip(letters(len(options)), order, strict=True) if place in right)
    return tuple(options[place] for place in order), key


def _drawn_layout(leaf: Leaf, options: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """How the options of an item are marked, as its `hidden` keeps it: drawn by their wording."""
    return {"layout": (Random(short_hash(*options)).choice(LAYOUTS),)} if leaf.settings.get("layouts") else {}


def _layout_of(instruction: Instruction) -> str:
    return instruction.hidden.get("layout", LAYOUTS[:1])[0]
