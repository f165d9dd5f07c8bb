"""Judge a whole conversation: who speaks when, whether the plan was kept, what was remembered, and how it reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak
from orca_agents.checks.repetition import repetition
from orca_agents.dialogues.talk.dialogue import is_grounded, plan_of
from orca_agents.dialogues.talk.turns import (
    is_only_thanks,
    role_mark,
    states,
    why_breaks_rules,
    why_unfitting,
)
from orca_agents.dialogues.words import pieces, plain, says
from orca_agents.language import count_words, language_name, other_language
from orca_agents.numerals import numbers_in
from orca_agents.records import Draft

SHORT_TURN = 12
"""Words of a turn that leans on what was said before."""
FEWEST_PROSE = 12
"""Words below which no language can be told."""


def why_roles_mixed(case: Case) -> str | None:
    """Check `talk_roles`: user and assistant take turns, from the user's first to the assistant's last."""
    draft = _draft(case)
    roles = [message.role for message in draft.messages if message.role != "system"]
    if any(message.role == "system" for message in draft.messages[1:]):
        return "a system message stands inside the conversation"
    if roles != ["user", "assistant"] * (len(roles) // 2):
        return f"the roles do not alternate from user to assistant: {', '.join(roles)}"
    wanted = plan_of(draft.instruction).turns
    if len(roles) != 2 * wanted:
        return f"there are {len(roles) // 2} exchanges, but {wanted} were planned"
    for message in draft.messages:
        if message.role != "system" and (reason := role_mark(message.content)):
            return f"a turn of the {message.role}: {reason}"
    return None


def why_rules_broken(case: Case) -> str | None:
    """Check `talk_keeps_rules`: each answer keeps to every demand that is in force when it is given."""
    draft = _draft(case)
    plan = plan_of(draft.instruction)
    for turn, reply in enumerate(_turns(draft, "assistant"), 1):
        if reason := why_breaks_rules(reply, plan, turn):
            return f"answer {turn}: {reason}"
    return None


def why_plan_left(case: Case) -> str | None:
    """Check `talk_follows_plan`: each fact is told in its turn, by the user, and each demand is made in its turn."""
    draft = _draft(case)
    plan, said, replies = plan_of(draft.instruction), _turns(draft, "user"), _turns(draft, "assistant")
    known = draft.instruction.content.text if case.leaf is not None and is_grounded(case.leaf) else ""
    for told in plan.reveals:
        if told.turn > len(said) or not says(said[told.turn - 1], told.words):
            return f"the user does not say {told.words!r} in turn {told.turn}"
        before = [turn for turn, text in enumerate(said[: told.turn - 1], 1) if says(text, told.words)]
        if before:
            return f"the user says {told.words!r} in turn {before[0]} already"
        if _is_telling(told.words) and not says(known, told.words):
            early = [turn for turn, text in enumerate(replies[: told.turn - 1], 1) if says(text, told.words)]
            if early:
                return f"the assistant says {told.words!r} in turn {early[0]}, before the user has told it"
    for rule in plan.rules:
        if rule.turn <= len(said) and not states(said[rule.turn - 1], rule):
            return f"the user does not make the demand `{rule.line}` in turn {rule.turn}"
    return None


def why_forgotten(case: Case) -> str | None:
    """Check `talk_remembers`: what was said early is used in the answer that needs it."""
    draft = _draft(case)
    said, replies = _turns(draft, "user"), _turns(draft, "assistant")
    for recall in plan_of(draft.instruction).recalls:
        if recall.turn > len(replies):
            continue
        if says(said[recall.turn - 1], recall.words):
            return f"the user says {recall.words!r} again in turn {recall.turn}, so its answer shows no memory"
        if not _holds(replies[recall.turn - 1], recall.words):
            return f"the answer to turn {recall.turn} does not hold {recall.words!r}, which the user said before"
    return None


def why_told_too_soon(case: Case) -> str | None:
    """Check `talk_lets_student_find`: the tutor does not say the result before the student does, and it is found."""
    draft = _draft(case)
    if not (result := draft.instruction.hidden.get("result", ())):
        return None
    said, replies = _turns(draft, "user"), _turns(draft, "assistant")
    found = next((turn for turn, text in enumerate(said, 1) if turn > 1 and says(text, result[0])), None)
    until = found - 1 if found is not None else len(replies) - 1
    for turn, reply in enumerate(replies[:until], 1):
        if says(reply, result[0]):
            return f"the tutor says {result[0]!r} in turn {turn}, before the student has found it"
    if found is None and not says(replies[-1], result[0]):
        return f"nobody ever says the result, {result[0]!r}"
    asks = [reply for reply in replies[:-1] if re.search(r"[?\uff1f\u061f]", reply)]
    return None if asks or len(replies) < 2 else "the tutor asks nothing; hints are questions as well as statements"


def why_not_asked(case: Case) -> str | None:
    """Check `talk_asks_first`: what is not told yet is asked for, where this kind of conversation is about that."""
    draft = _draft(case)
    if case.leaf is None or not case.leaf.settings.get("asks"):
        return None
    last = max((told.turn for told in plan_of(draft.instruction).reveals), default=1)
    early = _turns(draft, "assistant")[: max(1, last - 1)]
    if any(re.search(r"[?\uff1f\u061f]", reply) for reply in early):
        return None
    return "the assistant asks nothing before it has all the facts; it should ask for what is missing"


def why_dull(case: Case) -> str | None:
    """Check `talk_not_empty`: no turn is said twice, few are mere thanks, lengths fit."""
    draft = _draft(case)
    said, replies = _turns(draft, "user"), _turns(draft, "assistant")
    texts = [plain(text) for text in (*said, *replies)]
    if len(set(texts)) < len(texts):
        return "a turn is said twice, word for word"
    thanks = [text for text in (*said, *replies) if is_only_thanks(text)]
    if thanks:
        return f"{thanks[0][:60]!r} says nothing"
    for text, reply in zip(said, replies, strict=True):
        if (found := why_unfitting(reply, text)) or (found := repetition(reply)):
            return f"an answer of the assistant: {found}"
    starts = [" ".join(plain(reply).split()[:3]) for reply in replies]
    if len(replies) >= 3 and len(set(starts)) == 1:
        return f"every answer begins with {starts[0]!r}"
    return None


def why_unclean(case: Case) -> str | None:
    """Check `talk_clean`: the language asked for, nothing of the prompts or the plan."""
    draft = _draft(case)
    turns = [message for message in draft.messages if message.role != "system"]
    allowed = "\n".join((draft.instruction.question, draft.instruction.content.text))
    for message in turns:
        if found := leak(message.content, case.prompts, allowed):
            return f"a turn of the {message.role} {found}"
        if match := _PLAN_TALK.search(message.content):
            return f"a turn of the {message.role} speaks of the plan: {match[0]!r}"
        wants = {rule.kind for rule in plan_of(draft.instruction).rules}
        if count_words(message.content) >= FEWEST_PROSE and not wants & {"language", "languages"}:
            other = other_language(message.content, case.language)
            if other is not None:
                wanted = language_name(case.language or "")
                return f"a turn of the {message.role} is in {language_name(other)}, not in {wanted}"
    return None


def why_not_elliptic(case: Case) -> str | None:
    """Check `talk_leans_on_before`: after the goal of ellipsis, some later turn says little and means much."""
    draft = _draft(case)
    if draft.instruction.goal != "pronouns_and_ellipsis":
        return None
    later = _turns(draft, "user")[1:]
    if any(count_words(text) <= SHORT_TURN for text in later):
        return None
    return f"no later turn of the user is short ({SHORT_TURN} words) and leans on what was said before"


def _turns(draft: Draft, role: str) -> Sequence[str]:
    return [message.content for message in draft.messages if message.role == role]


def _is_telling(told: str) -> bool:
    """Whether words are so special that nobody says them by chance."""
    return bool(re.search(r"\d", told)) or count_words(told) >= 3


def _holds(reply: str, told: str) -> bool:
    """Whether an answer uses what was said: in these words, or all of them close together in other forms."""
    if says(reply, told):
        return True
    own, wanted = pieces(reply), pieces(told)
    numbers = {float(found.value) for found in numbers_in(reply)}
    return bool(wanted) and all(_is_among(word, own, numbers) for word in wanted)


def _is_among(word: str, own: list[str], numbers: set[float]) -> bool:
    if word.isdecimal():
        return word in own or float(word) in numbers
    stem = word if len(word) < 5 else word[: max(4, len(word) - 2)]
    return any(other.startswith(stem) for other in own)


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


_PLAN_TALK = re.compile(
    r"\b(?:my persona|stage direction|the planned move|my next move is to (?:ask|say|tell)|as planned in turn"
    r"|turn \d (?:of|in) the plan|max_words|min_words)\b|<<<[A-Z]|[A-Z]>>>",
    re.IGNORECASE,
)
