"""Judge a block of data as something to write about: it is read, large enough, and made of its seed."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

from orca_agents.checks.api import Case
from orca_agents.checks.figures.blocks import DataProblem, read_data
from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.readings import exact, figures_in
from orca_agents.checks.leakage import control_token, preamble
from orca_agents.checks.terms import frequent_terms, share, terms
from orca_agents.config import IDENTITY
from orca_agents.records import Seed

FEWEST_CELLS = {"table": 6, "record": 4, "triples": 9, "log": 8}
FEWEST_ROWS = {"table": 2, "record": 1, "triples": 3, "log": 4}
MOST_ROWS = 120
FAITHFUL = ("table_extractor", "triple_maker", "schema_shuffler", "missing_value_injector")
"""Transformers that take their data from the seed, and invent none."""
INVENTING = ("table_synthesiser", "record_maker", "chart_spec_maker")
LEAST_FOUND = 0.8
"""Share of the cells that must stand in the seed, where the transformer may invent none."""
SUBJECTS = 40


def why_unreadable(case: Case) -> str | None:
    """Check `data_readable`."""
    text = case.content.text
    if token := control_token(text):
        return f"the data hold {token!r}, a control token of a chat"
    if case.content.transformer != IDENTITY and (first := preamble(text)):
        return f"the data begin with talk about them ({first[:60]!r}); hand in the block alone"
    try:
        data = read_data(text)
    except DataProblem as problem:
        return str(problem)
    return why_too_small(data) or (why_sum_wrong(data) if case.content.transformer in INVENTING else None)


def why_sum_wrong(data: Data) -> str | None:
    """Why a printed total is none of its parts; totals far off are means or rates of all."""
    totals = [row for row in range(len(data.rows)) if row not in data.parts_of_all]
    for row in totals if len(totals) == 1 else ():
        for column in data.measures:
            printed, parts = data.numbers[row][column], data.parts(column)
            if printed is not None and len(parts) == len(data.parts_of_all) and _is_off(printed, parts):
                return _told_off(f"the total of {data.columns[column]}", printed, parts)
    summed = [column for column in data.measures if column not in data.parts_of_row]
    for column in summed if len(summed) == 1 and len(data.parts_of_row) > 1 else ():
        for row in range(len(data.rows)):
            held = [data.numbers[row][part] for part in data.parts_of_row]
            known = [value for value in held if value is not None]
            total = data.numbers[row][column]
            if total is not None and len(known) == len(held) and _is_off(total, known):
                return _told_off(f"{data.columns[column]} of row {row + 1}", total, known)
    return None


def _is_off(printed: Fraction, parts: list[Fraction]) -> bool:
    """Whether a sum is near to what is printed, and is not it; rounded parts may be off by some last digits."""
    total, room = (
        sum(parts, Fraction(0)),
        Fraction(len(parts), 2 * max(value.denominator for value in (printed, *parts))),
    )
    room = room if any(value.denominator > 1 for value in (printed, *parts)) else Fraction(0)
    return total != 0 and abs(total - printed) > room and abs(total - printed) <= abs(total) / 4


def _told_off(what: str, printed: Fraction, parts: list[Fraction]) -> str:
    return f"{what} is printed as {exact(printed)}, and its parts add up to {exact(sum(parts, Fraction(0)))}"


def why_too_small(data: Data) -> str | None:
    """Why there is not enough to write about, or too much."""
    filled = sum(
        not data.is_missing(row, column) for row in range(len(data.rows)) for column in range(len(data.columns))
    )
    if len(data.rows) < FEWEST_ROWS[data.kind] or filled < FEWEST_CELLS[data.kind]:
        return (
            f"{len(data.rows)} rows with {filled} filled cells are too little; a {data.kind} needs at least "
            f"{FEWEST_ROWS[data.kind]} rows and {FEWEST_CELLS[data.kind]} cells"
        )
    if len(data.rows) > MOST_ROWS and data.kind != "log":
        return f"{len(data.rows)} rows are more than anybody reads; give at most {MOST_ROWS}"
    repeated = Counter(data.rows).most_common(1)[0]
    if repeated[1] > max(2, len(data.rows) // 2):
        return f"row {' | '.join(repeated[0])!r} stands there {repeated[1]} times"
    placeholders = [cell for row in data.rows for cell in row if _PLACEHOLDER.fullmatch(cell.strip())]
    if placeholders:
        return f"{placeholders[0]!r} is a placeholder; give a real value, or leave the cell empty"
    return None


def why_foreign(case: Case) -> str | None:
    """Check `data_of_seed`."""
    if case.content.transformer == IDENTITY or case.parent is not None:
        return None
    try:
        data = read_data(case.content.text)
    except DataProblem:
        return None  # `data_readable` says it
    if case.content.transformer in FAITHFUL:
        return _why_invented(data, case.seed, case.content.transformer)
    return _why_unrelated(data, case)


def _why_invented(data: Data, seed: Seed, transformer: str) -> str | None:
    numbers = _numbers(seed)
    words = terms(_spaced(seed.text), seed.language)
    strays, cells = [], 0
    for at, row in enumerate(data.rows):
        for column, cell in enumerate(row):
            if data.is_missing(at, column) or (data.kind == "triples" and column == 1):
                continue
            cells += 1
            if not _is_in(cell, numbers, words, seed):
                strays.append(f"{cell!r} ({data.columns[column]}, row {at + 1})")
    least = LEAST_FOUND if transformer != "missing_value_injector" else 0.75
    if transformer == "schema_shuffler":
        least = 0.95
    if cells and (cells - len(strays)) < least * cells:
        return f"{len(strays)} of {cells} cells do not stand in the source, such as {strays[0]}; take its own values"
    if transformer == "missing_value_injector":
        return _why_whole(data, strays)
    return None


def _why_whole(data: Data, strays: list[str]) -> str | None:
    gaps = sum(data.is_missing(row, column) for row in range(len(data.rows)) for column in range(len(data.columns)))
    if gaps == 0 and not strays:
        return "nothing is missing or wrong in these data; take one to three values out, or make one contradict others"
    if gaps > max(4, len(data.rows) * len(data.columns) // 3):
        return f"{gaps} cells are empty; too little is left to write about"
    return None


def _why_unrelated(data: Data, case: Case) -> str | None:
    passage = terms(_spaced(f"{data.text}\n{' '.join(data.columns)}"), case.language)
    subjects = frequent_terms(_spaced(case.seed.text), case.seed.language, SUBJECTS)
    needed = min(3, max(1, len(subjects) // 8))
    if len(passage & subjects) >= needed or share(passage, terms(case.seed.text, case.language)) >= 0.2:
        return None
    if case.language and case.seed.language and case.language != case.seed.language:
        return None
    return "the data have nothing to do with the source: hardly any of its names, things or terms are in them"


def _is_in(cell: str, numbers: frozenset[Fraction], words: frozenset[str], seed: Seed) -> bool:
    if cell.strip().casefold() in seed.text.casefold():
        return True
    figures = figures_in(cell, english=False)
    if figures and all(any(abs(value) in numbers for value in figure.values) for figure in figures):
        return True
    wanted = frozenset(word for word in terms(_spaced(cell), seed.language) if not word[0].isdigit())
    return bool(wanted) and not figures and share(wanted, words) >= 0.6


def _numbers(seed: Seed) -> frozenset[Fraction]:
    english = seed.language is None or seed.language.startswith("en")
    found = [*figures_in(seed.text, english=english), *figures_in(seed.text, english=False)]
    return frozenset(abs(value) for figure in found for value in figure.values)


def _spaced(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)


_PLACEHOLDER = re.compile(
    r"(?:value|item|name|row|cell|data|entry|text)[ _]?\d{1,2}|lorem ipsum.*|foo|bar|\[.{1,30}\]|<[a-z ]{1,20}>",
    re.IGNORECASE,
)
