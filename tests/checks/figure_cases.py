"""Tables, texts about them, and what a check says of these."""

from __future__ import annotations

from orca_agents.checks import CHECKS
from orca_agents.checks.api import Case
from orca_agents.config import Leaf
from orca_agents.records import Answer, Content, Draft, Instruction, Seed

RAIN = (
    "Title: Annual rain (mm)\nstation,2019,2020,2021\nOslo,800,763,820\nBergen,2250,2300,2180\nTrom,1031,990,\n"
    "Kara,366,401,395\n"
)


def draft_of(text: str, data: str = RAIN, request: str = "Summarise the rain at the stations.", **leaf: object) -> Case:
    seed = Seed(text=data, kind="table", language="en")
    content = Content(id="c", seed_id=seed.id, text=data, transformer="identity")
    made = Leaf(name="report", description="A report.", answer="text", settings=dict(leaf))
    hidden: dict[str, tuple[str, ...]] = {"rubric": ("It says something.", "It says more.")}
    item = Instruction(
        id="i", seed_id=seed.id, content=content, leaf="report", form="text", question=request, hidden=hidden
    )
    draft = Draft(instruction=item, answer=Answer(value=(text,), reasoning="The cells are read off."))
    return Case(seed, content, "en", leaf=made, instruction=item, draft=draft)


def why_not(check: str, case: Case) -> str | None:
    found = CHECKS[check].why_not(case)
    assert found is None or isinstance(found, str)
    return found
