"""Read conditions on a site's variables, and tell whether they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from orca_agents.dialogues.web.site import Condition, Relation, number, things
from orca_agents.dialogues.words import plain

KINDS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(?:\.[^@\s.]{1,63}){1,4}"),
    "phone": re.compile(r"\+?[\d ()/.-]{6,24}"),
    "number": re.compile(r"-?\d{1,12}(?:[.,]\d{1,6})?"),
    "date": re.compile(
        r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{1,2}\.? \w{3,12} \d{4}|\w{3,12} \d{1,2}, \d{4}"
    ),
    "time": re.compile(r"\d{1,2}[:.]\d{2}(?: ?[ap]\.?m\.?)?", re.IGNORECASE),
}
"""What `is` can ask of a value, beside `empty`."""
_CONDITION = re.compile(
    r"(?P<variable>[^\W\d][\w.]*)\s*"
    r"(?:(?P<relation>==|!=|>=|<=|\bhas\b|\blacks\b)\s*(?P<value>\S.*)|is\s+(?P<no>not\s+)?(?P<kind>\w+))?"
)


def read_condition(text: str) -> Condition:
    """The condition that a text states; a variable alone must be filled in. Raises `ValueError`."""
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text.strip()[:80]!r} is no condition; write `variable == value`, or !=, >=, <=, has, lacks, "
            "`is empty`, `is not empty`, `is email`"
        )
    variable = match["variable"]
    if match["relation"]:
        value = match["value"].strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if match["relation"] in (">=", "<=") and number(value) is None:
            raise ValueError(f"{text.strip()[:80]!r}: behind {match['relation']} belongs a number")
        return Condition(variable, cast(Relation, match["relation"]), value)
    kind = (match["kind"] or "empty").lower()
    if kind != "empty" and kind not in KINDS:
        raise ValueError(f"{text.strip()[:80]!r}: behind `is` belongs empty, {', '.join(KINDS)}; a value needs `==`")
    is_not = match["no"] or not match["kind"]
    return Condition(variable, "is not" if is_not else "is", kind)


def holds(condition: Condition, values: Mapping[str, str]) -> bool:
    """Whether a condition is true of these values; a variable without one is empty."""
    own = values.get(condition.variable, "")
    match condition.relation:
        case "==":
            return same(own, condition.value)
        case "!=":
            return not same(own, condition.value)
        case "has":
            return plain(condition.value) in map(plain, things(own))
        case "lacks":
            return plain(condition.value) not in map(plain, things(own))
        case ">=" | "<=":
            left, right = number(own), number(condition.value)
            if left is None or right is None:
                return False
            return left >= right if condition.relation == ">=" else left <= right
        case "is" | "is not":
            return is_kind(own, condition.value) == (condition.relation == "is")


def same(a: str, b: str) -> bool:
    """Whether two values are the same; of several things, in whatever order."""
    return plain(a) == plain(b) or sorted(map(plain, things(a))) == sorted(map(plain, things(b))) != []


def is_kind(value: str, kind: str) -> bool:
    """Whether a value is of a kind that `is` names."""
    if kind == "empty":
        return not value.strip()
    return KINDS[kind].fullmatch(value.strip()) is not None
