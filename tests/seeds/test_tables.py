"""Tables become pieces with their header, however untidy the file."""

from __future__ import annotations

import csv
import datetime
import io
from pathlib import Path

import pytest

from orca_agents.outcomes import Skip
from orca_agents.records import Seed
from orca_agents.seeds import read_seeds
from orca_agents.seeds.chunking import count_words
from orca_agents.seeds.documents import Document, SeedOptions
from orca_agents.seeds.formats.tables import read_table


def pieces(path: Path, data: str | bytes, words: int = 800) -> list[Document | Skip]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_table(path, path.name, SeedOptions(chunk_words=words)))


def only(found: list[Document | Skip]) -> Document:
    assert len(found) == 1
    assert isinstance(found[0], Document)
    return found[0]


def cells(document: Document) -> list[list[str]]:
    return list(csv.reader(io.StringIO(document.text)))


def test_a_small_table_is_one_whole_document_with_its_rows_and_columns(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", 'city,people\nOslo,709037\n"Ham, East",83000\n'))
    assert document.text == 'city,people\nOslo,709037\n"Ham, East",83000\n'
    assert (document.kind, document.whole) == ("table", True)
    assert document.metadata == {"rows": [1, 2], "columns": ["city", "people"], "total_rows": 2}


def test_a_long_table_is_cut_between_rows_and_every_piece_has_the_header(tmp_path: Path) -> None:
    rows = "".join(f"{number},a name of five words,{number * 2}\n" for number in range(500))
    found = pieces(tmp_path / "t.csv", "id,name,double\n" + rows, words=100)
    assert len(found) > 5
    seen = []
    for document in found:
        assert isinstance(document, Document)
        assert count_words(document.text) <= 100
        header, *body = cells(document)
        assert header == ["id", "name", "double"]
        first, last = document.metadata["rows"]
        assert [int(row[0]) for row in body] == list(range(first - 1, last))
        seen += body
    assert len(seen) == 500


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out_whatever_the_name_says(tmp_path: Path, separator: str) -> None:
    data = "\n".join(separator.join(row) for row in (["a", "b", "c"], ["1,5", "x", "2"], ["2,5", "y", "3"]))
    if separator == ",":
        data = data.replace("1,5", "15").replace("2,5", "25")
    assert only(pieces(tmp_path / "t.csv", data)).metadata["columns"] == ["a", "b", "c"]


def test_ragged_rows_open_quotes_and_other_separators_cost_no_other_row(tmp_path: Path) -> None:
    data = 'id,name,,name,value\n1,"A, Inc",x,A,10\n2,B\n3;C;y;D;30\n4,"D,y,E,40\n5,E,z,F,50,more\n\n,,,,\n'
    data += '6,"a ""b""",z,G,60\n'
    document = only(pieces(tmp_path / "t.csv", data))
    header, *rows = cells(document)
    assert header == ["id", "name", "column_3", "name_2", "value"]
    assert rows == [
        ["1", "A, Inc", "x", "A", "10"],
        ["2", "B", "", "", ""],
        ["3", "C", "y", "D", "30"],
        ["4", '"D', "y", "E", "40"],
        ["5", "E", "z", "F", "50"],
        ["6", 'a "b"', "z", "G", "60"],
    ]
    assert document.flags == ("mixed_separators", "open_quote", "ragged")


def test_a_line_break_in_a_quoted_cell_is_part_of_the_cell(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", 'a,b\n1,"two\nlines"\n2,one\n'))
    assert cells(document)[1:] == [["1", "two\nlines"], ["2", "one"]]
    assert document.flags == ()


def test_formulas_are_plain_text(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", "name,note\nAnn,=SUM(A1:A9)\nBob,@cmd\n"))
    assert cells(document)[1:] == [["Ann", "=SUM(A1:A9)"], ["Bob", "@cmd"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_marks_and_encodings_do_not_reach_the_header(tmp_path: Path, encoding: str) -> None:
    document = only(pieces(tmp_path / "t.csv", "città,n\nForlì,1\nMilano,2\n".encode(encoding)))
    assert cells(document) == [["città", "n"], ["Forlì", "1"], ["Milano", "2"]]
    assert ("encoding" in document.flags) == (encoding == "cp1252")


def test_a_table_without_a_header_gets_one(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", "1.5,x,3\n2.5,y,4\n"))
    assert cells(document)[0] == ["column_1", "column_2", "column_3"]
    assert document.metadata["total_rows"] == 2


def test_years_may_be_column_names(tmp_path: Path) -> None:
    assert only(pieces(tmp_path / "t.csv", "country,2019,2020\nX,1,2\n")).metadata["columns"][1:] == ["2019", "2020"]


def test_lines_above_the_header_are_the_title(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", "Rain in 2020\n\nmonth,mm\nMay,40\nJune,31\n"))
    assert document.title == "Rain in 2020"
    assert document.metadata["columns"] == ["month", "mm"]


def test_a_wide_table_keeps_the_columns_that_fit(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(2000))
    document = only(pieces(tmp_path / "t.csv", f"{header}\n{header}\n"))
    assert len(document.metadata["columns"]) <= 64
    assert document.metadata["total_columns"] == 2000
    assert "columns_cut" in document.flags


def test_a_row_that_is_too_long_is_cut_in_its_longest_cells(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", f"id,review\n1,{'word ' * 3000}\n2,short\n", words=100))
    assert count_words(document.text) <= 100
    assert cells(document)[2] == ["2", "short"]
    assert "cells_cut" in document.flags


@pytest.mark.parametrize(
    ("data", "why"),
    [("date,station\n", "no rows"), ("", "empty"), ("\n\n", "empty"), (b"PAR1" + bytes(99), "Parquet file")],
)
def test_what_holds_no_rows_is_skipped_with_the_reason(tmp_path: Path, data: str | bytes, why: str) -> None:
    (found,) = pieces(tmp_path / "t.csv", data)
    assert isinstance(found, Skip)
    assert why in found.reason


def test_a_large_table_is_read_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as stream:
        stream.write("id,text\n")
        stream.writelines(f"{number},some words that fill a row\n" for number in range(200_000))
    reading = read_table(path, "large.csv", SeedOptions())
    first = next(reading)
    assert isinstance(first, Document)
    assert "total_rows" not in first.metadata
    last = list(reading)[-1]
    assert isinstance(last, Document)
    assert last.metadata["rows"][1] == 200_000


def test_parquet_is_read_with_nested_values_as_json(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = {
        "id": [1, 2],
        "when": [datetime.date(2020, 1, 2), None],
        "tags": [["a", "b"], []],
        "who": [{"name": "Ann", "born": datetime.date(1990, 5, 6)}, None],
        "ok": [True, False],
        "raw": [b"abc", None],
    }
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table(rows), path)
    document = only(list(read_table(path, "t.parquet", SeedOptions())))
    assert cells(document)[1:] == [
        ["1", "2020-01-02", '["a", "b"]', '{"name": "Ann", "born": "1990-05-06"}', "true", "(3 bytes)"],
        ["2", "", "[]", "", "false", ""],
    ]
    assert document.metadata["total_rows"] == 2


def test_a_damaged_parquet_file_is_skipped(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (found,) = pieces(tmp_path / "t.parquet", b"PAR1 this is not all")
    assert isinstance(found, Skip)
    assert "damaged" in found.reason


def test_a_cell_counts_as_a_word_or_more(tmp_path: Path) -> None:
    """Numbers between commas have no spaces: counted as one word they would make pieces of thousands of numbers."""
    rows = "".join(",".join(str(row * column) for column in range(1, 9)) + "\n" for row in range(1, 400))
    found = [item for item in pieces(tmp_path / "t.csv", "a,b,c,d,e,f,g,h\n" + rows, 200) if isinstance(item, Document)]
    assert all(sum(map(len, cells(piece))) <= 200 for piece in found)
    assert [piece.metadata["rows"][0] for piece in found[1:]] == [piece.metadata["rows"][1] + 1 for piece in found[:-1]]
    for piece in found:
        first, last = piece.metadata["rows"]
        assert [row[0] for row in cells(piece)[1:]] == [str(row) for row in range(first, last + 1)]


def test_a_small_table_of_numbers_is_not_too_short(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,c,d\n1,2,3,4\n5,6,7,8\n")
    (seed,) = read_seeds([tmp_path / "t.csv"], SeedOptions())
    assert isinstance(seed, Seed)


def test_columns_of_one_name_are_numbered_whatever_they_are_called(tmp_path: Path) -> None:
    document = only(pieces(tmp_path / "t.csv", "c,c,c_2,c,c_2\n1,2,3,4,5\n"))
    assert len(set(document.metadata["columns"])) == 5
    assert document.metadata["columns"][:2] == ["c", "c_2"]


def test_a_line_of_separators_is_no_table(tmp_path: Path) -> None:
    assert "columns" in str(pieces(tmp_path / "t.csv", "a,b,c," * 50_000))
