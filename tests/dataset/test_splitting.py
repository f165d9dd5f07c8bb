"""Splits: no document on two sides, the numbers that were asked for, and little movement when a run is added."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from orca_agents.dataset.building import build
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import Folder
from orca_agents.outcomes import Example
from orca_agents.records import short_hash
from tests.dataset.runs import dropped_of, example, rows_of, words, write_run

ODQA = "open_domain_question_answering"


def documents(count: int, each: int, name: str = "doc", **changes: Any) -> list[Example]:
    """So many documents with so many examples each."""
    return [
        example((name, number, item, str(changes)), source=f"{name}{number}.md", **changes)
        for number in range(count)
        for item in range(each)
    ]


def sides(dataset: Path) -> dict[str, set[str]]:
    """Source -> the splits that its rows are in."""
    found: dict[str, set[str]] = defaultdict(set)
    folder = Folder.open(dataset)
    for split in folder.splits:
        for row in folder.rows(split):
            found[row["metadata"]["source"]].add("held out" if split.startswith("eval") else split)
    return found


def test_no_document_is_on_two_sides_and_the_numbers_are_as_asked(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", documents(120, 4) + documents(120, 2, name="doc", skill="other", leaf="x"))
    done = build([run], tmp_path / "dataset", BuildOptions(flags="off", holdout=40, validation=0.1))
    assert all(len(splits) == 1 for splits in sides(tmp_path / "dataset").values())
    assert done.splits["eval"] == {"facts": 40, "other": 40}
    for skill, whole in (("facts", 480), ("other", 240)):
        left = done.splits["train"][skill] + done.splits["validation"][skill]
        assert whole - 40 - left <= 60  # beyond the rows for evaluation
        assert 0.07 * left <= done.splits["validation"][skill] <= 0.15 * left
    assert {row["step"] for row in dropped_of(tmp_path / "dataset")} <= {"split"}


def test_documents_that_one_corpus_seed_joins_are_on_one_side(tmp_path: Path) -> None:
    def joint(number: int) -> Example:
        parts = [
            {"id": at, "seed_id": short_hash("seed", f"doc{at}.md"), "source": f"doc{at}.md", "licence": "MIT"}
            for at in (number, number + 1, number + 2)
        ]
        return example(
            ("corpus", number),
            source=".",
            metadata={"seed_ids": (short_hash("corpus", str(number)),), "seed_metadata": {"documents": parts}},
        )

    # documents 0 1 2 3 4 hang together, as do 10 11 12 13 14, and so on
    corpora = [joint(ten + one) for ten in range(0, 100, 10) for one in range(3)]
    run = write_run(tmp_path / "run", documents(100, 3) + corpora)
    build([run], tmp_path / "dataset", BuildOptions(flags="off", holdout=20, validation=0.1))
    found = sides(tmp_path / "dataset")
    for ten in range(0, 100, 10):
        together: set[str] = set()
        for one in range(5):
            together |= found.get(f"doc{ten + one}.md", set())
        assert len(together) == 1
    assert len({side for some in found.values() for side in some}) == 3


def test_one_text_under_two_names_is_one_document(tmp_path: Path) -> None:
    seed = {"seed_ids": (short_hash("the same text"),)}
    here = [example(("here", at), source="here.md", metadata=seed) for at in range(3)]
    there = [example(("there", at), source="folder/there.md", metadata=seed) for at in range(3)]
    run = write_run(tmp_path / "run", documents(60, 3) + here + there)
    for draw in range(8):
        build([run], tmp_path / f"dataset{draw}", BuildOptions(flags="off", holdout=20, validation=0.2, seed=draw))
        found = sides(tmp_path / f"dataset{draw}")
        assert len(found.get("here.md", set()) | found.get("folder/there.md", set())) <= 1


def test_documents_with_nearly_the_same_passage_are_one(tmp_path: Path) -> None:
    passage = f"The {words('shared', 120)}."
    asked = f"Why did the {words('asked', 20)} fail?"
    here = example("here", source="here.md", passage=passage, question=asked)
    there = example("there", source="there.md", passage=f"{passage} Again.", question=asked)
    more = [example((name, at), source=f"{name}.md") for name in ("here", "there") for at in range(3)]
    run = write_run(tmp_path / "run", [*documents(60, 3), here, there, *more])
    for draw in range(8):
        build([run], tmp_path / f"dataset{draw}", BuildOptions(flags="off", holdout=20, validation=0.2, seed=draw))
        assert "copies" in {row["step"] for row in dropped_of(tmp_path / f"dataset{draw}")}
        found = sides(tmp_path / f"dataset{draw}")
        assert len(found["here.md"] | found["there.md"]) <= 1


@pytest.mark.parametrize("more", ["", " Again."])
def test_documents_that_show_nearly_the_same_passage_are_one_whatever_is_asked_about_it(
    more: str, tmp_path: Path
) -> None:
    twins = [
        example((folder, at), source=f"{folder}/{at}.md", passage=f"The {words(('twin', at), 80)}.{end}")
        for at in range(40)
        for folder, end in (("old", ""), ("new", more))
    ]
    run = write_run(tmp_path / "run", twins)
    build([run], tmp_path / "ds", BuildOptions(flags="off", holdout=8, validation=0.1))
    found = sides(tmp_path / "ds")
    assert len({side for some in found.values() for side in some}) == 3
    for at in range(40):
        assert len(found.get(f"old/{at}.md", set()) | found.get(f"new/{at}.md", set())) <= 1


def test_passages_that_are_not_shown_join_nothing(tmp_path: Path) -> None:
    passage = f"The {words('hidden', 80)}."
    hidden = [example(at, passage=passage, messages=example(("asked", at), passage="").messages) for at in range(40)]
    build([write_run(tmp_path / "run", hidden)], tmp_path / "ds", BuildOptions(flags="off", holdout=8))
    assert len(rows_of(tmp_path / "ds", "eval")) == 8


def test_pieces_of_a_text_without_a_name_stay_together(tmp_path: Path) -> None:
    def piece(at: int) -> Example:
        span = {"source_span": (100 * at, 100 * at + 90), "seed_ids": (f"piece {at}",)}
        return example(("piece", at), source="(text)", metadata=span)

    run = write_run(tmp_path / "run", documents(60, 1) + [piece(at) for at in range(12)])
    for draw in range(5):
        build([run], tmp_path / f"dataset{draw}", BuildOptions(flags="off", holdout=10, validation=0.2, seed=draw))
        assert len(sides(tmp_path / f"dataset{draw}")["(text)"]) == 1


def test_open_questions_are_held_out_plain_and_refined_apart(tmp_path: Path) -> None:
    plain = documents(80, 3, skill=ODQA)
    refined = [
        example(("refined", one.id), skill=ODQA, source=one.metadata.source, metadata={"round": 1, "parent_id": one.id})
        for one in plain
    ]
    run = write_run(tmp_path / "run", plain + refined)
    done = build([run], tmp_path / "dataset", BuildOptions(flags="off", holdout=30, validation=0))
    assert done.splits["eval"] == {ODQA: 30}
    assert done.splits["eval_refined"] == {ODQA: 30}
    assert all(row["metadata"]["difficulty"] == 0 for row in rows_of(tmp_path / "dataset", "eval"))
    assert all(row["metadata"]["difficulty"] == 1 for row in rows_of(tmp_path / "dataset", "eval_refined"))
    assert all(len(splits) == 1 for splits in sides(tmp_path / "dataset").values())


def test_a_run_that_is_added_moves_few_rows(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", documents(300, 3))
    second = write_run(tmp_path / "second", documents(30, 3, name="new"))
    options = BuildOptions(flags="off", holdout=60, validation=0.1, most_per_leaf=600)
    place: list[dict[str, str]] = []
    for number, runs in enumerate(([first], [second, first])):
        build(runs, tmp_path / f"dataset{number}", options)
        folder = Folder.open(tmp_path / f"dataset{number}")
        where = {row["id"]: split for split in folder.splits for row in folder.rows(split)}
        place.append(where)
    moved = sum(place[1].get(id) != split for id, split in place[0].items())
    assert moved <= 0.15 * len(place[0])


def test_one_document_alone_is_all_trained_on_and_that_is_told(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", documents(1, 30))
    done = build([run], tmp_path / "dataset", BuildOptions(flags="off"))
    assert done.splits == {"train": {"facts": 30}, "validation": {}, "eval": {}}
    assert any("evaluation: 0 rows of facts instead of 100" in note for note in done.notes)
    assert any("validation: 0 rows" in note for note in done.notes)


def test_a_large_document_is_not_lost_to_evaluation(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", documents(1, 400, name="book") + documents(60, 2))
    for draw in range(6):
        done = build([run], tmp_path / f"dataset{draw}", BuildOptions(flags="off", holdout=50, seed=draw))
        assert sides(tmp_path / f"dataset{draw}")["book0.md"] == {"train"}
        assert done.splits["eval"] == {"facts": 50}


def test_rows_that_name_one_source_are_one_document_unless_each_row_is_said_to_be_one(tmp_path: Path) -> None:
    examples = [
        example(
            at,
            source="an encyclopedia",
            metadata={"seed_ids": (f"seed {at}",), "seed_metadata": {"row": f"a.jsonl:{at}"}},
        )
        for at in range(60)
    ]
    run = write_run(tmp_path / "run", examples)
    one = build([run], tmp_path / "one", BuildOptions(flags="off", holdout=10))
    assert one.splits["eval"] == {}
    assert any("--document row" in note for note in one.notes)
    many = build([run], tmp_path / "many", BuildOptions(flags="off", holdout=10, document="row"))
    assert many.splits["eval"] == {"facts": 10}


def test_it_is_told_how_many_passages_a_search_brought(tmp_path: Path) -> None:
    searched = documents(20, 3, "searched", metadata={"transformer": "retrieve_passages"})
    run = write_run(tmp_path / "run", [*documents(20, 3), *searched])
    built = build([run], tmp_path / "ds", BuildOptions(flags="off", holdout=5))
    left = sum(
        row["metadata"]["transformer"] == "retrieve_passages"
        for split in ("train", "validation", "eval")
        for row in rows_of(tmp_path / "ds", split)
    )
    assert left
    (told,) = [note for note in built.notes if "a search brought" in note]
    assert told.startswith(f"split: {left} rows")
    assert f"passages of {left} rows were brought by a search" in (tmp_path / "ds" / "README.md").read_text()
