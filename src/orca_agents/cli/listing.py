"""List and check the files of the library."""

from __future__ import annotations

import inspect
import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from orca_agents.checks import CHECKS, NAMES, PROBES, PROOFS
from orca_agents.checks.api import judged_by
from orca_agents.config import AgentConfig, Config, Leaf, SkillConfig
from orca_agents.errors import ConfigError, OrcaError, did_you_mean
from orca_agents.fixtures import CasesFile
from orca_agents.library import Library, builtin_folder
from orca_agents.records import CheckLevel
from orca_agents.run_config import RunConfig
from orca_agents.yaml_file import YamlFile

KINDS: dict[str, type[Config]] = {"skill": SkillConfig, "agent": AgentConfig, "run": RunConfig, "cases": CasesFile}


def list_skills(folders: Sequence[Path]) -> None:
    """Name, leaves, seeds and description of each skill; and how many there are in all."""
    places = Library(*folders).places("skill")
    leaves = 0
    for name, path in places.items():
        config = YamlFile(path).read(SkillConfig)
        count = len(config.instruct.taxonomy)
        leaves += count
        print(f"{name}  ({count} leaves, seeds: {', '.join(config.seeds)}{_place(path)})")
        _print_below(config.description)
    print(f"{_counted(len(places), 'skill')}, {leaves} leaves{_shipped(places)}")


def list_leaves(skills: Sequence[str], folders: Sequence[Path]) -> None:
    """Each leaf with its answer, where it comes from and how it is verified; what all of a skill pass, once before."""
    origins: Counter[str] = Counter()
    for name in skills or Library(*folders).names("skill"):
        skill = Library.for_skill(name, folders).skill(name, NAMES)
        print(f"every item of {skill.name} passes these programs:")
        _print_below(", ".join(_checks_of_all(skill.config)) or "none")
        for leaf in skill.config.instruct.taxonomy:
            origins[leaf.origin] += 1
            after = f", after {leaf.after}" if leaf.after else ""
            print(f"{skill.name}/{leaf.name}  ({leaf.answer}; {leaf.origin}{after})")
            _print_below("; ".join(verified_by(skill.config, leaf, of_all=False)))
        print()
    told = ", ".join(f"{number} {origin}" for origin, number in origins.most_common())
    print(f"{origins.total()} leaves: {told}")


def verified_by(skill: SkillConfig, leaf: Leaf, *, of_all: bool = True) -> list[str]:
    """What stands between an item of a leaf and the dataset, strongest first; `of_all`: with the programs that every
    item of the skill passes."""
    verify = skill.verify
    found = []
    if leaf.proof is not None:
        found.append(f"proof: {leaf.proof}, written by another agent")
    checks = dict.fromkeys((*(_checks_of_all(skill) if of_all else ()), *leaf.checks))
    if checks:
        found.append(f"programs{'' if of_all else ' of its own'}: {', '.join(checks)}")
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


def list_checks(words: Sequence[str]) -> None:
    """Each check, proof and probe with what it asks, by where a skill names it; with words, those that hold one."""
    found = 0
    for title, about in _named_checks().items():
        wanted = {name: text for name, text in sorted(about.items()) if _is_wanted(f"{name} {text}", words)}
        found += len(wanted)
        if wanted:
            print(title)
        for name, text in wanted.items():
            print(_hanging(f"  {name:{_NAMES_WIDTH}}", text))
    if not found:
        looked_for = " or ".join(map(repr, words))
        raise ConfigError(f"no check, proof or probe has {looked_for} in its name or in what it asks")


def list_agents(words: Sequence[str], folders: Sequence[Path]) -> None:
    """Name and description of each agent; those alone in whose names one of the words stands."""
    library = Library(*folders)
    places = {name: path for name, path in library.places("agent").items() if _is_wanted(name, words)}
    if not places:
        raise ConfigError(f"no agent has {' or '.join(map(repr, words))} in its name; `orca-agents agents` lists all")
    for name, path in places.items():
        print(f"{name}{_place(path, '  ({})')}")
        _print_below(YamlFile(path).read(AgentConfig).description)
    print(f"{_counted(len(places), 'agent')}{_shipped(places)}")


def list_tools(folders: Sequence[Path]) -> None:
    """Name of each tool, what it needs, and what it does. A tool that cannot be read says why."""
    library = Library(*folders)
    places = library.places("tool")
    for name, path in places.items():
        try:
            tool = library.tool(name)
        except ConfigError as error:
            print(f"{name}  ({path})\n    cannot be used: {error}")
            continue
        needs = f"needs: {', '.join(tool.needs)}" if tool.needs else ""
        told = ", ".join(filter(None, (needs, _place(path, "{}"))))
        print(f"{name}  ({told})" if told else name)
        _print_below(tool.description.splitlines()[0])
    print(f"{_counted(len(places), 'tool')}{_shipped(places)}")


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


_NAMES_WIDTH = max(map(len, (*CHECKS, *PROOFS, *PROBES)))


def _checks_of_all(skill: SkillConfig) -> tuple[str, ...]:
    """The checks that every item of a skill passes."""
    prove = skill.prove.checks if skill.prove else ()
    return tuple(dict.fromkeys((*skill.instruct.checks, *prove, *skill.respond.checks)))


def _named_checks() -> dict[str, dict[str, str]]:
    """Where a skill names them -> name -> what it asks."""
    at: dict[CheckLevel, str] = {
        "content": "checks of the content, named in transform.checks",
        "instruction": "checks of the instruction, named in instruct.checks or in a leaf's checks",
        "proof": "checks of the proof, named in prove.checks",
        "draft": "checks of the draft, named in respond.checks or in a leaf's checks",
    }
    named: dict[str, dict[str, str]] = {title: {} for title in at.values()}
    for name, check in CHECKS.items():
        named[at[check.at]][name] = check.about
    named["proofs, one of which a leaf may name"] = {
        name: (inspect.getdoc(proof) or "").partition("\n")[0].rstrip(".") for name, proof in PROOFS.items()
    }
    named["probes, named in verify.probes"] = {name: probe.about for name, probe in PROBES.items()}
    return named


def _is_wanted(text: str, words: Sequence[str]) -> bool:
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


def _print_below(text: str) -> None:
    """Print something below its title, as wide as the terminal."""
    print(_hanging("    ", text))


def _hanging(start: str, text: str) -> str:
    width = min(120, shutil.get_terminal_size().columns)
    lines = textwrap.wrap(text, max(20, width - len(start)), break_long_words=False, break_on_hyphens=False)
    return start + ("\n" + " " * len(start)).join(lines)


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
