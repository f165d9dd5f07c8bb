"""What can be wrong with a skill file that its schema alone cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from orca_agents.config import (
    IDENTITY,
    PROGRAMS,
    AgentConfig,
    Instruct,
    Prove,
    Refine,
    Respond,
    SkillConfig,
    StageName,
    Transform,
    Verify,
    short_name,
)
from orca_agents.errors import Problem, did_you_mean
from orca_agents.records import GRADED_FORMS
from orca_agents.templates import left_out, sample_values, template_problems, trial_problems
from orca_agents.yaml_file import KeyPath, YamlFile

NOT_FOR_AGENTS = ("moderator", "user", *PROGRAMS)
"""Names that chats and transcripts use for others than agents."""
NOT_FOR_GOALS = ("prove", "format", "respond", "verify", "passage")
"""Names that mean another place in the flow, e.g. `poem_generator/strengthen/respond`."""


class Names(NamedTuple):
    """What a skill file may name that is code of ours."""

    checks: frozenset[str]
    proofs: frozenset[str]
    probes: frozenset[str]


def own_problems(file: YamlFile, skill: SkillConfig, known: Names | None) -> list[Problem]:
    """What a skill file says that pydantic cannot see to be wrong."""
    problems = [
        *_agent_name_problems(file, skill),
        *_leaf_problems(file, skill),
        *_goal_problems(file, skill),
        *_number_problems(file, skill),
        *_part_problems(file, skill),
    ]
    lists: list[tuple[KeyPath, Sequence[str]]] = [
        ((name, "checks"), getattr(stage, "checks", ())) for name, stage in skill.stages.items()
    ]
    lists += [(("instruct", "taxonomy", n, "checks"), leaf.checks) for n, leaf in enumerate(skill.instruct.taxonomy)]
    if known is not None:
        for key, names in lists:
            problems += _unknown(file, key, "check", names, known.checks)
        problems += _unknown(file, ("verify", "probes"), "probe", skill.verify.probes, known.probes)
        for number, leaf in enumerate(skill.instruct.taxonomy):
            if leaf.proof is not None and leaf.proof not in known.proofs:
                hint = did_you_mean(leaf.proof, known.proofs)
                key = ("instruct", "taxonomy", number, "proof")
                problems.append(file.problem(key, f"no proof named {leaf.proof!r}{hint}"))
    samples = {k: v for k, v in sample_values(skill, "respond", 0, "task").items() if k in ("passage", "question")}
    for language, frames in skill.respond.frames.items():
        for index, frame in enumerate(frames):
            found = template_problems(frame, samples) or trial_problems(frame, samples)
            found = found or [
                f"the student never sees the {name}: put {{{{ {name} }}}} into every frame"
                for name in left_out(frame, ("question",) if skill.respond.hides_passage else ("passage", "question"))
            ]
            problems += [file.problem(("respond", "frames", language, index), message) for message in found]
    problems += [
        file.problem(("respond", name), "needs an entry `any`, for languages without one of their own")
        for name in ("frames", "labels", "unanswerable", "direct_note")
        if "any" not in getattr(skill.respond, name)
    ]
    graded = [leaf for leaf in skill.instruct.taxonomy if leaf.answer in GRADED_FORMS]
    if graded and len(skill.verify.agents) < 2:
        kind = "essays" if graded[0].answer == "essay" else f"answers of the form `{graded[0].answer}`"
        message = f"{kind} ({graded[0].name}) need a second agent: their grader"
        problems.append(file.problem(("verify", "agents"), message))
    return problems


def agent_template_problems(
    file: YamlFile, prefix: KeyPath, agent: AgentConfig, skill: SkillConfig, stage: StageName, number: int
) -> list[Problem]:
    """What is wrong with the templates of an agent, the `number`th of its stage."""
    problems = []
    for part in ("system_message", "task"):
        template = getattr(agent, part)
        if not template.strip():
            problems.append(file.problem((*prefix, part), "must not be empty"))
        samples = sample_values(skill, stage, number, part)
        known = skill.stages[stage].variables
        if agent.examples and part == "task":
            known, samples = (*known, "example"), {**samples, "example": agent.examples}
        messages = template_problems(template, known) or trial_problems(template, samples)
        problems += [file.problem((*prefix, part), message) for message in messages]
    return problems


def agent_problems(file: YamlFile, agent: AgentConfig) -> list[Problem]:
    """What is wrong with the templates of an agent that is looked at without a skill: it may be for any stage."""
    stages = (Transform, Instruct, Refine, Prove, Respond, Verify)
    known = {name for stage in stages for name in stage.variables} | ({"example"} if agent.examples else set())
    return [
        file.problem((part,), message)
        for part, template in (("system_message", agent.system_message), ("task", agent.task))
        for message in (template_problems(template, sorted(known)) if template.strip() else ["must not be empty"])
    ]


def _part_problems(file: YamlFile, skill: SkillConfig) -> list[Problem]:
    """Proofs that nobody writes, and parts of a dialogue that are given to strangers."""
    problems = []
    for part, agent in skill.respond.roles.items():
        if agent not in skill.respond.agents:
            hint = did_you_mean(agent, skill.respond.agents)
            problems.append(file.problem(("respond", "roles", part), f"no agent of this stage named {agent!r}{hint}"))
    if skill.transform is not None:
        transformers = [short_name(agent) for agent in skill.transform.agents]
        for name in skill.transform.kinds:
            if name not in transformers:
                message = f"no transformer of this skill named {name!r}{did_you_mean(name, transformers)}"
                problems.append(file.problem(("transform", "kinds", name), message))
    for proof, agent in (skill.prove.by if skill.prove else {}).items():
        assert skill.prove is not None
        if agent not in skill.prove.agents:
            hint = did_you_mean(agent, skill.prove.agents)
            problems.append(file.problem(("prove", "by", proof), f"no agent of this stage named {agent!r}{hint}"))
    for number, leaf in enumerate(skill.instruct.taxonomy):
        if leaf.agree is not None and leaf.agree > skill.verify.solvers + 1:
            message = f"there are only {skill.verify.solvers + 1} votes"
            problems.append(file.problem(("instruct", "taxonomy", number, "agree"), message))
        if leaf.proof is not None and skill.prove is None:
            message = "there is no stage `prove`, whose agent would write it"
            problems.append(file.problem(("instruct", "taxonomy", number, "proof"), message))
    return problems


def _unknown(file: YamlFile, key: KeyPath, kind: str, names: Sequence[str], known: Iterable[str]) -> list[Problem]:
    """A problem for each of a list of names that is not known."""
    return [
        file.problem((*key, index), f"no {kind} named {name!r}{did_you_mean(name, known)}")
        for index, name in enumerate(names)
        if name not in known
    ]


def _agent_name_problems(file: YamlFile, skill: SkillConfig) -> list[Problem]:
    """Agents that a chat could not tell apart, or would take for somebody else."""
    problems = []
    for stage_name, stage in skill.stages.items():
        seen: dict[str, str] = {}
        for number, agent in enumerate(stage.agents):
            name = short_name(agent)
            is_program = stage_name == "transform" and agent in PROGRAMS and agent not in skill.agents
            message = ""
            if name in seen:
                message = f"{seen[name]!r} and {agent!r} are both called {name!r} in a chat; rename one of them"
            elif not name.isidentifier():
                message = f"an agent cannot be called {name!r}; use letters, digits and _, and no digit first"
            elif name in NOT_FOR_AGENTS and not is_program:
                message = f"an agent cannot be called {name!r}: that name means somebody else; rename it"
            if message:
                problems.append(file.problem((stage_name, "agents", number), message))
            seen.setdefault(name, agent)
    return problems


def _leaf_problems(file: YamlFile, skill: SkillConfig) -> list[Problem]:
    """Leaves that stand twice, refer to what is not there, or cannot be refined as they ask to be."""
    problems: list[Problem] = []
    transformers = [short_name(agent) for agent in skill.transform.agents] if skill.transform else [IDENTITY]
    goals = {goal.name: goal for goal in skill.refine.goals} if skill.refine else {}
    seen: set[str] = set()
    for number, leaf in enumerate(skill.instruct.taxonomy):
        key: KeyPath = ("instruct", "taxonomy", number)
        if leaf.name in seen:
            problems.append(file.problem((*key, "name"), f"a second leaf named {leaf.name!r}"))
        seen.add(leaf.name)
        if leaf.agent and leaf.agent not in skill.instruct.agents:
            hint = did_you_mean(leaf.agent, skill.instruct.agents)
            problems.append(file.problem((*key, "agent"), f"no agent of this stage named {leaf.agent!r}{hint}"))
        problems += _unknown(file, (*key, "passages"), "transformer of this skill", leaf.passages, transformers)
        problems += _unknown(file, (*key, "goals"), "goal of this skill", leaf.goals or (), goals)
        wanted = list(goals) if leaf.goals is None else leaf.goals
        unfit = [name for name in wanted if name in goals and goals[name].edits == "passage"]
        if leaf.answer == "essay" and unfit:
            fit = ", ".join(name for name, goal in goals.items() if goal.edits == "question")
            message = (
                f"an essay has no single answer that an edited passage ({', '.join(unfit)}) could change; "
                f"write `goals: [{fit}]`"
            )
            problems.append(file.problem((*key, "goals"), message))
    return problems


def _goal_problems(file: YamlFile, skill: SkillConfig) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for number, goal in enumerate(skill.refine.goals if skill.refine else ()):
        key: KeyPath = ("refine", "goals", number, "name")
        if goal.name in seen:
            problems.append(file.problem(key, f"a second goal named {goal.name!r}"))
        if goal.name in NOT_FOR_GOALS:
            message = f"a goal cannot be called {goal.name!r}: that name means another place in the flow; rename it"
            problems.append(file.problem(key, message))
        seen.add(goal.name)
    return problems


def _number_problems(file: YamlFile, skill: SkillConfig) -> list[Problem]:
    """Numbers that do not go together."""
    problems = []
    fewest, most = skill.words
    if fewest > most:
        problems.append(file.problem(("words",), f"no seed has at least {fewest} and at most {most} words"))
    for name, stage in (("transform", skill.transform), ("instruct", skill.instruct)):
        shortest, longest = stage.chars if stage is not None else (0, 0)
        if shortest > longest:
            message = f"no text has at least {shortest} and at most {longest} characters"
            problems.append(file.problem((name, "chars"), message))
    if skill.verify.agree > skill.verify.solvers + 1:
        problems.append(file.problem(("verify", "agree"), f"there are only {skill.verify.solvers + 1} votes"))
    if skill.refine and skill.refine.suggestions > skill.refine.propose:
        message = f"only {skill.refine.propose} suggestions are made (`propose`)"
        problems.append(file.problem(("refine", "suggestions"), message))
    return problems
