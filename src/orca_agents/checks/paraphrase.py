"""Ways to say the same in other words: an apposition, another word order, another form of a verb.

All rules work on what an answer adds or moves. None lets one word stand for another, so no opposite and no other
name can pass, with one exception: `it` behind the first word stands for the thing that the other answer names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from orca_agents.checks.vocabulary import (
    BE,
    FUNCTION_WORDS,
    INDEFINITE,
    IRREGULAR,
    NAME_PARTICLES,
    NEGATIONS,
    PARTICLES,
    PRONOUNS,
    REVERSING,
    ROMANCE_ARTICLES,
    TURNING,
)

CLAUSE = 4
"""Content words from which an answer is a clause, whose verbs may take another form."""
ENOUGH_OF_A_CLAUSE = 0.75
"""Token F1 from which a clause that contains the other one says the same."""


def turns(token: str) -> bool:
    """Whether an answer with this word more says something else."""
    return token in TURNING or token in NEGATIONS or base(token) in REVERSING


def named_by(long: str, short: str) -> str | None:
    """The part of `long` that `short` has to equal: `Pavel` of `Pavel, the youngest tenor`, `car` of `by car over it`.

    None where there is no such part.
    """
    if (match := _APPOSITION.fullmatch(long.strip())) and _is_name(match["name"]) and _is_name(short):
        return match["name"] if _only_describes(match["more"]) else None
    if (match := _MEANS.fullmatch(long.strip())) and short.islower():
        return match["means"] if _only_describes(match["more"]) else None
    return None


def same_noun_phrase(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether two Romance noun phrases differ in the place of the adjective only: `una nueva corteza`."""
    if len(a) != 3 or len(b) != 3 or a[0] != b[0] or a[0] not in ROMANCE_ARTICLES:
        return False
    return (a[1], a[2]) == (b[2], b[1]) and not any(t in FUNCTION_WORDS or turns(t) for t in a[1:])


def same_clause(a: Sequence[str], b: Sequence[str], names: frozenset[str]) -> bool:
    """Whether two long answers, as tokens, say the same in other forms of the same words.

    `names` are words that keep their form, and that neither clause may have more of.
    """
    if min(_content(a), _content(b)) < CLAUSE:
        return False
    left, right = (_normal(x, other, names) for x, other in ((a, b), (b, a)))
    if _as_order(left) == _as_order(right) or _passive_of(left, right) or _passive_of(right, left):
        return True
    if _by_pronoun(left, right, names) or _by_pronoun(right, left, names):
        return True
    short, long = sorted((left, right), key=len)
    extra = Counter(long) - Counter(short)
    # an infinitive or a passive more makes another statement: "was told", "agreed to sell"
    if any(turns(token) or token in names or token in ("be", "to", "by") or len(token) == 1 for token in extra):
        return False
    enough = 2 * len(short) >= ENOUGH_OF_A_CLAUSE * (len(short) + len(long))
    matter = _content(short), _content(long)
    enough = enough and 2 * min(matter) >= ENOUGH_OF_A_CLAUSE * sum(matter)
    return enough and _within(_as_order(short), _as_order(long))


def changes_roles(short: Sequence[str], long: Sequence[str], names: frozenset[str]) -> bool:
    """Whether the longer answer brings in another name, or makes a passive: `Anna and Ben ran`, `she was told`.

    A place (`in Oberau`) and a second name of the same person do not.
    """
    extra = Counter(long) - Counter(short)
    for before, token, after in zip(["", *long], long, [*long[1:], ""], strict=False):
        if not extra[token]:
            continue
        beside = any(word in names and not extra[word] for word in (before, after))
        if token in names and not beside and before not in ("of", "in", "at", "near", "on"):
            return True
        participle = after in IRREGULAR or after.endswith("ed")
        if token in BE and participle and before not in ("", "that", "which", "who", *BE):
            return True
    return False


def names_in(text: str) -> frozenset[str]:
    """Words with a capital that is not owed to the beginning of the text, in lower case."""
    return frozenset(word.casefold() for word in re.findall(r"[^\W\d_]+", text)[1:] if word[0].isupper())


def base(token: str) -> str:
    """A word without its English verb ending, `let` for `letting`: a key to compare by, not always a word."""
    if not token.isascii() or not token.isalpha() or token in NEGATIONS | TURNING | PARTICLES:
        return token
    if token in IRREGULAR:
        token = IRREGULAR[token]
    elif token.endswith("ied") and len(token) > 4:
        token = token[:-3] + "y"
    elif match := _ENDING.fullmatch(token):
        token = match[1]
    if len(token) > 3:
        token = re.sub(r"e$|(?<=([bdfgklmnprstz]))\1$", "", token)  # dissolve, letting
    return token


_ENDING = re.compile(r"([b-df-hj-np-tv-xz]*+[aeiouy][a-z]+)(?:ing|(?<!e)ed)")
_ARTICLE = r"(?:the|a|an|der|die|das|ein|eine|el|la|le|un|una|une|il|lo)"
_APPOSITION = re.compile(rf"(?P<name>[^,]+), (?P<more>{_ARTICLE} [^\W\dA-Z][^,]*)")
_MEANS = re.compile(r"(?:[Bb]y )(?P<means>(?!the |an? )[a-z]+) (?:over|across|through|along|via) (?P<more>[^,]+)")


def _is_name(text: str) -> bool:
    parts = re.findall(r"[^\W_]+", text)
    return bool(parts) and all(part[0].isupper() or part in NAME_PARTICLES for part in parts) and parts[-1][0].isupper()


def _only_describes(text: str) -> bool:
    """Whether a description names nothing beside what it describes: no second member, no turn of the sense."""
    tokens = re.findall(r"\w+", text.casefold())
    return (
        not any(token in ("and", "or", "y", "und", "et", "e") or turns(token) for token in tokens) and "&" not in text
    )


def _content(tokens: Sequence[str]) -> int:
    return sum(token not in FUNCTION_WORDS for token in tokens)


def _normal(tokens: Sequence[str], other: Sequence[str], names: frozenset[str]) -> list[str]:
    """A clause in base forms. A passive keeps its `be`, since `was told` and `told` have other roles."""
    normal: list[str] = []
    for at, word in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if word in ("that", "which", "who") and after in BE:
            continue  # a relative clause, whose verb `be` goes with it: "glass that is made of sand"
        if word in BE:
            relative = at > 0 and tokens[at - 1] in ("that", "which", "who")
            progressive = after.endswith("ing") and after not in BE
            if not relative and not progressive and normal[-1:] != ["be"]:
                normal.append("be")
        elif word in ("have", "has", "had") and (after in BE or after in IRREGULAR or after.endswith("ed")):
            continue  # a perfect: "has sold"
        elif word == "would" and after in other and "would" not in other:
            continue  # "would dissolve" beside "dissolves", but not beside "dissolved"
        else:
            normal.append(word if word in names or word in FUNCTION_WORDS else base(word))
    return normal


def _as_order(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words in order, and the particles in order: `pour the liquid off` and `pour off the liquid` are one."""
    joints = [token for token in tokens if token in PARTICLES or token in ("and", "or", "but", "then")]
    return [token for token in tokens if token not in PARTICLES], joints if set(joints) & PARTICLES else []


def _within(short: tuple[list[str], list[str]], long: tuple[list[str], list[str]]) -> bool:
    rest = iter(long[0])
    return short[1] == long[1] and all(token in rest for token in short[0])


def _passive_of(active: Sequence[str], passive: Sequence[str]) -> bool:
    """`letting vans in` and `vans are let in`: without a doer, the object of the one is the subject of the other."""
    if passive.count("be") != 1 or "be" in active or "by" in passive:
        return False
    at = passive.index("be")
    if not 1 <= at <= 3 or at + 1 >= len(passive):
        return False
    return list(active) == [passive[at + 1], *passive[:at], *passive[at + 2 :]]


def _by_pronoun(vague: Sequence[str], exact: Sequence[str], names: frozenset[str]) -> bool:
    """`pour it off` for `pour the liquid off`. The second word only: a later `it` may mean a word before."""
    (left, joints), (right, other_joints) = _as_order(vague), _as_order(exact)
    if joints != other_joints:
        return False
    if len(left) < 2 or left[1] not in PRONOUNS or left[0] != right[0]:
        return False
    for size in (1, 2):
        thing = right[1 : 1 + size]
        known = not any(t in names or t in FUNCTION_WORDS or t in INDEFINITE or turns(t) for t in thing)
        if known and all(t.isalpha() for t in thing) and left[2:] == right[1 + size :]:
            return True
    return False
