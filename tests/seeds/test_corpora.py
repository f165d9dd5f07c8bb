"""Corpus seeds out of neighbouring documents, and web pages in both of their forms."""

from pathlib import Path

import pytest

from orca_agents.outcomes import Skip
from orca_agents.records import Seed, SeedKind
from orca_agents.seeds import SeedOptions, read_seeds

TOWNS = ("Brenley", "Corran Ferry", "Dunmore", "Eastwick", "Farrow", "Glen Hale", "Harrow End")


def text(town: str) -> str:
    return (
        f"# {town}\n\nThe mill at {town} ground oats for the villages of its valley until a flood broke the wheel. The "
        f"family sold the stones to a farmer, and the people of {town} made a meeting hall of the empty building."
    )


def options(*kinds: str, words: tuple[int, int] = (10, 3000)) -> SeedOptions:
    return SeedOptions(kinds=kinds, words=words)  # type: ignore[arg-type]


def write(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, town in enumerate(TOWNS[:count]):
        (folder / f"{number}.md").write_text(text(town), encoding="utf-8")


def kinds(sources: Path, read: SeedOptions) -> list[str]:
    return [item.kind if isinstance(item, Seed) else "skip" for item in read_seeds([sources], read)]


def test_documents_of_a_folder_become_one_corpus_beside_themselves(tmp_path: Path) -> None:
    write(tmp_path, 4)
    seeds = [item for item in read_seeds([tmp_path], options("text", "corpus")) if isinstance(item, Seed)]
    assert [seed.kind for seed in seeds] == ["text"] * 4 + ["corpus"]
    corpus = seeds[-1]
    assert [document["title"] for document in corpus.metadata["documents"]] == list(TOWNS[:4])
    assert [document["seed_id"] for document in corpus.metadata["documents"]] == [seed.id for seed in seeds[:4]]
    assert corpus.text.count("Document Id: ") == 4
    assert all(seed.text.strip() in corpus.text for seed in seeds[:4])


def test_two_folders_are_two_corpora_and_a_few_documents_are_none(tmp_path: Path) -> None:
    write(tmp_path / "a", 3)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.md").write_text(text("Ilford"), encoding="utf-8")
    assert kinds(tmp_path, options("text", "corpus")) == ["text"] * 3 + ["corpus", "text"]


def test_a_corpus_is_no_longer_than_asked_for(tmp_path: Path) -> None:
    write(tmp_path, 7)
    seeds = [it for it in read_seeds([tmp_path], options("text", "corpus", words=(10, 150))) if isinstance(it, Seed)]
    corpora = [seed for seed in seeds if seed.kind == "corpus"]
    assert [len(corpus.metadata["documents"]) for corpus in corpora] == [3, 3]


def test_the_same_documents_are_the_same_corpus(tmp_path: Path) -> None:
    write(tmp_path, 3)
    read = options("text", "corpus")
    first, second = (
        [it.id for it in read_seeds([tmp_path], read) if isinstance(it, Seed) and it.kind == "corpus"] for _ in range(2)
    )
    assert first == second
    assert len(first) == 1


def test_nobody_who_wants_no_corpus_gets_one(tmp_path: Path) -> None:
    write(tmp_path, 4)
    assert kinds(tmp_path, options("text")) == ["text"] * 4
    assert kinds(tmp_path, SeedOptions()) == ["text"] * 4


def test_a_web_page_is_read_as_a_text_and_as_a_page_where_both_are_wanted(tmp_path: Path) -> None:
    pytest.importorskip("trafilatura", reason="pages need the extra [ingest]")
    body = "".join(f"<p>{text(town)[3:]}</p>" for town in TOWNS[:3])
    page = f"<!DOCTYPE html><html lang='en'><head><title>Mills</title></head><body><main>{body}</main></body></html>"
    (tmp_path / "mills.html").write_text(page, encoding="utf-8")
    wanted: tuple[SeedKind, ...] = ("text", "html")
    assert kinds(tmp_path, SeedOptions(kinds=wanted)) == ["text"]
    assert kinds(tmp_path, SeedOptions(kinds=wanted, pages="both")) == ["text", "html"]
    assert kinds(tmp_path, SeedOptions(kinds=("html",))) == ["html"]
    assert not [it for it in read_seeds([tmp_path], SeedOptions(kinds=wanted, pages="both")) if isinstance(it, Skip)]
