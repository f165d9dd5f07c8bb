"""The script of a recipe trains, on the assistants' words and on nothing else. Slow: it takes torch, and minutes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from orca_agents.run_folder import write_jsonl
from orca_agents.training.recipe import RecipeOptions, write_recipe
from tests.dataset.played import few_examples, lines
from tests.dataset.runs import example
from tests.dataset.test_export_command import SHOTS
from tests.training.rendering import render

HERE = Path(__file__).parent
MISSING = [name for name in ("torch", "transformers", "trl", "datasets", "accelerate") if find_spec(name) is None]
ON_CPU = ("--use_cpu", "true", "--bf16", "false", "--disable_tqdm", "true", "--save_strategy", "no")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (pip install 'orca-agents[train]')"),
]


def call(script: Path, *given: object) -> str:
    """What a script of a recipe prints; there is no network for it."""
    path = os.pathsep.join(part for part in sys.path if part)
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [sys.executable, str(script), *map(str, given)],
        env={**os.environ, **offline, "PYTHONPATH": path, "HF_HOME": str(script.parent / "cache")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of real examples of several skills, with a model of its own that knows no ChatML."""
    folder = tmp_path_factory.mktemp("training")
    write_jsonl(folder / "examples.jsonl", [*few_examples(), example("shots", messages=SHOTS)])
    options = RecipeOptions(model=str(folder / "tiny"))
    write_recipe(folder / "examples.jsonl", folder / "recipe", options)
    call(HERE / "tiny_model.py", folder / "recipe" / "train.jsonl", folder / "tiny")
    return folder / "recipe"


@pytest.fixture(scope="module")
def chats(recipe: Path) -> list[dict[str, Any]]:
    """The chats as they stand in train.jsonl."""
    return lines(recipe / "train.jsonl")


@pytest.fixture(scope="module")
def packed(recipe: Path) -> list[dict[str, Any]]:
    """What the trainer feeds to the model, chat by chat, where several stand in one sequence."""
    return batches(recipe, "--packing", "true")


@pytest.fixture(scope="module")
def alone(recipe: Path) -> list[dict[str, Any]]:
    """The same, where each has a row."""
    return batches(recipe, "--packing", "false")


def batches(recipe: Path, *given: object) -> list[dict[str, Any]]:
    out = recipe / "batches.json"
    call(HERE / "show_batches.py", recipe, out, *ON_CPU, "--per_device_train_batch_size", 4, *given)
    found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return found


def test_the_examples_have_every_shape_of_chat(chats: list[dict[str, Any]]) -> None:
    roles = [[message["role"] for message in chat["messages"]] for chat in chats]
    assert any(some == ["user", "assistant"] for some in roles)
    assert any(some.count("user") > 2 for some in roles)
    assert any("tool" in some and chat["tools"] for some, chat in zip(roles, chats, strict=True))
    assert any(some[0] == "system" for some in roles)
    assert any(message.get("weight") == 0 for chat in chats for message in chat["messages"])


@pytest.mark.parametrize("rows", ["packed", "alone"])
def test_exactly_what_assistants_say_is_learnt(
    chats: list[dict[str, Any]], rows: str, request: pytest.FixtureRequest
) -> None:
    found: list[dict[str, Any]] = request.getfixturevalue(rows)
    expected = Counter()  # type: Counter[tuple[str, tuple[str, ...]]]
    for chat in chats:
        tools = json.loads(chat["tools"]) if "tools" in chat else None
        expected[render(chat["messages"], tools, bos_token="<s>")] += 1
    assert Counter((chat["text"], tuple(chat["learnt"])) for chat in found) == expected
    assert all(chat["labels_are_tokens"] for chat in found)
    share = sum(chat["learnt_tokens"] for chat in found) / sum(chat["tokens"] for chat in found)
    assert 0.05 < share < 0.8
    print(f"{rows}: {len(found)} chats, {share:.1%} of their tokens are learnt")


def test_chats_that_are_packed_together_do_not_see_each_other(packed: list[dict[str, Any]]) -> None:
    apart = [chat["apart"] for chat in packed if "apart" in chat]
    assert len(apart) >= 8
    assert max(apart) < 1e-4


def test_the_script_trains_and_the_loss_falls(recipe: Path) -> None:
    model = recipe / "model"
    said = call(
        recipe / "train.py",
        *(*ON_CPU, "--output_dir", model, "--max_steps", 20, "--logging_steps", 1, "--max_length", 1024),
        *("--learning_rate", 1e-2, "--warmup_steps", 2, "--gradient_accumulation_steps", 2),
    )
    losses = [float(loss) for loss in re.findall(r"'loss': '?([\d.]+)", said)]
    assert len(losses) == 20
    assert min(losses) > 0
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    left_out = re.search(r"note: (\d+) of (\d+) chats have more than 1024 tokens", said)
    assert left_out is not None
    long, all = map(int, left_out.groups())
    assert all == len(lines(recipe / "train.jsonl")) > long > 0
    assert f"so of {all - long} little order is left" in said
    config = json.loads((model / "config.json").read_text())
    tokens = json.loads((model / "tokenizer.json").read_text())["added_tokens"]
    ids = {token["content"]: token["id"] for token in tokens}
    assert config["eos_token_id"] == ids["<|im_end|>"]
    assert config["vocab_size"] > ids["<|im_end|>"] > ids["<|im_start|>"]
    assert (model / "chat_template.jinja").read_text() == (recipe / "chat_template.jinja").read_text()
    print(f"loss {losses[0]} at first, {losses[-1]} after 20 steps")


def test_a_warm_up_that_is_longer_than_the_training_is_told(recipe: Path) -> None:
    said = call(recipe / "train.py", *ON_CPU, "--output_dir", recipe / "one", "--max_steps", 1)
    assert "note: 500 of 1 steps are warm-up" in said
