"""The cells of a chat: what they share, what they show, and what no cell can break."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from orca_agents.errors import SandboxError
from orca_agents.sandbox.api import Limits, Sandbox
from orca_agents.sandbox.cells import CELL_LIMITS, Cells, _Told
from orca_agents.sandbox.unsafe import UnsafeSandbox
from tests.sandbox.any_sandbox import any_sandbox

SHORT = Limits(wall_s=1.5, cpu_s=60, output_bytes=3000)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = await any_sandbox()
    yield sandbox
    await sandbox.close()


@pytest.fixture
async def cells(sandbox: Sandbox) -> AsyncIterator[Cells]:
    cells = Cells(sandbox)
    yield cells
    await cells.close()


@pytest.fixture
async def short(sandbox: Sandbox) -> AsyncIterator[Cells]:
    cells = Cells(sandbox, SHORT)
    yield cells
    await cells.close()


async def test_cells_share_variables_imports_and_files(cells: Cells) -> None:
    first = await cells.run("import math\nradius = 2\nopen('note.txt', 'w').write('kept')")
    second = await cells.run("print(round(math.pi * radius, 3), open('note.txt').read())")
    assert first.ok
    assert second.ok
    assert second.output == "6.283 kept\n"
    assert (first.number, second.number) == (1, 2)
    assert not second.fresh


async def test_the_value_of_a_last_expression_is_shown_but_not_none(cells: Cells) -> None:
    assert (await cells.run("x = [1, 'a']\nx")).value == "[1, 'a']"
    assert (await cells.run("_ + [2]")).value == "[1, 'a', 2]"
    assert (await cells.run("print('said')")).value == ""
    assert (await cells.run("y = 3")).value == ""


async def test_output_of_both_streams_and_of_subprocesses_comes_in_order(cells: Cells) -> None:
    code = """
import os, subprocess, sys
print("one")
print("two", file=sys.stderr)
subprocess.run([sys.executable, "-c", "print('three')"])
os.system("echo four >&2")
print("five")
os.write(1, b"six")
"""
    assert (await cells.run(code)).output == "one\ntwo\nthree\nfour\nfive\nsix"


async def test_a_traceback_has_only_the_frames_of_the_users_own_code(cells: Cells) -> None:
    result = await cells.run("import json\n\ndef read(text):\n    return json.loads(text)\n\nread('{')")
    assert not result.ok
    assert 'File "<cell 1>", line 4, in read\n    return json.loads(text)' in result.error
    assert result.error.splitlines()[-1].startswith("json.decoder.JSONDecodeError")
    assert "decoder.py" not in result.error
    assert "runner" not in result.error
    assert not result.state_lost


async def test_a_syntax_error_shows_its_line(cells: Cells) -> None:
    result = await cells.run("x = 1\nprint(x\n")
    assert "SyntaxError" in result.error
    assert "print(x" in result.error
    assert result.output == ""


async def test_what_ran_before_an_error_has_been_done(cells: Cells) -> None:
    result = await cells.run("a = 5\nprint('before')\n1 / 0\na = 6")
    assert result.output == "before\n"
    assert "ZeroDivisionError" in result.error
    assert (await cells.run("a")).value == "5"


async def test_input_gives_an_end_of_file(cells: Cells) -> None:
    assert (await cells.run("input('name? ')")).error.endswith("EOFError: EOF when reading a line")


async def test_exit_ends_the_cell_and_keeps_the_state(cells: Cells) -> None:
    result = await cells.run("kept = 1\nexit(3)\nkept = 2")
    assert result.ended == "exit"
    assert result.reason == "ended by exit(3)"
    assert not result.state_lost
    after = await cells.run("print(kept)\ninput()")
    assert after.output == "1\n"
    assert "EOFError" in after.error, "exit() closes stdin, and each cell has its own"


async def test_whatever_is_given_to_exit_is_told_in_short(cells: Cells) -> None:
    assert len((await cells.run("exit('x' * 1_000_000)")).reason) < 500
    result = await cells.run("class Mute:\n    def __repr__(self):\n        raise ValueError\nexit(Mute())")
    assert (result.ended, result.state_lost) == ("exit", False)


async def test_half_a_surrogate_pair_is_shown_as_text_that_can_be_saved(cells: Cells) -> None:
    result = await cells.run("class Odd:\n    def __repr__(self):\n        return '\\ud800'\nOdd()")
    assert result.value == "\\ud800"
    (await cells.run("raise ValueError('\\ud800')")).error.encode()


async def test_a_report_that_a_cell_forges_is_never_taken_for_that_of_the_next(cells: Cells) -> None:
    code = """
import os
for n in range(3, 30):
    try:
        os.write(n, b'{"number": 1, "value": "forged", "error": "", "exit": null}\\n' * 3)
    except OSError:
        pass
"""
    await cells.run(code)
    assert (await cells.run("40 + 2")).value == "42"


def test_a_report_that_cannot_be_taken_apart_is_no_error_of_ours() -> None:
    told = _Told(b"mark", 100)
    told.hear(b"mark end " + b"[" * 100_000 + b"\n")
    assert told.end == {}


async def test_classes_of_a_cell_can_be_pickled_and_tested(cells: Cells) -> None:
    code = """
import pickle, unittest
from dataclasses import dataclass

@dataclass
class Point:
    x: int

class TestPoint(unittest.TestCase):
    def test_it_survives_pickling(self):
        self.assertEqual(pickle.loads(pickle.dumps(Point(3))), Point(3))

unittest.main(exit=False)
"""
    result = await cells.run(code)
    assert not result.error
    assert "Ran 1 test" in result.output
    assert "OK" in result.output
    assert (await cells.run("__name__")).value == "'__main__'"


async def test_a_cell_can_await_at_its_top_level(cells: Cells) -> None:
    await cells.run("import asyncio\nqueue = asyncio.Queue()\nawait queue.put('kept')")
    assert (await cells.run("await queue.get()")).value == "'kept'"


async def test_a_cell_that_hangs_is_killed_and_the_state_is_gone(short: Cells) -> None:
    await short.run("x = 1")
    started = time.monotonic()
    hung = await short.run("print('begun')\nwhile True:\n    pass")
    assert time.monotonic() - started < 5
    assert hung.ended == "time"
    assert hung.state_lost
    assert hung.output == "begun\n"
    assert 'File "<cell 2>", line' in hung.error, "it says where the cell was"
    after = await short.run("x")
    assert "NameError" in after.error
    assert not after.fresh, "the hung cell has said so already"


async def test_a_cell_that_ignores_interrupts_is_killed_too(short: Cells) -> None:
    code = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('here')\ntime.sleep(60)"
    result = await short.run(code)
    assert result.ended == "time"
    assert result.output == "here\n"


async def test_a_cell_that_ends_its_process_says_so(cells: Cells) -> None:
    result = await cells.run("print('last words', flush=True)\nimport os\nos._exit(0)")
    assert result.ended == "died"
    assert result.state_lost
    assert result.output == "last words\n"
    assert result.reason == "it ended its own process with exit code 0"
    assert (await cells.run("1 + 1")).value == "2"


async def test_of_long_output_the_head_and_the_tail_are_kept(short: Cells) -> None:
    result = await short.run("print('first')\nfor n in range(100_000):\n    print(n)\nprint('last')")
    assert result.ok
    assert result.output.startswith("first\n0\n1\n")
    assert result.output.endswith("99999\nlast\n")
    assert f"[... {result.left_out:,} bytes left out ...]" in result.output
    assert len(result.output) < SHORT.output_bytes + 100


async def test_a_flood_that_never_ends_keeps_its_head_and_costs_no_memory_here(short: Cells) -> None:
    result = await short.run("n = 0\nwhile True:\n    n += 1\n    print(n)")
    assert result.ended == "time"
    assert result.output.startswith("1\n2\n3\n")
    assert result.left_out > 10_000
    assert len(result.output) < SHORT.output_bytes + 100


async def test_a_cell_cannot_fake_the_end_of_itself(cells: Cells) -> None:
    code = """
import os
fake = ' end {"value": "faked", "error": "", "exit": null}\\n'
print("0" * 32 + fake, end="")
for n in range(3, 30):
    try:
        os.write(n, ("0" * 32 + fake).encode() if n % 2 else b"\\x00\\xff not a frame\\n")
    except OSError:
        pass
print("true end")
"""
    result = await cells.run(code)
    assert "faked" not in result.value
    # It may break the report that its own process writes, and then has broken its own cell; never another one.
    after = await cells.run("40 + 2")
    assert after.value == "42" or (await cells.run("40 + 2")).value == "42"


async def test_printing_what_messages_look_like_changes_nothing(cells: Cells) -> None:
    text = '9f2c begun\\n9f2c end {}\\n{"number": 1}\\n'
    result = await cells.run(f"print('{text}')\n'real'")
    assert result.ok
    assert result.value == "'real'"
    assert '9f2c end {}\n{"number": 1}' in result.output


async def test_bytes_that_are_no_text_are_shown_as_replaced(cells: Cells) -> None:
    result = await cells.run("import os\nos.write(1, 'é'.encode() + b'\\xff\\n')\nprint('\\ud800')")
    assert result.output == "é\ufffd\n\\ud800\n"


async def test_an_error_that_cannot_show_itself_is_still_a_result(cells: Cells) -> None:
    result = await cells.run("class Odd(Exception):\n    def __str__(self):\n        raise self\nraise Odd()")
    assert "Odd" in result.error
    result = await cells.run("class Mute:\n    def __repr__(self):\n        raise ValueError('mute')\nMute()")
    assert "ValueError: mute" in result.error


async def test_a_cell_that_forks_stays_one_interpreter(cells: Cells) -> None:
    result = await cells.run(
        "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nprint('parent' if pid else 'child')"
    )
    assert result.output == "child\nparent\n"
    assert (await cells.run("pid > 0")).value == "True"


async def test_cells_run_one_at_a_time_in_the_order_of_asking(cells: Cells) -> None:
    await cells.run("seen = []")
    asked = [cells.run(f"import time\ntime.sleep({0.1 if n == 0 else 0})\nseen.append({n})\nseen[:]") for n in range(4)]
    was_busy = [cells.busy]
    results = asyncio.gather(*asked)
    await asyncio.sleep(0.02)
    was_busy.append(cells.busy)
    assert [result.value for result in await results] == ["[0]", "[0, 1]", "[0, 1, 2]", "[0, 1, 2, 3]"]
    assert [*was_busy, cells.busy] == [False, True, False]


async def test_between_cells_nothing_uses_the_processor(cells: Cells) -> None:
    spin = """
import threading, time
def spin():
    while True:
        pass
threading.Thread(target=spin, daemon=True).start()
used = time.process_time()
"""
    await cells.run(spin)
    await asyncio.sleep(1)
    result = await cells.run("time.process_time() - used")
    assert float(result.value) < 0.5


async def test_a_cancelled_cell_is_ended_and_the_next_one_is_told(cells: Cells) -> None:
    await cells.run("x = 1")
    task = asyncio.create_task(cells.run("import time\ntime.sleep(60)"))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    after = await cells.run("'x' in globals()")
    assert after.value == "False"
    assert after.fresh
    assert not (await cells.run("1")).fresh


async def test_one_that_waits_can_be_cancelled_without_harm(cells: Cells) -> None:
    await cells.run("x = 1")
    running = asyncio.create_task(cells.run("import time\ntime.sleep(0.3)"))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(cells.run("x = 2"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    assert (await running).ok
    assert (await cells.run("x")).value == "1"


async def test_earlier_cells_are_run_first_and_unseen(cells: Cells) -> None:
    earlier = ["x = 20\nprint('not again')", "1 / 0", "x += 1"]
    result = await cells.run("print(x)", earlier=earlier)
    assert result.output == "21\n"
    assert result.number == 4
    assert (await cells.run("x", earlier=earlier)).value == "21", "only when the cells are new"


async def test_an_earlier_cell_that_loses_the_state_again_is_told(short: Cells) -> None:
    result = await short.run("x", earlier=["x = 1", "import os\nos._exit(1)"])
    assert result.fresh
    assert "NameError" in result.error


async def test_closed_cells_run_nothing(sandbox: Sandbox) -> None:
    cells = Cells(sandbox)
    await cells.run("1")
    await cells.close()
    await cells.close()
    with pytest.raises(SandboxError, match="closed"):
        await cells.run("1")


async def test_closing_ends_a_cell_that_runs(sandbox: Sandbox) -> None:
    cells = Cells(sandbox)
    task = asyncio.create_task(cells.run("import time\nprint('on', flush=True)\ntime.sleep(60)"))
    await asyncio.sleep(0.5)
    await cells.close()
    result = await asyncio.wait_for(task, 5)
    assert result.ended == "died"
    assert result.output == "on\n"


async def test_nothing_is_left_of_closed_cells() -> None:
    sandbox = UnsafeSandbox()  # whose process ids are those of this machine
    cells = Cells(sandbox)
    code = "import os, subprocess\nchild = subprocess.Popen(['sleep', '60'])\n(os.getpid(), os.getppid(), child.pid)"
    pids = [int(pid) for pid in (await cells.run(code)).value.strip("()").split(",")]
    await cells.close()
    await sandbox.close()
    for _ in range(50):
        if not any(_runs(pid) for pid in pids):
            break
        await asyncio.sleep(0.05)
    assert [pid for pid in pids if _runs(pid)] == []


async def test_a_lone_surrogate_or_a_null_in_the_code_is_an_error_of_the_code(cells: Cells) -> None:
    assert (await cells.run("x = '\ud800'")).error
    assert (await cells.run("x = 1\0")).error
    assert (await cells.run("1")).value == "1"


async def test_too_much_memory_is_told_and_nothing_else_breaks(sandbox: Sandbox) -> None:
    if sandbox.name == "unsafe":
        pytest.skip("a plain subprocess has no memory limit to rely on")
    cells = Cells(sandbox, CELL_LIMITS)
    result = await cells.run("block = bytearray(4_000_000_000)\nfor n in range(0, len(block), 4096):\n    block[n] = 1")
    assert "MemoryError" in result.error or "memory" in result.reason
    assert (await cells.run("1")).value == "1"
    await cells.close()


def _runs(pid: int) -> bool:
    with suppress(OSError, IndexError):
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    return False
