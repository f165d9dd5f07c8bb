"""Read Word documents as Markdown: headings, lists and tables stay."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.seeds.documents import Document, SeedOptions

MOST_ENTRIES = 10_000
MOST_UNPACKED = 512 * 2**20
"""Bytes of all that the archive holds, pictures included."""
MOST_XML = 24 * 2**20
"""Bytes of one XML part; some 3,000 pages of text."""
MOST_RATIO = 400
"""How many times larger than packed a part of more than a megabyte may be. Word's own XML packs 10 to 50 times."""


def read_docx(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The document as Markdown; raises SeedError for a file that is none, damaged, encrypted, or a bomb."""
    if importlib.util.find_spec("mammoth") is None or importlib.util.find_spec("lxml") is None:
        raise SeedError("a Word document: install what reads it with `pip install 'orca-agents[ingest]'`")
    with path.open("rb") as file:
        title = _inspect(file)
        file.seek(0)
        html = _to_html(file)
    from orca_agents.seeds.formats.markdown import to_markdown

    try:
        text = to_markdown(html)
    except RecursionError:
        raise SeedError("a Word document that is nested too deeply") from None
    if not text.strip():
        raise SeedError("a Word document without text")
    yield Document(text, name, markdown=True, title=title)


def _inspect(file: IO[bytes]) -> str | None:
    """Refuse what is no honest Word document before anything is unpacked; return the title that it gives itself.

    The sizes in an archive's list can be relied on: `zipfile` never unpacks more of a part than its entry says.
    """
    if file.read(8).startswith(b"\xd0\xcf\x11\xe0"):
        raise SeedError(
            "encrypted with a password, or an old .doc file with a new name; save it as .docx without a password"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if "word/document.xml" not in archive.namelist():
                raise SeedError("not a Word document, whatever its name says: a zip archive without word/document.xml")
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise SeedError(
                    f"a zip bomb or far too large: more than {MOST_ENTRIES} parts or {MOST_UNPACKED // 2**20} MB"
                )
            for entry in entries:
                xml = entry.filename.endswith((".xml", ".rels"))
                if entry.file_size > 2**20 and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
                    raise SeedError(f"a zip bomb: {entry.filename} is packed more than {MOST_RATIO} times")
                if xml and entry.file_size > MOST_XML:
                    raise SeedError(f"{entry.filename} has more than {MOST_XML // 2**20} MB; split the document")
                # Word writes no document type; whoever does wants entities to be expanded or files to be fetched.
                if xml and _DOCTYPE.search(archive.read(entry)):
                    raise SeedError(f"{entry.filename} declares a document type or entities, which are never expanded")
            if "docProps/core.xml" not in archive.namelist():
                return None
            return _title(archive.read("docProps/core.xml"))
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise SeedError(f"a Word document that cannot be unpacked; it may be cut or damaged: {_line(error)}") from error
    except SeedError:
        raise
    except Exception as error:  # zlib, bz2 and lzma have their own errors for damaged data
        raise SeedError(f"a Word document that cannot be unpacked; it may be damaged: {_line(error)}") from error


def _to_html(file: IO[bytes]) -> str:
    import mammoth  # type: ignore[import-untyped]

    # A picture becomes nothing: its data would stand in the text otherwise.
    drop_pictures = mammoth.images.img_element(lambda image: {})
    try:
        result = mammoth.convert_to_html(file, convert_image=drop_pictures, include_default_style_map=True)
    except RecursionError:
        raise SeedError("a Word document that is nested too deeply") from None
    except Exception as error:  # parts that are missing or damaged make the library fail in ways of its own
        raise SeedError(f"a Word document that cannot be read: {type(error).__name__}: {_line(error)}") from error
    return str(result.value)


def _title(core: bytes) -> str | None:
    match = _TITLE.search(core.decode("utf-8", "replace"))
    if not match:
        return None
    from html import unescape

    return " ".join(unescape(match[1]).split())[:200] or None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00D", re.IGNORECASE)
_TITLE = re.compile(r"<dc:title[^>]*>([^<]*)</dc:title>")
