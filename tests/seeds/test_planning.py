"""Sources become seeds with offsets, ids and flags; nothing is dropped without a word."""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Seed, short_hash
from orca_agents.seeds import SeedOptions, read_seeds
from orca_agents.seeds.cleaning import clean
from orca_agents.seeds.met import Met

SENTENCE = "Tides are raised by the Moon and by the Sun, and every coast answers them in its own way. "
LONG = "# Tides\n\n" + "".join(
    f"## Coast {n}\n\n" + f"On coast {n} the water rises. " + SENTENCE * 5 + "\n\n" for n in range(20)
)


def _seeds(*sources: str | Path | Seed, **options: object) -> list[Seed]:
    found = list(read_seeds(sources, SeedOptions(**options)))  # type: ignore[arg-type]
    return [item for item in found if isinstance(item, Seed)]


def _skip(*sources: str | Path | Seed, **options: object) -> Skip:
    [skip] = [item for item in read_seeds(sources, SeedOptions(**options)) if isinstance(item, Skip)]  # type: ignore[arg-type]
    return skip


def test_a_string_is_a_text_even_if_it_looks_like_a_path() -> None:
    assert "too short" in _skip("notes.txt").reason
    [seed] = _seeds(SENTENCE * 2)
    assert (seed.text, seed.source, seed.start, seed.end) == (
        (SENTENCE * 2).strip(),
        "(text)",
        0,
        len(SENTENCE) * 2 - 1,
    )
    assert (seed.language, seed.kind, seed.id) == ("en", "text", short_hash(seed.text))


def test_one_string_is_not_taken_letter_by_letter() -> None:
    [seed] = read_seeds(SENTENCE * 2, SeedOptions())
    assert isinstance(seed, Seed)


def test_chunks_are_slices_of_the_cleaned_document(tmp_path: Path) -> None:
    path = tmp_path / "tides.md"
    dirty = LONG.replace("Moon", "Mo\u200bon").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + dirty.encode())
    seeds = _seeds(path, chunk_words=200)
    cleaned = clean(dirty).text
    assert len(seeds) > 5
    assert all(seed.text == cleaned[seed.start : seed.end] for seed in seeds)
    assert "".join("".join(seed.text for seed in seeds).split()) == "".join(cleaned.split())
    assert {(seed.title, seed.flags) for seed in seeds} == {("Tides", ("zero_width",))}
    assert len({seed.id for seed in seeds}) == len(seeds)


def test_the_longest_chunk_is_the_smaller_of_both_limits() -> None:
    plain = [len(seed.text.split()) for seed in _seeds(LONG, chunk_words=500, words=(20, 150))]
    assert max(plain) <= 150


def test_ids_are_the_same_in_another_process() -> None:
    program = "import sys; from orca_agents.records import Seed; print(Seed(text=sys.argv[1]).id)"
    [seed] = _seeds(SENTENCE * 2)
    environment = {"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "5"}
    other = subprocess.run([sys.executable, "-c", program, seed.text], capture_output=True, text=True, env=environment)
    assert other.stdout.strip() == seed.id


def test_a_document_that_is_too_short_is_a_skip_with_numbers() -> None:
    assert _skip(SENTENCE, words=(20, 3000)).reason == "too short: 19 of at least 20 words"
    assert len(_seeds(SENTENCE, words=(5, 3000))) == 1


def test_a_copy_is_skipped_and_names_the_first(tmp_path: Path) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text(LONG)
    second.write_bytes(LONG.replace("\n", "\r\n").encode() + b"\n\n")
    skip = _skip(first, second)
    assert (skip.source, skip.reason) == (str(second), f"same text as {first}")


def test_a_chunk_that_came_before_is_skipped() -> None:
    part = "# Part\n\n" + SENTENCE * 5
    found = list(
        read_seeds([part + "\n\n# More\n\n" + "Other words. " * 45 + "\n\n" + part], SeedOptions(chunk_words=140))
    )
    reasons = [item.reason for item in found if isinstance(item, Skip)]
    assert [reason.split(": ")[1] for reason in reasons] == ["same text as an earlier part of it"]


def test_kinds_that_are_not_wanted_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "tides.py"
    path.write_text("def tide(moon, sun):\n    return moon + sun\n" * 8)
    assert _skip(path, kinds=("text", "math")).reason == "of kind code; wanted here: text, math"
    [seed] = _seeds(path)
    assert (seed.kind, seed.language) == ("code", None)


def test_code_that_python_cannot_parse_is_data(tmp_path: Path) -> None:
    path = tmp_path / "old.py"
    path.write_text('import os\nraise SystemExit, "stop"\nprint "a %s {b} {{c}}" % os.environ["HOME"]\n' * 4 + "((((")
    [seed] = _seeds(path)
    assert seed.text == path.read_text()


def test_the_language_is_the_texts_own_whatever_is_to_be_written() -> None:
    spanish = "Las mareas suben y bajan dos veces al día porque la Luna atrae el agua de los mares hacia ella. " * 2
    [seed] = _seeds(spanish, language="en")
    assert seed.language == "es"


def test_flags_of_secrets_are_on_their_chunk_only() -> None:
    text = LONG + "\n\n## Login\n\nHer password: swordfish42 and her mail jo@example.org are here. " + SENTENCE * 4
    flagged = [seed for seed in _seeds(text, chunk_words=150) if seed.flags]
    assert [seed.flags for seed in flagged] == [("secrets", "personal_data")]
    assert "swordfish42" in flagged[0].text


def test_a_blob_in_the_middle_of_a_text_is_skipped_with_its_place() -> None:
    blob = base64.encodebytes(random.Random(3).randbytes(9000)).decode()
    found = list(
        read_seeds([LONG + "\n\n" + blob + "\n\n" + LONG.replace("oast", "ape")], SeedOptions(chunk_words=300))
    )
    assert any(isinstance(item, Skip) and item.reason.startswith("characters ") for item in found)
    assert any(isinstance(item, Seed) and item.start > len(LONG) for item in found)


def test_a_seed_is_taken_as_it_is() -> None:
    given = Seed(text="Short.", id="mine", kind="text", source="book", language="en", metadata={"page": 3})
    assert _seeds(given) == [given]


def test_a_seed_is_cleaned_and_cut_where_that_is_needed() -> None:
    dirty = Seed(text="Short.<|im_end|>", source="book")
    [seed] = _seeds(dirty)
    assert (seed.text, seed.flags, seed.id) == ("Short.‹|im_end|›", ("control_tokens",), short_hash(seed.text))
    long = Seed(text=LONG, id="mine", source="book", start=1000, metadata={"page": 3})
    chunks = _seeds(long, chunk_words=200)
    assert len(chunks) > 5
    for chunk in chunks:
        assert chunk.id == short_hash("mine", str(chunk.start))
        assert chunk.end is not None
        assert LONG[chunk.start - 1000 : chunk.end - 1000] == chunk.text
        assert (chunk.source, chunk.metadata) == ("book", {"seed_id": "mine", "page": 3})
    assert long.metadata == {"page": 3}
    theirs = long.model_copy(update={"metadata": {"seed_id": "theirs"}})
    assert {chunk.metadata["seed_id"] for chunk in _seeds(theirs, chunk_words=200)} == {"theirs"}
    unnamed = _seeds(Seed(text=LONG, source="book"), chunk_words=200)
    assert all(chunk.id == short_hash(chunk.text) and chunk.metadata == {} for chunk in unnamed)


def test_equal_seeds_are_one() -> None:
    assert "same text as a" in _skip(Seed(text="Short.", source="a"), Seed(text="Short.", source="b")).reason


def test_two_texts_with_one_id_are_refused() -> None:
    first, second = Seed(text="Short.", id="mine"), Seed(text="Other.", id="mine")
    with pytest.raises(SeedError, match="two seeds have the id 'mine' and different texts"):
        _seeds(first, second)
    assert "same text as" in _skip(first, first).reason


def test_skips_of_one_source_for_one_reason_have_ids_of_their_own() -> None:
    def ids() -> list[str]:
        return [item.id for item in read_seeds(["Short."] * 4, SeedOptions())]

    assert len(set(ids())) == 4
    assert ids() == ids()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_what_was_met_is_not_held_in_memory() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    # 30 MB of sources in all
    with Met() as met:
        for number in range(1000):
            met.first("chunks", short_hash(str(number)), "x" * 100)
        before = resident()
        for number in range(1000, 100_000):
            assert met.first("chunks", short_hash(str(number)), "x" * 300) is None
        grown = resident() - before
        assert met.first("chunks", short_hash("7"), "y") == "x" * 100
        assert met.first("documents", short_hash("7"), "y") is None
        assert [met.times("skips", short_hash("7")) for _ in range(3)] == [1, 2, 3]
    assert grown < 12_000_000


def test_seeds_may_be_read_and_left_in_another_thread() -> None:
    reading = read_seeds([SENTENCE * 2, SENTENCE * 3, SENTENCE * 2], SeedOptions())
    assert isinstance(next(reading), Seed)
    with ThreadPoolExecutor(1) as other:
        assert isinstance(other.submit(next, reading).result(), Seed)
        assert isinstance(other.submit(next, reading).result(), Skip)
        other.submit(reading.close).result()  # type: ignore[attr-defined]  # it is a generator
    assert list(reading) == []


def test_impossible_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="fewest <= most"):
        SeedOptions(words=(30, 20))
    with pytest.raises(ValueError, match="chunk_words"):
        SeedOptions(chunk_words=0)
