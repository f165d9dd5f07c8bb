"""Items about code, as they come about, and what a check says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orca_agents.checks import run_checks
from orca_agents.checks.api import Case, Ran
from orca_agents.checks.code import CHECKS, PROOFS
from orca_agents.checks.forms import FORMS
from orca_agents.config import Leaf
from orca_agents.fences import fenced
from orca_agents.harvest import Form
from orca_agents.records import Answer, AnswerForm, Content, Draft, Instruction, Seed
from orca_agents.sandbox.api import PYTHON, Limits, Program, Sandbox
from orca_agents.sandbox.code_tests import TestReport, run_code_tests

Data = dict[str, Any]


class DirectLab:
    """A lab that runs everything, and records nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.runs = 0

    async def run_tests(self, solution: str, tests: str) -> TestReport:
        self.runs += 1
        return await run_code_tests(self.sandbox, solution, tests)

    async def run_python(
        self, code: str, *, files: Mapping[str, str] | None = None, stdin: str = "", limits: Limits | None = None
    ) -> Ran:
        self.runs += 1
        inside = {name: text.encode() for name, text in (files or {}).items()}
        outcome = await self.sandbox.run(Program((PYTHON, "-c", code), inside, stdin.encode(), limits or Limits()))
        return Ran(outcome.exit_code, outcome.stdout, outcome.stderr, outcome.stopped)


def leaf(form: AnswerForm, **others: Any) -> Leaf:
    return Leaf(name="leaf", description="asks", answer=form, **others)


def item(form: AnswerForm, data: Data, question: str = "Write it, please.", **others: Any) -> Instruction:
    """An item as it comes about: a reply in JSON, read by the form's own fields."""
    own = leaf(form, **others)
    product = Form(FORMS[form].item_fields(own)).read(json.dumps(data), structured=True)
    parts = FORMS[form].read_item(product, own)
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text="material", transformer="identity"),
        leaf="leaf",
        form=form,
        question=question,
        parts=parts.parts,
        key=parts.key,
        hidden=parts.hidden,
    )


def proved(instruction: Instruction, name: str, data: Data, **others: Any) -> Instruction:
    proof = next(proof for proof in PROOFS if proof.name == name)
    form = Form(tuple(proof.fields(instruction, leaf(instruction.form, **others))))
    return instruction.model_copy(
        update={"proof": proof.read(form.read(json.dumps(data), structured=True), instruction)}
    )


def answered(instruction: Instruction, code: str, notes: str = "") -> Answer:
    form = FORMS[instruction.form]
    data = {"answer": code, "notes": notes}
    product = Form(form.answer_fields(instruction)).read(json.dumps(data), structured=True)
    return Answer(value=form.read_answer(product, instruction), reasoning="Sort once, then go through it.")


async def why_not(
    name: str, instruction: Instruction, lab: DirectLab | None = None, code: str = "", **said: Any
) -> str:
    """What a check says of an item, or of an answer to it; empty where it passes."""
    check = next(check for check in CHECKS if check.name == name)
    draft = (
        Draft(instruction=instruction, answer=said.pop("answer", None) or answered(instruction, code)) if code else None
    )
    case = Case(
        Seed(text="seed"),
        instruction.content,
        "en",
        leaf=said.pop("leaf", None) or leaf(instruction.form),
        instruction=instruction,
        draft=draft,
        lab=lab,
        **said,
    )
    (result,) = await run_checks([name], check.at, case)
    return result.reason


async def is_right(instruction: Instruction, code: str, lab: DirectLab) -> bool:
    return await FORMS[instruction.form].is_right(answered(instruction, code), instruction, lab)


CODE = "def total(rows):\n    sum = 0\n    for row in rows:\n        sum += row.price\n    return sum\n"
GAPS = """def gaps(taken: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]: ..."""
GAPS_RIGHT = """\
def gaps(taken, start, end):
    free, at = [], start
    for a, b in sorted(taken):
        if a > at:
            free.append((at, min(a, end)))
        at = max(at, b)
        if at >= end:
            break
    if at < end:
        free.append((at, end))
    return free
"""
GAPS_WRONG = GAPS_RIGHT.replace("at = max(at, b)", "at = b")
GAPS_TESTS = """\
from solution import gaps

def test_nothing_taken_leaves_all():
    assert gaps([], 0, 10) == [(0, 10)]

def test_between_two():
    assert gaps([(6, 8), (1, 3)], 0, 10) == [(0, 1), (3, 6), (8, 10)]

def test_touching_ones_leave_nothing_between():
    assert gaps([(0, 4), (4, 10)], 0, 10) == []

def test_one_inside_another():
    assert gaps([(0, 8), (2, 3)], 0, 10) == [(8, 10)]
"""
GAPS_TASK = """\
Write `gaps(taken, start, end)` for our booking page. It returns the free intervals between `start` and `end`, in \
order, given the taken ones in any order; these may overlap.

```python
>>> gaps([(6, 8), (1, 3)], 0, 10)
[(0, 1), (3, 6), (8, 10)]
```
"""


def gaps_item(**others: Any) -> Instruction:
    made = item("code", {"interface": GAPS, "rules": others.pop("rules", [])}, GAPS_TASK)
    return proved(made, "tests", {"tests": others.pop("tests", GAPS_TESTS)})


RUBRIC = {"rubric": ["It says that `prices` has no key 'b'.", "It proposes `.get` or a check."], "constraints": []}
SHOWN_CODE = f"Review this, please.\n\n{fenced(CODE, 'python')}"
