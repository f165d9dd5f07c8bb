"""Apply a unified diff to a text, by what its lines say: line numbers that a model wrote are seldom right."""

from __future__ import annotations

import re

MOST_LINES = 4000


class PatchProblem(ValueError):
    """The diff does not fit the text; says where."""


def apply_patch(text: str, diff: str) -> str:
    """The text with the diff carried out. Raises `PatchProblem`."""
    lines = text.split("\n")
    if len(lines) + diff.count("\n") > MOST_LINES:
        raise PatchProblem("it is too long")
    at = 0
    hunks = _hunks(diff)
    if not hunks:
        raise PatchProblem("it has no lines that begin with + or -")
    for hunk in hunks:
        old = [line for mark, line in hunk if mark != "+"]
        new = [line for mark, line in hunk if mark != "-"]
        if not old:
            raise PatchProblem("it only adds lines, and nothing says where; copy the line above them, behind a space")
        place = _place(lines, old, at)
        if place is None:
            place = _place(lines, old, 0)
        if place is None:
            raise PatchProblem(f"the lines {_shown(old)!r} do not stand in the code")
        kept = _kept_context(lines[place : place + len(old)], hunk)
        lines[place : place + len(old)] = kept
        at = place + len(new)
    return "\n".join(lines)


def _hunks(diff: str) -> list[list[tuple[str, str]]]:
    hunks: list[list[tuple[str, str]]] = [[]]
    lines = diff.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            hunks.append([])
        elif _is_head(lines, number) or line.startswith(("diff ", "index ", "\\")):
            continue
        elif line[:1] in ("+", "-", " "):
            hunks[-1].append((line[0], line[1:].rstrip("\r")))
        elif not line.strip():
            hunks[-1].append((" ", ""))
    return [_trimmed(hunk) for hunk in hunks if any(mark != " " for mark, _ in hunk)]


def _is_head(lines: list[str], number: int) -> bool:
    """Whether a line is `--- a/file` or the `+++ b/file` under it, and no change of the code."""
    line = lines[number]
    below = lines[number + 1] if number + 1 < len(lines) else ""
    above = lines[number - 1] if number else ""
    return (line.startswith("--- ") and below.startswith("+++ ")) or (
        line.startswith("+++ ") and above.startswith("--- ")
    )


def _trimmed(hunk: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the empty lines at either end, which belong to the fence rather than to the code."""
    while hunk and hunk[-1] == (" ", ""):
        hunk = hunk[:-1]
    while hunk and hunk[0] == (" ", ""):
        hunk = hunk[1:]
    return hunk


def _place(lines: list[str], old: list[str], start: int) -> int | None:
    """Where the old lines stand; white space at their ends does not count."""
    wanted = [re.sub(r"\s+$", "", line) for line in old]
    there = [re.sub(r"\s+$", "", line) for line in lines]
    return next(
        (at for at in range(start, len(there) - len(wanted) + 1) if there[at : at + len(wanted)] == wanted), None
    )


def _kept_context(there: list[str], hunk: list[tuple[str, str]]) -> list[str]:
    """The new lines; those that stay are kept as they stand in the text."""
    found, at = [], 0
    for mark, line in hunk:
        if mark == "+":
            found.append(line)
            continue
        if mark == " ":
            found.append(there[at])
        at += 1
    return found


def _shown(old: list[str]) -> str:
    text = "\n".join(old)
    return text if len(text) <= 200 else f"{text[:200]}..."
