"""Judge a task that asks for a text: it tells what to do, in words for the student, and does not do it itself."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.item import quoted, unquoted
from orca_agents.checks.leakage import control_token, leak, preamble
from orca_agents.checks.repetition import repetition
from orca_agents.checks.terms import copied_share, sequences
from orca_agents.constraints import KINDS
from orca_agents.language import count_words

FEWEST_WORDS = 4


def why_no_task(case: Case) -> str | None:
    """Check `is_a_task`."""
    assert case.instruction is not None, "this check needs an instruction"
    task = case.instruction.question.strip()
    most = case.leaf.settings.get("task_words", 200) if case.leaf is not None else 200
    count = count_words(task)
    if not FEWEST_WORDS <= count <= most:
        return f"the task has {count} words; write {FEWEST_WORDS} to {most}"
    if found := repetition(task):
        return f"the task {found}"
    if token := control_token(task):
        return f"the task holds {token!r}"
    if first := preamble(task):
        return f"the task begins with talk about it ({first[:50]!r}); write what the student is told, and nothing else"
    if match := _OUR_WORDS.search(unquoted(task)):
        return f"{match[0]!r} means nothing to the student; say in plain words what the text has to be like"
    if match := _NOTATION.search(task):
        return f"{match[0]!r} is written for the program; say it to the student in plain words"
    if re.match(r"\W*(?:asks (?:for|to|the|that)|quotes a|states a|tells a)\b", task, re.IGNORECASE):
        return "this describes a kind of task; say to the student what to do"
    if re.search(r"(?:[,;\uff0c\u3001(\u201c]|\b(?:and|or|the|a|an))$", task):
        return f"the task breaks off ({task[-30:]!r})"
    if (case.language or "en").startswith("en") and not _TELLS.search(unquoted(task)):
        return "this tells the student to do nothing; begin with a verb (Rewrite, Mask, Turn ...) or ask for it"
    return None


def why_text_in_task(case: Case) -> str | None:
    """Check `text_not_in_task`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    own = item.question
    for quote in quoted(own):
        own = own.replace(quote, " ")
    if count_words(own) >= 40 and copied_share(own, item.content.text) > 0.4:
        return "the task repeats the text, which stands beside it anyway; write the task alone"
    if match := _BESIDE.search(own):
        return f"{match[0]!r}: the text may stand before or after the task; say `the text` or `this text`"
    if re.search(r"<<<|>>>|\[(?:insert|your|the) text|\{\{|\{text\}", own, re.IGNORECASE):
        return "the task has a placeholder for the text, which stands beside it anyway; leave it out"
    if re.search(r"^\W*+(?:result|output|answer|edited (?:text|version)|solution)\W*:\s*\S", own, re.I | re.M):
        return "the task shows its own result; leave that out"
    return None


def why_leaking(case: Case) -> str | None:
    """Check `task_leaks_nothing`."""
    assert case.instruction is not None, "this check needs an instruction"
    task = case.instruction.question
    marks = " ".join(re.findall(r"\[[^\]\n]{1,40}\]|<[a-z]{1,8}>", task))  # [NAME] is what a mask may be called
    kind = case.leaf.description if case.leaf is not None else ""  # what its kind consists of, a task has to say
    if found := leak(task, case.prompts, f"{case.instruction.content.text}\n{marks}\n{kind}"):
        return f"the task {found}; take it out"
    return None


def why_not_self_standing(case: Case) -> str | None:
    """Check `brief_stands_alone`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    if match := _UNSEEN.search(unquoted(item.question)):
        return f"{match[0]!r} points to something that the student does not see; the brief says all that is needed"
    return None


def why_brief_thin(case: Case) -> str | None:
    """Check `brief_has_matter`."""
    assert case.instruction is not None, "this check needs an instruction"
    item = case.instruction
    least = case.leaf.settings.get("brief_words", 25) if case.leaf is not None else 25
    if (count := count_words(item.question)) < least:
        return f"the brief has {count} words; give the writer matter of its own to work with, in at least {least} words"
    copied = sequences(item.question, 12) & sequences(item.content.text, 12)
    if len(copied) > 8:
        return "the brief copies whole sentences of the notes; brief the writer in words of your own"
    return None


_OUR_WORDS = re.compile(
    r"\b(?:rubric|constraints? field|taxonomy|leaf|this skill|skill type|seed text|the seed|graders?|the solver"
    r"|the responder"
    r"|machine[- ]check\w*|passage generator)\b",
    re.IGNORECASE,
)
_NOTATION = re.compile(rf"\b(?:{'|'.join(name for name in KINDS if '_' in name)})\s*[:=]", re.IGNORECASE)
_TELLS = re.compile(
    r"\?|\b(?:rewrite|write|rephrase|paraphrase|reword|recast|simplify|expand|extend|lengthen|translate|render|format|reformat"
    r"|lay|set|turn|make|change|convert|transform|put|give|add|annotate|insert|explain|replace|swap|substitute|remove|delete|cut"
    r"|strip|redact|mask|hide|obscure|anonymi[sz]e|blur|capitali[sz]e|lowercase|uppercase|bold|italici[sz]e|underline|highlight"
    r"|emphasi[sz]e|mark|normali[sz]e|standardi[sz]e|unify|switch|mix|alternate|edit|revise|modify|adapt|shift|tone|restyle|style"
    r"|retell|tell|compose|draft|create|invent|design|describe|sketch|pitch|plan|imagine|continue|finish|end|open|show|use|keep"
    r"|let|produce|deliver|prepare|brainstorm|build|come up|break|shorten|condense|tighten|clean|correct|fix"
    r"|move|reorder|split"
    r"|merge|restructure|organi[sz]e|arrange|present|bring|take|update|alter|adjust|vary|list|number|help|need|want|like|generate"
    r"|craft|script|parody|imitate|please|leave|soften|sharpen|include|label|tag|comment|gloss)\b",
    re.IGNORECASE,
)
_KIND = r"(?:text|passage|copy|letter|article|log|message|e-?mail|record|excerpt|post|piece)"
_BESIDE = re.compile(
    rf"\b(?:the|this|that|my|our) {_KIND} (?:above|below)\b(?! (?:it|them|the|this|that|each|every)\b)"
    rf"|\b(?:the|this|that|my|our) (?:above|following|below) {_KIND}\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:the|this|these|your|our|given|provided) (?:passage|source(?: text| material)?|seed(?: text)?|excerpt"
    r"|text above|text below|brief above|brand brief)\b"
    r"|\b(?:the )?(?:given|provided|attached|supplied) (?:notes|text|article|document|material|card|list|brief)\b"
    r"|\b(?:above|below)-mentioned\b|\b(?:as|see) (?:above|below)\b"
    r"|\b(?:according to|based on|inspired by|drawing on|taken from|described in|mentioned in|listed in|as in)"
    r" (?:the|these|your|our) (?:text|notes|source|article|document|material|premises?|particulars)\b",
    re.IGNORECASE,
)
