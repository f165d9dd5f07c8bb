"""Instruction -> verdict: answer an item, let the others vote, repair the record that is to blame, and decide."""

from __future__ import annotations

from dataclasses import replace

from orca_agents.checks import PROBES
from orca_agents.checks.api import judged_by
from orca_agents.errors import ChatError, RetriesError
from orca_agents.harvest import DeclinedError
from orca_agents.outcomes import Outcome
from orca_agents.records import Draft, Instruction, Vote
from orca_agents.stages.formatting import add_rule, wants_rule
from orca_agents.stages.item import Item
from orca_agents.stages.prove import prove
from orca_agents.stages.refine import UNANSWERABLE
from orca_agents.stages.respond import respond
from orca_agents.stages.studio import Authored
from orca_agents.stages.verify import (
    Ballot,
    Verdict,
    hold_ballot,
    hold_old_ballot,
    judge,
    judge_old,
    probed,
    responder_vote,
    solved_without_passage,
)

CHECK = "agrees_with_solvers"
"""What the vote is called among the checks."""


async def settle(item: Item, made: Authored[Instruction]) -> Outcome:
    """Answer and verify an item. The record to blame for a lost vote is repaired once, and all that follows from it
    is done again. Raises `ChatError` if one of its chats fails; the item then knows how far it came."""
    for attempt in ("", ".2"):
        made = await item.screened(made)
        item.made, item.ballot = made, None
        item.took(*made.record.chats)
        if made.failed is not None:
            stage = "refine" if item.parent else "instruct"
            return item.failed_check(stage, made)
        proved = await prove(item.studio, item.seed, made.record, f"{item.path}/prove{attempt}")
        if proved is not None:
            item.took(*proved.record.chats)
            if proved.failed is not None:
                return item.failed_check("prove", proved, made)
            item.proof = proved
        instruction = proved.record if proved is not None else made.record
        if wants_rule(item.studio, instruction):
            place = f"{item.path}/format{attempt}"
            item.took(item.studio.chat_id(item.seed, place))
            ruled = await add_rule(item.studio, item.seed, instruction, place)
            item.notes = ("no_format_rule",) if ruled is None else ()
            instruction = ruled or instruction
        draft = await respond(item.studio, item.seed, instruction, f"{item.path}/respond{attempt}")
        item.took(*draft.record.chats)
        if draft.failed is not None:
            return item.failed_check("respond", draft, made)
        ballot = await _hold(item, draft, f"{item.path}/verify{attempt}")
        verdict = judge(item.studio, instruction, ballot)
        if not verdict.ok and verdict.blame == "draft" and draft.can_be_repaired:
            draft, ballot, verdict = await _mend_draft(item, draft, ballot, verdict, attempt)
            if draft.failed is not None:
                return item.failed_check("respond", draft, made)
        if verdict.ok:
            ballot, verdict = await _probe(item, instruction, ballot, f"{item.path}/verify{attempt}")
        if verdict.ok:
            return await _accepted(item, made, draft, ballot)
        if attempt or verdict.blame != "instruction" or not made.can_be_repaired:
            return item.voted_down(made, draft, ballot.votes, CHECK, verdict.reason)
        try:
            made = await made.repaired(item.studio, CHECK, verdict.reason)
        except DeclinedError:  # its author gives it up: it was made and voted on, so it is no skip
            return item.voted_down(made, draft, ballot.votes, CHECK, verdict.reason)
    raise AssertionError("the second attempt always decides")  # pragma: no cover


async def _hold(item: Item, draft: Authored[Draft], path: str) -> Ballot:
    ballot = await hold_ballot(item.studio, item.seed, draft.record, path)
    item.took(*ballot.chats)
    item.ballot = ballot
    return ballot


async def _mend_draft(
    item: Item, draft: Authored[Draft], ballot: Ballot, verdict: Verdict, attempt: str
) -> tuple[Authored[Draft], Ballot, Verdict]:
    """The responder's one repair after the vote; the others' votes stand, for they never saw its answer."""
    mended = await draft.repaired(item.studio, CHECK, verdict.reason)
    if mended.failed is not None:
        return mended, ballot, verdict
    path = f"{item.path}/verify{attempt}.mended"
    if judged_by(mended.record.instruction.form) == "grades":
        ballot = await _hold(item, mended, path)
    else:
        own = await responder_vote(item.studio, item.seed, mended.record, path)
        item.ballot = ballot = replace(ballot, votes=(own, *ballot.votes[1:]))
    return mended, ballot, judge(item.studio, mended.record.instruction, ballot)


async def _accepted(item: Item, made: Authored[Instruction], draft: Authored[Draft], ballot: Ballot) -> Outcome:
    """An item that won its vote: an example, unless its goal asks for proof about the old passage and that fails."""
    votes = ballot.votes
    if item.goal is not None and item.goal.name == UNANSWERABLE and item.parent is not None:
        old = await _votes_on_parent(item, item.parent)
        votes = (*votes, *old.votes)
        verdict = judge_old(item.studio, item.parent, old)
        if not verdict.ok:
            return item.voted_down(made, draft, votes, "answerable_before_the_edit", verdict.reason)
    tags: tuple[str, ...] = ()
    instruction = made.record
    by_votes = judged_by(instruction.form) == "votes"
    if item.studio.skill.config.verify.closed_book and instruction.answerable and by_votes:
        closed, tags = await _closed_book(item, instruction)
        votes = (*votes, *closed)
    return item.example(made, draft, votes, (*item.notes, *item.tags, *tags))


async def _probe(item: Item, instruction: Instruction, ballot: Ballot, path: str) -> tuple[Ballot, Verdict]:
    """What solvers answer who see the item changed: it is turned down, or tagged, where that shows something."""
    item.tags = ()
    for name in item.studio.skill.config.verify.probes:
        probe = PROBES[name]
        view = probe.view(instruction) if instruction.answerable else None
        if view is None:
            continue
        item.took(item.studio.chat_id(item.seed, f"{path}/{name}"))
        vote = await probed(item.studio, item.seed, view, probe, path)
        item.ballot = ballot = replace(ballot, votes=(*ballot.votes, vote))
        if vote.agrees == (probe.expects == "right"):
            continue
        if probe.otherwise == "reject":
            return ballot, Verdict(False, "instruction", probe.reason)
        item.tags = (*item.tags, probe.tag)
    return ballot, Verdict(True)


async def _votes_on_parent(item: Item, parent: Instruction) -> Ballot:
    """The votes with the old passage: the parent's own, if it got as far as a vote."""
    old = item.old_ballot
    if old is None:
        old = await hold_old_ballot(item.studio, item.seed, parent, f"{item.path}/verify")
    item.took(*old.chats)
    return replace(old, votes=tuple(vote.model_copy(update={"passage": "parent"}) for vote in old.votes))


async def _closed_book(item: Item, instruction: Instruction) -> tuple[tuple[Vote, ...], tuple[str, ...]]:
    """A solver's vote without the passage, and the tag that follows. The item is verified already: if this chat
    fails, only the tag is not known."""
    path = f"{item.path}/verify"
    item.took(item.studio.chat_id(item.seed, f"{path}/closed_book"))
    try:
        vote = await solved_without_passage(item.studio, item.seed, instruction, path)
    except RetriesError:
        raise  # tried again when the run is resumed
    except ChatError:
        return (), ("closed_book_unknown",)
    return (vote,), ("no_passage_needed",) if vote.agrees else ()
