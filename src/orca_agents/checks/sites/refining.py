"""Judge whether an edited errand or site is what its goal of refinement asked for."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.similarity import similarity
from orca_agents.checks.sites.errand import way_of
from orca_agents.dialogues.web.dialogue import is_impossible
from orca_agents.dialogues.web.goals import read_goal
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.site import Element
from orca_agents.dialogues.words import pieces, plain
from orca_agents.language import words
from orca_agents.records import Instruction

LEAST_KEPT = 0.5
BEGINNING = 5
"""So many letters that two words begin with make them alike."""


def why_not_as_asked(case: Case) -> str | None:
    """Check `errand_refined_as_asked`."""
    if case.goal is None or case.parent is None or case.instruction is None:
        return None
    item, parent = case.instruction, case.parent
    if case.goal.edits == "passage":
        if words(item.content.text) == words(parent.content.text):
            return "the site is the same as before; carry the proposal out"
        if similarity(item.content.text, parent.content.text) < LEAST_KEPT:
            return "the site is another one; keep it and change only what the proposal asks for"
        if set(read_goal(item.key)) != set(read_goal(parent.key)):
            return "the goal is another one; it stays as it was, line by line"
    match case.goal.name:
        case "more_steps":
            return _why_no_more_steps(item, parent)
        case "added_constraint":
            return _why_no_constraint(item, parent)
        case "changing_ids":
            return _why_same_ids(item, parent)
        case "look_alikes":
            return _why_no_look_alike(item, parent)
        case "interruptions":
            return _why_no_interruption(item, parent)
        case _:
            return None


def _why_no_more_steps(item: Instruction, parent: Instruction) -> str | None:
    if is_impossible(item):
        return None
    old, new = way_of(parent).path, way_of(item).path
    if old is None or new is None or len(new) > len(old):
        return None
    return f"the shortest way has {len(new)} steps, as before ({len(old)}); ask for more to be done"


def _why_no_constraint(item: Instruction, parent: Instruction) -> str | None:
    if words(item.question) == words(parent.question) and item.parts == parent.parts:
        return "the errand is the same as before; carry the proposal out"
    same_goal = set(read_goal(item.key)) == set(read_goal(parent.key))
    if same_goal and item.hidden == parent.hidden:
        return "the goal is the same as before, so nothing shows whether the new condition is kept"
    return None


def _why_same_ids(item: Instruction, parent: Instruction) -> str | None:
    if item.hidden.get("element_ids") != ("changing",):
        return "element_ids must be `changing`"
    if set(read_goal(item.key)) != set(read_goal(parent.key)):
        return "only the ids change; the goal stays as it was, line by line"
    return None


def _why_no_look_alike(item: Instruction, parent: Instruction) -> str | None:
    """Something new on a page must be named much like what the way uses."""
    path = way_of(parent).path or ()
    used = [way.line.label for way in path if way.line.label]
    old = {(plain(e.label), e.target) for e in _controls(parent)}
    new = [e for e in _controls(item) if (plain(e.label), e.target) not in old]
    rows_old = {row for table in read_site(parent.content.text).tables.values() for row in table.rows}
    rows = [r for table in read_site(item.content.text).tables.values() for r in table.rows if r not in rows_old]
    labels = [element.label for element in new] + [row[0] for row in rows]
    if any(_alike(label, other) for label in labels for other in used):
        return None
    return f"nothing new on the site is named much like what the way uses ({', '.join(used[:6])})"


def _why_no_interruption(item: Instruction, parent: Instruction) -> str | None:
    old, new = way_of(parent), way_of(item)
    if is_impossible(item):
        more = len(read_site(item.content.text).popups) > len(read_site(parent.content.text).popups)
        return None if more else "there is no new popup on the site"
    if new.met_popups > old.met_popups:
        return None
    return "no new popup comes up on the way to the goal; put one on a page that the way leads over"


def _controls(item: Instruction) -> tuple[Element, ...]:
    kinds = ("link", "button", "textbox", "textarea", "select", "checkbox")
    return tuple(element for element in read_site(item.content.text).elements() if element.kind in kinds)


def _alike(label: str, other: str) -> bool:
    """Whether two labels are the same, or half of their words are, or begin alike: `Account` and `Accounting`."""
    left, right = set(pieces(label)), set(pieces(other))
    shared = [a for a in left if any(a == b or (len(a) >= BEGINNING and a[:BEGINNING] == b[:BEGINNING]) for b in right)]
    return plain(label) == plain(other) or (bool(shared) and 2 * len(shared) >= min(len(left), len(right)))
