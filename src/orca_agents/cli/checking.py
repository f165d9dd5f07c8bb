"""Check files of a library, and print what each kind of them may say."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from orca_agents.checks import NAMES
from orca_agents.config import AgentConfig, Config, SkillConfig
from orca_agents.errors import ConfigError, OrcaError, did_you_mean
from orca_agents.library import CASES, Library, is_set_aside
from orca_agents.report.wording import counted
from orca_agents.run_config import RunConfig
from orca_agents.yaml_file import YamlFile

KINDS = ("skill", "agent", "run", "cases")
"""Kinds of file."""


def print_schema(kind: str) -> None:
    """The JSON schema of skill, agent or run files."""
    if kind not in KINDS:
        raise ConfigError(f"no schema for {kind!r}{did_you_mean(kind, KINDS)}; there are: {', '.join(KINDS)}")
    print(json.dumps(_model_of(kind).model_json_schema(), indent=2))


def check_files(paths: Sequence[Path], folders: Sequence[Path]) -> int:
    """Check the files given, or everything on the search path; returns the exit code."""
    counts = dict.fromkeys((*KINDS, "tool"), 0)
    messages: list[str] = []
    if paths:
        for path in paths:
            for file in _files(path):
                kind = _kind_of(file)
                counts[kind] += 1
                messages += _check_file(kind, file, folders)
    else:
        library = Library(*folders)
        read: set[str] = set()
        for kind in ("skill", "agent", "tool"):
            for name in library.names(kind):  # type: ignore[arg-type]  # these three are its kinds
                counts[kind] += 1
                if kind != "agent" or name not in read:
                    messages += _check_name(library, kind, name, read)
    for message in dict.fromkeys(messages):
        print(message, file=sys.stderr)
    named = {kind: "file of cases" if kind == "cases" else kind for kind in counts}
    found = ", ".join(counted(n, named[kind]) for kind, n in counts.items() if n)
    print(f"checked {found or 'nothing'}: {len(set(messages)) or 'no'} problem{'s' if len(set(messages)) != 1 else ''}")
    return 2 if messages else 0


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ConfigError(f"{path} does not exist")
    if path.is_file():
        return [path]
    found = [
        p
        for p in sorted(path.rglob("*"))
        if not is_set_aside(p.relative_to(path))
        and (p.suffix == ".yaml" or (p.suffix == ".py" and "tools" in p.relative_to(path.parent).parts[:-1]))
    ]
    if not found:
        raise ConfigError(f"{path} holds no .yaml files")
    return found


def _model_of(kind: str) -> type[Config]:
    """What a kind of file holds."""
    if kind == "cases":  # here, and not above: it brings all that a run needs, which takes as long as listing a library
        from orca_agents.fixtures import CasesFile

        return CasesFile
    models: dict[str, type[Config]] = {"skill": SkillConfig, "agent": AgentConfig, "run": RunConfig}
    return models[kind]


def _kind_of(path: Path) -> str:
    """What a file is, by the folder that it stands in; a lone file, by its keys."""
    if path.suffix == ".py":
        return "tool"
    if path.name.endswith(CASES):
        return "cases"
    for parent in path.resolve().parents:
        if parent.name == "skills" and parent.parent.name == "tests":
            return "cases"
        if parent.name in ("skills", "agents"):
            return parent.name.removesuffix("s")
    text = path.read_text(encoding="utf-8", errors="replace")
    if "\nsystem_message:" in f"\n{text}":
        return "agent"
    return "run" if "\nskill:" in f"\n{text}" else "skill"


def _check_file(kind: str, path: Path, folders: Sequence[Path]) -> list[str]:
    try:
        if kind == "skill":
            Library.for_skill(str(path), folders).skill(str(path), NAMES)
        elif kind == "tool":
            Library(*folders).tool(str(path))
        elif kind == "agent":
            beside = [parent.parent for parent in path.resolve().parents if parent.name == "agents"]  # has its tools
            Library(*folders, *beside[:1]).check_agent(str(path))
        else:
            YamlFile(path).read(_model_of(kind))
    except OrcaError as error:
        return str(error).splitlines()
    return []


def _check_name(library: Library, kind: str, name: str, read: set[str]) -> list[str]:
    """What is wrong with a file of the library; the agents that are checked with a sound skill come into `read`."""
    try:
        match kind:
            case "skill":
                skill = library.skill(name, NAMES)
                read.update(skill.agents.keys() - skill.config.agents.keys())
            case "agent":
                library.check_agent(name)
            case _:
                library.tool(name)
    except OrcaError as error:
        return str(error).splitlines()
    return []
