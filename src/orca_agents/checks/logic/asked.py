"""Judge a puzzle as it is asked, before anybody works on it: whole, fair, and right where a program can tell."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace

from orca_agents.checks.api import Case
from orca_agents.checks.item import answer_texts, shown_parts, unquoted
from orca_agents.checks.matching import same_text
from orca_agents.checks.quantity import from_notation
from orca_agents.checks.repetition import repetition
from orca_agents.checks.self_contained import why_not_self_contained
from orca_agents.checks.terms import contains
from orca_agents.checks.wording import asks_or_tells
from orca_agents.language import count_words
from orca_agents.puzzles.asking import solve_model
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.patterns import printed_terms, simpler_next
from orca_agents.puzzles.relations import RELATIONS
from orca_agents.puzzles.tables import read_tables
from orca_agents.puzzles.words import letters
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 4, 400

SAME_ANSWER = frozenset({"new_surface_story", "red_herring", "irrelevant_rule", "reworded"})
"""Goals that dress a puzzle anew or add what does not matter: its answer stays."""
OTHER_ANSWER = frozenset({"inverted_question", "broken_pattern", "counterfactual_rule", "change_rule"})
"""Goals after which the old answer is wrong."""


def why_not_asked(case: Case) -> str | None:
    """Check `puzzle_is_asked`."""
    item = _item(case)
    text = item.question.strip()
    count = count_words(text)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the puzzle has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if found := repetition(text):
        return f"the puzzle {found}"
    if match := _SOLVED.search(text):
        return f"the puzzle holds its solution or a hint ({match[0].strip()[:40]!r}); leave that out"
    if re.search(r"(?:[,;\uff0c\u3001(\u201c]|\b(?:and|or|the|a|an))$", text):
        return f"the puzzle breaks off ({text[-30:]!r})"
    if len(re.findall(r"[?\uff1f\u061f](?!\s*[?\uff1f\u061f)])", unquoted(text))) > 3:
        return "these are several questions; ask one"
    if item.form in ("choice", "order") and _LETTERED.search(text):
        return "the puzzle lists its options; they belong in the field that asks for them"
    if not asks_or_tells(unquoted(text), case.language, stem=item.form == "choice"):
        return "this asks nothing and tells the solver to do nothing; end with the question"
    return None


def why_leans_on_material(case: Case) -> str | None:
    """Check `puzzle_stands_alone`."""
    item = _item(case)
    for text in (item.question, *shown_parts(item)):
        if match := _POINTER.search(unquoted(text)):
            return f"{match[0]!r} points to the material, which no solver sees; say in the puzzle all that it needs"
    return None


def why_points_elsewhere(case: Case) -> str | None:
    """Check `points_to_what_is_shown`."""
    item = _item(case)
    if not read_tables(item.content.text):
        return why_not_self_contained(case)
    # the passage is a table, whether or not it calls itself one
    named = item.model_copy(update={"question": re.sub(r"\btable\b", "list", item.question, flags=re.IGNORECASE)})
    return why_not_self_contained(replace(case, instruction=named))


def why_answer_shows(case: Case) -> str | None:
    """Check `puzzle_hides_answer`."""
    item = _item(case)
    if item.form != "span" or not item.key:
        return None
    question = unquoted(item.question)
    if len(letters(item.key[0])) > 2 and contains(question, item.key[0]):
        return f"the puzzle names its own answer {item.key[0]!r}; describe it without the word"
    return None


def why_simpler_rule(case: Case) -> str | None:
    """Check `sequence_has_one_rule`."""
    item = _item(case)
    if item.form != "number" or not re.search(
        r"\b(?:next|comes? after|follows?|continues?)\b", item.question, re.IGNORECASE
    ):
        return None
    terms = printed_terms(item.question)
    if not terms:
        return "print at least four terms of the sequence in digits, with commas between them"
    try:
        key = from_notation(item.key).value
    except ValueError as error:
        return str(error)
    for words, value in simpler_next(terms).items():
        if value != key:
            return (
                f"the printed terms also follow a simpler rule ({words}), which gives {value} next, not {item.key[0]}"
            )
    return None


def why_more_than_relation(case: Case) -> str | None:
    """Check `relation_is_bare`."""
    item = _item(case)
    if item.form != "span" or not item.key or not (case.language or "en").startswith("en"):
        return None
    word = item.key[0].strip(" .").casefold().replace(" ", "-")
    if word in RELATIONS:
        return None
    return f"the answer {item.key[0]!r} must be the word for the relation alone, such as cousin or mother-in-law"


async def why_letter_sum_fails(case: Case) -> str | None:
    """Check `letter_sum_has_one_solution`."""
    item = _item(case)
    match = _LETTER_SUM.search(item.question.replace("\u2212", "-"))
    if not match:
        return "print the sum in capital letters on a line of its own, such as SEND + MORE = MONEY"
    try:
        solved = await asyncio.to_thread(solve_model, f"letters: {match[0]}\nask: count")
    except PuzzleProblem as problem:
        return str(problem)
    if solved.ways == 1:
        return None
    return f"{match[0]} has {solved.ways or 'no'} solutions; change the words until it has exactly one"


def why_no_anagram(case: Case) -> str | None:
    """Check `anagram_is_exact`."""
    item = _item(case)
    if not item.key or not re.search(
        r"\banagram|\b(?:re-?arrang|re-?order|unscrambl|scrambled|jumbled)", item.question, re.I
    ):
        return None
    wanted = Counter(letters(item.key[0]))
    printed = re.findall(
        r"[\"\u201c\u2018'*]([^\"\u201d\u2019'*\n]{3,60})[\"\u201d\u2019'*]|\b([A-Z][A-Z ]{2,60}[A-Z])\b", item.question
    )
    texts = [one or other for one, other in printed]
    if any(Counter(letters(text)) == wanted for text in texts):
        return None
    shown = f" ({texts[0]})" if texts else "; print them in capitals"
    return f"the letters that are printed{shown} are not exactly those of {item.key[0]!r}; count them one by one"


def why_answer_moved(case: Case) -> str | None:
    """Check `answer_moves_as_asked`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent = _item(case), case.parent
    if item.form != parent.form or item.form in ("order", "mapping", "truth"):
        return None  # what stands under these is shuffled anew, and says little by itself
    new, old = answer_texts(item, item.key), answer_texts(parent, parent.key)
    same = len(new) == len(old) and all(any(same_text(a, b) for b in old) for a in new)
    if case.goal.name in SAME_ANSWER and case.goal.name != "new_surface_story" and not same:
        return "the answer is another than before; this goal adds or rewords without moving it"
    if case.goal.name in OTHER_ANSWER and same:
        return "the answer is the same as before; after this change the old one must be wrong"
    return None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


_SOLVED = re.compile(
    r"\b(?:the )?(?:correct |right |final )?(?:answer|solution|hint|explanation)\s?:\s*\S|\bthe (?:correct "
    r")?answer is\b(?!\s+(?:an?|one|two|not|to be|always|given|wanted|in)\b)"
    "|(?:答案|答え|提示)\\s?[:\uff1a]\\s*\\S|\\b(?:r\u00e9ponse|respuesta|antwort|l\u00f6sung|risposta|resposta)\\s?:\\s*\\S",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"^\s*+\(?A[.):]\s.{1,300}?^\s*+\(?B[.):]\s", re.DOTALL | re.MULTILINE)
_POINTER = re.compile(
    r"\b(?:according to|described in|mentioned in|told in|based on|from|in) (?:the|this) (?:passage|text|material"
    r"|article|excerpt|source)\b|\bthe (?:passage|text|material|article) (?:says?|states?|above|below|describes?)\b"
    r"|\babove-mentioned\b",
    re.IGNORECASE,
)
_LETTER_SUM = re.compile(r"\b[A-Z]{1,8}(?:\s*[-+]\s*[A-Z]{1,8})+\s*=\s*[A-Z]{1,8}\b")
