"""Run a GGUF file with llama.cpp in this process: load it, have a reply written, free it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_agents.errors import ConfigError, NoModelError
from orca_agents.records import Usage

CONTEXT_TOKENS = 8192
"""Most tokens of prompt and reply together; llama.cpp lowers it to what the model was trained on."""
OR_ELSE = "or name an endpoint's model: --model NAME --base-url ADDRESS"
"""What always helps where a model cannot be run in the process."""

_running: list[Any] = []
"""Every llama.cpp server, until it is freed. In a forked child this keeps those of the parent from being destroyed:
their destructor waits for threads that only the parent has, and ends the process."""
_first_pid: int | None = None
"""The process that used llama.cpp first. One forked from it can run models, but not free them, for the same reason."""


def check_runtime() -> None:
    """Raises `NoModelError` where llama.cpp is not installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise NoModelError(f'a model in this process runs on xllamacpp: pip install "orca-agents[local]", {OR_ELSE}')


def check_file(file: Path) -> None:
    """Raises `NoModelError` where a file cannot be read or is no GGUF file."""
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise NoModelError(f"{file}: {error.strerror}; give the path of a .gguf file, {OR_ELSE}") from error
    if magic != b"GGUF":
        raise NoModelError(f"{file} is not a GGUF file (it begins with {magic!r}); get it again, {OR_ELSE}")


def choose_threads() -> int:
    """How many threads write: $ORCA_LOCAL_THREADS, else what leaves one core free and takes none that is busy."""
    given = os.environ.get("ORCA_LOCAL_THREADS")
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise ConfigError(f"ORCA_LOCAL_THREADS is {given!r}; set it to a whole number from 1, or unset it")
        return int(given)
    # two threads on two busy cores can be 20 times slower than one: at each step all wait for the last
    machine = os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    # a token of a small model is so little work that more than 8 threads would mostly wait for each other
    return max(1, min(8, _usable_cores() - 1, int(machine - busy)))


@dataclass
class Written:
    """What the model has written so far."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finish: str = ""
    usage: Usage = field(default_factory=lambda: Usage(calls=1))
    error: dict[str, Any] | None = None

    def take(self, chunk: dict[str, Any]) -> None:
        """One piece of the stream, in the form of OpenAI's."""
        self.error = chunk.get("error", self.error)
        for choice in chunk.get("choices") or ():
            self.text.append(choice["delta"].get("content") or "")
            self.reasoning.append(choice["delta"].get("reasoning_content") or "")
            self.finish = choice.get("finish_reason") or self.finish
        if usage := chunk.get("usage"):
            self.usage = Usage(
                calls=1,
                prompt_tokens=usage["prompt_tokens"],
                completion_tokens=usage["completion_tokens"],
                cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            )


class Engine:
    """One loaded model."""

    def __init__(self, file: Path, threads: int) -> None:
        global _first_pid
        try:
            llama = importlib.import_module("xllamacpp")
        except ImportError as error:
            raise NoModelError(
                f'xllamacpp cannot be imported ({error}): pip install --force-reinstall "orca-agents[local]", {OR_ELSE}'
            ) from error
        params = llama.CommonParams()
        params.model.path = str(file)
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = 1  # more slots bring no speed, and the text would depend on who writes beside
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.verbosity = -1
        # a long prompt can be stopped only between two batches; small ones cost 2%
        params.n_batch = params.n_ubatch = 64
        # with it, the text would depend on the number of threads and on what is in the cache
        params.flash_attn_type = llama.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        # xllamacpp always opens a port on 127.0.0.1: nobody knows its key
        params.api_keys = [secrets.token_urlsafe(32)]
        for name, value in (("cache_ram_mib", 0), ("ui", False), ("endpoint_slots", False), ("n_threads_http", 1)):
            if hasattr(params, name):  # they come and go between releases
                setattr(params, name, value)
        try:
            self._server: Any = llama.Server(params)
        except (RuntimeError, ValueError) as error:
            raise NoModelError(
                f"{file}: llama.cpp cannot load this file; it may be cut short, no language model, newer than the "
                f"installed xllamacpp, or too large for the memory. Get it again, take another .gguf, {OR_ELSE}"
            ) from error
        _running.append(self._server)
        self._pid = os.getpid()
        _first_pid = _first_pid or self._pid

    def write(self, body: dict[str, Any], must_stop: Callable[[], bool]) -> Written:
        """Have one reply written, piece by piece, in the calling thread."""
        written = Written()

        def take(chunk: dict[str, Any]) -> bool:
            written.take(chunk)
            return must_stop()

        try:
            self._server.handle_chat_completions(body, take)
        except (RuntimeError, ValueError) as error:  # a schema or a chat template that llama.cpp cannot use
            written.error = {"code": 400, "message": str(error)}
        return written

    def free(self) -> None:
        """Give the memory back. Safe to call twice."""
        server, self._server = self._server, None
        if server is not None and os.getpid() == self._pid == _first_pid:
            _running.remove(server)


def _usable_cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # a container's share: "200000 100000", or "max 100000" without a limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores
