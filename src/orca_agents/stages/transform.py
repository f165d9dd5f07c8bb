"""Seed -> Content: rewrite the seed in another genre, which makes it easier to write a kind of instruction about."""

from __future__ import annotations

from orca_agents.chats import Step
from orca_agents.checks.api import Case
from orca_agents.config import PROGRAMS, short_name
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import CheckResult, Content, Seed
from orca_agents.stages.programs import TRANSFORMERS
from orca_agents.stages.studio import Authored, Studio, author, examine_case


async def transform(studio: Studio, seed: Seed, agent: str) -> Authored[Content]:
    """Have one transformer rewrite a seed. Raises `ChatError`; `DeclinedError` if the seed does not suit it."""
    stage = studio.skill.config.transform
    checks = stage.checks if stage else ()
    by_program = agent in PROGRAMS and agent not in studio.skill.agents
    prompts = () if by_program else studio.prompts(agent)
    name = short_name(agent)
    lab = studio.lab(seed, name)

    async def examine(content: Content) -> tuple[CheckResult, ...]:
        case = Case(seed, content, studio.language_of(seed), prompts=prompts, lab=lab)
        return await examine_case(checks, case, "content")

    if stage is None or by_program:
        content = Content(
            id=studio.id_of(seed, name),
            seed_id=seed.id,
            text=await TRANSFORMERS[agent](studio, seed),
            transformer=name,
            language=seed.language,
        )
        return Authored(content, await examine(content))
    variables = studio.variables(seed, seed=seed)
    chat = studio.chat("transform", name, seed, [agent], variables)

    def build(product: Product) -> Content:
        return Content(
            id=studio.id_of(seed, name),
            seed_id=seed.id,
            text=product[stage.harvest][0].strip("\r\n"),  # no spaces: code may begin with some
            transformer=name,
            language=studio.language_of(seed),
            chats=(chat.id,),
        )

    least, most = stage.chars
    passage = Field(stage.harvest, stage.about, min_chars=least, max_chars=most)
    form = Form((passage,), may_decline=True)
    return await author(studio, chat, Step(name, studio.task(agent, variables), form=form, build=build), examine)
