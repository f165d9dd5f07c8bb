"""Show how far a run is: one live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orca_agents.orchestrator import Progress

PLAIN_EVERY_S = 15.0
"""How often a plain line is written where there is no terminal."""


class ProgressView:
    """Counts, rate and time left, on stderr, so that stdout stays for results."""

    def __init__(self, title: str, total: int | None = None) -> None:
        self._title = title
        self._total = total
        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._began = time.monotonic()
        self._last_plain = self._began
        self._latest = Progress()

    def __enter__(self) -> ProgressView:
        if self._console.is_terminal:
            self._live = Live(self._line(), console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        if self._latest.usage.calls:
            print(self._words(), file=sys.stderr)

    def update(self, progress: Progress) -> None:
        """Take the latest counts."""
        self._latest = progress
        now = time.monotonic()
        if self._live is not None:
            self._live.update(self._line())
        elif now - self._last_plain >= PLAIN_EVERY_S:
            self._last_plain = now
            print(self._words(), file=sys.stderr, flush=True)

    def say(self, words: str) -> None:
        """Something that a person should know, above the line."""
        if self._live is not None:
            self._live.console.print(words)
        else:
            print(words, file=sys.stderr, flush=True)

    def _line(self) -> Text:
        return Text(self._words())

    def _words(self) -> str:
        progress, funnel = self._latest, self._latest.funnel
        seconds = time.monotonic() - self._began
        here = progress.finished - progress.resumed
        total = progress.total or self._total
        of = f"/{total}" if total else ""
        words = (
            f"{self._title}: {progress.finished}{of} chunks, {funnel.made} instructions, {funnel.accepted} accepted, "
            f"{funnel.rejected.total()} rejected, {funnel.failed.total()} failed; {progress.usage.calls} calls, "
            f"{_count(progress.usage.prompt_tokens + progress.usage.completion_tokens)} tokens, {_span(seconds)}"
        )
        if here and seconds > 1:
            words += f", {60 * here / seconds:.1f} chunks/min"
            if total and total > progress.finished:
                words += f", about {_span((total - progress.finished) * seconds / here)} left"
        if progress.resumed:
            words += f" ({progress.resumed} chunks were done before)"
        return words


def _count(number: int) -> str:
    """A count, short: 950, 12k, 3.4M."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 1_000_000 else f"{number / 1e6:.1f}M"


def _span(seconds: float) -> str:
    """A span of time, short: 42 s, 3 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
