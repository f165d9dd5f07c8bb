"""Find words that point to a text which the student of a question without a passage never sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orca_agents.checks.api import Case
from orca_agents.checks.item import shown_parts, unquoted


def why_not_standing_alone(case: Case) -> str | None:
    """Check `stands_alone`."""
    assert case.instruction is not None, "this check needs an instruction"
    question = case.instruction.question
    for text in (question, *shown_parts(case.instruction)):
        if found := pointer(text, case.language) or (
            _opening_pointer(text, case.language) if text is question else None
        ):
            return (
                f"{found!r} points to a text that the student does not have; say in the question itself what is meant"
            )
    return None


def why_speaking_of_notes(case: Case) -> str | None:
    """Check `speaks_for_itself`."""
    assert case.draft is not None, "this check needs a draft"
    answer, item = case.draft.answer, case.draft.instruction
    asked = item.question.casefold()
    for text in (answer.reasoning, *answer.value):
        for found in _pointers(text, case.language):
            if found.casefold() not in asked:
                return f"{found!r} speaks of a text that the student does not have; state the fact in your own voice"
    return None


def why_vague(case: Case) -> str | None:
    """Check `says_what_it_means`."""
    assert case.instruction is not None, "this check needs an instruction"
    if case.language is not None and not case.language.startswith("en"):
        return None
    question = unquoted(case.instruction.question)
    if match := _PRONOUN.match(question.strip()):
        return f"{match['who']!r} is not named in the question; name the person or thing"
    if _NAME.search(question) or re.search(r"\d", question):
        return None
    if match := _UNNAMED.search(question):
        return f"{match[0]!r} could be any; name it, with its place or year where several share a name"
    return None


def pointer(text: str, language: str | None) -> str | None:
    """The first words that point to an unseen text, quotations aside, or `None`."""
    return next(_pointers(text, language), None)


def _pointers(text: str, language: str | None) -> Iterator[str]:
    bare = unquoted(text)
    english = language is None or language.startswith("en")
    for pattern in (*(_ENGLISH if english else ()), _ELSEWHERE):
        for match in pattern.finditer(bare):
            if not _is_of_the_world(match, bare, text):
                yield match[0].strip()


def _opening_pointer(question: str, language: str | None) -> str | None:
    """A scenario or data that a question begins with as known; further on, it speaks of what it has told itself."""
    if language is not None and not language.startswith("en"):
        return None
    bare = unquoted(question)
    for match in _OWN.finditer(bare):
        if len(bare[: match.start()].split()) < OPENING_WORDS and not _is_of_the_world(match, bare, question):
            return match[0].strip()
    return None


def _is_of_the_world(match: re.Match[str], bare: str, text: str) -> bool:
    """Whether what is spoken of has a name or follows at once: `the study by Milgram`, `shown below: ...`."""
    if re.search(rf"{re.escape(match[0].strip())}\s*[\"'\u201c\u2018\u00ab*_]", text):
        return True
    return _NAMED.match(bare, match.end()) is not None


OPENING_WORDS = 12
"""Within so many words a question has hardly told what it later speaks of."""
_NAMED = re.compile(
    r" (?:(?-i:[A-Z])[a-z]|\d|(?:of|by|from) (?:the )?(?-i:[A-Z])|object model\b|house\b|in an?\b"
    r"|(?:that|which|whose) [^.?!]{0,60}\b(?-i:[A-Z])[a-z])|:\s*\S",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:in|from|by|of|on|to) the (?:given |above |described )?(?:scenario|story|example)\b(?! (?:of|from|to)\b)"
    r"|\b(?:based on|according to|from) the (?:provided |given )?(?:cards?|claims|briefing|chronology|entries|blueprint"
    r"|data|facts|information|details)\b(?! (?:of|on|in|from|that|at|for)\b)"
    r"|\bthe (?:information|data|facts|details) (?:provided|given|above)\b",
    re.IGNORECASE,
)
"""What a text could be that only the writer of the question has before him."""
_THING = (
    "passage|text|article|excerpt|extract|document|snippet|notes?|fact card|reading|source text|reference"
    "|source material|material above|paragraph|chapter|worksheet|handout|claim list|formula sheet|concept map"
    "|time ?line"
)
_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "the text of the treaty", "the article of faith" and "the passage of time" name things of the world
        r"\b(?:in|from|by|of|on|to|per|with) (?:the|this|that|your|our) "
        r"(?:given |provided |reference |source |above |following )?"
        rf"(?:{_THING})s?\b(?! (?:of|from|to|between|through|into|by|messages?|editor|number|point|frame|group)\b)",
        r"\b(?:the|this|that) (?:given |provided |above |following )?"
        r"(?:passage|text|article|excerpt|extract|document|snippet|notes?|reference|source) "
        r"(?:says?|states?|mentions?|notes|describes?|explains?|tells?|gives?|argues?|claims?|shows?|lists?|does not"
        r"|doesn't|do not|above|below|provided|given)\b",
        r"\baccording to (?:the|this|these|our|its) (?:author|writer|speaker|narrator|passage|text|article|source"
        r"|notes?|document|excerpt|study|report|survey|experts?)\b",
        r"\b(?:as|was|were|is|are) (?:mentioned|stated|described|discussed|noted|listed|shown|given) "
        r"(?:above|below|earlier|here)\b",
        r"\b(?:the|these) (?:provided|given|reference|supplied) (?:facts|information|notes|context|material"
        r"|sources?)\b",
        r"\bthe (?:author|writer|narrator|speaker)(?:'s)? (?:says?|states?|argues?|claims?|views?|points?|opinions?"
        r"|mentions?)\b",
        r"\b(?:the|my) (?:reference|background) (?:notes?|facts?|material)\b",
    )
)
_ELSEWHERE = re.compile(
    r"\b(?:según|de acuerdo con) (?:el|la|los|las|este|estas) (?:texto|pasaje|artículo|notas|fichas|fuente)\b"
    r"|\b(?:d'après|selon) (?:le|la|les|ce|cette|ces) (?:textes?|passages?|notes|fiches|source)\b"
    r"|\b(?:laut|gemäß|nach) (?:dem|den|der|diesem|diesen) (?:text|abschnitt|notizen|aufzeichnungen|quelle)\b"
    r"|\bim (?:obigen|vorliegenden) text\b"
    r"|\b(?:secondo|nel|nelle) (?:il |le |la )?(?:testo|brano|note|schede)\b"
    r"|\b(?:segundo|conforme) (?:o|a|os|as) (?:texto|trecho|notas|fichas)\b"
    r"|\bwedług (?:tekstu|fragmentu|notatek)\b|\bсогласно (?:тексту|заметкам|записям)\b"
    r"|(?:根据|按照)(?:上文|本文|文章|短文|原文|笔记|资料)|(?:本文|資料|ノート)によ",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:(?:in|at|on) )?(?:who|whom|whose|what|which|when|where|why|how)(?: (?!a\b|an\b|the\b)[a-z]+){0,3}? "
    r"(?:did|does|do|is|was|were|are|can|could|would|will|had|has|have)"
    r" (?P<who>he|she|they|him|her)\b(?! (?:say|call|think)\b)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:] )[A-Z][\w'\u2019-]+|(?<=\()[A-Z]\w+")
_UNNAMED = re.compile(
    r"\b(?:the|this|that) (?:study|experiment|researchers?|survey|company|committee|author|village|town|city|river"
    r"|museum|expedition|treaty|battle|war|king|queen|president|inventor|scientist|report|project|event|building"
    r"|discovery|law|book|novel|agreement|reform|trial|programme|program)\b"
    r"(?! (?:of|in|at|on|for|that|who|which|between|to|against|whose|where|from|with|by|during|under)\b)",
    re.IGNORECASE,
)
"""Things that a question speaks of as known although nothing in it says which."""
