"""What the outputs of all examples have in common in form, and whether another output has it too."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

ENOUGH = 3
"""From so many examples on, a form that they share is no accident."""


def why_other_form(outputs: Sequence[str], answer: str) -> str | None:
    """What the form of the outputs is that an answer does not have, or `None`."""
    if len(outputs) < 2:
        return None
    whole = re.compile(r"-?\d+")
    if all(whole.fullmatch(text) for text in outputs) and not whole.fullmatch(answer):
        return "all examples end in a whole number, written in digits alone"
    number = re.compile(r"-?\d+(?:[.,]\d+)?")
    if all(number.fullmatch(text) for text in outputs) and not number.fullmatch(answer):
        return "all examples end in a number alone"
    if (reason := _why_other_json(outputs, answer)) is not None:
        return reason
    if all("\n" not in text for text in outputs) and "\n" in answer:
        return "the outputs of all examples are single lines"
    if (reason := _why_other_last_line(outputs, answer)) is not None:
        return reason
    if len(outputs) < ENOUGH:
        return None
    for sign in "|\t":
        counts = {text.count(sign) for text in outputs}
        if len(counts) == 1 and counts != {0} and answer.count(sign) not in counts:
            return f"the outputs of all examples have {counts.pop()} of the sign {sign!r}"
    if (start := _common_start(outputs)) and not answer.startswith(start):
        return f"the outputs of all examples begin with {start!r}"
    if (end := _common_start([text[::-1] for text in outputs])[::-1]) and not answer.endswith(end):
        return f"the outputs of all examples end with {end!r}"
    letters = "".join(outputs)
    if any(sign.isalpha() for sign in letters) and any(sign.isalpha() for sign in answer):
        if letters.isupper() and len(letters) > 2 * ENOUGH and not answer.isupper():
            return "the outputs of all examples are in capitals"
        if letters.islower() and len(letters) > 5 * ENOUGH and not answer.islower():
            return "the outputs of all examples are in small letters"
    return None


def _why_other_last_line(outputs: Sequence[str], answer: str) -> str | None:
    """Worked steps end in one line of one make: `Answer: 12`."""
    labels = {_label_of(text) for text in outputs}
    if len(labels) != 1 or not (label := labels.pop()) or not all("\n" in text for text in outputs):
        return None
    if "\n" not in answer:
        return "the outputs of all examples have several lines: steps, and a last line with what they come to"
    return None if _label_of(answer) == label else f"the last line of all examples begins with {label!r}"


def _label_of(text: str) -> str:
    match = re.match(r"[^\d:=\n]{1,40}[:=\uff1a]\s*", text.rsplit("\n", 1)[-1])
    return match[0] if match else ""


def _why_other_json(outputs: Sequence[str], answer: str) -> str | None:
    given = [_object(text) for text in outputs]
    if not all(isinstance(data, dict) for data in given):
        return None
    data = _object(answer)
    if not isinstance(data, dict):
        return "the outputs of all examples are JSON objects"
    names = {tuple(one) for one in given}
    if len(names) == 1 and tuple(data) not in names:
        return f"the outputs of all examples are JSON objects with the keys {', '.join(names.pop())}, in this order"
    return None


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _common_start(texts: Sequence[str]) -> str:
    """What all texts begin with, up to the last sign that is no letter or digit; signs of numbers are accidents."""
    first, last = min(texts), max(texts)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    start = first[:same]
    match = re.match(r"(.*[^\w\s+.,-])\s?", start, re.DOTALL)
    return match[0] if match and len(start) < min(map(len, texts)) else ""
