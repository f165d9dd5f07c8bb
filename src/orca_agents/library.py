"""Find skills, agents and tools by name, along a search path of folders.

A library folder has any of `skills/`, `agents/` and `tools/` in it. The first match wins:

1. the folders given as `library=` or `--library`
2. for a skill given as a file in a folder named skills/, the folder that this is in
3. $ORCA_LIBRARY (several folders, separated like $PATH)
4. installed packages with an `orca_agents` entry point
5. what ships with orca_agents

The working directory is not searched: tools are code, and code runs only from places you named.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Literal, NamedTuple

from orca_agents.config import FORMAT_WRITER, IDENTITY, MCP_TOOL, PROGRAMS, AgentConfig, SkillConfig, StageName
from orca_agents.errors import ConfigError, NotFoundError, Problem, did_you_mean
from orca_agents.records import GRADED_FORMS
from orca_agents.templates import left_out, sample_values, template_problems, trial_problems
from orca_agents.toolbox.spec import Tool, mcp_name, tool_of
from orca_agents.yaml_file import KeyPath, YamlFile

Kind = Literal["skill", "agent", "tool"]

NOT_FOR_AGENTS = ("moderator", "user", *PROGRAMS)
"""Names that chats and transcripts use for others than agents."""
NOT_FOR_GOALS = ("prove", "format", "respond", "verify", "passage")
"""Names that mean another place in the flow, e.g. `poem_generator/strengthen/respond`."""


class Names(NamedTuple):
    """What a skill file may name that is code of ours."""

    checks: frozenset[str]
    proofs: frozenset[str]
    probes: frozenset[str]


@dataclass(frozen=True)
class Skill:
    """A skill with every agent and tool it names, read and checked: all that a run needs of the library."""

    name: str
    path: Path
    config: SkillConfig
    agents: dict[str, AgentConfig]
    tools: dict[str, Tool] = field(default_factory=dict)
    """The tools that its agents name, but for those of MCP servers, which the run connects."""

    def digest(self) -> str:
        """A hash of the skill, its agents and its tools, as they were read: it changes when any of them does."""
        agents = (f"{name}\n{agent.model_dump_json()}" for name, agent in sorted(self.agents.items()))
        tools = (f"{name}\n{tool.digest}" for name, tool in sorted(self.tools.items()))
        return hashlib.sha256("\n".join([self.config.model_dump_json(), *agents, *tools]).encode()).hexdigest()


class Library:
    """The folders in which skills, agents and tools are looked for, in order."""

    def __init__(self, *folders: str | Path) -> None:
        """Search `folders` first, then the usual places (see the module's docstring)."""
        for folder in folders:
            if not Path(folder).is_dir():
                raise ConfigError(f"no such library folder: {folder}")
        from_environment = [Path(p) for p in os.environ.get("ORCA_LIBRARY", "").split(os.pathsep) if p]
        from_packages = [Path(str(files(point.value))) for point in entry_points(group="orca_agents")]
        places = [*map(Path, folders), *from_environment, *from_packages, builtin_folder()]
        self.folders: Sequence[Path] = list(dict.fromkeys(place.resolve() for place in places))

    @classmethod
    def for_skill(cls, skill: str, folders: Iterable[str | Path] = ()) -> Library:
        """The library for one skill; for a file in a folder named skills/, the folder that this is in comes too."""
        path = Path(skill).resolve()
        beside = [path.parents[1]] if _is_file(skill, ".yaml") and path.parent.name == "skills" else []
        return cls(*folders, *beside)

    def skill(self, name: str, known: Names | None = None, *, with_formats: bool = False) -> Skill:
        """Read a skill and all agents it refers to; every problem of all these files is raised at once.

        `with_formats` reads the agent too that adds rules for the form of a reply. `known` are the checks, proofs and
        probes that it may name; without them these are not looked at.
        """
        path = self._find("skill", name, ".yaml")
        file = YamlFile(path)
        config = file.read(SkillConfig)
        problems = _own_problems(file, config, known)
        agents: dict[str, AgentConfig] = {}
        tools: dict[str, Tool] = {}
        if with_formats:
            agents[FORMAT_WRITER] = self.agent(FORMAT_WRITER)
        for stage_name, stage in config.stages.items():
            for number, agent in enumerate(stage.agents):
                if agent in PROGRAMS and agent not in config.agents and stage_name == "transform":
                    continue
                key: KeyPath = (stage_name, "agents", number)
                try:
                    agents[agent], agent_file, prefix = self._agent(agent, config, file)
                except NotFoundError:
                    near = [*PROGRAMS, *config.agents, *self.names("agent")]
                    problems.append(file.problem(key, f"no agent named {agent!r}{did_you_mean(agent, near)}"))
                except ConfigError as error:
                    problems += error.problems
                else:
                    problems += _template_problems(agent_file, prefix, agents[agent], config, stage_name, number)
                    problems += self._add_tools(agent_file, prefix, agents[agent], tools)
        if problems:
            raise ConfigError(list(dict.fromkeys(problems)))
        return Skill(path.stem, path, config, agents, tools)

    def agent(self, name: str) -> AgentConfig:
        """Read the agent file agents/`name`.yaml."""
        return YamlFile(self._find("agent", name, ".yaml")).read(AgentConfig)

    def tool(self, name: str) -> Tool:
        """The tool that the function `name` of the file tools/`name`.py is. Reading it runs its file: it is code."""
        path = self._find("tool", name, ".py")
        place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]  # two folders may have a tool of one name
        spec = spec_from_file_location(f"orca_agents_tools_{place}.{path.stem}", path)
        if spec is None:
            raise ConfigError([Problem(path, 1, 1, name, "this file cannot be imported")])
        module = module_from_spec(spec)
        try:
            source = path.read_bytes()
            sys.modules[spec.name] = module  # dataclasses look for their module there
            # this very text, which cached bytecode need not be: the digest is a promise about what ran
            exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102
        except (Exception, SystemExit) as error:  # a user's code: whatever it raises belongs into the report
            raise ConfigError([Problem(path, 1, 1, name, f"{type(error).__name__}: {error}")]) from error
        function = getattr(module, path.stem, None)
        if not inspect.isfunction(function):
            raise ConfigError([Problem(path, 1, 1, name, f"the file must define a function named {path.stem!r}")])
        line = function.__code__.co_firstlineno
        if not inspect.getdoc(function):
            message = "the function needs a docstring: it is what the model reads"
            raise ConfigError([Problem(path, line, 1, name, message)])
        try:
            return tool_of(function, hashlib.sha256(source).hexdigest())
        except ValueError as error:
            raise ConfigError([Problem(path, line, 1, name, str(error))]) from None

    def names(self, kind: Kind) -> list[str]:
        """Every name of a kind on the search path."""
        return sorted(self.places(kind))

    def places(self, kind: Kind) -> dict[str, Path]:
        """Every name of a kind, with the file that counts for it."""
        suffix = ".py" if kind == "tool" else ".yaml"
        found: dict[str, Path] = {}
        for folder in self.folders:
            root = folder / f"{kind}s"
            for path in sorted(root.rglob(f"*{suffix}")):
                found.setdefault(path.relative_to(root).with_suffix("").as_posix(), path)
        return found

    def _agent(self, name: str, skill: SkillConfig, file: YamlFile) -> tuple[AgentConfig, YamlFile, KeyPath]:
        """An agent, the file it stands in, and where in that file."""
        if name in skill.agents:
            return skill.agents[name], file, ("agents", name)
        own = YamlFile(self._find("agent", name, ".yaml"))
        return own.read(AgentConfig), own, ()

    def _add_tools(self, file: YamlFile, prefix: KeyPath, agent: AgentConfig, tools: dict[str, Tool]) -> list[Problem]:
        """Read the tools that an agent names into `tools`; what is wrong with them."""
        problems: list[Problem] = []
        seen: set[str] = set()
        if agent.must_call and not agent.tools:
            problems.append(file.problem((*prefix, "must_call"), "there is no tool to call: name some under `tools`"))
        for number, name in enumerate(agent.tools):
            key: KeyPath = (*prefix, "tools", number)
            called = called_by_models(name)
            if called in seen:
                problems.append(file.problem(key, f"a second tool called {called!r}"))
            seen.add(called)
            if name in tools or MCP_TOOL.fullmatch(name):
                continue
            if name.startswith("mcp:"):
                problems.append(file.problem(key, f"{name!r} is no tool of an MCP server: write mcp:SERVER/TOOL"))
                continue
            try:
                tools[name] = self.tool(name)
            except NotFoundError:
                hint = did_you_mean(name, self.names("tool"))
                problems.append(file.problem(key, f"no tool named {name!r}{hint}"))
            except ConfigError as error:
                problems += error.problems
        return problems

    def _find(self, kind: Kind, name: str, suffix: str) -> Path:
        if _is_file(name, suffix):
            return Path(name)
        for folder in self.folders:
            path = folder / f"{kind}s" / f"{name}{suffix}"
            if path.is_file():
                return path
        raise NotFoundError(kind, name, self.names(kind), self.folders)


def builtin_folder() -> Path:
    """The library that ships with orca_agents: inside a wheel, or the root of a checkout."""
    packaged = Path(__file__).parent / "builtin"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def _is_file(name: str, suffix: str) -> bool:
    return name.endswith(suffix) and Path(name).is_file()


def _own_problems(file: YamlFile, skill: SkillConfig, known: Names | None) -> list[Problem]:
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
    if skill.verify.agree > skill.verify.solvers + 1:
        problems.append(file.problem(("verify", "agree"), f"there are only {skill.verify.solvers + 1} votes"))
    if skill.refine and skill.refine.suggestions > skill.refine.propose:
        message = f"only {skill.refine.propose} suggestions are made (`propose`)"
        problems.append(file.problem(("refine", "suggestions"), message))
    return problems


def _template_problems(
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


def called_by_models(tool: str) -> str:
    """What models are told a tool is called."""
    of_server = MCP_TOOL.fullmatch(tool)
    return mcp_name(of_server["server"], of_server["tool"]) if of_server else short_name(tool)


def short_name(agent: str) -> str:
    """An agent's name without its folders: how transcripts and leaves call it."""
    return agent.rsplit("/", 1)[-1]
