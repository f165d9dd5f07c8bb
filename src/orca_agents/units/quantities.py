"""A quantity: an exact number of some unit, and what can be done with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from orca_agents.arithmetic import MAX_BITS, ArithmeticProblem
from orca_agents.units.definitions import Dimensions, Unit

MOST_POWER = 12
"""Highest power of a unit that comes out."""

Shown = tuple[tuple[Unit, int], ...]


@dataclass(frozen=True)
class Quantity:
    """So much of something. `base` counts base units; `shown` are the units in which it is written."""

    base: Fraction
    shown: Shown = ()

    @property
    def dimensions(self) -> Dimensions:
        """What kind of quantity it is; empty for a number."""
        powers: dict[str, int] = {}
        for unit, power in self.shown:
            for base, each in unit.dimensions:
                powers[base] = powers.get(base, 0) + each * power
        return tuple(sorted((base, power) for base, power in powers.items() if power))

    @property
    def value(self) -> Fraction:
        """How many of its shown units it is."""
        if self.is_point:
            unit = self.shown[0][0]
            return (self.base - unit.offset) / unit.factor
        return self.base / _factor(self.shown)

    @property
    def unit(self) -> str:
        """Its shown units as text, e.g. `kg*m/s^2`; empty for a number."""
        over = "*".join(_powered(unit, power) for unit, power in self.shown if power > 0)
        under = [_powered(unit, -power) for unit, power in self.shown if power < 0]
        if not under:
            return over
        return f"{over or '1'}/" + (under[0] if len(under) == 1 else f"({'*'.join(under)})")

    @property
    def is_point(self) -> bool:
        """Whether it is a temperature on a scale with a zero of its own, which cannot be multiplied."""
        return len(self.shown) == 1 and self.shown[0][1] == 1 and self.shown[0][0].offset != 0

    def __neg__(self) -> Quantity:
        if self.is_point:
            unit = self.shown[0][0]
            return Quantity(2 * unit.offset - self.base, self.shown)
        return Quantity(-self.base, self.shown)

    def add(self, other: Quantity, sign: int) -> Quantity:
        """The sum, or with `sign` -1 the difference, in the units of the first."""
        self.check_same_kind(other, "added" if sign > 0 else "subtracted")
        if other.is_point and not (self.is_point and sign < 0):
            raise ArithmeticProblem(
                "temperatures in °C or °F are points on a scale: add a difference in K, delta_degC or delta_degF to one"
            )
        if other.is_point:
            kelvin = Unit("K", Fraction(1), (("K", 1),))
            return bounded(Quantity(self.base - other.base, ((kelvin, 1),)))
        return bounded(Quantity(self.base + sign * other.base, self.shown))

    def times(self, other: Quantity, power: int = 1) -> Quantity:
        """The product; with `power` -1 the quotient."""
        if self.is_point or other.is_point:
            raise ArithmeticProblem("temperatures in °C or °F cannot be multiplied or divided; convert them to K first")
        if power < 0 and other.base == 0:
            raise ArithmeticProblem("division by zero")
        base = self.base * other.base if power > 0 else self.base / other.base
        quantity = Quantity(base, _joined(self.shown, other.shown, power))
        if not quantity.dimensions and all(unit.dimensions for unit, _ in quantity.shown):
            quantity = Quantity(base)  # m^3/mL is a number: as a unit it would be read as a part of the name
        return bounded(quantity)

    def to_power(self, exponent: Quantity) -> Quantity:
        """To a whole power."""
        if exponent.shown or exponent.base.denominator != 1:
            raise ArithmeticProblem("an exponent must be a whole number without a unit; for roots use sqrt")
        if self.is_point:
            raise ArithmeticProblem("temperatures in °C or °F have no powers; convert them to K first")
        power = exponent.base.numerator
        if self.base == 0 and power < 0:
            raise ArithmeticProblem("division by zero")
        size = max(self.base.numerator.bit_length(), self.base.denominator.bit_length())
        if abs(power) > MAX_BITS or size * abs(power) > MAX_BITS or (self.shown and abs(power) > MOST_POWER):
            raise ArithmeticProblem("the power is too large")
        return bounded(Quantity(self.base**power, tuple((unit, each * power) for unit, each in self.shown if power)))

    def root(self) -> Quantity:
        """The square root, where it is exact."""
        value = self.value
        if value < 0:
            raise ArithmeticProblem("a negative number has no real square root")
        if self.is_point or any(power % 2 for _, power in self.shown):
            raise ArithmeticProblem(f"{self.unit} has no square root")
        top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if top * top != value.numerator or bottom * bottom != value.denominator:
            raise ArithmeticProblem("the square root is not an exact number")
        shown = tuple((unit, power // 2) for unit, power in self.shown)
        return Quantity(Fraction(top, bottom) * _factor(shown), shown)

    def to(self, target: Quantity) -> Quantity:
        """The same in other units."""
        self.check_same_kind(target, "converted")
        if target.shown and not target.is_point and any(unit.offset for unit, _ in target.shown):
            raise ArithmeticProblem("°C and °F cannot be part of another unit; use K, delta_degC or delta_degF")
        return Quantity(self.base, target.shown)

    def check_same_kind(self, other: Quantity, done: str) -> None:
        """Raise `ArithmeticProblem` where they are of different kinds."""
        if self.dimensions != other.dimensions:
            hint = ""
            if {unit.symbol for unit, _ in (*self.shown, *other.shown)} & {"C", "F"}:
                hint = "; F is the farad and C the coulomb: for temperatures write degF and degC"
            raise ArithmeticProblem(f"{self._told()} and {other._told()} cannot be {done}: different kinds{hint}")

    def _told(self) -> str:
        bases = "*".join(f"{base}^{power}" if power != 1 else base for base, power in self.dimensions)
        return f"{self.unit} ({bases})" if self.unit and self.unit != bases else self.unit or "a number without a unit"


def bounded(quantity: Quantity) -> Quantity:
    """The quantity, if it is not too large to go on with."""
    if max(quantity.base.numerator.bit_length(), quantity.base.denominator.bit_length()) > MAX_BITS:
        raise ArithmeticProblem("the number is too large")
    if any(abs(power) > MOST_POWER for _, power in quantity.shown):
        raise ArithmeticProblem("the power is too large")
    return quantity


def _joined(left: Shown, right: Shown, sign: int) -> Shown:
    """The units of a product. Units of one kind become one: `km/h * min` is `km`."""
    joined: list[tuple[Unit, int]] = list(left)
    for unit, power in right:
        for place, (known, before) in enumerate(joined):
            if known == unit or (known.dimensions == unit.dimensions and (before > 0 or sign * power > 0)):
                joined[place] = (known, before + sign * power)
                break
        else:
            joined.append((unit, sign * power))
    return tuple((unit, power) for unit, power in joined if power)


def _factor(shown: Shown) -> Fraction:
    factor = Fraction(1)
    for unit, power in shown:
        factor *= unit.factor**power
    return factor


def _powered(unit: Unit, power: int) -> str:
    return unit.symbol if power == 1 else f"{unit.symbol}^{power}"
