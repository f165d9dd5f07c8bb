"""Have the plan of a request found once more, by somebody who does not know its author's."""

from __future__ import annotations

from orca_agents.checks.api import Case, Probe, Proof
from orca_agents.checks.calls.form import CallsFormat
from orca_agents.checks.calls.notation import read_plan
from orca_agents.config import Leaf
from orca_agents.dialogues.calls.item import item_of
from orca_agents.dialogues.calls.library import write_functions
from orca_agents.harvest import Field, Product
from orca_agents.records import Instruction

_FORM = CallsFormat()


class PlanProof(Proof):
    """Another reader's plan: where it agrees with the author's, the request really says what it should."""

    name = "call_plan"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        return _FORM.answer_fields(instruction)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {"plan": read_plan(product["answer"], field="answer", gaps=True)}


def why_other_plan(case: Case) -> str | None:
    """Check `plan_found_again`."""
    assert case.instruction is not None, "this check needs an instruction"
    found = case.instruction.proof.get("plan", ())
    if _FORM.same(case.instruction.key, found, case.instruction):
        return None
    return (
        "this is not the plan that the request's author has in mind: read the request once more, value by value, and "
        "look which functions it takes, whether the list has them, and which required values it does not say"
    )


def _with_shown_functions(instruction: Instruction) -> Instruction | None:
    """The item with the list as the assistant sees it."""
    item = item_of(instruction)
    if not item.absent:
        return None
    content = instruction.content.model_copy(update={"text": write_functions(item.shown)})
    return instruction.model_copy(update={"content": content})


NOTHING_COVERS_IT = Probe(
    "nothing_covers_it",
    "a reader of the shortened list finds no way to carry the request out",
    _with_shown_functions,
    "right",
    "reject",
    "an independent reader found a way to carry the request out without the functions that were taken out; take out "
    "those that could serve as well, or ask for something that only they do",
)
