"""Judge single turns of a conversation: the user keeps to the plan, the assistant to its part and to the rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from orca_agents.constraints import unstated
from orca_agents.dialogues.talk.plan import Plan, Rule
from orca_agents.dialogues.words import plain, says
from orca_agents.language import count_words, detect, words

LONGEST_USER = 160
LONGEST_REPLY = 450
LONGEST_SMALL = 180
"""Words of an answer to a remark."""
FEW_WORDS = 3
"""So many words that ask nothing are a remark: four can be a task that was led up to, as `write it out then`."""
UNKNOWN = "und"
"""The code of a language that nobody could tell."""
ECHO = 12
"""So many words in a row that were just said by the other one are no turn of one's own."""


def why_not_users(text: str, plan: Plan, turn: int, earlier: Sequence[str], reply: str) -> str | None:
    """Why this is not the user's turn that was planned. `earlier` are its turns before, `reply` the last answer."""
    count = count_words(text)
    if not 1 <= count <= LONGEST_USER:
        return f"it has {count} words; people write at most {LONGEST_USER}"
    if reason := role_mark(text) or _assistants_words(text):
        return reason
    if reason := _why_repeated(text, earlier):
        return reason
    if is_only_thanks(text):
        return "it only says thanks; make the move that was planned"
    if _runs_alike(text, reply):
        return "it repeats the assistant's words; say it as the user would"
    for told in plan.told_in(turn):
        if not says(text, told):
            return f"it must say {told!r}, in these words"
    for recall in plan.recalls:
        if recall.turn == turn and says(text, recall.words):
            return f"it says {recall.words!r} again, which the assistant is to remember by itself; leave it out"
    for told in plan.told_after(turn):
        if says(text, told):
            return f"it already says {told!r}, which is kept for a later turn"
    for rule in plan.asked_in(turn):
        if not states(text, rule):
            return f"it must make clear, in the user's own words, the demand `{rule.line}`"
    return None


def why_not_assistants(text: str, plan: Plan, turn: int, earlier: Sequence[str], asked: str) -> str | None:
    """Why this is no good answer to a turn. `earlier` are the answers before, `asked` what the user just said."""
    if reason := role_mark(text) or _users_words(text):
        return reason
    if reason := _why_repeated(text, earlier):
        return reason
    if is_only_thanks(text):
        return "it says nothing; answer what the user said"
    if reason := why_breaks_rules(text, plan, turn):
        return reason
    return why_unfitting(text, asked)


def why_breaks_rules(text: str, plan: Plan, turn: int) -> str | None:
    """Which of the user's demands an answer does not keep to."""
    for constraint in plan.in_force(turn):
        if (reason := constraint.why_not(text)) is not None:
            return f"the user asked for `{constraint.line}`, but {reason}"
    return None


def why_unfitting(text: str, asked: str) -> str | None:
    """Why an answer is too long for what was said."""
    count = count_words(text)
    if count > LONGEST_REPLY:
        return f"it has {count} words; nobody reads more than {LONGEST_REPLY} in a conversation"
    asks = re.search(r"[?\uff1f\u061f:]|\d", asked) is not None
    if count_words(asked) <= FEW_WORDS and not asks and count > LONGEST_SMALL:
        return f"it has {count} words, in answer to {count_words(asked)}; fit its length to the turn"
    return None


def states(text: str, rule: Rule) -> bool:
    """Whether a user's turn makes a rule clear, as far as a program can tell: it names the number, or the words."""
    if rule.constraint is None:
        return True
    return not unstated((rule.constraint,), text, detect(text) or UNKNOWN)


def role_mark(text: str) -> str | None:
    """The mark of a role, as models write it that go on with the other's turn."""
    match = _ROLE.search(text)
    return (
        f"it holds {match[0].strip()!r}, the mark of a turn; write one turn alone, without a name before it"
        if match
        else None
    )


def is_only_thanks(text: str) -> bool:
    """Whether a turn holds thanks and greetings, and nothing else."""
    rest = [word for word in words(text) if word not in _THANKS]
    return len(words(text)) > 0 and not rest


def _assistants_words(text: str) -> str | None:
    match = _SERVICE.search(text)
    return f"{match[0]!r} is what an assistant says; speak as the user" if match else None


def _users_words(text: str) -> str | None:
    match = _PLAYS_USER.search(text)
    return f"{match[0]!r} speaks for the user; write the assistant's part alone" if match else None


def _why_repeated(text: str, earlier: Sequence[str]) -> str | None:
    own = words(text)
    for before in earlier:
        other = words(before)
        if plain(text) == plain(before) or (min(len(own), len(other)) >= 8 and _overlap(own, other) > 0.9):
            return "it says again what was said in an earlier turn"
    return None


def _overlap(own: list[str], other: list[str]) -> float:
    pairs, others = set(pairwise(own)), set(pairwise(other))
    return len(pairs & others) / max(1, max(len(pairs), len(others)))


def _runs_alike(text: str, reply: str) -> bool:
    own, other = words(text), words(reply)
    runs = set(zip(*(other[at:] for at in range(ECHO)), strict=False))
    return any(run in runs for run in zip(*(own[at:] for at in range(ECHO)), strict=False))


_ROLE = re.compile(
    r"^[ \t>#]*[*_]{0,3}(?:user|human|assistant|ai|bot|chatbot)\b[*_]*\s*(?:\(.{1,20}\))?:"
    r"|^\s*turn \d+\s*:|<\|?(?:user|assistant|system|im_start|im_end)\b[^>]{0,20}>",
    re.IGNORECASE | re.MULTILINE,
)
_SERVICE = re.compile(
    r"\b(?:how (?:can|may) I (?:help|assist) you|is there anything else I can (?:help|assist|do for) you"
    r"|I(?:'d| would) be (?:happy|glad) to (?:help|assist|explain)|as an AI,? I\b|I'm here to help"
    r"|let me know if you (?:have any (?:other |more |further )?questions|need (?:any )?(?:more |further )?help)"
    r"|feel free to (?:ask|reach out)|what can I help you with)\b",
    re.IGNORECASE,
)
_PLAYS_USER = re.compile(
    r"\b(?:as the user,? I|I am the user|my next (?:turn|message) (?:is|will be)"
    r"|\(?the user (?:then )?(?:replies|says|responds):)",
    re.IGNORECASE,
)
_THANKS = frozenset(
    "thanks thank you so much very a lot great ok okay perfect cool nice good bye goodbye cheers awesome "  # noqa: SIM905
    "wonderful got it re hello hi hey alright again for your the help and have day welcome super danke vielen dank "
    "prima merci beaucoup gracias muchas grazie mille obrigado obrigada dziękuję bardzo спасибо большое".split()
)
