"""Compare short texts by what they say: spelling, articles and number words aside, but never numbers or negations."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from orca_agents.checks.paraphrase import changes_roles, named_by, names_in, same_clause, same_noun_phrase, turns
from orca_agents.checks.vocabulary import (
    ARTICLES,
    ARTICLES_OR_NAMES,
    CURRENCIES,
    FUNCTION_WORDS,
    HARMLESS,
    LEADING_ARTICLES,
    LEADS,
    MONTHS,
    NEGATIONS,
    ORDINALS,
    PLACES,
    TURNING,
    UNITS,
)
from orca_agents.numerals import written_numbers

ENOUGH = 0.8
"""Token F1 from which a text that contains the other one says the same."""
ENOUGH_UNSPACED = 0.9
"""The same for scripts without spaces, whose tokens are single characters."""


def same_text(a: str, b: str) -> bool:
    """Whether two answers to one question say the same. Strict where in doubt: a false yes costs more than a no."""
    if plain(a) == plain(b) != "":
        return True
    for answer, other in ((a, b), (b, a)):
        if (part := named_by(answer, other)) is not None and _bare(part) == _bare(other) != ():
            return True
    names = names_in(a) | names_in(b)
    # names keep their order, and the UN is no article
    if a.strip()[1:].islower() and b.strip()[1:].islower() and same_noun_phrase(words(a), words(b)):
        return True
    left, right = _without_leads(a, b)
    if not left or not right:
        return False
    if left == right or _joined(a) == _joined(b) != ():
        return True
    # of a text that begins with Una, all or nothing: it is a name, or the article before the very words of the other
    if _begins_with_name(a) != _begins_with_name(b) and _without_article(words(a)) == _without_article(words(b)):
        return True
    if Counter(filter(_decisive, left)) != Counter(filter(_decisive, right)):
        return False
    if _as_list(left) == _as_list(right):
        return True
    short, long = sorted((left, right), key=len)
    if _is_close(short, long) and _in_order(short, long) and not changes_roles(short, long, names):
        return True
    return same_clause(left, right, names)


def same_wording(a: str, b: str) -> bool:
    """Whether two texts have the same words in the same order."""
    return words(a) == words(b) and bool(words(a))


def contains_words(text: str, part: str) -> bool:
    """Whether the words of `part` stand in `text`, side by side and in order."""
    whole, piece = words(text), words(part)
    return bool(piece) and any(whole[at : at + len(piece)] == piece for at in range(len(whole) - len(piece) + 1))


def word_share(part: str, text: str) -> float:
    """Which share of the content words of `part` also stands in `text`: 0 to 1, 0 where there are none."""
    wanted = content_words(part)
    return len(wanted & content_words(text)) / len(wanted) if wanted else 0.0


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry its matter."""
    return frozenset(words(text)) - FUNCTION_WORDS


def count_words(text: str) -> int:
    """How long a text is, in words; two characters count as a word in scripts without spaces."""
    tokens = _tokens(plain(text))
    unspaced = sum(_is_unspaced(token) for token in tokens)
    return len(tokens) - unspaced + (unspaced + 1) // 2


def words(text: str) -> tuple[str, ...]:
    """The tokens by which texts are compared: no articles or plural s, `#25` for numbers, `@1999-05-03` for dates."""
    tokens = [_stem(token) for token in _tokens(plain(text))]
    # a last "a" is no article but a name, as in vitamin A
    return tuple(token for token in tokens[:-1] if token not in ARTICLES) + tuple(tokens[-1:])


def plain(text: str) -> str:
    """One spelling of a text: Unicode form, quotes, dashes, spaces and case."""
    text = re.sub("(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3})", "", text)
    text = "".join(map(_spelled_out, text))
    text = unicodedata.normalize("NFKC", text).translate(_ONE_SIGN).casefold()
    return re.sub(r"\s+", " ", text).strip()


_ONE_SIGN = str.maketrans(
    dict.fromkeys("‘’‚‛′´`", "'")
    | dict.fromkeys("“”„«»″「」『』", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("\xad\u200b\u2060\ufeff")
)
_TELLING = LEADS | NEGATIONS | TURNING | FUNCTION_WORDS
"""Words that must keep their form to be known again: a French `sans` is no plural."""
_MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS) + "|sept"
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)"),
    re.compile("(?P<y>\\d{4})\u5e74(?P<m>\\d{1,2})\u6708(?P<d>\\d{1,2})\u65e5"),
    re.compile(rf"(?<![\w.])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})\b\.?(?:,? (?P<y>\d{{4}})(?!\d))?"),
    re.compile(
        rf"\b(?P<m>{_MONTH})\.? (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\w%]|[.,]\d)(?:,? (?P<y>\d{{4}})(?!\d))?"
    ),
)


def _spelled_out(sign: str) -> str:
    """Fractions and powers in a form that Unicode normalisation cannot glue to the digits before them."""
    form = unicodedata.decomposition(sign)
    if form.startswith("<fraction>"):
        return " " + unicodedata.normalize("NFKC", sign).replace("\u2044", "/")
    if form.startswith("<super>") and sign.isdigit():
        return "^" + unicodedata.normalize("NFKC", sign)
    return sign


def _tokens(text: str) -> list[str]:
    """Words, characters of scripts without spaces, telling symbols, numbers and dates of a plain text."""
    text = re.sub(r"\bcan't\b", "can not", re.sub(r"\bwon't\b", "will not", text))
    text = re.sub(r"\bcannot\b", "can not", re.sub(r"n't\b", " not", text))
    text = re.sub(r"\bper cent\b", "percent", text)
    marked = {match.start(): (match.end(), token) for match, token in _dates(text)}
    covered = {place for start, (end, _) in marked.items() for place in range(start, end)}
    for number in written_numbers(text):
        if number.start not in covered:
            marked[number.start] = (number.end, f"#{number.value}")
    tokens, at = [], 0
    for start in sorted(marked):
        end, token = marked[start]
        tokens += [*_split(text[at:start]), token]
        at = end
    tokens += _split(text[at:])
    for place in range(len(tokens) - 1):
        if tokens[place] in CURRENCIES and tokens[place + 1][0] == "#":  # $5 as 5 dollars
            tokens[place : place + 2] = tokens[place + 1], tokens[place]
    return tokens


def _dates(text: str) -> Iterator[tuple[re.Match[str], str]]:
    taken: set[int] = set()
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match["m"]
            number = int(month) if month.isdigit() else next(i for i, m in enumerate(MONTHS, 1) if m[:3] == month[:3])
            if not 1 <= number <= 12 or not 1 <= int(match["d"]) <= 31 or taken & set(range(*match.span())):
                continue
            taken |= set(range(*match.span()))
            yield match, f"@{match['y'] or ''}-{number:02d}-{int(match['d']):02d}"


def _split(text: str) -> list[str]:
    """Words of a text without numbers. By character class, since `\\w` cuts words at the vowel signs of Hindi."""
    tokens, word = [], ""
    for place, sign in enumerate(text):
        if unicodedata.category(sign)[0] in "LMN" and not _is_unspaced(sign):
            word += sign
            continue
        if word:
            tokens.append(word)
            word = ""
        slash = sign == "/" and text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()
        symbol = (unicodedata.category(sign) in ("Sm", "Sc") and sign != "~") or sign in "%#&\u00b0"
        if _is_unspaced(sign) or symbol or slash:
            tokens.append(sign)
        elif sign == "'" and re.match(r"s\b", text[place + 1 : place + 3]) and tokens:
            word = "'"
    return [*tokens, word] if word else tokens


def _is_unspaced(sign: str) -> bool:
    """Whether a character belongs to a script that puts no spaces between words."""
    code = ord(sign[0])
    return (
        (0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000)
        or (0x0E00 <= code <= 0x0EFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF)
    ) and unicodedata.category(sign[0])[0] in "LMN"


def _stem(token: str) -> str:
    """A word without its English plural ending, numbers and units in one form."""
    if token[0] in "#@'" or not token.isascii() or token in _TELLING:
        return token
    if len(token) > 4 and token.endswith("ies"):
        token = token[:-3] + "y"
    elif len(token) > 3 and token.endswith("s") and token[-2] not in "sui":
        token = token[:-1]
    # boxes and houses both lose "es" this way, and so must house
    token = re.sub(r"(?<=[a-z](?:s|x|z))e$|(?<=ch)e$|(?<=sh)e$", "", token)
    token = ORDINALS.get(token, token)
    return UNITS.get(token, token)


def _without_leads(one: str, other: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both without a first word that only one of them needs: `in 1990` and `1990`, but not `to Rome`, `from Rome`."""
    a, b = (words(text) if _begins_with_name(text) else _without_article(words(text)) for text in (one, other))
    lead_a, lead_b = (tokens[0] if len(tokens) > 1 and tokens[0] in LEADS else None for tokens in (a, b))
    if lead_a and lead_b and lead_a != lead_b and not {lead_a, lead_b} <= PLACES:
        return a, b
    left = _after_lead(a, one) if lead_a else a
    return left, _after_lead(b, other) if lead_b else b


def _after_lead(tokens: tuple[str, ...], text: str) -> tuple[str, ...]:
    rest = re.sub(r"^\W*\w+", "", text)
    return tokens[1:] if _begins_with_name(rest) else _without_article(tokens[1:])


def _begins_with_name(text: str) -> bool:
    """Whether the first word may be an article or a name: `Una works here` is not what `Ned works here` is."""
    first = re.match(r"\W*(\w+)", text)
    return first is not None and first[1][0].isupper() and first[1].casefold() in ARTICLES_OR_NAMES


def _without_article(tokens: tuple[str, ...]) -> tuple[str, ...]:
    if len(tokens) > 1 and tokens[0] in LEADING_ARTICLES:
        return tokens[1:]
    if len(tokens) > 1 and tokens[0] in ("\u5728", "\u4e8e", "\u65bc"):  # Chinese: in, at
        return tokens[1:]
    return tokens[:-2] if len(tokens) > 2 and tokens[-2:] == ("\u3067", "\u3059") else tokens  # Japanese: is


def _bare(text: str) -> tuple[str, ...]:
    return _without_article(words(text))


def _joined(text: str) -> tuple[str, ...]:
    """The words where a hyphen between letters does not part them: `e-mail` is `email`."""
    return words(re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", "", plain(text)))


def _decisive(token: str) -> bool:
    return token in NEGATIONS or any(sign.isdigit() for sign in token)


def _as_list(tokens: tuple[str, ...]) -> object:
    """`Ada and Bob` in any order. Longer parts may be clauses, whose order tells who does what: they stay in order."""
    parts: list[tuple[str, ...]] = [()]
    for token in tokens:
        if token in ("and", "or", "&"):
            parts.append(())
        else:
            parts[-1] += (token,)
    if len(parts) < 2 or any(not 1 <= len(part) <= 2 for part in parts):
        return tokens
    return ("or" in tokens, sorted(parts))


def _is_close(short: Sequence[str], long: Sequence[str]) -> bool:
    """Whether the longer text adds so little, and nothing that matters, that it still says the same."""
    extra = Counter(long) - Counter(short)
    # a lone letter or symbol is a name of its own: vitamin C, the angle x
    if any(turns(token) or (len(token) == 1 and not _is_unspaced(token)) for token in extra):
        return False
    if len(short) <= 3 and any(map(_decisive, short)):
        return all(token in HARMLESS for token in extra)
    needed = ENOUGH_UNSPACED if any(map(_is_unspaced, long)) else ENOUGH
    matter = [sum(token not in FUNCTION_WORDS for token in tokens) for tokens in (short, long)]
    return all(2 * few / (few + many) >= needed for few, many in ((len(short), len(long)), matter) if many)


def _in_order(short: Sequence[str], long: Sequence[str]) -> bool:
    """Whether the shorter text's words all stand in the longer one, in the same order."""
    rest = iter(long)
    return all(token in rest for token in short)
