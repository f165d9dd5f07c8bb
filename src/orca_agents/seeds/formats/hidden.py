"""Take out of a parsed page what no person sees: hidden elements, whether by attribute, style, sheet or class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any


def drop_hidden(root: Any, *, readers_too: bool = True) -> None:
    """Remove hidden elements from an lxml tree, in place; with `readers_too` also what is for screen readers alone.

    Looked at are `hidden`, `aria-hidden`, `style` attributes, simple rules of the page's own style sheets (a tag, a
    class, an id, or these in one), and the class names by which common frameworks hide. Sheets in other files are not
    fetched.
    """
    rules = _hiding_rules(root)
    seen = (
        element
        for element in list(root.iter())
        if isinstance(element.tag, str) and element.tag not in ("html", "body", "head")
    )
    take_out(root, (e for e in seen if _hides_itself(e, readers_too) or _is_hidden_by(e, rules)))


def take_out(root: Any, elements: Iterable[Any]) -> None:
    """Remove elements with all that is in them; the text behind each stays. All at once: one by one, the text that
    comes together would be copied for each of them."""
    import lxml.etree  # type: ignore[import-untyped]

    for element in list(elements):
        element.tag = _TAKEN_OUT
    lxml.etree.strip_elements(root, _TAKEN_OUT, with_tail=False)


def hides(style: str) -> bool:
    """Whether declarations of a style hide what they are for."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    # The last declaration of a property wins, as in a browser.
    said: dict[str, str] = {}
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        said[name.strip().lower()] = value.replace("!important", "").strip().lower()
    if said.get("display") == "none" or said.get("visibility") in ("hidden", "collapse"):
        return True
    if said.get("content-visibility") == "hidden":
        return True
    if any(_ZERO.fullmatch(said.get(name, "")) for name in ("font-size", "opacity", "zoom")):
        return True
    if _ZERO_FONT.search(said.get("font", "")) or "scale(0" in said.get("transform", "").replace("scale(0.", ""):
        return True
    if any(_is_far(said.get(name, "")) for name in ("text-indent", "left", "top", "right", "bottom", "margin-left")):
        return True
    if _is_far(said.get("transform", "")) or _NO_CLIP.search(said.get("clip", "") + said.get("clip-path", "")):
        return True
    small = any(_TINY.fullmatch(said.get(name, "")) for name in ("width", "height", "max-height", "max-width"))
    if small and said.get("overflow", "").startswith(("hidden", "clip")):
        return True
    colour, ground = said.get("color", ""), said.get("background-color") or said.get("background", "")
    return colour == "transparent" or (colour != "" and _plain_colour(colour) == _plain_colour(ground))


Rule = tuple[str, str, frozenset[str]]
"""A tag, an id and classes, each empty where the rule does not ask for it."""


def _hides_itself(element: Any, readers_too: bool) -> bool:
    if element.get("hidden") is not None and element.get("hidden", "").lower() != "until-found":
        return True
    if element.get("aria-hidden", "").strip().lower() == "true":
        return True
    if (style := element.get("style")) and hides(style):
        return True
    classes = set(element.get("class", "").lower().split())
    # `d-none d-md-block` and `hidden md:flex` show on wide screens.
    shown = any(_SHOWN_LATER.match(name) for name in classes)
    return (bool(classes & _HIDING) and not shown) or (readers_too and bool(classes & _FOR_READERS))


def _hiding_rules(root: Any) -> list[Rule]:
    rules: list[Rule] = []
    for sheet in root.iter("style"):
        if sheet.get("media", "all").lower() not in ("all", "screen", ""):
            continue
        text = re.sub(r"/\*.*?\*/", "", sheet.text_content()[:200_000], flags=re.DOTALL)
        for selectors, declarations in _top_rules(text):
            if hides(declarations):
                rules += [rule for selector in selectors.split(",") if (rule := _rule(selector.strip()))]
    return rules[:500]


def _top_rules(sheet: str) -> Iterator[tuple[str, str]]:
    """The rules outside `@media` and other blocks, which hold at some times only."""
    depth, start, at, selectors = 0, 0, False, ""
    for brace in re.finditer(r"[{}]", sheet):
        if brace[0] == "{":
            if depth == 0:
                selectors = sheet[start : brace.start()].rpartition(";")[2].strip()
                at = selectors.startswith("@")
            depth, start = depth + 1, brace.end() if depth == 0 else start
        elif depth:
            depth -= 1
            if depth == 0:
                if not at:
                    yield selectors, sheet[start : brace.start()]
                start = brace.end()


def _rule(selector: str) -> Rule | None:
    match = _SIMPLE.fullmatch(selector)
    if not match or not selector or selector == "*":
        return None
    names = re.findall(r"[.#][\w-]+", selector)
    ids = [name[1:] for name in names if name[0] == "#"]
    return (match[1] or "").lower(), ids[0] if ids else "", frozenset(name[1:] for name in names if name[0] == ".")


def _is_hidden_by(element: Any, rules: list[Rule]) -> bool:
    if not rules:
        return False
    classes = set(element.get("class", "").split())
    return any(
        tag in ("", element.tag) and name in ("", element.get("id", "")) and wanted <= classes
        for tag, name, wanted in rules
    )


def _is_far(value: str) -> bool:
    """Whether a length puts things off the screen."""
    return any(
        float(number) <= (-50 if unit in ("em", "rem", "vw", "vh") else -100 if unit == "%" else -900)
        for number, unit in _LENGTH.findall(value)
    )


def _plain_colour(value: str) -> str:
    value = "".join(value.split())
    value = {"white": "#fff", "black": "#000", "rgb(255,255,255)": "#fff", "rgb(0,0,0)": "#000"}.get(value, value)
    return "#" + value[1] + value[3] + value[5] if re.fullmatch(r"#(?:([0-9a-f])\1){3}", value) else value


_TAKEN_OUT = "orca-taken-out"
_ZERO = re.compile(r"0*\.?0*(?:px|pt|em|rem|%|ex|ch|vw|vh|mm|cm)?(?<=[0a-z%])")
_ZERO_FONT = re.compile(r"(?<![\d.])0(?:\.0+)?(?:px|pt|em|rem|%)?(?:\s|/|$)")
_TINY = re.compile(r"[01](?:px|pt)?")
_LENGTH = re.compile(r"(-\d+(?:\.\d+)?)(px|pt|em|rem|vw|vh|%)?")
_NO_CLIP = re.compile(r"rect\(\s*(?:[01](?:px)?[\s,]+){3}[01](?:px)?\s*\)|inset\(\s*(?:50|100)%")
_SIMPLE = re.compile(r"([A-Za-z][\w-]*)?(?:[.#][\w-]+)*")
_HIDING = frozenset({"d-none", "hidden", "invisible", "is-hidden", "hide", "visually-hidden-always"})
_FOR_READERS = frozenset({"sr-only", "visually-hidden", "screen-reader-text", "screenreader", "a11y-hidden"})
_SHOWN_LATER = re.compile(
    r"d-(?:sm|md|lg|xl|xxl)-(?!none)|(?:sm|md|lg|xl|2xl):(?:block|flex|grid|inline|table|contents|visible)|show$"
)
