"""Catch explanations that speak of another letter than the option has under which a student sees it."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.lists import letters
from orca_agents.checks.terms import subject_terms


def why_wrong_letter(case: Case) -> str | None:
    """Check `letters_match`."""
    assert case.draft is not None, "this check needs a draft"
    item, answer = case.draft.instruction, case.draft.answer
    if item.form not in ("choice", "choices"):
        return None
    options = dict(zip(letters(len(item.parts["options"])), item.parts["options"], strict=True))
    for match in _LETTER.finditer(answer.reasoning):
        letter = match["letter"] or match["bare"]
        if letter not in options:
            return f"the explanation speaks of option {letter}, which there is not"
        after = answer.reasoning[match.end() : match.end() + 40]
        if _GOOD.match(after) and letter not in answer.value:
            return f"the explanation calls {letter} right, but the answer is {', '.join(answer.value)}"
        if _BAD.match(after) and letter in answer.value:
            return f"the explanation calls {letter} wrong, but the answer names it"
        quoted = _QUOTED.match(answer.reasoning, match.end())
        if quoted and _is_other(quoted[1], letter, options, case.language):
            return f"{quoted[1][:60]!r} does not stand under {letter}; speak of options by what they say"
    for match in _CONCLUDED.finditer(answer.reasoning):
        if match["letter"] in options and match["letter"] not in answer.value:
            return f"the explanation ends at {match['letter']}, but the answer is {', '.join(answer.value)}"
    return None


def _is_other(text: str, letter: str, options: dict[str, str], language: str | None) -> bool:
    """Whether a text is the wording of another option rather than of this one."""
    said = subject_terms(text, language)
    shared = {name: len(said & subject_terms(option, language)) for name, option in options.items()}
    best = max(shared, key=lambda name: shared[name])
    return shared[best] > shared[letter] and shared[letter] == 0


_LETTER = re.compile(
    r"\b(?:[Oo]ptions?|[Cc]hoices?|[Aa]nswers?|[Oo]pci\u00f3n|[Rr]\u00e9ponse|[Aa]ntwort)"
    r" \(?(?P<letter>[A-J])\)?(?![\w'\u2019])"
    r"|(?:(?<=^)|(?<=[.;:] )|(?<=\n))\(?(?P<bare>[B-J])\)?(?= (?:is|was|cannot|would|does|fails)\b)"
)
_GOOD = re.compile(
    r"\W{0,3}(?:is|must be|would be) (?:therefore |thus |clearly )?(?:the )?(?:right|correct|true|best)\b"
    r"|\W{0,3}(?:ist richtig|est correcte?|es correct[ao])\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\W{0,3}(?:(?:is|are|would be|must be) (?:therefore |thus |clearly |also )?(?:wrong|incorrect|false|out|not right"
    r"|not correct|not true)\b|(?:cannot|can't) be (?:right|correct|true)\b|fails\b|does not hold\b)",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(
    r"\b(?:(?:correct|right|best|final) (?:answer|option|choice) (?:is|would be|must be)|[Aa]nswer (?:is|must be)"
    r"|[Aa]nswer:|(?:richtige )?Antwort (?:ist|lautet)|r\u00e9ponse (?:correcte )?est|respuesta (?:correcta )?es)"
    r" (?:therefore |thus |option )?\(?(?P<letter>[A-J])\)?(?=$|[.,;:!)\n])(?!\. [A-Z][a-z]+ (?:was|is|had)\b)"
)
"""The letter that an explanation comes to."""
_QUOTED = re.compile(r"\W{0,3}[(\"\u201c]([^)\"\u201d\n]{4,120})[)\"\u201d]")
