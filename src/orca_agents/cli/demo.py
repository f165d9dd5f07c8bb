"""`orca-agents demo`: the embedded model on sample documents, honestly; then an example worked by a script."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from orca_agents.checks import FORMS
from orca_agents.models import choose_model, connect
from orca_agents.outcomes import Example, Failure, Outcome, Rejection, Skip
from orca_agents.runs import SkillRun, run_skill
from orca_agents.worked_example import SETTINGS, sample_documents, worked_example

SKILL = "reading_comprehension"
WIDTH = 100


def demo_command(minutes: float, out: Path) -> None:
    """Show both parts; exits 0 whether or not the embedded model got an example accepted."""
    console = Console(width=WIDTH, highlight=False)
    console.print("[bold]1. The embedded teacher[/bold]")
    console.print(
        "SmolLM2 (135 million parameters) runs inside this process: no key, no server. It writes a passage, a "
        "question, edits, an answer and votes; programs and votes then decide. It is far too small for the work, so "
        "expect that nearly everything is rejected. No check is loosened for it.\n"
    )
    accepted = _embedded(console, minutes, out)
    console.print(
        f"[bold]What to think of it.[/bold] {accepted} accepted. A model of this size is good for seeing every part "
        "work, for tests, and for developing skills; never for data. What it makes is marked `demo: true`.\n"
        "With a real teacher the same command makes training data:\n"
        f"    orca-agents run {SKILL} samples/ --model gpt-5-mini                      (key in $OPENAI_API_KEY)\n"
        f"    orca-agents run {SKILL} samples/ --model NAME --base-url http://localhost:8000/v1\n"
        f"    orca-agents run {SKILL} samples/ --model path/to/a-better-model.gguf\n"
    )
    console.print("[bold]2. What a good result looks like[/bold]")
    console.print(
        "The worked example of the AgentInstruct paper, in our words. A script speaks for the teacher; the chats, "
        "the checks and the votes are the real ones: one strengthen question, and one refined item for each goal.\n"
    )
    example = worked_example()
    run = run_skill(SKILL, example.seed, model=example.model, out=out / "worked_example", **SETTINGS)
    _show(console, run)
    console.print(f"{run!r}")
    first = next((item for item in run.examples if item.metadata.goal is None), None)
    if first is not None:
        console.print(f"How one came about: orca-agents show {first.id} --run {out / 'worked_example'}")


def _embedded(console: Console, minutes: float, out: Path) -> int:
    """Items by the embedded model until the first is accepted or the time is up; how many were accepted."""
    config = choose_model("local")
    teacher = connect(config)
    began = time.monotonic()
    shown: set[str] = set()
    for turn in range(100):
        for document in sample_documents():
            run = run_skill(
                SKILL,
                document,
                model=teacher,
                out=out / "embedded",
                chunk_words=400,
                choose=1,
                goals=1,
                random_seed=turn,
                transformers=["identity"] if turn % 4 != 3 else [],  # most rounds spare it the rewriting
            )
            _show(console, run, shown)
            seconds = time.monotonic() - began
            if run.examples or seconds > 60 * minutes:
                console.print(
                    f"{seconds / 60:.1f} minutes, {run.usage.calls} calls; everything is in {out / 'embedded'}\n"
                )
                return len(run.examples)
    return 0


def _show(console: Console, run: SkillRun, shown: set[str] | None = None) -> None:
    """Each outcome once: what was made, and why it was kept or not."""
    seen = set() if shown is None else shown
    outcomes: list[Outcome] = [*run.examples, *run.rejections, *run.failures, *run.skips]
    for outcome in outcomes:
        if outcome.id in seen:
            continue
        seen.add(outcome.id)
        match outcome:
            case Example():
                goal = f", refined: {outcome.metadata.goal}" if outcome.metadata.goal else ""
                console.print(f"[green]accepted[/green] {outcome.leaf}{goal}  ({outcome.id})")
                for message in outcome.messages:
                    console.print(_block(f"{message.role}: {message.content}"))
            case Rejection():
                console.print(
                    f"[yellow]rejected[/yellow] at {outcome.stage} by {outcome.check}: {escape(outcome.reason)}"
                )
                if outcome.instruction is not None:
                    item = FORMS[outcome.instruction.form].shown(outcome.instruction, None)
                    console.print(_block(f"{outcome.instruction.leaf}: {item}"))
                elif outcome.content is not None:
                    console.print(_block(f"{outcome.content.transformer}: {outcome.content.text[:300]}"))
            case Failure():
                console.print(f"[red]failed[/red] at {outcome.stage}, {outcome.error}: {escape(outcome.message[:300])}")
            case Skip():
                what = outcome.leaf or outcome.source
                console.print(f"[dim]skipped[/dim] at {outcome.stage}, {what}: {escape(outcome.reason)}")


def _block(text: str) -> str:
    """Indented, wrapped, and safe to print."""
    lines = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, WIDTH - 6) or [""]
    return escape(textwrap.indent("\n".join(lines), "    ")) + "\n"
