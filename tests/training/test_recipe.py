"""The folder of a recipe: all in it that a training needs, what the paper says, and nothing half written."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from orca_agents.cli.recipe import recipe_command
from orca_agents.dataset.building import build
from orca_agents.dataset.formats.api import GENERIC_SYSTEM
from orca_agents.dataset.options import BuildOptions
from orca_agents.errors import ConfigError, DatasetError
from orca_agents.outcomes import Example
from orca_agents.records import FunctionCall, Message, MessageToolCall
from orca_agents.run_folder import write_jsonl
from orca_agents.training.recipe import NAMES, RecipeOptions, write_recipe
from orca_agents.training.settings import read_own
from tests.dataset.played import lines
from tests.dataset.runs import example, write_run
from tests.dataset.test_export_command import SHOTS
from tests.training.rendering import render

FEW = tuple(
    example(number, metadata={"round": number % 3, "parent_id": "above" if number % 3 else None})
    for number in range(12)
)


def recipe_of(tmp_path: Path, examples: Sequence[Example] = FEW, **options: Any) -> Path:
    """The folder of a recipe for these examples."""
    write_jsonl(tmp_path / "examples.jsonl", examples)
    return write_recipe(tmp_path / "examples.jsonl", tmp_path / "recipe", RecipeOptions(**options)).folder


def config_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return found


def test_the_files_are_there_and_can_be_read(tmp_path: Path) -> None:
    folder = recipe_of(tmp_path)
    assert {path.name for path in folder.iterdir()} == set(NAMES) - {"validation.jsonl"}
    assert list(tmp_path.iterdir()).count(folder) == 1
    assert not list(tmp_path.rglob(".*"))
    assert "make_trainer" in ast.dump(ast.parse((folder / "train.py").read_text(encoding="utf-8")))
    assert "<<" not in (folder / "README.md").read_text(encoding="utf-8")


def test_settings_are_those_of_the_paper_unless_others_are_given(tmp_path: Path) -> None:
    folder = recipe_of(tmp_path)
    assert (
        config_of(folder).items()
        >= {
            "model_name_or_path": "mistralai/Mistral-7B-v0.1",
            "max_length": 8192,
            "packing": True,
            "assistant_only_loss": True,
            "optim": "adamw_torch",
            "learning_rate": 8e-6,
            "lr_scheduler_type": "cosine",
            "warmup_steps": 500,
            "weight_decay": 0.1,
            "num_train_epochs": 3,
            "eos_token": "<|im_end|>",
            "train_sampling_strategy": "sequential",
            "eval_strategy": "no",
        }.items()
    )
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    assert re.search(r"^# As Orca-3 was trained: AgentInstruct .*2407\.03502.*\nmodel_name_or_path", text, re.MULTILINE)


def test_ones_own_settings_win_and_new_ones_are_added(tmp_path: Path) -> None:
    own = read_own(["learning_rate=2e-5", "packing=false", "run_name=a: b", "eval_strategy=no", "max_steps=7"])
    config = config_of(recipe_of(tmp_path, model="some/model", seed=3, order="shuffled", own=own))
    assert config["learning_rate"] == 2e-5
    assert config["packing"] is False
    assert config["run_name"] == "a: b"
    assert config["eval_strategy"] == "no"
    assert (config["model_name_or_path"], config["seed"]) == ("some/model", 3)
    assert config["train_sampling_strategy"] == "random"
    assert "in place of 8.0e-06" in (tmp_path / "recipe" / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["learning_rate"], "write NAME=VALUE"),
        (["Learning Rate=1"], "write NAME=VALUE"),
        (["seed=3"], "there is an option for that, --seed"),
        (["optim=a", "optim=b"], "given twice"),
        (["model_init_kwargs={a"], "is no YAML"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(given: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_own(given)


def test_chats_go_from_easy_to_hard_and_none_is_lost(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "examples.jsonl", FEW)
    handed = write_recipe(tmp_path / "examples.jsonl", tmp_path / "recipe", RecipeOptions())
    rounds = {example.id: example.metadata.round for example in FEW}
    rows = lines(tmp_path / "recipe" / "train.jsonl")
    assert [rounds[row["id"]] for row in rows] == [0] * 4 + [1] * 4 + [2] * 4
    assert handed.levels == {0: 4, 1: 4, 2: 4}
    assert {row["id"]: row["messages"] for row in rows} == {
        example.id: json.loads(example.model_dump_json())["messages"] for example in FEW
    }
    assert {key for row in rows for key in row} == {"id", "skill", "leaf", "messages"}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def made(name: str, examples: Sequence[Example], **options: Any) -> bytes:
        (tmp_path / name).mkdir()
        return (recipe_of(tmp_path / name, examples, **options) / "train.jsonl").read_bytes()

    one = made("one", FEW)
    assert made("two", FEW[::-1]) == one
    assert made("three", FEW, seed=1) != one
    assert made("four", FEW, order="shuffled") != one


def test_numbers_in_the_arguments_of_a_call_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    arguments = '{"at":  0.12345678901234567, "wide": 100000000000000000000000000, "small": 1e-14, "name": "Größe"}'
    call = MessageToolCall(id="c1", function=FunctionCall(name="depth", arguments=arguments))
    tool = {"type": "function", "function": {"name": "depth", "parameters": {"minimum": 1e-14}}}
    messages = (
        Message(role="user", content="How deep?"),
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content="10", tool_call_id="c1"),
        Message(role="assistant", content="Ten feet."),
    )
    (row,) = lines(recipe_of(tmp_path, [example("call", messages=messages, tools=(tool,))]) / "train.jsonl")
    given = row["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(given) == json.loads(arguments)
    assert given == json.dumps(json.loads(arguments), ensure_ascii=False)  # as a template writes an object
    assert json.loads(row["tools"]) == [tool]


def test_turns_that_are_part_of_a_question_are_marked_and_those_of_a_dialogue_are_not(tmp_path: Path) -> None:
    shots, dialogue = (example(form, messages=SHOTS, metadata={"form": form}) for form in ("label", "talk"))
    rows = {row["id"]: row for row in lines(recipe_of(tmp_path, [shots, dialogue]) / "train.jsonl")}
    assert [message.get("weight") for message in rows[shots.id]["messages"]] == [None, 0, None, None]
    assert [message.get("weight") for message in rows[dialogue.id]["messages"]] == [None] * 4
    assert render(rows[shots.id]["messages"]).learnt == ("cold<|im_end|>",)
    assert render(rows[dialogue.id]["messages"]).learnt == ("warm<|im_end|>", "cold<|im_end|>")


def test_the_rows_for_validation_of_a_dataset_go_along(tmp_path: Path) -> None:
    examples = [example(number, source=f"doc{number}.md") for number in range(40)]
    run = write_run(tmp_path / "run", examples)
    build([run], tmp_path / "dataset", BuildOptions(flags="off", validation=0.25, holdout=2))
    handed = write_recipe(tmp_path / "dataset", tmp_path / "recipe", RecipeOptions())
    assert handed.validation is not None
    train, validation = (lines(tmp_path / "recipe" / f"{name}.jsonl") for name in ("train", "validation"))
    assert len(validation) == handed.validation.written > 0
    assert len(train) == handed.train.written > len(validation)
    held_out = {row["id"] for row in lines(tmp_path / "dataset" / "data" / "facts" / "eval.jsonl")}
    assert not held_out & {row["id"] for row in train + validation}
    assert len(train) + len(validation) + len(held_out) == 40
    assert config_of(tmp_path / "recipe")["eval_strategy"] == "epoch"


def test_what_a_demonstration_model_made_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    mixed = [*FEW, example("demo", metadata={"demo": True})]
    write_jsonl(tmp_path / "examples.jsonl", mixed)
    handed = write_recipe(tmp_path / "examples.jsonl", tmp_path / "without", RecipeOptions())
    assert (handed.train.written, handed.train.left_out) == (12, Counter({"made by the demonstration model": 1}))
    handed = write_recipe(tmp_path / "examples.jsonl", tmp_path / "with", RecipeOptions(with_demo=True))
    assert handed.train.written == 13
    write_jsonl(tmp_path / "demo.jsonl", mixed[-1:])
    with pytest.raises(DatasetError, match="made by the demonstration model"):
        write_recipe(tmp_path / "demo.jsonl", tmp_path / "nothing", RecipeOptions())
    assert not (tmp_path / "nothing").exists()
    assert not list(tmp_path.glob(".nothing*"))


@pytest.mark.parametrize(("system", "told"), [("keep", "You are the responder."), ("generic", GENERIC_SYSTEM)])
def test_the_system_turn_is_as_asked(tmp_path: Path, system: str, told: str) -> None:
    rows = lines(recipe_of(tmp_path, system=system) / "train.jsonl")
    assert {row["messages"][0]["content"] for row in rows} == {told}


def test_a_recipe_is_not_written_over_by_accident_and_a_trained_model_never(tmp_path: Path) -> None:
    folder = recipe_of(tmp_path)
    (folder / "model").mkdir()
    (folder / "model" / "weights").write_text("dear")
    (folder / "validation.jsonl").write_text("of an earlier recipe")
    with pytest.raises(DatasetError, match="--overwrite"):
        recipe_of(tmp_path)
    recipe_of(tmp_path, seed=9, overwrite=True)
    assert config_of(folder)["seed"] == 9
    assert (folder / "model" / "weights").read_text() == "dear"
    assert not (folder / "validation.jsonl").exists()


def test_a_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", FEW)
    with pytest.raises(ConfigError, match="give another folder"):
        write_recipe(run, run, RecipeOptions())
    with pytest.raises(ConfigError, match="give another folder"):
        write_recipe(run, tmp_path, RecipeOptions())
    with pytest.raises(ConfigError, match="is a file"):
        write_recipe(run, run / "examples.jsonl", RecipeOptions())
    with pytest.raises(DatasetError, match="absent"):
        write_recipe(tmp_path / "absent", tmp_path / "recipe", RecipeOptions())


def test_the_command_tells_what_there_is_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(tmp_path / "examples.jsonl", [*FEW, example("demo", metadata={"demo": True})])

    def command(**changes: Any) -> None:
        given: dict[str, Any] = {
            "model": "some/model",
            "order": "easy-first",
            "seed": 0,
            "skill": None,
            "system": "erase",
            "system_text": None,
            "own": [],
        }
        flags = dict.fromkeys(("with_demo", "with_unverified", "with_empty", "overwrite"), False)
        recipe_command(tmp_path / "examples.jsonl", tmp_path / "recipe", **{**given, **flags, **changes})

    command()
    said = capsys.readouterr().out
    assert "12 chats (4 seed instructions, 4 refined once, 4 refined 2 times); there are 13" in said
    assert "left out: 1 because made by the demonstration model" in said
    assert f"python {tmp_path / 'recipe' / 'train.py'}" in said
    with pytest.raises(ConfigError, match=r"--system erased: .*did you mean 'erase'"):
        command(system="erased")
    with pytest.raises(ConfigError, match="--order"):
        command(order="hard-first")
