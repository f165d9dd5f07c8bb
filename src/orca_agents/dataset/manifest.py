"""Describe a dataset in its dataset.json: where it comes from, what was done, what is in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import yaml

from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import FORMAT
from orca_agents.dataset.sources import Run
from orca_agents.dataset.work import Work
from orca_agents.dataset.writing import Written
from orca_agents.run_folder import CONFIG_NAME


def describe(work: Work, options: BuildOptions, written: Written, told: Mapping[str, Any]) -> dict[str, Any]:
    """What dataset.json says; `told` is what the steps have to tell."""
    where = "FROM rows WHERE step IS NULL GROUP BY 1 ORDER BY 1"
    names = {number: " and ".join(one or "unknown" for one in some) for number, some in work.licences().items()}
    licences: Counter[str] = Counter()
    for number, rows in work.sql.execute(f"SELECT licences, count(*) {where}"):
        licences[names[number]] += rows
    languages = dict(work.sql.execute(f"SELECT coalesce(language, 'unknown'), count(*) {where}"))
    kept = dict(work.sql.execute(f"SELECT run, count(*) {where}"))
    flags: Counter[str] = Counter()
    for some, rows in work.sql.execute(
        "SELECT flags, count(*) FROM rows WHERE step IS NULL AND flags IS NOT NULL GROUP BY flags"
    ):
        flags.update(dict.fromkeys(json.loads(some), rows))
    (searched,) = work.sql.execute("SELECT count(*) FROM rows WHERE step IS NULL AND searched").fetchone()
    return {
        "format": FORMAT,
        "version": version("orca-agents"),
        "runs": [{**_of_run(run), "rows": run.expected, "kept": kept.get(at, 0)} for at, run in enumerate(work.runs)],
        "options": options.to_dict(),
        **told,
        "splits": written.splits,
        **({"searched": searched} if searched else {}),
        "licences": dict(sorted(licences.items())),
        "languages": languages,
        "models": dict(sorted(written.models.items())),
        "flags": dict(sorted(flags.items())),
        "sha256": dict(sorted(written.sha256.items())),
    }


def _of_run(run: Run) -> dict[str, Any]:
    summary = run.summary
    total = (summary.get("costs") or {}).get("total") or {}
    return {
        "name": run.name,
        "skill": summary.get("skill"),
        "config_hash": summary.get("config_hash"),
        "models": summary.get("models"),
        "funnel": summary.get("funnel"),
        "usage": summary.get("usage"),
        "sampling": _sampling_of(run),
        "costs": summary.get("costs"),
        "usd": total.get("usd"),
        "usd_is_complete": total.get("complete"),
    }


def _sampling_of(run: Run) -> dict[str, Any]:
    """The settings that the run gave its model; agents have their own beside these."""
    file = run.path / CONFIG_NAME
    config = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    model = config.get("model") if isinstance(config, dict) else None
    return dict(model.get("sampling") or {}) if isinstance(model, dict) else {}
