"""Judge the plan of a conversation: an opening as users write it, and what this kind of conversation needs."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.terms import frequent_terms, subject_terms
from orca_agents.dialogues.talk.dialogue import plan_of
from orca_agents.dialogues.talk.plan import Plan
from orca_agents.dialogues.talk.turns import LONGEST_USER, is_only_thanks, role_mark, states
from orca_agents.dialogues.words import says
from orca_agents.language import count_words
from orca_agents.records import Instruction

MAIN_TERMS = 15
"""How many of its most frequent words tell what a sheet is about: a conversation has one of them,"""
HEAD_CHARS = 120
"""or of those that it begins with,"""
FEWEST_SHARED = 3
"""or else so many others."""
_COUNTED = re.compile(r"(?:in its (?:answer|reply) to )?\bturn \d+\b|\bthe (?:assistant|user)\b", re.IGNORECASE)


def why_no_opening(case: Case) -> str | None:
    """Check `opening_as_users_write`."""
    item = _item(case)
    opening, count = item.question, count_words(item.question)
    if not 2 <= count <= LONGEST_USER * 2:
        return f"the opening has {count} words; users write 2 to {LONGEST_USER * 2}"
    if reason := role_mark(opening):
        return f"the opening: {reason}"
    if match := _STAGE_TALK.search(opening):
        return f"the opening says {match[0]!r}, which belongs to the plan; write the user's own words"
    if is_only_thanks(opening):
        return "the opening only greets; the user says what is on its mind, or begins to talk"
    for rule in plan_of(item).asked_in(1):
        if not states(opening, rule):
            return f"the rule `{rule.line}` is of turn 1, but the opening does not make it clear"
    return None


def why_not_of_leaf(case: Case) -> str | None:
    """Check `plan_of_its_kind`."""
    item = _item(case)
    if case.leaf is None:
        return None
    plan, settings = plan_of(item), case.leaf.settings
    fewest = int(settings.get("turns", 2))
    if plan.turns < fewest:
        return f"the user speaks {plan.turns} times; in this kind of conversation {fewest} at least"
    if settings.get("tutors") and (reason := _why_result_unplanned(plan, item)):
        return reason
    for want in settings.get("wants", ()):
        if not _has(want, plan, item):
            return _LACKS[want]
    return None


def why_not_from_scenario(case: Case) -> str | None:
    """Check `plan_from_scenario`: the conversation is about what the sheet is about."""
    item = _item(case)
    told = (item.question, *item.key, *item.hidden.get("rubric", ()), *item.hidden.get("persona", ()))
    own = subject_terms("\n".join(_COUNTED.sub(" ", text) for text in told), case.language)
    sheet = item.content.text
    main = frequent_terms(sheet, case.language, MAIN_TERMS) | subject_terms(sheet[:HEAD_CHARS], case.language)
    if not own & main and len(own & subject_terms(sheet, case.language)) < FEWEST_SHARED:
        return "this conversation has nothing to do with the material that it was to be planned from"
    return None


def _why_result_unplanned(plan: Plan, item: Instruction) -> str | None:
    result = "".join(item.hidden.get("result", ())[:1])
    if says(item.question, result):
        return f"the opening already says the result, {result!r}; the student is to find it"
    first = min(3, plan.turns - 1)
    if any(told.turn >= first and says(told.words, result) for told in plan.reveals):
        return None
    return f"the student never says the result, {result!r}, in turn {first} or later; put it into `reveals`"


def _has(want: str, plan: Plan, item: Instruction) -> bool:
    match want:
        case "reveals":
            return any(told.turn > 1 for told in plan.reveals)
        case "rules":
            return len({rule.turn for rule in plan.rules if rule.how != "ends"}) >= 2
        case "recalls":
            return any(recall.turn >= 3 for recall in plan.recalls)
        case "questions":
            return any(_asks_several(text) for text in (item.question, *(move.words for move in plan.moves)))
        case _:
            raise KeyError(f"no plan can be asked for {want!r}; there are reveals, rules, recalls, questions")


def _asks_several(text: str) -> bool:
    """Whether a turn, or the stage direction for it, seems to hold more than one question."""
    marks = len(re.findall(r"[?\uff1f\u061f]", text))
    return marks >= 2 or _SEVERAL.search(text) is not None or marks + len(_ASKING.findall(text)) >= 3


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


_SEVERAL = re.compile(r"\b(?:two|three|four|several|both|[2-5]) (?:\w+ ){0,2}(?:questions|things)\b")
_ASKING = re.compile(
    r"\b(?:what|how|when|where|why|which|who|whether|is (?:it|there|that)|does (?:it|that|this)|do I|can I|should I)\b",
    re.IGNORECASE,
)
_STAGE_TALK = re.compile(
    r"\bturn \d\b|\b(?:my|the) persona\b|\bthe (?:user|assistant) (?:will|should|then|asks|replies)\b"
    r"|\bmax_words\b|\brubric\b",
    re.IGNORECASE,
)
_LACKS = {
    "reveals": "nothing is told later than in the opening; plan at least one fact for turn 2 or after (`reveals`)",
    "rules": "this kind of conversation needs two rules, stated in two different turns",
    "recalls": "nothing has to be remembered; plan words of an early turn that the answer to turn 3 or later must hold",
    "questions": "in no turn the user asks several things; let the opening, or a move, hold two questions or more",
}
