"""What the writer of an estimate knows: the ranges behind it, what they lead to, and whether they make a sound item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product as combinations

from orca_agents.checks.figures.amounts import Amount, AmountProblem, in_unit, read_amount, read_unit, shown
from orca_agents.checks.figures.chains import Assumption, evaluate, names_used, plain_name, read_range
from orca_agents.records import Instruction

WITHIN = 10.0
"""Estimates that are no further apart than this, as a ratio, agree."""
FEWEST, MOST = 2, 9
WIDEST = 1000.0
"""Largest ratio of the ends of one range: beyond it, nothing is assumed."""
WIDEST_TOTAL = 1e5


@dataclass(frozen=True)
class Key:
    """What the writer's ranges lead to, in the asked unit."""

    middle: float
    low: float
    high: float


def part(value: tuple[str, ...], name: str) -> str:
    """The first line of this kind in an answer, without the kind; empty where there is none."""
    return next(iter(parts(value, name)), "")


def parts(value: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The lines of this kind in an answer."""
    return tuple(line[len(name) + 2 :] for line in value if line.startswith(f"{name}: "))


def with_unit(written: str, unit: str) -> Amount:
    """An amount as it was written; where no unit stands behind it, it is in the asked one. Raises `AmountProblem`."""
    amount = read_amount(written)
    if amount.powers or holds_unit(written):
        return amount
    one = read_unit(unit)
    return Amount(amount.value * one.value, one.powers)


def holds_unit(written: str) -> bool:
    """Whether anything that can be a unit stands with a number; scale words and exponents are none."""
    return re.search(r"[^\W\d_]|[%$€£¥°]", _NO_UNIT.sub("", written)) is not None


_NO_UNIT = re.compile(
    r"\b(?:about|around|roughly|approximately|thousand|million|billion|trillion)\b|[0-9][eE][-+]?[0-9]+|\s?[x×]\s?10",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def read_assumptions(lines: tuple[str, ...]) -> dict[str, Assumption]:
    """The writer's assumptions by name. Raises `AmountProblem`."""
    found = {one.name: one for one in map(read_range, lines)}
    if len(found) < len(lines):
        raise AmountProblem("two assumptions have the same name")
    return found


@lru_cache(maxsize=256)
def key_of(lines: tuple[str, ...], expression: str, unit: str) -> Key:
    """What the ranges lead to: in the middle of each, and at most and least. Raises `AmountProblem`."""
    known = read_assumptions(lines)
    expression = re.sub(r"^\s*[\w ]{1,40}=(?!=)", "", expression)
    middle = in_unit(evaluate(expression, {name: one.middle for name, one in known.items()}), unit)
    ends = [
        in_unit(evaluate(expression, {one.name: end for one, end in zip(known.values(), corner, strict=True)}), unit)
        for corner in combinations(*((one.low, one.high) if one.spread != 1 else (one.low,) for one in known.values()))
    ]
    return Key(middle, min(ends), max(ends))


def item_problems(instruction: Instruction) -> list[str]:
    """What is wrong with an estimate as an item. Raises `AmountProblem`."""
    hidden, unit = instruction.hidden, instruction.parts["unit"][0]
    known = read_assumptions(hidden["assumptions"])
    expression = hidden["expression"][0]
    found = []
    for one in known.values():
        if one.low.value <= 0:
            found.append(f"{one.name} must be more than zero at both ends")
        elif one.spread > WIDEST:
            found.append(f"the range of {one.name} spans more than a factor of {WIDEST:.0f}; take it apart further")
        elif one.spread == 1 and not one.is_given:
            found.append(f"{one.name} has no range; write low .. high, or mark a figure of the passage as (given)")
    used = set(names_used(expression, known)) | set(names_used(hidden.get("baseline", ("",))[0], known))
    if unused := sorted(set(known) - used):
        found.append(f"{unused[0]} is assumed and not used in the expression")
    if len(set(names_used(expression, known))) < FEWEST:
        found.append(f"the expression uses fewer than {FEWEST} of the assumptions; one figure is no estimate")
    if found:
        return found
    key = key_of(hidden["assumptions"], expression, unit)
    if key.low <= 0:
        return ["the estimate can come out at nothing or less; its order of magnitude is undefined"]
    if key.high / key.low > WIDEST_TOTAL:
        return [f"the total spans a factor of {key.high / key.low:.0e}; narrow the ranges, or give more figures"]
    return [*_claim_problems(instruction, key), *_baseline_problems(instruction, key)]


def verdict_on(claim: float, low: float, high: float) -> str | None:
    """What a range says of a claimed figure; `None` where it is too near to the edge to say."""
    if low / 2 <= claim <= high * 2:
        return "possible"
    return "impossible" if claim > high * WITHIN or claim < low / WITHIN else None


def _claim_problems(instruction: Instruction, key: Key) -> list[str]:
    if "verdict" not in instruction.hidden:
        return []
    unit = instruction.parts["unit"][0]
    claim = in_unit(with_unit(instruction.hidden["claim"][0], unit), unit)
    verdict = verdict_on(claim, key.low, key.high)
    if verdict is None:
        return ["the claim lies near the edge of what your ranges allow; move it well inside, or ten times beyond"]
    if verdict != instruction.hidden["verdict"][0]:
        return [f"by your own ranges the claim is {verdict}: {shown(key.low)} to {shown(key.high)} {unit}"]
    return []


def _baseline_problems(instruction: Instruction, key: Key) -> list[str]:
    if "baseline" not in instruction.hidden:
        return []
    before = key_of(instruction.hidden["assumptions"], instruction.hidden["baseline"][0], instruction.parts["unit"][0])
    if before.middle <= 0 or abs(key.middle / before.middle - 1) < 0.05:
        return ["the change makes no difference to the result; ask about one that does"]
    return []


def names_alike(first: str, second: str) -> bool:
    """Whether two names of assumptions say the same."""
    a, b = set(plain_name(first).split("_")) - _SMALL, set(plain_name(second).split("_")) - _SMALL
    return bool(a) and bool(b) and (a == b or len(a & b) / len(a | b) >= 0.6)


_SMALL = frozenset(
    ("per", "of", "the", "a", "an", "in", "number", "average", "avg", "mean", "typical", "total", "each")
)
