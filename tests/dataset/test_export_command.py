"""`orca-agents export` and `card`: what they print, where they write, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from orca_agents.cli import app_dataset
from orca_agents.cli.export import export_command
from orca_agents.cli.publishing import card_command
from orca_agents.dataset.building import build
from orca_agents.dataset.formats import FORMATS
from orca_agents.dataset.options import BuildOptions
from orca_agents.errors import ConfigError, DatasetError
from orca_agents.records import Message
from tests.dataset.played import lines
from tests.dataset.runs import example, write_run
from tests.dataset.test_formats import tool_example


def exported(path: Path, out: Path | None = None, **given: Any) -> None:
    plain: dict[str, Any] = {
        "format": "messages",
        "split": "train",
        "skill": None,
        "system": "erase",
        "system_text": None,
        "metadata": None,
        "arguments": "object",
        "every_turn": False,
        "history": False,
        "bare_calls": False,
        "parquet": False,
        "with_demo": False,
        "with_unverified": False,
        "with_empty": False,
        "overwrite": False,
    }
    export_command(path, out, **{**plain, **given})


def test_it_tells_the_rows_the_examples_and_why_some_are_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", [example("a"), example("b", metadata={"demo": True}), tool_example()])
    exported(run, tmp_path / "out.jsonl", format="alpaca")
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'out.jsonl'}: 1 row of 1 example; there are 3",
        "left out: 1 because made by the demonstration model",
        "left out: 1 because it has tools, which have no place in this format",
    ]


SHOTS = (
    Message(role="user", content="red"),
    Message(role="assistant", content="warm"),
    Message(role="user", content="blue"),
    Message(role="assistant", content="cold"),
)


@pytest.mark.parametrize(
    ("format", "is_told"),
    [("messages", True), ("sharegpt", True), ("agentinstruct", True), ("prompt-completion", False), ("kto", False)],
)
def test_it_tells_where_turns_of_a_question_look_like_what_is_to_be_learnt(
    format: str, is_told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = example("talk", messages=SHOTS, metadata={"form": "talk"})
    run = write_run(tmp_path / "run", [example("shots", messages=SHOTS), talk, example("plain")])
    exported(run, tmp_path / "out", format=format)
    told = capsys.readouterr().out
    assert ("note: in 1 example the assistant also speaks in the question" in told) is is_told
    assert "left out" not in told


def test_the_help_names_every_format() -> None:
    (option,) = (one for one in get_args(get_type_hints(app_dataset.export, include_extras=True)["format"])[1:])
    named = re.findall(r"[a-z][a-z-]+", option.help.partition(":")[2].partition(".")[0])
    assert [name for name in named if name != "or"] == list(FORMATS)


def test_a_skill_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example("a", skill="coding"), example("b", skill="fermi")])
    with pytest.raises(DatasetError, match=r"no examples of 'ferm'; did you mean 'fermi'\?; it has coding, fermi"):
        exported(run, tmp_path / "out.jsonl", skill="ferm")


def test_a_folder_is_told_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_run(tmp_path / "run", [example("a", skill="coding"), example("b", skill="fermi")])
    exported(run, tmp_path / "out", format="agentinstruct")
    told = capsys.readouterr().out
    for split in ("code_", "fermi"):
        file = tmp_path / "out" / "data" / f"{split}-00000-of-00001.jsonl"
        assert f"  {file}: 1 row\n" in told
        assert len(lines(file)) == 1


def test_without_a_place_the_name_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "run", [example(at) for at in range(10)])
    build([run], tmp_path / "ds", BuildOptions(flags="off", holdout=2, validation=0))
    monkeypatch.chdir(tmp_path)
    exported(Path("run"), format="kto", parquet=True)
    exported(Path("ds"), split="eval", skill="facts")
    exported(Path("run/examples.jsonl"), format="agentinstruct")
    found = {path.name for path in tmp_path.iterdir()} - {"run", "ds"}
    assert found == {"run.kto.parquet", "ds.eval.facts.messages.jsonl", "examples.agentinstruct"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"format": "chatml"}, "no such format"),
        ({"system": "keeps"}, "--system keeps: write keep, erase, generic; did you mean 'keep'"),
        ({"metadata": "all"}, "--metadata all: write none, ids, full"),
        ({"arguments": "json"}, "--arguments json: write object, text"),
    ],
)
def test_a_word_that_is_none_of_the_choices_is_refused(given: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        exported(tmp_path, **given)


def test_the_card_is_written_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build([write_run(tmp_path / "run", [example("a")])], tmp_path / "ds", BuildOptions(flags="off", holdout=0))
    card_command(tmp_path / "ds", "Harbour tales")
    assert str(tmp_path / "ds" / "README.md") in capsys.readouterr().out
    assert "# Harbour tales" in (tmp_path / "ds" / "README.md").read_text(encoding="utf-8")
