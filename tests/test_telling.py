"""How far a long step is: said rarely, in plain lines; on a terminal in one line that changes and goes."""

from __future__ import annotations

import io

import pytest

from orca_agents.cli.telling import Telling


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def line(step: str, done: int, total: int) -> str:
    return f"{step}: {done:,} of {total:,} rows"


def told_on(stream: io.StringIO, *moments: float) -> str:
    """What stands on a stream when rows were told at these moments."""
    clock = Clock()
    with Telling(line, stream, clock) as telling:
        for number, moment in enumerate(moments, 1):
            clock.now = 100.0 + moment
            telling.tell("read", 1000 * number, 5000)
    return stream.getvalue()


def test_a_step_that_is_soon_done_says_nothing() -> None:
    assert told_on(io.StringIO(), 0, 1, 14.9) == ""
    assert told_on(Terminal(), 0, 0.1, 0.4) == ""


def test_a_long_step_writes_a_plain_line_now_and_then() -> None:
    said = told_on(io.StringIO(), 1, 15, 16, 29, 31)
    assert said == "read: 2,000 of 5,000 rows, 15 s so far\nread: 5,000 of 5,000 rows, 31 s so far\n"


def test_a_line_on_a_terminal_changes_and_is_gone_at_the_end() -> None:
    said = told_on(Terminal(), 0.2, 0.9, 1.6)
    assert said.split("\r\x1b[K") == [
        "",
        "read: 2,000 of 5,000 rows, 1 s so far",
        "read: 3,000 of 5,000 rows, 2 s so far",
        "",
    ]


def test_it_speaks_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    telling = Telling(line, clock=clock)
    clock.now += 20
    telling.tell("sort", 1, 2)
    out, err = capsys.readouterr()
    assert (out, err) == ("", "sort: 1 of 2 rows, 20 s so far\n")
