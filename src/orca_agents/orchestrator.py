"""Many seeds through one skill or several: a bounded window of them at a time, each finished one on record at once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from orca_agents.duplicates.texts import ItemText
from orca_agents.errors import PASSING, OrcaError, StoppedError, TeacherError
from orca_agents.funnel import Funnel
from orca_agents.models.limits import TURN
from orca_agents.outcomes import Example, Failure, Outcome, Skip, qualified
from orca_agents.planning import Work
from orca_agents.quotas import Quota
from orca_agents.reader import Reader
from orca_agents.records import Seed
from orca_agents.screening import Screen, SeedScreen, text_of_example
from orca_agents.spending import Halt, Meter
from orca_agents.stages import Drawn, Fill, Studio, draw_again, draw_seed, run_seed
from orca_agents.store import Store, Tally

GRACE_S = 60.0
"""How long calls in flight are waited for after the teacher failed: they are paid for, but may hang."""
_LOG = logging.getLogger(__name__)
_PASSING = frozenset(kind.__name__ for kind in PASSING)
"""Errors of failures that do not finish a seed."""

Ended = Literal["all", "enough", "capped", "interrupted", "failed"]
"""Why no more was done: all seeds are finished, the quota is met, a cap was reached, somebody asked to stop, or an
error (of the teacher, the store, the seeds) ended it."""


@dataclass
class Progress:
    """How far a run is."""

    finished: int = 0
    """Seeds that are done, those done earlier included."""
    under_way: int = 0
    total: int | None = None
    """How many there will be, where that is known."""
    resumed: int = 0
    """Seeds that an earlier run had finished."""
    funnel: Funnel = field(default_factory=Funnel)
    """Of what this process did; what was finished earlier is counted in `resumed` alone."""
    accepted: int = 0
    """Accepted examples of all finished seeds, those of earlier runs included."""
    meter: Meter = field(default_factory=Meter)
    """What the run folder has bought."""
    in_flight: int = 0
    """Calls on their way."""
    waiting: int = 0
    """Calls that wait for their turn at the endpoint."""
    pace: float | None = None
    """Calls a second that are sent at most, after an endpoint refused some; the slowest one's."""

    def to_dict(self) -> dict[str, object]:
        """As plain data, for `orca-agents status`."""
        names = ("finished", "under_way", "total", "resumed", "accepted", "in_flight", "waiting", "pace")
        meter = self.meter
        return {
            **{name: getattr(self, name) for name in names},
            "usage": meter.usage.model_dump(),
            "attempts": meter.attempts,
            "faults": meter.faults,
            "usd": meter.usd,
            "unpriced": sorted(meter.unpriced),
            "here": {
                "finished": self.finished - self.resumed,
                "accepted": self.funnel.accepted,
                "calls": meter.calls_here,
            },
        }


@dataclass(frozen=True)
class Run:
    """What the work on seeds needs to know."""

    studios: Mapping[str, Studio]
    """By the name of the skill; by the empty name where the run has one alone."""
    store: Store
    config_hash: str
    halt: Halt
    window: int
    """Most seeds under way."""
    quota: Quota | None = None
    screen: Screen | None = None
    """What instructions are compared with before they are answered."""
    redo: bool = False
    """Do finished seeds again, from the calls on record, and nothing else: to rebuild a dataset."""
    progress: Progress = field(default_factory=Progress)
    on_progress: Callable[[Progress], None] = lambda _: None


async def run_seeds(run: Run, items: Iterable[Work]) -> Ended:
    """Work on the seeds, at most `window` at a time, in their order; what was finished before is not done again.

    Seeds are taken as places get free, so that memory does not grow with their number. After an error that ends the
    run (`TeacherError`, `StoreError`) no more calls are made; those in flight are answered and kept, then it is raised.
    """
    hand, reader = _Hand(run), Reader(items)
    all_taken = False
    try:
        while (batch := await hand.wait_for(reader.take())) is not None:
            if not batch:
                all_taken = True
                run.progress.total = run.progress.finished + run.progress.under_way
                break
            if not await hand.take_all(batch):
                break
        await hand.finish()
    except BaseException:  # also when cancelled, no task may be left behind; raised again
        await hand.drop()
        raise
    finally:
        reader.stop()
    if run.quota is not None and run.quota.enough():
        return "enough"
    if hand.capped:
        return "capped"
    return "all" if all_taken else "interrupted"


class _Hand:
    """The seeds under way."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tasks: dict[asyncio.Task[None], int] = {}
        """With the position of the seed that each works on."""
        self._ended: list[asyncio.Task[None]] = []
        self._error: BaseException | None = None
        self._news = asyncio.Event()
        """Set when a seed came to its end, or no more are to be taken."""
        self._loop = asyncio.get_running_loop()
        run.halt.on_finish.append(self._wake)
        run.halt.told.append(lambda _: self._news.set())
        self.capped = False
        """Whether a cap kept a seed from being finished."""

    @property
    def closed(self) -> bool:
        """Whether no seed is taken any more."""
        halt = self._run.halt
        return self._error is not None or self.capped or halt.no_more_seeds or halt.reason is not None or self._enough()

    async def wait_for(self, reading: Coroutine[Any, Any, list[Work]]) -> list[Work] | None:
        """The next seeds; `None` if no more are taken by the time they come. What comes to its end meanwhile is taken
        note of. If the seeds cannot be read on, those in hand are finished all the same."""
        task = asyncio.ensure_future(reading)
        task.add_done_callback(lambda _: self._news.set())
        try:
            while not task.done() and not self.closed:
                await self._news.wait()
                self._news.clear()
                self._settle_ended()
        except BaseException:  # also when cancelled, the reading task may not be left behind; raised again
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        if not task.done() or self.closed:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return None
        try:
            return task.result()
        except Exception as error:  # noqa: BLE001  whatever reading raises, the seeds in hand are paid for: finish first
            self._error = error
            return None

    async def take_all(self, batch: Sequence[Work]) -> bool:
        """Begin these seeds one after the other, as there is room; false if no more are taken."""
        run = self._run
        finished = run.store.finished_among(run.config_hash, [work.unit for work in batch])
        known = self._accepted_before(batch, finished)
        for work in batch:
            await self._make_room(work.position)
            if self.closed:
                return False
            if run.screen is not None:
                run.screen.take(work.position, known.get(work.unit, ()))
            await self._take(work, finished.get(work.unit))
        run.on_progress(run.progress)
        await asyncio.sleep(0)  # a long list of finished seeds must not hold up the rest
        return True

    def _accepted_before(
        self, batch: Sequence[Work], finished: Mapping[str, Tally]
    ) -> dict[str, list[tuple[str, ItemText]]]:
        """unit -> (id, text) of what an earlier run accepted, of these units; new instructions are compared with it."""
        run = self._run
        skills = {work.unit: work.skill for work in batch}
        units = [unit for unit, tally in finished.items() if any(tally.accepted.values())]
        known: dict[str, list[tuple[str, ItemText]]] = {}
        if self._compares:
            for unit, example in run.store.accepted_among(run.config_hash, units):
                known.setdefault(unit, []).append((example.id, self._text(example, skills[unit])))
        return known

    @property
    def _compares(self) -> bool:
        """Whether what is accepted is noted: what is done again has been compared before."""
        run = self._run
        return run.screen is not None and run.screen.looks_for_copies and not run.redo

    def _text(self, example: Example, skill: str) -> ItemText:
        hidden = self._run.studios[skill].skill.config.respond.hides_passage
        return text_of_example(example.metadata, passage_shown=not hidden)

    async def _make_room(self, position: int) -> None:
        """Wait until the seed at this position may be started."""
        self._settle_ended()
        while self._tasks and not self.closed and not self._has_room(position):
            await self._news.wait()
            self._news.clear()
            self._settle_ended()

    async def _take(self, work: Work, tally: Tally | None) -> None:
        """Begin a seed, unless it is finished already."""
        run, item = self._run, work.item
        if not run.redo:
            run.store.plan(work.position, work.unit, item.id if isinstance(item, Seed) else None)
        if isinstance(item, Skip):
            if tally is None and not run.redo:
                await run.store.save_outcomes(work.unit, run.config_hash, [item])
            run.progress.funnel.add(item)
            return
        if tally is not None and not run.redo:
            self._pass_over(tally)
            return
        if run.redo:
            if tally is None:
                return  # never finished, so there is nothing to rebuild
            drawn = draw_again(run.studios[work.skill], tally.picked)
        else:
            filled = None if run.quota is None else _of_skill(run.quota.filled(), work.skill)
            drawn = draw_seed(run.studios[work.skill], item, filled)
        leaves = Counter(qualified(work.skill, leaf.name) for one in drawn for leaf in one.leaves)
        number = run.quota.start(leaves) if run.quota is not None else 0
        task = asyncio.create_task(self._work(work, item, drawn, leaves, number))
        task.add_done_callback(self._came_to_its_end)
        self._tasks[task] = work.position
        run.progress.under_way += 1
        run.on_progress(run.progress)

    async def finish(self) -> None:
        """Wait for the seeds under way; raises what ended the run. After an error of the teacher that is not for ever:
        calls that hang are given up."""
        halt = self._run.halt
        while self._tasks:
            if self._enough():
                halt.stop(StoppedError("the wanted number of examples is there"))
            failed = isinstance(halt.reason, TeacherError)
            if failed:
                _LOG.warning("%s. Waiting up to %.0f s for the calls in flight", halt.reason, GRACE_S)
            try:
                async with asyncio.timeout(GRACE_S if failed else None):
                    await self._next_end(failed)
            except TimeoutError:
                await self.drop()
                self._error = self._error or halt.reason
                break
        if self._error is None and halt.reason is not None and not isinstance(halt.reason, StoppedError):
            self._error = halt.reason  # every call that was not made says only that the run stops
        if self._error is not None:
            raise self._error

    async def _next_end(self, failed: bool) -> None:
        """Until there is news; if the teacher has failed before, until all seeds came to their end."""
        while True:
            await self._news.wait()
            self._news.clear()
            self._settle_ended()
            if not self._tasks or not failed:
                return

    def _came_to_its_end(self, task: asyncio.Task[None]) -> None:
        self._ended.append(task)
        self._news.set()

    def _settle_ended(self) -> None:
        ended, self._ended = self._ended, []
        for task in ended:
            self._settle(task)

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def drop(self) -> None:
        """Cancel what is under way, and wait until it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pass_over(self, tally: Tally) -> None:
        """Count a seed that an earlier run has finished."""
        progress, quota = self._run.progress, self._run.quota
        progress.finished += 1
        progress.resumed += 1
        progress.accepted += sum(tally.accepted.values())
        if quota is not None:
            quota.settle(quota.start(tally.drawn), tally)

    async def _work(self, work: Work, seed: Seed, drawn: Sequence[Drawn], leaves: Counter[str], number: int) -> None:
        run = self._run
        TURN.set(work.position)  # calls for early seeds go first, so that seeds are finished rather than begun
        if not run.redo:
            await run.store.keep_seed(work.unit, seed)
        studio = run.studios[work.skill]
        if run.screen is not None:
            record, skill = studio.record, studio.skill.name
            screen = SeedScreen(run.screen, work.position, record, seed.id, run.config_hash, skill)
            studio = replace(studio, screen=screen)
        outcomes, chats = await run_seed(studio, seed, drawn)
        passed = not any(isinstance(it, Failure) and it.error in _PASSING for it in outcomes)
        picked = [(one.agent, [leaf.name for leaf in one.leaves]) for one in drawn]
        await run.store.save_outcomes(
            work.unit, run.config_hash, outcomes, chats=chats, drawn=leaves, picked=picked, finished=passed
        )
        if run.screen is not None and self._compares and passed:  # what is to be tried again is not finished
            accepted = (outcome for outcome in outcomes if isinstance(outcome, Example))
            run.screen.take(work.position, [(one.id, self._text(one, work.skill)) for one in accepted])
        tally = Tally(dict(leaves), _accepted(outcomes, work.skill))
        progress = run.progress
        progress.finished += 1
        progress.under_way -= 1  # at once, so that no seed is counted as both
        progress.accepted += sum(tally.accepted.values())
        for outcome in outcomes:
            progress.funnel.add(outcome, work.skill)
        if run.quota is not None:
            run.quota.settle(number, tally)

    def _settle(self, task: asyncio.Task[None]) -> None:
        """Take note of a seed that came to its end."""
        self._tasks.pop(task, None)
        run = self._run
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            run.progress.under_way -= 1
        if isinstance(error, StoppedError):
            self.capped = True
        elif error is not None and self._error is None:
            self._error = error
            if isinstance(error, OrcaError):
                run.halt.stop(error)
            else:
                for other in self._tasks:
                    other.cancel()
        run.on_progress(run.progress)

    def _has_room(self, position: int) -> bool:
        """Whether a place is free, and what the draws and the screen want to know of earlier seeds is known."""
        run = self._run
        if len(self._tasks) >= run.window or (run.quota is not None and not run.quota.may_start()):
            return False
        if run.screen is None or not self._compares:
            return True
        return position - min(self._tasks.values()) < run.screen.lag

    def _enough(self) -> bool:
        return self._run.quota is not None and self._run.quota.enough()


def _of_skill(filled: Mapping[str, Fill], skill: str) -> dict[str, Fill]:
    """How far the leaves of one skill are."""
    if not skill:
        return dict(filled)
    return {name.removeprefix(f"{skill}/"): fill for name, fill in filled.items() if name.startswith(f"{skill}/")}


def _accepted(outcomes: Iterable[Outcome], skill: str) -> dict[str, int]:
    return dict(Counter(qualified(skill, outcome.leaf) for outcome in outcomes if isinstance(outcome, Example)))
