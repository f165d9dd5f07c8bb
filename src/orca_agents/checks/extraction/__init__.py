"""Checks of extractions: JSON that fits a schema, each value found in its document."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.extraction import document, item
from orca_agents.checks.extraction.data import DataFormat

FORMATS: tuple[AnswerFormat, ...] = (DataFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("document_clean", "content", document.why_unclean, "a clean document of any kind, made of the seed"),
    Check("request_clean", "instruction", item.why_unclean,
          "a request in its language, without talk or its own answer"),
    Check("values_in_text", "instruction", item.why_key_ungrounded,
          "each value of the key is in the document, word for word or as the declared normal form; totals add up"),
    Check("patterns_complete", "instruction", item.why_key_incomplete,
          "the key holds every address, link or id that a program finds"),
    Check("totals_match", "instruction", item.why_no_totals, "a rebuilt table has a total that can be added up"),
    Check("extraction_refined", "instruction", item.why_not_refined, "the edit does what its goal asks"),
    Check("answer_values_in_text", "draft", item.why_answer_ungrounded, "each value of the answer is in the document"),
    Check("answer_exact", "draft", item.why_answer_differs, "no value differs from the key, not even one in ten"),
    Check("answer_patterns_complete", "draft", item.why_answer_incomplete,
          "the answer holds every address, link or id that a program finds"),
)  # fmt: skip
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
