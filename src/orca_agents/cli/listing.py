"""List the skills, agents and tools of the library."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from orca_agents.config import AgentConfig, SkillConfig
from orca_agents.errors import ConfigError
from orca_agents.library import Library, builtin_folder
from orca_agents.report.wording import counted
from orca_agents.yaml_file import YamlFile


def list_skills(folders: Sequence[Path]) -> None:
    """Name, leaves, seeds and description of each skill; and how many there are in all."""
    places = Library(*folders).places("skill")
    leaves = 0
    for name, path in places.items():
        try:
            config = YamlFile(path).read(SkillConfig)
        except ConfigError as error:
            _print_unusable(name, path, error)
            continue
        count = len(config.instruct.taxonomy)
        leaves += count
        print(f"{name}  ({count} leaves, seeds: {', '.join(config.seeds)}{_place(path)})")
        print_below(config.description)
    print(f"{counted(len(places), 'skill')}, {leaves} leaves{_shipped(places)}")


def list_agents(words: Sequence[str], folders: Sequence[Path]) -> None:
    """Name and description of each agent; those alone in whose names one of the words stands."""
    library = Library(*folders)
    places = {name: path for name, path in library.places("agent").items() if is_wanted(name, words)}
    if not places:
        raise ConfigError(f"no agent has {' or '.join(map(repr, words))} in its name; `orca-agents agents` lists all")
    for name, path in places.items():
        try:
            description = YamlFile(path).read(AgentConfig).description
        except ConfigError as error:
            _print_unusable(name, path, error)
            continue
        print(f"{name}{_place(path, '  ({})')}")
        print_below(description)
    print(f"{counted(len(places), 'agent')}{_shipped(places)}")


def list_tools(folders: Sequence[Path]) -> None:
    """Name of each tool, what it needs, and what it does. A tool that cannot be read says why."""
    library = Library(*folders)
    places = library.places("tool")
    for name, path in places.items():
        try:
            tool = library.tool(name)
        except ConfigError as error:
            _print_unusable(name, path, error)
            continue
        needs = f"needs: {', '.join(tool.needs)}" if tool.needs else ""
        told = ", ".join(filter(None, (needs, _place(path, "{}"))))
        print(f"{name}  ({told})" if told else name)
        print_below(tool.description.splitlines()[0])
    print(f"{counted(len(places), 'tool')}{_shipped(places)}")


def is_wanted(text: str, words: Sequence[str]) -> bool:
    return not words or any(word.lower() in text.lower() for word in words)


def _place(path: Path, form: str = ", {}") -> str:
    """Where a file was found, unless it ships with orca-agents."""
    if _is_shipped(path):
        return ""
    return form.format(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _is_shipped(path: Path) -> bool:
    # by its own folder: in a checkout, libraries of the user's own may stand beside it
    return any(path.is_relative_to(builtin_folder() / kind) for kind in ("skills", "agents", "tools"))


def _shipped(places: Mapping[str, Path]) -> str:
    """Where those are that are listed without a place."""
    own = sum(not _is_shipped(path) for path in places.values())
    if own == len(places):
        return ""
    return f"; {'those without a place ship' if own else 'they ship'} with orca-agents, in {builtin_folder()}"


def _print_unusable(name: str, path: Path, error: ConfigError) -> None:
    """A file that is no use stands in its place in the list: what is wrong with it keeps nobody from the others."""
    print(f"{name}  ({path})")
    for line in str(error).splitlines():
        print_below(f"cannot be used: {line}")


def print_below(text: str) -> None:
    """Print something below its title, as wide as the terminal."""
    print(hanging("    ", text))


def hanging(start: str, text: str) -> str:
    width = min(120, shutil.get_terminal_size().columns)
    lines = textwrap.wrap(text, max(20, width - len(start)), break_long_words=False, break_on_hyphens=False)
    return start + ("\n" + " " * len(start)).join(lines)
