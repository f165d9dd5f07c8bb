"""Judge invented texts: of their own words, without worn-out phrases, and not the notes again."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.terms import copied_share
from orca_agents.language import count_words

MOST_COPIED = 0.1
"""Share of the five-word sequences that may be those of the notes or of the brief."""
WORDS_PER_CLICHE = 250
"""One worn-out phrase is let pass in so many words."""


def why_copied(case: Case) -> str | None:
    """Check `own_words`."""
    assert case.draft is not None, "this check needs a draft"
    item = case.draft.instruction
    text = case.draft.answer.value[0]
    if count_words(text) < 40:
        return None
    most = case.leaf.settings.get("most_copied", MOST_COPIED) if case.leaf is not None else MOST_COPIED
    for source, called in ((item.content.text, "the notes behind the task"), (item.question, "the task")):
        share = copied_share(text, source)
        if share > most:
            return f"{share:.0%} of its word sequences are those of {called}; write it in words of your own"
    return None


def why_worn_out(case: Case) -> str | None:
    """Check `no_cliches`."""
    assert case.draft is not None, "this check needs a draft"
    text, task = case.draft.answer.value[0], case.draft.instruction.question
    if re.search(r"\bclich|\bparod|\bpastiche|\bspoof|\bsatir", task, re.I):
        return None
    found = [match[0] for match in _CLICHES.finditer(text) if match[0].casefold() not in task.casefold()]
    found = list(dict.fromkeys(one.casefold() for one in found))
    allowed = 1 + count_words(text) // WORDS_PER_CLICHE
    if len(found) <= allowed:
        return None
    return f"it leans on worn-out phrases: {', '.join(repr(one) for one in found[:5])}; find words of its own"


_CLICHES = re.compile(
    r"\b(?:once upon a time|little did (?:he|she|they|I) know|a shiver (?:ran|went) down"
    r"|time (?:seemed to )?st(?:ood|and) still"
    r"|heart (?:pounded|pounding|raced|racing|skipped a beat|hammer\w+) (?:in (?:his|her|my|their) chest)?"
    r"|at the end of the day|in the blink of an eye|only time (?:will|would) tell|last but not least|dark and stormy"
    r"|a testament to|a tapestry of|rich tapestry|tapestry woven|woven into the fabric|dance(?:d|s)? (?:in|on"
    r"|with) the (?:wind|breeze|light)"
    r"|symphony of|kaleidoscope of|beacon of (?:hope|light)|whisper(?:ed|s|ing)? secrets?|secrets? whispered"
    r"|echo(?:ed|es)? through"
    r"|let out a breath (?:he|she|they|I) (?:didn't|did not) know|breath (?:he|she|they|I) (?:didn't|hadn't)"
    r"|eyes (?:sparkl|twinkl)\w+"
    r"|in a world where|unlock (?:the|your)|unleash (?:the|your)|elevate your|embark(?:ed|s|ing)? on (?:a|this"
    r"|your)|journey of (?:self|discovery)"
    r"|game[- ]changer|take (?:it|your \w+) to the next level|nestled (?:in|between|among)|bustling (?:city|town"
    r"|market|streets?)"
    r"|not just (?:a|an) \w+, (?:but|it's)|more than just a|stand the test of time|where dreams"
    r"|the rest is history|against all odds"
    r"|fabric of (?:time|reality|society)|the sands of time|stars aligned|silver lining|every cloud"
    r"|crystal clear|avid reader"
    r"|in today's fast-paced|in the realm of|delve into|navigat\w+ the complexit\w+|a mix of \w+ and \w+ (?:wash"
    r"|flood)\w+ over"
    r"|tears? (?:stream|roll)\w+ down|voice barely above a whisper|barely above a whisper|sun dipped below"
    r"|golden hues?|ever-changing)\b",
    re.IGNORECASE,
)
