"""A code interpreter: the cells of a chat, with what they defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orca_agents.fences import without_fence
from orca_agents.records import ToolCall
from orca_agents.sandbox.cells import CellResult, Cells
from orca_agents.toolbox.api import ToolContext, tool
from orca_agents.toolbox.calling import capped

_FRESH = "[New interpreter: the variables, imports and files of earlier calls were gone before this code ran.]"
_LOST = "[All variables, imports and files are gone. The next call starts from nothing: define again what it needs.]"
_NOTHING = "[Done. The code printed nothing: use print(...) for what you want to see.]"


@tool(needs=("sandbox",), timeout_s=300)
async def run_python(code: str, context: ToolContext) -> str:
    """Run Python code and read what it prints. Use it to compute, to check an answer, or to try code out.

    Give plain Python source in `code`: no Markdown fence, no `!` or `%` commands. It runs like a cell of a notebook:
    - Variables, imports, functions and files stay for your next calls in this conversation. Do not repeat them.
    - You see only what is printed, and the value of the last line if that is an expression. Print what you need, with
      a name beside it: print("total =", total). Of long output you see the beginning and the end.
    - Each call may take 20 seconds. Code that takes longer is stopped, and then everything defined so far is gone; the
      result says so. Memory: 512 MB.
    - There is no network, no keyboard (`input()` raises EOFError), and no file of anybody's. The standard library is
      there; other packages may not be, and pip cannot install any.

    If the code raises, you get the traceback, with the line in your code; what ran before that line has been done.
    Correct the code and call again. Example: {"code": "from math import comb\\nprint('ways =', comb(10, 3))"}
    """
    sandbox = await context.services.sandbox()
    cells: Cells = context.services.of_chat(context.chat_id, "cells", lambda: Cells(sandbox))
    return _as_text(await cells.run(without_fence(code), earlier=_cells_before(context.earlier)))


def _cells_before(calls: Sequence[ToolCall]) -> list[str]:
    """The code of earlier calls whose state should still be there."""
    cells: list[str] = []
    for call in calls:
        code = call.arguments.get("code") if isinstance(call.arguments, Mapping) else None
        if not isinstance(code, str) or call.is_error:
            continue  # it did not run, or not to an end that is known
        if call.result.startswith(_FRESH):
            cells.clear()
        cells.append(without_fence(code))
        if call.result.endswith(_LOST):
            cells.clear()
    return cells


def _as_text(result: CellResult) -> str:
    """Below the longest result that an agent reads, so that its last line is never cut away."""
    parts = [_FRESH] if result.fresh else []
    parts.append(capped(result.output.rstrip("\n"), 4000))
    if result.value:
        parts.append(f"value of the last line: {capped(result.value, 1500)}")
    if result.ended == "time":
        parts.append(capped(result.error.removesuffix("\nKeyboardInterrupt"), 1000))
    else:
        parts.append(capped(result.error, 1500))
    if result.ended:
        kept = "" if result.state_lost else "; what it defined before that is kept"
        parts.append(f"[{result.reason[:1].upper()}{result.reason[1:]}{kept}.]")
    if result.state_lost:
        parts.append(_LOST)
    return "\n".join(part for part in parts if part) or _NOTHING
