"""Judge the constraints of an item before anybody answers it: possible, said in the task, and enough of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.checks.api import Case
from orca_agents.checks.texts.text import LONGEST_ANSWER
from orca_agents.constraints import Constraint, conflicts, read_constraints, unchecked, unstated
from orca_agents.language import count_words

MOST_WORDS = 1300
"""So many words of English fit into the longest answer."""


def why_impossible(case: Case) -> str | None:
    """Check `constraints_possible`."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    source = "" if case.leaf is not None and case.leaf.settings.get("source") == "none" else item.content.text
    demands = read_constraints(item.hidden.get("demands", ()))
    found = conflicts((*_constraints(case), *demands), source)
    if found:
        return f"no text can keep these constraints: {'; '.join(found[:3])}"
    return _why_too_long((*_constraints(case), *demands), source)


def _why_too_long(constraints: Sequence[Constraint], source: str) -> str | None:
    for one in constraints:
        if not isinstance(one.value, int):
            continue
        words = one.value if one.kind.name in ("words", "min_words") else 0
        words = one.value * count_words(source) // 100 if one.kind.name == "longer" else words
        signs = one.value if one.kind.name in ("chars", "min_chars") else 0
        if words > MOST_WORDS or signs > LONGEST_ANSWER:
            return f"`{one.line}` asks for a longer text than can be handed in, {MOST_WORDS} words; ask for less"
    return None


def why_unsaid(case: Case) -> str | None:
    """Check `constraints_stated`."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    constraints = _constraints(case)
    if found := unstated(constraints, item.question, case.language):
        return f"the student cannot know of a constraint. {found[0]}"
    kinds = {constraint.kind.name for constraint in constraints}
    if case.parent is None and kinds & _EXACT and not kinds & {"rest", "keeps"} and _REST.search(item.question):
        return (
            "the task says that the rest stays as it is; add the line `rest: unchanged`, so that a program sees to it"
        )
    if item.form == "text" and (found := unchecked(constraints, item.question, case.language)):
        return found[0]
    return None


def why_unmeasured(case: Case) -> str | None:
    """Check `measurable`."""
    item, leaf = case.instruction, case.leaf
    assert item is not None, "this check needs an instruction"
    needed = leaf.settings.get("needs", ()) if leaf is not None else ()
    if not needed or {constraint.kind.name for constraint in _constraints(case)} & set(needed):
        return None
    return f"a program has to check this kind of task by a constraint; add one of: {', '.join(needed)}"


def why_goal_missed(case: Case) -> str | None:
    """Check `goal_constraints`."""
    if case.goal is None or case.parent is None:
        return None
    assert case.instruction is not None, "this check needs an instruction"
    now = _constraints(case)
    before = {constraint.line for constraint in read_constraints(case.parent.hidden.get("constraints", ()))}
    new = [constraint for constraint in now if constraint.line not in before]
    if (least := _NEW.get(case.goal.name, 0)) > len(new):
        goal = case.goal.name.replace("_", " ")
        return f"the goal {goal!r} adds {least} measurable demand{'s' if least > 1 else ''}, but this adds {len(new)}"
    wanted = _KINDS.get(case.goal.name, frozenset())
    if wanted and not any(constraint.kind.name in wanted for constraint in new):
        return (
            f"the goal {case.goal.name.replace('_', ' ')!r} needs a new constraint, one of: {', '.join(sorted(wanted))}"
        )
    return None


_EXACT = {"replaces", "removes", "masks", "dates", "times"}
_REST = re.compile(
    r"\b(?:leave|keep) (?:all )?(?:the )?(?:rest|everything else|all else|other words?)\b"
    r"|\b(?:(?:all )?the rest|everything else|all else) (?:stays|remains|(?:must|should|has to|is to) (?:stay|remain))"
    r"|\b(?:change|alter|touch) nothing else\b|\bnothing else (?:changes|may change|is (?:changed|touched))\b",
    re.IGNORECASE,
)
_NEW = {"measurable_constraint": 1, "tight_pair": 2, "stacked_constraints": 2}
"""Goal -> how many constraints it adds."""
_KINDS = {
    "forbidden_words": frozenset({"forbids", "forbids_letters"}),
    "structural_device": frozenset(
        {"acrostic", "sentence_acrostic", "ends_as_it_begins", "starts_with", "ends_with", "lines_start", "rhyme"}
        | {"sentences_start", "nth_words_start", "occurs", "paragraphs", "lines", "sentences", "speakers"}
    ),
}
"""Goal -> kinds of constraint of which it adds one."""


def _constraints(case: Case) -> tuple[Constraint, ...]:
    assert case.instruction is not None, "this check needs an instruction"
    return read_constraints(case.instruction.hidden.get("constraints", ()))
