"""The texts that make up an item: what the question shows, quotes, and what its key says."""

from __future__ import annotations

import re

from orca_agents.records import Instruction

HIDDEN_PARTS = ("rubric", "missing")
"""Parts that are kept with the item and that no student sees."""


def shown_parts(instruction: Instruction) -> tuple[str, ...]:
    """The options, statements, items or sides that stand under the question."""
    return tuple(
        text for name, texts in instruction.parts.items() if name not in HIDDEN_PARTS for text in texts if text.strip()
    )


def shown_text(instruction: Instruction) -> str:
    """The question with everything that stands under it."""
    return "\n".join((instruction.question, *shown_parts(instruction)))


def answer_texts(instruction: Instruction, value: tuple[str, ...]) -> tuple[str, ...]:
    """What an answer says, in words: the options behind the letters, the numbers, spans and items as they are."""
    options = instruction.parts.get("options", ())
    if instruction.form in ("choice", "choices"):
        return tuple(options[ord(letter) - ord("A")] for letter in value if 0 <= _place(letter) < len(options))
    if instruction.form == "truth":
        return tuple(
            text for text, truth in zip(instruction.parts.get("statements", ()), value, strict=False) if truth == "true"
        )
    if instruction.form in ("order", "mapping"):
        return shown_parts(instruction)
    return value


def quoted(text: str) -> list[str]:
    """What stands in quotation marks."""
    return [next(filter(None, match.groups()), "") for match in _QUOTED.finditer(text)]


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks."""
    return _QUOTED.sub(" ", text)


_QUOTED = re.compile(
    '"([^"\n]{2,400})"|\u201c([^\u201d\u201c\n]{2,400})[\u201d\u201c]|\u201e([^\u201c\u201d\n]{2,400})[\u201c\u201d]'
    "|\u00ab\\s?([^\u00bb\n]{2,400}?)\\s?\u00bb|\u300c([^\u300d\n]{2,400})\u300d|\u300e([^\u300f\n]{2,400})\u300f"
    "|(?<!\\w)\u2018([^\u2019\n]{2,400})\u2019(?!\\w)|(?<!\\w)'([^'\n]{2,400})'(?!\\w)"
)


def _place(letter: str) -> int:
    return ord(letter) - ord("A") if len(letter) == 1 else -1
