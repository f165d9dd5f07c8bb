"""Turn a typed function into a tool: its name, its words for the model, its arguments as a JSON schema."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from orca_agents.config import Need
from orca_agents.models.actions import HAND_IN, UNREADABLE
from orca_agents.toolbox.api import ToolContext, ToolError, ToolSettings

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""What endpoints take as the name of a function."""
MCP_NAME_CHARS = 64
MOST_PARTS = 20_000
"""Of a schema with its references written out: what refers to twice the same, level upon level, has no end."""


@dataclass(frozen=True)
class Tool:
    """A function that agents can call."""

    name: str
    """As models are told it."""
    description: str
    parameters: Mapping[str, Any]
    """A JSON schema of its arguments: an object, with no references in it."""
    call: Callable[[Mapping[str, Any], ToolContext], Any | Awaitable[Any]]
    """Calls it with these arguments. Raises `ToolError` where they do not fit, and whatever the function raises."""
    is_async: bool
    digest: str
    """A hash of its source: results on record are those of this very tool."""
    needs: tuple[Need, ...] = ()
    timeout_s: float = ToolSettings().timeout_s

    def wire(self) -> dict[str, Any]:
        """As OpenAI's endpoints are told it."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


def tool_of(function: Callable[..., Any], digest: str) -> Tool:
    """The tool that a function is. Raises `ValueError` that says why it is none: a parameter without a type, ..."""
    name = function.__name__
    if not NAME.fullmatch(name) or name in (HAND_IN, UNREADABLE):
        raise ValueError(f"a tool cannot be called {name!r}: use another name, of at most 64 letters, digits and _")
    settings: ToolSettings = getattr(function, "__orca_tool__", ToolSettings())
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # noqa: BLE001  types that are written as text are code too
        raise ValueError(f"the type of a parameter is not known: {error}") from None
    context_name = next((name for name, hint in hints.items() if hint is ToolContext and name != "return"), None)
    arguments, names = _arguments_model(name, function, hints, context_name)

    def call(given: Mapping[str, Any], context: ToolContext) -> Any:
        try:
            read = arguments.model_validate(dict(given))
        except ValidationError as error:
            raise ToolError(_what_is_wrong(name, error, names)) from None
        values = {parameter: getattr(read, f"argument_{number}") for number, parameter in enumerate(names)}
        if context_name is not None:
            values[context_name] = context
        return function(**values)

    return Tool(
        name=name,
        description=inspect.getdoc(function) or "",
        parameters=plain_schema(arguments.model_json_schema()),
        call=call,
        is_async=inspect.iscoroutinefunction(function),
        digest=digest,
        needs=settings.needs,
        timeout_s=settings.timeout_s,
    )


def mcp_name(server: str, tool: str) -> str:
    """What models are told a tool of an MCP server is called: a name that endpoints take."""
    letters = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in tool)
    name = f"{server}_{letters}"[:MCP_NAME_CHARS]
    return f"{name}_" if name in (HAND_IN, UNREADABLE) else name


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema with its references written out, without titles. Raises `ValueError` for one that holds itself,
    unfolds to too much, or is of no object."""
    plain = _plain(schema, schema.get("$defs") or schema.get("definitions") or {}, (), count(1))
    assert isinstance(plain, dict)
    whole = {"type": "object", "properties": {}, **plain}
    if whole["type"] != "object" or not isinstance(whole["properties"], Mapping):
        raise ValueError("its arguments are no JSON object")
    return whole


def _arguments_model(
    name: str, function: Callable[..., Any], hints: Mapping[str, Any], context_name: str | None
) -> tuple[type[BaseModel], list[str]]:
    """A model of the arguments, and their names. Its fields have names of their own, since a parameter may be called
    `json` or `model_config`, which are pydantic's."""
    fields: dict[str, Any] = {}
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == context_name:
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ValueError(f"the parameter {parameter.name!r} must be one with a name: no *args, no **kwargs, no /")
        if parameter.name not in hints:
            raise ValueError(f"the parameter {parameter.name!r} needs a type: a model is told what belongs there")
        if parameter.name.startswith("_"):
            raise ValueError(f"the parameter {parameter.name!r} must not begin with _")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[f"argument_{len(names)}"] = (Annotated[hints[parameter.name], Field(alias=parameter.name)], default)
        names.append(parameter.name)
    try:
        # a model may write 3 as "3": that is read, and anything that is no number is not
        model: type[BaseModel] = create_model(
            name, __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields
        )
        model.model_json_schema()
    except (PydanticUserError, PydanticUndefinedAnnotation, TypeError, ValueError) as error:
        raise ValueError(f"a parameter has a type that no JSON can hold: {str(error).splitlines()[0]}") from None
    return model, names


def _plain(part: Any, definitions: Mapping[str, Any], inside: tuple[str, ...], parts: Iterator[int]) -> Any:
    if next(parts) > MOST_PARTS:
        raise ValueError(f"its arguments unfold to more than {MOST_PARTS:,} parts: write them flat")
    if isinstance(part, list):
        return [_plain(item, definitions, inside, parts) for item in part]
    if not isinstance(part, Mapping):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str):
        name = reference.rpartition("/")[2]
        if name in inside:
            raise ValueError(f"its arguments hold a {name} that can hold another {name}: write them flat")
        others = {key: value for key, value in part.items() if key != "$ref"}
        return _plain({**definitions.get(name, {}), **others}, definitions, (*inside, name), parts)
    kept = {}
    for key, value in part.items():
        if key in ("$defs", "definitions", "$schema") or (key == "title" and isinstance(value, str)):
            continue
        if key == "properties" and isinstance(value, Mapping):  # one of them may be called `title`
            kept[key] = {name: _plain(field, definitions, inside, parts) for name, field in value.items()}
        else:
            kept[key] = _plain(value, definitions, inside, parts)
    return kept


def _what_is_wrong(name: str, error: ValidationError, names: Sequence[str]) -> str:
    problems = []
    for problem in error.errors():
        where = ".".join(map(str, problem["loc"])) or "the arguments"
        said = "there is no such argument" if problem["type"] == "extra_forbidden" else problem["msg"]
        problems.append(f"{where}: {said}")
    takes = ", ".join(names) or "no arguments"
    return f"{'; '.join(problems)}. {name} takes: {takes}"
