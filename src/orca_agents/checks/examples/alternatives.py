"""Enumerate simple rules that fit all examples too: where one gives another output, the examples do not settle it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from math import gcd, prod

from orca_agents.checks.examples.numeric import numeric_rules
from orca_agents.checks.examples.shots import Shot

LONGEST_INPUT = 600
"""Longer inputs are not put through compositions of rules."""

TextRule = Callable[[str], str]


@dataclass(frozen=True)
class Simple:
    """A simple rule that fits all examples."""

    name: str
    output: str
    """What it makes of the query."""


def simple_rules(shots: Sequence[Shot], query: str) -> Iterator[Simple]:
    """Every simple rule of ours that reproduces all examples, with its output for the query."""
    if not shots:
        return
    if len({shot.output for shot in shots}) == 1:
        yield Simple("always the same output", shots[0].output)
    for number_rule in numeric_rules([(shot.input, shot.output) for shot in shots], query):
        yield Simple(*number_rule)
    small = all(len(text) <= LONGEST_INPUT for shot in shots for text in (shot.input, query))
    steps = list(_STEPS.items())
    pairs = [(one, other) for one in steps for other in steps] if small and len(query) <= 200 else []
    for name, rule in steps:
        yield from _with_affixes(name, rule, shots, query)
        yield from _with_substitution(name, rule, shots, query)
    for (name, rule), (then, other) in pairs:
        yield from _if_fits(f"{name}, then {then}", lambda text, a=rule, b=other: b(a(text)), shots, query)  # type: ignore[misc]
    for name, rule in _parametric(shots):
        yield from _with_affixes(name, rule, shots, query)


def _if_fits(name: str, rule: TextRule, shots: Sequence[Shot], query: str) -> Iterator[Simple]:
    if all(_safely(rule, shot.input) == shot.output for shot in shots):
        made = _safely(rule, query)
        if made is not None:
            yield Simple(name, made)


def _with_affixes(name: str, rule: TextRule, shots: Sequence[Shot], query: str) -> Iterator[Simple]:
    """The rule with the same text before and after its output in every example."""
    core = _safely(rule, shots[0].input)
    if not core or core not in shots[0].output:
        return
    before, _, after = shots[0].output.partition(core)
    told = f"{name}, with {before!r} before and {after!r} after it" if before or after else name
    yield from _if_fits(told, lambda text: f"{before}{rule(text)}{after}", shots, query)


def _with_substitution(name: str, rule: TextRule, shots: Sequence[Shot], query: str) -> Iterator[Simple]:
    """The rule, and then each sign exchanged for one other: a cipher, or the colours of a grid."""
    table: dict[str, str] = {}
    for shot in shots:
        core = _safely(rule, shot.input)
        if core is None or len(core) != len(shot.output):
            return
        for old, new in zip(core, shot.output, strict=True):
            if table.setdefault(old, new) != new:
                return
    made = _safely(rule, query)
    changed = sum(old != new for old, new in table.items())
    if made is not None and changed and set(made) <= set(table):
        yield Simple(f"{name}, then each sign exchanged for one other", "".join(table[sign] for sign in made))


def _safely(rule: TextRule, text: str) -> str | None:
    try:
        return rule(text)
    except (ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None


def _parametric(shots: Sequence[Shot]) -> Iterator[tuple[str, TextRule]]:
    for count in range(1, 6):
        yield f"the first {count} signs", lambda text, n=count: text[:n]  # type: ignore[misc]
        yield f"the last {count} signs", lambda text, n=count: text[-n:]  # type: ignore[misc]
        yield f"without the first {count} signs", lambda text, n=count: text[n:]  # type: ignore[misc]
        yield f"without the last {count} signs", lambda text, n=count: text[:-n]  # type: ignore[misc]
        yield f"{count} times", lambda text, n=count: text * n  # type: ignore[misc]
        yield f"turned by {count} signs", lambda text, n=count: text[n:] + text[:n]  # type: ignore[misc]
        yield f"word {count}", lambda text, n=count: text.split()[n - 1]  # type: ignore[misc]
        yield f"every {count + 1}. sign", lambda text, n=count: text[:: n + 1]  # type: ignore[misc]
        yield f"field {count} between commas", lambda text, n=count: text.split(",")[n - 1].strip()  # type: ignore[misc]
    for shift in range(1, 26):
        yield f"letters moved on by {shift}", lambda text, n=shift: _moved(text, n)  # type: ignore[misc]
    for sign in sorted(set("".join(shot.input for shot in shots)))[:80]:
        yield f"without {sign!r}", lambda text, old=sign: text.replace(old, "")  # type: ignore[misc]
        for new in sorted(set("".join(shot.output for shot in shots)) - {sign})[:40] if not sign.isalnum() else ():
            yield f"{new!r} for {sign!r}", lambda text, old=sign, to=new: text.replace(old, to)  # type: ignore[misc]
    columns = {len(_fields(shot.input)) for shot in shots}
    if len(columns) == 1 and 2 <= (count := columns.pop()) <= 4:
        for order in permutations(range(count)):
            for glue in (" ", ", ", ",", "-", "/", "|", ";", ""):
                yield (
                    f"fields in the order {order} with {glue!r} between",
                    lambda text, o=order, g=glue: g.join(_fields(text)[at] for at in o),  # type: ignore[misc]
                )


def _fields(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;|/-]+", text) if part]


def _moved(text: str, by: int) -> str:
    def move(sign: str) -> str:
        if "a" <= sign <= "z":
            return chr((ord(sign) - 97 + by) % 26 + 97)
        return chr((ord(sign) - 65 + by) % 26 + 65) if "A" <= sign <= "Z" else sign

    return "".join(map(move, text))


def _by_words(change: Callable[[str], str]) -> TextRule:
    return lambda text: " ".join(map(change, text.split()))


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"-?\d{1,15}", text)]


def _transposed(text: str) -> str:
    lines = text.split("\n")
    if len(lines) < 2 or len(set(map(len, lines))) != 1:
        raise ValueError("no grid")
    return "\n".join("".join(column) for column in zip(*lines, strict=True))


def _each_line(change: Callable[[str], str]) -> TextRule:
    return lambda text: "\n".join(map(change, text.split("\n")))


def _lines_reversed(text: str) -> str:
    lines = text.split("\n")
    if len(lines) < 2:
        raise ValueError("one line")
    return "\n".join(reversed(lines))


_VOWELS = "aeiouAEIOU"
_STEPS: dict[str, TextRule] = {
    "the input itself": lambda text: text,
    "backwards": lambda text: text[::-1],
    "capitals": str.upper,
    "small letters": str.lower,
    "capital initials": lambda text: " ".join(word[:1].upper() + word[1:].lower() for word in text.split()),
    "one capital": lambda text: text[:1].upper() + text[1:].lower(),
    "case exchanged": str.swapcase,
    "the first sign": lambda text: text[0],
    "the last sign": lambda text: text[-1],
    "the first word": lambda text: text.split()[0],
    "the last word": lambda text: text.split()[-1],
    "the longest word": lambda text: max(text.split(), key=len),
    "the shortest word": lambda text: min(text.split(), key=len),
    "initials": lambda text: "".join(word[0] for word in text.split()),
    "last letters of the words": lambda text: "".join(word[-1] for word in text.split()),
    "letters sorted": lambda text: "".join(sorted(text)),
    "letters sorted downwards": lambda text: "".join(sorted(text, reverse=True)),
    "words sorted": lambda text: " ".join(sorted(text.split())),
    "words backwards in order": lambda text: " ".join(reversed(text.split())),
    "each word backwards": _by_words(lambda word: word[::-1]),
    "each word doubled": _by_words(lambda word: word * 2),
    "each letter doubled": lambda text: "".join(sign * 2 for sign in text),
    "without vowels": lambda text: "".join(sign for sign in text if sign not in _VOWELS),
    "vowels alone": lambda text: "".join(sign for sign in text if sign in _VOWELS),
    "without digits": lambda text: re.sub(r"\d", "", text),
    "digits alone": lambda text: "".join(re.findall(r"\d", text)),
    "without spaces": lambda text: "".join(text.split()),
    "spaces to hyphens": lambda text: "-".join(text.split()),
    "spaces to underscores": lambda text: "_".join(text.split()),
    "hyphens to spaces": lambda text: text.replace("-", " "),
    "underscores to spaces": lambda text: text.replace("_", " "),
    "each sign once": lambda text: "".join(dict.fromkeys(text)),
    "first and last exchanged": lambda text: text[-1] + text[1:-1] + text[0] if len(text) > 1 else text,
    "halves exchanged": lambda text: text[len(text) // 2 :] + text[: len(text) // 2],
    "number of signs": lambda text: str(len(text)),
    "number of signs without spaces": lambda text: str(len("".join(text.split()))),
    "number of words": lambda text: str(len(text.split())),
    "number of vowels": lambda text: str(sum(sign in _VOWELS for sign in text)),
    "number of consonants": lambda text: str(sum(sign.isalpha() and sign not in _VOWELS for sign in text)),
    "number of different letters": lambda text: str(len({sign for sign in text.lower() if sign.isalpha()})),
    "number of capitals": lambda text: str(sum(map(str.isupper, text))),
    "numbers upwards": lambda text: " ".join(map(str, sorted(_numbers(text)))),
    "greatest common divisor": lambda text: str(reduce(gcd, _numbers(text) or [0])),
    "product of the numbers": lambda text: str(prod(_numbers(text)[:8])),
    "grid transposed": _transposed,
    "lines in reverse": _lines_reversed,
    "each line backwards": _each_line(lambda line: line[::-1]),
    "grid turned right": lambda text: _each_line(lambda line: line[::-1])(_transposed(text)),
    "grid turned left": lambda text: _lines_reversed(_transposed(text)),
}
