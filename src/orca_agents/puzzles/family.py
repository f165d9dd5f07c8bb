"""A family out of the relations that are told: all the ways in which it can be where somebody has no name."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence

from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.relations import ALSO, STEPS, meaning

MAX_PEOPLE = 60
MAX_FAMILIES = 100

Fact = tuple[str, str, str]
"""The first is what the word says to the last."""


class Family:
    """People, the steps between them, and what is known of who is a man or a woman."""

    def __init__(self) -> None:
        self.gender: dict[str, str] = {}
        self.parents: defaultdict[str, set[str]] = defaultdict(set)
        self.siblings: defaultdict[str, set[str]] = defaultdict(set)
        self.spouses: defaultdict[str, set[str]] = defaultdict(set)
        self.people: dict[str, None] = {}

    def set_gender(self, person: str, gender: str) -> None:
        """Note who is a woman and who is a man. Raises `PuzzleProblem` where both are told."""
        self.people[person] = None
        if self.gender.setdefault(person, gender) != gender:
            raise PuzzleProblem(f"{person} is told to be both a man and a woman")

    def link(self, here: str, step: str, there: str) -> None:
        """Note that one step leads from the one to the other."""
        self.people[here] = self.people[there] = None
        if step == "parent":
            self.parents[here].add(there)
        elif step == "child":
            self.parents[there].add(here)
        else:
            table = self.siblings if step == "sibling" else self.spouses
            table[here].add(there)
            table[there].add(here)

    def close(self) -> None:
        """Add what follows: siblings of siblings, shared parents, shared children. Raises `PuzzleProblem`."""
        if len(self.people) > MAX_PEOPLE:
            raise PuzzleProblem(f"there are more than {MAX_PEOPLE} people")
        before = -1
        while (size := self._size()) != before:
            before = size
            for person in tuple(self.people):
                for other in tuple(self.siblings[person]):
                    self.siblings[person] |= self.siblings[other] - {person}
                    self.parents[person] |= self.parents[other]
                for parent in tuple(self.parents[person]):
                    self.parents[person] |= self.spouses[parent]
                mine = self.parents[person]
                self.siblings[person] |= {o for o in self.people if o != person and mine & self.parents[o]}
        for person in self.people:
            self._check(person)

    def follow(self, person: str, steps: Sequence[str]) -> set[str]:
        """All whom these steps lead to."""
        found = {person}
        for step in steps:
            found = {there for here in found for there in self._step(here, step)}
        return found - {person}

    def _step(self, here: str, step: str) -> set[str]:
        if step == "child":
            return {person for person in self.people if here in self.parents[person]}
        return {"parent": self.parents, "sibling": self.siblings, "spouse": self.spouses}[step][here]

    def _size(self) -> int:
        return sum(len(found) for table in (self.parents, self.siblings) for found in table.values())

    def _check(self, person: str) -> None:
        if person in self._ancestors(person):
            raise PuzzleProblem(f"{person} would be their own ancestor")
        parents, spouses = self.parents[person], self.spouses[person]
        genders = [self.gender[parent] for parent in sorted(parents) if parent in self.gender]
        if len(parents) > 2 or (len(set(genders)) < len(genders) and not self._are_married(parents)):
            raise PuzzleProblem(f"{person} would have too many parents ({', '.join(sorted(parents))})")
        if len(spouses) > 1:
            raise PuzzleProblem(f"{person} would be married to {' and '.join(sorted(spouses))}")
        if spouses & (self.siblings[person] | self._ancestors(person)) or self._are_siblings(parents):
            raise PuzzleProblem(f"{person} or the parents of {person} would be near relations and a couple")

    def _are_married(self, couple: set[str]) -> bool:
        return len(couple) == 2 and any(couple & self.spouses[one] for one in couple)

    def _are_siblings(self, couple: set[str]) -> bool:
        return any(couple & self.siblings[one] for one in couple)

    def _ancestors(self, person: str) -> set[str]:
        found, waiting = set[str](), list(self.parents[person])
        while waiting:
            other = waiting.pop()
            if other not in found:
                found.add(other)
                waiting += self.parents[other]
        return found


def find_families(facts: Sequence[Fact], genders: Sequence[tuple[str, str]]) -> list[Family]:
    """Every family that is as the facts say. Who stands between two people and is not named may be somebody who is
    named elsewhere, or somebody new. Raises `PuzzleProblem` where there is none."""
    family = Family()
    for person, gender in genders:
        family.set_gender(person, gender)
    far = []
    for person, word, other in facts:
        if person == other:
            raise PuzzleProblem(f"nobody is their own {word}")
        name, gender = meaning(word)
        family.people[other] = family.people[person] = None
        if gender:
            family.set_gender(person, gender)
        if len(STEPS[name]) == 1:
            family.link(other, STEPS[name][0], person)
        else:
            far.append((person, name, other))
    family.close()
    families = [family]
    for person, name, other in far:
        # a brother-in-law may be either; an aunt who is told is one by blood
        ways = (STEPS[name], *(ALSO[name] if name == "sibling-in-law" else ()))
        families = [wider for one in families for wider in _with_fact(one, person, ways, other)]
        if not families:
            raise PuzzleProblem(f"that {person} is the {name} of {other} does not fit the other facts")
        if len(families) > MAX_FAMILIES:
            raise PuzzleProblem("too much is left open; write the facts in steps of parent, child, sibling and spouse")
    return families


def _with_fact(family: Family, person: str, ways: Sequence[tuple[str, ...]], other: str) -> Iterator[Family]:
    if any(person in family.follow(other, steps) for steps in ways):
        yield family
        return
    for steps in ways:
        for path in _paths(family, (other,), steps, person):
            wider = copy.deepcopy(family)
            for step, here, there in zip(steps, path, path[1:], strict=False):
                wider.link(here, step, there)
            try:
                wider.close()
            except PuzzleProblem:  # nobody's family can be so: it is another one
                continue
            yield wider


def _paths(family: Family, path: tuple[str, ...], steps: Sequence[str], person: str) -> Iterator[tuple[str, ...]]:
    """The people whom the steps go by: known ones who stand so to one side or the other, or new ones."""
    if len(steps) == 1:
        yield (*path, person)
        return
    here = path[-1]
    ahead = {one for one in family.people if person in family.follow(one, steps[1:])}
    known = sorted((family.follow(here, steps[:1]) | ahead) - {*path, person})
    for one in (*known, f"{here}'s {steps[0]} ({person})"):
        yield from _paths(family, (*path, one), steps[1:], person)
