"""The commands that turn runs into a dataset, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orca_agents.cli.app import app, mix_of

PANEL = "From runs to a dataset"

IndexOption = Annotated[
    Path | None, typer.Option("--index", help="The index. Else $ORCA_BENCHMARKS, else ./benchmarks.sqlite.")
]

DatasetPath = Annotated[Path, typer.Argument(help="A dataset, the folder of a run, or a .jsonl file of examples.")]
SystemOption = Annotated[
    str, typer.Option(help="The teacher's instructions: keep, erase, or generic (one message for all).")
]
SystemTextOption = Annotated[str | None, typer.Option(help="That message, for --system generic.")]
WithDemoOption = Annotated[bool, typer.Option("--with-demo", help="Keep what the embedded demonstration model made.")]
WithUnverifiedOption = Annotated[bool, typer.Option("--with-unverified", help="Keep rows that nothing has verified.")]
WithEmptyOption = Annotated[bool, typer.Option("--with-empty", help="Keep rows with nothing in a message.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Write over what is there.")]

benchmarks = typer.Typer(
    no_args_is_help=True, help="Keep the items of benchmarks out of your data: an index of the files that you give."
)
app.add_typer(benchmarks, name="benchmarks", rich_help_panel=PANEL)


@benchmarks.command("add")
def add_benchmark(
    name: Annotated[str, typer.Argument(help="What to call the benchmark.")],
    file: Annotated[Path, typer.Argument(help="The file with its items, one a row.")],
    field: Annotated[
        list[str],
        typer.Option(help="A field to compare, the question first; may be repeated. `a.b` is b of the object a."),
    ],
    id_field: Annotated[
        str | None, typer.Option("--id", help="The field that names an item; else its row does.")
    ] = None,
    index: IndexOption = None,
) -> None:
    """Add the items of a file: JSONL, JSON, CSV, TSV (each also .gz) or Parquet."""
    from orca_agents.cli.benchmarks import add_command

    add_command(name, file, field, id_field, index)


@benchmarks.command("list")
def list_benchmarks(index: IndexOption = None) -> None:
    """List the benchmarks of the index, and where each came from."""
    from orca_agents.cli.benchmarks import list_command

    list_command(index)


@benchmarks.command("remove")
def remove_benchmark(
    name: Annotated[str, typer.Argument(help="What the benchmark is called.")], index: IndexOption = None
) -> None:
    """Take a benchmark out of the index."""
    from orca_agents.cli.benchmarks import remove_command

    remove_command(name, index)


@benchmarks.command("find")
def find_benchmarks(
    what: Annotated[
        str, typer.Argument(help="A text; a file of text; a file of rows (JSONL, CSV, Parquet); - for standard input.")
    ],
    index: IndexOption = None,
    most: Annotated[int, typer.Option(min=1, help="Most matches to show.")] = 20,
) -> None:
    """Show which items of benchmarks stand in a text or a file."""
    from orca_agents.cli.benchmarks import find_command

    find_command(what, index, most)


@app.command(rich_help_panel=PANEL)
def build(
    runs: Annotated[list[Path], typer.Argument(help="The folders of runs that have ended.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The dataset's folder: a new one.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Put this in the place of an older dataset.")] = False,
    seed: Annotated[int, typer.Option(help="Decides every draw; the same number makes the same dataset.")] = 0,
    near: Annotated[float, typer.Option(min=0.5, max=1, help="From this likeness on, two items are copies.")] = 0.7,
    exact_only: Annotated[bool, typer.Option("--exact-only", help="Drop exact copies alone, whatever --near.")] = False,
    semantic: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Drop items that mean the same: least cosine of embeddings, e.g. 0.95."),
    ] = None,
    embedding_model: Annotated[str | None, typer.Option(help="The model that embeds, for --semantic.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of its OpenAI-compatible endpoint.")] = None,
    api_key_env: Annotated[str, typer.Option(help="The variable that holds its key.")] = "OPENAI_API_KEY",
    benchmarks: Annotated[
        Path | None,
        typer.Option(
            help="An index of benchmarks whose items are dropped. Else $ORCA_BENCHMARKS, else benchmarks.sqlite."
        ),
    ] = None,
    no_benchmarks: Annotated[bool, typer.Option("--no-benchmarks", help="Look for no benchmarks.")] = False,
    flags: Annotated[
        str,
        typer.Option(help="Secrets and personal data: report (on the rows), drop or off; auto reports if it can."),
    ] = "auto",
    licence: Annotated[
        str | None,
        typer.Option(help="The dataset's licence, e.g. cc-by-4.0: rows whose sources do not fit are dropped."),
    ] = None,
    licence_unknown: Annotated[
        str, typer.Option(help="With --licence, rows whose sources' licence is not known: refuse or keep.")
    ] = "refuse",
    balance: Annotated[
        list[str] | None, typer.Option(help="Drop what is too much: by skill, leaf, letter or length; may be repeated.")
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(
            help="The mix of skills: even, released, or SKILL=PART, which may be repeated. As it is unless given."
        ),
    ] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Most rows of all.")] = None,
    most_per_skill: Annotated[int | None, typer.Option(min=1, help="Most rows of one skill.")] = None,
    most_per_leaf: Annotated[int | None, typer.Option(min=1, help="Most rows of one leaf of a skill.")] = None,
    unanswerable: Annotated[
        float | None, typer.Option(min=0, max=1, help="Most of a skill's rows, as a part, that have no answer.")
    ] = None,
    document: Annotated[
        str,
        typer.Option(help="What a document is where rows of JSONL or tables name their source: source, or each row."),
    ] = "source",
    validation: Annotated[float, typer.Option(min=0, max=0.5, help="The part of the rows for validation.")] = 0.05,
    holdout: Annotated[int, typer.Option(min=0, help="Rows of each skill to hold out for evaluation.")] = 100,
    with_demo: WithDemoOption = False,
    with_unverified: WithUnverifiedOption = False,
    with_empty: WithEmptyOption = False,
) -> None:
    """Build a dataset of runs: merged, without copies and items of benchmarks, balanced, split by source document.

    Every row is in data/ or, with the step and the reason, in dropped.jsonl. The same runs and options give the same
    rows. Of two copies, the one of the run that is named first is kept.
    """
    from orca_agents.cli.build import build_command

    build_command(
        runs,
        out,
        overwrite=overwrite,
        seed=seed,
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        near=near,
        exact_only=exact_only,
        semantic=semantic,
        embedding_model=embedding_model,
        base_url=base_url,
        api_key_env=api_key_env,
        benchmarks=benchmarks,
        no_benchmarks=no_benchmarks,
        flags=flags,
        licence=licence,
        licence_unknown=licence_unknown,
        balance=tuple(balance or ()),
        mix=mix_of(mix),
        rows=rows,
        most_per_skill=most_per_skill,
        most_per_leaf=most_per_leaf,
        unanswerable=unanswerable,
        document=document,
        validation=validation,
        holdout=holdout,
    )


@app.command(rich_help_panel=PANEL)
def stats(
    path: Annotated[Path, typer.Argument(help="The folder of a run, a dataset, or a .jsonl file of examples.")],
    against: Annotated[Path | None, typer.Option(help="Another one to compare it with.")] = None,
) -> None:
    """Show what a run or a dataset holds: funnel, leaves, lengths, diversity, difficulty, balance, cost, copies."""
    from orca_agents.cli.stats import stats_command

    stats_command(path, against)


@app.command(rich_help_panel=PANEL)
def report(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Runs, a dataset, or .jsonl files of examples; several are measured as one."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page that is written.")] = Path("report.html"),
    against: Annotated[Path | None, typer.Option(help="Another one to compare it with.")] = None,
    seed: Annotated[int, typer.Option(help="Decides which examples are drawn.")] = 0,
    examples: Annotated[int, typer.Option(min=0, max=100, help="How many examples are drawn and shown.")] = 10,
    title: Annotated[str | None, typer.Option(help="The page's heading; the folder's name unless given.")] = None,
) -> None:
    """Write the same as one HTML page that needs nothing else, with charts and random examples from seed to verdict."""
    from orca_agents.cli.report import report_command

    report_command(paths, output, against, seed=seed, examples=examples, title=title)


@app.command(rich_help_panel=PANEL)
def export(
    path: DatasetPath,
    format: Annotated[
        str,
        typer.Option(
            help="How the rows look: messages, prompt-completion, prompt-completion-plain, sharegpt, alpaca, openai, "
            "dpo, kto or agentinstruct. An unknown name says what each is."
        ),
    ] = "messages",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File, or folder for agentinstruct; a name here unless given."),
    ] = None,
    split: Annotated[str, typer.Option(help="Of a dataset: train, validation, eval or eval_refined.")] = "train",
    skill: Annotated[str | None, typer.Option(help="This skill only.")] = None,
    system: SystemOption = "erase",
    system_text: SystemTextOption = None,
    metadata: Annotated[
        str | None, typer.Option(help="Columns beside: none, ids (id, skill, leaf; usual), or full (JSON text too).")
    ] = None,
    arguments: Annotated[
        str, typer.Option(help="Of tool calls: object, as chat templates want, or text, as endpoints do.")
    ] = "object",
    every_turn: Annotated[
        bool, typer.Option("--every-turn", help="prompt-completion: a row for each turn of the assistant.")
    ] = False,
    history: Annotated[
        bool, typer.Option("--history", help="alpaca: earlier turns in `history` (LLaMA-Factory).")
    ] = False,
    bare_calls: Annotated[
        bool, typer.Option("--bare-calls", help="sharegpt: leave out the words beside tool calls.")
    ] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet, not JSONL.")] = False,
    with_demo: WithDemoOption = False,
    with_unverified: WithUnverifiedOption = False,
    with_empty: WithEmptyOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write examples in a format that trainers read; each one is written, or counted with the reason why not."""
    from orca_agents.cli.export import export_command

    export_command(
        path,
        out,
        format=format,
        split=split,
        skill=skill,
        system=system,
        system_text=system_text,
        metadata=metadata,
        arguments=arguments,
        every_turn=every_turn,
        history=history,
        bare_calls=bare_calls,
        parquet=parquet,
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        overwrite=overwrite,
    )


@app.command(rich_help_panel=PANEL)
def card(
    folder: Annotated[Path, typer.Argument(help="The folder of a dataset.")],
    name: Annotated[
        str | None, typer.Option(help="What the dataset is called; its folder's name unless given.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write it anew though it was edited.")] = False,
) -> None:
    """Write the dataset's card, README.md; one that you edited stays, unless you say --overwrite."""
    from orca_agents.cli.publishing import card_command

    card_command(folder, name, overwrite=overwrite)


@app.command(rich_help_panel=PANEL)
def push(
    folder: Annotated[Path, typer.Argument(help="The folder of a dataset.")],
    repository: Annotated[str, typer.Argument(help="Where to, e.g. me/my-dataset.")],
    private: Annotated[bool, typer.Option("--private", help="So that only you can see it.")] = False,
) -> None:
    """Push to the Hugging Face Hub, with $HF_TOKEN: README.md, dataset.json and data/.

    Rows name their sources (`metadata.source`) by the paths that you gave to `run`, and hold keys and teachers' notes.
    """
    from orca_agents.cli.publishing import push_command

    push_command(folder, repository, private=private)


@app.command(rich_help_panel=PANEL)
def recipe(
    path: DatasetPath,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    model: Annotated[
        str, typer.Option(help="What is trained: a name on the Hub or a folder.")
    ] = "mistralai/Mistral-7B-v0.1",
    order: Annotated[
        str, typer.Option(help="easy-first (seed instructions, then refined by round) or shuffled.")
    ] = "easy-first",
    seed: Annotated[int, typer.Option(help="The same number gives the same order.")] = 0,
    skill: Annotated[str | None, typer.Option(help="This skill only.")] = None,
    system: SystemOption = "erase",
    system_text: SystemTextOption = None,
    own: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE in config.yaml, any argument of TRL's SFTConfig; may be repeated."),
    ] = None,
    with_demo: WithDemoOption = False,
    with_unverified: WithUnverifiedOption = False,
    with_empty: WithEmptyOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a folder that TRL trains on as it stands: chats in order, chat template, config, script."""
    from orca_agents.cli.recipe import recipe_command

    recipe_command(
        path,
        out,
        model=model,
        order=order,
        seed=seed,
        skill=skill,
        system=system,
        system_text=system_text,
        own=own or [],
        with_demo=with_demo,
        with_unverified=with_unverified,
        with_empty=with_empty,
        overwrite=overwrite,
    )
