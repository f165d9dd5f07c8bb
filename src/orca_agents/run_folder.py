"""Write what a run made into its folder, whole or not at all, and read it back.

run.yaml            the resolved run config
store.sqlite        every call, chat and outcome; the truth, from which the rest is written
examples.jsonl      accepted examples, one a line, sorted by id
reserve.jsonl       examples accepted beyond the number asked for, where a number was asked for
rejections.jsonl    items that were made but not kept, with the check and its reason
failures.jsonl      chats that ended in an error, with the error's type
skips.jsonl         files, chunks and leaves that were not worked on, with the reason
transcripts.jsonl   every chat, with usage and latency per turn
summary.json        how the run ended, the funnel, usage and costs, models
run.log             what happened when: starts, stops, retries, changes of the limits
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orca_agents.costs import CostReport
from orca_agents.errors import StoreError
from orca_agents.funnel import Funnel
from orca_agents.outcomes import Example, Failure, Rejection, Skip
from orca_agents.records import Record
from orca_agents.run_config import RunConfig
from orca_agents.store import Store
from orca_agents.store.packing import json_text

if TYPE_CHECKING:  # these bring AutoGen and every check with them, and a folder is also read without a run
    from orca_agents.orchestrator import Ended
    from orca_agents.quotas import Shortfall

CONFIG_NAME = "run.yaml"
FILES: dict[str, type[Example] | type[Rejection] | type[Failure] | type[Skip]] = {
    "examples.jsonl": Example,
    "rejections.jsonl": Rejection,
    "failures.jsonl": Failure,
    "skips.jsonl": Skip,
}


@dataclass(frozen=True)
class End:
    """How a run ended, and what it came to."""

    why: Ended
    message: str
    """Why no more was done, where that is not for lack of seeds; empty otherwise."""
    config: RunConfig
    config_hash: str
    funnel: Funnel
    """Of the dataset: what became of all seeds, those of earlier runs included."""
    costs: CostReport
    finished: int
    """Seeds that are done."""
    store_bytes: int
    shortfall: Shortfall | None = None
    """What is missing of the wanted examples."""
    reserve: frozenset[str] = frozenset()
    """Ids of what was accepted beyond the wanted number."""
    whole: bool = True
    """Whether every seed was come by, so that the files hold what became of just these."""
    saved: str = ""
    """What copies and items of benchmarks would have cost, in words; empty if there were none."""


def write_run(folder: Path, store: Store, end: End) -> None:
    """Write all files of a run folder from its store; the same store gives the same bytes.

    They hold what became of the seeds that the run came by; those of a run that was stopped hold all that the store
    has under its config.
    """
    for name, kind in FILES.items():
        rows = store.outcome_lines(end.config_hash, kind, planned=end.whole)
        write_text(folder / name, (f"{line}\n" for id, line in rows if id not in end.reserve))
    if end.config.accept is not None or end.config.quotas:
        rows = store.outcome_lines(end.config_hash, Example, planned=end.whole)
        write_text(folder / "reserve.jsonl", (f"{line}\n" for id, line in rows if id in end.reserve))
    else:
        (folder / "reserve.jsonl").unlink(missing_ok=True)  # of an earlier run that asked for a number
    chats = store.chat_lines(end.config_hash, planned=end.whole)
    write_text(folder / "transcripts.jsonl", (f"{line}\n" for line in chats))
    config = end.config
    summary: dict[str, Any] = {
        "skill": config.skill,
        "models": {"all": config.model.model, **{name: role.model for name, role in config.roles.items()}},
        "config_hash": end.config_hash,
        "ended": end.why,
        "why": end.message,
        "shortfall": asdict(end.shortfall) if end.shortfall else None,
        "reserve": len(end.reserve),
        "funnel": end.funnel.to_dict(),
        "usage": store.usage().model_dump(),
        "costs": end.costs.to_dict(),
        "saved": end.saved,
        "store_bytes": end.store_bytes,
    }
    write_text(folder / "summary.json", [json.dumps(summary, indent=2, ensure_ascii=False) + "\n"])


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the resolved config of a run; it holds the name of the key's variable, never the key."""
    data = config.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    write_text(folder / CONFIG_NAME, [f"# what this run was, all defaults filled in\n{text}"])


def write_jsonl(path: Path, records: Iterable[Record]) -> int:
    """Write records, one JSON object a line; returns how many."""
    count = 0

    def lines() -> Iterable[str]:
        nonlocal count
        for record in records:
            count += 1
            try:
                yield record.model_dump_json() + "\n"
            except ValueError:  # half a surrogate pair: written as in a run folder
                yield json_text(record) + "\n"

    write_text(path, lines())
    return count


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write a file beside its place and move it there: a reader sees the old file or the new one, never half."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")

    def write() -> None:
        try:
            with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:  # whatever the pieces raise too, nothing half-written stays; raised again
            with contextlib.suppress(OSError):  # the first error is the one to tell
                beside.unlink(missing_ok=True)
            raise

    _saying_where(write, path)


def _saying_where(write: Callable[[], None], path: Path) -> None:
    try:
        write()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what = "the disk is full" if full else (error.strerror or str(error))
        raise StoreError(
            f"{path} cannot be written: {what}. Nothing in the run's store is lost: "
            "make room (or give another --out) and run the same command again"
        ) from None
