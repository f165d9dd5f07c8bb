"""Split by source document: no document, and so no seed, is on two sides. Documents with rows that show nearly the same
passage, or are copies of each other, count as one.

Documents are held out whole, for evaluation and for validation, in the order of their lots: a lot depends on the seed
and on the document's name, so that adding a run moves few. One that would bring mostly rows that are not needed is left
for later, and taken only where the others were not enough, and never for less than a twentieth of its rows. What a
held-out document has beyond the number of rows for evaluation is dropped, for it may not be trained on.

One thing is let through: passages with distractors that a search brought from other documents (`retrieve_passages`)
show pieces of these. Joining what one search joins would leave one single document. How many rows these are is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from math import ceil

from orca_agents.config import CORPUS_SEARCHER
from orca_agents.dataset.documents import group_documents
from orca_agents.dataset.merging import PLAIN_AND_REFINED, lot
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.work import Dropped, Work

STEP = "split"
MOST_HELD_OUT = 0.2
"""The largest part of a skill whose documents are held out: with few rows or documents, most are better trained on."""

Cell = tuple[str, str]
"""A skill, and `eval` or `eval_refined`."""


def split(work: Work, options: BuildOptions) -> list[str]:
    """Give every row its split, and drop what is left over; returns what there is to tell of it."""
    group_documents(work)
    work.sql.execute("UPDATE rows SET split = 'train' WHERE step IS NULL")
    _draw_lots(work, options.seed)
    have: Counter[Cell] = Counter()
    for skill, cell, number in work.sql.execute(
        "SELECT skill, cell, count(*) FROM rows WHERE step IS NULL GROUP BY skill, cell"
    ):
        have[skill, cell] = number
    notes = []
    if options.holdout:
        wanted = Counter({cell: min(options.holdout, int(number * MOST_HELD_OUT)) for cell, number in have.items()})
        room = Counter({cell: int(number * MOST_HELD_OUT) for cell, number in have.items()})
        taken = _take_documents(work, wanted, room, "eval")
        _cut(work, wanted)
        notes += [
            f"evaluation: {min(taken[cell], wanted[cell])} rows of {_named(cell)} instead of {options.holdout}"
            + _why(have[cell], taken[cell], wanted[cell], options.holdout)
            for cell in sorted(have)
            if min(taken[cell], wanted[cell]) < options.holdout
        ]
    if options.validation:
        # of what is left when evaluation has its own
        left: Counter[Cell] = Counter()
        for skill, number in work.sql.execute(
            "SELECT skill, count(*) FROM rows WHERE step IS NULL AND split = 'train' GROUP BY skill"
        ):
            left[skill, ""] = number
        share = options.validation
        wanted = Counter({cell: ceil(number * share) if number > 1 else 0 for cell, number in left.items()})
        room = Counter({cell: int(number * max(MOST_HELD_OUT, 1.5 * share)) for cell, number in left.items()})
        taken = _take_documents(work, wanted, room, "validation")
        notes += [
            f"validation: {taken[cell]} rows of {cell[0]} instead of {wanted[cell]}{_TOO_FEW}"
            for cell in sorted(left)
            if 2 * taken[cell] < wanted[cell]
        ]
    return notes + _let_through(work)


def _let_through(work: Work) -> list[str]:
    found = "SELECT coalesce(sum(searched), 0), count(DISTINCT split) FROM rows WHERE step IS NULL"
    searched, sides = work.sql.execute(found).fetchone()
    if not searched or sides < 2:
        return []
    return [
        f"split: {searched:,} rows have passages that a search brought ({CORPUS_SEARCHER}); these may show pieces of "
        "documents on another side"
    ]


def _draw_lots(work: Work, seed: int) -> None:
    """A table of the groups of documents that have rows, with their lots: that of the file with the lowest one, so that
    a file that joins a group rarely moves it."""
    work.sql.create_function("lot_of", 1, lambda name: lot(seed, name), deterministic=True)
    work.sql.executescript(
        "CREATE TABLE groups (document INTEGER PRIMARY KEY, lot INTEGER NOT NULL, split TEXT);"
        "INSERT INTO groups SELECT root, coalesce("
        "min(CASE WHEN name LIKE 'file %' THEN lot_of(name) END), min(lot_of(name))), NULL FROM documents "
        "WHERE root IN (SELECT document FROM rows WHERE step IS NULL) GROUP BY root;"
        "CREATE INDEX groups_by_lot ON groups (lot, document);"
        "CREATE INDEX rows_by_document ON rows (document, skill, cell) WHERE step IS NULL;"
    )


def _take_documents(work: Work, wanted: Counter[Cell], room: Counter[Cell], side: str) -> Counter[Cell]:
    """Take documents until each cell has what it wants, none beyond the room; returns the rows that each has then."""
    taken: Counter[Cell] = Counter()
    for most_waste in (0.5, 0.8, 0.95):
        chosen: list[tuple[str, int]] = []
        for document, rows in _documents(work, by_cell=side == "eval"):
            useful = sum(min(number, max(0, wanted[cell] - taken[cell])) for cell, number in rows.items())
            has_room = all(taken[cell] + number <= room[cell] for cell, number in rows.items())
            if useful and has_room and rows.total() - useful <= most_waste * rows.total():
                chosen.append((side, document))
                taken += rows
        work.write("UPDATE groups SET split = ? WHERE document = ?", chosen)
        if all(taken[cell] >= number for cell, number in wanted.items()):
            break
    work.sql.execute(
        "UPDATE rows SET split = ? WHERE step IS NULL AND document IN (SELECT document FROM groups WHERE split = ?)",
        (side, side),
    )
    return taken


def _documents(work: Work, *, by_cell: bool) -> Iterator[tuple[int, Counter[Cell]]]:
    """The groups of documents that are not taken yet, in the order of their lots, with their rows."""
    cell = "cell" if by_cell else "''"
    found = work.sql.cursor().execute(
        f"SELECT g.document, skill, {cell}, count(*) FROM groups AS g JOIN rows ON rows.document = g.document "  # noqa: S608
        "WHERE g.split IS NULL AND step IS NULL GROUP BY g.lot, g.document, skill, 3 ORDER BY g.lot, g.document"
    )
    for document, of_one in groupby(found, key=lambda row: row[0]):
        yield document, Counter({(skill, name): number for _, skill, name, number in of_one})


def _cut(work: Work, wanted: Counter[Cell]) -> None:
    """Of what was held out keep just the number; the rest is lost to training."""
    ranked = work.sql.cursor().execute(
        "SELECT number, skill, cell, row_number() OVER (PARTITION BY skill, cell ORDER BY lot, id, number) FROM rows "
        "WHERE step IS NULL AND split = 'eval'"
    )
    work.drop(
        STEP,
        (
            Dropped(number, "of a document that is held out, beyond the rows for evaluation")
            for number, skill, cell, rank in ranked
            if rank > wanted[skill, cell]
        ),
    )
    work.sql.execute("UPDATE rows SET split = cell WHERE step IS NULL AND split = 'eval'")


def _named(cell: Cell) -> str:
    skill, kind = cell
    if skill != PLAIN_AND_REFINED:
        return skill
    return f"{skill} ({'refined' if kind == 'eval_refined' else 'plain'})"


def _why(have: int, taken: int, wanted: int, holdout: int) -> str:
    if taken >= wanted < holdout:
        return f": a fifth of its {have:,} rows"
    return _TOO_FEW


_TOO_FEW = ": its documents are too few or too large for more (is each row a document? --document row)"
