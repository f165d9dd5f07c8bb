"""Read one page of the web, where the run allows it."""

from __future__ import annotations

from orca_agents.search.quoting import MOST_CHARS, data_note, one_line, quote
from orca_agents.toolbox import ToolContext, tool


@tool(needs=("web",), timeout_s=90)
async def fetch_page(url: str, context: ToolContext) -> str:
    """Read one page of the web and return its title, its address and its text.

    Give a whole address that begins with https:// or http://, as a search result or another page names it. You get the
    main text of the page (HTML, plain text, Markdown, JSON or PDF), of a long one the beginning. It cannot fill in
    forms, log in, run scripts, read pictures, or reach hosts that are not public; some sites do not let programs read
    them.
    """
    fetcher = await context.services.fetcher()
    page = await fetcher.fetch(url)
    address = one_line(page.address, 2000)
    head = (
        f"Title: {one_line(page.title) if page.title else '(none)'}\nAddress: {address}\n{data_note('that page')}\n\n"
    )
    quoted, left_out = quote(page.text, MOST_CHARS - len(head))
    return head + quoted + (f"\n(cut: {left_out:,} more characters are left out)" if left_out else "")
