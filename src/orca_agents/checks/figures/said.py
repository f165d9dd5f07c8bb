"""What the wording of a sentence says of its figures: whose they are, how they came about, what they only bound."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from orca_agents.checks.figures.data import Data
from orca_agents.checks.figures.derivations import converted, unit_of
from orca_agents.checks.figures.mentions import Sentence, heading_terms
from orca_agents.checks.figures.readings import Figure
from orca_agents.checks.terms import terms

TIME_AFTER = re.compile(
    r"[\s-](?:\w+[\s-]){0,2}(?:years?|seasons?|months?|weeks?|days?|hours?|minutes?|mins?|quarters?|periods?|decades?|h\b"
    r"|rounds?|games?|matches|later|earlier|after|before|jahre?n?|tage?n?|ans|años)",
    re.IGNORECASE,
)
RANKED = re.compile(
    r"\b(?:top|bottom|first|last|next|leading|other|remaining|past|previous|final|best|worst|these|those|all|the"
    r"|highest|lowest|largest|smallest|between)(?: \w+)?\s$",
    re.IGNORECASE,
)
_PLAIN = frozenset(("total", "range", "difference", "count"))
_SAID = (
    (("mean",), r"average|mean\b|typical|midpoint|durchschnitt|mittel|moyenne|media\b|promedio"),
    (("median",), r"median|middle|typical"),
    (("most", "least"), r"\b(?:most|least|\w{3,}est|maximum|minimum|max|min|peak\w*|top\w*|best|worst|record|between"
                        r"|rang\w+|from|highs?|lows?|extremes?|leader|bottom)\b"),
)  # fmt: skip
_COMPARED = re.compile(
    r"\b(?:before|earlier|previous|prior|preceding|following|next|later|after|from|since|compared|again|than)\b",
    re.IGNORECASE,
)
BESIDE = re.compile(
    r"\b(?:years?|months?|quarters?|seasons?|weeks?|days?)\s(?:later|earlier|before|after|on)\b"
    r"|\b(?:previous|preceding|following|next|prior)\s(?:year|month|quarter|season|week|day|one)\b|\bthen\b",
    re.IGNORECASE,
)
"""Words for a time next to the one that is named."""
_OF_ALL = re.compile(r"\baccount(?:s|ed|ing)? for\b|\bof (?:all|the (?:total|whole))\b|\bmakes? up\b|\bmade up\b", re.I)
BACKWARDS = re.compile(r"\b(?:than|below|above|behind|short of|under|of (?:its|the))\b", re.IGNORECASE)
"""Words with which an earlier time is measured by a later one."""
EXTREME = re.compile(
    r"\b(?:most|least|\w{3,}est|maximum|minimum|peak\w*|top|best|worst|record|median|average|mean|rang\w+|spread|leader)\b",
    re.IGNORECASE,
)
"""What is a cell of some row, or near many, counts only where the sentence says that it is meant."""


def kinds_of(figure: Figure, spoken: Sentence) -> frozenset[str]:
    """How a figure that is written like this can have come about."""
    sentence = spoken.text
    said = {kind for kinds, words in _SAID if re.search(words, sentence, re.IGNORECASE) for kind in kinds}
    if spoken.rows and not EXTREME.search(sentence):
        said -= {"most", "least"}  # the high of a day is not the highest of all
    if figure.kind == "percent":
        return frozenset({"share", "change", "difference", "range", "ratio"} | said)
    if figure.is_word and figure.values[0].denominator > 1 and _OF_ALL.search(sentence):
        return frozenset(("share",))
    if figure.kind == "times" or (figure.is_word and figure.values[0].denominator > 1):
        return frozenset(("ratio", "share", "count"))
    ratio = re.search(r"\bratios?\b|\bfactor\b|\bto one\b|\bfor every\b|\bper\b|\bfor each\b", sentence, re.IGNORECASE)
    points = re.search(r"\bpoints?\b|\bshare\b|\bpercent|%", sentence, re.IGNORECASE)
    return _PLAIN | said | ({"ratio"} if ratio else set()) | ({"change", "share"} if points else set())


_HEDGED = (
    r"(?:(?:a total of|no fewer than|as many as|more than|less than|fewer than|just over|just under|close to|over|under"
    r"|about|around|only|just|nearly|almost|roughly|approximately|some|exactly) ){0,2}"
)


def owner_of(figure: Figure, sentence: Sentence, data: Data) -> frozenset[int]:
    """The rows of the one name that a figure is said of: `Oslo had 12`, `Oslo (12)`, `12 in Oslo`; none if unclear."""
    if re.search(r"\brespectively\b", sentence.text, re.IGNORECASE):
        return frozenset()
    start, end = figure.start - sentence.start, figure.end - sentence.start
    named = [name for name in sentence.names if any(c not in data.time_columns for _, c in data.names[name])]
    named = named or list(sentence.names)
    if not named:
        return frozenset()
    words = "|".join(re.escape(name) for name in sorted(named, key=len, reverse=True))
    name = None
    after = re.match(
        rf"[^.;,\d]{{0,16}}?\s(?:in|for|at|from|of|by)\s(?:the )?({words})(?!\w)", sentence.text[end:], re.I
    )
    before = re.search(
        rf"({words})(?:['\u2019]s?)?(?: (?:had|has|have|with|at|on|recorded|reached|sold|counted|reported|scored|posted"
        r"|saw|stood at|stands at|is|was|were|came to|took|got|earned|made|grew to|rose to|fell to|received|registered"
        r"|logged))?[\s:(,]{1,3}"
        rf"{_HEDGED}[$€£]?$",
        sentence.text[max(0, start - 160) : start], re.I,
    )  # fmt: skip
    if before and re.match(
        r"[^.;,()\d]{0,16}?\s*+\b(?:against|vs\.?|versus|to\b|and\b|compared|\u2013|-)", sentence.text[end:]
    ):
        before = None  # Lund (21 against 83)
    name = before[1] if before else after[1] if after else _in_turn(figure, sentence, named)
    if name is None:
        return frozenset()
    cells = next((held for known, held in data.names.items() if known.casefold() == name.casefold()), ())
    rows = frozenset(row for row, _ in cells)
    return rows & sentence.rows or rows


def _in_turn(figure: Figure, sentence: Sentence, names: list[str]) -> str | None:
    """The name before a figure, where each name of the sentence has figures behind it before the next one comes."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    found = list(re.finditer(rf"(?<!\w)(?:{words})(?!\w)", sentence.text, re.IGNORECASE))
    if len({match[0].casefold() for match in found}) < 2 or len(found) > 12:
        return None
    ends = [*(match.start() for match in found[1:]), len(sentence.text)]
    behind = [sentence.text[match.end() : end] for match, end in zip(found, ends, strict=True)]
    if any(not re.search(r"\d", text) or _REFERRING.search(text) for text in behind):
        return None
    if re.search(r"\d", sentence.text[: found[0].start()]):
        return None
    at = figure.start - sentence.start
    return next((match[0] for match, end in zip(found, ends, strict=True) if match.end() <= at < end), None)


def time_of(figure: Figure, sentence: Sentence, data: Data) -> tuple[frozenset[int], frozenset[int]]:
    """The columns and the rows of the time that stands right beside a figure: `405 in 2022`, `2022: 405`."""
    headings = {data.columns[column].strip() for column in data.periods}
    headings |= {year for column in data.measures for year in _YEAR.findall(data.columns[column])}
    labels = [name for name in sentence.names if any(column in data.time_columns for _, column in data.names[name])]
    if not headings and not labels:
        return frozenset(), frozenset()
    words = "|".join(re.escape(name) for name in sorted({*headings, *labels}, key=len, reverse=True))
    start, end = figure.start - sentence.start, figure.end - sentence.start
    found = re.match(
        rf"(?P<between>[^.;,()\d]{{0,24}}?)\s(?:in|for|during)\s(?:the )?({words})(?!\w)", sentence.text[end:], re.I
    )
    if found and re.search(r"\b(?:than|from|since|to|between|until|and|against)\b", found["between"]):
        return frozenset(), frozenset()
    found = found or re.search(
        rf"(?P<between>)(?<!\w)({words})\s?[:(]\s?{_HEDGED}[$€£]?$", sentence.text[max(0, start - 60) : start], re.I
    )
    if found is None:
        return frozenset(), frozenset()
    name = found[2].casefold()
    columns = {
        column for column in data.measures if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", data.columns[column], re.I)
    }
    rows = {row for label in labels if label.casefold() == name for row, _ in data.names[label]}
    return frozenset(columns), frozenset(rows)


def measures_of(figure: Figure, sentence: Sentence, data: Data) -> tuple[int, ...]:
    """The columns that a figure can stand in, by its unit, its time and the heading beside it; all, where unclear."""
    times, _ = time_of(figure, sentence, data)
    dated = tuple(c for c in data.measures if c in times or not (_YEAR.search(data.columns[c]) or c in data.periods))
    kept = dated if times else data.measures
    if len(kept) < 2:
        return kept
    fit = _of_unit(figure, sentence, data) or _of_heading(figure, sentence, data)
    return tuple(column for column in kept if column in fit) or kept if fit else kept


def _of_unit(figure: Figure, sentence: Sentence, data: Data) -> frozenset[int]:
    """The columns with the unit that stands behind a figure, where another column has another one."""
    if figure.kind == "percent":
        shares = frozenset(c for c in data.measures if _SHARE.search(data.columns[c]) or _is_fraction(c, data)
                           or any("%" in row[c] for row in data.rows))  # fmt: skip
        return shares if "%" in data.text else frozenset()
    after = re.match(
        r"\s?(square \w+|cubic \w+|(?:°\s?)?[A-Za-zµ]+(?:/[A-Za-z]+)?[²³]?)",
        sentence.text[figure.end - sentence.start :][:40],
    )
    if after is None:
        return frozenset()
    return frozenset(column for column in data.measures if _is_unit(after[1], unit_of(data, column)))


@lru_cache(maxsize=2048)
def _is_unit(written: str, unit: str) -> bool:
    if not unit or len(unit) > 15:
        return False
    if written.casefold() == unit.casefold():
        return True
    return len(unit) < 6 and converted(Fraction(1), unit, written) == 1


def _of_heading(figure: Figure, sentence: Sentence, data: Data) -> frozenset[int]:
    """The columns whose heading stands right beside a figure: `39 points`, `a population of 412`."""
    start, end = figure.start - sentence.start, figure.end - sentence.start
    behind = re.match(r"[\s-]+(?:of (?:the|its) )?([^\W\d]+)(?: ([^\W\d]+))?", sentence.text[end:])
    for word in behind.groups() if behind else ():
        if word and (found := _own_heading(word, data)):
            return found
    before = _BEFORE.search(sentence.text[max(0, start - 120) : start])
    if before is None or re.search(r"[0-9]\s*$", sentence.text[max(0, start - 120) : start][: before.start("words")]):
        return frozenset()  # "3,310 units at 14.90": the word goes with the figure before it
    *earlier, last = before["words"].split() if before["words"].split() else [""]
    found = _own_heading(last, data) or (_own_heading(earlier[-1], data) if earlier else frozenset())
    earlier_words = re.findall(r"[^\W\d]+", sentence.text[max(0, start - 120) : start][: before.start("words")][-40:])
    listed = any(_own_heading(word, data) - found for word in [*earlier_words, *earlier])
    return frozenset() if listed else found


@lru_cache(maxsize=2048)
def _own_heading(word: str, data: Data) -> frozenset[int]:
    """The measures in whose headings a word stands, where it does not stand in all of them."""
    wanted = terms(word, "en")
    found = frozenset(column for column in data.measures if wanted & heading_terms(data.columns[column]))
    return found if wanted and len(found) < len(data.measures) else frozenset()


def _is_fraction(column: int, data: Data) -> bool:
    return all(abs(value) <= 1 for value in data.values(column))


_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|2[01])\d\d(?!\d)")
_SHARE = re.compile(r"%|percent|pct|rate\b|share|proportion|quota|growth|change", re.IGNORECASE)
_REFERRING = re.compile(
    r"\b(?:its?|they|theirs?|former|latter|the (?:first|second|other|leader|rest|two|three|gap|difference)|both|these"
    r"|each|it|than|against|versus|compared|total|together|combined)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?P<words>(?:[^\W\d]+\s){0,1}[^\W\d]+)[\s:(]+"
    r"(?:(?:of|at|is|was|were|are|stood|stands|stays|stayed|came|comes|to|reached|a|an|the|about|around|just|over|under|nearly|almost|only"
    r"|roughly|approximately|exactly|some)\s){0,4}[$€£]?$",
    re.IGNORECASE,
)


def is_mark(text: str, figure: Figure) -> bool:
    """Whether a figure only numbers a line of a list, or is part of a name such as `COVID-19`."""
    line = text.rfind("\n", 0, figure.start) + 1
    if re.fullmatch(r"[\s#*(]*", text[line : figure.start]) and re.match(r"[.)]\s", text[figure.end : figure.end + 2]):
        return True
    return (
        re.search(r"[A-Za-z][-\u2011]$", text[max(0, figure.start - 2) : figure.start]) is not None
        and figure.kind == "plain"
    )


def neighbours(sentence: Sentence, data: Data) -> frozenset[int]:
    """The rows that a sentence speaks of without naming them: the year before, the next month, the top three."""
    found: set[int] = set()
    if data.in_time and len(sentence.rows) == 1 and _COMPARED.search(sentence.text):
        row = min(sentence.rows)
        order = data.series(row)
        at = order.index(row) if row in order else 0
        found |= set(order[max(0, at - 1) : at + 2])
        if re.search(r"\bfrom\s[$€£]?[0-9]", sentence.text):
            found |= {order[0], order[-1]}
    for match in _TOP.finditer(sentence.text):
        count = _NUMBERS.get(match["count"].lower()) or int(match["count"] if match["count"].isdigit() else 0)
        for column in sentence.columns & frozenset(data.measures) or data.measures[:1]:
            ranked = sorted(
                (value, row) for row, held in enumerate(data.numbers) if (value := held[column]) is not None
            )
            found |= {row for _, row in (ranked[-count:] if match["top"] else ranked[:count])} if count else set()
    return frozenset(found)


def is_limit(figure: Figure, sentence: Sentence, data: Data) -> bool:
    """Whether a round figure only bounds what others are: `no other country passes 55`, `two of them above 90`."""
    start, end = figure.start - sentence.start, figure.end - sentence.start
    bounds = _BOUND_BEFORE.search(sentence.text[max(0, start - 40) : start]) or _BOUND_AFTER.match(sentence.text[end:])
    if not bounds or not _SEVERAL.search(sentence.text[max(0, start - 80) : end + 20]):
        return False
    spans = [(min(held), max(held)) for column in data.measures if (held := data.values(column))]
    return any(low <= value <= high for low, high in spans for value in figure.values)


_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_TOP = re.compile(
    r"\b(?:(?P<top>top|first|leading|largest|biggest|highest|best|strongest|these|those)|bottom|last|smallest|lowest|weakest)"
    r"\s(?P<count>two|three|four|five|six|\d{1,2})\b",
    re.IGNORECASE,
)
_BOUND_BEFORE = re.compile(
    r"\b(?:pass(?:es|ed)?|exceed(?:s|ed)?|above|below|over|under|beyond|more than|less than|fewer than|at least|at most"
    r"|reach(?:es|ed)?|top(?:s|ped)?|the)\s(?:the )?[$€£]?$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"[\w\s%°]{0,12}?\s(?:or (?:more|less|above|below|higher|lower|fewer)|mark|line|threshold)\b", re.I
)
_SEVERAL = re.compile(
    r"\b(?:no other|none|no|all|every|each|both|only|neither|two|three|four|five|six|seven|eight|nine|ten|most|several"
    r"|others?|rest|remaining|crossed|passed|mark)\b",
    re.IGNORECASE,
)
