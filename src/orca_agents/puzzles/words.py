"""Puzzles with the letters of words: anagrams, hidden words, ladders, shifted alphabets, initials."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter

from orca_agents.fences import without_fence_lines
from orca_agents.puzzles.faults import PuzzleProblem

LANGUAGE = """\
one fact a line that the answer has to obey, with the letters as the puzzle prints them:
  anagram: LISTEN                       the answer has exactly these letters in another order
  hidden: The clan celebrated           the answer stands in these words, letter by letter across the spaces
  backwards: DIAPER                     the answer is this, read from its end
  ladder: COLD, CORD, ?, WARD, WARM     the answer belongs where ? stands; one letter changes at each step
  shift: 3 KHOOR                        each letter of the answer, moved on by 3 in the alphabet, gives this
  initials: Every rose turns up         the answer is made of the first letters of these words
  drop: PLANET                          the answer is this without one letter, the others in their order
  add: PLANE                            the answer is this with one more letter put in somewhere
  length: 6
  begins: S                             also: ends: T; contains: LE; lacks: A
At least one line is of the first eight kinds"""

HARD = ("anagram", "hidden", "backwards", "ladder", "shift", "initials", "drop", "add")
EASY = ("length", "begins", "ends", "contains", "lacks")
Fact = tuple[str, str]


def read_facts(text: str) -> list[Fact]:
    """(kind, text) for each line. Raises `PuzzleProblem`."""
    facts = []
    for line in without_fence_lines(text).splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        kind, _, body = line.partition(":")
        kind = kind.strip().lower()
        if kind not in (*HARD, *EASY) or not body.strip():
            raise PuzzleProblem(f"{line[:80]!r}: begin each line with one of {', '.join((*HARD, *EASY))} and a colon")
        facts.append((kind, body.strip().strip("\"'")))
    if not any(kind in HARD for kind, _ in facts):
        raise PuzzleProblem(f"no line ties the answer to letters of the puzzle; write one of {', '.join(HARD)}")
    return facts


def why_not(fact: Fact, answer: str) -> str | None:
    """Why an answer does not obey a fact, or `None`. Raises `PuzzleProblem` where the fact makes no sense."""
    kind, text = fact
    word, own = letters(answer), letters(text)
    if kind == "ladder":
        return _why_no_rung(text, word)
    if kind == "shift":
        return _why_not_shifted(text, word)
    if kind == "initials":
        firsts = "".join(letters(part)[:1] for part in re.split(r"[\s\-]+", text))
        return None if firsts == word else f"the first letters are {firsts}"
    if kind == "length":
        if not re.fullmatch(r"[0-9]{1,3}", text):
            raise PuzzleProblem(f"`length: {text}` is no number")
        return None if len(word) == int(text) else f"it has {len(word)} letters, not {text}"
    fits = {
        "anagram": Counter(word) == Counter(own) and word != own,
        "hidden": word in own and not re.search(rf"\b{re.escape(answer.strip().casefold())}\b", text.casefold()),
        "backwards": word == own[::-1],
        "drop": len(word) == len(own) - 1 and _is_within(word, own),
        "add": len(word) == len(own) + 1 and _is_within(own, word),
        "begins": word.startswith(own),
        "ends": word.endswith(own),
        "contains": own in word,
        "lacks": not set(own) & set(word),
    }
    return None if fits[kind] else f"it does not obey `{kind}: {text}`{_difference(kind, word, own)}"


def letters(text: str) -> str:
    """The letters of a text alone, small and without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalpha())


def _difference(kind: str, word: str, own: str) -> str:
    if kind != "anagram" or word == own:
        return ""
    more, less = Counter(word) - Counter(own), Counter(own) - Counter(word)
    told = [
        f"{name} {' '.join(sorted(found.elements()))}"
        for name, found in (("too many:", more), ("missing:", less))
        if found
    ]
    return f" ({'; '.join(told)})"


def _is_within(short: str, long: str) -> bool:
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _why_no_rung(text: str, word: str) -> str | None:
    steps = [part.strip() for part in re.split(r"\s*(?:,|->|→|>|;)\s*", text) if part.strip()]
    gaps = [at for at, step in enumerate(steps) if not letters(step)]
    if len(steps) < 3 or len(gaps) != 1:
        raise PuzzleProblem("`ladder:` has three words or more, with one ? for the answer among them")
    words = [word if at == gaps[0] else letters(step) for at, step in enumerate(steps)]
    for one, other in itertools.pairwise(words):
        if len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) != 1:
            return f"from {one} to {other} more or less than one letter changes"
    return "it stands in the ladder already" if words.count(word) > 1 else None


def _why_not_shifted(text: str, word: str) -> str | None:
    match = re.match(r"^([+-]?\d{1,2})\s+(.+)$", text)
    if not match or not re.fullmatch(r"[a-z]*", word):
        raise PuzzleProblem("`shift:` has a number and the letters that come of it, such as `shift: 3 KHOOR`")
    moved = "".join(chr((ord(sign) - 97 + int(match[1])) % 26 + 97) for sign in word)
    return None if moved == letters(match[2]) else f"moved on by {match[1]} it gives {moved}"
