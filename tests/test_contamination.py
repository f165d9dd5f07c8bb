"""The index of benchmarks: what of planted items is found, what is not, and what raises no false alarm."""

from __future__ import annotations

import csv
import gzip
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

import orca_agents
from orca_agents.cli.benchmarks import add_command, find_command, list_command, remove_command
from orca_agents.contamination import BenchmarkIndex, Hit, read_items
from orca_agents.contamination.grams import GRAM, grams
from orca_agents.contamination.words import read_words
from orca_agents.errors import DatasetError

WrittenItem = dict[str, Any]
Change = Callable[[WrittenItem], str | None]

PLANTED: dict[str, dict[str, list[Any]]] = yaml.safe_load(
    (Path(__file__).parent / "planted" / "benchmark_items.yaml").read_text(encoding="utf-8")
)
SAMPLES = Path(__file__).parent.parent / "samples"


def write_rows(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def index_of(folder: Path, rows: Sequence[dict[str, Any]], fields: Sequence[str] = ("question",)) -> BenchmarkIndex:
    index = BenchmarkIndex.open(folder / "benchmarks.sqlite", create=True)
    index.add("planted", write_rows(folder / "planted.jsonl", rows), fields)
    return index


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchmarkIndex]:
    folder = tmp_path_factory.mktemp("planted")
    with BenchmarkIndex.open(folder / "benchmarks.sqlite", create=True) as index:
        for name, benchmark in PLANTED.items():
            rows = [
                {"id": f"{name}-{number}", "question": item["question"], "choices": item.get("choices", [])}
                for number, item in enumerate(benchmark["items"])
            ]
            fields = ["question", "choices"] if name == "exams" else ["question"]
            index.add(name, write_rows(folder / f"{name}.jsonl", rows), fields, "id")
    with BenchmarkIndex.open(folder / "benchmarks.sqlite") as reader:
        yield reader


# ------------------------------------------------------------------------------------- what becomes of a planted item


def whole(item: WrittenItem) -> str:
    options = "".join(f"\n{letter}. {option}" for letter, option in zip("ABCD", item.get("choices", ()), strict=False))
    return f"{item['question']}{options}"


def other_layout(item: WrittenItem) -> str:
    """Upper case, curly quotes, other line breaks, option letters of another kind, signs at other places."""
    choices = item.get("choices", ())
    options = "".join(f"  ({letter}) {option};" for letter, option in zip("abcd", choices, strict=False))
    shown = re.sub(r"[,.]", " ", item["question"]).replace('"', "”").replace("'", "’")
    return "**" + re.sub(r"\s+", "\n", shown.upper() + options.upper()) + "**"


def wrapped(item: WrittenItem) -> str:
    return (
        "Here is a task from last week's lesson. Take your time, and show every step of your work.\n\n"
        f"### Task\n```\n{whole(item)}\n```\n\nThink it through before you answer. The reply ends with a line that "
        "holds the answer alone. Teachers find that this helps pupils who rush ahead."
    )


def options_reordered(item: WrittenItem) -> str | None:
    return whole({**item, "choices": item["choices"][::-1]}) if item.get("choices") else None


def without_options(item: WrittenItem) -> str | None:
    return item["question"] if item.get("choices") else None


def cut(item: WrittenItem, begin: float, end: float) -> str:
    words = whole(item).split(" ")
    return " ".join(words[round(begin * len(words)) : round(end * len(words))])


def first_two_thirds(item: WrittenItem) -> str:
    return cut(item, 0, 2 / 3)


def last_half(item: WrittenItem) -> str:
    return cut(item, 1 / 2, 1)


def other_numbers(item: WrittenItem) -> str | None:
    text = whole(item)
    changed = re.sub(r"\d+", lambda match: str(int(match[0]) + 7), text)
    return changed if changed != text else None


def one_word_changed(item: WrittenItem) -> str:
    words = whole(item).split(" ")
    words[len(words) // 2] = "some"
    return " ".join(words)


def every_sixth_word_changed(item: WrittenItem) -> str:
    return " ".join("some" if number % 6 == 3 else word for number, word in enumerate(whole(item).split(" ")))


def reworded(item: WrittenItem) -> str | None:
    return item.get("reworded")


def translated(item: WrittenItem) -> str | None:
    return item.get("translated")


FEWEST_CAUGHT: dict[Change, float] = {
    whole: 1.0,
    other_layout: 1.0,
    wrapped: 1.0,
    options_reordered: 0.9,
    without_options: 0.75,
    first_two_thirds: 0.8,
    last_half: 0.55,
    other_numbers: 0.85,
    one_word_changed: 0.7,
    every_sixth_word_changed: 0.4,
}
"""What share of the planted items must be found after each change; measured, then rounded down a little."""


def caught(index: BenchmarkIndex, change: Change) -> tuple[int, int]:
    """How many of the planted items are found as what they are, of how many that can be changed so."""
    found = tried = 0
    for name, benchmark in PLANTED.items():
        for number, item in enumerate(benchmark["items"]):
            if (text := change(item)) is not None:
                hit = index.find(text)
                found += hit is not None and (hit.benchmark, hit.item) == (name, f"{name}-{number}")
                tried += 1
    return found, tried


@pytest.mark.parametrize("change", FEWEST_CAUGHT, ids=lambda change: change.__name__)
def test_planted_items_are_caught_after_each_change(planted: BenchmarkIndex, change: Change) -> None:
    found, tried = caught(planted, change)
    assert tried >= 12
    assert found >= FEWEST_CAUGHT[change] * tried, f"{change.__name__}: {found} of {tried}"


@pytest.mark.parametrize("change", [reworded, translated], ids=lambda change: change.__name__)
def test_other_words_are_not_caught_and_this_is_known(planted: BenchmarkIndex, change: Change) -> None:
    found, tried = caught(planted, change)
    assert tried >= 6
    assert found == 0, "better than the documentation says: change that"


@pytest.mark.parametrize("name", PLANTED)
def test_other_items_of_the_same_kind_raise_no_alarm(planted: BenchmarkIndex, name: str) -> None:
    alarms = {text: hit for text in PLANTED[name]["others"] if (hit := planted.find(text)) is not None}
    assert not alarms


def test_prose_and_code_raise_no_alarm(planted: BenchmarkIndex) -> None:
    package = Path(orca_agents.__file__).parent
    agents = SAMPLES.parent / "agents"
    files = [*sorted(SAMPLES.glob("*.*")), *sorted(package.rglob("*.py")), *sorted(agents.rglob("*.yaml"))]
    assert len(files) > 300
    alarms = {file.name: hit for file in files if (hit := planted.find(file.read_text(encoding="utf-8"))) is not None}
    assert not alarms


def test_all_items_in_a_text_are_found_each_with_its_share(planted: BenchmarkIndex) -> None:
    items = PLANTED["maths"]["items"]
    text = f"{whole(items[1])}\n\nSomething else.\n\n{cut(items[4], 0, 0.6)} and so on"
    hits = planted.find_all(text)
    assert [hit.item for hit in hits] == ["maths-1", "maths-4"]
    assert hits[0].share == 1.0
    assert 0.5 < hits[1].share < 0.7
    assert hits[0].text == items[1]["question"].rstrip("?")
    assert planted.find(text) == hits[0]
    assert planted.find_all(text, most=1) == hits[:1]


def test_the_matched_words_are_shown_as_they_stand_in_the_text(planted: BenchmarkIndex) -> None:
    hit = planted.find("Quiz: which Danish  architect\nDREW the plans of the “Opera House” in Sydney harbour? Well.")
    assert hit is not None
    assert hit.text == "which Danish architect DREW the plans of the “Opera House” in Sydney harbour"


# ---------------------------------------------------------------------------------------- what many items share

ORDER = "Read the task with care, choose the best of the answers, and reply with the letter of that answer alone."
TITLE = "What is the best title for this passage?"
THINGS = [
    "lamp",
    "boat",
    "rope",
    "mill",
    "kite",
    "drum",
    "sledge",
    "plough",
    "churn",
    "anvil",
    "barrel",
    "wagon",
    "loom",
]
THINGS += ["bellows", "saddle", "ladder"]


def ordered_rows() -> list[dict[str, Any]]:
    return [
        {"question": f"{ORDER} The {thing} of the museum was last mended by the {other} maker in the year {1800 + n}."}
        for n, (thing, other) in enumerate(zip(THINGS, THINGS[::-1], strict=True))
    ]


def test_the_instructions_of_a_benchmark_are_no_item_of_it(tmp_path: Path) -> None:
    with index_of(tmp_path, ordered_rows()) as index:
        assert index.find(f"{ORDER} Which planet is the largest? A. Mars B. Jupiter") is None
        hit = index.find("The boat of the museum was last mended by the saddle maker in the year 1801.")
        assert hit is not None
        assert hit.item == "row 2"
        assert hit.share > 0.8  # a few words of the instructions, before it, are taken for its own


def test_a_question_that_very_many_passages_share_is_none_of_them(tmp_path: Path) -> None:
    rows = [{"question": TITLE, "passage": f"The {a} lay for years beside the {b}."} for a, b in pairwise(THINGS)]
    with index_of(tmp_path, rows, ["question", "passage"]) as index:
        assert index.find(f"{TITLE}\n\nBees dance to tell where the flowers are.") is None
        assert index.benchmarks()[0].findable == len(rows)
    with BenchmarkIndex.open(tmp_path / "questions.sqlite", create=True) as index:
        index.add("titles", tmp_path / "planted.jsonl", ["question"])
        assert index.benchmarks()[0].findable == 0


def test_a_passage_with_many_questions_is_no_boilerplate(tmp_path: Path) -> None:
    words = " ".join(f"{a} by the {b}," for a in THINGS[:5] for b in THINGS[5:9])
    rows = [{"passage": f"Once there was a {words} and that was all.", "question": f"Who had the {a}?"} for a in THINGS]
    rows += [
        {"passage": "", "question": f"How heavy was the {a} that the children found under the {b}?"}
        for a in THINGS
        for b in THINGS[:3]
    ]
    with index_of(tmp_path, rows, ["question", "passage"]) as index:
        hit = index.find(rows[0]["passage"])
        assert hit is not None
        assert hit.share > 0.8


def test_a_short_question_with_options_needs_one_of_them(planted: BenchmarkIndex) -> None:
    question = "The powerhouse of a eukaryotic cell is"
    assert planted.find(f"{question}\nA. a sack\nB. a tube") is None
    hit = planted.find(f"{question}\nA. a sack\nB. the mitochondrion")
    assert hit is not None
    assert hit.item == "exams-3"


def test_a_short_question_counts_as_a_sentence_of_its_own_alone(planted: BenchmarkIndex) -> None:
    assert planted.find("Tell me: which element has the chemical symbol W?") is not None
    assert planted.find("He asked which element has the chemical symbol W in older books than these.") is None


def test_a_question_about_a_passage_is_another_one_about_another_passage(tmp_path: Path) -> None:
    asked = "Why did the author most likely write this story?"
    passage = "".join(f"In the year of the {a} they lost the {b} on a hill. " for a, b in list(pairwise(THINGS))[:12])
    choices = ["to tell how a thing was lost on a hill", "to warn of hills"]
    row = {"question": asked, "choices": choices, "passage": passage}
    with index_of(tmp_path, [row], ["question", "choices", "passage"]) as index:
        assert index.find(asked) is None
        assert index.find(f"{asked}\nA. to praise the sea\nB. to sell ships") is None
        assert index.find(f"{asked}\nA. {choices[0]}\nB. to sell ships") is not None
        assert index.find(passage) is not None
        assert index.find(f"{passage}\n\n{asked}") is not None


def test_figures_in_a_row_say_nothing(tmp_path: Path) -> None:
    figures = ", ".join(map(str, range(5, 25)))
    questions = ["1, 2, 3, 4, 5, 6, 7, 8, 9, 10", "Which number follows 1, 2, 4, 8, 16, 32, 64?", f"Add up {figures}."]
    rows = [{"question": question} for question in questions]
    with index_of(tmp_path, rows) as index:
        assert index.find("Count: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12") is None
        assert index.find("The powers are 1, 2, 4, 8, 16, 32, 64, 128.") is None
        assert index.find(f"A table of pages: {figures}") is None
        assert index.find(f"Please add up {figures}") is not None
        assert index.find("Riddle: which number follows 1, 2, 4, 8, 16, 32, 64?") is not None
        assert index.benchmarks()[0].findable == 2


def test_four_common_words_are_no_question(tmp_path: Path) -> None:
    with index_of(tmp_path, [{"question": "Why or why not?"}, {"question": "Why is that not so?"}]) as index:
        assert index.find("Do you agree? Why or why not?") is None
        assert index.find("Do you agree? Why is that not so?") is not None


def test_a_long_piece_of_a_much_longer_item_is_enough(tmp_path: Path) -> None:
    words = [f"{a}{b}" for a in THINGS for b in THINGS]
    with index_of(tmp_path, [{"question": " ".join(words)}]) as index:
        hit = index.find("Before it. " + " ".join(words[100:155]) + ". After it.")
        assert hit is not None
        assert 0.2 < hit.share < 0.25
        assert index.find("Before it. " + " ".join(words[100:140]) + ". After it.") is None


# ----------------------------------------------------------------------------------------------- reading the files


def texts_of(file: Path, fields: Sequence[str], id_field: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    return [tuple(item) for item in read_items(file, fields, id_field)]  # type: ignore[misc]  # a NamedTuple is one


ROWS: list[dict[str, Any]] = [
    {"id": "q1", "question": "Why is the sky blue?", "choices": {"text": ["air", "sea"], "label": ["A", "B"]}, "n": 3},
    {"id": "q2", "question": 'Who knows, "nobody"?', "choices": {"text": ["I", "you"], "label": ["A", "B"]}},
]
READ = [("q1", ("Why is the sky blue?", "air", "sea")), ("q2", ('Who knows, "nobody"?', "I", "you"))]


def test_every_format_gives_the_same_items(tmp_path: Path) -> None:
    lines = write_rows(tmp_path / "a.jsonl", ROWS)
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(lines.read_bytes()))
    plain, nested = tmp_path / "a.json", tmp_path / "b.json"
    plain.write_text(json.dumps(ROWS), encoding="utf-8")
    nested.write_text(json.dumps({"canary": "x", "examples": ROWS}), encoding="utf-8")
    for file in (lines, packed, plain, nested):
        assert texts_of(file, ["question", "choices.text"], "id") == READ, file.name
    for ending, delimiter in ((".csv", ","), (".tsv", "\t")):
        table = tmp_path / f"a{ending}"
        with table.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(["id", "question", "one", "two"])
            writer.writerows([row["id"], row["question"], *row["choices"]["text"]] for row in ROWS)
        assert texts_of(table, ["question", "one", "two"], "id") == READ, ending


def test_parquet_gives_the_same_items(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert texts_of(tmp_path / "a.parquet", ["question", "choices.text"], "id") == READ


def test_numbers_are_texts_and_gaps_are_none(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.jsonl", [*ROWS, {"other": 1}])
    assert texts_of(file, ["n", "question"]) == [
        ("row 1", ("3", "Why is the sky blue?")),
        ("row 2", ('Who knows, "nobody"?',)),
    ]


@pytest.mark.parametrize(
    ("name", "content", "fields", "message"),
    [
        ("a.jsonl", '{"question": "x"}\n{"question": ', ["question"], r"a\.jsonl:2: not valid JSON"),
        ("a.jsonl", "[1]\n", ["question"], r"a\.jsonl:1: not an object with named fields"),
        ("a.jsonl", '{"question": "x", "n": 1}\n', ["qestion"], "no field 'qestion'; did you mean 'question'"),
        ("a.jsonl", "", ["question"], "holds no rows"),
        ("a.jsonl", '{"question": "?!"}', ["question"], "no row has any text"),
        ("a.json", '{"a": 1}', ["a"], "not a list of objects"),
        ("a.txt", "x", ["a"], r"\.txt is not a format for benchmarks"),
        ("a.parquet", "x", ["a"], "not usable as Parquet"),
        ("a.csv", "a\n\xff", ["a"], "not UTF-8"),
        ("a.jsonl.gz", "x", ["a"], "cannot be read"),
        ("a.jsonl", '{"question": "x"}', [], "say which fields"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_leaves_the_index_as_it_was(
    tmp_path: Path, name: str, content: str, fields: list[str], message: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with BenchmarkIndex.open(tmp_path / "benchmarks.sqlite", create=True) as index:
        with pytest.raises(DatasetError, match=message):
            index.add("broken", tmp_path / name, fields)
        assert index.benchmarks() == []
        assert index.find("Why is the sky blue over the old harbour of this town?") is None


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    with BenchmarkIndex.open(tmp_path / "b", create=True) as index, pytest.raises(DatasetError, match="check the path"):
        index.add("none", missing, ["question"])


# ------------------------------------------------------------------------------------------------------ the index


def test_a_benchmark_is_taken_out_and_only_it(tmp_path: Path) -> None:
    one, other = ({"question": PLANTED["maths"]["items"][n]["question"]} for n in (0, 1))
    with index_of(tmp_path, [one]) as index:
        before = index.digest
        index.add("second", write_rows(tmp_path / "second.jsonl", [other]), ["question"])
        assert index.digest != before
        assert index.find(other["question"]) is not None
        index.remove("second")
        assert index.find(other["question"]) is None
        assert index.find(one["question"]) is not None
        assert index.digest == before
        with pytest.raises(DatasetError, match=r"no benchmark is called 'plantd'; did you mean 'planted'\?"):
            index.remove("plantd")
        with pytest.raises(DatasetError, match="there is a benchmark 'planted' already"):
            index.add("planted", tmp_path / "second.jsonl", ["question"])


def test_the_digest_is_of_the_content_and_not_of_the_place_or_the_order(tmp_path: Path) -> None:
    files = [write_rows(tmp_path / f"{n}.jsonl", [PLANTED["maths"]["items"][n]]) for n in (0, 1)]
    digests = set()
    for place, names in (("a", (0, 1)), ("b", (1, 0))):
        with BenchmarkIndex.open(tmp_path / place, create=True) as index:
            for n in names:
                index.add(f"b{n}", files[n], ["question"])
            digests.add(index.digest)
    with BenchmarkIndex.open(tmp_path / "c", create=True) as index:
        index.add("b0", files[0], ["question"])
        index.add("b1", files[1], ["question"], id_field="question")
        digests.add(index.digest)
    assert len(digests) == 2


def test_the_same_items_are_found_in_every_process(planted: BenchmarkIndex) -> None:
    texts = [wrapped(item) for benchmark in PLANTED.values() for item in benchmark["items"]]
    program = (
        "import json, sys; from pathlib import Path; from orca_agents.contamination import BenchmarkIndex\n"
        "index = BenchmarkIndex.open(Path(sys.argv[1]))\n"
        "print(json.dumps([index.find_all(text) for text in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(planted.path)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": str(Path(orca_agents.__file__).parent.parent)},
    )
    here = json.loads(json.dumps([planted.find_all(text) for text in texts]))
    assert json.loads(done.stdout) == here


def test_threads_find_the_same_side_by_side(planted: BenchmarkIndex) -> None:
    texts = [wrapped(item) for benchmark in PLANTED.values() for item in benchmark["items"]]
    expected = [planted.find(text) for text in texts]
    results: list[list[Hit | None]] = []

    def look() -> None:
        results.append([planted.find(text) for text in texts])

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


def test_an_index_is_opened_to_be_read_unless_it_is_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is no index of benchmarks; make one with"):
        BenchmarkIndex.open(tmp_path / "benchmarks.sqlite")
    assert not (tmp_path / "benchmarks.sqlite").exists()
    index_of(tmp_path, [{"question": "Why is the sky over the harbour blue?"}]).close()
    with BenchmarkIndex.open(tmp_path / "benchmarks.sqlite") as index:
        with pytest.raises(DatasetError, match="opened to be read"):
            index.add("more", tmp_path / "planted.jsonl", ["question"])
        with pytest.raises(DatasetError, match="opened to be read"):
            index.remove("planted")


def test_other_files_are_not_taken_for_an_index(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to be looked at\n" * 40, encoding="utf-8")
    other = sqlite3.connect(tmp_path / "other.sqlite")
    other.execute("CREATE TABLE mine (x)")
    other.close()
    for name in ("text", "other.sqlite"):
        for create in (False, True):
            with pytest.raises(DatasetError, match="index of benchmarks; name another file with --index"):
                BenchmarkIndex.open(tmp_path / name, create=create)
    index_of(tmp_path, [{"question": "Why is the sky over the harbour blue?"}]).close()
    newer = sqlite3.connect(tmp_path / "benchmarks.sqlite")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(DatasetError, match="made by another version"):
        BenchmarkIndex.open(tmp_path / "benchmarks.sqlite")


def test_a_closed_index_says_so(tmp_path: Path) -> None:
    index = index_of(tmp_path, [{"question": "Why is the sky over the harbour blue?"}])
    index.close()
    with pytest.raises(DatasetError, match="is closed; open it again"):
        index.find("Why is the sky over the harbour blue?")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "\ud800 \udfff",
        "\x00",
        "a",
        "word " * 40_000,
        "the cat sat on the mat " * 8000,
        "([{" * 30_000,
        "x" * 200_000,
        "法" * 50_000,
        "a. b) c. " * 20_000,
        "1 " * 60_000,
        "e\u0301" * 30_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_any_text_can_be_looked_through_and_be_an_item(tmp_path: Path, text: str) -> None:
    rows = [{"question": "the cat sat on the mat " * 50}, {"question": "Why is the sky over the harbour blue?"}]
    file = tmp_path / "planted.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"question": text}]), encoding="utf-8")
    began = time.monotonic()
    with BenchmarkIndex.open(tmp_path / "benchmarks.sqlite", create=True) as index:
        index.add("odd", file, ["question"])
        index.find(text)
    assert time.monotonic() - began < 60, "not how quick it is, but that it does not hang"


def test_a_gram_has_one_number_wherever_it_stands() -> None:
    for words in (["a", "b", "c", "d", "e", "f", "g"], ["é", "b", "法", "d", "straße", "f", "g"]):
        assert grams(words) == [grams(words[at : at + GRAM])[0] for at in range(len(words) - GRAM + 1)]
        assert len(set(grams(words))) == 3


def test_words_are_the_same_in_any_layout() -> None:
    assert read_words("It’s one_name(x, 3.5)!").words == ["it", "s", "one", "name", "x", "3", "5"]
    assert read_words("A. Paris\nB) Lyon (c) Ｎｉｃｅ").words == ["paris", "lyon", "nice"]
    assert read_words("Straße für Çé").words == ["strasse", "für", "çé"]
    assert read_words("为什么?").words == ["为", "什", "么"]
    assert read_words("One two. Three, four\nfive").bounds == [0, 2, 3, 4, 5]


# ---------------------------------------------------------------------------------------------------- the commands


def test_the_commands_add_list_find_and_remove(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORCA_BENCHMARKS", "mine.sqlite")
    question = PLANTED["maths"]["items"][1]["question"]
    write_rows(tmp_path / "m.jsonl", [{"question": question, "id": "m-7"}, {"question": "Why?", "id": "m-8"}])
    add_command("maths", Path("m.jsonl"), ["question"], "id", None)
    assert capsys.readouterr().out == (
        "mine.sqlite: added 2 items of maths from m.jsonl\n"
        "  1 item cannot be found: too few words, or none that other items do not share\n"
    )
    list_command(None)
    out = capsys.readouterr().out
    assert out.startswith("maths  (2 items, 1 can be found, ")
    assert "mine.sqlite: 1 benchmark, 2 items, digest " in out
    find_command(f"Please solve: {question}", None, 20)
    out = capsys.readouterr().out
    assert out == f"maths, m-7: 100% of it is here: {question[:-1]}\nmine.sqlite: found (maths)\n"
    find_command("Nothing of the kind.", None, 20)
    assert capsys.readouterr().out == "mine.sqlite: nothing found (maths)\n"
    rows = [{"messages": [{"role": "user", "content": text}]} for text in ("hello", question, "bye")]
    write_rows(tmp_path / "rows.jsonl", rows)
    find_command("rows.jsonl", None, 20)
    out = capsys.readouterr().out
    assert out.startswith("rows.jsonl, row 2: maths, m-7: 100% of it is here: A ferry carries 45 cars")
    assert out.endswith("mine.sqlite: 1 of 3 rows hold items of benchmarks (maths)\n")
    (tmp_path / "page.md").write_text(f"# A page\n\n{question}\n", encoding="utf-8")
    find_command("page.md", None, 20)
    assert capsys.readouterr().out.startswith("page.md: maths, m-7: 100% of it is here: ")
    remove_command("maths", None)
    assert capsys.readouterr().out == "mine.sqlite: removed maths; 0 benchmarks left\n"


def test_a_command_that_fails_makes_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCA_BENCHMARKS", raising=False)
    with pytest.raises(DatasetError, match="check the path"):
        add_command("maths", Path("none.jsonl"), ["question"], None, None)
    with pytest.raises(DatasetError, match=r"benchmarks\.sqlite: there is no index"):
        remove_command("maths", None)
    with pytest.raises(DatasetError, match=r"benchmarks\.sqlite: there is no index"):
        find_command("text", None, 20)
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_added_or_removed_meanwhile_is_seen(tmp_path: Path) -> None:
    rows = write_rows(
        tmp_path / "maths.jsonl", [{"question": f"How many boats of {n} rows cross {n} seas?"} for n in "abc"]
    )
    place = tmp_path / "benchmarks.sqlite"
    with BenchmarkIndex.open(place, create=True) as one, BenchmarkIndex.open(place, create=True) as other:
        one.add("maths", rows, ["question"])
        with pytest.raises(DatasetError, match="there is a benchmark 'maths' already"):
            other.add("maths", rows, ["question"])
        one.remove("maths")
        with pytest.raises(DatasetError, match="no benchmark is called 'maths'; there are: none"):
            other.remove("maths")
        assert other.add("maths", rows, ["question"]) == 3


def test_what_is_found_steers_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = "Which of the ships in the harbour was sunk by the storm, and why did her captain leave?"
    with index_of(tmp_path, [{"question": question}]):
        pass
    text = question.replace("harbour", "\x1b[31mharbour\ud800")
    found = write_rows(tmp_path / "found.json", [])
    found.write_text(json.dumps([{"text": text}]), encoding="ascii")
    find_command(str(found), tmp_path / "benchmarks.sqlite", 5)
    out = capsys.readouterr().out
    assert "harbour" in out
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize("stray", ['3\t"Who was it?\n', '3\t"Who was it?\n4\t"He" said who?\n'])
def test_a_stray_quotation_mark_is_told_and_swallows_no_items(stray: str, tmp_path: Path) -> None:
    file = tmp_path / "items.tsv"
    file.write_text(f"id\tquestion\n1\tWho came?\n{stray}5\tWho left?\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"items\.tsv:\d+: not usable as a table: .* a stray quotation mark"):
        list(read_items(file, ["question"]))
