"""Fences of Markdown: find what stands in them, put code into one, take one off, and look at the prose alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_OPENING = re.compile(r"(?P<indent>[ \t]*+)(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^`\r\n]*+)\r?\n?")
_FENCE_LINE = re.compile(r"[ \t]*+```\w*+\s*+")

JSON = ("", "json")
"""What may stand behind the fence around JSON."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    """The first word behind the opening fence, in lower case; empty where there is none."""
    code: str
    """What stands inside, byte for byte; its last line break belongs to the fence, and so does the indentation of a
    fence in a list."""


def fenced(code: str, language: str = "") -> str:
    """The code in a fence that is longer than any in it, so that nothing inside can close it."""
    runs = re.findall(r"`{3,}", code)
    fence = "`" * (max(map(len, runs), default=2) + 1)
    end = "" if code.endswith("\n") else "\n"
    return f"{fence}{language}\n{code}{end}{fence}"


def blocks(text: str) -> tuple[Block, ...]:
    """The fenced blocks of a text, in order. One that is never closed ends with the text."""
    return _parted(text)[0]


def prose(text: str) -> str:
    """The text without its fenced blocks and without what stands in backticks."""
    return "\n".join(map(_without_ticked, unfenced(text).split("\n")))


def unfenced(text: str) -> str:
    """The text without its fenced blocks; what stands in backticks stays."""
    return _parted(text)[1]


def is_closed(text: str) -> bool:
    """Whether every fence that is opened is closed again."""
    return _parted(text)[2]


def without_fence(text: str, languages: Collection[str] | None = None) -> str:
    """What stands inside, where a whole text is one fenced block; else the text as it is.

    Args:
        text: perhaps in a fence, with white space around that.
        languages: those that will do, in lower case, `""` for none given; any of them where this is not given.
    """
    stripped = text.strip()
    found, around, closed = _parted(stripped)
    is_one = closed and len(found) == 1 and not around.strip() and stripped.startswith(("```", "~~~"))
    return found[0].code if is_one and (languages is None or found[0].language in languages) else text


def without_fence_lines(text: str) -> str:
    """The text without the lines that only open or close a fence, wherever they stand."""
    return "\n".join("" if _FENCE_LINE.fullmatch(line) else line for line in text.split("\n"))


def _without_ticked(line: str) -> str:
    """A line with a space for each span that stands in backticks: from a row of them to the next one as long. Where
    none is as long, the first backticks of a row are text, and the others may begin a span."""
    rows = [mark.span() for mark in re.finditer("`+", line)]
    ahead: dict[int, list[int]] = {}  # length -> where the rows of this length end, the next one last
    for start, end in reversed(rows):
        ahead.setdefault(end - start, []).append(end)
    parts, at = [], 0
    for start, end in rows:
        ahead[end - start].pop()
        if start < at:
            continue  # inside of a span
        closed = next((length for length in range(end - start, 0, -1) if ahead.get(length)), 0)
        if closed:
            parts.append(line[at : end - closed] + " ")
            at = ahead[closed][-1]
    return "".join(parts) + line[at:]


def _parted(text: str) -> tuple[tuple[Block, ...], str, bool]:
    """The blocks, the text around them, and whether the last of them is closed."""
    found: list[Block] = []
    around: list[str] = []
    fence, language, indent = "", "", ""
    inside: list[str] = []
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        if not fence:
            opening = _OPENING.fullmatch(line)
            if opening:
                fence, indent, inside = opening["fence"], opening["indent"], []
                language = (opening["info"].split() or [""])[0].lower()
            else:
                around.append(line)
        elif re.fullmatch(rf"[ \t]{{0,{len(indent) + 3}}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\r?\n?", line):
            found.append(Block(language, _without_last_break("".join(inside))))
            fence = ""
        else:
            inside.append(line.removeprefix(indent))
    if fence:
        found.append(Block(language, _without_last_break("".join(inside))))
    return tuple(found), "".join(around), not fence


def _without_last_break(code: str) -> str:
    return re.sub(r"\r?\n\Z", "", code)
