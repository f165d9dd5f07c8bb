"""Find functions in the run's own code and API descriptions."""

from __future__ import annotations

from orca_agents.search.functions import FunctionHit
from orca_agents.search.quoting import MOST_CHARS, data_note, one_line, quote
from orca_agents.toolbox.api import ToolContext, ToolError, tool

_MOST = 20
_LONGEST_SOURCE = 1500
_BETWEEN = 20


@tool(needs=("functions",))
async def find_functions(query: str, context: ToolContext, limit: int = 5) -> str:
    """Find functions and API operations like the one you describe, in the code and API descriptions of this run.

    Write in a sentence what the function does ("wait longer after each failed try"), or paste code that does something
    like it; names are found by their parts. You get up to `limit` functions (at most 20), best first, each with its
    name, its place and the beginning of its source; the fewer you ask for, the more of each. Words are matched, not
    meanings: if nothing fits, try other words. It does not run anything, and knows no functions but these.
    """
    if not query.strip():
        raise ToolError("the query is empty; describe what the function does")
    index = await context.services.functions()
    if not len(index):
        return "There are no functions here: the documents of this run hold no code and no API descriptions."
    hits = await index.search(query, max(1, min(limit, _MOST)))
    if not hits:
        return "No function has any of these words; try others."
    room = MOST_CHARS // len(hits)
    shown = [_shown(number, hit, room) for number, hit in enumerate(hits, 1)]
    return "\n\n".join([data_note("code and its descriptions"), *shown])


def _shown(number: int, hit: FunctionHit, room: int) -> str:
    function = hit.function
    lines = f", lines {function.lines[0]}-{function.lines[1]}" if function.lines else ""
    head = f"{number}. {one_line(function.qualified_name, 100)} ({one_line(function.source, 120)}{lines})"
    most = min(_LONGEST_SOURCE, room - len(head) - _BETWEEN)
    quoted, left_out = quote(function.text, most)
    return f"{head}\n{quoted}" + ("\n... (cut)" if left_out else "")
