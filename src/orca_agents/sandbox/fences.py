"""Take code out of the Markdown fence that a model put around it."""

from __future__ import annotations

import re

_FENCED = re.compile(r"\s*(`{3,}|~{3,})[^\n`]*\n(.*?)\n?\1\s*", re.DOTALL)


def without_fence(code: str) -> str:
    """The code inside, where all of it stands in one fence; else the code as it is."""
    found = _FENCED.fullmatch(code)
    return found[2] if found and found[1] not in found[2] else code
