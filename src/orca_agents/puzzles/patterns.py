"""Rules behind number sequences and behind cases: a rule gives all that is printed again, and what comes next."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.expressions import Expression, read_expression, split_list
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.outcome import Outcome

FEWEST_TERMS, MOST_TERMS = 4, 20
FEWEST_CASES = 3

LANGUAGE = """\
one thing a line. For a sequence -
  terms: 2, 6, 12, 20, 30               as printed, all of them, in order; ? for one that is left out
  rule: n * (n + 1)                     the term with number n = 1, 2, 3, ...; or from the terms before it: prev, prev2
                                        (the one before that), prev3. Two in turn: `if n % 2 == 0 then a else b`
  first: 1, 1                           the terms with which a rule that reads prev begins; as many as it needs
  ask: 6                                the number of the term that is asked for; the next one unless said
For cases that follow a rule -
  case: 3, 4 = 25                       what goes in (a, b, c, ... in order) and what comes out, one line for each case
  rule: a * a + b * b                   what comes out, of a, b, c
  question: 5, 12                       what goes in where the output is asked for
Expressions know + - * // % **, min, max, abs, sum, number(a, b) for digits side by side"""


def solve_pattern(text: str) -> Outcome:
    """The term or the output that is asked for. Raises `PuzzleProblem` where the rule does not give what is printed."""
    lines: dict[str, list[str]] = {}
    for line in without_fence_lines(text).splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, colon, body = line.partition(":")
        if not colon or head.strip().lower() not in ("terms", "rule", "first", "ask", "case", "question"):
            raise PuzzleProblem(f"{line[:80]!r}: begin each line with terms:, rule:, first:, ask:, case: or question:")
        lines.setdefault(head.strip().lower(), []).append(body.strip())
    if len(lines.get("rule", ())) != 1:
        raise PuzzleProblem("write one line `rule:`")
    rule = read_expression(lines["rule"][0])
    return _cases(lines, rule) if "case" in lines else _sequence(lines, rule)


def _sequence(lines: dict[str, list[str]], rule: Expression) -> Outcome:
    shown = re.sub(r"\.{3}|\u2026", "", " ".join(lines.get("terms", ())))
    printed = [None if "?" in part or "_" in part else _fraction(part) for part in split_list(shown)]
    while printed and printed[-1] is None:
        printed.pop()
    if not FEWEST_TERMS <= len(printed) <= MOST_TERMS:
        raise PuzzleProblem(f"`terms:` has {len(printed)} terms; a sequence prints {FEWEST_TERMS} to {MOST_TERMS}")
    first = [_fraction(part) for part in split_list(" ".join(lines.get("first", ())))]
    asked = _asked(lines, printed)
    if unknown := sorted(rule.names - {"n", "prev", "prev2", "prev3"}):
        raise PuzzleProblem(f"the rule speaks of {unknown[0]!r}; it knows n, prev, prev2 and prev3")
    needed = max((int(name[4:] or 1) for name in rule.names if name.startswith("prev")), default=0)
    if not first:
        first = [term for term in printed[:needed] if term is not None]
    if len(first) < needed:
        raise PuzzleProblem(f"the rule reads {needed} terms before; give them in a line `first:`")
    made = list(first)
    for number in range(len(first) + 1, max(len(printed), asked) + 1):
        before = {f"prev{back if back > 1 else ''}": made[-back] for back in range(1, needed + 1)}
        made.append(_number(rule.value({"n": number, **before})))
    for at, (term, own) in enumerate(zip(printed, made, strict=False), 1):
        if term is not None and term != own:
            raise PuzzleProblem(
                f"your rule gives {own} as term {at}, but {term} is printed; find the rule that gives all"
            )
    spare = sum(term is not None for term in printed[len(first) :])
    if spare < 3:
        raise PuzzleProblem("the rule is confirmed by fewer than three terms; the sequence prints too few for it")
    return Outcome(made[asked - 1], facts={"spare": spare})


def _asked(lines: dict[str, list[str]], printed: Sequence[Fraction | None]) -> int:
    if "ask" in lines:
        if not re.fullmatch(r"\d{1,3}", lines["ask"][0]) or not 1 <= int(lines["ask"][0]) <= 200:
            raise PuzzleProblem("`ask:` is the number of a term, 1 to 200")
        return int(lines["ask"][0])
    return printed.index(None) + 1 if None in printed else len(printed) + 1


def _cases(lines: dict[str, list[str]], rule: Expression) -> Outcome:
    if len(lines["case"]) < FEWEST_CASES or len(lines.get("question", ())) != 1:
        raise PuzzleProblem(f"write at least {FEWEST_CASES} lines `case:` and one line `question:`")
    for line in lines["case"]:
        left, sign, right = line.rpartition("=")
        if not sign:
            raise PuzzleProblem(f"`case: {line}`: write what goes in, `=`, and what comes out")
        made, wanted = _number(rule.value(_inputs(left, rule))), _fraction(right)
        if made != wanted:
            raise PuzzleProblem(f"your rule gives {made} for the case {left.strip()}, where {wanted} is printed")
    return Outcome(_number(rule.value(_inputs(lines["question"][0], rule))), facts={"spare": len(lines["case"])})


def _inputs(text: str, rule: Expression) -> dict[str, Any]:
    values = {name: _plain(_fraction(part)) for name, part in zip("abcdefgh", split_list(text), strict=False)}
    if unknown := sorted(rule.names - set(values)):
        raise PuzzleProblem(f"the rule speaks of {unknown[0]!r}, but only {', '.join(values)} go in")
    return values


def simpler_next(terms: Sequence[Fraction]) -> dict[str, Fraction]:
    """The next terms by simple rules that give all of these: rule in words -> next term. Each rule is confirmed by at
    least two terms more than it has numbers of its own, so that none fits by chance."""
    found = {}
    for words, rule in _RULES:
        value = rule(terms)
        if value is not None:
            found[words] = value
    return found


def _by_difference(terms: Sequence[Fraction], order: int) -> Fraction | None:
    """The next term where the differences of this order are the same, shown by at least three of them."""
    rows = [list(terms)]
    for _ in range(order):
        rows.append([b - a for a, b in itertools.pairwise(rows[-1])])
    if len(rows[-1]) < 3 or len(set(rows[-1])) > 1:
        return None
    following = rows[-1][-1]
    for row in reversed(rows[:-1]):
        following += row[-1]
    return following


def _by_factor(terms: Sequence[Fraction]) -> Fraction | None:
    if len(terms) < 4 or 0 in terms:
        return None
    factors = {b / a for a, b in itertools.pairwise(terms)}
    return terms[-1] * factors.pop() if len(factors) == 1 else None


def _by_line(terms: Sequence[Fraction]) -> Fraction | None:
    """Times a number, plus a number."""
    if len(terms) < 5 or terms[0] == terms[1]:
        return None
    factor = (terms[2] - terms[1]) / (terms[1] - terms[0])
    plus = terms[1] - factor * terms[0]
    if all(b == factor * a + plus for a, b in itertools.pairwise(terms)):
        return factor * terms[-1] + plus
    return None


def _by_sum(terms: Sequence[Fraction]) -> Fraction | None:
    if len(terms) >= 5 and all(c == a + b for a, b, c in zip(terms, terms[1:], terms[2:], strict=False)):
        return terms[-1] + terms[-2]
    return None


def _interleaved(terms: Sequence[Fraction]) -> Fraction | None:
    """Two sequences in turn, each by equal steps or equal factors and each shown by at least four terms."""
    nexts = []
    for part in (terms[0::2], terms[1::2]):
        if len(part) < 4:
            return None
        found = _by_difference(part, 1)
        nexts.append(found if found is not None else _by_factor(part))
    return None if None in nexts else nexts[len(terms) % 2]


_RULES: tuple[tuple[str, Callable[[Sequence[Fraction]], Fraction | None]], ...] = (
    ("equal steps", lambda terms: _by_difference(terms, 1)),
    ("equal factors", _by_factor),
    ("steps that grow by the same number", lambda terms: _by_difference(terms, 2)),
    ("each term is the sum of the two before", _by_sum),
    ("times a number plus a number", _by_line),
    ("two sequences in turn", _interleaved),
)


def printed_terms(text: str) -> tuple[Fraction, ...]:
    """The longest run of numbers with commas between them; empty where there are fewer than four."""
    runs = [tuple(_terms(match[0])) for match in _RUN.finditer(text.replace("−", "-"))]
    longest = max(runs, key=len, default=())
    return longest if len(longest) >= FEWEST_TERMS else ()


_RUN = re.compile(r"(?<![\w.])-?\d+(?:/\d+)?(?:\s*[,;]\s*-?\d+(?:/\d+)?)+")


def _terms(run: str) -> Iterator[Fraction]:
    for part in re.split(r"\s*[,;]\s*", run):
        yield _fraction(part)


def _fraction(text: str) -> Fraction:
    text = text.strip().replace("−", "-")
    if not re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9}|/0*[1-9]\d{0,8})?", text):
        raise PuzzleProblem(f"{text[:40]!r} is no number")
    return Fraction(text)


def _number(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise PuzzleProblem(f"the rule comes to {value!r}, which is no number")
    return Fraction(value)


def _plain(value: Fraction) -> int | Fraction:
    return int(value) if value.denominator == 1 else value
