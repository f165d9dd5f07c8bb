"""Read seeds in a thread beside the calls: cutting a long book, or waiting for a pipe, must not hold them up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_AHEAD = 64
"""So many items are read before they are asked for."""


class Reader(Generic[T]):
    """Items of an iterable, as they come. For one event loop."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = items
        self._read: deque[T] = deque()
        self._state = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        # a daemon: it may wait for ever for a pipe that nobody writes to, and must not keep the process from ending
        threading.Thread(target=self._work, name="orca-agents reader", daemon=True).start()

    async def take(self) -> list[T]:
        """What has been read since the last call, at least one item; an empty list at the end. Raises what reading
        raised, after the items before it."""
        while True:
            with self._state:
                batch = list(self._read)
                self._read.clear()
                self._state.notify()
                ended = self._ended  # read here: its last items may come as soon as the lock is free
                if not batch and not ended:
                    self._news.clear()
            if batch:
                return batch
            if ended:
                if self._error is not None:
                    raise self._error
                return []
            await self._news.wait()

    def stop(self) -> None:
        """Read no more."""
        with self._state:
            self._stopped = True
            self._state.notify()

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                with self._state:
                    self._read.append(item)
                    waited = len(self._read) == 1
                    while len(self._read) >= MOST_AHEAD and not self._stopped:
                        self._state.wait()
                    if self._stopped:
                        break
                if waited:
                    self._tell()
        except BaseException as caught:  # noqa: BLE001  in a thread of its own nobody would see it: `take` raises it
            error = caught
        finally:
            if hasattr(self._items, "close"):
                self._items.close()  # a generator frees what it holds in the thread that used it
            with self._state:
                self._ended, self._error = True, error
            self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody takes any more
            self._loop.call_soon_threadsafe(self._news.set)
