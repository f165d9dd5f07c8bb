"""The report in a real browser: it shows what it should, runs nothing, and asks nothing of the network."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from orca_agents.cli.report import report_command
from tests.report.browser import BROWSER, Opened, open_page, picture
from tests.report.mill_runs import HOSTILE, mill_run

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium here, so the report was not opened in a browser")


class Reader(HTMLParser):
    """The elements of a document, its attributes, and the text that a reader sees."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.title = ""
        self._inside: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("style", "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            self.title += data
        elif not self._inside:
            self.text += data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run one example of which is hostile in every text, name and key that the page shows."""
    folder = mill_run(tmp_path_factory.mktemp("mills"))
    file = folder / "examples.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        metadata = row["metadata"]
        row["messages"][0]["content"] = f"{HOSTILE}{row['id']}"
        row["leaf"] = HOSTILE
        for key in ("source", "licence", "language", "transformer", "passage", "question", "suggestion"):
            metadata[key] = HOSTILE
        metadata["goal"] = metadata["goal"] and HOSTILE
        metadata["reference"] = metadata["seed_flags"] = metadata["tags"] = [HOSTILE]
        metadata["flags"] = ["secret:aws_access_key"]
        metadata["hidden"] = metadata["parts"] = {HOSTILE: [HOSTILE]}
        metadata["verification"]["method"] = HOSTILE
        for vote in metadata["verification"]["votes"]:
            vote["answer"]["value"] = [HOSTILE]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    chats = folder / "transcripts.jsonl"
    lines = [json.loads(line) for line in chats.read_text(encoding="utf-8").splitlines()]
    for chat in lines:
        chat["error"] = HOSTILE
        chat["system_messages"] = {HOSTILE: HOSTILE}
        for turn in chat["turns"]:
            turn["text"] = turn["agent"] = turn["reasoning"] = HOSTILE
    chats.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def page(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    report_command([run], path, run, seed=0, examples=10, title=HOSTILE)
    return path


@pytest.fixture(scope="module")
def opened(page: Path) -> Opened:
    return open_page(page)


def test_what_is_hostile_is_shown_and_not_run(opened: Opened) -> None:
    found = Reader(opened.dom)
    assert found.title.startswith("<script>document.title='owned'")
    assert not {"script", "img", "iframe", "object", "embed", "link", "form", "base"} & {*found.tags}
    assert found.tags.count("style") == 1
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert found.text.count("<script>document.title='owned'</script><img src=x onerror=") > 20
    assert "{{ 7 * 7 }} {% raw %} &amp;" in found.text
    assert "print('\u00e9\u4f60\u597d \U0001f642 \u05e9\u05dc\u05d5\u05dd')" in found.text
    assert found.tags.count("main") == found.tags.count("h1") == 1  # nothing of it closed an element of ours


def test_no_request_leaves_the_page_and_nothing_is_complained_about(opened: Opened) -> None:
    assert opened.requests == ()
    assert opened.complaints == ()


def test_the_proxy_and_the_console_would_tell(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<img src='http://leak.invalid/a.png'><script>nothing.there()</script>", encoding="utf-8")
    opened = open_page(page)
    assert opened.requests == ("leak.invalid",)
    assert "nothing is not defined" in opened.complaints[0]


def test_no_address_outside_is_named_where_a_browser_would_follow_it(page: Path) -> None:
    document = page.read_text(encoding="utf-8")
    found = Reader(document)
    follow = ("src", "href", "srcset", "data", "action", "poster", "xlink:href", "background", "formaction", "content")
    named = [value for _, name, value in found.attributes if name in follow and re.search(r"\w+://|^//", value)]
    assert named == []
    assert all(value.startswith("#") for _, name, value in found.attributes if name == "href")
    style = document[document.index("<style>") : document.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_can_be_read_without_seeing_it(page: Path) -> None:
    found = Reader(page.read_text(encoding="utf-8"))
    levels = [int(tag[1]) for tag in found.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert ("html", "lang", "en") in found.attributes
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for _, name, value in found.attributes if name == "href"}
    assert targets <= set(ids)
    labels = [value for _, name, value in found.attributes if name == "aria-labelledby"]
    assert set(labels) <= set(ids)
    # every picture has words, or stands beside a table with its numbers and is left out for readers of screens
    pictures = found.tags.count("svg")
    told = sum(
        tag == "svg" and name in ("aria-label", "aria-hidden") and bool(value) for tag, name, value in found.attributes
    )
    assert told == pictures > 50


def test_no_width_makes_it_scroll_sideways(page: Path, tmp_path: Path) -> None:
    # copies of the page in frames, with a script of the test that measures them, which its own policy would not run
    document = re.sub("<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    script = "<script>parent.postMessage(`${document.documentElement.scrollWidth}/${innerWidth}`, '*')</script>"
    (tmp_path / "inner.html").write_text(document.replace("</body>", f"{script}</body>"), encoding="utf-8")
    widths = (360, 390, 768, 1280)
    frames = "".join(f"<iframe src=inner.html width={width} height=800 frameborder=0></iframe>" for width in widths)
    outer = tmp_path / "outer.html"
    outer.write_text(
        f"<script>onmessage = told => document.title += ` ${{told.data}}`</script>{frames}", encoding="utf-8"
    )
    told = Reader(open_page(outer).dom).title.split()
    assert sorted(told) == sorted(f"{width}/{width}" for width in widths)


def test_it_can_be_photographed(page: Path, tmp_path: Path) -> None:
    found = picture(page, tmp_path / "page.png", width=1200, height=1600)
    assert found.startswith(b"\x89PNG")
    assert len(found) > 50_000  # an empty page has a few thousand bytes
