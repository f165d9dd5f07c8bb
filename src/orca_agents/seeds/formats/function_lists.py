"""Read lists of functions as tool-using models are given them: OpenAI, Anthropic, MCP, ToolBench, API-Bank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orca_agents.seeds.formats.operations import Api, Operation, Parameter, Section
from orca_agents.seeds.formats.schema_text import plain

LISTS = ("tools", "functions", "apis", "api_list")
"""Fields of an object that may hold the list."""


def read_functions(value: Any, name: str) -> Api | None:
    """The functions in a list, in an object that holds one, or in an object with one for each name; else `None`."""
    operations = list(_operations(value, "#", "", depth=0))
    return Api(name, operations, root=value) if operations else None


def _operations(value: Any, where: str, tool: str, depth: int) -> Iterator[Operation]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from _one(item, f"{where}/{number}", tool, depth)
    elif isinstance(value, Mapping):
        yield from _one(value, where, tool, depth)


def _one(item: Mapping[str, Any], where: str, tool: str, depth: int) -> Iterator[Operation]:
    if operation := _operation(item, where, tool):
        yield operation
        return
    if depth > 2:
        return
    tool = _text(item, "tool_name", "title", "name", "server") or tool
    lists = [key for key in LISTS if isinstance(item.get(key), list | Mapping)]
    for key in lists:
        yield from _operations(item[key], f"{where}/{key}", tool, depth + 1)
    if lists or depth:
        return
    for name, inner in item.items():  # {"name": {"description": ..., "parameters": ...}}
        if isinstance(inner, Mapping) and (operation := _operation({"name": name, **inner}, f"{where}/{name}", tool)):
            yield operation


def _operation(item: Mapping[str, Any], where: str, tool: str) -> Operation | None:
    if isinstance(item.get("function"), Mapping):
        item = item["function"]
    name = _text(item, "api_name", "name")
    if not name:
        return None
    tool = _text(item, "tool_name") or tool
    sections: list[Section] = []
    if "required_parameters" in item or "optional_parameters" in item:
        parameters = [*_listed(item.get("required_parameters"), True), *_listed(item.get("optional_parameters"), False)]
        sections.append(Section("Parameters", tuple(parameters)))
    else:
        given = next((item[key] for key in _INPUTS if isinstance(item.get(key), Mapping | list)), None)
        if given is None:
            return None
        sections.append(Section("Parameters", tuple(_parameters(given))))
    for key in _OUTPUTS:
        schema = item.get(key)
        if isinstance(schema, Mapping | list) and schema:
            if isinstance(schema, Mapping) and not set(schema) & {"properties", "items"} and "type" in schema:
                sections.append(Section("Returns", schema=schema, description=plain(schema.get("description"))))
            else:
                sections.append(Section("Returns", tuple(_parameters(schema))))
            break
        if isinstance(schema, str) and schema.strip():
            sections.append(Section("Returns", description=schema))
            break
    call = " ".join(text for text in (_text(item, "method"), _text(item, "url", "path")) if text)
    shown = f"{tool}: {name}" if tool and tool != name else name
    return Operation(
        name=name,
        heading=f"{shown} ({call})" if call else shown,
        where=where,
        description=_text(item, "api_description", "description", "summary"),
        sections=tuple(sections),
        tool=tool,
    )


def _parameters(given: Any) -> Iterator[Parameter]:
    """Parameters in any of their usual forms: a JSON schema, a mapping of names, a list."""
    if isinstance(given, list):
        yield from _listed(given, None)
        return
    properties = given.get("properties")
    listed = given.get("required")
    required = {str(name) for name in listed} if isinstance(listed, list) else set()
    if not isinstance(properties, Mapping):
        if given.get("type") == "object" or "items" in given:
            return
        properties = given
    for name, schema in properties.items():
        if isinstance(schema, str):  # {"city": "str"} or {"city": "The city."}
            schema = {"description": schema} if " " in schema.strip() else {"type": schema}
        needed = str(name) in required or (isinstance(schema, Mapping) and schema.get("required") is True)
        yield Parameter(str(name), schema, needed)


def _listed(given: Any, required: bool | None) -> Iterator[Parameter]:
    for item in given if isinstance(given, list) else []:
        if isinstance(item, Mapping) and (name := _text(item, "name")):
            needed = item.get("required") is True if required is None else required
            schema = item.get("schema") if isinstance(item.get("schema"), Mapping) else item
            yield Parameter(name, schema, needed)


def _text(item: Mapping[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := plain(item.get(key)))), "")


_INPUTS = ("parameters", "input_schema", "inputSchema", "input_parameters", "arguments", "args")
_OUTPUTS = ("output_parameters", "outputSchema", "output_schema", "returns", "response", "results")
