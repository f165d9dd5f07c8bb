"""Answers that put shuffled events in their order."""

from __future__ import annotations

import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import is_lone_letter, text_problems
from orca_agents.checks.lists import lettered, letters, shuffled_order, unmarked
from orca_agents.checks.matching import plain, same_text, same_wording
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

LIMIT = 200
FEWEST, MOST = 3, 6


class OrderFormat(AnswerFormat):
    """Events with letters, to be put in order."""

    name: AnswerForm = "order"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "events",
                f"{FEWEST} to {MOST} events in the CORRECT order, one short sentence each; they are shuffled before a "
                "student sees them. No numbers before them, and no words such as first, then or finally, which would "
                "give the order away",
                many=True,
                max_chars=LIMIT,
                min_items=FEWEST,
                max_items=MOST,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        events = unmarked(product["events"])
        if not FEWEST <= len(events) <= MOST:
            raise UnparsableError(f"'events' has {len(events)} items, not {FEWEST} to {MOST}")
        order = shuffled_order(events)
        names = letters(len(events))
        return ItemParts(
            parts={"items": tuple(events[place] for place in order)},
            key=tuple(names[order.index(place)] for place in range(len(events))),
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        shown = f"{instruction.question}\n\n{lettered(_items(instruction))}"
        if language not in (None, "en"):
            return shown
        # the order in which they stand is never the right one, so the example gives nothing away
        example = ", ".join(letters(len(_items(instruction))))
        return f"{shown}\n\nGive all the letters in the right order, in a form such as {example}."

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        count = len(_items(instruction))
        return (
            Field(
                "answer",
                f"the {count} letters in the right order, from the first event to the last, each letter once",
                many=True,
                choices=letters(count),
                min_items=count,
                max_items=count,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        answer = tuple(letter.strip() for letter in product["answer"])
        if sorted(answer) != list(letters(len(_items(instruction)))):
            raise UnparsableError(f"'answer' is {', '.join(answer)}; it must name each letter exactly once")
        return answer

    def problems(self, instruction: Instruction) -> list[str]:
        items = _items(instruction)
        found = [] if FEWEST <= len(items) <= MOST else [f"there must be {FEWEST} to {MOST} events, not {len(items)}"]
        found += text_problems("event", items, LIMIT)
        found += [f"event {at} is only a letter" for at, text in enumerate(items, 1) if is_lone_letter(text)]
        found += [
            f"event {first + 1} and event {second + 1} say the same"
            for second in range(len(items))
            for first in range(second)
            if same_text(items[first], items[second]) and not same_wording(items[first], items[second])
        ]
        if any(same_wording(text, instruction.question) for text in items):
            found.append("an event is the question again")
        if sum(bool(_GIVE_AWAY.match(plain(text))) for text in items) > 1:
            found.append("the events begin with words (first, then, finally) that give their order away")
        if instruction.answerable:
            if sorted(instruction.key) != list(letters(len(items))):
                found.append("the answer must name the letter of each event exactly once")
            elif list(instruction.key) == sorted(instruction.key):
                found.append("the events already stand in the right order")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return a == b

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return ", ".join(value)


def _items(instruction: Instruction) -> tuple[str, ...]:
    return instruction.parts.get("items", ())


_GIVE_AWAY = re.compile(
    r"(?:at first|first|firstly|second|secondly|third|thirdly|fourth|fifth|then|next|after that|afterwards"
    r"|finally|lastly|at last|in the end|eventually|zuerst|dann|danach|schlie\u00dflich|d'abord|ensuite|puis|enfin"
    r"|primero|luego|despu\u00e9s|finalmente|(?:step|event) \d)\b[,:]?"
    "|\u9996\u5148|\u7136\u540e|\u7136\u5f8c|\u6700\u540e|\u6700\u5f8c"
)
