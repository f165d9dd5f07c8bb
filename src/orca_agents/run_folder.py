"""Write what a run made into its folder, whole or not at all, and read it back.

run.yaml            the resolved run config
store.sqlite        every call, chat and outcome; the truth, from which the rest is written
examples.jsonl      accepted examples, one a line, sorted by id
rejections.jsonl    items that were made but not kept, with the check and its reason
failures.jsonl      chats that ended in an error, with the error's type
skips.jsonl         files, chunks and leaves that were not worked on, with the reason
transcripts.jsonl   every chat, with usage and latency per turn
summary.json        the funnel, usage, models
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from orca_agents.config import RunConfig
from orca_agents.errors import StoreError
from orca_agents.funnel import Funnel
from orca_agents.orchestrator import Seen
from orca_agents.records import Example, Failure, Outcome, Record, Rejection, Skip, Transcript
from orca_agents.store import Store

FILES: dict[str, type[Example] | type[Rejection] | type[Failure] | type[Skip]] = {
    "examples.jsonl": Example,
    "rejections.jsonl": Rejection,
    "failures.jsonl": Failure,
    "skips.jsonl": Skip,
}


def write_run(folder: Path, store: Store, config: RunConfig, config_hash: str, seen: Seen | None) -> None:
    """Write all files of a run folder from its store; the same store gives the same bytes.

    They hold what became of the seeds that the run came by; `seen` is `None` for a run that was stopped, which writes
    all that the store has under its config.
    """
    funnel = Funnel()
    units = None if seen is None else seen.units
    for name, kind in FILES.items():
        write_jsonl(folder / name, _counted(store.outcomes(config_hash, kind, units=units), funnel))
    write_jsonl(folder / "transcripts.jsonl", chats_of(store, config_hash, seen))
    summary: dict[str, Any] = {
        "skill": config.skill,
        "models": {"all": config.model.model, **{name: role.model for name, role in config.roles.items()}},
        "config_hash": config_hash,
        "funnel": funnel.to_dict(),
        "usage": store.usage().model_dump(),
    }
    write_text(folder / "summary.json", [json.dumps(summary, indent=2, ensure_ascii=False) + "\n"])


def chats_of(store: Store, config_hash: str, seen: Seen | None) -> Iterable[Transcript]:
    """The transcripts of a run, or all under its config."""
    return (chat for chat in store.chats(config_hash) if seen is None or chat.seed_id in seen.seeds)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the resolved config of a run; it holds the name of the key's variable, never the key."""
    data = config.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    write_text(folder / "run.yaml", [f"# what this run was, all defaults filled in\n{text}"])


def write_jsonl(path: Path, records: Iterable[Record]) -> int:
    """Write records, one JSON object a line; returns how many."""
    count = 0

    def lines() -> Iterable[str]:
        nonlocal count
        for record in records:
            count += 1
            yield record.model_dump_json() + "\n"

    write_text(path, lines())
    return count


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write a file beside its place and move it there: a reader sees the old file or the new one, never half."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")

    def write() -> None:
        with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    _saying_where(write, path, beside)


def _counted(outcomes: Iterable[Outcome], funnel: Funnel) -> Iterable[Outcome]:
    for outcome in outcomes:
        funnel.add(outcome)
        yield outcome


def _saying_where(write: Callable[[], None], path: Path, beside: Path) -> None:
    try:
        write()
    except OSError as error:
        beside.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what = "the disk is full" if full else (error.strerror or str(error))
        raise StoreError(
            f"{path} cannot be written: {what}. Nothing in the run's store is lost: "
            "make room (or give another --out) and run the same command again"
        ) from None
