"""Bring the expressions that people write (`if a then b`, `a iff b`, a single `=`) into Python's spelling."""

from __future__ import annotations

import re


def in_python(text: str) -> str:
    """The expression in Python's spelling: `if a then b`, `a iff b`, `a -> b`, a single `=` and other signs."""
    pieces = re.split(r"(\"[^\"]*\"|'[^']*')", text.translate(_SIGNS))
    for at in range(0, len(pieces), 2):
        piece = _WORDS.sub(lambda word: _IN_PYTHON.get(word[0].lower(), word[0].lower()), pieces[at])
        piece = re.sub(r"<->|<=>", " iff ", piece)
        piece = re.sub(r"->|=>", " implies ", piece)
        piece = _SINGLE.sub("==", re.sub(r"&&", " and ", re.sub(r"\|\|", " or ", piece)))
        pieces[at] = _IS_NOT.sub(r"\1 (not \2)", re.sub(r"<>", "!=", piece))
    return _linked(_BETWEEN.sub(r"\2 <= \1 <= \3", "".join(pieces)).strip())


_IF = re.compile(r"^if\s++(?P<a>.*?\S)\s++then\s++(?P<b>.*?\S)(?:\s++else\s++(?P<c>.+))?$", re.IGNORECASE)
_SIGNS = str.maketrans({"≠": "!=", "≤": "<=", "≥": ">=", "×": "*", "−": "-", "–": "-", "“": '"', "”": '"', "∧": " and ",
                        "∨": " or ", "¬": " not ", "\u00a0": " "})  # fmt: skip
_SINGLE = re.compile(r"(?<![=!<>:])=(?!=)")
_IS_NOT = re.compile(r"([=!]=)\s*not\s+(\w+)\b(?!\s*[(.=!<>])")
_BETWEEN = re.compile(r"(\w+)\s+in\s+\{?(-?\d+)\s*\.\.\s*(-?\d+)\}?")
_WORDS = re.compile(r"\b(AND|OR|NOT|TRUE|FALSE|true|false|IN|IF|THEN|IFF|IMPLIES|XOR)\b")
_IN_PYTHON = {"true": "True", "false": "False"}


def _linked(text: str) -> str:
    """`if a then b`, `a iff b`, `a implies b` and `a xor b` as calls, from the inside out."""
    text = _inner_linked(text)
    if match := _IF.match(text):
        condition, then = _linked(match["a"]), _linked(match["b"])
        if match["c"]:
            return f"(({then}) if ({condition}) else ({_linked(match['c'])}))"
        return f"implies({condition}, {then})"
    for word in ("iff", "implies", "xor"):
        left, found, right = _parted(text, word)
        if found:
            return f"{word}({_linked(left)}, {_linked(right)})"
    return text


def _inner_linked(text: str) -> str:
    """The text with what stands between its outermost brackets linked, part by part between the commas."""
    if not _TO_LINK.search(text):
        return text
    done, depth, start, quote = "", 0, 0, ""
    for at, sign in enumerate(text):
        if quote or sign in "\"'":
            quote = "" if sign == quote else quote or sign
        elif sign in "([{":
            depth += 1
            if depth == 1:
                done += text[start : at + 1]
                start = at + 1
        elif depth and (sign in ")]}" or (sign == "," and depth == 1)):
            if depth == 1:
                done += _linked(text[start:at].strip()) + sign
                start = at + 1
            depth -= sign != ","
    return done + text[start:]


def _parted(text: str, word: str) -> tuple[str, bool, str]:
    depth = 0
    for match in re.finditer(rf"[([{{]|[)\]}}]|(?<!\w){word}(?!\w)", text):
        if match[0] == word:
            if depth == 0 and _ENDS_TERM.search(text[: match.start()]):  # otherwise it is the call `iff(a, b)`
                return text[: match.start()].strip(), True, text[match.end() :].strip()
        else:
            depth += 1 if match[0] in "([{" else -1
    return text, False, ""


_TO_LINK = re.compile(r"\b(?:iff|implies|xor|then)\b")
_ENDS_TERM = re.compile(r"(?<!\band)(?<!\bor)(?<!\bnot)[\w)\]}\"']\s*$")
