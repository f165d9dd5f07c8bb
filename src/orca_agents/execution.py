"""Do what a run config says: seeds in, everything into the store, files written; nothing here is shown to anybody."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from orca_agents.checks import CHECKS
from orca_agents.config import ModelConfig, RunConfig, StageName
from orca_agents.errors import ConfigError, OrcaError, StoreError, did_you_mean
from orca_agents.library import Library, Skill, short_name
from orca_agents.models import Teacher, shown_address
from orca_agents.models.client import CallRecord
from orca_agents.orchestrator import Progress, Seen, run_seeds
from orca_agents.records import Seed, Transcript
from orca_agents.run_folder import write_config, write_run
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.stages import Role, Studio
from orca_agents.store import FILE_NAME, Store
from orca_agents.teachers import Teachers

ResultT = TypeVar("ResultT")

_LOG = logging.getLogger("orca_agents")

COUNTED_BYTES = 50_000_000
"""Up to this size the seeds are counted beside the run, so that progress can tell the time left."""


async def execute(
    config: RunConfig,
    sources: Sequence[str | Path | Seed],
    *,
    out: Path | None,
    read: Callable[[Store, str, Seen], ResultT],
    shared: Teacher | None = None,
    given: Mapping[StageName, Teacher] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    say: Callable[[str], None] = _LOG.warning,
) -> ResultT:
    """Do what a run config says, and `read` the result from the store.

    `shared` and `given` are teacher objects that stand for its models; `say` is told what a person should know.
    """
    _refuse_secrets(config)
    skill = read_skill(config)
    check_sources(sources)
    if out is not None:
        _refuse_other_folder(out)
    config_hash = hash_of(config, skill)
    teachers = Teachers(config, shared, given)
    seen: Seen | None = None
    with Store.in_memory() if out is None else Store.open(out) as store:
        try:
            if out is not None:
                if store.note("config_hash") not in (None, config_hash):
                    kept = "its results stay in the store, the files show this one"
                    say(f"{out} held a run with other settings: {kept}")
                store.set_note("config_hash", config_hash)
                write_config(out, config)
            for address in teachers.addresses():
                say(f"your seeds leave this machine: they are sent to {address}")
            progress = Progress(total=config.limit)

            async def save_chat(transcript: Transcript) -> None:
                await store.save_chat(transcript, config_hash)
                progress.usage = store.usage()
                on_progress(progress)

            studio = studio_of(config, skill, store, save_chat, await teachers.roles(store))
            options = seed_options(config, skill)
            if config.limit is None:
                _count_beside(sources, options, progress)
            seen = await run_seeds(
                studio,
                read_seeds(sources, options),
                store,
                config_hash,
                window=2 if config.model.is_local else max(2, config.model.concurrency),
                limit=config.limit,
                progress=progress,
                on_progress=on_progress,
            )
        finally:
            try:
                await teachers.close()
            finally:
                if out is not None:
                    write_run(out, store, config, config_hash, seen)
        return read(store, config_hash, seen)


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
    known = {
        "leaf": ([leaf.name for leaf in skill.config.instruct.taxonomy], config.leaves),
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
    save_chat: Callable[[Transcript], Awaitable[None]],
    roles: Mapping[StageName, Role],
) -> Studio:
    """What the stages of a run share, by its config."""
    return Studio(
        skill=skill,
        roles=roles,
        record=record,
        save_chat=save_chat,
        random_seed=config.random_seed,
        language=config.language,
        choose=config.choose,
        goals=config.goals,
        leaves=frozenset(config.leaves),
        transformers=frozenset(config.transformers),
    )


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
    parts = {
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
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def default_out(config: RunConfig) -> Path:
    """The folder of a run that was given none: the same command finds it again, and so goes on where it was."""
    text = config.model_dump_json(exclude={"limit"})
    return Path("runs") / f"{Path(config.skill).stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _count_beside(sources: Sequence[str | Path | Seed], options: SeedOptions, progress: Progress) -> None:
    """Find out in a thread beside the run how many seeds there will be, where that is quick enough to be worth it."""
    pipes = (isinstance(source, Path) and not (source.is_file() or source.is_dir()) for source in sources)
    if STDIN in sources or any(pipes):
        return  # what is read from a pipe is gone for the run

    def count() -> None:
        with suppress(OrcaError, OSError):  # the run itself meets the same trouble, and says so
            if sum(map(_size, sources)) <= COUNTED_BYTES:
                total = sum(isinstance(item, Seed) for item in read_seeds(sources, options))
                progress.total = progress.total or total

    threading.Thread(target=count, name="orca-agents-count", daemon=True).start()


def _size(source: str | Path | Seed) -> int:
    if isinstance(source, Path):
        files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files)
    return len(source if isinstance(source, str) else source.text)


def _refuse_other_folder(out: Path) -> None:
    """A run does not write among files that are not its own."""
    if out.is_dir() and any(out.iterdir()) and not (out / FILE_NAME).exists():
        raise StoreError(f"{out} is not empty and not the folder of a run: give another --out")


def _refuse_secrets(config: RunConfig) -> None:
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
    return config.model_dump(
        mode="json", exclude={"base_url", "api_key_env", "azure", "timeout_s", "concurrency", "retries"}
    )
