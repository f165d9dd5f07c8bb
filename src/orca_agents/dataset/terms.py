"""What is known of the terms of well-known models on training with what they write. A pointer, not legal advice.

Written down in November 2026 from knowledge, not from a reading of the terms as they were published then; and terms
change. They are to be checked before anybody relies on them: the card says so too.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Terms(NamedTuple):
    """What is known about a model's terms."""

    whose: str
    what: str


UNKNOWN = Terms("not known here", "read the model's licence, or its provider's terms, on training with what it writes")

_KNOWN: tuple[tuple[re.Pattern[str], Terms], ...] = tuple(
    (re.compile(rf"(?:^|[/_-])(?:{pattern})", re.IGNORECASE), Terms(whose, what))
    for pattern, whose, what in (
        # open weights first: `gpt-oss` is not under the terms of the service
        ("gpt-oss", "OpenAI (Apache-2.0)", "no condition on what it writes"),
        (
            r"gpt-(?!neo|j)|chatgpt|o[1-9](?:-|$)",
            "OpenAI",
            "what it writes is yours, but may not be used to develop models that compete with OpenAI's",
        ),
        ("claude", "Anthropic", "what it writes may not be used to train models that compete with theirs"),
        ("gemini", "Google", "what it writes may not be used to develop models that compete with theirs"),
        ("gemma", "Google (Gemma's terms)", "a model trained on what it writes can count as its derivative"),
        (
            r"(?:meta-)?llama|codellama",
            "Meta (Llama's community licence)",
            "from version 3.1 on it may improve other models; their names then begin with Llama, and they show `Built "
            "with Llama`; before 3.1 it may not",
        ),
        ("deepseek", "DeepSeek (MIT since R1)", "training on what it writes is allowed in words"),
        ("qwen|qwq", "Alibaba (mostly Apache-2.0)", "some sizes have a licence of their own with conditions: look"),
        (
            "mistral|mixtral|ministral|magistral|codestral",
            "Mistral",
            "Apache-2.0 for some, own licences for others: look",
        ),
        ("phi-", "Microsoft (MIT)", "no condition on what it writes"),
        (
            r"smollm|(?<![/_-])local$",  # our own demonstration model is called `local`, nothing more
            "Hugging Face (Apache-2.0)",
            "no condition on what it writes; a demonstration model, no teacher",
        ),
        ("grok", "xAI", "what its service writes may not be used to train models that compete with theirs"),
    )
)


def terms_of(model: str) -> Terms:
    """The terms of a model, by its name."""
    return next((terms for pattern, terms in _KNOWN if pattern.search(model)), UNKNOWN)
