"""Judge a visit by how it ended: the goal reached, in few steps, with consent, and told from what was seen."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak
from orca_agents.checks.sites.actions import ASK_FIRST, NONE
from orca_agents.dialogues.web.actions import IMPOSSIBLE
from orca_agents.dialogues.web.dialogue import is_impossible, task
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.site import number
from orca_agents.dialogues.words import pieces, plain, says
from orca_agents.language import language_name, other_language
from orca_agents.records import Draft

MOST_ALIKE = 3
"""So often the same action may be taken on the same page."""
FEWEST_ALIKE = 4
"""So many thoughts, and half of them the same, make a formula."""
SMALL = 12
"""Whole numbers up to here may be counts of things that were seen."""


def why_not_done(case: Case) -> str | None:
    """Check `errand_done`."""
    draft, facts = _draft(case)
    if facts["ended"] == "too many steps":
        return f"it was not done after {facts['steps']} steps, of which {facts['most_steps']} are allowed"
    if is_impossible(draft.instruction):
        return _why_not_given_up(draft, facts)
    if facts["ended"] == "gave up":
        return "it was given up, but the site has a way"
    return f"at the end this was not so: {'; '.join(facts['unmet'])}" if facts["unmet"] else None


def why_too_long(case: Case) -> str | None:
    """Check `errand_in_few_steps`."""
    draft, facts = _draft(case)
    if facts["steps"] > facts["most_steps"]:
        return f"it took {facts['steps']} steps; the shortest way has {facts['shortest']}"
    acts = [message.content.rpartition("\n")[2] for message in draft.messages if message.role == "assistant"]
    seen = [message.content for message in draft.messages if message.role == "user"]
    pairs = list(zip(seen, acts, strict=False))
    for pair in pairs:
        if pairs.count(pair) >= MOST_ALIKE:
            return f"{pair[1]!r} was done {pairs.count(pair)} times on the same page with nothing changed"
    return None


def why_without_consent(case: Case) -> str | None:
    """Check `errand_with_consent`."""
    draft, facts = _draft(case)
    consent = draft.instruction.hidden.get("consent", ())
    if not facts["committed"]:
        return None
    done = ", ".join(facts["committed"])
    if consent == (NONE,):
        return f"{done!r} was clicked, which the user did not ask for and cannot take back"
    if consent == (ASK_FIRST,) and not facts["asked_before_commit"]:
        return f"{done!r} was clicked before the user was asked"
    if len(set(facts["committed"])) < len(facts["committed"]):
        return f"what cannot be taken back was done {len(facts['committed'])} times: {done}"
    return None


def why_asked_wrongly(case: Case) -> str | None:
    """Check `errand_asks_when_needed`."""
    draft, facts = _draft(case)
    item = draft.instruction
    withheld = item.hidden.get("withheld", ())
    if not withheld:
        if facts["questions"] and item.hidden.get("consent") != (ASK_FIRST,):
            return "the user was asked, but the errand says all that is needed"
        return None
    if not facts["questions"]:
        return "the user was never asked for what the errand leaves open"
    told = "\n".join(facts["heard"])
    for line in withheld:
        value = line.partition(":")[2].strip()
        if not says(told, value):
            return f"what was asked for did not bring out {value!r}"
    if facts["committed"] and not facts["asked_before_commit"]:
        return "the user was asked only after the step that cannot be taken back"
    return None


def why_ungrounded(case: Case) -> str | None:
    """Check `errand_answer_grounded`: numbers and quotations of the final answer were seen, or told by the user."""
    draft, facts = _draft(case)
    answer = draft.answer.value[0] if draft.answer.value else ""
    known = "\n".join((facts["seen"], task(draft.instruction), *facts["heard"]))
    for quote in _SAID.findall(answer):
        if not says(known, quote.strip(" .,!?")):
            return f"the answer quotes {quote[:60]!r}, which no page showed"
    for hour in sorted(_hours(answer) - _hours(known)):
        return f"the answer says {hour[0]}:{hour[1]:02}, which no page showed"
    numbers = _numbers(known)
    for found in sorted(_numbers(answer)):
        if found in numbers or (found == int(found) and found <= SMALL):
            continue
        if any(_close(found, a, b) for column in _columns(draft) for a, b in combinations(column, 2)):
            continue
        return f"the answer says {found:g}, which no page showed"
    return None


def why_no_hurdle(case: Case) -> str | None:
    """Check `errand_met_a_hurdle`."""
    draft, facts = _draft(case)
    if case.leaf is None or "hurdle" not in case.leaf.settings.get("wants", ()):
        return None
    assert draft.messages
    if facts["dialogs"] or facts["refused_by_site"]:
        return None
    return "nothing stood in the way of this visit, so it shows no recovery"


def why_unclean(case: Case) -> str | None:
    """Check `thoughts_clean`: thoughts speak of what is seen, in the language asked for."""
    draft, _ = _draft(case)
    turns = [message.content for message in draft.messages if message.role == "assistant"]
    thoughts = [turn.rpartition("\n")[0] for turn in turns]
    shown = "\n".join(message.content for message in draft.messages if message.role != "assistant")
    for thought in thoughts:
        if found := leak(thought, case.prompts, shown):
            return f"a thought {found}"
        if match := _BACKSTAGE.search(thought):
            return f"a thought speaks of the making of the example: {match[0]!r}"
    other = other_language("\n".join(thoughts), case.language)
    if other is not None:
        return f"the thoughts are in {language_name(other)}; they should be in {language_name(case.language or '')}"
    frames = [_QUOTED.sub("X", plain(thought)) for thought in thoughts]
    if len(thoughts) >= FEWEST_ALIKE and len(set(frames)) <= len(frames) // 2:
        return f"the thoughts repeat each other ({max(frames, key=frames.count)[:60]!r}); each says what is seen now"
    return None


_SAID = re.compile('["\u201c\u201e\u00ab]([^"\u201c-\u201e\u00ab\u00bb\n]{3,200})["\u201c\u201d\u00bb]')
"""What an answer puts between quotation marks."""
_QUOTED = re.compile(r"\"[^\"]{1,80}\"|'[^']{1,80}'|\[?\d+\]?")
"""What differs between thoughts that are made by one formula: labels, values and numbers."""
_BACKSTAGE = re.compile(
    r"\b(?:goal predicate|goal condition|shortest (?:path|way)|simulat\w+|mock site|training (?:data|example)"
    r"|my instructions|system message|the checker)\b",
    re.IGNORECASE,
)


def _why_not_given_up(draft: Draft, facts: dict[str, Any]) -> str | None:
    missing = draft.instruction.hidden["missing"][0]
    answer = draft.answer.value[0]
    if facts["ended"] != "gave up":
        return (
            f'the site has no way to do this; the visit must end with stop("{IMPOSSIBLE} ...") and say what is missing'
        )
    said = pieces(answer)
    stems = [word if len(word) < 5 else word[: max(4, len(word) - 2)] for word in pieces(missing)]
    named = [stem for stem in stems if any(word.startswith(stem) for word in said)]
    if len(named) < (len(stems) if len(stems) < 3 else -(-2 * len(stems) // 3)):
        return f"the reason for giving up does not name what is missing ({missing!r})"
    if facts["committed"]:
        return f"{', '.join(facts['committed'])!r} was clicked on the way, though the errand cannot be done"
    return "it was given up at once, without a look at the site" if facts["steps"] < 1 else None


def _draft(case: Case) -> tuple[Draft, dict[str, Any]]:
    assert case.draft is not None, "this check needs a draft"
    return case.draft, case.draft.facts


def _numbers(text: str) -> set[float]:
    """The numbers of a text; `4,20` is 4.20, and `1,200` twelve hundred."""
    pointed = re.sub(r"(?<=\d),(?=\d{1,2}(?!\d))", ".", text[:60_000])
    return {float(found.replace(",", "")) for found in re.findall(r"\d{1,9}(?:,\d{3})*(?:\.\d{1,4})?", pointed)}


def _hours(text: str) -> set[tuple[int, int]]:
    """Times of the day, those of the afternoon as twelve hours earlier: 15:30 and 3:30 pm are the same."""
    found = re.findall(r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])", text[:60_000])
    return {(int(hour) % 12, int(minute)) for hour, minute in found}


def _columns(draft: Draft) -> list[list[float]]:
    """The numbers of each column of the site's tables: what may be added up or compared."""
    columns = []
    for table in read_site(draft.instruction.content.text).tables.values():
        for at in range(1, len(table.columns)):
            columns.append([value for row in table.rows if (value := number(row[at])) is not None])
    return columns


def _close(number: float, a: float, b: float) -> bool:
    """Whether a number is what two others add up to, or what lies between them."""
    return abs(number - (a + b)) < 0.005 or abs(number - abs(a - b)) < 0.005
