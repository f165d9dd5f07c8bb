"""`orca-agents run`: options and run file together, live progress, a summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orca_agents import loop
from orca_agents.cli.progress import ProgressView
from orca_agents.config import RunConfig
from orca_agents.errors import ConfigError
from orca_agents.models import choose_model, is_default_model
from orca_agents.runs import LOCAL_WARNING, SkillRun, default_out, execute
from orca_agents.seeds import check_sources
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
            result = loop.run(execute(config, sources, out=folder, on_progress=view.update, say=view.say))
        except KeyboardInterrupt:
            view.say(f"stopping; what was bought is kept in {folder}")
            raise
    print_summary(result, folder)


def resolve(file: Path | None, given: Mapping[str, Any], *, model: str | None, base_url: str | None) -> RunConfig:
    """The run config of a command line: the run file, if there is one, with the options laid over it."""
    chosen = {name: value for name, value in given.items() if value not in (None, ())}
    if file is not None:
        from_file = YamlFile(file).read(RunConfig)
        # with a run file, every word of the command line is a seed: the skill stands in the file
        if "skill" in chosen and chosen["skill"] != from_file.skill:
            chosen["seeds"] = (chosen.pop("skill"), *chosen.get("seeds", ()))
        if model or base_url:
            update = {"model": model or from_file.model.model, "base_url": base_url or from_file.model.base_url}
            chosen["model"] = from_file.model.model_copy(update=update)
        return RunConfig.model_validate({**from_file.model_dump(), **chosen})
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
    return RunConfig.model_validate(chosen)


def print_summary(result: SkillRun, folder: Path) -> None:
    """The funnel, what it took, and where to look."""
    print("\n".join(result.funnel.lines()))
    usage = result.usage
    reasoning = f", {usage.reasoning_tokens} of them reasoning" if usage.reasoning_tokens else ""
    tokens = f"{usage.prompt_tokens} prompt tokens, {usage.completion_tokens} completion tokens{reasoning}"
    print(f"{usage.calls} calls: {tokens}")
    print(f"{folder / 'examples.jsonl'}; beside it rejections, failures, skips, transcripts and summary.json")
    if result.examples:
        print(f"a look at one: orca-agents show {result.examples[0].id} --run {folder}")
    elif result.rejections:
        print(f"why one was rejected: orca-agents show {result.rejections[0].id} --run {folder}")
