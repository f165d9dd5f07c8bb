"""Tell what kind of seed a file or a text is, and which files cannot be read yet."""

from __future__ import annotations

import re
from pathlib import PurePath

from orca_agents.records import SeedKind
from orca_agents.seeds.chunking import count_words

ROWS = frozenset({".jsonl", ".ndjson"})
"""Files with one JSON object on each line."""


def is_code(path: PurePath) -> bool:
    """Whether the name says that a file is program code."""
    return path.suffix.lower() in _CODE or path.name in _CODE_NAMES


def is_markdown(path: PurePath) -> bool | None:
    """Whether the name says that a file is Markdown; `None` where it does not say."""
    if path.suffix.lower() in (".md", ".markdown", ".mdx"):
        return True
    return False if path.suffix.lower() in (".rst", ".tex", ".adoc", ".org") or is_code(path) else None


def refusal(path: PurePath) -> str | None:
    """Why a file of this name is not read, and what to do instead; `None` for all that may be text."""
    what = _LATER.get(path.suffix.lower())
    return f"{what}: not read by this version; convert it to text, Markdown or JSONL first" if what else None


def looks_like_markup(text: str) -> bool:
    """Whether a text is a whole HTML or XML document."""
    return _MARKUP.match(text) is not None


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
    php pl pm proto ps1 py pyi pyx r rb rkt rs s scala scm scss sh sol sql sv svelte swift tcl tf thrift ts tsx v vb
    vhd vhdl vue wgsl zig zsh
"""
_CODE = frozenset(f".{name}" for name in _CODE_SUFFIXES.split())
_CODE_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile", "Dockerfile", "Jenkinsfile", "CMakeLists.txt"})
_LATER = {
    suffix: what
    for what, suffixes in {
        "an HTML page": ".html .htm .xhtml .mhtml",
        "an XML file": ".xml .svg .rss .atom",
        "a PDF file": ".pdf",
        "an office document": ".docx .doc .odt .rtf .pptx .ppt .odp",
        "an e-book": ".epub .mobi",
        "a table": ".csv .tsv .xlsx .xls .ods .parquet .feather .arrow",
        "a YAML file (an API description, a configuration)": ".yaml .yml",
        "a notebook": ".ipynb",
    }.items()
    for suffix in suffixes.split()
}
_MARKUP = re.compile(r"\s{0,1000}<(?:!doctype html|html[\s>]|\?xml\s)", re.IGNORECASE)
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
