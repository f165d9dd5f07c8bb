"""`orca-agents status`: how far a run is, read beside the process that works on it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orca_agents.cli.progress import Mark, Pace, Speed, cost_words, short_count, short_rate, short_span, wanted
from orca_agents.config import StageName
from orca_agents.errors import PASSING, ConfigError, StoreError
from orca_agents.funnel import Funnel
from orca_agents.models.prices import FREE, price_of
from orca_agents.run_config import Price, RunConfig
from orca_agents.run_folder import CONFIG_NAME
from orca_agents.run_log import FILE_NAME as LOG_NAME
from orca_agents.spending import Meter
from orca_agents.store import FILE_NAME, Store, is_in_use
from orca_agents.yaml_file import YamlFile

EVERY_S = 2.0
WARNINGS = 5
"""How many of the latest warnings are shown."""
ENOUGH_TO_SIZE = 1000
"""Chunks from which the size of a store that is being written tells how it grows: before, its log is most of it."""
ENOUGH_AT_THE_END = 50
"""Chunks from which the size of a store at rest tells something about that of 100,000."""
READ_BACK_BYTES = 32_000_000
"""How much of the log is looked through for the beginning of the run."""
PILOT = "this was a pilot"
"""What `orca-agents estimate` writes into the log when it is done: the run itself is still to come."""


def status_command(run: Path | None, *, watch: bool) -> None:
    """Print how far a run is; with `watch` again and again, until Ctrl-C."""
    folder = run if run is not None else _latest_run()
    pace = Pace()
    if not watch:
        print("\n".join(look(folder, pace).lines()))
        return
    console = Console(highlight=False)
    with contextlib.suppress(KeyboardInterrupt):
        if not console.is_terminal:
            for text in _looks(folder, pace):
                print(text, end="\n\n", flush=True)
        with Live(Text(""), console=console, auto_refresh=False) as live:
            for text in _looks(folder, pace):
                live.update(Text(text), refresh=True)


def _looks(folder: Path, pace: Pace) -> Iterator[str]:
    """The status, again and again. Counting the rows of a large store takes its time, and the run must not suffer."""
    while True:
        began = time.monotonic()
        yield "\n".join(look(folder, pace).lines())
        time.sleep(max(EVERY_S, 4 * (time.monotonic() - began)))


@dataclass
class History:
    """What the log tells of the latest run in a folder."""

    began: datetime | None = None
    why: str = ""
    """Why no more was done, where it was stopped."""
    pilot: bool = False
    warnings: list[str] = field(default_factory=list)
    """The last few, the latest first."""


@dataclass(frozen=True)
class Status:
    """How far a run is."""

    folder: Path
    config: RunConfig
    owner: str | None
    """Who works on it, if anybody does."""
    ended: str | None
    """Why no more was done: all, enough, capped or interrupted; `None` where it did not come to its end."""
    history: History
    funnel: Funnel
    finished: int
    noted: dict[str, Any]
    """The counts that the run itself noted a moment ago."""
    speed: Speed
    meter: Meter
    store_bytes: int

    def lines(self) -> list[str]:
        """For people."""
        config, meter = self.config, self.meter
        roles = "".join(f", {stage} by {model.model}" for stage, model in sorted(config.roles.items()))
        usage = meter.usage
        lines = [
            f"{self.folder}: {self._state()}",
            f"skill     {Path(config.skill).stem}, model {config.model.model}{roles}",
            f"chunks    {self._chunks()}",
            f"examples  {self._examples()}",
        ]
        if self.owner and self.noted:
            lines.append(f"calls     {self._calls()}")
        lines.append(
            f"bought    {usage.calls:,} calls ({meter.attempts:,} requests, {meter.faults:,} without a reply): "
            f"{short_count(usage.prompt_tokens)} tokens of prompts, {short_count(usage.completion_tokens)} of replies"
            + (f", of {config.max_tokens:,} in all" if config.max_tokens else "")
        )
        cost = cost_words(meter.usd, tuple(sorted(meter.unpriced)), config.max_usd)
        if cost:
            lines.append(f"cost      {', '.join(cost)}")
        size = f"store     {self.store_bytes / 1e6:.1f} MB"
        if self.finished >= (ENOUGH_TO_SIZE if self.owner else ENOUGH_AT_THE_END):
            size += f", so about {self.store_bytes / self.finished / 1e4:.1f} GB for 100,000 chunks"
        lines.append(size)
        lines += [f"warning   {warning}" for warning in reversed(self.history.warnings)]
        return lines + ([] if self.owner else self._how_to_go_on())

    def _state(self) -> str:
        history = self.history
        since = f" since {history.began.astimezone():%Y-%m-%d %H:%M:%S}" if history.began else ""
        if self.owner:
            return f"running{since}, {self.owner}"
        if history.pilot:
            return "its pilot is done, the run itself is still to come"
        states = {
            "all": "done, all its chunks were worked on",
            "enough": "done, as many were accepted as asked for",
            "capped": f"stopped at a cap: {history.why}",
            "interrupted": "interrupted",
            "failed": f"ended by an error: {history.why}",
        }
        return states.get(self.ended or "", f"not running; the run{since} did not come to its end")

    def _chunks(self) -> str:
        total = self.noted.get("total") or self.config.limit
        words = f"{self.finished:,}{f' of {total:,}' if total else ''} finished"
        if not self.owner:
            return words
        words += f", {self.noted.get('under_way', 0):,} under way"
        if self.speed.chunks:
            words += f"; {short_rate(60 * self.speed.chunks)} a minute"
        return words + (f", about {short_span(self.speed.left)} left" if self.speed.left else "")

    def _examples(self) -> str:
        funnel, of = self.funnel, wanted(self.config)
        parts = [f"{funnel.accepted:,} accepted" + (f" of {of:,} wanted" if of else "")]
        numbers = {
            "rejected": funnel.rejected.total(),
            "failed": funnel.failed.total(),
            "declined": funnel.declined,
            "passages that led to none": funnel.passages_lost.total(),
            "sources skipped": funnel.sources_skipped,
        }
        return ", ".join([*parts, *(f"{number:,} {what}" for what, number in numbers.items() if number)])

    def _calls(self) -> str:
        words = f"{self.noted['in_flight']:,} in flight, {self.noted['waiting']:,} waiting"
        if self.speed.calls:
            words += f"; {short_rate(self.speed.calls)} a second"
        noted_at = self.noted.get("at")
        return words + (f" (noted {short_span(max(0.0, time.time() - noted_at))} ago)" if noted_at else "")

    def _how_to_go_on(self) -> list[str]:
        lost = self.funnel.failed + self.funnel.passages_lost
        passing = sum(lost[kind.__name__] for kind in PASSING)
        resume = f"`orca-agents resume {self.folder}`"
        if self.history.pilot:
            return [f"{resume} starts the run; what the pilot bought is not bought again"]
        if self.ended == "capped":
            return [f"{resume} goes on, with a higher cap"]
        if self.ended not in ("all", "enough"):
            return [f"{resume} goes on; nothing that was bought is bought again"]
        return [f"{resume} tries {passing:,} again that failed for a passing reason"] if passing else []


def look(folder: Path, pace: Pace) -> Status:
    """How far the run in a folder is now; `pace` remembers the looks before, for the rates.

    Raises `StoreError` where there is no run.
    """
    with Store.open(folder, create=False, read_only=True) as store:
        config_hash = store.note("config_hash")
        file = folder / CONFIG_NAME
        if config_hash is None or not file.is_file():
            raise StoreError(f"{folder} holds no {CONFIG_NAME}: its run has not begun")
        config = YamlFile(file).read(RunConfig)
        owner = _owner(store) if is_in_use(folder) else None
        history = read_history(folder / LOG_NAME)
        noted = store.note("progress") or {}
        funnel = Funnel.of_counts(store.counts(config_hash))
        return Status(
            folder,
            config,
            owner,
            store.note("ended"),
            history,
            funnel,
            store.finished_count(config_hash),
            noted,
            _speed(pace, config, history, noted) if owner else Speed(),
            Meter.of(store.spend(), _prices(config, store)),
            store.size_bytes(),
        )


def read_history(log: Path) -> History:
    """What the log tells of the latest run, read from its end."""
    history = History()
    for line in _lines_from_the_end(log):
        if not any(sign in line for sign in _SIGNS):
            continue
        try:
            entry = json.loads(line)
            message = str(entry["message"])
        except (ValueError, KeyError, TypeError):  # cut off when the process was killed
            continue
        if entry.get("level") in ("WARNING", "ERROR", "CRITICAL") and len(history.warnings) < WARNINGS:
            at = datetime.fromisoformat(entry["time"]).astimezone()
            history.warnings.append(f"{at:%Y-%m-%d %H:%M:%S} {message}")
        elif message.startswith(PILOT):
            history.pilot = True
        elif message.startswith(_ENDED):
            history.why = str(entry.get("why", ""))
        elif message == _BEGAN:
            history.began = datetime.fromisoformat(entry["time"])
            break
    return history


_BEGAN, _ENDED = "run begins", "run ended"
_SIGNS = [text.encode() for text in (_BEGAN, _ENDED, PILOT, '"WARNING"', '"ERROR"', '"CRITICAL"')]


def _lines_from_the_end(path: Path, block: int = 65_536) -> Iterator[bytes]:
    """The lines of a file, the last one first; of a long file those of its last part."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        start = size = file.seek(0, 2)
        rest = b""
        while start > max(0, size - READ_BACK_BYTES):
            end, start = start, max(0, start - block)
            file.seek(start)
            first, *lines = (file.read(end - start) + rest).split(b"\n")
            yield from reversed(lines)
            rest = first
        if start == 0:
            yield rest


def _speed(pace: Pace, config: RunConfig, history: History, noted: dict[str, Any]) -> Speed:
    """How fast the run is, since it began or, while it is watched, of late."""
    here, at = noted.get("here"), noted.get("at")
    if here is None or at is None:
        return Speed()
    if history.began is not None and pace.is_new:
        pace.note(Mark(history.began.timestamp(), 0, 0, 0))
    pace.note(Mark(at, here["finished"], here["accepted"], here["calls"]))
    total, of = noted["total"], wanted(config)
    chunks = None if total is None else total - noted["finished"]
    return pace.speed(chunks, None if of is None else max(0, of - noted["accepted"]))


def _owner(store: Store) -> str:
    note = store.note("opened_by") or {}
    return f"process {note.get('pid', '?')} on {note.get('host', '?')}"


def _prices(config: RunConfig, store: Store) -> dict[str, Price | None]:
    """What the models cost, as far as one can tell from outside the run."""
    given = store.note("given_teachers") or ()
    prices: dict[str, Price | None] = {}
    for stage in get_args(StageName):
        model = config.roles.get(stage, config.model)
        teacher = store.note(f"teacher of {stage}")
        if model.price is None and teacher is not None and teacher["is_local"]:
            prices[model.model] = FREE
        elif model.price is None and model.model in given:  # an object that only bears the name of a model
            prices[model.model] = None
        elif model.model not in prices:
            prices[model.model] = price_of(model)
    return prices


def _latest_run() -> Path:
    """The run under runs/ that was written to last."""
    found: dict[Path, float] = {}
    for path in Path("runs").rglob(f"{FILE_NAME}*"):  # what is new stands in the log beside the store
        with contextlib.suppress(FileNotFoundError):  # that log goes when the run ends
            found[path.parent] = max(found.get(path.parent, 0.0), path.stat().st_mtime)
    if not found:
        raise ConfigError("no run under runs/; say which: `orca-agents status FOLDER`")
    return max(found, key=lambda folder: found[folder])
