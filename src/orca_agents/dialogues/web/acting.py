"""What becomes of a site's state when a visitor acts: a pure function of state and action."""

from __future__ import annotations

from dataclasses import replace

from orca_agents.dialogues.web.site import SEPARATOR, Condition, Effect, Element, Site, things
from orca_agents.dialogues.web.view import Line, State, filled, is_so, url_of
from orca_agents.dialogues.words import plain

LONGEST_TRAIL = 12


def opened(site: Site) -> State:
    """The state in which a visitor arrives."""
    values = dict(site.initial)
    for name, value in site.initial:
        if site.meant(Condition(name, "==", value)).relation == "is":
            del values[name]  # a box that is off holds nothing
    for element in site.elements():
        for effect in element.effects:
            if effect.kind == "save" and values.get(effect.variable):
                values[f"{effect.variable}.saved"] = values[effect.variable]
    return State(site.start, _sorted(values))


def press(site: Site, state: State, line: Line) -> State:
    """Click on a control."""
    state = replace(state, message="")
    element, (part, _, rest) = line.element, line.part.partition(":")
    if part == "home":
        return enter(state, site.start)
    assert element is not None, "only the link home belongs to no element"
    name = element.table
    if element.kind == "checkbox":
        return _with(state, {element.variable: "" if line.value == "checked" else "yes"})
    if part == "go":
        return _with(state, {f"{name}.search": state.known.get(f"{name}.typed", ""), f"{name}.page": ""})
    if part in ("next", "previous"):
        at = int(state.known.get(f"{name}.page", "1")) + (1 if part == "next" else -1)
        return _with(state, {f"{name}.page": str(at) if at > 1 else ""})
    if part == "row":
        return enter(replace(state, row=(name, int(rest))), element.target)
    if part == "drop":
        left = [thing for thing in things(state.known.get(element.variable, "")) if thing != rest]
        return _with(state, {element.variable: SEPARATOR.join(left)}, f"Removed {rest}.")
    if element.kind not in ("link", "button"):
        return state  # a click into an input only puts the cursor there
    return _pressed(site, state, element, rest if part == "popup" else "")


def fill(site: Site, state: State, line: Line, text: str) -> State:
    """Type a text into an input, in place of what it held."""
    assert line.element is not None
    name = f"{line.element.table}.typed" if line.part == "search" else line.element.variable
    return _with(replace(state, message=""), {name: text.strip()})


def choose(site: Site, state: State, line: Line, option: str) -> State:
    """Choose an option."""
    assert line.element is not None
    part, _, column = line.part.partition(":")
    table = line.element.table
    state = replace(state, message="")
    if part == "filter":
        return _with(state, {f"{table}.{column}": "" if option == "all" else option, f"{table}.page": ""})
    if part == "sort":
        return _with(state, {f"{table}.sort": "" if option == "default" else option, f"{table}.page": ""})
    return _with(state, {line.element.variable: option})


def back(site: Site, state: State) -> State:
    """Go back to the page before."""
    if not state.trail:
        return replace(state, message="There is no page to go back to.")
    (page, row), rest = state.trail[-1], state.trail[:-1]
    return replace(enter(state, page), row=row, trail=rest)


def visit(site: Site, state: State, url: str) -> State:
    """Open an address; one that the site does not have gives a message."""
    path = "/" + url.strip().strip("/")
    for page in site.pages:
        for row in (None, *((table.name, at) for table in site.tables.values() for at in range(len(table.rows)))):
            if url_of(page, row, site) == path and (row is None or path != f"/{page}"):
                return enter(replace(state, message="", row=row or state.row), page)
    return replace(state, message=f"Page not found: {path}")


def enter(state: State, page: str) -> State:
    """The state on another page: controls of lists are back at their start."""
    trail = (*state.trail, (state.page, state.row))[-LONGEST_TRAIL:]
    kept = {name: value for name, value in state.values if "." not in name or name.endswith(".saved")}
    return replace(state, page=page, values=_sorted(kept), trail=trail, message="")


def _pressed(site: Site, state: State, element: Element, popup: str) -> State:
    for need in element.needs:
        if not is_so(site, state, need.condition):
            return replace(state, message=filled(site, state, need.message))
    if popup:
        state = replace(state, closed=state.closed | {popup})
    values: dict[str, str] = {}
    for effect in element.effects:
        values |= _changed(site, _with(state, values), effect)
    state = _with(state, values)
    if element.commits:
        state = replace(state, committed=(*state.committed, filled(site, state, element.label)))
    if element.target:
        return enter(state, element.target)
    said = f"{filled(site, state, element.label)}: done." if element.effects and not popup else ""
    return replace(state, message=state.message or said)


def _changed(site: Site, state: State, effect: Effect) -> dict[str, str]:
    value, held = filled(site, state, effect.value), state.known.get(effect.variable, "")
    match effect.kind:
        case "set":
            return {effect.variable: value}
        case "clear":
            return {effect.variable: ""}
        case "save":
            return {f"{effect.variable}.saved": held}
        case "add":
            known = things(held)
            return {effect.variable: held if plain(value) in map(plain, known) else SEPARATOR.join((*known, value))}
        case "remove":
            return {effect.variable: SEPARATOR.join(one for one in things(held) if plain(one) != plain(value))}


def _with(state: State, values: dict[str, str], message: str = "") -> State:
    return replace(state, values=_sorted({**state.known, **values}), message=message or state.message)


def _sorted(values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in values.items() if value))
