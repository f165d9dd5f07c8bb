"""What config.yaml says: how Orca-3 was trained, and what else TRL has to know, each value with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

from orca_agents.errors import ConfigError
from orca_agents.training.ordering import Order

PAPER = 'AgentInstruct (Mitra et al. 2024, https://arxiv.org/abs/2407.03502), "Training Details" of Orca-3'
BASE_MODEL = "mistralai/Mistral-7B-v0.1"
END_OF_TURN = "<|im_end|>"
PAPERS = f"As Orca-3 was trained: {PAPER}"
OURS = "Where the paper says nothing"
GIVEN = "Given with --set"


@dataclass(frozen=True)
class Setting:
    """One line of config.yaml."""

    name: str
    value: Any
    why: str = ""
    origin: str = OURS
    """The heading that it stands under."""


def settings(
    order: Order, *, model: str = BASE_MODEL, seed: int = 0, has_validation: bool = False
) -> tuple[Setting, ...]:
    """The settings of Orca-3, and ours where the paper says nothing."""
    base = "the base of Orca-3" if model == BASE_MODEL else f"Orca-3 began with {BASE_MODEL}"
    return (
        Setting("model_name_or_path", model, base, PAPERS),
        Setting("max_length", 8192, "tokens in a sequence; longer chats are left out", PAPERS),
        Setting("packing", True, "several chats in one sequence", PAPERS),
        Setting("assistant_only_loss", True, "labels are masked: loss on the responses, none on the prompts", PAPERS),
        Setting("optim", "adamw_torch", "AdamW", PAPERS),
        Setting("learning_rate", 8e-6, "at its peak", PAPERS),
        Setting("lr_scheduler_type", "cosine", "how it falls from there", PAPERS),
        Setting("warmup_steps", 500, "how it rises to there; with little data, take a twentieth of the steps", PAPERS),
        Setting("weight_decay", 0.1, "", PAPERS),
        Setting("num_train_epochs", 3, "", PAPERS),
        Setting("gradient_accumulation_steps", 10, "10 sequences a GPU and step; they had 152 GPUs, so 1,520", PAPERS),
        Setting("per_device_train_batch_size", 1, "how many of these 10 at once; more where memory allows it"),
        Setting("packing_strategy", "bfd", "puts whole chats together and cuts none"),
        Setting("eos_token", END_OF_TURN, "what chat_template.jinja ends a turn with, so the model stops there"),
        Setting("bf16", True, "to try it without a GPU: false, and use_cpu: true"),
        Setting(
            "train_sampling_strategy",
            "sequential" if order == "easy-first" else "random",
            "in the order of train.jsonl, easy to hard" if order == "easy-first" else "shuffled anew in each epoch",
        ),
        Setting("seed", seed, "the same number makes the same draws"),
        Setting("output_dir", "model", "below the folder that train.py is started in"),
        Setting("save_strategy", "epoch", "a checkpoint after each epoch"),
        Setting(
            "eval_strategy",
            "epoch" if has_validation else "no",
            "on validation.jsonl" if has_validation else "there is no validation.jsonl",
        ),
        Setting("logging_steps", 10),
        Setting("report_to", "none", "or wandb, tensorboard, ..."),
    )


def with_own(all: Sequence[Setting], own: Mapping[str, Any]) -> tuple[Setting, ...]:
    """The settings with the user's own in place of ours, or beside them."""
    ours = {setting.name: setting.value for setting in all}
    given = tuple(
        Setting(name, value, f"in place of {_yaml(ours[name])}" if name in ours else "", GIVEN)
        for name, value in own.items()
    )
    return (*(setting for setting in all if setting.name not in own), *given)


def read_own(given: Sequence[str]) -> dict[str, Any]:
    """The settings that are given as NAME=VALUE. Raises `ConfigError`."""
    own: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ConfigError(f"--set {text}: write NAME=VALUE, e.g. --set learning_rate=2e-5")
        if name in _OPTIONS:
            raise ConfigError(f"--set {text}: there is an option for that, {_OPTIONS[name]}")
        if name in own:
            raise ConfigError(f"--set {name} is given twice")
        own[name] = _value(value, text)
    return own


def to_yaml(all: Sequence[Setting], heading: str) -> str:
    """The text of config.yaml."""
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    for origin, some in groupby(sorted(all, key=lambda one: _ORIGINS.index(one.origin)), key=lambda one: one.origin):
        lines += ["", f"# {origin}"]
        lines += [f"{one.name}: {_yaml(one.value)}" + (f"  # {one.why}" if one.why else "") for one in some]
    return "\n".join(lines) + "\n"


_ORIGINS = (PAPERS, OURS, GIVEN)
_OPTIONS = {"model_name_or_path": "--model", "train_sampling_strategy": "--order", "seed": "--seed"}


_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def _value(text: str, given: str) -> Any:
    """A number, true, false, null, a list or mapping as YAML has them; anything else is a text.

    YAML itself would take `no`, which is a way to say that nothing is evaluated, for false, and 2e-5 for a text.
    """
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    if text not in ("true", "false", "null") and not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {given}: the value is no YAML ({error}); put it in quotation marks") from None


def _yaml(value: Any) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True).removesuffix("...\n").strip()
    )
