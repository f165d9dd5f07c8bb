"""Checks of puzzles and rules, solved by enumeration."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe
from orca_agents.checks.logic import asked, working
from orca_agents.checks.logic.proofs import PROOFS

__all__ = ["CHECKS", "FORMATS", "PROBES", "PROOFS"]

FORMATS: tuple[AnswerFormat, ...] = ()
CHECKS: tuple[Check, ...] = (
    Check("puzzle_is_asked", "instruction", asked.why_not_asked, "the puzzle is whole, asks one thing, holds no hint"),
    Check("puzzle_stands_alone", "instruction", asked.why_leans_on_material, "no pointer to the material behind it"),
    Check("points_to_what_is_shown", "instruction", asked.why_points_elsewhere,
          "no pointer to figures or texts that are not printed; a table that is, may be named"),
    Check("puzzle_hides_answer", "instruction", asked.why_answer_shows, "the puzzle does not name what it describes"),
    Check("sequence_has_one_rule", "instruction", asked.why_simpler_rule,
          "no simpler rule gives the printed terms and another next one"),
    Check("letter_sum_has_one_solution", "instruction", asked.why_letter_sum_fails,
          "the sum in letters has one solution"),
    Check("relation_is_bare", "instruction", asked.why_more_than_relation, "the answer is one word for a relation"),
    Check("anagram_is_exact", "instruction", asked.why_no_anagram, "the printed letters are those of the answer"),
    Check("answer_moves_as_asked", "instruction", asked.why_answer_moved,
          "after a refinement the answer stays or changes as the goal wants"),
    Check("proof_has_one_answer", "proof", working.why_not_solved,
          "what the formaliser wrote can be worked out, and comes to one answer"),
    Check("proof_gives_key", "proof", working.why_not_key, "that answer is the author's; of options, that one alone"),
    Check("goal_shows_in_proof", "proof", working.why_goal_missed,
          "arrangements are counted, or contradict each other, where the goal says so"),
)  # fmt: skip
PROBES: tuple[Probe, ...] = ()
