"""Tell texts that say nothing: placeholders, repetition, and what was cut at the length limit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.checks.matching import count_words, plain, same_wording, words


def text_problem(text: str, limit: int) -> str | None:
    """What is wrong with a text as a text, in words that continue "it ...", or `None`."""
    if is_placeholder(text):
        return "is a placeholder, not a text of its own"
    if repeats_itself(text):
        return "repeats itself"
    # a text that was cut at a space has lost that one since; a longer one was not cut at all
    if limit - 1 <= len(text) <= limit and not re.search(r"[.!?\u3002\uff01\uff1f\"'\u201d\u2019)]\s*$", text):
        return f"is cut off at {limit} characters"
    return None


def text_problems(name: str, texts: Sequence[str], limit: int) -> list[str]:
    """What is wrong with each of several texts, and which of them say the same."""
    found = [f"{name} {at} {problem}" for at, text in enumerate(texts, 1) if (problem := text_problem(text, limit))]
    found += [
        f"{name} {first + 1} and {name} {second + 1} are the same"
        for second in range(len(texts))
        for first in range(second)
        if same_wording(texts[first], texts[second]) or plain(texts[first]) == plain(texts[second])
    ]
    return found


def is_placeholder(text: str) -> bool:
    """Whether a text only stands where one should be: `option A`, `...`, `[your answer]`, nothing at all."""
    bare = plain(text).strip(" .,:;!?\"'*_-()\u3002\u2026")
    if not bare:
        return True
    if re.fullmatch(rf"[<\[{{].*\b(?:your|insert|here|{_THING})\b.*[>\]}}]", plain(text)):
        return True
    return bool(_PLACEHOLDER.fullmatch(bare))


def is_lone_letter(text: str) -> bool:
    """Whether a text is one Latin letter, as a model writes that mistakes the option for its mark."""
    return bool(re.fullmatch(r"[a-z]", plain(text).strip(" .:()\"'")))


def repeats_itself(text: str) -> bool:
    """Whether a text goes on by saying the same again, as small models do."""
    tokens = words(text)
    if len(tokens) >= 4 and len(set(tokens)) == 1:
        return True
    if count_words(text) < 9:
        return False
    triples = list(zip(tokens, tokens[1:], tokens[2:], strict=False))
    return len(set(triples)) < 0.6 * len(triples)


_THING = (
    "options?|choices?|answers?|statements?|events?|items?|points?|questions?|sentences?|text|word|phrase|distractors?"
    "|pair|rubric"
)
_ORDINAL = "first|second|third|fourth|fifth|sixth|last"
_PLACEHOLDER = re.compile(
    # "the second statement" may be a real answer; "second statement" and "statement 2" are labels
    rf"(?:an? )?(?:{_THING})|(?:{_ORDINAL}) (?:{_THING})"
    rf"|(?:(?:{_ORDINAL}) )?(?:{_THING}) (?:[a-h]|[0-9]{{1,2}}|one|two|three|four|five|six|here|text|goes here)"
    rf"|(?:the |an? )?(?:your|my|correct|right|wrong|incorrect|true|false|another|best) (?:{_THING})(?: here)?"
    r"|strings?|placeholder|lorem ipsum.*|todo|tbd|n/?a|null|undefined|insert .* here|etc"
)
