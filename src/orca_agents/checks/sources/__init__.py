"""Checks of answers from several documents, with citations."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.sources import citations, claims, gold, layout
from orca_agents.checks.sources.followup import FollowupFormat

FORMATS: tuple[AnswerFormat, ...] = (FollowupFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("documents_sound", "content", layout.why_unsound_documents, "documents with numbers, titles and snippets"),
    Check("documents_edited", "instruction", layout.why_documents_edited_otherwise, "the edit keeps other documents"),
    Check("names_no_document", "instruction", layout.why_naming_documents, "the question does not say where to look"),
    Check("json_demanded", "instruction", citations.why_json_not_asked, "strict JSON is asked for with its keys"),
    Check("claim_quoted", "instruction", claims.why_no_verdicts, "a quoted claim with the three verdicts for options"),
    Check("gold_quoted", "proof", gold.why_gold_unsound, "the documents needed exist, and each is quoted"),
    Check("gold_holds_answer", "proof", gold.why_gold_unfit, "the documents needed hold the key; none without a key"),
    Check("citations_fit", "draft", citations.why_citing_wrongly, "all documents needed are cited, one more at most"),
    Check("claims_cited", "draft", citations.why_uncited, "each sentence that claims something cites a document"),
    Check(
        "citations_bear_out", "draft", citations.why_not_borne_out, "a cited document speaks of what it is cited for"
    ),
    Check("json_as_asked", "draft", citations.why_no_json, "a JSON answer has its two keys and nothing beside them"),
    Check("sources_weighed", "draft", citations.why_silent, "conflicts are reported, gaps admitted (English only)"),
    Check("reply_holds_answer", "draft", citations.why_reply_lacks_answer, "the last message says its answer"),
)
PROOFS: tuple[Proof, ...] = (gold.GoldProof(),)
PROBES: tuple[Probe, ...] = (
    Probe(
        "without_gold",
        "the documents without those needed: the answer should not be found any more",
        gold.without_gold,
        expects="wrong",
        otherwise="reject",
        reason=(
            "a reader found the answer without the documents that it is said to rest on: it stands in another one too, "
            "is general knowledge, or is given away by the question"
        ),
    ),
    Probe(
        "without_distractors",
        "only the documents needed: the answer should still be found",
        gold.without_distractors,
        expects="right",
        otherwise="reject",
        reason=(
            "a reader did not find the answer in the documents that it is said to rest on: something else is needed or "
            "the question can be read in two ways"
        ),
    ),
)
