"""The way in: `run_skill`, and the `SkillRun` that it returns."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from orca_agents import loop
from orca_agents.checks import CHECKS
from orca_agents.config import ModelConfig, RunConfig, StageName
from orca_agents.errors import ConfigError, OrcaError, did_you_mean
from orca_agents.funnel import Funnel
from orca_agents.library import Library, Skill, short_name
from orca_agents.models import Teacher, choose_model, is_default_model, shown_address
from orca_agents.orchestrator import Progress, Seen, run_seeds
from orca_agents.records import Example, Failure, Rejection, Seed, Skip, Transcript, Usage
from orca_agents.run_folder import chats_of, write_config, write_jsonl, write_run
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.stages import Studio
from orca_agents.store import Store
from orca_agents.teachers import Teachers

ResultT = TypeVar("ResultT")
Seeds = str | Path | Seed | Iterable[str | Path | Seed]
Model = str | ModelConfig | Teacher

_LOG = logging.getLogger("orca_agents")

LOCAL_WARNING = (
    "no model was named, so the embedded SmolLM2-135M does the work: good to see how everything goes together, far too "
    "small to make data for training. Name a teacher with model= / --model or $ORCA_MODEL."
)
COUNTED_BYTES = 50_000_000
"""Up to this size the seeds are counted beside the run, so that progress can tell the time left."""


@dataclass(frozen=True, repr=False)
class SkillRun:
    """What came out of a run of one skill. Iterating gives the examples."""

    skill: str
    examples: list[Example]
    rejections: list[Rejection]
    failures: list[Failure]
    skips: list[Skip]
    transcripts: dict[str, Transcript]
    """Every chat, by id; examples and rejections name theirs in `chats`."""
    usage: Usage
    """All calls that this run has on record: retries, repairs and solvers included."""
    funnel: Funnel
    folder: Path | None = None
    """The run folder, if there is one."""

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __len__(self) -> int:
        return len(self.examples)

    def __repr__(self) -> str:
        return (
            f"<SkillRun {self.skill}: {self.funnel.made} instructions, {len(self.examples)} accepted, "
            f"{len(self.rejections)} rejected, {len(self.failures)} failed, {len(self.skips)} skipped; "
            f"{self.usage.calls} calls, {self.usage.prompt_tokens} + {self.usage.completion_tokens} tokens>"
        )

    def to_jsonl(self, path: str | Path) -> None:
        """Write the examples, one JSON object a line; the file is there whole or not at all."""
        write_jsonl(Path(path), self.examples)


def run_skill(
    skill: str,
    seeds: Seeds,
    *,
    model: Model | None = None,
    base_url: str | None = None,
    roles: Mapping[StageName, Model] | None = None,
    out: str | Path | None = None,
    library: str | Path | Sequence[str | Path] = (),
    text_field: str | None = None,
    chunk_words: int = 800,
    limit: int | None = None,
    choose: int | None = None,
    goals: int | None = None,
    leaves: Sequence[str] = (),
    transformers: Sequence[str] = (),
    language: str | None = None,
    random_seed: int = 0,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> SkillRun:
    """Turn seeds into verified training examples with one skill. Works in scripts and inside a running event loop.

    Args:
        skill: A skill's name such as `reading_comprehension`, or the path of a skill file.
        seeds: A `str` is text, a `Path` a file or a folder, or a `Seed`; or any number of these. A long text gives
            several chunks.
        model: A model's name, `local`, the path of a GGUF file, a `ModelConfig`, or a teacher object such as
            `orca_agents.testing.ScriptedModel`. Without one: $ORCA_MODEL, else `local` with a warning.
        base_url: The address of an OpenAI-compatible endpoint.
        roles: Another model for single stages (transform, instruct, refine, respond, verify).
        out: A run folder. With one, everything is on disk, and the same call again buys nothing twice.
        library: Folders with skills/, agents/ or tools/ of your own; searched first.
        text_field: For JSONL and JSON files: the field that holds the text.
        chunk_words: Longest chunk, in words.
        limit: Most chunks to work on.
        choose: Leaves of the taxonomy per passage; the skill's own number unless given.
        goals: Refinement goals per item; the skill's own rule unless given.
        leaves: Draw from these leaves only.
        transformers: Draw from these transformers only, e.g. `identity`.
        language: Write in this language (ISO 639-1) instead of each seed's own.
        random_seed: Decides every draw: the same number draws the same.
        on_progress: Called with a `Progress` whenever something is finished.

    Raises:
        ConfigError, NotFoundError: Something that was given is wrong; no model was called.
        SeedError: A path does not exist, or nothing under it can be read.
        TeacherError: The teacher as a whole cannot be used. What was bought is kept in `out`.
        StoreError: The run folder cannot be used.

    Example:
        >>> run = run_skill("reading_comprehension", Path("chapter.md"), model="gpt-5-mini")  # doctest: +SKIP
        >>> run.to_jsonl("examples.jsonl")  # doctest: +SKIP
    """
    return loop.run(
        run_skill_async(
            skill,
            seeds,
            model=model,
            base_url=base_url,
            roles=roles,
            out=out,
            library=library,
            text_field=text_field,
            chunk_words=chunk_words,
            limit=limit,
            choose=choose,
            goals=goals,
            leaves=leaves,
            transformers=transformers,
            language=language,
            random_seed=random_seed,
            on_progress=on_progress,
        )
    )


async def run_skill_async(
    skill: str,
    seeds: Seeds,
    *,
    model: Model | None = None,
    base_url: str | None = None,
    roles: Mapping[StageName, Model] | None = None,
    out: str | Path | None = None,
    library: str | Path | Sequence[str | Path] = (),
    text_field: str | None = None,
    chunk_words: int = 800,
    limit: int | None = None,
    choose: int | None = None,
    goals: int | None = None,
    leaves: Sequence[str] = (),
    transformers: Sequence[str] = (),
    language: str | None = None,
    random_seed: int = 0,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> SkillRun:
    """Like `run_skill`, for code that is async already."""
    sources = [seeds] if isinstance(seeds, str | Path | Seed) else list(seeds)
    folders = [library] if isinstance(library, str | Path) else list(library)
    given: dict[StageName, Teacher] = {}
    shared = None
    if model is None or isinstance(model, str):
        if is_default_model(model) and base_url is None:
            chosen = choose_model(model)
            warnings.warn(LOCAL_WARNING, stacklevel=2)
        else:
            chosen = choose_model(model, base_url)
    elif isinstance(model, ModelConfig):
        chosen = model
    else:
        chosen, shared = ModelConfig(model=model.name), model
    role_configs: dict[StageName, ModelConfig] = {}
    for stage, role in (roles or {}).items():
        if isinstance(role, str):
            role_configs[stage] = choose_model(role, base_url)
        elif isinstance(role, ModelConfig):
            role_configs[stage] = role
        else:
            role_configs[stage], given[stage] = ModelConfig(model=role.name), role
    named = ("(text)" if isinstance(s, str) else s.source if isinstance(s, Seed) else str(s) for s in sources)
    config = make_config(
        skill=skill,
        seeds=tuple(dict.fromkeys(named)) or ("(none)",),
        model=chosen,
        roles=role_configs,
        library=tuple(Path(folder) for folder in folders),
        text_field=text_field,
        chunk_words=chunk_words,
        limit=limit,
        choose=choose,
        goals=goals,
        leaves=leaves if isinstance(leaves, str) else tuple(leaves),
        transformers=transformers if isinstance(transformers, str) else tuple(transformers),
        language=language,
        random_seed=random_seed,
    )
    folder = Path(out) if out else None

    def read(store: Store, config_hash: str, seen: Seen) -> SkillRun:
        return collect(store, config_hash, seen, Path(skill).stem, folder)

    return await execute(config, sources, out=folder, read=read, shared=shared, given=given, on_progress=on_progress)


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
    config_hash = hash_of(config, skill)
    teachers = Teachers(config, shared, given)
    seen: Seen | None = None
    with Store.in_memory() if out is None else Store.open(out) as store:
        try:
            if out is not None:
                write_config(out, config)
            for address in teachers.addresses():
                say(f"your seeds leave this machine: they are sent to {address}")
            progress = Progress(total=config.limit)

            async def save_chat(transcript: Transcript) -> None:
                await store.save_chat(transcript, config_hash)
                progress.usage = store.usage()
                on_progress(progress)

            studio = Studio(
                skill=skill,
                roles=await teachers.roles(store),
                record=store,
                save_chat=save_chat,
                random_seed=config.random_seed,
                language=config.language,
                choose=config.choose,
                goals=config.goals,
                leaves=frozenset(config.leaves),
                transformers=frozenset(config.transformers),
            )
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
            await teachers.close()
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


def collect(store: Store, config_hash: str, seen: Seen, skill: str, folder: Path | None) -> SkillRun:
    """Everything that a store holds of a run."""
    outcomes = list(store.outcomes(config_hash, units=seen.units))
    return SkillRun(
        skill=skill,
        examples=[outcome for outcome in outcomes if isinstance(outcome, Example)],
        rejections=[outcome for outcome in outcomes if isinstance(outcome, Rejection)],
        failures=[outcome for outcome in outcomes if isinstance(outcome, Failure)],
        skips=[outcome for outcome in outcomes if isinstance(outcome, Skip)],
        transcripts={transcript.id: transcript for transcript in chats_of(store, config_hash, seen)},
        usage=store.usage(),
        funnel=Funnel.of(outcomes),
        folder=folder,
    )


def _count_beside(sources: Sequence[str | Path | Seed], options: SeedOptions, progress: Progress) -> None:
    """Find out in a thread beside the run how many seeds there will be, where that is quick enough to be worth it."""
    if STDIN in sources or sum(map(_size, sources)) > COUNTED_BYTES:
        return

    def count() -> None:
        with suppress(OrcaError, OSError):  # the run itself meets the same trouble, and says so
            progress.total = sum(isinstance(item, Seed) for item in read_seeds(sources, options))

    threading.Thread(target=count, name="orca-agents-count", daemon=True).start()


def _size(source: str | Path | Seed) -> int:
    if isinstance(source, Path):
        files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files)
    return len(source if isinstance(source, str) else source.text)


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
