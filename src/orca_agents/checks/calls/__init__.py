"""Checks of calls of tools, against the descriptions of these tools."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.calls import absence, confirm, content, dialogue, ending, refined, request
from orca_agents.checks.calls.form import CallsFormat

FORMATS: tuple[AnswerFormat, ...] = (CallsFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("functions_sound", "content", content.why_unsound, "a list of described, typed functions, each its own"),
    Check("functions_of_seed", "content", content.why_not_of_seed, "the functions do what the material is about"),
    Check("request_sound", "instruction", request.why_unsound, "a user's request, without names of functions"),
    Check(
        "class_holds", "instruction", request.why_other_class, "what is said, missing or too much is as its class says"
    ),
    Check("nothing_else_fits", "instruction", absence.why_covered, "no function left does the work of an absent one"),
    Check("refined_toward_goal", "instruction", refined.why_not_as_asked, "the edit does what its goal asks"),
    Check("plan_found_again", "proof", confirm.why_other_plan, "another reader comes to the same plan"),
    Check(
        "dialogue_reads_back", "draft", dialogue.why_unreadable, "every message is read back, and every call is valid"
    ),
    Check("ended_as_due", "draft", ending.why_ended_otherwise, "it answers, asks or gives up as its class asks"),
    Check("plan_reached", "draft", ending.why_plan_missed, "every call of the plan was made, and none too many"),
    Check("answer_reports", "draft", ending.why_unreported, "the answer tells what the user wanted to know"),
    Check("extras_ignored", "draft", ending.why_extras_used, "no call uses what is superfluous"),
    Check("lack_named", "draft", ending.why_lack_unnamed, "the value or the function that is lacking is named"),
    Check("ending_language", "draft", ending.why_other_language, "the last words are in the language asked for"),
)
PROOFS: tuple[Proof, ...] = (confirm.PlanProof(),)
PROBES: tuple[Probe, ...] = (confirm.NOTHING_COVERS_IT,)
