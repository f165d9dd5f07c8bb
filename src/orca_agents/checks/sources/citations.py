"""Hold an answer to its citations: they exist, they are the ones needed, and each sentence is borne out by its own."""

from __future__ import annotations

import json
import re
from typing import Any

from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quote
from orca_agents.checks.numbers import CONSTANTS, spoken_numbers
from orca_agents.checks.open.sums import sums_in
from orca_agents.checks.sources.documents import cited, read_documents, text_of
from orca_agents.checks.terms import share, subject_terms
from orca_agents.language import count_words
from orca_agents.records import Draft

STRICT_JSON = "strict_json"
"""The goal whose answers are a JSON object with `answer` and `relevant_passages`."""
FEWEST_CLAIM_WORDS = 6
SMALL = 12
LEAST_DRAWN = 0.2
"""Share of a conclusion's content words that stand in the question or in what is cited: it has others of its own."""
LEAST_SAID = 0.8
"""Share of the content words of a quote that another document holds which says the same."""


def why_citing_wrongly(case: Case) -> str | None:
    """Check `citations_fit`."""
    draft = _draft(case)
    passage = draft.instruction.content.text
    if not draft.answer.answerable or not draft.instruction.answerable:
        return _why_strange(cited(reply_of(draft)), passage)
    ids = cited_by(draft)
    if reason := _why_strange(ids, passage):
        return reason
    gold = draft.instruction.proof.get("gold")
    if not ids:
        return None if gold == () else "no document is cited; put the number behind each statement, as in [2]"
    if gold is None:
        return None
    # which ones are needed is another agent's finding; the author is not told its numbers
    others = tuple(one for one in ids if one not in gold)
    stand_in = text_of(passage, others)
    if any(not _is_said(stand_in, one, draft, case.language) for one in set(gold) - set(ids)):
        return "a document that the answer rests on is not cited; look for everything that it needs, and cite it"
    if gold and len(ids) - len(gold) > max(1, len(gold) // 2):
        return "more documents are cited than the answer needs; cite only those that it rests on"
    return None


def why_uncited(case: Case) -> str | None:
    """Check `claims_cited`."""
    draft = _draft(case)
    if not draft.answer.answerable or draft.instruction.goal == STRICT_JSON or not cited_by(draft):
        return None
    for sentence in sentences_of(reply_of(draft)):
        if _is_claim(sentence) and not cited(sentence):
            return f"{sentence.strip()[:90]!r} makes a claim and cites no document; put its number behind it, as in [2]"
        said = subject_terms(sentence, case.language)
        if not cited(sentence) and _is_drawn(sentence) and len(said) > 4:
            item = draft.instruction
            known = subject_terms(f"{item.question}\n{text_of(item.content.text, cited_by(draft))}", case.language)
            if share(said, known) < LEAST_DRAWN:
                return (
                    f"{sentence.strip()[:90]!r} does not follow from what is cited; leave it out, or cite what says it"
                )
    return None


def why_not_borne_out(case: Case) -> str | None:
    """Check `citations_bear_out`."""
    draft = _draft(case)
    passage = draft.instruction.content.text
    worked = {abs(value) for one in sums_in(reply_of(draft)) if one.holds for value in one.values}
    is_json = draft.instruction.goal == STRICT_JSON  # its numbers stand in a list, for the whole answer
    for sentence in [reply_of(draft)] if is_json else sentences_of(reply_of(draft)):
        ids = cited_by(draft) if is_json else cited(sentence)
        if not ids:
            continue
        bare = re.sub(r"\[[\d,; ]+\]", " ", sentence)
        said = subject_terms(bare, case.language)
        for one in ids:
            if said and not said & subject_terms(text_of(passage, (one,)), case.language):
                return f"document {one} has nothing to do with {bare.strip()[:80]!r}; cite the one that says it"
        known = spoken_numbers(text_of(passage, ids)) | spoken_numbers(draft.instruction.question) | worked | CONSTANTS
        strange = [n for n in spoken_numbers(bare) if n not in known and (n > SMALL or n.denominator > 1)]
        if strange:
            return f"{float(strange[0]):g} in {bare.strip()[:80]!r} does not stand in the documents cited there"
    return None


def why_no_json(case: Case) -> str | None:
    """Check `json_as_asked`."""
    draft = _draft(case)
    if draft.instruction.goal != STRICT_JSON:
        return None
    data = _json(draft.answer.value[0] if draft.answer.value else "")
    if data is None:
        return "the answer must be one JSON object and nothing else, without a fence around it"
    if set(data) != {"answer", "relevant_passages"}:
        return "the object must have the keys `answer` and `relevant_passages`, and no other"
    if not isinstance(data["answer"], str) or not data["answer"].strip():
        return "`answer` must be a text"
    passages = data["relevant_passages"]
    if not isinstance(passages, list) or not passages or not all(isinstance(one, int | str) for one in passages):
        return "`relevant_passages` must be a list of document numbers"
    return None


def why_json_not_asked(case: Case) -> str | None:
    """Check `json_demanded`."""
    assert case.instruction is not None, "this check needs an instruction"
    if case.instruction.goal != STRICT_JSON:
        return None
    missing = [word for word in ("JSON", "answer", "relevant_passages") if word not in case.instruction.question]
    return f"the question must ask for a JSON object and name its keys; it lacks {missing[0]!r}" if missing else None


def why_silent(case: Case) -> str | None:
    """Check `sources_weighed`."""
    assert case.leaf is not None, "this check needs a leaf"
    draft, wanted = _draft(case), case.leaf.settings.get("weighs")
    if wanted is None or (case.language is not None and not case.language.startswith("en")):
        return None
    text = reply_of(draft)
    if wanted == "conflict":
        if len(cited_by(draft)) < 2:
            return "the documents disagree; report both sides and cite both"
        if not _DISAGREES.search(text):
            return "say openly that the documents disagree, and in what"
    if wanted == "gap" and not _GAP.search(text):
        return "say what of the question the documents do not answer"
    return None


def why_reply_lacks_answer(case: Case) -> str | None:
    """Check `reply_holds_answer`."""
    draft = _draft(case)
    if draft.instruction.form != "followup" or not draft.answer.answerable:
        return None
    said = subject_terms(reply_of(draft), case.language)
    wanted = subject_terms(" ".join(draft.answer.value), case.language)
    if len(said & wanted) < len(wanted) / 2:
        return "the last message does not say the answer that is given for it"
    return None


def reply_of(draft: Draft) -> str:
    """What the student reads of an answer: the last message of a dialogue, a whole text, or the reasoning."""
    if draft.messages:
        return draft.messages[-1].content
    if draft.instruction.form == "text":
        data = _json(draft.answer.value[0]) if draft.instruction.goal == STRICT_JSON else None
        return str(data.get("answer", "")) if data else "\n".join(draft.answer.value)
    return draft.answer.reasoning


def cited_by(draft: Draft) -> tuple[str, ...]:
    """The numbers of the documents that an answer cites, wherever its form has them."""
    if draft.instruction.goal == STRICT_JSON and draft.instruction.form == "text":
        data = _json(draft.answer.value[0] if draft.answer.value else "") or {}
        listed = data.get("relevant_passages")
        return tuple(str(one) for one in listed) if isinstance(listed, list) else ()
    return cited(reply_of(draft))


def sentences_of(text: str) -> list[str]:
    """The sentences and list items of a text, each with the citations that stand behind its full stop."""
    return [piece for line in text.splitlines() for piece in _END.split(line) if piece.strip()]


def _why_strange(ids: tuple[str, ...], passage: str) -> str | None:
    known = {document.id for document in read_documents(passage)}
    strange = [one for one in ids if one not in known]
    return f"there is no document {strange[0]}; cite numbers that stand behind `Document Id:`" if strange else None


def _is_said(text: str, gold: str, draft: Draft, language: str | None) -> bool:
    """Whether a text says all that was quoted from a document that the answer needs, and so may stand in for it."""
    own = text_of(draft.instruction.content.text, (gold,))
    quotes = [quote for quote in draft.instruction.proof.get("quotes", ()) if find_quote(own, quote)]
    return bool(text and quotes) and all(
        share(subject_terms(quote, language), subject_terms(text, language)) >= LEAST_SAID
        and spoken_numbers(quote) <= spoken_numbers(text)
        for quote in quotes
    )


def _is_claim(sentence: str) -> bool:
    bare = sentence.strip().strip("*#- ")
    if count_words(bare) < FEWEST_CLAIM_WORDS or bare.endswith((":", "?", "\uff1a", "\uff1f")):
        return False
    return not (_DERIVED.search(bare) or _GAP.search(bare) or sums_in(bare))


def _is_drawn(sentence: str) -> bool:
    """Whether a sentence passes for a conclusion."""
    bare = sentence.strip().strip("*#- ")
    return _DERIVED.search(bare) is not None and not (_GAP.search(bare) or sums_in(bare))


def _json(text: str) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


_END = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])(?<!\b[A-Z]\.)\s+(?!\[)|(?<=[.!?]\])\s+|(?<=\])\s+(?=[A-Z])")
_DERIVED = re.compile(
    r"^(?:so|therefore|thus|hence|overall|in short|in sum|taken together|altogether|in all|that (?:is|makes|leaves)"
    r"|this (?:is|makes|leaves|means)|together|both|the answer|the (?:two )?documents? (?:dis)?agree"
    r"|which (?:is|of))\b",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"\b(?:documents?|sources?|passages?|snippets?|none|nothing|nowhere|they)\b[^.]{0,60}\b(?:not|no|nothing"
    r"|silent|lack\w*|without)\b|\b(?:not|never|nowhere|isn't|aren't|no) (?:\w+ ){0,4}(?:stated|mentioned|said"
    r"|given|covered|answered"
    r"|found|information|details?|specified|recorded|contained|documents?|sources?)\b|\bunanswered\b"
    r"|\bnone of (?:the|them)\b",
    re.IGNORECASE,
)
_DISAGREES = re.compile(
    r"\b(?:disagree\w*|conflict\w*|contradict\w*|differ\w*|whereas|while|however|but|by contrast|inconsistent"
    r"|discrepan\w+|on the other hand|unlike)\b",
    re.IGNORECASE,
)
