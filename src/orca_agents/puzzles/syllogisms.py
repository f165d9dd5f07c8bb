"""Quantified statements about classes, decided by the regions of their Venn diagram."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.outcome import Outcome

MAX_CLASSES = 8
ASKS = ("must", "could", "cannot", "may_fail")

LANGUAGE = """\
one statement a line. A class or a person is one word (join several with _); use the same word for it
everywhere:
  all poets are dreamers
  no dreamers are early_risers
  some poets are bakers
  some bakers are not poets
  only poets are bakers                 that is: all bakers are poets
  mia is a poet                         one person or thing; also: mia is not a poet
  poets exist                           where the puzzle says or means that a class is not empty
  not all poets are bakers              turned round, as any line may be with `not` before it
Then `ask: must` (the option must be true), `could`, `cannot` or `may_fail` (it may be false), and one line for
each option:
  A: no poets are early_risers
A class may be a negation: non_poets. `all a are b` alone does not say that there is any a"""


@dataclass(frozen=True)
class Statement:
    """Regions that are empty, or regions of which one is not."""

    empty: frozenset[int] = frozenset()
    """Regions that hold nothing; a bit of a region's number says whether it lies inside a class."""
    inhabited: frozenset[int] | None = None
    """One of these regions holds something."""
    person: str = ""
    """Who that is, where it is somebody with a name: in one region only."""


@dataclass
class _Classes:
    names: list[str] = field(default_factory=list)

    def regions(self, *wanted: tuple[str, bool]) -> frozenset[int]:
        """The regions inside (or outside) all of these classes."""
        tests = [(self.names.index(name), inside) for name, inside in wanted]
        return frozenset(
            region
            for region in range(1 << len(self.names))
            if all(bool(region >> at & 1) == is_in for at, is_in in tests)
        )


_LINE = re.compile(
    r"^(?P<not>not\s+)?(?:(?P<how>all|every|each|no|some|only|not all)\s+(?P<a>[\w-]+)\s+(?:are|is)\s+(?P<neg>not\s+)?"
    r"(?:an?\s+)?(?P<b>[\w-]+)|(?P<exist>[\w-]+)\s+exists?|(?P<who>[\w-]+)\s+is\s+(?P<isnt>not\s+)?(?:an?\s+)?(?P<class>[\w-]+))$",
    re.IGNORECASE,
)


def solve_syllogism(text: str) -> Outcome:
    """Which options follow, are possible or are ruled out. Raises `PuzzleProblem`."""
    ask, premises, options = "must", list[str](), dict[str, str]()
    for line in without_fence_lines(text).splitlines():
        line = re.sub(r"\s+", " ", line.split("#")[0]).strip(" .;")
        if match := re.match(r"^ask: ?(\w+)", line, re.IGNORECASE):
            ask = match[1].lower().removesuffix("_be_true")
        elif match := re.match(r"^(?:option )?([A-J]) ?[:.)] ?(.+)$", line):
            options[match[1]] = match[2]
        elif line:
            premises.append(re.sub(r"^premise ?\d*: ?", "", line, flags=re.IGNORECASE))
    if ask not in ASKS:
        raise PuzzleProblem(f"`ask:` must be one of {', '.join(ASKS)}")
    if len(premises) < 2 or len(options) < 2:
        raise PuzzleProblem("write at least two premises, and one line for each option")
    classes = _Classes(_class_names((*premises, *options.values())))
    known = [_read(premise, classes) for premise in premises]
    if not _is_consistent(known, classes):
        raise PuzzleProblem("your premises contradict each other; look at them again")
    right = {}
    for mark, option in options.items():
        may_be = _is_consistent([*known, _read(option, classes)], classes)
        may_fail = _is_consistent([*known, _read(f"not {option}", classes)], classes)
        right[mark] = {"must": not may_fail, "could": may_be, "cannot": not may_be, "may_fail": may_fail}[ask]
    return Outcome(labelled=right, facts={"ask": ask, "rules": len(premises), "variables": len(classes.names)})


def _class_names(lines: Iterable[str]) -> list[str]:
    names: dict[str, None] = {}
    for line in lines:
        match = _LINE.match(line)
        if not match:
            raise PuzzleProblem(f"{line[:80]!r} has not the form of a statement, such as `some poets are not bakers`")
        for word in (match["a"], match["b"], match["exist"], match["class"]):
            if word:
                names[_class(word)[0]] = None
    if len(names) > MAX_CLASSES:
        raise PuzzleProblem(f"there are {len(names)} classes ({', '.join(names)}); write each the same way everywhere")
    return list(names)


def _class(word: str) -> tuple[str, bool]:
    """The class and whether it is meant itself, or what lies outside: `non_poets`. Singular and plural are one."""
    word = word.casefold().replace("-", "_")
    inside = not word.startswith("non_")
    word = word.removeprefix("non_")
    if word in _PLURALS:
        word = _PLURALS[word]
    elif word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif re.search(r"(?:ss|x|z|ch|sh|o)es$", word):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 2:
        word = word[:-1]
    return word, inside


_PLURALS = {"men": "man", "women": "woman", "people": "person", "children": "child", "mice": "mouse", "geese": "goose"}


def _read(line: str, classes: _Classes) -> Statement:
    match = _LINE.match(line)
    assert match is not None, "the names were read from the same lines"
    negated = bool(match["not"])
    if match["exist"]:
        regions = classes.regions(_class(match["exist"]))
        return Statement(empty=regions) if negated else Statement(inhabited=regions)
    if match["who"] and not match["how"]:
        name, inside = _class(match["class"])
        wanted = inside != (bool(match["isnt"]) != negated)
        return Statement(inhabited=classes.regions((name, wanted)), person=match["who"].casefold())
    how, a, (b, b_inside) = match["how"].casefold(), _class(match["a"]), _class(match["b"])
    b_inside = b_inside != bool(match["neg"])
    if how == "only":
        a, (b, b_inside), how = (b, b_inside), a, "all"
    if how == "not all":
        how, negated = "all", not negated
    universal = how in ("all", "every", "each", "no")
    # `all a are b` empties a outside b; `some a are not b` fills it
    wanted = b_inside if how in ("some", "no") else not b_inside
    regions = classes.regions(a, (b, wanted)) if a != (b, not wanted) else frozenset()
    return Statement(empty=regions) if universal != negated else Statement(inhabited=regions)


def _is_consistent(statements: Iterable[Statement], classes: _Classes) -> bool:
    """Whether all can be true: each thing that must exist finds a region that is not emptied."""
    statements = list(statements)
    empty = frozenset(itertools.chain.from_iterable(statement.empty for statement in statements))
    people: dict[str, frozenset[int]] = {}
    for number, statement in enumerate(statements):
        if statement.inhabited is not None:
            who = statement.person or f"#{number}"
            people[who] = people.get(who, statement.inhabited) & statement.inhabited
    return all(regions - empty for regions in people.values())
