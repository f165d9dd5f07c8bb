"""Balance the rows by dropping: some groups are larger than others, and the draw of the seed says which rows go.

Dropped first are the rows with the highest lots; a lot depends on the seed and the row's id alone, so that adding a
run moves few rows.

- unanswerable: at most a given part of each skill's rows, also of those that all other steps leave
- letter: among the multiple-choice items of a skill with the same number of options, each letter is right as often as
  the rarest; a letter that is rarer than half its share is told, and not matched, for that would drop nearly all.
  What later steps draw of these is even as far as chance goes
- leaf: in each skill no leaf has more than twice the rows of the middle one
- length: no class of lengths (each twice as long as the one before) has more than twice the rows of the middle one
- most per leaf, most per skill, the mix of skills, and the number of all rows
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from statistics import median_low
from typing import Any

from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.work import Dropped, Work
from orca_agents.errors import DatasetError, did_you_mean
from orca_agents.routing import RELEASED

STEP = "balance"
MOST_OF_MEDIAN = 2
"""How much larger than the middle leaf, or class of lengths, another one may be."""

_LENGTH = (
    "CASE WHEN chars < 256 THEN 256 "
    + " ".join(f"WHEN chars < {256 << power} THEN {256 << power}" for power in range(1, 12))
    + " ELSE 0 END"
)


def balance(work: Work, options: BuildOptions) -> list[str]:
    """Drop what the options say is too much; returns what there is to tell of it."""
    notes: list[str] = []
    if options.unanswerable is not None:
        _bound_unanswerable(work, options.unanswerable)
    if "letter" in options.balance:
        notes += _even_letters(work)
    if "leaf" in options.balance:
        _bound_groups(work, "skill, leaf", within="skill", reason="more of this leaf than twice the middle one")
    if "length" in options.balance:
        _bound_groups(work, _LENGTH, within="", reason="more of this length than twice the middle class")
    if options.most_per_leaf is not None:
        _keep(work, "skill, leaf", {}, options.most_per_leaf, f"more than {options.most_per_leaf:,} of the leaf")
    if options.unanswerable is not None:
        _bound_unanswerable(work, options.unanswerable)  # once more, of what these have left
    if options.most_per_skill is not None:
        most = dict.fromkeys(_skills(work), options.most_per_skill)
        _keep_of_skills(work, most, f"more than {options.most_per_skill:,} of the skill", options.unanswerable)
    mix = "even" if "skill" in options.balance else options.mix
    if mix is not None:
        notes += _mix(work, mix, options.rows, options.unanswerable)
    elif options.rows is not None:
        _keep_of_skills(work, _drawn(work, options.rows), f"more than {options.rows:,} rows", options.unanswerable)
    return notes


def parts_of(mix: str | Mapping[str, float], skills: Sequence[str]) -> dict[str, float]:
    """The part of each skill that has rows; parts add up to 1. Raises `DatasetError` for a skill that has none."""
    if mix == "even":
        parts = dict.fromkeys(skills, 1.0)
    elif mix == "released":
        parts = {skill: RELEASED[skill] for skill in skills if skill in RELEASED}
    else:
        assert not isinstance(mix, str)
        for name, part in mix.items():
            if name not in skills and part > 0:
                known = ", ".join(skills) or "none"
                raise DatasetError(
                    f"--mix: there are no rows of {name!r}{did_you_mean(name, skills)}; there are of {known}"
                )
        parts = {skill: mix[skill] for skill in skills if mix.get(skill, 0.0) > 0}
    whole = sum(parts.values())
    if not whole:
        raise DatasetError(f"--mix {mix}: none of the skills that have rows ({', '.join(skills)}) has a part in it")
    return {skill: part / whole for skill, part in parts.items()}


def _mix(work: Work, mix: str | Mapping[str, float], rows: int | None, unanswerable: float | None) -> list[str]:
    have = _skills(work)
    if not have:
        return []
    parts = parts_of(mix, list(have))
    scarce = min(parts, key=lambda skill: (have[skill] / parts[skill], skill))
    # 1e-9: what is a whole number but for rounding stays one
    possible = floor(have[scarce] / parts[scarce] + 1e-9)
    total = possible if rows is None else min(rows, possible)
    wanted = {skill: floor(total * parts.get(skill, 0.0) + 1e-9) for skill in have}
    _keep_of_skills(work, wanted, "more than its part of the mix", unanswerable)
    if total < possible or total == sum(have[skill] for skill in parts):
        return []
    return [f"the mix ends at {possible:,} rows: {scarce} has {have[scarce]:,}, and its part is {parts[scarce]:.1%}"]


def _skills(work: Work) -> dict[str, int]:
    """skill -> its rows."""
    return dict(work.sql.execute("SELECT skill, count(*) FROM rows WHERE step IS NULL GROUP BY skill ORDER BY skill"))


def _drawn(work: Work, rows: int) -> dict[str, int]:
    """skill -> how many of so many rows with the lowest lots are its own."""
    lowest = "SELECT skill FROM rows WHERE step IS NULL ORDER BY lot, id, number LIMIT ?"
    counts = dict(work.sql.execute(f"SELECT skill, count(*) FROM ({lowest}) GROUP BY skill", (rows,)))  # noqa: S608
    return {skill: counts.get(skill, 0) for skill in _skills(work)}


def _keep_of_skills(work: Work, most: Mapping[str, int], reason: str, unanswerable: float | None) -> None:
    """Of each skill keep so many rows. Where the part without an answer has a bound, it holds for these too."""
    if unanswerable is not None:
        cut = {skill: most[skill] for skill, have in _skills(work).items() if most[skill] < have}
        bound = {(skill, 0): floor(number * unanswerable + 1e-9) for skill, number in cut.items()}
        _keep(work, "skill, answerable", bound, None, _without_answer(unanswerable))
    _keep(work, "skill", {(skill,): number for skill, number in most.items()}, None, reason)


def _without_answer(share: float) -> str:
    return f"more than {share:.0%} of the skill without an answer"


def _bound_unanswerable(work: Work, share: float) -> None:
    counts = work.sql.execute(
        "SELECT skill, sum(answerable), sum(NOT answerable) FROM rows WHERE step IS NULL GROUP BY skill"
    ).fetchall()
    # of the rows that are left afterwards
    most = {
        (skill, 0): floor(answerable * share / (1 - share) + 1e-9) if share < 1 else unanswerable
        for skill, answerable, unanswerable in counts
    }
    _keep(work, "skill, answerable", most, None, _without_answer(share))


def _even_letters(work: Work) -> list[str]:
    counts: dict[tuple[str, int], dict[str, int]] = {}
    for skill, options, letter, number in work.sql.execute(
        "SELECT skill, options, letter, count(*) FROM rows WHERE step IS NULL AND letter IS NOT NULL "
        "GROUP BY skill, options, letter ORDER BY skill, options, letter"
    ):
        counts.setdefault((skill, options), {})[letter] = number
    notes = []
    wanted: dict[tuple[Any, ...], int] = {}
    for (skill, options), letters in counts.items():
        even = sum(letters.values()) / max(options, len(letters))
        usual = [number for number in letters.values() if number >= even / 2]
        most = min(usual)
        wanted |= {(skill, options, letter): most for letter in letters}
        told = ", ".join(f"{letter} {number}" for letter, number in letters.items())
        notes.append(f"{skill}, {options} options: right were {told}; now each at most {most}")
        if len(usual) < options:
            notes[-1] += f" ({options - len(usual)} of the letters are rarer than half their share, and stay so)"
    _keep(work, "skill, options, letter", wanted, None, "its letter is right more often than others")
    return notes


def _bound_groups(work: Work, columns: str, *, within: str, reason: str) -> None:
    """Of each group keep at most twice the middle group's rows, by the groups of the same `within`."""
    counts = work.sql.execute(
        f"SELECT {within or '1'}, count(*) FROM rows WHERE step IS NULL GROUP BY {columns}"  # noqa: S608  our own words
    ).fetchall()
    sizes: dict[str, list[int]] = {}
    for outer, number in counts:
        sizes.setdefault(outer, []).append(number)
    for outer, numbers in sorted(sizes.items(), key=str):
        most = MOST_OF_MEDIAN * median_low(numbers)
        _keep(work, columns, {}, most, reason, where=f"{within} = ?" if within else "1 = ?", values=(outer,))


def _keep(
    work: Work,
    columns: str,
    most: Mapping[tuple[Any, ...], int],
    otherwise: int | None,
    reason: str,
    *,
    where: str = "1",
    values: Sequence[Any] = (),
) -> None:
    """Of each group of rows with the same values in these columns keep so many, those with the lowest lots; of a group
    that is not named `otherwise` many, or all."""
    ranked = (
        f"SELECT number, {columns}, row_number() OVER (PARTITION BY {columns} ORDER BY lot, id, number) "  # noqa: S608
        f"FROM rows WHERE step IS NULL AND {where}"
    )

    def found() -> Iterator[Dropped]:
        for number, *group, rank in work.sql.cursor().execute(ranked, tuple(values)):
            limit = most.get(tuple(group), otherwise)
            if limit is not None and rank > limit:
                yield Dropped(number, reason)

    work.drop(STEP, found())
