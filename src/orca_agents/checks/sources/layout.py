"""Judge a set of documents: laid out to be cited, each of substance, none twice; and edited as a goal asks."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.sources.documents import SourceDocument, read_documents
from orca_agents.checks.terms import contains, copied_share
from orca_agents.language import count_words, words
from orca_agents.records import Instruction

FEWEST, MOST = 3, 20
FEWEST_WORDS = 12
MORE = 2
"""So many more documents the goal `more_distractors` asks for at least."""
TWICE = 0.95


def why_unsound_documents(case: Case) -> str | None:
    """Check `documents_sound`."""
    text = case.content.text
    if first := preamble(text):
        return f"it begins with talk about it ({first[:60]!r}); begin with `Document Id: 1`"
    if found := leak(text, case.prompts, case.seed.text):
        return f"a document {found}; take it out"
    documents = read_documents(text)
    if not documents:
        return "there are no documents; begin each with the lines `Document Id: 1`, `Title: ...`, `Snippet: ...`"
    if text[: documents[0].start].strip():
        return "something stands before the first document; begin with `Document Id: 1`"
    fewest = 1 if case.goal is not None and case.goal.name == "unanswerable" else FEWEST
    if not fewest <= len(documents) <= MOST:
        return f"there are {len(documents)} documents; write {FEWEST} to {MOST}"
    if len({document.id for document in documents}) < len(documents):
        return "two documents have the same number; number them 1, 2, 3"
    for document in documents:
        if not document.title:
            return f"document {document.id} has no line `Title: ...`"
        if count_words(document.snippet) < FEWEST_WORDS:
            return f"the snippet of document {document.id} is too short; write {FEWEST_WORDS} words at least"
    return _why_twice(documents)


def why_documents_edited_otherwise(case: Case) -> str | None:
    """Check `documents_edited`."""
    if case.goal is None or case.parent is None or case.goal.edits != "passage":
        return None
    assert case.instruction is not None, "this check needs an instruction"
    item, parent, name = case.instruction, case.parent, case.goal.name
    old, new = (read_documents(one.content.text) for one in (parent, item))
    before = {_plain(document.snippet) for document in old}
    after = {_plain(document.snippet) for document in new}
    if name in ("more_distractors", "contradict") and not before <= after:
        return "a document of before was changed or is gone; keep all of them word for word and add yours"
    if name == "more_distractors" and len(new) < len(old) + MORE:
        return f"add at least {MORE} documents; there were {len(old)}, and there are {len(new)}"
    if name == "contradict":
        return "add the document that contradicts" if len(new) <= len(old) else _why_same_key(item, parent)
    if name in ("bury_evidence", "longer_documents", "more_distractors") and set(item.key) != set(parent.key):
        return "the answer is another than before; this edit must leave it as it is"
    if name == "longer_documents" and count_words(item.content.text) < 1.2 * count_words(parent.content.text):
        return "the documents are hardly longer than before; add sentences on the same matter"
    if name == "bury_evidence":
        return _why_not_buried(item, old, new)
    return None


def why_naming_documents(case: Case) -> str | None:
    """Check `names_no_document`."""
    assert case.instruction is not None, "this check needs an instruction"
    for text in (case.instruction.question, *case.instruction.hidden.get("opening", ())):
        if match := _NAMED.search(text):
            return f"{match[0]!r} tells where to look; ask without naming a document"
    return None


def _why_twice(documents: tuple[SourceDocument, ...]) -> str | None:
    for place, second in enumerate(documents):
        for first in documents[:place]:
            if copied_share(second.snippet, first.snippet) > TWICE:
                return f"documents {first.id} and {second.id} are the same; each says something of its own"
    return None


def _why_same_key(item: Instruction, parent: Instruction) -> str | None:
    if item.key and set(item.key) == set(parent.key):
        return "the answer is the same as before; the new document must settle the question otherwise"
    return None


def _why_not_buried(item: Instruction, old: tuple[SourceDocument, ...], new: tuple[SourceDocument, ...]) -> str | None:
    texts = [text for text in item.key if words(text)]
    places = [at for at, document in enumerate(new) if any(contains(document.snippet, text) for text in texts)]
    if item.form in ("span", "set", "followup") and places and min(places) < len(new) // 2:
        return f"the answer still stands in document {new[min(places)].id}, in the first half; move it to the end"
    if [document.snippet for document in old] == [document.snippet for document in new]:
        return "the documents are in the same order and say the same; carry the proposal out"
    return None


def _plain(text: str) -> str:
    return " ".join(words(text))


_NAMED = re.compile(
    r"\b(?:documents?|doc\.?|passages?|sources?|snippets?) (?:id )?(?:no\.? ?)?\[?\d+\b\]?"
    r"(?! ?(?:k?m|miles?|met(?:er|re)s?|hours?|engine)\b)|\[\d+\]"
    r"|\bthe (?:first|second|third|fourth|fifth|last) (?:document|source|passage|snippet)\b(?! of\b)",
    re.IGNORECASE,
)
