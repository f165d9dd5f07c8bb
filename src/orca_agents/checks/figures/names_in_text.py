"""Find names in a text that neither the data nor the request know."""

from __future__ import annotations

import re
import unicodedata

from orca_agents.checks.figures.data import Data, month_number

MOST_NAMES = 400
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019.&-][^\W\d_]+)*")
_DAYS = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
_FREE = frozenset(
    (
        "i", "ii", "iii", "iv", "v", "vi", "a", "b", "c", "dear", "sincerely", "regards", "wishes",
     "faithfully", "truly", "thanks", "yours", "kind", "best", "mr",
        "mrs", "ms", "miss", "dr", "prof", "sir", "madam", "subject", "re", "to", "from", "date", "ps", "nb", "north",
        "south", "east", "west", "northern", "southern", "eastern", "western", "january", "february", "march", "april",
        "may", "june", "july", "august", "september", "october", "november", "december", "q", "english", "celsius",
        "fahrenheit", "kelvin", "roman", "christmas", "easter", "no", "yes", "hello", "hi", "note", "summary",
        "overview", "table", "chart", "figure", "figures", "executive", "brief", "recommendation", "recommendations",
        "team", "total", "average", "mean", "median", "annual", "monthly", "weekly", "daily", "spring", "summer",
        "autumn", "winter", "fall", "ceo", "cfo", "hr", "it", "okay", "ok", "km", "kg", "cm", "mm", "mph", "kmh", "mb",
        "gb", "tb", "kwh", "mwh", "gwh", "twh", "hz", "khz", "mhz", "usd", "eur", "gbp", "us", "uk", "eu", "fc",
    )
)  # fmt: skip
"""Capitalised words that name nothing of their own in a report or a letter."""


def foreign_name(text: str, data: Data, given: str) -> str | None:
    """A capitalised name inside a sentence that stands neither in the data nor in the request, or `None`.

    English only: elsewhere capitals mean other things. A name may be inflected (`Oslo's`, `Norwegian` for Norway) or
    shortened to its initials.
    """
    source = "\n".join((given, data.text, *data.columns))
    known = frozenset(_fold(word) for word in _WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", source)))
    known |= frozenset(_fold(word) for word in _WORD.findall(source))
    initials = _initials(source)
    found: list[str] = []
    for line in text.splitlines():
        if _is_heading(line):
            continue
        # a label in bold or at the head of a bullet is a heading of its own
        found += _inner_capitals(re.sub(r"\*\*[^*\n]{1,60}?:?\*\*:?|^\s*[-*\u2022]\s+(?:[A-Z]\w*\s?){1,4}:", " ", line))
    lowered = frozenset(word for word in re.findall(r"[a-z]+", text))
    for name in found[:MOST_NAMES]:
        if not _is_known(name, known, initials, lowered):
            return name
    return None


def _inner_capitals(line: str) -> list[str]:
    """The capitalised words of a line that do not begin a sentence; runs that do, where a second one follows."""
    names = []
    starts_sentence = True
    previous_end = 0
    matches = list(_WORD.finditer(line))
    for at, match in enumerate(matches):
        between = line[previous_end : match.start()]
        opens = re.search(r"[.!?:\u2022]\W*$|[\"\u201c(\[]$|\*\*$|[|]", between) is not None
        if at == 0 or (opens and not re.search(r"\b[A-Z]\.\s$", line[: match.start()])):
            starts_sentence = True
        word = match[0]
        follows = matches[at + 1] if at + 1 < len(matches) else None
        is_run = (
            follows is not None and follows[0][:1].isupper() and line[match.end() : follows.start()] == " "
        )  # fmt: skip
        if (word[:1].isupper() and not (starts_sentence and not is_run)) or (
            word[:1].isupper() and starts_sentence and is_run and follows is not None
        ):
            names.append(word)
        starts_sentence = False
        previous_end = match.end()
    return names


def _is_known(name: str, known: frozenset[str], initials: frozenset[str], lowered: frozenset[str]) -> bool:
    for part in re.split(r"[-\u2019'&.]", name):
        word = _fold(part)
        if len(word) < 2 or word in _FREE or word in _DAYS or word in known or month_number(part):
            continue
        if part.casefold() in lowered and not part.isupper():
            continue  # written small elsewhere in the text: a word at the head of something, not a name
        if part.isupper() and (word in initials or word.rstrip("s") in initials):
            continue
        stem = word[: max(4, len(word) - 3)]
        if len(word) >= 5 and any(other.startswith(stem) or (len(other) >= 5 and word.startswith(other[:-1]))
                                  for other in known if len(other) >= 4):  # fmt: skip
            continue
        if word in _COMMON_STARTS:
            continue
        return False
    return True


_COMMON_STARTS = frozenset(
    (
        "the", "this", "that", "these", "those", "in", "on", "at", "by", "for", "from", "with", "and", "or", "but",
        "as", "if", "when", "while", "although", "though", "however", "overall", "meanwhile", "both", "all", "each",
        "every", "most", "some", "many", "few", "only", "after", "before", "during", "between", "among", "across",
        "over", "under", "since", "there", "here", "it", "its", "they", "he", "she", "we", "our", "their", "his", "her",
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "first", "second", "third",
        "last", "next", "then", "thus", "so", "yet", "also", "still", "even", "just", "not", "nor", "none", "more",
        "less", "fewer", "other", "another", "such", "same", "what", "which", "who", "where", "why", "how", "because",
        "due", "despite", "unlike", "like", "against", "within", "without", "until", "unless", "please", "thank",
        "thanks", "compared", "combined", "taken", "together", "looking", "according", "following", "given", "based",
        "at-a-glance", "key", "main", "top", "bottom", "highest", "lowest", "large", "small", "high", "low",
    )
)  # fmt: skip


def _is_heading(line: str) -> bool:
    bare = line.strip()
    if re.match(r"#{1,6}\s|\*\*[^*]+\*\*:?$|[-=]{3,}|\|", bare):
        return True
    if re.match(r"(?:Subject|Re|Betreff|To|From)\s*:", bare) or (bare.endswith(":") and len(bare.split()) <= 8):
        return True
    return bool(bare) and len(bare.split()) <= 10 and not re.search(r"[.!?,;:]\s*$", bare) and bare[:1].isupper()


def _initials(source: str) -> frozenset[str]:
    """The initials of the runs of capitalised words: `US` of `United States`."""
    runs = re.findall(r"(?:[A-Z][\w'-]*(?:\s+(?:of|and|the|for)\s+|\s+)){1,6}[A-Z][\w'-]*", source)
    short = set()
    for run in runs:
        heads = [word[0] for word in run.split() if word[0].isupper()]
        short |= {"".join(heads[at : at + size]).casefold() for at in range(len(heads)) for size in range(2, 6)}
    return frozenset(short)


def _fold(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold().replace("\u2019", "'"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"'s?$", "", plain)
