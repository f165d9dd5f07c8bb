"""Constraints on the layout of a kind of text: a scene, a dialogue, a letter, an e-mail, a press release, a diary."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orca_agents.constraints.dates import dates_in
from orca_agents.constraints.kind import Kind, Saying, number, one_of, pattern
from orca_agents.constraints.measure import lines_of, paragraphs_of, without_markup


def speakers_of(text: str) -> list[str]:
    """Who speaks, cue by cue: `ANNA` on a line of its own (a scene) or `Anna:` before the words (a dialogue)."""
    lines = [without_markup(line).strip() for line in text.splitlines()]
    cues = [match[1] for at, line in enumerate(lines) if (match := _CUE.match(line)) and _is_followed(lines, at)]
    return cues if len(cues) >= 2 else [match[1].strip() for line in lines if (match := _TURN.match(line))]


def _is_followed(lines: Sequence[str], at: int) -> bool:
    after = lines[at + 1 : at + 2]
    return bool(after and after[0]) and not _SCENE.match(lines[at]) and not _TRANSITION.search(lines[at])


def _why_no_scene(text: str) -> str | None:
    lines = [without_markup(line).strip() for line in text.splitlines()]
    if not any(_SCENE.match(line) for line in lines):
        return "it has no scene heading, such as INT. KITCHEN - NIGHT"
    cues = [line for at, line in enumerate(lines) if _CUE.match(line) and _is_followed(lines, at)]
    if len(cues) < 2:
        return "nobody speaks as in a screenplay: the name in capitals on a line of its own, the words under it"
    return None


def _why_no_dialogue(text: str) -> str | None:
    turns = [
        match[1].strip().casefold() for line in lines_of(text) if (match := _TURN.match(without_markup(line).strip()))
    ]
    if len(turns) < 4:
        return f"it has {len(turns)} turns written as `Name: words`, fewer than 4"
    return None if len(set(turns)) >= 2 else "only one person speaks"


def _why_no_letter(text: str) -> str | None:
    lines = lines_of(without_markup(text))
    if not any(_GREETING.match(line) or _ADDRESS.fullmatch(line) for line in lines[:8]):
        return "it has no salutation, such as `Dear Ms Kerr,`"
    # in any language: a line that ends with a comma, and a name under it
    formula = len(lines) > 3 and lines[-2].endswith(",") and len(lines[-2].split()) <= 6 and len(lines[-1].split()) <= 5
    if not formula and not any(_CLOSING.match(line) for line in lines[-6:]):
        return "it does not close as a letter does: a closing formula and, under it, the name"
    return None


def _why_no_email(text: str) -> str | None:
    lines = lines_of(without_markup(text))
    if not any(
        re.match(r"(?:subject|betreff|asunto|objet|oggetto|assunto|主题|件名)\s*[:\uff1a]\s*\S", line, re.I)
        for line in lines[:6]
    ):
        return "it has no subject line (`Subject: ...`)"
    return None if len(lines) > 3 else "it has no body under its subject line"


def _why_no_release(text: str) -> str | None:
    plain = without_markup(text)
    if not re.search(r"\bfor immediate release\b|\bembargo", plain, re.I):
        return "it does not say FOR IMMEDIATE RELEASE (or until when it is embargoed)"
    if not re.search(r"^[^\n]{2,80}(?:\u2014|\u2013|--|-)\s*\S", plain, re.M):
        return "it has no dateline: place and date before the first sentence, such as `LEEDS, 4 May 2024 \u2013 ...`"
    if not re.search(r"\b(?:media|press) (?:contact|enquiries|inquiries|office)\b|\bcontact\s*:|@", plain, re.I):
        return "it names no contact for the press"
    return None


def _why_no_diary(text: str) -> str | None:
    heads = [line[:80] for line in lines_of(without_markup(text))[:3]]
    day = (
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bday \w+"
        r"|\b\d{1,2}(?:st|nd|rd|th)?\b.{0,20}[a-z]{3,}|[a-z]{3,}.{0,5}\b\d{1,2}\b"
    )
    if not (dates_in("\n".join(heads)) or any(re.search(day, line, re.I) for line in heads)):
        return "no day stands over the entry"
    return None if re.search(r"\b(?:I|I'm|I've|my|me|we|ich|je|yo|mi|io|eu|ja)\b", text) else "nobody says `I` in it"


def _why_no_post(text: str) -> str | None:
    return None if re.search(r"(?<!\w)#\w{2,}", text) else "it has no hashtag"


def _why_no_lyrics(text: str) -> str | None:
    blocks = paragraphs_of(text)
    if len(blocks) < 3:
        return "it has fewer than three verses"
    return None if all(len(lines_of(block)) >= 2 for block in blocks[1:]) else "its verses are not set line by line"


_LAYOUTS: dict[str, tuple[Callable[[str], str | None], str]] = {
    "screenplay": (_why_no_scene, r"\bscreenplay|\bscript|\bscene\b|\bfilm\b"),
    "dialogue": (_why_no_dialogue, r"\bdialogue|\bconversation|\bturns?\b|\bspeakers?\b"),
    "letter": (_why_no_letter, r"\bletter|\bwrite (?:back )?to\b"),
    "email": (_why_no_email, r"\be-?mail|\bsubject\b|\bnewsletter"),
    "press_release": (_why_no_release, r"\b(?:press|news|media) release"),
    "diary": (_why_no_diary, r"\bdiary|\bjournal|\blog\b"),
    "post": (_why_no_post, r"\bhashtags?\b|#"),
    "lyrics": (_why_no_lyrics, r"\blyrics?|\bsong|\brap\b|\bverses?\b|\bballad|\banthem|\bhymn|\bstanzas?\b"),
}


def _why_other_layout(text: str, _: str, layout: object) -> str | None:
    return _LAYOUTS[str(layout)][0](text)


def _why_other_speakers(text: str, _: str, wanted: object) -> str | None:
    names = {re.sub(r"\s*\(.*?\)", "", name).strip().casefold() for name in speakers_of(text)}
    return (
        None
        if len(names) == wanted
        else f"{len(names)} people speak in it, not {wanted}: {', '.join(sorted(names))[:80]}"
    )


def _says_layout(value: object) -> Sequence[Saying]:
    return (pattern(_LAYOUTS[str(value)][1]),)


def _says_number(value: object) -> Sequence[Saying]:
    assert isinstance(value, int)
    return (value,)


_SCENE = re.compile(r"(?:\d{1,3}[.)]?\s+)?(?:INT|EXT|EST|I/E|INT\./EXT|INT/EXT)[./ ]\s?\S.*", re.I)
_CUE = re.compile(r"([A-Z\u00c0-\u00de][A-Z\u00c0-\u00de0-9 .'\u2019#-]{1,30})(?:\s*\((?:[^()]{1,30})\))*$")
_TRANSITION = re.compile(r"\b(?:CUT|FADE|DISSOLVE|SMASH)\b|\bTHE END\b")
_TURN = re.compile(r"([^\W\d_][^:\n]{0,30}?)(?:\s*\([^()]{1,40}\))?\s?[:\uff1a]\s*\S")
_GREETING = re.compile(
    r"(?:my |our )?(?:dear|dearest|to|hello|hi|greetings|esteemed|honou?red|beloved|sir|madam|liebe[rs]?"
    r"|sehr geehrte[rs]?|cher|chère|chers"
    r"|estimad[oa]s?|querid[oa]s?|caro|cara|gentile|prezad[oa]s?|szanown\w+|drog\w+|beste|geachte)\b.{0,80}$|尊敬的|亲爱的|拝啓|.{1,12}様",
    re.I,
)
_ADDRESS = re.compile(r"[^\W\d_][^,.:!?\n]{1,40}(?:, [^,.:!?\n]{1,20})?[,:!]")
"""A line of its own such as `Annie, my own,`, in any language."""
_CLOSING = re.compile(
    r"(?:yours|your|sincerely|faithfully|with|best|kind|warm|love|lots of|all (?:my|the)|until|ever"
    r"|affectionately|respectfully|regards"
    r"|cheers|thank you|gratefully|fondly|mit|herzlich|liebe|viele|cordialement|bien|atentamente|un abrazo"
    r"|saludos|cordiali|distinti"
    r"|atenciosamente|z poważaniem|hoogachtend|in (?:haste|hope|friendship|gratitude|solidarity)|signed"
    r"|p\.?s\.?)\b.{0,80}$"
    r"|[-\u2013\u2014~]\s?\S.{0,40}$|此致|敬具",
    re.I,
)

LAYOUTS: tuple[Kind, ...] = (
    Kind("layout", "screenplay, dialogue, letter, email, press_release, diary, post (with hashtags) or lyrics: how it "
         "is laid out", one_of(*_LAYOUTS), _why_other_layout, _says_layout),
    Kind("speakers", "how many people speak in it", number, _why_other_speakers, _says_number),
)  # fmt: skip
