"""Find the figures in running text: digits in any usual notation, words, percentages, and how exact each is meant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from orca_agents.numerals import written_numbers

MAX_CHARS = 40_000
"""Longest text whose figures are read."""
MAX_DIGITS = 40
Hedge = Literal["", "about", "over", "under"]
Kind = Literal["plain", "percent", "times", "ordinal"]


@dataclass(frozen=True)
class Figure:
    """One figure of a text: `text[start:end]`."""

    written: str
    start: int
    end: int
    values: tuple[Fraction, ...]
    """What it can mean, likeliest first: `1.234` is a decimal here and a thousand there."""
    steps: tuple[Fraction, ...]
    """For each of these, how much its last digit counts: 1/10 for `2.5`, 100,000 for `2.5 million`."""
    kind: Kind = "plain"
    hedge: Hedge = ""
    is_word: bool = False
    scale: int = 1
    """What stands behind the digits: a million, a thousand."""

    def means(self, value: Fraction) -> bool:
        """Whether it is this value, rounded to the digits that are written; signs are not compared."""
        value = abs(value)
        pairs = list(zip(self.values, self.steps, strict=True))
        return _close(value, abs(pairs[0][0]), pairs[0][1], self.hedge) or any(
            _close(value, abs(own), step, "") for own, step in pairs[1:]
        )


def figures_in(text: str, *, english: bool = True) -> list[Figure]:
    """The figures of a text, in order. Digits that are part of a word (`A380`, `Q3`) are none.

    English text is read with its number words, and with a comma for thousands; elsewhere `1,234` has two readings.
    """
    text = _SPACED.sub(lambda group: group[0].replace(" ", "\u00a0"), text[:MAX_CHARS])
    found = [figure for match in _DIGITS.finditer(text) if (figure := _read_digits(match, text, english)) is not None]
    if english:
        masked = list(text)
        for figure in found:
            masked[figure.start : figure.end] = " " * (figure.end - figure.start)
        bare = "".join(sign if not sign.isdigit() else " " for sign in masked)
        found += [_in_words(bare, n.start, n.end, n.value) for n in written_numbers(bare)]
        found += [_loose(match) for match in _LOOSE.finditer(bare)]
    taken: set[int] = set()
    kept = []
    for figure in sorted(found, key=lambda one: (one.start, -one.end)):
        if figure.start not in taken:
            kept.append(replace(figure, hedge=_hedge(text, figure)))
            taken |= set(range(figure.start, figure.end))
    return kept


def number_of(text: str) -> Fraction | None:
    """The number that a table's cell holds, its currency or unit aside; `None` where it holds none, or more."""
    text = text.strip()
    if not text or len(text) > 60:
        return None
    text = re.sub(r"(?<=[0-9]) (?=[0-9]{3}(?:\D|$))", "\u00a0", text)
    found = figures_in(text, english=False)
    if len(found) != 1 or found[0].kind == "ordinal":
        return None
    rest = (text[: found[0].start] + " " + text[found[0].end :]).strip()
    if re.search(r"[0-9]", rest) or len(rest) > 16 or len(rest.split()) > 3:
        return None
    return found[0].values[0]


def exact(value: Fraction, digits: int = 6) -> str:
    """A number as a reader would write it, for messages."""
    if value.denominator == 1 and abs(value) < 10**15:
        return str(value.numerator)
    return f"{float(value):.{digits}g}"


_SPACED = re.compile(r"(?<![\w.,\u00a0])[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9])(?![.,][0-9]{3})")
"""Thousands apart by a plain space, as in `12 500`; places in the text stay what they are."""
_GROUPING = "'\u2019\u00a0\u202f\u2009"
_SCALES = {
    "hundred": 100, "thousand": 10**3, "k": 10**3, "mil": 10**3, "tsd": 10**3, "lakh": 10**5, "crore": 10**7,
    "million": 10**6, "millions": 10**6, "mn": 10**6, "mio": 10**6, "millones": 10**6, "m": 10**6, "mln": 10**6,
    "billion": 10**9, "billions": 10**9, "bn": 10**9, "mrd": 10**9, "milliards": 10**9, "milliarden": 10**9,
    "trillion": 10**12, "trillions": 10**12, "tn": 10**12,
}  # fmt: skip
_SCALE = "|".join(sorted((name for name in _SCALES if name not in ("k", "m")), key=len, reverse=True))
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹\u2212", "+-0123456789-")
_DIGITS = re.compile(
    rf"""(?<![\w#/])(?<![0-9][.,:])
    (?P<sign>(?<![\w)\]%])[-\u2212\u2013+](?=[0-9.$€£¥]))?
    (?P<currency>[$€£¥₹](?=[0-9.]))?
    (?P<number>(?:[0-9]{{1,{MAX_DIGITS}}}(?:[.,{_GROUPING}][0-9]{{1,{MAX_DIGITS}}}){{0,12}}|\.[0-9]{{1,20}})?[\u00bc-\u00be\u2150-\u215e]
      |[0-9]{{1,{MAX_DIGITS}}}(?:[.,{_GROUPING}][0-9]{{1,{MAX_DIGITS}}}){{0,12}}|\.[0-9]{{1,20}})
    (?P<over>[/\u2044][0-9]{{1,6}}(?![0-9/]))?
    (?:(?P<power>\s?[×x*·]\s?10(?:\^|\*\*)?(?P<exponent>[-+\u2212]?[0-9]{{1,3}}|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{{1,3}}))
      |[eE](?P<e>[-+\u2212]?[0-9]{{1,3}})(?![\w]))?
    (?P<ordinal>(?:st|nd|rd|th)\b)?
    (?:(?P<short>[kKmM])(?![\w])(?!²|³)|[\s\u00a0-]{{0,2}}(?P<scale>{_SCALE})\b)?
    (?![0-9])
    (?P<kind>\s?%|\s?\uff05|[\s-](?:percent|per\ cent|percentage[\s-]points?|pct|Prozent|por\ ciento|pour\ cent)\b
      |\s?(?:percentage[\s-]points?|pp)\b|[\s-]?(?:times|fold)\b|\s?[x×](?![\w]))?""",
    re.VERBOSE | re.IGNORECASE,
)
_LOOSE_WORDS: dict[str, Fraction] = {
    "doubled": Fraction(2), "doubling": Fraction(2), "double": Fraction(2), "twice": Fraction(2),
    "tripled": Fraction(3), "trebled": Fraction(3), "tripling": Fraction(3), "triple": Fraction(3),
    "three-fold": Fraction(3), "threefold": Fraction(3), "twofold": Fraction(2), "tenfold": Fraction(10),
    "quadrupled": Fraction(4), "halved": Fraction(1, 2), "half": Fraction(1, 2),
    "fivefold": Fraction(5), "fourfold": Fraction(4),
}  # fmt: skip
_LOOSE = re.compile(
    r"\b(?:doubled|doubling|tripled|trebled|tripling|quadrupled|halved|twice|tenfold|twofold|three-?fold|fourfold"
    r"|fivefold"
    r"|half(?=\s(?:of|the|as|that|its|their|a)\b)"
    r"(?!\s(?:an?|the|of the)\s(?:year|hour|day|month|season|week|century|decade)\b)"
    r"|(?:double|triple)(?=\s(?:the|that|its|what|those)))\b",
    re.IGNORECASE,
)
_LOOSENESS = Fraction(1, 10)
"""How far, relatively, something may be from twice as much and still be called so."""
_HEDGES: tuple[tuple[Hedge, str], ...] = (
    ("under", r"(?:almost|nearly|just under|just below|close to|(?:slightly |a little |well )?(?:less|fewer) than|under"
              r"|below|not quite|up to|at most|shy of|knapp)"),
    ("over", r"(?:(?:slightly |a little |well |just )?(?:more than|over|above)|at least|exceed(?:s|ed|ing)?"
             r"|upwards? of|topp(?:ed|ing)|surpass(?:es|ed|ing)?)"),
    ("about", r"(?:about|around|roughly|approximately|approx\.?|circa|ca\.|c\.|some|an estimated|close to|in the region"
              r" of|etwa|rund|environ|unos|cerca de|~|≈)"),
)  # fmt: skip
_HEDGE_BEFORE = tuple(
    (hedge, re.compile(rf"(?<!\w){words}\s?(?:a |the )?[$€£¥₹]?$", re.IGNORECASE)) for hedge, words in _HEDGES
)


def _read_digits(match: re.Match[str], text: str, english: bool) -> Figure | None:
    written = match["number"]
    readings = _readings(written)[: 1 if english else 2]
    if not readings or text[match.end() : match.end() + 1].isalpha():
        return None  # 12th is read, 12b is a name
    if match["over"]:
        under = int(match["over"][1:])
        if under == 0:
            return None
        readings = [(value / under, Fraction(1, 1000)) for value, _ in readings]
    scale = Fraction(1)
    exponent = (match["exponent"] or match["e"] or "").translate(_RAISED)
    if exponent:
        scale *= Fraction(10) ** int(exponent) if abs(int(exponent)) < 60 else 1
    name = (match["scale"] or match["short"] or "").lower()
    scaled = [(value * scale, step * scale) for value, step in readings]
    if name:
        # a table in millions says 2.5, and so may the text beside the word
        scaled = [(value * _SCALES[name], step * _SCALES[name]) for value, step in scaled] + scaled
    sign = -1 if (match["sign"] or "") in ("-", "\u2212", "\u2013") and match["sign"] else 1
    mark = (match["kind"] or "").strip(" -").lower()
    kind: Kind = "plain"
    if match["ordinal"]:
        kind = "ordinal"
    elif mark in ("times", "fold", "x", "×"):
        kind = "times"
    elif mark:
        kind = "percent"
    return Figure(
        match[0].strip(),
        match.start(),
        match.end(),
        tuple(sign * value for value, _ in scaled),
        tuple(step for _, step in scaled),
        kind,
        scale=_SCALES[name] if name else 1,
    )


def _readings(written: str) -> list[tuple[Fraction, Fraction]]:
    """(value, step) for each way to read a row of digits and separators; none where it is no number."""
    if unicodedata.category(written[-1]) == "No":
        top, bottom = unicodedata.normalize("NFKC", written[-1]).split("\u2044")
        whole = re.sub(r"\D", "", written[:-1]) or "0"
        return [(int(whole) + Fraction(int(top), int(bottom)), Fraction(1, 8))]
    bare = re.sub(f"[{_GROUPING}]", "", written)
    if bare.startswith("."):
        return [_decimal("0" + bare)]
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return [(Fraction(int(bare)), Fraction(1))]
    if len(set(marks)) == 2:
        point = marks[-1]
        whole, _, part = bare.rpartition(point)
        if point in whole or not _is_grouped(whole, "," if point == "." else "."):
            return []
        return [_decimal(f"{re.sub('[.,]', '', whole)}.{part}")]
    if len(marks) > 1:
        return [(Fraction(int(re.sub("[.,]", "", bare))), Fraction(1))] if _is_grouped(bare, marks[0]) else []
    whole, mark, part = bare.partition(marks[0])
    decimal, grouped = _decimal(f"{whole}.{part}"), (Fraction(int(whole + part)), Fraction(1))
    if len(part) == 3 and len(whole) <= 3 and not whole.startswith("0"):
        return [grouped, decimal] if mark == "," else [decimal, grouped]
    return [decimal]


def _decimal(text: str) -> tuple[Fraction, Fraction]:
    return Fraction(text), Fraction(1, 10 ** len(text.partition(".")[2]))


def _is_grouped(whole: str, mark: str) -> bool:
    first, *groups = whole.split(mark)
    if not groups:
        return True
    # thousands everywhere; in India hundreds of thousands come in twos
    return (
        1 <= len(first) <= 3 and len(groups[-1]) == 3 and len({len(one) for one in groups[:-1]} | {3}) <= 2
        and all(len(one) in (2, 3) for one in groups[:-1])
    )  # fmt: skip


def _in_words(text: str, start: int, end: int, value: Fraction) -> Figure:
    after = re.match(r"[\s-](?:(percent|per cent|percentage points?)|(times|fold))\b", text[end:], re.IGNORECASE)
    kind: Kind = "plain" if after is None else "percent" if after[1] else "times"
    step = Fraction(1) if value.denominator == 1 else _LOOSENESS * value
    end += after.end() if after else 0
    return Figure(text[start:end], start, end, (value,), (step,), kind, is_word=True)


def _loose(match: re.Match[str]) -> Figure:
    value = _LOOSE_WORDS[match[0].lower()]
    step = 2 * _LOOSENESS * value
    return Figure(match[0], match.start(), match.end(), (value,), (step,), "times", is_word=True)


def _hedge(text: str, figure: Figure) -> Hedge:
    before = text[max(0, figure.start - 40) : figure.start]
    return next((hedge for hedge, pattern in _HEDGE_BEFORE if pattern.search(before)), "")


def _close(value: Fraction, own: Fraction, step: Fraction, hedge: Hedge) -> bool:
    if abs(value - own) <= step / 2:
        return True
    if not hedge:
        return False
    coarse = step  # "about 3,400" is said of 3,412
    while own and own % (coarse * 10) == 0 and coarse < abs(own):
        coarse *= 10
    wide = own / 20 if coarse > step else step  # "about 52" is said of no 54
    room = max(coarse / 2 if hedge == "about" else coarse, wide)
    if hedge == "about":
        return abs(value - own) <= room
    return own <= value <= own + room if hedge == "over" else own - room <= value <= own
