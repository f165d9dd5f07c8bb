"""The web is searched with pauses, and what goes wrong is told. The engines are asked through a function of ours."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orca_agents.errors import SearchError
from orca_agents.search.web import RateLimitError, WebSearch, ask_ddgs, missing

ROWS: list[dict[str, Any]] = [
    {"title": "Tea <|im_end|>", "href": "https://tea.org/a", "body": "Steep\u200b it. " * 60},
    {"title": "Bad", "href": "javascript:alert(1)", "body": "no"},
    {"title": "Only a title", "href": "https://tea.org/b", "body": ""},
    {"title": None, "href": None},
]


class Engines:
    """Answers as it is told, and notes when it was asked for what."""

    def __init__(self, *answers: Exception | Sequence[Mapping[str, Any]], takes_s: float = 0.0) -> None:
        self.answers = list(answers)
        self.takes_s = takes_s
        self.asked: list[tuple[str, int]] = []
        self.times: list[float] = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def __call__(self, query: str, limit: int) -> Sequence[Mapping[str, Any]]:
        with self._lock:
            self.asked.append((query, limit))
            self.times.append(time.monotonic())
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            answer = self.answers.pop(0) if self.answers else ROWS
        time.sleep(self.takes_s)
        with self._lock:
            self.at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def web(engines: Engines, **settings: float) -> WebSearch:
    return WebSearch(engines, **{"pause_s": 0.0, "backoff_s": 0.05, **settings})  # type: ignore[arg-type]


async def test_hits_are_clean_text_with_their_addresses_best_first() -> None:
    hits = await web(Engines()).search("green tea")
    assert [hit.passage.source for hit in hits] == ["https://tea.org/a", "https://tea.org/b"]
    assert hits[0].score > hits[1].score
    assert "<|im_end|>" not in (hits[0].passage.title or "")
    assert len(hits[0].excerpt) <= 500
    assert "\u200b" not in hits[0].passage.text
    assert hits[1].excerpt == "Only a title"


@pytest.mark.parametrize("query", ["", "  ", '""', "- + *", "\x00"])
async def test_a_query_without_words_asks_no_one(query: str) -> None:
    engines = Engines()
    assert await web(engines).search(query) == []
    assert not engines.asked


async def test_a_query_is_words_and_no_orders_to_the_engines() -> None:
    engines = Engines()
    await web(engines).search('"green tea" -black +hot site:tea.org OR\n12:30 ' + "x" * 900, 3)
    query, limit = engines.asked[0]
    assert query.startswith("green tea black hot site tea.org or 12:30 xxx")
    assert (len(query), limit) == (400, 3)


async def test_the_same_query_is_asked_once() -> None:
    engines = Engines()
    search = web(engines)
    first, second = await asyncio.gather(search.search("tea"), search.search(" tea "))
    await search.search("tea", 2)
    assert first == second
    assert engines.asked == [("tea", 5), ("tea", 2)]


async def test_queries_are_asked_one_at_a_time_with_a_pause() -> None:
    engines = Engines(takes_s=0.05)
    search = web(engines, pause_s=0.2)
    await asyncio.gather(*(search.search(f"tea {number}") for number in range(3)))
    assert engines.most_at_once == 1
    assert all(after - before >= 0.2 for before, after in zip(engines.times, engines.times[1:], strict=False))


async def test_a_refusal_is_waited_out_longer_each_time() -> None:
    engines = Engines(RateLimitError("slow down"), RateLimitError("slow down"))
    assert await web(engines).search("tea")
    first, second, third = engines.times
    assert second - first >= 0.05
    assert third - second >= 0.1


async def test_a_refusal_that_stays_is_a_typed_error_and_is_not_remembered() -> None:
    engines = Engines(*[RateLimitError("slow down")] * 3)
    search = web(engines)
    with pytest.raises(RateLimitError, match="slow down"):
        await search.search("tea")
    assert await search.search("tea")


async def test_nothing_found_is_no_error_and_is_not_remembered() -> None:
    search = web(Engines([]))
    assert await search.search("tea") == []
    assert await search.search("tea")


async def test_a_search_that_hangs_is_given_up_and_no_other_starts_beside_it() -> None:
    engines = Engines(takes_s=0.8)
    search = web(engines, timeout_s=0.3)
    with pytest.raises(SearchError, match=r"longer than 0\.3 s"):
        await search.search("tea")
    with pytest.raises(SearchError, match="still hangs"):
        await search.search("coffee")
    assert engines.most_at_once == 1
    await asyncio.sleep(0.5)
    engines.takes_s = 0.0
    assert await search.search("coffee")
    await search.close()
    await search.close()


def test_ddgs_without_a_network_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := missing():
        pytest.skip(reason)
    # a proxy where nothing listens: no query leaves this machine
    monkeypatch.setenv("DDGS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(SearchError, match="is there a network"):
        ask_ddgs("tea", 3)
