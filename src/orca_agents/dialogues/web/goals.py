"""What must be so when a visitor is done: conditions on variables, on the page, the answer, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable

from orca_agents.dialogues.web.conditions import holds, read_condition
from orca_agents.dialogues.web.site import Condition, Site
from orca_agents.dialogues.web.view import State, View, item_of
from orca_agents.dialogues.words import says

PAGE, ITEM, ANSWER, SEEN = "page", "item", "answer", "seen"
"""The page at the end; the row that is open; the final answer; what some page showed on the way."""
OF_VISIT = (PAGE, ITEM, ANSWER, SEEN)


class GoalError(ValueError):
    """A line of a goal says nothing that a program could look at; says why."""


def read_goal(lines: Iterable[str]) -> tuple[Condition, ...]:
    """The conditions of a goal, a line each. Raises `GoalError`."""
    goal = []
    for line in lines:
        try:
            condition = read_condition(line)
        except ValueError as error:
            raise GoalError(str(error)) from None
        if condition.variable in (ANSWER, SEEN) and condition.relation not in ("has", "lacks"):
            raise GoalError(f"{line.strip()!r}: of `{condition.variable}` write `has` or `lacks`")
        if condition.variable == SEEN and condition.relation != "has":
            raise GoalError(f"{line.strip()!r}: of `seen` write `has`")
        if condition.variable in (PAGE, ITEM) and condition.relation not in ("==", "!="):
            raise GoalError(f"{line.strip()!r}: of `{condition.variable}` write == or !=")
        goal.append(condition)
    return tuple(goal)


def unmet(goal: Iterable[Condition], site: Site, state: State, seen: str, answer: str) -> list[Condition]:
    """The conditions that are not so. `seen` is all that was shown so far, as one text."""
    return [condition for condition in goal if not _is_met(condition, site, state, seen, answer)]


def words_to_see(goal: Iterable[Condition]) -> tuple[str, ...]:
    """What must have been shown before the goal can be reached: what is to be seen, and what the answer says."""
    return tuple(dict.fromkeys(c.value for c in goal if c.variable in (SEEN, ANSWER) and c.relation == "has"))


def shown_by(view: View) -> str:
    """All that a page lets a visitor read, as one text."""
    return "\n".join((view.title, *(line.words for line in view.lines)))


def unknown_names(goal: Iterable[Condition], site: Site) -> list[str]:
    """The variables of a goal that the site does not have."""
    return [c.variable for c in goal if c.variable not in OF_VISIT and c.variable not in site.variables()]


def _is_met(condition: Condition, site: Site, state: State, seen: str, answer: str) -> bool:
    match condition.variable:
        case "answer":
            return says(answer, condition.value) == (condition.relation == "has")
        case "seen":
            return says(seen, condition.value)
        case "page":
            return holds(condition, {PAGE: state.page})
        case "item":
            return holds(condition, {ITEM: item_of(site, state)})
        case _:
            if condition.relation in ("has", "lacks") and _is_prose(site, condition.variable):
                return says(state.known.get(condition.variable, ""), condition.value) == (condition.relation == "has")
            return holds(site.meant(condition), state.known)


def _is_prose(site: Site, variable: str) -> bool:
    """Whether a variable holds what somebody wrote in words of their own, not a list of things."""
    return any(one.kind == "textarea" for one in site.inputs(variable.removesuffix(".saved")))
