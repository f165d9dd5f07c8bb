"""A run that is killed in the middle, and the same command again: nothing is bought twice, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from orca_agents.worked_example import worked_example
from tests.test_endpoint_run import serve

CONCURRENCY = 4
CALLS = 23
"""What the worked example takes, beside one call to find out what the endpoint can do."""


def start(folder: Path, address: str) -> subprocess.Popen[str]:
    run_file = folder / "run.yaml"
    model = {"model": "stand-in", "base_url": address, "concurrency": CONCURRENCY}
    config = {
        "skill": "reading_comprehension",
        "seeds": [str(folder / "seed.txt")],
        "model": model,
        "leaves": ["strengthen"],
        "choose": 1,
        "goals": 3,
    }
    run_file.write_text(json.dumps(config))  # JSON is YAML
    (folder / "seed.txt").write_text(worked_example().seed)
    command = [sys.executable, "-m", "orca_agents", "run", "-c", str(run_file), "--out", str(folder / "out")]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORCA_", "OPENAI_"))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("after", [3, 12])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    httpserver: HTTPServer, tmp_path: Path, stop: signal.Signals, after: int
) -> None:
    address = serve(httpserver, json_schema=True, latency_s=0.05)
    first = start(tmp_path, address)
    deadline = time.monotonic() + 60
    while len(httpserver.log) < after and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(stop)
    _, said = first.communicate(timeout=60)
    if stop is signal.SIGINT:
        assert first.returncode == 130
        assert "Traceback" not in said
        assert "run the same command again" in said
    bought = len(httpserver.log)
    assert bought < CALLS
    second = start(tmp_path, address)
    printed, said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert "4 accepted" in printed
    assert CALLS + 1 <= len(httpserver.log) <= CALLS + 1 + CONCURRENCY
    ids = [json.loads(line)["id"] for line in (tmp_path / "out" / "examples.jsonl").read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 4
