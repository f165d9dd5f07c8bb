"""Search the web with ddgs, which asks several search engines: one query at a time, with pauses."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orca_agents.errors import SearchError
from orca_agents.search.api import Hit, Passage
from orca_agents.seeds.cleaning import clean

Ask = Callable[[str, int], Sequence[Mapping[str, Any]]]
"""Asks the engines, blocking: a query and a number of results go in, rows with `title`, `href` and `body` come out.
Raises `RateLimitError` where it is told to slow down, and `SearchError` where there is no answer."""

LONGEST_QUERY = 400
EXCERPT_CHARS = 500
MOST_CACHED = 1000


class RateLimitError(SearchError):
    """The search engines ask for fewer queries."""


def missing() -> str | None:
    """Why the web cannot be searched here and what to do, or `None`."""
    if importlib.util.find_spec("ddgs") is None:
        return "ddgs, which searches the web, is not installed: pip install 'orca-agents[tools]'"
    return None


def ask_ddgs(query: str, limit: int) -> Sequence[Mapping[str, Any]]:
    """What ddgs finds. No results is an empty list; a network that is not there is a `SearchError`."""
    if reason := missing():
        raise SearchError(reason)
    from ddgs import DDGS
    from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

    try:
        rows: list[dict[str, Any]] = DDGS(timeout=10).text(query, max_results=limit)
    except RatelimitException as error:
        raise RateLimitError(f"the search engines ask for fewer queries: {error}") from None
    except TimeoutException:
        raise SearchError("the search engines did not answer in time; is there a network?") from None
    except DDGSException as error:
        said = str(error)
        if said.startswith("No results found"):
            return []
        if re.search(r"\b(?:429|rate ?limit)", said, re.IGNORECASE):
            raise RateLimitError(f"the search engines ask for fewer queries: {said[:200]}") from None
        raise SearchError(f"the web cannot be searched, is there a network? {' '.join(said.split())[:200]}") from None
    return rows


class WebSearch:
    """The web as a `SearchProvider`. Quotes and operators of a query are taken out: they are only text."""

    def __init__(
        self,
        fetch: Ask = ask_ddgs,
        *,
        pause_s: float = 1.0,
        timeout_s: float = 20.0,
        tries: int = 3,
        backoff_s: float = 3.0,
    ) -> None:
        """`fetch` asks the engines; `timeout_s` is for one try. After a refusal `backoff_s` are waited, then twice as
        long, and so on; every wait is a little longer by chance, so that many runs do not ask in step."""
        self._fetch = fetch
        self._pause_s = pause_s
        self._timeout_s = timeout_s
        self._tries = tries
        self._backoff_s = backoff_s
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._running: asyncio.Future[Sequence[Mapping[str, Any]]] | None = None
        self._cache: OrderedDict[tuple[str, int], list[Hit]] = OrderedDict()

    @property
    def name(self) -> str:
        """For `doctor` and for messages."""
        return "web (ddgs)"

    async def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The best hits, best first. Raises `SearchError` where the web cannot be searched."""
        query = _plain(query)
        if not re.search(r"\w", query) or limit < 1:
            return []
        async with self._turn:
            if (query, limit) not in self._cache:
                hits = _hits(await self._patiently(query, limit), limit)
                if not hits:  # not kept: an engine that refuses may look like one that found nothing
                    return []
                self._cache[query, limit] = hits
                if len(self._cache) > MOST_CACHED:
                    self._cache.popitem(last=False)
            return list(self._cache[query, limit])

    async def close(self) -> None:
        """Forget what was found. Safe to call twice."""
        self._cache.clear()

    async def _patiently(self, query: str, limit: int) -> Sequence[Mapping[str, Any]]:
        for number in range(self._tries):
            try:
                return await self._ask(query, limit)
            except RateLimitError:
                if number == self._tries - 1:
                    raise
                await asyncio.sleep(_jittered(self._backoff_s * 2**number))
        raise AssertionError("there is at least one try")

    async def _ask(self, query: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """One try, in a thread. A thread cannot be stopped: one that is late goes on, and no other starts beside it."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running], timeout=self._timeout_s)
            if not self._running.done():
                raise SearchError("the search before this one still hangs; is there a network?")
        await asyncio.sleep(max(0.0, self._free_at - time.monotonic()))
        self._running = asyncio.ensure_future(asyncio.to_thread(self._fetch, query, limit))
        self._running.add_done_callback(_heed)
        try:
            return await asyncio.wait_for(asyncio.shield(self._running), self._timeout_s)
        except TimeoutError:
            raise SearchError(f"the web search took longer than {self._timeout_s:g} s; is there a network?") from None
        finally:
            self._free_at = time.monotonic() + _jittered(self._pause_s)


def _heed(asked: asyncio.Future[Any]) -> None:
    """Take the error of a search that no one waits for any more."""
    if not asked.cancelled():
        asked.exception()


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1.0, 1.5)


def _plain(query: str) -> str:
    """A query without what engines read as orders: quotes, `-word`, `site:`, `OR`."""
    words = _SIGNS.sub(" ", clean(query).text[: 4 * LONGEST_QUERY]).split()
    words = [word.lower() if word in ("AND", "OR", "NOT", "NEAR") else word.lstrip("+-!~&|") for word in words]
    return " ".join(filter(None, words))[:LONGEST_QUERY].strip()


def _hits(rows: Sequence[Mapping[str, Any]], limit: int) -> list[Hit]:
    hits: list[Hit] = []
    for row in rows:
        address, body = str(row.get("href") or ""), clean(str(row.get("body") or "")).text.strip()
        title = " ".join(clean(str(row.get("title") or "")).text.split())
        if not address.startswith(("http://", "https://")) or not (body or title):
            continue
        text = body or title
        cut = text if len(text) <= EXCERPT_CHARS else text[: EXCERPT_CHARS - 2].rstrip() + " …"
        passage = Passage(text=text, title=title or None, source=address)
        hits.append(Hit(passage=passage, score=1 / (len(hits) + 1), excerpt=cut))
    return hits[:limit]


_SIGNS = re.compile(r"[\"“”„«»*()]|(?<=[A-Za-z]):")
