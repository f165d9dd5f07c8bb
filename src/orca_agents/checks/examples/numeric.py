"""Simple rules for numbers: arithmetic on one, and what several of them come to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isqrt

Pair = tuple[Sequence[Fraction], Fraction]
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,8})?")


def numeric_rules(shots: Sequence[tuple[str, str]], query: str) -> Iterator[tuple[str, str]]:
    """Name and output for the query of every simple rule that fits all examples, where these are about numbers."""
    pairs: list[Pair] = []
    for given, made in shots:
        numbers, output = _numbers(given), _one(made)
        if not numbers or output is None:
            return
        pairs.append((numbers, output))
    asked = _numbers(query)
    if not asked:
        return
    if all(len(numbers) == 1 for numbers, _ in pairs) and len(asked) == 1:
        plain = [(numbers[0], output) for numbers, output in pairs]
        found = [*_of_one(plain, asked[0]), *_after(_ONE, plain, asked[0])]
    else:
        found = [*_after(_SEVERAL, pairs, asked), *_weighted(pairs, asked)]
    for name, value in found:
        yield name, _written(value)


def same_number(a: str, b: str) -> bool:
    """Whether two texts are the same number, in whatever digits."""
    left, right = _one(a), _one(b)
    return left is not None and left == right


def _numbers(text: str) -> list[Fraction]:
    """The numbers of an input that holds numbers and signs between them, and no words."""
    if re.search(r"[^\W\d_]", text):
        return []
    return [Fraction(Decimal(part)) for part in _NUMBER.findall(text)]


def _one(text: str) -> Fraction | None:
    try:
        return Fraction(Decimal(text.strip())) if _NUMBER.fullmatch(text.strip()) else None
    except InvalidOperation:
        return None


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return format(
        (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("1.00000000")).normalize(), "f"
    )


def _of_one(pairs: list[tuple[Fraction, Fraction]], asked: Fraction) -> Iterator[tuple[str, Fraction]]:
    """a*x + b, where three examples or more bear it out; a quadratic only where four do."""
    (x1, y1), (x2, y2) = pairs[0], next(((x, y) for x, y in pairs[1:] if x != pairs[0][0]), pairs[0])
    if len(pairs) >= 3 and x1 != x2:
        slope = (y2 - y1) / (x2 - x1)
        if all(y == y1 + slope * (x - x1) for x, y in pairs):
            yield f"x * {slope} + {y1 - slope * x1}", y1 + slope * (asked - x1)
    if len(pairs) >= 4 and len({x for x, _ in pairs[:3]}) == 3:
        value = _lagrange(pairs[:3])
        if all(value(x) == y for x, y in pairs):
            yield "a quadratic of x", value(asked)


def _lagrange(points: list[tuple[Fraction, Fraction]]) -> Callable[[Fraction], Fraction]:
    def value(at: Fraction) -> Fraction:
        total = Fraction(0)
        for x, y in points:
            part = y
            for other, _ in points:
                if other != x:
                    part *= (at - other) / (x - other)
            total += part
        return total

    return value


def _after(
    rules: dict[str, Callable[..., Fraction]], pairs: Sequence[tuple[object, Fraction]], asked: object
) -> Iterator[tuple[str, Fraction]]:
    """Each rule as it is, plus a constant, and times a constant."""
    for name, rule in rules.items():
        try:
            made = [rule(given) for given, _ in pairs]
            last = rule(asked)
        except (ValueError, ZeroDivisionError, OverflowError, IndexError):
            continue
        differences = {output - value for value, (_, output) in zip(made, pairs, strict=True)}
        if len(differences) == 1:
            add = differences.pop()
            yield (f"{name} + {add}" if add else name), last + add
        if all(made) and len(pairs) >= 2:
            ratios = {output / value for value, (_, output) in zip(made, pairs, strict=True)}
            if len(ratios) == 1 and (ratio := ratios.pop()) != 1:
                yield f"{name} * {ratio}", last * ratio


def _weighted(pairs: Sequence[Pair], asked: Sequence[Fraction]) -> Iterator[tuple[str, Fraction]]:
    """a*x + b*y + c of two numbers, with small whole weights, where three examples or more bear it out."""
    if len(pairs) < 3 or len(asked) != 2 or any(len(numbers) != 2 for numbers, _ in pairs):
        return
    for a in range(-5, 6):
        for b in range(-5, 6):
            rest = {output - a * numbers[0] - b * numbers[1] for numbers, output in pairs}
            if len(rest) == 1 and (a or b):
                c = rest.pop()
                yield f"{a}x + {b}y + {c}", a * asked[0] + b * asked[1] + c


def _whole(value: Fraction) -> int:
    if value.denominator != 1 or abs(value) > 10**9:
        raise ValueError("not whole")
    return value.numerator


def _power(base: int, exponent: Fraction) -> Fraction:
    if not 0 <= _whole(exponent) <= 60:
        raise ValueError("too large")
    return Fraction(base ** _whole(exponent))


def _divisors(value: Fraction) -> Fraction:
    number = _whole(value)
    if not 0 < number <= 10**6:
        raise ValueError("too large")
    return Fraction(sum(2 - (d * d == number) for d in range(1, isqrt(number) + 1) if number % d == 0))


_ONE: dict[str, Callable[..., Fraction]] = {
    "x": lambda x: x,
    "-x": lambda x: -x,
    "x squared": lambda x: x * x,
    "x cubed": lambda x: x**3,
    "x times its successor": lambda x: x * (x + 1),
    "sum up to x": lambda x: x * (x + 1) / 2,
    "2 to the x": lambda x: _power(2, x),
    "3 to the x": lambda x: _power(3, x),
    "digits added up": lambda x: Fraction(sum(map(int, str(abs(_whole(x)))))),
    "digits backwards": lambda x: Fraction(int(str(abs(_whole(x)))[::-1])),
    "number of digits": lambda x: Fraction(len(str(abs(_whole(x))))),
    "largest digit": lambda x: Fraction(max(map(int, str(abs(_whole(x)))))),
    "number of divisors": _divisors,
    "half, rounded down": lambda x: Fraction(_whole(x) // 2),
    "x mod 2": lambda x: Fraction(_whole(x) % 2),
    "x mod 3": lambda x: Fraction(_whole(x) % 3),
    "x mod 5": lambda x: Fraction(_whole(x) % 5),
    "x mod 10": lambda x: Fraction(_whole(x) % 10),
    "half if even, 3x + 1 if odd": lambda x: x / 2 if _whole(x) % 2 == 0 else 3 * x + 1,
}
_SEVERAL: dict[str, Callable[..., Fraction]] = {
    "the sum": lambda many: sum(many, Fraction(0)),
    "the product": lambda many: _product(many),
    "the largest": max,
    "the smallest": min,
    "largest minus smallest": lambda many: max(many) - min(many),
    "the sum of largest and smallest": lambda many: max(many) + min(many),
    "the mean": lambda many: sum(many, Fraction(0)) / len(many),
    "the first": lambda many: many[0],
    "the last": lambda many: many[-1],
    "the middle one": lambda many: sorted(many)[len(many) // 2],
    "how many": lambda many: Fraction(len(many)),
    "first minus second": lambda many: many[0] - many[1],
    "first by second": lambda many: many[0] / many[1],
    "sum of squares": lambda many: sum((x * x for x in many), Fraction(0)),
    "first squared plus second": lambda many: many[0] ** 2 + many[1],
    "first plus second squared": lambda many: many[0] + many[1] ** 2,
    "number of even ones": lambda many: Fraction(sum(_whole(x) % 2 == 0 for x in many)),
    "the next of an arithmetic sequence": lambda many: many[-1] + many[-1] - many[-2],
    "the next of a geometric sequence": lambda many: many[-1] * many[-1] / many[-2],
    "the sum of the last two": lambda many: many[-1] + many[-2],
}


def _product(many: Sequence[Fraction]) -> Fraction:
    total = Fraction(1)
    for one in many[:12]:
        total *= one
    return total
