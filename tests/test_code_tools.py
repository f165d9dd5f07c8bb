"""The tools that run code, as agents call them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

import pytest

from orca_agents.library import Library
from orca_agents.records import ToolCall
from orca_agents.sandbox.api import Sandbox
from orca_agents.toolbox.api import Services, ToolContext
from orca_agents.toolbox.calling import RESULT_CHARS, call_tool
from tests.sandbox.any_sandbox import any_sandbox


class Chats:
    """The services of a run that has a sandbox and nothing else."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._made: dict[tuple[str, str], Any] = {}

    async def sandbox(self) -> Sandbox:
        return self._sandbox

    def of_chat(self, chat_id: str, name: str, make: Callable[[], Any]) -> Any:
        key = (chat_id, name)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    async def end(self) -> None:
        """End all chats, as when a run is over, or was interrupted."""
        for thing in self._made.values():
            await thing.close()
        self._made.clear()


class Chat:
    """One chat whose agent calls tools."""

    def __init__(self, chats: Chats, chat_id: str = "a") -> None:
        self._chats = chats
        self._id = chat_id
        self.calls: list[ToolCall] = []

    async def call(self, name: str, **arguments: Any) -> ToolCall:
        earlier: Sequence[ToolCall] = [call for call in self.calls if call.name == name]
        context = ToolContext(self._id, cast(Services, self._chats), tuple(earlier))
        call = await call_tool(Library().tool(name), f"call-{len(self.calls)}", arguments, context)
        self.calls.append(call)
        return call

    async def python(self, code: str) -> str:
        return (await self.call("run_python", code=code)).result


@pytest.fixture
async def chats() -> AsyncIterator[Chats]:
    sandbox = await any_sandbox()
    chats = Chats(sandbox)
    yield chats
    await chats.end()
    await sandbox.close()


@pytest.mark.parametrize("name", ["run_python", "run_code", "run_tests"])
def test_a_model_is_told_what_it_may_give_and_nothing_of_the_context(name: str) -> None:
    tool = Library().tool(name)
    assert "context" not in tool.parameters["properties"]
    assert tool.needs == ("sandbox",)
    assert "network" in tool.description
    assert "seconds" in tool.description
    assert len(tool.description) < 2000


async def test_python_keeps_variables_between_the_calls_of_one_chat(chats: Chats) -> None:
    one, other = Chat(chats, "one"), Chat(chats, "other")
    assert await one.python("total = sum(range(10))\nprint('total =', total)") == "total = 45"
    assert await one.python("total + 1") == "value of the last line: 46"
    assert "NameError" in await other.python("total")


async def test_python_that_prints_nothing_is_told_to_print(chats: Chats) -> None:
    assert "use print" in await Chat(chats).python("x = 3")


async def test_python_in_a_markdown_fence_runs(chats: Chats) -> None:
    chat = Chat(chats)
    assert await chat.python("```python\nx = 3\nprint(x)\n```") == "3"
    assert await chat.python("text = '''\n```\n'''\nprint(len(text))") == "5"


async def test_an_error_of_python_comes_after_what_was_printed(chats: Chats) -> None:
    call = await Chat(chats).call("run_python", code="print('so far')\n{}['key']")
    assert call.result.startswith("so far\nTraceback")
    assert call.result.endswith("KeyError: 'key'")
    assert not call.is_error, "the tool did what it is for"


async def test_a_long_result_of_python_keeps_its_last_line(chats: Chats) -> None:
    code = "for n in range(20_000):\n    print(n, 'x' * 20)\nraise ValueError('at the very end')"
    text = await Chat(chats).python(code)
    assert len(text) < RESULT_CHARS
    assert text.startswith("0 xxxx")
    assert text.endswith("ValueError: at the very end")
    assert "left out" in text


async def test_an_interrupted_chat_is_brought_up_to_date_from_its_record(chats: Chats) -> None:
    chat = Chat(chats)
    await chat.python("items = ['a']\nprint('seen once')")
    await chat.python("items.append('b')\n1 / 0")
    await chats.end()
    assert await chat.python("print(items)") == "['a', 'b']"
    assert await chat.python("items.append('c')\nprint(items)") == "['a', 'b', 'c']"


async def test_only_cells_since_the_state_was_lost_are_run_again(chats: Chats) -> None:
    chat = Chat(chats)
    await chat.python("x = 1")
    assert "The next call starts from nothing" in await chat.python("import os\nos._exit(1)")
    await chat.python("y = 2")
    await chats.end()
    assert await chat.python("print('x' in globals(), y)") == "False 2"


async def test_calls_at_the_same_time_do_not_mix(chats: Chats) -> None:
    chat = Chat(chats)
    await chat.python("x = 0")
    await asyncio.gather(*(chat.python("x += 1") for _ in range(5)))
    assert await chat.python("print(x)") == "5"


@pytest.mark.parametrize(
    ("language", "needs", "code"),
    [
        ("python", "python3", "print(sum(map(int, input().split())))"),
        ("bash", "bash", "read a b; echo $((a + b))"),
        ("perl", "perl", "my ($a, $b) = split ' ', <STDIN>; print $a + $b, \"\\n\";"),
        (
            "javascript",
            "node",
            "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b)",
        ),
        ("c", "cc", '#include <stdio.h>\nint main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); }'),
    ],
)
async def test_a_program_in_each_language_reads_and_prints(chats: Chats, language: str, needs: str, code: str) -> None:
    if shutil.which(needs) is None:
        pytest.skip(f"no {needs} on this machine")
    call = await Chat(chats).call("run_code", language=language, code=code, stdin="20 22\n")
    if call.is_error and "these languages are there" in call.result:
        pytest.skip(call.result)
    assert call.result == "42"


async def test_each_program_starts_from_nothing(chats: Chats) -> None:
    chat = Chat(chats)
    await chat.call("run_code", language="python", code="open('left.txt', 'w').write('x')")
    call = await chat.call("run_code", language="python", code="import os\nprint(os.path.exists('left.txt'))")
    assert call.result == "False"


async def test_a_program_that_fails_shows_its_errors_and_its_exit_code(chats: Chats) -> None:
    call = await Chat(chats).call("run_code", language="bash", code="echo out; echo wrong >&2; exit 3")
    assert call.result == "out\nstderr:\nwrong\n[Exit code 3.]"


async def test_a_language_that_is_not_there_names_those_that_are(chats: Chats) -> None:
    if shutil.which("lua"):
        pytest.skip("lua is on this machine")
    call = await Chat(chats).call("run_code", language="lua", code="print(1)")
    assert call.is_error
    assert "no lua in this sandbox" in call.result
    assert "python" in call.result


async def test_an_unknown_language_is_refused_with_the_known_ones(chats: Chats) -> None:
    call = await Chat(chats).call("run_code", language="cobol", code="DISPLAY 1")
    assert call.is_error
    assert "javascript" in call.result


async def test_a_report_of_tests_says_how_many_passed_and_why_others_did_not(chats: Chats) -> None:
    tests = "from solution import f\n\ndef test_a():\n    assert f(1) == 2\n\ndef test_b():\n    assert f(2) == 5\n"
    call = await Chat(chats).call("run_tests", code="```\ndef f(n):\n    return 2 * n\n```", tests=tests)
    lines = call.result.splitlines()
    assert lines[0] == "1 of 2 tests passed."
    assert lines[1] == "FAILED test_b: line 7: assert f(2) == 5"
    assert lines[2].strip() == "AssertionError: left is 4, right is 5"
    assert lines[-1] == "passed: test_a"
    good = await Chat(chats).call("run_tests", code="def f(n):\n    return {1: 2, 2: 5}[n]", tests=tests)
    assert good.result == "All 2 tests passed.\npassed: test_a, test_b"


async def test_a_report_of_many_failures_stays_short(chats: Chats) -> None:
    tests = "\n".join(f"def test_{n}():\n    assert 'x' * 1500 == {n}\n" for n in range(100))
    call = await Chat(chats).call("run_tests", code="", tests=tests)
    assert len(call.result) < RESULT_CHARS
    assert call.result.startswith("0 of 100 tests passed.")
    assert "more that did not pass" in call.result


async def test_a_program_that_ends_the_process_is_no_pass(chats: Chats) -> None:
    tests = "from solution import f\n\ndef test_a():\n    assert f() == 1\n"
    call = await Chat(chats).call("run_tests", code="import os\ndef f():\n    os._exit(0)", tests=tests)
    assert call.result.startswith("0 of 1 tests passed.")
    assert "the process was ended here" in call.result
