"""The log in the run folder: what stands in it, and whose it is."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orca_agents.errors import StoreError
from orca_agents.run_log import FILE_NAME, log_into

LOG = logging.getLogger("orca_agents.models.limits")


@pytest.fixture(autouse=True)
def _as_nobody_set_it_up() -> Iterator[None]:
    ours = logging.getLogger("orca_agents")
    ours.setLevel(logging.NOTSET)
    yield
    ours.setLevel(logging.NOTSET)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()]


def messages(folder: Path) -> list[str]:
    return [row["message"] for row in rows(folder)]


def test_each_line_says_when_who_what_and_what_was_given_along(tmp_path: Path) -> None:
    with log_into(tmp_path):
        LOG.info("the limit is %d", 12, extra={"model": "m", "at_once": 12})
        LOG.debug("too fine")
    [row] = rows(tmp_path)
    assert datetime.fromisoformat(row.pop("time")).utcoffset() == timedelta(0)
    assert row == {
        "level": "INFO",
        "logger": "orca_agents.models.limits",
        "message": "the limit is 12",
        "model": "m",
        "at_once": 12,
    }


def test_what_is_no_json_and_no_ascii_is_written_too(tmp_path: Path) -> None:
    with log_into(tmp_path):
        LOG.warning("Straße %s", "\ud800", extra={"place": tmp_path})
        try:
            raise ValueError("no number\nat all")
        except ValueError:
            LOG.exception("it went wrong")
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert "Straße" in text
    first, second = rows(tmp_path)
    assert first["place"] == str(tmp_path)
    assert "ValueError: no number" in second["traceback"]


def test_a_later_run_writes_below_the_earlier_one(tmp_path: Path) -> None:
    for number in (1, 2):
        with log_into(tmp_path):
            LOG.info("run %d", number)
    LOG.warning("after all")
    assert messages(tmp_path) == ["run 1", "run 2"]


async def test_two_runs_in_one_process_have_a_log_each(tmp_path: Path) -> None:
    async def run(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        with log_into(folder):
            for step in range(3):
                LOG.info("%s %d", name, step)
                await asyncio.sleep(0)

    await asyncio.gather(run("a"), run("b"))
    for name in ("a", "b"):
        assert messages(tmp_path / name) == [f"{name} {step}" for step in range(3)]


async def test_a_run_that_ends_takes_nothing_from_one_that_goes_on(tmp_path: Path) -> None:
    first_ended, second_began = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        with log_into(tmp_path / "a"):
            await second_began.wait()
        first_ended.set()

    async def second() -> None:
        with log_into(tmp_path / "b"):
            second_began.set()
            await first_ended.wait()
            LOG.info("still there")

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    await asyncio.gather(first(), second())
    assert messages(tmp_path / "b") == ["still there"]
    assert logging.getLogger("orca_agents").level == logging.NOTSET


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    ours = logging.getLogger("orca_agents")
    before = (ours.level, list(ours.handlers))
    with pytest.raises(RuntimeError), log_into(tmp_path):
        raise RuntimeError("the run ends badly")
    assert (ours.level, ours.handlers) == before


def test_without_a_folder_nothing_is_logged(tmp_path: Path) -> None:
    ours = logging.getLogger("orca_agents")
    before = list(ours.handlers)
    with log_into(None):
        assert ours.handlers == before
    assert not list(tmp_path.iterdir())


def test_a_log_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"missing/{FILE_NAME} cannot be written"), log_into(tmp_path / "missing"):
        pass


def test_warnings_are_seen_where_nobody_set_up_logging_and_notes_are_not(tmp_path: Path) -> None:
    program = (
        "import logging, pathlib\n"
        "from orca_agents.run_log import log_into\n"
        "with log_into(pathlib.Path('.')):\n"
        "    logging.getLogger('orca_agents').warning('look at this')\n"
        "    logging.getLogger('orca_agents').info('a note')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == "look at this\n"
    assert messages(tmp_path) == ["look at this", "a note"]


def test_a_log_on_a_full_disk_ends_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    (tmp_path / FILE_NAME).symlink_to(full)
    with log_into(tmp_path):
        LOG.warning("one")
        LOG.warning("two")
    assert "Traceback" not in capsys.readouterr().err
