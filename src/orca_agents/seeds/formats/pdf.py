"""Read PDF files page by page: running heads go, words that a line's end divides are put together again."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.seeds.documents import Document, Part, SeedOptions, skip

MOST_BYTES = 256 * 2**20
MOST_SECONDS = 300.0
"""For a whole file; an ordinary page takes some 10 ms."""
PAGE_SECONDS = 15.0
MEMORY_BYTES = 3 * 2**30
MOST_CHARS = 20_000_000
"""Limits of one file."""


def read_pdf(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The file as one document with its pages as parts; a skip for each page that cannot be read.

    Raises SeedError where nothing can: encrypted, cut off, scanned without a text layer, beyond the limits. The pages
    are taken out by a child process (`pdf_pages.py`), the only way to end a step that hangs: a thread cannot be
    stopped, and a signal reaches none but the main thread, where we may not be.
    """
    if importlib.util.find_spec("pypdf") is None:
        raise SeedError("a PDF file: install what reads it with `pip install 'orca-agents[ingest]'`")
    about, *found = _pages(path)
    yield from (skip(f"{name}: page {page['page']}", page["problem"]) for page in found if "problem" in page)
    texts = tidy([_LIGATURE.sub(lambda sign: _LIGATURES[sign[0]], page.get("text", "")) for page in found])
    parts = tuple(Part(text, page["page"]) for text, page in zip(texts, found, strict=True) if text.strip())
    if not found:
        raise SeedError(
            "a PDF file without a page that can be found; it may be damaged: save it anew, or give its text"
        )
    if not parts:
        unread = sum("problem" in page for page in found)
        raise SeedError(
            f"none of its {len(found)} pages can be read"
            if unread == len(found)
            else f"no text on its {len(found)} pages: scanned, it seems; recognise its text first, for example with "
            "`ocrmypdf`"
        )
    if reason := _unreadable("".join(part.text for part in parts)):
        raise SeedError(reason)
    yield Document(
        "\n\n".join(part.text for part in parts),
        name,
        markdown=False,
        title=_title(about.get("title")),
        language=_language(about.get("language")),
        parts=parts,
    )


def tidy(pages: Sequence[str]) -> list[str]:
    """The texts of pages without running heads and feet, with the halves of divided words put together."""
    lines = _without_running_lines([[line.rstrip() for line in page.splitlines()] for page in pages])
    words = _count_undivided([line for page in lines for line in page])
    above: list[str] | None = None
    for page in lines:
        for number in range(len(page)):
            if number:
                page[number - 1], page[number] = _undivided(page[number - 1], page[number], words)
            elif above:
                above[-1], page[0] = _undivided(above[-1], page[0], words)
        above = page or above
    width = _usual_width(lines)
    return ["\n".join(_flowing(page, width)).strip("\n") for page in lines]


def _usual_width(pages: Sequence[Sequence[str]]) -> float:
    """How long the lines of running text are: nine of ten filled lines are no longer."""
    lengths = sorted(len(line.strip()) for page in pages for line in page if line.strip())
    return lengths[len(lengths) * 9 // 10] if lengths else 0


def _flowing(page: Sequence[str], width: float) -> list[str]:
    """The lines of a page, with those of one sentence in one line. Short lines end where they end: headings, verses,
    lists, tables; so do the last lines of paragraphs."""
    flowing: list[str] = []
    goes_on = False
    for line in page:
        text = line.strip()
        if goes_on and text and not line[0].isspace() and not _ITEM.match(text):
            flowing[-1] += " " + text
        else:
            flowing.append(line)
        goes_on = width >= LEAST_WIDTH and len(text) >= FULL_LINE * width and not _END.search(text)
    return flowing


LEAST_WIDTH = 40
"""Characters of a usual line below which a file holds no running text, or a narrow column whose lines stay."""
FULL_LINE = 0.8
"""Share of the usual width from which on a line is broken by the page, and not by its writer."""


def _pages(path: Path) -> list[dict[str, Any]]:
    """What the child process says: about the file, then each page."""
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise SeedError(f"a PDF file of more than {MOST_BYTES // 2**20} MB; split it")
    limits = (str(MEMORY_BYTES), str(PAGE_SECONDS), str(MOST_CHARS))
    child = Path(__file__).with_name("pdf_pages.py")
    # -P: the child's folder holds modules with names of the standard library, such as html.
    command = [sys.executable, "-P", "-W", "ignore", str(child), *limits]
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            raise SeedError("not a PDF file, whatever its name says: its beginning has no %PDF mark")
        file.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - our own program, without a shell
                command, stdin=file, capture_output=True, timeout=MOST_SECONDS, check=False, env=_environment()
            )
        except subprocess.TimeoutExpired:
            raise SeedError(f"takes longer than {MOST_SECONDS:g} s to read; split it, or give its text") from None
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    for said in found:
        if "refused" in said:
            raise SeedError(
                f"a PDF file that is {said['refused']}" if "damaged" in said["refused"] else said["refused"]
            )
    if done.returncode or not found:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        why = last[0][:200] if last else f"exit status {done.returncode}"
        raise SeedError(f"a PDF file that its reader cannot finish ({why}); save it anew, or give its text")
    return found


def _environment() -> dict[str, str]:
    """What the child needs to find its libraries. Keys and all else of ours stay here: the file may be hostile."""
    return {name: value for name, value in os.environ.items() if name.upper() in _PASSED_ON}


_PASSED_ON = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT"})

EDGE_LINES = 3
"""How many lines at the top and at the bottom of a page may be running heads and feet; of a short page a quarter."""
LONGEST_RUNNING = 120
"""Characters of a running line. A longer one that stands on every page is worth a reader's look."""
RUNNING_SHARE = 0.6
"""Share of the pages (or of all left or all right pages) from which on a line at the edge is a running one."""


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    pages = [_trimmed(page) for page in pages]
    filled = [number for number, page in enumerate(pages) if page]
    groups = [filled, [number for number in filled if number % 2], [number for number in filled if not number % 2]]
    running: set[tuple[bool, str]] = set()
    for fewest, group in zip((2, 3, 3), groups, strict=True):
        counts: Counter[tuple[bool, str]] = Counter()
        for number in group:
            page = pages[number]
            edges = {(True, form) for line in page[: _edge(page)] for form in _forms(line, number)}
            edges |= {(False, form) for line in page[-_edge(page) :] for form in _forms(line, number)}
            counts.update(edges)
        running |= {edge for edge, count in counts.items() if count >= max(fewest, RUNNING_SHARE * len(group))}
    for number in filled:
        for top in (True, False):
            page = pages[number]
            for _ in range(_edge(page)):
                if not page or not any((top, form) in running for form in _forms(page[0 if top else -1], number)):
                    break
                del page[0 if top else -1]
                page[:] = _trimmed(page)
    return pages


def _edge(page: list[str]) -> int:
    return max(1, min(EDGE_LINES, len(page) // 4))


def _trimmed(page: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(page) if line.strip()]
    return page[filled[0] : filled[-1] + 1] if filled else []


def _forms(line: str, page: int) -> list[str]:
    """What a running line has in common with those of other pages: all of it, or all but the page's number."""
    text = " ".join(line.split())
    if not text or len(text) > LONGEST_RUNNING:
        return []
    if _ROMAN.fullmatch(text):
        return ["(roman number)"]
    forms = [text]
    for match in list(_NUMBER.finditer(text))[:4]:
        forms.append(f"{text[: match.start()]}{{page{int(match[0]) - page:+d}}}{text[match.end() :]}")
    return forms


def _count_undivided(lines: list[str]) -> Counter[str]:
    """How often each word stands in these lines; the halves of words that a line's end divides are none."""
    words: Counter[str] = Counter()
    divided = False
    for line in lines:
        rest = _TAIL.sub("", line, count=1) if divided else line
        divided = _HEAD.search(line) is not None
        words.update(_WORD.findall(_HEAD.sub("", rest).lower()))
    return words


def _undivided(line: str, following: str, words: Counter[str]) -> tuple[str, str]:
    """Two lines, with the word that was divided between them put together on the first.

    Its hyphen goes, unless the text has the word with its hyphen elsewhere, or has both halves as words of their own
    and never the two in one.
    """
    head, tail = _HEAD.search(line), _TAIL.match(following)
    if not head or not tail:
        return line, following
    first, second = head[1].lower(), tail[1].lower()
    joined = words[first + second]
    compound = words[f"{first}-{second}"] > joined or (not joined and words[first] > 0 and words[second] > 0)
    hyphen = "-" if compound and head[2] != "\u00ad" else ""
    return line[: head.start(2)] + hyphen + tail[0].rstrip(), following[tail.end() :].lstrip()


def _unreadable(text: str) -> str | None:
    """Why a text layer is of no use: fonts that do not say which letters their shapes stand for."""
    signs = "".join(text.split())
    strange = len(_STRANGE.findall(signs))
    if strange <= 0.1 * len(signs):
        return None
    return "its fonts do not say which letters they show; recognise its text first, for example with `ocrmypdf`"


def _title(said: str | None) -> str | None:
    """The title in the file, where it is more than what a word processor puts there."""
    title = " ".join(_PRODUCER.sub("", said or "").split())[:200]
    return title if re.search(r"\w", title) and not _NO_TITLE.fullmatch(title) else None


def _language(said: str | None) -> str | None:
    return said[:2].lower() if said and re.fullmatch(r"[A-Za-z]{2}(?:[-_].*)?", said) else None


_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st"}
_LIGATURE = re.compile("[\ufb00-\ufb05]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBER = re.compile(r"(?<!\d)\d{1,5}(?!\d)")
_ROMAN = re.compile(r"[ivxlc]{1,8}", re.IGNORECASE)
_HEAD = re.compile("([^\\W\\d_]{2,})([-\u2010\u00ad])$")
_TAIL = re.compile(r"(?=[^\W\d_])(?![A-Z])([^\W\d_]+)\S*\s?")
# Private letters, what no decoder could read, and glyph names in place of letters.
_STRANGE = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f]|/(?:g|G|cid|uni)[0-9A-Fa-f]{1,4}|\\(cid:\\d+\\)")
# What a sentence, a statement of a program or a row of a table may end with.
_END = re.compile(r"[.!?:;{}\\|=][)\]\"'\u00bb\u2019\u201d]*$")
_ITEM = re.compile(r"[-*\u2022\u2023\u25aa\u25cf\u2013\u2014]\s|\(?(?:\d{1,3}|[a-z])[.)]\s|\|")
_PRODUCER = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ")
_NO_TITLE = re.compile(
    r"untitled.*|\(?unspecified\)?|document ?\d*|.*\.(?:docx?|tex|dvi|indd|qxd|pdf|pptx?)", re.IGNORECASE
)
