"""Judge an answer as a text: in its language, and free of what belongs elsewhere."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.item import shown_text
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.passage import cut_end
from orca_agents.checks.repetition import repetition
from orca_agents.language import count_words, language_name, other_language
from orca_agents.records import Draft


def why_other_language(case: Case) -> str | None:
    """Check `answer_language`."""
    for text in _texts(_draft(case)):
        found = other_language(text, case.language)
        if found is not None:
            return f"this is in {language_name(found)}; answer in {language_name(case.language or '')}"
    return None


def why_unclean(case: Case) -> str | None:
    """Check `answer_clean`."""
    draft = _draft(case)
    allowed = f"{draft.instruction.content.text}\n{shown_text(draft.instruction)}"
    for text in _texts(draft):
        if first := preamble(text):
            return f"it begins with talk about the answer ({first[:60]!r}); write the answer alone"
        if found := leak(text, case.prompts, allowed) or repetition(text):
            return f"the answer {found}"
        for pattern in _BACKSTAGE:
            match = pattern.search(text)
            if match and match[0].casefold() not in allowed.casefold():
                return f"{match[0]!r} speaks of the making of the answer; speak of the passage and the question only"
    for text in (draft.answer.reasoning, *(draft.answer.value if draft.instruction.form == "essay" else ())):
        if count_words(text) > 40 and (end := cut_end(text)):
            return f"the answer breaks off ({end!r}); write it to its end, shorter if need be"
    return None


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


def _texts(draft: Draft) -> tuple[str, ...]:
    """What the student would read: the reasoning, and the answer where it is in words."""
    worded = draft.instruction.form in ("span", "set", "blank", "essay", "answerability")
    return tuple(text for text in (draft.answer.reasoning, *(draft.answer.value if worded else ())) if text.strip())


_BACKSTAGE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:the )?answer key\b|\bthe key (?:says|states|is (?:given|provided|that)|given|provided)\b"
        r"|\bthe (?:claimed|reference) answer\b",
        r"\bthe (?:solvers?|responders?|suggesters?|graders?|checkers?|question writer"
        r"|item writer)\b(?! of the puzzle)",
        r"\bas (?:instructed|requested)\b|\b(?:the|my|your) (?:system (?:prompt|message)|output form(?:at)?"
        r"|json|schema)\b",
        r"\bI (?:was|am|have been) (?:asked|told|instructed) to\b|\bthe user (?:asks|asked|wants|has asked)\b"
        r"|\b(?:my|the) task is to\b",
        r"\blet me (?:re-?read|check|think|re-?examine)\b|(?:^|[.!?]\s)Wait,|\bI hope this helps\b|\blet me know if\b",
        "根据(?:指令|指示|提示词)|系统提示|según las instrucciones|como se (?:me )?(?:ha )?(?:pidió|pedido|solicitado)"
        "|conformément aux instructions|wie (?:angewiesen|verlangt)|zgodnie z instrukcj\\w+",
    )
)
