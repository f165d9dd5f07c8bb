"""Instruction -> Instruction with a rule for the form of the reply, which a program checks."""

from __future__ import annotations

import random

from orca_agents.chats import Step
from orca_agents.checks import FORMS
from orca_agents.checks.format_rule import KINDS_FOR_FORM, OPEN_TO_RULES
from orca_agents.checks.leakage import leak
from orca_agents.config import FORMAT_WRITER, short_name
from orca_agents.constraints import KINDS, ConstraintError, read_constraints
from orca_agents.errors import UnparsableError
from orca_agents.harvest import DeclinedError, Field, Form, Product
from orca_agents.records import Instruction, Seed
from orca_agents.stages.studio import Studio

RULE = Field("rule", "the rule, in one or two sentences to the student", min_chars=15, max_chars=300)


def wants_rule(studio: Studio, instruction: Instruction) -> bool:
    """Whether an item is one of those that get a rule, drawn from its id."""
    if instruction.form not in OPEN_TO_RULES or instruction.history:
        return False
    return random.Random(f"format/{instruction.id}").random() < studio.formats


async def add_rule(studio: Studio, seed: Seed, instruction: Instruction, path: str) -> Instruction | None:
    """The item with a rule, or `None` where its writer finds no room for one. Raises `ChatError`."""
    language = studio.language_of(seed)
    variables = studio.variables(
        seed,
        passage="",
        question=FORMS[instruction.form].shown(instruction, language),
        leaf=studio.skill.config.leaf(instruction.leaf),
        brief="",
    )
    chat = studio.chat("instruct", path, seed, [FORMAT_WRITER], variables)
    prompts = studio.prompts(FORMAT_WRITER)

    def build(product: Product) -> Instruction:
        rule, lines = product["rule"][0].strip(), product["constraints"]
        try:
            constraints = read_constraints(lines)
        except ConstraintError as error:
            raise UnparsableError(f"'constraints': {error}") from None
        for constraint in constraints:
            if constraint.kind.name not in KINDS_FOR_FORM:
                raise UnparsableError(f"'constraints': `{constraint.line}` is not about form alone; leave it out")
        if found := leak(rule, prompts):
            raise UnparsableError(f"'rule' {found}")
        return instruction.model_copy(
            update={
                "format": rule,
                "hidden": {**instruction.hidden, "format": lines},
                "chats": (*instruction.chats, chat.id),
            }
        )

    field = Field(
        "constraints",
        "every demand of the rule once more for a program, one a line, as `kind: value`. Kinds: "
        + "; ".join(f"{name}: {KINDS[name].takes}" for name in KINDS_FOR_FORM),
        many=True,
        max_chars=200,
        max_items=4,
    )
    step = Step(
        short_name(FORMAT_WRITER),
        studio.task(FORMAT_WRITER, variables),
        form=Form((RULE, field), may_decline=True),
        build=build,
    )
    try:
        ruled = await studio.ask(chat, step)
    except DeclinedError:
        return None
    assert isinstance(ruled, Instruction)
    return ruled
