"""Read expressions over the variables of a puzzle, and compute them: a whitelist of syntax, never `eval`."""

from __future__ import annotations

import ast
import keyword
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.functions import FUNCTIONS, NAMING
from orca_agents.puzzles.spelling import in_python

Value = int | str | bool | Fraction | tuple[Any, ...]
Compiled = Callable[[Mapping[str, Any]], Any]
MAX_CHARS = 600
MAX_NESTED = 40
MAX_SIZE = 10**15
"""Largest number that may come up on the way."""
MAX_POWER = 20
MAX_PARTS = 5000
"""Most parts of an expression, with those of the definitions that it calls, each as often as it is called."""


@dataclass(frozen=True)
class Expression:
    """A text that is computed from the values of names."""

    text: str
    names: frozenset[str]
    """The names that it reads."""
    tree: ast.expr
    compute: Compiled
    parts: int
    """How much there is to compute: definitions that call definitions may hold a lot in a few lines."""

    def value(self, values: Mapping[str, Any]) -> Any:
        """What it comes to. Raises `PuzzleProblem` where that is not defined, as for `red < 3`."""
        try:
            return self.compute(values)
        except (TypeError, ArithmeticError, ValueError, LookupError, RecursionError) as error:
            if isinstance(error, PuzzleProblem):
                raise
            raise PuzzleProblem(f"`{self.text}` cannot be computed: {_why(error)}") from None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it is true. Raises `PuzzleProblem` where it is neither true nor false."""
        found = self.value(values)
        if not isinstance(found, bool):
            raise PuzzleProblem(f"`{self.text}` comes to {found!r}; it must be true or false")
        return found


@dataclass(frozen=True)
class Definition:
    """`def name(a, b) = expression`: a shorthand with parameters."""

    name: str
    parameters: tuple[str, ...]
    body: Expression


def read_expression(text: str, definitions: Mapping[str, Definition] | None = None) -> Expression:
    """An expression out of its text. Raises `PuzzleProblem`."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise PuzzleProblem(f"a line has {len(text)} characters; write at most {MAX_CHARS}, on several lines")
    if _deepest(text) > MAX_NESTED:
        raise PuzzleProblem(f"`{text[:60]}` nests more than {MAX_NESTED} deep")
    if glued := _GLUED.search(_QUOTED.sub("", text)):
        raise PuzzleProblem(f"`{text}` holds {glued[0]!r}; write 2 * x for twice x, and names that begin with a letter")
    try:
        tree = ast.parse(in_python(text), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise PuzzleProblem(f"`{text}` is no expression ({_why(error)})") from None
    reader = _Reader(text, definitions or {})
    try:
        compute = reader.read(tree)
    except RecursionError:
        raise PuzzleProblem(f"`{text[:60]}` is too long to compute; write it on several lines") from None
    return Expression(text, frozenset(reader.names), tree, compute, reader.parts)


def read_name(text: str) -> str:
    """A name of a variable or a value. Raises `PuzzleProblem`."""
    name = unicodedata.normalize("NFKC", text.strip())
    if not name.isidentifier() or keyword.iskeyword(name):
        raise PuzzleProblem(f"{text.strip()[:40]!r} cannot be a name; write letters, digits and _, such as ann_lee")
    return name


def split_list(text: str) -> list[str]:
    """The parts between the commas that stand outside all brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        if sign == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


_QUOTED = re.compile(r"\"[^\"\\]*\"|'[^'\\]*'")
_GLUED = re.compile(r"(?<![\w.])\d+[^\W\d]\w*|\\.?")
"""A number with letters behind it, or a backslash: Python would warn of either."""


def _deepest(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, int) or not 0 <= exponent <= MAX_POWER:
        raise PuzzleProblem(f"a power must be a whole number from 0 to {MAX_POWER}")
    return base**exponent


def _quotient(a: Any, b: Any) -> Any:
    return _plain(Fraction(a, b))


def _plain(number: Fraction) -> int | Fraction:
    return int(number) if number.denominator == 1 else number


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _quotient,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


_NO_NUMBERS = (str, tuple)


@dataclass
class _Reader:
    """Compiles one syntax tree into functions, and notes the names in it and how large it is."""

    text: str
    definitions: Mapping[str, Definition]
    names: set[str] = field(default_factory=set)
    parts: int = 0

    def read(self, node: ast.expr) -> Compiled:
        self._grow(1)
        match node:
            case ast.Constant(value=bool() | int() | str() | float() as value):
                if isinstance(value, int | float) and not abs(value) <= MAX_SIZE:
                    raise PuzzleProblem(f"`{self.text}` holds a number that is too large")
                exact = _plain(Fraction(repr(value))) if isinstance(value, float) else value
                return lambda _: exact
            case ast.Name(id=name):
                self.names.add(name)
                return operator.itemgetter(name)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                items = [self.read(part) for part in parts]
                return lambda values: tuple(_single(item(values)) for item in items)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                turned = self.read(inner)
                return lambda values: not _boolean(turned(values))
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                negated = self.read(inner)
                return lambda values: -negated(values)
            case ast.BoolOp(op=joiner, values=parts):
                return self._joined(joiner, [self.read(part) for part in parts])
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
                return self._computed(self.read(left), _BINARY[type(sign)], self.read(right))
            case ast.Compare(left=left, ops=signs, comparators=others):
                return self._compared([self.read(part) for part in (left, *others)], signs)
            case ast.IfExp(test=test, body=body, orelse=other):
                condition, yes, no = self.read(test), self.read(body), self.read(other)
                return lambda values: yes(values) if _boolean(condition(values)) else no(values)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._called(name, args)
        raise PuzzleProblem(f"`{self.text}` holds something that the language does not have: {_shown(node)}")

    def _grow(self, parts: int) -> None:
        self.parts += parts
        if self.parts > MAX_PARTS:
            raise PuzzleProblem(f"`{self.text[:60]}` is too much to compute with all that it calls; make it shorter")

    def _joined(self, joiner: ast.boolop, parts: list[Compiled]) -> Compiled:
        if isinstance(joiner, ast.And):
            return lambda values: all(_boolean(part(values)) for part in parts)
        return lambda values: any(_boolean(part(values)) for part in parts)

    def _computed(self, left: Compiled, compute: Callable[[Any, Any], Any], right: Compiled) -> Compiled:
        def run(values: Mapping[str, Any]) -> Any:
            a, b = left(values), right(values)
            if isinstance(a, _NO_NUMBERS) or isinstance(b, _NO_NUMBERS):
                raise PuzzleProblem(f"`{self.text}` computes with {a!r} and {b!r}, which are not numbers")
            found = compute(a, b)
            if abs(found) > MAX_SIZE or (isinstance(found, Fraction) and found.denominator > MAX_SIZE):
                raise PuzzleProblem(f"`{self.text}` comes to a number that is too large")
            return found

        return run

    def _compared(self, parts: list[Compiled], signs: list[ast.cmpop]) -> Compiled:
        if any(type(sign) not in _COMPARE for sign in signs):
            raise PuzzleProblem(f"`{self.text}` compares in a way that the language does not have")
        if len(signs) > 1 and any(isinstance(sign, ast.NotEq) for sign in signs):
            raise PuzzleProblem(
                f"`{self.text}`: in a chain of != the outer ones may be equal; write all_different(...)"
            )
        links = [_COMPARE[type(sign)] for sign in signs]
        if len(links) == 1:  # by far the commonest, so without a loop
            compare, left, right = links[0], parts[0], parts[1]
            return lambda values: compare(left(values), right(values))

        def run(values: Mapping[str, Any]) -> bool:
            found = [part(values) for part in parts]
            return all(compare(a, b) for compare, a, b in zip(links, found, found[1:], strict=False))

        return run

    def _called(self, name: str, args: list[ast.expr]) -> Compiled:
        if any(isinstance(arg, ast.Starred) for arg in args):
            raise PuzzleProblem(f"`{self.text}`: write the values of {name} out, one by one")
        if name in NAMING:
            return self._naming(name, args)
        parts = [self.read(arg) for arg in args]
        if name in self.definitions:
            return self._defined(self.definitions[name], parts)
        if name not in FUNCTIONS:
            raise PuzzleProblem(f"`{self.text}` uses {name!r}, which is no function; there are {_list_functions()}")
        if name == "implies" and len(parts) == 2:  # what follows need not be defined where the condition is false
            condition, then = parts
            return lambda values: not _boolean(condition(values)) or _boolean(then(values))
        function = FUNCTIONS[name]
        return lambda values: function(*(part(values) for part in parts))

    def _defined(self, definition: Definition, parts: list[Compiled]) -> Compiled:
        if len(parts) != len(definition.parameters):
            raise PuzzleProblem(
                f"`{self.text}` gives {definition.name} {len(parts)} values; it takes {len(definition.parameters)}"
            )
        self.names.update(definition.body.names - set(definition.parameters))
        self._grow(definition.body.parts)
        body, parameters = definition.body.compute, definition.parameters

        def run(values: Mapping[str, Any]) -> Any:
            given = dict(values)
            given.update(zip(parameters, [part(values) for part in parts], strict=True))
            return body(given)

        return run

    def _naming(self, name: str, args: list[ast.expr]) -> Compiled:
        """`who(3, ann, bob)`: the name of the variable with that value; `those(...)`: of all of them."""
        others = [arg.id for arg in args[1:] if isinstance(arg, ast.Name)]
        if len(args) < 2 or len(others) != len(args) - 1:
            raise PuzzleProblem(f"`{self.text}`: write {name}(value, variable, variable, ...)")
        wanted = self.read(args[0])
        self.names.update(others)
        choose = NAMING[name]
        return lambda values: choose(wanted(values), {other: values[other] for other in others})


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise PuzzleProblem(f"{value!r} stands where something true or false is needed")
    return value


def _single(value: Any) -> Any:
    if isinstance(value, tuple):
        raise PuzzleProblem("a list stands within a list; compare its parts one by one")
    return value


def _shown(node: ast.expr) -> str:
    try:
        return ast.unparse(node)[:60]
    except (ValueError, RecursionError):
        return type(node).__name__


def _list_functions() -> str:
    return ", ".join(sorted({*FUNCTIONS, *NAMING}))


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is unknown"
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return (error.msg if isinstance(error, SyntaxError) else str(error)) or type(error).__name__
