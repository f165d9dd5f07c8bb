"""Prove that a site has no way to a goal, by what can come to stand in its variables at all.

Everything that is ever possible is taken as possible at once and for good, in whatever order. That allows more than the
site does, so what is impossible even then is impossible on the site.
"""

from __future__ import annotations

import re
from itertools import product

from orca_agents.dialogues.web.conditions import holds
from orca_agents.dialogues.web.goals import ANSWER, ITEM, PAGE, SEEN, read_goal
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.site import ANY_PAGE, Condition, Effect, Element, Site, things
from orca_agents.dialogues.web.view import OWN_WORDS, sort_options, values_in
from orca_agents.dialogues.words import pieces, plain

MOST_VALUES = 400
"""A variable that could hold more than these is taken to hold anything."""
_NAMED = re.compile(r"\{([\w.]+)\}")


def why_unreachable(text: str, goal: tuple[str, ...]) -> str | None:
    """The condition of a goal that can never be so, with the reason; `None` where nothing shows that.

    Raises `SiteError`, `GoalError`.
    """
    possible = _Possible(read_site(text))
    for condition in read_goal(goal):
        if not possible.ever(possible.site.meant(condition)):
            return f"`{condition}` can never be so on this site"
    return None


def reachable_pages(site: Site) -> frozenset[str]:
    """The pages that a visitor can ever come to."""
    return frozenset(_Possible(site).pages)


class _Possible:
    """What can ever be reached, opened, filled in or shown."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.free: set[str] = set()
        """Variables that can hold anything."""
        self.pages = {site.start}
        self.rows: set[tuple[str, int]] = set()
        self.values: dict[str, set[str]] = {}
        for name, value in site.initial:  # a site may count as saved what it begins with
            self._hold(name, (value,))
            self._hold(f"{name}.saved", (value,))
        before = None
        while before != (before := self._size()):
            self._grow()

    def ever(self, condition: Condition) -> bool:
        """Whether this could be so at some time."""
        match condition.variable:
            case "page":
                return any(holds(condition, {PAGE: page}) for page in self.pages)
            case "item":
                names = {self.site.tables[table].rows[at][0] for table, at in self.rows} | {""}
                return any(holds(condition, {ITEM: name}) for name in names)
            case "answer" | "seen":
                return condition.relation == "lacks" or set(pieces(condition.value)) <= self._shown()
        assert condition.variable not in (ANSWER, SEEN)
        return self._may_hold(condition)

    def _size(self) -> tuple[int, ...]:
        return (len(self.pages), len(self.rows), len(self.free), sum(map(len, self.values.values())))

    def _grow(self) -> None:
        elements = [element for name in self.pages for element in self.site.pages[name].elements]
        elements += [b for p in self.site.popups if p.page == ANY_PAGE or p.page in self.pages for b in p.buttons]
        for element in elements:
            if all(self._may_hold(condition) for condition in element.when):
                self._use(element)

    def _use(self, element: Element) -> None:
        match element.kind:
            case "textbox" | "textarea":
                self.free.add(element.variable)
            case "select":
                self._hold(element.variable, element.options)
            case "checkbox":
                self._hold(element.variable, ("yes",))
            case "list":
                self._list(element)
            case "link" | "button":
                if all(self._may_hold(need.condition) for need in element.needs):
                    for effect in element.effects:
                        self._have(effect)
                    self.pages |= {element.target} if element.target else set()

    def _list(self, element: Element) -> None:
        table = self.site.tables[element.table]
        for column in element.filters:
            self._hold(f"{table.name}.{column}", values_in(table, column))
        self._hold(f"{table.name}.sort", sort_options(element))
        if element.has_search:
            self.free.add(f"{table.name}.search")
        if element.target:
            self.rows |= {(table.name, at) for at in range(len(table.rows))}
            self.pages.add(element.target)

    def _have(self, effect: Effect) -> None:
        if effect.kind == "save":
            name = f"{effect.variable}.saved"
            self.free |= {name} if effect.variable in self.free else set()
            self._hold(name, tuple(self.values.get(effect.variable, ())))
        elif effect.kind in ("set", "add"):
            texts = self._texts(effect.value)
            if texts is None:
                self.free.add(effect.variable)
            else:
                self._hold(effect.variable, texts)

    def _texts(self, template: str) -> tuple[str, ...] | None:
        """All that a template can become; `None` where that may be anything."""
        names = list(dict.fromkeys(_NAMED.findall(template)))
        if any(name in self.free for name in names):
            return None
        choices = [tuple(self._named(name) | {""}) for name in names]
        count = 1
        for choice in choices:
            count *= len(choice)
        if count > MOST_VALUES:
            return None
        made = []
        for combination in product(*choices):
            values = dict(zip(names, combination, strict=True))
            made.append(_put_in(template, values))
        return tuple(made)

    def _named(self, name: str) -> set[str]:
        found = set(self.values.get(name, ()))
        for table, at in self.rows:
            columns = self.site.tables[table].columns
            if name in columns:
                found.add(self.site.tables[table].rows[at][columns.index(name)])
        return found

    def _hold(self, name: str, values: tuple[str, ...]) -> None:
        held = self.values.setdefault(name, set())
        held.update(values)
        if len(held) > MOST_VALUES:
            self.free.add(name)

    def _may_hold(self, condition: Condition) -> bool:
        condition = self.site.meant(condition)
        if condition.variable in self.free or condition.relation in ("!=", "lacks"):
            return True
        values = self._named(condition.variable) | {""}
        if condition.relation in ("is", "is not") and condition.value == "empty":
            return condition.relation == "is" or len(values) > 1
        parts = {part for value in values for part in things(value)}  # others may be taken out again
        if condition.relation in ("==", "has"):
            wanted = set(map(plain, things(condition.value)))
            if wanted and wanted <= set(map(plain, parts)):
                return True
        return any(holds(condition, {condition.variable: value}) for value in values | parts)

    def _shown(self) -> set[str]:
        """Every word that some page could tell; what a visitor typed itself does not count."""
        words = set(pieces(OWN_WORDS))
        for element in self.site.elements():
            texts = (element.label, *element.options, *(need.message for need in element.needs))
            words.update(word for text in texts for word in pieces(text))
            if element.kind == "list":  # "Page 2 of 3"
                words.update(str(at + 1) for at in range(len(self.site.tables[element.table].rows) // element.size + 1))
        for table in self.site.tables.values():
            words.update(word for row in (table.columns, *table.rows) for cell in row for word in pieces(cell))
        for held in self.values.values():
            words.update(word for value in held for word in pieces(value))
        pages = (*(page.title for page in self.site.pages.values()), *(popup.text for popup in self.site.popups))
        words.update(word for text in (self.site.title, *pages) for word in pieces(text))
        return words


def _put_in(template: str, values: dict[str, str]) -> str:
    return _NAMED.sub(lambda match: values[match[1]], template)
