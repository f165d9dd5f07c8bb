"""Instruction -> Instructions: a suggester proposes how to reach a goal, an editor carries the proposals out."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from orca_agents.chats import Chat, Step
from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.config import IDENTITY, Goal, Transform, short_name
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import CheckResult, Instruction, Seed
from orca_agents.stages.instruct import item_form, read_item
from orca_agents.stages.respond import asked
from orca_agents.stages.studio import Authored, Studio, author, examine_case

UNANSWERABLE = "unanswerable"
"""The published goal after which the passage must no longer hold the answer."""


@dataclass(frozen=True)
class Proposals:
    """What a suggester proposed for one goal, in a chat that the editor has heard."""

    seed: Seed
    parent: Instruction
    goal: Goal
    path: str
    chat: Chat
    variables: dict[str, Any]
    suggestions: tuple[str, ...]

    def path_of(self, number: int) -> str:
        """Where the item of a suggestion (1, 2, ...) stands."""
        return f"{self.path}.{number}"


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


async def propose(studio: Studio, seed: Seed, parent: Instruction, path: str, goal: Goal) -> Proposals:
    """Have the suggester propose changes to an item, with the editor listening. Raises `ChatError`."""
    stage = studio.skill.config.refine
    assert stage is not None
    suggester, editor = stage.agents
    variables = studio.variables(
        seed,
        passage=parent.content.text,
        question=asked(parent, studio.language_of(seed)),
        key=_answer_of(parent),
        leaf=studio.skill.config.leaf(parent.leaf),
        goal=goal,
        suggestions=stage.propose,
        number=0,
        suggestion="",
    )
    place = f"{path}/{goal.name}"
    hears = {editor: frozenset({short_name(suggester)})}
    chat = studio.chat("refine", place, seed, [suggester, editor], variables, hears)
    about = "your proposals, each one concrete change in one or two sentences"
    field = Field("suggestions", about, many=True, max_chars=300, min_items=1, max_items=stage.propose)
    step = Step(
        short_name(suggester),
        studio.task(suggester, variables),
        also=(short_name(editor),),
        form=Form((field,), may_decline=True),
    )
    product = cast(Product, await studio.ask(chat, step))
    return Proposals(seed, parent, goal, place, chat, variables, product["suggestions"][: stage.suggestions])


def _answer_of(item: Instruction) -> str:
    """An item's answer in words; the points that graders mark, where it has no single one."""
    if item.key:
        return FORMS[item.form].final(item.key, item)
    return "; ".join(item.parts.get("rubric", ())) or "(none)"


async def edit(studio: Studio, proposals: Proposals, number: int) -> Authored[Instruction]:
    """Have the editor carry out one suggestion, in a branch of the chat: a new item. Raises `ChatError`."""
    stage = studio.skill.config.refine
    assert stage is not None
    seed, parent = proposals.seed, proposals.parent
    editor, suggestion = stage.agents[1], proposals.suggestions[number - 1]
    chat = proposals.chat.branch(proposals.path_of(number))
    base = parent.model_copy(
        update={
            "id": studio.id_of(seed, proposals.path_of(number)),
            "parent_id": parent.id,
            "goal": proposals.goal.name,
            "suggestion": suggestion,
            "round": parent.round + 1,
            "chats": (*parent.chats, proposals.chat.id, chat.id),
        }
    )
    variables = {**proposals.variables, **studio.variables(seed, suggestion=suggestion), "number": number}
    step = Step(
        short_name(editor),
        studio.task(editor, variables),
        form=_edited_form(studio, parent, proposals.goal),
        build=_reader(studio, proposals, base, number),
    )
    return await author(studio, chat, step, _examiner(studio, proposals, proposals.path_of(number)))


def _edited_form(studio: Studio, parent: Instruction, goal: Goal) -> Form:
    """What the editor hands in: the edited passage and the new answer, or the edited item."""
    if goal.edits == "question":
        return item_form(studio, studio.skill.config.leaf(parent.leaf), may_decline=False)
    about = "the whole passage with your edit carried out"
    transform = studio.skill.config.transform or Transform(agents=(IDENTITY,))
    least, most = transform.chars
    fields = [Field("passage", about, min_chars=least, max_chars=most)]
    if goal.name != UNANSWERABLE and parent.key:
        about = "the answer that the question now has; "
        fields += [replace(field, about=about + field.about) for field in FORMS[parent.form].answer_fields(parent)]
        if parent.calculation is not None:
            fields.append(Field("calculation", "the arithmetic that leads to the new answer", max_chars=200))
    return Form(tuple(fields))


def _reader(studio: Studio, proposals: Proposals, base: Instruction, number: int) -> Callable[[Product], Instruction]:
    """How an edited item is read."""
    parent, goal = proposals.parent, proposals.goal

    def read(product: Product) -> Instruction:
        if goal.edits == "question":
            return read_item(studio, studio.skill.config.leaf(parent.leaf), product, base)
        content = parent.content.model_copy(
            update={
                "id": studio.id_of(proposals.seed, f"{proposals.path_of(number)}/passage"),
                "text": product["passage"][0].strip("\r\n"),
                "parent_id": parent.content.id,
                "chats": base.chats,
            }
        )
        if goal.name == UNANSWERABLE:
            gone = {"content": content, "key": (), "calculation": None, "answerable": False, "proof": {}}
            return base.model_copy(update=gone)
        if not parent.key:  # any answer to it is judged in another way than by a key
            return base.model_copy(update={"content": content, "proof": {}})
        key = FORMS[parent.form].read_answer(product, parent)
        if not key:
            raise UnparsableError("the new answer is missing")
        calculation = product["calculation"][0] if parent.calculation is not None else None
        return base.model_copy(update={"content": content, "key": key, "calculation": calculation, "proof": {}})

    return read


def _examiner(
    studio: Studio, proposals: Proposals, path: str
) -> Callable[[Instruction], Awaitable[tuple[CheckResult, ...]]]:
    """The checks of an edited item: those of a passage too, where the passage was edited."""
    config, goal, seed = studio.skill.config, proposals.goal, proposals.seed
    assert config.refine is not None
    leaf = config.leaf(proposals.parent.leaf)
    names = (*(config.transform.checks if config.transform else ()), *config.instruct.checks, *leaf.checks)
    suggester, editor = config.refine.agents
    prompts = (
        *studio.prompts(suggester),
        *studio.prompts(editor, goal.description, leaf.description, leaf.pitfalls),
    )

    lab = studio.lab(seed, path)

    async def examine(instruction: Instruction) -> tuple[CheckResult, ...]:
        case = Case(
            seed,
            instruction.content,
            studio.language_of(seed),
            leaf=leaf,
            goal=goal,
            instruction=instruction,
            parent=proposals.parent,
            prompts=prompts,
            lab=lab,
        )
        if goal.edits == "passage":
            return await examine_case(names, case, "content", "instruction")
        return await examine_case(names, case, "instruction")

    return examine
