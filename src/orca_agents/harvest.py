"""Take the product of a chat out of its final turn: a form says what is asked for, and reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from orca_agents.errors import ChatError, UnparsableError
from orca_agents.fences import JSON, without_fence
from orca_agents.looping import find_loop

Product = dict[str, tuple[str, ...]]
"""Field name -> its texts, byte for byte as the model wrote them; a single text is a tuple of one."""


class DeclinedError(ChatError):
    """The agent says that what it was given does not suit; a skip with its reason, not a failure."""


@dataclass(frozen=True)
class Field:
    """One field of a form: a text, or a list of texts."""

    name: str
    about: str
    """What belongs there, in words for the model."""
    many: bool = False
    choices: tuple[str, ...] = ()
    """The only texts allowed, if there are any."""
    min_chars: int = 1
    """Asked of models that are held to the schema while they write; whether a text says enough is for the checks."""
    max_chars: int = 600
    min_items: int = 1
    max_items: int = 6
    optional: bool = False
    """Whether it may be empty (an empty text, or no items)."""


@dataclass(frozen=True)
class Form:
    """What an agent is to hand in, as a JSON schema or as tagged blocks: the same fields either way."""

    fields: tuple[Field, ...]
    may_decline: bool = False
    """Whether the agent may say that its material does not suit."""

    def schema(self) -> dict[str, Any]:
        """A JSON schema that strict structured output accepts, with every length bounded."""
        properties: dict[str, Any] = {}
        if self.may_decline:
            properties["suitable"] = {"type": "string", "enum": ["yes", "no"]}
            properties["why_not"] = {"type": "string", "maxLength": 200}
        properties |= {field.name: _field_schema(field) for field in self.fields}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def explain(self, *, structured: bool) -> str:
        """The output form in words, to stand at the end of a prompt."""
        lines = []
        if structured:
            lines.append("Reply with one JSON object with these keys, in this order:")
            if self.may_decline:
                lines.append('- "suitable": "yes", or "no" if the material cannot serve for this task')
                lines.append('- "why_not": if "no", one sentence that says why; otherwise ""')
            lines += [f'- "{f.name}": {_kind(f)}{f.about}' for f in self.fields]
        else:
            lines.append("Reply with these blocks, in this order, and nothing outside them:")
            lines += [
                f"<{f.name}>...</{f.name}> {'(one block for each) ' if f.many else ''}{_kind(f, many=False)}{f.about}"
                for f in self.fields
            ]
            if self.may_decline:
                lines.append("If the material cannot serve this task, reply with <unsuitable>why</unsuitable> alone.")
        return "\n".join(lines)

    def read(self, text: str, *, structured: bool) -> Product:
        """The fields of a reply. Raises `UnparsableError` that says what is wrong, or `DeclinedError`."""
        product = self._read_json(text) if structured else self._read_tags(text)
        return self._checked({name: tuple(map(_whole_marks, values)) for name, values in product.items()})

    def _read_json(self, text: str) -> Product:
        try:
            data = json.loads(without_fence(text, JSON), strict=False)
        except (ValueError, RecursionError) as error:  # the second: brackets without end, as a model may fall into them
            raise UnparsableError(f"this is not JSON ({error}): {_start(text)}") from None
        if not isinstance(data, dict):
            raise UnparsableError(f"this is not a JSON object: {_start(text)}")
        if self.may_decline and str(data.get("suitable", "yes")).strip().lower() == "no":
            raise DeclinedError(str(data.get("why_not") or "no reason given").strip())
        product: Product = {}
        for field in self.fields:
            value = data.get(field.name)
            items = value if isinstance(value, list) else [] if value is None else [value]
            if field.many != isinstance(value, list) and value is not None:
                raise UnparsableError(f'"{field.name}" must be {"a list" if field.many else "one text"}')
            if any(isinstance(item, dict | list) for item in items):
                raise UnparsableError(f'"{field.name}" must hold plain text, not nested data')
            product[field.name] = tuple(_plain(item) for item in items)
        return product

    def _read_tags(self, text: str) -> Product:
        if self.may_decline and (declined := _ONLY_UNSUITABLE.fullmatch(text)):
            raise DeclinedError(declined[1].strip() or "no reason given")
        product: Product = {field.name: () for field in self.fields}
        fields = {field.name: field for field in self.fields}
        tag = re.compile(f"<({'|'.join(map(re.escape, fields))})>")
        at = 0
        never_closed: set[str] = set()  # each is looked for once, however often it is opened
        while opening := tag.search(text, at):  # block after block: what stands inside one is its text, tags or not
            field, at = fields[opening[1]], opening.end()
            if field.name in never_closed:
                continue
            inner, at = _block(text, at, field, tag)
            if inner is None:
                never_closed.add(field.name)
            else:
                product[field.name] += (_trimmed(inner),)
        return product

    def _checked(self, product: Product) -> Product:
        problems = []
        for field in self.fields:
            values = tuple(_as_declared(value, field) for value in product[field.name] if value.strip())
            if not values and not field.optional:
                problems.append(f"{field.name!r} is missing or empty")
            if not field.many and len(values) > 1:
                problems.append(f"{field.name!r} stands there {len(values)} times; it must stand there once")
            if field.many and values and not field.min_items <= len(values) <= field.max_items:
                fixed = field.min_items == field.max_items
                wanted = f"{field.min_items}" if fixed else f"{field.min_items} to {field.max_items}"
                problems.append(f"{field.name!r} has {len(values)} items, not {wanted}")
            for value in values:
                if field.choices and value not in field.choices:
                    problems.append(f"{field.name!r} is {_start(value)}, not one of {', '.join(field.choices)}")
                if loop := find_loop(value):
                    again = f"says {loop.piece!r} {loop.times:,} times in a row"
                    problems.append(f"{field.name!r} {again}; write it once, or leave it out")
                elif len(value) > 2 * field.max_chars:
                    problems.append(f"{field.name!r} has {len(value)} characters; keep it below {field.max_chars}")
            product[field.name] = values
        if problems:
            raise UnparsableError("; ".join(problems))
        return product


_ONLY_UNSUITABLE = re.compile(r"\s*<unsuitable>((?:(?!</?unsuitable>).)*)</unsuitable>\s*", re.DOTALL)


def _field_schema(field: Field) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    if field.choices:
        text["enum"] = list(field.choices)
    else:
        text["maxLength"] = field.max_chars
        if not field.optional:
            text["minLength"] = field.min_chars
    if not field.many:
        return text
    return {
        "type": "array",
        "items": text,
        "minItems": 0 if field.optional else field.min_items,
        "maxItems": field.max_items,
    }


def _kind(field: Field, *, many: bool = True) -> str:
    wanted = f"one of {', '.join(field.choices)}: " if field.choices else ""
    if many and field.many:
        wanted = "a list; " + wanted
    return wanted


def _whole_marks(text: str) -> str:
    """A text with its own `<<<` and `>>>`, which prompts show with a sign inside that cannot be seen, as in
    `vector<vector<pair<int, int>>>`: where a model copied that sign, it goes."""
    return re.sub("<\u2060<\u2060<|>\u2060>\u2060>", lambda mark: mark[0].replace("\u2060", ""), text)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _as_declared(value: str, field: Field) -> str:
    """A choice in the spelling of the form, where only case and the space around it differ; other texts as they are."""
    if not field.choices or value in field.choices:
        return value
    alike = [choice for choice in field.choices if choice.casefold() == value.strip().casefold()]
    return alike[0] if len(alike) == 1 else value.strip()


def _block(text: str, start: int, field: Field, opening: re.Pattern[str]) -> tuple[str | None, int]:
    """The text of a block that was opened before `start`, or `None` if it is never closed; and where to read on.

    A single text may speak of its own tag: it ends where its closing tag is followed by another block or by the end of
    the reply, and failing that at its last closing tag before such a block is opened again. Of many texts, each ends at
    the first closing tag.
    """
    closings: list[re.Match[str]] = []
    for mark in re.compile(f"<(/?){re.escape(field.name)}>").finditer(text, start):
        if mark[1]:
            closings.append(mark)
        elif closings:
            break
    if not closings:
        return None, start
    end = closings[0]
    if not field.many:
        at_a_boundary = (mark for mark in closings if _is_boundary(text, mark.end(), opening))
        end = next(at_a_boundary, closings[-1])
    return text[start : end.start()], end.end()


def _is_boundary(text: str, at: int, opening: re.Pattern[str]) -> bool:
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at all, too
    return at == len(text) or opening.match(text, at) is not None


_BLANKS = re.compile(r"\s*")


def _trimmed(block: str) -> str:
    """Without the line breaks that set a block apart from its tags; inner lines and indents stay."""
    return re.sub(r"\A[ \t]*\n|\n[ \t]*\Z", "", block)


def _start(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "...")
