"""What keeps an example: the checks by name, and the kinds of answer."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isawaitable

from orca_agents.checks import (
    answer,
    essay_answer,
    evidence_support,
    format_rule,
    leaf_fit,
    numbers,
    passage,
    question,
    reasoning,
    refinement,
    self_contained,
    support,
)
from orca_agents.checks.api import Case, Check, Probe, Proof
from orca_agents.checks.families import FAMILIES
from orca_agents.checks.forms import FORMS
from orca_agents.errors import NotFoundError
from orca_agents.records import CheckLevel, CheckResult
from orca_agents.skill_problems import Names

__all__ = ["CHECKS", "FORMS", "NAMES", "PROBES", "PROOFS", "run_checks"]

_ALL = (
    Check("passage_language", "content", passage.why_other_language, "the passage is in the language asked for"),
    Check("passage_clean", "content", passage.why_unclean, "no talk about the task, no chat tokens, not cut off"),
    Check("passage_substantial", "content", passage.why_thin,
          "enough words, no repetition, made of the seed and not its copy"),
    Check("well_formed", "instruction", question.why_malformed, "the item is sound as an item of its form"),
    Check("is_a_question", "instruction", question.why_no_question, "one question or task, and not a copied sentence"),
    Check("question_language", "instruction", question.why_other_language, "the question is in the language asked for"),
    Check("no_leakage", "instruction", question.why_leaking, "no words of the prompts, no refusal, no placeholder"),
    Check("self_contained", "instruction", self_contained.why_not_self_contained,
          "no pointer to what the student does not see"),
    Check("answer_not_given_away", "instruction", question.why_given_away, "the question does not name its answer"),
    Check("fits_passage", "instruction", leaf_fit.why_not_about_passage, "the question is about this passage"),
    Check("fits_leaf", "instruction", leaf_fit.why_not_of_leaf, "the question is of the kind asked for (English only)"),
    Check("key_supported", "instruction", support.why_key_unsupported, "the passage holds the words of the key"),
    Check("numbers_recomputed", "instruction", numbers.why_not_recomputed,
          "the calculation gives the key, with numbers of the passage"),
    Check("choices_grounded", "instruction", support.why_choices_ungrounded, "the options are about the same matter"),
    Check("refined_as_asked", "instruction", refinement.why_not_as_asked, "the edit does what its goal asks"),
    Check("answer_language", "draft", answer.why_other_language, "the answer is in the language asked for"),
    Check("answer_clean", "draft", answer.why_unclean, "the answer speaks of passage and question only"),
    Check("evidence_in_passage", "draft", evidence_support.why_not_in_passage, "each quote stands in the passage"),
    Check("evidence_supports", "draft", evidence_support.why_unsupported, "the quotes have to do with the answer"),
    Check("reasoning_sound", "draft", reasoning.why_unsound, "the reasoning leads to the answer, in words of its own"),
    Check("format_kept", "draft", format_rule.why_not_kept, "the reply keeps to a rule for its form that was added"),
    Check("essay_structure", "draft", essay_answer.why_no_essay, "the essay claims, shows and judges"),
)  # fmt: skip
CHECKS: dict[str, Check] = {
    check.name: check for check in (*_ALL, *(check for family in FAMILIES for check in family.CHECKS))
}
"""What `checks:` of a stage or a leaf may name."""
PROOFS: dict[str, Proof] = {proof.name: proof for family in FAMILIES for proof in family.PROOFS}
"""What `proof:` of a leaf may name."""
PROBES: dict[str, Probe] = {probe.name: probe for family in FAMILIES for probe in family.PROBES}
"""What `probes:` of a skill's `verify` may name."""
NAMES = Names(frozenset(CHECKS), frozenset(PROOFS), frozenset(PROBES))
"""All of these, for the reading of skill files."""


async def run_checks(names: Sequence[str], at: CheckLevel, case: Case) -> tuple[CheckResult, ...]:
    """The verdicts of the named checks that judge this kind of record, in the order named."""
    results = []
    for name in dict.fromkeys(names):
        if name not in CHECKS:
            raise NotFoundError("check", name, CHECKS, [])
        check = CHECKS[name]
        if check.at == at:
            found = check.why_not(case)
            reason = await found if isawaitable(found) else found
            results.append(CheckResult(name=name, ok=reason is None, reason=reason or "", at=at))
    return tuple(results)
