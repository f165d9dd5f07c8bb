"""Keep a key out of everything that people or files get to see."""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit, urlunsplit

_SHORTEST = 4
"""A placeholder such as `x` is no secret, and hiding it would make messages unreadable."""


class Secret:
    """A key. It shows itself to `reveal()` only; `hide` takes it out of texts that others wrote."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def hide(self, text: str) -> str:
        """The text without the key, also where it stands in JSON or in a URL."""
        if len(self._value) < _SHORTEST:
            return text
        forms = {self._value, json.dumps(self._value)[1:-1], quote(self._value, safe="")}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "[key]")
        return text

    def __repr__(self) -> str:
        return "Secret([key])"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a key is not pickled: read it from its environment variable where it is needed")


def shown_address(url: str) -> str:
    """An address without a password, a query or a fragment: any of them may hold a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
