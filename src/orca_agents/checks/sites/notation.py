"""Judge a site as a site: it can be read, links lead somewhere, pages can be reached, its words are clean."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak
from orca_agents.dialogues.web.limits import reachable_pages
from orca_agents.dialogues.web.reading import SiteError, read_site
from orca_agents.dialogues.web.site import ANY_PAGE, Condition, Element, Site
from orca_agents.language import language_name, other_language

FEWEST_PAGES, FEWEST_CONTROLS = 2, 6


def why_unreadable(case: Case) -> str | None:
    """Check `site_readable`."""
    try:
        read_site(case.content.text)
    except SiteError as error:
        return str(error)
    return None


def why_broken(case: Case) -> str | None:
    """Check `site_holds_together`."""
    site = read_site(case.content.text)
    if site.start not in site.pages:
        return f"`start: {site.start}` is no page; there are {', '.join(site.pages)}"
    for table in site.tables.values():
        if len(table.rows) < 2:
            return f"line {table.line}: the table {table.name!r} needs two rows at least, each as `- cell | cell`"
        names = [row[0] for row in table.rows]
        if len(set(names)) != len(names):
            return f"line {table.line}: two rows of {table.name!r} have the same name in their first cell"
    for popup in site.popups:
        if popup.page not in (*site.pages, ANY_PAGE):
            return f"line {popup.line}: the popup {popup.name!r} is on {popup.page!r}, which is no page"
        if not popup.buttons:
            return f"line {popup.line}: the popup {popup.name!r} has no button that closes it"
        if all(button.needs or button.when for button in popup.buttons):
            return (
                f"line {popup.line}: one button of the popup {popup.name!r} must close it without any `needs` or `when`"
            )
    for page in site.pages.values():
        if not page.elements:
            return f"line {page.line}: nothing stands on the page {page.name!r}"
        labels = [e.label for e in page.elements if e.kind in ("textbox", "textarea", "select", "checkbox")]
        if len(set(labels)) != len(labels):
            return f"line {page.line}: two inputs of the page {page.name!r} have the same label"
    for element in site.elements():
        if reason := _why_broken_element(site, element):
            return f"line {element.line}: {reason}"
    return _why_unknown_names(site) or _why_unreachable_pages(site)


def why_thin(case: Case) -> str | None:
    """Check `site_substantial`."""
    site = read_site(case.content.text)
    controls = [e for e in site.elements() if e.kind not in ("heading", "text")]
    rows = sum(len(site.tables[e.table].rows) for e in controls if e.kind == "list")
    if len(site.pages) < FEWEST_PAGES:
        return f"the site has {len(site.pages)} page; it needs {FEWEST_PAGES} at least"
    if len(controls) + rows < FEWEST_CONTROLS:
        return f"there are only {len(controls) + rows} things to use on the site; it needs {FEWEST_CONTROLS} at least"
    return None


def why_unclean(case: Case) -> str | None:
    """Check `site_clean`: what a visitor reads is in one language, with nothing of the task in it."""
    words = _words_of(read_site(case.content.text))
    if found := leak(words, case.prompts, case.seed.text):
        return f"the site {found}; take it out"
    other = other_language(words, case.language)
    if other is not None:
        return f"the site's words are in {language_name(other)}; write them in {language_name(case.language or '')}"
    return None


def _why_broken_element(site: Site, element: Element) -> str | None:
    if element.target and element.target not in site.pages:
        return f"it leads to {element.target!r}, which is no page; there are {', '.join(site.pages)}"
    if element.kind == "list":
        if element.table not in site.tables:
            return f"there is no table {element.table!r}"
        columns = site.tables[element.table].columns
        for name in (*element.shows, *element.filters, *element.sorts):
            if name not in columns:
                return f"{element.table} has no column {name!r}, only {', '.join(columns)}"
    if element.kind == "button" and not (element.target or element.effects or element.commits or element.needs):
        popups = [button for popup in site.popups for button in popup.buttons]
        if element not in popups:
            return f"the button {element.label!r} does nothing; give it `-> page` or a `set`, `add` or `save`"
    return None


def _why_unreachable_pages(site: Site) -> str | None:
    lost = [name for name in site.pages if name not in reachable_pages(site)]
    return f"no link or button leads to {', '.join(lost)}" if lost else None


def _why_unknown_names(site: Site) -> str | None:
    known = site.variables() | {column for table in site.tables.values() for column in table.columns}
    for element in site.elements():
        texts = (element.label, *(e.value for e in element.effects), *(n.message for n in element.needs))
        names = [name for text in texts for name in re.findall(r"\{([^{}]*)\}", text)]
        names += [c.variable for c in (*element.when, *(need.condition for need in element.needs))]
        for name in names:
            if name not in known:
                return f"line {element.line}: nothing on the site fills {name!r} in"
        for condition in (*element.when, *(need.condition for need in element.needs)):
            if reason := _why_no_option(site, condition):
                return f"line {element.line}: {reason}"
    for page in site.pages.values():
        for name in re.findall(r"\{([^{}]*)\}", page.title):
            if name not in known:
                return f"line {page.line}: nothing on the site fills {name!r} in"
    return None


def _why_no_option(site: Site, condition: Condition) -> str | None:
    """A select compared with what is none of its options never is so."""
    inputs = site.inputs(condition.variable)
    if condition.relation != "==" or not inputs or any(one.kind != "select" for one in inputs):
        return None
    options = [option for one in inputs for option in one.options]
    if condition.value.casefold() in (option.casefold() for option in options):
        return None
    return f"`{condition}`: the options are {', '.join(options)}"


def _words_of(site: Site) -> str:
    lines = [site.title]
    for page in site.pages.values():
        lines.append(page.title)
        lines += [element.label for element in page.elements if element.label]
    lines += [popup.text for popup in site.popups]
    return "\n".join(lines)
