"""Clean a text so that agents, tokenizers and terminals read what a person would see, and nothing else.

What stays byte for byte: template braces, quotes, role markers, Markdown, code, indentation. What changes:

- Line ends become `\\n`; the text is put into Unicode form NFC.
- ANSI escapes, backspaces and other control characters are removed (flag `control_characters`).
- Bidi embeddings, overrides and isolates are removed (`bidi_controls`); left-to-right and right-to-left marks stay.
- Zero-width characters and soft hyphens are removed (`zero_width`), but for the joiners of emoji and of scripts
  that need them.
- At most four combining marks stay on a letter (`combining_marks`).
- Chat control tokens get look-alike brackets (`control_tokens`), so that no tokenizer reads them as special:
  `<|im_end|>` becomes `\u2039|im_end|\u203a`, `</s>` becomes `\u2039/s\u203a`, `[INST]` becomes `\u27e6INST\u27e7`.
- What a decoder left behind, U+FFFD and lone surrogates, is removed (`encoding`).

Cleaning a clean text changes nothing.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from typing import NamedTuple


class Cleaned(NamedTuple):
    """A clean text and what was noticed in it, in a fixed order."""

    text: str
    flags: tuple[str, ...]


def clean(text: str) -> Cleaned:
    """The clean text and its flags; takes time in proportion to the text's length."""
    flags: dict[str, None] = {}
    for _ in range(_MOST_ROUNDS):
        before = text
        for flag, step in _STEPS:
            changed = step(text)
            if flag and changed != text:
                flags[flag] = None
            text = changed
        # NFC may put another letter before a joiner, and then no script needs that joiner any more.
        if text == before or not _JOINER.search(text):
            break
    return Cleaned(text, tuple(flags))


MOST_MARKS = 4
"""Combining marks that may stand on one letter. Pointed Hebrew with accents needs four."""


def _unify_line_ends(text: str) -> str:
    return _LINE_END.sub("\n", text)


def _drop_decoding_debris(text: str) -> str:
    return _DEBRIS.sub("", text)


def _drop_controls(text: str) -> str:
    if not _CONTROL.search(text):
        return text
    text = _ANSI.sub("", text)
    # Old manual pages print bold as `B\bB` and underline as `_\bB`.
    text = _OVERSTRUCK.sub(r"\1", text)
    return _CONTROL.sub("", text)


def _drop_bidi_controls(text: str) -> str:
    return text if text.isascii() else _BIDI.sub("", text)


def _drop_zero_width(text: str) -> str:
    """Without the zero-width characters that no script needs where they stand."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    text = _TAGS.sub(r"\1", text)
    text = _STRAY_SPACE.sub("", text)
    return _STRAY_JOINER.sub("", text)


def _cap_marks(text: str) -> str:
    return _FAR_RUN.sub(lambda run: _too_many_marks().sub(r"\1", run[0]), text)


@cache
def _too_many_marks() -> re.Pattern[str]:
    """A run of more marks than one letter may carry. The vowel signs of Indic scripts (class 0) do not count."""
    marks = "".join(
        chr(code)
        for code in range(0x300, sys.maxunicode + 1)
        if unicodedata.combining(chr(code)) or unicodedata.category(chr(code)) == "Me" or code in _SELECTORS
    )
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+")


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _neutralise_tokens(text: str) -> str:
    return _TOKEN.sub(lambda match: match[0].translate(_LOOKALIKES), text)


_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_DEBRIS = re.compile("[\ud800-\udfff\ufffd\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufff9-\ufffb]")
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,32}[ -/]{0,8}[@-~]"  # colours and cursor moves
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)"  # titles and links
    r"|\x1b[ -/]{1,4}[0-~]|\x1b[0-Z\\^-~]"
)
_OVERSTRUCK = re.compile(r"(.)(?:\x08\1)+|_\x08(?=[^\s\x08])")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u00ad\u180e\u2060-\u2065\u206a-\u206f\ufeff]")
# Tag letters spell the flags of England, Scotland and Wales after a black flag; elsewhere they hide text.
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e007a]{3,6}\U000e007f)|[\U000e0000-\U000e007f]+")
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Thai, Lao, Burmese and Khmer mark their words with zero-width spaces.
_STRAY_SPACE = re.compile(f"(?<![{_NO_SPACES}])\u200b|\u200b(?![{_NO_SPACES}])")
_JOINED = "\u0590-\u1fff\u20d0-\u20ff\u2190-\u2bff\ua800-\uabff\ufb1d-\ufe0f\ufe70-\ufefe\U00010800-\U0001ffff"
# Joiners matter inside emoji and in Arabic, Indic and related scripts.
_STRAY_JOINER = re.compile(f"(?<![{_JOINED}])[\u200c\u200d]+|[\u200c\u200d](?=[\u200c\u200d])")
# All marks are among these; few other texts than those in scripts far from Latin have such runs.
_FAR_RUN = re.compile(f"[\u0300-\U0010ffff]{{{MOST_MARKS + 1},}}")
_SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_WORDS = "s|bos|eos|pad|unk|think|tool_call|tool_response|start_of_turn|end_of_turn|start_of_image|end_of_image"
_TOKEN = re.compile(
    r"<[|\uff5c][^|\uff5c<>\s]{1,64}[|\uff5c]>"
    rf"|</?(?:{_WORDS}|fim_(?:prefix|middle|suffix|pad)|(?:extra_id_|unused|reserved)\d{{1,4}})>"
    r"|<</?SYS>>"
    r"|\[/?(?:INST|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS|TOOL_CONTENT|SYSTEM_PROMPT|THINK)\]"
)
_LOOKALIKES = str.maketrans("<>[]", "\u2039\u203a\u27e6\u27e7")
_JOINER = re.compile("[\u200c\u200d]")
_MOST_ROUNDS = 5
_STEPS = (
    ("", _unify_line_ends),
    ("encoding", _drop_decoding_debris),
    ("control_characters", _drop_controls),
    ("bidi_controls", _drop_bidi_controls),
    ("zero_width", _drop_zero_width),
    ("combining_marks", _cap_marks),  # before NFC, which is quadratic on long runs of marks
    ("", _compose),
    ("combining_marks", _cap_marks),  # again: NFC takes a few letters apart
    ("control_tokens", _neutralise_tokens),
)
