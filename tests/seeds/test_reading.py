"""Bytes become text, or a reason why not."""

from __future__ import annotations

import gzip
import random

import pytest

from orca_agents.errors import SeedError
from orca_agents.seeds.reading import SAMPLE_BYTES, binary_reason, decode

SPANISH = "El niño pidió más azúcar.\nLa señal eléctrica llegó a las tres.\n"


def test_plain_utf8_has_no_flag() -> None:
    assert decode(SPANISH.encode()) == (SPANISH, ())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_the_encoding_and_is_dropped(encoding: str) -> None:
    assert decode(SPANISH.encode(encoding)) == (SPANISH, ())


def test_big_endian_utf16_is_read_by_its_mark() -> None:
    assert decode(b"\xfe\xff" + SPANISH.encode("utf-16-be")).text == SPANISH


def test_latin1_lines_are_read_and_flagged() -> None:
    assert decode(SPANISH.encode("latin-1")) == (SPANISH, ("encoding",))


def test_windows_quotes_survive() -> None:
    assert decode("“Sí”, dijo él — y calló.".encode("cp1252")).text == "“Sí”, dijo él — y calló."


def test_utf8_and_latin1_lines_in_one_file_are_both_right() -> None:
    first, second = SPANISH.splitlines(keepends=True)
    assert decode(first.encode() + second.encode("latin-1") + first.encode()) == (first + second + first, ("encoding",))


def test_a_cut_last_character_is_dropped() -> None:
    assert decode("Wärme und Café".encode()[:-1]) == ("Wärme und Caf", ("encoding",))


def test_a_latin1_text_that_ends_in_a_letter_with_an_accent_keeps_it() -> None:
    assert decode("un buen café".encode("latin-1")).text == "un buen café"


def test_bad_bytes_inside_utf8_are_dropped() -> None:
    data = "Wärme ".encode() + b"\x80\xbf" + "Énergie, café naïve".encode()
    assert decode(data) == ("Wärme Énergie, café naïve", ("encoding",))


def test_cyrillic_in_an_old_encoding_is_refused_and_not_garbled() -> None:
    with pytest.raises(SeedError, match="iconv"):
        decode("Съешь ещё этих мягких французских булок, да выпей чаю.".encode("cp1251"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (gzip.compress(b"a text of some length " * 50, mtime=0), "gzip"),
        (b"%PDF-1.7\n1 0 obj\n", "PDF"),
        (b"PK\x03\x04" + bytes(30), "zip"),
        (random.Random(7).randbytes(20_000), "binary"),
        ("two bytes for each letter".encode("utf-16-le"), "UTF-16 without its byte order mark"),
    ],
)
def test_binary_data_are_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(SeedError, match=says):
        decode(data)


def test_a_text_with_some_nul_bytes_is_a_text() -> None:
    assert binary_reason(b"A sentence wi\x00th a few \x1b[31mdirty\x08 bytes in it.\n" * 50) is None


def test_a_sample_that_ends_inside_a_character_is_a_text() -> None:
    assert binary_reason(("x" * (SAMPLE_BYTES - 1) + "é and so on").encode()) is None


def test_no_bytes_are_an_empty_text() -> None:
    assert decode(b"") == ("", ())
