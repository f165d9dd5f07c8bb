"""Exported files in the hands of those who read them: `datasets`, pandas and TRL, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orca_agents.dataset.building import build
from orca_agents.dataset.card import write_card
from orca_agents.dataset.exporting import Wanted, export
from orca_agents.dataset.formats import FORMATS
from orca_agents.dataset.formats.api import Style
from orca_agents.dataset.options import BuildOptions
from tests.dataset.played import few_examples, lines
from tests.dataset.runs import example, rows_of, write_run
from tests.dataset.test_formats import CODE, said, tool_example
from tests.dataset.test_formats_preferences import vote, voted

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("reading.py")
TRL_PYTHON = os.environ.get("ORCA_TRL_PYTHON") or sys.executable
"""The Python that has TRL, if not the one that runs the tests."""


def read(tmp_path: Path, *given: str | Path, python: str = sys.executable) -> list[dict[str, Any]]:
    """What a reader reads, without what is null."""
    environment = {
        **os.environ,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    done = subprocess.run(
        [python, SCRIPT, *map(str, given)], env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert not done.returncode, done.stderr[-3000:]
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real examples, one with code and one with a wrong answer beside it."""
    code = example("code", messages=said(("user", CODE), ("assistant", CODE)))
    wrong = voted(vote("solver_1", "the frost", agrees=False, reasoning="It was cold."))
    return write_run(tmp_path_factory.mktemp("runs") / "run", [*few_examples(), code, wrong, tool_example(calls=2)])


@pytest.mark.parametrize("name", [name for name, format in FORMATS.items() if not format.is_folder])
def test_datasets_reads_each_format_without_loss(name: str, run: Path, tmp_path: Path) -> None:
    needs("datasets")
    style = Style(metadata=FORMATS[name].metadata[-1])
    export(run, tmp_path / "out.jsonl", Wanted(format=name, style=style))
    wanted = lines(tmp_path / "out.jsonl")
    assert read(tmp_path, "datasets", "json", tmp_path / "out.jsonl") == wanted
    if "parquet" in FORMATS[name].options:
        export(run, tmp_path / "out.parquet", Wanted(format=name, style=style, parquet=True))
        assert read(tmp_path, "datasets", "parquet", tmp_path / "out.parquet") == wanted


@pytest.mark.parametrize("name", ["messages", "prompt-completion-plain", "alpaca", "sharegpt", "kto", "dpo"])
def test_pandas_reads_each_format_without_loss(name: str, run: Path, tmp_path: Path) -> None:
    needs("pandas")
    for parquet in (False, True):
        out = tmp_path / ("out.parquet" if parquet else "out.jsonl")
        export(run, out, Wanted(format=name, parquet=parquet, style=Style(metadata="full")))
        rows = read(tmp_path, "pandas", out)
        for row in rows:  # messages with tool calls are JSON texts in Parquet
            for column in ("messages", "prompt", "completion", "chosen", "rejected"):
                if isinstance(row.get(column), list):
                    row[column] = [json.loads(one) if isinstance(one, str) else one for one in row[column]]
        assert rows == lines(tmp_path / "out.jsonl")


def test_a_file_of_more_than_ten_megabytes_loads_though_most_rows_have_no_tools(tmp_path: Path) -> None:
    needs("datasets")
    long = said(("user", "a question " * 600), ("assistant", "an answer"))
    many = [example(at, messages=long) for at in range(2000)]
    path = write_run(tmp_path / "run", [*many, *(tool_example(("tool", at)) for at in range(3))])
    export(path, tmp_path / "out.jsonl", Wanted(style=Style(metadata="full")))
    assert (tmp_path / "out.jsonl").stat().st_size > 11_000_000
    assert read(tmp_path, "datasets", "json", tmp_path / "out.jsonl") == lines(tmp_path / "out.jsonl")


@pytest.mark.parametrize("parquet", [False, True])
def test_datasets_finds_the_released_splits(parquet: bool, run: Path, tmp_path: Path) -> None:
    needs("datasets")
    wanted = Wanted(format="agentinstruct", parquet=parquet, style=Style(metadata="none"))
    exported = export(run, tmp_path / "out", wanted)
    for file, number in exported.files.items():
        rows = read(tmp_path, "folder", tmp_path / "out", "-", Path(file).name.partition("-")[0])
        assert len(rows) == number
        assert all(json.loads(row["messages"])[0]["role"] == "system" for row in rows)


def test_a_built_folder_loads_config_by_config_by_its_card(run: Path, tmp_path: Path) -> None:
    needs("datasets")
    build([run], tmp_path / "ds", BuildOptions(flags="off", holdout=1, validation=0.1))
    write_card(tmp_path / "ds")
    everything = rows_of(tmp_path / "ds")
    assert read(tmp_path, "folder", tmp_path / "ds", "all", "train") == everything
    for skill in ("tool_use", "conversation"):
        rows = read(tmp_path, "folder", tmp_path / "ds", skill, "train")
        assert rows == [row for row in everything if row["skill"] == skill]
    assert read(tmp_path, "folder", tmp_path / "ds", "-", "train") == everything


def test_a_large_built_folder_loads_though_its_metadata_change_late(tmp_path: Path) -> None:
    needs("datasets")
    long = said(("user", "a question " * 600), ("assistant", "an answer"))
    many = [example(at, messages=long) for at in range(2000)]
    late = example("late", messages=long, metadata={"seed_metadata": {"row": {"x": [1, None, "two"]}}, "tags": ("t",)})
    path = write_run(tmp_path / "run", [*many, late.model_copy(update={"id": "f" * 16})])
    options = BuildOptions(flags="off", holdout=0, validation=0, near=None)
    build([path], tmp_path / "ds", options)
    write_card(tmp_path / "ds")
    assert read(tmp_path, "folder", tmp_path / "ds", "facts", "train") == rows_of(tmp_path / "ds")


# ------------------------------------------------------------------------------------------------------------ TRL


def needs_trl() -> None:
    probe = [TRL_PYTHON, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('trl') is None)"]
    if subprocess.run(probe, check=False).returncode:
        pytest.skip("trl is not installed here; name a Python that has it in $ORCA_TRL_PYTHON")


@pytest.mark.parametrize(
    ("template", "calls_at_once"),
    [("qwen3", 2), ("llama3_2", 1)],  # Llama's template refuses two calls at once
)
def test_trl_renders_chats_with_their_tools(template: str, calls_at_once: int, tmp_path: Path) -> None:
    needs_trl()
    path = write_run(tmp_path / "run", [*few_examples(), tool_example(calls=calls_at_once)])
    for out in ("out.jsonl", "out.parquet"):
        export(path, tmp_path / out, Wanted(parquet=out.endswith("parquet")))
        texts = [row["text"] for row in read(tmp_path, "trl", tmp_path / out, template, python=TRL_PYTHON)]
        rows = lines(tmp_path / "out.jsonl")
        assert len(texts) == len(rows)
        for text, row in zip(texts, rows, strict=True):
            assert row["messages"][-1]["content"].strip() in text
            calls = [call["function"] for message in row["messages"] for call in message.get("tool_calls", ())]
            for call in calls:
                assert call["name"] in text
                assert json.dumps(call["arguments"], ensure_ascii=False) in text, "not rendered as an object"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("prompt-completion", {"prompt", "completion"}),
        ("dpo", {"prompt", "chosen", "rejected"}),
        ("kto", {"prompt", "completion", "label"}),
    ],
)
def test_trl_renders_what_has_prompt_and_completion(name: str, columns: set[str], run: Path, tmp_path: Path) -> None:
    needs_trl()
    for out in ("out.jsonl", "out.parquet"):
        export(run, tmp_path / out, Wanted(format=name, parquet=out.endswith("parquet")))
        made = read(tmp_path, "trl", tmp_path / out, "qwen2_5", python=TRL_PYTHON)
        rows = lines(tmp_path / "out.jsonl")
        assert len(made) == len(rows)
        for texts, row in zip(made, rows, strict=True):
            assert set(texts) == columns
            assert row["prompt"][-1]["content"] in texts["prompt"]
            for column in columns & {"completion", "chosen", "rejected"}:
                assert texts[column] == f"{row[column][0]['content']}<|im_end|>\n"
