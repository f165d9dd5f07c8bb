"""One seed through all stages of a skill: what becomes of each item, whatever goes wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from orca_agents.config import Goal, Leaf, short_name
from orca_agents.errors import ConfigError, DatasetError, StoppedError, StoreError, TeacherError
from orca_agents.harvest import DeclinedError
from orca_agents.outcomes import Example, Outcome, Skip
from orca_agents.records import Content, Instruction, Seed, Transcript
from orca_agents.stages.drawing import Drawn
from orca_agents.stages.instruct import instruct
from orca_agents.stages.item import Item, Settled
from orca_agents.stages.refine import UNANSWERABLE, Proposals, draw_goals, edit, propose
from orca_agents.stages.settle import settle
from orca_agents.stages.siblings import Siblings
from orca_agents.stages.studio import Authored, Studio
from orca_agents.stages.transform import transform

MadeT = TypeVar("MadeT", Authored[Content], Authored[Instruction], Proposals, Outcome)


class Made(NamedTuple):
    """What a seed became."""

    outcomes: list[Outcome]
    """Sorted by id."""
    chats: list[Transcript]
    """All that was said."""


async def run_seed(studio: Studio, seed: Seed, drawn: Sequence[Drawn]) -> Made:
    """Everything that one seed becomes. Raises `TeacherError`, `StoreError` and `StoppedError`, which end the run."""
    kept: dict[str, Transcript] = {}

    def heard(transcript: Transcript) -> None:
        kept[transcript.id] = transcript
        studio.heard(transcript)

    room = replace(studio, heard=heard)
    if not drawn:
        reason = "no transformer suits this seed and the leaves that may be drawn"
        place = studio.id_of(seed, "transform")
        return Made([Skip(id=place, source=seed.source, seed_id=seed.id, stage="transform", reason=reason)], [])
    try:
        lists = await _side_by_side(
            [_run_content(Item(room, seed, short_name(agent), None, kept), agent, leaves) for agent, leaves in drawn]
        )
    finally:
        await studio.toolbox.end_chats(kept)
    outcomes = sorted((outcome for outcomes in lists for outcome in outcomes), key=lambda outcome: outcome.id)
    return Made(outcomes, list(kept.values()))


async def _run_content(item: Item, agent: str, leaves: Sequence[Leaf]) -> list[Outcome]:
    """A transformer's passage, and every item about it."""

    async def make() -> Authored[Content]:
        return await transform(item.studio, item.seed, agent)

    content = await _attempt(item, make)
    if not isinstance(content, Authored):
        return [content]
    if content.failed is not None:
        return [item.failed_check("transform", content)]
    siblings = Siblings(len(leaves))
    lists = await _side_by_side([_run_leaf(item, content, leaf, siblings, place) for place, leaf in enumerate(leaves)])
    return [outcome for outcomes in lists for outcome in outcomes]


async def _run_leaf(
    above: Item, content: Authored[Content], leaf: Leaf, siblings: Siblings, place: int
) -> list[Outcome]:
    """A seed instruction of one leaf with its verdict, then its refinements with theirs."""
    path = f"{above.path}/{leaf.name}"
    item = Item(above.studio, above.seed, path, leaf.name, above.kept, content.repairs, siblings=siblings, place=place)
    item.took(*content.record.chats)

    async def make() -> Authored[Instruction]:
        return await instruct(item.studio, item.seed, content.record, leaf)

    try:
        made = await _attempt(item, make)
        if not isinstance(made, Authored):
            return [made]
        settled = await _settle(item, made)
    finally:
        siblings.declare(place, None)  # if it has not been made by now, it will not be
    outcomes = [settled.outcome]
    if _may_refine(item.studio, settled):
        goals = [goal for goal in draw_goals(item.studio, settled.instruction) if _can_succeed(item, settled, goal)]
        lists = await _side_by_side([_run_goal(item, settled, goal, round_number=1) for goal in goals])
        outcomes += [outcome for refined in lists for outcome in refined]
    return outcomes


async def _run_goal(above: Item, parent: Settled, goal: Goal, *, round_number: int) -> list[Outcome]:
    """One goal: what suggester and editor make of the item, each verified, and further rounds on these."""
    asking = _refined(above, parent, goal, f"{above.path}/{goal.name}")

    async def ask() -> Proposals:
        return await propose(above.studio, above.seed, parent.instruction, above.path, goal)

    proposals = await _attempt(asking, ask)
    if not isinstance(proposals, Proposals):
        return [proposals]
    numbers = range(1, len(proposals.suggestions) + 1)
    lists = await _side_by_side([_run_edit(above, parent, goal, proposals, number, round_number) for number in numbers])
    return [outcome for outcomes in lists for outcome in outcomes]


async def _run_edit(
    above: Item, parent: Settled, goal: Goal, proposals: Proposals, number: int, round_number: int
) -> list[Outcome]:
    """One suggestion carried out and verified, and the next round on the item that came of it."""
    stage = above.studio.skill.config.refine
    assert stage is not None
    item = _refined(above, parent, goal, proposals.path_of(number))
    item.took(proposals.chat.id)

    async def make() -> Authored[Instruction]:
        return await edit(item.studio, proposals, number)

    made = await _attempt(item, make)
    if not isinstance(made, Authored):
        return [made]
    settled = await _settle(item, made)
    outcomes = [settled.outcome]
    goes_on = round_number < stage.rounds and settled.instruction.answerable
    if goes_on and _may_refine(item.studio, settled) and _can_succeed(item, settled, goal):
        outcomes += await _run_goal(item, settled, goal, round_number=round_number + 1)
    return outcomes


async def _settle(item: Item, made: Authored[Instruction]) -> Settled:
    """The verdict on an item; a chat that fails on the way is its outcome, and the item itself stays what it is."""

    async def decide() -> Outcome:
        return await settle(item, made)

    outcome = await _attempt(item, decide)
    now = item.made or made
    return Settled(outcome, now.record, sound=now.failed is None, ballot=item.ballot)


def _refined(above: Item, parent: Settled, goal: Goal, path: str) -> Item:
    return Item(
        above.studio,
        above.seed,
        path,
        above.leaf,
        above.kept,
        above.content_repairs,
        goal=goal,
        parent=parent.instruction,
        old_ballot=parent.ballot,
        chats=list(parent.instruction.chats),
    )


def _may_refine(studio: Studio, settled: Settled) -> bool:
    stage = studio.skill.config.refine
    if stage is None or not settled.sound:
        return False
    return stage.when == "sound" or isinstance(settled.outcome, Example)


def _can_succeed(item: Item, parent: Settled, goal: Goal) -> bool:
    """An unanswerable item needs all votes for its parent: where one is missing already, it would be paid in vain."""
    if goal.name != UNANSWERABLE or parent.ballot is None:
        return True
    return parent.ballot.agreeing > item.studio.skill.config.verify.solvers


async def _attempt(item: Item, make: Callable[[], Awaitable[MadeT]]) -> MadeT | Outcome:
    """What `make` makes; a chat that declines is a skip, a chat that fails is a failure with its type kept."""
    try:
        return await make()
    except DeclinedError as error:
        return item.declined(error)
    except (TeacherError, StoreError, StoppedError, ConfigError, DatasetError):
        raise  # these end the run: a teacher, a file or an index that is broken is so for every item
    except Exception as error:  # noqa: BLE001  # a fault in a check costs one item too, never the whole run
        return item.failure(error)


async def _side_by_side(work: Sequence[Awaitable[list[Outcome]]]) -> list[list[Outcome]]:
    """The results in the order given. An error that ends the run is raised when all have come to their end: no new
    call is made by then, and what is in flight is paid for, so it is answered and kept. Cancelling cancels all."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        results = await asyncio.gather(*tasks, return_exceptions=True)
    except asyncio.CancelledError:
        await asyncio.gather(*tasks, return_exceptions=True)  # gather has cancelled them
        raise
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
