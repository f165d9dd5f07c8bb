"""Checks of conversations, turn by turn."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.talks import plans, refining, transcripts
from orca_agents.checks.talks.talk import TalkFormat

FORMATS: tuple[AnswerFormat, ...] = (TalkFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("opening_as_users_write", "instruction", plans.why_no_opening, "the opening is a user's, not a planner's"),
    Check("plan_of_its_kind", "instruction", plans.why_not_of_leaf, "the plan has what its kind of conversation needs"),
    Check("plan_from_scenario", "instruction", plans.why_not_from_scenario, "the plan is about its material"),
    Check("talk_refined_as_asked", "instruction", refining.why_not_as_asked, "the edit does what its goal asks"),
    Check("talk_roles", "draft", transcripts.why_roles_mixed, "the roles alternate, and nobody speaks for the other"),
    Check("talk_follows_plan", "draft", transcripts.why_plan_left, "each fact and each demand comes in its turn"),
    Check("talk_keeps_rules", "draft", transcripts.why_rules_broken, "every answer keeps to the rules in force"),
    Check("talk_remembers", "draft", transcripts.why_forgotten, "later answers use what was said early"),
    Check("talk_lets_student_find", "draft", transcripts.why_told_too_soon, "a tutor does not give the result away"),
    Check("talk_asks_first", "draft", transcripts.why_not_asked, "what is missing is asked for"),
    Check("talk_not_empty", "draft", transcripts.why_dull, "no turn is repeated, empty, or far too long"),
    Check("talk_clean", "draft", transcripts.why_unclean, "one language, and nothing of prompts or plan"),
    Check("talk_leans_on_before", "draft", transcripts.why_not_elliptic, "ellipsis was asked for, and is there"),
)
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
