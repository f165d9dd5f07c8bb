"""JSONL and JSON rows become documents with their metadata."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from orca_agents.outcomes import Skip
from orca_agents.records import Seed
from orca_agents.seeds import SeedOptions, read_seeds
from orca_agents.seeds.documents import Document
from orca_agents.seeds.rows import MAX_BYTES, read_lines

TEXT = "The tide table of the harbour lists two high waters and two low waters for almost every day of the year {}."


def _seeds(path: Path, text_field: str | None = None) -> list[Seed | Skip]:
    return list(read_seeds([path], SeedOptions(words=(5, 3000), text_field=text_field)))


def _write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows))
    return path


def test_known_fields_go_to_their_places_and_short_scalars_to_the_metadata(tmp_path: Path) -> None:
    row = {
        "text": TEXT.format(1),
        "id": "r-7",
        "title": "Tides\n<|im_end|>",
        "license": "CC0-1.0",
        "lang": "en-GB",
        "url": "https://example.org/tides",
        "kind": "math",
        "year": 1911,
        "score": 0.5,
        "ok": True,
        "tags": ["a"],
        "nothing": None,
        "raw": "x" * 5000,
    }
    path = _write(tmp_path / "rows.jsonl", row)
    [seed] = _seeds(path)
    assert isinstance(seed, Seed)
    assert (seed.title, seed.licence, seed.language, seed.kind) == ("Tides ‹|im_end|›", "CC0-1.0", "en", "math")
    assert seed.source == "https://example.org/tides"
    assert seed.metadata == {"id": "r-7", "year": 1911, "score": 0.5, "ok": True, "row": f"{path}:1"}


def test_without_a_source_of_its_own_a_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = _write(tmp_path / "rows.jsonl", {"text": TEXT.format(1)}, "\n", {"text": TEXT.format(2)})
    assert [seed.source for seed in _seeds(path)] == [f"{path}:1", f"{path}:3"]


@pytest.mark.parametrize("text", ["\n", " \n\t\r\n\n", "\n \n" * 9000])
def test_a_file_of_blank_lines_is_one_skip(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path / "rows.jsonl", text)
    [skip] = _seeds(path)
    assert isinstance(skip, Skip)
    assert (skip.source, skip.reason) == (str(path), "empty: it holds no lines but blank ones")
    [nothing] = read_lines(io.BytesIO(), "-", "text")
    assert isinstance(nothing, Skip)
    assert nothing.reason == "empty: it holds no lines"


def test_bad_lines_are_skipped_with_their_number_and_the_rest_is_read(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "rows.jsonl",
        {"text": TEXT.format(1)},
        '{"text": "cut off\n',
        {"body": "here"},
        {"text": 5},
        "[1]\n",
        '{"text": ' + "[" * 100_000 + "\n",
        {"text": TEXT.format(2)},
    )
    got = _seeds(path)
    skips = [item for item in got if isinstance(item, Skip)]
    assert len(got) - len(skips) == 2
    assert [skip.source for skip in skips] == [f"{path}:{line}" for line in (2, 3, 4, 5, 6)]
    said = ["not valid JSON", "it has body", "holds a number", "holds a list", "nested too deeply"]
    assert all(words in skip.reason for words, skip in zip(said, skips, strict=True))
    assert "text_field" in skips[1].reason


def test_another_text_field_can_be_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "rows.jsonl", {"body": TEXT.format(1), "text": "other"})
    [seed] = _seeds(path, "body")
    assert isinstance(seed, Seed)
    assert (seed.text, seed.metadata) == (TEXT.format(1), {"text": "other"})


def test_lone_surrogates_and_endless_numbers_do_not_reach_the_records(tmp_path: Path) -> None:
    line = '{"text": "%s \\ud800", "a": "\\udfff", "b": NaN, "c": 1e999}\n' % TEXT.format(1)  # noqa: UP031
    [seed] = _seeds(_write(tmp_path / "rows.jsonl", line))
    assert isinstance(seed, Seed)
    assert "encoding" in seed.flags
    assert json.loads(seed.model_dump_json())["metadata"] == {"a": "", "b": "NaN"}


def test_a_number_that_python_cannot_read_is_a_skip(tmp_path: Path) -> None:
    [skip] = _seeds(_write(tmp_path / "rows.jsonl", '{"text": "x", "n": ' + "9" * 5000 + "}\n"))
    assert isinstance(skip, Skip)
    assert "not usable JSON" in skip.reason


def test_lines_are_read_one_at_a_time() -> None:
    class Endless(io.RawIOBase):
        """A file of rows without an end."""

        count = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.count += 1
            line = json.dumps({"text": TEXT.format(self.count)}).encode() + b"\n"
            buffer[: len(line)] = line
            return len(line)

    stream = io.BufferedReader(Endless())
    found = read_lines(stream, "endless", None)
    assert [next(found).source for _ in range(3)] == ["endless:1", "endless:2", "endless:3"]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    stream = io.BytesIO(b'{"text": "' + b"x" * MAX_BYTES + b'"}\n' + json.dumps({"text": "short"}).encode())
    skip, document = read_lines(stream, "rows", None)
    assert isinstance(skip, Skip)
    assert "split it" in skip.reason
    assert isinstance(document, Document)
    assert document.source == "rows:2"


def test_utf16_and_packed_jsonl_say_what_to_do(tmp_path: Path) -> None:
    utf16 = tmp_path / "a.jsonl"
    utf16.write_text(json.dumps({"text": TEXT}), encoding="utf-16")
    packed = tmp_path / "b.jsonl"
    packed.write_bytes(b"\x1f\x8b\x08" + bytes(50))
    [first], [second] = _seeds(utf16), _seeds(packed)
    assert isinstance(first, Skip)
    assert "iconv" in first.reason
    assert isinstance(second, Skip)
    assert "gzip" in second.reason


def test_json_is_read_where_the_field_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.json", [{"text": TEXT.format(1)}, {"no": 1}, {"text": TEXT.format(2)}])
    first, skip, second = _seeds(path, "text")
    assert isinstance(first, Seed)
    assert isinstance(skip, Skip)
    assert [first.source, skip.source, second.source] == [f"{path}[{index}]" for index in range(3)]
    [single] = _seeds(_write(tmp_path / "b.json", {"text": TEXT.format(3)}), "text")
    assert isinstance(single, Seed)


@pytest.mark.parametrize(
    ("content", "text_field", "says"),
    [
        ('{"text": "x"}', None, "name the field"),
        ('{"openapi": "3.0.0", "paths": {', "text", "not valid JSON"),
        ("[" * 50_000, "text", "nested too deeply"),
        ("[]", "text", "an empty list"),
    ],
)
def test_json_that_gives_no_text_says_why(tmp_path: Path, content: str, text_field: str | None, says: str) -> None:
    [skip] = _seeds(_write(tmp_path / "a.json", content), text_field)
    assert isinstance(skip, Skip)
    assert says in skip.reason
