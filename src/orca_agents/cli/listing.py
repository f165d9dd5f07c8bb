"""List and check the files of the library."""

from __future__ import annotations

import inspect
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from orca_agents.checks import CHECKS, NAMES, PROBES, PROOFS
from orca_agents.checks.api import judged_by
from orca_agents.config import AgentConfig, Config, Leaf, SkillConfig
from orca_agents.errors import ConfigError, OrcaError, did_you_mean
from orca_agents.fixtures import CasesFile
from orca_agents.library import Library
from orca_agents.run_config import RunConfig
from orca_agents.yaml_file import YamlFile

KINDS: dict[str, type[Config]] = {"skill": SkillConfig, "agent": AgentConfig, "run": RunConfig, "cases": CasesFile}


def list_skills(folders: Sequence[Path]) -> None:
    """One skill a line: name, leaves, seeds, description, file; and how many there are in all."""
    places = Library(*folders).places("skill")
    leaves = 0
    for name, path in places.items():
        config = YamlFile(path).read(SkillConfig)
        count = len(config.instruct.taxonomy)
        leaves += count
        print(f"{name}  ({count} leaves, seeds: {', '.join(config.seeds)}, {path})\n    {config.description}")
    print(f"{len(places)} skills, {leaves} leaves")


def list_leaves(skills: Sequence[str], folders: Sequence[Path]) -> None:
    """One leaf a line: its skill and name, where it comes from, its answer, and how that is verified."""
    origins: Counter[str] = Counter()
    for name in skills or Library(*folders).names("skill"):
        skill = Library.for_skill(name, folders).skill(name, NAMES)
        for leaf in skill.config.instruct.taxonomy:
            origins[leaf.origin] += 1
            after = f" after {leaf.after}" if leaf.after else ""
            proof = "; ".join(verified_by(skill.config, leaf))
            print(f"{skill.name}/{leaf.name}  ({leaf.origin}{after}, {leaf.answer})\n    {proof}")
    told = ", ".join(f"{number} {origin}" for origin, number in origins.most_common())
    print(f"{origins.total()} leaves: {told}")


def verified_by(skill: SkillConfig, leaf: Leaf) -> list[str]:
    """What stands between an item of a leaf and the dataset, strongest first."""
    verify = skill.verify
    found = []
    if leaf.proof is not None:
        found.append(f"proof: {leaf.proof}, written by another agent")
    checks = (*skill.instruct.checks, *(skill.prove.checks if skill.prove else ()), *skill.respond.checks, *leaf.checks)
    if checks:
        found.append(f"programs: {', '.join(dict.fromkeys(checks))}")
    match judged_by(leaf.answer):
        case "votes":
            found.append(f"{leaf.agree or verify.agree} of {verify.solvers + 1} independent answers")
        case "grades":
            found.append(f"{verify.solvers} graders, by a rubric")
        case "programs":
            found.append("each turn, and how it ends, by program")
    if verify.probes and judged_by(leaf.answer) == "votes":
        found.append(f"probes: {', '.join(verify.probes)}")
    return found


def list_checks() -> None:
    """One check, proof or probe a line, with what it asks."""
    width = max(map(len, (*CHECKS, *PROOFS, *PROBES)))
    for name, check in sorted(CHECKS.items()):
        print(f"{name:{width}}  check of the {check.at}: {check.about}")
    for name, proof in sorted(PROOFS.items()):
        about = (inspect.getdoc(proof) or "").partition("\n")[0]
        print(f"{name:{width}}  proof: {about}")
    for name, probe in sorted(PROBES.items()):
        print(f"{name:{width}}  probe: {probe.about}")


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
    named = {kind: "file of cases" if kind == "cases" else kind for kind in counts}
    found = ", ".join(_counted(n, named[kind]) for kind, n in counts.items() if n)
    print(f"checked {found or 'nothing'}: {len(set(messages)) or 'no'} problem{'s' if len(set(messages)) != 1 else ''}")
    return 2 if messages else 0


def _counted(number: int, what: str) -> str:
    one, _, rest = what.partition(" ")
    return f"{number} {one}{'s' if number != 1 else ''}{' ' if rest else ''}{rest}"


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
        else:
            YamlFile(path).read(KINDS[kind])
    except OrcaError as error:
        return str(error).splitlines()
    return []


def _check_name(library: Library, kind: str, name: str) -> list[str]:
    try:
        match kind:
            case "skill":
                library.skill(name, NAMES)
            case "agent":
                library.agent(name)
            case _:
                library.tool(name)
    except OrcaError as error:
        return str(error).splitlines()
    return []
