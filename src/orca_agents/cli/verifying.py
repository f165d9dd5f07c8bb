"""List the leaves of skills with how each is verified, and the checks, proofs and probes that there are."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from orca_agents.checks import CHECKS, NAMES, PROBES, PROOFS
from orca_agents.checks.api import judged_by
from orca_agents.cli.listing import hanging, is_wanted, print_below
from orca_agents.config import Leaf, SkillConfig
from orca_agents.errors import ConfigError
from orca_agents.library import Library
from orca_agents.records import CheckLevel


def list_leaves(skills: Sequence[str], folders: Sequence[Path]) -> None:
    """Each leaf with its answer, where it comes from and how it is verified; what all of a skill pass, once before."""
    origins: Counter[str] = Counter()
    for name in skills or Library(*folders).names("skill"):
        skill = Library.for_skill(name, folders).skill(name, NAMES)
        print(f"every item of {skill.name} passes these programs:")
        print_below(", ".join(_checks_of_all(skill.config)) or "none")
        for leaf in skill.config.instruct.taxonomy:
            origins[leaf.origin] += 1
            after = f", after {leaf.after}" if leaf.after else ""
            print(f"{skill.name}/{leaf.name}  ({leaf.answer}; {leaf.origin}{after})")
            print_below("; ".join(verified_by(skill.config, leaf, of_all=False)))
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
        wanted = {name: text for name, text in sorted(about.items()) if is_wanted(f"{name} {text}", words)}
        found += len(wanted)
        if wanted:
            print(title)
        for name, text in wanted.items():
            print(hanging(f"  {name:{_NAMES_WIDTH}}", text))
    if not found:
        looked_for = " or ".join(map(repr, words))
        raise ConfigError(f"no check, proof or probe has {looked_for} in its name or in what it asks")


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
