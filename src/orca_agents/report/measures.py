"""Everything that is told of some runs or a dataset, measured in one pass over the rows.

Counts are exact. What would take memory with every row is measured on a sample that is drawn by the rows' ids: lengths
(`LENGTHS` rows), diversity (`TEXTS` rows), parents beside children (`difficulty.ROOM` items).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orca_agents.dataset.rows import Row
from orca_agents.report.difficulty import Difficulty
from orca_agents.report.diversity import Variety, variety_of
from orca_agents.report.funnels import Ways, benchmark_seeds, skill_of_run
from orca_agents.report.leaves import Coverage, coverage_of
from orca_agents.report.lengths import Length, Spread, length_of, spread_of
from orca_agents.report.letters import Letters
from orca_agents.report.money import Money
from orca_agents.report.sampling import Sample, place_of
from orca_agents.report.sources import Source

LENGTHS = 50_000
TEXTS = 4_000
TEXT_CHARS = 1_500
"""Of each question and of each answer, for diversity."""
MOST_NAMES = 500
"""Names that are counted apart, of licences, languages and the like; further ones are counted together."""
OTHERS = "(others)"
DIMENSIONS = ("user", "assistant", "turns", "tokens")


class Drawn(NamedTuple):
    """A row that was drawn to be shown."""

    source: Source
    split: str
    row: Row


@dataclass
class Measures:
    """What was measured."""

    sources: tuple[Source, ...]
    seed: int
    rows: int = 0
    skills: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    """model -> rows that it had a part in."""
    flags: Counter[str] = field(default_factory=Counter)
    seed_flags: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    goals: Counter[str] = field(default_factory=Counter)
    answerable: int = 0
    refined: int = 0
    demo: int = 0
    repaired: int = 0
    """Rows of which something failed a check once and was mended."""
    letters: Letters = field(default_factory=Letters)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    difficulty: Difficulty = field(default_factory=Difficulty)
    ways: Ways = field(default_factory=Ways)
    money: Money = field(default_factory=Money)
    benchmark_seeds: int = 0
    lengths: dict[str, Spread] = field(default_factory=dict)
    """One of `DIMENSIONS` -> how it is spread over all skills."""
    skill_lengths: dict[str, dict[str, Spread]] = field(default_factory=dict)
    """skill -> the same."""
    lengths_of: int = 0
    """Rows that lengths were taken of."""
    questions: Variety = field(default_factory=Variety)
    answers: Variety = field(default_factory=Variety)
    texts_of: int = 0
    """Rows that diversity was taken of."""
    drawn: list[Drawn] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The names of what was measured."""
        names = [source.name for source in self.sources]
        return ", ".join(names) if len(names) < 4 else f"{', '.join(names[:2])} and {len(names) - 2} more"

    @property
    def leaves(self) -> tuple[int, int]:
        """(leaves with examples, all leaves)."""
        found = self.coverage.values()
        return sum(one.covered for one in found), sum(len(one.counts) for one in found)

    @property
    def flags_looked_for(self) -> bool:
        """Whether a build looked for secrets and personal data."""
        return any((source.told.get("options") or {}).get("flags", "off") != "off" for source in self.sources)


def measure(
    sources: Sequence[Source], *, seed: int = 0, examples: int = 10, tell: Callable[[int], None] = lambda _: None
) -> Measures:
    """Measure what these sources hold, all together. `examples` rows are drawn by `seed`; `tell` hears now and then how
    many rows were read."""
    measures = Measures(tuple(sources), seed)
    lengths: Sample[tuple[str, Length]] = Sample(LENGTHS)
    texts: Sample[tuple[str, str]] = Sample(TEXTS)
    drawn: Sample[Drawn] = Sample(examples)
    leaves: Counter[tuple[str, str]] = Counter()
    for source in sources:
        name = source.name
        for split, row in source.rows():
            _add_row(measures, split, row)
            leaves[row["skill"], row["leaf"]] += 1
            id = f"{row['id']}/{row['metadata'].get('run', name)}"
            place = place_of(id)
            lengths.offer(place, lambda row=row: (row["skill"], length_of(row)))  # type: ignore[misc]
            texts.offer(place, lambda row=row: _said(row))  # type: ignore[misc]
            drawn.offer(place_of(id, seed + 1), lambda source=source, split=split, row=row: Drawn(source, split, row))  # type: ignore[misc]
            if measures.rows % _TELL_EVERY == 0:
                tell(measures.rows)
        measures.ways.add_runs(source.runs)
        measures.money.add_runs(source.runs)
        for rejection in source.rejections():
            measures.difficulty.add_rejection(rejection)
            measures.ways.add_rejection(rejection)
        measures.ways.add_rest(source)
        measures.benchmark_seeds += benchmark_seeds(source)
    measures.coverage = coverage_of(leaves, _drawn_leaves(sources))
    _spread(measures, lengths.items())
    said = texts.items()
    measures.questions = variety_of([question for question, _ in said])
    measures.answers = variety_of([answer for _, answer in said])
    measures.texts_of = len(said)
    measures.drawn = drawn.items()
    return measures


_TELL_EVERY = 1000


def _add_row(measures: Measures, split: str, row: Row) -> None:
    metadata: Mapping[str, Any] = row["metadata"]
    skill = str(row["skill"])
    measures.rows += 1
    measures.skills[skill] += 1
    measures.splits[split] += 1
    measures.answerable += bool(metadata.get("answerable", True))
    measures.refined += metadata.get("goal") is not None
    measures.demo += bool(metadata.get("demo"))
    measures.repaired += bool((metadata.get("verification") or {}).get("repairs"))
    _count(measures.forms, metadata.get("form"))
    _count(measures.languages, metadata.get("language"))
    _count(measures.licences, metadata.get("licence"))
    if metadata.get("goal"):
        _count(measures.goals, metadata["goal"])
    for counter, names in (
        (measures.flags, metadata.get("flags")),
        (measures.seed_flags, metadata.get("seed_flags")),
        (measures.tags, metadata.get("tags")),
        (measures.models, set((metadata.get("models") or {}).values())),
    ):
        for name in names or ():
            _count(counter, name)
    measures.letters.add(metadata)
    measures.difficulty.add_example(str(row["id"]), skill, metadata)


def _count(counter: Counter[str], name: object) -> None:
    """Count a name; users' own words may be endless, so not every one is kept."""
    text = "unknown" if name is None else str(name)
    counter[text if text in counter or len(counter) < MOST_NAMES else OTHERS] += 1


def _said(row: Row) -> tuple[str, str]:
    """The question and the answer of a row, cut; where the question alone is not known, the last user turn."""
    turns = row["messages"]
    asked = row["metadata"].get("question") or next(
        (str(turn.get("content") or "") for turn in reversed(turns) if turn.get("role") == "user"), ""
    )
    answered = "\n".join(str(turn.get("content") or "") for turn in turns if turn.get("role") == "assistant")
    return str(asked)[:TEXT_CHARS], answered[:TEXT_CHARS]


def _drawn_leaves(sources: Sequence[Source]) -> set[tuple[str, str]]:
    """(skill, leaf) of all that the runs drew, whatever came of it."""
    found = set()
    for source in sources:
        for run in source.runs:
            funnel = run.get("funnel") or {}
            for name in funnel.get("by_leaf") or {}:
                skill, _, leaf = name.rpartition("/") if funnel.get("by_skill") else (skill_of_run(run), "", name)
                found.add((skill, leaf))
    return found


def _spread(measures: Measures, lengths: Sequence[tuple[str, Length]]) -> None:
    measures.lengths_of = len(lengths)
    by_skill: dict[str, list[Length]] = {}
    for skill, length in lengths:
        by_skill.setdefault(skill, []).append(length)
    measures.lengths = _spreads([length for _, length in lengths])
    measures.skill_lengths = {skill: _spreads(own) for skill, own in sorted(by_skill.items())}


def _spreads(lengths: Sequence[Length]) -> dict[str, Spread]:
    found = {name: spread_of([getattr(one, name) for one in lengths], each=name == "turns") for name in DIMENSIONS}
    return {name: spread for name, spread in found.items() if spread is not None}
