"""One visit to a site: what an agent sees, what it may do there, and what was noted of it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from orca_agents.dialogues.web.acting import back, choose, fill, opened, press, visit
from orca_agents.dialogues.web.actions import Action, ActionError
from orca_agents.dialogues.web.goals import shown_by
from orca_agents.dialogues.web.site import Site
from orca_agents.dialogues.web.view import BEHIND, Line, State, View, look, open_popup
from orca_agents.dialogues.words import pieces, plain, says

SCREEN = 24
"""Lines of a page that are seen at once."""
NOT_TOLD = "nobody told you"


@dataclass
class Visit:
    """A visit under way. It is made anew for every turn out of the actions so far, so nothing depends on when."""

    site: Site
    salt: str
    """Of the ids, where these change from one observation to the next."""
    changing_ids: bool
    told: list[str]
    """What the user said: the task, its data, answers to questions."""
    state: State = field(init=False)
    top: int = 0
    """The first line that is seen."""
    looks: int = 0
    seen: list[str] = field(default_factory=list)
    """What each observation let the agent read."""
    urls: set[str] = field(default_factory=set)
    steps: int = 0
    messages: int = 0
    """How often the site said that something was missing or wrong."""
    popups: set[str] = field(default_factory=set)
    asked: int = 0
    asked_before_commit: bool = False

    def __post_init__(self) -> None:
        self.state = opened(self.site)
        self._notice()

    def observation(self) -> str:
        """What the agent reads now."""
        view = look(self.site, self.state)
        lines = [f"Page: {view.title}", f"Address: {view.url}"]
        if self.top:
            lines.append(f"({self.top} lines above; scroll(up))")
        ids = dict(self._ids(view))
        for at in range(self.top, min(self.top + SCREEN, len(view.lines))):
            lines.append(_written(view.lines[at], ids.get(at)))
        if (below := len(view.lines) - self.top - SCREEN) > 0:
            lines.append(f"({below} lines below; scroll(down))")
        return "\n".join(lines)

    def why_not(self, action: Action) -> str | None:
        """Why this cannot be done now, by what the latest observation shows."""
        if action.verb in ("click", "type", "select"):
            return self._why_not_on(action)
        if action.verb == "goto" and not self._is_known_address("/" + action.text.strip().strip("/")):
            return f"you have not seen the address {action.text!r}; use links"
        if action.verb == "scroll":
            more = len(look(self.site, self.state).lines) > self.top + SCREEN
            if action.text == "down" and not more:
                return "there is nothing below; the whole page has been shown"
            if action.text == "up" and not self.top:
                return "this is the top of the page"
        if action.verb == "back" and not self.state.trail:
            return "there is no page before this one"
        return None

    def do(self, action: Action) -> None:
        """Do it. What cannot be done is refused by `why_not` before."""
        before = self.state
        if action.verb == "scroll":
            self.top = max(0, self.top + (SCREEN if action.text == "down" else -SCREEN))
        elif action.verb in ("ask", "stop"):
            return
        else:
            self.steps += 1
            self.state = self._after(action)
            if (before.page, before.row) != (self.state.page, self.state.row) or self.state.message:
                self.top = 0
        if len(self.state.committed) > len(before.committed) and self.asked:
            self.asked_before_commit = True
        self._notice()

    def heard(self, reply: str) -> None:
        """The user answered a question."""
        self.asked += 1
        self.told.append(reply)

    @property
    def seen_text(self) -> str:
        """All that was shown so far."""
        return "\n".join(self.seen)

    def _after(self, action: Action) -> State:
        match action.verb:
            case "goto":
                return visit(self.site, self.state, action.text)
            case "back":
                return back(self.site, self.state)
        line = self._line(action.id)
        assert line is not None, "refused before"
        if action.verb == "click":
            after = press(self.site, self.state, line)
            if line.element is not None and after.message in {n.message for n in line.element.needs}:
                self.messages += 1
            return after
        if action.verb == "type":
            return fill(self.site, self.state, line, action.text)
        return choose(self.site, self.state, line, _option(line, action.text) or "")

    def _why_not_on(self, action: Action) -> str | None:
        line = self._line(action.id)
        if line is None:
            return f"there is no [{action.id}] in the latest observation"
        name = f"[{action.id}] is a {line.role}"
        if action.verb == "type":
            if line.role not in ("textbox", "textarea", "searchbox"):
                return f"{name}; nothing can be typed there"
            if line.role == "textbox" and not self._is_known(action.text):
                return f"{NOT_TOLD} {action.text!r}, and no page showed it; ask the user, or leave it empty"
        if action.verb == "select":
            if line.role != "combobox":
                return f"{name}; it has no options"
            if _option(line, action.text) is None:
                return f"{action.text!r} is none of its options: {' | '.join(line.options)}"
        if action.verb == "click" and line.role == "combobox":
            return f"{name}; use select"
        return None

    def _is_known_address(self, path: str) -> bool:
        """Whether an address was seen, or told as an address: a word of the errand is none."""
        told = rf"(?<![\w/]){re.escape(path)}(?![\w/])"
        return path in self.urls or any(re.search(told, text) for text in self.told)

    def _is_known(self, text: str) -> bool:
        """Whether these words, or each of them, were told or seen, with whatever stands between their letters."""
        known = plain("\n".join((*self.told, *self.seen)))
        if says(known, text) or all(says(known, word) for word in pieces(text)):
            return True
        letters = re.findall(r"[^\W_]", plain(text))
        spread = r"[\W_]{0,3}".join(map(re.escape, letters))
        return bool(letters) and re.search(rf"(?<!\w){spread}(?!\w)", known) is not None

    def _line(self, number: int) -> Line | None:
        view = look(self.site, self.state)
        for at, own in self._ids(view):
            if own == number and self.top <= at < self.top + SCREEN:
                return view.lines[at]
        return None

    def _ids(self, view: View) -> Iterator[tuple[int, int]]:
        """The number of each control, by its line."""
        controls = [at for at, line in enumerate(view.lines) if line.is_control]
        numbers = list(range(1, len(controls) + 1))
        if self.changing_ids:
            numbers = random.Random(f"{self.salt}/{self.looks}").sample(range(100, 1000), len(controls))
        return zip(controls, numbers, strict=True)

    def _notice(self) -> None:
        view = look(self.site, self.state)
        self.looks += 1
        self.urls.add(view.url)
        whole = View(view.title, view.url, view.lines[self.top : self.top + SCREEN])
        self.seen.append(shown_by(whole).replace(BEHIND, ""))
        popup = open_popup(self.site, self.state)
        if popup is not None:
            self.popups.add(popup.name)


def check_action(visit_now: Visit, action: Action) -> Action:
    """The action, if it can be done now. Raises `ActionError`."""
    reason = visit_now.why_not(action)
    if reason is not None:
        raise ActionError(reason)
    return action


def _option(line: Line, text: str) -> str | None:
    return next((option for option in line.options if plain(option) == plain(text)), None)


def _written(line: Line, number: int | None) -> str:
    parts = [f"[{number}]"] if number is not None else []
    parts += [line.role, f'"{line.label}"']
    if line.role in ("textbox", "textarea", "searchbox", "combobox"):
        parts.append(f'= "{line.value}"')
    elif line.value:
        parts.append(f"({line.value})")
    if line.options:
        parts.append(f"({' | '.join(line.options)})")
    if line.detail:
        parts.append(f"({line.detail})")
    return " ".join(parts)
