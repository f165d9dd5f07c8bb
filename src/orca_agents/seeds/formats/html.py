"""Read HTML pages as a person sees them: the main text as Markdown, or the cleaned page itself for web agents."""

from __future__ import annotations

import codecs
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orca_agents.errors import SeedError
from orca_agents.outcomes import Skip
from orca_agents.seeds.documents import Document, SeedOptions
from orca_agents.seeds.formats.hidden import drop_hidden, take_out
from orca_agents.seeds.formats.markdown import write_blocks
from orca_agents.seeds.reading import Decoded, decode

MOST_BYTES = 8 * 2**20
"""Longest page; what takes out the main text works in this process, in a time that grows with the page."""
MOST_ELEMENTS = 200_000
MOST_SEARCHED = 10_000
"""A page of more elements is written as it is: the search for its main text takes minutes on a hostile one."""
MOST_ATTRIBUTES = 500
"""In one tag; the parser's time grows with the square of their number."""
LONGEST_PARAGRAPH = 150
"""A page that comes out as one line of more characters than this was not understood."""


def read_html(path: Path, name: str, options: SeedOptions) -> Iterator[Document | Skip]:
    """The page as one document; raises SeedError where it has no text of its own.

    Its text, as Markdown, or the visible page as HTML, or both, one after the other: see `options.pages`.
    """
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    yield from read_pages(_decoded(data), name, options)


def read_pages(decoded: Decoded, name: str, options: SeedOptions) -> Iterator[Document]:
    """The same for a page that was read already."""
    if options.as_text:
        yield read_page(decoded, name, as_html=False)
    if options.as_html:
        yield read_page(decoded, name, as_html=True)


def read_page(decoded: Decoded, name: str, *, as_html: bool = False) -> Document:
    """A page in one of its two forms."""
    try:
        return _read_page(decoded, name, as_html)
    except RecursionError:
        raise SeedError("an HTML page that is nested too deeply; give its text") from None


def _read_page(decoded: Decoded, name: str, as_html: bool) -> Document:
    if importlib.util.find_spec("trafilatura") is None or importlib.util.find_spec("lxml") is None:
        raise SeedError("an HTML page: install what reads it with `pip install 'orca-agents[ingest]'`")
    if len(decoded.text) > MOST_BYTES:
        raise SeedError(f"an HTML page of more than {MOST_BYTES // 2**20} MB; split it, or give its text")
    if not decoded.text.strip():
        raise SeedError("empty: it holds no characters")
    root = _parse(decoded.text)
    title, language, licence = _title(root), _language(root), _licence(root)
    take_out(root, root.iter(*_UNSEEN))
    drop_hidden(root, readers_too=not as_html)
    take_out(root, root.iter("style"))  # only now: it says what is hidden
    if not "".join(root.find("body").itertext()).strip() and not root.xpath("//body//input | //body//img[@alt!='']"):
        raise SeedError(
            "no text outside its scripts: a browser makes its content; save the page as the browser shows it"
        )
    if as_html:
        text = _visible_page(root)
    else:
        text = _main_text(root)
        if not text:
            raise SeedError("only navigation, notices and footers: no main text was found in this page")
    return Document(
        text,
        name,
        kind="html" if as_html else None,
        markdown=not as_html,
        title=title,
        language=language,
        licence=licence,
        flags=decoded.flags,
        whole=as_html,
    )


def _decoded(data: bytes) -> Decoded:
    """The page's text: UTF-8 where it is that, else what the page declares, else what `decode` makes of it."""
    if not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            declared = _CHARSET.search(data[:4096])
            encoding = declared[1].decode("ascii").lower() if declared else ""
            # Browsers read pages that call themselves Latin-1 as Windows-1252, as `decode` does.
            if encoding and encoding not in ("utf-8", "utf8", "iso-8859-1", "latin-1", "latin1", "us-ascii"):
                try:
                    text = data.decode(encoding, "replace")
                except (LookupError, ValueError):  # no encoding of texts, or one that takes no mended bytes
                    return decode(data)
                return Decoded(text, ("encoding",) if "\ufffd" in text else ())
    return decode(data)


def _parse(text: str) -> Any:
    import lxml.etree  # type: ignore[import-untyped]
    import lxml.html  # type: ignore[import-untyped]

    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    if _has_too_many_attributes(text):
        raise SeedError(f"an HTML page with more than {MOST_ATTRIBUTES:,} attributes in one tag")
    data = _NOT_IN_HTML.sub("", text).encode("utf-8", "ignore")
    try:
        root = lxml.html.document_fromstring(data, parser=parser)
    except (lxml.etree.LxmlError, AssertionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SeedError(f"an HTML page that cannot be parsed: {reason or 'it holds no element'}") from None
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise SeedError(f"an HTML page of more than {MOST_ELEMENTS:,} elements; split it, or give its text")
    if root.find("body") is None:
        raise SeedError("an HTML page without a body")
    return root


def _has_too_many_attributes(text: str) -> bool:
    """Whether a tag has more words than it may have attributes; read once from left to right, as a browser does."""
    at = 0
    while opening := _OPENING.search(text, at):
        at, words = opening.end(), 0
        while part := _IN_TAG.search(text, at):
            at = part.end()
            if part[0] == ">":
                break
            if part[1]:  # a quoted value: what is in it is no part of the tag
                at = text.find(part[1], at) + 1
                if not at:
                    return False
                continue
            words += 1
            if words > MOST_ATTRIBUTES:
                return True
        else:
            return False
        if (name := opening[1].lower()) in ("script", "style"):
            at = end if (end := text.find("</", at)) >= 0 else len(text)
            while at < len(text) and text[at + 2 : at + 2 + len(name)].lower() != name:
                at = end if (end := text.find("</", at + 2)) >= 0 else len(text)
    return False


def _main_text(root: Any) -> str:
    """The main text as Markdown, without navigation, notices and footers."""
    import lxml.etree
    import trafilatura

    take_out(root, root.iter(*_AROUND))
    take_out(root, filter(_is_around, root.xpath("//body//*[@role or @id or @class]")))
    settings: dict[str, Any] = {
        "output_format": "markdown",
        "include_comments": False,
        "include_tables": True,
        "include_formatting": True,
        "include_links": False,
        "include_images": False,
        "deduplicate": False,
    }
    lxml.etree.strip_tags(root, *_EMPHASIS)  # marks inside words and calls spoil more than they say
    for element in root.iter():  # what was taken out left texts in pieces, over which the library takes long
        element.text, element.tail = element.text, element.tail
    for table in root.iter("table"):
        foot, head = table.find("tfoot"), table.find("thead")
        if foot is not None and head is not None and _words(foot) == _words(head):
            foot.drop_tree()
    for table in list(root.iter("table")):
        around = table.getparent()
        if around is not None and around.tag in ("blockquote", "center", "dd"):
            around.drop_tag()  # a table in a quotation would become one line
    for table in list(root.iter("table")):
        if _only_lays_out(table):
            for element in [table, *table.iter(*_TABLE_PARTS)]:
                element.tag = "div"
    _name_the_article(root)
    if sum(1 for _ in root.iter()) > MOST_SEARCHED:
        return _without_notices(write_blocks(root.find("body")))
    # Recall first: the usual setting leaves out headings and lists of technical pages. What is around the text is
    # gone already. The usual setting wins where the other loses the text for a form beside it.
    recalled, usual = (
        trafilatura.extract(_copy(root), favor_recall=recall, **settings) or "" for recall in (True, False)
    )
    text = recalled if 2 * len(recalled) >= len(usual) else usual
    if len(text) > LONGEST_PARAGRAPH and "\n" not in text.strip():
        # The library found no structure and gave the words of the page in one line: its blocks say more.
        text = write_blocks(root.find("body"))
    return _without_notices(text)


def _is_around(element: Any) -> bool:
    """Whether an element says of itself that it is no part of the text."""
    said = f"{element.get('id', '')} {element.get('class', '')}"
    return element.get("role") in _ROLES or _NOTICE_NAME.search(said) is not None


def _without_notices(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for line in lines if not _is_notice(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _name_the_article(root: Any) -> None:
    """Wrap the body of a page without an article in one: without it, the library leaves out headings."""
    import lxml.html

    body = root.find("body")
    if body is None or root.xpath("//article | //main | //*[@role='main']"):
        return
    article = lxml.html.Element("article")
    article.text, body.text = body.text, None
    article.extend(list(body))
    body.append(article)


def _only_lays_out(table: Any) -> bool:
    """Whether a table puts things in their places and says nothing by it: one row, or one filled cell in each row."""
    if table.find(".//th") is not None or table.find(".//table") is not None:
        return False
    rows = [[cell for cell in row.iterchildren("td") if _words(cell)] for row in table.iter("tr")]
    return max(map(len, rows), default=0) <= 1 or sum(map(bool, rows)) == 1


def _words(element: Any) -> list[str]:
    return str(element.text_content()).split()


def _copy(root: Any) -> Any:
    from copy import deepcopy

    return deepcopy(root)


def _is_notice(line: str) -> bool:
    """Whether a line is about cookies and consent and nothing else."""
    words = len(line.split())
    return 0 < words <= 60 and not line.startswith(("|", "#", "```")) and _NOTICE.search(line) is not None


def _visible_page(root: Any) -> str:
    """The page as HTML with what an agent acts on: ids, names, roles, forms, links; nothing that runs or is unseen."""
    import lxml.html

    take_out(root, root.iter("meta", "link", "base"))
    take_out(root, (element for element in root.iter("input") if element.get("type", "").lower() == "hidden"))
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            plain = name.lower()
            runs = "".join(value.split()).lower().startswith(("javascript:", "vbscript:", "data:"))
            if plain.startswith(("on", "data-")) or plain in _DROPPED_ATTRIBUTES or runs:
                del element.attrib[name]
        if element.tag not in ("pre", "textarea"):
            element.text = _few_breaks(element.text)
        element.tail = _few_breaks(element.tail)
    html = str(lxml.html.tostring(root, encoding="unicode"))
    return "<!DOCTYPE html>\n" + html.strip() + "\n"


def _few_breaks(text: str | None) -> str | None:
    return _BREAKS.sub("\n", text) if text else text


def _title(root: Any) -> str | None:
    for path in ("//head/title", "//title", "//h1"):
        for element in root.xpath(path):
            if title := " ".join(str(element.text_content()).split()):
                return title[:200]
    return None


def _language(root: Any) -> str | None:
    said = root.get("lang") or root.get("xml:lang") or ""
    return said[:2].lower() if re.fullmatch(r"[A-Za-z]{2}(?:[-_][A-Za-z0-9-]{2,12})?", said) else None


def _licence(root: Any) -> str | None:
    """The address that the page itself gives as its licence (`rel="license"`)."""
    found = root.xpath("//*[(self::a or self::link) and contains(concat(' ', @rel, ' '), ' license ')]/@href")
    addresses = {str(address) for address in found if str(address).startswith(("http://", "https://"))}
    return addresses.pop() if len(addresses) == 1 else None


_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,30})", re.IGNORECASE)
_OPENING = re.compile(r"<([A-Za-z][A-Za-z0-9]*)")
_IN_TAG = re.compile(r"=\s{0,100}([\"'])|[\s/]+|>")
_NOT_IN_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_UNSEEN = (
    "script",
    "template",
    "noscript",
    "iframe",
    "frame",
    "object",
    "embed",
    "applet",
    "svg",
    "canvas",
    "audio",
    "video",
)
_AROUND = ("nav", "footer", "button", "select", "dialog")
_TABLE_PARTS = ("thead", "tbody", "tfoot", "tr", "td", "caption", "colgroup", "col")
_EMPHASIS = ("b", "strong", "i", "em", "u", "font", "big", "small", "center", "blink", "marquee")
_ROLES = frozenset({"navigation", "contentinfo", "search", "menu", "menubar", "dialog", "alertdialog", "banner"})
_NOTICE_NAME = re.compile(
    r"(?<![a-z])(?:cookie-?(?:s|banner|notice|consent|bar|law|popup|policy-banner)?|gdpr|consent-?(?:banner|manager)?|cmp|breadcrumbs?"
    r"|site-?footer|page-?footer|main-?footer|sidebar-nav|navbar|skip-?link)(?![a-z])",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"\b(?:we|this (?:web)?site|our (?:web)?site)\b[^.]{0,40}\b(?:use|uses|using) cookies\b"
    r"|\bwe (?:value|respect|care about) your privacy\b|\bour (?:\d+ )?partners (?:store|process|use)\b"
    r"|\b(?:accept|reject|allow) (?:all )?cookies\b|\bcookie (?:settings|preferences)\b"
    r"|^(?:accept|reject|decline|allow|manage|agree)(?: all)?$"
    r"|\ball rights reserved\b|^(?:\u00a9|copyright\b)",
    re.IGNORECASE,
)
_DROPPED_ATTRIBUTES = frozenset({"style", "srcset", "integrity", "crossorigin", "nonce", "referrerpolicy", "ping"})
_BREAKS = re.compile(r"\s*\n\s*")
