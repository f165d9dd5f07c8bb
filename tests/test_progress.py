"""What a person sees of a run while it goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from orca_agents.cli.progress import (
    ENOUGH,
    WINDOW_S,
    Mark,
    Pace,
    ProgressView,
    pause_after,
    short_count,
    short_rate,
    short_span,
)
from orca_agents.funnel import Funnel
from orca_agents.orchestrator import Progress
from orca_agents.records import Usage
from orca_agents.run_config import RunConfig
from orca_agents.spending import Meter


def config_of(**settings: object) -> RunConfig:
    return RunConfig.model_validate({"skill": "skills/facts.yaml", "seeds": "x.md", "model": "m", **settings})


def view_of(config: RunConfig, *, terminal: bool = False) -> tuple[ProgressView, io.StringIO]:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=100, highlight=False, color_system=None)
    return ProgressView(config, Path("runs/facts"), console=console), written


def some_progress() -> Progress:
    funnel = Funnel(accepted=30)
    funnel.rejected.update({"fits_passage": 9})
    meter = Meter(usage=Usage(calls=260, prompt_tokens=100_000, completion_tokens=20_400), usd=0.12)
    meter.calls_here = 260
    return Progress(finished=12, under_way=8, total=40, funnel=funnel, accepted=30, meter=meter, in_flight=8)


def line_of(config: RunConfig, progress: Progress) -> str:
    view, _ = view_of(config)
    view.update(progress)
    return view.line().partition(": ")[2]


def test_one_line_tells_chunks_results_calls_tokens_and_money() -> None:
    line = line_of(config_of(), some_progress())
    assert line == "chunks 12/40, accepted 30, rejected 9, calls 8, 120k tokens, $0.12"


def test_what_was_asked_for_and_caps_stand_beside_the_counts() -> None:
    line = line_of(config_of(accept=100, max_usd=5), some_progress())
    assert "accepted 30/100," in line
    assert "$0.12 of $5.00" in line
    assert "accepted 30/50," in line_of(config_of(quotas={"a": 20, "b": 30}), some_progress())


def test_failures_and_waiting_calls_are_told_where_there_are_any() -> None:
    progress = some_progress()
    progress.funnel.failed["TruncatedError"] += 2
    progress.funnel.passages_lost["declined"] += 3
    progress.waiting = 4
    line = line_of(config_of(), progress)
    assert "rejected 9, failed 2, lost passages 3, calls 8, waiting 4," in line


def test_a_price_that_is_not_known_is_said_and_a_free_model_costs_nothing() -> None:
    progress = some_progress()
    progress.meter.usd = 0.0
    assert "$" not in line_of(config_of(), progress)
    progress.meter.unpriced.add("my-model")
    assert line_of(config_of(), progress).endswith("120k tokens, cost unknown for my-model")
    progress.meter.usd = 0.004
    assert line_of(config_of(), progress).endswith("$0.0040, cost unknown for my-model")


def test_a_resumed_run_says_which_counts_are_of_this_run_alone() -> None:
    progress = some_progress()
    progress.resumed = 10
    assert "rejected 9 in this run (10 chunks were done before), calls" in line_of(config_of(), progress)


def test_a_line_with_all_in_it_fits_a_screen() -> None:
    view, _ = view_of(config_of())
    progress = some_progress()
    view.update(progress)
    view._speed = view._speed._replace(chunks=17 / 60, calls=4.1, left=130.0)
    line = view.line()
    assert line.endswith(
        "chunks 12/40 (17/min), accepted 30, rejected 9, calls 8 (4.1/s), 120k tokens, $0.12, 2 min left"
    )
    assert len(line) <= 100


def test_a_terminal_gets_two_lines() -> None:
    view, written = view_of(config_of(), terminal=True)
    with view:
        view.update(some_progress())
        first, second = view.lines().splitlines()
    assert first == "facts: chunks 12/40, accepted 30, rejected 9"
    assert second.startswith("  8 calls in flight, 120k tokens, $0.12, ")
    assert max(map(len, (first, second))) <= 100
    assert written.getvalue().rstrip().endswith("chunks 12/40, accepted 30, rejected 9, 120k tokens, $0.12")


def test_the_last_line_has_the_latest_counts_and_nothing_that_is_under_way() -> None:
    view, written = view_of(config_of())
    progress = some_progress()
    with view:
        view.update(progress)
        progress.finished = 40
        view.update(progress)  # too soon to be looked at
    assert written.getvalue().partition(": ")[2] == "chunks 40/40, accepted 30, rejected 9, 120k tokens, $0.12\n"


def test_a_run_that_did_nothing_ends_without_a_line() -> None:
    view, written = view_of(config_of())
    with view:
        view.update(Progress())
    assert written.getvalue() == ""


def test_what_is_said_is_written_as_it_is() -> None:
    view, written = view_of(config_of())
    words = "see [bold]this[/bold] " + "x" * 200
    with view:
        view.say(words)
    assert written.getvalue() == words + "\n"


def test_thousands_of_updates_are_looked_at_a_few_times() -> None:
    looks = 0

    class Watched(Progress):
        def __getattribute__(self, name: str) -> object:
            nonlocal looks
            looks += name == "total"
            return super().__getattribute__(name)

    view, _ = view_of(config_of())
    progress = Watched()
    for _ in range(10_000):
        view.update(progress)
    assert 0 < looks < 1000


def test_the_rate_is_that_of_the_last_minutes_not_of_the_whole_run() -> None:
    pace = Pace()
    for second in range(4000):
        fast = max(0, second - 2000)
        pace.note(Mark(float(second), chunks=second // 100 + fast, accepted=0, calls=10 * second))
    speed = pace.speed(chunks=1010)
    assert speed.chunks == pytest.approx(1.01, rel=0.02)
    assert speed.calls == pytest.approx(10, rel=0.01)
    assert speed.left == pytest.approx(1000, rel=0.02)


def test_the_rate_of_a_slow_run_is_taken_over_enough_chunks() -> None:
    pace = Pace()
    for second in range(0, 40_000, 10):
        pace.note(Mark(float(second), chunks=second // 1000, accepted=0, calls=second // 100))
    assert WINDOW_S < ENOUGH * 1000
    assert pace.speed(chunks=60).left == pytest.approx(60_000, rel=0.06)


def test_what_comes_first_chunks_or_examples_tells_the_time_left() -> None:
    pace = Pace()
    pace.note(Mark(0, 0, 0, 0))
    pace.note(Mark(10, 10, 20, 100))
    assert pace.speed(chunks=100, accepted=20).left == 10
    assert pace.speed(chunks=5, accepted=2000).left == 5
    assert pace.speed(chunks=None, accepted=20).left == 10
    assert pace.speed(chunks=None, accepted=None).left is None


def test_no_time_left_is_told_of_too_little() -> None:
    pace = Pace()
    assert pace.speed(chunks=10) == (None, None, None)
    pace.note(Mark(0, 0, 0, 0))
    pace.note(Mark(0.5, 1, 0, 5))
    assert pace.speed(chunks=10) == (None, None, None)
    pace.note(Mark(20, 2, 0, 20))
    assert pace.speed(chunks=10).left is None
    assert pace.speed(chunks=10).calls == 1


def test_the_time_before_the_work_does_not_count() -> None:
    pace = Pace()
    for second in range(101):
        pace.note(Mark(float(second), 0, 0, 0))
    pace.note(Mark(110.0, 10, 0, 50))
    assert pace.speed().chunks == 1


def test_a_run_that_was_started_again_is_measured_anew() -> None:
    pace = Pace()
    for mark in (Mark(0, 0, 0, 0), Mark(100, 500, 0, 900), Mark(200, 10, 0, 20), Mark(210, 20, 0, 40)):
        pace.note(mark)
    assert pace.speed() == (1, 2, None)


def test_a_run_of_days_keeps_few_marks() -> None:
    pace = Pace()
    for step in range(200_000):
        pace.note(Mark(step * 5.0, chunks=step // 100_000, accepted=0, calls=step))
    assert len(pace._marks) < 5000


def test_plain_lines_get_rarer() -> None:
    assert pause_after(10) == 15
    assert pause_after(4000) == 60


def test_numbers_are_short() -> None:
    assert [short_count(n) for n in (950, 12_000, 3_400_000)] == ["950", "12k", "3.4M"]
    assert [short_span(s) for s in (42, 180, 9000, 270_000)] == ["42 s", "3 min", "2.5 h", "3.1 days"]
    assert [short_rate(r) for r in (0.126, 4.12, 120.4)] == ["0.13", "4.1", "120"]
