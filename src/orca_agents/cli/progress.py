"""Show how far a run is: two live lines on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orca_agents.run_config import RunConfig

if TYPE_CHECKING:
    from orca_agents.orchestrator import Progress

TAKEN_EVERY_S = 0.2
"""How often the counts are looked at; `update` is called for each chat, thousands of times a second."""
FIRST_S = 5.0
"""When the first plain line is written where there is no terminal."""
WINDOW_S = 300.0
"""Rates are those of the last so many seconds, or longer where less than `ENOUGH` chunks were finished in them."""
ENOUGH = 20
FEWEST = 3
"""With fewer chunks or examples no time left is told."""


class Mark(NamedTuple):
    """How far this process was at a time, in seconds of any clock."""

    at: float
    chunks: int
    accepted: int
    calls: int


class Speed(NamedTuple):
    """How fast it goes; `None` is what cannot be told."""

    chunks: float | None = None
    """A second."""
    calls: float | None = None
    left: float | None = None
    """Seconds until the end."""


class Pace:
    """How fast a run goes of late, and how long the rest will take."""

    def __init__(self) -> None:
        self._marks: deque[Mark] = deque()

    @property
    def is_new(self) -> bool:
        """Whether nothing was noted yet."""
        return not self._marks

    def note(self, mark: Mark) -> None:
        """Take in how far it is now."""
        marks = self._marks
        if (not mark.chunks and not mark.calls) or (marks and mark.chunks < marks[-1].chunks):
            marks.clear()  # what comes before the work does not count, nor does an earlier process
        if len(marks) > 1 and mark.at - marks[-2].at < max(1.0, (mark.at - marks[0].at) / 300):
            marks.pop()  # the finer steps are not needed, and a run may take days
        marks.append(mark)
        while len(marks) > 2 and mark.at - marks[1].at >= WINDOW_S and mark.chunks - marks[1].chunks >= ENOUGH:
            marks.popleft()

    def speed(self, chunks: int | None = None, accepted: int | None = None) -> Speed:
        """The rates, and the seconds until so many more chunks are finished or so many more examples are accepted,
        whichever comes first."""
        if not self._marks:
            return Speed()
        first, last = self._marks[0], self._marks[-1]
        seconds = last.at - first.at
        if seconds < 1:
            return Speed()
        finished, kept, called = last.chunks - first.chunks, last.accepted - first.accepted, last.calls - first.calls
        ends = ((chunks, finished), (accepted, kept))
        left = (more * seconds / done for more, done in ends if more is not None and done >= FEWEST)
        return Speed(finished / seconds or None, called / seconds or None, min(left, default=None))


@dataclass(frozen=True)
class Counts:
    """What is shown of a `Progress`, at one moment: the run goes on changing it."""

    finished: int
    resumed: int
    total: int | None
    accepted: int
    rejected: int
    failed: int
    lost: int
    """Passages that led to no instruction."""
    in_flight: int
    waiting: int
    pace: float | None
    tokens: int
    usd: float
    unpriced: tuple[str, ...]

    @classmethod
    def of(cls, progress: Progress) -> Counts:
        """The counts as they are now."""
        meter, funnel = progress.meter, progress.funnel
        return cls(
            progress.finished,
            progress.resumed,
            progress.total,
            progress.accepted,
            funnel.rejected.total(),
            funnel.failed.total(),
            funnel.passages_lost.total(),
            progress.in_flight,
            progress.waiting,
            progress.pace,
            meter.usage.prompt_tokens + meter.usage.completion_tokens,
            meter.usd,
            tuple(sorted(meter.unpriced)),
        )


class ProgressView:
    """Counts, rates, money and time left, on stderr, so that stdout stays for results."""

    def __init__(self, config: RunConfig, folder: Path, *, console: Console | None = None) -> None:
        # here, and not above: it brings AutoGen and every check with it, and `status` uses this module without a run
        from orca_agents.orchestrator import Progress

        self._name = Path(config.skill).stem
        self._wanted = wanted(config)
        self._max_usd = config.max_usd
        self._folder = folder
        self._console = console or Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._began = time.monotonic()
        self._taken = 0.0
        self._latest = Progress()
        self._counts = Counts.of(self._latest)
        self._pace = Pace()
        self._speed = Speed()
        self._ended = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="orca-agents-progress", daemon=True)

    def __enter__(self) -> ProgressView:
        if self._console.is_terminal:
            # what the logging module writes to stderr goes above the lines; stdout may be a pipe and is left alone
            self._live = Live(
                get_renderable=lambda: Text(self.lines(), no_wrap=True, overflow="ellipsis"),
                console=self._console,
                transient=True,
                redirect_stdout=False,
            )
            self._live.start()
        self._teller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._teller.join()
        if self._live is not None:
            self._live.stop()
        self._take(time.monotonic())
        if self._counts.finished or self._counts.tokens:
            self.say(self.line(ended=True))

    @property
    def latest(self) -> Progress:
        """The latest counts."""
        return self._latest

    def update(self, progress: Progress) -> None:
        """Take the latest counts. Cheap enough for every chat of a large run."""
        self._latest = progress
        now = time.monotonic()
        if now - self._taken >= TAKEN_EVERY_S:
            self._take(now)

    def say(self, words: str) -> None:
        """Something that a person should know, above the lines."""
        self._console.print(words, markup=False, soft_wrap=True)

    def line(self, *, ended: bool = False) -> str:
        """All in one line; `ended`: how it came out, without what is under way."""
        return f"{short_span(time.monotonic() - self._began)}: " + ", ".join(
            [*self._results(), *self._flow(ended=ended)]
        )

    def lines(self) -> str:
        """The same in two lines, for a terminal."""
        seconds = short_span(time.monotonic() - self._began)
        return (
            f"{self._name}: {', '.join(self._results())}\n  {', '.join([*self._flow(wide=True), f'{seconds} so far'])}"
        )

    def _take(self, now: float) -> None:
        """Copy the counts: another thread shows them while the run changes them."""
        self._taken = now
        self._counts = counts = Counts.of(self._latest)
        calls = self._latest.meter.calls_here
        here = counts.finished - counts.resumed
        self._pace.note(Mark(now, here, self._latest.funnel.accepted, calls))
        chunks = None if counts.total is None else counts.total - counts.finished
        examples = None if self._wanted is None else max(0, self._wanted - counts.accepted)
        self._speed = self._pace.speed(chunks, examples)

    def _tell(self) -> None:
        """Write plain lines, ever more rarely; on a terminal only where to look from elsewhere."""
        pause = FIRST_S
        while not self._ended.wait(pause):
            if pause == FIRST_S:
                self.say(
                    f"everything goes into {self._folder}; `orca-agents status {self._folder}` shows how far it is"
                )
            if self._live is not None:
                return
            self.say(self.line())
            pause = pause_after(time.monotonic() - self._began)

    def _results(self) -> list[str]:
        counts, speed = self._counts, self._speed.chunks
        chunks = f"chunks {counts.finished}{_of(counts.total)}"
        if speed is not None:
            chunks += f" ({short_rate(60 * speed)}/min)"
        # of earlier runs only the accepted examples are known here
        before = "1 chunk was" if counts.resumed == 1 else f"{counts.resumed} chunks were"
        here = f" in this run ({before} done before)" if counts.resumed else ""
        parts = [chunks, f"accepted {counts.accepted}{_of(self._wanted)}", f"rejected {counts.rejected}"]
        if counts.failed:
            parts.append(f"failed {counts.failed}")
        if counts.lost:
            parts.append(f"lost passages {counts.lost}")
        parts[-1] += here
        return parts

    def _flow(self, *, ended: bool = False, wide: bool = False) -> list[str]:
        counts = self._counts
        parts: list[str] = []
        if not ended:
            speed = "" if self._speed.calls is None else f" ({short_rate(self._speed.calls)}/s)"
            calls = f"{counts.in_flight} calls in flight" if wide else f"calls {counts.in_flight}"
            parts.append(calls + speed)
            if counts.waiting:
                parts.append(f"waiting {counts.waiting}")
                if counts.pace is not None:
                    parts.append(f"held at {short_rate(counts.pace)}/s after refusals")
        parts.append(f"{short_count(counts.tokens)} tokens")
        parts += cost_words(counts.usd, counts.unpriced, self._max_usd)
        if self._speed.left and not ended:
            parts.append(f"{short_span(self._speed.left)} left")
        return parts


def wanted(config: RunConfig) -> int | None:
    """How many accepted examples a run is to bring, if that was said."""
    return config.accept or sum(config.quotas.values()) or None


def pause_after(seconds: float) -> float:
    """How long to wait for the next plain line of a run that has gone on for so long."""
    return 15.0 if seconds < 3600 else 60.0


def cost_words(usd: float, unpriced: tuple[str, ...], cap: float | None) -> list[str]:
    """What a run cost; nothing where nothing costs anything."""
    words = [f"${usd:,.2f}" if usd >= 0.01 or not usd else f"${usd:.4f}"] if usd or cap is not None else []
    if cap is not None:
        words[0] += f" of ${cap:,.2f}"
    return [*words, *([f"cost unknown for {' and '.join(unpriced)}"] if unpriced else [])]


def short_count(number: int) -> str:
    """A count, short: 950, 12k, 3.4M."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 1_000_000 else f"{number / 1e6:.1f}M"


def short_span(seconds: float) -> str:
    """A span of time, short: 42 s, 3 min, 2.5 h, 3.1 days."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def short_rate(rate: float) -> str:
    """A rate, short: 0.13, 4.1, 120."""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"


def _of(total: int | None) -> str:
    return "" if total is None else f"/{total}"
