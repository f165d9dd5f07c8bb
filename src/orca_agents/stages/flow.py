"""One seed through all stages of a skill: what becomes of each item, whatever goes wrong with it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from orca_agents.config import Goal, Leaf
from orca_agents.errors import ChatError
from orca_agents.harvest import DeclinedError
from orca_agents.records import (
    Content,
    Draft,
    Example,
    ExampleMetadata,
    Failure,
    Instruction,
    Outcome,
    Rejection,
    Seed,
    Skip,
    Transcript,
    Usage,
    Verification,
)
from orca_agents.stages.instruct import draw_leaves, instruct
from orca_agents.stages.refine import UNANSWERABLE, draw_goals, refine
from orca_agents.stages.respond import respond, training_messages
from orca_agents.stages.studio import Authored, Studio
from orca_agents.stages.transform import draw_transformers, suited_leaves, transform
from orca_agents.stages.verify import (
    Ballot,
    Verdict,
    hold_ballot,
    hold_old_ballot,
    judge,
    judge_old,
    responder_vote,
    solved_without_passage,
)


@dataclass(frozen=True)
class Settled:
    """What became of an item, and what refinement may go on from."""

    outcome: Outcome
    instruction: Instruction
    sound: bool
    """Whether it passed the checks of its own stage."""
    ballot: Ballot | None = None


async def run_seed(studio: Studio, seed: Seed) -> list[Outcome]:
    """Everything that one seed becomes, sorted by id. Raises `TeacherError` and `StoreError`, which end the run."""
    draw = random.Random(f"{studio.random_seed}/{studio.skill.name}/{seed.id}")
    kept: dict[str, Transcript] = {}

    async def save(transcript: Transcript) -> None:
        kept[transcript.id] = transcript
        await studio.save_chat(transcript)

    room = replace(studio, save_chat=save)
    drawn = [
        (agent, draw_leaves(studio, suited_leaves(studio, agent), draw))
        for agent in draw_transformers(studio, seed, draw)
    ]
    if not drawn:
        return [
            Skip(
                id=studio.id_of(seed, "transform"),
                source=seed.source,
                seed_id=seed.id,
                stage="transform",
                reason="no transformer suits the leaves that may be drawn",
            )
        ]
    lists = await _side_by_side([_run_content(room, seed, agent, leaves, kept) for agent, leaves in drawn])
    return sorted((outcome for outcomes in lists for outcome in outcomes), key=lambda outcome: outcome.id)


async def _run_content(
    studio: Studio, seed: Seed, agent: str, leaves: Sequence[Leaf], kept: dict[str, Transcript]
) -> list[Outcome]:
    """A transformer's passage, and every item about it."""
    path = agent.rsplit("/", 1)[-1]
    made: list[Authored[Content]] = []

    async def make() -> Outcome | None:
        content = await transform(studio, seed, agent)
        if content.failed is not None:
            return _rejection(studio, seed, path, None, "transform", content)
        made.append(content)
        return None

    outcome = await _attempt(studio, seed, path, None, make)
    if outcome is not None:
        return [outcome]
    [content] = made
    lists = await _side_by_side([_run_leaf(studio, seed, content, leaf, kept) for leaf in leaves])
    return [outcome for outcomes in lists for outcome in outcomes]


async def _run_leaf(
    studio: Studio, seed: Seed, content: Authored[Content], leaf: Leaf, kept: dict[str, Transcript]
) -> list[Outcome]:
    """A seed instruction of one leaf with its verdict, then its refinements with theirs."""
    path = f"{content.record.transformer}/{leaf.name}"
    settled: list[Settled] = []

    async def make() -> Outcome:
        item = await instruct(studio, seed, content.record, leaf)
        settled.append(await _settle(studio, seed, item, path, content.repairs, kept))
        return settled[-1].outcome

    outcome = await _attempt(studio, seed, path, leaf.name, make)
    outcomes = [outcome] if outcome else []
    if settled and _may_refine(studio, settled[0]):
        outcomes += await _run_goals(studio, seed, settled[0], path, content.repairs, kept)
    return outcomes


def _may_refine(studio: Studio, settled: Settled) -> bool:
    stage = studio.skill.config.refine
    if stage is None or not settled.sound:
        return False
    return stage.when == "sound" or isinstance(settled.outcome, Example)


async def _run_goals(
    studio: Studio, seed: Seed, parent: Settled, path: str, repairs: tuple[str, ...], kept: dict[str, Transcript]
) -> list[Outcome]:
    """The refinements of an item, goal by goal side by side."""
    goals = draw_goals(studio, parent.instruction)
    lists = await _side_by_side([_run_goal(studio, seed, parent, path, goal, repairs, kept, 1) for goal in goals])
    return [outcome for outcomes in lists for outcome in outcomes]


async def _run_goal(
    studio: Studio,
    seed: Seed,
    parent: Settled,
    path: str,
    goal: Goal,
    repairs: tuple[str, ...],
    kept: dict[str, Transcript],
    number: int,
) -> list[Outcome]:
    """One goal: what suggester and editor make of the item, each verified, and further rounds on these."""
    stage = studio.skill.config.refine
    assert stage is not None
    leaf = parent.instruction.leaf
    edited: list[tuple[str, Authored[Instruction]]] = []

    async def edit() -> Outcome | None:
        edited.extend(await refine(studio, seed, parent.instruction, path, goal))
        return None

    outcome = await _attempt(studio, seed, f"{path}/{goal.name}", leaf, edit)
    if outcome is not None:
        return [outcome]

    async def follow(item_path: str, item: Authored[Instruction]) -> list[Outcome]:
        settled: list[Settled] = []

        async def make() -> Outcome:
            settled.append(await _settle(studio, seed, item, item_path, repairs, kept, goal, parent))
            return settled[-1].outcome

        outcome = await _attempt(studio, seed, item_path, leaf, make)
        outcomes = [outcome] if outcome else []
        if number < stage.rounds and settled and _may_refine(studio, settled[0]) and settled[0].instruction.answerable:
            outcomes += await _run_goal(studio, seed, settled[0], item_path, goal, repairs, kept, number + 1)
        return outcomes

    lists = await _side_by_side([follow(item_path, item) for item_path, item in edited])
    return [outcome for outcomes in lists for outcome in outcomes]


async def _settle(
    studio: Studio,
    seed: Seed,
    item: Authored[Instruction],
    path: str,
    repairs: tuple[str, ...],
    kept: dict[str, Transcript],
    goal: Goal | None = None,
    parent: Settled | None = None,
) -> Settled:
    """Answer an item, let the others vote, and decide. The record to blame is repaired once, and all that follows
    from it is done again."""
    leaf = item.record.leaf
    for attempt in ("", ".2"):
        if item.failed is not None:
            stage = "refine" if parent else "instruct"
            return Settled(_rejection(studio, seed, path, leaf, stage, item), item.record, sound=False)
        draft = await respond(studio, seed, item.record, f"{path}/respond{attempt}")
        if draft.failed is not None:
            return Settled(_rejection(studio, seed, path, leaf, "respond", draft, item), item.record, sound=True)
        ballot = await hold_ballot(studio, seed, draft.record, f"{path}/verify{attempt}")
        verdict = judge(studio, item.record, ballot)
        if not verdict.ok and verdict.blame == "draft" and draft.can_be_repaired:
            draft, ballot, verdict = await _repair_draft(studio, seed, draft, ballot, verdict, path, attempt)
            if draft.failed is not None:
                return Settled(_rejection(studio, seed, path, leaf, "respond", draft, item), item.record, sound=True)
        old: Ballot | None = None
        if verdict.ok and goal is not None and goal.name == UNANSWERABLE and parent is not None:
            old = await _old_ballot(studio, seed, parent, path)
            verdict = judge_old(studio, parent.instruction, old)
        if verdict.ok:
            outcome: Outcome = await _example(studio, seed, item, draft, ballot, old, path, repairs, kept)
            return Settled(outcome, item.record, sound=True, ballot=ballot)
        may_mend = verdict.blame == "instruction" and old is None and item.can_be_repaired
        if attempt or not may_mend:
            rejected = _voted_down(studio, seed, path, item, draft, ballot, old, verdict)
            return Settled(rejected, item.record, sound=True, ballot=ballot)
        item = await item.repaired(studio, "agrees_with_solvers", verdict.reason)
    raise AssertionError("the second attempt always decides")  # pragma: no cover


async def _repair_draft(
    studio: Studio, seed: Seed, draft: Authored[Draft], ballot: Ballot, verdict: Verdict, path: str, attempt: str
) -> tuple[Authored[Draft], Ballot, Verdict]:
    """The responder's one repair after the vote; the others' votes stand, for they never saw its answer."""
    mended = await draft.repaired(studio, "agrees_with_solvers", verdict.reason)
    if mended.failed is not None:
        return mended, ballot, verdict
    if mended.record.instruction.form == "essay":
        ballot = await hold_ballot(studio, seed, mended.record, f"{path}/verify{attempt}.mended")
    else:
        ballot = replace(ballot, votes=(responder_vote(mended.record), *ballot.votes[1:]))
    return mended, ballot, judge(studio, mended.record.instruction, ballot)


async def _old_ballot(studio: Studio, seed: Seed, parent: Settled, path: str) -> Ballot:
    """The votes with the old passage: the parent's own, if it got as far as a vote."""
    ballot = parent.ballot or await hold_old_ballot(studio, seed, parent.instruction, f"{path}/verify")
    return replace(ballot, votes=tuple(vote.model_copy(update={"passage": "parent"}) for vote in ballot.votes))


async def _example(
    studio: Studio,
    seed: Seed,
    item: Authored[Instruction],
    draft: Authored[Draft],
    ballot: Ballot,
    old: Ballot | None,
    path: str,
    repairs: tuple[str, ...],
    kept: dict[str, Transcript],
) -> Example:
    """The accepted item as a training example, with all that is known about it."""
    stage = studio.skill.config.verify
    instruction = item.record
    votes = [*ballot.votes, *(old.votes if old else ())]
    tags: tuple[str, ...] = ()
    chats = [*draft.record.chats, *ballot.chats, *(old.chats if old else ())]
    if stage.closed_book and instruction.answerable and instruction.form != "essay":
        chats.append(studio.id_of(seed, f"{path}/verify/closed_book"))
        try:
            closed = await solved_without_passage(studio, seed, instruction, f"{path}/verify")
        except ChatError:
            tags = ("closed_book_unknown",)  # the item is verified already; only this tag is not known
        else:
            votes.append(closed)
            tags = ("no_passage_needed",) if closed.agrees else ()
    responder = studio.skill.config.respond.agents[0]
    proof = "graders" if instruction.form == "essay" else "votes"
    own_chats = tuple(dict.fromkeys(chats))
    return Example(
        id=instruction.id,
        skill=studio.skill.name,
        leaf=instruction.leaf,
        messages=training_messages(studio, seed, draft.record),
        metadata=ExampleMetadata(
            seed_ids=(seed.id,),
            source=seed.source,
            source_span=(seed.start, seed.end),
            licence=seed.licence,
            language=studio.language_of(seed),
            seed_flags=seed.flags,
            seed_metadata=seed.metadata,
            transformer=instruction.content.transformer,
            passage=instruction.content.text,
            form=instruction.form,
            reference=instruction.key,
            answerable=instruction.answerable,
            evidence=draft.record.evidence,
            parent_id=instruction.parent_id,
            goal=instruction.goal,
            suggestion=instruction.suggestion,
            round=instruction.round,
            teacher_system=studio.agent(responder).system_message.strip(),
            models={name: role.config.model for name, role in studio.roles.items()},
            chats=own_chats,
            usage=sum((kept[chat].usage for chat in own_chats if chat in kept), Usage()),
            verification=Verification(
                method=f"programs, {proof}",
                verdict="accepted",
                checks=(*item.results, *draft.results),
                votes=tuple(votes),
                repairs=_repairs(repairs, item, draft),
            ),
            tags=tags,
            demo=any(role.teacher.is_demo for role in studio.roles.values()),
        ),
    )


def _repairs(content: tuple[str, ...], item: Authored[Instruction], draft: Authored[Draft] | None) -> tuple[str, ...]:
    return (
        *(f"content: {check}" for check in content),
        *(f"instruction: {check}" for check in item.repairs),
        *(f"draft: {check}" for check in (draft.repairs if draft else ())),
    )


def _rejection(
    studio: Studio,
    seed: Seed,
    path: str,
    leaf: str | None,
    stage: str,
    made: Authored[Content] | Authored[Instruction] | Authored[Draft],
    item: Authored[Instruction] | None = None,
) -> Rejection:
    """A record that failed a check, also after its repair."""
    assert made.failed is not None
    record = made.record
    content = record if isinstance(record, Content) else None
    instruction = (
        record if isinstance(record, Instruction) else record.instruction if isinstance(record, Draft) else None
    )
    earlier = item.results if item else ()
    return Rejection(
        id=studio.id_of(seed, path),
        skill=studio.skill.name,
        seed_id=seed.id,
        leaf=leaf,
        stage=stage,
        check=made.failed.name,
        reason=made.failed.reason,
        content=content,
        instruction=instruction,
        answer=record.answer if isinstance(record, Draft) else None,
        verification=Verification(
            method="programs", verdict="rejected", checks=(*earlier, *made.results), repairs=made.repairs
        ),
        chats=record.chats,
    )


def _voted_down(
    studio: Studio,
    seed: Seed,
    path: str,
    item: Authored[Instruction],
    draft: Authored[Draft],
    ballot: Ballot,
    old: Ballot | None,
    verdict: Verdict,
) -> Rejection:
    """A sound item whose key the readers did not confirm."""
    return Rejection(
        id=studio.id_of(seed, path),
        skill=studio.skill.name,
        seed_id=seed.id,
        leaf=item.record.leaf,
        stage="verify",
        check="agrees_with_solvers" if old is None else "answerable_before_the_edit",
        reason=verdict.reason,
        instruction=item.record,
        answer=draft.record.answer,
        verification=Verification(
            method="programs, votes",
            verdict="rejected",
            checks=(*item.results, *draft.results),
            votes=(*ballot.votes, *(old.votes if old else ())),
            repairs=_repairs((), item, draft),
        ),
        chats=(*draft.record.chats, *ballot.chats),
    )


async def _attempt(
    studio: Studio, seed: Seed, path: str, leaf: str | None, make: Callable[[], Awaitable[Outcome | None]]
) -> Outcome | None:
    """What `make` makes; a chat that declines is a skip, a chat that fails is a failure with its type kept."""
    try:
        return await make()
    except DeclinedError as error:
        return Skip(
            id=studio.id_of(seed, path),
            source=seed.source,
            seed_id=seed.id,
            stage=error.stage,
            leaf=leaf,
            reason=str(error),
        )
    except ChatError as error:
        return Failure(
            id=studio.id_of(seed, path),
            skill=studio.skill.name,
            seed_id=seed.id,
            leaf=leaf,
            stage=error.stage,
            path=error.path,
            error=type(error).__name__,
            message=str(error),
            chats=(error.chat,) if error.chat else (),
        )


async def _side_by_side(work: Sequence[Awaitable[list[Outcome]]]) -> list[list[Outcome]]:
    """The results in the order given. The first error that ends the run cancels what is still under way."""
    tasks = [asyncio.ensure_future(item) for item in work]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
