"""`orca-agents run`: options and run file together, live progress, a summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from orca_agents import loop
from orca_agents.cli.progress import ProgressView
from orca_agents.config import RunConfig
from orca_agents.errors import ConfigError, TeacherError
from orca_agents.execution import default_out, execute, make_config
from orca_agents.funnel import Funnel
from orca_agents.models import choose_model, is_default_model
from orca_agents.orchestrator import Seen
from orca_agents.records import Example, Rejection, Skip, Usage
from orca_agents.runs import LOCAL_WARNING
from orca_agents.seeds import check_sources
from orca_agents.store import Store
from orca_agents.yaml_file import YamlFile


def run_command(
    file: Path | None,
    given: Mapping[str, Any],
    *,
    model: str | None,
    base_url: str | None,
    out: Path | None,
    dry_run: bool,
) -> None:
    """Run, or with `dry_run` show what would be asked."""
    config = resolve(file, given, model=model, base_url=base_url)
    sources = [Path(seed) for seed in config.seeds]
    if dry_run:
        from orca_agents.cli.dry_run import show_plan

        show_plan(config, sources)
        return
    folder = out or default_out(config)
    check_sources(sources)
    with ProgressView(config.skill, total=config.limit) as view:
        try:
            summary = loop.run(
                execute(config, sources, out=folder, read=_summarise, on_progress=view.update, say=view.say)
            )
        except (KeyboardInterrupt, TeacherError) as stopped:
            what = "stopped" if isinstance(stopped, KeyboardInterrupt) else "the teacher ended the run"
            view.say(f"{what}; what was bought is kept in {folder}: run the same command again to go on")
            raise
    summary.print(folder)


@dataclass(frozen=True)
class Summary:
    """What a person wants to know at the end of a run; not the examples themselves, of which there may be many."""

    funnel: Funnel
    usage: Usage
    example: str | None
    """The id of an accepted example, if there is one."""
    rejection: str | None
    skipped: tuple[str, ...]
    """Why nothing was worked on, where that is so: the first few skips."""

    def print(self, folder: Path) -> None:
        """The funnel, what it took, and where to look."""
        print("\n".join(self.funnel.lines()))
        usage = self.usage
        reasoning = f", {usage.reasoning_tokens} of them reasoning" if usage.reasoning_tokens else ""
        tokens = f"{usage.prompt_tokens} prompt tokens, {usage.completion_tokens} completion tokens{reasoning}"
        print(f"{usage.calls} calls on record in this folder: {tokens}")
        for skip in self.skipped:
            print(f"skipped {skip}")
        print(f"{folder / 'examples.jsonl'}; beside it rejections, failures, skips, transcripts and summary.json")
        if self.example:
            print(f"a look at one: orca-agents show {self.example} --run {folder}")
        elif self.rejection:
            print(f"why one was rejected: orca-agents show {self.rejection} --run {folder}")


def _summarise(store: Store, config_hash: str, seen: Seen) -> Summary:
    funnel = Funnel.of(store.outcomes(config_hash, units=seen.units))
    example = next(store.outcomes(config_hash, Example, units=seen.units), None)
    rejection = next(store.outcomes(config_hash, Rejection, units=seen.units), None)
    skips = islice(store.outcomes(config_hash, Skip, units=seen.units), 0 if funnel.made else 3)
    return Summary(
        funnel,
        store.usage(),
        example.id if example else None,
        rejection.id if rejection else None,
        tuple(f"{skip.source}: {skip.reason}" for skip in skips),
    )


def resolve(file: Path | None, given: Mapping[str, Any], *, model: str | None, base_url: str | None) -> RunConfig:
    """The run config of a command line: the run file, if there is one, with the options laid over it."""
    chosen = {name: value for name, value in given.items() if value not in (None, ())}
    if file is not None:
        if model or base_url:
            chosen["model"] = {k: v for k, v in (("model", model), ("base_url", base_url)) if v}
        return YamlFile(file).read(RunConfig, over=_for_run_file(chosen))
    if "skill" not in chosen:
        raise ConfigError(
            "which skill? e.g. `orca-agents run reading_comprehension chapter.md`; `orca-agents skills` lists them"
        )
    if "seeds" not in chosen:
        raise ConfigError(f"which seeds? e.g. `orca-agents run {chosen['skill']} chapter.md folder/`")
    if is_default_model(model) and base_url is None:
        chosen["model"] = choose_model(None)
        print(f"note: {LOCAL_WARNING}", file=sys.stderr)
    else:
        chosen["model"] = choose_model(model, base_url)
    return make_config(**chosen)


def _for_run_file(chosen: dict[str, Any]) -> dict[str, Any]:
    """With a run file, every word of the command line is a seed: the skill stands in the file."""
    words = ([chosen.pop("skill")] if "skill" in chosen else []) + list(chosen.pop("seeds", ()))
    return {**chosen, **({"seeds": words} if words else {})}
