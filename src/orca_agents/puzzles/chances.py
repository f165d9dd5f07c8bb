"""Chances by counting every case: draws one after the other, what is known, and what is asked; exact fractions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.expressions import Expression, read_expression, read_name, split_list
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.functions import WEEKDAYS
from orca_agents.puzzles.outcome import Outcome

MAX_CASES = 100_000
MAX_STEPS = 40
MAX_TRIES = 500_000
"""Most values that are tried for draws: a count, and no clock, so that each run finds the same."""

LANGUAGE = """\
one thing a line, in the order in which it happens:
  draw car in 1..3                      each value is equally likely; or in {boy, girl}
  draw coin in {heads: 2/3, tails: 1/3} with these chances
  draw door in 1..3 where door != car and door != 1     only among the values for which this is true
  let other = 6 - 1 - door              a shorthand for what follows from the draws
  given: door == 3                      what is known to have happened
  question: car == 2                    the event whose chance is asked; `expected: points` for a mean; for options, one
                                        line for each instead, as `A: 2/3`, which is right where it is the chance
  # a remark
Somebody who chooses knowingly (the host who opens a door) is a draw with `where`. Things drawn without putting
back get numbers, also where they look alike: `draw a in 1..5`, `draw b in 1..5 where b != a`, and a <= 3 says
that a is red. Expressions know and, or, not, ==, !=, <, + - * // %, if ... then ...,
count(p, q), exactly"""


@dataclass
class _Chance:
    steps: list[tuple[str, dict[Any, Fraction], Expression | None]] = field(default_factory=list)
    """Name, values with their weights, condition; a shorthand has one value, its expression."""
    given: list[Expression] = field(default_factory=list)
    asked: tuple[Literal["chance", "mean"], Expression] | None = None
    options: dict[str, Fraction] = field(default_factory=dict)


def solve_chance(text: str) -> Outcome:
    """The chance or the mean that is asked for. Raises `PuzzleProblem`."""
    chance = _read(text)
    if chance.asked is None:
        raise PuzzleProblem("nothing is asked; write a line `question:` with the event")
    total, wanted, cases = Fraction(0), Fraction(0), 0
    kind, asked = chance.asked
    for weight, values in _cases(chance, 0, Fraction(1), dict(_symbols(chance)), [MAX_TRIES]):
        cases += 1
        if cases > MAX_CASES:
            raise PuzzleProblem(f"there are more than {MAX_CASES} cases; count with fewer draws")
        if not all(known.holds(values) for known in chance.given):
            continue
        total += weight
        if kind == "chance":
            wanted += weight * asked.holds(values)
        else:
            wanted += weight * _number(asked.value(values))
    if not total:
        raise PuzzleProblem("what is given can never happen")
    found = wanted / total
    facts = {"cases": cases, "draws": sum(bool(values) for _, values, _ in chance.steps)}
    if kind == "chance" and not chance.options and found in (0, 1):
        raise PuzzleProblem(
            f"the event has the chance {found}; then nothing is left to chance: look at your lines again"
        )
    right = {mark: value == found for mark, value in chance.options.items()}
    return Outcome(found, labelled=right, facts=facts)


def _number(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise PuzzleProblem(f"`expected:` comes to {value!r}, which is no number")
    return Fraction(value)


_DRAW = re.compile(
    r"^draw\s++(.*?\S)\s++in\s++(\{[^{}]*\}|-?\d+\s*+\.\.\s*+-?\d+)(?:\s++where\s++(.+))?$", re.IGNORECASE
)


def _read(text: str) -> _Chance:
    chance = _Chance()
    for number, line in enumerate(without_fence_lines(text).splitlines(), 1):
        line = line.split("#")[0].strip()
        try:
            if line:
                _read_line(chance, line)
        except PuzzleProblem as problem:
            raise PuzzleProblem(f"line {number} ({line[:80]}): {problem}") from None
    if len(chance.steps) > MAX_STEPS:
        raise PuzzleProblem(f"there are more than {MAX_STEPS} draws and shorthands")
    known = set(_symbols(chance)) | {name for name, _, _ in chance.steps}
    for expression in (
        *chance.given,
        *([chance.asked[1]] if chance.asked else []),
        *(c for _, _, c in chance.steps if c),
    ):
        if unknown := sorted(expression.names - known):
            raise PuzzleProblem(f"`{expression.text}` speaks of {unknown[0]!r}, which is not drawn")
    if not any(values for _, values, _ in chance.steps):
        raise PuzzleProblem("nothing is drawn; begin with lines such as `draw car in 1..3`")
    return chance


def _read_line(chance: _Chance, line: str) -> None:
    if match := _DRAW.match(line):
        condition = read_expression(match[3]) if match[3] else None
        things = split_list(match[2].strip("{}"))
        if condition is not None and len(set(things)) < len(things):  # which of the two red ones is gone?
            raise PuzzleProblem("give things that look alike numbers: `draw a in 1..3`, of which 1 and 2 are red")
        for name in split_list(match[1]):
            chance.steps.append((read_name(name), _read_values(match[2]), condition))
    elif match := re.match(r"^let\s+(\w+)\s*=\s*(.+)$", line, re.IGNORECASE):
        chance.steps.append((read_name(match[1]), {}, read_expression(match[2])))
    elif match := re.match(r"^(given|question|expected)\s*:\s*(.+)$", line, re.IGNORECASE):
        expression = read_expression(match[2])
        if match[1].lower() == "given":
            chance.given.append(expression)
        else:
            chance.asked = ("chance" if match[1].lower() == "question" else "mean", expression)
    elif match := re.match(r"^([A-J])\s*[:.]\s*(\S+)$", line):
        chance.options[match[1]] = _read_share(match[2])
    else:
        raise PuzzleProblem("begin the line with draw, let, given:, question: or expected:")


def _read_values(text: str) -> dict[Any, Fraction]:
    if match := re.fullmatch(r"(-?\d{1,6})\s*\.\.\s*(-?\d{1,6})", text):
        first, last = int(match[1]), int(match[2])
        if not 0 < last - first + 1 <= 1000:
            raise PuzzleProblem("a draw has 1 to 1000 values")
        return {value: Fraction(1) for value in range(first, last + 1)}
    values: dict[Any, Fraction] = {}
    for part in split_list(text.strip("{}")):
        name, _, share = part.partition(":")
        name = name.strip()
        value: Any = int(name) if re.fullmatch(r"-?\d{1,9}", name) else name.strip("\"'")
        value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        # a value that stands there twice is twice as likely: three balls, two of them red
        values[value] = values.get(value, Fraction(0)) + (_read_share(share) if share.strip() else 1)
    if not values or any(share < 0 for share in values.values()) or not sum(values.values()):
        raise PuzzleProblem("write the values of a draw as {boy, girl} or 1..6")
    return values


def _read_share(text: str) -> Fraction:
    text = text.strip().rstrip(".;")
    percent = text.endswith("%")
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,9}|/0*[1-9]\d{0,8})?", text.rstrip("% ")):
        raise PuzzleProblem(f"{text[:40]!r} is no chance, such as 2/3 or 0.25")
    return Fraction(text.rstrip("% ")) / (100 if percent else 1)


def _symbols(chance: _Chance) -> dict[str, str]:
    values = {value for _, values, _ in chance.steps for value in values if isinstance(value, str)}
    return {value: value for value in (*WEEKDAYS, *sorted(values))}


def _cases(
    chance: _Chance, at: int, weight: Fraction, values: dict[str, Any], left: list[int]
) -> Iterator[tuple[Fraction, dict[str, Any]]]:
    """Every course that things can take from step `at` on, with its chance; `left[0]` values may still be tried."""
    if at == len(chance.steps):
        yield weight, values
        return
    name, shares, condition = chance.steps[at]
    if not shares:
        assert condition is not None
        yield from _cases(chance, at + 1, weight, {**values, name: condition.value(values)}, left)
        return
    left[0] -= len(shares)
    if left[0] < 0:
        raise PuzzleProblem("there is too much to try; count with fewer draws, or with fewer values for each")
    possible = {v: s for v, s in shares.items() if s and (condition is None or condition.holds({**values, name: v}))}
    total = sum(possible.values())
    if not total:
        raise PuzzleProblem(f"there is a case in which {name!r} can have no value at all")
    for value, share in possible.items():
        yield from _cases(chance, at + 1, weight * share / total, {**values, name: value}, left)
