"""A web site as data: pages with their elements, tables behind its lists, and what a click does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from orca_agents.dialogues.words import plain

Kind = Literal["heading", "text", "link", "button", "textbox", "textarea", "select", "checkbox", "list", "items"]
Relation = Literal["==", "!=", ">=", "<=", "has", "lacks", "is", "is not"]

ANY_PAGE = "any"
"""Where a pop-up stands that comes up on whichever page is opened first."""
SEPARATOR = "; "
"""Between the things in a variable that holds several, such as a basket."""


@dataclass(frozen=True)
class Condition:
    """What must be so: `delivery == express`, `basket has Oats`, `mail is email`."""

    variable: str
    relation: Relation
    value: str = ""
    """For `is` and `is not` a kind of value: empty, email, phone, number, date, time."""

    def __str__(self) -> str:
        return f"{self.variable} {self.relation} {self.value}"


@dataclass(frozen=True)
class Need:
    """What a button asks for before it does anything, and what the site says where it is not so."""

    condition: Condition
    message: str


@dataclass(frozen=True)
class Effect:
    """What a click changes. The value may hold `{variable}` or `{column}`."""

    kind: Literal["set", "add", "remove", "clear", "save"]
    variable: str
    value: str = ""


@dataclass(frozen=True)
class Element:
    """One thing on a page."""

    kind: Kind
    line: int
    """Where it stands in the notation."""
    label: str = ""
    variable: str = ""
    """What an input fills in, or what `items` lists."""
    options: tuple[str, ...] = ()
    target: str = ""
    """The page that a click leads to; of a list, the page of one of its rows."""
    table: str = ""
    shows: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    has_search: bool = False
    size: int = 10
    """Rows of a list on a page."""
    when: tuple[Condition, ...] = ()
    needs: tuple[Need, ...] = ()
    effects: tuple[Effect, ...] = ()
    commits: bool = False
    """Whether a click does what cannot be taken back: it buys, books, sends, publishes, deletes."""


@dataclass(frozen=True)
class Page:
    """One page."""

    name: str
    title: str
    line: int
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Popup:
    """A dialog that covers a page until one of its buttons is clicked."""

    name: str
    page: str
    text: str
    line: int
    buttons: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows that a list shows; the first column is their name."""

    name: str
    columns: tuple[str, ...]
    line: int
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Site:
    """A whole site."""

    title: str
    start: str
    pages: dict[str, Page]
    tables: dict[str, Table] = field(default_factory=dict)
    popups: tuple[Popup, ...] = ()
    initial: tuple[tuple[str, str], ...] = ()
    """What the variables hold at first."""

    def elements(self) -> tuple[Element, ...]:
        """Every element, those of the pop-ups too."""
        pages = tuple(element for page in self.pages.values() for element in page.elements)
        return (*pages, *(button for popup in self.popups for button in popup.buttons))

    def inputs(self, variable: str) -> tuple[Element, ...]:
        """The inputs that fill in a variable."""
        return tuple(
            element
            for element in self.elements()
            if element.variable == variable and element.kind in ("textbox", "textarea", "select", "checkbox")
        )

    def meant(self, condition: Condition) -> Condition:
        """The condition, with `== no` of a checkbox read as `is empty`: it holds yes, or nothing."""
        inputs = self.inputs(condition.variable.removesuffix(".saved"))
        is_box = bool(inputs) and all(one.kind == "checkbox" for one in inputs)
        if not is_box or condition.relation not in ("==", "!=") or plain(condition.value) not in _OFF:
            return condition
        return Condition(condition.variable, "is" if condition.relation == "==" else "is not", "empty")

    def variables(self) -> frozenset[str]:
        """All that a condition or a `{template}` may name, the controls of lists included."""
        named = {name for name, _ in self.initial}
        for element in self.elements():
            named.update([element.variable] if element.variable else [])
            for effect in element.effects:
                named.add(f"{effect.variable}.saved" if effect.kind == "save" else effect.variable)
            if element.kind == "list":
                named.update(f"{element.table}.{name}" for name in element.filters)
                named.update([f"{element.table}.search"] if element.has_search else [])
                named.update([f"{element.table}.sort"] if element.sorts else [])
        return frozenset(named)


_OFF = ("no", "off", "false", "unchecked", "not checked")


def things(value: str) -> list[str]:
    """What a variable holds that may hold several things."""
    return [thing.strip() for thing in value.split(SEPARATOR.strip()) if thing.strip()]


def number(text: str) -> float | None:
    """The number that a text is or begins with (`4.20 euros`, `£4.20`), or `None`."""
    match = re.match(r"[^\w\-]*(-?\d{1,12}(?:,\d{3})*(?:\.\d{1,6})?)(?!\d)", text.strip())
    return float(match[1].replace(",", "")) if match else None
