"""Show a schema to its reader: as an example with a word for each value, or as a JSON schema."""

from __future__ import annotations

import json
from typing import Any

from orca_agents.checks.extraction.schema import Group, Items, Node


def example_shape(node: Node) -> str:
    """The schema as an example: JSON with a word for each value."""
    return json.dumps(_shape(node), ensure_ascii=False, indent=2)


def json_schema(node: Node) -> str:
    """The schema as a compact JSON schema."""
    return json.dumps(_json_schema(node), ensure_ascii=False)


_WORDS = {
    "date": "YYYY-MM-DD",
    "time": "HH:MM",
    "text": "string",
    "currency": "ISO 4217 code",
    "boolean": "true or false",
}


def _shape(node: Node) -> Any:
    if isinstance(node, Group):
        return {name: _shape(inner) for name, inner in node.fields.items()}
    if isinstance(node, Items):
        return [_shape(node.of)]
    word = _WORDS.get(node.kind, node.kind.replace("_", " "))
    word = " or ".join(map(json.dumps, node.choices)) if node.choices else word
    if node.shape:
        signs = [told for sign, told in (("#", "# a digit"), ("@", "@ a letter")) if sign in node.shape]
        word = f"{node.shape} ({', '.join(signs)})"
    word = f"{word}, {node.case} case" if node.case else word
    return f"{word} or null" if node.nullable else word


_SHAPED = {"#": "[0-9]", "@": "[A-Za-z]", ".": "[.]"}


def _json_schema(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        inner = {name: _json_schema(one) for name, one in node.fields.items()}
        return {"type": "object", "properties": inner, "required": list(inner), "additionalProperties": False}
    if isinstance(node, Items):
        return {"type": "array", "items": _json_schema(node.of)}
    kind = node.kind if node.kind in ("number", "integer", "boolean") else "string"
    told: dict[str, Any] = {"type": [kind, "null"] if node.nullable else kind}
    if node.choices:
        told["enum"] = [*node.choices, None] if node.nullable else list(node.choices)
    elif node.kind == "date":
        told["pattern"] = r"^\d{4}(-\d{2}(-\d{2})?)?$"
    elif node.kind == "time":
        told["pattern"] = r"^\d{2}:\d{2}(:\d{2})?$"
    elif node.shape:
        told["pattern"] = (
            f"^{''.join({'#': '[0-9]', '@': '[A-Za-z]'}.get(s, {'.': '[.]'}.get(s, s)) for s in node.shape)}$"
        )
    elif node.kind in ("email", "ipv4", "uuid"):
        told["format"] = node.kind
    elif node.kind == "url":
        told["format"] = "uri"
    elif node.kind == "currency":
        told |= {"pattern": "^[A-Z]{3}$", "description": _WORDS["currency"]}
    elif kind == "string" and node.kind != "text":
        told["description"] = node.kind.replace("_", " ")
    if node.case:
        told["description"] = f"in {node.case} case"
    return told
