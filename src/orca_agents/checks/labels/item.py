"""Judge a labelling task: its texts do not name their class, its definitions decide, its edits do what is asked."""

from __future__ import annotations

import re
from collections import Counter

from orca_agents.checks.api import Case
from orca_agents.checks.extraction.edits import why_not_an_edit
from orca_agents.checks.labels.classes import definitions_of, read_texts, text_of
from orca_agents.checks.leakage import leak
from orca_agents.checks.terms import copied_share, terms
from orca_agents.language import count_words, language_name, other_language, words
from orca_agents.records import Instruction

LONGEST_TO_SHORTEST = 3
"""How many times as long as the shortest the longest of the texts may be: length must not tell the class."""
MOST_ALIKE = 0.8
"""Share of five-word sequences from which one text is a copy of another one."""
LONGER = 1.5
"""How many times as many words definitions must have that were to get longer."""
MOST_REASON_WORDS = 60
KEPT_DEFINITION = 0.75
"""Share of its words that a definition keeps when only names change: a name that stood in it goes."""


def why_announced(case: Case) -> str | None:
    """Check `label_not_announced`."""
    item = _item(case)
    if item.form not in ("label", "labels"):
        return None
    text = text_of(item)
    for name in item.parts["labels"]:
        own = re.escape(name)
        if re.search(rf"(?i)\b(?:label|class|category|priority|sentiment|tag|genre|intent)\s*[:=]\s*\W?{own}\b", text):
            return f"the text itself says that it is {name!r}; take that out"
        if re.search(r"[_>]", name) and name.casefold() in text.casefold():
            return f"the text holds the name of the class {name!r}; a writer would not know it"
    if re.search(r"\w\s*=>\s*\S", " ".join(item.parts.get("texts", ()))):
        return "a text holds an arrow `=>`; each text stands by itself"
    return None


def why_not_one_each(case: Case) -> str | None:
    """Check `one_text_per_class`: of an item as it was first written, each class has a text that could be drawn."""
    item = _item(case)
    written = item.hidden.get("written", ())
    if case.parent is not None or item.hidden.get("mode") not in (("one",), ("batch",)) or not written:
        return None
    texts = read_texts(written, item.parts["labels"])
    if item.hidden["mode"] == ("one",):
        counts = Counter(one.label for one in texts)
        wrong = [name for name in item.parts["labels"] if counts[name] != 1]
        if wrong:
            return f"there are {counts[wrong[0]]} texts of the class {wrong[0]!r}; write exactly one for each class"
    sizes = [max(1, count_words(one.text)) for one in texts]
    if max(sizes) > LONGEST_TO_SHORTEST * min(sizes):
        return f"the texts have {min(sizes)} to {max(sizes)} words; make them about equally long: length tells"
    for at, one in enumerate(texts):
        if any(copied_share(one.text, other.text) > MOST_ALIKE for other in texts[:at]):
            return f"{one.text[:60]!r} is nearly the same as another text"
    return None


def why_indefinite(case: Case) -> str | None:
    """Check `definitions_decide`."""
    item = _item(case)
    if item.form not in ("label", "labels"):
        return None
    for name, told in definitions_of(item).items():
        if len(terms(told, case.language) - terms(name, case.language)) < 2:
            return f"the definition of {name!r} says no more than its name; say what belongs in and what does not"
        if len(words(told)) >= 8 and copied_share(told, text_of(item), 6) > 0.3:
            return f"the definition of {name!r} quotes the text that is classified; define the class without it"
    return None


def why_not_refined(case: Case) -> str | None:
    """Check `labels_refined`."""
    if case.goal is None or case.parent is None:
        return None
    item, parent = _item(case), case.parent
    new, old = definitions_of(item), definitions_of(parent)
    if case.goal.edits == "passage":
        if (item.question, item.parts) != (parent.question, parent.parts):
            return "the request was changed; only the text may be edited here"
        return why_not_an_edit(parent.content.text, item.content.text, "text")
    if text_of(item) != text_of(parent):
        return "the text that is classified was changed; only the request and the classes may be edited here"
    if (item.question, new) == (parent.question, old):
        return "request and classes are the same as before; carry the proposal out"
    return _CHECKED[case.goal.name](item, parent, new, old) if case.goal.name in _CHECKED else None


def why_bad_reason(case: Case) -> str | None:
    """Check `label_reason_sound`."""
    assert case.draft is not None, "this check needs a draft"
    item, value = case.draft.instruction, case.draft.answer.value
    if item.form != "label" or item.hidden["style"] != ("reason",):
        return None
    if len(value) < 2:
        return "the task asks for one sentence of reason; there is none"
    reason = value[1]
    if not 4 <= count_words(reason) <= MOST_REASON_WORDS:
        return f"the reason has {count_words(reason)} words; write one sentence"
    if (other := other_language(reason, case.language)) is not None:
        return f"the reason is in {language_name(other)}; write it in {language_name(case.language or '')}"
    told = definitions_of(item).get(value[0], "")
    named = terms(text_of(item), case.language) | terms(item.content.text, case.language) | terms(told, case.language)
    if not terms(reason, case.language) & named:
        return "the reason would fit any text; name the words or the matter of this one that decide"
    if found := leak(reason, case.prompts, f"{text_of(item)}\n{' '.join(item.parts['definitions'])}"):
        return f"the reason {found}"
    return None


def _item(case: Case) -> Instruction:
    assert case.instruction is not None, "this check needs an instruction"
    return case.instruction


def _why_not_near(item: Instruction, parent: Instruction, new: dict[str, str], old: dict[str, str]) -> str | None:
    if len(new) < len(old):
        return "there are fewer classes than before; near misses are added or take the place of far ones"
    if set(new.items()) <= set(old.items()):
        return "no class is new or defined anew"
    return None if item.key == parent.key else "the right class is another one now; a near miss must not take it over"


def _why_not_longer(item: Instruction, parent: Instruction, new: dict[str, str], old: dict[str, str]) -> str | None:
    if set(new) != set(old):
        return "the names of the classes have changed; only their definitions get longer"
    if item.key != parent.key:
        return "the right class is another one now; longer definitions must not move the lines"
    before, after = (sum(map(count_words, told.values())) for told in (old, new))
    return (
        None if after >= LONGER * before else f"the definitions have {after} words, and had {before}; say clearly more"
    )


def _why_not_opaque(item: Instruction, parent: Instruction, new: dict[str, str], old: dict[str, str]) -> str | None:
    telling = [name for name in new if not re.fullmatch(r"[A-Z]{0,3}[-_ ]?\d{1,4}|[A-Z]{1,2}|[\u0391-\u03a9]", name)]
    if telling:
        return f"the name {telling[0]!r} may tell something; use names such as K1, B-07 or Q"
    if len(new) != len(old):
        return f"there are {len(new)} classes, and were {len(old)}; only names change"
    for told in old.values():
        if max(_overlap(told, other) for other in new.values()) < KEPT_DEFINITION:
            return f"the definition {told[:60]!r} is gone or worded anew; each definition keeps its words"
    for label, before in zip(item.key, parent.key, strict=True):
        likest = max(new, key=lambda name: _overlap(old[before], new[name]))
        if label != likest:
            return f"the right class is {label!r}, but the old one's definition now belongs to {likest!r}"
    return None


def _overlap(a: str, b: str) -> float:
    """How much of two definitions is the same, by their words: 0 to 1."""
    left, right = Counter(words(a)), Counter(words(b))
    return 2 * (left & right).total() / max(1, left.total() + right.total())


def _why_not_flipped(item: Instruction, parent: Instruction, new: dict[str, str], old: dict[str, str]) -> str | None:
    if set(new) != set(old):
        return "the names of the classes have changed; the guideline changes what they mean"
    if new == old:
        return "the definitions are the same as before; the guideline has to change"
    return (
        "the right class is the same as before; the changed guideline must lead to another"
        if item.key == parent.key
        else None
    )


_CHECKED = {
    "near_miss_classes": _why_not_near,
    "longer_definitions": _why_not_longer,
    "opaque_names": _why_not_opaque,
    "changed_guideline": _why_not_flipped,
}
