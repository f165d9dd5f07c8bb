"""What a run config comes to: its skill, its draws, its window, its folder, and the hash of what it makes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orca_agents.checks import CHECKS
from orca_agents.config import ModelConfig, RunConfig, StageName
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.library import Library, Skill, short_name
from orca_agents.models import shown_address
from orca_agents.models.client import CallRecord
from orca_agents.quotas import Quota
from orca_agents.records import Transcript
from orca_agents.seeds import SeedOptions
from orca_agents.stages import Role, Studio
from orca_agents.toolbox.services import Toolbox

WINDOW = 64
"""Most seeds under way unless something else is said, and how far back a draw looks."""


def make_config(**options: Any) -> RunConfig:
    """A run config of options given in Python or on the command line. Raises `ConfigError` that names each problem."""
    try:
        return RunConfig.model_validate(options)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise ConfigError("; ".join(problems)) from None


def read_skill(config: RunConfig) -> Skill:
    """The skill of a run with all its agents, checked. Raises `ConfigError` or `NotFoundError`."""
    skill = Library.for_skill(config.skill, config.library).skill(config.skill, CHECKS)
    transform = skill.config.transform
    leaves = [leaf.name for leaf in skill.config.instruct.taxonomy]
    if config.quotas and (config.accept is not None or config.leaves):
        raise ConfigError("`quotas` says how many of which leaf: leave out `accept` and `leaves` beside it")
    known = {
        "leaf": (leaves, (*config.leaves, *config.quotas)),
        "transformer": ([short_name(agent) for agent in transform.agents] if transform else [], config.transformers),
    }
    for kind, (names, given) in known.items():
        for name in given:
            if name not in names:
                raise ConfigError(f"skill {skill.name!r} has no {kind} {name!r}{did_you_mean(name, names)}")
    return skill


def studio_of(
    config: RunConfig,
    skill: Skill,
    record: CallRecord,
    heard: Callable[[Transcript], None],
    roles: Mapping[StageName, Role],
    toolbox: Toolbox,
) -> Studio:
    """What the stages of a run share, by its config."""
    return Studio(
        skill=skill,
        roles=roles,
        record=record,
        heard=heard,
        toolbox=toolbox,
        random_seed=config.random_seed,
        language=config.language,
        choose=config.choose,
        goals=config.goals,
        leaves=frozenset(config.leaves or config.quotas),
        transformers=frozenset(config.transformers),
    )


def tool_names(skill: Skill) -> list[str]:
    """The tools that the agents of a skill name."""
    return sorted({name for agent in skill.agents.values() for name in agent.tools})


def seed_options(config: RunConfig, skill: Skill) -> SeedOptions:
    """How the seeds of a run are read."""
    return SeedOptions(
        chunk_words=config.chunk_words,
        text_field=config.text_field,
        kinds=skill.config.seeds,
        words=skill.config.words,
    )


def hash_of(config: RunConfig, skill: Skill) -> str:
    """A hash of all that decides what becomes of a seed, and of nothing else; outcomes carry it."""
    parts: dict[str, Any] = {
        "version": version("orca-agents"),
        "skill": [skill.name, skill.digest()],
        "models": {
            "all": _identity(config.model),
            **{str(stage): _identity(role) for stage, role in sorted(config.roles.items())},
        },
        "choose": config.choose,
        "goals": config.goals,
        "leaves": sorted(config.leaves),
        "transformers": sorted(config.transformers),
        "language": config.language,
        "random_seed": config.random_seed,
    }
    if tool_names(skill):  # the sandbox is left out: code does the same in each
        parts["tools"] = config.tools.model_dump(mode="json", include={"corpus", "web", "mcp"})
    if config.accept is not None or config.quotas:  # how many are wanted decides when to stop, not what is drawn
        parts["draws"] = {"emptiest first": config.window or WINDOW, "quotas": config.quotas}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def quota_of(config: RunConfig, skill: Skill) -> Quota | None:
    """The numbers that a run asks for, if it does."""
    if config.accept is None and not config.quotas:
        return None
    leaves = [leaf.name for leaf in skill.config.instruct.taxonomy if not config.leaves or leaf.name in config.leaves]
    return Quota(leaves, accept=config.accept, each=config.quotas, lag=config.window or WINDOW)


def window_of(config: RunConfig) -> int:
    """Most seeds under way: enough to keep every allowed call busy, also where a seed makes one call at a time."""
    models = (config.model, *config.roles.values())
    if all(model.is_local for model in models):
        return 2  # it writes one reply at a time: more seeds would only be half done for longer
    return config.window or max(WINDOW, *(model.concurrency for model in models))


def default_out(config: RunConfig) -> Path:
    """The folder of a run that was given none: the same command finds it again, and so goes on where it was."""
    text = config.model_dump_json(exclude=_NOT_THE_WORK | {"model": _HOW, "roles": {"__all__": _HOW}})
    return Path("runs") / f"{Path(config.skill).stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


_HOW = dict.fromkeys(("timeout_s", "concurrency", "requests_per_minute", "tokens_per_minute", "retries", "price"), True)
"""What of a model config says how it is asked, not what comes back."""
_NOT_THE_WORK: dict[str, Any] = dict.fromkeys(("limit", "accept", "max_usd", "max_tokens"), True)
"""What of a run config says how far it goes, not what is made."""


def refuse_secrets(config: RunConfig) -> None:
    """Keys stand in environment variables; in an address they would end up in files and messages."""
    for model in (config.model, *config.roles.values()):
        for address in (model.base_url, model.azure.endpoint if model.azure else None):
            if address and ("@" in address or "?" in address):
                raise ConfigError(
                    f"the address {shown_address(address)} was given with a password or a query: leave these out, and "
                    "put the key into an environment variable that `api_key_env` names"
                )


def _identity(config: ModelConfig) -> dict[str, object]:
    """What of a model config decides its replies."""
    return config.model_dump(mode="json", exclude={"base_url": True, "api_key_env": True, "azure": True, **_HOW})
