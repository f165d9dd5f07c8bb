"""Read OpenAPI descriptions, versions 2 and 3, and service models of AWS, as operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orca_agents.seeds.formats.operations import Api, Operation, Parameter, Section
from orca_agents.seeds.formats.schema_text import look_up, plain

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""What can be done with a path."""


def read_openapi(root: Mapping[str, Any]) -> Api:
    """The operations of a description in the order of its paths; those without any have none."""
    info = _mapping(root.get("info"))
    licence = _mapping(info.get("license"))
    operations: list[Operation] = []
    for group, title in (("paths", ""), ("webhooks", "webhook ")):
        for path, raw in _mapping(root.get(group)).items():
            item = _followed(root, raw)
            pointer = f"#/{group}/{str(path).replace('~', '~0').replace('/', '~1')}"
            for method in METHODS:
                if isinstance(item.get(method), Mapping):
                    operations.append(_operation(root, f"{title}{method.upper()} {path}", item, method, pointer))
    return Api(
        name=f"{plain(info.get('title')) or 'API'} {plain(str(info.get('version') or ''))}".strip(),
        operations=operations,
        description=plain(info.get("description")) or plain(info.get("summary")),
        notes=tuple(note for note in (_servers(root), _security(root, root.get("security"))) if note),
        licence=plain(licence.get("identifier")) or plain(licence.get("name")) or None,
        root=root,
    )


def read_aws(root: Mapping[str, Any]) -> Api:
    """The operations of a service model (`service-2.json`, as botocore has them)."""
    metadata = _mapping(root.get("metadata"))
    shapes = {str(name): _shape(_mapping(shape)) for name, shape in _mapping(root.get("shapes")).items()}
    operations = []
    for name, raw in _mapping(root.get("operations")).items():
        operation, request = _mapping(raw), _mapping(_mapping(raw).get("http"))
        call = " ".join(str(request[key]) for key in ("method", "requestUri") if key in request)
        sections = []
        for title, key in (("Input", "input"), ("Output", "output")):
            shape = _mapping(operation.get(key)).get("shape")
            members = _mapping(shapes.get(str(shape)))
            if members.get("properties"):
                sections.append(Section(title, tuple(_members(members))))
        errors = operation.get("errors")
        names = [str(_mapping(error).get("shape")) for error in errors] if isinstance(errors, list) else []
        operations.append(
            Operation(
                name=str(name),
                heading=f"{name} ({call})" if call else str(name),
                where=f"#/operations/{name}",
                description=plain(operation.get("documentation")),
                sections=tuple(sections),
                notes=(f"Errors: {', '.join(names)}",) if names else (),
            )
        )
    title = metadata.get("serviceFullName") or metadata.get("serviceId") or "AWS service"
    return Api(
        name=f"{title} {metadata.get('apiVersion') or ''}".strip(),
        operations=operations,
        description=plain(root.get("documentation")),
        root={"shapes": shapes},
    )


def _operation(root: Any, call: str, item: Mapping[str, Any], method: str, pointer: str) -> Operation:
    operation = _mapping(item[method])
    own_name = operation.get("operationId")
    parameters: dict[tuple[str, str], Parameter] = {}
    body: list[Section] = []
    form: list[Parameter] = []
    for raw in [*_list(item.get("parameters")), *_list(operation.get("parameters"))]:
        said = _followed(root, raw)
        name, place = str(said.get("name") or "(unnamed)"), str(said.get("in") or "")
        required = said.get("required") is True
        if place == "body":  # version 2
            body = [Section("Request body", schema=said.get("schema"), description=plain(said.get("description")))]
        elif place == "formData":
            form.append(Parameter(name, said, required, "form"))
        else:
            parameters[name, place] = Parameter(name, _parameter_schema(root, said), required, place)
    if form:
        body = [Section("Request body", tuple(form))]
    if request := _followed(root, operation.get("requestBody")):
        kind, schema = _media(root, request)
        needed = ", required" if request.get("required") is True else ""
        body = [Section(f"Request body ({kind}{needed})", schema=schema, description=plain(request.get("description")))]
    summary, description = plain(operation.get("summary")), plain(operation.get("description"))
    told = description if description.startswith(summary) else f"{summary.rstrip('.')}. {description}"
    notes = ["Deprecated."] if operation.get("deprecated") is True else []
    if security := _security(root, operation.get("security")):
        notes.append(security)
    return Operation(
        name=str(own_name) if own_name else call,
        heading=f"{call} ({own_name})" if own_name else call,
        where=f"{pointer}/{method}",
        description=told or plain(item.get("summary")) or plain(item.get("description")),
        sections=(
            Section("Parameters", tuple(parameters.values())),
            *body,
            *_responses(root, _mapping(operation.get("responses"))),
        ),
        notes=tuple(notes),
    )


def _parameter_schema(root: Any, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter's schema with its own description, example and deprecation; in version 2 it is the schema itself."""
    if "schema" in said:
        schema = said["schema"]
    elif "content" in said:
        schema = _media(root, said)[1]
    else:
        return {key: value for key, value in said.items() if key != "required"}
    own = {key: said[key] for key in ("description", "example", "deprecated") if key in said}
    return {**_mapping(schema), **own}


def _responses(root: Any, responses: Mapping[str, Any]) -> Iterator[Section]:
    """What comes back when all goes well, with its fields; and a line for what else may come."""
    others: list[str] = []
    for status, raw in responses.items():
        said = _followed(root, raw)
        description = plain(said.get("description"))
        if str(status).startswith("2") or (str(status) == "default" and len(responses) == 1):
            kind, schema = _media(root, said) if "content" in said else ("", said.get("schema"))
            shown = f" ({kind})" if kind not in ("", "application/json") else ""
            yield Section(f"Response {status}{shown}", schema=schema, description=description)
        else:
            words = [word for word in description.split() if word.strip("|:-")]  # a table's rules say nothing
            others.append(f"{status} {' '.join(words[:8])}".strip())
    if others:
        yield Section("Other responses", description="; ".join(others))


def _media(root: Any, said: Mapping[str, Any]) -> tuple[str, Any]:
    """The kind and the schema of a body: JSON where it can be had."""
    content = _mapping(said.get("content"))
    kind = next((kind for kind in content if "json" in str(kind)), next(iter(content), ""))
    return str(kind), _mapping(content.get(kind)).get("schema")


def _servers(root: Mapping[str, Any]) -> str:
    servers = [str(_mapping(server).get("url")) for server in _list(root.get("servers")) if _mapping(server).get("url")]
    if root.get("host"):
        scheme = next(iter(_list(root.get("schemes"))), "https")
        servers = [f"{scheme}://{root['host']}{root.get('basePath') or ''}"]
    return f"Server: {', '.join(servers[:3])}" if servers else ""


def _security(root: Mapping[str, Any], wanted: Any) -> str:
    """How a caller shows who it is."""
    schemes = {
        **_mapping(root.get("securityDefinitions")),
        **_mapping(_mapping(root.get("components")).get("securitySchemes")),
    }
    told = []
    for choice in _list(wanted)[:4]:
        for name in _mapping(choice):
            scheme = _followed(root, schemes.get(name))
            parts = [str(scheme[key]) for key in ("type", "scheme", "in", "name") if scheme.get(key)]
            told.append(f"{name} ({' '.join(parts)})" if parts else str(name))
    return f"Authentication: {' or '.join(dict.fromkeys(told))}" if told else ""


def _members(shape: Mapping[str, Any]) -> Iterator[Parameter]:
    required = set(shape.get("required") or ())
    for name, schema in _mapping(shape.get("properties")).items():
        yield Parameter(name, schema, name in required, str(schema.get("x-place") or ""))


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    """A shape of a service model as a JSON schema."""
    kind = str(shape.get("type") or "")
    schema: dict[str, Any] = {"type": _KINDS.get(kind, kind), "description": plain(shape.get("documentation"))}
    if kind == "structure":
        schema["properties"] = {str(name): _member(value) for name, value in _mapping(shape.get("members")).items()}
        schema["required"] = [str(name) for name in _list(shape.get("required"))]
    elif kind == "list":
        schema["items"] = _member(shape.get("member"))
    elif kind == "map":
        schema["additionalProperties"] = _member(shape.get("value"))
    if shape.get("enum"):
        schema["enum"] = shape["enum"]
    low, high = ("minItems", "maxItems") if kind == "list" else ("minLength", "maxLength")
    if kind in ("integer", "long", "float", "double"):
        low, high = "minimum", "maximum"
    schema |= {low: shape["min"]} if "min" in shape else {}
    return schema | ({high: shape["max"]} if "max" in shape else {})


def _member(member: Any) -> dict[str, Any]:
    said = _mapping(member)
    schema: dict[str, Any] = {"$ref": f"#/shapes/{said.get('shape')}"}
    if description := plain(said.get("documentation")):
        schema["description"] = description
    if place := {"uri": "path", "querystring": "query"}.get(str(said.get("location")), said.get("location")):
        schema["x-place"] = f"{place} {said['locationName']}" if said.get("locationName") else place
    return schema


_KINDS = {"structure": "object", "list": "array", "map": "object", "long": "integer", "blob": "bytes"}


def _followed(root: Any, value: Any) -> Mapping[str, Any]:
    """A mapping, or the one that it refers to."""
    for _ in range(10):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            break
        value = look_up(root, value["$ref"])
    return _mapping(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
