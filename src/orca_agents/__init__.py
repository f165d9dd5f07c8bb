"""Turn documents and code into verified training data, with groups of agents. Start at `run_skill`."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from orca_agents.config import AgentConfig, Sampling, SkillConfig
from orca_agents.errors import (
    ChatError,
    ConfigError,
    NotFoundError,
    OrcaError,
    SandboxError,
    SearchError,
    SeedError,
    StoreError,
    TeacherError,
)
from orca_agents.outcomes import Example, Failure, Rejection, Skip
from orca_agents.records import Seed, Transcript, Usage
from orca_agents.run_config import ModelConfig, RunConfig, ToolsConfig

if TYPE_CHECKING:
    from orca_agents.library import Library
    from orca_agents.runs import SkillRun, run_skill, run_skill_async

__version__ = version("orca-agents")

__all__ = [
    "AgentConfig",
    "ChatError",
    "ConfigError",
    "Example",
    "Failure",
    "Library",
    "ModelConfig",
    "NotFoundError",
    "OrcaError",
    "Rejection",
    "RunConfig",
    "Sampling",
    "SandboxError",
    "SearchError",
    "Seed",
    "SeedError",
    "SkillConfig",
    "SkillRun",
    "Skip",
    "StoreError",
    "TeacherError",
    "ToolsConfig",
    "Transcript",
    "Usage",
    "__version__",
    "run_skill",
    "run_skill_async",
]

_LATER = {"Library": "library", "SkillRun": "runs", "run_skill": "runs", "run_skill_async": "runs"}
"""Names whose modules bring AutoGen with them: they are imported when first used, so that `import` is quick."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"orca_agents.{_LATER[name]}"), name)
    raise AttributeError(f"module 'orca_agents' has no attribute {name!r}")
