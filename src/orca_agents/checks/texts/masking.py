"""Judge tasks that take out or exchange words: every place is named, and nothing is left hanging in the result."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.constraints import read_constraints
from orca_agents.constraints.dates import dates_in
from orca_agents.constraints.edits import Swap
from orca_agents.constraints.measure import fold, occurrences, sentences_of
from orca_agents.records import Instruction


def why_incomplete(case: Case) -> str | None:
    """Check `masks_complete`."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    lines = item.hidden.get("constraints", ())
    if (case.language or "en").startswith("en") and (plural := _forgotten_plural(lines, item)):
        return f"the text also says {plural!r}; add a line for it, or leave that word out of the task"
    hidden = _taken_out(lines)
    if not hidden:
        return None
    left = fold(item.content.text)
    for words in sorted(hidden, key=len, reverse=True):
        left = re.sub(rf"(?<!\w){re.escape(fold(words))}(?!\w)", " \u25a1 ", left)
    for words in hidden:
        parts = re.findall(r"[^\W\d_][\w'\u2019-]+", words)
        if not 2 <= len(parts) <= 4 or not all(part[0].isupper() for part in parts):
            continue  # not a name
        name = next((part for part in parts if len(part) > 2 and occurrences(left, part)), None)
        if name is not None:
            return f"the text also says {name!r} where it does not say {words!r}; add a line for it"
    for asked, pattern, called in _PATTERNS:
        if re.search(asked, item.question, re.IGNORECASE):
            found = next((match[0] for match in re.finditer(pattern, left) if not dates_in(match[0])), None)
            if found is not None:
                return f"the task asks for every {called}, and {found!r} has no line"
    return None


def why_left_hanging(case: Case) -> str | None:
    """Check `nothing_left_hanging`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    kinds = {one.kind.name for one in read_constraints(item.hidden.get("constraints", ()))}
    text, source = case.draft.answer.value[0], item.content.text
    if kinds & {"masks", "replaces"}:
        marks = re.findall(r"\[[A-Z][A-Z0-9 _-]{1,30}\]", item.question)
        if lacking := next((mark for mark in marks if mark not in text), None):
            return f"the task asks for the mark {lacking!r}, which stands nowhere"
    if not kinds & {"removes", "replaces"} or "letter_case" in kinds:
        return None
    small = _small_starts(text)
    if len(small) > len(_small_starts(source)):
        return f"a sentence begins with a small letter now: {small[0]!r}"
    if "removes" not in kinds:
        return None
    for pattern in _HANGING:
        if len(re.findall(pattern, text)) > len(re.findall(pattern, source)):
            match = re.search(rf".{{0,15}}(?:{pattern}).{{0,15}}", text)
            shown = match[0].strip() if match else pattern
            return f"signs were left behind where words went ({shown!r}); mend the sentence"
    return None


def _forgotten_plural(lines: tuple[str, ...], item: Instruction) -> str | None:
    """The plural of a word that is exchanged for another, where the text has it and no line does."""
    if re.search(r"\bsingular\b", item.question, re.IGNORECASE):
        return None
    swaps = [one.value for one in read_constraints(lines) if isinstance(one.value, Swap)]
    named = " | ".join(swap.old for swap in swaps)
    for swap in swaps:
        if re.search(r"[a-z]{3}$", swap.old) and swap.new[-1:].isalpha():
            for plural in (f"{swap.old}s", f"{swap.old}es", re.sub(r"y$", "ies", swap.old)):
                if plural != swap.old and occurrences(item.content.text, plural) and not occurrences(named, plural):
                    return plural
    return None


def _small_starts(text: str) -> list[str]:
    """How those sentences begin that begin with a small letter; `iPhone` and `xxx` are written like that anywhere."""
    starts = [one.strip()[:30] for one in sentences_of(text)]
    return [start for start in starts if re.match(r"(?!x+\b)[^\W\d_]+\b", start) and start.split()[0].islower()]


def _taken_out(lines: tuple[str, ...]) -> list[str]:
    """What is masked or removed, and what a mark takes the place of."""
    found = []
    for constraint in read_constraints(lines):
        if constraint.kind.name in ("masks", "removes"):
            found.append(str(constraint.value))
        elif isinstance(constraint.value, Swap) and re.match(r"[\[<({*#_X\u2588]", constraint.value.new):
            found.append(constraint.value.old)
    return found


_PATTERNS = (
    (
        r"\be-?mail address|\b(?:all|every|each|any) e-?mails?\b|\[E-?MAIL",
        r"[\w.+-]{1,60}@[\w-]{1,60}\.[\w.-]{2,40}\w",
        "e-mail address",
    ),
    (r"\b(?:tele)?phone numbers?\b", r"(?<![\w-])\+?\(?\d[\d ()-]{5,18}\d(?![\w-])", "telephone number"),
)
_HANGING = (r",\s*,", r"\(\s*\)", r"\[\s*\]", r"(?<=\w) +[.,](?=\s|$)", r"(?:^|[.!?]\s)[,;]")
