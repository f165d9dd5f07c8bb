"""The `orca-agents` command in a process of its own, on the seeds of `tests.mills`, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from orca_agents.records import short_hash
from tests.mills import MOST_SEEDS, passage, place, write_inputs
from tests.stand_in import Entry, StandIn

KEY_ENV = "STAND_IN_KEY"
ROWS = ("examples.jsonl", "rejections.jsonl", "failures.jsonl", "skips.jsonl")


class Ended(NamedTuple):
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Command:
    """`orca-agents run` on some seeds, with one run folder: the same command each time it is started."""

    folder: Path
    """Where the skill, the seeds, the run file and the run folder are; made when it is needed."""
    server: StandIn
    seeds: int
    model: dict[str, Any] = field(default_factory=dict)
    """Of the run file's model."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the run file."""
    key: str = "good"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_inputs(self.folder, self.seeds)
        model = {
            "model": "stand-in",
            "base_url": self.server.address,
            "api_key_env": KEY_ENV,
            "concurrency": 8,
            "timeout_s": 20,
            **self.model,
        }
        config = {"skill": "mills.yaml", "seeds": ["mills.jsonl"], "model": model, **self.settings}
        (self.folder / "run.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML

    @property
    def out(self) -> Path:
        """The run folder."""
        return self.folder / "out"

    def start(self, *options: str) -> subprocess.Popen[str]:
        """Start the run, or go on with it."""
        return self.start_other("run", "-c", "run.yaml", "--out", "out", *options)

    def run(self, *options: str, seconds: float = 120) -> Ended:
        """Run to the end."""
        return finish(self.start(*options), seconds)

    def start_other(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        """Start another command in the same place."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORCA_", "OPENAI_"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "orca_agents", *words],
            cwd=self.folder,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, KEY_ENV: self.key},
        )
        _STARTED.append(process)
        return process

    def other(self, *words: str, seconds: float = 120) -> Ended:
        """Run another command in the same place to its end."""
        return finish(self.start_other(*words), seconds)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a file of the run folder; none if there is no such file."""
        path = self.out / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def files(self) -> dict[str, bytes]:
        """What the run came to, byte for byte."""
        return {name: (self.out / name).read_bytes() for name in ROWS}

    def ids(self) -> list[str]:
        """The ids of all rows; each item stands in one file and once."""
        return [row["id"] for name in ROWS for row in self.rows(name)]

    def mills(self) -> Counter[str]:
        """How many rows there are about each mill."""
        return Counter(mill_of(row) for name in ROWS for row in self.rows(name))


def mill_of(row: dict[str, Any]) -> str:
    """The mill that a row of any of the files is about."""
    seed = row["metadata"]["seed_ids"][0] if "metadata" in row else row["seed_id"]
    return _MILLS[seed]


def finish(process: subprocess.Popen[str], seconds: float = 60) -> Ended:
    """Wait for a process to end; a process that does not is killed, and that is an error."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end within {seconds} s and said: {out[-1000:]} {err[-1000:]}") from None
    return Ended(process.returncode, out, err)


def kill_all() -> None:
    """Kill what a test that failed left running."""
    for process in _STARTED:
        if process.returncode is None:
            process.kill()
            process.communicate()
    _STARTED.clear()


def wait_for_calls(server: StandIn, process: subprocess.Popen[str], calls: int, seconds: float = 60) -> int:
    """Wait until the server has met so many calls, or the process has ended; the number of calls."""
    deadline = time.monotonic() + seconds
    while (met := server.wait(calls)) < calls and process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"only {met} of {calls} calls came within {seconds} s: {finish(process)}")
    return met


def bought_again(log: Sequence[Entry]) -> int:
    """Calls with a whole reply that were made although the same call had got one before."""
    return sum(count - 1 for count in Counter(entry.digest for entry in log if entry.is_bought).values())


def lost_by_each_stop(log: Sequence[Entry], ends: Sequence[int]) -> list[int]:
    """For each process but the last: of the calls that it bought, how many were bought again by a later one.

    `ends` says for each process where in the log its last request stands. Raises if a process bought a call twice.
    """
    buyers: dict[str, list[int]] = defaultdict(list)
    begin = 0
    for process, end in enumerate(ends):
        for entry in log[begin:end]:
            if entry.is_bought:
                buyers[entry.digest].append(process)
        begin = end
    lost = Counter[int]()
    for processes in buyers.values():
        assert len(set(processes)) == len(processes), "one process bought the same call twice"
        lost.update(processes[:-1])
    return [lost[process] for process in range(len(ends) - 1)]


_STARTED: list[subprocess.Popen[str]] = []
_MILLS = {short_hash(passage(number)): place(number) for number in range(MOST_SEEDS)}
"""The id of a seed -> the mill that it is about."""


def without_clocks(data: Any) -> Any:
    """JSON data without latencies, times of day and counts of attempts."""
    if isinstance(data, dict):
        return {k: without_clocks(v) for k, v in data.items() if k not in ("latency_s", "at", "time", "attempts")}
    return [without_clocks(part) for part in data] if isinstance(data, list) else data
