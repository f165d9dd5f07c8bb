"""Call a tool so that nothing it does can hurt the chat: in a task and a time of its own, its errors told as text."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from pydantic_core import to_json

from orca_agents.errors import OrcaError, SandboxError, SearchError, StoreError
from orca_agents.records import ToolCall
from orca_agents.seeds.cleaning import clean
from orca_agents.toolbox.api import ToolContext, ToolError
from orca_agents.toolbox.spec import Tool

RESULT_CHARS = 8000
"""Longest result that an agent reads; of a longer one it reads the beginning and the end."""
_CLEANED_CHARS = 200_000  # a longer result is cut before it is cleaned: a tool may return anything

_T = TypeVar("_T")


async def call_tool(tool: Tool, call_id: str, arguments: Mapping[str, Any], context: ToolContext) -> ToolCall:
    """What a call came to. It raises nothing of the tool's: an error, a time-out and a cancelled tool are text.

    Raises `StoreError`, which is no tool's fault, and `CancelledError` if the caller is cancelled; the tool is then
    cancelled too.
    """
    started = time.perf_counter()
    is_error = True
    may_pass = False
    task = asyncio.ensure_future(_answer(tool, arguments, context))
    try:
        done, _ = await asyncio.wait([task], timeout=tool.timeout_s)
        if not done:
            text = f"error: {tool.name} was not done after {tool.timeout_s:g} s, and is not waited for any longer"
            may_pass = True
        elif task.cancelled():
            text = f"error: {tool.name} gave up"
        elif (error := task.exception()) is None:
            text, is_error = task.result(), False
        elif isinstance(error, StoreError):
            raise error
        else:
            text = f"error: {_told(error)}"
            may_pass = isinstance(error, SandboxError | SearchError)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=5)  # a tool that cleans up gets a moment for it
    duration = time.perf_counter() - started
    return ToolCall(
        id=call_id,
        name=tool.name,
        arguments=dict(arguments),
        result=_readable(text),
        is_error=is_error,
        may_pass=may_pass,
        duration_s=duration,
    )


def capped(text: str, limit: int) -> str:
    """A text of at most about `limit` characters: of a longer one the beginning, how much is left out, and the end."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    return f"{text[:head]}\n[... {len(text) - limit:,} characters left out ...]\n{text[-tail:]}"


async def _answer(tool: Tool, arguments: Mapping[str, Any], context: ToolContext) -> str:
    """What a tool answers, as text. Raises what it raises."""
    try:
        value = (
            tool.call(arguments, context) if tool.is_async else await in_thread(lambda: tool.call(arguments, context))
        )
        if inspect.isawaitable(value):  # also of an async function in a decorator, which looks like a plain one
            value = await value
        return value if isinstance(value, str) else await in_thread(lambda: _as_text(value))
    except (SystemExit, KeyboardInterrupt) as error:  # in a task they would end the event loop, and nobody would know
        raise ToolError(_told(error)) from None


async def in_thread(work: Callable[[], _T]) -> _T:
    """In a thread of its own: one that hangs keeps no other from running, and no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(put: Callable[[], None]) -> None:
        if not done.done():
            put()

    def run() -> None:
        put: Callable[[], None]
        try:
            put = partial(done.set_result, work())
        except BaseException as error:  # noqa: BLE001  whatever a tool raises is told to the agent that called it
            can_be_set = isinstance(error, Exception) and not isinstance(error, StopIteration)
            put = partial(done.set_exception, error if can_be_set else ToolError(_told(error)))
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, put)

    threading.Thread(target=run, name="orca-tool", daemon=True).start()
    return await done


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return to_json(value, fallback=str, indent=2).decode()


def _readable(text: str) -> str:
    if len(text) <= _CLEANED_CHARS:
        return capped(clean(text).text, RESULT_CHARS)
    return clean(capped(text, RESULT_CHARS)).text


def _told(error: BaseException) -> str:
    """An error in words for an agent; what a tool says on purpose is told as it is."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001  even this is the tool's own code
        said = ""
    if said and isinstance(error, ToolError | OrcaError):
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
