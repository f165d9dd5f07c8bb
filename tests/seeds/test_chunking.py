"""Chunks hold the whole document, at their own joints."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from orca_agents.seeds.chunking import WINDOW_CHARS, chunk, count_words

LINE = "the moon pulls water and every coast keeps its own slow clock of rising and falling tides"
WORDS = LINE.split()


def _prose(words: int, rng: random.Random) -> str:
    parts = []
    for number in range(words):
        ending = rng.choice(["", "", "", "", ",", ".", ".\n", ".\n\n"])
        parts.append(
            rng.choice(WORDS) + ending + ("" if ending.endswith("\n") else " ") + ("\t" if number == 7 else "")
        )
    return "  \n" + "".join(parts)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("markdown", [False, True])
@pytest.mark.parametrize("words", [50, 400, 5000])
def test_chunks_hold_everything_but_white_space_and_keep_the_limits(words: int, markdown: bool) -> None:
    text = _prose(words, random.Random(words))
    spans = chunk(text, 120, 20, markdown=markdown)
    assert _without_spaces("".join(text[start:end] for start, end in spans)) == _without_spaces(text)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    for start, end in spans:
        assert text[start:end] == text[start:end].strip()
        assert count_words(text[start:end]) <= 120
    assert len(spans) == 1 or all(count_words(text[start:end]) >= 20 for start, end in spans)


def test_a_document_that_fits_is_one_chunk_without_outer_white_space() -> None:
    assert chunk("\n\n  a short text \n", 800) == [(4, 16)]


def test_white_space_alone_gives_no_chunk() -> None:
    assert chunk(" \n\t", 10) == []


def test_offsets_count_characters_and_not_bytes() -> None:
    text = "Ärger über Öl. 🙂 " * 100
    assert all(text[start:end].startswith(("Ä", "über", "Öl", "🙂")) for start, end in chunk(text, 50))


def test_markdown_is_cut_at_its_headings() -> None:
    section = "## Part {}\n\n" + "The tide comes in and the tide goes out again. " * 6 + "\n\n"
    text = "".join(section.format(number) for number in range(8))
    spans = chunk(text, 130, 10, markdown=True)
    assert len(spans) > 1
    assert all(text[start:end].startswith("## Part") for start, end in spans)


def test_a_small_rest_is_put_to_its_neighbour() -> None:
    text = "# One\n\n" + "word " * 87 + "\n\n# Two\n\nonly five words are here\n\n# Three\n\n" + "word " * 87
    spans = chunk(text, 110, 20, markdown=True)
    assert [text[start:end].split()[1] for start, end in spans] == ["One", "Three"]


def test_code_is_cut_at_lines_and_keeps_its_indentation() -> None:
    text = "".join(f"    def method_{n}(self, value):\n        return self.total + value * {n}\n\n" for n in range(80))
    lines = text.splitlines()
    spans = chunk(text, 60, 5, code=True)
    assert len(spans) > 5
    for start, end in spans:
        assert all(line in lines for line in text[start:end].splitlines())
        assert text[start:end].startswith(" ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("four words are here", 4),
        ("海の潮は月に引かれる", 7),
        ("น้ำขึ้นน้ำลง", 3.6),
        ("x" * 4000, 200),
        ("", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: float) -> None:
    assert count_words(text) == pytest.approx(words, abs=1)


@pytest.mark.parametrize("text", ["漢字" * 60_000, "a" * 500_000, "one more word " * 100_000, "🙂\u200d" * 60_000])
def test_one_endless_line_is_cut_in_bounded_time(text: str) -> None:
    assert len(text) > 2 * WINDOW_CHARS
    start = time.perf_counter()
    spans = chunk(text, 800, 20)
    assert time.perf_counter() - start < 20
    assert len(spans) > 3
    assert max(count_words(text[a:b]) for a, b in spans) <= 800
    assert sum(b - a for a, b in spans) >= len(text.replace(" ", ""))
