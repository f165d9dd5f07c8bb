"""Search a site for the shortest way to a goal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import heappop, heappush
from itertools import count

from orca_agents.dialogues.web.acting import choose, fill, opened, press
from orca_agents.dialogues.web.conditions import holds, is_kind
from orca_agents.dialogues.web.goals import ANSWER, ITEM, SEEN, read_goal, shown_by, unmet, words_to_see
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.relevance import conditions_of, pages_of_rows, relevant_variables
from orca_agents.dialogues.web.site import Condition, Element, Site, things
from orca_agents.dialogues.web.view import Line, State, look
from orca_agents.dialogues.words import plain, says

INPUTS = ("textbox", "textarea", "searchbox", "combobox", "checkbox")
"""The roles of what is filled in."""
ENDLESS = 10**9
MOST_STATES = 6_000
"""So many states are looked at before the search gives up; most sites have some hundred that matter."""
COMPOSED = "some words"
"""What is typed where an agent may write in its own words."""


@dataclass(frozen=True)
class Way:
    """One action on the way, as an agent would write it without ids."""

    does: str
    """click, type or select."""
    line: Line
    value: str = ""

    def __str__(self) -> str:
        return f'{self.does}("{self.line.label}"' + (f', "{self.value}")' if self.value else ")")


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    path: tuple[Way, ...] | None
    """The shortest way; `None` where there is none, or none was found."""
    is_complete: bool
    """Whether all that is worth trying was tried."""
    states: int = 0
    met_popups: int = 0
    """How many dialogs had to be closed on the way."""


_NAMED = re.compile(r"\{([\w.]+)\}")
Node = tuple[State, frozenset[str]]
"""A state without its past, and which of the words to be seen were seen."""
Ways = dict[Node, tuple[Node, tuple[Way, ...]] | None]
"""From where, and by what, each node was reached first."""


@lru_cache(maxsize=256)
def search(text: str, goal: tuple[str, ...], known: tuple[str, ...] = ()) -> Found:
    """The shortest way to a goal on the site of a notation, typing only what is `known` or what the goal names.

    Links, buttons and inputs are tried, not addresses or the way back: an agent may be a step quicker, so this is no
    lower bound for it. That there is no way at all is proved elsewhere (`limits`).

    Raises `SiteError`, `GoalError`.
    """
    site = read_site(text)
    return _Search(site, tuple(map(site.meant, read_goal(goal))), known).run()


class _Search:
    """One search, cheapest ways first. What a page has to be filled in with anyway is filled in at one go."""

    def __init__(self, site: Site, goal: tuple[Condition, ...], known: tuple[str, ...]) -> None:
        self.site, self.goal, self.known = site, goal, known
        self.wanted = words_to_see(goal)
        # the answer can be written by whoever has seen what it must hold
        self.without_answer = tuple(c for c in goal if c.variable not in (ANSWER, SEEN))
        elements = site.elements()
        self.asked = tuple(map(site.meant, (need.condition for element in elements for need in element.needs)))
        self.shown_if = frozenset(condition.variable for element in elements for condition in element.when)
        self.gathered = _gathered(site, goal)
        self.relevant = relevant_variables(site, self.without_answer, shows=bool(self.wanted))
        keeps_row = bool(self.wanted) or any(c.variable == ITEM for c in goal)
        self.row_pages = frozenset(site.pages) if keeps_row else pages_of_rows(site)

    def run(self) -> Found:
        first = self._node(opened(self.site), frozenset())
        ways: Ways = {first: None}
        costs = {first: 0}
        order = count()
        queue = [(0, next(order), first)]
        while queue:
            cost, _, node = heappop(queue)
            if cost > costs[node]:
                continue
            if self._is_there(node):
                path = _back(ways, node)
                return Found(path, False, len(ways), sum(way.line.part.startswith("popup:") for way in path))
            if len(ways) > MOST_STATES:
                return Found(None, False, len(ways))
            for steps, state in self._moves(node[0]):
                after = self._node(state, node[1])
                if cost + len(steps) < costs.get(after, ENDLESS):
                    costs[after] = cost + len(steps)
                    ways[after] = (node, steps)
                    heappush(queue, (costs[after], next(order), after))
        return Found(None, True, len(ways))

    def _is_there(self, node: Node) -> bool:
        return len(node[1]) == len(self.wanted) and not unmet(self.without_answer, self.site, node[0], "", "")

    def _node(self, state: State, seen: frozenset[str]) -> Node:
        values = tuple((name, value) for name, value in state.values if self._matters(name))
        row = state.row if state.page in self.row_pages else None
        state = replace(state, values=values, trail=(), committed=(), row=row)
        if len(seen) < len(self.wanted):
            shown = shown_by(look(self.site, state))
            seen = seen | {word for word in self.wanted if says(shown, word)}
        return replace(state, message=""), seen

    def _matters(self, name: str) -> bool:
        return name.removesuffix(".saved") in self.relevant or ("." in name and not name.endswith(".saved"))

    def _moves(self, state: State) -> Iterator[tuple[tuple[Way, ...], State]]:
        lines = [line for line in look(self.site, state).lines if line.is_control]
        inputs = [line for line in lines if line.role in INPUTS]
        due = [(line, value) for line in inputs if (value := self._due(line, state)) is not None]
        if due:
            after, steps = state, []
            for line, value in due:
                after = _entered(self.site, after, line, value)
                steps.append(_way_of(line, value))
            yield tuple(steps), after
        settled = {line for line, _ in due} | {line for line in inputs if self._is_settled(line, state)}
        for line in inputs:
            for value in self._texts(line) if line not in settled else ():
                if value != line.value:
                    yield (_way_of(line, value),), _entered(self.site, state, line, value)
        for line in lines:
            if line.role not in INPUTS:
                after = press(self.site, state, line)
                if not self._holds_too_much(after):
                    yield (Way("click", line),), after

    def _due(self, line: Line, state: State) -> str | None:
        """What an input has to be filled in with on any way: something that the goal, or a button, still asks for."""
        own = self._conditions_on(line)
        if not own or all(holds(c, state.known) for c in own):
            return None
        assert line.element is not None
        name = line.element.variable
        fit = [value for value in self._texts(line) if all(holds(c, {name: _held(value)}) for c in own)]
        return next((value for value in fit if value != line.value), None)

    def _is_settled(self, line: Line, state: State) -> bool:
        """Whether an input holds what is asked for, and nothing else comes and goes with it."""
        own = self._conditions_on(line)
        if not own or line.element is None or line.element.variable in self.shown_if:
            return False
        return all(holds(c, state.known) for c in own)

    def _conditions_on(self, line: Line) -> list[Condition]:
        """What the goal and the site's buttons ask of an input; nothing of the controls of a list."""
        if line.element is None or line.part or line.element.variable not in self.relevant:
            return []
        name = line.element.variable
        own = [c for c in (*self.goal, *self.asked) if c.variable == name]
        saved = [replace(c, variable=name) for c in self.goal if c.variable == f"{name}.saved"]
        passed_on = [Condition(name, "==", value) for value in self._passed_on(name)]
        if len(passed_on) > 1:
            return []  # nothing tells which of them is meant, so each is tried
        return [*own, *saved, *passed_on]

    def _holds_too_much(self, state: State) -> bool:
        """Whether something was put together that nobody asks for: things that are not named, where some are; more
        than one, where anything will do."""
        for name, wanted in self.gathered.items():
            held = [plain(thing) for thing in things(state.known.get(name, ""))]
            if len(held) > 1 if not wanted else any(thing not in wanted for thing in held):
                return True
        return False

    def _texts(self, line: Line) -> tuple[str, ...]:
        """What is worth entering into an input."""
        assert line.element is not None
        part, _, column = line.part.partition(":")
        if part in ("search", "filter", "sort"):  # they only narrow what a list shows anyway
            name = f"{line.element.table}.{column or part}"
            wanted = tuple(c.value for c in self.goal if c.variable == name)
            return wanted if part == "search" else tuple(option for option in line.options if option in wanted)
        if line.element.variable not in self.relevant:
            return ()
        if line.role == "checkbox":
            return ("checked", "not checked")
        if line.role == "combobox":
            return self._passed_on(line.element.variable) or line.options
        return self._values(line.element)

    def _values(self, element: Element) -> tuple[str, ...]:
        """What is worth typing: what the goal names, what the user told of the kinds that are asked for."""
        name = element.variable
        asked = [c for c in (*self.goal, *self.asked) if c.variable in (name, f"{name}.saved")]
        texts = [c.value for c in asked if c.relation in ("==", "has", ">=", "<=")]
        named = [c for c in self.goal if c.variable in (name, f"{name}.saved") and c.relation == "=="]
        if named:
            return tuple(dict.fromkeys(c.value for c in named))
        free = (*self.known, *((COMPOSED,) if element.kind == "textarea" else ()))
        for kind in sorted({c.value for c in asked if c.relation in ("is", "is not")}):
            wants = any(c.value == kind and c.relation == "is" for c in asked)
            texts += [text for text in free if is_kind(text, kind) == (wants and kind != "empty")][:1]
        return tuple(dict.fromkeys((*texts, *self._passed_on(name))))

    def _passed_on(self, name: str) -> tuple[str, ...]:
        """What may have to be entered because a button sets a variable of the goal from it: the very part of the
        goal's value, where that can be told; otherwise anything known."""
        wanted = {c.variable: c.value for c in self.goal if c.relation in ("==", "has")}
        sets = [effect for e in self.site.elements() for effect in e.effects if effect.variable in wanted]
        using = [effect for effect in sets if "{" + name + "}" in effect.value]
        parts = [_taken_apart(effect.value, wanted[effect.variable]).get(name) for effect in using]
        options = [option for one in self.site.inputs(name) for option in one.options]
        told = tuple(part for part in parts if part is not None and (not options or part in options))
        return told if told or not using else tuple(options) or self.known


def _entered(site: Site, state: State, line: Line, value: str) -> State:
    if line.role == "checkbox":
        return press(site, state, line)
    return choose(site, state, line, value) if line.role == "combobox" else fill(site, state, line, value)


def _way_of(line: Line, value: str) -> Way:
    if line.role == "checkbox":
        return Way("click", line)
    return Way("select" if line.role == "combobox" else "type", line, value)


def _held(value: str) -> str:
    """What a variable holds when this stands in its input."""
    return {"checked": "yes", "not checked": ""}.get(value, value)


def _taken_apart(template: str, value: str) -> dict[str, str]:
    """The parts of a value that was made by a template: `{day}, {time}` and `Friday, 18:30` give day and time."""
    names = _NAMED.findall(template)
    if not 1 <= len(names) <= 4 or len(set(names)) != len(names):
        return {}
    pieces = _NAMED.split(template)
    pattern = "".join(re.escape(piece) if at % 2 == 0 else "(.+?)" for at, piece in enumerate(pieces))
    match = re.fullmatch(pattern, value)
    return dict(zip(names, match.groups(), strict=True)) if match else {}


def _gathered(site: Site, goal: tuple[Condition, ...]) -> dict[str, frozenset[str]]:
    """The variables that things are added to, with the things that the goal or a condition names."""
    names = {effect.variable for element in site.elements() for effect in element.effects if effect.kind == "add"}
    named = [c for c in (*goal, *conditions_of(site)) if c.relation in ("==", "has")]
    return {name: frozenset(plain(t) for c in named if c.variable == name for t in things(c.value)) for name in names}


def _back(ways: Ways, node: Node) -> tuple[Way, ...]:
    path: list[Way] = []
    while (came := ways[node]) is not None:
        node, steps = came
        path += reversed(steps)
    return tuple(reversed(path))
