"""Draft -> verdict: independent readers vote, graders grade, and what they say is compared by program."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Lab, Probe, judged_by
from orca_agents.checks.evidence import find_quotes
from orca_agents.config import short_name
from orca_agents.errors import ChatError, RetriesError
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import Answer, Draft, Instruction, Seed, Vote
from orca_agents.stages.respond import answer_form, asked, read_answer
from orca_agents.stages.studio import Studio

RESPONDER = "responder"
SHOWN_CHARS = 300
"""So much of an answer is told to the author whose item lost its vote."""


@dataclass(frozen=True)
class Ballot:
    """The votes on one item, with the errors of those who could not vote."""

    votes: tuple[Vote, ...]
    errors: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()

    @property
    def agreeing(self) -> int:
        """How many votes equal the key."""
        return sum(vote.agrees for vote in self.votes)


@dataclass(frozen=True)
class Verdict:
    """What the votes say: good, or whose record is to blame and why."""

    ok: bool
    blame: Literal["instruction", "draft"] = "instruction"
    reason: str = ""


async def hold_ballot(studio: Studio, seed: Seed, draft: Draft, path: str) -> Ballot:
    """The responder's vote and those of the solvers (essays and the like: of the graders), asked side by side."""
    judged = judged_by(draft.instruction.form)
    if judged == "programs":
        return Ballot(())
    if judged == "grades":
        return await _grade(studio, seed, draft, path)
    own = await responder_vote(studio, seed, draft, path)
    solved = await _solve(studio, seed, draft.instruction, path, studio.skill.config.verify.solvers)
    return Ballot((own, *solved.votes), solved.errors, (draft.chats[-1], *solved.chats))


async def hold_old_ballot(studio: Studio, seed: Seed, parent: Instruction, path: str) -> Ballot:
    """Three votes on the item as it was before an edit, where its own verification left none."""
    return await _solve(studio, seed, parent, f"{path}/parent", studio.skill.config.verify.solvers + 1)


async def solved_without_passage(studio: Studio, seed: Seed, instruction: Instruction, path: str) -> Vote:
    """One solver's answer without the passage."""
    return await _solver_vote(studio, seed, instruction, f"{path}/closed_book", "solver_closed_book", passage="none")


async def probed(studio: Studio, seed: Seed, view: Instruction, probe: Probe, path: str) -> Vote:
    """A solver's answer to the item as a probe shows it."""
    return await _solver_vote(studio, seed, view, f"{path}/{probe.name}", f"solver_{probe.name}", passage=probe.name)


async def responder_vote(studio: Studio, seed: Seed, draft: Draft, path: str) -> Vote:
    """The responder's answer as a vote."""
    lab = studio.lab(seed, path)
    return Vote(voter=RESPONDER, answer=draft.answer, agrees=await agrees(draft.answer, draft.instruction, lab))


async def agrees(answer: Answer, instruction: Instruction, lab: Lab | None = None) -> bool:
    """Whether an answer is right: equal to the key, or as the item's form finds out."""
    if not (answer.answerable and instruction.answerable):
        return answer.answerable == instruction.answerable
    return await FORMS[instruction.form].is_right(answer, instruction, lab)


def judge(studio: Studio, instruction: Instruction, ballot: Ballot) -> Verdict:
    """The verdict on an item with a key: at least `agree` votes for it, all of them where it is unanswerable."""
    stage = studio.skill.config.verify
    judged = judged_by(instruction.form)
    if judged == "programs":
        return Verdict(True)
    if judged == "grades":
        return _judge_grades(ballot, stage.solvers)
    agree = studio.skill.config.leaf(instruction.leaf).agree or stage.agree
    needed = agree if instruction.answerable else stage.solvers + 1
    solvers = [vote for vote in ballot.votes if vote.voter != RESPONDER]
    responder = next(vote for vote in ballot.votes if vote.voter == RESPONDER)
    if ballot.agreeing >= needed and responder.agrees:
        return Verdict(True)
    if not responder.agrees and sum(vote.agrees for vote in solvers) >= min(needed, len(solvers)) > 0:
        return Verdict(False, "draft", "other readers who worked on their own reached another answer; read again")
    answers = "; ".join(_as_text(vote.answer, instruction) for vote in ballot.votes)
    voters = stage.solvers + 1
    key = FORMS[instruction.form].final(instruction.key, instruction) if instruction.answerable else "unanswerable"
    if instruction.answerable and not instruction.key:
        return Verdict(
            False,
            "instruction",
            f"only {ballot.agreeing} of {voters} independent answers pass ({needed} must): the task may ask for "
            f"something else than what its answers are checked for{_trouble(ballot)}; they answered: {answers}",
        )
    return Verdict(
        False,
        "instruction",
        f"your answer is {key!r}, but only {ballot.agreeing} of {voters} independent readers reached it "
        f"({needed} must){_trouble(ballot)}; they answered: {answers}",
    )


def judge_old(studio: Studio, parent: Instruction, ballot: Ballot) -> Verdict:
    """Whether the old passage gives the old answer to every reader: only then was it the edit that took it away."""
    voters = studio.skill.config.verify.solvers + 1
    if ballot.agreeing >= voters:
        return Verdict(True)
    return Verdict(
        False,
        "instruction",
        f"with the passage as it was before, only {ballot.agreeing} of {voters} readers found its answer "
        f"{FORMS[parent.form].final(parent.key, parent)!r}, so nothing shows that the edit removed it",
    )


async def _solve(studio: Studio, seed: Seed, instruction: Instruction, path: str, count: int) -> Ballot:
    """Independent solvers, each in a chat of its own: they see the task, never the key or another's answer."""
    names = [f"solver_{number}" for number in range(1, count + 1)]
    return await _collect(
        [_solver_vote(studio, seed, instruction, f"{path}/{name}", name) for name in names],
        [studio.chat_id(seed, f"{path}/{name}") for name in names],
    )


async def _solver_vote(
    studio: Studio, seed: Seed, instruction: Instruction, path: str, voter: str, *, passage: str = "this"
) -> Vote:
    stage = studio.skill.config.verify
    agent = stage.agents[0]
    if stage.shuffle_options:
        instruction = FORMS[instruction.form].shuffled(instruction, voter)
    variables = studio.variables(
        seed,
        passage="" if passage == "none" else instruction.content.text,
        question=asked(instruction, studio.language_of(seed)),
        leaf=studio.skill.config.leaf(instruction.leaf),
        rubric=(),
        response="",
    )
    chat = studio.chat("verify", path, seed, [agent], variables)
    step = Step(
        short_name(agent),
        studio.task(agent, variables),
        form=answer_form(studio.skill.config.respond, instruction, evidence=False),
        build=lambda product: read_answer(product, instruction),
    )
    answer = cast(Answer, await studio.ask(chat, step))
    return Vote(
        voter=voter,
        passage=passage,
        answer=answer,
        agrees=await agrees(answer, instruction, studio.lab(seed, path)),
    )


async def _grade(studio: Studio, seed: Seed, draft: Draft, path: str) -> Ballot:
    """Graders mark each point of the rubric with words of the essay, which must stand there."""
    names = [f"grader_{number}" for number in range(1, studio.skill.config.verify.solvers + 1)]
    return await _collect(
        [_grader_vote(studio, seed, draft, f"{path}/{name}", name) for name in names],
        [studio.chat_id(seed, f"{path}/{name}") for name in names],
    )


async def _grader_vote(studio: Studio, seed: Seed, draft: Draft, path: str, voter: str) -> Vote:
    agent = studio.skill.config.verify.agents[1]
    instruction = draft.instruction
    form = FORMS[instruction.form]
    rubric, response = form.rubric(instruction), form.graded(draft)
    variables = studio.variables(
        seed,
        passage=instruction.content.text,
        question=instruction.question,
        rubric=rubric,
        response=response,
        leaf=studio.skill.config.leaf(instruction.leaf),
    )
    points = len(rubric)
    marks = Form(
        (
            Field(
                "quotes",
                "for each point, in order: the words of the response that make it, copied letter by letter, "
                "or - if nothing makes it",
                many=True,
                max_chars=300,
                min_items=points,
                max_items=points,
            ),
            Field(
                "met",
                "for each point, in order: whether the response makes it, and is right in what it says of it",
                many=True,
                choices=("yes", "no"),
                min_items=points,
                max_items=points,
            ),
        )
    )
    chat = studio.chat("verify", path, seed, [agent], variables)
    product = cast(Product, await studio.ask(chat, Step(short_name(agent), studio.task(agent, variables), form=marks)))
    made = [
        met == "yes" and bool(find_quotes(response, (quote,)))
        for met, quote in zip(product["met"], product["quotes"], strict=True)
    ]
    missing = [point for point, good in zip(rubric, made, strict=True) if not good]
    reasoning = "every point is made" if not missing else "not made: " + "; ".join(missing)
    graded = Answer(value=product["met"], reasoning=reasoning, evidence=product["quotes"])
    return Vote(voter=voter, answer=graded, agrees=not missing)


def _judge_grades(ballot: Ballot, graders: int) -> Verdict:
    if ballot.agreeing >= graders:
        return Verdict(True)
    # the responder must not learn the points: which ones are missing stands in the votes alone
    reason = "graders miss points that a good answer to this question makes; read question and passage again"
    return Verdict(False, "draft", reason + _trouble(ballot))


async def _collect(asked: Sequence[Coroutine[Any, Any, Vote]], chats: Sequence[str]) -> Ballot:
    """The votes in the order asked. One failed chat is a vote that is missing; if all fail, the first error counts. A
    vote that only the endpoint's trouble prevented is no missing vote: the item fails, and is tried again on resume."""
    results = await asyncio.gather(*asked, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not (
            isinstance(result, ChatError) and not isinstance(result, RetriesError)
        ):
            raise result
    errors = [result for result in results if isinstance(result, ChatError)]
    if errors and len(errors) == len(results):
        raise errors[0]
    votes = tuple(result for result in results if isinstance(result, Vote))
    return Ballot(votes, tuple(f"{type(error).__name__}: {error}" for error in errors), tuple(chats))


def _as_text(answer: Answer, instruction: Instruction) -> str:
    if not answer.answerable:
        return "unanswerable"
    text = FORMS[instruction.form].told(answer.value, instruction)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."


def _trouble(ballot: Ballot) -> str:
    return f" ({'; '.join(ballot.errors)})" if ballot.errors else ""
