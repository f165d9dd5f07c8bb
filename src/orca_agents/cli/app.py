"""The commands and their options; what they do stands in the modules beside this one."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orca_agents.errors import ConfigError

EXIT_CODES = (
    "Exit codes: 0 done, 1 an unexpected error, 2 something that was given is wrong, 3 the teacher cannot be used, "
    "4 the run folder cannot be used, 5 a cap on spending was reached, 6 fewer examples were accepted than asked for, "
    "130 interrupted."
)

app = typer.Typer(
    name="orca-agents",
    epilog=EXIT_CODES,
    help="Turn your documents and code into verified training data, with groups of agents.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LibraryOption = Annotated[
    list[Path] | None, typer.Option("--library", help="A folder with skills/, agents/ or tools/ of your own.")
]

AcceptOption = Annotated[
    int | None, typer.Option(min=1, help="Stop at exactly this many accepted examples; leaves fill evenly.")
]
MaxUsdOption = Annotated[
    float | None, typer.Option(min=0.01, help="Most US dollars for this run folder, earlier runs included.")
]
MaxTokensOption = Annotated[
    int | None, typer.Option(min=1, help="Most tokens for this run folder, prompts and replies.")
]
ConcurrencyOption = Annotated[int | None, typer.Option(min=1, help="Most calls in flight.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="A run file; options here win over it.")]
BaseUrlOption = Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible endpoint.")]
ChooseOption = Annotated[int | None, typer.Option(min=1, help="Leaves of the taxonomy per passage.")]
GoalsOption = Annotated[int | None, typer.Option(min=0, help="Refinement goals per item.")]
LeafOption = Annotated[list[str] | None, typer.Option(help="Draw from this leaf only; may be repeated.")]
TransformerOption = Annotated[list[str] | None, typer.Option(help="Draw from this transformer only; may repeat.")]
LanguageOption = Annotated[str | None, typer.Option(help="Write in this language (e.g. es), not in each seed's.")]
ChunkWordsOption = Annotated[int | None, typer.Option(min=20, help="Longest chunk, in words.")]
RandomSeedOption = Annotated[int | None, typer.Option(help="The same number makes the same draws.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Most chunks to work on.")]
TextFieldOption = Annotated[str | None, typer.Option(help="The field of JSONL and JSON files that holds the text.")]
SandboxOption = Annotated[
    str | None, typer.Option(help="Where code runs: auto, docker, bubblewrap, sandlock or wasm. `doctor` tells which.")
]
UnsafeOption = Annotated[
    bool, typer.Option("--unsafe-exec", help="Run code that models write on this machine WITHOUT a sandbox.")
]
CorpusOption = Annotated[
    list[Path] | None, typer.Option(help="What the tool `search` searches, if not the seeds; may be repeated.")
]
WebOption = Annotated[bool, typer.Option("--web", help="Let tools search the web and fetch pages.")]
SkillArgument = Annotated[
    str | None, typer.Argument(help="A skill's name or file; several names with commas between them; or `all`.")
]
MixOption = Annotated[
    list[str] | None,
    typer.Option(help="With several skills: even, released, or SKILL=PART, which may be repeated. Even unless given."),
]
PerSeedOption = Annotated[int | None, typer.Option(min=1, help="With several skills: most of them for one chunk.")]
FormatsOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="Part of the items that get a rule for the form of the reply.")
]
RougeOption = Annotated[
    float | None,
    typer.Option("--rouge-l", min=0.5, max=1, help="From this ROUGE-L on a question is a copy; 0.7 unless given."),
]
KeepDuplicatesOption = Annotated[
    bool, typer.Option("--keep-duplicates", help="Answer copies of accepted questions all the same.")
]
BenchmarksOption = Annotated[
    Path | None,
    typer.Option(envvar="ORCA_BENCHMARKS", help="An index of benchmarks whose items are not to be worked on."),
]
RunArgument = Annotated[Path, typer.Argument(help="The folder of a run.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"orca-agents {version('orca-agents')}")
        raise typer.Exit


@app.callback()
def _options_of_all(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


@app.command()
def run(
    skill: SkillArgument = None,
    seeds: Annotated[list[str] | None, typer.Argument(help="Files and folders; - for standard input.")] = None,
    config: ConfigOption = None,
    model: Annotated[
        str | None, typer.Option(help="The teacher: a model's name, a .gguf file, or `local`. Else $ORCA_MODEL.")
    ] = None,
    base_url: BaseUrlOption = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder. Unless given: one under runs/, the same for the same command.")
    ] = None,
    limit: LimitOption = None,
    choose: ChooseOption = None,
    goals: GoalsOption = None,
    leaf: LeafOption = None,
    transformer: TransformerOption = None,
    language: LanguageOption = None,
    text_field: TextFieldOption = None,
    chunk_words: ChunkWordsOption = None,
    random_seed: RandomSeedOption = None,
    accept: AcceptOption = None,
    max_usd: MaxUsdOption = None,
    max_tokens: MaxTokensOption = None,
    concurrency: ConcurrencyOption = None,
    library: LibraryOption = None,
    sandbox: SandboxOption = None,
    unsafe_exec: UnsafeOption = False,
    corpus: CorpusOption = None,
    web: WebOption = False,
    mix: MixOption = None,
    per_seed: PerSeedOption = None,
    formats: FormatsOption = None,
    rouge_l: RougeOption = None,
    keep_duplicates: KeepDuplicatesOption = False,
    benchmarks: BenchmarksOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be asked; no call is made.")] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="With several skills: show where each chunk goes and why; no call is made."),
    ] = False,
) -> None:
    """Run a skill over seeds: examples, rejections and transcripts go into a run folder.

    The same command again goes on where the last one stopped, and buys nothing twice. Ctrl-C once: finish the chunks in
    hand, take no more; twice: stop now.
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
        "accept": accept,
        "max_usd": max_usd,
        "max_tokens": max_tokens,
        "library": tuple(library or ()),
        "tools": _tools(sandbox, unsafe_exec, corpus, web),
        "mix": mix_of(mix),
        "per_seed": per_seed,
        "formats": formats,
        "rouge_l": rouge_l,
        "keep_duplicates": keep_duplicates or None,
        "benchmarks": benchmarks,
    }
    show: Literal["plan", "routes"] | None = "routes" if explain else "plan" if dry_run else None
    run_command(config, given, model=model, base_url=base_url, concurrency=concurrency, out=out, show=show)


def mix_of(parts: list[str] | None) -> str | dict[str, float] | None:
    """What `--mix` says: a name, or skills with their parts of the whole."""
    if not parts or parts == ["even"] or parts == ["released"]:
        return parts[0] if parts else None
    shares: dict[str, float] = {}
    for part in parts:
        skill, _, share = part.partition("=")
        try:
            shares[skill.strip()] = float(share)
        except ValueError:
            raise ConfigError(f"--mix {part}: write even, released, or SKILL=PART, e.g. coding=3") from None
        if not 0 <= shares[skill.strip()] < inf:
            raise ConfigError(f"--mix {part}: a part is 0 or more, e.g. coding=3; parts need not add up to anything")
    if not any(shares.values()):
        raise ConfigError(f"--mix {' --mix '.join(parts)}: no skill is left; give one a part above 0, e.g. coding=3")
    return shares


def _tools(sandbox: str | None, unsafe: bool, corpus: list[Path] | None, web: bool) -> dict[str, Any] | None:
    """What the options say about tools, as a run file would."""
    if unsafe and sandbox is not None:
        raise ConfigError(f"--sandbox {sandbox} and --unsafe-exec contradict each other: give one of them")
    said = {
        "sandbox": "unsafe" if unsafe else sandbox,
        "corpus": tuple(map(str, corpus or ())) or None,
        "web": web or None,
    }
    return {name: value for name, value in said.items() if value is not None} or None


@app.command()
def resume(
    run: RunArgument,
    accept: AcceptOption = None,
    limit: LimitOption = None,
    max_usd: MaxUsdOption = None,
    max_tokens: MaxTokensOption = None,
    concurrency: ConcurrencyOption = None,
) -> None:
    """Go on with a run that stopped, as its run.yaml says; caps and numbers can be changed here.

    What is on record is not bought again; what failed for a passing reason is tried again.
    """
    from orca_agents.cli.resuming import resume_command

    given = {"accept": accept, "limit": limit, "max_usd": max_usd, "max_tokens": max_tokens}
    resume_command(run, given, concurrency=concurrency)


@app.command()
def replay(run: RunArgument) -> None:
    """Rebuild the dataset of a run from the replies on record: all checks are done again, no call is made."""
    from orca_agents.cli.resuming import replay_command

    replay_command(run)


@app.command()
def status(
    run: Annotated[Path | None, typer.Argument(help="A run folder; unless given, the latest under runs/.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds, until Ctrl-C.")] = False,
) -> None:
    """Show how far a run is, also while it goes on in another terminal."""
    from orca_agents.cli.status import status_command

    status_command(run, watch=watch)


@app.command()
def estimate(
    skill: SkillArgument = None,
    seeds: Annotated[list[str] | None, typer.Argument(help="Files and folders.")] = None,
    config: ConfigOption = None,
    pilot: Annotated[int, typer.Option(min=2, help="Chunks to try, drawn from all.")] = 20,
    model: Annotated[str | None, typer.Option(help="The teacher, as for `run`.")] = None,
    base_url: BaseUrlOption = None,
    out: Annotated[Path | None, typer.Option(help="The run folder, as for `run`.")] = None,
    choose: ChooseOption = None,
    goals: GoalsOption = None,
    leaf: LeafOption = None,
    transformer: TransformerOption = None,
    language: LanguageOption = None,
    text_field: TextFieldOption = None,
    chunk_words: ChunkWordsOption = None,
    random_seed: RandomSeedOption = None,
    accept: AcceptOption = None,
    max_usd: MaxUsdOption = None,
    max_tokens: MaxTokensOption = None,
    concurrency: ConcurrencyOption = None,
    library: LibraryOption = None,
    sandbox: SandboxOption = None,
    unsafe_exec: UnsafeOption = False,
    corpus: CorpusOption = None,
    web: WebOption = False,
) -> None:
    """Try a few chunks, and tell what the whole run would cost, with an interval.

    The pilot is a part of the run: what it buys is not bought again.
    """
    from orca_agents.cli.estimating import estimate_command

    given = {
        "skill": skill,
        "seeds": tuple(seeds or ()),
        "choose": choose,
        "goals": goals,
        "leaves": tuple(leaf or ()),
        "transformers": tuple(transformer or ()),
        "language": language,
        "text_field": text_field,
        "chunk_words": chunk_words,
        "random_seed": random_seed,
        "accept": accept,
        "max_usd": max_usd,
        "max_tokens": max_tokens,
        "library": tuple(library or ()),
        "tools": _tools(sandbox, unsafe_exec, corpus, web),
    }
    estimate_command(config, given, model=model, base_url=base_url, concurrency=concurrency, out=out, pilot=pilot)


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
def doctor(
    model: Annotated[str | None, typer.Option(help="Try this teacher too, as for `run`; else $ORCA_MODEL.")] = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what works here: each sandbox with its self-test, the teacher, search, the optional parts."""
    from orca_agents.cli.doctor import doctor_command

    raise typer.Exit(doctor_command(model, base_url))


@app.command()
def demo(
    minutes: Annotated[float, typer.Option(min=0, help="About how long the embedded model may work.")] = 5.0,
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/demo"),
) -> None:
    """See it all work with no key and no server: the embedded model on sample documents, then a worked example."""
    from orca_agents.cli.demo import demo_command

    demo_command(minutes, out)
