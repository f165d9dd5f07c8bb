"""Find everything in a document that has a fixed written form: addresses, links, versions, ids of a given shape."""

from __future__ import annotations

import re
from functools import lru_cache

from orca_agents.language import UNSPACED

_START = rf"(?:(?<![\w.+-])|(?<=[{UNSPACED}]))"
"""Nothing that belongs to the value stands before it; scripts without spaces go on right up to it."""
_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_MODIFIERS = (
    "public|private|protected|internal|static|final|abstract|async|override|virtual|inline|const|export|default|sealed"
    "|data|open|partial|synchronized"
)
PATTERNS: dict[str, re.Pattern[str]] = {
    "email": re.compile(
        rf"{_START}[A-Za-z0-9][A-Za-z0-9_.+%-]{{0,63}}@(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}[A-Za-z]{{2,24}}(?![A-Za-z0-9_])"
    ),
    "url": re.compile(
        r"(?<![A-Za-z0-9_])https?://[^\s<>\"'`\u201c\u201d\u00ab\u00bb\u3000-\u303f\uff00-\uffef|\\^{}\[\]]{2,500}"
    ),
    "ipv4": re.compile(rf"{_START}{_IPV4}(?![A-Za-z0-9_]|\.\d)", re.ASCII),
    "uuid": re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    "hashtag": re.compile(r"(?<![\w&#/])#[^\W\d]\w{0,80}"),
    "handle": re.compile(r"(?<![\w@.+-])@[A-Za-z_]\w{1,40}\b(?!\.\w)"),
    "version": re.compile(
        # addresses and dates are written like versions: 192.0.2.1, 2023.11.02
        rf"(?<![\w.])(?!{_IPV4}(?![\w]|\.\d))(?!(?:19|20)\d\d\.[01]?\d\.[0-3]?\d(?![\w.-]))"
        r"v?\d{1,4}(?:\.\d{1,5}){2,3}(?:-[0-9A-Za-z]{1,12}(?:\.[0-9A-Za-z]{1,12}){0,3})?(?![\w]|\.\d)"
    ),
    "doi": re.compile(r"\b10\.\d{4,9}/[^\s\"'<>;,]{1,200}"),
    "function_name": re.compile(
        r"\b(?:def|function\*?|fn|func|fun)\s{1,4}(?:\([^()\n]{0,60}\)\s?)?([A-Za-z_$][\w$]{0,80})\s?[(<\[]"
        # const load = async (name) => ..., const load = function (name) ...
        r"|\b(?:const|let|var)\s{1,4}([A-Za-z_$][\w$]{0,80})\s?=\s?(?:async\s{1,4})?"
        r"(?:function\b|(?:\([^()\n]{0,120}\)|[A-Za-z_$][\w$]{0,80})\s?=>)"
        # public static int load(String name) {, and load(name) { in a class
        rf"|^[ \t]{{0,40}}(?:(?:{_MODIFIERS})\s{{1,4}}){{0,5}}(?:[A-Za-z_][\w.:<>,\[\]]{{0,60}}[*&]?\s{{1,4}}[*&]?)?"
        r"(?!(?:if|for|while|switch|catch|return|else|do|new|function|def|fn|func|fun|with|using|lock|match)\b)"
        r"([A-Za-z_$][\w$]{0,80})\s?\([^(){};\n]{0,200}\)\s{0,2}(?:const\s?)?(?:throws [\w., ]{1,100})?\{",
        re.MULTILINE,
    ),
    "class_name": re.compile(
        rf"^[ \t]{{0,40}}(?:(?:{_MODIFIERS})\s{{1,4}}){{0,5}}class\s{{1,4}}([A-Za-z_]\w{{0,80}})", re.M
    ),
}
"""Kinds of value whose every occurrence a program finds."""

_SHAPE = re.compile(r"[A-Za-z0-9#@/_.:-]{2,40}")


def is_shape(text: str) -> bool:
    """Whether a text describes ids: `#` stands for a digit, `@` for a letter, all else for itself: `INV-####`."""
    return bool(_SHAPE.fullmatch(text)) and ("#" in text or "@" in text)


def pattern_of(kind: str, shape: str = "") -> re.Pattern[str]:
    """The pattern of a kind of value, or of ids of a shape."""
    return _shaped(shape) if shape else PATTERNS[kind]


def matches(kind: str, shape: str, text: str) -> bool:
    """Whether a text is a value of this kind and nothing more."""
    if kind in ("function_name", "class_name"):
        return re.fullmatch(r"[A-Za-z_$][\w$]*", text) is not None
    return text in find_all(kind, shape, text)


def find_all(kind: str, shape: str, document: str) -> tuple[str, ...]:
    """Every value of this kind in a document, once each, in order."""
    found = []
    for match in pattern_of(kind, shape).finditer(document):
        text = next(filter(None, match.groups()), match[0])  # a name, where the pattern says what stands around it
        found.append(_without_closing(text) if kind in ("url", "doi") else text)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def _shaped(shape: str) -> re.Pattern[str]:
    signs = {"#": "[0-9]", "@": r"[A-Za-z]"}
    body = "".join(signs.get(sign, re.escape(sign)) for sign in shape)
    return re.compile(rf"(?:(?<![\w-])|(?<=[{UNSPACED}])){body}(?!(?![{UNSPACED}])[\w]|-\w)")


def _without_closing(text: str) -> str:
    """A link without the signs of the sentence around it; a bracket that the link itself opened stays."""
    while text:
        last = text[-1]
        if last in ".,;:!?*_" or (last == ")" and text.count(")") > text.count("(")):
            text = text[:-1]
        else:
            break
    return text
