"""Building datasets of runs: merging, what is dropped and why, and that nothing is lost or half written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orca_agents import run_skill
from orca_agents.dataset.building import Built, build
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import Folder, open_rows, read_rows
from orca_agents.errors import ConfigError, DatasetError
from orca_agents.outcomes import Example
from orca_agents.records import FunctionCall, Message, MessageToolCall, Verification
from orca_agents.store import Store
from orca_agents.worked_example import SETTINGS, worked_example
from tests.dataset.runs import choice, dropped_of, example, rows_of, write_run, write_summary

PLAIN = BuildOptions(flags="off", holdout=0, validation=0)
"""No flags and no held-out rows: what is left is in train."""


def built(tmp_path: Path, examples: list[Example], options: BuildOptions = PLAIN) -> tuple[Path, Built]:
    run, out = tmp_path / "run", tmp_path / "dataset"
    write_run(run, examples)
    return out, build([run], out, options)


def test_a_real_run_becomes_a_dataset_that_has_every_accepted_example_as_it_was(tmp_path: Path) -> None:
    worked = worked_example()
    run = run_skill("reading_comprehension", worked.seed, model=worked.model, out=tmp_path / "run", **SETTINGS)
    built_of_it = build([tmp_path / "run"], tmp_path / "dataset", BuildOptions())
    rows = {row["id"]: row for row in rows_of(tmp_path / "dataset")}
    assert built_of_it.rows == len(rows) == run.funnel.accepted
    for made in run.examples:
        row = rows[made.id]
        assert row["metadata"].pop("run") == "run"
        assert row["metadata"].pop("difficulty") == made.metadata.round
        assert row == json.loads(made.model_dump_json())


def test_an_example_that_two_runs_have_is_kept_once(tmp_path: Path) -> None:
    shared, own = example("shared"), example("own")
    one, other = write_run(tmp_path / "one", [shared]), write_run(tmp_path / "other", [shared, own], config_hash="beef")
    build([one, other], tmp_path / "dataset", PLAIN)
    assert {row["id"]: row["metadata"]["run"] for row in rows_of(tmp_path / "dataset")} == {
        shared.id: "one",
        own.id: "other",
    }
    (gone,) = dropped_of(tmp_path / "dataset")
    assert gone == {
        "id": shared.id,
        "run": "other",
        "skill": "facts",
        "leaf": "cause",
        "step": "merge",
        "reason": "the same example in an earlier run",
        "of": shared.id,
        "of_run": "one",
    }


def test_other_words_under_the_same_id_stay_under_an_id_of_their_own(tmp_path: Path) -> None:
    first, second = example("first"), example("second", id=example("first").id)
    one, other = write_run(tmp_path / "one", [first]), write_run(tmp_path / "other", [second])
    build([one, other], tmp_path / "dataset", PLAIN)
    rows = rows_of(tmp_path / "dataset")
    assert len({row["id"] for row in rows}) == 2
    (renamed,) = [row for row in rows if row["id"] != first.id]
    assert renamed["metadata"]["id_in_run"] == first.id
    assert renamed["metadata"]["run"] == "other"


def test_examples_in_reserve_are_not_read(tmp_path: Path) -> None:
    kept, reserve = example("kept"), example("reserve")
    build([write_run(tmp_path / "run", [kept], reserve=[reserve])], tmp_path / "dataset", PLAIN)
    assert [row["id"] for row in rows_of(tmp_path / "dataset")] == [kept.id]
    assert dropped_of(tmp_path / "dataset") == []


def with_flags(flags: dict[str, Any]) -> BuildOptions:
    return replace(PLAIN, **flags)


UNFIT: dict[str, tuple[dict[str, Any], str, str]] = {
    "demo": ({"metadata": {"demo": True}}, "made by the demonstration model", "with_demo"),
    "unverified": (
        {"metadata": {"verification": Verification(method="none", verdict="rejected")}},
        "not verified",
        "with_unverified",
    ),
    "blank": ({"answer": " \n"}, "a message is empty", "with_empty"),
    "unanswered": ({"messages": (Message(role="user", content="Why?"),)}, "no answer", "with_empty"),
    "nothing": ({"messages": ()}, "no messages", "with_empty"),
    "leafless": ({"leaf": ""}, "no id, skill or leaf", "with_empty"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_what_is_no_training_data_is_dropped_unless_a_flag_keeps_it(kind: str, tmp_path: Path) -> None:
    changes, reason, flag = UNFIT[kind]
    run = write_run(tmp_path / "run", [example("good"), example("bad", **changes)])
    build([run], tmp_path / "dataset", PLAIN)
    assert [(row["id"], row["step"], row["reason"]) for row in dropped_of(tmp_path / "dataset")] == [
        (example("bad").id, "unfit", reason)
    ]
    every = {"with_demo", "with_unverified", "with_empty"}
    build([run], tmp_path / "others", with_flags({name: name != flag for name in every}))
    assert len(dropped_of(tmp_path / "others")) == 1
    build([run], tmp_path / "kept", with_flags({flag: True}))
    assert dropped_of(tmp_path / "kept") == []


def test_a_null_message_is_dropped(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example("good"), example("bad")])
    rows = [json.loads(line) for line in (run / "examples.jsonl").read_text().splitlines()]
    rows[0]["messages"][1]["content"] = None
    (run / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build([run], tmp_path / "dataset", PLAIN)
    assert [row["reason"] for row in dropped_of(tmp_path / "dataset")] == ["a message is null"]


def test_a_call_of_a_tool_needs_no_words(tmp_path: Path) -> None:
    call = MessageToolCall(id="1", function=FunctionCall(name="look", arguments="{}"))
    messages = (
        Message(role="user", content="Look."),
        Message(role="assistant", content="", tool_calls=(call,)),
        Message(role="tool", content="", tool_call_id="1"),
        Message(role="assistant", content="There is nothing."),
    )
    out, _ = built(tmp_path, [example("calls", messages=messages)])
    assert len(rows_of(out)) == 1


def test_of_two_copies_the_one_of_the_run_that_is_named_first_is_kept(tmp_path: Path) -> None:
    asked = "Why did the old stone bridge over the river near the harbour fall down in the year 1823?"
    first = example("a", passage="", question=asked)
    second = example("b", passage="", question=asked.upper().replace("?", " ?"))
    one, other = write_run(tmp_path / "one", [first]), write_run(tmp_path / "other", [second])
    for order, kept, gone in (((one, other), first, second), ((other, one), second, first)):
        out = tmp_path / f"dataset of {order[0].name}"
        build(order, out, PLAIN)
        assert [row["id"] for row in rows_of(out)] == [kept.id]
        (told,) = dropped_of(out)
        assert (told["id"], told["step"], told["reason"]) == (gone.id, "copies", "exact copy")
        assert (told["of"], told["of_run"]) == (kept.id, order[0].name)


def test_one_question_about_two_passages_is_no_copy(tmp_path: Path) -> None:
    asked = "What is the main idea of the passage?"
    out, _ = built(tmp_path, [example(number, question=asked) for number in range(5)])
    assert len(rows_of(out)) == 5


def test_a_refined_item_is_no_copy_of_its_ancestors_even_where_one_was_rejected(tmp_path: Path) -> None:
    asked = "Why did the old stone bridge over the river near the harbour fall down in 1823"
    seed = example("seed", passage="", question=f"{asked}?")
    child = example("child", passage="", question=f"{asked} so soon?", metadata={"round": 2, "parent_id": "between"})
    run = write_run(tmp_path / "run", [seed, child])
    build([run], tmp_path / "strangers", PLAIN)
    assert [(row["id"], row["of"]) for row in dropped_of(tmp_path / "strangers")] == [(child.id, seed.id)]
    rejection = {"id": "between", "instruction": {"parent_id": seed.id}}
    (run / "rejections.jsonl").write_text(json.dumps(rejection) + "\n")
    build([run], tmp_path / "kin", PLAIN)
    assert dropped_of(tmp_path / "kin") == []


def test_exact_only_keeps_near_copies(tmp_path: Path) -> None:
    asked = "Why did the old stone bridge over the river near the harbour fall down in the spring after the flood"
    examples = [example("a", passage="", question=f"{asked}?"), example("b", passage="", question=f"{asked} again?")]
    out, _ = built(tmp_path, examples)
    assert [row["reason"] for row in dropped_of(out)] == ["near copy"]
    build([tmp_path / "run"], tmp_path / "exact", BuildOptions(flags="off", holdout=0, validation=0, near=None))
    assert dropped_of(tmp_path / "exact") == []


def test_each_row_is_in_the_data_or_among_the_dropped_exactly_once(tmp_path: Path) -> None:
    many = [example(number) for number in range(60)]
    one = write_run(tmp_path / "one", [*many[:40], example("demo", metadata={"demo": True})])
    other = write_run(tmp_path / "other", [*many[30:], *(choice(number, "A") for number in range(30))])
    options = BuildOptions(holdout=5, validation=0.1, balance=frozenset(("letter",)), most_per_leaf=40)
    done = build([one, other], tmp_path / "dataset", options)
    folder = Folder.open(tmp_path / "dataset")
    out = Counter((row["id"], row["metadata"]["run"]) for split in folder.splits for row in folder.rows(split))
    gone = Counter((row["id"], row["run"]) for row in folder.dropped())
    came = Counter((row["id"], run.name) for run in (one, other) for row in read_rows(run / "examples.jsonl"))
    assert out + gone == came
    assert sum(out.values()) == done.rows
    assert done.steps[0].before == sum(came.values())
    assert all(step.before - step.after == sum(step.dropped.values()) for step in done.steps)
    assert [step.after for step in done.steps[:-1]] == [step.before for step in done.steps[1:]]


def test_the_same_build_gives_the_same_bytes_and_the_manifest_their_hashes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(number) for number in range(50)])
    options = BuildOptions(holdout=5)
    build([run], tmp_path / "one", options)
    script = (
        "import sys; from pathlib import Path; from orca_agents.dataset.building import build; "
        "from orca_agents.dataset.options import BuildOptions; "
        "build([Path(sys.argv[1])], Path(sys.argv[2]), BuildOptions(holdout=5))"
    )
    subprocess.run([sys.executable, "-c", script, str(run), str(tmp_path / "other")], check=True)
    manifests = [Folder.open(tmp_path / name).manifest for name in ("one", "other")]
    assert manifests[0]["sha256"] == manifests[1]["sha256"]
    for name, digest in manifests[0]["sha256"].items():
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest
    held_out = [{row["id"] for row in rows_of(tmp_path / "one", "eval")}]
    build([run], tmp_path / "third", BuildOptions(holdout=5, seed=1))
    assert {row["id"] for row in rows_of(tmp_path / "third", "eval")} not in held_out


def test_code_comes_out_byte_for_byte(tmp_path: Path) -> None:
    code = "```python\r\n\tif x:\n\t\tprint('\\u0000 \u2028 \u00e9 \U0001f40b \\\\n')\x0b\n```"
    out, _ = built(tmp_path, [example("code", answer=code)])
    assert rows_of(out)[0]["messages"][1]["content"] == code


def test_a_run_that_goes_on_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    with Store.open(run), pytest.raises(DatasetError, match=r"run is in use: its run goes on"):
        build([run], tmp_path / "dataset", PLAIN)
    build([run], tmp_path / "dataset", PLAIN)


def test_every_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    good = write_run(tmp_path / "runs" / "good", [example(1)])
    build([good], tmp_path / "dataset", PLAIN)
    stopped = tmp_path / "stopped"
    Store.open(stopped).close()
    wrong = [tmp_path / "nowhere", tmp_path / "runs", tmp_path / "dataset", stopped, good, good]
    with pytest.raises(DatasetError) as raised:
        build(wrong, tmp_path / "other", PLAIN)
    told = str(raised.value).splitlines()
    assert len(told) == 5
    for line, part in zip(told, ("not a folder", "runs in it", "is a dataset", "replay", "given twice"), strict=True):
        assert part in line
    assert not (tmp_path / "other").exists()


def test_a_file_that_lost_rows_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1), example(2)])
    write_summary(run, 3)
    with pytest.raises(DatasetError, match="has 2 rows, and its run's summary counts 3"):
        build([run], tmp_path / "dataset", PLAIN)


def test_a_broken_line_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1), example(2)])
    with (run / "examples.jsonl").open("a") as file:
        file.write('{"id": "cut')
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DatasetError, match=r"examples\.jsonl:3: not a line of JSON"):
        build([run], tmp_path / "dataset", PLAIN)
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_there_is_not_written_over_unless_it_is_a_dataset_that_may_be_replaced(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    other = tmp_path / "other"
    other.mkdir()
    build([run], other, PLAIN)
    with pytest.raises(DatasetError, match="is a dataset already"):
        build([run], other, PLAIN)
    write_run(tmp_path / "second", [example(2)])
    build([tmp_path / "second"], other, PLAIN, overwrite=True)
    assert [row["id"] for row in rows_of(other)] == [example(2).id]
    (other / "dataset.json").unlink()
    with pytest.raises(DatasetError, match="is no dataset"):
        build([run], other, PLAIN, overwrite=True)
    with pytest.raises(DatasetError, match="holds the run"):
        build([run], tmp_path, PLAIN, overwrite=True)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["train.jsonl", "data/facts/mine.jsonl", "data/notes.txt", ".git/HEAD"])
def test_a_dataset_with_something_of_the_users_in_it_is_not_replaced(name: str, tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example(1)]), tmp_path / "ds"
    build([run], out, PLAIN)
    mine = out / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match=f"holds more than a dataset .*{mine.name}"):
        build([run], out, PLAIN, overwrite=True)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_dataset_whose_card_was_edited_is_not_replaced(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example(1)]), tmp_path / "ds"
    build([run], out, PLAIN)
    card = out / "README.md"
    card.write_text(f"{card.read_text(encoding='utf-8')}\nOf my grandmother.\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"README\.md was edited"):
        build([run], out, PLAIN, overwrite=True)
    assert "grandmother" in card.read_text(encoding="utf-8")
    card.unlink()
    build([run], out, PLAIN, overwrite=True)
    assert card.is_file()


def test_what_somebody_put_in_its_place_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run", [example(1)]), tmp_path / "ds"

    def interfere(step: str, done: int, total: int) -> None:
        out.mkdir(exist_ok=True)
        (out / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(DatasetError, match="is there already and is no dataset"):
        build([run], out, PLAIN, tell=interfere)
    assert (out / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    left = tmp_path / ".dataset.building"
    (left / "dataset" / "data").mkdir(parents=True)
    (left / "work.sqlite").write_bytes(b"half")
    build([run], tmp_path / "dataset", PLAIN)
    assert len(rows_of(tmp_path / "dataset")) == 1
    assert not left.exists()


def test_two_builds_do_not_write_into_one_place(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    refusals: list[str] = []

    def build_too(step: str, done: int, total: int) -> None:
        if step == "copies" and not refusals:
            with pytest.raises(DatasetError) as raised:
                build([run], tmp_path / "dataset", PLAIN)
            refusals.append(str(raised.value))

    build([run], tmp_path / "dataset", PLAIN, tell=build_too)
    assert "is being built by another process" in refusals[0]
    assert len(rows_of(tmp_path / "dataset")) == 1


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / day / "run", [example(day)]) for day in ("monday", "tuesday")]
    build(runs, tmp_path / "dataset", PLAIN)
    assert {row["metadata"]["run"] for row in rows_of(tmp_path / "dataset")} == {"monday/run", "tuesday/run"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"near": 0.3}, "--near"),
        ({"semantic": 0.9}, "--embedding-model"),
        ({"balance": frozenset(("letters",))}, "did you mean 'letter'"),
        ({"flags": "dorp"}, "--flags"),
        ({"validation": 0.9}, "--validation"),
        ({"licence": "cc-by-5.0"}, "did you mean 'cc-by-4.0'"),
        ({"mix": {"coding": 0.0}}, "above 0"),
        ({"mix": "released", "balance": frozenset(("skill",))}, "--mix even"),
        ({"keep_unknown_licences": True}, "--licence"),
    ],
)
def test_options_that_mean_nothing_are_refused(wrong: dict[str, Any], told: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    with pytest.raises(ConfigError, match=told):
        build([run], tmp_path / "dataset", BuildOptions(**wrong))


def test_a_dataset_of_another_format_is_refused(tmp_path: Path) -> None:
    out, _ = built(tmp_path, [example(1)])
    manifest = json.loads((out / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(DatasetError, match="format 99, and this orca-agents reads format 1"):
        Folder.open(out)
    (out / "dataset.json").write_text("{")
    with pytest.raises(DatasetError, match="is not JSON"):
        Folder.open(out)


def test_a_row_without_a_proper_skill_cannot_name_a_folder(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1, skill="../escape")])
    with pytest.raises(DatasetError, match=r"examples\.jsonl:1: '\.\./escape' is no name of a skill"):
        build([run], tmp_path / "dataset", PLAIN)


def test_a_dataset_a_run_and_a_file_are_read_alike(tmp_path: Path) -> None:
    examples = [example(1), example(2), example(3, skill="other")]
    out, _ = built(tmp_path, examples)
    for place in (out, tmp_path / "run", tmp_path / "run" / "examples.jsonl"):
        assert {row["id"] for row in open_rows(place)} == {one.id for one in examples}
        assert [row["id"] for row in open_rows(place, skill="other")] == [examples[2].id]
        assert list(open_rows(place, "eval")) == []
    with pytest.raises(DatasetError, match="did you mean 'other'"):
        list(open_rows(out, skill="othr"))
    with pytest.raises(DatasetError, match=r"has no dataset\.json and no examples\.jsonl"):
        list(open_rows(tmp_path))
