"""The measures as lines for a terminal: a screen or two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from orca_agents.report.difficulty import Agreement, total_of
from orca_agents.report.diversity import Variety
from orca_agents.report.figures import sections
from orca_agents.report.funnels import COPY, LEAK
from orca_agents.report.lengths import Spread
from orca_agents.report.measures import Measures
from orca_agents.report.money import Spent
from orca_agents.report.wording import counted, money, number, percent, short

MOST_NAMES = 6
"""Of a list in one line."""


class Line(NamedTuple):
    """One line; headings stand out where there is a terminal."""

    text: str
    is_heading: bool = False


def lines(measures: Measures, *, blocks: bool) -> list[Line]:
    """All measures. `blocks`: whether small charts can be drawn with block characters."""
    return [
        *_head(measures),
        *_funnel(measures),
        *_skills(measures),
        *_lengths(measures, blocks),
        *_diversity(measures),
        *_difficulty(measures),
        *_balance(measures),
        *_cost(measures),
        *_copies(measures),
    ]


def compared(measures: Measures, other: Measures) -> list[Line]:
    """The figures of both, side by side with what changed."""
    found = [Line(f"{measures.name} compared with {other.name}", is_heading=True)]
    table = [("", measures.name, other.name, "change")]
    titles = {}
    for section in sections(measures, other):
        titles[len(table)] = section.title
        table += [(f"  {f.name}", f.text, f.other, f.change) for f in section.figures]
    for at, line in enumerate(_table(table)):
        if at in titles:
            found.append(Line(titles[at], is_heading=True))
        found.append(Line(line))
    names = sorted({*measures.ways.skills, *other.ways.skills})
    rows = [("skill", "accepted", "", "cost each", "", "leaves", "")]
    for name in names:
        cells: list[str] = [name]
        pairs = [_skill_cells(one, name) for one in (measures, other)]
        for here, there in zip(*pairs, strict=True):
            cells += [here, there]
        rows.append((cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6]))
    if names:
        found.append(Line(f"By skill: {measures.name}, then {other.name}", is_heading=True))
        found += [Line(f"  {line}") for line in _table(rows)]
    return found


def _head(measures: Measures) -> list[Line]:
    covered, leaves = measures.leaves
    models = f", written by {_listed(sorted(measures.models))}" if measures.models else ""
    found = [
        Line(
            f"{measures.name}: {counted(measures.rows, 'example')} of {counted(len(measures.skills), 'skill')} and "
            f"{covered} of {counted(leaves, 'leaf')}{models}",
            is_heading=True,
        )
    ]
    splits = [f"{split.replace('_', ' ')} {rows:,}" for split, rows in measures.splits.items() if split]
    if splits:
        found.append(Line(f"  {', '.join(splits)}"))
    if measures.demo:
        found.append(Line(f"  made by the embedded demonstration model, and no training data: {measures.demo:,}"))
    return found


def _funnel(measures: Measures) -> list[Line]:
    ways = measures.ways
    if not ways.known:
        return []
    rows: list[tuple[str, ...]] = [(f"{ways.made:,}", "instructions made", "")]
    whole = ways.made or 1
    rows += [(f"-{n:,}", f"rejected by {name}", percent(n / whole)) for name, n in _most(ways.rejected)]
    rows += [(f"-{n:,}", f"failed: {name}", percent(n / whole)) for name, n in _most(ways.failed)]
    if ways.declined:
        rows.append((f"-{ways.declined:,}", "declined by an agent", percent(ways.declined / whole)))
    rows.append((f"{ways.accepted:,}", "accepted", percent(ways.accepted / whole)))
    if ways.reserve:
        rows.append((f"-{ways.reserve:,}", "in reserve", ""))
    dropped = [step for step in ways.steps if step.before != step.after]
    rows += [(f"-{step.before - step.after:,}", f"dropped by the build's step {step.name}", "") for step in dropped]
    if ways.steps:
        rows.append((f"{measures.rows:,}", "rows of the dataset", ""))
    width = max(len(row[0]) for row in rows)
    found = [Line(f"  {count:>{width}}  {what}{f'  {part}' if part else ''}") for count, what, part in rows]
    return [Line("Funnel", is_heading=True), *found]


def _skills(measures: Measures) -> list[Line]:
    ways = measures.ways
    rows: list[tuple[str, ...]] = [
        ("skill", "made", "accepted", "rows", "leaves", "even", "words asked", "answered", "cost each")
    ]
    empty: list[str] = []
    for name in sorted({*measures.skills, *ways.skills}):
        own, leaves = ways.skills.get(name), measures.coverage.get(name)
        lengths: Mapping[str, Spread] = measures.skill_lengths.get(name, {})
        rows.append(
            (
                name,
                f"{own.made:,}" if own and own.made else "",
                percent(own.accepted / own.made) if own and own.made else "",
                f"{measures.skills[name]:,}",
                f"{leaves.covered}/{len(leaves.counts)}" if leaves else "",
                percent(leaves.evenness) if leaves and leaves.evenness is not None and leaves.covered else "",
                number(lengths["user"].median) if "user" in lengths else "",
                number(lengths["assistant"].median) if "assistant" in lengths else "",
                _each(measures.money.skills.get(name)),
            )
        )
        if leaves and leaves.empty:
            empty.append(f"{name}: {_listed(leaves.empty)}")
    found = [Line(f"  {line}") for line in _table(rows)]
    if empty:
        found.append(Line("Leaves without examples", is_heading=True))
        found += [Line(f"  {line}") for line in empty]
    return [Line("By skill (words: medians)", is_heading=True), *found]


def _lengths(measures: Measures, blocks: bool) -> list[Line]:
    names = {"user": "user words", "assistant": "assistant words", "turns": "turns", "tokens": "tokens, about"}
    found = []
    for name, title in names.items():
        spread = measures.lengths.get(name)
        if spread is not None:
            chart = f"{_spark([n for _, _, n in spread.bars]):<26}" if blocks else ""
            found.append(
                Line(
                    f"  {title:<16}{chart}median {number(spread.median)}, 95% up to {number(spread.p95)}, "
                    f"longest {spread.longest:,}"
                )
            )
    drawn = "" if measures.lengths_of == measures.rows else f", of {measures.lengths_of:,} rows drawn at random"
    return [Line(f"Lengths{drawn}", is_heading=True), *found] if found else []


def _diversity(measures: Measures) -> list[Line]:
    def told(name: str, variety: Variety) -> list[Line]:
        at = variety.best
        if at is None:
            return []
        one, two, three = at.distinct
        return [
            Line(
                f"  {name:<10}distinct-1 {one:.3f}, distinct-2 {two:.3f}, distinct-3 {three:.3f}, 4-grams met again "
                f"{percent(at.repeated)} (over {at.words:,} words)"
            )
        ]

    found = [*told("questions", measures.questions), *told("answers", measures.answers)]
    if measures.questions.openings:
        openings = ", ".join(f"{words} {percent(share)}" for words, share in measures.questions.openings[:MOST_NAMES])
        found.append(Line(f"  begin     {openings}"))
    return [Line("Diversity", is_heading=True), *found] if found else []


def _difficulty(measures: Measures) -> list[Line]:
    difficulty = measures.difficulty
    found = []
    for title, groups in (("accepted items", difficulty.accepted), ("all voted on", difficulty.voted)):
        seed, refined = total_of(groups, refined=False), total_of(groups, refined=True)
        if (seed.votes or refined.votes) and (title == "accepted items" or difficulty.has_rejections):
            found.append(Line(f"  {title:<16}seed {_agree(seed)}, refined {_agree(refined)}"))
    pairs = difficulty.pairs()
    if pairs.count:
        found.append(
            Line(
                f"  beside parents  of {pairs.count:,} refined items {percent(pairs.harder / pairs.count)} were solved "
                f"less often, {percent(pairs.same / pairs.count)} as often, {percent(pairs.easier / pairs.count)} more"
            )
        )
    title = "Difficulty: solvers' votes that agree with the key (how hard for the teacher, not for a student)"
    return [Line(title, is_heading=True), *found] if found else []


def _balance(measures: Measures) -> list[Line]:
    rows = measures.rows or 1
    found = [
        Line(f"  answerable {percent(measures.answerable / rows)}, refined {percent(measures.refined / rows)}"),
        *_names("languages", measures.languages, rows),
        *_names("licences", measures.licences, rows),
        *_names("forms", measures.forms, rows),
    ]
    if measures.letters.items:
        letters = ", ".join(f"{n} {percent(share)} ({percent(by)})" for n, share, by in measures.letters.shares())
        found.append(Line(f"  letters    {letters}; in brackets what chance would give"))
    if measures.flags_looked_for:
        found += _names("flags", measures.flags, rows) or [Line("  flags      no secrets, no personal data found")]
    found += _names("seeds", measures.seed_flags, rows)
    return [Line("Balance", is_heading=True), *found] if measures.rows else []


def _cost(measures: Measures) -> list[Line]:
    spent = measures.money
    if not spent.known:
        return []
    total = spent.total
    least = "" if total.is_complete else "at least "
    sums = f"{least}{money(total.usd)}, " if total.is_known else "no price known, "
    each = f"{least}{_each(total)} for each accepted example, " if total.accepted else "nothing accepted, "
    found = [Line(f"  {sums}{each}{spent.calls:,} calls, {short(total.tokens)} tokens")]
    if measures.ways.steps and measures.rows and total.usd:
        found.append(Line(f"  {least}{money(total.usd / measures.rows)} for each row that the build kept"))
    if total.is_known and total.usd:
        stages = ", ".join(f"{name} {money(one.usd)}" for name, one in spent.stages.items())
        found += [Line(f"  by stage: {stages}")] if stages else []
    return [Line("Cost", is_heading=True), *found]


def _copies(measures: Measures) -> list[Line]:
    ways = measures.ways
    if not ways.known:
        return []
    copies = counted(ways.rejected[COPY], "instruction")
    found = [
        Line(f"  before an answer was bought: {copies} stopped as copies, {ways.rejected[LEAK]:,} as benchmark items")
    ]
    if measures.benchmark_seeds:
        found.append(Line(f"  seeds not worked on, for they hold benchmark items: {measures.benchmark_seeds:,}"))
    found += [Line(f"  {told}") for told in ways.saved]
    for step in ways.steps:
        if step.reasons:
            reasons = ", ".join(f"{n:,} {reason}" for reason, n in _most(step.reasons))
            found.append(Line(f"  {step.name}: {reasons}"))
    return [Line("Copies and benchmark leaks", is_heading=True), *found]


def _skill_cells(measures: Measures, name: str) -> tuple[str, str, str]:
    own, leaves = measures.ways.skills.get(name), measures.coverage.get(name)
    return (
        percent(own.accepted / own.made) if own and own.made else "",
        _each(measures.money.skills.get(name)),
        f"{leaves.covered}/{len(leaves.counts)}" if leaves else "",
    )


def _names(title: str, counts: Mapping[str, int], rows: int) -> list[Line]:
    told = ", ".join(f"{name} {percent(n / rows)}" for name, n in _most(counts))
    return [Line(f"  {title:<10} {told}")] if told else []


def _most(counts: Mapping[str, int], most: int = MOST_NAMES) -> list[tuple[str, int]]:
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rest = ranked[most:]
    return ranked[:most] + ([(f"{len(rest)} others", sum(n for _, n in rest))] if rest else [])


def _listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _agree(one: Agreement) -> str:
    return f"{percent(one.share)} of {one.votes:,} votes" if one.share is not None else "none"


def _each(spent: Spent | None) -> str:
    """Dollars for each accepted example, or tokens where no price is known."""
    if spent is None or not spent.accepted:
        return ""
    if spent.usd_each:
        return money(spent.usd_each)
    return f"{short(spent.tokens_each or 0)} tokens"


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    """The first column to the left, all others to the right."""
    held = list(rows)
    widths = [max(len(row[at]) for row in held) for at in range(len(held[0]))]
    found = []
    for row in held:
        others = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        found.append("  ".join((row[0].ljust(widths[0]), *others)).rstrip())
    return found


def _spark(counts: Sequence[int]) -> str:
    most = max(counts, default=0)
    return "".join(
        "_" if not n else "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"[min(7, n * 8 // (most + 1))]
        for n in counts
    )
