"""Answers that are data in JSON, taken out of a document by a schema that is shown."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.extraction.compare import compare
from orca_agents.checks.extraction.grounding import find_values
from orca_agents.checks.extraction.hints import hints_in, rules
from orca_agents.checks.extraction.schema import (
    LONGEST_JSON,
    MOST_FIELDS,
    NOTATION,
    Items,
    Node,
    SchemaError,
    Value,
    bare_json,
    leaves_of,
    misfits,
    read_data,
    read_schema,
    values_of,
)
from orca_agents.checks.extraction.shapes import example_shape, json_schema
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction, Span, short_hash

FEWEST_VALUES = 3
"""A key with fewer values is no extraction; a leaf may ask for fewer by `settings: {least: 0}`."""


class DataFormat(AnswerFormat):
    """One JSON text that fits the item's schema."""

    name: AnswerForm = "data"
    is_whole_reply = True

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "schema",
                f"one line for each kind of value that is to be extracted: {NOTATION}",
                many=True,
                max_chars=120,
                max_items=MOST_FIELDS,
            ),
            Field(
                "answer",
                "the complete and correct extraction as JSON text, with exactly the fields of your schema",
                max_chars=LONGEST_JSON // 2,
            ),
        )

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        lines = tuple(line.strip() for line in product["schema"])
        try:
            schema = read_schema(lines)
        except SchemaError as error:
            raise UnparsableError(f"'schema': {error}") from None
        least = str(leaf.settings.get("least", FEWEST_VALUES))
        return ItemParts(
            parts={"schema": lines}, key=(_fitting(product["answer"][0], schema),), hidden={"least": (least,)}
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        schema = schema_of(instruction)
        as_example = random.Random(short_hash(instruction.question, *instruction.parts["schema"])).random() < 0.5
        told = hints_in(language)
        if told is None:
            return f"{instruction.question}\n\nJSON Schema:\n{json_schema(schema)}"
        # the words in the places of values are English ones
        if as_example and language in (None, "en"):
            form = f"{told['shape']}\n{example_shape(schema)}"
        else:
            form = f"{told['schema']}\n{json_schema(schema)}"
        return f"{instruction.question}\n\n{form}\n\n{rules(schema, told)}"

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field(
                "answer",
                "the extraction as JSON text, complete and by the schema, and nothing else",
                max_chars=LONGEST_JSON // 2,
            ),
        )

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (_fitting(product["answer"][0], schema_of(instruction)),)

    def problems(self, instruction: Instruction) -> list[str]:
        schema, found = schema_of(instruction), []
        if len(instruction.key) != 1:
            return ["the answer must be one JSON text"]
        data = read_data(instruction.key[0])
        if wrong := misfits(data, schema):
            return [f"the answer does not fit the schema: {wrong[0]}"]
        given = [value for _, _, _, value in leaves_of(data, schema) if value is not None]
        least = int(next(iter(instruction.hidden.get("least", ())), FEWEST_VALUES))
        if len(given) < least:
            found.append(
                f"the answer holds only {len(given)} values; ask for something of which there are {least} or more"
            )
        kinds = [value.kind for _, value in values_of(schema)]
        if 2 * sum(kind in ("choice", "boolean") for kind in kinds) > len(kinds):
            found.append("most fields are classes to choose from; an extraction takes its values out of the document")
        if twins := _twins(data, schema):
            found.append(f"{twins} holds the same item twice")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if len(a) != 1 or len(b) != 1:
            return False
        return compare(read_data(a[0]), read_data(b[0]), schema_of(instruction)).is_same

    def told(self, value: tuple[str, ...], instruction: Instruction) -> str:
        """What an answer lacks of the key and has beyond it: whole data would be cut before the place that matters."""
        schema = schema_of(instruction)
        key, own = (
            Counter(f"{path} {found}" for path, _, _, found in leaves_of(read_data(text), schema))
            for text in (instruction.key[0], value[0])
        )
        lacks, beyond = [*(key - own)], [*(own - key)]
        parts = [
            f"lacks {'; '.join(lacks)}" if lacks else "",
            f"has instead or besides {'; '.join(beyond)}" if beyond else "",
        ]
        return f"({', '.join(filter(None, parts)) or 'as yours, in another order'})"

    def located(self, value: tuple[str, ...], instruction: Instruction) -> tuple[Span, ...]:
        """Where the values of an answer stand in the document."""
        return find_values(read_data(value[0]), schema_of(instruction), instruction.content.text)


def schema_of(instruction: Instruction) -> Node:
    """The schema of an item."""
    return read_schema(instruction.parts["schema"])


def _fitting(text: str, schema: Node) -> str:
    """The JSON text, byte for byte but for a fence around it. Raises `UnparsableError` where it does not fit."""
    try:
        wrong = misfits(read_data(text), schema)
    except ValueError as error:
        raise UnparsableError(f"'answer': {error}") from None
    if wrong:
        raise UnparsableError(f"'answer' does not fit the schema: {'; '.join(wrong[:4])}")
    return bare_json(text)


def _twins(data: Any, node: Node, path: str = "") -> str | None:
    """The first list of single texts that holds one twice. Rows may be equal: two coffees on one bill."""
    if isinstance(node, Value):
        return None
    if isinstance(node, Items):
        if isinstance(node.of, Value) and node.of.kind not in ("number", "integer") and len(set(data)) < len(data):
            return path or "the list"
        return next(filter(None, (_twins(item, node.of, f"{path}[]") for item in data)), None)
    found = (_twins(data[name], inner, f"{path}.{name}" if path else name) for name, inner in node.fields.items())
    return next(filter(None, found), None)
