"""`orca-agents run`: options and run file together, live progress, a summary at the end."""

from __future__ import annotations

import gc
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from orca_agents import loop
from orca_agents.cli.progress import ProgressView
from orca_agents.errors import ConfigError, NoModelError, TeacherError
from orca_agents.execution import execute
from orca_agents.models import choose_model, is_default_model
from orca_agents.outcomes import Example, Failure, Rejection, Skip
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig, RunConfig, is_language_code
from orca_agents.run_folder import End
from orca_agents.run_setup import default_out, is_of_many, make_config
from orca_agents.runs import LOCAL_WARNING
from orca_agents.seeds import check_sources
from orca_agents.spending import Halt
from orca_agents.store import Store
from orca_agents.yaml_file import YamlFile

ResultT = TypeVar("ResultT")

ENOUGH_FOR_A_RATE = 50
"""Chunks; the size of a store of fewer says little about that of 100,000."""
NOBODY = "a teacher (none is named yet)"
"""Where nothing is asked, and no teacher was named."""
CAPPED, SHORT, INTERRUPTED = 5, 6, 130
"""Exit codes: a cap was reached; fewer accepted than asked for; Ctrl-C."""


def run_command(
    file: Path | None,
    given: Mapping[str, Any],
    *,
    model: str | None,
    base_url: str | None,
    concurrency: int | None,
    out: Path | None,
    show: Literal["plan", "routes"] | None,
) -> None:
    """Run, or show what would be asked, or where each seed would go."""
    config = resolve(file, given, model=model, base_url=base_url, concurrency=concurrency, asks=show is None)
    if show == "routes" or (show == "plan" and is_of_many(config)):
        from orca_agents.cli.explaining import show_routes

        show_routes(config, [Path(seed) for seed in config.seeds])
        return
    if show == "plan":
        from orca_agents.cli.dry_run import show_plan

        show_plan(config, [Path(seed) for seed in config.seeds])
        return
    tell_of_default_model(file, model, base_url)
    run_here(config, out or default_out(config))


def tell_of_default_model(file: Path | None, model: str | None, base_url: str | None) -> None:
    """Say so where nobody named a teacher, before the embedded one begins to work."""
    if file is None and base_url is None and is_default_model(model):
        print(f"note: {LOCAL_WARNING}", file=sys.stderr)


def run_here(config: RunConfig, folder: Path) -> None:
    """Run with live progress and a summary at the end. Leaves with the exit code of how it ended."""
    sources = [Path(seed) for seed in config.seeds]
    check_sources(sources)
    calm_collector()
    halt = Halt()
    with ProgressView(config, folder) as view:
        try:
            work = execute(
                config, sources, out=folder, read=_summarise, on_progress=view.update, say=view.say, halt=halt
            )
            summary = run_until_told(work, halt, view)
        except (KeyboardInterrupt, TeacherError) as stopped:
            what = "stopped" if isinstance(stopped, KeyboardInterrupt) else "the teacher ended the run"
            if view.latest.meter.usage.calls:  # where the first call was refused, there is nothing to go on with
                view.say(f"{what}; what was bought is kept in {folder}: {how_to_go_on(folder)}")
            raise
    summary.print(folder)
    code = summary.exit_code()
    if code:
        raise SystemExit(code)


def run_until_told(work: Coroutine[Any, Any, ResultT], halt: Halt, view: ProgressView) -> ResultT:
    """Run to the end. A first Ctrl-C takes no more chunks and finishes those in hand, a second one stops at once."""

    def interrupted() -> None:
        halt.finish()
        count = view.latest.under_way
        chunks = "1 chunk in hand is" if count == 1 else f"{count} chunks in hand are"
        view.say(f"no more chunks are taken; {chunks} being finished; Ctrl-C again stops at once")

    return loop.run(work, on_interrupt=interrupted)


def calm_collector() -> None:
    """Have Python look for cycles more rarely: chats leave none behind, and looking through everything that hundreds of
    them hold took a fifth of the time of a call."""
    gc.freeze()  # what was imported stays to the end
    gc.set_threshold(20_000, 10, 10)


def how_to_go_on(folder: Path) -> str:
    """What to type to go on with a run."""
    return f"`orca-agents resume {folder}` goes on"


@dataclass(frozen=True)
class Summary:
    """What a person wants to know at the end of a run; not the examples themselves, of which there may be many."""

    end: End
    usage: Usage
    example: str | None
    """The id of an accepted example, if there is one."""
    rejection: str | None
    failure: str | None
    """What went wrong first, where nothing was accepted and nothing rejected."""
    skipped: tuple[str, ...]
    """Why nothing was worked on, where that is so: the first few skips."""

    def print(self, folder: Path) -> None:
        """The funnel, what it took, why it ended, and where to look."""
        end, usage = self.end, self.usage
        print("\n".join(end.funnel.lines()))
        if end.saved:
            print(end.saved)
        if end.reserve:
            print(f"{-len(end.reserve):6} of these are kept as reserve (reserve.jsonl)")
        if end.costs.is_free:
            tokens = f"{usage.prompt_tokens} prompt tokens, {usage.completion_tokens} completion tokens"
            print(f"{usage.calls} calls on record in this folder: {tokens}")
        else:
            print("what this folder cost, earlier runs in it included:")
            print("\n".join(end.costs.lines()))
        if end.finished >= ENOUGH_FOR_A_RATE:
            size = f"{end.store_bytes / 1e6:.1f} MB for {end.finished} chunks"
            print(f"the run store takes {size}, so about {end.store_bytes / end.finished / 1e4:.1f} GB for 100,000")
        for skip in self.skipped:
            print(f"skipped {skip}")
        print(f"{folder / 'examples.jsonl'}; beside it rejections, failures, skips, transcripts and summary.json")
        if self.example:
            print(f"a look at one: orca-agents show {self.example} --run {folder}")
        elif self.rejection:
            print(f"why one was rejected: orca-agents show {self.rejection} --run {folder}")
        elif self.failure:
            print(f"why the first one failed: {self.failure} (all are in failures.jsonl)")
        if end.why == "capped":
            print(f"stopped: {end.message}", file=sys.stderr)
        elif end.why == "interrupted":
            print(f"interrupted; nothing that was bought is lost: {how_to_go_on(folder)}", file=sys.stderr)
        if end.shortfall and end.why == "all":
            print(f"fewer than asked for: {end.shortfall}; the seeds have run out: give more of them", file=sys.stderr)
        elif end.shortfall:
            print(f"so far {end.shortfall}", file=sys.stderr)

    def exit_code(self) -> int:
        """0 for a run that did what it was asked for."""
        codes = {"capped": CAPPED, "interrupted": INTERRUPTED}
        return codes.get(self.end.why, SHORT if self.end.shortfall else 0)


def _summarise(store: Store, end: End) -> Summary:
    example = next(store.outcomes(end.config_hash, Example, planned=end.whole), None)
    rejection = next(store.outcomes(end.config_hash, Rejection, planned=end.whole), None)
    failure = next(store.outcomes(end.config_hash, Failure, planned=end.whole), None)
    skips = islice(store.outcomes(end.config_hash, Skip, planned=end.whole), 0 if end.funnel.made else 3)
    return Summary(
        end,
        store.usage(),
        example.id if example else None,
        rejection.id if rejection else None,
        f"{failure.error} at {failure.stage}: {failure.message}" if failure else None,
        tuple(f"{skip.source}: {skip.reason}" for skip in skips),
    )


def resolve(
    file: Path | None,
    given: Mapping[str, Any],
    *,
    model: str | None,
    base_url: str | None,
    concurrency: int | None = None,
    asks: bool = True,
) -> RunConfig:
    """The run config of a command line: the run file, if there is one, with the options laid over it.

    `asks`: whether a teacher is going to be asked; where none is, none needs to be named.
    """
    chosen = {name: value for name, value in given.items() if value not in (None, ())}
    if not all(name.strip() for name in chosen.get("skill", "-").split(",")):
        raise ConfigError(f"the skill {chosen['skill']!r} has an empty name in it: write a,b without blanks between")
    if not is_language_code(chosen.get("language", "en")):
        raise ConfigError(f"--language {chosen['language']}: give the code of a language, e.g. es or pt-BR")
    if file is not None:
        over = {"model": model, "base_url": base_url, "concurrency": concurrency}
        if any(over.values()):
            chosen["model"] = {name: value for name, value in over.items() if value}
        return YamlFile(file).read(RunConfig, over=_for_run_file(chosen))
    if "skill" not in chosen:
        raise ConfigError(
            "which skill? e.g. `orca-agents run reading_comprehension chapter.md`; `orca-agents skills` lists them"
        )
    if "seeds" not in chosen:
        raise ConfigError(f"which seeds? e.g. `orca-agents run {chosen['skill']} chapter.md folder/`")
    try:
        chosen["model"] = choose_model(model, base_url)
    except NoModelError:
        if asks:
            raise
        chosen["model"] = ModelConfig(model=NOBODY)
    if concurrency:
        chosen["model"] = chosen["model"].model_copy(update={"concurrency": concurrency})
    return make_config(**chosen)


def _for_run_file(chosen: dict[str, Any]) -> dict[str, Any]:
    """With a run file, every word of the command line is a seed: the skill stands in the file."""
    words = ([chosen.pop("skill")] if "skill" in chosen else []) + list(chosen.pop("seeds", ()))
    return {**chosen, **({"seeds": words} if words else {})}
