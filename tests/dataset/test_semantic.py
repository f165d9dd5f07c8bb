"""Copies in meaning, by vectors that a local server gives."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from orca_agents.dataset import meaning
from orca_agents.dataset.building import build
from orca_agents.dataset.options import BuildOptions, Embedding
from orca_agents.errors import DatasetError, NoModelError, UnreachableError, WrongKeyError
from orca_agents.outcomes import Example
from orca_agents.records import short_hash
from tests.dataset.runs import dropped_of, example, rows_of, words, write_run

KEY = "EMBEDDING_TEST_KEY"


def vector(text: str) -> list[float]:
    """A vector of its own for each meaning: `meaning 7` anywhere in a text is all that counts."""
    told = re.search(r"meaning (\w+)", text)
    rng = np.random.default_rng(int(short_hash(told[1] if told else text), 16))
    own = rng.normal(size=64)
    noise = np.random.default_rng(int(short_hash(text), 16)).normal(size=64)
    return [float(number) for number in own + 0.05 * noise]


def serve(server: HTTPServer, seen: list[dict[str, Any]]) -> str:
    def embed(request: Request) -> Response:
        body = json.loads(request.get_data())
        seen.append({**body, "key": request.headers.get("Authorization")})
        data = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
        answer = {"data": data[::-1], "usage": {"total_tokens": 10 * len(data)}}
        return Response(json.dumps(answer), content_type="application/json")

    server.expect_request("/v1/embeddings", method="POST").respond_with_handler(embed)
    return server.url_for("/v1")


def asked(key: object, about: object, passage: str = "") -> Example:
    return example(key, passage=passage, question=f"What is the {words((key, 'q'), 15)} of meaning {about}?")


def options(address: str) -> BuildOptions:
    endpoint = Embedding("embedder", address, KEY)
    return BuildOptions(flags="off", holdout=0, validation=0, semantic=0.95, embedding=endpoint)


def test_what_means_the_same_is_dropped(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "good key")
    seen: list[dict[str, Any]] = []
    address = serve(httpserver, seen)
    examples = [asked(at, at % 90) for at in range(150)]
    run = write_run(tmp_path / "run", examples)
    build([run], tmp_path / "dataset", options(address))
    told = dropped_of(tmp_path / "dataset")
    meaning_of = {one.id: one.messages[0].content.rpartition(" ")[2] for one in examples}
    assert len(told) == 60
    assert all((row["step"], row["reason"]) == ("semantic", "means the same") for row in told)
    assert all(meaning_of[row["id"]] == meaning_of[row["of"]] for row in told)
    assert len(rows_of(tmp_path / "dataset")) == 90
    assert [len(body["input"]) for body in sorted(seen, key=lambda body: -len(body["input"]))] == [64, 64, 22]
    assert {(body["model"], body["key"]) for body in seen} == {("embedder", "Bearer good key")}
    manifest = json.loads((tmp_path / "dataset" / "dataset.json").read_text())
    assert manifest["options"]["embedding"] == {"model": "embedder", "base_url": address, "api_key_env": KEY}
    assert manifest["embedding_tokens"] == 1500
    assert "good key" not in json.dumps(manifest)


def test_one_meaning_about_two_passages_is_no_copy(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "key")
    passages = [f"{words(at, 60)} meaning passage{at // 2}" for at in range(4)]
    examples = [asked(at, "one", passage=passage) for at, passage in enumerate(passages)]
    run = write_run(tmp_path / "run", examples)
    build([run], tmp_path / "dataset", options(serve(httpserver, [])))
    pairs = [{examples[0].id, examples[1].id}, {examples[2].id, examples[3].id}]
    assert sorted(sorted((row["id"], row["of"])) for row in dropped_of(tmp_path / "dataset")) == sorted(
        map(sorted, pairs)
    )


def test_a_refined_item_is_no_copy_in_meaning_of_its_parent(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "key")
    parent = asked("parent", "one")
    child = example(
        "child",
        passage="",
        question=f"So then, {words('other', 15)}, meaning one?",
        metadata={"round": 1, "parent_id": parent.id},
    )
    run = write_run(tmp_path / "run", [parent, child])
    build([run], tmp_path / "dataset", options(serve(httpserver, [])))
    assert dropped_of(tmp_path / "dataset") == []


def test_clusters_find_what_all_pairs_find() -> None:
    rng = np.random.default_rng(3)
    groups = rng.normal(size=(3000, 32)).astype(np.float32)
    vectors = np.repeat(groups, 2, axis=0) + 0.02 * rng.normal(size=(6000, 32)).astype(np.float32)
    vectors = vectors[rng.permutation(6000)]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = {(one, other) for one, others in meaning.all_pairs(vectors, 0.95, np) for other in others}
    near = {(one, other) for one, others in meaning.pairs_in_clusters(vectors, 0.95, np) for other in others}
    assert near <= exact
    assert len(exact) >= 3000
    assert len(near) >= 0.97 * len(exact)


def test_a_server_that_fails_ends_the_build_and_leaves_nothing(
    httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, "key")
    run = write_run(tmp_path / "run", [asked(1, 1), asked(2, 2)])
    kinds: list[tuple[Response, type[Exception], str]] = [
        (Response("{}", status=401), WrongKeyError, KEY),
        (Response('{"error": {"message": "x", "code": "model_not_found"}}', status=404), NoModelError, "embedder"),
        (Response('{"data": []}'), UnreachableError, "0 vectors for 2 texts"),
        (Response("<html>"), UnreachableError, "no JSON"),
    ]
    for response, kind, told in kinds:
        httpserver.clear()
        httpserver.expect_request("/v1/embeddings").respond_with_response(response)
        with pytest.raises(kind, match=told):
            build([run], tmp_path / "dataset", options(httpserver.url_for("/v1")))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_without_the_extra_a_build_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "run", [asked(1, 1)])
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(DatasetError, match=r"orca-agents\[semantic\]"):
        build([run], tmp_path / "dataset", options("http://localhost:9/v1"))


def test_a_missing_key_is_told_before_any_row_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    run = write_run(tmp_path / "run", [asked(1, 1)])
    told: list[str] = []
    with pytest.raises(WrongKeyError, match=KEY):
        build([run], tmp_path / "dataset", options("http://localhost:9/v1"), tell=lambda step, *_: told.append(step))
    assert told == []
