"""Instruction -> Instruction with a proof: what any answer to it is checked with, written by somebody else."""

from __future__ import annotations

from orca_agents.chats import Step
from orca_agents.checks import FORMS, PROOFS
from orca_agents.checks.api import Case
from orca_agents.config import short_name
from orca_agents.harvest import Form, Product
from orca_agents.records import CheckResult, Instruction, Seed
from orca_agents.stages.studio import Authored, Studio, author, examine_case


async def prove(studio: Studio, seed: Seed, instruction: Instruction, path: str) -> Authored[Instruction] | None:
    """Have the proof of an item written, if its leaf asks for one, by an agent who never sees the key. Raises
    `ChatError`; `DeclinedError` where the item cannot be proved."""
    stage = studio.skill.config.prove
    leaf = studio.skill.config.leaf(instruction.leaf)
    if stage is None or leaf.proof is None:
        return None
    proof = PROOFS[leaf.proof]
    agent = stage.by.get(leaf.proof, stage.agents[0])
    language = studio.language_of(seed)
    variables = studio.variables(
        seed,
        passage=instruction.content.text,
        question=FORMS[instruction.form].shown(instruction, language),
        leaf=leaf,
    )
    chat = studio.chat("prove", path, seed, [agent], variables)
    lab = studio.lab(seed, path)

    def build(product: Product) -> Instruction:
        found = proof.read(product, instruction)
        return instruction.model_copy(update={"proof": found, "chats": (*instruction.chats, chat.id)})

    async def examine(proved: Instruction) -> tuple[CheckResult, ...]:
        case = Case(
            seed, proved.content, language, leaf=leaf, instruction=proved, prompts=studio.prompts(agent), lab=lab
        )
        return await examine_case(stage.checks, case, "proof")

    form = Form(tuple(proof.fields(instruction, leaf)), may_decline=True)
    step = Step(short_name(agent), studio.task(agent, variables), form=form, build=build)
    return await author(studio, chat, step, examine)
