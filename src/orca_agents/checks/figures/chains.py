"""Read and recompute a chain of estimates: assumptions, steps that multiply them, and a total."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orca_agents.checks.figures.amounts import Amount, AmountProblem, read_amount, read_unit
from orca_agents.checks.figures.readings import figures_in

MOST_CHARS = 400
MAX_DEPTH = 30


@dataclass(frozen=True)
class Assumption:
    """A named amount with the range in which it may lie; of a given figure both ends are the same."""

    name: str
    low: Amount
    high: Amount
    is_given: bool = False
    unit: str = ""

    @property
    def middle(self) -> Amount:
        """The middle of the range on a scale of ratios."""
        return Amount((self.low.value * self.high.value) ** 0.5, self.low.powers)

    @property
    def spread(self) -> float:
        """How many times as much the upper end is."""
        return self.high.value / self.low.value


@dataclass(frozen=True)
class Stated:
    """An assumption of one who answers: one amount."""

    name: str
    amount: Amount
    written: str
    why: str = ""


@dataclass(frozen=True)
class StepLine:
    """A step: `name = expression = amount`."""

    name: str
    expression: str
    result: Amount | None
    written: str


def read_range(line: str) -> Assumption:
    """`people_per_household = 2 .. 3 people/household`, or `population = 52,000 people (given)`."""
    name, rest = _named(line)
    is_given = (
        re.search(r"\(\s*(?:given|from the (?:passage|text|sheet|source))[^)]*\)", rest, re.IGNORECASE) is not None
    )
    rest = re.sub(r"\s*\([^)]*\)\s*$|\s+#.*$|\s+--\s.*$", "", rest).strip()
    ends = re.split(r"\s*(?:\.\.+|…)\s*|\s+(?:to|-|\u2013|\u2014)\s+|(?<=\d)[\u2013-](?=[\d$€£])", rest, maxsplit=1)
    if len(ends) == 2 and (sign := re.match(r"[$€£¥₹]", ends[0])) and re.match(r"[0-9.]", ends[1]):
        ends[1] = sign[0] + ends[1]  # $2 .. 4 per loaf
    high = read_amount(ends[-1])
    low = high
    if len(ends) == 2:
        low = _low_end(ends[0], ends[1], high)
    if low.value > high.value:
        low, high = high, low
    unit = re.sub(r"^[^A-Za-z%°$€£]*", "", ends[-1]).strip()
    return Assumption(name, low, high, is_given, unit)


def read_stated(line: str) -> Stated:
    """`households = 28,000 households (two to three live in each)`."""
    name, rest = _named(line)
    why = ""
    if match := re.search(
        r"\s*(?:\((?P<a>[^()]*(?:\([^()]*\)[^()]*)*)\)|\s[\u2014\u2013]\s(?P<b>.*)|;\s(?P<c>.*)|:\s(?P<d>.*)|\s#\s*(?P<e>.*)|,\sbecause\s(?P<f>.*))\s*$",
        rest,
    ):
        why = next((held for held in match.groupdict().values() if held), "")
        if not _is_unit_group(match[0].strip(), rest[: match.start()]):
            rest = rest[: match.start()]
        else:
            why = ""
    return Stated(name, read_amount(rest), rest.strip(), why.strip())


def read_step(line: str) -> StepLine:
    """`households = population / people_per_household = 28,000 households`."""
    if len(line) > MOST_CHARS:
        raise AmountProblem(f"the step {line[:40]!r} is too long")
    line = line.replace("`", "")
    line = re.sub(r"^\s*(?:step\s*)?\d{1,2}[.):]\s+|^\s*[-*\u2022]\s+", "", line.strip(), flags=re.IGNORECASE)
    parts = [part.strip() for part in re.split(r"(?<![<>!])=|≈|≃|\u2243", line) if part.strip()]
    if len(parts) < 2:
        raise AmountProblem(f"{line[:60]!r} is no step; write name = expression = value unit")
    result = None
    expression = parts[1]
    if len(parts) > 2:
        result = read_amount(parts[-1])
    return StepLine(plain_name(parts[0]), expression, result, line)


def plain_name(name: str) -> str:
    """One spelling of a name: `People per household` is `people_per_household`."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold().strip("`*_ \"'")).strip("_")


def evaluate(expression: str, known: Mapping[str, Amount]) -> Amount:
    """The value of an expression of known names, numbers with units, + - * / ^ and parentheses."""
    if len(expression) > MOST_CHARS:
        raise AmountProblem("the expression is too long")
    return _Reader(_tokens(expression, known), known).whole()


def names_used(expression: str, known: Iterable[str]) -> list[str]:
    """The known names that an expression uses."""
    return [text for kind, text in _tokens(expression, dict.fromkeys(known, Amount(1.0))) if kind == "name"]


def literals_used(expression: str, known: Mapping[str, Amount]) -> list[tuple[str, Amount]]:
    """The numbers that stand in an expression themselves, each as written and with its unit."""
    reader = _Reader(_tokens(expression, known), known)
    reader.whole()
    return reader.literals


_SIGNS = str.maketrans({"×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "\u2212": "-", "\u2013": "-",
                        "\u00a0": " ", "[": "(", "]": ")", "{": "(", "}": ")"})  # fmt: skip
_NUMBER = re.compile(
    r"(?:[0-9]{1,3}(?:[,\u202f\u2009'\u2019][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3}(?![\w])|\s?\*\s?10(?:\^|\*\*)[-+]?[0-9]{1,3})?"
)
_WORD = re.compile(r"[^\W\d][\w'-]*|[$€£¥%°]")


def _named(line: str) -> tuple[str, str]:
    bare = re.sub(r"^\s*(?:\d{1,2}[.)]\s+|[-*\u2022]\s+)", "", line.strip())
    name, equals, rest = bare.partition("=")
    if not equals:
        name, equals, rest = bare.partition(":")
    rest = rest.lstrip("=≈~ ")
    if not equals or not plain_name(name) or not rest.strip() or len(line) > MOST_CHARS:
        raise AmountProblem(f"{line[:60]!r} is no assumption; write name = value unit")
    return plain_name(name), rest.strip()


def _low_end(text: str, upper: str, high: Amount) -> Amount:
    """The lower end; where the unit stands behind the upper end alone (`2 .. 3 people`), it goes for both."""
    low = read_amount(text)
    has_unit = (
        re.search(r"[^\W\d_]|%", re.sub(r"(?i)thousand|million|billion|trillion|\d[eE][-+]?\d", "", text)) is not None
    )
    if low.powers == high.powers and (has_unit or not re.search(r"[^\W\d_]|%", upper)):
        return low
    least, most = figures_in(text)[0], figures_in(upper)[0]
    number, of = float(least.values[0]), float(most.values[0])
    if (low.powers and not set(low.powers) <= set(high.powers)) or not of:
        raise AmountProblem(f"{text!r} and {upper!r} are not of one kind")
    scale = len(most.values) > 1 and len(least.values) == 1  # 2 .. 4 million
    return Amount(number * float(most.values[0] / most.values[1] if scale else 1) * high.value / of, high.powers)


def _is_unit_group(group: str, before: str) -> bool:
    """Whether brackets at the end belong to the unit: `kg/(person*day)`."""
    return before.rstrip().endswith("/") and group.startswith("(")


def _tokens(expression: str, known: Mapping[str, Amount]) -> list[tuple[str, str]]:
    source = expression.translate(_SIGNS).replace("**", "^")
    for name in sorted(known, key=len, reverse=True):
        words = [re.escape(part) for part in name.split("_")]
        source = re.sub(rf"(?<![\w]){'[ _-]+'.join(words)}(?![\w])", f" {name} ", source, flags=re.IGNORECASE)
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(source):
        if source[at].isspace():
            at += 1
        elif number := _NUMBER.match(source, at):
            tokens.append(("number", number[0]))
            at = number.end()
        elif word := _WORD.match(source, at):
            text = word[0]
            kind = (
                "name"
                if text.casefold() in known
                else "sign"
                if text.casefold() == "x"
                else "per"
                if text == "per"
                else "word"
            )
            tokens.append((kind, {"sign": "*", "per": "/"}.get(kind, text.casefold() if kind == "name" else text)))
            tokens[-1] = ("sign", tokens[-1][1]) if kind == "per" else tokens[-1]
            at = word.end()
        elif source[at] in "+-*/^()":
            tokens.append(("sign", source[at]))
            at += 1
        elif source[at] in ",.;":
            at += 1
        else:
            raise AmountProblem(f"{source[at]!r} does not belong into an expression")
    return tokens


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, tokens: list[tuple[str, str]], known: Mapping[str, Amount]) -> None:
        self._tokens, self._known = tokens, known
        self._at = self._depth = 0
        self.literals: list[tuple[str, Amount]] = []

    def whole(self) -> Amount:
        if not self._tokens:
            raise AmountProblem("the expression is empty")
        value = self._sum()
        if self._at < len(self._tokens):
            text = self._text()
            hint = "; name it among the assumptions or in an earlier step" if self._kind() == "word" else ""
            raise AmountProblem(f"an operator is missing before {text!r}, or it is not known{hint}")
        return value

    def _sum(self) -> Amount:
        value = self._product()
        while self._text() in ("+", "-") and self._kind() == "sign":
            sign = 1 if self._take() == "+" else -1
            value = value.plus(self._product(), sign)
        return value

    def _product(self) -> Amount:
        value = self._power()
        while self._kind() == "sign" and self._text() in ("*", "/"):
            sign = 1 if self._take() == "*" else -1
            value = value.times(self._power(), sign)
        return value

    def _power(self) -> Amount:
        if self._kind() == "sign" and self._text() == "-":
            self._take()
            return Amount(-1.0).times(self._power())
        value = self._one()
        if self._kind() == "sign" and self._text() == "^":
            self._take()
            minus = self._kind() == "sign" and self._text() == "-" and bool(self._take())
            exponent = self._take()
            if not re.fullmatch(r"\d{1,2}", exponent):
                raise AmountProblem("a power must be a small whole number")
            value = value.raised(-int(exponent) if minus else int(exponent))
        return value

    def _one(self) -> Amount:
        kind, text = self._kind(), self._take()
        if kind == "name":
            return self._known[text]
        if kind == "number":
            return self._measured(text)
        if kind == "word" and text in "$€£¥" and self._kind() == "number":
            return self._measured(self._take()).times(read_unit(text))
        if text == "(" and kind == "sign":
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise AmountProblem("the expression is nested too deeply")
            value = self._sum()
            if self._take() != ")":
                raise AmountProblem("a bracket is not closed")
            self._depth -= 1
            return value
        if kind == "word":
            raise AmountProblem(f"{text!r} is not known; name it among the assumptions or in an earlier step")
        raise AmountProblem("a number or a name is missing" + (f" before {text!r}" if text else " at the end"))

    def _measured(self, number: str) -> Amount:
        """A number with the unit behind it: `365 days/year`."""
        unit: list[str] = []
        while self._kind() == "word":
            unit.append(self._take())
            while (
                self._kind() == "sign"
                and self._text() in ("/", "^")
                and self._kind(1) in ("word", "number")
                and (self._kind(1) == "word" or self._text() == "^")
            ):
                unit += [self._take(), self._take()]
        plain = re.sub(r"\s?\*\s?10(?:\^|\*\*)", "e", re.sub(r"[,\u202f\u2009'\u2019]", "", number))
        amount = Amount(float(plain)).times(read_unit(" ".join(unit))) if unit else Amount(float(plain))
        self.literals.append((number, amount))
        return amount

    def _kind(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][0] if at < len(self._tokens) else ""

    def _text(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        text = self._text()
        self._at += 1
        return text
