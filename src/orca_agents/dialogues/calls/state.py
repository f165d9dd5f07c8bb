"""What the simulated back end has said so far, and whether its next reply goes with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orca_agents.dialogues.calls.grammar import Call
from orca_agents.dialogues.calls.library import Function
from orca_agents.dialogues.calls.replies import why_miscounted, why_other_than_asked
from orca_agents.dialogues.calls.sources import PAGING
from orca_agents.dialogues.calls.types import why_not_of_type
from orca_agents.language import words

Effect = Literal["reads", "creates", "changes", "deletes"]
MOST_CHARS = 6000
"""Of one reply, as JSON."""
_READS = frozenset(
    words(
        "get list search find fetch check lookup look query count show read compute calculate convert estimate predict "
        "compare validate describe suggest recommend quote preview summarize summarise status track view retrieve is "
        "has detect parse format analyze analyse translate match rank sort group filter forecast measure"
    )
)
_CREATES = frozenset(
    words(
        "create add book reserve order place register submit schedule send open insert log record upload post make "
        "issue request start new"
    )
)
_DELETES = frozenset(words("delete remove cancel drop purge revoke unsubscribe erase clear"))


_Thing = tuple[str, str]
"""The name of an id, and the id."""
_TITLE = re.compile(r"(?:^|_)(?:name|title)$")
"""Fields that are the same whatever a call asks for."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")


def effect_of(function: str) -> Effect:
    """What a function does to the state, told from the verb that its name begins with."""
    verb = function.split("_", 1)[0]
    if function.startswith(("check_in", "check_out")):
        return "changes"
    if verb in _READS:
        return "reads"
    if verb in _CREATES:
        return "creates"
    return "deletes" if verb in _DELETES else "changes"


@dataclass(frozen=True)
class Done:
    """A call that was answered."""

    call: Call
    ok: bool
    reply: Any
    """The response, or (where it failed) what went wrong, as text."""


@dataclass
class State:
    """The calls so far, and what follows from them: which things exist, which are gone, what is known of each."""

    done: list[Done] = field(default_factory=list)
    _known: dict[_Thing, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """Thing -> under which conditions -> what was said of it since the last change."""
    _made: set[tuple[str, str]] = field(default_factory=set)
    """Every id that was ever told."""
    _gone: set[tuple[str, str]] = field(default_factory=set)

    def refusal(self, call: Call) -> str | None:
        """Why the back end refuses a call, or `None`: what it is about was deleted before."""
        for name, value in call.arguments.items():
            if _is_id(name) and isinstance(value, str | int) and self._is_gone(name, str(value)):
                return f"no {name.removesuffix('_id').replace('_', ' ')} {value} (it was deleted)"
        return None

    def repeated(self, call: Call) -> Done | None:
        """The answer that the same call got before, if nothing has changed since."""
        for done in reversed(self.done):
            if done.ok and done.call == call:
                return done
            if done.ok and effect_of(done.call.name) != "reads":
                return None
        return None

    def why_not(self, call: Call, function: Function, reply: Any) -> str | None:
        """Why a reply cannot be: it does not fit the schema, or contradicts the call or what was said before."""
        if len(json.dumps(reply, ensure_ascii=False)) > MOST_CHARS:
            return f"the response is longer than {MOST_CHARS} characters; give fewer records"
        return (
            why_not_of_type(reply, function.returns, "the response")
            or self._why_other_things(call, reply)
            or self._why_other_facts(call, reply)
            or why_other_than_asked(call, reply, reads=effect_of(call.name) == "reads")
            or why_miscounted(call, reply)
            or self._why_paged_wrong(call, reply)
        )

    def take(self, done: Done) -> None:
        """Note an answered call."""
        self.done.append(done)
        if not done.ok:
            return
        effect = effect_of(done.call.name)
        if effect != "reads":
            self._known.clear()  # what was said before may have changed
        if effect == "deletes":
            self._gone |= _deleted_by(done.call)
        for record in _records(done.reply):
            for thing in _ids(record):
                self._made.add((thing[0], str(thing[1])))
        conditions = _conditions(done.call)
        for thing, facts in _facts(done.reply):
            self._known.setdefault(thing, {}).setdefault(conditions, {}).update(facts)

    def told(self) -> str:
        """The state in words, for the agent that plays the back end."""
        if not self.done:
            return "Nothing has been called yet."
        lines = [f"{done.call.name}: {_short(done)}" for done in self.done]
        if self._gone:
            lines.append("Deleted: " + ", ".join(sorted(f"{name} {value}" for name, value in self._gone)))
        return "\n".join(lines)

    def _is_gone(self, name: str, value: str) -> bool:
        return any(value == gone and _same_kind(name, kind) for kind, gone in self._gone)

    def _why_other_things(self, call: Call, reply: Any) -> str | None:
        """Things that were deleted and are there again, new things with ids of old ones."""
        effect = effect_of(call.name)
        given = {str(value) for _, value in _ids(call.arguments)}
        for name, value in [pair for record in _records(reply) for pair in _ids(record)]:
            if effect != "deletes" and self._is_gone(name, str(value)):
                return f"{name} {value} was deleted earlier; it cannot be in a response any more"
        if effect == "creates" and isinstance(reply, Mapping):
            # one of the ids that the call did not give is that of the new thing; others may be of things around it
            told = [(name, str(value)) for name, value in _ids(reply) if str(value) not in given]
            if told and all(pair in self._made for pair in told):
                return f"{told[0][0]} {told[0][1]} exists already; something new needs a new id"
        return None

    def _why_other_facts(self, call: Call, reply: Any) -> str | None:
        if effect_of(call.name) != "reads":
            return None
        own = _conditions(call)
        for thing, facts in _facts(reply):
            for conditions, known in self._known.get(thing, {}).items():
                for name, value in facts.items():
                    if known.get(name, value) != value and (conditions == own or _TITLE.search(name)):
                        was = known[name]
                        return (
                            f"{name} of {thing[0]} {thing[1]} was {was!r} before, and nothing has changed it; keep it"
                        )
        return None

    def _why_paged_wrong(self, call: Call, reply: Any) -> str | None:
        """Rows of one page that were on another page of the same list."""
        paging = {name for name in call.arguments if PAGING.fullmatch(name)}
        if not paging or not isinstance(reply, Mapping):
            return None
        rows = {_row(row) for one in reply.values() if isinstance(one, list) for row in one}
        others = {name: value for name, value in call.arguments.items() if name not in paging}
        for done in self.done:
            earlier = {name: value for name, value in done.call.arguments.items() if not PAGING.fullmatch(name)}
            if done.ok and done.call.name == call.name and earlier == others and done.call != call:
                old = {_row(row) for one in done.reply.values() if isinstance(one, list) for row in one}
                if rows & old:
                    return "this page repeats entries of another page; every entry is on one page only"
        return None


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def _same_kind(one: str, other: str) -> bool:
    return one == other or "id" in (one, other)


def _ids(record: Mapping[str, Any]) -> list[tuple[str, str | int]]:
    return [
        (name, value)
        for name, value in record.items()
        if _is_id(name) and isinstance(value, str | int) and not isinstance(value, bool)
    ]


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    """All records inside of JSON data."""
    if isinstance(value, Mapping):
        yield value
        for one in value.values():
            yield from _records(one)
    elif isinstance(value, list):
        for one in value:
            yield from _records(one)


def _facts(reply: Any) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """What a reply says of things that it names by an id: a record with one id is about that thing."""
    for record in _records(reply):
        own = _ids(record)
        first = next(iter(record), "")
        if len(own) == 1 and own[0][0] == first:
            plain = {name: one for name, one in record.items() if not isinstance(one, Mapping | list) and name != first}
            yield (first, str(own[0][1])), plain


def _conditions(call: Call) -> str:
    """What facts depend on beside the thing itself: the day of a forecast, the number of guests of a price. What a
    call creates or changes is so under all conditions, and words only filter."""
    if effect_of(call.name) != "reads":
        return ""
    given = {
        name: value
        for name, value in call.arguments.items()
        if not _is_id(name)
        and not PAGING.fullmatch(name)
        and not name.startswith(("min_", "max_", "limit"))
        and (not isinstance(value, str) or _MOMENT.match(value))
    }
    return json.dumps(given, sort_keys=True, ensure_ascii=False) if given else ""


def _deleted_by(call: Call) -> set[_Thing]:
    """The thing that a call deletes: `remove_item(cart_id=..., item_id=...)` leaves the cart as it is."""
    ids = [(name, str(value)) for name, value in _ids(call.arguments)]
    named = [(name, value) for name, value in ids if name.removesuffix("_id") in call.name.split("_", 1)[-1]]
    return set(named or (ids if len(ids) == 1 else []))


def _row(row: Any) -> str:
    ids = _ids(row) if isinstance(row, Mapping) else []
    return json.dumps(ids or row, ensure_ascii=False, sort_keys=True)


def _short(done: Done) -> str:
    text = json.dumps(done.reply, ensure_ascii=False) if done.ok else f"error: {done.reply}"
    return text if len(text) <= 600 else f"{text[:600]}..."
