"""Render prompts. Only what stands in YAML files is a template; seed text is data and never one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from orca_agents.config import Goal, Leaf, SkillConfig, StageName
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.records import Seed

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

_PASSAGE = "The mill stood by the river, and it ground the corn of two villages.\n\nIn 1953 a flood took it away."


def render(template: str, variables: dict[str, Any]) -> str:
    """Fill in `template`; a variable that is not there is an error, never an empty string."""
    if "{" not in template:
        return template.strip()  # most system messages: nothing is to be filled in
    try:
        return _compiled(template).render(variables).strip()
    except Exception as error:  # a template computes: it can raise whatever Python's operators and methods do
        known = ", ".join(sorted(name for name in variables if not name.startswith("_")))
        raise ConfigError(f"a template cannot be filled in: {_why(error)}; variables: {known}") from error


def template_problems(template: str, variables: Iterable[str]) -> list[str]:
    """What is wrong with a template, found without rendering it."""
    known = tuple(variables)
    try:
        used = find_undeclared_variables(_ENVIRONMENT.parse(template))
    except TemplateSyntaxError as error:
        return [f"line {error.lineno} of the template: {error.message}"]
    except Exception as error:  # noqa: BLE001  # Jinja's parser lets Python's own through: 5000 digits, deep nesting
        return [f"the template cannot be read: {_why(error)}"]
    return [
        f"unknown variable {name!r}{did_you_mean(name, known)}; known here: {', '.join(known)}"
        for name in sorted(used - set(known))
    ]


def left_out(template: str, variables: Iterable[str]) -> list[str]:
    """Which of these variables a sound template never uses."""
    used = find_undeclared_variables(_ENVIRONMENT.parse(template))
    return [name for name in variables if name not in used]


def trial_problems(template: str, samples: Mapping[str, Sequence[Any]]) -> list[str]:
    """What goes wrong when a template is filled in with each of the sample values of the variables that it uses."""
    used = sorted(find_undeclared_variables(_ENVIRONMENT.parse(template)) & set(samples))
    for values in product(*(samples[name] for name in used)):
        try:
            render(template, dict(zip(used, values, strict=True)))
        except ConfigError as error:
            named = [f"{type(v).__name__.lower()} {v.name!r}" for v in values if isinstance(v, Leaf | Goal)]
            return [f"{error}" + (f" (tried with {', '.join(named)})" if named else "")]
    return []


def sample_values(skill: SkillConfig, stage: StageName, number: int, part: str) -> dict[str, tuple[Any, ...]]:
    """Values to try a template with: `part` (system_message or task) of the `number`th agent of a stage.

    Leaves and goals are the skill's own; all others have the types and the gaps that they have in a run.
    """
    samples: dict[str, tuple[Any, ...]] = {
        "seed": (_seed(), _seed(title="The mill", licence="CC0-1.0", language="en", end=len(_PASSAGE))),
        "language": ("English",),
        "passage": (_PASSAGE,),
        "transformer": ("poem generator",),
        "leaf": _leaves(skill, stage, number),
        "question": ("What took the mill away?",),
        "key": ("a flood",),
        "goal": skill.refine.goals if skill.refine else (),
        "suggestions": (skill.refine.propose if skill.refine else 0,),
        "number": (0,),
        "suggestion": ("",),
        "rubric": ((),),
        "response": ("",),
        "brief": ("",),
    }
    if stage == "refine" and number == 1 and part == "task":  # only what is put to the editor has a suggestion
        samples |= {"number": (1,), "suggestion": ("Say that the river only rose.",)}
    if stage == "respond" and (number > 0 or skill.respond.roles):  # a part of a dialogue is told what is for it
        samples |= {name: (*samples[name], "") for name in ("passage", "question")} | {
            "brief": ("", "You want a mill.")
        }
    if stage == "verify" and number == 0:  # a solver is also asked without the passage
        samples |= {"passage": (_PASSAGE, "")}
    if stage == "verify" and number > 0:
        samples |= {"rubric": (("names the flood", "names the year"),), "response": ("The flood of 1953 took it.",)}
    return {name: samples[name] for name in skill.stages[stage].variables}


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"


class _AnyNote(dict[str, Any]):
    """The metadata of a seed, which hold what its file's rows do: any key."""

    def __missing__(self, key: str) -> str:
        return "a note"


def _seed(**known: Any) -> Seed:
    return Seed(text=_PASSAGE, **known).model_copy(update={"metadata": _AnyNote()})


def _leaves(skill: SkillConfig, stage: StageName, number: int) -> tuple[Leaf, ...]:
    """The leaves that an agent meets: a writer its own, the others all."""
    stage_config = skill.stages[stage]
    if stage != "instruct":
        return skill.instruct.taxonomy
    agent = stage_config.agents[number]
    return tuple(leaf for leaf in skill.instruct.taxonomy if (leaf.agent or stage_config.agents[0]) == agent)


@lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)
