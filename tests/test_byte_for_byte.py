"""Code, Markdown, tables, braces and Unicode go through every skill as they are."""

import json
import random
from collections.abc import Iterator

import pytest

from orca_agents.checks import NAMES
from orca_agents.config import PROGRAMS
from orca_agents.harvest import Field, Form
from orca_agents.library import Library, Skill
from orca_agents.records import Seed
from orca_agents.stages.studio import Studio
from orca_agents.store import Store
from orca_agents.templates import render
from orca_agents.toolbox.services import Toolbox

PIECES = (
    'def f(x: dict[str, int]) -> str:\n\treturn f"{x!r:>{10}}"  # a_b *c* __d__\n',
    "{{ passage }} {% for x in y %}{# no comment #}{% endfor %} {{{ }}} ${HOME} %(name)s {0}",
    "| a | b |\n|---|:-:|\n| `x|y` | **1 000,5** |\r\n",
    "# Title\n\n* one\n    * two\n\n```py\nprint('''x''')\n```\n~~~",
    "a\u0301 \u00e9 \U0001f600\u200d\U0001f525 \u202eabc\u202c \u05d0\u05d1 \u4e2d\u6587 \ufb01 \u00a0\u2009\u2028x",
    '{"a": [1, null, "\\u00e9\\n"], "b": {"c": "<tag>&amp;</tag>"}}',
    "<script>if (a < b && c > d) {}</script> <<< >>> <passage>x</passage>",
    "C:\\new\\table \\frac{a}{b} $x_i^2$ \\\\ \\' \\\" \x7f",
    "trailing   \n\n\n  leading; a\tb\u000bc",
)


def texts() -> Iterator[str]:
    """Each piece alone, and mixtures of them, without white space at the ends: prompts are trimmed as a whole."""
    yield from (piece.strip() for piece in PIECES)
    draw = random.Random(5)
    for _ in range(12):
        yield "\n".join(draw.choice(PIECES) for _ in range(draw.randint(2, 5))).strip()


TEXTS = tuple(texts())


@pytest.fixture(params=Library().names("skill"))
def skill(request: pytest.FixtureRequest) -> Skill:
    return Library().skill(request.param, NAMES)


def test_every_prompt_holds_the_text_as_it_is(skill: Skill) -> None:
    studio = Studio(skill=skill, roles={}, record=Store.in_memory(), heard=lambda _: None, toolbox=Toolbox({}))
    leaf = skill.config.instruct.taxonomy[0]
    goal = skill.config.refine.goals[0] if skill.config.refine else None
    for text in TEXTS:
        seed = Seed(text=text, language="en")
        same = dict.fromkeys(("passage", "question", "response", "key", "suggestion", "brief"), text)
        others = {"leaf": leaf, "goal": goal, "number": 1, "suggestions": 3, "rubric": (text,), "transformer": "x"}
        variables = studio.variables(seed, seed=seed, **same, **others)
        for stage in skill.config.stages.values():
            for name in stage.agents:
                if name in PROGRAMS:
                    continue
                task = skill.agents[name].task
                prompt = studio.task(name, variables)
                for variable in ("{{ seed.text }}", *(f"{{{{ {own} }}}}" for own in same)):
                    if variable in task:
                        assert text in prompt, (name, variable)


def test_every_frame_holds_question_and_passage_as_they_are(skill: Skill) -> None:
    for frames in skill.config.respond.frames.values():
        for frame in frames:
            for text in TEXTS:
                shown = render(frame, {"passage": text, "question": f"Q {text} Q"})
                assert f"Q {text} Q" in shown
                assert skill.config.respond.hides_passage or shown.count(text) == 2


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_handed_in_by_schema_comes_out_as_it_is(text: str) -> None:
    form = Form((Field("passage", "a text", max_chars=9999), Field("lines", "texts", many=True, max_chars=9999)))
    reply = json.dumps({"passage": text, "lines": [text, "x"]})
    assert form.read(reply, structured=True) == {"passage": (text,), "lines": (text, "x")}


@pytest.mark.parametrize("text", [text for text in TEXTS if "<passage>" not in text])
def test_what_is_handed_in_as_tagged_blocks_comes_out_as_it_is(text: str) -> None:
    form = Form((Field("passage", "a text", max_chars=9999),))
    assert form.read(f"<passage>\n{text}\n</passage>", structured=False) == {"passage": (text,)}
