"""Tell what kind of seed a file or a text is, which reader it needs, and which files are not read."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from orca_agents.records import SeedKind
from orca_agents.seeds.chunking import count_words

ROWS = frozenset({".jsonl", ".ndjson"})
"""Files with one JSON object on each line."""
Format = Literal["rows", "json", "yaml", "table", "proto", "html", "pdf", "docx", "text"]
"""How a file is read."""


def format_of(path: PurePath) -> Format:
    """How a file of this name is read; everything without a format of its own may be text."""
    return _FORMATS.get(path.suffix.lower(), "text")


def is_code(path: PurePath) -> bool:
    """Whether the name says that a file is program code."""
    return path.suffix.lower() in _CODE or path.name in _CODE_NAMES


def is_markdown(path: PurePath) -> bool | None:
    """Whether the name says that a file is Markdown; `None` where it does not say."""
    if path.suffix.lower() in (".md", ".markdown", ".mdx"):
        return True
    return False if path.suffix.lower() in (".rst", ".tex", ".adoc", ".org") or is_code(path) else None


def refusal(path: PurePath) -> str | None:
    """Why a file of this name is not read, and what to do instead; `None` for all others."""
    return _REFUSED.get(path.suffix.lower())


def looks_like_html(text: str) -> bool:
    """Whether a text is a whole HTML page, whatever its file is called."""
    return _HTML.match(text) is not None


def looks_like_xml(text: str) -> bool:
    """Whether a text is a whole XML document that is no page."""
    return _XML.match(text) is not None and not looks_like_html(text)


def looks_like_markdown(text: str) -> bool:
    """Whether a text has Markdown headings."""
    return _HEADING.search(text) is not None


def kind_of(text: str) -> SeedKind:
    """`math` for a text with much mathematical notation outside its code blocks, else `text`."""
    prose = _FENCED.sub("", text)
    notation = sum(1 for _ in _NOTATION.finditer(prose))
    return "math" if notation >= LEAST_NOTATION and notation / count_words(prose) >= MATH_DENSITY else "text"


MATH_DENSITY = 0.04
"""Pieces of mathematical notation per word from which on a text counts as mathematics."""
LEAST_NOTATION = 5

_CODE_SUFFIXES = """
    ada adb ads asm bash bat c cc cjs cl clj cljs cmake cpp cs css cu cxx d dart el elm erl ex exs f f90 f95 fish fs
    glsl go gradle graphql groovy h hh hlsl hpp hs hxx java jl js jsx kt kts less lisp lua m mjs mk ml mli mm nim pas
    php pl pm ps1 py pyi pyx r rb rkt rs s scala scm scss sh sol sql sv svelte swift tcl tf thrift ts tsx v vb
    vhd vhdl vue wgsl zig zsh
"""
_CODE = frozenset(f".{name}" for name in _CODE_SUFFIXES.split())
_CODE_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile", "Dockerfile", "Jenkinsfile", "CMakeLists.txt"})
_FORMATS: dict[str, Format] = {
    **dict.fromkeys(ROWS, "rows"),
    ".json": "json",
    **dict.fromkeys((".yaml", ".yml"), "yaml"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".parquet", ".pq"), "table"),
    ".proto": "proto",
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".pdf": "pdf",
    ".docx": "docx",
}
XML_REFUSED = "an XML file: not read, and its entities are never expanded; convert it to text, Markdown or JSONL first"
_REFUSED = {
    suffix: reason
    for suffixes, reason in (
        (".xml .svg .rss .atom .xsl .xsd", XML_REFUSED),
        (
            ".doc .odt .rtf .dotx .docm .pages .wpd",
            "an office document that is not .docx: save it as .docx, for example with "
            "`libreoffice --headless --convert-to docx FILE`, or convert it to text or Markdown",
        ),
        (".pptx .ppt .odp .key", "slides: not read; convert it to text, Markdown or PDF first"),
        (
            ".xlsx .xls .xlsm .ods .numbers .feather .arrow",
            "a table in a form that is not read; convert it to CSV, Parquet or text first",
        ),
        (".epub .mobi .azw3 .djvu", "an e-book: not read; convert it to text or HTML first"),
        (".mhtml .mht .webarchive", "a web archive: not read; save the page as HTML or convert it to text"),
        (".ipynb", "a notebook: not read; convert it to text or Markdown first"),
        (
            ".zip .tar .gz .tgz .bz2 .xz .zst .7z .rar .jar .whl",
            "an archive: files in it are not read; unpack it and give the folder",
        ),
    )
    for suffix in suffixes.split()
}
_HTML = re.compile(
    r"\s{0,1000}(?:<\?xml[^>]{0,200}\?>\s{0,100})?(?>(?><!--.{0,1000}?-->)\s{0,100}){0,3}<(?:!doctype html|html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(r"\s{0,1000}<\?xml\s", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_OPERATORS = (
    "\u2211\u222b\u220f\u221a\u2264\u2265\u2260\u00b1\u00d7\u00f7\u221e\u2202\u2207\u2208\u2209\u2200\u2203\u2248"
    "\u221d\u222a\u2229\u2282\u2286\u21d2\u27f9\u00b7\u2212"
)
_GREEK = "\u0391-\u03c9"
_NOTATION = re.compile(
    r"\$[^$\n]{1,200}\$|\\[\[(]"
    r"|\\(?:frac|sum|int|prod|lim|sqrt|cdot|times|alpha|beta|gamma|pi|theta|leq?|geq?|neq|infty|mathbb|mathrm)\b"
    rf"|[{_OPERATORS}]"
    r"|(?<=[\w)\]}])[ ]?[=<>^][ ]?(?=[\w(\[{\\.\u221a\u2212-])"
    r"|\w_(?:\w\b|[{(])"
    rf"|(?<![{_GREEK}])[{_GREEK}](?![{_GREEK}])"  # a lone letter is a symbol
)
