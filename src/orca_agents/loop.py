"""One event loop in a thread of its own: plain functions that work in scripts and inside a running loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_pid = 0


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a coroutine to its end and return its result. Ctrl-C (or any error here) cancels it and waits for that."""
    loop = _running_loop()
    if threading.current_thread() is _thread:
        work.close()
        raise RuntimeError("this is orca_agents' own event loop: use the function whose name ends in _async")
    future = asyncio.run_coroutine_threadsafe(_cancellable(work), loop)
    try:
        return future.result()
    except BaseException:
        if not future.done():
            future.cancel()
            _let_it_end(loop)
        raise


async def _cancellable(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    return await work


def _let_it_end(loop: asyncio.AbstractEventLoop) -> None:
    """Wait until cancelled tasks have cleaned up, so that files are closed when the caller goes on."""

    async def others() -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        await asyncio.wait(tasks, timeout=30) if tasks else None

    asyncio.run_coroutine_threadsafe(others(), loop).result(timeout=60)


def _running_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process: made when first needed, made anew after a fork."""
    global _loop, _thread, _pid
    with _lock:
        if _loop is None or _pid != os.getpid():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="orca-agents", daemon=True)
            _thread.start()
            _pid = os.getpid()
        return _loop
