"""A corpus is read, indexed and searched: with SQLite and, where it is installed, with tantivy."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orca_agents.errors import SearchError, SeedError
from orca_agents.records import Seed
from orca_agents.search.api import Passage
from orca_agents.search.corpus import open_corpus
from orca_agents.search.excerpts import excerpt
from orca_agents.search.fts import CorpusIndex
from orca_agents.search.tantivy_index import TantivyIndex, missing
from orca_agents.search.words import index_words, query_terms, word_places
from orca_agents.seeds import SeedOptions

needs_tantivy = pytest.mark.skipif(missing() is not None, reason=missing() or "")
ENGINES = ["fts", pytest.param("tantivy", marks=needs_tantivy)]
Index = CorpusIndex | TantivyIndex
Begin = Callable[[str], Index]

WORLD = [
    Passage(text="The foxes of the north hunt voles under the snow.", title="Arctic animals", source="a.md", page=3),
    Passage(text="def parse_http_request(raw): return HTTPServer(raw).read()", source="server.py", start=40, end=98),
    Passage(text="北京是中华人民共和国的首都。", source="zh.txt"),
    Passage(text="東京は日本の首都です。カフェがあります。", source="ja.txt"),
    Passage(text="서울은 대한민국의 수도이다.", source="ko.txt"),
    Passage(text="กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย", source="th.txt"),
    Passage(text="नमस्ते दुनिया, a Café in Zürich. Ёлка.", source="mixed.txt"),
    Passage(text="العَرَبِيَّة لغة", source="ar.txt"),
]
"""Each is the only one with its words."""


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    begun: list[Index] = []

    def make(engine: str) -> Index:
        begun.append(CorpusIndex(tmp_path / "x.sqlite") if engine == "fts" else TantivyIndex(tmp_path / "x.tantivy"))
        return begun[-1]

    yield make
    for index in begun:
        index.close_now()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("fox", "a.md"),
        ("FOXES", "a.md"),
        ("animal", "a.md"),
        ("parse_http_request", "server.py"),
        ("parseHttpRequest", "server.py"),
        ("http server", "server.py"),
        ("parse_http_nothing", "server.py"),
        ("北京", "zh.txt"),
        ("中华人民共和国", "zh.txt"),
        ("京是", "zh.txt"),
        ("東京", "ja.txt"),
        ("ｶﾌｪ", "ja.txt"),
        ("서울", "ko.txt"),
        ("대한민국", "ko.txt"),
        ("เมืองหลวง", "th.txt"),
        ("नमस्ते", "mixed.txt"),
        ("cafe", "mixed.txt"),
        ("ZURICH", "mixed.txt"),
        ("елка", "mixed.txt"),
        ("العربية", "ar.txt"),
    ],
)
def test_a_word_is_found_in_its_language_whatever_its_form(begin: Begin, engine: str, query: str, source: str) -> None:
    index = begin(engine)
    index.add(WORLD)
    assert index.search_now(query)[0].passage.source == source


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hit_says_where_it_stands(begin: Begin, engine: str) -> None:
    index = begin(engine)
    index.add(WORLD)
    assert index.search_now("voles snow")[0].passage == WORLD[0]
    assert index.search_now("raw read")[0].passage == WORLD[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_words_that_nobody_has_do_not_keep_the_others_from_being_found(begin: Begin, engine: str) -> None:
    index = begin(engine)
    index.add(WORLD)
    assert index.search_now("what do voles xyzzy eat plugh")[0].passage.source == "a.md"
    assert index.search_now("xyzzy plugh") == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_title_counts_more_than_the_text_and_hits_come_best_first(begin: Begin, engine: str) -> None:
    index = begin(engine)
    index.add(
        [
            Passage(text="A long text that names granite once among many other stones and things of the earth."),
            Passage(text="A long text about the many other stones and things of the earth.", title="Granite"),
            Passage(text="Nothing of the kind."),
        ]
    )
    hits = index.search_now("granite")
    assert [hit.passage.title for hit in hits] == ["Granite", None]
    assert hits[0].score > hits[1].score


@pytest.mark.parametrize("engine", ENGINES)
def test_a_passage_is_not_added_twice_and_an_index_grows(begin: Begin, engine: str) -> None:
    index = begin(engine)
    assert index.add(WORLD[:4]) == 4
    assert index.add([*WORLD, *WORLD]) == len(WORLD) - 4
    assert len(index) == len(WORLD)
    assert f"{len(WORLD)} passages" in index.name
    assert len(index.search_now("voles")) == 1
    index.close_now()
    assert len(begin(engine)) == len(WORLD)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_addition_that_fails_adds_nothing(begin: Begin, engine: str) -> None:
    def failing() -> Iterator[Passage]:
        yield from WORLD[:3]
        raise RuntimeError("the reader broke")

    index = begin(engine)
    index.add(WORLD[3:])
    with pytest.raises(RuntimeError, match="the reader broke"):
        index.add(failing())
    assert len(index) == len(WORLD) - 3
    assert index.search_now("voles") == []
    assert index.add(WORLD) == 3


def _build_for_ever(path: Path, engine: str) -> None:
    def passages() -> Iterator[Passage]:
        for number in range(10_000_000):
            yield Passage(text=f"number {number}", start=number)

    (CorpusIndex if engine == "fts" else TantivyIndex).build(path, passages())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_build_that_is_killed_leaves_no_index(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "index"
    process = multiprocessing.get_context("spawn").Process(target=_build_for_ever, args=(path, engine))
    process.start()
    deadline = time.monotonic() + 30
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert any(tmp_path.iterdir())  # it had begun
    assert not path.exists()
    index = (CorpusIndex if engine == "fts" else TantivyIndex).build(path, WORLD)
    assert len(index) == len(WORLD)
    index.close_now()


_text = st.text(max_size=60) | st.lists(
    st.sampled_from(
        ["AND", "OR", "NOT", "NEAR(", ")", "(", '"', "'", "*", "^", ":", "-", "+", "title", "fox", "北京", "😀", "\0"]
    ),
    max_size=12,
).map(" ".join)
_any_text = _text | st.text(alphabet=st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), max_size=5)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Index]]:
    made: list[Index] = [CorpusIndex()]
    if missing() is None:
        made.append(TantivyIndex(tmp_path_factory.mktemp("tantivy")))
    for index in made:
        index.add(WORLD)
    yield made
    for index in made:
        index.close_now()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=_any_text)
@example("fox'; DROP TABLE passages; --")
@example('NEAR(fox voles, 5) AND title:x* OR ^"')
@example("fox " * 50_000)
@example("x" * 1_000_000)
@example("北京" * 100_000)
@example("‏\u202e\ufeff\u200d")
@example("ªº²³㈠…Ⅷﬁ")
def test_any_query_gives_hits_or_none(indexes: list[Index], query: str) -> None:
    for index in indexes:
        for hit in index.search_now(query):
            assert hit.passage in WORLD


@settings(max_examples=80, deadline=None)
@given(text=_any_text, title=st.none() | _any_text, query=_any_text)
def test_any_text_can_be_indexed_and_its_words_find_it(text: str, title: str | None, query: str) -> None:
    index = CorpusIndex()
    index.add([Passage(text=text, title=title)])
    assert bool(index.search_now(text)) == bool(query_terms(text))
    index.search_now(query)
    index.close_now()


@settings(max_examples=150, deadline=None)
@given(text=_any_text | st.text(alphabet="aB_1é北京カﾊﾟ한ก็ ", max_size=30))
def test_a_query_and_an_index_see_the_same_words(text: str) -> None:
    indexed = set(index_words(text).split())
    assert {word for term in query_terms(text, most=1000) for word in term.words} <= indexed
    assert all(0 <= start < end <= len(text) for start, end, _ in word_places(text))
    assert not any(sign in index_words(text) for sign in "\"'*()\0")


def test_an_excerpt_shows_what_was_found_and_is_short() -> None:
    text = "stone " * 300 + "the needle and the thread " + "stone " * 300
    shown = excerpt(text, {"needle": 3.0, "thread": 3.0, "stone": 0.1})
    assert "needle and the thread" in shown
    assert shown.startswith("… stone")
    assert shown.endswith("stone …")
    assert len(shown) <= 500
    chinese = "石" * 2000 + "北京烤鸭" + "头" * 2000
    assert "北京烤鸭" in excerpt(chinese, {"北京": 2.0, "烤鸭": 2.0})


@pytest.mark.parametrize("engine", ENGINES)
async def test_many_searches_run_beside_an_addition_and_the_loop_stays_free(begin: Begin, engine: str) -> None:
    index = begin(engine)
    index.add(Passage(text=f"common word{number} here", start=number) for number in range(3000))
    adding = threading.Thread(target=index.add, args=([Passage(text=f"common late{n}", start=n) for n in range(3000)],))
    adding.start()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    answers = await asyncio.gather(*(index.search(f"common word{number}", 3) for number in range(200)))
    ticking.cancel()
    await asyncio.to_thread(adding.join)
    assert [hits[0].passage.text for hits in answers] == [f"common word{number} here" for number in range(200)]
    assert ticks >= 2  # none while a search blocks the loop
    assert index.search_now("late77")
    await index.close()
    await index.close()
    with pytest.raises(SearchError, match="closed"):
        await index.search("common")


def test_a_file_that_is_no_index_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database " * 100)
    with pytest.raises(SearchError, match="delete it"):
        CorpusIndex(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(SearchError, match="not an index of this version"):
        CorpusIndex(tmp_path / "other")


def _write(folder: Path) -> None:
    folder.mkdir()
    (folder / "one.md").write_text("# Lighthouses\n\nA lighthouse warns ships of rocks and shallows at night.\n")
    (folder / "two.py").write_text("def keep_the_lamp_burning(hours):\n    return [hours] * 3\n")


@pytest.mark.parametrize("engine", [*ENGINES, "auto"])
async def test_sources_are_read_indexed_once_and_again_when_they_change(tmp_path: Path, engine: str) -> None:
    documents, folder = tmp_path / "documents", tmp_path / "kept"
    _write(documents)
    seed = Seed(text="Fog horns are heard when the lamp is not seen.", source="fog.pdf", metadata={"pages": [4, 5]})
    sources = [documents, seed, "A plain text about tides."]

    def names() -> list[str]:
        return sorted(path.name for path in folder.iterdir())

    corpus = open_corpus(sources, SeedOptions(kinds=("math",)), folder, engine)  # type: ignore[arg-type]
    (lighthouse,) = await corpus.search("rocks shallows")
    assert (lighthouse.passage.title, lighthouse.passage.source) == ("Lighthouses", str(documents / "one.md"))
    assert (await corpus.search("fog horn"))[0].passage.page == 4
    assert (await corpus.search("keepTheLampBurning"))[0].passage.source == str(documents / "two.py")
    assert await corpus.search("tides")
    before = names()
    assert len(before) == 1
    made = (folder / before[0]).stat().st_mtime_ns

    again = open_corpus(sources, SeedOptions(), folder, engine)  # type: ignore[arg-type]
    assert await again.search("rocks shallows")
    assert names() == before
    assert (folder / before[0]).stat().st_mtime_ns == made

    (documents / "one.md").write_text("# Harbours\n\nA harbour shelters ships from the sea in winter storms.\n")
    changed = open_corpus(sources, SeedOptions(), folder, engine)  # type: ignore[arg-type]
    assert await changed.search("harbour")
    assert await changed.search("rocks shallows") == []
    assert len(names()) == 1
    assert names() != before
    assert await corpus.search("rocks shallows")  # who has the old one open keeps it
    for opened in (corpus, again, changed):
        await opened.close()


async def test_a_broken_index_is_built_again(tmp_path: Path) -> None:
    _write(tmp_path / "documents")
    await open_corpus([tmp_path / "documents"], SeedOptions(), tmp_path / "kept", "fts").close()
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_bytes(b"broken" * 1000)
    corpus = open_corpus([tmp_path / "documents"], SeedOptions(), tmp_path / "kept", "fts")
    assert await corpus.search("lighthouse")
    await corpus.close()


async def test_without_a_folder_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    corpus = open_corpus(["Tides follow the moon."], SeedOptions(), None)
    assert await corpus.search("moon")
    await corpus.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208  nothing else runs in this loop


def test_what_cannot_be_searched_is_told(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="standard input"):
        open_corpus([Path("-")], SeedOptions(), None)
    with pytest.raises(SeedError, match="no such file"):
        open_corpus([tmp_path / "nowhere.txt"], SeedOptions(), tmp_path)
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(SearchError, match=r"no text to search in: .*empty\.txt"):
        open_corpus([tmp_path / "empty.txt"], SeedOptions(), tmp_path)
