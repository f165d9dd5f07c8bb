"""Compare what a program worked out with an author's key, in the notation of its form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from orca_agents.checks.lists import letters
from orca_agents.checks.matching import contains_words, plain, same_text, words
from orca_agents.checks.quantity import Quantity, from_notation, is_percent, rounds_to, same_quantity
from orca_agents.numerals import written_numbers
from orca_agents.puzzles.outcome import Outcome
from orca_agents.records import Instruction


def why_other(outcome: Outcome, item: Instruction, other: str) -> str | None:
    """Why an outcome is not the key, without saying what the key is; `other` where it simply differs."""
    if item.form in ("choice", "order", "truth", "mapping"):
        wanted = _marks(item)
        if missing := [mark for mark in wanted if mark not in outcome.labelled]:
            return f"there is no line for {missing[0]}; give each of {', '.join(wanted)} its own"
        if more := [mark for mark in outcome.labelled if mark not in wanted]:
            return f"there is a line for {more[0]}, but the puzzle has only {', '.join(wanted)}"
    if item.form == "choice":
        return _why_other_choice(outcome, item, other)
    if item.form == "order":
        return _why_other_order(outcome, item, other)
    if item.form == "truth":
        truths = tuple("true" if outcome.labelled[mark] else "false" for mark in ("1", "2"))
        return None if truths == item.key else other
    if item.form == "mapping":
        return _why_other_pairs(outcome, item, other)
    if outcome.value is None:
        return "there is no line `question:`; write what is asked"
    if item.form == "number":
        return None if _is_number(outcome.value, item.key) else other
    if item.form == "set":
        return None if _are_names(outcome.value, item.key) else other
    values = (outcome.value, *outcome.also)
    known = tuple(outcome.facts.get("names", ()))
    return None if any(_is_text(value, item.key[0], known) for value in values) else other


def _marks(item: Instruction) -> tuple[str, ...]:
    """What stands before the options, items or statements of an item."""
    if item.form == "mapping":
        left, right = item.parts.get("left", ()), item.parts.get("right", ())
        return (*(str(number) for number in range(1, len(left) + 1)), *letters(len(right)))
    if item.form == "truth":
        return ("1", "2")
    return letters(len(item.parts.get("options" if item.form == "choice" else "items", ())))


def _why_other_choice(outcome: Outcome, item: Instruction, other: str) -> str | None:
    right = [mark for mark, found in outcome.labelled.items() if found is True]
    if len(right) == 1:
        return None if right == list(item.key) else other
    if not right:
        return "by your lines no option is right; look at the lines of the options and at `ask:` again"
    return f"by your lines the options {', '.join(right)} are right at once, and only one may be; look at them again"


def _why_other_order(outcome: Outcome, item: Instruction, other: str) -> str | None:
    places = dict(outcome.labelled)
    if not all(isinstance(place, int | Fraction) and not isinstance(place, bool) for place in places.values()):
        return "the lines of the items must come to numbers: their places, or times"
    if len(set(places.values())) < len(places):
        return "two items have the same place by your lines; then they have no order"
    return None if tuple(sorted(places, key=lambda mark: places[mark])) == item.key else other


def _why_other_pairs(outcome: Outcome, item: Instruction, other: str) -> str | None:
    numbers = [mark for mark in outcome.labelled if mark.isdigit()]
    pairs = set()
    for number in numbers:
        partners = [
            mark
            for mark, value in outcome.labelled.items()
            if not mark.isdigit()
            and value == outcome.labelled[number]
            and type(value) is type(outcome.labelled[number])
        ]
        if len(partners) != 1:
            return f"by your lines {number} belongs to {' and '.join(partners) or 'no letter'}; each has one partner"
        pairs.add(f"{number}-{partners[0]}")
    return None if pairs == set(item.key) else other


def _is_number(value: Any, key: Sequence[str]) -> bool:
    """Whether a number is that of the key, of whose unit a program knows nothing; 1/2 is also 50%."""
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return False
    try:
        wanted = from_notation(tuple(key))
    except ValueError:
        return False
    found = [Fraction(value), *([Fraction(value) * 100] if is_percent(wanted) else [])]
    exact = wanted.value.denominator == 1
    own = Quantity(wanted.written, wanted.value)
    return any(
        rounds_to(number, wanted) or same_quantity(Quantity(str(number), number), own, exact=exact) for number in found
    )


def _are_names(value: Any, key: Sequence[str]) -> bool:
    names = [str(name).replace("_", " ") for name in (value if isinstance(value, tuple) else (value,))]
    left = list(key)
    for name in names:
        match = next((text for text in left if same_text(text, name)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


def _is_text(value: Any, key: str, known: Sequence[str]) -> bool:
    """Whether a value is what a short text says: a name in it and no other name, its one number, yes or no, a time."""
    if isinstance(value, bool):
        first = (words(key) or ("",))[0]
        return first in (("yes", "true") if value else ("no", "false"))
    if isinstance(value, int | Fraction):
        if re.search(r"\d[:h]\d\d", key):  # a time of day, that clock() counts in minutes
            return value == _minutes(key)
        numbers = written_numbers(key)
        return len({number.value for number in numbers}) == 1 and numbers[0].value == value
    if isinstance(value, tuple):
        parts = [part for part in re.split(r"\s*(?:,|;|\band\b|&)\s*", key) if part]
        return _are_names(value, parts)
    text = str(value)
    if re.fullmatch(r"\d\d:\d\d", text):
        return _minutes(key) == (int(text[:2]) * 60 + int(text[3:]))
    if re.search(r"\d", text):  # a code or an equation: sign by sign, since 041 is not 41
        return _is_code(text, key)
    name = text.replace("_", " ")
    if same_text(name, key) or (text.isalnum() and _is_code(text, key)):
        return True
    others = [other.replace("_", " ") for other in known if other != text]
    return contains_words(key, name) and not any(contains_words(key, other) for other in others)


def _is_code(code: str, key: str) -> bool:
    """Whether a text says a code or an equation: `4-6-3` and `the code 463` are 463, `9 - 7` is not 97."""
    code, key = plain(code), plain(key)
    if not code.isalnum():
        return re.sub(r"[\s.`*]+", "", code) == re.sub(r"[\s.`*]+", "", key)
    return re.sub(r"[\W_]+", "", key) == code or re.findall(r"\w*\d\w*", key) == [code]


def _minutes(text: str) -> int | None:
    match = re.fullmatch(
        r"\D{0,12}?(\d{1,2})(?:[:.h](\d\d))?\s*(?:o'?clock)?\s*([ap])?\.?(?:m\.?)?\D{0,12}", plain(text)
    )
    if not match or int(match[1]) > 24:
        return None
    hour = int(match[1]) % 24
    if match[3]:
        hour = hour % 12 + (12 if match[3] == "p" else 0)
    return hour * 60 + int(match[2] or 0)
