"""Read and compute expressions with units: a small grammar of our own, no part of which is ever run as Python."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from orca_agents.arithmetic import MAX_CHARS, ArithmeticProblem
from orca_agents.units.definitions import find_unit
from orca_agents.units.quantities import Quantity, bounded

MAX_DEPTH = 40
"""Deepest nesting of parentheses and powers."""


def calculate(expression: str) -> Quantity:
    """The exact value of an expression with units; `X to UNIT` or `X in UNIT` converts.

    A unit belongs to the number before it, and units side by side are multiplied before `/`: `3 km / 20 min`,
    `1 J / kg K`. A fraction before a unit, as in `1/3 m` or `5 1/2 in`, is a number. Quantities side by side are added:
    `5 ft 11 in`. `15% of 80 kg`, `per`, `sq` and `cubic` are read.
    Raises `ArithmeticProblem`.
    """
    if len(expression) > MAX_CHARS:
        raise ArithmeticProblem(f"the expression has {len(expression)} characters; write at most {MAX_CHARS}")
    tokens = _read_tokens(expression)
    if not tokens:
        raise ArithmeticProblem("the expression is empty")
    return _evaluate(tokens, 0)


class _Token(NamedTuple):
    kind: str
    """`number`, `word` or `sign`."""
    text: str


_LETTERS = r"(?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])[^\W\d_])+"
_TOKEN = re.compile(
    r"(?P<number>[0-9]+/[0-9]+(?=\s+[^\W\d_])|(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?"
    r"|\.[0-9]+(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?)"
    r"|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    rf"|(?P<word>°[CF]?|[℃℉$€£¥₹'\"]|{_LETTERS}(?:_{_LETTERS})*)"
    r"|(?P<sign>\*\*|//|->|[-+*/%(),\[\]])|(?P<space>\s+)"
)
_LETTER = re.compile(r"[^\W\d_]")
_SIGNS = str.maketrans(
    {
        "\N{MULTIPLICATION SIGN}": "*", "\N{MIDDLE DOT}": "*", "\N{DOT OPERATOR}": "*", "\N{BULLET OPERATOR}": "*",
        "\N{DIVISION SIGN}": "/", "\N{DIVISION SLASH}": "/", "\N{FRACTION SLASH}": "/", "\N{MINUS SIGN}": "-",
        "\N{EN DASH}": "-", "\N{NO-BREAK SPACE}": " ", "\N{OHM SIGN}": "Ω", "\N{PRIME}": "'", "\N{DOUBLE PRIME}": '"',
        "\N{ANGSTROM SIGN}": "Å", "\N{KELVIN SIGN}": "K",
    }
)  # fmt: skip
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_PHRASES = (
    (re.compile(r"\b(?:fl\.?|fluid) (?:oz|ounces?)\b", re.IGNORECASE), "floz"),
    (re.compile(r"\b(short|long) (tons?)\b", re.IGNORECASE), r"\1_\2"),
    (re.compile(r"\b(?:troy) (?:oz|ounces?)\b", re.IGNORECASE), "ozt"),
    (re.compile(r"\b(?:imperial|imp\.?|UK) (gal|pt)(?:lons?)?\b", re.IGNORECASE), r"imp_\1"),
    (re.compile(r"\bnautical miles?\b", re.IGNORECASE), "nmi"),
    (re.compile(r"\blight[- ]years?\b", re.IGNORECASE), "ly"),
    (re.compile(r"\bdeg(?:rees?)? ?(?:C|celsius)\b", re.IGNORECASE), "degC"),
    (re.compile(r"\bdeg(?:rees?)? ?(?:F|fahrenheit)\b", re.IGNORECASE), "degF"),
    (re.compile(r"\bmiles per hour\b", re.IGNORECASE), "mph"),
    (re.compile(r"° (?=[CF]\b)"), "°"),
    (re.compile(r"\^"), "**"),
    (re.compile(r"(?<=[0-9)%])(?:\s+[xX]\s*|(?<!(?<![0-9.])0)[xX]\s*)(?=[0-9(.])"), "*"),
)
_FUNCTIONS = ("min", "max", "abs", "round", "sum", "sqrt")
_CONVERSIONS = ("to", "in", "into", "as", "->")
_POWERS = {"sq": 2, "square": 2, "cubic": 3, "cu": 3}


def _read_tokens(expression: str) -> list[_Token]:
    source = expression.translate(_SIGNS)
    for phrase, written in _PHRASES:
        source = phrase.sub(written, source)
    tokens: list[_Token] = []
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise ArithmeticProblem(f"{source[at]!r} is not arithmetic; write numbers, units and + - * / // % **")
        kind, text = str(found.lastgroup), found[0]
        if kind == "number":
            if "," in text and any(token.text in (*_FUNCTIONS, "[") for token in tokens):
                raise ArithmeticProblem(f"{text!r} may be one number or several; write 1234, or 1, 234 with a space")
            if "/" in text and tokens and tokens[-1].text in ("/", "//", "**", "%"):
                text = text.partition("/")[0]  # a chain of divisions, from left to right
                tokens.append(_Token(kind, text))
                at += len(text)
                continue
            if at and re.match(r"[\w.]", source[at - 1]) and tokens and tokens[-1].kind == "word":
                if not _LETTER.match(source, found.end()):  # m2 is m^2, but 5ft11in is 5 ft 11 in
                    tokens.append(_Token("sign", "**"))
            elif tokens and tokens[-1].kind == "number" and not source[at - 1].isspace():
                raise ArithmeticProblem(f"there is no operator before {text!r}")
            tokens.append(_Token(kind, text.replace(",", "")))
        elif kind == "raised":
            tokens += [_Token("sign", "**"), _Token("sign", "("), *_read_tokens(text.translate(_RAISED))]
            tokens.append(_Token("sign", ")"))
        elif kind == "word" and text in ("per", "of"):
            tokens.append(_Token("sign", "/" if text == "per" else "*"))
        elif kind == "sign" and text == "->":
            tokens.append(_Token("word", text))
        elif kind != "space":
            tokens.append(_Token(kind, text))
        at = found.end()
    return tokens


def _evaluate(tokens: Sequence[_Token], depth: int) -> Quantity:
    """The value of these tokens. `in` is also the inch: what stands after a conversion must be a unit and no more."""
    if depth > MAX_DEPTH:
        raise ArithmeticProblem(f"the expression is nested more than {MAX_DEPTH} deep")
    nesting = 0
    for place in range(len(tokens) - 1, 0, -1):
        nesting += {")": 1, "]": 1, "(": -1, "[": -1}.get(tokens[place].text, 0)
        rest = tokens[place + 1 :]
        if nesting == 0 and tokens[place].text in _CONVERSIONS and rest and _is_unit(rest):
            target = _Parser(rest, depth + 1).read_all()
            if tokens[place].text == "in" and _has_no_unit(tokens[:place]) and find_unit("in").dimensions:
                break  # 12 in lbf: inches, not a conversion of a mere number
            return _evaluate(tokens[:place], depth + 1).to(target)
    return _Parser(tokens, depth).read_all()


def _is_unit(tokens: Sequence[_Token]) -> bool:
    """Whether these are units alone: numbers only as their powers."""
    if [token.text for token in tokens[:2]] == ["1", "/"]:
        tokens = tokens[2:] or tokens
    if any(_is_call(tokens, place) for place in range(len(tokens))):
        return False
    if tokens[0].text in ("*", "/", "**", "+", "-", "%", "//"):
        return False
    for place, token in enumerate(tokens):
        before = [each.text for each in tokens[max(0, place - 3) : place]]
        raised = "**" in before and not any(each.kind == "word" for each in tokens[max(0, place - 1) : place])
        if not raised and (token.kind == "number" or token.text in ("+", "-", "%", "//", ",")):
            return False
    return True


def _has_no_unit(tokens: Sequence[_Token]) -> bool:
    return not any(token.kind == "word" and not _is_call(tokens, place) for place, token in enumerate(tokens))


def _is_call(tokens: Sequence[_Token], place: int) -> bool:
    """Whether a function is called here: `min` is also the minute."""
    return tokens[place].text in _FUNCTIONS and place + 1 < len(tokens) and tokens[place + 1].text == "("


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, tokens: Sequence[_Token], depth: int) -> None:
        self._tokens = tokens
        self._depth = depth
        self._at = 0

    def read_all(self) -> Quantity:
        value = self._sum()
        if self._at < len(self._tokens):
            raise ArithmeticProblem(f"there is no operator before {self._text()!r}, or something is missing there")
        return value

    def _sum(self) -> Quantity:
        value = self._product()
        while self._text() in ("+", "-"):
            sign = 1 if self._take() == "+" else -1
            value = value.add(self._product(), sign)
        return value

    def _product(self) -> Quantity:
        value = self._signed()
        while (sign := self._text()) in ("*", "/", "//", "%"):
            self._take()
            if sign == "%" and self._ends_here():
                raise ArithmeticProblem("% stands for a percentage after a number only")
            other = self._signed()
            if sign in "*/":
                value = value.times(other, 1 if sign == "*" else -1)
                continue
            value.check_same_kind(other, "divided with a remainder")
            if other.base == 0:
                raise ArithmeticProblem("division by zero")
            whole = Fraction(value.base // other.base)
            value = Quantity(whole) if sign == "//" else Quantity(value.base - whole * other.base, value.shown)
        return value

    def _signed(self) -> Quantity:
        signs = 0
        while self._text() in ("+", "-"):
            signs += self._take() == "-"
        value = self._measures()
        return -value if signs % 2 else value

    def _measures(self) -> Quantity:
        """`5 ft 11 in`, `3 h 20 min`, `kg m`: quantities side by side."""
        value = self._measure()
        while value.shown and self._kind() == "number":
            other = self._measure()
            if value.dimensions != other.dimensions:
                raise ArithmeticProblem(f"there is no operator between {value.unit} and {other.unit or 'a number'}")
            value = value.add(other, 1)
        return value

    def _measure(self) -> Quantity:
        """A number with the units after it, or units alone."""
        value = self._power()
        while self._kind() == "word" or (self._text() == "(" and value.shown):
            unit = self._power()
            if unit.is_point and not value.shown:
                kind = unit.shown[0][0]
                value = bounded(Quantity(value.base * kind.factor + kind.offset, unit.shown))
            else:
                value = value.times(unit)
        return value

    def _power(self) -> Quantity:
        if self._text() in _POWERS and self._kind(1) == "word":
            return self._raised(_POWERS[self._take()])
        value = self._primary()
        if self._text() == "**":
            self._take()
            negative = self._text() in ("+", "-") and self._take() == "-"
            self._deepen(1)
            exponent = self._power()
            self._deepen(-1)
            value = value.to_power(-exponent if negative else exponent)
        elif self._text() == "%" and not value.shown and self._ends_here(1):
            self._take()
            value = Quantity(value.base / 100)
        return value

    def _raised(self, power: int) -> Quantity:
        return self._primary().to_power(Quantity(Fraction(power)))

    def _primary(self) -> Quantity:
        kind, text = self._kind(), self._take()
        if kind == "number":
            if self._kind() == "number" and "/" in self._text() and "/" not in text:
                return bounded(Quantity(_number(text) + _number(self._take())))  # 5 1/2 in
            return bounded(Quantity(_number(text)))
        if text == "(":
            inside = self._until_closed(")")
            if not inside:
                raise ArithmeticProblem("there is nothing between the parentheses")
            return _evaluate(inside, self._depth + 1)
        if kind == "word" and text in _FUNCTIONS and self._text() == "(":
            self._take()
            return self._call(text, self._until_closed(")"))
        if kind == "word" and text in _CONVERSIONS and text != "in":
            raise ArithmeticProblem(
                f"after {text!r} write a unit and nothing else; put a conversion in parentheses to compute with it"
            )
        if kind == "word":
            unit = find_unit(text)
            return Quantity(unit.factor + unit.offset, ((unit, 1),))
        raise ArithmeticProblem(f"a number or a unit is missing{f' before {text!r}' if text else ' at the end'}")

    def _call(self, name: str, inside: Sequence[_Token]) -> Quantity:
        if inside and inside[0].text == "[" and inside[-1].text == "]" and name in ("min", "max", "sum"):
            inside = inside[1:-1]
        values = [_evaluate(part, self._depth + 1) for part in _parted(inside)]
        if not values and name != "sum":
            raise ArithmeticProblem(f"{name} does not take 0 numbers")
        most = {"abs": 1, "sqrt": 1, "round": 2}.get(name, len(values))
        if len(values) > most:
            raise ArithmeticProblem(f"{name} does not take {len(values)} numbers")
        if name == "abs":
            return values[0] if values[0].value >= 0 else -values[0]
        if name == "sqrt":
            return values[0].root()
        if name == "round":
            return _rounded(values[0], values[1].base if len(values) > 1 else Fraction(0))
        if name == "sum":
            total = values[0] if values else Quantity(Fraction(0))
            for value in values[1:]:
                total = total.add(value, 1)
            return total
        for value in values[1:]:
            values[0].check_same_kind(value, "compared")
        return (min if name == "min" else max)(values, key=lambda value: value.base)

    def _until_closed(self, closing: str) -> Sequence[_Token]:
        start, nesting = self._at, 1
        while nesting and self._at < len(self._tokens):
            nesting += {"(": 1, ")": -1}.get(self._take(), 0)
        if nesting:
            raise ArithmeticProblem(f"a {closing!r} is missing")
        return self._tokens[start : self._at - 1]

    def _deepen(self, by: int) -> None:
        self._depth += by
        if self._depth > MAX_DEPTH:
            raise ArithmeticProblem(f"the expression is nested more than {MAX_DEPTH} deep")

    def _ends_here(self, ahead: int = 0) -> bool:
        at = self._at + ahead
        return at >= len(self._tokens) or self._tokens[at].text in ("+", "-", "*", "/", ")", ",", "]", *_CONVERSIONS)

    def _kind(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else ""

    def _text(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        text = self._text()
        self._at += 1
        return text


def _number(text: str) -> Fraction:
    over, _, under = text.partition("/")
    if under and not int(under):
        raise ArithmeticProblem("division by zero")
    return Fraction(re.sub(r"\.(?=[eE]|$)", "", over)) / int(under or 1)


def _parted(tokens: Sequence[_Token]) -> list[Sequence[_Token]]:
    """Arguments, cut at the commas between them."""
    parts: list[Sequence[_Token]] = []
    start, nesting = 0, 0
    for place, token in enumerate(tokens):
        nesting += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and nesting == 0:
            parts.append(tokens[start:place])
            start = place + 1
    parts += [tokens[start:]] if tokens else []
    if any(not part for part in parts):
        raise ArithmeticProblem("a number is missing beside a comma")
    return parts


def _rounded(quantity: Quantity, places: Fraction) -> Quantity:
    """Rounded in its own unit, halves away from zero."""
    if places.denominator != 1 or abs(places) > 30:
        raise ArithmeticProblem("round takes a whole number of places, at most 30")
    step = Fraction(10) ** int(places)
    value = quantity.value
    rounded = math.floor(abs(value) * step + Fraction(1, 2)) / step
    rounded = rounded if value >= 0 else -rounded
    if quantity.is_point:
        unit = quantity.shown[0][0]
        return Quantity(rounded * unit.factor + unit.offset, quantity.shown)
    per_unit = Quantity(Fraction(1), quantity.shown).value
    return Quantity(rounded / per_unit, quantity.shown)
