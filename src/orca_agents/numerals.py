"""Find the numbers that are written in a text, in digits or in English words."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple


class Numeral(NamedTuple):
    """A number and where it stands: `text[start:end]`."""

    value: Fraction
    start: int
    end: int


def numbers_in(text: str) -> list[Numeral]:
    """Every number that a reader could take from the text, in order of place.

    One place may have several readings: `12%` is 12 and 12/100, `3/4` is 3/4, 3 and 4, `3,5` is 3.5, 3 and 5,
    `7.2 million` is 7,200,000 and 7.2.
    So this answers "does the text speak of this number?"; `written_numbers` gives one reading per place.
    """
    found = set(written_numbers(text))
    for number in tuple(found):
        if percent := _PERCENT.match(text, number.end):
            found.add(Numeral(number.value / 100, number.start, percent.end()))
        found |= {
            Numeral(Fraction(part[0]), number.start + part.start(), number.start + part.end())
            for part in re.finditer(r"[0-9]+", text[number.start : number.end])
            if not _GROUPED.match(text, number.start) and "." not in text[number.start : number.end]
        }
    # people reckon in millions: 7.2 - 2.7, where the text says 7.2 million and 2.7 million
    found |= {Numeral(Fraction(m["bare"]), m.start("bare"), m.end("bare")) for m in _SCALED.finditer(text)}
    found |= {Numeral(_LOOSE[m[0].lower()], m.start(), m.end()) for m in _LOOSE_WORD.finditer(text)}
    return sorted(found, key=lambda number: (number.start, number.end, number.value))


def written_numbers(text: str) -> list[Numeral]:
    """The numbers of a text as written, one reading per place: `12` for `12%`, 2,500,000 for `2.5 million`."""
    digits = [_read_digits(match) for match in _DIGITS.finditer(text)]
    found = [number for number in digits if number is not None]
    taken = {place for number in found for place in range(number.start, number.end)}
    found += [number for number in _spelled_numbers(text) if number.start not in taken]
    return sorted(found, key=lambda number: number.start)


_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_LOOSE = {
    "half": Fraction(1, 2), "quarter": Fraction(1, 4), "third": Fraction(1, 3), "twice": Fraction(2),
    "double": Fraction(2), "doubled": Fraction(2), "triple": Fraction(3), "tripled": Fraction(3),
    "thrice": Fraction(3), "both": Fraction(2),
}  # fmt: skip
"""Words that speak of a number without being one; "third" may also be an ordinal."""
_FIRST = {"a", "an", *_SMALL, *_TENS}
_LONGEST_SPELLED = 30
"""Words beyond which no cardinal number goes on."""
_LOOSE_WORD = re.compile(rf"\b(?:{'|'.join(_LOOSE)})\b", re.IGNORECASE)

_PERCENT = re.compile(r"\s?%|\s?\uFF05|\s(?:percent|per cent)\b", re.IGNORECASE)
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+")
_VULGAR = "\u00bc-\u00be\u2150-\u215e"  # one-character fractions such as a half
_NARROW = "\u00a0\u2009\u202f"  # spaces that group digits in print
_DIGITS = re.compile(
    rf"""(?<![0-9A-Za-z_/])(?<![0-9][.,])
    (?P<sign>(?<![^\s(\[:=,;])[-\u2212])?
    (?: (?P<vulgar_whole>[0-9]*)\ ?(?P<vulgar>[{_VULGAR}])
      | (?:(?P<whole>[0-9]{{1,3}})[ -])?(?P<over>[0-9]{{1,6}})[/\u2044](?P<under>0*[1-9][0-9]{{0,5}})(?![0-9/.])
      | (?P<grouped>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?)(?![0-9])
      | (?P<spaced>[0-9]{{1,3}}(?:[{_NARROW}][0-9]{{3}})+)(?![0-9])
      | (?P<dotted>[0-9]{{1,3}}(?:\.[0-9]{{3}}){{2,}})(?![0-9])
      | (?P<comma>[0-9]+,[0-9]{{1,2}})(?![0-9]|,[0-9])
      | (?P<plain>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))(?!\.?[0-9])
    )
    (?!(?:st|nd|rd|th)\b)
    (?:\s?-?(?P<scale>thousand|million|billion|trillion)\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 60
"""Digits beyond which a row of digits is not taken for a number."""
_SCALED = re.compile(
    rf"(?<![0-9])(?P<bare>[0-9]{{1,{_LONGEST}}}\.[0-9]{{1,{_LONGEST}}})\s?-?(?:{'|'.join(_SCALES)})\b", re.IGNORECASE
)


def _read_digits(match: re.Match[str]) -> Numeral | None:
    if len(match[0]) > _LONGEST:
        return None
    if match["vulgar"]:
        top, bottom = unicodedata.normalize("NFKC", match["vulgar"]).split("\u2044")
        value = int(match["vulgar_whole"] or 0) + Fraction(int(top), int(bottom))
    elif match["over"]:
        value = int(match["whole"] or 0) + Fraction(int(match["over"]), int(match["under"]))
    elif match["comma"]:
        value = Fraction(match["comma"].replace(",", "."))
    elif match["dotted"]:
        value = Fraction(match["dotted"].replace(".", ""))
    else:
        written = match["grouped"] or match["spaced"] or match["plain"]
        value = Fraction(re.sub(rf"[,{_NARROW}]", "", written))
    value *= _SCALES[match["scale"].lower()] if match["scale"] else 1
    return Numeral(-value if match["sign"] else value, match.start(), match.end())


def _spelled_numbers(text: str) -> list[Numeral]:
    """Cardinal numbers in English words, up to trillions, dozens, and fractions such as `two thirds`."""
    words = list(re.finditer(r"[A-Za-z]+", text))
    found, at = [], 0
    while at < len(words):
        if words[at][0].lower() not in _FIRST:
            at += 1
            continue
        # only words with a single space or hyphen between them make one number
        end = at + 1
        while end < min(len(words), at + _LONGEST_SPELLED) and re.fullmatch(
            r"\s|-", text[words[end - 1].end() : words[end].start()]
        ):
            end += 1
        names = [word[0].lower() for word in words[at:end]]
        value, used = _read_words(names)
        if used:
            found.append(Numeral(value, words[at].start(), words[at + used - 1].end()))
        at += max(used, 1)
    return found


def _read_words(names: list[str]) -> tuple[Fraction, int]:
    """The number that the words begin with, and how many of them it takes (0 if they begin with none)."""
    if names[0] in ("a", "an"):
        if len(names) > 1 and names[1] in ("hundred", "dozen", *_SCALES):
            value, used = _read_words(["one", *names[1:]])
            return value, used
        return Fraction(0), 0
    total, current, last, scale, at = 0, 0, "", 10**15, 0
    while at < len(names):
        name = names[at]
        if name in _SMALL and (last in ("", "hundred", "scale") or (last == "tens" and 1 <= _SMALL[name] <= 9)):
            current, last = current + _SMALL[name], "small"
        elif name in _TENS and last in ("", "hundred", "scale"):
            current, last = current + _TENS[name], "tens"
        elif name == "hundred" and last in ("small", "tens") and 1 <= current <= 99:
            current, last = current * 100, "hundred"
        elif name in _SCALES and current and _SCALES[name] < scale:
            scale = _SCALES[name]
            total, current, last = total + current * scale, 0, "scale"
        elif name == "and" and last in ("hundred", "scale") and names[at + 1 : at + 2] and _adds(names[at + 1]):
            pass
        else:
            break
        at += 1
    value = Fraction(total + current)
    if at and at < len(names) and names[at] == "dozen":
        return value * 12, at + 1
    if at and at < len(names) and names[at] in _PARTS and 0 < value < _PARTS[names[at]]:
        return value / _PARTS[names[at]], at + 1
    return value, at


def _adds(name: str) -> bool:
    return name in _SMALL or name in _TENS
