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
from typing import Literal

from orca_agents.errors import ExhaustedError, OrcaError, RetriesError, UnreachableError
from orca_agents.models.api import Reply
from orca_agents.models.limits import Limiter, Order, Slot

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
PATIENCE_S = 3600.0
"""How long an endpoint that answered before is waited for: a run of days should survive a restart and a bad hour."""
FIRST_PATIENCE_S = 600.0
"""The same for one that has answered nothing yet."""
LONGEST_ASKED_WAIT_S = PATIENCE_S
"""An endpoint that asks for a longer pause than this has refused."""
MOST_EXCUSES = 3
"""A call that met so many outages may be what causes them."""
STUBBORN = 3
"""A call that was refused so often lets all others go first: perhaps it is only this one that is refused."""

Sleep = Callable[[float], Awaitable[object]]
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
    load: Literal["refused", "timed out"] | None = None
    """`refused`: it takes no more requests now. `timed out`: it did not answer in time."""

    def error(self, tries: int) -> OrcaError:
        """The error to raise after this many tries."""
        often = f" (tried {tries} times)" if tries > 1 else ""
        kind, asked = self.kind, ""
        if self.wait_s is not None and self.wait_s > LONGEST_ASKED_WAIT_S:
            kind, asked = ExhaustedError, f"; it asks to wait {self.wait_s:.0f} s"
        return kind(f"{self.what}{often}{asked}: {self.advice}")


async def retry(
    attempt: Callable[[], Awaitable[Reply | Fault]],
    gate: Limiter,
    *,
    retries: int,
    tokens: int = 0,
    order: Order | None = None,
    patience_s: float = PATIENCE_S,
    health: Callable[[], Awaitable[Reply | Fault]] | None = None,
    keep: Callable[[Reply], Awaitable[None]] | None = None,
    sleep: Sleep | None = None,
    rng: Random | None = None,
) -> Reply:
    """The reply of the first attempt that succeeds, with the number of attempts; each of them passes the gate anew.

    Raises the last fault's error. Where the tries are used up and the endpoint answers others (or, if it answered none
    meanwhile, one small `health` request), it is this call alone that fails: `RetriesError`. Refusals for too many
    requests use up no tries. All errors carry `attempts`.
    """
    order, sleep = order or gate.order(), sleep or gate.pause
    sent = faults = refusals = answers = outages = excused = 0
    try:
        while True:
            with await gate.enter(order, tokens) as slot:
                sent += 1
                result = await attempt()
                _report(slot, result)
                if not isinstance(result, Fault):
                    reply = result if sent == 1 else result.model_copy(update={"attempts": sent})
                    if keep is not None:  # until it is on record, it counts as in flight
                        await keep(reply)
                    return reply
            if result.again == "now":
                continue
            wait = pause(faults, result.wait_s, rng or Random())
            if gate.answers and health is not None and _is_page_of_a_firewall(result):
                alive, asked = await _still_answers(gate, gate.answers, health, 0.0)
                tries, sent = sent, sent + asked
                raise _own_fault(result, tries) if alive else result.error(tries)
            if result.again == "never" or wait is None:
                raise result.error(sent)
            if result.load == "refused":
                if gate.refused_for() >= (patience_s if gate.answers else min(patience_s, FIRST_PATIENCE_S)):
                    raise result.error(sent)
                refusals += 1
                if refusals >= STUBBORN:
                    order = _LAST_TURN, gate.order()[1]
                continue  # the gate is closed now, for this call and for all others
            if faults == 0:
                outages = gate.outages
            if faults == 0 or faults < retries:
                answers = gate.answers  # what came before the last try but one says nothing of now
            if faults >= retries:
                alive, asked = await _still_answers(gate, answers, health, patience_s)
                tries, sent = sent, sent + asked
                if alive and gate.outages > outages and excused < MOST_EXCUSES:
                    faults, excused = 0, excused + 1  # nobody was answered: that was no fault of this call
                    continue
                raise _own_fault(result, tries) if alive else result.error(tries)
            faults += 1
            _log.log(
                logging.INFO if faults == 1 else logging.DEBUG,  # in an outage, every call has all its tries
                "%s; try %d of %d in %.1f s",
                result.what,
                faults + 1,
                retries + 1,
                wait,
            )
            await sleep(wait)
    except OrcaError as error:
        error.attempts = sent
        raise


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
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def _report(slot: Slot, result: Reply | Fault) -> None:
    """Tell the gate how a request ended."""
    if not isinstance(result, Fault):
        slot.answered(result.usage.prompt_tokens, result.usage.completion_tokens)
    elif result.load == "refused":
        slot.refused(result.wait_s)
    elif result.load == "timed out":
        slot.timed_out()
    else:
        slot.failed()


async def _still_answers(
    gate: Limiter, answers: int, health: Callable[[], Awaitable[Reply | Fault]] | None, patience_s: float
) -> tuple[bool, int]:
    """Whether the endpoint answered any call since there were so many answers, and how many requests it took to see.

    One asks at a time: what he finds holds for those who wait. An endpoint that answered before in this run is waited
    for, since servers are restarted and networks fail; one that never did is not.
    """
    if health is None:
        return gate.answers > answers, 0
    async with gate.doubt:
        gate.check()
        if gate.answers > answers:
            return True, 0
        now = asyncio.get_running_loop().time
        asked, since = 0, now()
        while True:
            try:
                reply = await retry(health, gate, retries=0, order=_FIRST, patience_s=patience_s)
            except OrcaError as error:
                asked += error.attempts
                if not isinstance(error, UnreachableError) or not gate.answers or now() - since >= patience_s:
                    return False, asked
                if asked == 1:
                    _log.warning("%s; it is asked again for up to %.0f min", error, patience_s / 60)
                await gate.pause(min(LONGEST_WAIT_S, 2.0 ** min(asked, 5)))
                continue
            gate.outages += asked > 0
            return True, asked + reply.attempts


def _is_page_of_a_firewall(fault: Fault) -> bool:
    """Whether something between us and the endpoint refused a text: an endpoint itself says so in JSON."""
    return fault.status in (403, 404) and not fault.complaint.lstrip().startswith(("{", "["))


def _own_fault(fault: Fault, tries: int) -> RetriesError:
    return RetriesError(
        f"{fault.what} (tried {tries} times), while the endpoint answers other calls; "
        "a resumed run tries this one again"
    )


_LAST_TURN = 2**62
_FIRST: Order = (-1, 0)
"""Before all others: the health of the endpoint decides about them."""
