"""Count about how often each of very many numbers comes, in memory that does not grow with them."""

from __future__ import annotations


class Sketch:
    """How often numbers were counted: never too low, and hardly ever too high (Cormode and Muthukrishnan 2005)."""

    def __init__(self, numbers: int) -> None:
        """Room for about so many different numbers: ten bytes for each, 128 MB at most."""
        slots = 1 << min(max((4 * numbers).bit_length(), 16), 26)
        self._mask = slots - 1
        self._one, self._other = bytearray(slots), bytearray(slots)

    def count(self, number: int, times: int = 1) -> None:
        """Count a number of 32 bits once, or so many times. Counts end at 255."""
        one, other = number & self._mask, (number * _ODD >> 32) & self._mask
        self._one[one] = min(self._one[one] + times, 255)
        self._other[other] = min(self._other[other] + times, 255)

    def __getitem__(self, number: int) -> int:
        return min(self._one[number & self._mask], self._other[(number * _ODD >> 32) & self._mask])


_ODD = 0x9E3779B97F4A7C15
"""Scatters numbers that share their low bits (Knuth's multiplicative hashing)."""
