"""Fetch one page of the web, carefully: public addresses only, within limits, as robots.txt says, as plain text."""

from __future__ import annotations

import asyncio
import codecs
import importlib.util
import re
import tempfile
import time
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import aiohttp
from yarl import URL

from orca_agents.errors import SearchError, SeedError
from orca_agents.search.addresses import AddressError, Allow, LookUp, check_url, make_connector
from orca_agents.search.robots import ALL_ALLOWED, NONE_ALLOWED, Robots, read_robots
from orca_agents.seeds.cleaning import clean
from orca_agents.seeds.documents import Document, SeedOptions
from orca_agents.seeds.formats.html import read_page
from orca_agents.seeds.formats.pdf import read_pdf
from orca_agents.seeds.reading import Decoded, decode

PROGRAM = "orca-agents"
"""The name that robots.txt files know us by."""
USER_AGENT = f"{PROGRAM}/0.1 (a program that reads single pages for language models; it keeps to robots.txt)"
MOST_REDIRECTS = 5
MOST_BYTES = 5 * 2**20
"""Longest page, unpacked."""
MOST_ROBOTS_BYTES = 500 * 1024
ROBOTS_S = 3600.0
"""How long the rules of a host are remembered."""
FAILED_ROBOTS_S = 60.0
LONGEST_DELAY_S = 10.0
"""The longest `Crawl-delay` that is waited for; a host that asks for more is asked this seldom."""
MOST_HOSTS = 1000
"""Hosts that are remembered."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Page:
    """What a page says, as a reader sees it."""

    address: str
    """Where it was found in the end, after all redirects."""
    title: str | None
    text: str
    """Clean text: nothing hidden, no tokens that steer a chat."""


def missing() -> str | None:
    """Why pages cannot be read here and what to do, or `None`."""
    if importlib.util.find_spec("trafilatura") is None or importlib.util.find_spec("lxml") is None:
        return "what takes the text out of web pages is not installed: pip install 'orca-agents[ingest]'"
    return None


class Fetcher:
    """Fetches pages: one at a time from a host, with a pause between them. Bound to one event loop."""

    def __init__(
        self,
        *,
        allow: Allow | None = None,
        look_up: LookUp | None = None,
        pause_s: float = 1.0,
        connect_s: float = 10.0,
        total_s: float = 45.0,
        read_s: float = 20.0,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`allow` says which addresses may be connected to, public ones unless given: for a server of your own network
        or a test. `look_up` finds the addresses of a name in place of the system. `total_s` is for all of one fetch,
        waiting for its turn included; `read_s` for taking out the text."""
        self._allow = allow
        self._look_up = look_up
        self._pause_s = pause_s
        self._connect_s = connect_s
        self._total_s = total_s
        self._read_s = read_s
        self._most_bytes = most_bytes
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def fetch(self, url: str) -> Page:
        """The page at an address. Raises `SearchError` that says what is in the way."""
        address = check_url(url, self._allow)
        answer = await _within(self._total_s, self._follow(address), f"{address} took longer than {self._total_s:g} s")
        if answer.status >= 400:
            raise SearchError(f"{answer.address} answered with status {answer.status}{_STATUS.get(answer.status, '')}")
        reading = asyncio.to_thread(_read, answer)
        # A thread cannot be stopped: what is still reading when the time is up ends by itself, as pages have a limit.
        page = await _within(
            self._read_s, reading, f"the text of {answer.address} was not found within {self._read_s:g} s"
        )
        if not page.text:
            raise SearchError(f"{answer.address} holds no text")
        return page

    async def close(self) -> None:
        """Close what is open; nothing is fetched any more. Safe to call twice."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _follow(self, address: URL) -> _Answer:
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask_politely(address)
            if answer.location is None:
                return answer
            address = self._next(address, answer.location)
        raise SearchError(f"{address} was reached after {MOST_REDIRECTS} redirects and redirects further")

    async def _ask_politely(self, address: URL) -> _Answer:
        """Ask for a page when the host's turn has come, if its robots.txt lets us."""
        host = self._host(address)
        async with host.turn:
            if host.robots is None or time.monotonic() > host.robots_until:
                host.robots, kept_s = await self._robots(address, host)
                host.robots_until = time.monotonic() + kept_s
            if host.robots is NONE_ALLOWED:
                raise SearchError(f"the robots.txt of {address.host} cannot be read now, so nothing there is fetched")
            if not host.robots.allows(address.raw_path_qs):
                raise SearchError(f"the robots.txt of {address.host} does not let programs read {address}")
            return await self._ask(address, host, self._most_bytes)

    async def _robots(self, address: URL, host: _Host) -> tuple[Robots, float]:
        """The rules of a host, and how long to remember them: no file allows all, a broken host nothing."""
        place = address.origin().with_path("/robots.txt")
        try:
            for _ in range(MOST_REDIRECTS + 1):
                answer = await self._ask(place, host, MOST_ROBOTS_BYTES, cut=True)
                if answer.location is None:
                    break
                place = self._next(place, answer.location)
            else:
                return ALL_ALLOWED, ROBOTS_S
        except AddressError:
            raise
        except SearchError as error:
            raise SearchError(f"its robots.txt cannot be read, so the page is not fetched: {error}") from None
        if answer.status >= 500 or answer.status == 429:
            return NONE_ALLOWED, FAILED_ROBOTS_S
        if answer.status >= 400:
            return ALL_ALLOWED, ROBOTS_S
        return read_robots(answer.body.decode("utf-8", "ignore"), PROGRAM), ROBOTS_S

    async def _ask(self, address: URL, host: _Host, most: int, *, cut: bool = False) -> _Answer:
        """One request, after the host's pause. What is longer than `most` is refused, or `cut` there."""
        await asyncio.sleep(max(0.0, host.free_at - time.monotonic()))
        try:
            async with self._opened().get(address, allow_redirects=False) as response:
                location = response.headers.get("Location") if response.status in _REDIRECTS else None
                body = bytearray()
                if location is None and (response.status < 400 or cut):
                    async for piece in response.content.iter_chunked(65_536):  # unpacked as it comes
                        body += piece
                        if len(body) > most:
                            break
                    if len(body) > most and not cut:
                        raise SearchError(f"{address} is longer than {most / 2**20:g} MB")
                return _Answer(
                    address, response.status, location, response.headers.get("Content-Type", ""), bytes(body[:most])
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: of headers that are none
            raise SearchError(f"{address} cannot be fetched: {_reason(error)}") from None
        finally:
            delay = host.robots.delay_s if host.robots else 0.0
            host.free_at = time.monotonic() + max(self._pause_s, min(delay, LONGEST_DELAY_S))

    def _next(self, address: URL, location: str) -> URL:
        try:
            joined = str(address.join(URL(location)))
        except ValueError:
            raise SearchError(f"{address} redirects to what is no address") from None
        return check_url(joined, self._allow)

    def _host(self, address: URL) -> _Host:
        name = str(address.origin())
        host = self._hosts.setdefault(name, _Host())
        self._hosts.move_to_end(name)
        if len(self._hosts) > MOST_HOSTS:
            oldest = next(iter(self._hosts))
            if not self._hosts[oldest].turn.locked():
                del self._hosts[oldest]
        return host

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise SearchError("pages are not fetched any more: the run has ended")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=make_connector(self._allow, self._look_up),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": USER_AGENT, "Accept": _ACCEPT, "Accept-Language": "en, *;q=0.5"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_s, sock_read=self._connect_s),
                trust_env=False,  # a proxy would look up the names, and no one would check what it finds
            )
        return self._session


@dataclass
class _Host:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    robots: Robots | None = None
    robots_until: float = 0.0


@dataclass(frozen=True)
class _Answer:
    address: URL
    status: int
    location: str | None
    content_type: str
    body: bytes


async def _within(seconds: float, work: Awaitable[_T], late: str) -> _T:
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        raise SearchError(late) from None


def _read(answer: _Answer) -> Page:
    """An answer as a reader sees it; takes a while for a long one."""
    document = _document(answer)
    title = " ".join(clean((document.title or "")[:_TITLE_CHARS]).text.split())
    return Page(str(answer.address), title or None, clean(document.text).text.strip())


_TITLE_CHARS = 500


def _document(answer: _Answer) -> Document:
    """The text of an answer, by its type."""
    name = str(answer.address)
    kind, _, rest = answer.content_type.partition(";")
    kind = kind.strip().lower()
    if not kind:
        kind = "text/html" if _HTML.match(answer.body) else "text/plain"
    try:
        if kind in ("text/html", "application/xhtml+xml"):
            if reason := missing():
                raise SearchError(f"{name} is an HTML page, and {reason}")
            return read_page(_decoded(answer.body, rest, in_page=True), name)
        if kind == "application/pdf":
            return _read_pdf(answer.body, name)
        if kind in _PLAIN or kind.endswith("+json"):
            return Document(_decoded(answer.body, rest).text, name)
    except SeedError as error:
        raise SearchError(f"{name} cannot be read: {error}") from None
    raise SearchError(f"{name} is of the type {kind[:80]!r}: only pages, plain text, Markdown, JSON and PDF are read")


def _decoded(body: bytes, parameters: str, *, in_page: bool = False) -> Decoded:
    """The text of these bytes: by their mark, as the answer declares, as the page declares, else as it looks."""
    said = _CHARSET.search(parameters)
    encoding = said[1] if said else ""
    if not encoding and in_page and not _is_utf8(body):
        declared = _META.search(body[:4096])
        encoding = declared[1].decode("ascii") if declared else ""
    marked = body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if encoding and not marked and encoding.lower() not in _AS_IT_LOOKS:
        try:
            return Decoded(body.decode(encoding, "replace"))
        except (LookupError, ValueError):
            pass  # no such encoding, or one that takes no mended bytes: as it looks
    return decode(body)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _read_pdf(body: bytes, name: str) -> Document:
    if importlib.util.find_spec("pypdf") is None:
        raise SearchError(f"{name} is a PDF file: install what reads it with `pip install 'orca-agents[ingest]'`")
    with tempfile.TemporaryDirectory(prefix="orca-agents-") as folder:
        path = Path(folder, "page.pdf")
        path.write_bytes(body)
        for found in read_pdf(path, name, SeedOptions()):
            if isinstance(found, Document):
                return found
    raise SearchError(f"{name} is a PDF file of which no page can be read")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name is not known, or there is no network"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        # What the package says of these holds what the host sent, and that has no mark of a quote.
        return f"its answer is no HTTP that can be read ({type(error).__name__})"
    return " ".join(str(error).split())[:300] or type(error).__name__


_REDIRECTS = (301, 302, 303, 307, 308)
_STATUS = {401: " (it asks for a password)", 403: " (not allowed)", 404: " (not found)", 410: " (gone)", 429: " (busy)"}
_ACCEPT = "text/html, application/xhtml+xml, text/plain, text/markdown, application/json, application/pdf;q=0.8"
_PLAIN = ("text/plain", "text/markdown", "text/x-markdown", "application/json", "text/json")
_HTML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,30})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,30})", re.IGNORECASE)
# UTF-8 and Latin-1 are often declared and not so; the others are no encodings of pages.
_AS_IT_LOOKS = {
    "utf-8", "utf8", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "utf-7", "utf7", "utf_7", "idna",
    "punycode", "undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape",
}  # fmt: skip
