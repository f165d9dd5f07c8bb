"""Find and read sources: files, folders, standard input and plain strings, as documents or skips."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from orca_agents.errors import SeedError, did_you_mean
from orca_agents.outcomes import Skip
from orca_agents.records import Seed
from orca_agents.seeds import kinds
from orca_agents.seeds.documents import STDIN, Document, SeedOptions, skip
from orca_agents.seeds.formats import apis, docx, html, pdf, tables
from orca_agents.seeds.reading import SAMPLE_BYTES, Decoded, binary_reason, decode
from orca_agents.seeds.rows import MAX_BYTES, read_json, read_lines


def check_sources(sources: Iterable[str | Path | Seed]) -> None:
    """Raise SeedError, naming all of them, for paths that do not exist and folders without a file to read."""
    problems = []
    for source in sources:
        if isinstance(source, Path) and source != STDIN:
            try:
                _check(source)
            except SeedError as error:
                problems.append(str(error))
    if problems:
        raise SeedError("\n".join(problems))


def read_source(
    source: str | Path, options: SeedOptions, stdin: TextIO | BinaryIO | None = None
) -> Iterator[Document | Skip]:
    """The documents of one source, one file in memory at a time; raises SeedError as `check_sources` does.

    A `str` is a text, a `Path` a file or a folder, `Path("-")` standard input: one text, or, where a text field
    is named, JSONL.
    """
    if isinstance(source, str):
        yield Document(source, "(text)")
        return
    if source == STDIN:
        yield from _read_stdin(stdin, options)
        return
    _check(source)
    if not _is_folder(source):
        yield from _read_file(source, options)
        return
    for path in _walk(source):
        # Opening a pipe that nobody writes to would wait for ever; one that the user names is read.
        if is_run_folder(path):
            yield skip(_shown(path), "the folder of a run: name its files if you want them read as seeds")
        elif _is_special(path):
            yield skip(_shown(path), "not a regular file")
        else:
            yield from _read_file(path, options)


def is_run_folder(path: Path) -> bool:
    """Whether a path is the folder of a run: what is in it was made from seeds, and is none."""
    return (path / "store.sqlite").is_file() and (path / "run.yaml").is_file()


def _check(path: Path) -> None:
    try:
        path.stat()
    except PermissionError:
        return  # reading it says so
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        hint = did_you_mean(path.name, _names(path.parent))
        raise SeedError(f"{_shown(path)}: no such file or folder ({why}){hint}") from None
    if not _is_folder(path) or any(kinds.refusal(file) is None and not is_run_folder(file) for file in _walk(path)):
        return
    suffixes = Counter(file.suffix.lower() for file in _walk(path))
    found = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common(6)) or "none"
    raise SeedError(
        f"{_shown(path)}: no file in this folder can be read as seeds (files found: {found}); "
        "give text, Markdown, code, JSONL, HTML, PDF, .docx, tables or API descriptions"
    )


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    """Like `Path.is_dir`, but a path that may not be looked at is no error here: reading it says so."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_special(path: Path) -> bool:
    """Whether a path is a pipe, a socket or a device."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False  # opening it says why
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _walk(folder: Path) -> Iterator[Path]:
    """All files under a folder, sorted, each folder once; hidden ones are left out. Links are followed. A folder of a
    run is given as it is."""
    visited: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if not _is_folder(path) or is_run_folder(path):
            yield path
            continue
        try:
            status = path.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue  # a link back to where we have been
            visited.add((status.st_dev, status.st_ino))
            inside = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        except OSError:
            yield path  # reading it says why
            continue
        waiting += sorted(inside, key=lambda entry: os.fsencode(entry.name), reverse=True)


def _read_file(path: Path, options: SeedOptions) -> Iterator[Document | Skip]:
    name = _shown(path)
    if reason := kinds.refusal(path):
        yield skip(name, reason)
        return
    format = kinds.format_of(path)
    try:
        if (reader := _reader(format)) is not None:
            yield from reader(path, name, options)
            return
        with path.open("rb") as stream:
            if format == "rows":
                yield from _read_rows(stream, name, options)
                return
            decoded = _decode_all(stream)
        if format == "json" and (options.text_field is not None or not apis.looks_like_api(decoded.text)):
            yield from read_json(decoded, name, options.text_field)
        elif format in ("json", "yaml"):
            yield from _read_description(decoded, path, name, options)
        else:
            yield from _read_text(decoded, name, path, options)
    except SeedError as error:
        yield skip(name, str(error))
    except OSError as error:
        yield skip(name, f"cannot be read: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001  parsers of what strangers wrote fail in ways of their own
        # One file among thousands must not end the reading of the others.
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        yield skip(name, f"its reader failed ({why}); convert it to text or Markdown first")


def _reader(format: kinds.Format) -> Callable[[Path, str, SeedOptions], Iterator[Document | Skip]] | None:
    """The reader of a format that is not decoded text; each imports the libraries that it needs when it is called."""
    match format:
        case "table":
            return tables.read_table
        case "proto":
            return apis.read_proto
        case "html":
            return html.read_html
        case "pdf":
            return pdf.read_pdf
        case "docx":
            return docx.read_docx
    return None


def _read_rows(stream: io.BufferedReader, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    head = stream.peek(SAMPLE_BYTES)
    if reason := binary_reason(head):
        yield skip(name, reason)
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield skip(name, "JSONL in UTF-16; convert it to UTF-8 first, for example with `iconv -f UTF-16 -t UTF-8`")
    elif not head:
        yield skip(name, "empty: it holds no lines")
    else:
        yield from read_lines(stream, name, options.text_field)


def _read_description(decoded: Decoded, path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """A JSON or YAML file, which is read where it describes an API."""
    if apis.looks_like_api(decoded.text):
        yield from apis.read_api(path, name, options)
    else:
        yield skip(name, "a YAML file that does not describe an API; convert it to text, Markdown or JSONL first")


def _read_text(decoded: Decoded, name: str, path: Path, options: SeedOptions) -> Iterator[Document | Skip]:
    code = kinds.is_code(path)
    if not code and not kinds.is_markdown(path) and kinds.looks_like_html(decoded.text):
        yield from html.read_pages(decoded, name, options)
    elif not code and not kinds.is_markdown(path) and kinds.looks_like_xml(decoded.text):
        yield skip(name, kinds.XML_REFUSED)
    else:
        yield Document(
            decoded.text,
            name,
            kind="code" if code else None,
            markdown=kinds.is_markdown(path),
            flags=decoded.flags,
        )


def _read_stdin(stdin: TextIO | BinaryIO | None, options: SeedOptions) -> Iterator[Document | Skip]:
    name = str(STDIN)
    stream = stdin if stdin is not None else sys.stdin
    if stream is None:
        yield skip(name, "standard input is closed; pipe a text into the command")
        return
    try:
        binary = _binary(stream)
        if options.text_field is not None:
            yield from read_lines(binary, name, options.text_field)
        else:
            yield from _read_text(_decode_all(binary), name, STDIN, options)
    except SeedError as error:
        yield skip(name, str(error))
    except OSError as error:
        yield skip(name, f"cannot be read: {error.strerror or error}")


def _binary(stream: TextIO | BinaryIO) -> BinaryIO:
    """The bytes below a text stream; a stream of text alone is encoded."""
    if not isinstance(stream, io.TextIOBase):
        return stream  # type: ignore[return-value]  # what is not text is bytes
    buffer = getattr(stream, "buffer", None)
    return buffer if buffer is not None else io.BytesIO(stream.read().encode("utf-8", "replace"))


def _decode_all(stream: BinaryIO) -> Decoded:
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SeedError(
            f"more than {MAX_BYTES // 2**20} MB in one text; split it, or give JSONL with a document a line"
        )
    return decode(data)


def _shown(path: Path) -> str:
    """The path as the user gave it; bytes that are not UTF-8 are escaped, for every record must be writable."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
