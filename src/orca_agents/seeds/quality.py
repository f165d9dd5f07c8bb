"""Say why a text is not worth an agent's work: blobs, tables of contents, repeated lines, minified code."""

from __future__ import annotations

import re
from collections import Counter


def reason_to_skip(text: str, *, code: bool = False) -> str | None:
    """Why this clean text gives no seed, or `None`. Length is not looked at."""
    if not text:
        return "empty: it holds no characters"
    if not text.strip():
        return "empty: it holds nothing but white space"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if reason := _repetition(lines):
        return reason
    if code:
        return _minified(text, lines)
    return _encoded(text) or _contents(lines) or _wordless(text)


FEWEST_LINES = 20
"""Below this many lines, equal lines are no sign of anything."""
DISTINCT_LINES = 0.1
"""Share of distinct lines below which a text is the same lines over and over."""
ENCODED_SHARE = 0.7
"""Share of a text in long runs of base64 or hexadecimal digits from which on it is a blob."""
CONTENTS_SHARE = 0.6
"""Share of lines that end in a page number from which on a text is a table of contents."""
LETTER_SHARE = 0.25
"""Share of letters and digits, white space aside, below which a text has no words."""
LONG_LINE = 400
MINIFIED_SPACE = 0.12
"""Code is minified where its lines are longer than LONG_LINE on average and less than this share is white space."""

_BLOB = re.compile(r"[A-Za-z0-9+/_=-]{40,}")
_PAGE = re.compile(r"(?:\.{3,}+|(?:\. ){3,}+|…|\t|(?<!\s)\s{3,}+)\s*+(?:\d{1,4}|[ivxlc]{1,8})$")


def _repetition(lines: list[str]) -> str | None:
    if len(lines) < FEWEST_LINES:
        return None
    counts = Counter(lines)
    if len(counts) / len(lines) >= DISTINCT_LINES:
        return None
    return f"repetition: only {len(counts)} of its {len(lines)} lines differ; leave the repeated ones out"


def _minified(text: str, lines: list[str]) -> str | None:
    if len(text) / len(lines) < LONG_LINE:
        return None
    space = 1 - sum(map(len, text.split())) / len(text)
    return "minified code: very long lines with hardly any spaces; give its source" if space < MINIFIED_SPACE else None


def _encoded(text: str) -> str | None:
    runs = [run for run in _BLOB.findall(text) if _is_mixed(run)]
    if sum(map(len, runs)) < ENCODED_SHARE * sum(map(len, text.split())):
        return None
    return "encoded data (base64 or hexadecimal), not text; decode it first"


def _is_mixed(run: str) -> bool:
    """Whether a run mixes digits into its letters, as encoded data does and a long word does not."""
    digits = sum(map(str.isdigit, run))
    return digits / len(run) > 0.05


def _contents(lines: list[str]) -> str | None:
    entries = sum(1 for line in lines if len(line) < 200 and _PAGE.search(line))
    if entries < 5 or entries / len(lines) < CONTENTS_SHARE:
        return None
    return "a table of contents without prose: most lines end in a page number"


def _wordless(text: str) -> str | None:
    seen = sum(map(len, text.split()))
    if sum(map(str.isalnum, text)) >= LETTER_SHARE * seen:
        return None
    return "no words: hardly any letters among its characters"
