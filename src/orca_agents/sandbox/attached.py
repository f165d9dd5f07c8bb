"""The stdin, stdout and stderr of a container, over the one connection that an engine gives."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

MARK = "[it ended by itself, with this exit code]"
"""At the end of stderr, from the container's first process, not from the program."""
STDOUT, STDERR = 1, 2
_PIECE = 1 << 16


class Link:
    """The stdin, stdout and stderr of a container over the one connection that the engine gives."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes, *, is_all: bool = False) -> None:
        """Send to its stdin; with `is_all` it then finds the end there. Raises `OSError` if it has ended."""
        try:
            self._writer.write(data)
            await self._writer.drain()
            if is_all:
                self._writer.write_eof()
        except OSError:
            if not is_all:  # else it has ended without reading all, as it may
                raise

    async def pieces(self) -> AsyncIterator[tuple[int, bytes]]:
        """What it prints, as (stream, bytes), until it ends. Each frame has a header: stream, 3 zeros, length."""
        try:
            while True:
                stream, left = struct.unpack(">BxxxI", await self._reader.readexactly(8))
                while left:
                    piece = await self._reader.read(min(left, _PIECE))
                    if not piece:
                        return
                    left -= len(piece)
                    yield stream, piece
        except (asyncio.IncompleteReadError, OSError):  # what became of it is asked of the engine
            return

    def close(self) -> None:
        self._writer.close()


class Output:
    """What a program has printed, up to a number of bytes of each stream."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._kept = {STDOUT: bytearray(), STDERR: bytearray()}

    def take(self, stream: int, piece: bytes) -> bool:
        """Keep a piece; whether all of it may be kept."""
        kept = self._kept[stream]
        room = self._cap + (len(MARK) if stream == STDERR else 0) - len(kept)
        kept += piece[:room]
        return len(piece) <= room

    def exit_code(self, of_container: int) -> int:
        """As Python tells it: negative for a signal. The engine tells exit codes and signals alike above 128; where it
        was an exit code, the container's first process has put a mark at the end of stderr, which is taken off."""
        stderr = self._kept[STDERR]
        if stderr.endswith(MARK.encode()):
            del stderr[-len(MARK) :]
            return of_container
        return 128 - of_container if 128 < of_container <= 192 else of_container

    @property
    def is_too_long(self) -> bool:
        return max(map(len, self._kept.values())) > self._cap

    def text(self, stream: int) -> str:
        return self._kept[stream][: self._cap].decode("utf-8", "replace")
