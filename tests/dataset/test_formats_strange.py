"""Exporting what others wrote or edited: rows of another shape are left out with a reason, never a traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orca_agents.dataset.exporting import Exported, Wanted, export
from orca_agents.dataset.formats import FORMATS
from orca_agents.errors import DatasetError
from tests.dataset.runs import example

CALL = {"id": "c", "type": "function", "function": {"name": "depth", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "depth"}}


def written(tmp_path: Path, format: str, changes: dict[str, Any], **wanted: Any) -> Exported:
    """The export of ten plain examples and one that was changed."""
    rows = [json.loads(example(at).model_dump_json()) for at in range(10)]
    rows.append({**json.loads(example("changed").model_dump_json()), **changes})
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return export(file, tmp_path / "exports" / "out", Wanted(format=format, **wanted))


def chat(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "How deep?"}, *messages]}


STRANGE: dict[str, tuple[dict[str, Any], str]] = {
    "a call of nothing": (
        chat({"role": "assistant", "content": "Deep.", "tool_calls": [{"id": "c"}]}),
        "a tool call without a function",
    ),
    "calls that are null": (chat({"role": "assistant", "content": "Deep.", "tool_calls": None}), "a tool call without"),
    "content in pieces": (chat({"role": "assistant", "content": [{"text": "Deep."}]}), "a message that is no text"),
    "a tool that is a word": ({"tools": ["depth"]}, "one of its tools is no object"),
    "half a letter in its leaf": ({"leaf": "\ud800"}, "half a character"),
    "half a letter in its skill": ({"skill": "\ud800"}, "half a character"),
    "no last word": (chat({"role": "assistant", "content": "Deep."}, {"role": "user", "content": "So?"}), "could be"),
    "nothing but a question": (chat(), "could be learnt"),
}


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "dpo"])
@pytest.mark.parametrize("strange", STRANGE)
def test_a_row_of_another_shape_is_left_out_of_every_format_with_its_reason(
    format: str, strange: str, tmp_path: Path
) -> None:
    changes, reason = STRANGE[strange]
    exported = written(tmp_path, format, changes, with_empty=True)
    assert exported.written == 10
    (told,) = exported.left_out
    assert reason in told


@pytest.mark.parametrize(
    ("skill", "split"),
    [("../../../mine", "_________mine"), ("/mine", "_mine"), ("a/b", "a_b"), ("my-own.skill", "my_own_skill")],
)
def test_a_split_of_the_released_layout_has_a_name_that_datasets_takes_and_is_no_path(
    skill: str, split: str, tmp_path: Path
) -> None:
    exported = written(tmp_path, "agentinstruct", {"skill": skill})
    names = [f"{name}-00000-of-00001.jsonl" for name in sorted(("facts", split))]
    assert sorted(exported.files) == [str(tmp_path / "exports" / "out" / "data" / name) for name in names]
    assert {path.name for path in tmp_path.rglob("*.jsonl")} == {"rows.jsonl", *names}
    assert all(re.fullmatch(r"\w+(\.\w+)*", name.partition("-")[0]) for name in names)


@pytest.mark.parametrize("arguments", ['{"depth": NaN}', '{"depth": 1e999}', '{"depth": -Infinity}'])
@pytest.mark.parametrize("format", ["messages", "prompt-completion", "sharegpt", "kto"])
def test_arguments_that_only_python_reads_are_no_json(format: str, arguments: str, tmp_path: Path) -> None:
    call = {**CALL, "function": {"name": "depth", "arguments": arguments}}
    changes = chat(
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "9 m", "tool_call_id": "c"},
        {"role": "assistant", "content": "Deep."},
    )
    exported = written(tmp_path, format, {**changes, "tools": [TOOL]})
    assert exported.left_out == {"the arguments of a tool call are no JSON object": 1}


def test_votes_of_another_shape_make_no_pair(tmp_path: Path) -> None:
    metadata = json.loads(example("changed").model_dump_json())["metadata"]
    changes: tuple[dict[str, Any], ...] = ({"verification": [1]}, {"seed_ids": []})
    for change in changes:
        with pytest.raises(DatasetError, match="1 because its metadata do not hold its question and votes"):
            written(tmp_path, "dpo", {"metadata": {**metadata, **change}}, with_unverified=True)


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_a_parquet_export_that_is_stopped_says_no_more_than_why(stop: type[BaseException], tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{example(at).model_dump_json()}\n" for at in range(3)), encoding="utf-8")

    def tell(done: int, total: int) -> None:
        if done == 2:
            raise stop

    _stopped(lambda: export(file, tmp_path / "out", Wanted(parquet=True), tell), stop)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def _stopped(do: Callable[[], object], stop: type[BaseException]) -> None:
    """Alone, so that nothing is left of it: what it leaves open complains, and warnings are errors here."""
    with pytest.raises(stop):
        do()
