"""Hold an answer to the constraints of its item, and to those of its leaf."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.constraints import read_constraints
from orca_agents.constraints import why_broken as why_constraints_broken


def why_broken(case: Case) -> str | None:
    """Check `constraints_hold`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    text = "\n".join(case.draft.answer.value)
    constraints = read_constraints((*item.hidden.get("constraints", ()), *item.hidden.get("demands", ())))
    reason = why_constraints_broken(constraints, text, item.content.text)
    return None if reason is None else f"the answer: {reason}"
