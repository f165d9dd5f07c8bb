"""Try again after a passing fault, with patience that has an end: the same rule for every transport."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Literal, TypeVar

from orca_agents.errors import OrcaError

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_WAIT_S = 120.0
"""An endpoint that asks for a longer pause than this has refused."""

Sleep = Callable[[float], Awaitable[object]]
ResultT = TypeVar("ResultT")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fault:
    """Why one attempt failed. Data, not an exception: so no traceback drags the request and its key along."""

    kind: type[OrcaError]
    """What to raise when it is not tried again."""
    what: str
    """Who did what, e.g. `http://localhost:8000/v1 answered 503 (loading model)`."""
    advice: str
    """What the user can do about it."""
    again: Literal["later", "never", "now"] = "never"
    """`now`: the request was put in other words; sending it again is no retry."""
    wait_s: float | None = None
    """The pause that the endpoint asks for."""
    status: int | None = None
    """The HTTP status, where there was one."""
    complaint: str = ""
    """All that the endpoint said about it."""

    def error(self, tries: int) -> OrcaError:
        """The error to raise after this many tries."""
        often = f" (tried {tries} times)" if tries > 1 else ""
        asked = ""
        if self.wait_s is not None and self.wait_s > LONGEST_ASKED_WAIT_S:
            asked = f"; it asks to wait {self.wait_s:.0f} s"
        return self.kind(f"{self.what}{often}{asked}: {self.advice}")


async def retry(
    attempt: Callable[[], Awaitable[ResultT | Fault]],
    *,
    retries: int,
    sleep: Sleep = asyncio.sleep,
    rng: Random | None = None,
) -> tuple[ResultT, int]:
    """The result of the first attempt that succeeds, and how many it took. Raises the last fault's error."""
    rng = rng or Random()
    tries = faults = 0
    while True:
        tries += 1
        result = await attempt()
        if not isinstance(result, Fault):
            return result, tries
        if result.again == "now":
            continue
        wait = pause(faults, result.wait_s, rng)
        if result.again == "never" or faults >= retries or wait is None:
            raise result.error(tries)
        faults += 1
        _log.info("%s; try %d of %d in %.1f s", result.what, faults + 1, retries + 1, wait)
        await sleep(wait)


def pause(faults: int, asked_s: float | None, rng: Random) -> float | None:
    """Seconds until the next try after so many faults; `None` if the endpoint asks for more than we wait.

    Exponential with full jitter (Brooker, "Exponential Backoff And Jitter"), so that calls that failed together do
    not come back together; what the endpoint asks for is kept, with a little more for the same reason.
    """
    if asked_s is None or asked_s <= 0:
        return rng.uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(faults, 16)))
    if asked_s > LONGEST_ASKED_WAIT_S:
        return None
    return asked_s + rng.uniform(0, 0.1 * asked_s)


def asked_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The pause that `retry-after-ms` or `Retry-After` (seconds or an HTTP date) asks for, in seconds.

    Names of headers are looked up as they are written here: pass a mapping that ignores case, or lower-case names.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if not math.isnan(seconds):
            return max(0.0, seconds)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
