"""Do what a run config says: seeds in, everything into the store, files written; nothing here is shown to anybody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from orca_agents.budget import Budget, taken_of
from orca_agents.config import StageName
from orca_agents.costs import report_costs
from orca_agents.errors import ChatError, ConfigError, OrcaError, StoreError
from orca_agents.funnel import Funnel
from orca_agents.library import Skill
from orca_agents.models import Teacher
from orca_agents.models.api import CallKey, Purpose, Reply, ToolKey
from orca_agents.models.prices import cost_of
from orca_agents.orchestrator import Ended, Progress, Run, run_seeds
from orca_agents.outcomes import Skip, skill_of
from orca_agents.planning import Work, planned
from orca_agents.records import Seed, ToolCall, Transcript
from orca_agents.routing import Router
from orca_agents.run_config import Price, RunConfig
from orca_agents.run_folder import End, write_config, write_run
from orca_agents.run_log import FILE_NAME as LOG_NAME
from orca_agents.run_log import log_into
from orca_agents.run_setup import (
    hash_of,
    is_of_many,
    needs_of,
    quota_of,
    read_skills,
    refuse_secrets,
    router_of,
    screen_of,
    seed_options,
    studio_of,
    tool_names,
    tools_of,
    window_of,
)
from orca_agents.screening import money_saved
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.spending import Halt, Meter
from orca_agents.stages import Role, Studio
from orca_agents.store import FILE_NAME, LOCK_NAME, Store
from orca_agents.store.faults import explained
from orca_agents.teachers import Purse, Teachers
from orca_agents.toolbox.services import Toolbox

ResultT = TypeVar("ResultT")

_LOG = logging.getLogger("orca_agents")

NOTED_EVERY_S = 2.0
"""How often the counts are noted for `orca-agents status`."""
MCP_NOTE = "tools of MCP servers"
"""Where a run folder keeps what its models were told of these tools: a replay tells them the same."""
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
    skills: Sequence[Skill] | None = None,
) -> ResultT:
    """Do what a run config says, and `read` the result from the store.

    `shared` and `given` are teacher objects that stand for its models; `say` is told what a person should know; `halt`
    is how somebody else asks the run to stop; `pick` says which seeds to work on, if not all; `skills` are those of the
    config, where somebody has read them already.
    """
    refuse_secrets(config)
    say = _noted(say)
    skills = read_skills(config) if skills is None else skills
    check_sources(sources)
    if out is not None:
        _refuse_other_folder(out)
    options = seed_options(config, skills)
    teachers = Teachers(config, shared, given)
    toolbox = Toolbox(tools_of(skills), config.tools, sources=sources, folder=out, options=options, say=say)
    with Store.in_memory() if out is None else Store.open(out) as store:
        purse = _purse(config, store, teachers, halt or Halt())
        job = _Job(config, skills, store, purse, toolbox, on_progress, out)
        with log_into(out):
            _LOG.info("run begins", extra={"config_hash": job.config_hash, "version": version("orca-agents")})
            ended: Ended = "interrupted"
            why = ""
            try:
                if out is not None:
                    job.begin(out, teachers.given, say)
                if told := job.screen.told():
                    say(told)
                await purse.halt.unless_told(toolbox.prepare(tool_names(skills), needs_of(config, skills)))
                store.set_note(MCP_NOTE, toolbox.connected())
                for address in teachers.addresses():
                    say(f"your seeds leave this machine: they are sent to {address}")
                store.begin_plan()
                roles = await purse.halt.unless_told(teachers.roles(store, purse))
                if roles is not None:
                    if config.limit is None:
                        _count_beside(sources, options, job.progress, router_of(config, skills))
                    seeds = _picked(read_seeds(sources, options), pick)
                    router = router_of(config, skills)
                    ended = await job.run(roles, planned(seeds, config.limit, router, job.screen))
                store.flush()
            except Exception as error:  # whatever ends a run is told in its files and log, then raised again
                ended, why = "failed", f"{type(error).__name__}: {error}"
                raise
            finally:
                try:
                    job.screen.close()
                    await toolbox.close()
                    await teachers.close()
                finally:
                    end = job.end(ended, _prices(store, teachers), why)
                    if out is not None:
                        write_run(out, store, end)
                    with suppress(StoreError):  # a store that cannot be written has said so
                        job.note()
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
    skills = read_skills(config)
    with Store.open(folder, create=False) as store:
        teachers = Teachers(config)
        purse = _purse(config, store, teachers, Halt())
        toolbox = Toolbox(tools_of(skills), config.tools)
        toolbox.reconnect(store.note(MCP_NOTE) or ())
        job = _Job(config, skills, store, purse, toolbox, on_progress)
        with job.screen:
            if store.note("config_hash") != job.config_hash:
                raise StoreError(
                    f"{folder} was made with other files or settings than these: a replay needs the skill, its agents, "
                    "its tools, the index of benchmarks and the version of orca-agents as they were. `orca-agents "
                    "resume` makes what has changed anew"
                )
            items = (Work(position, unit, seed, skill_of(unit)) for position, unit, seed in store.planned_seeds())
            await job.run(teachers.recorded_roles(store), items, redo=True)
        end = job.end(store.note("ended") or "interrupted", _prices(store, teachers))
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

    async def recall_tool(self, key: ToolKey) -> ToolCall:
        call = self.store.tool_call(key)
        if call is None:
            raise StoreError("a call of a tool is not on record: a replay calls no tool")
        return call

    async def record_tool(self, key: ToolKey, call: ToolCall) -> None:
        raise StoreError("a replay calls no tool")


_CHAT_ERRORS = {kind.__name__: kind for kind in ChatError.__subclasses__()}


class _Job:
    """What a run and a replay have in common: the skill, the store, the quota, the counts."""

    def __init__(
        self,
        config: RunConfig,
        skills: Sequence[Skill],
        store: Store,
        purse: Purse,
        toolbox: Toolbox,
        on_progress: Callable[[Progress], None],
        folder: Path | None = None,
    ) -> None:
        self.config, self.skills, self.store, self.purse, self.toolbox = config, skills, store, purse, toolbox
        self.screen = screen_of(config, folder)
        self.config_hash = hash_of(config, skills, self.screen)
        self.progress = Progress(total=config.limit, meter=purse.meter)
        self.quota = quota_of(config, skills)
        self._on_progress = on_progress
        self._complaint: Exception | None = None
        """What the caller's own `on_progress` raised: told when the seeds are done."""
        self._noted = 0.0

    def begin(self, out: Path, given: Sequence[str], say: Callable[[str], None]) -> None:
        """Write down what this run is; `given` are the teachers that nobody can connect again from a config."""
        if self.store.note("config_hash") not in (None, self.config_hash):
            say(
                f"{out} holds results of other settings: they stay in its store, and their calls are used again where "
                "they agree; the files show this run"
            )
        self.store.set_note("config_hash", self.config_hash)
        self.store.set_note("started_in", str(Path.cwd()))
        self.store.set_note("given_teachers", given)
        self.store.set_note("ended", None)
        write_config(out, self.config)

    async def run(self, roles: Mapping[StageName, Role], items: Iterable[Work], *, redo: bool = False) -> Ended:
        """Work on the seeds."""

        def heard(_: Transcript) -> None:
            self._tell(self.progress)

        ended = await run_seeds(
            Run(
                {self._name(skill): self._studio(skill, roles, heard, redo=redo) for skill in self.skills},
                self.store,
                self.config_hash,
                self.purse.halt,
                window=window_of(self.config),
                quota=None if redo else self.quota,  # what was drawn is on record
                screen=self.screen,
                redo=redo,
                progress=self.progress,
                on_progress=self._tell,
            ),
            items,
        )
        if self._complaint is not None:
            raise self._complaint
        return ended

    def _name(self, skill: Skill) -> str:
        """How units of work call a skill."""
        return skill.name if is_of_many(self.config) else ""

    def _studio(
        self, skill: Skill, roles: Mapping[StageName, Role], heard: Callable[[Transcript], None], *, redo: bool
    ) -> Studio:
        record = _Recorded(self.store) if redo else self.store
        return studio_of(self.config, skill, record, heard, roles, self.toolbox)

    def end(self, why: Ended, prices: Mapping[str, Price | None], error: str = "") -> End:
        """What the run came to, read from the store; `error` is what ended it, if one did."""
        whole = why in ("all", "enough") or self.quota is not None
        counts = list(self.store.counts(self.config_hash, planned=whole))
        funnel = Funnel.of_counts(counts)
        accepted = {leaf: counts["accepted"] for leaf, counts in funnel.by_leaf.items() if counts["accepted"]}
        reserve: frozenset[str] = frozenset()
        shortfall = None
        if self.quota is not None:
            reserve = frozenset(self.quota.reserve(self.store.accepted_in_order(self.config_hash)))
            if why != "enough":
                shortfall = self.quota.shortfall(funnel.accepted, accepted)
        message = error or (str(self.purse.halt.reason or "") if why == "capped" else "")
        costs = report_costs(Path(self.config.skill).stem, self.store.spend(), accepted, prices)
        return End(
            why,
            message,
            self.config,
            self.config_hash,
            funnel,
            costs,
            self.store.finished_count(self.config_hash),
            self.store.size_bytes(),
            shortfall,
            reserve,
            whole,
            money_saved(counts, costs),
        )

    def _tell(self, progress: Progress) -> None:
        """Pass on the counts, and now and then note them for `orca-agents status`."""
        limits = self.purse.limits
        progress.in_flight, progress.waiting = limits.in_flight, limits.waiting
        progress.pace = min((limiter.pace for limiter in limits if limiter.pace is not None), default=None)
        try:
            self._on_progress(progress)
        except Exception as error:  # noqa: BLE001  the caller's own code: what it raises is told at the end, or it would become the fate of a seed
            self._complaint, self._on_progress = error, lambda _: None
        now = time.monotonic()
        if now - self._noted >= NOTED_EVERY_S:
            self._noted = now
            self.note()

    def note(self) -> None:
        """Note the counts, and when they were taken."""
        self.store.note_soon("progress", {**self.progress.to_dict(), "at": time.time()})


def _noted(say: Callable[[str], None]) -> Callable[[str], None]:
    """Say it, and have it in the run's log too."""
    if say == _LOG.warning:
        return say

    def both(words: str) -> None:
        _LOG.info("said: %s", words)
        say(words)

    return both


def _purse(config: RunConfig, store: Store, teachers: Teachers, halt: Halt) -> Purse:
    """The caps and counts of a run, with what its folder has bought before."""
    prices = _prices(store, teachers)
    spent = store.spend()
    unknown = sorted({row.model for row in spent if prices.get(row.model) is None})
    if config.max_usd is not None and unknown:
        raise ConfigError(
            f"this run folder holds calls to {', '.join(unknown)} at a price that is not known, so --max-usd cannot be "
            "kept: use --max-tokens, or another --out"
        )
    meter = Meter.of(spent, prices)
    budget = Budget(config.max_usd, config.max_tokens)
    budget.take_over(meter.usage, meter.usd)
    if budget.is_capped:
        for model, body in store.uncounted_requests():  # a cap holds for these too, as when they came
            taken, price = taken_of(body), prices.get(model)
            budget.take_over(taken, 0.0 if price is None else cost_of(price, taken))
    store.set_note("prices", {name: price.model_dump() for name, price in prices.items() if price is not None})
    return Purse(budget, meter, halt)


def _prices(store: Store, teachers: Teachers) -> dict[str, Price | None]:
    """The price of each model that the folder's calls were made to: those of earlier runs are on record."""
    noted = {name: Price.model_validate(price) for name, price in (store.note("prices") or {}).items()}
    return {**noted, **teachers.prices()}


def _picked(items: Iterator[Seed | Skip], pick: Callable[[Seed], bool] | None) -> Iterator[Seed | Skip]:
    """All of them, or the seeds that are picked."""
    for item in items:
        if pick is None or isinstance(item, Skip) or pick(item):
            yield item


def _count_beside(
    sources: Sequence[str | Path | Seed], options: SeedOptions, progress: Progress, router: Router | None
) -> None:
    """Find out in a thread beside the run how many seeds there will be, where that is quick enough to be worth it."""
    pipes = (isinstance(source, Path) and not (source.is_file() or source.is_dir()) for source in sources)
    if STDIN in sources or any(pipes):
        return  # what is read from a pipe is gone for the run

    def count() -> None:
        with suppress(OrcaError, OSError):  # the run itself meets the same trouble, and says so
            if sum(map(_size, sources)) <= COUNTED_BYTES:
                works = planned(read_seeds(sources, options), None, router)
                total = sum(isinstance(work.item, Seed) for work in works)
                progress.total = progress.total or total

    threading.Thread(target=count, name="orca-agents-count", daemon=True).start()


def _size(source: str | Path | Seed) -> int:
    if isinstance(source, Path):
        files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
        return sum(path.stat().st_size for path in files)
    return len(source if isinstance(source, str) else source.text)


def _refuse_other_folder(out: Path) -> None:
    """A run does not write among files that are not its own."""
    ours = {LOCK_NAME, LOG_NAME}  # of a run that was killed as it began
    with explained(out):
        if out.is_dir() and {path.name for path in out.iterdir()} - ours and not (out / FILE_NAME).exists():
            raise StoreError(f"{out} is not empty and not the folder of a run: give another --out")
