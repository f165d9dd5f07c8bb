"""What a page shows in a state of its site: lines of text, and controls that can be acted on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from orca_agents.dialogues.web.conditions import holds
from orca_agents.dialogues.web.site import ANY_PAGE, Condition, Element, Popup, Site, Table, number, things
from orca_agents.dialogues.words import plain

CONTROLS = ("link", "button", "textbox", "textarea", "searchbox", "combobox", "checkbox")
"""The roles that have an id."""
OWN_WORDS = (
    "home Search Sort by default all up down Page of Previous page Next page No results. checked not checked Remove "
    "Removed done. (nothing here yet)"
)
"""What a page shows in words of ours, beside those of its site: controls of lists, messages."""
BEHIND = "The page behind the dialog cannot be used until the dialog is closed."


@dataclass(frozen=True)
class State:
    """Where a visitor stands, and what the site's variables hold."""

    page: str
    values: tuple[tuple[str, str], ...] = ()
    """Sorted; a variable that is empty is left out."""
    row: tuple[str, int] | None = None
    """The table and place of the row that was opened last."""
    closed: frozenset[str] = frozenset()
    """The pop-ups that are gone."""
    message: str = ""
    """What the site says about the last action."""
    trail: tuple[tuple[str, tuple[str, int] | None], ...] = ()
    """The pages before this one, for going back."""
    committed: tuple[str, ...] = ()
    """What was done that cannot be taken back, by the labels of its buttons."""

    @cached_property
    def known(self) -> dict[str, str]:
        """The variables by name."""
        return dict(self.values)


@dataclass(frozen=True)
class Line:
    """One line of what a page shows."""

    role: str
    label: str
    detail: str = ""
    """What follows the label: the columns of a row."""
    value: str = ""
    """What an input holds."""
    options: tuple[str, ...] = ()
    element: Element | None = None
    part: str = ""
    """Which part of its element it is: `search`, `go`, `filter:kind`, `sort`, `row:3`, `next`, `previous`, `drop:...`,
    or `popup:...`, `home`."""

    @property
    def is_control(self) -> bool:
        """Whether it can be clicked or filled in."""
        return self.role in CONTROLS

    @property
    def words(self) -> str:
        """All that it lets a visitor read."""
        return " ".join(filter(None, (self.label, self.detail, self.value, *self.options)))


@dataclass(frozen=True)
class View:
    """A page as it is seen."""

    title: str
    url: str
    lines: tuple[Line, ...] = field(default_factory=tuple)


def look(site: Site, state: State) -> View:
    """What a visitor sees."""
    page = site.pages[state.page]
    lines: list[Line] = []
    if state.message:
        lines.append(Line("status", state.message))
    popup = open_popup(site, state)
    if popup is not None:
        lines.append(Line("dialog", filled(site, state, popup.text)))
        lines += [_simple(site, state, button, f"popup:{popup.name}") for button in popup.buttons]
        lines.append(Line("text", BEHIND))
    else:
        lines.append(Line("link", site.title, detail="home", part="home"))
        for element in page.elements:
            if _is_shown(site, state, element):
                lines += _lines_of(site, state, element)
    return View(filled(site, state, page.title), url_of(state.page, state.row, site), tuple(lines))


def open_popup(site: Site, state: State) -> Popup | None:
    """The pop-up that covers the page, if there is one."""
    for popup in site.popups:
        if popup.page in (state.page, ANY_PAGE) and popup.name not in state.closed:
            return popup
    return None


def url_of(page: str, row: tuple[str, int] | None, site: Site) -> str:
    """The address of a page; that of a page which shows a row names the row by its number."""
    if row is None or not any(e.kind == "list" and e.target == page and e.table == row[0] for e in site.elements()):
        return f"/{page}"
    return f"/{page}/{row[1] + 1}"


def filled(site: Site, state: State, text: str) -> str:
    """A text with its `{names}` filled in: columns of the open row, then variables; unknown ones are empty."""
    return re.sub(r"\{([\w.]+)\}", lambda match: value_of(site, state, match[1]), text)


def value_of(site: Site, state: State, name: str) -> str:
    """What a name stands for here."""
    if state.row is not None:
        table = site.tables[state.row[0]]
        if name in table.columns:
            return table.rows[state.row[1]][table.columns.index(name)]
    return state.known.get(name, "")


def item_of(site: Site, state: State) -> str:
    """The name of the row that is open, or nothing."""
    return site.tables[state.row[0]].rows[state.row[1]][0] if state.row is not None else ""


def rows_shown(site: Site, state: State, element: Element) -> list[int]:
    """The rows of a list that pass its search and its filters, in the order chosen."""
    table, known = site.tables[element.table], state.known
    found = list(range(len(table.rows)))
    if wanted := plain(known.get(f"{element.table}.search", "")).split():
        found = [at for at in found if all(word in plain(" ".join(table.rows[at])) for word in wanted)]
    for column in element.filters:
        if chosen := known.get(f"{element.table}.{column}", ""):
            place = table.columns.index(column)
            found = [at for at in found if plain(table.rows[at][place]) == plain(chosen)]
    column, _, way = known.get(f"{element.table}.sort", "").partition(" ")
    if column:
        place = table.columns.index(column)
        numbers = {at: number(table.rows[at][place]) for at in found}
        if all(value is not None for value in numbers.values()):
            found.sort(key=lambda at: numbers[at] or 0.0, reverse=way == "down")
        else:
            found.sort(key=lambda at: plain(table.rows[at][place]), reverse=way == "down")
    return found


def sort_options(element: Element) -> tuple[str, ...]:
    """The orders that a list offers."""
    return tuple(f"{column} {way}" for column in element.sorts for way in ("up", "down"))


def values_in(table: Table, column: str) -> tuple[str, ...]:
    """What stands in a column, each once."""
    place = table.columns.index(column)
    return tuple(dict.fromkeys(row[place] for row in table.rows if row[place]))


def _is_shown(site: Site, state: State, element: Element) -> bool:
    return all(is_so(site, state, condition) for condition in element.when)


def is_so(site: Site, state: State, condition: Condition) -> bool:
    """Whether a condition holds here; it may also speak of the columns of the open row."""
    return holds(site.meant(condition), {condition.variable: value_of(site, state, condition.variable)})


def _lines_of(site: Site, state: State, element: Element) -> list[Line]:
    match element.kind:
        case "list":
            return _list_lines(site, state, element)
        case "items":
            held = things(state.known.get(element.variable, ""))
            lines = [Line("button", f"Remove {thing}", element=element, part=f"drop:{thing}") for thing in held]
            return lines or [Line("text", "(nothing here yet)")]
        case _:
            return [_simple(site, state, element)]


def _simple(site: Site, state: State, element: Element, part: str = "") -> Line:
    label = filled(site, state, element.label)
    value = state.known.get(element.variable, "")
    match element.kind:
        case "select":
            return Line("combobox", label, value=value, options=element.options, element=element)
        case "checkbox":
            return Line("checkbox", label, value="checked" if plain(value) == "yes" else "not checked", element=element)
        case "textbox" | "textarea":
            return Line(element.kind, label, value=value, element=element)
        case _:
            return Line(element.kind, label, element=element, part=part)


def _list_lines(site: Site, state: State, element: Element) -> list[Line]:
    table, known, name = site.tables[element.table], state.known, element.table
    lines: list[Line] = []
    if element.has_search:
        typed = known.get(f"{name}.typed", "")
        lines.append(Line("searchbox", "Search", value=typed, element=element, part="search"))
        lines.append(Line("button", "Search", element=element, part="go"))
    for column in element.filters:
        options = ("all", *values_in(table, column))
        chosen = known.get(f"{name}.{column}", "all")
        lines.append(Line("combobox", column, value=chosen, options=options, element=element, part=f"filter:{column}"))
    if element.sorts:
        chosen = known.get(f"{name}.sort", "default")
        options = ("default", *sort_options(element))
        lines.append(Line("combobox", "Sort by", value=chosen, options=options, element=element, part="sort"))
    found = rows_shown(site, state, element)
    pages = max(1, -(-len(found) // element.size))
    at = min(int(known.get(f"{name}.page", "1")), pages)
    for row in found[(at - 1) * element.size : at * element.size]:
        cells = table.rows[row]
        detail = ", ".join(f"{column}: {cells[table.columns.index(column)]}" for column in element.shows)
        role = "link" if element.target else "text"
        lines.append(Line(role, cells[0], detail=detail, element=element, part=f"row:{row}"))
    if not found:
        lines.append(Line("text", "No results."))
    if pages > 1:
        lines.append(Line("text", f"Page {at} of {pages}"))
        lines += [Line("button", "Previous page", element=element, part="previous")] if at > 1 else []
        lines += [Line("button", "Next page", element=element, part="next")] if at < pages else []
    return lines
