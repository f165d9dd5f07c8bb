"""What is wrong with a formal puzzle, in words that its author can act on."""

from __future__ import annotations


class PuzzleProblem(ValueError):
    """The text is not in its language, has no solution, has several answers, or is too large to search."""
