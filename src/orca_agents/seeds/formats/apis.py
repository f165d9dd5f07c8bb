"""Cut descriptions of APIs into pieces from which a call can be built: the API's name and some of its operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.seeds.documents import Document, SeedOptions, skip
from orca_agents.seeds.formats.function_lists import read_functions
from orca_agents.seeds.formats.openapi import read_aws, read_openapi
from orca_agents.seeds.formats.operations import Api, cut_api
from orca_agents.seeds.formats.proto import parse_proto
from orca_agents.seeds.formats.yaml_safely import load_yaml
from orca_agents.seeds.reading import decode
from orca_agents.seeds.rows import MAX_BYTES, parse


def looks_like_api(text: str) -> bool:
    """Whether a JSON or YAML text calls itself an API description, as far as its beginning and its end tell."""
    start = text[:_LOOKED_AT].lstrip("\ufeff \t\r\n")
    ends = start + "\n" + text[max(len(start), len(text) - 4096) :]
    if start.startswith(("{", "[")):
        return bool(_JSON_VERSION.search(ends)) or any(
            all(re.search(rf'"{key}"\s*:', ends) for key in keys) for keys in _JSON_KEYS
        )
    return bool(_YAML_VERSION.search(ends)) or all(key.search(start) for key in _YAML_FUNCTIONS)


def read_api(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The pieces of one API description, in order, each a document of at most `options.capacity` words.

    OpenAPI 2 and 3 (JSON or YAML), service models of AWS, and lists of functions. Each piece's metadata have `api`, its
    `operations` by name, and `where` each stands (a JSON pointer).
    """
    yield from _read(path, name, options, _parse_api)


def read_proto(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The pieces of one `.proto` file, as `read_api` gives them: its calls, or its messages where it has no calls."""
    yield from _read(path, name, options, parse_proto)


def parse_api(text: str, name: str) -> Api:
    """The operations that a text describes (`name` helps to tell .proto files); raises SeedError where it has none."""
    return parse_proto(text, name) if name.lower().endswith(".proto") else _parse_api(text, name)


def _read(path: Path, name: str, options: SeedOptions, parser: Any) -> Iterator[Document | Skip]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SeedError(f"an API description of more than {MAX_BYTES // 2**20} MB; split it")
        decoded = decode(data)
        api = parser(decoded.text, name)
    except SeedError as error:
        yield skip(name, f"an API description that cannot be used: {error}")
        return
    except OSError as error:
        yield skip(name, f"cannot be read: {error.strerror or error}")
        return
    yield from cut_api(api, name, options)


def _parse_api(text: str, name: str) -> Api:
    value = parse(text) if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")) else load_yaml(text)
    if isinstance(value, dict) and isinstance(value.get("paths"), dict) | isinstance(value.get("webhooks"), dict):
        api: Api | None = read_openapi(value)
    elif isinstance(value, dict) and isinstance(value.get("metadata"), dict) and "shapes" in value:
        api = read_aws(value)
    else:
        api = read_functions(value, Path(name).stem.split("__")[-1].replace("_", " "))
    if api is None or not api.operations:
        raise SeedError("no operation in it has a form that is known (OpenAPI, AWS service model, list of functions)")
    return api


_LOOKED_AT = 65_536
_JSON_VERSION = re.compile(r'[{,]\s*"(?:openapi|swagger)"\s*:\s*"\d')
_YAML_VERSION = re.compile(r"^[\"']?(?:openapi|swagger)[\"']?\s*:\s*[\"']?\d", re.MULTILINE)
_JSON_KEYS = (
    ("metadata", "operations", "apiVersion"),
    ("api_name", "required_parameters"),
    ("api_list", "required_parameters"),
    ("name", "input_parameters"),
    ("name", "input_schema"),
    ("name", "inputSchema"),
    ("function", "name", "parameters"),
    ("name", "description", "parameters", "properties"),
)
_YAML_FUNCTIONS = (
    re.compile(r"^[- ]*(?:name|function)\s*:", re.MULTILINE),
    re.compile(r"^\s+(?:parameters|input_schema|inputSchema)\s*:", re.MULTILINE),
    re.compile(r"^\s+properties\s*:", re.MULTILINE),
)
