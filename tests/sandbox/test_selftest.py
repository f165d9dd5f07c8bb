"""A back end is used only after its self-test has shown that it holds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from orca_agents.errors import SandboxError
from orca_agents.sandbox import PYTHON, Program, choose_sandbox, examine
from orca_agents.sandbox.choosing import ORDER
from orca_agents.sandbox.leftovers import new_folder, remove_leftovers
from orca_agents.sandbox.selftest import self_test
from orca_agents.sandbox.unsafe import UnsafeSandbox
from tests.sandbox.host import Host
from tests.sandbox.programs import HOSTILE, ORDINARY, Hostile, Ordinary, attack

MILD = [hostile for hostile in HOSTILE if hostile.is_mild]
HARMLESS_ANYHOW = {"signal its own process group"}
"""What a plain subprocess holds too: it has a process group of its own."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def _works() -> None:
    if why_not := asyncio.run(examine("bubblewrap")).why_not:
        pytest.skip(why_not)


async def test_a_plain_subprocess_fails_the_self_test() -> None:
    found = {canary.name: canary for canary in await self_test(UnsafeSandbox())}
    assert found["an ordinary program"].ok
    for name in ("network", "writing outside", "reading a secret", "the parent's environment"):
        assert not found[name].ok, found[name]
    assert "TCP" in found["network"].happened
    assert "it wrote" in found["writing outside"].happened


async def test_the_self_test_leaves_nothing_behind() -> None:
    def left() -> set[str]:
        folders = (Path.home(), Path.cwd(), Path("/tmp"), Path("/var/tmp"))
        return {str(path) for folder in folders for path in folder.glob(".orca-agents-*")}

    before, descriptors, variables = left(), _descriptors(), dict(os.environ)
    await self_test(UnsafeSandbox())
    assert left() <= before
    assert _descriptors() == descriptors
    assert dict(os.environ) == variables


async def test_a_sandbox_that_runs_nothing_fails_every_canary() -> None:
    canaries = await self_test(UnsafeSandbox(python=Path("/bin/false")))
    assert [canary.name for canary in canaries if canary.ok] == []


@pytest.mark.parametrize("hostile", MILD, ids=lambda hostile: hostile.name)
async def test_the_hostile_programs_do_get_through_a_plain_subprocess(host: Host, hostile: Hostile) -> None:
    got_through = await attack(UnsafeSandbox(), hostile, host)
    host.reset()
    assert (got_through is None) == (hostile.name in HARMLESS_ANYHOW), got_through


@pytest.mark.parametrize("ordinary", ORDINARY, ids=lambda ordinary: ordinary.name)
async def test_an_ordinary_program_works_as_a_plain_subprocess(ordinary: Ordinary) -> None:
    if ordinary.needs:
        pytest.importorskip(ordinary.needs)
    assert ordinary.wrong_with(await UnsafeSandbox().run(ordinary.program)) is None


async def test_a_plain_subprocess_is_bounded_and_leaves_no_process_and_no_folder(host: Host) -> None:
    host.reset()
    sandbox = UnsafeSandbox()
    for name in ("a daemon that keeps the output open", "sleep past the wall limit", "flood stdout"):
        hostile = next(hostile for hostile in HOSTILE if hostile.name == name)
        outcome = await sandbox.run(hostile.source(host))
        assert host.leftovers() == []
        assert outcome.duration_s < 10
    outcome = await sandbox.run(Program((PYTHON, "-c", "import os; print(os.getcwd())")))
    assert not _exists(outcome.stdout)
    process = await sandbox.start(Program((PYTHON, "-uc", "import os, time; print(os.getcwd()); time.sleep(60)")))
    folder = (await process.read_line()).decode()
    assert _exists(folder)
    await process.kill()
    assert not _exists(folder)


@pytest.mark.usefixtures("_works")
async def test_a_self_test_that_was_passed_is_remembered(cache: Path) -> None:
    first = await choose_sandbox("bubblewrap")
    await first.close()
    passed = json.loads((cache / "orca-agents" / "sandboxes.json").read_text())
    assert len(passed) == 1
    second = await choose_sandbox("bubblewrap")
    assert (await second.run(Program((PYTHON, "-c", "print(1)")))).stdout == "1\n"
    await second.close()
    assert json.loads((cache / "orca-agents" / "sandboxes.json").read_text()) == passed
    other = await choose_sandbox("bubblewrap", python=Path("/usr/bin/python3"))
    await other.close()
    assert len(json.loads((cache / "orca-agents" / "sandboxes.json").read_text())) == 2


@pytest.mark.usefixtures("_works")
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b'{"a": "b"}', b"null", b"[" * 100_000])
async def test_a_broken_cache_file_is_no_error(cache: Path, content: bytes) -> None:
    (cache / "orca-agents").mkdir(parents=True)
    (cache / "orca-agents" / "sandboxes.json").write_bytes(content)
    sandbox = await choose_sandbox("bubblewrap")
    await sandbox.close()
    assert len(json.loads((cache / "orca-agents" / "sandboxes.json").read_text())) == 1


@pytest.mark.usefixtures("_works")
async def test_a_cache_that_others_can_write_is_not_believed(cache: Path) -> None:
    await (await choose_sandbox("bubblewrap")).close()
    path = cache / "orca-agents" / "sandboxes.json"
    long_ago = {key: at - 1000 for key, at in json.loads(path.read_text()).items()}
    for mode, is_believed in ((0o600, True), (0o666, False)):
        path.write_text(json.dumps(long_ago))
        path.chmod(mode)
        await (await choose_sandbox("bubblewrap")).close()
        assert (json.loads(path.read_text()) == long_ago) == is_believed


@pytest.mark.usefixtures("_works")
async def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    sandbox = await choose_sandbox("bubblewrap")
    await sandbox.close()


async def test_without_any_back_end_code_is_refused_with_the_ways_to_mend_it(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError) as caught:
        await choose_sandbox("bubblewrap")
    assert "bwrap is not installed: apt install bubblewrap" in str(caught.value)
    assert "--unsafe-exec" in str(caught.value)
    assert not _exists(str(cache))


async def test_a_plain_subprocess_whose_task_is_cancelled_again_and_again_leaves_nothing(host: Host) -> None:
    host.reset()
    descriptors = _descriptors()
    sandbox = UnsafeSandbox()
    for pause_s in (0.0, 0.0, 0.001, 0.002, 0.005):
        task = asyncio.ensure_future(sandbox.run(Program((PYTHON, "-c", "import time; time.sleep(60)", host.mark))))
        for _ in range(3):
            await asyncio.sleep(pause_s)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.1)
    assert host.leftovers() == []
    assert _descriptors() == descriptors


async def test_a_plain_subprocess_is_taken_only_if_asked_for(cache: Path) -> None:
    sandbox = await choose_sandbox("unsafe")
    assert sandbox.name == "unsafe"
    await sandbox.close()
    try:
        chosen = await choose_sandbox("auto")
    except SandboxError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert chosen.name != "unsafe"
        await chosen.close()
    assert not refusal or [name for name in ORDER if f"- {name}" not in refusal] == []


async def test_examining_says_what_each_canary_saw() -> None:
    examined = await examine("unsafe")
    assert not examined.ok
    assert len(examined.canaries) == 8
    assert "network: it reached the host over TCP" in examined.why_not
    assert 0 < examined.seconds < 30


def _exists(path: str) -> bool:
    return Path(path.strip()).exists()


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_folders_of_processes_that_are_gone_are_removed_and_no_others(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / f"box-{gone.pid}-abc"
    (left / "work").mkdir(parents=True)
    mine = new_folder("box", tmp_path)
    outside = tmp_path / "outside"
    (outside / "precious").mkdir(parents=True)
    (tmp_path / f"box-{gone.pid}-link").symlink_to(outside)
    other = tmp_path / "box-notes-of-mine"
    other.mkdir()
    remove_leftovers("box", tmp_path)
    assert not left.exists()
    assert mine.is_dir()
    assert other.is_dir()
    assert (outside / "precious").is_dir()
