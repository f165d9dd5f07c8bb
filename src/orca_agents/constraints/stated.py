"""Compare constraints with the task that a student reads: each is said there, and what is said is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from orca_agents.arithmetic import numbers_in
from orca_agents.constraints.kind import Saying
from orca_agents.constraints.measure import fold
from orca_agents.constraints.reading import Constraint


def unstated(constraints: Sequence[Constraint], task: str, language: str | None) -> list[str]:
    """The constraints that a student cannot know of, each with what the task would have to say."""
    is_english = language is None or language.startswith("en")
    spoken = {number.value for number in numbers_in(task)}
    found = []
    for constraint in constraints:
        for saying in constraint.kind.says(constraint.value):
            if not _is_said(saying, task, spoken, is_english=is_english):
                found.append(f"`{constraint.line}`: the task does not say {_told(saying, constraint)}")
                break
    return found


def unchecked(constraints: Sequence[Constraint], task: str, language: str | None) -> list[str]:
    """Measurable demands of a task (in English) that no constraint holds an answer to."""
    if language is not None and not language.startswith("en"):
        return []
    held = {number for constraint in constraints for number in _numbers(constraint.value)}
    # a number of lines or sentences may also follow from a scheme or an acrostic
    held |= {len(str(one.value)) for one in constraints if one.kind.name in ("acrostic", "sentence_acrostic", "rhyme")}
    held |= {len(one.value) for one in constraints if one.kind.name == "syllables" and isinstance(one.value, tuple)}
    found = []
    for match in _DEMAND.finditer(task):
        before = re.split(r"[.;!?]\s", task[max(0, match.start() - 90) : match.start()])[-1]
        after = task[match.end() : match.end() + 40]
        if not _LENGTH.search(match[0]) and not _LIMIT.search(before):
            continue  # three lines may also be what somebody in a story writes
        if (
            _LOOSE.search(before)
            or _EACH.search(before)
            or re.match(r"\s*(?:each|per|apiece|or so)\b", after, re.I)
            or _FACT.search(before)
        ):
            continue
        wanted = {number.value for number in numbers_in(match["number"])}
        if wanted and not any(Fraction(one) in wanted for one in held):
            found.append(f"the task asks for {match[0]!r}, but no constraint says so; add one")
    return found


def _is_said(saying: Saying, task: str, spoken: set[Fraction], *, is_english: bool) -> bool:
    match saying:
        case int():
            return Fraction(saying) in spoken or re.search(rf"(?<!\d){saying}(?!\d)", task.replace(",", "")) is not None
        case str():
            wanted = " ".join(re.findall(r"\w+", fold(saying)))
            return wanted in " ".join(re.findall(r"\w+", fold(task))) or fold(saying) in fold(task)
        case re.Pattern():
            return not is_english or saying.search(task) is not None


def _told(saying: Saying, constraint: Constraint) -> str:
    if isinstance(saying, re.Pattern):
        return f"so (it should name {constraint.line.partition(':')[2].strip() or constraint.kind.name!r})"
    return f"{saying!r}" + ("; write it in digits" if isinstance(saying, int) else "")


def _numbers(value: object) -> list[int]:
    if isinstance(value, int):
        return [value]
    return [part for part in value if isinstance(part, int)] if isinstance(value, tuple) else []


_UNIT = (
    r"(?:words?|characters?|sentences?|lines?|paragraphs?|bullet(?:ed)?(?: points?)?|bullets|headings?|stanzas?"
    r"|columns?|rows?"
    r"|list items?|syllables?)"
)
_SPELLED = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty"
    r"|ninety|(?:one|two|three|four|five|a) hundred)"
)
_DEMAND = re.compile(
    rf"\b(?P<number>\d{{1,3}}(?:,\d{{3}})+|\d{{1,5}}|{_SPELLED})[ -](?:(?:or fewer|or more|short|single|full"
    rf"|complete|rhymed) )?{_UNIT}\b",
    re.I,
)
_LENGTH = re.compile(r"(?:words?|characters?|syllables?)$", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:at (?:most|least)|exactly|precisely|(?:no|not|fewer|less) (?:more |fewer |less )?than|up to|within"
    r"|maximum of|minimum of|limit\w* (?:it |this |the \w+ )?to|in|into)\s+(?:only |just )?$",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"\b(?:about|around|roughly|approximately|some|nearly|circa|ca\.|each|every|per|one or|line|lines"
    r"|any)\W*(?:\w+\W+){0,2}$|[-\u2013]\s*$",
    re.I,
)
_EACH = re.compile(r"\b(?:each|every|per|any|all)\b", re.IGNORECASE)
_FACT = re.compile(
    r"[\"\u201c'][^\"\u201d\n]*$|\b(?:the (?:first|last|next|other|opening|closing|final|following|same|these"
    r"|those)|these|those|first|last)\W+$",
    re.I,
)
