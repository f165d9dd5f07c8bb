"""Seed -> Content: rewrite the seed in another genre, which makes it easier to write a kind of instruction about."""

from __future__ import annotations

from orca_agents.chats import Step
from orca_agents.checks.api import Case
from orca_agents.config import IDENTITY
from orca_agents.harvest import Field, Form, Product
from orca_agents.library import short_name
from orca_agents.records import CheckResult, Content, Seed
from orca_agents.stages.studio import Authored, Studio, author, examine_case

PASSAGE_CHARS = 12_000
"""Longest passage, in characters: about 2,000 words of English."""
PASSAGE_LEAST = 200
"""Fewest characters of a passage; languages without spaces need few."""


async def transform(studio: Studio, seed: Seed, agent: str) -> Authored[Content]:
    """Have one transformer rewrite a seed. Raises `ChatError`; `DeclinedError` if the seed does not suit it."""
    stage = studio.skill.config.transform
    checks = stage.checks if stage else ()
    prompts = () if agent == IDENTITY else studio.prompts(agent)

    def examine(content: Content) -> tuple[CheckResult, ...]:
        return examine_case(checks, Case(seed, content, studio.language_of(seed), prompts=prompts), "content")

    name = short_name(agent)
    if stage is None or agent == IDENTITY:
        content = Content(
            id=studio.id_of(seed, name), seed_id=seed.id, text=seed.text, transformer=name, language=seed.language
        )
        return Authored(content, examine(content))
    variables = studio.variables(seed, seed=seed)
    chat = studio.chat("transform", name, seed, [agent], variables)

    def build(product: Product) -> Content:
        return Content(
            id=studio.id_of(seed, name),
            seed_id=seed.id,
            text=product[stage.harvest][0].strip(),
            transformer=name,
            language=studio.language_of(seed),
            chats=(chat.id,),
        )

    passage = Field(stage.harvest, "the text that you write", min_chars=PASSAGE_LEAST, max_chars=PASSAGE_CHARS)
    form = Form((passage,), may_decline=True)
    return await author(studio, chat, Step(name, studio.task(agent, variables), form=form, build=build), examine)
