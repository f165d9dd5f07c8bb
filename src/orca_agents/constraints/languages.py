"""Constraints on the language of a text, or on the languages that take turns in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orca_agents.constraints.kind import Kind, Saying, pattern
from orca_agents.constraints.measure import LONGEST, folded_words, without_markup
from orca_agents.language import detect, language_name, other_language

FEWEST_MARKS = 2
"""So many different function words of a language show that it is spoken."""


def _code(text: str) -> str:
    bare = text.strip().strip("\"'`").lower()
    if re.fullmatch(r"[a-z]{2}(?:-[a-z]{2,4})?", bare):
        bare = bare.split("-")[0]
        if language_name(bare) != bare:
            return bare
    raise ValueError(f"the two letters of a language, such as es for Spanish, not {text.strip()!r}")


def _codes(text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(_code(part) for part in re.split(r"[,;/+&]|\band\b", text) if part.strip()))
    if len(codes) < 2:
        raise ValueError("two languages or more, such as: en, es")
    return codes


def _why_other_language(text: str, _: str, code: object) -> str | None:
    plain = without_markup(text)
    found = other_language(plain, str(code))
    if found is not None:
        return f"it is in {language_name(found)}, not in {language_name(str(code))}"
    foreign = [
        line
        for line in plain.splitlines()
        if len(line) > 60 and (other := other_language(line, str(code))) and other != code
    ]
    if len(foreign) > 1 or (foreign and len(foreign[0]) > 200):
        return f"not all of it is in {language_name(str(code))}: {foreign[0].strip()[:50]!r}"
    return None


def _why_there_already(source: str, code: object) -> str | None:
    found = detect(source)
    return (
        f"the given text is in {language_name(str(code))} already; choose another language" if found == code else None
    )


def languages_in(text: str, codes: Sequence[str]) -> dict[str, int]:
    """How much of each of these languages shows in a text: different function words that are its own, and clauses that
    are in it."""
    plain = without_markup(text[:LONGEST])
    used = set(folded_words(plain))
    shown = dict.fromkeys(codes, 0)
    for code in codes:
        own = _FUNCTION_WORDS.get(code, frozenset())
        others = frozenset[str]().union(*(_FUNCTION_WORDS.get(other, frozenset()) for other in codes if other != code))
        shown[code] += len(used & (own - others))
    for clause in re.split(r"[.!?;:,\u2014\u2013\n()\"\u201c\u201d\u3002\uff0c\uff01\uff1f]+", plain):
        found = detect(clause)
        if found in shown:
            shown[found] += FEWEST_MARKS
    return shown


def _why_not_mixed(text: str, _: str, codes: object) -> str | None:
    assert isinstance(codes, tuple)
    shown = languages_in(text, codes)
    lacking = [language_name(code) for code, marks in shown.items() if marks < FEWEST_MARKS]
    return f"it does not use {' and '.join(lacking)}; both languages take turns in it" if lacking else None


def _says_language(value: object) -> Sequence[Saying]:
    names = [language_name(code) for code in ((value,) if isinstance(value, str) else value)]  # type: ignore[attr-defined]
    return tuple(pattern(rf"\b{name}\b|\b{_MIXES.get(name, name)}\b") for name in names)


_MIXES = {"Spanish": "Spanglish", "German": "Denglisch", "French": "Franglais", "Hindi": "Hinglish",
          "Polish": "Ponglish",
          "Tagalog": "Taglish"}  # fmt: skip
_FUNCTION_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the and of to is was were are that this with for you we they he she it his her from have has "
        "had will would but not what when which who at by",
        "es": "el la los las que y de en un una es era fue son con para por no se lo su sus pero como más muy "
        "está cuando donde porque ya mi yo",
        "fr": "le la les et de des du un une est était sont que qui dans pour avec pas ne ce cette il elle "
        "nous vous mais sur plus très aux au je où",
        "de": "der die das und ist war sind ein eine einen nicht mit von zu den dem des auf für sich auch es "
        "wir sie er ich aber wie noch nur wenn dass",
        "it": "il lo la gli le e di che un una è era sono per con non si ma come più anche nel della dei del "
        "io mi ci questo quando",
        "pt": "o os as e de que um uma é era foi são com para por não se mas como mais muito está quando onde "
        "porque eu seu sua no na",
        "nl": "de het een en van is was zijn met voor niet dat die op te in ik we ze maar ook als nog wel er "
        "naar om",
        "pl": "i w na z że się nie to jest był była są do od po za dla jak ale co czy już tylko jego jej przez "
        "o",
        "sv": "och att det som en ett är var inte med för på av den de jag vi han hon men om till från har",
        "tl": "ang ng sa mga na ay ko mo siya kami tayo hindi po lang naman kasi pero ito iyon din",
        "tr": "ve bir bu da de için ile çok ama gibi ne mi var yok olan daha ben sen o",
        "id": "yang dan di ke dari ini itu dengan untuk tidak ada saya kami dia akan juga pada adalah",
        "hi": "hai ka ki ke ko mein se nahi aur yeh woh kya tha bhi par ho main tum hum",
        "sw": "na ya wa kwa ni za la katika hii hiyo si lakini kama pia yake",
    }.items()
}  # fmt: skip

LANGUAGES: tuple[Kind, ...] = (
    Kind("language", "the two-letter code of the language that it is in, such as es", _code, _why_other_language,
         _says_language, _why_there_already),
    Kind("languages", "the codes of the languages that take turns in it, such as: en, es", _codes, _why_not_mixed,
         _says_language),
)  # fmt: skip
