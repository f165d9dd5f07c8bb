"""What is measured of runs, datasets and files: checked against numbers that were counted in another way."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orca_agents.cli.stats import read_measures
from orca_agents.dataset.building import build
from orca_agents.dataset.options import BuildOptions
from orca_agents.errors import DatasetError
from orca_agents.language import count_words
from orca_agents.outcomes import Example
from orca_agents.records import Answer, Message, Verification, Vote
from orca_agents.report.difficulty import total_of
from orca_agents.report.diversity import variety_of
from orca_agents.report.figures import Figure, sections
from orca_agents.report.lengths import length_of, spread_of
from orca_agents.report.measures import Measures, measure
from orca_agents.report.sampling import Part, Sample, place_of
from orca_agents.report.sources import open_source
from tests.dataset.runs import example, write_run
from tests.report.mill_runs import mill_run


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mill_run(tmp_path_factory.mktemp("mills"))


def measured(*paths: Path, examples: int = 0, seed: int = 0) -> Measures:
    return measure([open_source(path) for path in paths], examples=examples, seed=seed)


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write_rows(file: Path, examples: Sequence[Example]) -> Path:
    file.write_text("".join(f"{one.model_dump_json()}\n" for one in examples), encoding="utf-8")
    return file


def verified(*agreeing: bool, saw: str = "this", voter: str = "solver") -> Verification:
    votes = tuple(
        Vote(voter=f"{voter}_{number}", passage=saw, answer=Answer(value=("x",)), agrees=agrees)
        for number, agrees in enumerate(agreeing)
    )
    return Verification(method="votes", verdict="accepted", votes=votes)


def test_a_run_is_measured_as_its_own_books_say(mills: Path) -> None:
    found = measured(mills)
    summary = json.loads((mills / "summary.json").read_bytes())
    rows = rows_of(mills / "examples.jsonl")
    rejections = [one for one in rows_of(mills / "rejections.jsonl") if one["leaf"] is not None]
    assert found.rows == summary["funnel"]["accepted"] == len(rows) > 50
    assert found.ways.made == summary["funnel"]["made"]
    assert found.ways.skills["mills"].checks == Counter(one["check"] for one in rejections)
    assert found.ways.skills["mills"].rejected == len(rejections) > 5
    assert found.ways.skills["mills"].errors.total() == found.ways.failed.total() > 0
    assert found.refined == sum(row["metadata"]["goal"] is not None for row in rows) > 10
    assert found.coverage["mills"].counts == Counter(row["leaf"] for row in rows)
    assert found.money.calls == summary["usage"]["calls"]


def test_votes_are_counted_before_and_after_refinement_and_beside_the_parent(mills: Path) -> None:
    found = measured(mills).difficulty
    rows = rows_of(mills / "examples.jsonl")
    rejected = [one for one in rows_of(mills / "rejections.jsonl") if (one["verification"] or {}).get("votes")]

    def votes(entries: list[dict[str, Any]]) -> dict[str, list[bool]]:
        found = {one["id"]: (one.get("metadata") or one)["verification"]["votes"] for one in entries}
        own = {id: [vote["agrees"] for vote in some if vote["voter"] != "responder"] for id, some in found.items()}
        return {id: some for id, some in own.items() if some}

    refined = [row for row in rows if row["metadata"]["goal"]]
    of_refined = [agrees for some in votes(refined).values() for agrees in some]
    assert total_of(found.accepted, refined=True).share == sum(of_refined) / len(of_refined)
    known = {id: sum(some) / len(some) for id, some in votes([*rows, *rejected]).items()}
    pairs = [
        (known[row["metadata"]["parent_id"]], known[row["id"]])
        for row in refined
        if row["metadata"]["parent_id"] in known
    ]
    told = found.pairs()
    assert told.count == len(pairs) > 10
    assert told.harder == sum(child < parent for parent, child in pairs) > 0
    assert told.easier == sum(child > parent for parent, child in pairs)
    assert total_of(found.voted, refined=False).items == sum(not row["metadata"]["goal"] for row in rows) + len(
        [one for one in rejected if not one["instruction"]["goal"]]
    )


def test_probes_graders_and_the_responder_are_no_measure_of_difficulty(tmp_path: Path) -> None:
    kept = [
        example("solved", metadata={"verification": verified(True, False)}),
        example("probed", metadata={"verification": verified(False, saw="options_only")}),
        example("graded", metadata={"verification": verified(False, voter="grader")}),
        example("answered", metadata={"verification": verified(False, voter="responder")}),
    ]
    found = measured(write_rows(tmp_path / "rows.jsonl", kept)).difficulty
    assert total_of(found.accepted, refined=False).votes == 2
    assert total_of(found.accepted, refined=False).share == 0.5


def test_leaves_that_nothing_was_made_of_are_named(tmp_path: Path) -> None:
    kept = [example(n, skill="fermi", leaf=leaf) for n, leaf in enumerate(["daily_life_count"] * 3 + ["my_own"])]
    found = measured(write_rows(tmp_path / "rows.jsonl", kept)).coverage["fermi"]
    assert found.is_whole
    assert found.counts["my_own"] == 1
    assert "energy_or_power" in found.empty
    assert found.bits == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert found.evenness == pytest.approx(found.bits / math.log2(len(found.counts)))


def test_letters_are_held_against_what_chance_would_give(tmp_path: Path) -> None:
    def item(key: int, letter: str, options: int) -> Example:
        parts = {"options": tuple("abcdefgh"[:options])}
        return example(key, metadata={"form": "choice", "reference": (letter,), "parts": parts})

    kept = [item(1, "A", 2), item(2, "A", 4), item(3, "D", 4), item(4, "A", 2)]
    found = measured(write_rows(tmp_path / "rows.jsonl", kept)).letters
    assert [(name, share) for name, share, _ in found.shares()] == [("A", 0.75), ("B", 0), ("C", 0), ("D", 0.25)]
    assert [by for *_, by in found.shares()] == pytest.approx([0.375, 0.375, 0.125, 0.125])
    assert found.bias == pytest.approx(0.375)


def test_lengths_are_those_of_the_turns_and_their_quantiles_exact() -> None:
    row = example("x").model_dump()
    row["messages"] = [
        Message(role="system", content="one two three").model_dump(),
        Message(role="user", content="four five").model_dump(),
        Message(role="assistant", content="水车在河边").model_dump(),
        Message(role="user", content="six").model_dump(),
        Message(role="assistant", content="seven").model_dump(),
    ]
    assert length_of(row) == (3, 4, 4, math.ceil((13 + 9 + 15 + 3 + 5) / 4))
    numbers = [(n * 7919) % 1009 for n in range(1000)]
    found = spread_of(numbers)
    assert found is not None
    assert found.median == statistics.median(numbers)
    assert found.p95 == pytest.approx(statistics.quantiles(numbers, n=20, method="inclusive")[-1])
    assert sum(number for *_, number in found.bars) == 1000
    assert [bar[:2] for bar in spread_of([1, 1, 3], each=True).bars] == [(1, 2), (2, 3), (3, 4)]  # type: ignore[union-attr]


def test_distinct_n_is_told_for_a_number_of_words() -> None:
    found = variety_of(["a b a b", "a b c"]).best
    assert found is not None
    assert (found.words, found.texts) == (7, 2)
    assert found.distinct == (3 / 7, 3 / 5, 3 / 3)
    many = variety_of([f"w{n} w{n + 1} w{n + 2} w{n + 3} w{n + 4}" for n in range(1000)])
    assert sorted(many.at) == [1000, 3000]
    assert many.at[1000].distinct[0] > many.at[3000].distinct[0] * 0.9
    same = variety_of(["the mill stood by the river"] * 300)
    assert same.at[1000].repeated == 1
    assert same.openings == (("the mill", 1.0),)


def test_two_sets_are_compared_at_one_size(tmp_path: Path) -> None:
    small = write_rows(
        tmp_path / "small.jsonl", [example(n, metadata={"question": f"Why {n}? " * 60}) for n in range(10)]
    )
    large = write_rows(
        tmp_path / "large.jsonl", [example(n, metadata={"question": f"Why {n}? " * 60}) for n in range(90)]
    )
    found = {f.name: f for s in sections(measured(large), measured(small)) for f in s.figures}
    here = found["questions, distinct-1 at 1,000 words"]
    assert here.there is not None
    assert here.here is not None
    assert found["examples"] == Figure("examples", "count", 90, 10)
    assert found["examples"].change == "+800%"


def test_a_dataset_tells_what_each_step_dropped_and_of_which_skill(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", [example(n) for n in range(30)], config_hash="1")
    two = write_run(tmp_path / "two", [example(n) for n in range(20, 45)], config_hash="2")
    build([one, two], tmp_path / "dataset", BuildOptions(flags="off", holdout=3))
    found = measured(tmp_path / "dataset")
    assert found.rows + sum(found.ways.skills["facts"].dropped.values()) == 55
    assert found.ways.skills["facts"].dropped["merge"] == 10
    assert {step.name for step in found.ways.steps} > {"merge", "split", "write"}
    assert found.splits["train"] + found.splits["validation"] + found.splits["eval"] == found.rows
    assert found.ways.accepted == 55
    assert found.money.total.usd == 1.0
    assert not found.flags_looked_for


def test_several_runs_are_measured_as_one(mills: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", [example(n) for n in range(7)])
    found = measured(mills, other)
    assert found.rows == measured(mills).rows + 7
    assert set(found.skills) == {"mills", "facts"}


def test_the_same_place_given_twice_is_refused_and_not_counted_twice(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "one.jsonl", [example(1)])
    with pytest.raises(DatasetError, match=r"one\.jsonl is given twice"):
        read_measures([file, tmp_path / "." / "one.jsonl"], seed=0, examples=0)


def test_the_same_rows_are_drawn_in_whatever_order_they_come(tmp_path: Path) -> None:
    kept = [example(n) for n in range(200)]
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    forth = measured(write_rows(tmp_path / "a" / "rows.jsonl", kept), examples=5)
    back = measured(write_rows(tmp_path / "b" / "rows.jsonl", kept[::-1]), examples=5)
    ids = [one.row["id"] for one in forth.drawn]
    assert ids == [one.row["id"] for one in back.drawn]
    assert len(set(ids)) == 5
    again = measured(tmp_path / "a" / "rows.jsonl", examples=5, seed=1)
    assert ids != [one.row["id"] for one in again.drawn]


def test_samples_stay_within_their_room_and_are_drawn_evenly() -> None:
    sample: Sample[int] = Sample(300)
    made = 0

    def make(number: int) -> int:
        nonlocal made
        made += 1
        return number

    for number in range(20_000):
        sample.offer(place_of(str(number)), lambda number=number: make(number))  # type: ignore[misc]
    assert len(sample) == 300
    assert not sample.is_all
    assert made < 3_000  # what is left out is mostly not even made
    assert 8_000 < statistics.mean(sample.items()) < 12_000


def test_what_belongs_together_is_found_though_there_is_not_room_for_all() -> None:
    parents: Part[int] = Part(1000)
    children: Part[int] = Part(500)
    for number in range(10_000):
        parents.note(f"p{number}", number)
    for number in range(9_999, -1, -1):
        children.note(f"p{number}", number)
    found = [id for id in children.ids() if parents.get(id) is not None]
    assert 200 < len(found) <= 500
    assert all(parents.get(id) == children.get(id) for id in found)


def test_a_line_that_is_cut_is_named_with_what_to_do(mills: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for file in mills.iterdir():
        if file.suffix in (".jsonl", ".json", ".sqlite"):
            (run / file.name).write_bytes(file.read_bytes())
    with (run / "rejections.jsonl").open("ab") as file_of:
        file_of.write(b'{"id": "half\n')
    with pytest.raises(DatasetError, match=r"rejections\.jsonl:\d+: not a line of JSON.*replay"):
        measured(run)


def test_what_cannot_be_looked_at_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not there"):
        open_source(tmp_path / "nothing")
    with pytest.raises(DatasetError, match="not the folder of a run"):
        open_source(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(DatasetError, match="no 'skill'"):
        measured(tmp_path / "rows.jsonl")


def test_endless_names_do_not_take_endless_memory(tmp_path: Path) -> None:
    kept = [example(n, metadata={"licence": f"licence {n}"}) for n in range(600)]
    found = measured(write_rows(tmp_path / "rows.jsonl", kept))
    assert len(found.licences) == 501
    assert found.licences["(others)"] == 100


def test_words_of_ascii_are_counted_as_those_of_any_text() -> None:
    text = "It's 3.5 km (2 mi) to snake_case\tand x<y\n\n```f(a_b)``` -- e-mail me@here.org 1,000 \x00\x1f~!"
    row = example("x").model_dump()
    for said in (text, f"{text} \u00e9"):
        row["messages"] = [{"role": "user", "content": said}]
        assert length_of(row).user == count_words(said)
