"""The documents that an answer needs, found by another agent who does not know the key: and what they must hold."""

from __future__ import annotations

from orca_agents.arithmetic import ArithmeticProblem
from orca_agents.checks.api import Case, Proof, judged_by
from orca_agents.checks.evidence import find_quote, is_short
from orca_agents.checks.lists import letters
from orca_agents.checks.numbers import passage_operands, spoken_numbers
from orca_agents.checks.sources.claims import OPEN, VERDICTS, verdict_of
from orca_agents.checks.sources.documents import kept, read_documents, text_of
from orca_agents.checks.support import is_held
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import Instruction

SMALL = 12
"""Whole numbers up to here count things, and stand everywhere."""


class GoldProof(Proof):
    """The fewest documents from which a question can be answered, with a quote out of each."""

    name = "gold"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field(
                "documents",
                "the numbers of the documents that an answer needs, each on its own, and no other; the word none "
                "alone if the documents do not hold the answer",
                many=True,
                max_chars=12,
                max_items=12,
            ),
            Field(
                "quotes",
                "for each of these documents the words that carry its part of the answer, copied letter by letter; "
                "none if there are none",
                many=True,
                max_chars=400,
                max_items=12,
                optional=True,
            ),
        )

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        ids = tuple(dict.fromkeys(one.strip(" .[]") for one in product["documents"]))
        if "none" in {one.lower() for one in ids}:
            if len(ids) > 1:
                raise UnparsableError("'documents' holds numbers and the word none; give one or the other")
            ids = ()
        return {"gold": ids, "quotes": product.get("quotes", ()) if ids else ()}


def why_gold_unsound(case: Case) -> str | None:
    """Check `gold_quoted`."""
    item = _item(case)
    gold, quotes = item.proof.get("gold", ()), item.proof.get("quotes", ())
    passage = item.content.text
    known = {document.id for document in read_documents(passage)}
    if strange := [one for one in gold if one not in known]:
        return f"there is no document {strange[0]}; give the numbers behind `Document Id:`"
    for quote in quotes:
        if is_short(quote) or not find_quote(text_of(passage, gold), quote):
            return f"{quote[:80]!r} does not stand in the documents that you name; copy the words letter by letter"
    unquoted = [one for one in gold if not any(find_quote(text_of(passage, (one,)), quote) for quote in quotes)]
    if unquoted:
        return f"nothing is quoted from document {unquoted[0]}; quote what the answer needs of it, or leave it out"
    return None


def why_gold_unfit(case: Case) -> str | None:
    """Check `gold_holds_answer`."""
    item = _item(case)
    assert case.leaf is not None, "this check needs a leaf"
    gold = item.proof.get("gold", ())
    if not item.answerable:
        return "look again: do these documents really answer what is asked, to the letter?" if gold else None
    fewest, most = case.leaf.settings.get("gold", (1, 12))
    if not gold and fewest > 0:
        return "look again: the documents are said to hold what is asked; which of them?"
    if not fewest <= len(gold) <= most:
        return f"an answer to such a question rests on {fewest} to {most} documents, not on {len(gold)}"
    if reason := _why_verdict_differs(item, gold):
        return reason
    text = text_of(item.content.text, gold)
    if item.form == "text" and gold:
        return _why_points_elsewhere(item, text)
    in_words = item.form in ("span", "set", "followup", "answerability")
    if in_words and any(not is_held(one, text, case.language) for one in item.key):
        return "the documents that you name do not hold all of the answer; go through every document once more"
    if item.form == "number" and item.calculation:
        return _why_figures_elsewhere(item, text)
    return None


def without_gold(instruction: Instruction) -> Instruction | None:
    """Probe `without_gold`: the documents without those that the answer needs."""
    gold = instruction.proof.get("gold", ())
    others = {document.id for document in read_documents(instruction.content.text)} - set(gold)
    if not gold or not others or judged_by(instruction.form) != "votes":
        return None
    return _with_documents(instruction, others)


def without_distractors(instruction: Instruction) -> Instruction | None:
    """Probe `without_distractors`: only the documents that the answer needs."""
    gold = instruction.proof.get("gold", ())
    if not gold or judged_by(instruction.form) != "votes":
        return None
    return _with_documents(instruction, set(gold))


def _with_documents(instruction: Instruction, ids: set[str]) -> Instruction:
    content = instruction.content.model_copy(update={"text": kept(instruction.content.text, ids)})
    return instruction.model_copy(update={"content": content})


def _why_figures_elsewhere(item: Instruction, text: str) -> str | None:
    assert item.calculation is not None
    try:
        wanted = passage_operands(item.calculation, item.content.text)
    except ArithmeticProblem:
        return None  # `numbers_recomputed` reports it
    missing = [number for number in wanted if number > 1 and number not in spoken_numbers(f"{text}\n{item.question}")]
    return "the documents that you name lack a figure of the calculation; look for every figure" if missing else None


def _why_verdict_differs(item: Instruction, gold: tuple[str, ...]) -> str | None:
    """A claim on which there is not enough information rests on no document, any other verdict on some."""
    keyed = dict(zip(letters(len(item.parts.get("options", ()))), item.parts.get("options", ()), strict=True))
    if {verdict_of(option) for option in keyed.values()} != VERDICTS or not item.key:
        return None
    is_open = verdict_of(keyed[item.key[0]]) == OPEN
    if is_open and gold:
        return "look again: do these documents really settle the claim, to the letter? If they do not, write none"
    return None if is_open or gold else "look again: which of the documents settle the claim?"


def _why_points_elsewhere(item: Instruction, text: str) -> str | None:
    """The figures of the rubric stand in the documents needed."""
    figures = {one for point in item.hidden.get("rubric", ()) for one in spoken_numbers(point)}
    known = spoken_numbers(f"{text}\n{item.question}")
    everywhere = spoken_numbers(item.content.text)  # what is computed stands nowhere, and says nothing
    missing = [one for one in figures if one > SMALL and one in everywhere and one not in known]
    return "the documents that you name do not hold all that an answer has to say; go through each" if missing else None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction
