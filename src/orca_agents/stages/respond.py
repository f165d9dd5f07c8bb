"""Instruction -> Draft: the answer with its reasoning and its evidence, and how both look as a training example."""

from __future__ import annotations

import random
from dataclasses import replace

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Case, judged_by
from orca_agents.checks.evidence import find_quotes
from orca_agents.config import Respond, short_name
from orca_agents.dialogues.api import Dialogue
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import Answer, CheckResult, Draft, Instruction, Message, Seed
from orca_agents.stages.play import play
from orca_agents.stages.studio import Authored, Studio, author, examine_case
from orca_agents.templates import render

REASONING = Field(
    "reasoning", "how you get from the passage to your answer, in two to six sentences", min_chars=20, max_chars=1500
)
UNSEEN = "how you get to your answer, in two to six sentences"
"""The same where the student sees no passage."""
EVIDENCE = Field(
    "evidence",
    "one to four quotes from the passage that carry your answer, copied letter by letter",
    many=True,
    max_chars=400,
    max_items=4,
    optional=True,
)
ANSWERABLE = Field("answerable", "whether the passage holds what is needed to answer", choices=("yes", "no"))

REPLY = Field(
    "reply",
    "the whole reply once more as the student is to read it, reasons and answer, exactly in the form that the last "
    "lines of the question ask for",
    max_chars=4000,
)


async def respond(studio: Studio, seed: Seed, instruction: Instruction, path: str) -> Authored[Draft]:
    """Have an instruction answered by the responder, who knows nothing of its key. Raises `ChatError`."""
    stage = studio.skill.config.respond
    agent = stage.agents[0]
    leaf = studio.skill.config.leaf(instruction.leaf)
    language = studio.language_of(seed)
    prompts, lab = studio.prompts(agent), studio.lab(seed, path)

    async def examine(draft: Draft) -> tuple[CheckResult, ...]:
        case = Case(
            seed,
            instruction.content,
            language,
            leaf=leaf,
            instruction=instruction,
            draft=draft,
            prompts=prompts,
            lab=lab,
        )
        return await examine_case((*stage.checks, *leaf.checks, "format_kept"), case, "draft")

    dialogue = FORMS[instruction.form].dialogue
    if dialogue is not None:  # its turns are judged one by one as they are taken, so the whole has no repair
        played = await _played(studio, seed, instruction, dialogue, path)
        return Authored(played, await examine(played))
    variables = studio.variables(
        seed,
        passage=instruction.content.text,
        question=f"{asked(instruction, language)}\n\n{instruction.format}".strip(),
        leaf=leaf,
        brief="",
    )
    chat = studio.chat("respond", path, seed, [agent], variables)

    def build(product: Product) -> Draft:
        answer = read_answer(product, instruction)
        found = find_quotes(instruction.content.text, answer.evidence)
        if not found and answer.answerable:
            found = FORMS[instruction.form].located(answer.value, instruction)
        return Draft(
            instruction=instruction,
            answer=answer,
            evidence=found,
            reply=product["reply"][0] if "reply" in product else "",
            chats=(*instruction.chats, chat.id),
        )

    form = answer_form(stage, instruction, evidence=stage.evidence)
    if instruction.format and not FORMS[instruction.form].is_whole_reply:
        form = Form((*form.fields, REPLY))
    return await author(
        studio, chat, Step(short_name(agent), studio.task(agent, variables), form=form, build=build), examine
    )


def asked(instruction: Instruction, language: str | None) -> str:
    """The question as one who answers it sees it: with what stands under it, and with the turns before it."""
    question = FORMS[instruction.form].shown(instruction, language)
    if not instruction.history:
        return question
    earlier = "\n\n".join(f"[{message.role}]\n{message.content}" for message in instruction.history)
    return f"{earlier}\n\n[user]\n{question}"


def answer_form(stage: Respond, instruction: Instruction, *, evidence: bool) -> Form:
    """What a responder (with evidence) or a solver (without) hands in."""
    about = stage.reasoning_about or (UNSEEN if stage.hides_passage else REASONING.about)
    reasoning = replace(REASONING, about=about, max_chars=stage.reasoning_chars)
    fields = [*([reasoning] if stage.reasons else []), *([EVIDENCE] if evidence else [])]
    answer = FORMS[instruction.form].answer_fields(instruction)
    if judged_by(instruction.form) == "grades" or not stage.may_not_know:
        return Form((*fields, *answer))
    return Form((*fields, ANSWERABLE, *(replace(field, optional=True) for field in answer)))


def read_answer(product: Product, instruction: Instruction) -> Answer:
    """The answer that was handed in. Raises `UnparsableError` if there is none although there should be."""
    answerable = product.get("answerable", ("yes",)) == ("yes",)
    form = FORMS[instruction.form]
    if answerable and (empty := [one.name for one in form.answer_fields(instruction) if _is_missing(one, product)]):
        raise UnparsableError(f"'answerable' is yes, but {empty[0]!r} is empty")
    value = form.read_answer(product, instruction) if answerable else ()
    if answerable and not value:
        raise UnparsableError("'answerable' is yes, but 'answer' is empty")
    return Answer(
        value=value,
        answerable=answerable,
        reasoning=product["reasoning"][0].strip() if product.get("reasoning") else "",
        evidence=product.get("evidence", ()),
    )


def _is_missing(field: Field, product: Product) -> bool:
    return not field.optional and not product.get(field.name)


def training_messages(studio: Studio, seed: Seed, draft: Draft) -> tuple[Message, ...]:
    """The example as a student sees it: passage and question in one of the frames; reasoning, then the answer. Where
    there were turns before, the frame is around the first; a dialogue is shown as it was."""
    if draft.messages:
        return draft.messages
    stage = studio.skill.config.respond
    instruction, answer = draft.instruction, draft.answer
    language = studio.language_of(seed) or "any"
    form = FORMS[instruction.form]
    frames = stage.frames.get(language) or stage.frames["any"]
    frame = random.Random(f"frame/{instruction.id}").choice(frames)
    question = form.shown(instruction, studio.language_of(seed))
    if instruction.format:
        question = f"{question}\n\n{instruction.format}"
    is_direct = (
        stage.direct > 0
        and not instruction.format
        and not form.is_whole_reply  # there is nothing around it that could be left out
        and random.Random(f"direct/{instruction.id}").random() < stage.direct
    )
    if is_direct and (note := stage.direct_note.get(language) or stage.direct_note["any"]):
        question = f"{question}{note}" if note.startswith("\n") else f"{question} {note}"
    first = instruction.history[0].content if instruction.history else question
    opening = render(frame, {"passage": instruction.content.text, "question": first})
    label = stage.labels.get(language) or stage.labels["any"]
    if draft.reply:
        reply = draft.reply
    elif not answer.answerable:
        unanswerable = stage.unanswerable.get(language) or stage.unanswerable["any"]
        reply = unanswerable if is_direct else f"{answer.reasoning}\n\n{label}: {unanswerable}".strip()
    elif is_direct:
        reply = form.final(answer.value, instruction)
    else:
        reply = form.reply(answer, instruction, label)
    before = (Message(role="user", content=opening), *instruction.history[1:])
    if instruction.history:
        before = (*before, Message(role="user", content=question))
    return (*before, Message(role="assistant", content=reply))


async def _played(studio: Studio, seed: Seed, instruction: Instruction, dialogue: Dialogue, path: str) -> Draft:
    """An answer that is a dialogue."""
    ended, chats = await play(studio, seed, instruction, dialogue, path)
    return Draft(
        instruction=instruction,
        answer=Answer(value=ended.value, answerable=ended.answerable, reasoning=ended.reasoning),
        messages=ended.messages,
        tools=ended.tools,
        facts=dict(ended.facts),
        chats=(*instruction.chats, *chats),
    )
