"""Checks of options to choose from: fair, apart, and one of them right."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.options import fairness, letters_right, outputs, probes, stems, workings
from orca_agents.checks.options.choices import ChoicesFormat

FORMATS: tuple[AnswerFormat, ...] = (ChoicesFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("stem_asks", "instruction", stems.why_no_stem, "the stem asks one thing, or leaves one sentence open"),
    Check("stem_shaped", "instruction", stems.why_misshapen_stem, "the stem has the shape of its kind of question"),
    Check("options_fair", "instruction", fairness.why_key_stands_out, "nothing but knowledge picks the right option"),
    Check("options_apart", "instruction", fairness.why_alike, "no two options are the same number or wording"),
    Check("options_refined", "instruction", stems.why_option_goal_missed, "the edit does what its goal asks"),
    Check("output_executed", "instruction", outputs.why_output_differs, "the program was run and prints the key"),
    Check("workings_reach_key", "proof", workings.why_workings_differ, "an independent calculation gives the key"),
    Check("letters_match", "draft", letters_right.why_wrong_letter, "letters in the explanation are the right ones"),
)
PROOFS: tuple[Proof, ...] = (workings.WorkingsProof(),)
PROBES: tuple[Probe, ...] = (
    Probe(
        "options_only",
        "the options without the question: the right one should not show",
        probes.without_stem,
        expects="wrong",
        otherwise="tag",
        reason="the right option can be told without the question",
        tag="options_tell",
    ),
    Probe(
        "defend_the_others",
        "a critic speaks for every option: only the right ones can be defended",
        probes.for_critic,
        expects="right",
        otherwise="reject",
        reason=(
            "a critic who spoke for every option did not end at the right ones alone: a wrong one can be defended, or "
            "the right one cannot; make each wrong option wrong for a reason that nobody can argue away"
        ),
    ),
)
