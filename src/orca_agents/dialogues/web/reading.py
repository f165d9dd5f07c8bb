"""Read a site from its notation: one thing a line, strictly, with the line in every complaint."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import cast

from orca_agents.dialogues.web.conditions import read_condition
from orca_agents.dialogues.web.site import ANY_PAGE, Effect, Element, Kind, Need, Page, Popup, Site, Table

MOST_PAGES, MOST_ROWS, MOST_ELEMENTS = 16, 60, 40
MOST_COLUMNS, LONGEST_LINE = 8, 500


class SiteError(ValueError):
    """The notation cannot be read; says in which line and what belongs there."""


@lru_cache(maxsize=256)
def read_site(text: str) -> Site:
    """The site that a text in the notation describes. Raises `SiteError`."""
    reader = _Reader()
    for at, line in enumerate(text.splitlines(), 1):
        if line.strip():
            reader.take(at, line.strip())
    return reader.site()


_NAME = r"[^\W\d]\w{0,40}"
_HEAD = re.compile(
    rf"(?P<what>site|start):\s*(?P<rest>\S.*)"
    rf"|begin\s+(?P<begin>{_NAME})\s*=\s*(?P<value>\S.*)"
    rf"|table\s+(?P<table>{_NAME}):\s*(?P<columns>\S.*)"
    rf"|-\s+(?P<row>\S.*)"
    rf"|page\s+(?P<page>{_NAME}):\s*(?P<title>\S.*)"
    rf"|popup\s+(?P<popup>{_NAME})\s+on\s+(?P<on>{_NAME}):\s*(?P<words>\S.*)"
)
_ELEMENT = re.compile(
    rf"(?P<said>heading|text):\s*(?P<words>\S.*)"
    rf"|(?P<pressed>link|button)\s+(?P<label>[^\s>].*?)(?:\s*(?:->|=>|\u2192)\s*(?P<target>{_NAME}))?"
    rf"|(?P<filled>textbox|textarea|checkbox)\s+(?P<name>\S.*?)\s*=\s*(?P<variable>{_NAME})"
    rf"|select\s+(?P<choice>\S.*?)\s*=\s*(?P<chosen>{_NAME}):\s*(?P<options>\S.*)"
    rf"|list\s+(?P<table>{_NAME})(?:\s*(?:->|=>|\u2192)\s*(?P<each>{_NAME}))?"
    rf"|items\s+(?P<items>{_NAME})"
)
_DETAIL = re.compile(
    rf"when\s+(?P<when>\S.*)"
    rf"|needs\s+(?P<needs>[^:]+(?:\d:\d[^:]*)?):\s+(?P<message>\S.*)"
    rf"|set\s+(?P<set>{_NAME})\s*=\s*(?P<value>\S.*)"
    rf"|add\s+(?P<add>\S.*?)\s+to\s+(?P<to>{_NAME})"
    rf"|remove\s+(?P<remove>\S.*?)\s+from\s+(?P<source>{_NAME})"
    rf"|clear\s+(?P<clear>{_NAME})"
    rf"|save\s+(?P<save>\S.*)"
    rf"|(?P<commits>commits)"
    rf"|(?P<list>show|filter|sort)\s+(?P<columns>\S.*)"
    rf"|(?P<search>search)"
    rf"|size\s+(?P<size>\d{{1,2}})"
)


class _Reader:
    """What was read so far."""

    def __init__(self) -> None:
        self.title = self.start = ""
        self.initial: list[tuple[str, str]] = []
        self.tables: dict[str, Table] = {}
        self.pages: dict[str, Page] = {}
        self.popups: list[Popup] = []
        self.elements: list[Element] = []
        self.place: Page | Popup | None = None
        self.table = ""

    def take(self, at: int, line: str) -> None:
        """Read one line."""
        if len(line) > LONGEST_LINE:
            raise SiteError(f"line {at} has {len(line)} characters; keep lines below {LONGEST_LINE}")
        if head := _HEAD.fullmatch(line):
            self._head(at, head)
        elif self.place is not None and (element := _ELEMENT.fullmatch(line)):
            self._element(at, element)
        elif self.place is not None and (detail := _DETAIL.fullmatch(line)):
            self._detail(at, line, detail)
        else:
            where = "on a page" if self.place is not None else "before the first page"
            raise SiteError(f"line {at}: {line[:80]!r} is nothing that can stand {where}; see the notation")

    def site(self) -> Site:
        """All of it."""
        self._close()
        for value, what in ((self.title, "site: NAME"), (self.start, "start: PAGE")):
            if not value:
                raise SiteError(f"the line `{what}` is missing")
        if not self.pages:
            raise SiteError("there is no page; write `page NAME: Title` and what stands on it")
        return Site(self.title, self.start, self.pages, self.tables, tuple(self.popups), tuple(self.initial))

    def _head(self, at: int, head: re.Match[str]) -> None:
        if head["row"] is not None:
            self._row(at, head["row"])
            return
        self.table = ""
        if head["what"]:
            if getattr(self, "title" if head["what"] == "site" else "start"):
                raise SiteError(f"line {at}: a second `{head['what']}:`")
            setattr(self, "title" if head["what"] == "site" else "start", head["rest"].strip())
        elif head["begin"]:
            self.initial.append((head["begin"], head["value"].strip()))
        elif head["table"]:
            columns = _cells(head["columns"])
            bad = [name for name in columns if not re.fullmatch(_NAME, name)]
            if bad or len(set(columns)) != len(columns) or len(columns) > MOST_COLUMNS:
                raise SiteError(f"line {at}: columns are up to {MOST_COLUMNS} different names of one word each")
            if head["table"] in self.tables:
                raise SiteError(f"line {at}: a second table {head['table']!r}")
            self.table = head["table"]
            self.tables[self.table] = Table(self.table, columns, at)
        elif head["page"]:
            self._close()
            if head["page"] in self.pages:
                raise SiteError(f"line {at}: a second page {head['page']!r}")
            if len(self.pages) >= MOST_PAGES or head["page"] == ANY_PAGE:
                raise SiteError(f"line {at}: a site has at most {MOST_PAGES} pages, and none is called `{ANY_PAGE}`")
            self.place = Page(head["page"], head["title"].strip(), at)
            self.pages[head["page"]] = self.place
        else:
            self._close()
            if any(popup.name == head["popup"] for popup in self.popups):
                raise SiteError(f"line {at}: a second popup {head['popup']!r}")
            self.place = Popup(head["popup"], head["on"], head["words"].strip(), at)

    def _row(self, at: int, text: str) -> None:
        if not self.table:
            raise SiteError(f"line {at}: a row (`- ...`) stands under its `table NAME: column | column`")
        table, cells = self.tables[self.table], _cells(text)
        if len(cells) != len(table.columns):
            raise SiteError(
                f"line {at}: this row has {len(cells)} cells, but {table.name} has {len(table.columns)} columns"
            )
        if not cells[0] or ";" in cells[0]:
            raise SiteError(f"line {at}: the first cell names the row, and holds no semicolon")
        if len(table.rows) >= MOST_ROWS:
            raise SiteError(f"line {at}: a table has at most {MOST_ROWS} rows")
        self.tables[self.table] = replace(table, rows=(*table.rows, cells))

    def _element(self, at: int, match: re.Match[str]) -> None:
        if match["said"]:
            made = Element(cast(Kind, match["said"]), at, match["words"].strip())
        elif match["pressed"]:
            made = Element(cast(Kind, match["pressed"]), at, _bare(match["label"]), target=match["target"] or "")
        elif match["filled"]:
            made = Element(cast(Kind, match["filled"]), at, _bare(match["name"]), match["variable"])
        elif match["chosen"]:
            options = _cells(match["options"])
            if len(options) < 2 or len(set(options)) != len(options) or not all(options):
                raise SiteError(f"line {at}: a select has two or more different options, with `|` between them")
            made = Element("select", at, _bare(match["choice"]), match["chosen"], options)
        elif match["table"]:
            made = Element("list", at, table=match["table"], target=match["each"] or "")
        else:
            made = Element("items", at, variable=match["items"])
        if isinstance(self.place, Popup) and made.kind != "button":
            raise SiteError(f"line {at}: a popup holds buttons only")
        if made.kind == "link" and not made.target:
            raise SiteError(f"line {at}: a link leads somewhere: `link LABEL -> page`")
        if len(self.elements) >= MOST_ELEMENTS:
            raise SiteError(f"line {at}: more than {MOST_ELEMENTS} elements on one page")
        self.elements.append(made)

    def _detail(self, at: int, line: str, match: re.Match[str]) -> None:
        if not self.elements:
            raise SiteError(f"line {at}: {line[:80]!r} belongs under an element")
        last = self.elements[-1]
        if (match["list"] or match["search"] or match["size"]) and last.kind != "list":
            raise SiteError(f"line {at}: {line[:80]!r} belongs under a `list`")
        acts = not (match["when"] or match["list"] or match["search"] or match["size"])
        if acts and last.kind not in ("button", "link"):
            raise SiteError(f"line {at}: {line[:80]!r} belongs under a button or a link, not under a {last.kind}")
        try:
            self.elements[-1] = _with_detail(last, match)
        except ValueError as error:
            raise SiteError(f"line {at}: {error}") from None

    def _close(self) -> None:
        """Keep what the page or popup holds that ends here."""
        if isinstance(self.place, Page):
            self.pages[self.place.name] = replace(self.place, elements=tuple(self.elements))
        elif self.place is not None:
            self.popups.append(replace(self.place, buttons=tuple(self.elements)))
        self.elements, self.place = [], None


def _with_detail(element: Element, match: re.Match[str]) -> Element:
    if match["when"]:
        return replace(element, when=(*element.when, read_condition(match["when"])))
    if match["needs"]:
        need = Need(read_condition(match["needs"]), match["message"].strip())
        return replace(element, needs=(*element.needs, need))
    if match["commits"]:
        return replace(element, commits=True)
    if match["search"]:
        return replace(element, has_search=True)
    if match["size"]:
        return replace(element, size=max(2, int(match["size"])))
    if match["list"]:
        columns = tuple(name.strip() for name in match["columns"].split(","))
        key = {"show": "shows", "filter": "filters", "sort": "sorts"}[match["list"]]
        changed: Element = replace(element, **{key: (*getattr(element, key), *columns)})  # type: ignore[arg-type]
        return changed
    return replace(element, effects=(*element.effects, *_effects(match)))


def _effects(match: re.Match[str]) -> tuple[Effect, ...]:
    if match["set"]:
        return (Effect("set", match["set"], match["value"].strip()),)
    if match["add"]:
        return (Effect("add", match["to"], match["add"].strip()),)
    if match["remove"]:
        return (Effect("remove", match["source"], match["remove"].strip()),)
    if match["clear"]:
        return (Effect("clear", match["clear"]),)
    return tuple(Effect("save", name.strip()) for name in match["save"].split(","))


def _bare(label: str) -> str:
    """A label without the quotation marks around all of it, which writers put there by habit."""
    label = label.strip()
    return label[1:-1] if len(label) > 2 and label[0] == label[-1] == '"' and '"' not in label[1:-1] else label


def _cells(text: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in text.split("|"))
