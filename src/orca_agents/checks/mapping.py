"""Answers that match two lists, one to one."""

from __future__ import annotations

import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import is_lone_letter, text_problems
from orca_agents.checks.lists import lettered, letters, numbered, shuffled_order, unmarked
from orca_agents.checks.matching import contains_words, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 150
FEWEST, MOST = 3, 6


class MappingFormat(AnswerFormat):
    """A numbered list and a lettered list, to be paired."""

    name: AnswerForm = "mapping"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "left",
                f"{FEWEST} to {MOST} things to be matched, each in a few words, without numbers before them",
                many=True,
                max_chars=LIMIT,
                min_items=FEWEST,
                max_items=MOST,
            ),
            Field(
                "right",
                "the partner of each thing, in the same order and number: the first of this list belongs to the first "
                "of the other. Each fits exactly one, and does not name it; they are shuffled before a student sees "
                "them. Without letters before them",
                many=True,
                max_chars=LIMIT,
                min_items=FEWEST,
                max_items=MOST,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        left, right = unmarked(product["left"]), unmarked(product["right"])
        if len(left) != len(right):
            raise UnparsableError(f"'left' has {len(left)} items and 'right' has {len(right)}; each needs its partner")
        order, names = shuffled_order(right), letters(len(right))
        return ItemParts(
            parts={"left": left, "right": tuple(right[place] for place in order)},
            key=tuple(f"{place + 1}-{names[order.index(place)]}" for place in range(len(left))),
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        left, right = _sides(instruction)
        shown = f"{instruction.question}\n\n{numbered(left)}\n\n{lettered(right)}"
        if language not in (None, "en"):
            return shown
        return f"{shown}\n\nMatch each number with one letter, in a form such as {_example(len(left))}."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        count = len(_sides(instruction)[0])
        return (
            Field(
                "answer",
                f"the {count} pairs, each a number, a hyphen and a letter, such as 1-B; each number and each letter "
                "once",
                many=True,
                max_chars=8,
                min_items=count,
                max_items=count,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        pairs = [_read_pair(text) for text in product["answer"]]
        problem = _not_one_to_one(pairs, len(_sides(instruction)[0]))
        if problem:
            raise UnparsableError(f"'answer' is {', '.join(product['answer'])}: {problem}")
        return tuple(sorted(pairs))

    def problems(self, instruction: Instruction) -> list[str]:
        left, right = _sides(instruction)
        if len(left) != len(right) or not FEWEST <= len(left) <= MOST:
            return [f"there must be {FEWEST} to {MOST} things on each side, not {len(left)} and {len(right)}"]
        found = text_problems("left", left, LIMIT) + text_problems("right", right, LIMIT)
        for name, side in (("left", left), ("right", right)):
            found += [f"{name} {at} is only a letter" for at, text in enumerate(side, 1) if is_lone_letter(text)]
            found += [
                f"{name} {first + 1} and {name} {second + 1} say the same"
                for second in range(len(side))
                for first in range(second)
                if same_text(side[first], side[second]) and not same_wording(side[first], side[second])
            ]
        if not instruction.answerable or found:
            return found
        if problem := _not_one_to_one(instruction.key, len(left)):
            return [f"the answer is not a matching: {problem}"]
        if all(pair[0] == str(ord(pair[-1]) - ord("A") + 1) for pair in instruction.key):
            return ["the partners already stand side by side"]
        named = [pair for pair in instruction.key if _names(left, right, pair)]
        if 2 * len(named) >= len(left):
            found.append("the pairs give themselves away: a thing is named in the words of its partner")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return set(a) == set(b)

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return ", ".join(value)


def _sides(instruction: Instruction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return instruction.parts.get("left", ()), instruction.parts.get("right", ())


def _example(count: int) -> str:
    """The pairs as they stand, which are never the right ones: so the example gives nothing away."""
    return ", ".join(f"{number}-{letter}" for number, letter in enumerate(letters(count), 1))


def _read_pair(text: str) -> str:
    pair = re.fullmatch(r"\s*+\(?([1-9])\)?\s*+[-:.=>\u2013\u2014\u2192]*+\s*+\(?([A-Za-z])\)?[.,;]?\s*+", text)
    if not pair:
        raise UnparsableError(f"{text!r} is not a pair such as 1-B")
    return f"{pair[1]}-{pair[2].upper()}"


def _not_one_to_one(pairs: list[str] | tuple[str, ...], count: int) -> str | None:
    halves = [pair.partition("-") for pair in pairs]
    if sorted(number for number, _, _ in halves) != [str(number) for number in range(1, count + 1)]:
        return f"each number from 1 to {count} must stand in exactly one pair"
    if sorted(letter for _, _, letter in halves) != list(letters(count)):
        return f"each letter from A to {letters(count)[-1]} must stand in exactly one pair"
    return None


def _names(left: tuple[str, ...], right: tuple[str, ...], pair: str) -> bool:
    number, _, letter = pair.partition("-")
    thing, partner = left[int(number) - 1], right[ord(letter) - ord("A")]
    others = [text for text in right if text != partner]
    return (contains_words(partner, thing) and not any(contains_words(text, thing) for text in others)) or (
        contains_words(thing, partner)
    )
