"""Who is what to whom in a family: the relation that follows from the relations that are told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.family import Fact, Family, find_families
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.outcome import Outcome
from orca_agents.puzzles.relations import ALSO, STEPS, WORDS, meaning

MAX_FACTS = 60

LANGUAGE = """\
one fact a line, with one word for each person (unnamed ones get a name too, such as aunt_of_x):
  ann is mother of bob
  bob is married to cara
  dan is male                           or female; only where no other line tells
Relations: mother, father, parent, son, daughter, child, brother, sister, sibling, husband, wife, and the same
with grand- (grandmother), great-grand-, step by step; uncle, aunt, nephew, niece, cousin; -in-law
(mother-in-law). Siblings are taken to have the same parents, and a married couple the same children. Who stands
between two people (the parent between a grandmother and a grandchild) may be anybody whom no line rules out: tell
it where the text does. Then what is asked: what the first is to the second -
  question: dan to ann
  says: cousin = prima                  the puzzle's word for a relation that may be asked for, if it is not in English
or, for options, one line for each that is a word (`A: uncle`) beside `question:`, or that is a fact (`A: dan is
uncle of eve`) without it"""

_EACH_OTHER = re.compile(r"^(\w+) and (\w+) are (siblings|brothers|sisters|cousins|married)$", re.IGNORECASE)
_FACT = re.compile(r"^(\w+) is (?:the |an? )?([\w-]+)(?: of| to) (?:the )?(\w+)$", re.IGNORECASE)


def solve_kin(text: str) -> Outcome:
    """What one person is to another. Raises `PuzzleProblem` where nothing follows."""
    facts, genders, question = list[Fact](), list[tuple[str, str]](), None
    options, says = dict[str, str](), dict[str, str]()
    for line in without_fence_lines(text).splitlines():
        line = re.sub(r"\s+", " ", line.split("#")[0]).strip(" .;")
        line = re.sub(r"(?i)\bis married to\b", "is spouse of", line)
        if not line:
            continue
        if match := re.match(r"^question: ?(\w+) to (\w+)\??$", line, re.IGNORECASE):
            question = match[1].casefold(), match[2].casefold()
        elif match := re.match(r"^([A-J]) ?[:.)] ?(.+)$", line):
            options[match[1]] = match[2]
        elif match := re.match(r"^says: ?([\w-]+) ?= ?(.+)$", line, re.IGNORECASE):
            says[match[1].casefold()] = match[2]
        elif match := re.match(r"^(\w+) is (?:a )?(male|female|man|woman|boy|girl)$", line, re.IGNORECASE):
            genders.append((match[1].casefold(), "f" if match[2].lower() in ("female", "woman", "girl") else "m"))
        elif match := _EACH_OTHER.match(line):
            one, other = match[1].casefold(), match[2].casefold()
            word = {"married": "spouse"}.get(match[3].lower(), match[3].lower().removesuffix("s"))
            facts += [(one, word, other), (other, word, one)]
        elif match := _FACT.match(line):
            facts.append((match[1].casefold(), match[2].casefold(), match[3].casefold()))
        else:
            raise PuzzleProblem(f"{line[:80]!r} is no fact such as `ann is mother of bob`")
    if len(facts) < 2:
        raise PuzzleProblem("write at least two facts; from one alone nothing has to be derived")
    if len(facts) > MAX_FACTS:
        raise PuzzleProblem(f"there are more than {MAX_FACTS} facts")
    families = find_families(facts, genders)
    found = {"rules": len(facts), "variables": len(families[0].people)}
    if question is None:
        right = {mark: all(_holds(family, option) for family in families) for mark, option in options.items()}
        if not right:
            raise PuzzleProblem("nothing is asked; write `question: dan to ann`")
        return Outcome(labelled=right, facts=found)
    names = _common(families, *question)
    names = (*names, *(says[name] for name in names if name in says))
    right = {mark: _same_word(option, names) for mark, option in options.items()}
    return Outcome(names[0], also=names[1:], labelled=right, facts=found)


def _common(families: Sequence[Family], person: str, other: str) -> tuple[str, ...]:
    """What the one is to the other in every family that the facts allow. Raises `PuzzleProblem`."""
    ways = [_relations(family, person, other) for family in families]
    names = tuple(name for name in ways[0] if all(name in way for way in ways))
    if names:
        return names
    readings = list(dict.fromkeys(way[0] if way else "nothing that has a name" for way in ways))
    if len(readings) > 1:
        raise PuzzleProblem(
            f"{person} may be {readings[0]} or {readings[1]} of {other} by your facts, for it is not told who stands "
            "between them; is a fact missing?"
        )
    raise PuzzleProblem(f"no relation of {person} to {other} follows from your facts; is one missing?")


def _relations(family: Family, person: str, other: str) -> tuple[str, ...]:
    """The names of what `person` is to `other`: of a man or a woman first, then the one for both."""
    for one in (person, other):
        if one not in family.people:
            raise PuzzleProblem(f"{one!r} stands in no fact")
    found: list[str] = []
    for name, steps in STEPS.items():
        if any(person in family.follow(other, way) for way in (steps, *ALSO.get(name, ()))):
            both, woman, man = WORDS[name]
            gender = family.gender.get(person)
            found += [*({"f": [woman], "m": [man]}.get(gender or "", [])), both]
    return tuple(dict.fromkeys(found))


def _holds(family: Family, option: str) -> bool:
    match = _FACT.match(re.sub(r"(?i)\bis married to\b", "is spouse of", option.strip(" .")))
    if not match:
        raise PuzzleProblem(f"{option[:80]!r} is no fact such as `ann is aunt of bob`")
    meaning(match[2].casefold())
    return _same_word(match[2], _relations(family, match[1].casefold(), match[3].casefold()))


def _same_word(option: str, names: tuple[str, ...]) -> bool:
    word = re.sub(r"^(?:the|an?|her|his|their) ", "", option.casefold().strip(" .")).replace("_", "-")
    return re.sub(r"^great-?(?=grand|aunt|uncle|niece|nephew)", "great-", word) in names
