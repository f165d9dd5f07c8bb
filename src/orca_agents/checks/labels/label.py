"""Answers that are classes out of a declared set: one, all that apply, or one for each of several texts."""

from __future__ import annotations

import random

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.labels.classes import (
    FEWEST,
    FEWEST_TEXTS,
    LONGEST_DEFINITION,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST,
    MOST_TEXTS,
    draw_text,
    is_written,
    mode_of,
    read_classes,
    read_label,
    read_texts,
    shuffle_texts,
)
from orca_agents.checks.labels.showing import ASKS_REASONS, show
from orca_agents.config import Leaf
from orca_agents.harvest import Field, Product
from orca_agents.language import count_words, detect
from orca_agents.records import Answer, AnswerForm, Instruction, short_hash

REASONED = 0.3
"""The part of the single-label items that ask for one sentence of reason after the label."""
FEWEST_DEFINING_WORDS = 3


class _ClassesFormat(AnswerFormat):
    """Classes with definitions and a text or several; the reply is the lines of the answer and nothing else."""

    is_whole_reply = True

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return _item_fields(leaf)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return _read_item(product, leaf)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        return show(instruction, language)

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        return "\n".join(answer.value)


class LabelFormat(_ClassesFormat):
    """One class, alone or with one sentence that says why."""

    name: AnswerForm = "label"

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        names = instruction.parts["labels"]
        answer = Field("answer", "the class of the text", choices=names, max_chars=LONGEST_NAME)
        if instruction.hidden["style"] != ("reason",):
            return (answer,)
        return (answer, Field("reason", "one sentence that says which words of the text decide it", max_chars=300))

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        label = read_label(product["answer"][0], instruction.parts["labels"])
        reason = " ".join(product["reason"][0].split()) if product.get("reason") else ""
        return (label, reason) if reason else (label,)

    def problems(self, instruction: Instruction) -> list[str]:
        return _problems(instruction, instruction.key[:1])

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        return a[:1] == b[:1] != ()


class LabelsFormat(_ClassesFormat):
    """Several classes, one per line: all that apply to one text, or that of each text of a batch."""

    name: AnswerForm = "labels"

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        names = instruction.parts["labels"]
        if instruction.hidden["mode"] == ("batch",):
            count = len(instruction.parts["texts"])
            about = f"the classes of the {count} texts, one for each, in their order"
            return (
                Field(
                    "answer", about, many=True, choices=names, max_chars=LONGEST_NAME, min_items=count, max_items=count
                ),
            )
        about = "every class that applies to the text, none twice"
        return (Field("answer", about, many=True, choices=names, max_chars=LONGEST_NAME, max_items=len(names)),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        names = instruction.parts["labels"]
        given = tuple(read_label(text, names) for text in product["answer"])
        if instruction.hidden["mode"] == ("batch",):
            return given
        return tuple(name for name in names if name in given)

    def problems(self, instruction: Instruction) -> list[str]:
        found = _problems(instruction, instruction.key)
        if instruction.hidden["mode"] == ("batch",):
            return found + _batch_problems(instruction)
        if len(set(instruction.key)) == len(instruction.parts["labels"]):
            found.append("all classes apply at once, so that nothing is to be told apart")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if instruction.hidden["mode"] == ("batch",):
            return a == b != ()
        return set(a) == set(b) != set()

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return "\n".join(value)


def _item_fields(leaf: Leaf) -> tuple[Field, ...]:
    example = (
        "`billing > refund: the writer wants money back`"
        if leaf.settings.get("hierarchical")
        else ("`refund: the writer wants money back for something already paid`")
    )
    labels = Field(
        "labels",
        f"the classes, one line each: its name, a colon, its definition, such as {example}. Definitions say what "
        "belongs in and where the line to the neighbouring class runs",
        many=True,
        max_chars=LONGEST_NAME + LONGEST_DEFINITION,
        min_items=FEWEST,
        max_items=MOST,
    )
    if not is_written(leaf):
        about = "the name of the class to which the text belongs by the definitions"
        if leaf.answer == "labels":
            every = "the names of all classes to which the text belongs by the definitions"
            return (labels, Field("answer", every, many=True, max_chars=LONGEST_NAME, max_items=MOST))
        return (labels, Field("answer", about, max_chars=LONGEST_NAME))
    what = "statements about the text" if leaf.settings.get("over") == "passage" else "texts to be classified"
    enough = (
        f"{FEWEST_TEXTS} to {MOST_TEXTS} of them, spread over the classes"
        if mode_of(leaf) == "batch"
        else "one for each class, of which one will be drawn"
    )
    return (
        labels,
        Field(
            "texts",
            f"{what}, each after the name of its class and an arrow: `class => text`; {enough} (where a task is "
            "edited, those that it shows and no others)",
            many=True,
            max_chars=LONGEST_TEXT,
            max_items=MOST_TEXTS,
        ),
    )


def _read_item(product: Product, leaf: Leaf) -> ItemParts:
    names, definitions = read_classes(product["labels"])
    mode = mode_of(leaf)
    parts = {"labels": names, "definitions": definitions}
    hidden: dict[str, tuple[str, ...]] = {"mode": (mode,), "style": ("label",)}
    if leaf.settings.get("over"):
        hidden["over"] = (str(leaf.settings["over"]),)
    if leaf.settings.get("hierarchical"):
        hidden["hierarchical"] = ("yes",)
    if mode == "one":
        question = product.get("question", ("",))[0]
        draw = random.Random(short_hash("style", *sorted(definitions))).random()
        # the sentence that asks for a reason is ours
        hidden["style"] = ("reason",) if draw < REASONED and detect(question) in ASKS_REASONS else ("label",)
    if not is_written(leaf):
        return ItemParts(parts, tuple(read_label(text, names) for text in product["answer"]), hidden=hidden)
    texts = read_texts(product["texts"], names)
    chosen = shuffle_texts(texts) if mode == "batch" else (draw_text(texts),)
    hidden["written"] = tuple(f"{one.label} => {one.text}" for one in texts)
    parts["texts"] = tuple(one.text for one in chosen)
    return ItemParts(parts, tuple(one.label for one in chosen), hidden=hidden)


def _problems(instruction: Instruction, key: tuple[str, ...]) -> list[str]:
    names, definitions = instruction.parts["labels"], instruction.parts["definitions"]
    found = [] if FEWEST <= len(names) <= MOST else [f"there must be {FEWEST} to {MOST} classes, not {len(names)}"]
    found += [f"the class {name[:80]!r} has too long a name" for name in names if len(name) > LONGEST_NAME]
    found += text_problems("definition", definitions, LONGEST_DEFINITION)
    found += [
        f"the definition of {name!r} is too short to decide anything"
        for name, told in zip(names, definitions, strict=True)
        if count_words(told) < FEWEST_DEFINING_WORDS
    ]
    if not key:
        found.append("there is no right class")
    found += [f"the answer {label!r} is none of the classes" for label in key if label not in names]
    if instruction.hidden.get("hierarchical"):
        found += _tree_problems(names)
    texts = instruction.parts.get("texts", ())
    found += [f"the text {text[:40]!r} is too short to be classified" for text in texts if count_words(text) < 3]
    return found


def _batch_problems(instruction: Instruction) -> list[str]:
    texts, key, names = instruction.parts["texts"], instruction.key, instruction.parts["labels"]
    if not FEWEST_TEXTS <= len(texts) <= MOST_TEXTS:
        return [f"a batch has {FEWEST_TEXTS} to {MOST_TEXTS} texts, not {len(texts)}"]
    if len(set(texts)) < len(texts):
        return ["a text stands in the batch twice"]
    fair = -(-len(texts) // len(names))
    crowded = [name for name in names if key.count(name) > 2 * fair]
    if len(set(key)) < 2 or crowded:
        return [f"nearly all texts are {(crowded or list(key))[0]!r}; spread them evenly over the classes"]
    missing = [name for name in names if name not in key]
    return [f"no text of the batch is {missing[0]!r}"] if missing and len(texts) >= 2 * len(names) else []


def _tree_problems(names: tuple[str, ...]) -> list[str]:
    branches: dict[str, int] = {}
    for name in names:
        parent, arrow, child = (part.strip() for part in name.partition(">"))
        if not arrow or not parent or not child or ">" in child:
            return [f"{name!r} does not have the form `parent > child`"]
        branches[parent] = branches.get(parent, 0) + 1
    if len(branches) < 2 or not any(count > 1 for count in branches.values()):
        return ["a hierarchy has two parents or more, and a parent with two children or more"]
    return []
