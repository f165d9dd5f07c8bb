"""Evaluate arithmetic exactly: a small, bounded grammar of numbers, operators and a few functions."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from orca_agents.numerals import numbers_in as numbers_in  # passages and calculations are compared by number

MAX_CHARS = 500
"""Longest expression that is read."""
MAX_DEPTH = 100
"""Deepest nesting of parentheses, signs and operators; also the longest sum."""
MAX_BITS = 4096
"""Largest numerator and denominator; about 1,200 digits. Nothing below it takes long."""


class ArithmeticProblem(ValueError):
    """The text is not arithmetic, or its value is not defined, not rational or too large."""


def evaluate(expression: str) -> Fraction:
    """The exact value of `+ - * / // % **`, parentheses and `min max abs round sum sqrt`.

    Also read: the signs for times, divided by and minus, `^`, `12%`, `50% of 80`, thousands separators. `round` rounds
    halves away from zero. Raises `ArithmeticProblem`.
    """
    return _value(_parse(expression))


def operands(expression: str) -> list[Fraction]:
    """The numbers that an expression is made of, in order; `12%` is 12/100. Raises `ArithmeticProblem`.

    The places in `round(x, places)` are left out: they say how to write a number, not which.
    """
    return _operands(_parse(expression))


def has_operation(expression: str) -> bool:
    """Whether anything is computed, or the expression is one number only. Raises `ArithmeticProblem`."""
    return any(
        isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and _name(node) != "percent")
        for node in ast.walk(_parse(expression))
    )


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3}(?![0-9]))?)|(?P<name>[^\W\d_]+)"
    r"|(?P<sign>\*\*|//|[-+*/%(),\[\]])|(?P<space>\s+)"
)
_SIGNS = str.maketrans(
    {
        "\N{MULTIPLICATION SIGN}": "*",
        "\N{MIDDLE DOT}": "*",
        "\N{DOT OPERATOR}": "*",
        "\N{BULLET OPERATOR}": "*",
        "\N{DIVISION SIGN}": "/",
        "\N{DIVISION SLASH}": "/",
        "\N{FRACTION SLASH}": "/",
        "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-",
        "\N{NO-BREAK SPACE}": " ",
        "^": "**",
    }
)
_TIMES = re.compile(
    # "3x4" and "0 x 4", but not "0x10", which is a number in another notation
    r"(?<=[0-9)%])(?:\s+[xX]\s*|(?<!(?<![0-9.])0)[xX]\s*|\s+of\s+)(?=[0-9(.])"
)
_PERCENT = re.compile(r"((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*%(?=\s*(?:$|[-+*/),\]]))")
_GROUPED = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")


def _parse(expression: str) -> ast.expr:
    """The syntax tree of an expression, after everything that Python reads and arithmetic does not was refused."""
    if len(expression) > MAX_CHARS:
        raise ArithmeticProblem(f"the expression has {len(expression)} characters; write at most {MAX_CHARS}")
    source = _TIMES.sub("*", expression.translate(_SIGNS).strip())
    source = _PERCENT.sub(r"percent(\1)", _ungrouped(source))
    tokens: list[str] = []
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None or (token["name"] and token["name"] not in _FUNCTIONS):
            found = token[0] if token else source[at]
            raise ArithmeticProblem(f"{found!r} is not arithmetic; use numbers, + - * / // % ** and {_KNOWN}")
        # Python reads 007 as an error and 1e5 as a float; neither matters to a reader of arithmetic
        text = re.sub(r"^0+(?=[0-9])", "", token[0]) if token["number"] else token[0]
        if token["number"] and tokens and re.search(r"[0-9.]$", tokens[-1]):
            raise ArithmeticProblem(f"there is no operator before {token[0]!r}")
        tokens.append(" " if token["space"] else text)
        at = token.end()
    source = "".join(tokens).strip()
    if not source:
        raise ArithmeticProblem("the expression is empty")
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, MemoryError, RecursionError):  # the last two: nested too deeply for Python's parser
        raise ArithmeticProblem(f"{expression.strip()!r} is not a well-formed expression") from None
    _refuse_deep(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            # the source text, since a float would already have lost the exact decimal
            node.value = ast.get_source_segment(source, node) or ""
    return tree


def _ungrouped(source: str) -> str:
    """Without thousands separators. Between the arguments of a function a comma could mean either, and is refused."""
    calls: list[bool] = []
    called_at = [False] * (len(source) + 1)
    for place, sign in enumerate(source):
        if sign in "([":
            calls.append(sign == "[" or bool(re.search(r"[a-z]\s*$", source[:place])) or any(calls))
        elif sign in ")]" and calls:
            calls.pop()
        called_at[place] = any(calls)
    for group in _GROUPED.finditer(source):
        if called_at[group.start()]:
            raise ArithmeticProblem(f"{group[0]!r} may be one number or several; write 1234, or 1, 234 with a space")
    return _GROUPED.sub(lambda group: group[0].replace(",", ""), source)


def _refuse_deep(tree: ast.AST) -> None:
    """Keep all that follows within Python's own limit on recursion."""
    level, depth = [tree], 0
    while level:
        if depth > MAX_DEPTH:
            raise ArithmeticProblem(f"the expression is nested more than {MAX_DEPTH} deep")
        level, depth = [child for node in level for child in ast.iter_child_nodes(node)], depth + 1


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant():
            return _bounded(_literal(node))
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand)
        case ast.UnaryOp(op=ast.UAdd()):
            return _value(node.operand)
        case ast.BinOp():
            left, right = _value(node.left), _value(node.right)
            return _bounded(_operate(node.op, left, right))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            values = [_value(argument) for argument in _arguments(node)]
            try:
                return _bounded(_FUNCTIONS[name](*values))
            except TypeError:
                raise ArithmeticProblem(f"{name} does not take {len(values)} numbers") from None
    raise ArithmeticProblem(f"this is not arithmetic; put an operator between numbers, and use only {_KNOWN}")


def _operate(operator: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Pow():
            return _power(left, right)
    if right == 0:
        raise ArithmeticProblem("division by zero")
    match operator:
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return Fraction(left // right)
        case ast.Mod():
            return left % right
    raise ArithmeticProblem("only + - * / // % ** are known")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise ArithmeticProblem("an exponent must be a whole number; for roots use sqrt")
    if base == 0 and exponent < 0:
        raise ArithmeticProblem("division by zero")
    # checked beforehand, so that no huge number is ever made
    if abs(exponent) > MAX_BITS or _bits(base) * abs(exponent) > MAX_BITS:
        raise ArithmeticProblem("the power is too large")
    return base ** int(exponent)


def _literal(node: ast.Constant) -> Fraction:
    return Fraction(str(node.value).rstrip("."))


def _bounded(value: Fraction) -> Fraction:
    if _bits(value) > MAX_BITS:
        raise ArithmeticProblem("the number is too large")
    return value


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _arguments(call: ast.Call) -> Sequence[ast.expr]:
    """A function's numbers, given one by one or as one list."""
    if len(call.args) == 1 and isinstance(call.args[0], ast.List) and _name(call) in ("min", "max", "sum"):
        return call.args[0].elts
    return call.args


def _operands(node: ast.AST) -> list[Fraction]:
    if isinstance(node, ast.Constant):
        return [_bounded(_literal(node))]
    if isinstance(node, ast.Call) and _name(node) == "percent":
        return [value / 100 for argument in node.args for value in _operands(argument)]
    if isinstance(node, ast.Call):
        arguments = node.args[:1] if _name(node) == "round" else node.args
        return [value for argument in arguments for value in _operands(argument)]
    return [value for child in ast.iter_child_nodes(node) for value in _operands(child)]


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _round(value: Fraction, places: Fraction = Fraction(0)) -> Fraction:
    if places.denominator != 1 or abs(places) > 30:
        raise ArithmeticProblem("round takes a whole number of places, at most 30")
    unit = Fraction(10) ** int(places)
    rounded = math.floor(abs(value) * unit + Fraction(1, 2)) / unit
    return rounded if value >= 0 else -rounded


def _sqrt(value: Fraction) -> Fraction:
    if value < 0:
        raise ArithmeticProblem("a negative number has no real square root")
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top != value.numerator or bottom * bottom != value.denominator:
        raise ArithmeticProblem("the square root is not an exact number")
    return Fraction(top, bottom)


def _least(first: Fraction, *others: Fraction) -> Fraction:
    return min(first, *others) if others else first


def _greatest(first: Fraction, *others: Fraction) -> Fraction:
    return max(first, *others) if others else first


def _total(*values: Fraction) -> Fraction:
    return sum(values, Fraction(0))


def _percent(value: Fraction) -> Fraction:
    return value / 100


_FUNCTIONS: dict[str, Callable[..., Fraction]] = {
    "min": _least,
    "max": _greatest,
    "abs": abs,
    "round": _round,
    "sum": _total,
    "sqrt": _sqrt,
    "percent": _percent,
}
_KNOWN = "min, max, abs, round, sum, sqrt"
