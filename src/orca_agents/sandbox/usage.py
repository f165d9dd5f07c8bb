"""What a program and all its children use together, for what the kernel limits only for each process alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import ClassVar

from orca_agents.sandbox.api import Limits, Stopped

_SHORTEST_WAIT_S = 0.05
_THREADS = ThreadPoolExecutor(4, thread_name_prefix="sandbox-usage")
"""A program can make the kernel's answers slow, and neither the event loop nor anybody else's threads wait for them."""
_FILES_PER_MB = 1000
"""Most files for each MB of disk: a file without content takes memory too."""


class Usage:
    """Looks at a process tree again and again, the less often the more of them are looked at."""

    _looking: ClassVar[int] = 0

    def __init__(self, pid: int, limits: Limits, disk: str = "") -> None:
        """`disk` is a folder inside the tree's own root, whose file system is its own, as its network is then."""
        self._pid = pid
        self._limits = limits
        self._disk = f"/proc/{pid}/root{disk}" if disk else ""

    async def passes_a_limit(self) -> Stopped:
        """Return when the tree has more memory, or more files in memory, than it may."""
        loop = asyncio.get_running_loop()
        Usage._looking += 1
        took_s = 0.0
        try:
            while True:
                await asyncio.sleep(max(_SHORTEST_WAIT_S * max(1.0, Usage._looking / 8), took_s))
                began = time.monotonic()
                if await loop.run_in_executor(_THREADS, self._is_over):
                    return "memory"
                took_s = time.monotonic() - began
        finally:
            Usage._looking -= 1

    def _is_over(self) -> bool:
        most = (self._limits.memory_mb << 10) - (_in_sockets_kb(self._pid) if self._disk else 0)
        pids = process_tree(self._pid)
        if sum(map(_resident_kb, pids)) > most:
            left = most
            for pid in pids:  # pages that several have count once; takes longer to find
                left -= _share_kb(pid)
                if left < 0:
                    return True
        return self._has_too_many_files()

    def _has_too_many_files(self) -> bool:
        if not self._disk:
            return False
        try:
            disk = os.statvfs(self._disk)
        except OSError:  # it has just ended, or is not ours to look into
            return False
        return disk.f_files - disk.f_ffree > _FILES_PER_MB * self._limits.disk_mb


def process_tree(pid: int) -> list[int]:
    """A process and all below it; on a kernel without `CONFIG_PROC_CHILDREN`, which is rare, it alone."""
    found, rest = [], [pid]
    while rest:
        pid = rest.pop()
        found.append(pid)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - names alone, and often
                rest += map(int, Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
    return found


def _resident_kb(pid: int) -> int:
    """Memory that is not files on disk, and what the kernel needs to map it; pages shared with others in full."""
    fields = _fields(f"/proc/{pid}/status")
    return sum(fields.get(name, 0) for name in (b"RssAnon", b"RssShmem", b"VmSwap", b"VmPTE"))


def _share_kb(pid: int) -> int:
    """The same, with the process's share of pages that several have; as above where we may not look."""
    fields = _fields(f"/proc/{pid}/smaps_rollup")
    if b"Pss_Anon" not in fields:
        return _resident_kb(pid)
    shares = sum(fields.get(name, 0) for name in (b"Pss_Anon", b"Pss_Shmem", b"SwapPss"))
    return shares + _fields(f"/proc/{pid}/status").get(b"VmPTE", 0)


def _in_sockets_kb(pid: int) -> int:
    """Most that waits in the sockets of a process's own network."""
    total = 0
    with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or is not ours to look into
        used = Path(f"/proc/{pid}/net/sockstat").read_text().split("\n", 1)[0]  # sockets: used 2
        total = int(used.split()[2]) * _socket_kb()
        for table in ("tcp", "tcp6"):  # these may hold far more
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                sent, received = line.split()[4].split(":")
                total += (int(sent, 16) + int(received, 16)) >> 10
    return total


@cache
def _socket_kb() -> int:
    """Most that may wait in a unix socket: it takes a message as long as there is less than this size in it."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/core/wmem_default").read_text()) >> 9
    return 416


def _fields(path: str) -> dict[bytes, int]:
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError:  # it has ended, or is not ours to look into
        return {}
    pairs = (line.partition(b":") for line in lines if line.endswith(b" kB"))
    return {name: int(value.split()[0]) for name, _, value in pairs}
