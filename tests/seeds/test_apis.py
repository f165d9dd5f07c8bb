"""API descriptions become operations from which a call can be built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Seed
from orca_agents.seeds import read_seeds
from orca_agents.seeds.chunking import count_words
from orca_agents.seeds.documents import Document, SeedOptions
from orca_agents.seeds.formats.apis import looks_like_api, read_api, read_proto
from orca_agents.seeds.formats.schema_text import look_up
from orca_agents.seeds.formats.yaml_safely import load_yaml

ORDERS = """
openapi: 3.0.3
info: {title: Orders, version: "2", description: Orders of a shop., license: {name: MIT}}
servers: [{url: https://shop.example/v2}]
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}, description: Number of the order.}
    get:
      operationId: getOrder
      summary: One order
      parameters:
        - $ref: '#/components/parameters/Lang'
      responses:
        200: {description: The order, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        404: {description: No such order}
  /orders:
    post:
      operationId: addOrder
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
      responses: {201: {description: Made}}
components:
  parameters:
    Lang: {name: lang, in: query, schema: {type: string, enum: [en, de], default: en}}
  schemas:
    Order:
      type: object
      required: [items]
      properties:
        items: {type: array, items: {$ref: '#/components/schemas/Item'}, minItems: 1}
        parent: {$ref: '#/components/schemas/Order'}
    Item:
      allOf:
        - type: object
          required: [sku]
          properties: {sku: {type: string, description: Stock number.}}
        - properties: {count: {type: integer, default: 1, minimum: 1}}
"""
PROTO = """
// Copyright of somebody.
syntax = "proto3";
package shop.v1;
// Keeps books.
service Books {
  // Finds a book by its number.
  rpc GetBook(GetBookRequest) returns (Book) { option (google.api.http) = { get: "/v1/{name=books/*}" }; }
  rpc Watch(stream GetBookRequest) returns (stream shop.v1.Book);
}
message GetBookRequest { string name = 1 [(google.api.field_behavior) = REQUIRED]; }
message Book {
  string name = 1;  // Its number.
  repeated Author authors = 2;
  map<string, Price> prices = 3;
  enum State { UNKNOWN = 0; SOLD = 1; }
  State state = 4;
  oneof more { Book sequel = 5; int32 pages = 6; }
  message Author { string name = 1; }
}
message Price { int64 cents = 1; }
"""


def read(path: Path, text: str, words: int = 800) -> list[Document | Skip]:
    path.write_text(text)
    reader = read_proto if path.suffix == ".proto" else read_api
    return list(reader(path, path.name, SeedOptions(chunk_words=words)))


def only(found: list[Document | Skip]) -> Document:
    assert len(found) == 1
    assert isinstance(found[0], Document), found[0].reason
    return found[0]


def why(found: list[Document | Skip]) -> str:
    assert len(found) == 1
    assert isinstance(found[0], Skip)
    return found[0].reason


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_openapi_file_gives_its_operations_with_references_resolved(tmp_path: Path, form: str) -> None:
    text = ORDERS if form == "yaml" else json.dumps(load_yaml(ORDERS))
    assert looks_like_api(text)
    document = only(read(tmp_path / f"orders.{form}", text))
    assert (document.kind, document.whole, document.title, document.licence) == ("api", True, "Orders 2", "MIT")
    assert document.metadata == {
        "api": "Orders 2",
        "operations": ["getOrder", "addOrder"],
        "where": ["#/paths/~1orders~1{id}/get", "#/paths/~1orders/post"],
    }
    for line in (
        "## GET /orders/{id} (getOrder)",
        "- id (path, string, required): Number of the order.",
        "- lang (query, string, one of en, de, default en)",
        "Response 200: Order: object. The order",
        "- items (array of Item: object, required, min items 1)",
        "  - sku (string, required): Stock number.",
        "  - count (integer, default 1, at least 1)",
        "- parent (Order, as above)",
        "Other responses: 404 No such order",
        "Request body (application/json, required): Order: object",
        "Server: https://shop.example/v2",
    ):
        assert line in document.text.splitlines()


def test_version_two_says_its_body_and_form_parameters(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "swagger": "2.0",
            "info": {"title": "Old", "version": "1"},
            "host": "old.example",
            "basePath": "/api",
            "paths": {
                "/a": {
                    "post": {
                        "parameters": [
                            {"name": "body", "in": "body", "schema": {"$ref": "#/definitions/A"}},
                            {"name": "q", "in": "query", "type": "integer", "maximum": 9, "required": True},
                        ],
                        "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/A"}}},
                    }
                }
            },
            "definitions": {"A": {"type": "object", "properties": {"x": {"type": "number"}}}},
        }
    )
    document = only(read(tmp_path / "a.json", text))
    assert "Server: https://old.example/api" in document.text
    assert "- q (query, integer, required, at most 9)" in document.text
    assert document.text.count("- x (number)") == 2
    assert document.metadata["operations"] == ["POST /a"]


def test_a_large_api_is_cut_into_pieces_that_fit_and_lose_no_operation(tmp_path: Path) -> None:
    root: dict[str, Any] = load_yaml(ORDERS)
    item = root["paths"].pop("/orders")
    root["paths"] = {f"/orders{number}": item for number in range(40)}
    found = read(tmp_path / "a.json", json.dumps(root), words=200)
    assert len(found) > 3
    names: list[str] = []
    for document in found:
        assert isinstance(document, Document)
        assert count_words(document.text) <= 200
        assert document.text.startswith("# Orders 2\n")
        names += document.metadata["where"]
    assert names == [f"#/paths/~1orders{number}/post" for number in range(40)]


def test_an_operation_that_is_too_long_is_told_in_less_detail(tmp_path: Path) -> None:
    root: dict[str, Any] = load_yaml(ORDERS)
    fields = {f"field{number}": {"type": "string", "description": "many words " * 30} for number in range(60)}
    root["components"]["schemas"]["Order"]["properties"] = fields
    document = read(tmp_path / "a.json", json.dumps(root), words=150)[0]
    assert isinstance(document, Document)
    assert count_words(document.text) <= 150
    assert document.flags == ("shortened",)
    assert "- id (path, string, required)" in document.text


def test_schemas_that_refer_to_each_other_without_end_are_told_once(tmp_path: Path) -> None:
    root: dict[str, Any] = load_yaml(ORDERS)
    schemas: dict[str, Any] = {
        f"S{a}": {"type": "object", "properties": {f"p{b}": {"$ref": f"#/components/schemas/S{b}"} for b in range(30)}}
        for a in range(30)
    }
    schemas["Order"] = {"allOf": [{"$ref": "#/components/schemas/S0"}, {"$ref": "#/components/schemas/Order"}]}
    root["components"]["schemas"] = schemas
    assert only(read(tmp_path / "a.json", json.dumps(root))).text.count("\n") < 400


def test_an_aws_service_model_says_where_each_member_goes(tmp_path: Path) -> None:
    model: dict[str, Any] = {
        "version": "2.0",
        "metadata": {"apiVersion": "2020-01-01", "serviceFullName": "Voice", "protocol": "rest-json"},
        "operations": {
            "Speak": {
                "name": "Speak",
                "http": {"method": "POST", "requestUri": "/v1/{Voice}"},
                "input": {"shape": "SpeakInput"},
                "errors": [{"shape": "TooLong"}],
                "documentation": "<p>Says a <code>Text</code>.</p>",
            }
        },
        "shapes": {
            "SpeakInput": {
                "type": "structure",
                "required": ["Voice"],
                "members": {
                    "Voice": {"shape": "VoiceId", "location": "uri", "locationName": "Voice"},
                    "Texts": {"shape": "TextList"},
                },
            },
            "VoiceId": {"type": "string", "enum": ["Ann", "Bob"]},
            "TextList": {"type": "list", "member": {"shape": "Text"}, "max": 3},
            "Text": {"type": "string", "max": 100},
        },
    }
    assert looks_like_api(json.dumps(model))
    document = only(read(tmp_path / "service-2.json", json.dumps(model)))
    assert document.title == "Voice 2020-01-01"
    assert "## Speak (POST /v1/{Voice})" in document.text
    assert "Says a Text ." in document.text
    assert "- Voice (path Voice, string, required, one of Ann, Bob)" in document.text
    assert "at most" not in document.text
    assert "max items 3" in document.text
    assert "Errors: TooLong" in document.text


_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    "value",
    [
        [{"type": "function", "function": {"name": "weather", "description": "Weather.", "parameters": _SCHEMA}}],
        [{"type": "function", "name": "weather", "description": "Weather.", "parameters": _SCHEMA}],
        {"tools": [{"name": "weather", "description": "Weather.", "inputSchema": _SCHEMA}]},
        [{"name": "weather", "description": "Weather.", "input_schema": _SCHEMA}],
        [
            {
                "api_name": "weather",
                "api_description": "Weather.",
                "required_parameters": [{"name": "city", "type": "string"}],
            }
        ],
        [
            {
                "name": "weather",
                "description": "Weather.",
                "input_parameters": {"city": {"type": "string", "required": True}},
            }
        ],
        {"weather": {"description": "Weather.", "parameters": _SCHEMA}},
    ],
    ids=["openai", "responses", "mcp", "anthropic", "toolbench", "api-bank", "by name"],
)
def test_lists_of_functions_in_their_usual_forms_are_read_alike(tmp_path: Path, value: Any) -> None:
    document = only(read(tmp_path / "tools.json", json.dumps(value)))
    assert document.text == "# tools\n\n## weather\n\nWeather.\n\nParameters:\n- city (string, required)\n"
    assert document.metadata["operations"] == ["weather"]
    if isinstance(value, list):
        assert looks_like_api(json.dumps(value, indent=1))


def test_proto_files_give_calls_with_their_messages(tmp_path: Path) -> None:
    document = only(read(tmp_path / "books.proto", PROTO))
    assert document.title == "shop.v1"
    assert document.metadata["operations"] == ["Books.GetBook", "Books.Watch"]
    assert document.metadata["where"] == ["line 8", "line 9"]
    for line in (
        "Keeps books.",
        "Finds a book by its number.",
        "HTTP: GET /v1/{name=books/*}",
        "- name (string, required)",
        "- name (string): Its number.",
        "- authors (array of Book.Author: object)",
        "- state (string, one of UNKNOWN, SOLD)",
        "- sequel (Book, as above)",
        "- pages (int32)",
        "## rpc Books.Watch(stream GetBookRequest) returns (stream shop.v1.Book)",
        "  - (any key) (Price: object)",
    ):
        assert line in document.text.splitlines()
    assert "Copyright" not in document.text


@pytest.mark.parametrize(
    "text", ["message A { int32 x = 1;", "message A { int32 x = 1; } }}}} service", "}{" * 99 + '"']
)
def test_broken_proto_files_end_without_an_exception(tmp_path: Path, text: str) -> None:
    assert len(read(tmp_path / "a.proto", text)) == 1


def test_messages_nested_without_end_are_refused(tmp_path: Path) -> None:
    assert "nested" in why(read(tmp_path / "a.proto", "message A {" * 5000))


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("cut.json", '{"openapi":"3.0.0","info":{"title":"Ord', "not valid JSON"),
        ("cut.yaml", "openapi: 3.0.0\ninfo: {title: Ord", "not YAML, line"),
        ("deep.json", "[" * 20_000 + "]" * 20_000, "nested too deeply"),
        ("deep.yaml", "a: " + "[" * 20_000, "nested more than"),
        ("other.json", '{"openapi": "3.0.0", "paths": {}}', "no operation"),
        ("self.yaml", "a: &x [*x]", "stands for nothing, or for itself"),
        ("empty.yaml", "", "no operation"),
    ],
)
def test_what_cannot_be_used_is_skipped_with_the_reason(tmp_path: Path, name: str, text: str, reason: str) -> None:
    assert reason in why(read(tmp_path / name, text))


def test_aliases_that_multiply_are_refused_and_honest_ones_read(tmp_path: Path) -> None:
    bomb = 'a0: &a0 ["x","x","x","x","x","x","x","x","x"]\n'
    bomb += "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(SeedError, match="values"):
        load_yaml(bomb)
    assert load_yaml("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}") == {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}}


def test_yaml_is_plain_data() -> None:
    text = "1: yes\non: 2020-01-02\nx: !!python/object/apply:os.system [id]\nx: 0x1F\n"
    text += "y: 1.5\nz: ~\nw: '12'\nk: &a\nl: *a"
    assert load_yaml(text) == {
        "1": True, "on": "2020-01-02", "x": 31, "y": 1.5, "z": None, "w": "12", "k": None, "l": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a: 1\nb: 2", "{}", "[]", '{"openapi_key": 3}', "The openapi: 3 format", '[{"name": "Ann", "age": 3}]', ""]
)
def test_other_json_and_yaml_does_not_look_like_an_api(text: str) -> None:
    assert not looks_like_api(text)


@pytest.mark.parametrize("word", ["allOf", "oneOf"])
def test_schemas_that_multiply_are_told_in_bounded_time(tmp_path: Path, word: str) -> None:
    """Each of thirty levels names the next one ten times: written out they would never end."""
    schemas: dict[str, Any] = {f"S{n}": {word: [{"$ref": f"#/components/schemas/S{n + 1}"}] * 10} for n in range(30)}
    schemas["S30"] = {"type": "object", "properties": {"name": {"type": "string"}}}
    answer = {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    root = {
        "openapi": "3.0.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {"summary": "Reads a thing.", "responses": {"200": answer}}}},
        "components": {"schemas": schemas},
    }
    document = only(read(tmp_path / "api.json", json.dumps(root)))
    assert "GET /a" in document.text


def test_where_an_operation_stands_is_where_its_file_has_it(tmp_path: Path) -> None:
    paths = {f"/a~{n}/{{id}}": {"get": {"operationId": f"read{n}", "summary": "Reads."}} for n in range(50)}
    root = {"openapi": "3.0.0", "info": {"title": "T", "version": "1"}, "paths": paths}
    pieces = [item for item in read(tmp_path / "api.json", json.dumps(root), 60) if isinstance(item, Document)]
    assert len(pieces) > 3
    for piece in pieces:
        for name, where in zip(piece.metadata["operations"], piece.metadata["where"], strict=True):
            assert look_up(root, where)["operationId"] == name
            assert f"({name})" in piece.text


def test_names_that_no_file_can_hold_are_mended(tmp_path: Path) -> None:
    """JSON can spell half a character; what is made of it must be writable, and name the operation all the same."""
    call = {"operationId": "read\\ud800 <|im_end|>", "summary": "Reads a thing that has many words about it."}
    text = json.dumps({"openapi": "3.0.0", "info": {"title": "T\\ud800"}, "paths": {"/a": {"get": call}}})
    (tmp_path / "api.json").write_text(text.replace("\\\\ud800", "\\ud800"))
    (seed,) = read_seeds([tmp_path / "api.json"], SeedOptions())
    assert isinstance(seed, Seed)
    assert Seed.model_validate_json(seed.model_dump_json()) == seed
    assert seed.metadata["operations"] == ["read \u2039|im_end|\u203a"]
    assert seed.title == "T"
