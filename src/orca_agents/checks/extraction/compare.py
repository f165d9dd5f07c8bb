"""Compare two extractions value by value: how much of each the other one has, and what only one leaves empty."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orca_agents.checks.extraction.schema import Group, Items, Node, Value
from orca_agents.checks.extraction.spans import normal
from orca_agents.language import words

ENOUGH = Decimal("0.9")
"""F1 over the values from which two extractions are the same."""
_ENOUGH_WORDS = 0.75
"""Share of words that two stretches of text must have in common to be the same stretch, cut a little differently."""
_ARTICLES = frozenset(
    ("the", "a", "an", "der", "die", "das", "den", "dem", "ein", "eine", "le", "la", "les", "un", "une", "el", "los",
     "las", "una", "il", "lo", "i", "gli", "o", "os", "as", "de", "het", "een")
)  # fmt: skip
_TURNING = frozenset(
    ("not", "no", "never", "without", "nor", "except", "only", "unless", "if", "until", "before", "after", "almost",
     "nicht", "kein", "keine", "ohne", "wenn", "falls", "außer", "bis", "vor", "nach", "nur", "non", "pas", "sans",
     "si", "sauf", "avant", "après", "sin", "salvo", "hasta", "antes", "después", "solo", "nie", "bez", "tylko")
)  # fmt: skip


@dataclass(frozen=True)
class Overlap:
    """What two extractions have in common."""

    hits: int = 0
    left: int = 0
    """Values of the first one; null is none."""
    right: int = 0
    clashes: int = 0
    """Values that are null in one and given in the other."""
    disordered: bool = False
    """Whether a list that keeps an order is in another one."""

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            self.hits + other.hits,
            self.left + other.left,
            self.right + other.right,
            self.clashes + other.clashes,
            self.disordered or other.disordered,
        )

    @property
    def f1(self) -> Decimal:
        """Harmonic mean of precision and recall; 1 where neither has any value."""
        total = self.left + self.right
        return Decimal(2 * self.hits) / total if total else Decimal(1)

    @property
    def is_same(self) -> bool:
        """Whether the two say the same."""
        return self.f1 >= ENOUGH and not self.clashes and not self.disordered


def compare(a: Any, b: Any, node: Node) -> Overlap:
    """What two data that fit a schema have in common."""
    if isinstance(node, Value):
        if a is None or b is None:
            return Overlap(0, int(a is not None), int(b is not None), int((a is None) != (b is None)))
        return Overlap(int(same_value(a, b, node)), 1, 1)
    if isinstance(node, Group):
        return sum((compare(a[name], b[name], inner) for name, inner in node.fields.items()), Overlap())
    return _compare_lists(a, b, node)


def differing(a: Any, b: Any, node: Node, path: str = "") -> tuple[str, ...]:
    """The paths of the schema at which two data that fit it differ."""
    if isinstance(node, Value):
        return () if (a is None and b is None) or compare(a, b, node).hits else (path,)
    if isinstance(node, Group):
        found = (
            differing(a[name], b[name], inner, f"{path}.{name}" if path else name)
            for name, inner in node.fields.items()
        )
        return tuple(dict.fromkeys(one for paths in found for one in paths))
    chosen = _paired([[compare(one, other, node.of) for other in b] for one in a])
    inside = [one for left, right in chosen for one in differing(a[left], b[right], node.of, f"{path}[]")]
    alone = len(chosen) < max(len(a), len(b))
    return tuple(dict.fromkeys([*inside, *([f"{path}[]"] if alone else [])]))


def same_value(a: Any, b: Any, value: Value) -> bool:
    """Whether two values say the same."""
    if value.kind in ("number", "integer"):
        return Decimal(a) == Decimal(b)
    if value.kind != "text":
        return bool(a == b)
    return same_stretch(str(a), str(b))


def same_stretch(a: str, b: str) -> bool:
    """Whether two texts are the same stretch of a document, but for an article or a few words at its ends."""
    if normal(a) == normal(b):
        return True
    left, right = _bare(a), _bare(b)
    if left == right != []:
        return True
    short, long = sorted((left, right), key=len)
    if len(short) < 3 or not _stands_in(short, long):
        return False
    extra = long[: (at := _place(short, long))] + long[at + len(short) :]
    matters = any(word in _TURNING or any(sign.isdigit() for sign in word) for word in extra)
    return not matters and len(short) / len(long) >= _ENOUGH_WORDS


def _bare(text: str) -> list[str]:
    tokens = list(words(text))
    return tokens[1:] if len(tokens) > 1 and tokens[0] in _ARTICLES else tokens


def _place(short: list[str], long: list[str]) -> int:
    return next((at for at in range(len(long) - len(short) + 1) if long[at : at + len(short)] == short), -1)


def _stands_in(short: list[str], long: list[str]) -> bool:
    return _place(short, long) >= 0


def _compare_lists(a: list[Any], b: list[Any], node: Items) -> Overlap:
    pairs = [[compare(one, other, node.of) for other in b] for one in a]
    chosen = _paired(pairs)
    total = sum((pairs[left][right] for left, right in chosen), Overlap())
    lefts, rights = {left for left, _ in chosen}, {right for _, right in chosen}
    alone = sum((compare(one, one, node.of) for at, one in enumerate(a) if at not in lefts), Overlap()).left
    other = sum((compare(one, one, node.of) for at, one in enumerate(b) if at not in rights), Overlap()).right
    order = [right for _, right in sorted(chosen)]
    return total + Overlap(0, alone, other, 0, node.ordered and order != sorted(order))


def _paired(pairs: list[list[Overlap]]) -> list[tuple[int, int]]:
    """Which item goes with which: the likest first. Twins are paired in order."""
    ranked = sorted(
        (-pair.f1, abs(left - right), left, right)
        for left, row in enumerate(pairs)
        for right, pair in enumerate(row)
        if pair.hits
    )
    chosen: list[tuple[int, int]] = []
    lefts: set[int] = set()
    rights: set[int] = set()
    for _, _, left, right in ranked:
        if left not in lefts and right not in rights:
            chosen.append((left, right))
            lefts.add(left)
            rights.add(right)
    return chosen
