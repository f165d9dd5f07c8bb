"""What a run config comes to: its skill, its draws, its window, its folder, and the hash of what it makes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orca_agents.checks import NAMES
from orca_agents.config import CORPUS_SEARCHER, Need, StageName, short_name
from orca_agents.contamination import BenchmarkIndex
from orca_agents.errors import ConfigError, DatasetError, did_you_mean
from orca_agents.library import Library, Skill
from orca_agents.models import shown_address
from orca_agents.models.client import CallRecord
from orca_agents.outcomes import qualified
from orca_agents.quotas import Quota
from orca_agents.records import Transcript
from orca_agents.routing import Router, shares_of
from orca_agents.run_config import ModelConfig, RunConfig
from orca_agents.screening import FILE_NAME as DUPLICATES_NAME
from orca_agents.screening import LAG_WINDOWS, Screen
from orca_agents.seeds import SeedOptions
from orca_agents.stages import Role, Studio
from orca_agents.toolbox.services import Toolbox
from orca_agents.toolbox.spec import Tool

WINDOW = 64
"""Most seeds under way unless something else is said, and how far back a draw looks."""


def make_config(**options: Any) -> RunConfig:
    """A run config of options given in Python or on the command line. Raises `ConfigError` that names each problem."""
    try:
        return RunConfig.model_validate(options)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise ConfigError("; ".join(problems)) from None


ALL = "all"
"""Stands for every skill on the search path, where a run config names its skill."""


def read_skills(config: RunConfig) -> tuple[Skill, ...]:
    """The skills of a run with all their agents, checked. Raises `ConfigError` or `NotFoundError`."""
    if not is_of_many(config):
        return (read_skill(config),)
    refused = {"leaves": config.leaves, "transformers": config.transformers, "quotas": config.quotas}
    if given := [name for name, value in refused.items() if value]:
        raise ConfigError(f"a run of several skills takes no `{given[0]}`: name one skill for that; `mix` shares out")
    library = Library(*config.library)
    names = library.names("skill") if config.skill == ALL else [name.strip() for name in config.skill.split(",")]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ConfigError(f"the skill {twice[0]!r} is named twice")
    skills = tuple(library.skill(name, NAMES, with_formats=config.formats > 0) for name in names)
    try:
        shares_of(config.mix, [skill.name for skill in skills])
    except ValueError as error:
        raise ConfigError(f"mix: {error}") from None
    return skills


def is_of_many(config: RunConfig) -> bool:
    """Whether a run has several skills, so that each seed is routed."""
    return config.skill == ALL or "," in config.skill


def router_of(config: RunConfig, skills: Sequence[Skill]) -> Router | None:
    """What routes the seeds of a run of several skills."""
    if not is_of_many(config):
        return None
    shares = shares_of(config.mix, [skill.name for skill in skills])
    return Router({skill.name: skill.config for skill in skills}, shares, config.per_seed)


def read_skill(config: RunConfig) -> Skill:
    """The skill of a run of one, with all its agents, checked. Raises `ConfigError` or `NotFoundError`."""
    if config.mix != "even" or config.per_seed is not None:
        raise ConfigError("`mix` and `per_seed` are for runs of several skills, e.g. `all`")
    skill = Library.for_skill(config.skill, config.library).skill(config.skill, NAMES, with_formats=config.formats > 0)
    refuse_unknown(config, skill)
    return skill


def refuse_unknown(config: RunConfig, skill: Skill) -> None:
    """Refuse draws from leaves and transformers that the skill does not have. Raises `ConfigError`."""
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
        formats=config.formats,
        is_one_of_many=is_of_many(config),
    )


def tool_names(skills: Iterable[Skill]) -> list[str]:
    """The tools that the agents of these skills name."""
    return sorted({name for skill in skills for agent in skill.agents.values() for name in agent.tools})


def tools_of(skills: Iterable[Skill]) -> dict[str, Tool]:
    """These tools themselves."""
    return {name: tool for skill in skills for name, tool in skill.tools.items()}


def needs_of(config: RunConfig, skills: Iterable[Skill]) -> dict[Need, str]:
    """What these skills need beside their tools -> a skill that does: those of its leaves and transformers that may be
    drawn."""
    needs: dict[Need, str] = {}
    for skill in skills:
        for need in skill.config.needs:
            needs[need] = skill.name
        for leaf in skill.config.instruct.taxonomy:
            if not config.leaves or leaf.name in config.leaves:
                needs |= dict.fromkeys(leaf.needs, f"{skill.name}/{leaf.name}")
        transform = skill.config.transform
        searching = transform is not None and CORPUS_SEARCHER in transform.agents
        if searching and (not config.transformers or CORPUS_SEARCHER in config.transformers):
            needs["corpus"] = f"{skill.name}: {CORPUS_SEARCHER}"
    return needs


def seed_options(config: RunConfig, skills: Sequence[Skill]) -> SeedOptions:
    """How the seeds of a run are read: so that each skill finds its own among them."""
    kinds = tuple(dict.fromkeys(kind for skill in skills for kind in skill.config.seeds))
    return SeedOptions(
        chunk_words=config.chunk_words,
        text_field=config.text_field,
        kinds=kinds,
        words=(min(skill.config.words[0] for skill in skills), max(skill.config.words[1] for skill in skills)),
        pages="both" if len(skills) > 1 else "one",
    )


def hash_of(config: RunConfig, skills: Sequence[Skill], screen: Screen | None = None) -> str:
    """A hash of all that decides what becomes of a seed, and of nothing else; outcomes carry it. `screen` is the
    config's own, where somebody has it open already."""
    parts: dict[str, Any] = {
        "version": version("orca-agents"),
        "skill": [part for skill in skills for part in (skill.name, skill.digest())],
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
    if is_of_many(config):
        parts["routes"] = [config.mix, config.per_seed]
    if config.formats:
        parts["formats"] = config.formats
    if tool_names(skills) or needs_of(config, skills):  # the sandbox is left out: code does the same in each
        parts["tools"] = config.tools.model_dump(mode="json", include={"corpus", "web", "mcp"})
    if screen is None:
        with screen_of(config) as opened:
            parts["screen"] = opened.identity()
    else:
        parts["screen"] = screen.identity()
    if config.accept is not None or config.quotas:  # how many are wanted decides when to stop, not what is drawn
        parts["draws"] = {"emptiest first": config.window or WINDOW, "quotas": config.quotas}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def quota_of(config: RunConfig, skills: Sequence[Skill]) -> Quota | None:
    """The numbers that a run asks for, if it does."""
    if config.accept is None and not config.quotas:
        return None
    leaves = {
        qualified(skill.name if is_of_many(config) else "", leaf.name): leaf.weight
        for skill in skills
        for leaf in skill.config.instruct.taxonomy
        if not config.leaves or leaf.name in config.leaves
    }
    return Quota(leaves, accept=config.accept, each=config.quotas, lag=config.window or WINDOW)


def screen_of(config: RunConfig, folder: Path | None = None) -> Screen:
    """What the instructions of a run are compared with; what it accepts is kept in `folder` meanwhile. Raises
    `ConfigError` if there is no such index of benchmarks."""
    benchmarks = None
    if config.benchmarks is not None:
        try:
            benchmarks = BenchmarkIndex.open(config.benchmarks)
        except DatasetError as error:
            raise ConfigError(f"benchmarks: {error}") from None
    return Screen(
        rouge_l=None if config.keep_duplicates else config.rouge_l,
        benchmarks=benchmarks,
        lag=LAG_WINDOWS * (config.window or WINDOW),
        path=None if folder is None else folder / DUPLICATES_NAME,
    )


def window_of(config: RunConfig) -> int:
    """Most seeds under way: enough to keep every allowed call busy, also where a seed makes one call at a time."""
    models = (config.model, *config.roles.values())
    if all(model.is_local for model in models):
        return 2  # it writes one reply at a time: more seeds would only be half done for longer
    return config.window or max(WINDOW, *(model.concurrency for model in models))


def default_out(config: RunConfig) -> Path:
    """The folder of a run that was given none: the same command finds it again, and so goes on where it was."""
    text = config.model_dump_json(exclude=_NOT_THE_WORK | {"model": _HOW, "roles": {"__all__": _HOW}})
    return Path("runs") / f"{_short(config.skill)}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _short(skill: str) -> str:
    """A name for a folder."""
    stem = Path(skill).stem
    return stem if len(stem) <= 60 else f"{stem[:40]}-and-more"


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
