"""The card of a dataset and its way to the Hub: what they say is what was counted, and nothing leaves by mistake."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from orca_agents.contamination import BenchmarkIndex
from orca_agents.dataset.building import build
from orca_agents.dataset.card import ALL, CARD_NAME, write_card
from orca_agents.dataset.hub import push
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import Folder
from orca_agents.dataset.terms import UNKNOWN, terms_of
from orca_agents.errors import ConfigError, DatasetError
from tests.dataset.runs import example, write_run

PLAIN = BuildOptions(flags="off", holdout=2, validation=0.1)


def dataset(tmp_path: Path, options: BuildOptions = PLAIN, **metadata: Any) -> Path:
    """A dataset of two skills."""
    rows = [
        example(f"{skill}{at}", skill=skill, metadata={"models": {"respond": "gpt-5-mini"}, **metadata})
        for skill in ("facts", "maths")
        for at in range(20)
    ]
    build([write_run(tmp_path / "monday", rows)], tmp_path / "ds", options)
    return tmp_path / "ds"


def parts_of(card: Path) -> tuple[dict[str, Any], str]:
    """Front matter and text."""
    _, front, text = card.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


def test_the_card_has_a_config_for_each_skill_and_one_for_all(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    front, _ = parts_of(write_card(folder))
    configs = {config["config_name"]: config for config in front["configs"]}
    assert list(configs) == [ALL, "facts", "maths"]
    assert configs[ALL]["default"]
    for config in front["configs"]:
        for split in config["data_files"]:
            paths = split["path"] if isinstance(split["path"], list) else [split["path"]]
            assert all((folder / path).is_file() for path in paths)
    listed = {path for config in front["configs"][1:] for split in config["data_files"] for path in [split["path"]]}
    assert listed == {str(path.relative_to(folder)) for path in folder.glob("data/*/*.jsonl")}


def test_the_card_tells_the_counts_of_the_manifest(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    _, text = parts_of(write_card(folder))
    opened = Folder.open(folder)
    for skill in opened.skills:
        cells = " | ".join(str(opened.count(split, skill)) for split in opened.splits)
        assert f"| {skill} | {cells} |" in text
    assert "| monday | 40 | 0 | 0 | 0 | 40 | 40 |" in text
    assert "| monday | 40 | 0 | $0.50 |" in text
    assert "| CC-BY-4.0 | 40 |" in text
    assert "| `gpt-5-mini` | 40 | OpenAI |" in text
    assert "en 40" in text
    for step in opened.manifest["steps"]:
        assert f"| {step['name']} | {step['in']} | {step['out']} |" in text


def test_the_front_matter_names_licence_and_languages_as_the_hub_does(tmp_path: Path) -> None:
    front, text = parts_of(write_card(dataset(tmp_path, BuildOptions(flags="off", licence="odc-by-1.0"))))
    assert front["license"] == "odc-by"
    assert front["language"] == ["en"]
    assert "Built for **odc-by-1.0**" in text
    assert "license_name" not in front


def test_without_a_licence_for_the_whole_none_is_claimed(tmp_path: Path) -> None:
    front, text = parts_of(write_card(dataset(tmp_path)))
    assert (front["license"], front["license_name"]) == ("other", "as-its-sources")
    assert "No licence was chosen for the whole" in text


def test_the_card_warns_of_what_it_should(tmp_path: Path) -> None:
    _, plain = parts_of(write_card(dataset(tmp_path / "plain")))
    assert "Synthetic." in plain
    assert "Not decontaminated." in plain
    assert "demonstration model" not in plain.partition("## What is in it")[0]
    options = BuildOptions(flags="off", with_demo=True, with_unverified=True)
    _, demo = parts_of(write_card(dataset(tmp_path / "demo", options, demo=True)))
    assert "Holds rows of a demonstration model" in demo
    assert "Holds rows that were not verified" in demo


def test_a_name_with_a_bar_or_a_line_end_does_not_break_a_table(tmp_path: Path) -> None:
    folder = dataset(tmp_path, licence="CC|BY\nmine")
    _, text = parts_of(write_card(folder))
    assert "| CC\\|BY mine | 40 |" in text


def test_the_card_says_what_is_for_students_and_which_splits_there_are(tmp_path: Path) -> None:
    _, text = parts_of(write_card(dataset(tmp_path / "all")))
    assert "Train on `messages` and `tools` alone" in text
    assert "`eval` was held out." in text
    assert "No source document is on two sides." in text
    assert "eval_refined" not in text
    rows = BuildOptions(flags="off", holdout=2, validation=0, document="row")
    _, by_row = parts_of(write_card(dataset(tmp_path / "rows", rows)))
    assert "each row of a table or JSONL being one" in by_row
    assert "while one trains" not in by_row
    _, train = parts_of(write_card(dataset(tmp_path / "train", BuildOptions(flags="off", holdout=0, validation=0))))
    assert "held out" not in train
    assert "two sides" not in train


def test_the_card_does_not_claim_that_the_terms_of_models_were_read(tmp_path: Path) -> None:
    _, text = parts_of(write_card(dataset(tmp_path)))
    assert "written down in November 2026 from what was known" in text


def test_the_benchmarks_that_were_looked_for_are_named_with_all_that_is_known(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"question": "How many lanterns hang above the cobbler's door by the granite quarry?"}))
    with BenchmarkIndex.open(tmp_path / "index.sqlite", create=True) as index:
        index.add("mine", file, ["question"])
    _, text = parts_of(write_card(dataset(tmp_path, BuildOptions(flags="off", benchmarks=tmp_path / "index.sqlite"))))
    assert "Not decontaminated." not in text
    cells = next(line for line in text.splitlines() if line.startswith("| mine |")).strip("| ").split(" | ")
    assert cells[1] == "1"
    assert len(cells) == 3
    assert all(cell.strip() for cell in cells)


def test_what_is_no_dataset_has_no_card(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        write_card(write_run(tmp_path / "run", [example("a")]))


@pytest.mark.parametrize(
    ("model", "whose"),
    [
        ("gpt-5-mini", "OpenAI"),
        ("openai/o3", "OpenAI"),
        ("EleutherAI/gpt-neox-20b", UNKNOWN.whose),
        ("EleutherAI/gpt-j-6b", UNKNOWN.whose),
        ("local", "Hugging Face (Apache-2.0)"),
        ("my-server/local", UNKNOWN.whose),
        ("openai/gpt-oss-120b", "OpenAI (Apache-2.0)"),
        ("meta-llama/Llama-3.3-70B-Instruct", "Meta (Llama's community licence)"),
        ("Qwen/Qwen3-32B", "Alibaba (mostly Apache-2.0)"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "Meta (Llama's community licence)"),
        ("google/gemma-3-27b-it", "Google (Gemma's terms)"),
        ("claude-sonnet-5", "Anthropic"),
        ("my-own", UNKNOWN.whose),
        ("proto3", UNKNOWN.whose),
    ],
)
def test_the_terms_of_a_model_are_found_by_its_name(model: str, whose: str) -> None:
    assert terms_of(model).whose == whose


@pytest.mark.parametrize("edit", ["\nOf my grandmother.\n", "\nhalf: [", "\n---\n"])
def test_a_card_that_was_edited_stays_unless_it_is_said_that_it_may_go(edit: str, tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    card = write_card(folder, "Harbour tales")
    assert write_card(folder, "Mill tales") == card  # nobody has touched it
    card.write_text(card.read_text(encoding="utf-8").replace("\n", edit, 2), encoding="utf-8")
    edited = card.read_bytes()
    with pytest.raises(DatasetError, match="it was edited"):
        write_card(folder)
    assert card.read_bytes() == edited
    write_card(folder, "Harbour tales", overwrite=True)
    assert parts_of(card)[0]["pretty_name"] == "Harbour tales"
    card.write_bytes(b"\xff")
    with pytest.raises(DatasetError, match="it was edited"):
        write_card(folder)


@pytest.mark.slow
def test_huggingface_hub_reads_the_front_matter_as_it_was_written(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    card = write_card(folder)
    script = (
        "import json, sys; from huggingface_hub import DatasetCard; data = DatasetCard.load(sys.argv[1]).data;"
        "data.to_yaml(); print(json.dumps(data.to_dict()))"
    )
    done = subprocess.run([sys.executable, "-c", script, card], capture_output=True, text=True, timeout=120, check=True)
    front, _ = parts_of(card)
    assert json.loads(done.stdout) == front


# ------------------------------------------------------------------------------------------------------------ push


class Hub:
    """As much of the Hub as a push of small files needs: it makes repositories and takes commits."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[tuple[str, str, str | None]] = []
        self.made: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.url = server.url_for("").rstrip("/")
        self.is_private = True
        server.expect_request("/api/datasets/me/tiny", method="GET").respond_with_handler(self._tell)
        server.expect_request("/api/repos/create", method="POST").respond_with_handler(self._create)
        server.expect_request("/api/validate-yaml", method="POST").respond_with_json({"errors": [], "warnings": []})
        place = "/api/datasets/me/tiny"
        server.expect_request(f"{place}/preupload/main", method="POST").respond_with_handler(self._sort)
        server.expect_request(f"{place}/commit/main", method="POST").respond_with_handler(self._commit)

    @property
    def environment(self) -> dict[str, str]:
        return {"HF_TOKEN": "hf_mine", "HF_ENDPOINT": self.url}

    def _create(self, request: Request) -> Response:
        self.made = {**request.get_json(), "token": request.headers.get("Authorization")}
        return _json({"url": f"{self.url}/datasets/me/tiny", "name": "me/tiny"})

    def _tell(self, request: Request) -> Response:
        return _json({"_id": "1", "id": "me/tiny", "private": self.is_private, "siblings": []})

    def _sort(self, request: Request) -> Response:
        files = [{**file, "uploadMode": "regular", "shouldIgnore": False} for file in request.get_json()["files"]]
        return _json({"files": [{key: file[key] for key in ("path", "uploadMode", "shouldIgnore")} for file in files]})

    def _commit(self, request: Request) -> Response:
        for line in map(json.loads, request.get_data().splitlines()):
            if line["key"] == "file":
                self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        url = f"{self.url}/datasets/me/tiny/commit/c"
        return _json({"commitUrl": url, "commitOid": "c" * 40, "success": True})


def _json(data: object) -> Response:
    return Response(json.dumps(data), content_type="application/json")


def pushed(folder: Path, repository: str, environment: dict[str, str], home: Path, *more: str) -> tuple[int, str]:
    """A push in a process of its own: exit code and what was said. huggingface_hub takes a second to import, and
    remembers its settings."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom orca_agents.dataset.hub import push\n"
        "from orca_agents.errors import OrcaError\n"
        "try: print(push(Path(sys.argv[1]), sys.argv[2], private='private' in sys.argv))\n"
        "except OrcaError as error: print(f'{type(error).__name__}: {error}'); sys.exit(2)"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), repository, *more],
        env={**kept, "PYTHONPATH": os.pathsep.join(sys.path), "HF_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout or done.stderr


@pytest.mark.slow
def test_a_push_brings_the_data_the_manifest_and_the_card_and_nothing_else(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    folder, hub = dataset(tmp_path), Hub(httpserver)
    (folder / "notes.txt").write_text("not for the world", encoding="utf-8")
    code, told = pushed(folder, "me/tiny", hub.environment, tmp_path / "home", "private")
    assert code == 0, told
    assert told.strip() == f"{hub.url}/datasets/me/tiny"
    assert hub.made["token"] == "Bearer hf_mine"
    assert hub.made["type"] == "dataset"
    assert hub.made.get("visibility") == "private" or hub.made.get("private")
    data = {str(path.relative_to(folder)) for path in folder.glob("data/*/*.jsonl")}
    assert set(hub.files) == {CARD_NAME, "dataset.json", *data}
    assert Counter(hub.files.values()) == Counter((folder / name).read_bytes() for name in hub.files)


@pytest.mark.slow
def test_what_is_to_be_private_is_not_sent_to_a_repository_that_is_public(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    folder, hub = dataset(tmp_path), Hub(httpserver)
    hub.is_private = False
    code, told = pushed(folder, "me/tiny", hub.environment, tmp_path / "home", "private")
    assert code == 2
    assert "DatasetError: me/tiny is there already, and public: nothing was sent" in told
    assert not hub.files
    code, told = pushed(folder, "me/tiny", hub.environment, tmp_path / "home")
    assert code == 0, told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "message"), [(401, "Is $HF_TOKEN the token, and still good?"), (403, "May the token write to me/tiny?")]
)
def test_a_hub_that_refuses_is_told_with_what_to_do(
    status: int, message: str, tmp_path: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/api/repos/create").respond_with_json({"error": "no"}, status=status)
    environment = {"HF_TOKEN": "hf_mine", "HF_ENDPOINT": httpserver.url_for("").rstrip("/")}
    code, told = pushed(dataset(tmp_path), "me/tiny", environment, tmp_path / "home")
    assert code == 2
    assert message in told
    assert "hf_mine" not in told


@pytest.mark.slow
def test_a_hub_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    environment = {"HF_TOKEN": "hf_mine", "HF_ENDPOINT": "http://127.0.0.1:9"}
    code, told = pushed(dataset(tmp_path), "me/tiny", environment, tmp_path / "home")
    assert code == 2
    assert "cannot be reached" in told
    assert "$HF_ENDPOINT" in told
    code, told = pushed(tmp_path / "ds", "me/ti ny", environment, tmp_path / "home")
    assert code == 2
    assert "not a name for a repository" in told


def test_without_a_token_nothing_is_sent(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    (folder / CARD_NAME).unlink()
    with pytest.raises(ConfigError, match=r"\$HF_TOKEN is not set"):
        push(folder, "me/tiny", environment={"HF_TOKEN": " "})
    assert not (tmp_path / "ds" / CARD_NAME).exists()
