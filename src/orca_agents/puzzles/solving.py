"""Find the arrangements that obey the rules of a model, with python-constraint2, within a number of steps."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

from orca_agents.errors import ConfigError
from orca_agents.puzzles.expressions import Expression, read_expression
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.model import Model

MAX_STEPS = 400_000
"""Most times that a rule is tried: some seconds. A count, and no clock, so that each run finds the same."""
MAX_WAYS = 20_000
"""Most arrangements that are kept."""

Arrangement = Mapping[str, Any]


@dataclass
class Steps:
    """How often rules may still be tried."""

    left: int = MAX_STEPS

    def take(self, number: int = 1) -> None:
        """Note so many more. Raises `PuzzleProblem` where there are none left."""
        self.left -= number
        if self.left < 0:
            raise PuzzleProblem(
                f"the search takes more than {MAX_STEPS} steps; give the variables fewer values, or write long "
                "rules as several short ones"
            )


def find_ways(model: Model, more: Iterable[Expression] = (), steps: Steps | None = None) -> list[dict[str, Any]]:
    """All arrangements that obey the rules and `more`, with the shorthands worked out.

    Raises `PuzzleProblem` where there are too many, or the search takes too long.
    """
    steps = steps or Steps()
    found: list[dict[str, Any]] = []
    best: int | Fraction | None = None
    # the library goes through all values on the way from one arrangement to the next
    each = 1 + sum(map(len, model.variables.values())) // 50
    for bare in _search(model, [*model.rules, *more], steps):
        way = _with_shorthands(model, bare)
        steps.take(each)
        if model.best is not None:
            cost = _cost(model.best[1], way) * (1 if model.best[0] == "min" else -1)
            if best is not None and cost > best:
                continue
            found = found if cost == best else []
            best = cost
        found.append(way)
        if len(found) > MAX_WAYS:
            raise PuzzleProblem(f"more than {MAX_WAYS} arrangements obey the rules; some rule is missing")
    return found


def _cost(expression: Expression, way: Arrangement) -> int | Fraction:
    cost = expression.value(way)
    if isinstance(cost, bool) or not isinstance(cost, int | Fraction):
        raise PuzzleProblem(f"`{expression.text}` comes to {cost!r}; only a number can be least or greatest")
    return cost


def is_possible(model: Model, without: int) -> bool:
    """Whether any arrangement obeys all rules but this one."""
    rules = [rule for at, rule in enumerate(model.rules) if at != without]
    return any(True for _ in _search(model, rules, Steps()))


def _search(model: Model, rules: Sequence[Expression], steps: Steps) -> Iterable[dict[str, Any]]:
    """The arrangements, one after the other."""
    if not model.variables:
        return [{}]
    constraint = _library()
    problem = constraint.Problem(constraint.BacktrackingSolver())
    for name, values in model.variables.items():
        problem.addVariable(name, list(values))
    for rule in rules:
        for part in _conjuncts(model, rule):
            names = _variables_of(model, part.names)
            if (different := _only_different(part, model)) is not None:
                if len(set().union(*(model.variables[name] for name in different))) < len(different):
                    return []  # more names than values: no search would end in time
                problem.addConstraint(_counted(constraint.AllDifferentConstraint, steps), different)
            elif names:
                problem.addConstraint(constraint.FunctionConstraint(_test(model, part, names, steps)), names)
            elif not part.holds(_with_shorthands(model, {})):
                return []
    found: Iterable[dict[str, Any]] = problem.getSolutionIter()
    return found


def _library() -> Any:
    try:
        return import_module("constraint")
    except ImportError:
        raise ConfigError(
            "puzzles are solved with python-constraint2, which is not installed: pip install 'orca-agents[puzzles]'"
        ) from None


def _counted(kind: type[Any], steps: Steps) -> Any:
    """A constraint of the library whose tries count as steps too."""

    def try_it(self: Any, *args: Any, **more: Any) -> Any:
        steps.take()
        return kind.__call__(self, *args, **more)

    return type("Counted", (kind,), {"__call__": try_it})()


def _test(model: Model, rule: Expression, names: Sequence[str], steps: Steps) -> Callable[..., bool]:
    symbols = {name: name for name in rule.names & model.symbols}
    shorthands = rule.names & set(model.shorthands)

    def run(*values: Any) -> bool:
        steps.take()
        given = {**symbols, **dict(zip(names, values, strict=True))}
        return rule.holds(_with_shorthands(model, given, shorthands) if shorthands else given)

    return run


def _with_shorthands(model: Model, way: dict[str, Any], wanted: Iterable[str] | None = None) -> dict[str, Any]:
    """The arrangement with its symbols, and with the shorthands that are wanted (all unless said)."""
    values = {**{symbol: symbol for symbol in model.symbols}, **way} if model.symbols else dict(way)

    def add(name: str) -> None:
        if name in model.shorthands and name not in values:
            for other in model.shorthands[name].names:
                add(other)
            values[name] = model.shorthands[name].value(values)

    for name in model.shorthands if wanted is None else wanted:
        add(name)
    return values


def _variables_of(model: Model, names: Iterable[str]) -> list[str]:
    """The variables that these names depend on, in the order in which they were declared."""
    found, open_names = set[str](), list(names)
    while open_names:
        name = open_names.pop()
        if name in model.shorthands:
            open_names += model.shorthands[name].names
        elif name in model.variables:
            found.add(name)
    return [name for name in model.variables if name in found]


def _conjuncts(model: Model, rule: Expression) -> list[Expression]:
    """The parts of `a and b`, which prune better one by one."""
    if not isinstance(rule.tree, ast.BoolOp) or not isinstance(rule.tree.op, ast.And):
        return [rule]
    return [read_expression(ast.unparse(part), model.definitions) for part in rule.tree.values]


def _only_different(rule: Expression, model: Model) -> list[str] | None:
    """The variables of a rule that only says that they differ."""
    match rule.tree:
        case ast.Call(func=ast.Name(id="all_different"), args=args):
            names = [arg.id for arg in args if isinstance(arg, ast.Name) and arg.id in model.variables]
            return names if len(names) == len(args) and len(names) > 1 else None
    return None
