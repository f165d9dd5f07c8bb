"""Constraints on letters: their case, which ones words, sentences and lines begin with, which ones are left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from orca_agents.constraints.kind import Kind, Saying, number, one_of, pattern, phrase
from orca_agents.constraints.measure import (
    base_letter,
    first_letter,
    fold,
    folded_words,
    lines_of,
    sentences_of,
    tokens_of,
    without_markup,
)

VOWELS = frozenset(
    "aeiou\u0430\u0435\u0451\u0438\u043e\u0443\u044b\u044d\u044e\u044f\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9"
)
"""Letters that count as vowels; `y` counts as neither, so it may not stand where one is asked for."""
SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "but",
        "or",
        "nor",
        "for",
        "so",
        "yet",
        "of",
        "in",
        "on",
        "at",
        "by",
        "to",
        "from",
        "with",
        "as",
        "into",
        "onto",
        "over",
        "up",
        "off",
        "out",
        "per",
        "via",
        "vs",
        "de",
        "la",
        "le",
        "el",
        "y",
        "e",
        "und",
        "der",
        "die",
        "das",
        "von",
        "du",
        "et",
    ]
)
"""Words that a title may leave in small letters."""


def _letters(text: str) -> frozenset[str]:
    bare = text.strip().strip("\"'`").lower()
    if bare in ("vowel", "vowels", "a vowel"):
        return VOWELS
    if bare in ("consonant", "consonants", "a consonant"):
        return frozenset(chr(code) for code in range(ord("a"), ord("z") + 1)) - VOWELS
    found = frozenset(base_letter(sign) for sign in re.sub(r"\bor\b|\band\b", " ", bare) if sign.isalpha())
    longest = max((len(part) for part in re.findall(r"[^\W\d_]+", re.sub(r"\bor\b|\band\b", " ", bare))), default=0)
    if not found or longest > 1:
        raise ValueError("a letter, several letters parted by commas, `vowel` or `consonant`")
    return found


def _says_letters(value: object) -> Sequence[Saying]:
    assert isinstance(value, frozenset)
    if value == VOWELS:
        return (pattern(r"\bvowels?\b"),)
    if len(value) > 10:
        return (pattern(r"\bconsonants?\b"),)
    return tuple(pattern(rf"(?<![^\W_]){re.escape(letter)}(?:['\u2019]?s)?(?![^\W_])") for letter in sorted(value))


def _named(letters: frozenset[str]) -> str:
    if letters == VOWELS:
        return "a vowel"
    return "a consonant" if len(letters) > 10 else " or ".join(sorted(letters))


def _begins(units: Callable[[str], list[str]], what: str) -> Callable[[str, str, object], str | None]:
    def why_not(text: str, _: str, letters: object) -> str | None:
        assert isinstance(letters, frozenset)
        parts = [part for part in units(without_markup(text)) if first_letter(part)]
        if not parts:
            return f"it has no {what}"
        wrong = [part for part in parts if first_letter(part) not in letters]
        if not wrong:
            return None
        shown = ", ".join(repr(part[:25]) for part in wrong[:3])
        return f"{len(wrong)} of {len(parts)} {what}s do not begin with {_named(letters)}: {shown}"

    return why_not


def _read_nth(text: str) -> tuple[int, frozenset[str]]:
    match = re.match(r"\s*+(\d+)(?:st|nd|rd|th)?\s*+[,:=]?\s*+(\S.*)$", text)
    if not match:
        raise ValueError("a number and a letter, such as: 3 b (every third word begins with b)")
    return number(match[1]), _letters(match[2])


def _why_wrong_nth(text: str, _: str, value: object) -> str | None:
    assert isinstance(value, tuple)
    step, letters = value
    words = [token for token in tokens_of(without_markup(text)) if first_letter(token)]
    if len(words) < step:
        return f"it has only {len(words)} words"
    wrong = [word for word in words[step - 1 :: step] if first_letter(word) not in letters]
    return f"not every {step}. word begins with {_named(letters)}: {', '.join(wrong[:3])}" if wrong else None


def _says_nth(value: object) -> Sequence[Saying]:
    assert isinstance(value, tuple)
    step, letters = value
    ordinals = {2: "second|other", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth",
                9: "ninth", 10: "tenth"}  # fmt: skip
    return (pattern(rf"\b(?:{step}(?:st|nd|rd|th)?|{ordinals.get(step, step)})\b"), *_says_letters(letters))


def _read_left_out(text: str) -> frozenset[str]:
    letters = _letters(text)
    if len(letters) > 10 or letters == VOWELS:
        raise ValueError("a letter, or several letters parted by commas")
    return letters


def _why_letters_used(text: str, _: str, letters: object) -> str | None:
    assert isinstance(letters, frozenset)
    used = [word for word in tokens_of(text) if letters & {base_letter(sign) for sign in word}]
    return f"it uses {_named(letters)} in {len(used)} words: {', '.join(used[:3])}" if used else None


def _read_word(text: str) -> str:
    word = "".join(sign for sign in phrase(text) if sign.isalpha())
    if len(word) < 2:
        raise ValueError("the word that the first letters of the lines spell")
    return word


def _spelled(units: Callable[[str], list[str]], what: str) -> Callable[[str, str, object], str | None]:
    def why_not(text: str, _: str, word: object) -> str | None:
        wanted = "".join(base_letter(sign) for sign in str(word))
        parts = [part for part in units(without_markup(text)) if first_letter(part)]
        own = "".join(first_letter(part) for part in parts)
        # a title may stand over it
        if own == wanted or (own[1:] == wanted and _is_title(parts)):
            return None
        return f"the first letters of its {what}s spell {own.upper()!r}, not {str(word).upper()!r}"

    return why_not


def _is_title(parts: list[str]) -> bool:
    return len(parts) > 1 and len(parts[0].split()) <= 8 and not re.search(r"[,;.]$", parts[0])


def _why_other_case(text: str, _: str, case: object) -> str | None:
    letters = [sign for sign in text if sign.isalpha() and sign.lower() != sign.upper()]
    if not letters:
        return "it has no letters that have a case"
    if case in ("upper", "lower"):
        wrong = [word for word in tokens_of(text) if (word.upper() if case == "upper" else word.lower()) != word]
        wrong = [word for word in wrong if any(sign.isalpha() for sign in word)]
        return f"not all of it is in {case} case: {', '.join(wrong[:3])}" if wrong else None
    if case == "sentence":
        return _why_no_sentence_case(text)
    if case == "alternating":
        return _why_not_alternating(text)
    words = [word for word in tokens_of(text) if word[0].isalpha()]
    small = [word for word in words if word[0] == word[0].lower() != word[0].upper()]
    if case == "title":
        small = [word for word in small if fold(word) not in SMALL_WORDS]
        shouted = [word for word in words if len(word) > 6 and word.isupper()]
        if words and len(shouted) > len(words) / 2:
            return "it is in capitals throughout, not in title case"
    return f"these words do not begin with a capital: {', '.join(small[:4])}" if small else None


def _why_no_sentence_case(text: str) -> str | None:
    small = [one for one in sentences_of(text) if (first := _first_cased(one)) and first == first.lower()]
    if small:
        return f"a sentence begins with a small letter: {small[0][:40]!r}"
    words = [word for word in tokens_of(text) if word[0].isalpha()]
    capital = sum(word[0] != word[0].lower() for word in words)
    if len(words) >= 8 and capital > 0.6 * len(words):
        return "most of its words begin with a capital; only sentences and names do"
    shouted = [word for word in words if len(word) > 6 and word.isupper()]
    return f"these words are in capitals: {', '.join(shouted[:3])}" if len(shouted) > 2 else None


def _why_not_alternating(text: str) -> str | None:
    for word in tokens_of(text):
        signs = [sign.isupper() for sign in word if sign.isalpha() and sign.lower() != sign.upper()]
        if any(one == other for one, other in pairwise(signs)):
            return f"the letters of {word!r} do not alternate between capital and small"
    return None


def _first_cased(text: str) -> str:
    return next((sign for sign in text if sign.isalnum()), "")


def _says_case(value: object) -> Sequence[Saying]:
    wordings = {
        "upper": r"\bupper[- ]?case|\bcapitals?\b|\ball[- ]caps|\bcapital letters|\bcapitali[sz]e every letter",
        "lower": r"\blower[- ]?case|\bsmall letters|\bno capitals?",
        "title": r"\btitle[- ]case|\bheadline|\bcapitali[sz]e (?:the )?(?:first letter of )?(?:each|every|all|main)"
        r"|\bcapital",
        "start": r"\bstart[- ]case|\bcapital",
        "sentence": r"\bsentence[- ]case|\bcapital|\bcasing\b|\bcase\b",
        "alternating": r"\balternat",
    }
    return (pattern(wordings[str(value)]),)


def _why_long_word(text: str, _: str, most: object) -> str | None:
    assert isinstance(most, int)
    long = [word for word in folded_words(without_markup(text)) if len(word) > most]
    return f"these words have more than {most} letters: {', '.join(long[:3])}" if long else None


def _why_short_word(text: str, _: str, least: object) -> str | None:
    assert isinstance(least, int)
    short = [word for word in folded_words(without_markup(text)) if len(word) < least]
    return f"these words have fewer than {least} letters: {', '.join(short[:3])}" if short else None


def _says_number(value: object) -> Sequence[Saying]:
    assert isinstance(value, int)
    return (value,)


def _read_vocabulary(text: str) -> frozenset[str]:
    words = frozenset(folded_words(text))
    if len(words) < 3:
        raise ValueError("all the words that may be used, parted by commas")
    return words


def _why_other_words(text: str, _: str, allowed: object) -> str | None:
    assert isinstance(allowed, frozenset)
    others = [word for word in folded_words(without_markup(text)) if word not in allowed]
    return f"it uses words that are not on the list: {', '.join(dict.fromkeys(others[:5]))}" if others else None


def _says_vocabulary(value: object) -> Sequence[Saying]:
    assert isinstance(value, frozenset)
    return tuple(sorted(value))


LETTERS: tuple[Kind, ...] = (
    Kind("letter_case", "upper, lower, title, start (every word with a capital), sentence or alternating",
         one_of("upper", "lower", "title", "start", "sentence", "alternating"), _why_other_case, _says_case),
    Kind("words_start", "the letter (or vowel, consonant) with which every word begins", _letters,
         _begins(tokens_of, "word"), _says_letters),
    Kind("sentences_start", "the letter (or vowel, consonant) with which every sentence begins", _letters,
         _begins(sentences_of, "sentence"), _says_letters),
    Kind("lines_start", "the letter (or vowel, consonant) with which every line begins", _letters,
         _begins(lines_of, "line"), _says_letters),
    Kind("nth_words_start", "a number and a letter: `3 b` if every third word begins with b", _read_nth,
         _why_wrong_nth, _says_nth),
    Kind("forbids_letters", "the letters that may not be used at all", _read_left_out, _why_letters_used,
         _says_letters),
    Kind("acrostic", "the word that the first letters of its lines spell", _read_word, _spelled(lines_of, "line"),
         lambda value: (str(value),)),
    Kind("sentence_acrostic", "the word that the first letters of its sentences spell", _read_word,
         _spelled(sentences_of, "sentence"), lambda value: (str(value),)),
    Kind("max_word_letters", "the most letters that any word may have", number, _why_long_word, _says_number),
    Kind("min_word_letters", "the fewest letters that any word may have", number, _why_short_word, _says_number),
    Kind("only_words", "all the words that may be used, parted by commas", _read_vocabulary, _why_other_words,
         _says_vocabulary),
)  # fmt: skip
