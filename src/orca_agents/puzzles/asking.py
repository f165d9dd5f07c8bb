"""What a model answers: the value of its question, or which options must, could or cannot be true."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from orca_agents.puzzles.expressions import Expression
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.model import WAYS, Model, read_model
from orca_agents.puzzles.outcome import Outcome
from orca_agents.puzzles.solving import Steps, find_ways, is_possible

SHOWN = 6
"""So many variables of an arrangement are told."""


def solve_model(text: str) -> Outcome:
    """What the puzzle comes to. Raises `PuzzleProblem` where it comes to nothing, or to several things."""
    model = read_model(text)
    steps = Steps()
    ways = find_ways(model, steps=steps)
    if not ways and not _asks_for_ways(model):
        raise PuzzleProblem(_why_none(model))
    facts = {
        "ask": model.ask,
        "asks_for_ways": model.ask == "count" or _asks_for_ways(model),
        "names": (*model.variables, *sorted(model.symbols)),
        "is_shortcut": _is_shortcut(model),
    }
    if model.ask == "sufficient":
        return Outcome(labelled=_sufficient(model, steps), ways=len(ways), facts=facts)
    if model.ask == "equivalent":
        return Outcome(labelled=_equivalent(model, ways, steps), ways=len(ways), facts=facts)
    if model.labelled and (model.ask in ("must", "could", "cannot", "may_fail") or _are_options(model, ways)):
        return Outcome(labelled=_options(model, ways), ways=len(ways), facts=facts)
    if model.labelled:
        found = {mark: _one(line, ways) for mark, line in model.labelled.items()}
        if model.question is not None:  # options that are values of the question
            wanted = _one(model.question, ways)
            found = {mark: value == wanted for mark, value in found.items()}
        return Outcome(labelled=found, ways=len(ways), facts=facts)
    if model.question is None:
        return Outcome(len(ways), ways=len(ways), facts=facts)
    value = _one(model.question, ways)
    also = [model.says[name] for name in (str(value), str(value).lower()) if name in model.says]
    return Outcome(value, also=tuple(also[:1]), ways=len(ways), facts=facts)


def _are_options(model: Model, ways: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the labelled lines are true or false, as options are, and not places or numbers to compare."""
    values = {**(ways[0] if ways else {}), WAYS: len(ways)}
    try:
        return all(isinstance(line.value(values), bool) for line in model.labelled.values())
    except PuzzleProblem:
        return True  # of rules without an arrangement only `ways` can be computed


def _options(model: Model, ways: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    found = {}
    for mark, line in model.labelled.items():
        if WAYS in line.names:
            found[mark] = line.holds({**(ways[0] if ways else {}), WAYS: len(ways)})
            continue
        if not ways:
            found[mark] = False
            continue
        truths = {line.holds(way) for way in ways}
        if model.ask == "value" and len(truths) == 2:
            raise PuzzleProblem(
                f"option {mark} ({line.text}) holds in some of the {len(ways)} arrangements and fails in others: "
                "a rule of the puzzle is missing, or the puzzle asks what must or could be true (say so in `ask:`)"
            )
        right = {
            "value": truths == {True},
            "must": truths == {True},
            "could": True in truths,
            "cannot": truths == {False},
            "may_fail": False in truths,
        }
        found[mark] = right[model.ask]
    return found


def _one(question: Expression, ways: Sequence[Mapping[str, Any]]) -> Any:
    """What a question comes to in every arrangement. Raises `PuzzleProblem` where that differs."""
    if WAYS in question.names:
        return question.value({**(ways[0] if ways else {}), WAYS: len(ways)})
    answers: dict[Any, Mapping[str, Any]] = {}
    for way in ways:
        answers.setdefault(question.value(way), way)
        if len(answers) > 1:
            (one, first), (other, second) = answers.items()
            raise PuzzleProblem(
                f"`{question.text}` is {one} in one arrangement ({_told(first)}) and {other} in another "
                f"({_told(second)}): a rule of the puzzle is missing from your lines, or the puzzle leaves it open"
            )
    return next(iter(answers))


def _sufficient(model: Model, steps: Steps) -> dict[str, bool]:
    question = model.question
    if question is None or sorted(model.statements) != ["1", "2"]:
        raise PuzzleProblem("`ask: sufficient` needs a line `question:` and lines `statement 1:` and `statement 2:`")
    first, second = model.statements["1"], model.statements["2"]
    known = {
        name: _is_settled(question, find_ways(model, more, steps), name)
        for name, more in (("first", [first]), ("second", [second]), ("both", [first, second]))
    }
    if _is_settled(question, find_ways(model, steps=steps), "none"):
        raise PuzzleProblem("the question is settled before either statement is known; then nothing is tested")
    return {mark: line.holds(known) for mark, line in model.labelled.items()}


def _is_settled(question: Expression, ways: Sequence[Mapping[str, Any]], name: str) -> bool:
    if not ways:
        raise PuzzleProblem(f"nothing is possible any more with statement {name}: it contradicts what is given")
    return len({question.value(way) for way in ways}) == 1


def _equivalent(model: Model, ways: Sequence[Mapping[str, Any]], steps: Steps) -> dict[str, bool]:
    """Which options, in the place of the replaced rule, leave exactly the same arrangements."""
    if model.replaced is None:
        raise PuzzleProblem("`ask: equivalent` needs a line `replaced: rule`; that rule stands nowhere else")
    wanted = {_key(model, way) for way in find_ways(model, [model.replaced], steps)}
    if not wanted:
        raise PuzzleProblem("no arrangement obeys the rules and the replaced rule")
    if len(wanted) == len(ways):
        raise PuzzleProblem("the replaced rule changes nothing; leave it out of the other rules")
    return {
        mark: {_key(model, way) for way in find_ways(model, [line], steps)} == wanted
        for mark, line in model.labelled.items()
    }


def _key(model: Model, way: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(way[name] for name in model.variables)


def _is_shortcut(model: Model) -> bool:
    """Whether the answer stands in the model as it is, with nothing that leads to it."""
    rules = len(model.rules) + len(model.statements) + len(model.definitions) + len(model.shorthands)
    if model.variables:
        return not (rules or model.best) or all(len(values) == 1 for values in model.variables.values())
    asked = [*model.labelled.values(), *([model.question] if model.question else [])]
    return not any(isinstance(node, ast.Call | ast.BinOp | ast.Compare) for one in asked for node in ast.walk(one.tree))


def _asks_for_ways(model: Model) -> bool:
    """Whether "there is no way at all" is among the answers."""
    asked = [*model.labelled.values(), *([model.question] if model.question else [])]
    return any(WAYS in expression.names for expression in asked)


def _why_none(model: Model) -> str:
    to_blame = []
    for at, rule in enumerate(model.rules):
        if is_possible(model, without=at):
            to_blame.append(f"`{rule.text}`")
        if len(to_blame) == 3:
            break
    if not to_blame:
        return "no arrangement obeys your rules; several of them contradict each other"
    return (
        f"no arrangement obeys your rules; it is possible without {' or without '.join(to_blame)}: look at these again"
    )


def _told(way: Mapping[str, Any]) -> str:
    told = [f"{name}={value}" for name, value in way.items() if name != value]
    return ", ".join(told[:SHOWN])
