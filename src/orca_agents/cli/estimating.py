"""`orca-agents estimate`: work on a few chunks of a run, and tell from these what all of it takes."""

from __future__ import annotations

import heapq
import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from orca_agents.cli.progress import ProgressView, wanted
from orca_agents.cli.running import CAPPED, INTERRUPTED, resolve, run_until_told, tell_of_default_model
from orca_agents.cli.status import PILOT
from orca_agents.config import StageName
from orca_agents.errors import ConfigError, SeedError, TeacherError
from orca_agents.estimating import Estimate, SeedSample, project
from orca_agents.execution import execute
from orca_agents.models.prices import FREE, cost_of, is_counted, price_of
from orca_agents.outcomes import Skip
from orca_agents.planning import planned
from orca_agents.records import Transcript, short_hash
from orca_agents.report.wording import counted
from orca_agents.run_config import Price, RunConfig
from orca_agents.run_folder import End, write_config, write_text
from orca_agents.run_setup import default_out, is_of_many, read_skills, seed_options
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.spending import Halt
from orca_agents.store import Store

ESTIMATE_NAME = "estimate.json"
_LOG = logging.getLogger("orca_agents")


def estimate_command(
    file: Path | None,
    given: Mapping[str, Any],
    *,
    model: str | None,
    base_url: str | None,
    concurrency: int | None,
    out: Path | None,
    pilot: int,
) -> None:
    """Work on `pilot` chunks in the folder of the run, and print what the whole run will take.

    Leaves with exit code 5 if a cap stopped the pilot, and 130 if it was interrupted.
    """
    config = resolve(file, given, model=model, base_url=base_url, concurrency=concurrency)
    if is_of_many(config):
        raise ConfigError("a run of several skills cannot be estimated: estimate each skill by itself")
    sources = [Path(seed) for seed in config.seeds]
    _refuse_pipes(sources)
    check_sources(sources)
    drawn = draw_pilot(sources, seed_options(config, read_skills(config)), config, pilot)
    folder = out or default_out(config)
    tell_of_default_model(file, model, base_url)
    are = "is" if len(drawn.units) == 1 else "are"
    print(f"{counted(drawn.total, 'chunk')} in all; {len(drawn.units):,} of them {are} worked on", file=sys.stderr)
    done = _work_on(config, sources, folder, drawn)
    estimate = _estimate(config, folder, drawn, done)
    if estimate is not None:
        print("\n".join(estimate.lines()))
    print("\n".join(_closing_words(config, folder, drawn, done, estimate)))
    code = {"capped": CAPPED, "interrupted": INTERRUPTED}.get(done.end.why)
    if code:
        raise SystemExit(code)


@dataclass(frozen=True)
class Drawn:
    """The chunks of a pilot."""

    total: int
    """How many chunks the whole run works on."""
    units: dict[str, str]
    """Seed id -> the unit under which it is on record."""


@dataclass(frozen=True)
class Done:
    """What became of a pilot."""

    end: End
    samples: tuple[SeedSample, ...]
    """Of the chunks that were finished."""


def draw_pilot(sources: Sequence[Path], options: SeedOptions, config: RunConfig, size: int) -> Drawn:
    """Count the chunks, and draw so many of them evenly from all: the same ones each time. Memory grows with `size`.

    Raises `SeedError` where there is no chunk.
    """
    total = 0
    skipped: list[Skip] = []
    chosen: list[tuple[int, str, str]] = []  # a heap whose first one is the first to be left out
    for work in planned(read_seeds(sources, options), config.limit):
        if isinstance(work.item, Skip):
            if len(skipped) < 3:
                skipped.append(work.item)
            continue
        total += 1
        lot = -int(short_hash(str(config.random_seed), work.item.id), 16)
        if len(chosen) < size:
            heapq.heappush(chosen, (lot, work.item.id, work.unit))
        elif lot > chosen[0][0]:
            heapq.heapreplace(chosen, (lot, work.item.id, work.unit))
    if not total:
        raise SeedError("\n".join(["there is no chunk to work on", *(f"{it.source}: {it.reason}" for it in skipped)]))
    return Drawn(total, {seed_id: unit for _, seed_id, unit in chosen})


def pilot_config(config: RunConfig, size: int) -> RunConfig:
    """The config that a pilot is run with: that of the run, so that what becomes of its chunks counts for the run too.

    Where a number of examples is asked for, each draw of the run depends on what became of the chunks before. A pilot
    has other chunks before, so it draws its leaves evenly, and only its calls can be of use to the run.
    """
    leaves = config.leaves or tuple(config.quotas)
    return config.model_copy(update={"accept": None, "quotas": {}, "leaves": leaves, "limit": size})


def sample_seeds(store: Store, config: RunConfig, config_hash: str, units: Mapping[str, str]) -> Iterator[SeedSample]:
    """What each finished chunk took and brought, by the transcripts: they hold every reply, and only those that were
    needed under this config, while the folder may have bought others for the same chunks."""
    stages: tuple[StageName, ...] = get_args(StageName)
    prices: dict[str, Price | None] = {stage: price_of(config.roles.get(stage, config.model)) for stage in stages}
    took = dict.fromkeys(units, SeedSample(0.0, 0, 0, 0, 0, 0.0))
    for chat in store.chats(config_hash, planned=True):
        if (before := took.get(chat.seed_id)) is not None:
            usage, usd = chat.usage, _cost(chat, prices[chat.stage])
            took[chat.seed_id] = SeedSample(
                None if before.usd is None or usd is None else before.usd + usd,
                before.prompt_tokens + usage.prompt_tokens,
                before.completion_tokens + usage.completion_tokens,
                before.calls + usage.calls,
                0,
                before.seconds + sum(turn.latency_s for turn in chat.turns),
            )
    for seed_id, unit in sorted(units.items()):
        tally = store.finished(config_hash, unit)
        if tally is not None:
            yield took[seed_id]._replace(accepted=sum(tally.accepted.values()))


def _cost(chat: Transcript, price: Price | None) -> float | None:
    """What a chat cost; `None` where its price, or how many tokens it took, is not known."""
    if price is None or (price != FREE and not all(is_counted(turn.usage) for turn in chat.turns)):
        return None
    return cost_of(price, chat.usage)


def _work_on(config: RunConfig, sources: Sequence[Path], folder: Path, drawn: Drawn) -> Done:
    """Run the pilot, with live progress; Ctrl-C works as in a run."""
    halt = Halt()
    trial = pilot_config(config, len(drawn.units))

    def read(store: Store, end: End) -> Done:
        samples = tuple(sample_seeds(store, trial, end.config_hash, drawn.units))
        # the folder is that of the run, so `resume` is to start all of it; until here it held the pilot's limit
        write_config(folder, config)
        _LOG.info("%s of %d chunks", PILOT, len(drawn.units))
        return Done(end, samples)

    with ProgressView(trial, folder) as view:
        try:
            work = execute(
                trial,
                sources,
                out=folder,
                read=read,
                on_progress=view.update,
                say=view.say,
                halt=halt,
                pick=lambda seed: seed.id in drawn.units,
            )
            return run_until_told(work, halt, view)
        except (KeyboardInterrupt, TeacherError):
            write_config(folder, config)
            if view.latest.meter.usage.calls:  # where the first call was refused, there is nothing to go on with
                view.say(f"the pilot was stopped; what it bought is in {folder}, and the same command goes on with it")
            raise


def _estimate(config: RunConfig, folder: Path, drawn: Drawn, done: Done) -> Estimate | None:
    """What the whole run takes, also written into its folder; nothing without a finished chunk."""
    if not done.samples:
        return None
    estimate = project(done.samples, seeds=drawn.total, accept=wanted(config))
    text = json.dumps({"config_hash": done.end.config_hash, **estimate.to_dict()}, indent=2)
    write_text(folder / ESTIMATE_NAME, [text + "\n"])
    return estimate


def _closing_words(config: RunConfig, folder: Path, drawn: Drawn, done: Done, estimate: Estimate | None) -> list[str]:
    """What to know of the pilot, and what to type next."""
    words = []
    finished = f"{len(done.samples)} of {len(drawn.units)} chunks"
    if done.end.why == "capped":
        words.append(f"note: a cap stopped the pilot after {finished}, the quicker ones: {done.end.message}")
    elif done.end.why == "interrupted":
        words.append(f"note: the pilot was interrupted after {finished}, the quicker ones")
    elif len(done.samples) < len(drawn.units):
        words.append(f"note: {finished} came to their end, the others failed for a passing reason and are left out")
    if config.quotas:
        words.append("note: an accepted example of any leaf counts here; the slowest leaf decides how long a run takes")
    if done.end.why in ("capped", "interrupted"):
        raised = " with a higher cap" if done.end.why == "capped" else ""
        return [*words, f"the same command{raised} goes on with the pilot; what it bought is kept in {folder}"]
    if wanted(config) is not None:
        paid = estimate.pilot_usd if estimate else None
        most = f", up to ${paid:,.2f}," if paid else ""
        words.append(
            "note: the pilot drew its leaves evenly, and a run for a number of examples draws the emptiest first: what "
            f"the pilot bought is used again where both drew the same, and the rest of it{most} comes on top"
        )
    else:
        words.append("what the pilot bought is not bought again")
    if len(drawn.units) >= drawn.total:
        return [*words, f"the pilot was the whole run: all {drawn.total} chunks are in {folder}"]
    return [*words, f"`orca-agents resume {folder}` starts the whole run; until then its files show the pilot alone"]


def _refuse_pipes(sources: Sequence[Path]) -> None:
    """The sources are read twice: to draw from all of them, and for the work."""
    for source in sources:
        if source == STDIN or (source.exists() and not (source.is_file() or source.is_dir())):
            raise ConfigError(f"{source} can be read only once, and an estimate reads twice: give files or folders")
