"""Judge a question as a question: it asks one thing, in its language, and does not answer itself."""

from __future__ import annotations

import re

from orca_agents.arithmetic import numbers_in
from orca_agents.checks.api import Case
from orca_agents.checks.forms import FORMS
from orca_agents.checks.item import answer_texts, shown_parts, shown_text, unquoted
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import contains, copied_share, terms
from orca_agents.checks.wording import asks_or_tells
from orca_agents.language import count_words, language_name, other_language
from orca_agents.numerals import written_numbers
from orca_agents.records import Instruction

FEWEST_WORDS = 3
MOST_WORDS = 150
SMALL_NUMBER = 12
"""Whole numbers up to here stand in many a question by chance."""


def why_malformed(case: Case) -> str | None:
    """Check `well_formed`."""
    item = _item(case)
    return "; ".join(FORMS[item.form].problems(item)) or None


def why_no_question(case: Case) -> str | None:
    """Check `is_a_question`."""
    item = _item(case)
    question = item.question.strip()
    count = count_words(question)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        return f"the question has {count} words; write {FEWEST_WORDS} to {MOST_WORDS}"
    if found := repetition(question):
        return f"the question {found}"
    if _OPTIONS.search(question):
        return "the question holds a list of options; they belong in the field that asks for them"
    if match := _ANSWER.search(question):
        return f"the question holds its answer ({match[0].strip()[:40]!r}); leave that out"
    marks = len(re.findall(r"[?\uff1f\u061f](?!\s*[?\uff1f\u061f)])", unquoted(question)))
    if marks > (3 if item.form == "essay" else 2) or len(_NUMBERED.findall(question)) >= 3:
        return "these are several questions; ask one"
    if re.search(r"(?:[,;\uff0c\u3001(\u201c]|\b(?:and|or|the|a|an))$", question):
        return f"the question breaks off ({question[-30:]!r})"
    if item.form == "blank":
        return None if _BLANK.search(question) else "the sentence has no blank; write ____ where the answer belongs"
    if not asks_or_tells(unquoted(question), case.language, stem=item.form == "choice"):
        return "this asks nothing and tells the student to do nothing; write a question"
    return _why_copied(item, case)


def why_other_language(case: Case) -> str | None:
    """Check `question_language`."""
    item = _item(case)
    for text in (shown_text(item), item.question):
        found = other_language(text, case.language)
        if found is not None:
            return f"this is in {language_name(found)}; write it in {language_name(case.language or '')}"
    return None


def why_leaking(case: Case) -> str | None:
    """Check `no_leakage`."""
    item = _item(case)
    if first := preamble(item.question):
        return f"the question begins with talk about it ({first[:60]!r}); write the question alone"
    for text in (item.question, *(text for texts in item.parts.values() for text in texts), *item.key):
        if found := leak(text, case.prompts, item.content.text):
            return f"{text[:60]!r} {found}; take it out"
    return None


def why_given_away(case: Case) -> str | None:
    """Check `answer_not_given_away`."""
    item = _item(case)
    if not item.answerable or item.form not in ("span", "set", "number", "blank", "choice", "answerability"):
        return None
    # a student may be asked about a word in a quoted sentence, or which of two named things it is
    question = unquoted(item.question)
    if item.form == "number":
        return _why_number_given(item, question)
    texts = answer_texts(item, item.key)
    if item.form == "choice":
        given = [text for text in texts if terms(text, case.language) and contains(question, text)]
        all_named = all(contains(question, option) for option in shown_parts(item))
        return None if all_named or not given else f"the question names its own answer {given[0]!r}; ask without it"
    given = [text for text in texts if terms(text, case.language) and contains(question, text)]
    if len(given) > len(texts) / 2 and not (len(given) == 1 and _is_alternative(given[0], question)):
        return f"the question names its own answer {given[0]!r}; ask without it"
    return None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _why_copied(item: Instruction, case: Case) -> str | None:
    """A sentence of the passage is no question about it, not even one that ends with a question mark."""
    own = re.split(r"[:\uff1a]\s", unquoted(item.question))[0]
    if count_words(own) < 6 or not terms(own, case.language):
        return None
    if contains(item.content.text, own) or copied_share(own, item.content.text) > 0.8:
        return "the question is a sentence of the passage; ask about the passage in words of your own"
    return None


def _why_number_given(item: Instruction, question: str) -> str | None:
    keys = written_numbers(item.key[0]) if item.key else []
    if not keys:
        return None
    value = keys[0].value
    if value.denominator == 1 and abs(value) <= SMALL_NUMBER:
        return None
    if any(number.value == value for number in numbers_in(question)):
        return f"the question names its own answer {item.key[0]!r}; ask without it"
    return None


_OPTIONS = re.compile(r"(?:^|[\s(])(?:A|a|1)[).:]\s.{1,300}?(?:^|[\s(])(?:B|b|2)[).:]\s", re.DOTALL | re.MULTILINE)
_NUMBERED = re.compile(r"^\s*+(?:\d+|[a-z])[.)]\s", re.MULTILINE)
_BLANK = re.compile(r"_{2,}|\uff3f+")
_ANSWER = re.compile(
    r"\b(?:(?:the )?(?:correct |right |final )?answer|réponse|respuesta(?: correcta)?|antwort|odpowiedź|risposta"
    r"|resposta|solution|key)\s?[:=]\s*\S|\bthe (?:correct |right )?answer is\b"
    "|(?:答案|答え|正解|उत्तर)\\s?[:\uff1a]\\s*\\S",
    re.IGNORECASE,
)
_ALTERNATIVE = (
    "(?:\\b(?:or|and|o|u|ou|oder|of|lub|czy|albo|или|y|e|et|und|i|и|en|या|और)\\b|还是|還是|或|それとも|和|与|與|と|、)"
)


def _is_alternative(text: str, question: str) -> bool:
    """Whether the question names the text as one of several to choose from: `the ferry or the car`."""
    own = r"\W+".join(map(re.escape, re.findall(r"\w+", text)))
    beside = rf"{_ALTERNATIVE}\s*(?:\w{{1,3}}\s)?{own}|{own}\s*{_ALTERNATIVE}"
    return re.search(beside, question, re.IGNORECASE) is not None
