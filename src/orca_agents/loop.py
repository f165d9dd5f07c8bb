"""One event loop in a thread of its own: plain functions that work in scripts and inside a running loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

CLEAN_UP_S = 30.0
"""How long an interrupted call waits for its work to close files and connections."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_pid = 0


def run(work: Coroutine[Any, Any, ResultT], *, on_interrupt: Callable[[], None] | None = None) -> ResultT:
    """Run a coroutine to its end and return its result. Ctrl-C (or any error here) cancels it and waits for that.

    With `on_interrupt` the first Ctrl-C calls that instead, so that the work can come to an end of its own.
    """
    loop = _running_loop()
    if threading.current_thread() is _thread:
        work.close()
        raise RuntimeError("this is orca_agents' own event loop: use the function whose name ends in _async")
    given_up, ended = threading.Event(), threading.Event()
    tasks: list[asyncio.Task[Any]] = []

    async def supervised() -> ResultT:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            if given_up.is_set():  # interrupted before the loop came to it
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            ended.set()

    try:
        future = asyncio.run_coroutine_threadsafe(supervised(), loop)
        if on_interrupt is not None:
            try:
                return future.result()
            except KeyboardInterrupt:
                on_interrupt()
        return future.result()
    except BaseException:  # raised again when all is put in order
        if not ended.is_set():
            given_up.set()
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            ended.wait(CLEAN_UP_S)
        raise


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
