"""Judge the stem over a list of options: it asks one thing, in the shape that its kind of question has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from orca_agents.checks.api import Case
from orca_agents.checks.item import unquoted
from orca_agents.checks.terms import share, subject_terms
from orca_agents.checks.wording import asks_or_tells
from orca_agents.language import count_words
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 3, 260
LEAST_KEPT = 0.4
"""Share of a question's content words that stay when it is refined."""


def why_no_stem(case: Case) -> str | None:
    """Check `stem_asks`."""
    item = _item(case)
    prose = _without_code(item.question)
    count = count_words(prose)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the question has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if _LISTED.search(prose):
        return "the question holds a list of options; they belong in the field that asks for them"
    if len(re.findall(r"[?\uff1f\u061f](?!\s*[?\uff1f\u061f)])", unquoted(prose))) > 2:
        return "these are several questions; ask one"
    english = case.language is None or case.language.startswith("en")
    is_open = not english and not _CLOSED.search(prose)  # in a language whose stems we cannot tell by their last word
    if not (is_open or asks_or_tells(unquoted(prose), case.language, stem=True) or _BLANK.search(prose)):
        return "this asks nothing and leaves no sentence open; write a question, or a stem that the options complete"
    return None


def why_misshapen_stem(case: Case) -> str | None:
    """Check `stem_shaped`."""
    assert case.leaf is not None, "this check needs a leaf"
    shape = case.leaf.settings.get("stem")
    if shape is None or (case.language is not None and not case.language.startswith("en") and shape != "cloze"):
        return None
    return _SHAPES[shape](_item(case))


def why_option_goal_missed(case: Case) -> str | None:
    """Check `options_refined`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent, name = _item(case), case.parent, case.goal.name
    options, before = item.parts.get("options", ()), parent.parts.get("options", ())
    if name == "more_options" and len(options) <= len(before):
        return f"there are {len(options)} options as before; add at least one that tempts"
    if name == "better_distractors":
        if set(options) == set(before):
            return "no option was changed; replace wrong options by better ones"
        if subject_terms(item.question, case.language) != subject_terms(parent.question, case.language):
            return "the question itself was changed; change wrong options only"
    if name in ("longer_vignette", "second_order"):
        kept = share(subject_terms(parent.question, case.language), subject_terms(item.question, case.language))
        if name == "longer_vignette" and count_words(item.question) < count_words(parent.question) + 10:
            return "the case is not longer than before; add findings that matter and some that do not"
        if name == "longer_vignette" and kept < LEAST_KEPT:
            return "this is another case; keep the old one and add to it"
        if name == "second_order" and set(options) == set(before):
            return "the options are the same as before; a question one step further has other answers"
    return None


def is_assertion_reason(item: Instruction) -> bool:
    """Whether the options are the four relations of an assertion and a reason."""
    return all(_RELATION.search(option) for option in item.parts.get("options", ("",)))


def _why_not_negative(item: Instruction) -> str | None:
    if not re.search(r"\b(?:NOT|EXCEPT|LEAST|NEVER|FALSE|INCORRECT)\b", item.question):
        return "the negation is easily overlooked; write it in capitals: NOT, EXCEPT, FALSE"
    doubled = [option for option in item.parts.get("options", ()) if re.search(r"\b(?:not|never|no)\b|n't\b", option)]
    if len(doubled) == len(item.parts.get("options", ())):
        return "every option is negative too; a double negation tests patience, so word the options positively"
    return None


def _why_no_cloze(item: Instruction) -> str | None:
    blanks = len(_BLANK.findall(item.question))
    return (
        None if blanks == 1 else f"the sentence has {blanks or 'no'} blanks; write ____ once, where the option belongs"
    )


def _why_no_assertion(item: Instruction) -> str | None:
    assertion = re.search(r"\bAssertion(?: \(A\))?\s?:\s*\S.{8,}", item.question)
    reason = re.search(r"\bReason(?: \(R\))?\s?:\s*\S.{8,}", item.question)
    if not (assertion and reason):
        return "write the two statements on lines of their own: `Assertion: ...` and `Reason: ...`"
    options = item.parts.get("options", ())
    if len(options) != 4 or not is_assertion_reason(item):
        return "the four options are: both true and R explains A, both true and it does not, A alone, R alone"
    both = [option for option in options if re.search(r"\bboth\b", option, re.IGNORECASE) and "true" in option]
    if len(both) != 2:
        return "two of the options say that both statements are true: once with the reason explaining it, once without"
    return None


def _why_no_code(item: Instruction) -> str | None:
    found = code_blocks(item.question)
    if len(found) != 1:
        return f"the question has {len(found) or 'no'} blocks of code; put the one program between ```python and ```"
    return None


def code_blocks(question: str) -> list[str]:
    """The Python programs in a question, byte for byte."""
    return [match[1] for match in _CODE.finditer(question)]


def _without_code(question: str) -> str:
    return _CODE.sub(" ", question)


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


_CODE = re.compile(r"^```(?:[Pp]ython3?|py)?[ \t]*\r?\n(.*?)^```[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r"_{3,}|\uff3f+")
_CLOSED = re.compile(r"[.!\u3002\uff01\u0964][\"'\u201d\u2019)\s]*$")
"""How a statement ends."""
_LISTED = re.compile(r"(?:^|\s)(?:\(?A\)\s.{1,300}?\s\(?B\)\s|A[.:]\s.{1,300}?\sB[.:]\s.{1,300}?\sC[.:]\s)", re.DOTALL)
"""Options with their letters; of `A.` and `B.` alone, as in `vitamin A.`, more is asked."""
_RELATION = re.compile(r"\bassertion\b.*\breason\b|\breason\b.*\bassertion\b|\bA\b.*\bR\b|\bR\b.*\bA\b", re.IGNORECASE)
_SHAPES: Mapping[str, Callable[[Instruction], str | None]] = {
    "negative": _why_not_negative,
    "cloze": _why_no_cloze,
    "assertion_reason": _why_no_assertion,
    "code": _why_no_code,
}
"""What `settings: {stem: ...}` of a leaf may name."""
