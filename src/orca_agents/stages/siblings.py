"""The instructions about one content, in the order in which their leaves were drawn: each sees those before it."""

from __future__ import annotations

import asyncio

from orca_agents.duplicates.texts import ItemText


class Siblings:
    """A place for each leaf. All are written side by side; who asks waits until those before it are there."""

    def __init__(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        self._texts: list[asyncio.Future[ItemText | None]] = [loop.create_future() for _ in range(number)]

    def declare(self, place: int, text: ItemText | None) -> None:
        """The text at this place, or that there will be none; what was said first counts."""
        if not self._texts[place].done():
            self._texts[place].set_result(text)

    async def before(self, place: int) -> list[ItemText]:
        """The texts at all earlier places."""
        texts = [await text for text in self._texts[:place]]
        return [text for text in texts if text is not None]
