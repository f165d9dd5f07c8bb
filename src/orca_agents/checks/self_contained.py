"""Find pointers to what the student does not see: figures, other chapters, line numbers, the making of the item."""

from __future__ import annotations

import re

from orca_agents.checks.api import Case
from orca_agents.checks.item import shown_parts, unquoted
from orca_agents.language import count_words


def why_not_self_contained(case: Case) -> str | None:
    """Check `self_contained`."""
    assert case.instruction is not None, "this check needs an instruction"
    passage = case.instruction.content.text
    for text in (case.instruction.question, *shown_parts(case.instruction)):
        if found := _pointer(unquoted(text), passage, case.language):
            return found
    return None


def _pointer(text: str, passage: str, language: str | None) -> str | None:
    known = passage.casefold()
    for pattern in _EVERYWHERE + (_ENGLISH if language is None or language.startswith("en") else ()):
        for match in pattern.finditer(text):
            if match[0].strip().casefold() in known:
                continue
            named = match.groupdict().get("named")
            if named and re.search(rf"\b{re.escape(named.casefold())}", known):
                continue
            return f"{match[0].strip()!r} points to something that the student does not see; say what it is"
    for pattern, parts in _COUNTED:
        for match in pattern.finditer(text):
            number = _ORDINALS.get(match["number"].casefold()) or int(match["number"])
            if number > parts(passage) and match[0].casefold() not in known:
                return f"{match[0]!r} points to a place that a student cannot count to in this passage"
    return None


_SEEN = (
    "figures?|diagrams?|charts?|graphs?|images?|pictures?|photos?|photographs?|illustrations?|drawings?|maps?|tables?"
)
_TEXT = "text|passage|article|excerpt|story|poem|document|conversation|dialogue|paragraph|sentence|quote"
_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:figures?|fig\.|tables?|diagrams?|charts?|graphs?|appendix|equations?|eq\.|chapters?|sections?"
        r"|exercises?"
        r"|footnotes?|pages?|pp?\.|box|slide|listing) (?:\d+(?:\.\d+)*[a-z]?|[IVX]+|[A-D])\b",
        rf"\b(?:the|this|these|following) (?P<named>{_SEEN}) (?:above|below|shown|opposite|on the (?:left"
        rf"|right)|provided)\b",
        rf"\b(?:shown|seen|depicted|illustrated|pictured|presented|given) (?:in|on|by) the (?P<named>{_SEEN})\b",
        r"\b(?:in|from|according to|based on) the (?P<named>diagram|chart|graph|image|picture|photo|photograph"
        r"|illustration|map"
        r"|table)\b",
        r"\b(?:the|our|your) (?:previous|preceding|next|earlier|last|following|prior) (?:chapters?|sections?"
        r"|pages?|lessons?"
        r"|lectures?|exercises?|modules?)\b|\b(?:the|a) (?:previous|preceding|earlier|prior) (?:passages?"
        r"|questions?|texts?)\b",
        rf"\b(?:{_TEXT})s? (?:above|below)\b|\b(?:above|below)(?:-mentioned)? (?:{_TEXT})\b|\babove-mentioned\b",
        r"\bas (?:discussed|mentioned|described|explained|seen|shown|noted) (?:earlier|above|before|previously"
        r"|in class)\b",
        r"\b(?:your|the) (?:textbook|lecture notes|class notes|worksheet|handout)\b",
        r"\bthe (?:seed|source|original|input|provided source) (?:text|material|document|passage|content|version)\b"
        r"|\bthe (?:original|old|new|edited|revised|modified|updated|refined|altered|previous) (?:question"
        r"|passage|item)\b"
        r"|\bthe (?:edited|revised|refined|altered) version\b",
        r"\b(?:the|your|this) (?P<named>suggestion|suggester|prompt|system message|taxonomy|seed)\b",
        r"\b(?:quotes?|options?|statements?|information|details?) (?:in|from) the (?:instructions?|prompt)\b",
    )
)
_EVERYWHERE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Spanish, Portuguese, Italian, French
        r"\b(?:figura|tabla|tabela|tabella|gráfico|cuadro|figure|tableau|graphique|schéma) \d+",
        r"\b(?:texto|pasaje|párrafo|texte|passage|testo|brano) (?:anterior|de arriba|de abajo|ci-dessus|ci-dessous"
        r"|precedente|sopra|acima|abaixo)\b",
        r"\b(?:capítulo|sección|página|chapitre|section|capitolo) (?:anterior|precedente|siguiente|précédente?"
        r"|suivante?|\d+)\b",
        r"\b(?:texto|texte|testo) (?:fuente|semilla|source|di origine)\b",
        # German, Dutch, Polish
        r"\b(?:Abbildung|Tabelle|Diagramm|Abb\.|Tab\.|Kapitel|Rysunek|Rys\.|Tabela|Wykres|Rozdział) \d+",
        r"\b(?:obige[nrms]?|untenstehende[nrms]?|obenstehende[nrms]?|vorige[nrms]?|vorherige[nrms]?) (?:Text"
        r"|Abschnitt|Kapitel|Absatz|Passage)\w*",
        r"\bpowyższ\w+ (?:tekś?\w*|fragmen\w*)|\bpoprzedni\w* rozdział\w*",
        # Chinese, Japanese
        "(?:如|上|下|左|右)(?:图|圖|表)(?:所示|中)?|[图圖表]\\s?\\d+|根据上文|上文中|上一[章节页]|前一[章节]"
        "|上述(?:文章|短文|段落)|図\\s?\\d+|上の文章|前の?章|下の図",
        # Hindi
        "(?:चित्र|तालिका) \\d+|ऊपर (?:दिए गए|के)|पिछले अध्याय",
    )
)
_ORDINALS = {
    word: value
    for value, words in enumerate(
        ("first one 1st", "second two 2nd", "third three 3rd", "fourth four 4th", "fifth five 5th", "sixth six 6th",
         "seventh seven 7th", "eighth eight 8th", "ninth nine 9th", "tenth ten 10th"), start=1
    )
    for word in words.split()
}  # fmt: skip
_NUMBER = rf"(?P<number>\d{{1,4}}|{'|'.join(_ORDINALS)})"


def _count_lines(passage: str) -> int:
    """Lines that a student can count: those of a poem, not those of wrapped prose."""
    lines = [line for line in passage.splitlines() if line.strip()]
    long_lines = sum(count_words(line) > 10 for line in lines)
    return len(lines) if len(lines) > 3 and long_lines < 0.3 * len(lines) else 0


def _count_paragraphs(passage: str) -> int:
    blocks = [block for block in re.split(r"\n\s*\n", passage) if block.strip()]
    return len(blocks) if len(blocks) > 1 else len([line for line in passage.splitlines() if line.strip()])


_COUNTED = (
    (re.compile(rf"\blines? {_NUMBER}\b", re.IGNORECASE), _count_lines),
    (re.compile(rf"\b(?:in |of )?the {_NUMBER} line\b", re.IGNORECASE), _count_lines),
    (re.compile(rf"\b(?:paragraphs?|stanzas?|verses?) {_NUMBER}\b", re.IGNORECASE), _count_paragraphs),
    (re.compile(rf"\bthe {_NUMBER} (?:paragraph|stanza)\b", re.IGNORECASE), _count_paragraphs),
)
