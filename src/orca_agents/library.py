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
from typing import Literal

from orca_agents.config import FORMAT_WRITER, MCP_TOOL, PROGRAMS, AgentConfig, SkillConfig, short_name
from orca_agents.errors import ConfigError, NotFoundError, Problem, did_you_mean
from orca_agents.skill_problems import Names, agent_problems, agent_template_problems, own_problems
from orca_agents.toolbox.spec import Tool, mcp_name, tool_of
from orca_agents.yaml_file import KeyPath, YamlFile

Kind = Literal["skill", "agent", "tool"]
CASES = ".cases.yaml"
"""How the name of a file ends that holds the cases of the skill beside it."""


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
        problems = own_problems(file, config, known)
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
                    problems += agent_template_problems(agent_file, prefix, agents[agent], config, stage_name, number)
                    problems += self._add_tools(agent_file, prefix, agents[agent], tools)
        if problems:
            raise ConfigError(list(dict.fromkeys(problems)))
        return Skill(path.stem, path, config, agents, tools)

    def agent(self, name: str) -> AgentConfig:
        """Read the agent file agents/`name`.yaml."""
        return YamlFile(self._find("agent", name, ".yaml")).read(AgentConfig)

    def check_agent(self, name: str) -> None:
        """Raise `ConfigError` for all that is wrong with an agent, whatever the stage that it is for."""
        file = YamlFile(self._find("agent", name, ".yaml"))
        agent = file.read(AgentConfig)
        problems = agent_problems(file, agent) + self._add_tools(file, (), agent, {})
        if problems:
            raise ConfigError(problems)

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
                if not is_set_aside(path.relative_to(root)) and not path.name.endswith(CASES):
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
        if Path(name).is_file():
            raise ConfigError(f"{name} is no {kind}: the file of a {kind} ends in {suffix}")
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


def is_set_aside(path: Path) -> bool:
    """Whether a file in a folder is there for another reason, by its place in it: it makes the folder a package, or an
    editor, a notebook or git keeps it in a hidden place."""
    return path.name == "__init__.py" or any(part.startswith(".") for part in path.parts)


def called_by_models(tool: str) -> str:
    """What models are told a tool is called."""
    of_server = MCP_TOOL.fullmatch(tool)
    return mcp_name(of_server["server"], of_server["tool"]) if of_server else short_name(tool)
