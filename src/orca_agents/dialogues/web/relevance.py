"""Find the variables of a site that can make a difference to a goal, so that a search leaves the others alone."""

from __future__ import annotations

import re

from orca_agents.dialogues.web.goals import OF_VISIT, PAGE
from orca_agents.dialogues.web.site import Condition, Element, Page, Site


def conditions_of(site: Site) -> list[Condition]:
    """All conditions that elements of a site depend on."""
    return [condition for element in site.elements() for condition in _asked(element)]


def relevant_variables(site: Site, goal: tuple[Condition, ...], *, shows: bool) -> frozenset[str]:
    """The variables of the goal, and those that stand between a visitor and the goal: what a button asks for that sets
    such a variable, or that leads to a page which cannot be opened in another way and is needed.

    `shows`: whether something has to be seen too. Then a page with `{names}` counts as needed, and these with it.
    """
    found = {c.variable.removesuffix(".saved") for c in goal if c.variable not in OF_VISIT}
    needed = {c.value for c in goal if c.variable == PAGE}
    open_pages = _open_pages(site)
    before = None
    while before != (before := (len(found), len(needed))):
        for page in site.pages.values():
            names = _names(page.title)
            for element in page.elements:
                names |= _names(element.label)
                if _is_useful(element, found, needed - open_pages):
                    needed.add(page.name)
                    found |= _behind(element)
                elif shows and element.when:
                    found |= _behind(element)
            if shows:
                needed.add(page.name)
                found |= names & site.variables()
        for popup in site.popups:
            for button in popup.buttons:
                found |= _behind(button)
    return frozenset(found)


def _open_pages(site: Site) -> set[str]:
    """The pages that can be opened by anyone at any time."""
    found = {site.start}
    queue = [site.start]
    while queue:
        page = site.pages.get(queue.pop())
        for element in page.elements if page else ():
            if element.target and element.target not in found and not _asked(element):
                found.add(element.target)
                queue.append(element.target)
    return found


def _is_useful(element: Element, found: set[str], needed: set[str]) -> bool:
    if element.variable and element.variable in found:
        return True
    if any(effect.variable in found for effect in element.effects):
        return True
    return bool(element.target) and element.target in needed


def _behind(element: Element) -> set[str]:
    """The variables that decide what an element does."""
    used = {name for effect in element.effects for name in _names(effect.value)}
    return used | {condition.variable for condition in _asked(element)}


def _asked(element: Element) -> tuple[Condition, ...]:
    return (*element.when, *(need.condition for need in element.needs))


def _names(text: str) -> set[str]:
    return set(re.findall(r"\{([\w.]+)\}", text))


def pages_of_rows(site: Site) -> frozenset[str]:
    """The pages on which it matters which row was opened last: those that show it, and those that lead there."""
    columns = {column for table in site.tables.values() for column in table.columns}
    found = {page.name for page in site.pages.values() if columns & _used_on(page)}
    while True:
        more = {
            page.name
            for page in site.pages.values()
            if any(element.kind != "list" and element.target in found for element in page.elements)
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _used_on(page: Page) -> set[str]:
    """The names that a page shows, or that decide what can be done on it."""
    used = _names(page.title)
    for element in page.elements:
        used |= _names(element.label) | _behind(element)
        used |= {name for need in element.needs for name in _names(need.message)}
    return used
