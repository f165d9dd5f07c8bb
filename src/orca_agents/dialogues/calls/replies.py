"""Whether a response goes with the call that it answers: it repeats, filters and counts as the call says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orca_agents.dialogues.calls.grammar import Call
from orca_agents.dialogues.calls.sources import PAGING, folded

_LIMITS = ("limit", "max_results", "page_size", "per_page")
_COUNTS = ("count", "total_count", "total_results", "returned")


def why_other_than_asked(call: Call, reply: Any, *, reads: bool) -> str | None:
    """A field of the response that bears the name of a parameter says what was given for it; so do the entries of a
    list that was filtered by it. A number that is only looked up (an amount to convert) may come back as another."""
    for name, value in call.arguments.items():
        if isinstance(value, Mapping | list) or value is None or PAGING.fullmatch(name):
            continue
        told = reply.get(name) if isinstance(reply, Mapping) else None
        if told is not None and (isinstance(value, str) or not reads) and not _same(value, told):
            return f"the call says {name}={value!r}, but the response has {name} {told!r}; repeat what the call says"
        for row in _rows(reply) if reads else ():
            if problem := _why_filtered_out(name, value, row):
                return problem
    return None


def why_miscounted(call: Call, reply: Any) -> str | None:
    """A list is as long as its counter says, and no longer than the call allows."""
    if not isinstance(reply, Mapping):
        return None
    lists = [one for one in reply.values() if isinstance(one, list)]
    limit = next((call.arguments[name] for name in _LIMITS if name in call.arguments), None)
    if isinstance(limit, int) and any(len(one) > limit for one in lists):
        return f"the call asks for at most {limit} entries, but the response has more"
    for name in _COUNTS:
        told = reply.get(name)
        if isinstance(told, int) and len(lists) == 1:
            paged = limit is not None or any(PAGING.fullmatch(one) for one in (*call.arguments, *reply))
            if told < len(lists[0]) or (not paged and told != len(lists[0])):
                return f"{name} is {told}, but the list has {len(lists[0])} entries"
    return None


def _why_filtered_out(name: str, value: Any, row: Mapping[str, Any]) -> str | None:
    told = row.get(name)
    if isinstance(value, str) and isinstance(told, str):
        one, other = folded(value), folded(told)
        if one not in other and other not in one:
            return f"the call asks for {name}={value!r}, but an entry has {name} {told!r}; list only what fits"
    bound, _, field = name.partition("_")
    told = row.get(field)
    if not (isinstance(told, int | float) and isinstance(value, int | float)):
        return None
    if (bound == "min" and told < value) or (bound == "max" and told > value):
        return f"the call asks for {name}={value!r}, but an entry has {field} {told!r}; list only what fits"
    return None


def _rows(reply: Any) -> Iterator[Mapping[str, Any]]:
    """The entries of the lists of a response."""
    if isinstance(reply, Mapping):
        for one in reply.values():
            if isinstance(one, list):
                yield from (row for row in one if isinstance(row, Mapping))


def _same(value: Any, told: Any) -> bool:
    if isinstance(value, str) and isinstance(told, str):
        return folded(value) == folded(told)
    return bool(value == told)
