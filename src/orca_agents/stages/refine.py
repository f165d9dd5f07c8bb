"""Instruction -> Instructions: a suggester proposes how to reach a goal, an editor carries the proposals out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.config import Goal, Refine
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.library import short_name
from orca_agents.records import CheckResult, Instruction, Seed
from orca_agents.stages.instruct import item_form, read_item
from orca_agents.stages.studio import Authored, Studio, author, examine_case
from orca_agents.stages.transform import PASSAGE_CHARS, PASSAGE_LEAST

UNANSWERABLE = "unanswerable"
"""The published goal after which the passage must no longer hold the answer."""


def draw_goals(studio: Studio, instruction: Instruction) -> list[Goal]:
    """The goals for an item: a number of them if the run or the skill says so, each by its share otherwise."""
    stage = studio.skill.config.refine
    if stage is None:
        return []
    leaf = studio.skill.config.leaf(instruction.leaf)
    fit = [
        goal
        for goal in stage.goals
        if (leaf.goals is None or goal.name in leaf.goals)
        and not (goal.edits == "passage" and not instruction.answerable)
    ]
    draw = random.Random(f"{studio.random_seed}/goals/{instruction.id}")
    count = studio.goals if studio.goals is not None else stage.choose
    if count is not None:
        drawn = draw.sample(fit, min(count, len(fit)))
        return [goal for goal in fit if goal in drawn]
    return [goal for goal in fit if draw.random() < goal.share]


async def refine(
    studio: Studio, seed: Seed, parent: Instruction, path: str, goal: Goal
) -> list[tuple[str, Authored[Instruction]]]:
    """The items that one chat of suggester and editor makes of `parent`, each with its path. Raises `ChatError`."""
    stage = studio.skill.config.refine
    assert stage is not None
    suggester, editor = stage.agents
    leaf = studio.skill.config.leaf(parent.leaf)
    form = FORMS[parent.form]
    variables = studio.variables(
        seed,
        passage=parent.content.text,
        question=form.shown(parent, studio.language_of(seed)),
        key=form.final(parent.key, parent) if parent.key else "(none)",
        leaf=leaf,
        goal=goal,
        suggestions=stage.propose,
        number=0,
        suggestion="",
    )
    chat_path = f"{path}/{goal.name}"
    chat = studio.chat(
        "refine", chat_path, seed, [suggester, editor], variables, {editor: frozenset({short_name(suggester)})}
    )
    proposals = cast(
        Product,
        await studio.ask(
            chat,
            Step(
                short_name(suggester),
                studio.task(suggester, variables),
                also=(short_name(editor),),
                form=Form((_proposals(stage),), may_decline=True),
            ),
        ),
    )["suggestions"]
    made = []
    for number, suggestion in enumerate(proposals[: stage.suggestions], start=1):
        item_path = f"{chat_path}.{number}"
        base = parent.model_copy(
            update={
                "id": studio.id_of(seed, item_path),
                "parent_id": parent.id,
                "goal": goal.name,
                "suggestion": suggestion,
                "round": parent.round + 1,
                "chats": (*parent.chats, chat.id),
            }
        )
        step = Step(
            short_name(editor),
            studio.task(editor, {**variables, "number": number, "suggestion": suggestion}),
            form=_edited_form(studio, parent, goal),
            build=_reader(studio, seed, parent, base, goal, item_path),
        )
        made.append((item_path, await author(studio, chat, step, _examiner(studio, seed, parent, goal, stage))))
    return made


def _proposals(stage: Refine) -> Field:
    about = "your proposals, each one concrete change in one or two sentences"
    return Field("suggestions", about, many=True, max_chars=300, min_items=1, max_items=stage.propose)


def _edited_form(studio: Studio, parent: Instruction, goal: Goal) -> Form:
    """What the editor hands in: the edited passage and the new answer, or the edited item."""
    if goal.edits == "question":
        return item_form(studio, studio.skill.config.leaf(parent.leaf), may_decline=False)
    fields = [
        Field(
            "passage", "the whole passage with your edit carried out", min_chars=PASSAGE_LEAST, max_chars=PASSAGE_CHARS
        )
    ]
    if goal.name != UNANSWERABLE:
        about = "the answer that the question now has; "
        fields += [replace(field, about=about + field.about) for field in FORMS[parent.form].answer_fields(parent)]
        if parent.calculation is not None:
            fields.append(Field("calculation", "the arithmetic that leads to the new answer", max_chars=200))
    return Form(tuple(fields))


def _reader(
    studio: Studio, seed: Seed, parent: Instruction, base: Instruction, goal: Goal, path: str
) -> Callable[[Product], Instruction]:
    """How an edited item is read."""

    def read(product: Product) -> Instruction:
        if goal.edits == "question":
            return read_item(studio, studio.skill.config.leaf(parent.leaf), product, base)
        content = parent.content.model_copy(
            update={
                "id": studio.id_of(seed, f"{path}/passage"),
                "text": product["passage"][0].strip(),
                "parent_id": parent.content.id,
                "chats": base.chats,
            }
        )
        if goal.name == UNANSWERABLE:
            return base.model_copy(update={"content": content, "key": (), "calculation": None, "answerable": False})
        key = FORMS[parent.form].read_answer(product, parent)
        if not key:
            raise UnparsableError("the new answer is missing")
        calculation = product["calculation"][0] if parent.calculation is not None else None
        return base.model_copy(update={"content": content, "key": key, "calculation": calculation})

    return read


def _examiner(
    studio: Studio, seed: Seed, parent: Instruction, goal: Goal, stage: Refine
) -> Callable[[Instruction], tuple[CheckResult, ...]]:
    """The checks of an edited item: those of a passage too, where the passage was edited."""
    config = studio.skill.config
    leaf = config.leaf(parent.leaf)
    names = (*(config.transform.checks if config.transform else ()), *config.instruct.checks, *leaf.checks)
    prompts = (
        *studio.prompts(stage.agents[0]),
        *studio.prompts(stage.agents[1], goal.description, leaf.description, leaf.pitfalls),
    )

    def examine(instruction: Instruction) -> tuple[CheckResult, ...]:
        case = Case(
            seed,
            instruction.content,
            studio.language_of(seed),
            leaf=leaf,
            goal=goal,
            instruction=instruction,
            parent=parent,
            prompts=prompts,
        )
        levels = ("content", "instruction") if goal.edits == "passage" else ("instruction",)
        return examine_case(names, case, *levels)

    return examine
