"""`orca-agents new skill NAME`: a skill that works as it stands, with comments that say how to make it one's own."""

from __future__ import annotations

import re
from pathlib import Path

from orca_agents.errors import ConfigError
from orca_agents.library import builtin_folder

KINDS = ("skill",)


def new_command(kind: str, name: str, folder: Path) -> None:
    """Write the files of a new skill below a folder, and say what to do next. Nothing that is there is overwritten."""
    if kind not in KINDS:
        raise ConfigError(f"what can be made is {', '.join(KINDS)}, not {kind!r}: `orca-agents new skill {name}`?")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigError(f"{name!r} is no name for a skill: small letters, digits and _, and a letter first")
    files = skill_files(name, folder)
    if there := [path for path in files if path.exists()]:
        raise ConfigError(f"{there[0]} is there already; give another name or another --library")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(path)
    here = "" if folder == Path() else f" --library {folder}"
    skill = folder / "skills" / f"{name}.yaml"
    print(f"""
look at it, change it, and after each step:
  orca-agents check {skill}
  orca-agents test {name} --library {folder}
  orca-agents run {skill} chapter.md --model gpt-5-mini --dry-run{here}""")


def skill_files(name: str, folder: Path) -> dict[Path, str]:
    """Path -> text of the files of a new skill."""
    samples = builtin_folder() / "samples" / "new_skill"
    places = {
        samples / "skill.yaml": folder / "skills" / f"{name}.yaml",
        samples / "cases.yaml": folder / "tests" / "skills" / f"{name}.yaml",
    }
    for agent in sorted((samples / "agents").glob("*.yaml")):
        places[agent] = folder / "agents" / name / agent.name
    return {place: sample.read_text(encoding="utf-8").replace("__NAME__", name) for sample, place in places.items()}
