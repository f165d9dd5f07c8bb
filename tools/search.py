"""Search in the run's own documents, and in the web where the run allows it."""

from __future__ import annotations

import asyncio

from orca_agents.errors import SearchError
from orca_agents.search.api import Hit, SearchProvider
from orca_agents.search.quoting import MOST_CHARS, data_note, one_line, quote
from orca_agents.seeds.cleaning import clean
from orca_agents.toolbox import ToolContext, ToolError, tool

_MOST = 10


@tool(needs=("corpus",), timeout_s=60)
async def search(query: str, context: ToolContext, limit: int = 5) -> str:
    """Search the documents of this task, and the web where that is allowed, and return the passages that fit best.

    Give the words that the passage you look for would hold: names, terms, numbers, "boiling point of ethanol". Every
    word counts; quotes, AND, OR and other operators have no meaning. Words are matched, not their sense: where nothing
    fits, try other words for the same thing. `limit` is how many passages you want of each place, 1 to 10. Each result
    has a number to cite it by, its title, where it stands, and an excerpt; it is not the whole document.
    """
    if not query.strip():
        raise ToolError("the query is empty; write the words that the passage would hold")
    limit = max(1, min(limit, _MOST))
    corpus = await context.services.corpus()
    web = await context.services.web_search()
    if web is None:
        results, trouble = [("corpus", hit) for hit in await corpus.search(query, limit)], ""
    else:
        hits, (found, trouble) = await asyncio.gather(corpus.search(query, limit), _search_web(web, query, limit))
        results = [*(("corpus", hit) for hit in hits), *(("web", hit) for hit in found)]
    if not results:
        return "\n".join(filter(None, [_NONE, trouble]))
    room = (MOST_CHARS - len(trouble)) // len(results)
    shown = [_shown(number, place, hit, room) for number, (place, hit) in enumerate(results, 1)]
    return "\n\n".join(filter(None, [data_note("documents"), *shown, trouble]))


_NONE = "no results: try fewer words, or other words for the same thing"


async def _search_web(web: SearchProvider, query: str, limit: int) -> tuple[list[Hit], str]:
    """What the web has, and what went wrong: the documents' own results are of use without it."""
    try:
        return await web.search(query, limit), ""
    except SearchError as error:
        return [], f"The web could not be searched: {error}"


def _shown(number: int, place: str, hit: Hit, room: int) -> str:
    passage = hit.passage
    if place == "web":
        where = "web"
    elif passage.page is not None:
        where = f"corpus, page {passage.page}"
    elif passage.end is not None:
        where = f"corpus, characters {passage.start} to {passage.end}"
    else:
        where = "corpus"
    title = f"{one_line(passage.title, 80)}; " if passage.title else ""
    head = f"[{number}] {title}{one_line(passage.source, max(150, room // 2))} ({where})"
    text = clean(hit.excerpt).text  # pages of the web were not cleaned before
    quoted, left_out = quote(text, room - len(head) - _BETWEEN, blank=False)
    return f"{head}\n{quoted}" + (" …" if left_out else "")


_BETWEEN = 10
"""Characters between two results, and what says that one was cut."""
