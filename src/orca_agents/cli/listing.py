"""List and check the files of the library."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from orca_agents.checks import CHECKS
from orca_agents.config import AgentConfig, Config, RunConfig, SkillConfig
from orca_agents.errors import ConfigError, OrcaError, did_you_mean
from orca_agents.library import Library
from orca_agents.yaml_file import YamlFile

KINDS: dict[str, type[Config]] = {"skill": SkillConfig, "agent": AgentConfig, "run": RunConfig}


def list_skills(folders: Sequence[Path]) -> None:
    """One skill a line: name, leaves, description, file."""
    library = Library(*folders)
    for name, path in library.places("skill").items():
        config = YamlFile(path).read(SkillConfig)
        print(f"{name}  ({len(config.instruct.taxonomy)} leaves, {path})\n    {config.description}")


def list_agents(folders: Sequence[Path]) -> None:
    """One agent a line: name, description, file."""
    library = Library(*folders)
    for name, path in library.places("agent").items():
        print(f"{name}  ({path})\n    {YamlFile(path).read(AgentConfig).description}")


def list_tools(folders: Sequence[Path]) -> None:
    """One tool a line: name, what it needs, what it does, file. A tool that cannot be read says why."""
    library = Library(*folders)
    for name, path in library.places("tool").items():
        try:
            tool = library.tool(name)
        except ConfigError as error:
            print(f"{name}  ({path})\n    cannot be used: {error}")
            continue
        needs = f", needs: {', '.join(tool.needs)}" if tool.needs else ""
        print(f"{name}  ({path}{needs})\n    {tool.description.splitlines()[0]}")


def print_schema(kind: str) -> None:
    """The JSON schema of skill, agent or run files."""
    if kind not in KINDS:
        raise ConfigError(f"no schema for {kind!r}{did_you_mean(kind, KINDS)}; there are: {', '.join(KINDS)}")
    print(json.dumps(KINDS[kind].model_json_schema(), indent=2))


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
        for kind in ("skill", "agent", "tool"):
            for name in library.names(kind):  # type: ignore[arg-type]  # these three are its kinds
                counts[kind] += 1
                messages += _check_name(library, kind, name)
    for message in dict.fromkeys(messages):
        print(message, file=sys.stderr)
    found = ", ".join(f"{n} {kind}{'s' if n != 1 else ''}" for kind, n in counts.items() if n)
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
        if p.suffix == ".yaml" or (p.suffix == ".py" and "tools" in p.relative_to(path.parent).parts[:-1])
    ]
    if not found:
        raise ConfigError(f"{path} holds no .yaml files")
    return found


def _kind_of(path: Path) -> str:
    """What a file is, by the folder that it stands in; a lone file, by its keys."""
    if path.suffix == ".py":
        return "tool"
    for parent in path.resolve().parents:
        if parent.name in ("skills", "agents"):
            return parent.name.removesuffix("s")
    text = path.read_text(encoding="utf-8", errors="replace")
    if "\nsystem_message:" in f"\n{text}":
        return "agent"
    return "run" if "\nskill:" in f"\n{text}" else "skill"


def _check_file(kind: str, path: Path, folders: Sequence[Path]) -> list[str]:
    try:
        if kind == "skill":
            Library.for_skill(str(path), folders).skill(str(path), CHECKS)
        elif kind == "tool":
            Library(*folders).tool(str(path))
        else:
            YamlFile(path).read(KINDS[kind])
    except OrcaError as error:
        return str(error).splitlines()
    return []


def _check_name(library: Library, kind: str, name: str) -> list[str]:
    try:
        match kind:
            case "skill":
                library.skill(name, CHECKS)
            case "agent":
                library.agent(name)
            case _:
                library.tool(name)
    except OrcaError as error:
        return str(error).splitlines()
    return []
