import asyncio
import threading
import time

import pytest

from orca_agents import loop


async def name_of_thread() -> str:
    return threading.current_thread().name


def test_work_runs_in_one_thread_of_its_own() -> None:
    assert loop.run(name_of_thread()) == "orca-agents"
    assert loop.run(name_of_thread()) == "orca-agents"


def test_it_works_inside_a_running_loop_as_in_a_notebook() -> None:
    async def cell() -> str:
        return loop.run(name_of_thread())

    assert asyncio.run(cell()) == "orca-agents"


def test_called_from_its_own_loop_it_raises_instead_of_waiting_for_ever() -> None:
    async def inside() -> str:
        return loop.run(name_of_thread())

    with pytest.raises(RuntimeError, match="_async"):
        loop.run(inside())


def test_errors_come_out_as_they_are() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        loop.run(fail())


def test_an_interrupt_cancels_the_work_and_waits_until_it_has_cleaned_up() -> None:
    cleaned = threading.Event()
    began = threading.Event()

    async def long() -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            cleaned.set()

    def interrupt() -> None:
        import signal

        began.wait(5)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loop.run(long())
    assert cleaned.is_set()
    assert time.monotonic() - start < 30
