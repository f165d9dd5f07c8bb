"""Answers that are all the right ones of several options."""

from __future__ import annotations

from random import Random

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.choice import drawn_layout, layout_of, most_options
from orca_agents.checks.degenerate import is_lone_letter, text_problems
from orca_agents.checks.lists import lettered, letters, shuffled_order, unmarked
from orca_agents.checks.matching import same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 300
FEWEST, MOST = 3, 10


class ChoicesFormat(AnswerFormat):
    """Select all that apply: options with letters, one or more of them right, never all."""

    name: AnswerForm = "choices"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        most = most_options(leaf)
        count = f"{leaf.options}" + ("" if most == leaf.options else f" (up to {most}, if you are told to add some)")
        return (
            Field(
                "options",
                f"the {count} statements or things to choose from, without letters or numbers before them. Some are "
                "right, at least one is wrong; each can be judged without the others, and none speaks of another",
                many=True,
                max_chars=LIMIT,
                min_items=leaf.options,
                max_items=most,
            ),
            Field(
                "answer",
                "the letters of all right options, each on its own: A for the first of your list, B for the second, "
                "and so on",
                many=True,
                choices=letters(most),
                max_items=most,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        options = unmarked(product["options"])
        names = letters(len(options))
        right = _read(product["answer"], names)
        order = shuffled_order(options, may_stay=True)
        places = {names.index(letter) for letter in right}
        return ItemParts(
            parts={"options": tuple(options[place] for place in order)},
            key=tuple(name for name, place in zip(names, order, strict=True) if place in places),
            hidden=drawn_layout(leaf, options),
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        shown = f"{instruction.question}\n\n{lettered(_options(instruction), layout_of(instruction))}"
        if language not in (None, "en"):
            return shown
        return f"{shown}\n\nOne or more options are right. Give the letters of all of them."

    def shuffled(self, instruction: Instruction, salt: str) -> Instruction:
        """The options in another order, the same for the same salt."""
        options = _options(instruction)
        if not options:
            return instruction
        order = list(range(len(options)))
        Random(f"options/{instruction.id}/{salt}").shuffle(order)
        names = letters(len(options))
        right = {names.index(letter) for letter in instruction.key}
        shown = tuple(options[place] for place in order)
        key = tuple(name for name, place in zip(names, order, strict=True) if place in right)
        return instruction.model_copy(update={"parts": {**instruction.parts, "options": shown}, "key": key})

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        count = len(_options(instruction))
        return (
            Field(
                "answer",
                "the letters of all right options, each on its own, and no other letter",
                many=True,
                choices=letters(count),
                max_items=count,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return _read(product["answer"], letters(len(_options(instruction))))

    def problems(self, instruction: Instruction) -> list[str]:
        options = _options(instruction)
        found = [] if FEWEST <= len(options) <= MOST else [f"there must be {FEWEST} to {MOST} options"]
        found += text_problems("option", options, LIMIT)
        for at, text in enumerate(options, 1):
            if is_lone_letter(text):
                found.append(f"option {at} is only a letter; write the answer itself")
            if same_wording(text, instruction.question):
                found.append(f"option {at} is the question again")
        found += [
            f"option {first + 1} and option {second + 1} say the same"
            for second in range(len(options))
            for first in range(second)
            if same_text(options[first], options[second]) and not same_wording(options[first], options[second])
        ]
        if not instruction.answerable or found:
            return found
        if set(instruction.key) - set(letters(len(options))):
            return [f"the answer {', '.join(instruction.key)} names a letter that no option has"]
        if not 1 <= len(instruction.key) < len(options):
            return ["at least one option must be right and at least one wrong"]
        return []

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return set(a) == set(b)

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return ", ".join(sorted(value))


def _options(instruction: Instruction) -> tuple[str, ...]:
    return instruction.parts.get("options", ())


def _read(answer: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """The letters in order, each once. Raises `UnparsableError` for one that no option has."""
    given = [letter.strip() for letter in answer]
    if strange := [letter for letter in given if letter not in names]:
        raise UnparsableError(f"'answer' names {strange[0]!r}, which is none of the {len(names)} options")
    return tuple(name for name in names if name in given)
