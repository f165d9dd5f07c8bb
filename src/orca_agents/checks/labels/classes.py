"""The classes of a labelling task: names with definitions, as lines `name: definition`; and texts with their class."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.records import Instruction, short_hash

FEWEST, MOST = 2, 10
FEWEST_TEXTS, MOST_TEXTS = 3, 10
LONGEST_NAME = 60
LONGEST_DEFINITION = 400
LONGEST_TEXT = 900

Mode = Literal["one", "several", "batch"]
"""One class for one text; all classes that apply to it; or one class for each of several texts."""


@dataclass(frozen=True)
class Labelled:
    """A text and the class to which its writer says that it belongs."""

    label: str
    text: str


def mode_of(leaf: Leaf) -> Mode:
    """What the answer to a leaf's items is."""
    if leaf.answer == "label":
        return "one"
    return "batch" if leaf.settings.get("batch") else "several"


def is_written(leaf: Leaf) -> bool:
    """Whether the writer writes the texts that are classified; otherwise it is the passage."""
    return leaf.settings.get("source") == "written" or mode_of(leaf) == "batch"


def read_classes(lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and definitions, in an order that only their wording decides. Raises `UnparsableError`."""
    pairs: list[tuple[str, str]] = []
    for line in lines:
        # only bullets and counting marks: `A:` may be the name of a class
        bare = re.sub(r"^\s*(?:[-*\u2022]|\d+[.)])\s+", "", line)
        # Chinese and Japanese write a wide colon
        name, _, definition = (part.strip(" \t*`") for part in re.sub("[:\uff1a]", "\0", bare, count=1).partition("\0"))
        if not name or not definition:
            raise UnparsableError(f"'labels': {line!r} is not a class such as `refund: the writer wants money back`")
        pairs.append((name, definition))
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise UnparsableError("'labels': two classes have the same name")
    # the first class in the writer's mind is often the right one: its place must not tell
    random.Random(short_hash(*sorted(definition for _, definition in pairs))).shuffle(pairs)
    return tuple(name for name, _ in pairs), tuple(definition for _, definition in pairs)


def read_label(text: str, names: Sequence[str]) -> str:
    """A class name in its declared spelling. Raises `UnparsableError` for one that is not declared."""
    bare = text.strip().strip("*`\"'").strip()
    for name in names:
        if bare == name:
            return name
    alike = [name for name in names if name.casefold() == bare.casefold()]
    if len(alike) != 1:
        raise UnparsableError(f"{text[:80]!r} is none of the classes {', '.join(names)}")
    return alike[0]


def read_texts(lines: Sequence[str], names: Sequence[str]) -> tuple[Labelled, ...]:
    """Texts with their classes out of `class => text`. Raises `UnparsableError`."""
    found = []
    for line in lines:
        name, arrow, text = line.partition("=>")
        if not arrow or not text.strip():
            raise UnparsableError(f"'texts': {line[:80]!r} does not have the form `class => text`")
        found.append(Labelled(read_label(re.sub(r"^\s*(?:[-*]|\d+[.)])\s+", "", name), names), text.strip()))
    return tuple(found)


def draw_text(texts: Sequence[Labelled]) -> Labelled:
    """The one text that becomes the item: each with the same chance, whatever its class and its place."""
    ranked = sorted(texts, key=lambda one: one.text)
    return random.Random(short_hash("draw", *(one.text for one in ranked))).choice(ranked)


def shuffle_texts(texts: Sequence[Labelled]) -> tuple[Labelled, ...]:
    """The texts of a batch in an order that tells nothing of their classes."""
    ranked = sorted(texts, key=lambda one: one.text)
    random.Random(short_hash("batch", *(one.text for one in ranked))).shuffle(ranked)
    return tuple(ranked)


def definitions_of(instruction: Instruction) -> dict[str, str]:
    """Class -> definition."""
    return dict(zip(instruction.parts["labels"], instruction.parts["definitions"], strict=True))


def text_of(instruction: Instruction) -> str:
    """What is classified: the item's own texts, or the passage."""
    return "\n\n".join(instruction.parts.get("texts", ())) or instruction.content.text
