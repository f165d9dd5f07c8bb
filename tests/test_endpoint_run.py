"""The worked example over HTTP: a local server stands in for an OpenAI-compatible endpoint."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as WebRequest
from werkzeug import Response

from orca_agents import ModelConfig, run_skill
from orca_agents.models.api import Request
from orca_agents.worked_example import SETTINGS, worked_example


def serve(server: HTTPServer, *, json_schema: bool, latency_s: float = 0.0) -> str:
    """Answer like the scripted teacher does; without `json_schema`, refuse requests that ask for one."""
    model = worked_example(json_schema=json_schema).model

    def handle(web: WebRequest) -> Response:
        time.sleep(latency_s)
        body = json.loads(web.data)
        form = body.get("response_format")
        if form and not json_schema:
            return Response(json.dumps({"error": {"message": "response_format is not supported"}}), 400)
        schema = form["json_schema"]["schema"] if form else None
        try:
            text = asyncio.run(model.complete(Request(body["model"], tuple(body["messages"]), schema))).text
        except LookupError:  # nothing of the example: the probe at the start
            text = json.dumps(_fitting(schema)) if schema else "ok"
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        reply = {
            "model": "stand-in",
            "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
            "usage": usage,
        }
        return Response(json.dumps(reply), content_type="application/json")

    server.expect_request("/v1/chat/completions").respond_with_handler(handle)
    return server.url_for("/v1")


def _fitting(schema: dict[str, Any]) -> Any:
    """Something that fits a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {name: _fitting(part) for name, part in schema["properties"].items()}
        case "array":
            return [_fitting(schema["items"])] * schema.get("minItems", 1)
        case kind:
            return {"integer": 1, "number": 1, "boolean": True, "string": "ok"}[kind]


@pytest.mark.parametrize("json_schema", [True, False])
def test_the_worked_example_comes_out_the_same_over_http(
    httpserver: HTTPServer, tmp_path: Path, json_schema: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-not-to-be-seen-anywhere-0123456789")
    teacher = ModelConfig(model="stand-in", base_url=serve(httpserver, json_schema=json_schema), api_key_env="SOME_KEY")
    out = tmp_path / "run"
    run = run_skill("reading_comprehension", worked_example().seed, model=teacher, out=out, **SETTINGS)
    assert [(f.error, f.message) for f in run.failures] == []
    assert [(r.check, r.reason) for r in run.rejections] == []
    assert {example.metadata.goal for example in run} == {None, "unanswerable", "alter_answer", "complicate"}
    calls = len(httpserver.log)
    again = run_skill("reading_comprehension", worked_example().seed, model=teacher, out=out, **SETTINGS)
    assert len(again) == 4
    assert len(httpserver.log) == calls
    for file in out.iterdir():
        assert b"sk-not-to-be-seen" not in file.read_bytes()
