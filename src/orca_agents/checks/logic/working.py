"""Judge what a formaliser handed in: it has one answer, that answer is the author's, and nothing was cut short."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from orca_agents.checks.api import Case
from orca_agents.checks.lists import letters
from orca_agents.checks.logic.agreeing import why_other
from orca_agents.checks.matching import same_text
from orca_agents.puzzles import words
from orca_agents.puzzles.asking import solve_model
from orca_agents.puzzles.chances import solve_chance
from orca_agents.puzzles.faults import PuzzleProblem
from orca_agents.puzzles.kin import solve_kin
from orca_agents.puzzles.matches import read_matches, solutions
from orca_agents.puzzles.outcome import Outcome
from orca_agents.puzzles.patterns import solve_pattern
from orca_agents.puzzles.planning import solve_plan
from orca_agents.puzzles.syllogisms import solve_syllogism
from orca_agents.puzzles.tables import solve_table
from orca_agents.records import Instruction

OTHER = (
    "your version is sound and has one answer, but another than the author of the puzzle has in mind. Go through it "
    "line by line with the puzzle beside it: is a rule misread, left out, or added? If every line stands, hand it in "
    "as it is"
)
_BY_PROOF = {
    "model": solve_model,
    "plan": solve_plan,
    "pattern": solve_pattern,
    "chance": solve_chance,
    "syllogism": solve_syllogism,
    "kinship": solve_kin,
}


async def why_not_solved(case: Case) -> str | None:
    """Check `proof_has_one_answer`."""
    proof, item = _proof(case)
    if proof == "clue_table":
        return _why_no_single_candidate(item)
    try:
        outcome = await asyncio.to_thread(_solved, proof, item.proof["model"][0], item.content.text)
    except PuzzleProblem as problem:
        return str(problem)
    if outcome.facts.get("is_shortcut"):
        return "the answer stands in your lines as it is; write down the rules of the puzzle that lead to it"
    return None


async def why_not_key(case: Case) -> str | None:
    """Check `proof_gives_key`."""
    proof, item = _proof(case)
    if not item.answerable:
        return None
    if proof == "clue_table":
        return _why_other_candidate(item)
    text = item.proof["model"][0]
    try:
        if proof == "word_letters":
            return _why_other_word(text, item)
        return why_other(await asyncio.to_thread(_solved, proof, text, item.content.text), item, OTHER)
    except PuzzleProblem as problem:
        return str(problem)


async def why_goal_missed(case: Case) -> str | None:
    """Check `goal_shows_in_proof`."""
    proof, item = _proof(case)
    goal = item.goal
    if proof != "model" or goal not in ("count_arrangements", "hidden_contradiction"):
        return None
    try:
        outcome = await asyncio.to_thread(_solved, proof, item.proof["model"][0], item.content.text)
    except PuzzleProblem as problem:
        return str(problem)
    if goal == "count_arrangements" and not outcome.facts["asks_for_ways"]:
        return "the puzzle asks how many arrangements there are; ask for `ways`, or write `ask: count`"
    if goal == "hidden_contradiction" and outcome.ways:
        return f"the rules are said to contradict each other, but by your lines there are {outcome.ways} arrangements"
    return None


def _proof(case: Case) -> tuple[str, Instruction]:
    assert case.instruction is not None, "this check needs an instruction"
    assert case.leaf is not None, "this check needs a leaf"
    assert case.leaf.proof is not None, "this check needs a leaf with a proof"
    return case.leaf.proof, case.instruction


@lru_cache(maxsize=64)
def _solved(proof: str, text: str, passage: str) -> Outcome:
    """What the text comes to. The checks of one item ask one after the other, so it is remembered."""
    if proof == "table_lookup":
        return solve_table(text, passage)
    if proof == "matchsticks":
        return _matchsticks(text)
    if proof == "word_letters":
        return Outcome(facts={"rules": len(words.read_facts(text))})
    return _BY_PROOF[proof](text)


def _matchsticks(text: str) -> Outcome:
    equation, moves = read_matches(text)
    found = solutions(equation, moves)
    if len(found) != 1:
        listed = f": {', '.join(found[:4])}" if found else ""
        raise PuzzleProblem(f"from {equation}, moving {moves}, {len(found) or 'no'} true equations can be laid{listed}")
    return Outcome(found[0])


def _why_other_word(text: str, item: Instruction) -> str | None:
    for kind, told in words.read_facts(text):
        if words.why_not((kind, told), item.key[0] if item.key else ""):
            return (
                f"the answer that the author has in mind does not obey your line `{kind}: {told}`. Compare the line "
                "with the puzzle, letter by letter; if it stands, hand it in as it is"
            )
    return None


def _fitting(item: Instruction) -> list[str]:
    """The candidates that fit every clue."""
    names = letters(len(item.proof.get("candidates", item.parts.get("options", ()))))
    return [name for name in names if all(name in fit for fit in item.proof["fits"])]


def _why_no_single_candidate(item: Instruction) -> str | None:
    fitting = _fitting(item)
    if len(fitting) == 1:
        return None
    if fitting:
        return (
            f"{' and '.join(fitting)} fit every clue by your table; which clue tells them apart? If none does, decline"
        )
    return "no candidate fits every clue by your table; look at it again, or think of another candidate"


def _why_other_candidate(item: Instruction) -> str | None:
    fitting = _fitting(item)
    if item.form == "choice":
        return None if fitting == list(item.key) else OTHER
    candidates = item.proof["candidates"]
    named = [candidate for name, candidate in zip(letters(len(candidates)), candidates, strict=True) if name in fitting]
    return None if len(named) == 1 and item.key and same_text(item.key[0], named[0]) else OTHER
