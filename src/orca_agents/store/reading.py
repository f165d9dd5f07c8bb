"""What a run store can tell: listings page by page, sums, and the work that is finished.

Nothing here grows with the number of rows, and no transaction stays open between two pages: it would keep the
write-ahead log from shrinking.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast, get_args, overload

from orca_agents.errors import StoreError
from orca_agents.outcomes import Example, Outcome, qualified, skill_of
from orca_agents.records import Record, Seed, Transcript, Usage
from orca_agents.store.faults import explained
from orca_agents.store.file import COUNTS
from orca_agents.store.packing import R, from_key, marks, to_key, unpack, unpack_text

_TYPES: dict[str, type[Record]] = {kind.__name__: kind for kind in get_args(Outcome)}
_PAGE = 500  # rows that a listing holds in memory


class Found(NamedTuple):
    """An outcome, and the config hash under which it was made: `chats(config_hash, ...)` holds its lineage."""

    config_hash: str
    outcome: Outcome


class Tally(NamedTuple):
    """What counts of a finished unit: leaf -> how often it was drawn, and leaf -> its accepted examples."""

    drawn: dict[str, int]
    accepted: dict[str, int]
    picked: Sequence[tuple[str, Sequence[str]]] = ()
    """(transformer, its leaves): what was drawn, for a replay. Where numbers are asked for, the draw depends on what
    was known of other seeds when it was made."""


class Spend(NamedTuple):
    """What the calls for one purpose took."""

    model: str
    """The name that was asked for."""
    stage: str
    leaf: str
    agent: str
    replies: int
    attempts: int
    """Requests, those that failed included."""
    faults: int
    """Calls that ended without a reply."""
    usage: Usage


class Count(NamedTuple):
    """How many outcomes of one kind there are."""

    type: str
    stage: str
    """Empty for an example."""
    leaf: str | None
    label: str
    """The check of a rejection, the error of a failure; empty for others."""
    skill: str
    """Empty where the run has one skill alone."""
    number: int


class Readings:
    """The half of a store that only reads."""

    def __init__(self, place: str, reader: sqlite3.Connection, reading: threading.Lock) -> None:
        self._place = place
        self._reader, self._reading = reader, reading
        self._closed = False

    def finished(self, config_hash: str, unit: str) -> Tally | None:
        """What counts of a unit whose outcomes were saved under this config; `None` if it is still to be done."""
        return self.finished_among(config_hash, [unit]).get(unit)

    def finished_among(self, config_hash: str, units: Sequence[str]) -> dict[str, Tally]:
        """The same for some units at once; those that are still to be done are left out."""
        sql = f"SELECT unit, tally FROM finished WHERE config_hash = ? AND unit IN ({marks(units)})"  # noqa: S608
        rows = self._read(sql, (config_hash, *map(to_key, units)))
        return {from_key(unit): _tally(from_key(text)) for unit, text in rows}

    def finished_count(self, config_hash: str) -> int:
        """How many units are finished under this config."""
        return int(self._read("SELECT count(*) FROM finished WHERE config_hash = ?", (config_hash,))[0][0])

    @overload
    def outcomes(self, config_hash: str, *, planned: bool = False) -> Iterator[Outcome]: ...
    @overload
    def outcomes(self, config_hash: str, kind: type[R], *, planned: bool = False) -> Iterator[R]: ...
    def outcomes(
        self, config_hash: str, kind: type[Record] | None = None, *, planned: bool = False
    ) -> Iterator[Record]:
        """The outcomes under this config, all or of one kind, in the order of their ids; with `planned` only those of
        the units that the latest run came by."""
        for type_name, body, *_ in self._outcome_rows(config_hash, kind, planned):
            yield unpack(_TYPES[type_name], body, self._place)

    def outcome_lines(
        self, config_hash: str, kind: type[Record], *, planned: bool = False
    ) -> Iterator[tuple[str, str]]:
        """(id, JSON) of the outcomes of one kind, as `outcomes` lists them."""
        for type_name, body, id, _ in self._outcome_rows(config_hash, kind, planned):
            yield from_key(id), unpack_text(body, self._place, type_name)

    def _outcome_rows(self, config_hash: str, kind: type[Record] | None, planned: bool) -> Iterator[Sequence[Any]]:
        # the index holds the order: the planner would rather sort every body
        sql = "SELECT type, body, id, unit FROM outcomes INDEXED BY outcomes_by_id WHERE config_hash = ?"
        values: tuple[Any, ...] = (config_hash,)
        if kind is not None:
            sql, values = f"{sql} AND type = ?", (*values, kind.__name__)
        if planned:
            self._settle()
            sql += " AND " + _in_plan("unit", "outcomes")
        return self._pages(sql, values, ("id", "unit"))

    def counts(self, config_hash: str, *, planned: bool = False) -> Iterator[Count]:
        """How many outcomes there are of each kind, without reading them."""
        numbers: Counter[tuple[str, str, str | None, str, str]] = Counter()
        columns = "o.stage, o.leaf, o.label, o.unit"
        if planned:
            rows = self._in_order(columns, (config_hash,), ("o.type", "o.id"), "")
        else:
            sql = f"SELECT {columns}, o.unit, o.type, o.id FROM outcomes AS o INDEXED BY outcomes_by_unit"  # noqa: S608
            rows = self._pages(f"{sql} WHERE o.config_hash = ?", (config_hash,), ("o.unit", "o.type", "o.id"))
        for stage, leaf, label, unit, _, type_name, _ in rows:
            numbers[type_name, stage, leaf, label, skill_of(from_key(unit))] += 1
        for (type_name, stage, leaf, label, skill), number in numbers.items():
            name = None if leaf is None else from_key(leaf)
            yield Count(type_name, from_key(stage), name, from_key(label), skill, number)

    def accepted_in_order(self, config_hash: str) -> Iterator[tuple[int, str, str]]:
        """(position, id, leaf) of the accepted examples of the latest run, in the order of the units it came by; those
        of one unit by id."""
        where = f" AND o.type = '{Example.__name__}'"
        for leaf, unit, position, id in self._in_order("o.leaf, o.unit", (config_hash,), ("o.id",), where):
            yield position, from_key(id), qualified(skill_of(from_key(unit)), from_key(leaf))

    def accepted_among(self, config_hash: str, units: Sequence[str]) -> Iterator[tuple[str, Example]]:
        """(unit, example) of what was accepted of some units."""
        among = f"config_hash = ? AND type = ? AND unit IN ({marks(units)})"
        sql = f"SELECT unit, body FROM outcomes WHERE {among} ORDER BY id"  # noqa: S608
        for unit, body in self._read(sql, (config_hash, Example.__name__, *map(to_key, units))):
            yield from_key(unit), unpack(Example, body, self._place)

    def planned_seeds(self) -> Iterator[tuple[int, str, Seed]]:
        """(position, unit, seed) of the seeds that the latest run came by and that were kept, in that order."""
        self._settle()
        sql = (
            "SELECT planned.unit, body, position FROM planned CROSS JOIN seeds ON seeds.unit = planned.unit WHERE true"
        )
        for unit, body, position in self._pages(sql, (), ("position",)):
            yield position, from_key(unit), unpack(Seed, body, self._place)

    def chats(
        self, config_hash: str, ids: Iterable[str] | None = None, *, planned: bool = False
    ) -> Iterator[Transcript]:
        """The chats under this config: all in the order of their ids, or those of `ids` in the order given; with
        `planned` only those about the seeds that the latest run came by."""
        for body, _ in self._chat_rows(config_hash, ids, planned):
            yield unpack(Transcript, body, self._place)

    def chat_lines(self, config_hash: str, *, planned: bool = False) -> Iterator[str]:
        """The chats as JSON, as `chats` lists them."""
        for body, _ in self._chat_rows(config_hash, None, planned):
            yield unpack_text(body, self._place, Transcript.__name__)

    def _chat_rows(self, config_hash: str, ids: Iterable[str] | None, planned: bool) -> Iterator[Sequence[Any]]:
        sql = "SELECT body, id FROM chats WHERE config_hash = ?"
        if planned:
            self._settle()
            sql += " AND " + _in_plan("seed_id", "chats")
        if ids is None:
            return self._pages(sql, (config_hash,), ("id",))
        return (row for key in ids for row in self._read(f"{sql} AND id = ?", (config_hash, to_key(key))))

    def find(self, id_prefix: str, most: int = 20) -> list[Found]:
        """The outcomes whose id starts so, under whatever config; of equal ids the newest first."""
        sql = "SELECT config_hash, type, body FROM outcomes WHERE id >= ? AND id < ? ORDER BY id, rowid DESC LIMIT ?"
        rows = self._read(sql, (to_key(id_prefix), to_key(id_prefix + "\U0010ffff"), most))
        return [Found(config, cast(Outcome, unpack(_TYPES[kind], body, self._place))) for config, kind, body in rows]

    def spend(self) -> list[Spend]:
        """Everything that was bought in this run folder, under whatever config, by what it was for."""
        self._settle()
        sql = f"SELECT model, stage, leaf, agent, replies, attempts, faults, {', '.join(COUNTS)} FROM spend"  # noqa: S608
        rows = self._read(f"{sql} ORDER BY model, stage, leaf, agent", ())
        return [_spend(row) for row in rows]

    def usage(self) -> Usage:
        """Everything that was bought in this run folder, under whatever config."""
        return sum(self.usage_by_model().values(), Usage())

    def usage_by_model(self) -> dict[str, Usage]:
        """The same, for each model by the name that was asked for."""
        rows = self._read(f"SELECT model, {_SUMS} FROM spend GROUP BY model ORDER BY model", ())  # noqa: S608
        return {from_key(model): _usage(counts) for model, *counts in rows}

    def uncounted_requests(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(model, request body) of the calls whose endpoint did not tell how many tokens they took."""
        self._settle()
        sql = "SELECT model, request, rowid FROM calls WHERE prompt_tokens + completion_tokens = 0"
        for model, body, _ in self._pages(sql, (), ("rowid",)):
            yield from_key(model), json.loads(unpack_text(body, self._place, "request"))

    def call_count(self) -> int:
        """How many replies are kept."""
        return int(self._read("SELECT coalesce(sum(replies), 0) FROM spend", ())[0][0])

    def note(self, key: str) -> Any:
        """The note of this key, or `None`."""
        rows = self._read("SELECT value FROM notes WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    def size_bytes(self) -> int:
        """What the store takes once it is closed and its write-ahead log is folded into the file."""
        [(pages,)], [(size,)] = self._read("PRAGMA page_count", ()), self._read("PRAGMA page_size", ())
        return int(pages * size)

    def _settle(self) -> None:
        """Wait until what was queued can be read; there is nothing of that kind where nobody writes."""

    def _in_order(
        self, columns: str, values: Sequence[Any], order: Sequence[str], where: str
    ) -> Iterator[Sequence[Any]]:
        """These columns of the outcomes of all planned units by position, then the position, then those of `order`."""
        self._settle()
        sql = (  # CROSS JOIN: the plan comes first, so that the two together need not be sorted
            f"SELECT {columns}, position, {', '.join(order)} FROM planned "  # noqa: S608
            "CROSS JOIN outcomes AS o INDEXED BY outcomes_by_unit ON o.config_hash = ? AND o.unit = planned.unit "
            f"WHERE true{where}"
        )
        return self._pages(sql, values, ("position", *order), start="position")

    def _pages(self, sql: str, values: Sequence[Any], order: Sequence[str], start: str = "") -> Iterator[Sequence[Any]]:
        """All rows of a query, whose last columns are those of `order`, which no two rows share.

        `start` is the first of `order` where these stand in several tables: SQLite uses no index for all of them.
        """
        by, width = ", ".join(order), len(order)
        after = f"AND ({by}) > ({marks(order)})" + (f" AND {start} >= ?" if start else "")
        rows = self._read(f"{sql} ORDER BY {by} LIMIT {_PAGE}", values)
        while rows:
            yield from rows
            last = rows[-1][-width:]
            more = (*values, *last, *last[:1]) if start else (*values, *last)
            rows = self._read(f"{sql} {after} ORDER BY {by} LIMIT {_PAGE}", more) if len(rows) == _PAGE else []

    def _read(self, sql: str, values: Sequence[Any]) -> list[Any]:
        with explained(self._place), self._reading:
            if self._closed:
                raise StoreError(f"{self._place} is closed")
            return self._reader.execute(sql, values).fetchall()


_SUMS = ", ".join(f"sum({name})" for name in COUNTS)


def _in_plan(column: str, table: str) -> str:
    return f"EXISTS (SELECT 1 FROM plan WHERE plan.{column} = {table}.{column} AND plan.run = (SELECT run FROM latest))"  # noqa: S608


def _tally(text: str) -> Tally:
    drawn, accepted, picked = json.loads(text)
    return Tally(drawn, accepted, tuple((agent, tuple(leaves)) for agent, leaves in picked))


def _spend(row: Sequence[Any]) -> Spend:
    model, stage, leaf, agent = map(from_key, row[:4])
    replies, attempts, faults = row[4:7]
    return Spend(model, stage, leaf, agent, replies, attempts, faults, _usage(row[7:]))


def _usage(counts: Sequence[int]) -> Usage:
    return Usage(**dict(zip(COUNTS, counts, strict=True)))
