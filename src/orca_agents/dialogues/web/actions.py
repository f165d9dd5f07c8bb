"""What an agent can do on a web site, as it writes it down: `click(3)`, `type(5, "oats")`, `stop("4.20")`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

Verb = Literal["click", "type", "select", "scroll", "goto", "back", "ask", "stop"]

GRAMMAR = """\
click(ID) - click on a link, a button or a checkbox
type(ID, "TEXT") - write TEXT into a textbox, textarea or searchbox, in place of what it holds
select(ID, "OPTION") - choose an option of a combobox
scroll(down) or scroll(up) - see more of a long page
goto("ADDRESS") - open an address that you have seen
back() - go back to the page before
ask("QUESTION") - ask the user something that only the user can tell, or may you do it
stop("ANSWER") - end: with the answer, or with what you have done; where it cannot be done,
  stop("impossible: what is missing")"""
"""The actions, as agents and students are told them."""
IMPOSSIBLE = "impossible:"
"""How the answer begins of one who gives up with a reason."""
LONGEST_TEXT = 1500


class ActionError(ValueError):
    """This is no action; says how one looks."""


@dataclass(frozen=True)
class Action:
    """One action."""

    verb: Verb
    id: int = 0
    text: str = ""

    def __str__(self) -> str:
        text = '"' + self.text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        match self.verb:
            case "click":
                return f"click({self.id})"
            case "type" | "select":
                return f"{self.verb}({self.id}, {text})"
            case "scroll":
                return f"scroll({self.text})"
            case "back":
                return "back()"
            case _:
                return f"{self.verb}({text})"


def read_action(written: str) -> Action:
    """The one action that a text is. Raises `ActionError`."""
    text = written.strip().strip("`").strip()
    if len(text) > LONGEST_TEXT + 40:
        raise ActionError(f"an action has at most {LONGEST_TEXT} characters")
    match = _CALL.fullmatch(text)
    if match is None:
        raise ActionError(f'{text[:80]!r} is no action; write one alone, such as click(3) or type(5, "some words")')
    verb, inner = match["verb"].lower(), match["inner"].strip()
    if verb == "back":
        if inner:
            raise ActionError("back() takes nothing")
        return Action("back")
    if verb == "scroll":
        if (way := _unquoted(inner).lower()) not in ("up", "down"):
            raise ActionError("write scroll(down) or scroll(up)")
        return Action("scroll", text=way)
    if verb == "click":
        return Action("click", _id(inner, verb))
    if verb in ("type", "select"):
        number, comma, rest = inner.partition(",")
        if not comma:
            raise ActionError(f'{verb} takes an id and a text: {verb}(5, "some words")')
        return Action(cast(Verb, verb), _id(number, verb), _unquoted(rest))
    if not (said := _unquoted(inner)).strip():
        raise ActionError(f"{verb} takes a text in quotation marks")
    return Action(cast(Verb, verb), text=said)


_CALL = re.compile(
    r"(?P<verb>click|type|select|scroll|goto|back|ask|stop)\s*\((?P<inner>.*)\)", re.DOTALL | re.IGNORECASE
)
_MARKS = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb"}
_ESCAPED = {"n": "\n", "t": "\t"}


def _id(text: str, verb: str) -> int:
    match = re.fullmatch(r"[\[#\"']?(\d{1,4})[\]\"']?", text.strip())
    if match is None:
        raise ActionError(
            f"{verb} takes the number of an element, as it stands in [ ] before it, not {text.strip()[:40]!r}"
        )
    return int(match[1])


def _unquoted(text: str) -> str:
    """A text without the quotation marks around it; inside of them, a backslash escapes."""
    text = text.strip()
    if len(text) >= 2 and _MARKS.get(text[0]) == text[-1]:
        return re.sub(r"\\(.)", lambda match: _ESCAPED.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)
    return text
