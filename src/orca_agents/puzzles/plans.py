"""Read a puzzle that was written down as states, moves and a goal: a crossing, jugs, weighings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.expressions import Expression, read_expression, read_name, split_list
from orca_agents.puzzles.faults import PuzzleProblem

MAX_LINES = 100

LANGUAGE = """\
one thing a line, in this small language:
  state farmer, goat = left             what changes, and how it begins: whole numbers, true, false or names
  state five, three = 0
  never: goat == wolf and farmer != goat        what must not be true after any move
  goal: five == 4                       what is to be reached
  move cross alone: farmer = other(farmer, left, right)
  move take goat when goat == farmer: farmer = other(farmer, left, right), goat = other(goat, left, right)
  move fill five when five < 5: five = 5
  move pour five into three when five > 0 and three < 3: five = max(0, five - (3 - three)), three = min(3, three + five)
  move weigh k for k in 1..6 when 2 * k <= n: n = k | n = n - 2 * k      (n suspects, goal: n <= 1)
  cost: 5                               on the line after a move: what it costs; 1 unless said
  question: moves                       the fewest moves to the goal; or `cost`, the least cost; or an expression over
                                        the states after the shortest plan
  # a remark
All changes of one move happen at once, from the values before it. `|` stands between outcomes that the mover
cannot choose; the plan must then reach the goal whichever comes. `for k in 1..6` makes one move for each k.
other(x, a, b) is b where x is a, and a where it is b; also +, -, *, //, %, min, max, abs, if ... then ... else,
and the other functions. Options that are plans get a line each instead of `question:`, with the names of moves
in order -
  A: take goat; cross alone; take wolf
and a line `ask: plan` (the option is a legal plan that reaches the goal), `ask: shortest` (and none is shorter)
or `ask: start` (a shortest plan may begin so)"""


@dataclass(frozen=True)
class Move:
    """One thing that can be done: under a condition, with one outcome or with several that are not chosen."""

    name: str
    condition: Expression | None
    outcomes: tuple[tuple[tuple[str, Expression], ...], ...]
    bound: Mapping[str, int] = field(default_factory=dict)
    """The value of its `k`."""
    cost: int = 1


@dataclass
class Plan:
    """A puzzle of states and moves as its formaliser wrote it down."""

    start: dict[str, Any] = field(default_factory=dict)
    never: list[Expression] = field(default_factory=list)
    goal: Expression | None = None
    moves: list[Move] = field(default_factory=list)
    question: Expression | None = None
    ask: str = "plan"
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_plan(text: str) -> Plan:
    """A plan puzzle out of its lines. Raises `PuzzleProblem`."""
    lines = [line.split("#")[0].strip() for line in without_fence_lines(text).splitlines()]
    if len(lines) > MAX_LINES:
        raise PuzzleProblem(f"the puzzle has {len(lines)} lines; write at most {MAX_LINES}")
    plan = Plan()
    for number, line in enumerate(lines, 1):
        if line:
            try:
                _read_line(plan, line)
            except PuzzleProblem as problem:
                raise PuzzleProblem(f"line {number} ({line[:80]}): {problem}") from None
    _check(plan)
    return plan


_MOVE = re.compile(
    r"^move\s++(?P<name>[^:]*?[^:\s])(?:\s++for\s++(?P<k>\w+)\s++in\s++(?P<a>-?\d+)\s*+\.\.\s*+(?P<b>-?\d+))?"
    r"(?:\s++(?:when|if)\s++(?P<when>[^:]++))?\s*+:\s*+(?P<do>.+)$",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"^(\w+)\s*(?::=|=(?!=))\s*(.+)$")


def _read_line(plan: Plan, line: str) -> None:
    if match := re.match(r"^(?:state|start)\s+(.+)$", line, re.IGNORECASE):
        _read_state(plan, match[1])
    elif match := _MOVE.match(line):
        plan.moves += _read_moves(match)
    elif match := re.match(r"^(never|goal|cost|question|ask|[A-J])\s*:\s*(.+)$", line, re.IGNORECASE):
        _read_headed(plan, match[1], match[2].strip())
    else:
        raise PuzzleProblem(
            "begin the line with state, move, never:, goal:, cost:, question:, ask: or an option's letter"
        )


def _read_state(plan: Plan, text: str) -> None:
    """`farmer, goat = left`, or `farmer = left, goat = right`."""
    names: list[str] = []
    for part in split_list(text):
        name, sign, value = (piece.strip() for piece in part.replace(":=", "=").partition("="))
        names.append(read_name(name))
        if names[-1] in plan.start:
            raise PuzzleProblem(f"{name!r} is declared already")
        if sign and not re.fullmatch(r"-?\w+", value):
            raise PuzzleProblem(f"{value[:40]!r} is no value to begin with; write a number, true, false or a word")
        if sign:
            plan.start |= dict.fromkeys(names, _read_value(value))
            names = []
    if names:
        raise PuzzleProblem(f"{names[-1]!r} has no value to begin with; write `state {names[-1]} = 0`")


def _read_headed(plan: Plan, head: str, body: str) -> None:
    word = head.lower()
    if word == "never":
        plan.never.append(read_expression(body))
    elif word == "goal":
        plan.goal = read_expression(body)
    elif word == "question":
        plan.question = read_expression(body)
    elif word == "cost":
        if not plan.moves or not re.fullmatch(r"\d{1,6}", body):
            raise PuzzleProblem("`cost:` is a whole number and stands after its move")
        last = plan.moves[-1]
        plan.moves = [
            Move(m.name, m.condition, m.outcomes, m.bound, int(body)) if m.name == last.name else m for m in plan.moves
        ]
    elif word == "ask":
        plan.ask = body.lower().strip(" .")
        if plan.ask not in ("plan", "shortest", "start"):
            raise PuzzleProblem("`ask:` must be plan, shortest or start")
    else:
        plan.options[head.upper()] = tuple(
            _one_line(part) for part in re.split(r"\s*[;>→]\s*|,\s*", body) if part.strip()
        )


def _read_moves(match: re.Match[str]) -> Iterator[Move]:
    outcomes = []
    for outcome in _outcomes(match["do"]):
        changes = [_CHANGE.match(part) for part in split_list(outcome)]
        if not changes or None in changes:
            raise PuzzleProblem("after the colon, write changes such as `five = 0, three = 3`")
        outcomes.append(tuple((read_name(c[1]), read_expression(c[2])) for c in changes if c))
    condition = read_expression(match["when"]) if match["when"] else None
    name = _one_line(match["name"])
    if not match["k"]:
        yield Move(name, condition, tuple(outcomes))
        return
    first, last = int(match["a"]), int(match["b"])
    if not 0 < last - first + 1 <= 50:
        raise PuzzleProblem("`for` goes over 1 to 50 numbers")
    for number in range(first, last + 1):
        own = re.sub(rf"\b{re.escape(match['k'])}\b", str(number), name)
        own = own if own != name else f"{name} {number}"
        yield Move(own, condition, tuple(outcomes), {match["k"]: number})


def _outcomes(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<!\|)\|(?!\|)", text) if part.strip()]


def _read_value(text: str) -> Any:
    if re.fullmatch(r"-?\d{1,9}", text):
        return int(text)
    return {"true": True, "false": False}.get(text.lower(), text)


def _one_line(name: str) -> str:
    return re.sub(r"\s+", " ", name.strip(" .\"'`")).casefold()


def _check(plan: Plan) -> None:
    if not plan.start or not plan.moves or plan.goal is None:
        raise PuzzleProblem(
            "write what changes (`state`), what can be done (`move`) and what is to be reached (`goal:`)"
        )
    if plan.question is None and not plan.options:
        raise PuzzleProblem("nothing is asked; write `question: moves`, or one line for each option")
    names = {move.name for move in plan.moves}
    for mark, steps in plan.options.items():
        if unknown := [step for step in steps if step not in names]:
            raise PuzzleProblem(
                f"option {mark} has {unknown[0]!r}, which is no move; there are {', '.join(sorted(names))}"
            )
    for move in plan.moves:
        for changes in move.outcomes:
            if unknown := [name for name, _ in changes if name not in plan.start]:
                raise PuzzleProblem(f"the move {move.name!r} changes {unknown[0]!r}, which no `state` line declares")
