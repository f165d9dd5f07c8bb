"""Write simple HTML as Markdown: what mammoth makes of a Word document, pages without an article."""

from __future__ import annotations

import re
from typing import Any


def to_markdown(html: str) -> str:
    """Headings, paragraphs, lists, tables, emphasis and links as Markdown; other tags leave their text."""
    import lxml.html  # type: ignore[import-untyped]

    if not html.strip():
        return ""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True)
    root = lxml.html.document_fromstring(b"<body>" + html.encode("utf-8", "replace") + b"</body>", parser=parser)
    return write_blocks(root.find("body"))


def write_blocks(parent: Any) -> str:
    """What an element of an lxml tree holds, as Markdown."""
    blocks = _blocks(parent)
    return "\n\n".join(block for block in blocks if block.strip()) + "\n"


def _blocks(parent: Any) -> list[str]:
    """The blocks in an element: text that stands bare between them is a paragraph."""
    blocks: list[str] = []
    bare = _flat(parent.text)
    for element in parent:
        if element.tag in _BLOCKS:
            blocks += [bare.strip(), *_block(element)]
            bare = ""
        else:
            bare += _inline(element)
        bare += _flat(element.tail)
    return [block for block in [*blocks, bare.strip()] if block]


def _block(element: Any) -> list[str]:
    tag = element.tag
    if tag in _HEADINGS:
        text = " ".join(_inside(element).split()).replace("**", "")
        return ["#" * int(tag[1]) + " " + text] if text else []
    if tag in ("ul", "ol"):
        return ["\n".join(_items(element))]
    if tag == "table":
        return [_table(element)]
    if tag == "pre":
        return ["```\n" + str(element.text_content()).strip("\n") + "\n```"]
    if tag == "blockquote":
        return ["\n\n".join(_blocks(element)).replace("\n", "\n> ").join(("> ", ""))]
    return _blocks(element) if any(child.tag in _BLOCKS for child in element) else [_inside(element).strip()]


def _items(element: Any) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(element.iterchildren("li"), 1):
        mark = f"{number}. " if element.tag == "ol" else "- "
        first, *rest = _blocks(item) or [""]
        lines.append(mark + _indented(first, len(mark)))
        for block in rest:
            lines.append(" " * len(mark) + _indented(block, len(mark)))
    return lines


def _indented(block: str, by: int) -> str:
    return block.replace("\n", "\n" + " " * by)


def _table(element: Any) -> str:
    """A table with the first row as its header, as Markdown wants one; a cell is one line."""
    rows = [
        [_cell(cell) for cell in row.iterchildren("td", "th") for _ in range(_span(cell))]
        for row in element.iter("tr")
        if next(row.iterancestors("table")) is element
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _cell(cell: Any) -> str:
    return " ".join(" ".join(_blocks(cell)).replace("|", "\\|").split())


def _span(cell: Any) -> int:
    """How many columns a cell takes; the cells that it covers repeat its text, as in a table that is read aloud."""
    said = cell.get("colspan", "1")
    return min(int(said), 50) if said.isdecimal() and said.isascii() else 1


def _inside(element: Any) -> str:
    return _flat(element.text) + "".join(_inline(child) + _flat(child.tail) for child in element)


def _inline(element: Any) -> str:
    text = "\n" if element.tag == "br" else _inside(element)
    mark = _MARKS.get(element.tag, "")
    if mark and text.strip():
        # Markdown wants no space inside its marks.
        stripped = text.strip()
        start = text.index(stripped)
        return text[:start] + mark + stripped + mark + text[start + len(stripped) :]
    if element.tag == "a" and text.strip() in ("\u2191", ""):
        return ""  # the way back from a footnote, or a bookmark
    return text


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK_NAMES = """
    p ul ol li table pre blockquote div dl dd dt section article main header form fieldset
    aside figure figcaption address textarea hr body
"""
_BLOCKS = frozenset((*_HEADINGS, *_BLOCK_NAMES.split()))
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`"}
