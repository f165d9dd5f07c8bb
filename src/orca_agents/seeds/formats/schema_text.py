"""Write JSON schemas as indented lists of fields that people and models read, whatever refers to what."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

MOST_STEPS = 3_000
"""Most schemas that are looked at to tell one operation once; those of real APIs take a few hundred."""


@dataclass(frozen=True)
class Detail:
    """How much is said."""

    depth: int
    """Levels of fields within fields."""
    words: int
    """Longest description, in words."""
    fields: int
    """Most fields of one schema, those within fields counted."""


@dataclass
class SchemaWriter:
    """Writes schemas of one file. `root` is what `$ref` counts from."""

    root: Any
    detail: Detail
    left: int = field(init=False, default=0)
    cut: bool = False
    """Whether something was left out."""
    steps: int = field(init=False, default=0)
    """How many schemas were looked at. Schemas that each name the next one ten times would never be done."""

    def lines(self, schema: Any) -> list[str]:
        """The type of a schema on the first line, its fields on the next ones."""
        self.left = self.detail.fields
        name, resolved, trail = self._resolve(schema, ())
        first = _joined([self._type(name, resolved, trail), *facts(resolved)])
        return [first, *self._fields(resolved, trail, 0)]

    def field_line(self, name: str, schema: Any, required: bool, place: str = "") -> list[str]:
        """One field, or parameter, and the fields within it."""
        self.left = self.detail.fields
        return self._field(name, schema, required, (), 0, place)

    def description(self, text: Any) -> str:
        """A description on one line, as long as the detail allows."""
        words = plain(text).split()
        if len(words) <= self.detail.words:
            return " ".join(words)
        self.cut = True
        return " ".join(words[: self.detail.words]) + " ..."

    def _field(
        self, name: str, schema: Any, required: bool, trail: tuple[str, ...], level: int, place: str = ""
    ) -> list[str]:
        known, resolved, inner = self._resolve(schema, trail)
        notes = [place, self._type(known, resolved, inner), "required" if required else "", *facts(resolved)]
        own = schema.get("description") if isinstance(schema, Mapping) else ""
        description = self.description(own or resolved.get("description") or resolved.get("title") or "")
        line = f"{'  ' * level}- {name} ({_joined(notes)})" + (f": {description}" if description else "")
        return [line, *self._fields(resolved, inner, level + 1)]

    def _fields(self, schema: Mapping[str, Any], trail: tuple[str, ...], level: int) -> list[str]:
        lines: list[str] = []
        for name, inner, required in self._inside(schema, trail):
            if self.left <= 0 or level > self.detail.depth:
                self.cut = True
                return [*lines, f"{'  ' * level}- ..."] if level <= self.detail.depth else []
            self.left -= 1
            lines += self._field(name, inner, required, trail, level)
        return lines

    def _inside(self, schema: Mapping[str, Any], trail: tuple[str, ...]) -> Iterator[tuple[str, Any, bool]]:
        """The fields of an object, of the items of a list, or of each of several choices."""
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            listed = schema.get("required")
            required = {str(name) for name in listed} if isinstance(listed, list) else set()
            for name, inner in properties.items():
                yield str(name), inner, str(name) in required
        elif "items" in schema:
            _, resolved, inner_trail = self._resolve(schema["items"], trail)
            yield from self._inside(resolved, inner_trail)
        else:
            values = schema.get("additionalProperties")
            if isinstance(values, Mapping) and values:
                yield "(any key)", values, False
        for word in ("oneOf", "anyOf"):
            choices = schema.get(word)
            if isinstance(choices, list) and not all(_is_simple(choice) for choice in choices):
                for number, choice in enumerate(choices, 1):
                    yield f"choice {number}", choice, False

    def _resolve(self, schema: Any, trail: tuple[str, ...]) -> tuple[str, Mapping[str, Any], tuple[str, ...]]:
        """The name by which a schema is known, what it says, and the references that led there. Cycles end."""
        name = ""
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.cut = True
            return "...", {}, trail
        for _ in range(20):
            if not isinstance(schema, Mapping):
                return name, {}, trail
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            name = reference_name(reference)
            if reference in trail:
                self.cut = True
                return f"{name}, as above", {}, trail
            trail = (*trail, reference)
            schema = look_up(self.root, reference)
        if isinstance(schema, Mapping) and isinstance(schema.get("allOf"), list):
            return self._merge(name, schema, trail)
        return name, schema if isinstance(schema, Mapping) else {}, trail

    def _merge(
        self, name: str, schema: Mapping[str, Any], trail: tuple[str, ...]
    ) -> tuple[str, Mapping[str, Any], tuple[str, ...]]:
        """One schema out of all that must hold at once."""
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        properties: dict[str, Any] = {}
        required: list[Any] = []
        if len(trail) < 20:
            for part in [*schema["allOf"][:20], {key: merged.pop(key, None) for key in ("properties", "required")}]:
                inner_name, resolved, inner_trail = self._resolve(part, trail)
                trail = inner_trail if len(schema["allOf"]) == 1 else trail
                name = name or inner_name
                inner = resolved.get("properties")
                properties |= inner if isinstance(inner, Mapping) else {}
                listed = resolved.get("required")
                required += listed if isinstance(listed, list) else []
                merged = {**{k: v for k, v in resolved.items() if v is not None}, **merged}
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
        return name, merged, trail

    def _type(self, name: str, schema: Mapping[str, Any], trail: tuple[str, ...]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            text = " or ".join(str(each) for each in kind[:6])
        elif isinstance(kind, str):
            text = kind
        else:
            text = "object" if "properties" in schema else "array" if "items" in schema else ""
        if "items" in schema and len(trail) < 20:
            inner_name, inner, inner_trail = self._resolve(schema["items"], trail)
            of = self._type(inner_name, inner, (*inner_trail, "items")) or "anything"
            values = inner.get("enum")
            listed = f" ({_listed(values)})" if isinstance(values, list) and values else ""
            text = f"{text or 'array'} of {of}{listed}"
        for word, said in (("oneOf", "one of"), ("anyOf", "any of")):
            choices = schema.get(word)
            if isinstance(choices, list) and choices and len(trail) < 20:
                parts = [self._resolve(choice, trail) for choice in choices[:12]]
                names = [self._type(part[0], part[1], (*part[2], word)) or "anything" for part in parts]
                text = f"{text + ', ' if text else ''}{said}: {' | '.join(dict.fromkeys(names))}"
        if isinstance(schema.get("format"), str):
            text += f" {schema['format']}"
        if schema.get("nullable") is True:
            text += " or null"
        if not name or not text:
            return name or text
        simple = isinstance(kind, str) and kind not in ("object", "array") and "oneOf" not in schema
        return text if simple else f"{name}: {text}"


def facts(schema: Mapping[str, Any]) -> list[str]:
    """What a value must be: its choices, default and limits."""
    told: list[str] = []
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        told.append(f"one of {_listed(schema['enum'])}")
    if "const" in schema:
        told.append(f"always {_value(schema['const'])}")
    if schema.get("default") not in (None, ""):
        told.append(f"default {_value(schema['default'])}")
    told += [f"{said} {schema[key]}" for key, said in _LIMITS.items() if type(schema.get(key)) in (int, float)]
    if isinstance(schema.get("pattern"), str) and len(schema["pattern"]) <= 60:
        told.append(f"pattern {schema['pattern']}")
    if "example" in schema and isinstance(schema["example"], str | int | float):
        told.append(f"e.g. {_value(schema['example'])}")
    if schema.get("deprecated") is True:
        told.append("deprecated")
    return told


def plain(text: Any) -> str:
    """A description as plain text: HTML tags left out, white space as it comes."""
    if not isinstance(text, str):
        return ""
    if "<" in text:
        text = html.unescape(_TAG.sub(" ", text[:20_000]))
    return str(text[:20_000]).strip()


def look_up(root: Any, reference: str) -> Any:
    """What a reference like `#/components/schemas/Pet` points to in this file; `None` for any other."""
    if not reference.startswith("#/"):
        return None
    value = root
    for step in reference[2:].split("/"):
        step = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def reference_name(reference: str) -> str:
    """The last part of a reference."""
    return unquote(reference.rstrip("/").rpartition("/")[2]).replace("~1", "/").replace("~0", "~") or reference


_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "minLength": "min length",
    "maxLength": "max length",
    "minItems": "min items",
    "maxItems": "max items",
}
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>|<!--.{0,2000}?-->", re.DOTALL)
_MOST_CHOICES = 20


def _is_simple(schema: Any) -> bool:
    return isinstance(schema, Mapping) and not {"$ref", "properties", "items", "allOf", "oneOf", "anyOf"} & set(schema)


def _listed(values: list[Any]) -> str:
    more = f", ... ({len(values)} in all)" if len(values) > _MOST_CHOICES else ""
    return ", ".join(_value(value) for value in values[:_MOST_CHOICES]) + more


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _joined(notes: list[str]) -> str:
    return ", ".join(note for note in notes if note) or "anything"
