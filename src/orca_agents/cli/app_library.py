"""The commands about skills, agents and tools, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orca_agents.cli.app import LibraryOption, app


@app.command(rich_help_panel="Skills, agents, tools")
def skills(library: LibraryOption = None) -> None:
    """List the skills that can be run, and where each was found."""
    from orca_agents.cli.listing import list_skills

    list_skills(library or [])


@app.command(rich_help_panel="Skills, agents, tools")
def leaves(
    skills: Annotated[list[str] | None, typer.Argument(help="Skills, by name or file; all unless given.")] = None,
    library: LibraryOption = None,
) -> None:
    """List the leaves of the taxonomies: where each comes from, how it is answered and how that is verified."""
    from orca_agents.cli.verifying import list_leaves

    list_leaves(skills or [], library or [])


@app.command(rich_help_panel="Skills, agents, tools")
def agents(
    words: Annotated[list[str] | None, typer.Argument(help="A skill, or a part of a name; all unless given.")] = None,
    library: LibraryOption = None,
) -> None:
    """List the agents, and where each was found."""
    from orca_agents.cli.listing import list_agents

    list_agents(words or [], library or [])


@app.command(rich_help_panel="Skills, agents, tools")
def tools(library: LibraryOption = None) -> None:
    """List the tools that agents can call, and where each was found."""
    from orca_agents.cli.listing import list_tools

    list_tools(library or [])


@app.command(rich_help_panel="Skills, agents, tools")
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Skill, agent or run files, or folders of them.")] = None,
    library: LibraryOption = None,
) -> None:
    """Read every skill, agent and tool (or the files given) and report all that is wrong, by file and line."""
    from orca_agents.cli.checking import check_files

    raise typer.Exit(check_files(paths or [], library or []))


@app.command("test", rich_help_panel="Skills, agents, tools")
def play_cases(
    skills: Annotated[list[str] | None, typer.Argument(help="Skills, by name or file; all unless given.")] = None,
    library: LibraryOption = None,
    cases: Annotated[list[Path] | None, typer.Option(help="The file of cases, if not where they usually are.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell of every case.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the examples that come out.")] = False,
) -> None:
    """Play a skill's cases with a scripted teacher: no model and no key, all checks real."""
    from orca_agents.cli.testing import cases_command

    raise typer.Exit(cases_command(skills or [], library or [], cases or [], verbose=verbose, show=show))


@app.command(rich_help_panel="Skills, agents, tools")
def new(
    kind: Annotated[str, typer.Argument(help="skill")],
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and _.")],
    library: Annotated[Path, typer.Option(help="The folder that gets skills/, agents/ and tests/skills/.")] = Path(),
) -> None:
    """Write a new skill that works as it stands, with its agents and cases, to be made your own."""
    from orca_agents.cli.making import new_command

    new_command(kind, name, library)


@app.command(rich_help_panel="Skills, agents, tools")
def checks(
    words: Annotated[list[str] | None, typer.Argument(help="Those with this word in them; all unless given.")] = None,
) -> None:
    """List the checks, proofs and probes that a skill file may name, and what each one asks."""
    from orca_agents.cli.verifying import list_checks

    list_checks(words or [])


@app.command(rich_help_panel="Skills, agents, tools")
def schema(kind: Annotated[str, typer.Argument(help="skill, agent, run or cases")]) -> None:
    """Print the JSON schema of a kind of file, for your editor."""
    from orca_agents.cli.checking import print_schema

    print_schema(kind)
