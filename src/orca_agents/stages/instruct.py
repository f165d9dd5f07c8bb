"""Content -> Instruction: one leaf of the taxonomy, one chat, one question with its author's key."""

from __future__ import annotations

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.config import Leaf, short_name
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import CheckResult, Content, Instruction, Seed
from orca_agents.stages.studio import Authored, Studio, author, examine_case


def writer_of(studio: Studio, leaf: Leaf) -> str:
    """The agent that writes questions of a leaf."""
    return leaf.agent or studio.skill.config.instruct.agents[0]


def item_form(studio: Studio, leaf: Leaf, *, may_decline: bool) -> Form:
    """What the writer of a question of this leaf hands in."""
    stage = studio.skill.config.instruct
    least, most = stage.chars
    question = Field(stage.harvest, stage.about, min_chars=least, max_chars=most)
    return Form((question, *FORMS[leaf.answer].item_fields(leaf)), may_decline=may_decline)


def read_item(studio: Studio, leaf: Leaf, product: Product, base: Instruction) -> Instruction:
    """The instruction that a writer handed in, on top of what is known already. Raises `UnparsableError`."""
    item = FORMS[leaf.answer].read_item(product, leaf)
    return base.model_copy(
        update={
            "question": product[studio.skill.config.instruct.harvest][0].strip(),
            "parts": item.parts,
            "key": item.key,
            "calculation": item.calculation,
            "answerable": item.answerable,
            "hidden": item.hidden,
            "history": item.history,
            "proof": {},
        }
    )


async def instruct(studio: Studio, seed: Seed, content: Content, leaf: Leaf) -> Authored[Instruction]:
    """Have one question of a leaf written. Raises `ChatError`; `DeclinedError` if the passage does not suit it."""
    agent = writer_of(studio, leaf)
    path = f"{content.transformer}/{leaf.name}"
    variables = studio.variables(
        seed, passage=content.text, leaf=leaf, transformer=content.transformer.replace("_", " ")
    )
    chat = studio.chat("instruct", path, seed, [agent], variables)
    base = Instruction(
        id=studio.id_of(seed, path),
        seed_id=seed.id,
        content=content,
        leaf=leaf.name,
        form=leaf.answer,
        question="",
        chats=(*content.chats, chat.id),
    )
    checks = (*studio.skill.config.instruct.checks, *leaf.checks)
    prompts = studio.prompts(agent, leaf.description, leaf.pitfalls)

    lab = studio.lab(seed, path)

    async def examine(instruction: Instruction) -> tuple[CheckResult, ...]:
        case = Case(
            seed, content, studio.language_of(seed), leaf=leaf, instruction=instruction, prompts=prompts, lab=lab
        )
        return await examine_case(checks, case, "instruction")

    step = Step(
        short_name(agent),
        studio.task(agent, variables),
        form=item_form(studio, leaf, may_decline=True),
        build=lambda product: read_item(studio, leaf, product, base),
    )
    return await author(studio, chat, step, examine)
