"""Merge runs: note what each row is, and drop what was met before or is not fit for training."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from orca_agents.config import CORPUS_SEARCHER
from orca_agents.dataset.documents import Documents
from orca_agents.dataset.items import options_of, shown_passage
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.rows import Row, parse_row
from orca_agents.dataset.sources import Run, read_parents
from orca_agents.dataset.work import BATCH, Dropped, Work
from orca_agents.errors import DatasetError
from orca_agents.records import short_hash

PLAIN_AND_REFINED = "open_domain_question_answering"
"""The skill whose held-out rows are kept apart by whether they were refined, as in AgentInstruct's evaluation."""

_INSERT = f"INSERT INTO rows VALUES ({', '.join('?' * 28)})"  # noqa: S608  only question marks


def merge(work: Work, options: BuildOptions, tick: Callable[[int], None]) -> int:
    """Take in the examples of all runs; returns how many there are.

    An example that an earlier run has too, word for word, is dropped. One that has the id of another (the same place
    of the same seed under another config) and other words stays, under an id of its own.
    """
    documents = Documents(work, options.document)
    number = 0
    for run_number, run in enumerate(work.runs):
        with work.transaction():
            work.sql.executemany(
                "INSERT OR IGNORE INTO parents VALUES (?, ?, ?)",
                ((run_number, id, parent) for id, parent in read_parents(run)),
            )
        before = number
        batch: list[tuple[Any, ...]] = []
        for offset, line in _lines(run):
            row = parse_row(line, f"{run.examples}:{number - before + 1}")
            if not _NAME.fullmatch(str(row["skill"] or "")):
                raise DatasetError(f"{run.examples}:{number - before + 1}: {row['skill']!r} is no name of a skill")
            batch.append(_facts(work, documents, row, number, run_number, offset, len(line), options))
            number += 1
            if len(batch) >= BATCH:
                _insert(work, batch)
                batch = []
                tick(number)
        _insert(work, batch)
        documents.end_run()
        if number - before != run.expected:
            raise DatasetError(
                f"{run.examples} has {number - before} rows, and its run's summary counts {run.expected}: was it "
                f"edited, or cut? `orca-agents replay {run.path}` writes both again from what is on record"
            )
    work.sql.execute("CREATE INDEX rows_by_id ON rows (id, skill)")
    _drop_met(work)
    return number


def drop_unfit(work: Work) -> None:
    """Drop what a demonstration model made, what was not verified, and rows with nothing in them."""
    work.sql.execute("UPDATE rows SET step = 'unfit', reason = unfit WHERE step IS NULL AND unfit IS NOT NULL")


def why_unfit(row: Row, options: BuildOptions) -> str | None:
    """Why a row is no training data; `None` where it is."""
    metadata = row["metadata"]
    if metadata.get("demo") and not options.with_demo:
        return "made by the demonstration model"
    verification = metadata.get("verification")
    if (
        not isinstance(verification, dict) or verification.get("verdict") != "accepted"
    ) and not options.with_unverified:
        return "not verified"
    return None if options.with_empty else _why_empty(row)


def _why_empty(row: Row) -> str | None:
    messages = row["messages"]
    if not row["id"] or not row["skill"] or not row["leaf"]:
        return "no id, skill or leaf"
    if not messages or not all(isinstance(message, dict) for message in messages):
        return "no messages"
    roles = [message.get("role") for message in messages]
    if "user" not in roles:
        return "nothing asked"
    if roles[-1] != "assistant":
        return "no answer"
    for message in messages:
        content = message.get("content")
        if not isinstance(content, str):
            return "a message is null"
        # a call of a tool needs no words, and what a tool answers may be nothing
        if not content.strip() and message["role"] != "tool" and not message.get("tool_calls"):
            return "a message is empty"
    return None


_NAME = re.compile(r"\w[\w.-]*")
"""Of a skill: a folder of the dataset is called by it."""


def _lines(run: Run) -> Iterator[tuple[int, bytes]]:
    offset = 0
    try:
        with run.examples.open("rb") as file:
            for line in file:
                yield offset, line
                offset += len(line)
    except OSError as error:
        raise DatasetError(f"{run.examples} cannot be read: {error.strerror or error}; check the path") from None


def _facts(
    work: Work, documents: Documents, row: Row, number: int, run: int, offset: int, length: int, options: BuildOptions
) -> tuple[Any, ...]:
    """A row as the table has it."""
    metadata = row["metadata"]
    id, skill = str(row["id"] or ""), str(row["skill"] or "")
    rounds = difficulty(row)
    digest = hashlib.sha256(json.dumps([row["messages"], row.get("tools")]).encode()).digest()[:16]
    reference = metadata.get("reference") or []
    is_choice = metadata.get("form") == "choice" and len(reference) == 1
    return (
        number,
        run,
        offset,
        length,
        id,
        skill,
        str(row["leaf"] or ""),
        metadata.get("parent_id"),
        rounds,
        "eval_refined" if rounds and skill == PLAIN_AND_REFINED else "eval",
        int(bool(shown_passage(row))),
        int(metadata.get("transformer") == CORPUS_SEARCHER),
        reference[0] if is_choice else None,
        options_of(row) if is_choice else None,
        sum(map(len, _texts(row))),
        int(metadata.get("answerable") is not False),
        work.number_of("licences", "names", json.dumps(licences_of(row))),
        metadata.get("language"),
        documents.of(row, run),
        lot(options.seed, id),
        digest,
        why_unfit(row, options),
        None,
        None,
        None,
        None,
        None,
        None,
    )


def difficulty(row: Row) -> int:
    """0 for a seed instruction, else how many rounds of refinement are above it."""
    metadata = row["metadata"]
    return int(metadata.get("round") or (1 if metadata.get("parent_id") else 0))


def licences_of(row: Row) -> list[str | None]:
    """The licences of the sources of a row, `None` for a source without one; of a corpus those of its documents."""
    metadata = row["metadata"]
    parts = (metadata.get("seed_metadata") or {}).get("documents")
    if isinstance(parts, list) and parts and all(isinstance(part, dict) for part in parts):
        stated = {part.get("licence") for part in parts}
    else:
        stated = {metadata.get("licence")}
    return sorted({name or None for name in stated}, key=lambda name: name or "")


def lot(seed: int, name: str) -> int:
    """Where a name comes in the draw of a seed: a number of 63 bits, the same everywhere."""
    return int(short_hash(str(seed), name), 16) >> 1


def _texts(row: Row) -> Iterator[str]:
    messages = row["messages"]
    return (
        message["content"]
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), str)
    )


def _insert(work: Work, batch: list[tuple[Any, ...]]) -> None:
    work.write(_INSERT, batch)


def _drop_met(work: Work) -> None:
    """Drop the examples that an earlier row equals, and give those that only have its id an id of their own."""
    found = work.sql.cursor().execute(
        "SELECT number, run, id, skill, digest FROM rows WHERE (id, skill) IN "
        "(SELECT id, skill FROM rows GROUP BY id, skill HAVING count(*) > 1) ORDER BY id, skill, number"
    )
    same: list[Dropped] = []
    renamed: list[tuple[str, int]] = []
    for (id, _), group in groupby(found, key=lambda row: (row[2], row[3])):
        first: dict[bytes, int] = {}
        for number, _, _, _, digest in group:
            if digest in first:
                same.append(Dropped(number, "the same example in an earlier run", first[digest]))
            elif first:
                renamed.append((short_hash(id, digest.hex()), number))
            first.setdefault(digest, number)
        if len(same) + len(renamed) >= BATCH:
            _settle(work, same, renamed)
            same, renamed = [], []
    _settle(work, same, renamed)


def _settle(work: Work, same: list[Dropped], renamed: list[tuple[str, int]]) -> None:
    work.drop("merge", same)
    work.write("UPDATE rows SET renamed = ? WHERE number = ?", renamed)
