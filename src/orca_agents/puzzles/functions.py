"""What the expressions of a puzzle may call: order, seats around a table, counting, codes, dates and clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from orca_agents.puzzles.faults import PuzzleProblem

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MAX_CODE = 60
_MOST_DAYS = 3_650_000


def _flat(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values alone where they were put into a list: `all_different([a, b])` means `all_different(a, b)`."""
    if len(values) == 1 and isinstance(values[0], tuple):
        return values[0]
    if any(isinstance(value, tuple) for value in values):
        # whether (a, b) and (c, d) differ is another question than whether a, b, c and d do
        raise PuzzleProblem("lists cannot be counted or compared side by side; write code(a, b) for a pair")
    return values


def _all_different(*values: Any) -> bool:
    values = _flat(values)
    return len(set(values)) == len(values)


def _count(*conditions: Any) -> int:
    return sum(map(_truth, _flat(conditions)))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise PuzzleProblem(f"{value!r} is counted as if it were true or false; compare it with something")
    return value


def _around(a: int, b: int, seats: int) -> int:
    """The fewest steps from seat to seat around a table."""
    return min((a - b) % seats, (b - a) % seats)


def _right_place(guess: tuple[Any, ...], code: tuple[Any, ...]) -> int:
    return sum(a == b for a, b in zip(guess, code, strict=True))


def _wrong_place(guess: tuple[Any, ...], code: tuple[Any, ...]) -> int:
    return sum((Counter(guess) & Counter(code)).values()) - _right_place(guess, code)


def _other(value: Any, a: Any, b: Any) -> Any:
    if value not in (a, b):
        raise PuzzleProblem(f"other(): {value!r} is neither {a!r} nor {b!r}")
    return b if value == a else a


def _number(*digits: int) -> int:
    found = 0
    for digit in digits:
        found = found * 10 + digit
    return found


def _day(number: int) -> date:
    if not 1 <= number <= _MOST_DAYS:
        raise PuzzleProblem("a date lies outside the years 1 to 9999")
    return date.fromordinal(number)


def _date(year: int, month: int, day: int) -> int:
    """Days are whole numbers, so that they can be added and compared."""
    return date(year, month, day).toordinal()


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _days_in_month(year: int, month: int) -> int:
    first = date(year, month, 1)
    return ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - first).days


def _pick(place: Any, *values: Any) -> Any:
    if isinstance(place, bool) or not isinstance(place, int) or not 1 <= place <= len(values):
        raise PuzzleProblem(f"pick(): there is no place {place!r} among {len(values)} values")
    return values[place - 1]


def _code(*signs: Any) -> str:
    found = "".join(map(str, signs))
    if len(found) > MAX_CODE:
        raise PuzzleProblem(f"a code has more than {MAX_CODE} signs")
    return found


def _clock(hour: int, minute: int = 0) -> int:
    return hour * 60 + minute


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _angle(hour: int, minute: int = 0) -> Any:
    """Between the hands of a clock, in half degrees made whole where they are."""
    double = abs((hour % 12) * 60 - 11 * minute) % 720
    double = min(double, 720 - double)
    return double // 2 if double % 2 == 0 else Fraction(double, 2)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all_different": _all_different,
    "same": lambda *values: len(set(_flat(values))) == 1,
    "before": lambda a, b: a < b,
    "after": lambda a, b: a > b,
    "just_before": lambda a, b: b - a == 1,
    "just_after": lambda a, b: a - b == 1,
    "next_to": lambda a, b: abs(a - b) == 1,
    "between": lambda x, a, b: min(a, b) < x < max(a, b),
    "around": _around,
    "beside_around": lambda a, b, seats: _around(a, b, seats) == 1,
    "opposite": lambda a, b, seats: seats % 2 == 0 and _around(a, b, seats) == seats // 2,
    # seats are numbered clockwise; who faces the middle has the next number at the left hand
    "clockwise_from": lambda a, b, seats: (a - b) % seats == 1,
    "left_of_around": lambda a, b, seats: (a - b) % seats == 1,
    "right_of_around": lambda a, b, seats: (b - a) % seats == 1,
    "implies": lambda a, b: not _truth(a) or _truth(b),
    "iff": lambda a, b: _truth(a) == _truth(b),
    "xor": lambda a, b: _truth(a) != _truth(b),
    "count": _count,
    "exactly": lambda number, *conditions: _count(*conditions) == number,
    "at_least": lambda number, *conditions: _count(*conditions) >= number,
    "at_most": lambda number, *conditions: _count(*conditions) <= number,
    "one_of": lambda *conditions: _count(*conditions) == 1,
    "all": lambda *conditions: all(map(_truth, _flat(conditions))),
    "any": lambda *conditions: any(map(_truth, _flat(conditions))),
    "none": lambda *conditions: not any(map(_truth, _flat(conditions))),
    "abs": abs,
    "min": lambda *values: min(_flat(values)),
    "max": lambda *values: max(_flat(values)),
    "sum": lambda *values: sum(_flat(values)),
    "other": _other,
    "pick": _pick,
    "number": _number,
    "code": _code,
    "right_place": _right_place,
    "wrong_place": _wrong_place,
    "date": _date,
    "is_date": _is_date,
    "weekday": lambda number: WEEKDAYS[_day(number).weekday()],
    "year": lambda number: _day(number).year,
    "month": lambda number: _day(number).month,
    "day": lambda number: _day(number).day,
    "days_in_month": _days_in_month,
    "leap": lambda year: year % 4 == 0 and (year % 100 != 0 or year % 400 == 0),
    "clock": _clock,
    "clock_text": _clock_text,
    "angle": _angle,
}
"""By the names that a puzzle calls them by. `before(a, b)` is `a < b`; a date is a number of days."""


def _who(wanted: Any, values: Mapping[str, Any]) -> str:
    found = [name for name, value in values.items() if value == wanted]
    return found[0] if len(found) == 1 else "(nobody)" if not found else "(several)"


def _those(wanted: Any, values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name, value in values.items() if value == wanted))


NAMING: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {"who": _who, "those": _those}
"""Functions that give names of variables back: `who(3, ann, bob)` is who has the value 3."""
