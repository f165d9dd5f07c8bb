"""Hold a long answer to the shape that its kind of question asks for: steps, sides, a verdict, doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from orca_agents.checks.api import Case
from orca_agents.language import count_words


def why_misshapen(case: Case) -> str | None:
    """Check `answer_shaped`."""
    assert case.draft is not None, "this check needs a draft"
    assert case.leaf is not None, "this check needs a leaf"
    text = "\n".join(case.draft.answer.value)
    fewest, most = case.leaf.settings.get("words", (0, 100_000))
    count = count_words(text)
    if not fewest <= count <= most:
        return f"the answer has {count} words; a good one to this question has {fewest} to {most}"
    english = case.language is None or case.language.startswith("en")
    shape = case.leaf.settings.get("shape")
    if shape is None or (not english and shape not in _ANY_LANGUAGE):
        return None
    return _SHAPES[shape](text)


def _why_no_steps(text: str) -> str | None:
    numbers = [int(number) for number in re.findall(r"^\s*+(?:\*\*)?(?:Step )?(\d{1,2})[.):]", text, re.MULTILINE)]
    if len(numbers) < 3:
        return "number the steps, each on a line of its own, three at least"
    if numbers[: max(numbers)] != list(range(1, max(numbers) + 1)):
        return f"the steps are numbered {', '.join(map(str, numbers))}; number them 1, 2, 3 without gaps"
    return None


def _why_one_sided(text: str) -> str | None:
    if not (_FOR.search(text) and _AGAINST.search(text)):
        return "give both sides: what speaks for it and what speaks against it, each with its reasons"
    return None


def _why_no_verdict(text: str) -> str | None:
    opening = " ".join(text.split()[:60])
    return None if _VERDICT.search(opening) else "say in the first sentence whether the belief is right, and how far"


def _why_too_sure(text: str) -> str | None:
    return None if _DOUBT.search(text) else "say how sure the matter is, and what is still open or disputed"


def _why_no_contrast(text: str) -> str | None:
    return None if _CONTRAST.search(text) or text.count("|") >= 8 else "set the two against each other, point by point"


def _why_no_choice(text: str) -> str | None:
    return None if _CHOICE.search(text) else "commit yourself: say what you recommend, and why within these limits"


def _why_no_end(text: str) -> str | None:
    end = " ".join(text.split()[-60:])
    return None if _END.search(end) else "end with a line that states what was shown"


_FOR = re.compile(
    r"\b(?:for|favou?r|support(?:ers?|s)?|proponents?|advocates?|pros?|advantages?|benefits?|defenders?)\b",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"\b(?:against|oppos\w+|critics?|cons|disadvantages?|drawbacks?|objections?|sceptics?|skeptics?|detractors?)\b",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"\b(?:myth|true|false|wrong|right|correct|incorrect|partly|half|mostly|misconception|not|no|yes|accurate|inaccurate"
    r"|misleading|mistaken|exaggerated|oversimplif\w+)\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:may|might|could|likely|unlikely|probably|perhaps|uncertain\w*|unclear|disput\w+|debated?|open question"
    r"|evidence|not (?:yet )?(?:known|settled|certain)|tentative\w*|limited|suggests?|confidence|caution\w*)\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(?:whereas|while|but|by contrast|in contrast|unlike|on the other hand|however|both|neither|differ\w*|compared"
    r"|than|similar\w*)\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"\b(?:recommend\w*|advise|suggest|best|choose|should|go with|start with|prefer|I would|opt for|pick|take)\b",
    re.IGNORECASE,
)
_END = re.compile(
    r"\b(?:therefore|hence|thus|so|q\.?e\.?d|which (?:is|was|proves|shows)|as (?:required|claimed|wanted|desired)"
    r"|proved|shown|follows|conclud\w+|this (?:proves|gives|shows|completes))\b|\u220e|=",
    re.IGNORECASE,
)
_SHAPES: Mapping[str, Callable[[str], str | None]] = {
    "steps": _why_no_steps,
    "sides": _why_one_sided,
    "verdict": _why_no_verdict,
    "doubt": _why_too_sure,
    "contrast": _why_no_contrast,
    "choice": _why_no_choice,
    "end": _why_no_end,
}
"""What `settings: {shape: ...}` of a leaf may name."""
_ANY_LANGUAGE = ("steps",)
