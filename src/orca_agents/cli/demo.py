"""`orca-agents demo`: the embedded model on sample documents, honestly; then an example worked by a script."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from orca_agents.checks import FORMS
from orca_agents.errors import NoModelError
from orca_agents.models import choose_model, connect
from orca_agents.outcomes import Example, Failure, Outcome, Rejection, Skip
from orca_agents.runs import SkillRun, run_skill
from orca_agents.worked_example import SETTINGS, sample_documents, samples_folder, worked_example

SKILL = "reading_comprehension"
WIDTH = 80
LONGEST = 600
"""Characters that are shown of an item or of a reason; a small model may repeat itself for pages."""


def demo_command(minutes: float, out: Path) -> None:
    """Show both parts; exits 0 whether or not the embedded model is there, and got an example accepted."""
    console, command = Console(width=WIDTH, highlight=False), _command()
    console.print("[bold]1. The embedded teacher[/bold]")
    _say(
        console,
        "SmolLM2 (135 million parameters) runs inside this process: no key, no server. It writes questions, edits, "
        "answers and votes about sample documents; programs and votes then decide. It is far too small for the work, "
        "so expect that all is rejected. No check is loosened for it.",
    )
    _say(console, f"This goes on for about {minutes:g} minutes (--minutes); Ctrl-C goes on to part 2, a good result.\n")
    try:
        accepted = _embedded(console, minutes, out / "embedded")
    except NoModelError as error:  # part 2 needs no model, and a plain installation has none
        _say(console, f"left out: {error}\n", "yellow")
    else:
        _say(
            console,
            f"What to think of it: {accepted} accepted. A model of this size is good for seeing every part work, for "
            "tests, and for developing skills; never for data. What it makes is marked `demo: true`.\n",
        )
    console.print("[bold]2. What a good result looks like[/bold]")
    _say(
        console,
        "The worked example of the AgentInstruct paper, in our words. A script speaks for the teacher; the chats, the "
        "checks and the votes are the real ones: one question, and one refined item for each goal.\n",
    )
    example = worked_example()
    run = run_skill(SKILL, example.seed, model=example.model, out=out / "worked_example", **SETTINGS)
    _show(console, run)
    _say(console, f"{run!r}\n")
    console.print("[bold]3. Where to go on[/bold]")
    samples = _from_here(samples_folder())
    steps = {
        "what all 17 skills are for": f"{command} skills",
        "what a skill makes, with a script for the teacher": f"{command} test fermi --show",
        "data, with a real teacher (key in $OPENAI_API_KEY)": f"{command} run {SKILL} {samples} --model gpt-5-mini",
        "the same with a server of your own": f"{command} run {SKILL} {samples} --model NAME \\\n"
        "        --base-url http://localhost:8000/v1",
    }
    first = next((item for item in run.examples if item.metadata.goal is None), None)
    if first is not None:
        steps = {"how the first one came about": f"{command} show {first.id[:8]} --run {run.folder}", **steps}
    for what, words in steps.items():
        console.print(f"{what}:\n    {escape(words)}", soft_wrap=True)


def _command() -> str:
    """How to call this command from the shell that called it: it may stand in a virtual environment."""
    if shutil.which("orca-agents"):
        return "orca-agents"
    called = Path(sys.argv[0]).absolute()
    if called.name == "__main__.py":
        return "python -m orca_agents"
    return _from_here(called)


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _embedded(console: Console, minutes: float, out: Path) -> int:
    """Items by the embedded model until the first is accepted or the time is up; how many were accepted."""
    teacher = connect(choose_model("local"))
    began = time.monotonic()
    shown: set[str] = set()
    calls: dict[Path, int] = {}
    accepted = 0
    try:
        for turn, document in ((turn, document) for turn in range(100) for document in sample_documents()):
            if accepted or time.monotonic() - began > 60 * minutes:
                break
            folder = out / f"round-{turn + 1}"
            run = run_skill(
                SKILL,
                document,
                model=teacher,
                out=folder,
                chunk_words=400,
                choose=1,
                goals=1,
                random_seed=turn,
                transformers=["identity"] if turn % 4 != 3 else [],  # most rounds spare it the rewriting
            )
            _show(console, run, shown, document.name)
            calls[folder] = run.usage.calls
            accepted = len(run.examples)
    except KeyboardInterrupt:
        console.print("interrupted")
    spent = (time.monotonic() - began) / 60
    _say(console, f"{spent:.1f} minutes, {sum(calls.values())} calls; everything is in {out}")
    return accepted


def _show(console: Console, run: SkillRun, shown: set[str] | None = None, of: str = "") -> None:
    """Each outcome once, questions before what was made of them: what it is, and why it was kept or not."""
    seen = set() if shown is None else shown
    examples = sorted(run.examples, key=lambda example: example.metadata.goal is not None)
    outcomes: list[Outcome] = [*examples, *run.rejections, *run.failures, *run.skips]
    by = f" ({of})" if of else ""
    for outcome in outcomes:
        if outcome.id in seen:
            continue
        seen.add(outcome.id)
        match outcome:
            case Example():
                goal = f", refined: {outcome.metadata.goal}" if outcome.metadata.goal else ""
                _say(console, f"accepted{by} {outcome.leaf}{goal}  ({outcome.id})", "green")
                for message in outcome.messages:
                    console.print(_block(f"{message.role}: {message.content}"))
            case Rejection():
                _say(console, f"rejected at {outcome.stage} by {outcome.check}{by}: {_cut(outcome.reason)}", "yellow")
                if outcome.instruction is not None:
                    item = FORMS[outcome.instruction.form].shown(outcome.instruction, None)
                    console.print(_block(f"{outcome.instruction.leaf}: {_cut(item)}"))
                elif outcome.content is not None:
                    console.print(_block(f"{outcome.content.transformer}: {_cut(outcome.content.text)}"))
            case Failure():
                _say(console, f"failed at {outcome.stage}, {outcome.error}{by}: {_cut(outcome.message)}\n", "red")
            case Skip():
                what = outcome.leaf or outcome.source
                _say(console, f"skipped at {outcome.stage}, {what}{by}: {_cut(outcome.reason)}\n", "dim")


def _say(console: Console, text: str, style: str = "") -> None:
    """A paragraph; with a style for its first word."""
    lines = textwrap.wrap(text, WIDTH, break_on_hyphens=False)
    first, _, rest = lines[0].partition(" ")
    begin = f"[{style}]{escape(first)}[/{style}]" if style else escape(first)
    console.print("\n".join([f"{begin} {escape(rest)}", *map(escape, lines[1:])]) + "\n" * text.endswith("\n"))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _block(text: str) -> str:
    """Indented, wrapped, and safe to print."""
    lines = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, WIDTH - 6, break_on_hyphens=False) or [""]
    return escape(textwrap.indent("\n".join(lines), "    ")) + "\n"
