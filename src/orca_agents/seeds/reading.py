"""Turn the bytes of a file into text, whatever its encoding, or say that they are no text."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from orca_agents.errors import SeedError

SAMPLE_BYTES = 65_536
"""How much of a file is looked at to tell text from binary data."""


class Decoded(NamedTuple):
    """A text and what was noticed while decoding it."""

    text: str
    flags: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """The text of these bytes; raises SeedError, with what to do, where they hold none.

    UTF-8 and, by their byte order marks, UTF-16 and UTF-32 are read as they are. Anything else is flagged
    `encoding`: a line that is not UTF-8 is read as Windows-1252 (a superset of Latin-1), or, where it
    is UTF-8 but for a few bytes, without those bytes.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_marked(data[len(mark) :], encoding)
    if reason := binary_reason(data):
        raise SeedError(reason)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and not data[: error.start].isascii():
            return Decoded(data[: error.start].decode("utf-8"), ("encoding",))
    high = sum(map(len, _HIGH_BYTES.findall(data))) / len(data)
    if high > MOST_HIGH_BYTES and not _MULTIBYTE.search(data):
        raise SeedError(
            "in an encoding that is neither UTF-8 nor Latin-1; convert it first, for example with "
            "`iconv -f ENCODING -t UTF-8`"
        )
    return Decoded("".join(map(_decode_line, data.splitlines(keepends=True))), ("encoding",))


def binary_reason(data: bytes) -> str | None:
    """Why these bytes (the beginning of a file is enough) are no text, or `None`."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return f"{name}, whatever its name says; {_ADVICE}"
    sample = data[:SAMPLE_BYTES]
    if not sample or sample.startswith(tuple(mark for mark, _ in _MARKS)):
        return None
    if sample.count(0) / len(sample) > MOST_NULS:
        return f"binary data, or UTF-16 without its byte order mark: many zero bytes; {_ADVICE}"
    controls = sum(map(len, _CONTROL_BYTES.findall(sample))) / len(sample)
    # A sample may end inside a character: an incremental decoder accepts that.
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
        most_controls = MOST_CONTROLS
    except UnicodeDecodeError:
        most_controls = MOST_CONTROLS_BESIDE_BAD_UTF8
    if controls > most_controls:
        return f"binary data, not text: {controls:.0%} of its bytes are control characters; {_ADVICE}"
    return None


MOST_NULS = 0.10
MOST_CONTROLS = 0.30
MOST_CONTROLS_BESIDE_BAD_UTF8 = 0.03
"""Shares of a sample's bytes above which it is not text. Random bytes are 10 % controls and never UTF-8."""
MOST_HIGH_BYTES = 0.25
"""Share of non-ASCII bytes above which a text is in no Latin-1 language (French has about 5 %)."""

_ADVICE = "give the text itself, or leave the file out"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"RIFF", "a RIFF sound, picture or video"),
    (b"OggS", "an Ogg sound"),
    (b"ID3", "an MP3 sound"),
    (b"fLaC", "a FLAC sound"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x00asm", "a WebAssembly program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"{\\rtf", "a rich text document"),
)
# NUL has its own limit; tab, line ends, form feed, backspace and escape stand in honest text.
_CONTROL_BYTES = re.compile(rb"[\x01-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f]+")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_MULTIBYTE = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")


def _decode_marked(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding))
    except UnicodeDecodeError:
        return Decoded(data.decode(encoding, "ignore"), ("encoding",))


def _decode_line(line: bytes) -> str:
    """One line: as UTF-8, as UTF-8 without its bad bytes, or as Windows-1252, whichever fits it best."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        pass
    multibyte = sum(map(len, _MULTIBYTE.findall(line)))
    high = sum(map(len, _HIGH_BYTES.findall(line)))
    if multibyte > high - multibyte:
        return line.decode("utf-8", "ignore")
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")
