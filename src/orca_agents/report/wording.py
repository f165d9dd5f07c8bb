"""Numbers in words: the same on the page and in the terminal."""

from __future__ import annotations

from typing import Literal

Kind = Literal["count", "share", "usd", "number", "ratio"]
"""How a figure is written."""
NONE = "\u2013"
MINUS = "\u2212"


def written(value: float | None, kind: Kind) -> str:
    """A figure for people; a dash where it is not known."""
    if value is None:
        return NONE
    match kind:
        case "count":
            return f"{value:,.0f}"
        case "share":
            return percent(value)
        case "usd":
            return money(value)
        case "number":
            return number(value)
        case "ratio":
            return f"{value:.3f}"


def percent(share: float) -> str:
    """A share; one that is not quite nothing, or not quite all, does not look so."""
    if 0 < share < 0.0995 or 0.995 <= share < 1:
        text = f"{share:.1%}"
        return "<0.1%" if text == "0.0%" else ">99.9%" if text == "100.0%" else text
    return f"{share:.0%}"


def money(usd: float) -> str:
    """Dollars, with as many digits as small sums need."""
    if usd >= 100:
        return f"${usd:,.0f}"
    if usd >= 1 or usd == 0:
        return f"${usd:,.2f}"
    if usd >= 0.1:
        return f"${usd:.3f}"
    return f"${usd:.4f}" if usd >= 0.0001 else f"${usd:.1e}"


def number(value: float) -> str:
    """A number of three digits or so."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.3g}"


def short(value: float) -> str:
    """A count in few signs: 1.2k, 34M."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.0f}"


def change(here: float | None, there: float | None, kind: Kind) -> str:
    """How a figure differs from another: points for shares, percent for the rest; empty where one is not known."""
    if here is None or there is None:
        return ""
    if kind == "share":
        points = (here - there) * 100
        return _signed(points, ".1f", " points") if abs(points) >= 0.05 else "="
    if here == there:
        return "="
    if not there:
        return f"+{written(here, kind)}"
    parts = (here - there) / there * 100
    return _signed(parts, ".0f" if abs(parts) >= 10 else ".1f", "%") if abs(parts) >= 0.05 else "="


def plain(name: str) -> str:
    """A name of the library, for reading: `brain_teaser` as `brain teaser`."""
    return name.replace("_", " ")


def counted(value: int, noun: str) -> str:
    """`1 leaf`, `2 leaves`, `2 files of cases`."""
    if value == 1:
        return f"1 {noun}"
    one, of, rest = noun.partition(" of ")
    plural = {"leaf": "leaves", "entry": "entries"}.get(one, f"{one}s")
    return f"{value:,} {plural}{of}{rest}"


def safe(text: str) -> str:
    """A text without control characters: names come from the data, and a terminal obeys what it prints."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _signed(value: float, form: str, unit: str) -> str:
    return f"{'+' if value > 0 else MINUS}{abs(value):{form}}{unit}"
