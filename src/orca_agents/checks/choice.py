"""Answers that are one of several options."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
from orca_agents.checks.matching import contains_words, count_words, plain, same_wording, word_share
from orca_agents.checks.quantity import read_quantity
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction


class ChoiceFormat(OptionsFormat):
    """Multiple choice: options with letters, one of them right."""

    name: AnswerForm = "choice"
    asks = "Give the letter of the right option."

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            options_field(
                leaf,
                "answers to choose from, without letters or numbers before them. Exactly one is "
                "right; the others are wrong for a reason but tempting to someone who read carelessly. All of the "
                "same kind and about equally long; none says the same as another; no 'all of the above' and no "
                "'none of the above'",
            ),
            Field(
                "answer",
                "the letter of the right option: A for the first of your list, B for the second, and so on",
                choices=letters(most_options(leaf)),
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        """The options in an order of our own, since writers put the right one in their favourite place."""
        options, letter = unmarked(product["options"]), product["answer"][0].strip()
        if letter not in letters(len(options)):
            raise UnparsableError(f"'answer' is {letter!r}, which is none of the {len(options)} options")
        order = _by_size(options) or shuffled_order(options, may_stay=True)
        return arranged(options, order, {letters(len(options)).index(letter)}, leaf)

    def shuffled(self, instruction: Instruction, salt: str) -> Instruction:
        """An item without a right option keeps its order."""
        return super().shuffled(instruction, salt) if instruction.key else instruction

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (Field("answer", "the letter of the one right option", choices=letters(len(options_of(instruction)))),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        letter = product["answer"][0].strip()
        if letter not in letters(len(options_of(instruction))):
            raise UnparsableError(f"'answer' is {letter!r}, not the letter of an option")
        return (letter,)

    def problems(self, instruction: Instruction) -> list[str]:
        options = options_of(instruction)
        found = (
            [] if FEWEST <= len(options) <= MOST else [f"there must be {FEWEST} to {MOST} options, not {len(options)}"]
        )
        found += text_problems("option", options, LIMIT)
        found += [problem for at, text in enumerate(options, 1) for problem in _option_problems(at, text, instruction)]
        found += near_duplicates(options)
        if not instruction.answerable or found:
            return found
        if len(instruction.key) != 1 or instruction.key[0] not in letters(len(options)):
            return [f"the answer {', '.join(instruction.key) or '(none)'} is not the letter of one option"]
        right = options[letters(len(options)).index(instruction.key[0])]
        others = [option for option in options if option != right]
        return _give_aways(right, others, instruction.question)

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return a == b

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        options = dict(zip(letters(len(options_of(instruction))), options_of(instruction), strict=True))
        return f"{value[0]}. {options[value[0]]}" if value else ""


_ABOVE = re.compile(
    r"(?:all|none|both|neither|any|some|each) of "
    r"(?:the (?:above|options|answers|choices|other options)|these|them|those)"
    r"(?: (?:options|answers|choices|statements|are (?:correct|true)|is (?:correct|true)))*"
    r"|(?:both|neither|either)? ?(?:option|answer)?s? ?\b[a-f] (?:and|or|nor|&) (?:option |answer )?[a-f]\b"
    r"|(?:all|none|keine|keines|alle)(?: (?:der|of))?(?: (?:above|oben genannten|genannten))(?: antworten)?"
    r"|aucune? (?:de ces|des) r\u00e9ponses.*|toutes (?:ces|les) r\u00e9ponses.*"
    r"|(?:todas|ninguna) (?:de )?las (?:anteriores|respuestas.*)|nessuna delle precedenti|tutte le precedenti"
    r"|(?:\u4ee5\u4e0a|\u4e0a\u8ff0)(?:\u90fd|\u7686|\u5168).{0,6}",
)


def _option_problems(at: int, text: str, instruction: Instruction) -> list[str]:
    if is_lone_letter(text):
        return [f"option {at} is only a letter; write the answer itself"]
    bare = plain(text).strip(" .!\"'()")
    if _ABOVE.fullmatch(bare):
        return [f"option {at} speaks of the other options ({text!r}); each option must stand on its own"]
    if text.rstrip().endswith(("...", "\u2026")):
        return [f"option {at} breaks off"]
    if same_wording(text, instruction.question):
        return [f"option {at} is the question again"]
    return []


def _give_aways(right: str, others: Sequence[str], question: str) -> list[str]:
    """What lets a guesser find the right option without the passage."""
    found = []
    lengths = [count_words(option) for option in (right, *others)]
    if lengths[0] > 6 and lengths[0] > 1.8 * sum(lengths) / len(lengths) and lengths[0] > 1.4 * max(lengths[1:]):
        found.append("the right option is much longer than the others; make them about equally long")
    repeated = word_share(right, question) >= 0.8 or contains_words(question, right)
    if repeated and all(word_share(other, question) <= 0.5 for other in others):
        found.append("the right option, and no other, repeats the words of the question")
    return found


def _by_size(options: Sequence[str]) -> list[int] | None:
    """The places of the options by size, if all are numbers: that is how they are customarily listed."""
    try:
        values = [read_quantity(option).value for option in options]
    except ValueError:
        return None
    return sorted(range(len(options)), key=lambda place: values[place])
