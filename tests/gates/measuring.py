"""Put the hand-labelled items through the gates, as a run would: which gate stops each one, if any does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orca_agents.checks import NAMES
from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quotes
from orca_agents.fixtures import GateRates
from orca_agents.library import Library
from orca_agents.records import Answer, Content, Draft, Instruction, Seed, Vote
from orca_agents.stages.studio import Studio, examine_case
from orca_agents.stages.verify import RESPONDER, Ballot, agrees, judge
from orca_agents.store import Store
from orca_agents.toolbox.services import Toolbox

FOLDER = Path(__file__).parent
TUNED = (FOLDER / "items.yaml",)
"""The set that the gates were mended on."""
HELD_OUT = (FOLDER / "held_out_a.yaml", FOLDER / "held_out_b.yaml")
"""Written later, by others, without a look at the gates; nobody may mend a gate on these."""


@dataclass(frozen=True)
class Judged:
    """A labelled item and what stopped it."""

    item: dict[str, Any]
    stopped_by: str | None
    reason: str = ""

    @property
    def right(self) -> bool:
        return bool(self.item["label"] == "right")

    @property
    def hard(self) -> bool:
        return bool(self.item.get("hard", False))


def rates_of(judged: list[Judged]) -> GateRates:
    """False acceptance and false rejection of these items."""
    rates = GateRates()
    for one in judged:
        rates.count(
            is_right=one.right,
            is_hard=one.hard,
            is_accepted=one.stopped_by is None,
            stopped_by=() if one.stopped_by is None else (one.stopped_by,),
        )
    return rates


def judge_items(files: tuple[Path, ...]) -> list[Judged]:
    """Every item of the files, judged by the checks and votes of the shipped skill."""
    skill = Library().skill("reading_comprehension", NAMES)
    studio = Studio(skill=skill, roles={}, record=Store.in_memory(), heard=lambda _: None, toolbox=Toolbox({}))
    judged = []
    for file in files:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        judged += [asyncio.run(_judge(studio, item, data["passages"][item["passage"]])) for item in data["items"]]
    return judged


async def _judge(studio: Studio, item: dict[str, Any], passage: dict[str, str]) -> Judged:
    leaf = studio.skill.config.leaf(item["leaf"])
    language = passage["language"]
    text = passage["text"].strip()
    seed = Seed(text=text, language=language)
    content = Content(id="c", seed_id=seed.id, text=text, transformer="identity", language=language)
    instruction = Instruction(
        id=item["id"],
        seed_id=seed.id,
        content=content,
        leaf=leaf.name,
        form=item["form"],
        question=item["question"],
        parts={name: tuple(map(str, values)) for name, values in (item.get("parts") or {}).items()},
        key=tuple(map(str, item.get("key") or ())),
        calculation=item.get("calculation"),
        answerable=item.get("answerable", True),
    )
    answer = _answer(item["answer"])
    draft = Draft(instruction=instruction, answer=answer, evidence=find_quotes(text, answer.evidence))
    agent = leaf.agent or studio.skill.config.instruct.agents[0]
    case = Case(
        seed,
        content,
        language,
        leaf=leaf,
        instruction=instruction,
        prompts=studio.prompts(agent, leaf.description, leaf.pitfalls),
    )
    results = await examine_case((*studio.skill.config.instruct.checks, *leaf.checks), case, "instruction")
    if results and not results[-1].ok:
        return Judged(item, results[-1].name, results[-1].reason)
    responder = studio.skill.config.respond.agents[0]
    drafted = Case(
        seed, content, language, leaf=leaf, instruction=instruction, draft=draft, prompts=studio.prompts(responder)
    )
    results = await examine_case(studio.skill.config.respond.checks, drafted, "draft")
    if results and not results[-1].ok:
        return Judged(item, results[-1].name, results[-1].reason)
    verdict = judge(studio, instruction, await _ballot(item, instruction, draft))
    return Judged(item, None if verdict.ok else "votes", verdict.reason)


async def _ballot(item: dict[str, Any], instruction: Instruction, draft: Draft) -> Ballot:
    votes = []
    for number, given in enumerate(item["solvers"], start=1):
        answer = _answer(given)
        if instruction.form == "essay":
            essay = draft.answer.value[0]
            made = [
                met == "yes" and bool(find_quotes(essay, (quote,)))
                for met, quote in zip(answer.value, answer.evidence, strict=True)
            ]
            votes.append(Vote(voter=f"grader_{number}", answer=answer, agrees=all(made)))
        else:
            votes.append(Vote(voter=f"solver_{number}", answer=answer, agrees=await agrees(answer, instruction)))
    responder = Vote(voter=RESPONDER, answer=draft.answer, agrees=await agrees(draft.answer, instruction))
    return Ballot(tuple(votes) if instruction.form == "essay" else (responder, *votes))


def _answer(given: dict[str, Any]) -> Answer:
    return Answer(
        value=tuple(map(str, given.get("value") or ())),
        answerable=given.get("answerable", True),
        reasoning=given.get("reasoning", ""),
        evidence=tuple(given.get("evidence") or ()),
    )
