"""Constraints on notes within a text: set apart by a form, so many of them, and the text itself left as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orca_agents.constraints.kind import Kind, Saying, number, one_of
from orca_agents.constraints.measure import fold, folded_words, without_markup


@dataclass(frozen=True)
class Notes:
    """Notes within a text: the form that sets them apart, and how many there are, if that is asked for."""

    form: str
    count: int | None = None


def _read_notes(text: str) -> Notes:
    form, sign, count = text.partition("=")
    return Notes(one_of(*_NOTES)(form), number(count) if sign else None)


def _says_notes(value: object) -> Sequence[Saying]:
    assert isinstance(value, Notes)
    return () if value.count is None else (value.count,)


def _why_not_intact(text: str, source: str, value: object) -> str | None:
    """Whether the given text is left once the notes are taken out; brackets that it had itself are no notes."""
    assert isinstance(value, Notes)
    how, known = value.form, folded_words(source)
    bare, count, empty = text, 0, 0
    for note in _NOTES[how].findall(text):
        words = folded_words(note)
        if words and " ".join(words) in " ".join(known) and fold(note) in fold(source):
            continue
        bare, count, empty = bare.replace(note, " ", 1), count + 1, empty + (not words and how != "quotes")
    called = how.replace("_", " ")
    if not count:
        return f"it has no notes in {called}"
    if empty:
        return f"one of its notes in {called} is empty"
    if how == "footnotes":  # each stands there twice: behind its word, and at the foot
        count = len(re.findall(r"^[ \t]*(?:\[\^?\w{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]+)", text, re.MULTILINE))
    if value.count is not None and count != value.count:
        return f"it has {count} notes in {called}, not {value.count}"
    own = folded_words(without_markup(bare))
    words = folded_words(without_markup(source))
    if own == words:
        return None
    at = next((at for at, (a, b) in enumerate(zip(own, words, strict=False)) if a != b), min(len(own), len(words)))
    return (
        f"without its notes it is not the given text any more: {' '.join(words[at : at + 6]) or '(the end)'!r} "
        f"became {' '.join(own[at : at + 6]) or '(the end)'!r}"
    )


_NOTES = {
    "brackets": re.compile(r"\[(?!\^)[^\[\]]{1,600}\](?!\()"),
    "parentheses": re.compile(r"\([^()]{1,600}\)"),
    "braces": re.compile(r"\{[^{}]{1,600}\}"),
    "quotes": re.compile(r"^[ \t]*>[^\n]*$(?:\n[ \t]*>[^\n]*$)*", re.MULTILINE),
    "comments": re.compile(r"<!--.{1,600}?-->", re.DOTALL),
    "note_lines": re.compile(r"^[ \t>*_]*(?:note|comment|annotation|nota|anmerkung)\b[^\n:]{0,30}:[^\n]*$",
                             re.MULTILINE | re.IGNORECASE),
    "footnotes": re.compile(r"^[ \t]*\[\^?\w{1,12}\]:?[^\n]*$|\[\^?\w{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]+",
                            re.MULTILINE),
}  # fmt: skip

NOTES: tuple[Kind, ...] = (
    Kind("notes_in", "brackets, parentheses, braces, quotes (lines with >), note_lines (Note: ...), comments "
         "(<!-- -->) or footnotes: what is left without them is the given text (`brackets = 3` if there are to be 3)",
         _read_notes, _why_not_intact, _says_notes),
)  # fmt: skip
