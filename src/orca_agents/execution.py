"""Do what a run config says: seeds in, everything into the store, files written; nothing here is shown to anybody."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from orca_agents.budget import Budget
from orca_agents.checks import CHECKS
from orca_agents.config import ModelConfig, Price, RunConfig, StageName
from orca_agents.costs import report_costs
from orca_agents.errors import ChatError, ConfigError, OrcaError, StoreError, did_you_mean
from orca_agents.funnel import Funnel
from orca_agents.library import Library, Skill, short_name
from orca_agents.models import Teacher, shown_address
from orca_agents.models.api import CallKey, Purpose, Reply
from orca_agents.models.client import CallRecord
from orca_agents.orchestrator import Ended, Progress, Run, Work, planned, run_seeds
from orca_agents.quotas import Quota
from orca_agents.records import Seed, Skip, Transcript
from orca_agents.run_folder import End, write_config, write_run
from orca_agents.run_log import log_into
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.spending import Halt, Meter
from orca_agents.stages import Role, Studio
from orca_agents.store import FILE_NAME, Store
from orca_agents.teachers import Purse, Teachers

ResultT = TypeVar("ResultT")

_LOG = logging.getLogger("orca_agents")

NOTED_EVERY_S = 2.0
"""How often the counts are noted for `orca-agents status`."""
COUNTED_BYTES = 50_000_000
"""Up to this size the seeds are counted beside the run, so that progress can tell the time left."""


async def execute(
    config: RunConfig,
    sources: Sequence[str | Path | Seed],
    *,
    out: Path | None,
    read: Callable[[Store, End], ResultT],
    shared: Teacher | None = None,
    given: Mapping[StageName, Teacher] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    say: Callable[[str], None] = _LOG.warning,
    halt: Halt | None = None,
    pick: Callable[[Seed], bool] | None = None,
) -> ResultT:
    """Do what a run config says, and `read` the result from the store.

    `shared` and `given` are teacher objects that stand for its models; `say` is told what a person should know; `halt`
    is how somebody else asks the run to stop; `pick` says which seeds to work on, if not all.
    """
    _refuse_secrets(config)
    skill = read_skill(config)
    check_sources(sources)
    if out is not None:
        _refuse_other_folder(out)
    options = seed_options(config, skill)
    teachers = Teachers(config, shared, given)
    with Store.in_memory() if out is None else Store.open(out) as store:
        purse = _purse(config, store, teachers, halt or Halt())
        job = _Job(config, skill, store, purse, on_progress)
        with log_into(out):
            _LOG.info("run begins", extra={"config_hash": job.config_hash, "version": version("orca-agents")})
            end: End | None = None
            try:
                if out is not None:
                    job.begin(out, teachers.given, say)
                for address in teachers.addresses():
                    say(f"your seeds leave this machine: they are sent to {address}")
                roles = await teachers.roles(store, purse)
                if config.limit is None:
                    _count_beside(sources, options, job.progress)
                store.begin_plan()
                seeds = read_seeds(sources, options)
                if pick is not None:
                    seeds = (item for item in seeds if isinstance(item, Skip) or pick(item))
                ended = await job.run(roles, planned(seeds, config.limit))
                job.note()
                end = job.end(ended, teachers.prices())
                store.flush()
            finally:
                try:
                    await teachers.close()
                finally:
                    if out is not None:
                        write_run(out, store, job.end("interrupted", teachers.prices()) if end is None else end)
            store.set_note("ended", end.why)
            _LOG.info("run ended: %s", end.why, extra={"why": end.message, "usd": end.costs.total.usd})
            return read(store, end)


async def replay(
    config: RunConfig, folder: Path, *, on_progress: Callable[[Progress], None] = lambda _: None
) -> tuple[End, int]:
    """Rebuild the dataset in a run folder from the calls on record, with no teacher; how many seeds were replayed.

    Every finished seed goes through all stages again, with all checks. Raises `StoreError` if a call that is needed is
    not on record, or the skill is not the one that the run was made with.
    """
    skill = read_skill(config)
    with Store.open(folder, create=False) as store:
        teachers = Teachers(config)
        purse = _purse(config, store, teachers, Halt())
        job = _Job(config, skill, store, purse, on_progress)
        if store.note("config_hash") != job.config_hash:
            raise StoreError(
                f"{folder} was made with other files or settings than these: a replay needs the skill, its agents and "
                "the version of orca-agents as they were. `orca-agents resume` makes what has changed anew"
            )
        items = (Work(position, unit, seed) for position, unit, seed in store.planned_seeds())
        await job.run(teachers.recorded_roles(store), items, redo=True)
        end = job.end(store.note("ended") or "interrupted", teachers.prices())
        write_run(folder, store, end)
        return end, job.progress.finished


@dataclass(frozen=True)
class _Recorded:
    """What a store has on record, and nothing new: calls that ended in an error end in it again."""

    store: Store

    async def recall(self, key: CallKey) -> Reply | None:
        reply = await self.store.recall(key)
        fault = None if reply is not None else self.store.fault(key)
        if fault is not None and fault[0] in _CHAT_ERRORS:
            raise _CHAT_ERRORS[fault[0]](fault[1])
        return reply

    async def record(self, key: CallKey, purpose: Purpose, request_body: dict[str, Any], reply: Reply) -> None:
        raise StoreError("a replay buys nothing")

    async def record_fault(self, key: CallKey, purpose: Purpose, error: str, message: str, attempts: int) -> None:
        """It is on record already."""


_CHAT_ERRORS = {kind.__name__: kind for kind in ChatError.__subclasses__()}


class _Job:
    """What a run and a replay have in common: the skill, the store, the quota, the counts."""

    def __init__(
        self, config: RunConfig, skill: Skill, store: Store, purse: Purse, on_progress: Callable[[Progress], None]
    ) -> None:
        self.config, self.skill, self.store, self.purse = config, skill, store, purse
        self.config_hash = hash_of(config, skill)
        self.progress = Progress(total=config.limit, meter=purse.meter)
        self.quota = quota_of(config, skill)
        self._on_progress = on_progress
        self._noted = 0.0

    def begin(self, out: Path, given: Sequence[str], say: Callable[[str], None]) -> None:
        """Write down what this run is; `given` are the teachers that nobody can connect again from a config."""
        if self.store.note("config_hash") not in (None, self.config_hash):
            say(f"{out} held a run with other settings: its results stay in the store, the files show this one")
        self.store.set_note("config_hash", self.config_hash)
        self.store.set_note("started_in", str(Path.cwd()))
        self.store.set_note("given_teachers", given)
        self.store.set_note("ended", None)
        write_config(out, self.config)

    async def run(self, roles: Mapping[StageName, Role], items: Iterable[Work], *, redo: bool = False) -> Ended:
        """Work on the seeds."""

        async def save_chat(transcript: Transcript) -> None:
            await self.store.save_chat(transcript, self.config_hash)
            self._tell(self.progress)

        return await run_seeds(
            Run(
                studio_of(self.config, self.skill, _Recorded(self.store) if redo else self.store, save_chat, roles),
                self.store,
                self.config_hash,
                self.purse.halt,
                window=window_of(self.config),
                quota=self.quota,
                redo=redo,
                progress=self.progress,
                on_progress=self._tell,
            ),
            items,
        )

    def end(self, why: Ended, prices: Mapping[str, Price | None]) -> End:
        """What the run came to, read from the store."""
        whole = why in ("all", "enough") or self.quota is not None
        funnel = Funnel.of_counts(self.store.counts(self.config_hash, planned=whole))
        accepted = {leaf: counts["accepted"] for leaf, counts in funnel.by_leaf.items() if counts["accepted"]}
        reserve: frozenset[str] = frozenset()
        shortfall = None
        if self.quota is not None:
            reserve = frozenset(self.quota.reserve(self.store.accepted_in_order(self.config_hash)))
            if why != "enough":
                shortfall = self.quota.shortfall(funnel.accepted, accepted)
        message = str(self.purse.halt.reason or "") if why == "capped" else ""
        return End(
            why,
            message,
            self.config,
            self.config_hash,
            funnel,
            report_costs(self.skill.name, self.store.spend(), accepted, prices),
            self.store.finished_count(self.config_hash),
            self.store.size_bytes(),
            shortfall,
            reserve,
            whole,
        )

    def _tell(self, progress: Progress) -> None:
        """Pass on the counts, and now and then note them for `orca-agents status`."""
        limits = self.purse.limits
        progress.in_flight, progress.waiting = limits.in_flight, limits.waiting
        self._on_progress(progress)
        now = time.monotonic()
        if now - self._noted >= NOTED_EVERY_S:
            self._noted = now
            self.note()

    def note(self) -> None:
        """Note the counts, and when they were taken."""
        self.store.note_soon("progress", {**self.progress.to_dict(), "at": time.time()})


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
        leaves=frozenset(config.leaves or config.quotas),
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
    if config.accept is not None or config.quotas:  # how many are wanted decides when to stop, not what is drawn
        parts["draws"] = {"emptiest first": config.window, "quotas": config.quotas}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def quota_of(config: RunConfig, skill: Skill) -> Quota | None:
    """The numbers that a run asks for, if it does."""
    if config.accept is None and not config.quotas:
        return None
    leaves = [leaf.name for leaf in skill.config.instruct.taxonomy if not config.leaves or leaf.name in config.leaves]
    return Quota(leaves, accept=config.accept, each=config.quotas, lag=config.window)


def window_of(config: RunConfig) -> int:
    """Most seeds under way: enough to keep every allowed call busy, also where a seed makes one call at a time."""
    models = (config.model, *config.roles.values())
    if all(model.is_local for model in models):
        return 2  # it writes one reply at a time: more seeds would only be half done for longer
    return max(config.window, *(model.concurrency for model in models))


def default_out(config: RunConfig) -> Path:
    """The folder of a run that was given none: the same command finds it again, and so goes on where it was."""
    text = config.model_dump_json(exclude=_NOT_THE_WORK | {"model": _HOW, "roles": {"__all__": _HOW}})
    return Path("runs") / f"{Path(config.skill).stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


_HOW = dict.fromkeys(("timeout_s", "concurrency", "requests_per_minute", "tokens_per_minute", "retries", "price"), True)
"""What of a model config says how it is asked, not what comes back."""
_NOT_THE_WORK: dict[str, Any] = dict.fromkeys(("limit", "accept", "max_usd", "max_tokens"), True)
"""What of a run config says how far it goes, not what is made."""


def _purse(config: RunConfig, store: Store, teachers: Teachers, halt: Halt) -> Purse:
    """The caps and counts of a run, with what its folder has bought before."""
    prices = teachers.prices()
    meter = Meter.of(store.spend(), prices)
    budget = Budget(
        max_usd=config.max_usd,
        max_tokens=config.max_tokens,
        spent_usd=meter.usd,
        spent_tokens=meter.usage.prompt_tokens + meter.usage.completion_tokens,
    )
    return Purse(budget, meter, halt)


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
    return config.model_dump(mode="json", exclude={"base_url": True, "api_key_env": True, "azure": True, **_HOW})
