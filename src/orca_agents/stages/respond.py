"""Instruction -> Draft: the answer with its reasoning and its evidence, and how both look as a training example."""

from __future__ import annotations

import random
from dataclasses import replace

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quotes
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.library import short_name
from orca_agents.records import Answer, CheckResult, Draft, Instruction, Message, Seed
from orca_agents.stages.studio import Authored, Studio, author, examine_case
from orca_agents.templates import render

REASONING = Field(
    "reasoning", "how you get from the passage to your answer, in two to six sentences", min_chars=20, max_chars=1500
)
EVIDENCE = Field(
    "evidence",
    "one to four quotes from the passage that carry your answer, copied letter by letter",
    many=True,
    max_chars=400,
    max_items=4,
    optional=True,
)
ANSWERABLE = Field("answerable", "whether the passage holds what is needed to answer", choices=("yes", "no"))


async def respond(studio: Studio, seed: Seed, instruction: Instruction, path: str) -> Authored[Draft]:
    """Have an instruction answered by the responder, who knows nothing of its key. Raises `ChatError`."""
    stage = studio.skill.config.respond
    agent = stage.agents[0]
    leaf = studio.skill.config.leaf(instruction.leaf)
    language = studio.language_of(seed)
    variables = studio.variables(
        seed,
        passage=instruction.content.text,
        question=FORMS[instruction.form].shown(instruction, language),
        leaf=leaf,
    )
    chat = studio.chat("respond", path, seed, [agent], variables)
    prompts = studio.prompts(agent)

    def build(product: Product) -> Draft:
        answer = read_answer(product, instruction)
        found = find_quotes(instruction.content.text, answer.evidence)
        return Draft(instruction=instruction, answer=answer, evidence=found, chats=(*instruction.chats, chat.id))

    def examine(draft: Draft) -> tuple[CheckResult, ...]:
        case = Case(
            seed, instruction.content, language, leaf=leaf, instruction=instruction, draft=draft, prompts=prompts
        )
        return examine_case(stage.checks, case, "draft")

    step = Step(
        short_name(agent), studio.task(agent, variables), form=answer_form(instruction, evidence=True), build=build
    )
    return await author(studio, chat, step, examine)


def answer_form(instruction: Instruction, *, evidence: bool) -> Form:
    """What a responder (with evidence) or a solver (without) hands in."""
    fields = [REASONING, *([EVIDENCE] if evidence else [])]
    answer = FORMS[instruction.form].answer_fields(instruction)
    if instruction.form == "essay":
        return Form((*fields, *answer))
    return Form((*fields, ANSWERABLE, *(replace(field, optional=True) for field in answer)))


def read_answer(product: Product, instruction: Instruction) -> Answer:
    """The answer that was handed in. Raises `UnparsableError` if there is none although there should be."""
    answerable = product.get("answerable", ("yes",)) == ("yes",)
    value = FORMS[instruction.form].read_answer(product, instruction) if answerable else ()
    if answerable and not value:
        raise UnparsableError("'answerable' is yes, but 'answer' is empty")
    return Answer(
        value=value,
        answerable=answerable,
        reasoning=product["reasoning"][0].strip() if product["reasoning"] else "",
        evidence=product.get("evidence", ()),
    )


def training_messages(studio: Studio, seed: Seed, draft: Draft) -> tuple[Message, ...]:
    """The example as a student sees it: passage and question in one of the frames; reasoning, then the answer."""
    stage = studio.skill.config.respond
    instruction, answer = draft.instruction, draft.answer
    language = studio.language_of(seed) or "any"
    frames = stage.frames.get(language) or stage.frames["any"]
    frame = random.Random(f"frame/{instruction.id}").choice(frames)
    form = FORMS[instruction.form]
    question = render(
        frame, {"passage": instruction.content.text, "question": form.shown(instruction, studio.language_of(seed))}
    )
    if instruction.form == "essay":
        reply = answer.value[0]
    else:
        label = stage.labels.get(language) or stage.labels["any"]
        unanswerable = stage.unanswerable.get(language) or stage.unanswerable["any"]
        final = form.final(answer.value, instruction) if answer.answerable else unanswerable
        reply = f"{answer.reasoning}\n\n{label}: {final}"
    return (Message(role="user", content=question), Message(role="assistant", content=reply))
