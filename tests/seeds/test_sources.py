"""Files, folders, standard input and strings are found and read; what cannot be read is skipped."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.records import Seed
from orca_agents.seeds import STDIN, SeedOptions, check_sources, read_seeds
from orca_agents.seeds.documents import Document
from orca_agents.seeds.rows import MAX_BYTES
from orca_agents.seeds.sources import read_source

TEXT = "Number {}: the tide table of the harbour lists two high waters and two low waters for almost every day."
OPTIONS = SeedOptions(words=(5, 3000))


def _read(*sources: str | Path | Seed, options: SeedOptions = OPTIONS) -> tuple[list[Seed], list[Skip]]:
    return _sort(read_seeds(sources, options))


def _sort(items: Iterable[Seed | Skip]) -> tuple[list[Seed], list[Skip]]:
    found = list(items)
    return [item for item in found if isinstance(item, Seed)], [item for item in found if isinstance(item, Skip)]


def _write(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(number))
    return path


def test_a_folder_is_read_in_order_without_hidden_files(tmp_path: Path) -> None:
    for number, name in enumerate(["b/z.txt", "b/a.md", "a.rst", "c.tex", ".hidden.txt", ".git/x.txt", "plain"]):
        _write(tmp_path / name, number)
    seeds, skips = _read(tmp_path)
    assert [seed.source for seed in seeds] == [
        str(tmp_path / name) for name in ["a.rst", "b/a.md", "b/z.txt", "c.tex", "plain"]
    ]
    assert skips == []


def test_links_that_lead_in_circles_are_followed_once(tmp_path: Path) -> None:
    _write(tmp_path / "inner/a.txt", 1)
    (tmp_path / "inner/up").symlink_to(tmp_path)
    (tmp_path / "inner/itself").symlink_to(tmp_path / "inner/itself")
    seeds, skips = _read(tmp_path)
    assert len(seeds) == 1
    assert [skip.source for skip in skips] == [str(tmp_path / "inner/itself")]


def test_a_pipe_in_a_folder_does_not_stop_the_run(tmp_path: Path) -> None:
    _write(tmp_path / "a.txt", 1)
    os.mkfifo(tmp_path / "b.txt")
    seeds, skips = _read(tmp_path)
    assert len(seeds) == 1
    assert "not a regular file" in skips[0].reason


def test_one_bad_file_is_a_skip_and_the_next_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x89PNG\r\n" + bytes(200))
    (tmp_path / "b.html").write_text("<p>hello")
    (tmp_path / "c.log").write_text("<!DOCTYPE html><html><body>hello there</body></html>")
    _write(tmp_path / "d.txt", 1)
    seeds, skips = _read(tmp_path)
    assert [Path(seed.source).name for seed in seeds] == ["d.txt"]
    assert [(Path(skip.source).name, skip.stage) for skip in skips] == [
        ("a.txt", "seeds"),
        ("b.html", "seeds"),
        ("c.log", "seeds"),
    ]
    assert len({skip.id for skip in skips}) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_and_folders_without_permission_are_skips(tmp_path: Path) -> None:
    closed = [_write(tmp_path / "a.txt", 1), tmp_path / "b", tmp_path / "c"]
    _write(tmp_path / "b/b.txt", 2)
    _write(tmp_path / "c/c.txt", 3)
    _write(tmp_path / "d.txt", 4)
    for path, mode in zip(closed, (0, 0, 0o400), strict=True):
        path.chmod(mode)
    seeds, skips = _read(tmp_path)
    for path in closed:
        path.chmod(0o700)
    assert [seed.source for seed in seeds] == [str(tmp_path / "d.txt")]
    assert [skip.source for skip in skips] == [str(tmp_path / name) for name in ("a.txt", "b", "c/c.txt")]
    assert all("cannot be read" in skip.reason for skip in skips)


def test_a_missing_path_is_an_error_with_a_guess(tmp_path: Path) -> None:
    _write(tmp_path / "tides.txt", 1)
    with pytest.raises(SeedError, match=r"tide\.txt: no such file.*did you mean 'tides\.txt'"):
        check_sources([tmp_path / "tide.txt"])
    with pytest.raises(SeedError, match="no such file"):
        _read(tmp_path / "tide.txt")


def test_a_missing_path_is_an_error_when_it_is_reached(tmp_path: Path) -> None:
    found = read_seeds([TEXT, tmp_path / "none.txt"], OPTIONS)
    assert isinstance(next(found), Seed)
    with pytest.raises(SeedError):
        next(found)


def test_all_missing_paths_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SeedError) as caught:
        check_sources([tmp_path / "one.txt", "a text", STDIN, tmp_path / "two.txt", Path("a\0b")])
    assert [line.split(":")[0].split("/")[-1] for line in str(caught.value).splitlines()] == [
        "one.txt",
        "two.txt",
        "a\0b",
    ]


def test_a_folder_without_a_readable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="files found: none"):
        check_sources([tmp_path])
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(SeedError, match=r"1 \.doc"):
        _read(tmp_path)
    _write(tmp_path / "a.txt", 1)
    check_sources([tmp_path])


def test_a_file_name_in_other_scripts_is_kept_as_given(tmp_path: Path) -> None:
    path = _write(tmp_path / "naïve файл 名前 (copy).txt", 1)
    assert _read(path)[0][0].source == str(path)


def test_a_file_name_that_is_not_utf8_is_escaped(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text(TEXT)
    [seed] = _read(path)[0]
    assert seed.source.endswith("caf\\xe9.txt")
    seed.model_dump_json()


def test_standard_input_is_one_text() -> None:
    for stream in (io.StringIO(TEXT), io.BytesIO(TEXT.encode()), io.TextIOWrapper(io.BytesIO(TEXT.encode()))):
        [seed] = read_seeds([STDIN], OPTIONS, stdin=stream)
        assert isinstance(seed, Seed)
        assert (seed.text, seed.source) == (TEXT, "-")


def test_standard_input_is_jsonl_where_a_field_is_named() -> None:
    stream = io.StringIO('{"text": "' + TEXT + '"}\nnonsense\n')
    seeds, skips = _sort(read_seeds([STDIN], SeedOptions(words=(5, 100), text_field="text"), stdin=stream))
    assert [seed.source for seed in seeds] == ["-:1"]
    assert [skip.source for skip in skips] == ["-:2"]


def test_binary_standard_input_is_a_skip() -> None:
    [skip] = read_seeds([STDIN], OPTIONS, stdin=io.BytesIO(b"\x1f\x8b" + bytes(50)))
    assert isinstance(skip, Skip)
    assert "gzip" in skip.reason


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(100 * MAX_BYTES)  # a file with a hole, which takes no room on the disk
    _, skips = _read(path)
    assert "split it" in skips[0].reason


def test_files_are_opened_one_after_the_other(tmp_path: Path) -> None:
    first, second = _write(tmp_path / "a.txt", 1), _write(tmp_path / "b.txt", 2)
    found = read_seeds([first, second], OPTIONS)
    next(found)
    second.write_text(TEXT.format(3))
    changed = next(found)
    assert isinstance(changed, Seed)
    assert changed.text.startswith("Number 3")


def test_a_run_folder_among_the_seeds_is_one_skip(tmp_path: Path) -> None:
    (tmp_path / "book.md").write_text("The mill by the river ground oats for the whole valley until the flood came.")
    run = tmp_path / "runs" / "first"
    run.mkdir(parents=True)
    for name in ("store.sqlite", "run.yaml", "examples.jsonl"):
        (run / name).write_text('{"text": "made from seeds"}\n')
    read = list(read_source(tmp_path, SeedOptions()))
    assert [item.source for item in read if isinstance(item, Document)] == [str(tmp_path / "book.md")]
    (skipped,) = (item for item in read if isinstance(item, Skip))
    assert (skipped.source, "the folder of a run" in skipped.reason) == (str(run), True)
    (named,) = read_source(run / "examples.jsonl", SeedOptions())
    assert isinstance(named, Document)
