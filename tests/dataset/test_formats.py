"""Exporting: each format as its readers want it, every example written or counted, nothing changed on the way."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orca_agents.dataset.building import build
from orca_agents.dataset.exporting import Exported, Wanted, export
from orca_agents.dataset.formats import FORMATS, format_named
from orca_agents.dataset.formats.agentinstruct import RELEASED_SPLITS
from orca_agents.dataset.formats.api import GENERIC_SYSTEM, Style
from orca_agents.dataset.options import BuildOptions
from orca_agents.errors import ConfigError, DatasetError
from orca_agents.library import Library
from orca_agents.outcomes import Example
from orca_agents.records import FunctionCall, Message, MessageToolCall, Verification
from orca_agents.run_folder import write_jsonl
from tests.dataset.played import few_examples, lines
from tests.dataset.runs import example, write_run

CODE = "\tif a:\r\n\t\treturn '\u2028\x00\\n' # déjà 🦀  \r\n\n\n```  "
"""Code with all that a careless writer of files would lose."""


@pytest.fixture(scope="session")
def played_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with real examples of several skills."""
    return write_run(tmp_path_factory.mktemp("runs") / "run", few_examples())


def made_of(tmp_path: Path, *examples: Example, **wanted: Any) -> tuple[Exported, list[dict[str, Any]]]:
    """What an export of these examples is."""
    number = len(list(tmp_path.iterdir()))
    run, out = write_run(tmp_path / f"run{number}", examples), tmp_path / f"out{number}.jsonl"
    exported = export(run, out, Wanted(**wanted))
    return exported, lines(out)


def said(*turns: tuple[str, str]) -> tuple[Message, ...]:
    return tuple(Message(role=role, content=content) for role, content in turns)  # type: ignore[arg-type]


def tool_example(key: object = "tool", *, words: str = "", calls: int = 1) -> Example:
    """An example in which the assistant calls a tool."""
    made = tuple(
        MessageToolCall(
            id=f"call_{at}", function=FunctionCall(name="depth", arguments=f'{{"at":  {at}, "sea": "Nord"}}')
        )
        for at in range(calls)
    )
    tool = {
        "type": "function",
        "function": {
            "name": "depth",
            "description": "How deep it is.",
            "parameters": {"type": "object", "properties": {}},
        },
    }
    return example(
        key,
        skill="tool_use",
        messages=(
            Message(role="user", content="How deep is it?"),
            Message(role="assistant", content=words, tool_calls=made),
            *(Message(role="tool", content=f"{at} m", tool_call_id=f"call_{at}") for at in range(calls)),
            Message(role="assistant", content="Deep."),
        ),
        tools=(tool,),
        metadata={"form": "calls"},
    )


# ------------------------------------------------------------------------------------------------- every format


def written_by(format: str, parquet: bool, run: Path, out: Path, **style: Any) -> tuple[Exported, list[dict[str, Any]]]:
    """An export, and its rows as they stand in the file."""
    chosen = FORMATS[format]
    wanted = Wanted(format=format, parquet=parquet, style=Style(metadata=chosen.metadata[0], **style))
    exported = export(run, out, wanted)
    rows: list[dict[str, Any]] = []
    for file in exported.files:
        rows += table(Path(file)) if parquet else lines(Path(file))
    return exported, rows


def table(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file without what is null, and JSON read."""
    found: list[dict[str, Any]] = []
    for row in importlib.import_module("pyarrow.parquet").read_table(path).to_pylist():
        for name in ("messages", "prompt", "completion", "chosen", "rejected"):
            if isinstance(row.get(name), list):
                row[name] = [json.loads(one) if isinstance(one, str) else one for one in row[name]]
        found.append({name: value for name, value in row.items() if value is not None})
    return found


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "dpo"])  # nobody dissents in these examples
def test_every_example_is_written_or_counted_with_its_reason(name: str, played_run: Path, tmp_path: Path) -> None:
    exported, rows = written_by(name, False, played_run, tmp_path / "out")
    assert exported.examples == len(few_examples())
    assert exported.written + exported.left_out.total() == exported.examples
    assert exported.counts.total() == len(rows) == sum(exported.files.values())
    assert exported.written == len({row["id"] for row in rows}) if "id" in rows[0] else True
    assert name in ("sharegpt", "alpaca", "prompt-completion-plain") or not exported.left_out


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("dpo", "openai")])
def test_a_parquet_file_holds_what_the_jsonl_file_holds(name: str, played_run: Path, tmp_path: Path) -> None:
    _, plain = written_by(name, False, played_run, tmp_path / "plain")
    _, columns = written_by(name, True, played_run, tmp_path / "columns")
    assert columns == plain


def test_messages_are_those_of_the_example_and_in_its_order(played_run: Path, tmp_path: Path) -> None:
    _, rows = written_by("messages", False, played_run, tmp_path / "out.jsonl", arguments="text")
    known = {one.id: json.loads(one.model_dump_json()) for one in few_examples()}
    for row in rows:
        assert row["messages"] == known[row["id"]]["messages"]
        assert json.loads(row.get("tools", "[]")) == known[row["id"]].get("tools", [])
    with_tools = [bool(row.get("tools")) for row in rows]
    assert True in with_tools
    assert False in with_tools


def test_rows_are_sorted_by_id_with_those_that_have_tools_first(played_run: Path, tmp_path: Path) -> None:
    _, rows = written_by("messages", False, played_run, tmp_path / "out.jsonl")
    calls = [any("tool_calls" in message for message in row["messages"]) for row in rows]
    places = [(not has, "tools" not in row, row["id"]) for has, row in zip(calls, rows, strict=True)]
    assert places == sorted(places)


def test_the_same_export_is_the_same_file_in_every_byte(played_run: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        export(played_run, tmp_path / name, Wanted(style=Style(metadata="full")))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_row_can_go_with_no_metadata_with_ids_and_with_all_of_them(tmp_path: Path) -> None:
    row = json.loads(example("a").model_dump_json())
    # a name of a file that is no UTF-8 stands in the metadata of real runs as a JSON escape
    row["metadata"]["seed_metadata"] = {"n": None, "deep": [{"x": 1}, "\udc80"]}
    path = tmp_path / "examples.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    made: dict[str, dict[str, Any]] = {}
    styles = {"none": Style(metadata="none"), "ids": Style(metadata="ids"), "full": Style(metadata="full")}
    for name, style in styles.items():
        export(path, tmp_path / name, Wanted(style=style))
        (made[name],) = lines(tmp_path / name)
    assert list(made["none"]) == ["messages"]
    assert list(made["ids"]) == ["id", "skill", "leaf", "messages"]
    assert json.loads(made["full"]["metadata"]) == row["metadata"]


# ------------------------------------------------------------------------------------------------------- texts


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@settings(max_examples=40, deadline=None)
@given(question=TEXTS, answer=TEXTS)
def test_no_text_is_changed_by_any_format(question: str, answer: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("texts")
    write_jsonl(folder / "in.jsonl", [example("a", messages=said(("user", question), ("assistant", answer)))])
    for name, read in READERS.items():
        for parquet in (False, True):
            _, (row,) = written_by(name, parquet, folder / "in.jsonl", folder / f"{name}{parquet}")
            assert tuple(read(row)) == (question, answer), (name, parquet)


def _of_json_text(row: dict[str, Any]) -> Iterator[str]:
    yield from (message["content"] for message in json.loads(row["messages"])[1:])


READERS: dict[str, Any] = {
    "messages": lambda row: (message["content"] for message in row["messages"]),
    "prompt-completion": lambda row: (message["content"] for message in (*row["prompt"], *row["completion"])),
    "prompt-completion-plain": lambda row: (row["prompt"], row["completion"]),
    "sharegpt": lambda row: (turn["value"] for turn in row["conversations"]),
    "alpaca": lambda row: (row["instruction"], row["output"]),
    "kto": lambda row: (message["content"] for message in (*row["prompt"], *row["completion"])),
    "agentinstruct": _of_json_text,
}


@pytest.mark.parametrize("name", READERS)
def test_code_comes_through_byte_for_byte(name: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example("a", messages=said(("user", CODE), ("assistant", CODE)))])
    for parquet in (False, True):
        _, (row,) = written_by(name, parquet, run, tmp_path / f"out{parquet}")
        assert [text.encode() for text in READERS[name](row)] == [CODE.encode()] * 2


def test_letters_of_all_scripts_stand_in_the_file_as_they_are(tmp_path: Path) -> None:
    text = "Größe, 大きさ, גודל, 🦀"
    _, _ = made_of(tmp_path, example("a", messages=said(("user", text), ("assistant", "ja"))))
    assert text.encode() in (tmp_path / "out0.jsonl").read_bytes()


def test_half_a_character_keeps_an_example_out_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    whole, half = (json.loads(example(key).model_dump_json()) for key in ("whole", "half"))
    half["messages"][1]["content"] = "a \ud83d b"
    escaped = json.loads(example("escaped").model_dump_json())
    escaped["messages"][1]["content"] = "\\ud83d is an escape, and 🦀 is whole"
    path.write_text("".join(json.dumps(row) + "\n" for row in (whole, half, escaped)), encoding="utf-8")
    exported = export(path, tmp_path / "out.jsonl", Wanted())
    assert {row["id"] for row in lines(tmp_path / "out.jsonl")} == {whole["id"], escaped["id"]}
    assert [(number, "surrogate" in reason) for reason, number in exported.left_out.items()] == [(1, True)]


# ------------------------------------------------------------------------------------------- what leaves, and what not


@pytest.mark.parametrize(
    ("changes", "flag", "reason"),
    [
        ({"metadata": {"demo": True}}, "with_demo", "demonstration"),
        (
            {"metadata": {"verification": Verification(method="", verdict="rejected")}},
            "with_unverified",
            "not verified",
        ),
        ({"messages": said(("user", "Why?"), ("assistant", " \n"))}, "with_empty", "empty"),
    ],
)
def test_what_is_no_training_data_leaves_only_when_a_flag_says_so(
    changes: dict[str, Any], flag: str, reason: str, tmp_path: Path
) -> None:
    good, bad = example("good"), example("bad", **changes)
    exported, rows = made_of(tmp_path, good, bad)
    assert [row["id"] for row in rows] == [good.id]
    assert exported.examples == 2
    ((told, number),) = exported.left_out.items()
    assert reason in told
    assert number == 1
    allowed, rows = made_of(tmp_path, good, bad, **{flag: True})
    assert {row["id"] for row in rows} == {good.id, bad.id}
    assert not allowed.left_out


def test_null_in_a_message_leaves_only_when_a_flag_says_so(tmp_path: Path) -> None:
    row = json.loads(example("a").model_dump_json())
    row["messages"][1]["content"] = None
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="a message is null"):
        export(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Wanted())
    export(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Wanted(with_empty=True))
    assert lines(tmp_path / "out.jsonl")[0]["messages"][1]["content"] is None


def test_a_run_with_other_examples_than_it_counted_is_not_exported(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example("a"), example("b")])
    file = run / "examples.jsonl"
    file.write_bytes(file.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(DatasetError, match="has 1 examples, and counts 2"):
        export(run, tmp_path / "out.jsonl", Wanted())
    assert not (tmp_path / "out.jsonl").exists()


def test_a_dataset_is_exported_split_by_split_and_skill_by_skill(tmp_path: Path) -> None:
    examples = [example(f"{skill}{at}", skill=skill) for skill in ("facts", "maths") for at in range(20)]
    build([write_run(tmp_path / "run", examples)], tmp_path / "ds", BuildOptions(flags="off", holdout=2, validation=0))
    split: dict[str, set[str]] = {}
    for name in ("train", "eval"):
        exported = export(tmp_path / "ds", tmp_path / f"{name}.jsonl", Wanted(split=name))
        rows = lines(tmp_path / f"{name}.jsonl")
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        assert exported.examples == exported.written == len(rows)
        split[name] = {row["id"] for row in rows}
    assert split["train"] | split["eval"] == {one.id for one in examples}
    assert not split["train"] & split["eval"]
    export(tmp_path / "ds", tmp_path / "maths.jsonl", Wanted(skill="maths"))
    assert {row["skill"] for row in lines(tmp_path / "maths.jsonl")} == {"maths"}
    with pytest.raises(DatasetError, match="did you mean 'maths'"):
        export(tmp_path / "ds", tmp_path / "out.jsonl", Wanted(skill="math"))
    with pytest.raises(DatasetError, match="no rows in validation; there are some in train, eval"):
        export(tmp_path / "ds", tmp_path / "out.jsonl", Wanted(split="validation"))


# --------------------------------------------------------------------------------------------------- the place


def test_nothing_is_left_of_an_export_that_fails_and_what_was_there_stays(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example("a")]), tmp_path / "out.jsonl"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match="no solver answered otherwise"):
        export(run, out, Wanted(format="dpo", overwrite=True))
    assert out.read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "run"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DatasetError, match="cannot be written: File exists"):
        export(write_run(tmp_path / "run", [example("a")]), tmp_path / "file" / "out.jsonl", Wanted())


def test_a_file_is_not_written_over_unless_that_is_said(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example("a")]), tmp_path / "out.jsonl"
    export(run, out, Wanted())
    with pytest.raises(DatasetError, match="--overwrite"):
        export(run, out, Wanted())
    export(run, out, Wanted(overwrite=True))


@pytest.mark.parametrize("place", ["run/examples.jsonl", "run", "."])
def test_an_export_cannot_go_where_its_examples_come_from(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "run", [example("a")])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="give another place"):
        export(Path("run"), Path(place), Wanted(overwrite=True))


def test_a_folder_that_holds_anything_else_is_never_written_over(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example("a")]), tmp_path / "out"
    wanted = Wanted(format="agentinstruct", style=Style(metadata="none"), overwrite=True)
    export(run, out, wanted)
    export(run, out, wanted)
    (out / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match="holds more than an export"):
        export(run, out, wanted)
    assert (out / "thesis.txt").is_file()


# ------------------------------------------------------------------------------------------------- the choices


def system_of(tmp_path: Path, one: Example, **style: Any) -> str | None:
    _, (row,) = made_of(tmp_path, one, style=Style(**style))
    first = row["messages"][0]
    return first["content"] if first["role"] == "system" else None


def test_the_teachers_instructions_are_erased_kept_or_made_general(tmp_path: Path) -> None:
    one = example("a", metadata={"teacher_system": "Work backwards."})
    assert system_of(tmp_path, one) is None
    assert system_of(tmp_path, one, system="keep") == "Work backwards."
    assert system_of(tmp_path, one, system="generic") == GENERIC_SYSTEM
    assert system_of(tmp_path, one, system="generic", system_text="Be brief.") == "Be brief."


def test_a_system_message_that_is_part_of_the_task_is_never_erased(tmp_path: Path) -> None:
    messages = said(("system", "You sell hats."), ("user", "Hello"), ("assistant", "A hat?"))
    one = example("a", messages=messages, metadata={"teacher_system": "Stay in your role."})
    assert system_of(tmp_path, one) == "You sell hats."
    assert system_of(tmp_path, one, system="keep") == "Stay in your role.\n\nYou sell hats."


@pytest.mark.parametrize(
    ("format", "choice", "message"),
    [
        ("messages", {"every_turn": True}, "--every-turn means nothing to the format messages"),
        ("sharegpt", {"arguments": "text"}, "--arguments means nothing"),
        ("dpo", {"history": True}, "--history means nothing"),
        ("kto", {"bare_calls": True}, "--bare-calls means nothing"),
        ("openai", {"metadata": "ids"}, "no columns beside its own"),
        ("messages", {"system_text": "Be brief."}, "--system-text is for --system generic"),
    ],
)
def test_a_choice_that_a_format_does_not_know_is_refused(
    format: str, choice: dict[str, Any], message: str, tmp_path: Path
) -> None:
    style = Style(**{"metadata": FORMATS[format].metadata[0], **choice})
    with pytest.raises(ConfigError, match=message):
        export(tmp_path, tmp_path / "out.jsonl", Wanted(format=format, style=style))


def test_openai_takes_no_parquet_and_runs_have_no_splits(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--parquet means nothing"):
        export(tmp_path, tmp_path / "o", Wanted(format="openai", parquet=True, style=Style(metadata="none")))
    run = write_run(tmp_path / "run", [example("a")])
    with pytest.raises(ConfigError, match="only these have splits"):
        export(run, tmp_path / "o", Wanted(split="eval"))
    with pytest.raises(ConfigError, match="did you mean 'eval'"):
        export(run, tmp_path / "o", Wanted(split="evil"))


def test_an_unknown_format_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="did you mean 'sharegpt'") as error:
        format_named("sharegtp")
    assert all(f"{name}: {format.about}" in str(error.value) for name, format in FORMATS.items())


# ------------------------------------------------------------------------------------------------- one by one


def test_arguments_are_objects_for_templates_or_text_for_endpoints(tmp_path: Path) -> None:
    one = tool_example()
    for arguments, wanted in (("object", {"at": 0, "sea": "Nord"}), ("text", '{"at":  0, "sea": "Nord"}')):
        _, (row,) = made_of(tmp_path, one, style=Style(arguments=arguments))  # type: ignore[arg-type]
        assert row["messages"][1]["tool_calls"][0]["function"]["arguments"] == wanted
        assert json.loads(row["tools"]) == list(one.tools)


def test_prompt_and_completion_part_at_the_last_turn_or_at_each(tmp_path: Path) -> None:
    one = tool_example()
    _, (row,) = made_of(tmp_path, one, format="prompt-completion")
    assert [m["role"] for m in row["prompt"]] == ["user", "assistant", "tool"]
    assert row["completion"] == [{"role": "assistant", "content": "Deep."}]
    exported, rows = made_of(tmp_path, one, format="prompt-completion", style=Style(every_turn=True))
    assert [(len(row["prompt"]), "tool_calls" in row["completion"][0]) for row in rows] == [(1, True), (3, False)]
    assert exported.written == 1
    assert exported.counts == {"rows": 2}


def test_plain_texts_have_no_place_for_turns_and_tools(tmp_path: Path) -> None:
    talk = example("talk", messages=said(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d")))
    for format in ("prompt-completion-plain", "alpaca"):
        exported, rows = made_of(tmp_path, example("one"), talk, tool_example(), format=format)
        assert len(rows) == 1
        assert sorted(exported.left_out) == [
            "it has several turns, which have no place in this format",
            "it has tools, which have no place in this format",
        ]


def test_a_system_message_stands_above_a_plain_prompt(tmp_path: Path) -> None:
    one = example("a", messages=said(("user", "Why?"), ("assistant", "So.")))
    _, (row,) = made_of(
        tmp_path, one, format="prompt-completion-plain", style=Style(system="generic", system_text="Be brief.")
    )
    assert row["prompt"] == "Be brief.\n\nWhy?"


def test_alpaca_puts_earlier_turns_into_history_where_that_is_asked_for(tmp_path: Path) -> None:
    talk = example(
        "talk", messages=said(("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    )
    _, rows = made_of(tmp_path, example("one"), talk, format="alpaca", style=Style(history=True, metadata="none"))
    assert rows[0] == {"instruction": "c", "input": "", "output": "d", "system": "S", "history": [["a", "b"]]}
    assert list(rows[1]) == ["instruction", "input", "output"]


def test_sharegpt_has_calls_and_results_as_llama_factory_reads_them(tmp_path: Path) -> None:
    one = tool_example(calls=2)
    _, (row,) = made_of(tmp_path, one, format="sharegpt", style=Style(metadata="none"))
    calls = [{"name": "depth", "arguments": {"at": at, "sea": "Nord"}} for at in range(2)]
    assert [turn["from"] for turn in row["conversations"]] == ["human", "function_call", "observation", "gpt"]
    assert json.loads(row["conversations"][1]["value"]) == calls
    assert row["conversations"][2]["value"] == "0 m\n</tool_response>\n<tool_response>\n1 m"
    assert json.loads(row["tools"]) == [one.tools[0]["function"]]
    _, (row,) = made_of(tmp_path, tool_example(), format="sharegpt")
    assert json.loads(row["conversations"][1]["value"]) == calls[0]


def test_sharegpt_has_no_place_for_words_beside_a_call(tmp_path: Path) -> None:
    exported, rows = made_of(tmp_path, example("a"), tool_example(words="Let me look."), format="sharegpt")
    assert len(rows) == 1
    assert "--bare-calls" in next(iter(exported.left_out))
    _, rows = made_of(tmp_path, tool_example(words="Let me look."), format="sharegpt", style=Style(bare_calls=True))
    assert "Let me look" not in json.dumps(rows)


def test_sharegpt_leaves_out_turns_that_do_not_alternate(tmp_path: Path) -> None:
    twice = example("twice", messages=said(("user", "a"), ("user", "b"), ("assistant", "c")))
    exported, rows = made_of(tmp_path, example("a"), twice, format="sharegpt")
    assert len(rows) == 1
    assert "alternate" in next(iter(exported.left_out))


def test_agentinstruct_is_the_released_layout(played_run: Path, tmp_path: Path) -> None:
    exported, _ = written_by("agentinstruct", False, played_run, tmp_path / "out")
    files = {Path(file).name.partition("-")[0]: Path(file) for file in exported.files}
    assert set(files) == {"tool_use", "mcq", "follow_up", "fs_cot_flow", "text_classification", "webagent_flow"}
    for file in files.values():
        for row in lines(file):
            assert list(row) == ["messages"]
            messages = json.loads(row["messages"])
            assert messages[0]["role"] == "system"
            assert all(message["role"] != "system" for message in messages[1:])
    with_tools = [json.loads(row["messages"]) for row in lines(files["tool_use"])]
    first = next(one for one in few_examples() if one.tools)
    assert any(json.dumps(first.tools[0], ensure_ascii=False) in messages[0]["content"] for messages in with_tools)


@pytest.mark.parametrize("parquet", [False, True])
def test_agentinstruct_has_the_columns_of_metadata_that_are_asked_for(parquet: bool, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example("one")])
    wanted = Wanted(format="agentinstruct", style=Style(metadata="ids"), parquet=parquet)
    (file,) = export(run, tmp_path / "out", wanted).files
    (row,) = (
        lines(Path(file)) if not parquet else importlib.import_module("pyarrow.parquet").read_table(file).to_pylist()
    )
    assert {name: row[name] for name in row if name != "messages"} == {
        "id": example("one").id,
        "skill": "facts",
        "leaf": "cause",
    }


def test_every_shipped_skill_has_a_split_in_the_released_layout() -> None:
    assert set(RELEASED_SPLITS) == set(Library().names("skill"))
    assert len(set(RELEASED_SPLITS.values())) == len(RELEASED_SPLITS)


def test_openai_has_lists_of_tools_and_nothing_else(tmp_path: Path) -> None:
    few = [example(at) for at in range(9)]
    exported, rows = made_of(tmp_path, *few, tool_example(), format="openai", style=Style(metadata="none"))
    assert exported.written == 10
    assert rows[0]["tools"] == list(tool_example().tools)
    assert rows[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"at":  0, "sea": "Nord"}'
    assert all(list(row) == ["messages"] for row in rows[1:])


def test_turns_that_are_part_of_a_question_are_not_learnt_by_openai(tmp_path: Path) -> None:
    turns = said(("user", "1?"), ("assistant", "odd"), ("user", "2?"), ("assistant", "even"))
    shots = example("shots", messages=turns)
    talk = example("talk", messages=turns, metadata={"form": "talk"})
    _, rows = made_of(tmp_path, shots, talk, *map(example, range(8)), format="openai", style=Style(metadata="none"))
    weights = [[m.get("weight") for m in row["messages"]] for row in rows if len(row["messages"]) == 4]
    assert sorted(weights, key=str) == sorted([[None, 0, None, None], [None] * 4], key=str)


def test_every_turn_gives_no_row_for_a_turn_that_is_part_of_the_question(tmp_path: Path) -> None:
    turns = said(("user", "1?"), ("assistant", "odd"), ("user", "2?"), ("assistant", "even"))
    shots = example("shots", messages=turns)
    talk = example("talk", messages=turns, metadata={"form": "talk"})
    _, rows = made_of(tmp_path, shots, talk, format="prompt-completion", style=Style(every_turn=True))
    ends = {one.id: [row["completion"][0]["content"] for row in rows if row["id"] == one.id] for one in (shots, talk)}
    assert ends == {shots.id: ["even"], talk.id: ["odd", "even"]}


def test_an_example_that_gives_no_row_is_counted(tmp_path: Path) -> None:
    unanswered = example("unanswered", messages=said(("user", "1?"), ("assistant", "odd"), ("user", "2?")))
    wanted = {"format": "prompt-completion", "with_empty": True}
    exported, rows = made_of(tmp_path, unanswered, example("other"), **wanted)
    assert [row["id"] for row in rows] == [example("other").id]
    assert exported.left_out == {"the assistant says nothing in it that could be learnt": 1}


def test_openai_takes_no_file_of_fewer_than_ten_examples(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="fewer than 10 examples, and there are 9"):
        made_of(tmp_path, *map(example, range(9)), format="openai", style=Style(metadata="none"))
    assert not list(tmp_path.glob("out*"))
