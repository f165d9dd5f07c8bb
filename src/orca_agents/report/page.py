"""Write the report: one HTML page that holds all it needs. It has no script, and asks nothing of any other place.

Every text goes through Jinja's escaping. Beside that a policy in the page itself forbids scripts, and styles, pictures
and connections from elsewhere, should anything ever slip through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib import resources
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from orca_agents.language import language_name
from orca_agents.report import charts, wording
from orca_agents.report.difficulty import Agreement, total_of
from orca_agents.report.figures import at_same_size, sections
from orca_agents.report.funnels import COPY, LEAK
from orca_agents.report.lineage import Lineage
from orca_agents.report.measures import Measures
from orca_agents.report.money import Spent

MOST_BARS = 12
"""Rows of a list of names; the others are counted together."""


def render_page(
    measures: Measures,
    other: Measures | None,
    examples: Sequence[Lineage],
    *,
    title: str | None,
    day: date,
    version: str,
) -> str:
    """The page; `other` is the set that it is compared with."""
    style = resources.files("orca_agents.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(
            style=style,
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            title=title or measures.name,
            day=day.isoformat(),
            version=version,
            m=measures,
            other=other,
            examples=examples,
            sections=sections(measures, other),
            same_size=at_same_size,
            language=measures.languages.most_common(1)[0][0] if measures.languages else "en",
            copy_check=COPY,
            leak_check=LEAK,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orca_agents.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        charts=charts,
        bars=_bars,
        named_plain=wording.plain,
        named_language=language_name,
        agreement=_agreement,
        skills_of=_skills_of,
        stages=_waterfall,
        longest=_longest,
        cost_rows=_cost_rows,
    )
    environment.filters.update(
        plain=wording.plain,
        percent=lambda share: wording.NONE if share is None else wording.percent(share),
        money=lambda usd: wording.NONE if usd is None else wording.money(usd),
        number=lambda value: wording.NONE if value is None else wording.number(value),
        short=wording.short,
        count=lambda value: wording.NONE if value is None else f"{value:,.0f}",
        language_name=language_name,
    )
    environment.globals.update(counted=wording.counted, change=wording.change, Piece=charts.Piece)
    return environment


class Bars(NamedTuple):
    """A list of names to be shown with bars."""

    rows: list[tuple[str, int, int]]
    """(name, count, the other set's count), the most frequent first."""
    rest: list[tuple[str, int, int]]
    """One row for all the others, if there are any."""

    @property
    def all(self) -> list[tuple[str, int, int]]:
        """With the rest."""
        return self.rows + self.rest


def _bars(
    here: Mapping[str, int],
    there: Mapping[str, int] | None = None,
    most: int = MOST_BARS,
    named: Callable[[str], str] = str,
) -> Bars:
    theirs = there or {}
    names = sorted({*here, *theirs}, key=lambda name: (-here.get(name, 0), -theirs.get(name, 0), name))
    shown, rest = (names, []) if len(names) <= most + 1 else (names[:most], names[most:])
    rows = [(named(name), here.get(name, 0), theirs.get(name, 0)) for name in shown]
    if not rest:
        return Bars(rows, [])
    others = (f"{len(rest)} more", sum(here.get(n, 0) for n in rest), sum(theirs.get(n, 0) for n in rest))
    return Bars(rows, [others])


def _skills_of(measures: Measures, other: Measures | None) -> list[str]:
    """All skills, by name."""
    names = {*measures.skills, *measures.ways.skills}
    if other is not None:
        names |= {*other.skills, *other.ways.skills}
    return sorted(names)


def _agreement(measures: Measures, refined: bool, skill: str | None = None) -> Agreement:
    """Of all items that came to a vote, where that is known; otherwise of the accepted ones."""
    difficulty = measures.difficulty
    return total_of(difficulty.voted if difficulty.has_rejections else difficulty.accepted, refined, skill)


def _waterfall(measures: Measures) -> list[tuple[str, str, int, float, float]]:
    """(what, class, count, where its bar begins, its width) from all instructions down to the rows."""
    ways = measures.ways
    whole = max(1, ways.made)
    left = ways.made
    rows = [("instructions made", "made", left, 0.0, left / whole)]

    def take(what: str, name: str, number: int) -> None:
        nonlocal left
        left -= number
        rows.append((what, name, -number, left / whole, number / whole))

    for check, number, _ in _bars(ways.rejected).all:
        take(f"rejected: {wording.plain(check)}", "rejected", number)
    for error, number, _ in _bars(ways.failed, most=4).all:
        take(f"failed: {error}", "failed", number)
    if ways.declined:
        take("declined: the passage does not suit", "declined", ways.declined)
    rows.append(("accepted", "accepted", ways.accepted, 0.0, ways.accepted / whole))
    left = ways.accepted
    if ways.reserve:
        take("in reserve, beyond the number asked for", "declined", ways.reserve)
    for step in ways.steps:
        if step.before != step.after:
            take(f"build: {wording.plain(step.name)}", "dropped", step.before - step.after)
    if ways.steps:
        rows.append(("rows of the dataset", "accepted", measures.rows, 0.0, measures.rows / whole))
    return rows


def _longest(measures: Measures, dimension: str) -> float:
    """The top of a scale that all skills share."""
    return max((own[dimension].p95 for own in measures.skill_lengths.values() if dimension in own), default=1.0)


class CostRow(NamedTuple):
    """What something cost for each accepted example, in words and as a part of the dearest."""

    name: str
    share: float
    other_share: float
    each: str
    other: str
    whole: str


def _cost_rows(groups: Mapping[str, Spent], theirs: Mapping[str, Spent] | None, in_tokens: bool) -> list[CostRow]:
    """The dearest first."""

    def each(spent: Spent | None) -> float | None:
        if spent is None:
            return None
        return spent.tokens_each if in_tokens else spent.usd_each

    def whole(spent: Spent) -> str:
        return wording.short(spent.tokens) if in_tokens else wording.money(spent.usd)

    others = theirs or {}
    most = max((each(one) or 0.0 for one in [*groups.values(), *others.values()]), default=0.0) or 1.0
    kind: wording.Kind = "count" if in_tokens else "usd"
    return [
        CostRow(
            name,
            (each(one) or 0.0) / most,
            (each(others.get(name)) or 0.0) / most,
            wording.written(each(one), kind),
            wording.written(each(others.get(name)), kind),
            whole(one),
        )
        for name, one in sorted(groups.items(), key=lambda group: (-(each(group[1]) or 0.0), group[0]))
    ]
