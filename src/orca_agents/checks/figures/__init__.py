"""Checks of numbers: those of a text against its table, and chains of estimates."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.figures import content, estimate_items, estimating, reports, requests
from orca_agents.checks.figures.estimate import EstimateFormat

FORMATS: tuple[AnswerFormat, ...] = (EstimateFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("data_readable", "content", content.why_unreadable, "the block is data in a known notation, and enough"),
    Check("data_of_seed", "content", content.why_foreign, "the data are those of the seed, or about its matter"),
    Check("is_a_request", "instruction", requests.why_no_request, "one request, whole, neither a word nor an essay"),
    Check("request_fits_data", "instruction", requests.why_misfit, "the request is about these data and can be met"),
    Check(
        "constraints_told", "instruction", requests.why_constraints_untold, "what a program checks stands in the task"
    ),
    Check(
        "key_from_table", "instruction", requests.why_key_not_of_table, "a table question is worked out from its cells"
    ),
    Check("data_refined_as_asked", "instruction", requests.why_not_refined, "the edit does what its goal asks"),
    Check("report_clean", "draft", reports.why_unclean, "the text is whole, in its language, and nothing but the text"),
    Check("figures_traced", "draft", reports.why_untraceable, "each figure is a cell or follows from cells"),
    Check("names_of_data", "draft", reports.why_name_unknown, "each name stands in the data or the request (English)"),
    Check(
        "directions_agree", "draft", reports.why_direction_wrong, "rose, fell, highest agree with the data (English)"
    ),
    Check("causes_founded", "draft", reports.why_cause_unfounded, "no cause that the data do not hold (English)"),
    Check("report_covers", "draft", reports.why_incomplete, "what the request and its kind ask for is said"),
    Check("gaps_named", "draft", reports.why_gaps_unnamed, "missing and contradictory cells are named where asked"),
    Check(
        "figures_of_seed", "content", estimate_items.why_unquantified, "a passage for estimates has figures of its seed"
    ),
    Check("passage_whole", "content", estimate_items.why_text_broken, "the passage does not break off"),
    Check("givens_in_passage", "instruction", estimate_items.why_givens_missing, "given figures stand in the passage"),
    Check(
        "unit_of_kind",
        "instruction",
        estimate_items.why_unit_of_other_kind,
        "the unit asked for fits the question's kind",
    ),
    Check("estimate_not_told", "instruction", estimate_items.why_answer_told, "the question does not hold its answer"),
    Check(
        "estimate_refined_as_asked", "instruction", estimate_items.why_not_refined, "the edit does what its goal asks"
    ),
    Check("estimate_recomputed", "draft", estimating.why_chain_broken, "each step and the total come out, with units"),
    Check("assumptions_plausible", "draft", estimating.why_implausible, "assumptions in range, given figures as given"),
    Check("assumptions_explained", "draft", estimating.why_reasons_unclean, "most assumptions say why"),
    Check("estimate_checked", "draft", estimating.why_unchecked, "the result is held against something known"),
    Check(
        "verdict_follows", "draft", estimating.why_verdict_unfounded, "verdict, comparison and range fit the numbers"
    ),
)
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
