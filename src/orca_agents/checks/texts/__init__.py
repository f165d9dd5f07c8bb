"""Checks of free text, held to constraints that a program checks."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.texts import (
    constraints_hold,
    constraints_sound,
    entailment,
    facts,
    fresh,
    masking,
    matter,
    output,
    task,
)
from orca_agents.checks.texts.text import TextFormat

FORMATS: tuple[AnswerFormat, ...] = (TextFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("text_substantial", "content", matter.why_thin, "what came of the seed is long enough, about it, no copy"),
    Check("notes_clean", "content", matter.why_unclean, "notes hold no words of the prompts and are not cut off"),
    Check("constraints_hold", "draft", constraints_hold.why_broken, "the answer keeps to every measurable demand"),
    Check("constraints_possible", "instruction", constraints_sound.why_impossible,
          "a text can keep all constraints at once, and the given text allows them"),
    Check("constraints_stated", "instruction", constraints_sound.why_unsaid,
          "the task says each constraint, and each measurable demand of the task is a constraint"),
    Check("measurable", "instruction", constraints_sound.why_unmeasured,
          "the item has a constraint of the kinds that its leaf needs"),
    Check("goal_constraints", "instruction", constraints_sound.why_goal_missed,
          "a refinement adds the constraints that its goal asks for"),
    Check("is_a_task", "instruction", task.why_no_task, "the task tells a student what to do, in plain words"),
    Check("task_leaks_nothing", "instruction", task.why_leaking, "no words of the prompts; masks may be named"),
    Check("text_not_in_task", "instruction", task.why_text_in_task,
          "the task does not repeat the text that stands beside it, nor show its result"),
    Check("brief_stands_alone", "instruction", task.why_not_self_standing,
          "a brief points to nothing that its writer does not see"),
    Check("brief_has_matter", "instruction", task.why_brief_thin, "a brief gives matter, in its own words"),
    Check("entailment_pair", "instruction", entailment.why_no_pair,
          "an entailment task quotes a sentence of the text and one of its own"),
    Check("masks_complete", "instruction", masking.why_incomplete,
          "every form of a masked name or a replaced word, and every address that is meant, has its line"),
    Check("nothing_left_hanging", "draft", masking.why_left_hanging,
          "no signs or small letters are left where words went; the marks are used"),
    Check("text_alone", "draft", output.why_more_than_text, "the answer is the text and nothing else, and whole"),
    Check("text_not_repetitive", "draft", output.why_going_round, "the text does not go round in circles"),
    Check("text_language", "draft", output.why_other_language, "the text is in the language asked for"),
    Check("text_changed", "draft", output.why_unchanged, "the text is not the given one again"),
    Check("facts_kept", "draft", facts.why_facts_lost, "numbers and names of the given text are still there"),
    Check("own_words", "draft", fresh.why_copied, "the text shares few word sequences with notes and task"),
    Check("no_cliches", "draft", fresh.why_worn_out, "the text does without worn-out phrases (English)"),
    Check("entailment_edit", "draft", entailment.why_no_edit, "the edited sentence is a small and real edit"),
)  # fmt: skip
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
