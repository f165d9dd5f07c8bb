"""Work out puzzles of states and moves: the fewest moves, the least cost, and whether a plan is legal and shortest."""

from __future__ import annotations

import ast
import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orca_agents.puzzles.expressions import Expression
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.outcome import Outcome
from orca_agents.puzzles.plans import Move, Plan, read_plan

MAX_STATES = 20_000
MAX_TRIES = 400_000
"""Most times that a move or a rule is tried on a state: a count, and no clock, so that each run finds the same."""
MAX_DEPTH = 60

State = tuple[Any, ...]


def solve_plan(text: str) -> Outcome:
    """What the puzzle comes to. Raises `PuzzleProblem` where the goal cannot be reached, or nothing is asked."""
    plan = read_plan(text)
    world = _World(plan)
    facts = {"states": len(plan.start), "moves": len(plan.moves), "explored": len(world.next)}
    depth = _worst_depths(world)
    if world.start not in depth:
        raise PuzzleProblem(
            f"the goal cannot be reached from the start with these moves ({len(world.next)} states were tried); "
            "look at the conditions of the moves and at `never:`"
        )
    if depth[world.start] == 0:
        raise PuzzleProblem("the goal is reached before the first move; look at the start and at `goal:`")
    facts["fewest"] = depth[world.start]
    if plan.options:
        return Outcome(
            labelled={m: _is_right(world, depth, plan.ask, names) for m, names in plan.options.items()}, facts=facts
        )
    assert plan.question is not None
    return Outcome(_value(world, depth, plan.question), facts=facts)


class _World:
    """All states that can come up, and where each move leads."""

    def __init__(self, plan: Plan) -> None:
        assert plan.goal is not None
        self.plan = plan
        self.names = tuple(plan.start)
        self._symbols = self._find_symbols()
        self.start: State = tuple(plan.start.values())
        self.goals: set[State] = set()
        self.next: dict[State, list[tuple[Move, tuple[State, ...]]]] = {}
        self._explore()

    def values(self, state: State, move: Move | None = None) -> dict[str, Any]:
        """What expressions may read in a state."""
        return {**self._symbols, **dict(zip(self.names, state, strict=True)), **(move.bound if move else {})}

    def after(self, state: State, move: Move) -> tuple[State, ...] | None:
        """Where a move leads, one state for each outcome; `None` where it may not be made."""
        values = self.values(state, move)
        if move.condition is not None and not move.condition.holds(values):
            return None
        found = []
        for changes in move.outcomes:
            new = {name: expression.value(values) for name, expression in changes}
            after = tuple(new.get(name, old) for name, old in zip(self.names, state, strict=True))
            if any(rule.holds(self.values(after)) for rule in self.plan.never):
                return None
            found.append(after)
        return tuple(found)

    def _find_symbols(self) -> dict[str, str]:
        """The words that a state may be (left, right): those that states begin with or are changed to."""
        plan = self.plan
        assert plan.goal is not None
        changes = [change for move in plan.moves for outcome in move.outcomes for _, change in outcome]
        words = {value for value in plan.start.values() if isinstance(value, str)}
        for change in changes:
            words |= set(_values_of(change.tree))
        known = words | set(plan.start)
        asked = [plan.question] if plan.question is not None else []
        for expression in (plan.goal, *plan.never, *asked):
            _refuse_unknown(expression, known | {"moves", "cost"})
        for move in plan.moves:
            when = [move.condition] if move.condition is not None else []
            for expression in (*when, *(change for outcome in move.outcomes for _, change in outcome)):
                _refuse_unknown(expression, known | set(move.bound))
        return {word: word for word in words - set(plan.start)}

    def _explore(self) -> None:
        assert self.plan.goal is not None
        waiting, tries = [self.start], 0
        if any(rule.holds(self.values(self.start)) for rule in self.plan.never):
            raise PuzzleProblem("the start itself is what `never:` forbids")
        while waiting:
            state = waiting.pop()
            if state in self.next:
                continue
            self.next[state] = []
            if self.plan.goal.holds(self.values(state)):
                self.goals.add(state)
                continue
            for move in self.plan.moves:
                tries += 1 + len(self.plan.never)
                after = self.after(state, move)
                if after is not None and after != (state,):
                    self.next[state].append((move, after))
                    waiting += after
            if len(self.next) > MAX_STATES or tries > MAX_TRIES:
                raise PuzzleProblem(f"more than {MAX_STATES} states can come up; bound them by conditions of the moves")


def _values_of(tree: ast.expr) -> Iterator[str]:
    """The words that may come out of a change as they are: `right`, `right if man == left else left`."""
    match tree:
        case ast.Name(id=name):
            yield name
        case ast.IfExp(body=body, orelse=other):
            yield from (*_values_of(body), *_values_of(other))
        case ast.Call(func=ast.Name(id="other"), args=args):
            yield from (arg.id for arg in args if isinstance(arg, ast.Name))


def _refuse_unknown(expression: Expression, known: set[str]) -> None:
    if unknown := sorted(expression.names - known):
        raise PuzzleProblem(
            f"`{expression.text}` speaks of {unknown[0]!r}: no `state` line declares it, and no state is ever that"
        )


def _worst_depths(world: _World) -> dict[State, int]:
    """State -> the fewest moves that reach the goal whatever the outcomes; states from which none do are left out."""
    depth = dict.fromkeys(world.goals, 0)
    for moves in range(1, MAX_DEPTH + 1):
        new = [
            state
            for state, ways in world.next.items()
            if state not in depth and any(all(after in depth for after in afters) for _, afters in ways)
        ]
        if not new:
            break
        depth.update(dict.fromkeys(new, moves))
    return depth


def _value(world: _World, depth: Mapping[State, int], question: Expression) -> Any:
    if question.names == {"moves"}:
        return question.value({"moves": depth[world.start]})
    if any(len(afters) > 1 for ways in world.next.values() for _, afters in ways):
        raise PuzzleProblem("where outcomes are not chosen, only `question: moves` can be asked")
    costs = _least_costs(world)
    if question.names == {"cost"}:
        return question.value({"cost": costs[world.start]})
    ends = {question.value({**world.values(end), "moves": depth[world.start]}) for end in _nearest_goals(world, depth)}
    if len(ends) != 1:
        raise PuzzleProblem(f"`{question.text}` differs between the shortest plans: {sorted(map(str, ends))[:3]}")
    return ends.pop()


def _least_costs(world: _World) -> dict[State, int]:
    """State -> the least cost of reaching the goal, from the goals backwards, the cheapest first."""
    led: dict[State, list[tuple[State, int]]] = {}
    for state, ways in world.next.items():
        for move, (after,) in ways:
            led.setdefault(after, []).append((state, move.cost))
    order = {state: number for number, state in enumerate(world.next)}
    costs: dict[State, int] = {}
    waiting = [(0, order[goal], goal) for goal in world.goals]
    heapq.heapify(waiting)
    while waiting:
        cost, _, state = heapq.heappop(waiting)
        if state not in costs:
            costs[state] = cost
            for before, more in led.get(state, ()):
                heapq.heappush(waiting, (cost + more, order[before], before))
    return costs


def _nearest_goals(world: _World, depth: Mapping[State, int]) -> set[State]:
    states = {world.start}
    for left in range(depth[world.start] - 1, -1, -1):
        states = {
            after for state in states for _, afters in world.next[state] for after in afters if depth.get(after) == left
        }
    return states


def _is_right(world: _World, depth: Mapping[State, int], ask: str, names: Sequence[str]) -> bool:
    """Whether an option's plan does what is asked. A plan has to go well whatever the outcomes."""
    states = {world.start}
    moves = {name: list(group) for name, group in itertools.groupby(world.plan.moves, key=lambda move: move.name)}
    for name in names:
        after: set[State] = set()
        for state in states:
            led = [world.after(state, move) for move in moves[name]]
            if not led or led[0] is None:
                return False
            after |= set(led[0])
        states = after
    if ask == "start":
        return all(depth.get(state, MAX_DEPTH) == depth[world.start] - len(names) for state in states)
    reached = all(world.plan.goal is not None and world.plan.goal.holds(world.values(state)) for state in states)
    return reached and (ask == "plan" or len(names) == depth[world.start])
