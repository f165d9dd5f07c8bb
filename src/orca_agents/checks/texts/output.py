"""Judge an answer that is a text: the text alone, whole, in its language, and not the given one again."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.leakage import leak, preamble
from orca_agents.checks.passage import cut_end
from orca_agents.checks.repetition import repetition
from orca_agents.constraints import read_constraints
from orca_agents.language import count_words, language_name, other_language
from orca_agents.records import Draft


def why_more_than_text(case: Case) -> str | None:
    """Check `text_alone`."""
    draft = _draft(case)
    text, source = draft.answer.value[0], draft.instruction.content.text
    task = draft.instruction.question
    kinds = {one.kind.name for one in read_constraints(draft.instruction.hidden.get("constraints", ()))}
    if "json_keys" not in kinds and (first := preamble(text)) and preamble(source) is None:
        return f"it begins with talk about the text ({first[:60]!r}); hand in the text alone"
    if remark := _remark(text, f"{source}\n{task}", is_invented=not _has_source(case)):
        return f"{remark[:60]!r} speaks about the text or to the person who asked; hand in the text alone"
    if _has_source(case) and _is_enclosed(text) and text.strip().strip('"') not in source:
        return "the whole text stands between quotation marks; hand it in without them"
    if re.match(r"\s*```", text) and not re.search(
        r"\bcode\b|\bjson\b|```|\byaml\b|\bfence", f"{task}\n{source}", re.I
    ):
        return "the text is wrapped in a code block that nobody asked for"
    # what stands where something was masked looks like a gap to be filled
    marks = " ".join(re.findall(r"\[[^\]\n]{1,40}\]", text)) if kinds & {"masks", "replaces", "notes_in"} else ""
    if "json_keys" in kinds:
        marks += text  # braces and keys are what was asked for
    if found := leak(text, case.prompts, f"{source}\n{task}\n{marks}"):
        return f"it {found}; take it out"
    if not marks and (gap := _GAP.search(text)) and gap[0].casefold() not in f"{source}\n{task}".casefold():
        return f"it leaves a gap to be filled in ({gap[0]!r}); write the whole text"
    is_verse = kinds & _VERSE or (case.leaf is not None and case.leaf.settings.get("refrain"))  # may end on any word
    if (
        not is_verse
        and count_words(text) > 40
        and (end := cut_end(_PICTURES.sub("", text.strip())))
        and not cut_end(source)
    ):
        return f"it breaks off ({end!r}); write it to its end"
    return None


def _has_source(case: Case) -> bool:
    return case.leaf is None or case.leaf.settings.get("source") != "none"


def _remark(text: str, known: str, *, is_invented: bool) -> str | None:
    """What speaks about the text instead of being part of it. What `known` says too is part of it."""
    lines = [bare for line in text.splitlines() if (bare := line.strip(" \t*_#>()[]-.!:"))]
    found = [line for line in lines if _LABELS.fullmatch(line)]
    if len(lines) > 1:
        found += [line for line in lines[:1] if _OPENERS.fullmatch(line)]
        found += [line for line in lines[-1:] if _OFFERS.fullmatch(line)]
    found += [match[0] for match in (_CLAIMS_OF_AUTHORS if is_invented else _CLAIMS).finditer(text)]
    told = known.casefold()
    for one in (one.strip() for one in found):
        label = one.partition(":")[0].casefold().strip(" *_#") if ":" in one else one.casefold()
        if one.casefold() not in told and not (":" in one and label in told):
            return one
    return None


def _is_enclosed(text: str) -> bool:
    """Whether quotation marks stand around a text, and none in it."""
    bare = text.strip()
    for left, right in (('"' * 3, '"' * 3), ('"', '"'), ("\u201c", "\u201d")):
        inner = bare.removeprefix(left).removesuffix(right)
        if len(inner) == len(bare) - len(left) - len(right) and left not in inner and right not in inner:
            return True
    return False


def why_going_round(case: Case) -> str | None:
    """Check `text_not_repetitive`."""
    draft = _draft(case)
    text = draft.answer.value[0]
    for constraint in read_constraints(draft.instruction.hidden.get("constraints", ())):
        if constraint.kind.name == "occurs" and isinstance(constraint.value, tuple):  # what is to come back may
            text = re.sub(re.escape(str(constraint.value[0])), " ", text, flags=re.IGNORECASE)
    if case.leaf is not None and case.leaf.settings.get("refrain"):
        blocks = list(dict.fromkeys(block.strip() for block in re.split(r"\n[ \t]*\n", text)))
        text = "\n\n".join(blocks)  # a chorus comes back word for word
    found = repetition(text)
    if found is None or repetition(draft.instruction.content.text) is not None:
        return None
    return f"it {found}"


def why_other_language(case: Case) -> str | None:
    """Check `text_language`."""
    draft = _draft(case)
    constraints = read_constraints(draft.instruction.hidden.get("constraints", ()))
    kinds = {constraint.kind.name for constraint in constraints}
    if kinds & {
        "languages",
        "language",
        "words_start",
        "nth_words_start",
        "forbids_letters",
        "only_words",
        "json_keys",
    }:
        return None  # judged by these, or too odd a text to tell
    found = other_language(draft.answer.value[0], case.language)
    return None if found is None else f"it is in {language_name(found)}, not in {language_name(case.language or '')}"


def why_unchanged(case: Case) -> str | None:
    """Check `text_changed`."""
    draft = _draft(case)
    own = " ".join(draft.answer.value[0].split())
    # what is laid out anew may differ in line breaks alone
    if draft.answer.value[0].strip() == draft.instruction.content.text.strip():
        return "it is the given text again; do what the task asks"
    layout = case.leaf is not None and case.leaf.settings.get("layout_counts")
    if not layout and own == " ".join(draft.instruction.content.text.split()):
        return "only line breaks and spaces have changed; do what the task asks"
    return None


def _draft(case: Case) -> Draft:
    assert case.draft is not None, "this check needs a draft"
    return case.draft


_VERSE = {"lines", "min_lines", "max_lines", "syllables", "rhyme", "acrostic"}
_PICTURES = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2190-\u21ff\ufe0f\u200d]{1,40}\Z")
_LABELS = re.compile(
    r"(?:(?:changes|edits|modifications|corrections)(?: (?:made|applied))?\s*:.*"
    r"|(?:changes|edits) (?:made|applied)\b.*"
    r"|(?:explanation|word count|total words|character count)\W{0,4}:.*|words?(?: count)?\W{1,4}\d+"
    r"|this (?:version|text|piece|rewrite) (?:has|contains|is) (?:now |exactly |only )?\d+ words\b.*"
    r"|(?:original|edited|revised|rewritten|modified|simplified|translated|paraphrased) (?:text|version|passage))",
    re.IGNORECASE,
)
"""Lines about the text, wherever they stand."""
_OPENERS = re.compile(r"sure|certainly|of course|absolutely", re.IGNORECASE)
_OFFERS = re.compile(
    r"(?:let me know (?:if|whether|how|what)\b.*|(?:I )?hope (?:this|that) (?:helps|works|meets|is)\b.*"
    r"|would you like (?:me to|a|another)\b.*|feel free to (?:ask|adjust|let)\b.*"
    r"|if you(?:'d| would) (?:like|prefer)\b.*"
    r"|(?:please )?note(?: that)?\W{1,4}(?:I\b|this version|the (?:text|rewrit\w+|above|revised|edited))\b.*)",
    re.IGNORECASE,
)
"""What a helper says behind a text; anywhere else, it is what somebody in it says."""
_CLAIMS = re.compile(
    r"\bI(?:'ve| have) (?:(?:rewritten|replaced|removed|changed|masked|translated|simplified|added|edited|made sure)"
    r" (?:(?:the|all|every|each|your|this|any)(?: of)? ?(?:the |its )?)?"
    r"(?:text|facts?|words?|names?|dates?|sentences?|original|tone|meaning|structure|passage|numbers?|terms?|length)\b"
    r"|(?:kept|preserved|retained) (?:(?:all|the) (?:of )?(?:the )?)?"
    r"(?:original|meaning|facts?|structure|tone|numbers)\b)",
    re.IGNORECASE,
)
_CLAIMS_OF_AUTHORS = re.compile(
    r"\bI(?:'ve| have) (?:written|kept|used|followed|included) (?:\w+ ){0,3}"
    r"(?:brief|constraints?|word limit|requirements?)\b",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"\[(?:insert|your|add|(?:first|last|full|customer|recipient)(?:'s)? name)\b[^\]\n]{0,60}\]"
    r"|\.\.\. ?\(?(?:rest|remainder) of (?:the )?text",
    re.IGNORECASE,
)
