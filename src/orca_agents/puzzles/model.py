"""Read a puzzle that was written down as variables, rules and what is asked of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.expressions import Definition, Expression, Value, read_expression, read_name, split_list
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.functions import NAMING, WEEKDAYS
from orca_agents.puzzles.sums import read_letter_sum

Ask = Literal["value", "must", "could", "cannot", "may_fail", "count", "equivalent", "sufficient"]
ASKS: tuple[Ask, ...] = ("value", "must", "could", "cannot", "may_fail", "count", "equivalent", "sufficient")
WAYS = "ways"
"""In labelled lines: how many arrangements there are; 0 where the rules contradict each other."""
MAX_LINES = 120
MAX_VARIABLES = 60
MAX_VALUES = 1500
"""Most values of one variable."""

LANGUAGE = """\
one thing a line, in this small language:
  var ann, bob, cara in 1..3            variables with whole numbers; or in {red, green}; or in bool
  let gap = abs(ann - bob)              a shorthand
  def fits(age, years) = age >= 18 and years > 2     a shorthand with parameters
  all_different(ann, bob, cara)         a rule: any expression that is true or false
  if ann == 1 then bob != 2             also: and, or, not, iff, ==, !=, <, <=, + - * // %
  letters: SEND + MORE = MONEY          a sum in letters: declares the letters S, E, N, ..., all its rules, and the
                                        numbers SEND, MORE and MONEY
  minimise: cost                        or maximise: only the best arrangements count
  question: ann                         what is asked: a number, a name, true or false
  says: Monday = lunes                  the puzzle's own word for a value or a name, where they differ
  # a remark
Functions: all_different, same, before(a,b), after, just_before, just_after, next_to, between(x,a,b),
around(a,b,seats) for the steps between two seats, beside_around(a,b,seats), opposite(a,b,seats); number seats
clockwise from 1, and give one person seat 1, since turning the table changes nothing: clockwise_from(a,b,seats)
where a is the next one clockwise from b, left_of_around(a,b,seats) where a is the left neighbour of b and all face
the middle (the same), right_of_around; exactly(2, p, q, r), at_least, at_most, one_of, count(p, q), abs, min, max,
sum, pick(ann, 4, 3, 8) for the 4, 3 or 8 by whether ann is 1, 2 or 3, number(a,b,c) for the digits abc,
code(a,b,c) for them as a text, right_place((a,b), (4,7)), wrong_place, who(3, ann, bob) for the name of the one
with value 3, those(true, ann, bob) for all their names, date(2024,2,29), is_date, weekday(d), year(d), month(d),
day(d), days_in_month(y,m), leap(y), clock(14,30) in minutes, clock_text(m), angle(h,m). Options, items or
statements under the question get one line each, by their mark, instead of `question:` -
  A: ann == 1
and a line `ask:` says when an option is right: `value` (it holds, in the one arrangement or in all), `must` (be
true), `could` (be true), `cannot` (be true), `may_fail` (be false in some arrangement), `equivalent` (it may
take the place of the rule in the line `replaced: rule`), `sufficient` (lines `statement 1: rule`, `statement 2:
rule` and `question:`; the options are then expressions over first, second and both, e.g. `A: first and not
second`). The name `ways` in these lines is the number of arrangements; it is 0 where the rules contradict each
other. It counts different values of the variables: declare none that the puzzle does not speak of, and use
`let` for what follows. `ask: count` with no question asks for it.
"Three sit in a row. Ann sits left of Bob, Cy not in the middle, Bob not at the right end. Who sits at the left
end?" is written as
  var ann, bob, cy in 1..3              # places, from the left
  all_different(ann, bob, cy)
  ann < bob
  cy != 2
  bob != 3
  question: who(1, ann, bob, cy)"""


@dataclass
class Model:
    """A puzzle as its formaliser wrote it down."""

    variables: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """Name -> the values that it may have."""
    rules: list[Expression] = field(default_factory=list)
    shorthands: dict[str, Expression] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    ask: Ask = "value"
    question: Expression | None = None
    labelled: dict[str, Expression] = field(default_factory=dict)
    statements: dict[str, Expression] = field(default_factory=dict)
    replaced: Expression | None = None
    says: dict[str, str] = field(default_factory=dict)
    """A value or a name -> how the puzzle writes it."""
    best: tuple[Literal["min", "max"], Expression] | None = None

    @property
    def symbols(self) -> frozenset[str]:
        """The names that stand for themselves: values such as red, and the days of the week."""
        values = frozenset(value for values in self.variables.values() for value in values if isinstance(value, str))
        return values | (frozenset(WEEKDAYS) - set(self.variables) - set(self.shorthands))


def read_model(text: str) -> Model:
    """A model out of its lines. Raises `PuzzleProblem` that names the line and what to do."""
    lines = [line.strip() for line in without_fence_lines(text).splitlines()]
    if len(lines) > MAX_LINES:
        raise PuzzleProblem(f"the model has {len(lines)} lines; write at most {MAX_LINES}")
    model = Model()
    for number, line in enumerate(lines, 1):
        line = _without_remark(line)
        if not line:
            continue
        try:
            _read_line(model, line)
        except PuzzleProblem as problem:
            raise PuzzleProblem(f"line {number} ({line[:80]}): {problem}") from None
    _check(model)
    return model


_VAR = re.compile(r"^(?:var|vars|variables?)\s++(?P<names>.*?\S)\s*+(?:\bin\b|:|∈)\s*+(?P<values>.+)$", re.IGNORECASE)
_BARE = re.compile(
    r"^(?P<names>\w+(?:\s*,\s*\w+)*)\s+in\s+(?P<values>-?\d+\s*\.\.\s*-?\d+|\{[^{}]*\}|bool)$", re.IGNORECASE
)
"""A declaration without its `var`; a rule where the names are declared already."""
_LET = re.compile(r"^let\s+(?P<name>\w+)\s*:?=\s*(?P<body>.+)$", re.IGNORECASE)
_DEF = re.compile(r"^def(?:ine)?\s+(?P<name>\w+)\s*\((?P<parameters>[^)]*)\)\s*:?=\s*(?P<body>.+)$", re.IGNORECASE)
_HEAD = re.compile(
    r"^(?P<head>(?:rule|constraint|clue)(?:\s+\d+)?|says|ask|question|minimi[sz]e|maximi[sz]e|replaced|letters|statement\s+\d"
    r"|(?:option\s+)?[A-J]|\d)\s*[:.)]\s*(?P<body>.+)$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"^[{\[(]?\s*(-?\d{1,12})\s*(?:\.\.\.?|\bto\b|-)\s*(-?\d{1,12})\s*[)\]}]?$")


def _read_line(model: Model, line: str) -> None:
    line = re.sub(r"^(?:[-*\u2022]|\d{1,2}[.)])\s+(?=\S)", "", line)
    bare = _BARE.match(line)
    if bare and not set(split_list(bare["names"])) & set(model.variables):
        _declare(model, split_list(bare["names"]), _read_values(bare["values"]))
    elif match := _VAR.match(line):
        _declare(model, split_list(match["names"]), _read_values(match["values"]))
    elif match := _DEF.match(line):
        name = read_name(match["name"])
        parameters = tuple(map(read_name, split_list(match["parameters"])))
        model.definitions[name] = Definition(name, parameters, read_expression(match["body"], model.definitions))
    elif match := _LET.match(line):
        name = read_name(match["name"])
        if name in model.variables or name in model.shorthands:
            raise PuzzleProblem(f"{name!r} is declared already")
        model.shorthands[name] = read_expression(match["body"], model.definitions)
    elif match := _HEAD.match(line):
        _read_headed(model, re.sub(r"^option\s+", "", match["head"], flags=re.IGNORECASE), match["body"].strip())
    else:
        _add_rule(model, read_expression(line, model.definitions))


_MEANT = {
    "must_be_false": "cannot",
    "could_be_false": "may_fail",
    "cannot_be_false": "must",
    "must_not_be_true": "cannot",
}


def _read_headed(model: Model, head: str, body: str) -> None:
    word = re.sub(r"\s+", " ", head.lower())
    if word == "ask":
        wanted = re.sub(r"[\s-]+", "_", body.lower().strip(" .`\"'"))
        wanted = _MEANT.get(wanted, re.sub(r"_be_true$|_true$", "", wanted))
        if wanted not in ASKS:
            raise PuzzleProblem(f"`ask:` must be one of {', '.join(ASKS)}")
        model.ask = next(ask for ask in ASKS if ask == wanted)
        return
    if word == "says":
        name, _, own = body.partition("=")
        model.says[name.strip()] = own.strip(" \"'")
        return
    if word == "letters":
        found = read_letter_sum(body)
        for name, values in found.variables.items():
            _declare(model, [name], values)
        model.rules += [read_expression(rule) for rule in found.rules]
        for word in (*found.words, found.total):
            if word not in model.variables and word not in model.shorthands:
                model.shorthands[word] = read_expression(f"number({', '.join(word)})")
        return
    expression = read_expression(body, model.definitions)
    if word.split()[0] in ("rule", "constraint", "clue"):
        _add_rule(model, expression)
    elif word == "question":
        model.question = expression
    elif word == "replaced":
        model.replaced = expression
    elif word.startswith(("minimi", "maximi")):
        model.best = ("min" if word.startswith("min") else "max", expression)
    elif word.startswith("statement"):
        model.statements[word.split()[-1]] = expression
    else:
        if head.upper() in model.labelled:
            raise PuzzleProblem(f"there are two lines for {head.upper()}")
        model.labelled[head.upper()] = expression


def _add_rule(model: Model, rule: Expression) -> None:
    if not rule.names:
        raise PuzzleProblem("this is no rule, for it speaks of no variable")
    model.rules.append(rule)


def _declare(model: Model, names: list[str], values: tuple[Value, ...]) -> None:
    for text in names:
        name = read_name(text)
        if name in model.variables or name in model.shorthands:
            raise PuzzleProblem(f"{name!r} is declared already")
        model.variables[name] = values
    if len(model.variables) > MAX_VARIABLES:
        raise PuzzleProblem(f"there are more than {MAX_VARIABLES} variables")


def _read_values(text: str) -> tuple[Value, ...]:
    text = text.strip().rstrip(".;").strip()
    if re.fullmatch(r"bool(?:ean)?|\{\s*true\s*,\s*false\s*\}|\{\s*false\s*,\s*true\s*\}", text, re.IGNORECASE):
        return (True, False)
    if match := _RANGE.match(text):
        first, last = int(match[1]), int(match[2])
        if not 0 < last - first + 1 <= MAX_VALUES:
            raise PuzzleProblem(f"a variable has 1 to {MAX_VALUES} values, not those from {first} to {last}")
        return tuple(range(first, last + 1))
    values = tuple(map(_read_value, split_list(text.strip("{}[]()"))))
    if not values or len(values) > MAX_VALUES or len(set(values)) < len(values):
        raise PuzzleProblem(f"write different values, such as 1..5 or {{red, green}}, at most {MAX_VALUES}")
    return values


def _read_value(text: str) -> Value:
    if re.fullmatch(r"-?\d{1,12}", text):
        return int(text)
    if re.fullmatch(r"\"[^\"]+\"|'[^']+'", text):
        return text[1:-1]
    return read_name(text)


def _check(model: Model) -> None:
    """Refuse names that nobody declared or that mean two things, and a model that asks nothing."""
    double = model.symbols & (set(model.variables) | set(model.shorthands))
    if double:
        raise PuzzleProblem(f"{min(double)!r} is both a variable and a value; rename one of them")
    known = set(model.variables) | set(model.shorthands) | model.symbols
    for name, shorthand in model.shorthands.items():
        _check_names(shorthand, known)
        if _reaches(model.shorthands, name):
            raise PuzzleProblem(f"the shorthand {name!r} leads back to itself")
    answers = {WAYS} | ({"first", "second", "both"} if model.ask == "sufficient" else set())
    for rule in (*model.rules, *model.statements.values()):
        _check_names(rule, known)
    for rest in (model.question, model.replaced, model.best[1] if model.best else None):
        if rest is not None:
            _check_names(rest, known | {WAYS})
    for expression in model.labelled.values():
        _check_names(expression, known | answers)
    asked = [model.question] if model.question is not None else []
    for expression in (*model.rules, *model.statements.values(), *model.labelled.values(), *asked):
        _check_values(model, expression)
    if not model.variables and not model.definitions and not model.shorthands and not _computes(model.question):
        raise PuzzleProblem("there are no variables; begin with lines such as `var ann, bob in 1..2`")
    if model.question is None and not model.labelled and model.ask != "count":
        raise PuzzleProblem("nothing is asked; write a line `question: ...`, or one line for each option")


def _check_values(model: Model, expression: Expression) -> None:
    """Refuse to compare with a value that nothing can have: it would be false for ever, and nobody would notice."""
    for node in ast.walk(expression.tree):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        for one, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
            if _names_somebody(one) and isinstance(other, ast.Name) and other.id in model.variables:
                raise PuzzleProblem(f"`{expression.text}`: put the name {other.id} in quotes, or compare {other.id}")
            if not isinstance(one, ast.Name) or one.id not in model.variables:
                continue
            value = other.value if isinstance(other, ast.Constant) else getattr(other, "id", None)
            if not isinstance(value, str | int) or value in model.variables or value in model.shorthands:
                continue
            is_option = expression in model.labelled.values() and not isinstance(value, str)
            if value not in model.variables[one.id] and not is_option:
                known = ", ".join(map(str, model.variables[one.id][:8]))
                raise PuzzleProblem(f"`{expression.text}`: {one.id} is never {value}; it is one of {known}")


def _names_somebody(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMING


def _computes(question: Expression | None) -> bool:
    """Whether a question without variables works anything out, as `weekday(date(2024, 5, 1) + 100)` does."""
    return question is not None and any(isinstance(node, ast.Call | ast.BinOp) for node in ast.walk(question.tree))


def _check_names(expression: Expression, known: set[str]) -> None:
    unknown = sorted(expression.names - known)
    if unknown:
        raise PuzzleProblem(f"`{expression.text}` speaks of {unknown[0]!r}, which no line declares")


def _reaches(shorthands: Mapping[str, Expression], name: str) -> bool:
    open_names, seen = list(shorthands[name].names), set[str]()
    while open_names:
        other = open_names.pop()
        if other == name:
            return True
        if other in shorthands and other not in seen:
            seen.add(other)
            open_names += shorthands[other].names
    return False


def _without_remark(line: str) -> str:
    """The line up to a `#` that stands outside quotes."""
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign if sign == '"' or line.count("'", at) > 1 else ""
        elif sign == "#":
            return line[:at].strip()
    return line
