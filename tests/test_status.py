"""`orca-agents status`: what it tells of a run that goes on, has ended, was stopped, or is not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from orca_agents import run_skill
from orca_agents.cli.progress import Pace
from orca_agents.cli.status import PILOT, Status, look, read_history, status_command
from orca_agents.errors import ConfigError, StoreError, WrongKeyError
from orca_agents.models.api import Request
from orca_agents.orchestrator import Progress
from orca_agents.run_folder import CONFIG_NAME
from orca_agents.run_log import FILE_NAME as LOG_NAME
from orca_agents.store import Store, is_in_use
from orca_agents.testing import ScriptedModel
from tests.mills import answer, write_inputs

SEEDS = 6


def teacher(**options: Any) -> ScriptedModel:
    def say(request: Request) -> str:
        spoken = answer(request.body())
        assert spoken is not None
        return spoken.text

    return ScriptedModel(say, **options)


def run_mills(place: Path, model: ScriptedModel | None = None, **options: Any) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    write_inputs(place, SEEDS)
    out = place / "out"
    run_skill(str(place / "mills.yaml"), place / "mills.jsonl", model=model or teacher(), out=out, **options)
    return out


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_mills(tmp_path_factory.mktemp("done"))


def text_of(folder: Path) -> str:
    return "\n".join(look(folder, Pace()).lines())


def change_config(folder: Path, **changes: Any) -> None:
    file = folder / CONFIG_NAME
    config = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**config, **changes}))


def test_a_run_that_is_done_is_told_as_its_files_have_it(done: Path) -> None:
    status, text = look(done, Pace()), text_of(done)
    rows = {name: (done / f"{name}.jsonl").read_text().splitlines() for name in ("examples", "rejections", "failures")}
    assert status.finished == SEEDS
    assert text.startswith(f"{done}: done, all its chunks were worked on\nskill     mills, model scripted\n")
    assert f"chunks    {SEEDS} of {SEEDS} finished" in text or f"chunks    {SEEDS} finished" in text
    assert f"examples  {len(rows['examples'])} accepted, {len(rows['rejections'])} rejected" in text
    usage = json.loads((done / "summary.json").read_text())["usage"]
    assert f"bought    {usage['calls']:,} calls" in text
    assert "GB for 100,000 chunks" not in text  # so few tell nothing of so many
    assert "GB for 100,000 chunks" in "\n".join(replace(status, finished=60).lines())
    assert "resume" not in text
    assert "cost" not in text  # a teacher in this process costs nothing


def test_a_run_is_seen_while_it_goes_on_and_does_not_notice(tmp_path: Path) -> None:
    seen: list[Status] = []
    texts: list[str] = []

    def watch(progress: Progress) -> None:
        if progress.finished >= 2:
            seen.append(look(tmp_path / "out", Pace()))
            texts.append("\n".join(seen[-1].lines()))

    run_mills(tmp_path, on_progress=watch)
    assert seen
    assert all(status.owner == f"process {os.getpid()} on {os.uname().nodename}" for status in seen)
    assert 2 <= max(status.finished for status in seen) <= SEEDS
    assert ": running since " in texts[-1]
    assert "under way" in texts[-1]
    assert "in flight" in texts[-1]
    assert not is_in_use(tmp_path / "out")


def test_asking_whether_a_run_is_held_does_not_let_go_of_it(done: Path) -> None:
    with Store.open(done):
        assert is_in_use(done)
        assert is_in_use(done)
        with pytest.raises(StoreError, match="is in use"):
            Store.open(done)
    assert not is_in_use(done)
    with Store.open(done):
        pass


def test_it_works_from_another_terminal(done: Path) -> None:
    words = [sys.executable, "-m", "orca_agents", "status", str(done)]
    with Store.open(done):
        beside = subprocess.run(words, capture_output=True, text=True, check=True)
        with pytest.raises(StoreError, match="is in use"):
            Store.open(done)
    after = subprocess.run(words, capture_output=True, text=True, check=True)
    assert f"{done}: running since " in beside.stdout
    assert f"process {os.getpid()} on " in beside.stdout
    assert f"{done}: done" in after.stdout


def test_a_run_that_an_error_ended_says_how_to_go_on(tmp_path: Path) -> None:
    calls = 0

    def say(request: Request) -> str | Exception:
        nonlocal calls
        calls += 1
        spoken = answer(request.body())
        assert spoken is not None
        return spoken.text if calls < 30 else WrongKeyError("the key is not accepted any more")

    with pytest.raises(WrongKeyError):
        run_mills(tmp_path, ScriptedModel(say))
    text = text_of(tmp_path / "out")
    assert ": ended by an error: WrongKeyError: the key is not accepted any more" in text
    assert text.endswith(f"`orca-agents resume {tmp_path / 'out'}` goes on; nothing that was bought is bought again")


def test_a_cap_is_named_as_the_end(tmp_path: Path) -> None:
    out = run_mills(tmp_path, max_tokens=5000)
    text = text_of(out)
    assert f"{out}: stopped at a cap: " in text
    assert "of 5,000 in all" in text
    assert text.endswith("goes on, with a higher cap")


def test_what_was_asked_for_stands_beside_what_is_accepted(tmp_path: Path) -> None:
    out = run_mills(tmp_path, accept=3)
    text = text_of(out)
    assert ": done, as many were accepted as asked for" in text
    assert " accepted of 3 wanted" in text


def test_the_money_is_that_of_the_record_and_an_unknown_price_is_said(tmp_path: Path) -> None:
    out = run_mills(tmp_path, teacher(name="my-model"))
    usage = json.loads((out / "summary.json").read_text())["usage"]
    change_config(out, model={"model": "my-model", "price": {"prompt": 100, "completion": 200}}, max_usd=50)
    usd = (100 * usage["prompt_tokens"] + 200 * usage["completion_tokens"]) / 1e6
    assert usd > 0.1, "so that the cents tell something"
    assert f"cost      ${usd:,.2f} of $50.00" in text_of(out)
    with Store.open(out) as store:
        for stage in ("transform", "instruct", "refine", "respond", "verify"):
            store.set_note(f"teacher of {stage}", {**store.note(f"teacher of {stage}"), "is_local": False})
    change_config(out, model={"model": "my-model"}, max_usd=None)
    assert "cost      cost unknown for my-model" in text_of(out)


def test_the_rate_and_the_time_left_come_from_what_the_run_notes(done: Path) -> None:
    began = look(done, Pace()).history.began
    assert began is not None
    progress = Progress(finished=110, under_way=7, total=1110, resumed=10, in_flight=8, waiting=3)
    here = {"finished": 100, "accepted": 150, "calls": 1000}
    with Store.open(done) as store:
        before = store.note("progress")
        store.set_note("progress", {**progress.to_dict(), "here": here, "at": began.timestamp() + 100})
        text = text_of(done)
        store.set_note("progress", before)
    assert "7 under way; 60 a minute, about 17 min left" in text
    assert "calls     8 in flight, 3 waiting; 10 a second (noted " in text


def test_the_latest_warnings_of_the_latest_run_are_shown(tmp_path: Path) -> None:
    out = run_mills(tmp_path)
    log = out / LOG_NAME
    first = log.read_text()
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": at, "level": "WARNING", "logger": "orca_agents", "message": ""}
    more = [json.dumps({**line, "message": f"warning {number}"}) for number in range(8)]
    log.write_text(first + "".join(f"{text}\n" for text in more) + '{"time": "cut off', encoding="utf-8")
    lines = text_of(out).splitlines()
    assert [text.split(" ")[-1] for text in lines if text.startswith("warning")] == ["3", "4", "5", "6", "7"]
    log.write_text(log.read_text() + "\n" + first, encoding="utf-8")
    assert "\nwarning" not in text_of(out)


def test_a_long_log_is_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / LOG_NAME
    line = {"time": "2026-01-02T03:04:05.678+00:00", "level": "INFO"}
    messages = [
        "run begins",
        "run ended: all",
        "run begins",
        *(f"limit {n} ä" for n in range(5000)),
        "run ended: capped",
    ]
    log.write_text("".join(json.dumps({**line, "message": text, "why": "no money"}) + "\n" for text in messages))
    history = read_history(log)
    assert (history.why, history.warnings) == ("no money", [])
    assert history.began == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
    assert not history.pilot
    assert read_history(tmp_path / "none") == read_history(tmp_path / "nothing")


def test_after_a_pilot_the_run_is_still_to_come(tmp_path: Path) -> None:
    out = run_mills(tmp_path)
    line = {"time": "2026-01-02T03:04:05.678+00:00", "level": "INFO", "message": f"{PILOT} of 6 chunks"}
    with (out / LOG_NAME).open("a") as log:
        log.write(json.dumps(line) + "\n")
    text = text_of(out)
    assert ": its pilot is done, the run itself is still to come" in text
    assert text.endswith(f"`orca-agents resume {out}` starts the run; what the pilot bought is not bought again")


def test_a_folder_without_a_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreError, match="is not the folder of a run"):
            status_command(folder, watch=False)
    with Store.open(tmp_path / "new"), pytest.raises(StoreError, match="its run has not begun"):
        status_command(tmp_path / "new", watch=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no run under runs/"):
        status_command(None, watch=False)


def test_unless_one_is_named_the_run_that_was_written_to_last_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for age, name in ((0, "older"), (3600, "oldest"), (7200, "eldest")):
        out = run_mills(tmp_path / "runs" / name)
        for path in out.glob("store.sqlite*"):
            os.utime(path, (time.time() - age - 60, time.time() - age - 60))
    status_command(None, watch=False)
    assert capsys.readouterr().out.startswith("runs/older/out: done")
    with Store.open(Path("runs/oldest/out")) as store:
        store.set_note("anything", 1)  # it stands in the log beside the store, whose own time is old
        status_command(None, watch=False)
    assert capsys.readouterr().out.startswith("runs/oldest/out: running")


def test_watching_shows_it_again_until_ctrl_c(done: Path) -> None:
    words = [sys.executable, "-m", "orca_agents", "status", str(done), "--watch"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert first.startswith(f"{done}: done")
    assert process.returncode == 0, err
    assert "Traceback" not in err
