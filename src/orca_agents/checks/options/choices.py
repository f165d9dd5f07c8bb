"""Answers that are all the right ones of several options."""

from __future__ import annotations

from orca_agents.checks.api import ItemParts
from orca_agents.checks.choosing import (
    FEWEST,
    LIMIT,
    MOST,
    OptionsFormat,
    arranged,
    most_options,
    near_duplicates,
    options_field,
    options_of,
)
from orca_agents.checks.degenerate import is_lone_letter, text_problems
from orca_agents.checks.lists import letters, shuffled_order, unmarked
from orca_agents.checks.matching import same_wording
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction


class ChoicesFormat(OptionsFormat):
    """Select all that apply: options with letters, one or more of them right, never all."""

    name: AnswerForm = "choices"
    asks = "One or more options are right. Give the letters of all of them."

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        most = most_options(leaf)
        return (
            options_field(
                leaf,
                "statements or things to choose from, without letters or numbers before them. Some are "
                "right, at least one is wrong; each can be judged without the others, and none speaks of another",
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
        right = {names.index(letter) for letter in _read(product["answer"], names)}
        return arranged(options, shuffled_order(options, may_stay=True), right, leaf)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        count = len(options_of(instruction))
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
        return _read(product["answer"], letters(len(options_of(instruction))))

    def problems(self, instruction: Instruction) -> list[str]:
        options = options_of(instruction)
        found = [] if FEWEST <= len(options) <= MOST else [f"there must be {FEWEST} to {MOST} options"]
        found += text_problems("option", options, LIMIT)
        for at, text in enumerate(options, 1):
            if is_lone_letter(text):
                found.append(f"option {at} is only a letter; write the answer itself")
            if same_wording(text, instruction.question):
                found.append(f"option {at} is the question again")
        found += near_duplicates(options)
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


def _read(answer: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """The letters in order, each once. Raises `UnparsableError` for one that no option has."""
    given = [letter.strip() for letter in answer]
    if strange := [letter for letter in given if letter not in names]:
        raise UnparsableError(f"'answer' names {strange[0]!r}, which is none of the {len(names)} options")
    return tuple(name for name in names if name in given)
