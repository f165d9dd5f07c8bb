"""Tell on stderr how far a long step is: a line that changes on a terminal, else a plain line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Generic, ParamSpec, TextIO

from orca_agents.cli.progress import pause_after, short_span

CHANGES_EVERY_S = 0.5
"""On a terminal."""
Told = ParamSpec("Told")


class Telling(Generic[Told]):
    """Says what `line` makes of what it is told, and the time so far. A context manager: what it has left on a terminal
    is gone at its end."""

    def __init__(
        self, line: Callable[Told, str], stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line = line
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._began = self._told = clock()
        self._wrote = False

    def __enter__(self) -> Telling[Told]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._wrote and self._is_terminal:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def tell(self, *told: Told.args, **named: Told.kwargs) -> None:
        """Told of every row, says something rarely."""
        now = self._clock()
        if now - self._told < (CHANGES_EVERY_S if self._is_terminal else pause_after(now - self._began)):
            return
        self._told, self._wrote = now, True
        line = f"{self._line(*told, **named)}, {short_span(now - self._began)} so far"
        print(
            f"\r\x1b[K{line}" if self._is_terminal else line,
            end="" if self._is_terminal else "\n",
            file=self._stream,
            flush=True,
        )
