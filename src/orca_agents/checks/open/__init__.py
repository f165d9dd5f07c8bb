"""Checks of questions that stand alone, and of answers from knowledge."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.open import faithful, given, goals, premise, prose, shape, stands_alone, sums

FORMATS: tuple[AnswerFormat, ...] = ()
CHECKS: tuple[Check, ...] = (
    Check("notes_faithful", "content", faithful.why_unfaithful, "numbers and names of the notes stand in the seed"),
    Check("stands_alone", "instruction", stands_alone.why_not_standing_alone, "no pointer to a text nobody shows"),
    Check("says_what_it_means", "instruction", stands_alone.why_vague, "people and things are named (English only)"),
    Check("data_in_question", "instruction", given.why_data_missing, "a word problem gives every number it needs"),
    Check("premise_marked", "instruction", premise.why_unmarked, "a false premise is known to the rubric"),
    Check("goal_reached", "instruction", goals.why_goal_missed, "a refined question has what its goal asks for"),
    Check("speaks_for_itself", "draft", stands_alone.why_speaking_of_notes, "the answer speaks of no unseen text"),
    Check("prose_clean", "draft", prose.why_unclean_prose, "a long answer is whole, in its language, and only itself"),
    Check("facts_backed", "draft", faithful.why_unbacked, "numbers and names are in the reference or worked out"),
    Check("sums_hold", "draft", sums.why_sum_wrong, "every sum that is written out is right"),
    Check("answer_shaped", "draft", shape.why_misshapen, "the answer has the shape its kind of question asks for"),
    Check("error_named", "draft", premise.why_unnamed, "the answer to a false premise names the error first"),
)
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
