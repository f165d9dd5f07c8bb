"""Say from a pilot what a whole run will take, with an interval, and say so where that cannot be told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist
from typing import Any, NamedTuple

FEWEST_SEEDS = 5
"""With fewer pilot seeds no interval is told."""
GOOD_SEEDS = 30
"""From here on the interval can be trusted more than a little."""
LEVEL = 0.95


class SeedSample(NamedTuple):
    """What one seed of the pilot took and brought."""

    usd: float | None
    """`None` where a model's price is not known."""
    prompt_tokens: int
    completion_tokens: int
    calls: int
    accepted: int
    seconds: float
    """Of model time: the latencies of all its calls, one after the other."""


class Range(NamedTuple):
    """A projection with its 95% interval; `None` is what cannot be told."""

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self, digits: int) -> dict[str, float | None]:
        """Plain data, rounded."""
        return {name: None if part is None else round(part, digits) for name, part in self._asdict().items()}


@dataclass(frozen=True)
class Estimate:
    """What a run takes in all, what the pilot already took included."""

    pilot_seeds: int
    pilot_accepted: int
    pilot_usd: float | None
    target: int | None
    """How many accepted examples are wanted; `None`: as many as the seeds bring."""
    available: int | None
    """How many seeds there are, if that is known."""
    seeds: Range
    """Seeds worked on."""
    accepted: Range
    usd: Range
    usd_per_accepted: Range
    prompt_tokens: Range
    completion_tokens: Range
    calls: Range
    seconds: Range
    """Of model time."""
    reach: float | None
    """With a target and so many seeds: how likely they are enough, from 0 to 1."""
    caveats: tuple[str, ...]
    """What to know before one relies on it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return {
            "pilot": {"seeds": self.pilot_seeds, "accepted": self.pilot_accepted, "usd": self.pilot_usd},
            "target": self.target,
            "available_seeds": self.available,
            "level": LEVEL,
            "seeds": self.seeds.to_dict(1),
            "accepted": self.accepted.to_dict(1),
            "usd": self.usd.to_dict(6),
            "usd_per_accepted": self.usd_per_accepted.to_dict(8),
            "prompt_tokens": self.prompt_tokens.to_dict(0),
            "completion_tokens": self.completion_tokens.to_dict(0),
            "calls": self.calls.to_dict(0),
            "seconds": self.seconds.to_dict(1),
            "reach": None if self.reach is None else round(self.reach, 3),
            "caveats": list(self.caveats),
        }

    def lines(self) -> list[str]:
        """For people."""
        whole = f"all {self.available:,} seeds" if self.target is None else f"{self.target:,} accepted examples"
        lines = [
            f"pilot: {self.pilot_seeds:,} seeds, {self.pilot_accepted:,} accepted, {_money(self.pilot_usd)}",
            f"{whole}, pilot included, with 95% intervals:",
            f"  money              {_shown(self.usd, _money)}",
            f"  per accepted       {_shown(self.usd_per_accepted, _small_money)}",
        ]
        if self.target is None:
            lines.append(f"  accepted           {_shown(self.accepted, _count)}")
        else:
            lines.append(f"  seeds needed       {_shown(self.seeds, _count)}")
        lines += [
            f"  calls              {_shown(self.calls, _count)}",
            f"  tokens of prompts  {_shown(self.prompt_tokens, _count)}",
            f"  tokens of replies  {_shown(self.completion_tokens, _count)}",
            f"  model time         {_shown(self.seconds, _duration)}; divide it by the calls in flight",
        ]
        if self.reach is not None:
            lines.append(f"the {self.available:,} seeds are enough with a probability of about {self.reach:.0%}")
        return lines + [f"note: {caveat}" for caveat in self.caveats]


def project(samples: Sequence[SeedSample], *, seeds: int | None = None, accept: int | None = None) -> Estimate:
    """What a run takes: over `seeds` seeds in all, or until `accept` examples are accepted (out of `seeds`, if given).

    The pilot's seeds are taken to be drawn at random from all of them, and to be paid for already. The interval is a
    prediction of what this run will come to, not of an average: a bootstrap over the pilot's seeds (with percentiles
    that are widened for small samples, Hesterberg 2015) plus the chance in the seeds that are not worked on yet. It is
    the same each time. Raises `ValueError` without samples, or with neither `seeds` nor `accept`.
    """
    if not samples:
        raise ValueError("an estimate needs at least one seed of a pilot")
    if seeds is None and accept is None:
        raise ValueError("say for how many seeds, or for how many accepted examples")
    if seeds is not None and seeds < len(samples):
        raise ValueError(f"the pilot has {len(samples)} seeds, and there are only {seeds} in all")
    pilot = _Pilot(samples)
    point = pilot.totals(pilot.means, pilot.further(seeds, accept, pilot.means))
    can_tell = pilot.size >= FEWEST_SEEDS and (pilot.accepted > 0 or accept is None)
    futures = _futures(pilot, seeds, accept) if can_tell else []
    ranges = {name: _range(value, [future[name] for future in futures], pilot.size) for name, value in point.items()}
    if not pilot.accepted:
        ranges["accepted"] = ranges["usd_per_accepted"] = Range(None, None, None)
    if not pilot.priced:
        ranges["usd"] = ranges["usd_per_accepted"] = Range(None, None, None)
    reach = None
    if accept is not None and seeds is not None and futures:
        reach = sum(future["seeds"] <= seeds for future in futures) / len(futures)
    return Estimate(
        pilot_seeds=pilot.size,
        pilot_accepted=round(pilot.accepted),
        pilot_usd=pilot.sums["usd"] if pilot.priced else None,
        target=accept,
        available=seeds,
        reach=reach,
        caveats=tuple(_caveats(pilot, seeds, accept, ranges)),
        **ranges,
    )


_COLUMNS = ("usd", "prompt_tokens", "completion_tokens", "calls", "accepted", "seconds")
_RESAMPLES = 1000
_NOISE_DRAWS = 40
"""Seeds drawn for the chance in those not worked on yet: their sum is near enough to normal."""

_Row = dict[str, float]


class _Pilot:
    """The samples by column, with their sums and means."""

    def __init__(self, samples: Sequence[SeedSample]) -> None:
        self.size = len(samples)
        self.priced = all(sample.usd is not None for sample in samples)
        self.columns = {name: [float(getattr(sample, name) or 0) for sample in samples] for name in _COLUMNS}
        self.sums = {name: math.fsum(column) for name, column in self.columns.items()}
        self.means = {name: total / self.size for name, total in self.sums.items()}
        self.accepted = self.sums["accepted"]

    def further(self, seeds: int | None, accept: int | None, means: _Row) -> float:
        """How many seeds are still to be worked on, if seeds are like these on average."""
        if accept is None:
            assert seeds is not None
            return seeds - self.size
        missing = accept - self.accepted
        if missing <= 0:
            return 0.0
        return missing / means["accepted"] if means["accepted"] else math.inf

    def totals(self, means: _Row, further: float, noise: _Row | None = None) -> _Row:
        """The pilot's sums and those of so many further seeds."""
        noise = noise or dict.fromkeys(_COLUMNS, 0.0)
        if math.isinf(further):
            return dict.fromkeys((*_COLUMNS, "seeds", "usd_per_accepted"), math.inf)
        # a later seed cannot take back what the pilot took
        row = {name: self.sums[name] + max(0.0, further * means[name] + noise[name]) for name in _COLUMNS}
        row["seeds"] = self.size + further
        row["usd_per_accepted"] = row["usd"] / row["accepted"] if row["accepted"] else math.inf
        return row


def _futures(pilot: _Pilot, seeds: int | None, accept: int | None) -> list[_Row]:
    """Ways in which the run may go, as far as the pilot lets one tell."""
    rng = Random(0)
    columns = {name: [*column, *_unseen(pilot, name)] for name, column in pilot.columns.items()}
    centres = {name: sum(column) / len(column) for name, column in columns.items()}
    places = range(pilot.size + 2)
    futures = []
    for _ in range(_RESAMPLES):
        drawn = rng.choices(places, k=pilot.size + 2)
        means = {name: sum(map(column.__getitem__, drawn)) / len(drawn) for name, column in columns.items()}
        further = pilot.further(seeds, accept, means)
        chance = rng.choices(places, k=_NOISE_DRAWS)
        # the sum of so many deviations, drawn from fewer, scaled so that its variance is right
        scale = math.sqrt(further / _NOISE_DRAWS) if not math.isinf(further) else 0.0
        noise = {
            name: scale * (sum(map(column.__getitem__, chance)) - _NOISE_DRAWS * centres[name])
            for name, column in columns.items()
        }
        if accept is not None and further and not math.isinf(further):
            # examples that come sooner or later than on average: fewer or more seeds, of the average cost
            further = max(1.0, further - noise["accepted"] / means["accepted"])
            noise["accepted"] = 0.0
        future = pilot.totals(means, further, noise)
        if accept is not None and not math.isinf(further):
            future["accepted"] = max(pilot.accepted, float(accept))
            future["usd_per_accepted"] = future["usd"] / future["accepted"]
        futures.append(future)
    return futures


def _unseen(pilot: _Pilot, name: str) -> tuple[float, float]:
    """Two seeds that the pilot did not meet: the worst and the best that can be made of what it met.

    They widen the interval of a small pilot, whose seeds may all have brought the same, in the manner of Agresti and
    Coull, and lean it towards more money, because the dearest seeds are rare.
    """
    column = pilot.columns[name]
    return (0.0, max(column)) if name == "accepted" else (max(column), min(column))


def _range(value: float, futures: list[float], size: int) -> Range:
    point = None if math.isinf(value) else value
    if not futures:
        return Range(point, None, None)
    tail = _tail(size)
    ordered = sorted(futures)
    low, high = (_percentile(ordered, share) for share in (tail, 1 - tail))
    return Range(point, None if math.isinf(low) else low, None if math.isinf(high) else high)


def _tail(size: int) -> float:
    """The percentile at the lower end: the bootstrap's spread is too small by n-1 to n, and its tails are the normal
    distribution's where Student's are right."""
    ends = -math.sqrt(size / (size - 1)) * _student(size - 1)
    return NormalDist().cdf(ends)


def _student(freedom: int) -> float:
    """The upper 2.5% point of Student's t, by the Cornish-Fisher expansion; within 0.5% from 4 degrees on."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _percentile(ordered: list[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    if ordered[below] == ordered[above]:  # two infinite ends have no difference
        return ordered[below]
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def _caveats(pilot: _Pilot, seeds: int | None, accept: int | None, ranges: dict[str, Range]) -> list[str]:
    caveats = []
    if pilot.size < FEWEST_SEEDS:
        caveats.append(
            f"an interval cannot be told from {pilot.size} seeds: take at least {FEWEST_SEEDS}, better {GOOD_SEEDS}"
        )
    elif pilot.size < GOOD_SEEDS:
        caveats.append(f"{pilot.size} seeds are a small pilot: {GOOD_SEEDS} or more make the interval reliable")
    if not pilot.accepted:
        caveats.append(
            f"none of {pilot.size} seeds brought an accepted example, so what one costs cannot be told"
            + (
                f"; with 95% confidence fewer than {3 / pilot.size:.0%} of the seeds bring one"
                if pilot.size > 3
                else ""
            )
        )
    elif accept is not None and pilot.size >= FEWEST_SEEDS and ranges["seeds"].high is None:
        caveats.append("so few were accepted that an upper bound cannot be told: take a larger pilot")
    if not pilot.priced:
        caveats.append("a model's price is not known (`price:` in the run file): tokens are told, money is not")
    needed = ranges["seeds"].value
    if accept is not None and seeds is not None and needed is not None and needed > seeds:
        caveats.append(f"about {needed:,.0f} seeds are needed, and there are {seeds:,}")
    return caveats


def _shown(span: Range, show: Callable[[float], str]) -> str:
    if span.value is None:
        return "cannot be told"
    if span.low is None and span.high is None:
        return f"about {show(span.value)} (interval cannot be told)"
    high = "no upper bound" if span.high is None else show(span.high)
    return f"{show(span.value)} ({show(span.low or 0.0)} to {high})"


def _money(usd: float | None) -> str:
    return "price unknown" if usd is None else f"${usd:,.2f}"


def _small_money(usd: float) -> str:
    return f"${usd:,.5f}" if usd < 0.1 else f"${usd:,.3f}"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
