"""Write the rows that are left, and what became of the others, into the folder of a dataset."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from orca_agents.dataset.merging import difficulty
from orca_agents.dataset.rows import DATA_NAME, DROPPED_NAME, SPLITS, Row
from orca_agents.dataset.work import Place, Work


@dataclass
class Written:
    """What was written."""

    splits: dict[str, dict[str, int]] = field(default_factory=dict)
    """split -> skill -> rows."""
    sha256: dict[str, str] = field(default_factory=dict)
    """file -> hash."""
    models: Counter[str] = field(default_factory=Counter)
    """model -> rows that it has a part in."""
    dropped: int = 0

    @property
    def rows(self) -> int:
        """All rows of all splits."""
        return sum(sum(skills.values()) for skills in self.splits.values())


def write_data(work: Work, folder: Path, tick: Callable[[int], None]) -> Written:
    """Write data/ and dropped.jsonl into the folder."""
    written = Written(splits={split: {} for split in SPLITS if split != "eval_refined"})
    work.sql.execute("CREATE INDEX rows_left ON rows (skill, split, id, run) WHERE step IS NULL")
    found = work.sql.cursor().execute(
        "SELECT skill, split, number, run, offset, length, id, renamed, flags FROM rows WHERE step IS NULL "
        "ORDER BY skill, split, coalesce(renamed, id), run"
    )
    done = 0
    for (skill, split), some in groupby(found, key=lambda row: (row[0], row[1])):
        name = f"{DATA_NAME}/{skill}/{split}.jsonl"
        file = _Hashed(folder / name)
        with file:
            for _, _, *place, renamed, flags in some:
                row = _finished(work, Place._make(place), renamed, flags)
                written.models.update(set((row["metadata"].get("models") or {}).values()))
                file.write(row)
                done += 1
                tick(done)
        written.splits.setdefault(split, {})[skill] = file.rows
        written.sha256[name] = file.digest
    dropped = _Hashed(folder / DROPPED_NAME)
    with dropped:
        for line in _dropped(work):
            dropped.write(line)
    written.dropped = dropped.rows
    written.sha256[DROPPED_NAME] = dropped.digest
    return written


class _Hashed:
    """A file of JSON lines that is hashed while it is written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self.rows = 0

    def write(self, row: Row) -> None:
        # half a surrogate pair, which no file can hold, is written as a JSON escape
        text = json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
        data = text.encode("utf-8", "backslashreplace")
        self._hash.update(data)
        self._file.write(data)
        self.rows += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def __enter__(self) -> _Hashed:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _finished(work: Work, place: Place, renamed: str | None, flags: str | None) -> Row:
    """A row as the dataset has it: what is known of it since the run is added, and nothing else is changed."""
    row = work.row(place)
    metadata: dict[str, Any] = row["metadata"]
    metadata["run"] = work.runs[place.run].name
    metadata["difficulty"] = difficulty(row)
    if flags is not None:
        metadata["flags"] = json.loads(flags)
    if renamed is not None:
        metadata["id_in_run"], row["id"] = row["id"], renamed
    return row


def _dropped(work: Work) -> Iterable[Row]:
    found = work.sql.cursor().execute(
        "SELECT id, run, skill, leaf, step, reason, of FROM rows WHERE step IS NOT NULL ORDER BY run, skill, id, number"
    )
    for id, run, skill, leaf, step, reason, of in found:
        line = {"id": id, "run": work.runs[run].name, "skill": skill, "leaf": leaf, "step": step, "reason": reason}
        if isinstance(of, int):
            sql = "SELECT coalesce(renamed, id), run FROM rows WHERE number = ?"
            line["of"], its_run = work.sql.execute(sql, (of,)).fetchone()
            line["of_run"] = work.runs[its_run].name
        elif of is not None:
            line["of"] = of
        yield line
