"""Read robots.txt as RFC 9309 says: which paths of a host a program may fetch, and how fast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

MOST_CHARS = 500 * 1024
"""What is read of a robots.txt; the RFC asks for this much at least."""
MOST_RULES = 5000


@dataclass(frozen=True)
class Robots:
    """The rules of one host for one program."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Patterns of paths, and whether they are allowed."""
    delay_s: float = 0.0
    """The seconds between two requests that the host asks for (`Crawl-delay`, which is no part of the RFC)."""

    def allows(self, path: str) -> bool:
        """Whether a path with its query may be fetched: the longest pattern that fits decides, `Allow` on a draw."""
        path = _plain(path)
        fits = [(len(pattern), allowed) for pattern, allowed in self.rules if _fits(pattern, path)]
        return max(fits, default=(0, True))[1]


ALL_ALLOWED = Robots()
NONE_ALLOWED = Robots((("/", False),))


def read_robots(text: str, program: str) -> Robots:
    """The rules for a program by its name; those for `*` where it is not named."""
    program = program.lower()
    named: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    found, agents, in_rules = False, set[str](), False
    for line in text[:MOST_CHARS].removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if in_rules:
                agents, in_rules = set(), False
            token = re.match(r"[A-Za-z_-]*|\*", value)
            agents.add("*" if value.startswith("*") else token[0].lower() if token else "")
            found = found or program in agents
        elif key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            if program in agents:
                named.append((key, value))
            if "*" in agents:
                others.append((key, value))
    return _robots(named if found else others)


def _robots(lines: Sequence[tuple[str, str]]) -> Robots:
    rules = [(_plain(value), key == "allow") for key, value in lines if key != "crawl-delay" and value]
    delays = [float(value) for key, value in lines if key == "crawl-delay" and _NUMBER.fullmatch(value)]
    return Robots(tuple(rules[:MOST_RULES]), max(delays, default=0.0))


def _plain(path: str) -> str:
    """A path in which the same characters are written in the same way."""
    return quote(unquote_to_bytes(path), safe=_KEPT)


def _fits(pattern: str, path: str) -> bool:
    """Whether the beginning of a path is like a pattern with `*` for anything and `$` for the end."""
    to_the_end = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if to_the_end and others and not path[at:].endswith(others[-1]):
        return False
    for number, piece in enumerate(others):
        last = number == len(others) - 1
        place = path.rfind(piece, at) if last and to_the_end else path.find(piece, at)
        if place < 0:
            return False
        at = place + len(piece)
    return at == len(path) or not to_the_end


_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_KEPT = "/?&=*$:;,@+!~'()[]#-._"
