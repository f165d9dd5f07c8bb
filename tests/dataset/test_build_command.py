"""`orca-agents build`: what it prints, what it refuses, and where it looks for benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orca_agents.cli.build import build_command, find_index
from orca_agents.contamination import BenchmarkIndex
from orca_agents.errors import ConfigError
from tests.dataset.runs import dropped_of, example, rows_of, words, write_run

GIVEN: dict[str, Any] = {
    "overwrite": False,
    "seed": 0,
    "with_demo": False,
    "with_unverified": False,
    "with_empty": False,
    "near": 0.7,
    "exact_only": False,
    "semantic": None,
    "embedding_model": None,
    "base_url": None,
    "api_key_env": "OPENAI_API_KEY",
    "benchmarks": None,
    "no_benchmarks": False,
    "flags": "off",
    "licence": None,
    "licence_unknown": "refuse",
    "balance": (),
    "mix": None,
    "rows": None,
    "most_per_skill": None,
    "most_per_leaf": None,
    "unanswerable": None,
    "document": "source",
    "validation": 0.05,
    "holdout": 100,
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCA_BENCHMARKS", raising=False)


def an_index(path: Path, question: str) -> Path:
    file = path.with_suffix(".jsonl")
    file.write_text(json.dumps({"question": question}) + "\n")
    with BenchmarkIndex.open(path, create=True) as index:
        index.add("made_up", file, ["question"])
    return path


def test_a_table_tells_what_each_step_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    examples = [example(at) for at in range(40)] + [example("demo", metadata={"demo": True})]
    build_command([write_run(Path("run"), examples)], Path("dataset"), **GIVEN)
    out, err = capsys.readouterr()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "step in dropped out time why"
    assert any(
        line.startswith("unfit 41 1 40 ") and line.endswith("1 made by the demonstration model") for line in lines
    )
    assert any(line.startswith("train: ") for line in lines)
    assert any("evaluation: 8 rows of facts instead of 100: a fifth of its 40 rows" in line for line in lines)
    assert any("there is no index of them" in line for line in lines)
    assert lines[-1] == "dataset; beside data/, dropped.jsonl says why each row was dropped"
    assert err == ""


def test_what_licences_say_is_printed_as_it_is_and_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    strange = example("strange", metadata={"licence": "Ours [see LICENCE] [/x] \x1b[31m"})
    build_command([write_run(Path("monday"), [example("a"), strange])], Path("ds"), **{**GIVEN, "licence": "cc-by-4.0"})
    said = " ".join(capsys.readouterr().out.split())
    assert "Ours [see LICENCE] [/x] ?[31m: not known whether that fits cc-by-4.0" in said


def test_rows_with_an_item_of_a_benchmark_are_dropped_and_the_item_is_named() -> None:
    leak = f"How many of the {words('leak', 25)} were left in the end?"
    bad = example("bad", passage="", question=f"Please solve this. {leak} Thanks!")
    an_index(Path("benchmarks.sqlite"), leak)
    run = write_run(Path("run"), [example("good"), bad])
    build_command([run], Path("dataset"), **GIVEN)
    assert [(row["id"], row["step"], row["reason"], row["of"]) for row in dropped_of(Path("dataset"))] == [
        (bad.id, "benchmarks", "item of made_up", "row 1")
    ]
    manifest = json.loads(Path("dataset/dataset.json").read_text())
    assert [(one["name"], one["items"]) for one in manifest["benchmarks"]] == [("made_up", 1)]
    build_command([run], Path("other"), **{**GIVEN, "no_benchmarks": True})
    assert len(rows_of(Path("other"))) == 2


def test_the_index_is_the_one_named_else_of_the_environment_else_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_index(None, none=False) is None
    for name in ("benchmarks.sqlite", "a.sqlite", "b.sqlite"):
        Path(name).touch()
    assert find_index(None, none=False) == Path("benchmarks.sqlite")
    monkeypatch.setenv("ORCA_BENCHMARKS", "a.sqlite")
    assert find_index(None, none=False) == Path("a.sqlite")
    assert find_index(Path("b.sqlite"), none=False) == Path("b.sqlite")
    assert find_index(None, none=True) is None
    with pytest.raises(ConfigError, match=r"c\.sqlite: there is no such index"):
        find_index(Path("c.sqlite"), none=False)
    with pytest.raises(ConfigError, match="contradict"):
        find_index(Path("b.sqlite"), none=True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"licence_unknown": "maybe"}, "keep or refuse"),
        ({"base_url": "http://localhost:1/v1"}, "--embedding-model"),
        ({"embedding_model": "m"}, "--semantic"),
    ],
)
def test_options_that_contradict_each_other_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        build_command([Path("run")], Path("dataset"), **{**GIVEN, **wrong})
