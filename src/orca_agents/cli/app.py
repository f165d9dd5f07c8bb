"""The commands and their options; what they do stands in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="orca-agents",
    help="Turn your documents and code into verified training data, with groups of agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LibraryOption = Annotated[
    list[Path] | None, typer.Option("--library", help="A folder with skills/, agents/ or tools/ of your own.")
]


@app.command()
def run(
    skill: Annotated[str | None, typer.Argument(help="A skill's name, or the path of a skill file.")] = None,
    seeds: Annotated[list[str] | None, typer.Argument(help="Files and folders; - for standard input.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A run file; options here win over it.")] = None,
    model: Annotated[
        str | None, typer.Option(help="The teacher: a model's name, a .gguf file, or `local`. Else $ORCA_MODEL.")
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible endpoint.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder. Unless given: one under runs/, the same for the same command.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most chunks to work on.")] = None,
    choose: Annotated[int | None, typer.Option(min=1, help="Leaves of the taxonomy per passage.")] = None,
    goals: Annotated[int | None, typer.Option(min=0, help="Refinement goals per item.")] = None,
    leaf: Annotated[list[str] | None, typer.Option(help="Draw from this leaf only; may be repeated.")] = None,
    transformer: Annotated[list[str] | None, typer.Option(help="Draw from this transformer only; may repeat.")] = None,
    language: Annotated[str | None, typer.Option(help="Write in this language (e.g. es), not in each seed's.")] = None,
    text_field: Annotated[
        str | None, typer.Option(help="The field of JSONL and JSON files that holds the text.")
    ] = None,
    chunk_words: Annotated[int | None, typer.Option(min=20, help="Longest chunk, in words.")] = None,
    random_seed: Annotated[int | None, typer.Option(help="The same number makes the same draws.")] = None,
    library: LibraryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be asked; no call is made.")] = False,
) -> None:
    """Run a skill over seeds: examples, rejections and transcripts go into a run folder.

    The same command again goes on where the last one stopped, and buys nothing twice.
    """
    from orca_agents.cli.running import run_command

    given = {
        "skill": skill,
        "seeds": tuple(seeds or ()),
        "limit": limit,
        "choose": choose,
        "goals": goals,
        "leaves": tuple(leaf or ()),
        "transformers": tuple(transformer or ()),
        "language": language,
        "text_field": text_field,
        "chunk_words": chunk_words,
        "random_seed": random_seed,
        "library": tuple(library or ()),
    }
    run_command(config, given, model=model, base_url=base_url, out=out, dry_run=dry_run)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="The id of an example or rejection, or its first digits.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder; unless given, the latest under runs/ that has it.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every text in full length.")] = False,
) -> None:
    """Show how one item came about: seed, transform, instruct, suggestions, edits, answer, votes, verdict."""
    from orca_agents.cli.showing import show_command

    show_command(id, run, full=full)


@app.command()
def skills(library: LibraryOption = None) -> None:
    """List the skills that can be run, and where each was found."""
    from orca_agents.cli.listing import list_skills

    list_skills(library or [])


@app.command()
def agents(library: LibraryOption = None) -> None:
    """List the agents, and where each was found."""
    from orca_agents.cli.listing import list_agents

    list_agents(library or [])


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="Skill, agent or run files, or folders of them.")] = None,
    library: LibraryOption = None,
) -> None:
    """Read every skill, agent and tool (or the files given) and report all that is wrong, by file and line."""
    from orca_agents.cli.listing import check_files

    raise typer.Exit(check_files(paths or [], library or []))


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="skill, agent or run")]) -> None:
    """Print the JSON schema of a kind of file, for your editor."""
    from orca_agents.cli.listing import print_schema

    print_schema(kind)


@app.command()
def demo(
    minutes: Annotated[float, typer.Option(help="About how long the embedded model may work.")] = 5.0,
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/demo"),
) -> None:
    """See it all work with no key and no server: the embedded model on sample documents, then a worked example."""
    from orca_agents.cli.demo import demo_command

    demo_command(minutes, out)
