"""The worked example: a seed, and a scripted teacher that knows what each agent says about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orca_agents.library import builtin_folder
from orca_agents.models.api import Request
from orca_agents.testing import ScriptedModel

SETTINGS: dict[str, Any] = {"leaves": ["strengthen"], "choose": 1, "goals": 3, "random_seed": 0}
"""How `run_skill` is called so that the draws fall on the paper's item: an argument passage, all three goals."""


@dataclass(frozen=True)
class WorkedExample:
    """The paper's item in our own words."""

    seed: str
    model: ScriptedModel


def samples_folder() -> Path:
    """The sample documents that ship with orca_agents."""
    return builtin_folder() / "samples"


def sample_documents() -> list[Path]:
    """Short documents of our own, to try things on."""
    return sorted(path for path in samples_folder().iterdir() if path.suffix in (".md", ".txt"))


def worked_example(*, json_schema: bool = True) -> WorkedExample:
    """The seed and a teacher that plays every agent of reading comprehension for it, by schema or in tagged blocks."""
    data = yaml.safe_load((samples_folder() / "worked_example.yaml").read_text(encoding="utf-8"))
    rules: list[dict[str, Any]] = data["rules"]

    def reply(request: Request) -> dict[str, Any]:
        fields = _fields_asked_for(request)
        prompt = " ".join(" ".join(message["content"] for message in request.messages).split())
        for rule in rules:
            has = all(words in prompt for words in rule.get("has", ()))
            lacks = not any(words in prompt for words in rule.get("lacks", ()))
            if rule["fields"] == fields and has and lacks:
                return with_letter(rule["reply"], prompt)
        raise LookupError(f"the worked example has no reply with the fields {fields}: {prompt[:200]!r}")

    return WorkedExample(data["seed"], ScriptedModel({"": reply}, json_schema=json_schema))


def _fields_asked_for(request: Request) -> list[str]:
    """What the reply is to hold: by its schema, or by the tags that the latest message names at its end."""
    if request.schema is not None:
        return list(request.schema["properties"])
    asked = request.messages[-1]["content"]
    may_decline = ["suitable", "why_not"] if "<unsuitable>" in asked else []
    return may_decline + re.findall(r"^<(\w+)>\.\.\.</\1>", asked, re.MULTILINE)


def with_letter(reply: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """The reply with the letter, as of this prompt, of the option that it names; of each, if it names a list."""
    if "option" not in reply:
        return dict(reply)
    named = reply["option"]
    answer = [_letter(one, prompt) for one in named] if isinstance(named, list) else _letter(named, prompt)
    return {"answer" if key == "option" else key: answer if key == "option" else value for key, value in reply.items()}


def _letter(option: str, prompt: str) -> str:
    letters = re.findall(rf"\b([A-J])[.)] {re.escape(option)}", prompt)
    return letters[-1] if letters else "A"  # the option is gone where the question was edited
