"""What a sandbox has under way, so that closing it ends all of that: also what is only being started."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import BackEnd

ResultT = TypeVar("ResultT")


class UnderWay:
    """The work of one sandbox, each piece in a task of its own, which can be cancelled without its caller."""

    def __init__(self, name: BackEnd) -> None:
        self._name = name
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = asyncio.Event()

    async def do(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """What comes of it. Raises `SandboxError` if the sandbox is closed, or is being closed meanwhile.

        The work has to put all in order when it is cancelled.
        """
        if self._closing.is_set():
            work.close()
            raise self._refusal()
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            result = await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if not self._closing.is_set() or caller is None or caller.cancelling():
                raise
            raise self._refusal() from None
        if self._closing.is_set():  # it was ended, whatever it looks like
            raise self._refusal()
        return result

    async def end(self) -> None:
        """Take on nothing more, cancel what is under way, and return when all of that is in order. Whoever waits for
        it is told; what goes wrong in ending it too. Safe to call twice."""
        self._closing.set()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _refusal(self) -> SandboxError:
        return SandboxError(f"the {self._name} sandbox was closed, and with it everything that ran in it: make another")


async def all_ended(*ends: Coroutine[Any, Any, None]) -> None:
    """Await them all side by side: where one fails, the others go on, and the first error is raised at the end."""
    for error in await asyncio.gather(*ends, return_exceptions=True):
        if error is not None:
            raise error
