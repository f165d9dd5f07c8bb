"""Judge a passage as a text to ask about: in its language, clean, substantial, and made of its seed."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import copied_share, frequent_terms, share, terms
from orca_agents.config import IDENTITY
from orca_agents.language import count_words, language_name, other_language

FEWEST_WORDS = 40
FEWEST_SEED_WORDS = 20
"""The same for seeds that are left as they are."""
MOST_COPIED = 0.6
"""Share of five-word sequences out of the seed from which a passage is its copy, not another text."""
SUBJECTS = 40
"""How many of the seed's most frequent content words count as what it is about."""


def why_other_language(case: Case) -> str | None:
    """Check `passage_language`."""
    if case.content.transformer == IDENTITY:
        return None
    found = other_language(case.content.text, case.language)
    if found is None:
        return None
    return f"the passage is in {language_name(found)}; write it in {language_name(case.language or '')}"


def why_unclean(case: Case) -> str | None:
    """Check `passage_clean`."""
    text, seed = case.content.text, case.seed.text
    if case.content.transformer == IDENTITY:
        token = control_token(text)
        return f"the text holds {token!r}, a control token of a chat" if token else None
    if first := preamble(text):
        return f"the passage begins with talk about it ({first[:80]!r}); hand in the passage alone"
    if found := leak(text, case.prompts, seed):
        return f"the passage {found}; take it out"
    for pattern, what in _META_TALK:
        match = pattern.search(text)
        if match and match[0].casefold() not in seed.casefold():
            return f"the passage speaks of {what} ({match[0].strip()[:60]!r}); a reader knows nothing of it"
    if end := cut_end(text):
        return f"the passage breaks off ({end!r}); write it to its end, shorter if need be"
    return None


def why_thin(case: Case) -> str | None:
    """Check `passage_substantial`."""
    text = case.content.text
    count = count_words(text)
    if case.content.transformer == IDENTITY:
        return f"the text has only {count} words" if count < FEWEST_SEED_WORDS else None
    if count < FEWEST_WORDS:
        return f"the passage has only {count} words; write at least {FEWEST_WORDS}"
    if found := repetition(text):
        return f"the passage {found}; write each thing once"
    if _is_outline(text):
        return "the passage is a list of headings; write whole sentences"
    if case.parent is None:
        return _why_copied(case) or _why_unrelated(case)
    return None


def cut_end(text: str) -> str | None:
    """The last words of a text that was cut off in the middle of a sentence, or `None`."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines or text.count("```") % 2:
        return lines[-1][-30:] if lines else None
    last = lines[-1]
    bare = last.rstrip("*_ ")
    end = last[-30:]
    if re.search(r"[,;\uff0c\u3001\uff1b\u060c(\[\u201c\u00ab\u300c]$|\w-$", bare):
        # a verse may end like that, the poem may not
        return end
    if _UNFINISHED.search(bare):
        return end
    others = [line for line in lines[:-1] if count_words(line) > 6]
    prose = [line for line in others if _CLOSED.search(line)]
    is_prose = len(prose) >= 0.7 * len(others) if others else count_words(last) > 25
    marked = re.match(r"[-*+\u2022#|>]|\d+[.)]|\(|\[", last) is not None
    if is_prose and not marked and count_words(last) > 6 and not _CLOSED.search(last):
        return end
    return None


_UNFINISHED = re.compile(
    r"\b(?:and|or|but|the|a|an|of|to|in|with|for|because|that|which|who|is|are|was|were|by|as|from)$"
)
_CLOSED = re.compile(
    r"[.!?:\u2026\u3002\uff01\uff1f\uff1a।\u061f\u06d4\"'"
    r"\u201d\u2019\u00bb\u300d\u300f)\]*_`|\u2014-]\s*$"
)
_META_TALK = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), what)
    for pattern, what in (
        (
            r"\b(?:the|this) (?:source|seed|provided) (?:text|passage|material|document|content)\b"
            r"|\bsource material\b|\bbased on the (?:provided|given|source|seed)\b",
            "its source",
        ),
        (
            r"\b(?:this|the following|the above) (?:passage|text|story|poem|argument|dialogue) "
            r"(?:is|was|has been) (?:written|designed|intended|created|rewritten|based on|a rewrit)",
            "itself",
        ),
        (
            r"\bthe task (?:is|was) to (?:write|rewrite)\b|\bword count\s*:"
            r"|\(\s*(?:about |approximately |~)?\d+ words\s*\)\s*$"
            # at the start of a line, since the people of a dialogue say so too
            r"|^\W*+(?:let me know if (?:you|this)|I hope (?:this|that) (?:helps|meets))\b"
            r"|^\W*+(?:end of (?:the )?(?:passage|text|source)|note to (?:the )?(?:user|reader|editor))\b",
            "the task",
        ),
        (
            r"^\W*+note\W*: (?:this|the) (?:passage|text|story|poem|rewrit\w+|version|argument|dialogue"
            r"|above)\b",
            "itself",
        ),
    )
)


def _is_outline(text: str) -> bool:
    """Whether most of a text stands in headings and stubs."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    stubs = [line for line in lines if _is_stub(line)]
    written = sum(count_words(line) for line in lines) - sum(count_words(line) for line in stubs)
    return len(stubs) >= 3 and (written < 30 or written < 0.4 * count_words(text))


def _is_stub(line: str) -> bool:
    if re.match(r"#+ |\*\*[^*]+\*\*:?$|={3,}|-{3,}", line) or line.endswith(":"):
        return True
    return bool(re.match(r"[-*+\u2022]\s|\d+[.)]\s|[IVX]+\.\s", line)) and count_words(line) < 7


def _why_copied(case: Case) -> str | None:
    if copied_share(case.content.text, case.seed.text) > MOST_COPIED:
        return "the passage is nearly the source itself; write a text of your own, of the kind you were asked for"
    return None


def _why_unrelated(case: Case) -> str | None:
    if case.language and case.seed.language and case.language.split("-")[0] != case.seed.language.split("-")[0]:
        return None  # a translation shares hardly any words with its source
    passage = terms(case.content.text, case.language)
    subjects = frequent_terms(case.seed.text, case.language, SUBJECTS)
    needed = min(3, max(1, len(subjects) // 8))
    if len(passage & subjects) >= needed or share(passage, terms(case.seed.text, case.language)) >= 0.25:
        return None
    return "the passage has nothing to do with the source: hardly any of its names, things or terms come from there"
