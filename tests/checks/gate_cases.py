"""Cases for the tests of the gates: one passage in English, one in Chinese, one in Spanish, and items about them."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any

from orca_agents.checks import CHECKS
from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quotes
from orca_agents.config import Goal, Leaf
from orca_agents.library import Library
from orca_agents.records import Answer, AnswerForm, Content, Draft, Instruction, Seed

MILL = (
    "The mill on the Orrin was built in 1790 to grind oats. For ninety years it fed three villages, and the miller "
    "kept every sixteenth sack as his pay. When the railway came in 1881, cheap flour arrived from the port, and "
    "within four years the wheel stood still.\n\n"
    "In 1962 a schoolteacher, Isla Munro, bought the ruin for 400 pounds. She repaired the roof herself and found a "
    "new use for the water: a small turbine that lit the school. Visitors came to see it. Today 9,000 people visit "
    "every year, and their tickets pay for the upkeep. \u201cA building lives as long as somebody needs it,\u201d "
    "she used to say. Some villagers complain that the visitors need it more than they do."
)
TEA = (
    "茶馆在河边已经开了六十年。每天清早，船夫先来喝一壶热茶，然后才去摆渡。老板姓周，记得每个客人的习惯："
    "有人要浓茶，有人只要白水。去年大桥通车以后，摆渡的人少了，茶馆也冷清下来。周老板没有关门，他在窗边摆了书架，"
    "请孩子们放学后来看书。如今下午的茶馆比从前还热闹。"
)
SALT = (
    "Las salinas de Arena dieron trabajo a cuarenta familias hasta 1970. El sol y el viento secaban el agua del mar en "
    "estanques bajos, y en agosto se recogía la sal con palas de madera. Cuando llegó la sal barata de las minas, los "
    "estanques quedaron abandonados. Hoy los flamencos anidan en ellos y el pueblo vive de quienes vienen a verlos."
)


def case(
    question: str = "Who bought the ruined mill in 1962?",
    key: tuple[str, ...] = ("Isla Munro",),
    *,
    form: AnswerForm = "span",
    passage: str = MILL,
    language: str | None = "en",
    parts: Mapping[str, tuple[str, ...]] | None = None,
    calculation: str | None = None,
    answerable: bool = True,
    cues: tuple[str, ...] = (),
    value: tuple[str, ...] | None = None,
    says_answerable: bool | None = None,
    reasoning: str = "The second paragraph says that a schoolteacher bought the ruin, and it names her as Isla Munro.",
    evidence: tuple[str, ...] = ("In 1962 a schoolteacher, Isla Munro, bought the ruin for 400 pounds.",),
    prompts: tuple[str, ...] = (),
    goal: Goal | None = None,
    parent: Instruction | None = None,
    transformer: str = "identity",
    seed: str | None = None,
    seed_language: str | None = None,
) -> Case:
    """An item with its draft; everything that is not given is good."""
    source = Seed(text=seed if seed is not None else passage, language=seed_language or language)
    content = Content(id="c", seed_id=source.id, text=passage, transformer=transformer, language=language)
    item = Instruction(
        id="i",
        seed_id=source.id,
        content=content,
        leaf="literal_comprehension",
        form=form,
        question=question,
        parts=dict(parts or {}),
        key=key,
        calculation=calculation,
        answerable=answerable,
    )
    answer = Answer(
        value=key if value is None else value,
        answerable=answerable if says_answerable is None else says_answerable,
        reasoning=reasoning,
        evidence=evidence,
    )
    draft = Draft(instruction=item, answer=answer, evidence=find_quotes(passage, evidence))
    leaf = Leaf(name="literal_comprehension", description="asks for stated facts.", answer=form, cues=cues)
    return Case(source, content, language, leaf, goal, item, parent, draft, prompts)


_SKILL = Library().skill("reading_comprehension").config
READING = {
    name: CHECKS[name]
    for names in (_SKILL.transform.checks if _SKILL.transform else (), _SKILL.instruct.checks, _SKILL.respond.checks)
    for name in names
}
"""The gates of reading comprehension."""


def passage_case(text: str, seed: str = MILL, language: str = "en", **others: Any) -> Case:
    """A rewritten passage and the seed it was made of."""
    return case(passage=text, seed=seed, language=language, transformer="argument_passage_generator", **others)


def reason(check: str, case: Case) -> str | None:
    """What a check says against a case."""
    found = CHECKS[check].why_not(case)
    assert not isawaitable(found)
    return found


CHOICE = (
    "Tourists from the port bought the mill",
    "Cheap flour that the railway brought made the mill useless",
    "The miller kept too many sacks for himself",
    "The turbine took the water away from the wheel",
)
ESSAY = (
    "The passage makes a quiet but convincing case that usefulness keeps a building alive. It first shows the reverse: "
    "once cheap flour arrived, the wheel stood still, because nobody needed it. Munro's turbine gave the water a new "
    "purpose, and the tickets of 9,000 visitors now pay for the upkeep. Her remark that \u201ca building lives as long "
    "as somebody needs it\u201d sums this up. The last sentence weakens the case, however, since it asks whose need "
    "counts. On the whole the argument holds for the building, but less well for the village around it."
)
