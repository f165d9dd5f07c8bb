"""Judge a request for an extraction and its key: clean, grounded, complete, and refined as its goal asks."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.checks.extraction.compare import compare, differing
from orca_agents.checks.extraction.data import schema_of
from orca_agents.checks.extraction.edits import why_not_an_edit
from orca_agents.checks.extraction.grounding import why_incomplete, why_ungrounded
from orca_agents.checks.extraction.schema import Items, Node, Value, leaves_of, levels, read_data, values_of
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import contains
from orca_agents.language import count_words, language_name, other_language, words
from orca_agents.records import Instruction

FEWEST_WORDS, MOST_WORDS = 3, 180
MOST_WORDS_WITH_SAMPLES = 600
"""The same for a request that shows samples of a style, whose marks come back."""


def why_unclean(case: Case) -> str | None:
    """Check `request_clean`."""
    item = _item(case)
    question = item.question
    most = MOST_WORDS_WITH_SAMPLES if item.form == "text" else MOST_WORDS
    fewest = 1 if item.form == "induced" else FEWEST_WORDS  # before examples, "Continue." says enough
    if not fewest <= count_words(question) <= most:
        return f"the request has {count_words(question)} words; write {fewest} to {most}"
    if item.form != "text" and (found := repetition(question)):
        return f"the request {found}"
    if first := preamble(question):
        return f"the request begins with talk about it ({first[:60]!r}); write the request alone"
    if found := leak(question, case.prompts, item.content.text):
        return f"the request {found}; take it out"
    if (other := other_language(question, case.language)) is not None:
        return f"the request is in {language_name(other)}; write it in {language_name(case.language or '')}"
    if item.form == "data":
        texts = [
            found
            for _, _, value, found in leaves_of(read_data(item.key[0]), schema_of(item))
            if value.kind == "text" and found and len(words(found)) > 0
        ]
        # one plain word may stand in any request; a name or a phrase gives its finding away
        told = [
            text for text in texts if contains(question, text) and (len(words(text)) > 1 or text.strip()[:1].isupper())
        ]
        if len(told) > max(1, len(texts) // 2):
            return f"the request itself names what is to be found ({told[0][:60]!r}); ask without it"
    return None


def why_key_ungrounded(case: Case) -> str | None:
    """Check `values_in_text`."""
    item = _item(case)
    if item.form != "data":
        return None
    return why_ungrounded(read_data(item.key[0]), schema_of(item), item.content.text)


def why_key_incomplete(case: Case) -> str | None:
    """Check `patterns_complete`."""
    item = _item(case)
    if item.form != "data" or case.leaf is None or not case.leaf.settings.get("oracle"):
        return None
    if not any(value.kind == "id" or value.shape or _is_pattern(value) for _, value in values_of(schema_of(item))):
        return "no field has a type with a fixed written form (email, url, id like ...); the leaf is about these"
    return why_incomplete(read_data(item.key[0]), schema_of(item), item.content.text)


def why_no_totals(case: Case) -> str | None:
    """Check `totals_match`: `why_key_ungrounded` adds them up; here a rebuilt table must have one."""
    item = _item(case)
    if item.form != "data" or case.leaf is None or not case.leaf.settings.get("totals"):
        return None
    values = [value for _, value in values_of(schema_of(item))]
    if not any(value.total_of for value in values):
        return "the schema has no total; add a line such as `total: number, sum of rows[].amount`"
    rows = [path for path, _ in values_of(schema_of(item)) if "[]" in path]
    return None if len(rows) >= 2 else "the rows need two columns or more"


def why_answer_ungrounded(case: Case) -> str | None:
    """Check `answer_values_in_text`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    if item.form != "data":
        return None
    return why_ungrounded(read_data(case.draft.answer.value[0]), schema_of(item), item.content.text)


def why_answer_incomplete(case: Case) -> str | None:
    """Check `answer_patterns_complete`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    if item.form != "data" or case.leaf is None or not case.leaf.settings.get("oracle"):
        return None
    return why_incomplete(read_data(case.draft.answer.value[0]), schema_of(item), item.content.text)


def why_answer_differs(case: Case) -> str | None:
    """Check `answer_exact`: one value in ten may differ between readers, none between the key and what is trained on.

    An answer that differs by more is left to the vote, which finds out who is to blame.
    """
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    if item.form != "data":
        return None
    key, answer, schema = read_data(item.key[0]), read_data(case.draft.answer.value[0]), schema_of(item)
    if not compare(key, answer, schema).is_same or not (paths := differing(key, answer, schema)):
        return None
    return (
        f"nearly all is as another careful reader has it, but not at {', '.join(paths[:4])}: something there is "
        "missing, too much, or another value; go through the document once more"
    )


def why_not_refined(case: Case) -> str | None:
    """Check `extraction_refined`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent = _item(case), case.parent
    if case.goal.edits == "passage":
        return _why_document_edit(item, parent)
    if item.content.text != parent.content.text:
        return "the document was changed; only the request may be edited here"
    if (item.question, item.parts["schema"]) == (parent.question, parent.parts["schema"]):
        return "request and schema are the same as before; carry the proposal out"
    new, old = schema_of(item), schema_of(parent)
    if case.goal.name == "nested_schema" and levels(new) <= levels(old):
        return f"the schema nests {levels(new)} levels as before ({levels(old)}); put objects or lists inside of others"
    if case.goal.name == "null_fields":
        nulls = sum(found is None for *_, found in leaves_of(read_data(item.key[0]), new))
        if nulls <= sum(found is None for *_, found in leaves_of(read_data(parent.key[0]), old)):
            return "no value more than before is null; ask for something that the document leaves open, and allow null"
    if case.goal.name == "strict_order":
        if not _is_ordered(new):
            return "no list of the schema is `ordered`"
        if words(item.question) == words(parent.question):
            return "the request does not say which order is wanted"
    return None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _is_pattern(value: Value) -> bool:
    return value.kind not in ("text", "date", "time", "number", "integer", "boolean", "currency", "choice")


def _why_document_edit(item: Instruction, parent: Instruction) -> str | None:
    """These goals make the values harder to find; what is to be found stays."""
    if (item.question, item.parts) != (parent.question, parent.parts):
        return "the request was changed; only the document may be edited here"
    if (reason := why_not_an_edit(parent.content.text, item.content.text, "document")) is not None:
        return reason
    overlap = compare(read_data(parent.key[0]), read_data(item.key[0]), schema_of(item))
    if overlap.f1 < 1 or overlap.clashes:
        return (
            "the values that are to be extracted have changed; after this edit they are the same, only harder to find"
        )
    return None


def _is_ordered(node: Node) -> bool:
    if isinstance(node, Value):
        return False
    if isinstance(node, Items):
        return node.ordered or _is_ordered(node.of)
    return any(_is_ordered(inner) for inner in node.fields.values())
