"""Near copies of items are found, what only looks like one is not, and neither takes longer the more there are."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from orca_agents.duplicates.alike import compare_items
from orca_agents.duplicates.buckets import MOST, Buckets
from orca_agents.duplicates.coding import coded
from orca_agents.duplicates.index import Copy, CopyIndex
from orca_agents.duplicates.rouge import rouge_l
from orca_agents.duplicates.scratch import open_scratch
from orca_agents.duplicates.signing import question_keys, sign_question
from orca_agents.duplicates.texts import ItemText, item_text, wording, words
from orca_agents.errors import DatasetError

PLANTED = Path(__file__).parent / "planted"
COPIES = ("light", "edits", "case", "space", "punctuation", "reordered")
MECHANICAL = ("case", "space", "punctuation", "reordered")
OTHERS = ("other", "passages", "other_options")
MILL = (
    "The mill at the river was built in 1850 by Thomas Hale. After a fire the town bought the ruin, put a new roof on "
    "it and used it as a school. Since then it has stood empty, although neighbours open it to visitors each August."
)


class Planted(NamedTuple):
    """An item, and one that is planted beside it."""

    name: str
    kind: str
    original: ItemText
    planted: ItemText


def planted(file: str) -> Iterator[Planted]:
    """The pairs of a planted set, with the copies that a program can make."""
    data = yaml.safe_load((PLANTED / file).read_text(encoding="utf-8"))
    for entry in data["items"]:
        passage = data["passages"][entry["passage"]] if "passage" in entry else ""
        parts = {"options": entry["options"]} if "options" in entry else {}
        question = entry["question"]
        for kind, item in _planted(entry, question, parts, passage):
            yield Planted(entry["name"], kind, item_text(question, parts, passage), item)


def _planted(
    entry: dict[str, Any], question: str, parts: dict[str, list[str]], passage: str
) -> Iterator[tuple[str, ItemText]]:
    for kind in ("light", "heavy", "translated", "other"):
        for text in entry.get(kind, ()):
            yield kind, item_text(text, parts, passage)
    for options in entry.get("other_options", ()):
        yield "other_options", item_text(question, {"options": options}, passage)
    for text in entry.get("passages", ()):
        yield "passages", item_text(question, parts, text)
    for old, new in entry.get("edits", ()):
        assert old in passage
        yield "edits", item_text(question, parts, passage.replace(old, new))
    yield "case", item_text(question.upper(), parts, passage.lower())
    yield "space", item_text(f"  {question.replace(' ', '   ')}\n", parts, passage.replace(" ", "\n"))
    unpunctuated = question.replace(",", "").replace("?", "").replace(". ", "; ").rstrip(".")
    yield "punctuation", item_text(unpunctuated, parts, passage)
    if parts:
        yield "reordered", item_text(question, {"options": parts["options"][::-1]}, passage)


def measure(file: str, *, templates: bool = False) -> dict[str, float]:
    """kind -> the part of its planted items that is called a copy."""
    called: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for pair in planted(file):
        with CopyIndex.open(templates=templates) as index:
            index.add("original", pair.original)
            total[pair.kind] += 1
            called[pair.kind] += index.find(pair.planted) is not None
    total["others"], called["others"] = sum(total[kind] for kind in OTHERS), sum(called[kind] for kind in OTHERS)
    return {kind: called[kind] / total[kind] for kind in total}


@pytest.mark.parametrize("file", ["duplicates.yaml", "duplicates_held_out.yaml"])
def test_planted_copies_are_caught_and_what_looks_like_one_mostly_is_not(file: str) -> None:
    rates = measure(file)
    print(file, {kind: round(rate, 3) for kind, rate in rates.items()})
    assert all(rates[kind] == 1 for kind in MECHANICAL)
    assert rates["edits"] == 1
    assert rates["light"] >= 0.85
    assert rates["others"] <= 0.1
    # the limit of comparing words, told in the README: other words for the same task, and other languages
    assert rates["heavy"] <= 0.1
    assert rates["translated"] == 0


@pytest.mark.parametrize("file", ["duplicates.yaml", "duplicates_held_out.yaml"])
def test_rouge_to_the_letter_catches_all_and_takes_half_of_the_other_items_with_it(file: str) -> None:
    rates = measure(file, templates=True)
    assert rates["light"] == 1
    assert rates["others"] > 0.4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tom has 12 apples and buys 5. How many is that?", "Tom has 15 apples and buys 5. How many is that?"),
        ("What is 17 + 25?", "What is 17 - 25?"),
        ("Take 25 from 70 and name the result.", "Take 70 from 25 and name the result."),
        ("Which of these animals is a mammal?", "Which of these animals is not a mammal?"),
        ("Which of these words isn't a verb?", "Which of these words is a verb?"),
        ("Where was Ada Lovelace born?", "When was Ada Lovelace born?"),
        ("In which year did the mathematician Lovelace die?", "In which year did the mathematician Noether die?"),
        ("Is a hectare larger than an acre?", "Is an acre larger than a hectare?"),
        ("法国的首都是哪里？", "德国的首都是哪里？"),
    ],
)  # fmt: skip
def test_a_question_about_something_else_is_another_item(one: str, other: str) -> None:
    with CopyIndex.open() as index:
        index.add("one", ItemText(one))
        assert index.find(ItemText(other)) is None
        assert index.find(ItemText(one)) == Copy("one", 1.0, "exact")


def test_a_copy_says_how_and_how_much_it_is_one() -> None:
    question = "Explain to a child why the moon seems to grow and to shrink in the course of a month."
    with CopyIndex.open() as index:
        index.add("moon", ItemText(question))
        assert index.find(ItemText(question.upper())) == Copy("moon", 1.0, "exact")
        moved = "In the course of a month the moon seems to grow and to shrink. Explain to a child why."
        near = index.find(ItemText(moved))
        assert near is not None
        assert (near.id, near.how) == ("moon", "near")
        reworded = "Explain to some child why a moon seems to grow and shrink in a course of each month."
        rouge = index.find(ItemText(reworded))
        assert rouge is not None
        assert (rouge.id, rouge.how) == ("moon", "rouge")
        assert rouge.score == rouge_l(words(question), words(reworded))


def test_the_most_alike_is_named_and_the_first_one_of_equals() -> None:
    question = "Which of the two bridges over the river is older, and by how many years?"
    with CopyIndex.open() as index:
        index.add("long", ItemText(question.replace("older", "the older one of the two")))
        index.add("first", ItemText(question))
        index.add("second", ItemText(question))
        assert index.find(ItemText(question)) == Copy("first", 1.0, "exact")
        assert index.find(ItemText(question), without={"first"}) == Copy("second", 1.0, "exact")
        found = index.find(ItemText(question), without={"first", "second"})
        assert found is not None
        assert found.id == "long"
        assert index.find(ItemText(question), among=["second"]) == Copy("second", 1.0, "exact")
        assert index.find(ItemText(question), among=lambda id: id == "nobody") is None


def test_a_question_is_a_copy_only_where_its_passage_is_one_too() -> None:
    question = "What is the main idea of the passage?"
    with CopyIndex.open() as index:
        index.add("mill", ItemText(question, MILL))
        assert index.find(ItemText(question)) is None
        assert index.find(ItemText(question, "Bees dance to show the others where the flowers are.")) is None
        assert index.find(ItemText("Who bought the ruin?", MILL)) is None
        edited = index.find(ItemText(question, MILL.replace("put a new roof on it", "put a roof on it")))
        assert edited is not None
        assert edited.id == "mill"
        assert edited.how != "exact"
        index.add("no passage", ItemText(question))
        assert index.find(ItemText(question, " \n")) == Copy("no passage", 1.0, "exact")


def test_two_filled_in_forms_are_two_passages() -> None:
    form = "Invoice {0} of {1} to {2}. {3} bags of flour at 3.50 each. Goods stay ours until they are paid for in full."
    question = "What is the total of the invoice?"
    with CopyIndex.open() as index:
        index.add("hale", ItemText(question, form.format(4471, "Hale", "Mrs Finch", 12)))
        assert index.find(ItemText(question, form.format(5120, "Reed", "Mr Pell", 9))) is None


def test_the_order_of_options_does_not_count_and_their_words_do() -> None:
    options = ("Mercury", "Iron is a metal", "Copper", "Tin")
    one = item_text("Which is liquid?", {"options": options}, "")
    assert one == item_text("Which is liquid?", {"options": options[::-1]}, "")
    with CopyIndex.open() as index:
        index.add("one", one)
        other = item_text("Which is liquid?", {"options": ("Glass", "Wood is a material", "Steel", "Clay")}, "")
        assert index.find(other) is None
        assert index.find(item_text("Which is liquid?", {}, "")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's  the\nMILL's Name?", "what s the mill s name"),
        ("**Bold**, `code` and (brackets)", "bold code and brackets"),
        ("1,000.50 at 3.5%", "1000.50 at 3.5 %"),
        ("x<=y; a - b, 3*4 != 2/1", "x <= y a - b 3 * 4 != 2 / 1"),
        ("and/or well-known", "and or well known"),
        ("１２ Ｃａｆé ﬁn", "12 café fin"),
        ("1990\u20131995", "1990 - 1995"),
        ("北京 is 大", "北 京 is 大"),
        ("snake_case", "snake case"),
        (" \n?!", ""),
    ],
)
def test_words_are_what_counts(text: str, expected: str) -> None:
    assert words(text) == tuple(expected.split())
    assert wording(text).words == words(text)


def test_names_are_told_by_capitals_inside_of_sentences() -> None:
    assert wording("Where did Ada live? Then she left London.").names == {"ada", "london"}
    assert wording("WHERE DID ADA LIVE BEFORE SHE LEFT LONDON").names == set()


def test_rouge_l_is_what_the_definition_says() -> None:
    draws = random.Random(1)
    for _ in range(200):
        one, other = (draws.choices("abcdefg", k=draws.randrange(12)) for _ in range(2))
        expected = 2 * _common(one, other) / (len(one) + len(other)) if one or other else 1.0
        assert rouge_l(one, other) == pytest.approx(expected)
        assert rouge_l(one, other, 0.5) == pytest.approx(expected if expected >= 0.5 else 0.0)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        above = row[:]
        for at, its_word in enumerate(other, start=1):
            row[at] = above[at - 1] + 1 if word == its_word else max(above[at], row[at - 1])
    return row[-1]


def test_candidates_hold_nearly_all_that_all_pairs_hold() -> None:
    draws = random.Random(4)
    vocabulary = [f"w{round(draws.paretovariate(0.7))}" for _ in range(3000)]
    originals = [draws.choices(vocabulary, k=draws.randint(6, 40)) for _ in range(500)]
    edited = [_edit(text, draws.uniform(0.02, 0.45), vocabulary, draws) for text in originals]
    under: dict[int, set[int]] = {}
    for number, text in enumerate(originals):
        for key in question_keys(sign_question(coded(text)), 0):
            under.setdefault(key, set()).add(number)
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for text in edited:
        found = set().union(*(under.get(key, ()) for key in question_keys(sign_question(coded(text)), 0)))
        for number, other in enumerate(originals):
            if score := rouge_l(coded(text), coded(other), 0.7):
                hits[score >= 0.8].append(number in found)
    assert len(hits[True]) > 150
    assert len(hits[False]) > 60
    assert sum(hits[True]) / len(hits[True]) >= 0.99
    assert sum(hits[False]) / len(hits[False]) >= 0.85


def _edit(text: list[str], share: float, vocabulary: list[str], draws: random.Random) -> list[str]:
    kept = [word for word in text if draws.random() >= share / 3]
    return [draws.choice(vocabulary) if draws.random() < share else word for word in kept]


def test_one_question_about_many_passages_and_many_questions_about_one() -> None:
    draws = random.Random(5)
    vocabulary = [f"w{number}" for number in range(2000)]
    passages = [" ".join(draws.choices(vocabulary, k=60)) for _ in range(300)]
    questions = [" ".join(draws.choices(vocabulary, k=14)) for _ in range(300)]
    items = [(f"p{at}", ItemText("What is the main idea?", passage)) for at, passage in enumerate(passages)]
    items += [(f"q{at}", ItemText(question, passages[0])) for at, question in enumerate(questions)]
    with CopyIndex.open() as index:
        assert [id for id, copy in index.sift(items) if copy is not None] == []
        again = [(f"{id} again", item) for id, item in items]
        assert [copy.id for _, copy in index.sift(again) if copy is not None] == [id for id, _ in items]
        assert len(index) == len(items)


def test_what_many_share_costs_no_more_than_what_few_do() -> None:
    connection = open_scratch(None)
    buckets = Buckets(connection)
    for number in range(1, 300_001):
        buckets.add([7, 1000 + number], number)  # often enough to be written
    assert list(buckets.under([7])) == list(range(1, MOST + 1))
    assert list(buckets.under([1000 + 5, 1000 + 299_999, 3])) == [5, 299_999]
    connection.close()


def test_a_copy_is_found_among_hundreds_of_one_template() -> None:
    def text(number: int, verb: str = "buys") -> ItemText:
        return ItemText(
            f"Tom has {number} apples and {verb} {number * 7 % 1000} more at 5 cents each. What do they cost?"
        )

    with CopyIndex.open() as index:
        assert [id for id, copy in index.sift((str(number), text(number)) for number in range(600)) if copy] == []
        found = index.find(text(555, "then buys"))
        assert found is not None
        assert found.id == "555"


STRANGE = [
    "", " ", "?", "a", "\x00", "\u200b\u202e", "\ud800", "e\u0301" * 5, "👩‍🚀 🚀", "ﷺ", "ß", "İ", "Ⅷ ½ ①",
    "| a | b |\n|---|---|",
    "word " * 20_000, "x" * 100_000, "好" * 30_000, "1 " * 20_000,
    "((((" * 25_000, "- " * 40_000, "a\n\n" * 10_000,
]  # fmt: skip


def test_any_text_is_an_item() -> None:
    with CopyIndex.open() as index:
        for number, text in enumerate(STRANGE):
            item = ItemText(text, text[::-1], text)
            if index.find(item) is None:
                index.add(str(number), item)
            found = index.find(item)
            assert found is not None
            assert (found.score, found.how) == (1.0, "exact")
        assert len(index) > 10


def test_long_texts_are_compared_too() -> None:
    draws = random.Random(6)
    text = [f"{draws.choice('abcdefghij')}ord{number}" for number in range(12_000)]
    edited = [word if draws.random() > 0.1 else f"new{word}" for word in text]
    with CopyIndex.open() as index:
        index.add("long", ItemText("Sum up the text.", " ".join(text)))
        index.add("longer", ItemText(" ".join(text)))
        for copy, id in (
            (ItemText("Sum up the text.", " ".join(edited)), "long"),
            (ItemText(" ".join(edited)), "longer"),
        ):
            found = index.find(copy)
            assert found is not None
            assert found.id == id
        assert index.find(ItemText(" ".join(edited[::-1]))) is None


def test_two_items_are_compared_as_the_index_does_it_whichever_comes_first() -> None:
    for pair in planted("duplicates.yaml"):
        found = compare_items(pair.original, pair.planted)
        assert found == compare_items(pair.planted, pair.original)
        with CopyIndex.open() as index:
            index.add("original", pair.original)
            copy = index.find(pair.planted)
        assert (copy is None) == (found is None)
        assert copy is None or found is None or (copy.score, copy.how) == (found.score, found.how)


def test_a_file_gives_the_same_answers_and_goes_with_the_index(tmp_path: Path) -> None:
    pairs = [pair for pair in planted("duplicates.yaml") if pair.kind in ("light", "other")]
    items = [(f"{at} {kind}", item) for at, pair in enumerate(pairs) for kind, item in zip("ab", pair[2:], strict=True)]
    path = tmp_path / "copies.sqlite"
    with CopyIndex.open() as in_memory, CopyIndex.open(path) as in_file:
        assert path.exists()
        assert list(in_memory.sift(items)) == list(in_file.sift(items))
        assert len(in_memory) == len(in_file)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DatasetError, match=r"copies\.sqlite: the index is closed; open another one"):
        in_file.find(ItemText("anything"))


def test_another_process_gives_the_same_answers(tmp_path: Path) -> None:
    program = (
        "import json, sys\n"
        "from orca_agents.duplicates.index import CopyIndex\n"
        "from orca_agents.duplicates.texts import ItemText\n"
        "items = [(id, ItemText(*texts)) for id, texts in json.load(sys.stdin)]\n"
        "with CopyIndex.open() as index:\n"
        "    print(json.dumps(list(index.sift(items))))\n"
    )
    pairs = list(planted("duplicates.yaml"))
    items = [(f"{at} {kind}", item) for at, pair in enumerate(pairs) for kind, item in zip("ab", pair[2:], strict=True)]
    answers = [
        subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(items),
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers[0] == answers[1]
    assert '"exact"' in answers[0]


def test_a_file_of_the_users_is_not_touched(tmp_path: Path) -> None:
    theirs = tmp_path / "notes.txt"
    theirs.write_text("mine")
    for path in (theirs, tmp_path):
        with pytest.raises(DatasetError, match="this file is something else; name another place"):
            CopyIndex.open(path)
    assert theirs.read_text() == "mine"
    with pytest.raises(DatasetError, match=r"an index cannot be made here: .*; name another place"):
        CopyIndex.open(tmp_path / "nowhere" / "copies.sqlite")


def test_an_index_that_is_in_use_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "copies.sqlite"
    with CopyIndex.open(path) as index:
        with pytest.raises(DatasetError, match="another process uses this index"):
            CopyIndex.open(path)
        index.add("one", ItemText("Why?"))
        assert index.find(ItemText("why")) == Copy("one", 1.0, "exact")


def test_what_a_killed_process_left_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "copies.sqlite"
    program = (
        "import os, pathlib, signal, sys\n"
        "from orca_agents.duplicates.index import CopyIndex\n"
        "from orca_agents.duplicates.texts import ItemText\n"
        "index = CopyIndex.open(pathlib.Path(sys.argv[1]))\n"
        "for number in range(20): index.add(str(number), ItemText(f'Question {number}'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.exists()
    with CopyIndex.open(path) as index:
        assert len(index) == 0
        assert index.find(ItemText("Question 3")) is None


def test_an_id_stands_for_one_item() -> None:
    with CopyIndex.open() as index:
        index.add("one", ItemText("Why?"))
        assert "one" in index
        assert "two" not in index
        with pytest.raises(DatasetError, match="the item 'one' is added a second time"):
            index.add("one", ItemText("How?"))
        assert len(index) == 1


@pytest.mark.parametrize("threshold", [0.0, 0.49, 1.01])
def test_a_threshold_that_cannot_be_is_refused(threshold: float) -> None:
    with pytest.raises(DatasetError, match=r"give one from 0\.5 to 1"):
        CopyIndex.open(None, threshold)


def test_passages_that_are_alike_are_told_by_the_first_of_their_kind() -> None:
    other = "Lighthouse keepers trim their lamps each night, and write the weather down before they go to bed."
    with CopyIndex.open() as index:
        assert index.passages_like(MILL) == ()
        index.add("mill", ItemText("When was it built?", MILL))
        index.add("again", ItemText("Who bought the ruin?", f"{MILL} Still."))
        index.add("light", ItemText("What do they write down?", other))
        (mill,) = index.passages_like(MILL)
        assert index.passages_like(f"{MILL} Still.") == index.passages_like(f"{MILL} Even so.") == (mill,)
        assert index.passages_like(other) not in ((), (mill,))
        assert index.passages_like("") == ()
