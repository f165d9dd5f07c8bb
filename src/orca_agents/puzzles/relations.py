"""The words for relations in a family, and the steps that each stands for."""

from __future__ import annotations

import re

from orca_agents.puzzles.faults import PuzzleProblem

WORDS: dict[str, tuple[str, str, str]] = {
    # the relation, its word for a woman, its word for a man
    "parent": ("parent", "mother", "father"),
    "child": ("child", "daughter", "son"),
    "sibling": ("sibling", "sister", "brother"),
    "spouse": ("spouse", "wife", "husband"),
    "grandparent": ("grandparent", "grandmother", "grandfather"),
    "grandchild": ("grandchild", "granddaughter", "grandson"),
    "great-grandparent": ("great-grandparent", "great-grandmother", "great-grandfather"),
    "great-grandchild": ("great-grandchild", "great-granddaughter", "great-grandson"),
    "pibling": ("aunt or uncle", "aunt", "uncle"),
    "nibling": ("niece or nephew", "niece", "nephew"),
    "great-pibling": ("great-aunt or great-uncle", "great-aunt", "great-uncle"),
    "great-nibling": ("great-niece or great-nephew", "great-niece", "great-nephew"),
    "cousin": ("cousin", "cousin", "cousin"),
    "parent-in-law": ("parent-in-law", "mother-in-law", "father-in-law"),
    "child-in-law": ("child-in-law", "daughter-in-law", "son-in-law"),
    "sibling-in-law": ("sibling-in-law", "sister-in-law", "brother-in-law"),
}
STEPS: dict[str, tuple[str, ...]] = {
    # who stands in a relation to somebody: one goes from that person along these steps
    "parent": ("parent",),
    "child": ("child",),
    "sibling": ("sibling",),
    "spouse": ("spouse",),
    "grandparent": ("parent", "parent"),
    "grandchild": ("child", "child"),
    "great-grandparent": ("parent", "parent", "parent"),
    "great-grandchild": ("child", "child", "child"),
    "pibling": ("parent", "sibling"),
    "nibling": ("sibling", "child"),
    "great-pibling": ("parent", "parent", "sibling"),
    "great-nibling": ("sibling", "child", "child"),
    "cousin": ("parent", "sibling", "child"),
    "parent-in-law": ("spouse", "parent"),
    "child-in-law": ("child", "spouse"),
    "sibling-in-law": ("spouse", "sibling"),
}
ALSO: dict[str, tuple[tuple[str, ...], ...]] = {
    # other ways to the same name, for what is asked, not for what is told
    "pibling": (("parent", "sibling", "spouse"),),
    "nibling": (("spouse", "sibling", "child"),),
    "sibling-in-law": (("sibling", "spouse"),),
}
_MEANT = {
    word: (name, gender) for name, words in WORDS.items() for word, gender in zip(words, ("", "f", "m"), strict=True)
}
_MEANT["cousin"] = ("cousin", "")
RELATIONS = frozenset(_MEANT)
"""Every word for a relation that is known, of women, of men and of both."""


def meaning(word: str) -> tuple[str, str]:
    """A relation, and `f` or `m` where its word says so. Raises `PuzzleProblem`."""
    word = word.replace("_", "-")
    word = re.sub(r"^great-?(?=grand|aunt|uncle|niece|nephew)", "great-", word)
    if word not in _MEANT:
        raise PuzzleProblem(f"{word!r} is no relation that the language knows; write it in steps of parent and child")
    return _MEANT[word]
