"""Find what lets a guesser pick the right option without knowing the answer."""

from __future__ import annotations

import re
from itertools import combinations

from orca_agents.checks.api import Case
from orca_agents.checks.lists import letters
from orca_agents.checks.quantity import read_quantity
from orca_agents.checks.terms import subject_terms
from orca_agents.language import count_words
from orca_agents.records import Instruction

LONGER = 1.5
"""So much longer than the longest wrong option a right one stands out."""
FEWEST_LONG = 8
"""Options of fewer words are too short to stand out by their length."""


def why_key_stands_out(case: Case) -> str | None:
    """Check `options_fair`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if item.form not in ("choice", "choices"):
        return None
    right, wrong = parted(item)
    if not right or not wrong:
        return None
    english = case.language is None or case.language.startswith("en")
    return (
        _why_by_length(right, wrong)
        or (_why_by_hedge(right, wrong) if english else None)
        or (_why_by_grammar(item.question, right, wrong) if english else None)
        or _why_by_echo(item.question, right, wrong, case.language)
    )


def why_alike(case: Case) -> str | None:
    """Check `options_apart`."""
    assert case.instruction is not None, "this check needs an instruction"
    options = case.instruction.parts.get("options", ())
    for (one, first), (two, second) in combinations(enumerate(options, 1), 2):
        if _same_value(first, second):
            return f"option {one} and option {two} are the same number in two forms ({first!r}, {second!r})"
        if _bare(first) == _bare(second) != "" and not re.search(r"[`\\]", first + second):
            return f"option {one} and option {two} differ in spelling only"
    return None


def parted(item: Instruction) -> tuple[list[str], list[str]]:
    """The right options and the wrong ones."""
    options = item.parts.get("options", ())
    keyed = dict(zip(letters(len(options)), options, strict=True))
    right = [text for letter, text in keyed.items() if letter in item.key]
    return right, [text for letter, text in keyed.items() if letter not in item.key]


def _why_by_length(right: list[str], wrong: list[str]) -> str | None:
    shortest, longest = min(map(count_words, right)), max(map(count_words, wrong))
    if len(right) == 1 and shortest >= FEWEST_LONG and shortest > LONGER * longest:
        return "the right option is much longer than every other one; make them about equally long and exact"
    if len(right) == 1 and shortest * LONGER * 1.5 < min(map(count_words, wrong)) and longest >= FEWEST_LONG:
        return "the right option is much shorter than every other one; make them about equally long"
    return None


def _why_by_hedge(right: list[str], wrong: list[str]) -> str | None:
    if len(wrong) < 2:
        return None
    if all(map(_HEDGE.search, right)) and not any(map(_HEDGE.search, wrong)) and len(right) == 1:
        return "the right option is the only one that hedges (usually, may, often); hedge others too, or none"
    if all(map(_ABSOLUTE.search, wrong)) and not any(map(_ABSOLUTE.search, right)):
        return "every wrong option, and no right one, says always, never, all or only; a guesser strikes those out"
    return None


def _why_by_grammar(question: str, right: list[str], wrong: list[str]) -> str | None:
    """A stem that ends in `a` or `an` fits the right option only."""
    match = re.search(r"\b(an?)\s*(?:_{2,}|:|\.\.\.)?\s*$", question.strip(), re.IGNORECASE)
    if not match:
        return None
    vowel = match[1].lower() == "an"
    fits = [bool(re.match(r"[aeiouAEIOU]", text)) == vowel for text in (*right, *wrong)]
    if all(fits[: len(right)]) and not any(fits[len(right) :]):
        return f"the stem ends in {match[1]!r}, which fits the right option only; put the article into the options"
    return None


def _why_by_echo(question: str, right: list[str], wrong: list[str], language: str | None) -> str | None:
    asked = subject_terms(question, language)
    echoed = [subject_terms(text, language) & asked for text in right]
    if len(right) == 1 and len(echoed[0]) >= 3 and not any(subject_terms(text, language) & asked for text in wrong):
        return "the right option repeats words of the question, and no other does; use other words for it"
    return None


def _same_value(first: str, second: str) -> bool:
    try:
        a, b = read_quantity(first), read_quantity(second)
    except ValueError:
        return False
    if a.unit.casefold() == b.unit.casefold():
        return a.value == b.value
    ones = {(a.unit, a.value), (b.unit, b.value)}
    return ones == {("%", a.value if a.unit == "%" else b.value), ("", (a.value if a.unit == "%" else b.value) / 100)}


def _bare(text: str) -> str:
    # signs of comparison and arithmetic stay: `x > 2` is not `x < 2`
    return re.sub(r"[\s.,;:!?'\"()]+", " ", text).strip().casefold() if re.search(r"[^\W\d_]{2}", text) else ""


_HEDGE = re.compile(
    r"\b(?:usually|generally|often|may|might|tends?|typically|mostly|sometimes|in most cases|likely)\b",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(
    r"\b(?:always|never|all|every|only|none|no one|nobody|entirely|completely|exclusively)\b", re.IGNORECASE
)
