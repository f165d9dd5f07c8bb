"""What a sandbox is: a program goes in; what it printed, and how it ended, comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

BackEnd = Literal["docker", "bubblewrap", "sandlock", "wasm", "unsafe"]
"""`unsafe` is a plain subprocess: no sandbox at all, and only ever used where somebody asked for it by name."""
Stopped = Literal["", "time", "output", "memory"]
"""Why a program was stopped from outside; empty where it ended by itself."""

PYTHON = "python3"
"""As the first word of a command: the sandbox's own Python."""


@dataclass(frozen=True)
class Limits:
    """What one program may use, with everything it starts."""

    wall_s: float = 20.0
    """Longest run, by the clock."""
    cpu_s: int = 20
    memory_mb: int = 512
    processes: int = 64
    """Most processes and threads at one time."""
    disk_mb: int = 64
    """Most that it may write."""
    output_bytes: int = 100_000
    """Most bytes of stdout and of stderr, each; past it the program is stopped and what it wrote is kept."""


@dataclass(frozen=True)
class Program:
    """A command, with the files it finds in its working folder. Each run starts from nothing else."""

    command: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Path below the working folder -> content; no absolute paths and no `..`."""
    stdin: bytes = b""
    limits: Limits = Limits()


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    exit_code: int | None
    """`None` where it was stopped from outside; negative for a signal."""
    stdout: str
    """As UTF-8; bytes that are none are replaced."""
    stderr: str
    duration_s: float
    stopped: Stopped = ""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exit_code == 0 and not self.stopped


class Process(Protocol):
    """A program that keeps running, and is talked to over its stdin and stdout. For the cells of a chat."""

    async def write(self, data: bytes) -> None:
        """Send to its stdin. Raises `SandboxError` if it has ended."""
        ...

    async def read_line(self) -> bytes:
        """The next line of its stdout, with its end, at most 16 MiB; `b""` when it has ended."""
        ...

    async def kill(self) -> None:
        """End it and everything it started. Safe to call twice; nothing of it is left when this returns."""
        ...


class Sandbox(Protocol):
    """Runs programs that nobody trusts. Safe to use for many programs at once; bound to one event loop."""

    @property
    def name(self) -> BackEnd:
        """Which back end it is."""
        ...

    @property
    def version(self) -> str:
        """Of the back end and of its Python, e.g. `bubblewrap 0.8.0, Python 3.11.2`."""
        ...

    async def run(self, program: Program) -> Outcome:
        """Run a program to its end. What it left behind is gone when this returns, also if the task is cancelled.

        Raises `SandboxError` where the sandbox does not work, `ValueError` for a file path that leads outside.
        """
        ...

    async def start(self, program: Program) -> Process:
        """Start a program that keeps running; `limits.wall_s` and `output_bytes` are left to the caller, and `stdin`
        is sent first."""
        ...

    async def close(self) -> None:
        """End everything that still runs. Safe to call twice."""
        ...
